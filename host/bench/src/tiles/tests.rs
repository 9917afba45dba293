//! Small boards, and devices that multiply wrong.

use gemmine_driver::{Cpu, Device as _};

use super::*;

#[test]
fn what_a_device_cannot_hold_is_refused_by_name() {
    let limits = Cpu::new(None).unwrap().identity().limits;
    let small = Limits { panel_steps: 128, memory_steps: 128, steps_multiple: 4, ..limits };
    let small = Limits { chunk_steps_min: 64, chunk_steps_max: 1024, ..small };
    let shape = Shape { m: 32, n: 16, k: 128, rank: 64 };
    let error = |shape| format!("{:#}", Tiles::new(shape, &small).unwrap_err());
    assert!(error(Shape { k: 256, ..shape }).contains("hold 128 steps"));
    assert!(error(Shape { k: 96, ..shape }).contains("k = 96"));
    assert!(error(Shape { k: 0, ..shape }).contains("k = 0"));
    assert!(error(Shape { rank: 32, ..shape }).contains("chunks of 64 to 1024 steps"));
    assert!(error(Shape { rank: 0, ..shape }).contains("chunks of 64 to 1024 steps"));
    assert!(error(Shape { m: 20, ..shape }).contains("multiples of 16"));
    assert!(error(Shape { m: 1 << 40, ..shape }).contains("4096 tiles"));
    assert_eq!(Tiles::longest(&small, 64), 128);
    assert_eq!(Tiles::longest(&small, 256), 0);
    let work = Tiles::new(shape, &small).unwrap().work();
    assert_eq!((work.macs, work.protocol), (32768.0, Protocol::Matmul));
}

#[test]
fn units_go_round_and_tiles_are_held_against_the_host() {
    let limits = Cpu::new(None).unwrap().identity().limits;
    let mut tiles = Tiles::new(Shape { m: 32, n: 48, k: 128, rank: 64 }, &limits).unwrap();
    let sizes: Vec<(u64, usize)> =
        [2, 9, 9, 1].map(|most| tiles.next(most)).iter().map(|u| (u.id, u.b.len())).collect();
    assert_eq!(sizes, [(0, 2), (2, 1), (3, 3), (6, 1)]);
    let of = |tile: Option<Tile>| Completion {
        tag: 0,
        cycle: 0,
        ticket: [0; 32],
        hit: false,
        tile: tile.map(Box::new),
        scan: None,
    };
    let right = tiles.expected[4];
    tiles.ensure_exact(10, &[of(Some(right))]).unwrap();
    let mut wrong = right;
    wrong[3][5] += 1;
    let error = format!("{:#}", tiles.ensure_exact(10, &[of(Some(wrong))]).unwrap_err());
    assert!(error.contains("the device is wrong") && error.contains("[19, 21]"), "{error}");
    assert!(tiles.ensure_exact(10, &[of(None)]).is_err());
}
