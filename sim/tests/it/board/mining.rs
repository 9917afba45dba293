//! Tiles through a whole board, against the golden function.

use gemmine_hdl::Geometry;
use gemmine_hdl::counters::PERIOD;
use gemmine_hdl::registers as map;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{ticket, tile};
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig, FIRST_BAUD};

use super::host::{Host, Tile};
use crate::stimulus::Random;

const SIDES: [usize; 4] = [2, 4, 8, 16];

fn config(geometry: Geometry) -> BoardConfig {
    BoardConfig { first_baud: 20 * FIRST_BAUD, ..BoardConfig::new(geometry) }
}

fn lanes(random: &mut Random, steps: usize) -> [Vec<u8>; 16] {
    std::array::from_fn(|_| (0..steps).map(|_| random.operand() as u8).collect())
}

/// Product and fold register, straight from the definition, for bytes of either sign.
pub fn golden(work: &Tile, a: &[Vec<u8>; 16], b: &[Vec<u8>; 16]) -> (Vec<i32>, [u32; 16]) {
    if !work.unsigned_a {
        let signed = |lanes: &[Vec<u8>; 16]| {
            lanes.clone().map(|lane| lane.iter().map(|&byte| byte as i8).collect::<Vec<i8>>())
        };
        let (a, b) = (signed(a), signed(b));
        let a: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
        let b: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
        let result = tile(&a, &b, work.chunk_steps);
        return (result.product, result.register);
    }
    let mut product = vec![0i32; 256];
    let mut words = Vec::new();
    for step in 0..work.steps() {
        for (n, sum) in product.iter_mut().enumerate() {
            *sum += i32::from(a[n / 16][step]) * i32::from(b[n % 16][step] as i8);
        }
        if (step + 1) % work.chunk_steps == 0 {
            words.push(product.iter().fold(0, |word, &sum| word ^ sum as u32));
        }
    }
    (product, gemmine_pouw::tile::fold_register(&words))
}

#[test]
fn tiles_of_every_geometry_are_those_of_the_golden_function() {
    let mut random = Random(11);
    for rows in SIDES {
        for columns in SIDES {
            let geometry = Geometry::new(rows, columns);
            check_tiles(&mut random, ModelBoard::new(config(geometry)).unwrap());
        }
    }
}

/// Runs tiles of several shapes, one after the other.
pub fn check_tiles(random: &mut Random, board: impl Board + 'static) {
    let geometry = board.description().config.geometry;
    let mut host = Host::new(board);
    let (mut key, bound) = ([0; 32], [0xff; 32]);
    key.fill_with(|| random.next() as u8);
    host.write_job(2, &key, &bound);
    let mut cycles = Vec::new();
    for (n, (chunk_steps, chunks, tail_steps)) in
        [(64, 3, 0), (128, 2, 64), (68, 1, 0), (100, 2, 67)].into_iter().enumerate()
    {
        let work = Tile {
            tag: random.next() as u32,
            first_words: [5, 700],
            chunk_steps,
            chunks,
            tail_steps,
            unsigned_a: n % 2 == 1,
            want_tile: n < 2,
            job: 2,
            fences: [n as u8, 0],
            ..Tile::default()
        };
        let (a, b) = (lanes(random, work.steps()), lanes(random, work.steps()));
        host.write_panel(0, 5, &a);
        host.write_panel(1, 700, &b);
        host.push(&work);
        if n > 0 {
            assert_eq!(host.register(map::STATUS) >> 8 & 0xff, 0, "fenced");
            host.write(map::COMMIT, &[1]);
        }
        assert_eq!(host.register(map::STATUS) >> 8, 0x101, "{geometry} {n}");
        let completion = host.completion(n as u32);
        let (product, register) = golden(&work, &a, &b);
        let want = ticket(&key, &register);
        assert_eq!(completion.tag, work.tag);
        assert_eq!(completion.ticket, want, "{geometry}, {work:?}");
        assert_eq!(completion.hit, meets(&want, U256::MAX));
        assert_eq!(completion.bank, work.want_tile.then_some(n));
        if let Some(bank) = completion.bank {
            assert_eq!(host.product(bank), product, "{geometry}, {work:?}");
            host.write(map::RELEASE, &[1]);
        }
        host.write(map::POP, &[1]);
        cycles.push(completion.cycle);
    }
    assert!(cycles.is_sorted());
    assert_eq!(host.register(map::ERROR), 0);
    assert_eq!(host.counter(map::TILES_LOW), 4);
    assert_eq!(host.counter(map::HITS_LOW), 4);
}

#[test]
fn every_cycle_is_a_step_or_a_stall_with_a_cause() {
    let mut host = Host::new(ModelBoard::new(config(Geometry::new(8, 8))).unwrap());
    let tile = |tag: u32| Tile { tag, chunk_steps: 64, chunks: 1, ..Tile::default() };
    let counts = |host: &mut Host| {
        let words = host.read(map::TIME_LOW, 16);
        let counters: Vec<u64> =
            words.chunks(2).map(|two| u64::from(two[0]) | u64::from(two[1]) << 24).collect();
        [0, 2, 4, 5, 6, 7].map(|n| counters[n])
    };
    let mut spent = |name: &str, work: &mut dyn FnMut(&mut Host), expected: [bool; 5]| {
        let before = counts(&mut host);
        work(&mut host);
        let after = counts(&mut host);
        let passed: [u64; 6] = std::array::from_fn(|n| after[n] - before[n]);
        let [time, rest @ ..] = passed;
        // Each counter was swept at a time of its own, up to a period before the reading.
        let counted = rest.iter().sum::<u64>();
        let apart = counted.abs_diff(time);
        assert!(apart < PERIOD as u64, "{name}: step, link, panel, drain, hash {rest:?} of {time}");
        assert_eq!(rest.map(|count| count > 0), expected, "{name}: {rest:?}");
    };
    let is = |flags: [u8; 5]| flags.map(|flag| flag == 1);
    spent("nothing to do", &mut |_| (), is([0, 1, 0, 0, 0]));
    spent("one tile", &mut |host| host.push(&tile(0)), is([1, 1, 0, 0, 1]));
    let fenced = |host: &mut Host| {
        host.push(&Tile { chunks: 5, fences: [1, 0], ..tile(1) });
        host.write(map::COMMIT, &[1]);
    };
    spent("a tile that waits for its panels", &mut &fenced, is([1, 1, 1, 0, 0]));
    let kept = |host: &mut Host| {
        let tiles: Vec<u32> =
            (2..5).flat_map(|n| Tile { chunks: 9, want_tile: true, ..tile(n) }.words()).collect();
        host.write(map::DESCRIPTORS, &tiles);
        host.write(map::RELEASE, &[2]);
    };
    spent("more product tiles than banks", &mut &kept, is([1, 1, 0, 1, 0]));
    let short = |host: &mut Host| {
        let tiles: Vec<u32> = (5..15).flat_map(|n| tile(n).words()).collect();
        host.write(map::DESCRIPTORS, &tiles);
    };
    spent("tiles that are shorter than a ticket", &mut &short, is([1, 1, 0, 0, 1]));
    assert_eq!(host.register(map::STATUS) >> 8 & 0xff, 15);
    assert_eq!(host.register(map::ERROR), 0);
}
