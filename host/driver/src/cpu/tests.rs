//! The processor as a device against the rule, and what it refuses.

use gemmine_pouw::tile::{fold_register, ticket, tile};

use super::*;
use crate::Rows;
use crate::grid::GridTile;

fn panel(seed: u8, steps: usize) -> Arc<Panel> {
    let value = |step: usize, lane: usize| (step * 31 + lane * 17 + usize::from(seed) * 7) as u8;
    let steps: Vec<[i8; 16]> =
        (0..steps).map(|step| std::array::from_fn(|lane| value(step, lane) as i8)).collect();
    Arc::new(Panel::from_steps(&steps))
}

fn descriptor(tag: u32, b_panel: usize) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel,
        unsigned_a: false,
        steps: 256,
        chunk_steps: 128,
        ticket_key: [5; 32],
        bound_le: [0xff; 32],
        want_tile: true,
    }
}

fn loaded(threads: usize) -> Cpu {
    let mut device = Cpu::new(NonZeroUsize::new(threads)).unwrap();
    device.load_panel(Side::A, 0, panel(1, 256)).unwrap();
    for place in 0..8 {
        device.load_panel(Side::B, place, panel(2 + place as u8, 256)).unwrap();
    }
    device
}

const PATIENCE: Duration = Duration::from_secs(1);

#[test]
fn completions_are_what_the_rule_says_and_in_order() {
    let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..16).map(|lane| panel.lane(lane)).collect() };
    fn slices(lanes: &[Vec<i8>]) -> Vec<&[i8]> {
        lanes.iter().map(Vec::as_slice).collect()
    }
    let a = lanes(&panel(1, 256));
    for threads in [1, 3] {
        let mut device = loaded(threads);
        for tag in 0..100 {
            device.push(descriptor(tag, tag as usize % 8)).unwrap();
        }
        for tag in 0..100 {
            let b = lanes(&panel(2 + (tag % 8) as u8, 256));
            let golden = tile(&slices(&a), &slices(&b), 128);
            let found = device.wait(PATIENCE).unwrap();
            assert_eq!(found.tag, tag);
            assert_eq!(found.ticket, ticket(&[5; 32], &golden.register));
            assert!(found.hit);
            assert_eq!(found.tile.unwrap().as_flattened(), golden.product);
        }
        let counters = device.counters().unwrap();
        assert_eq!((counters.tiles, counters.hits, counters.cycles), (100, 100, 0));
        assert!(matches!(device.wait(PATIENCE), Err(DeviceError::Timeout { .. })));
    }
}

/// Rows of tiles, whole and cut anywhere, in order and not, with descriptors in between that no grid takes.
#[test]
fn any_order_of_panels_gives_the_tile_of_each_descriptor() {
    let mut device = loaded(2);
    for place in 1..5 {
        device.load_panel(Side::A, place, panel(20 + place as u8, 256)).unwrap();
    }
    let a = |place: usize| panel(if place == 0 { 1 } else { 20 + place as u8 }, 256);
    let regular = (0..300).map(|at| (at / 7 % 5, at % 7, 128, false));
    let mut state = 1_u32;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % below as usize
    };
    let wild = (0..300).map(|_| {
        let chunk = [128, 128, 128, 64, 12][random(5)];
        (random(2), random(3), chunk, random(20) == 0)
    });
    let asked: Vec<(usize, usize, usize, bool)> = regular.chain(wild).collect();
    for (tag, (a_panel, b_panel, chunk_steps, unsigned_a)) in (0..).zip(asked.iter().copied()) {
        let key = [tag as u8 / 50; 32];
        let descriptor = descriptor(tag, b_panel);
        device
            .push(Descriptor { a_panel, chunk_steps, unsigned_a, ticket_key: key, ..descriptor })
            .unwrap();
    }
    for (tag, (a_panel, b_panel, chunk_steps, unsigned_a)) in (0..).zip(asked) {
        let found = device.wait(PATIENCE).unwrap();
        let (mut words, a, b) = (Vec::new(), a(a_panel), panel(2 + b_panel as u8, 256));
        let path = kernel::Path::Portable;
        let product = if unsigned_a {
            kernel::fold_tile_u8(&a, &b, chunk_steps, &mut words)
        } else {
            kernel::fold_tile_on(path, &a, &b, chunk_steps, &mut words)
        };
        assert_eq!((found.tag, *found.tile.unwrap()), (tag, product), "tile {tag}");
        assert_eq!(found.ticket, ticket(&[tag as u8 / 50; 32], &fold_register(&words)), "{tag}");
    }
}

#[test]
fn a_bound_that_is_not_met_is_no_hit_and_no_tile_comes_unasked() {
    let mut device = loaded(1);
    device.push(Descriptor { bound_le: [0; 32], want_tile: false, ..descriptor(1, 0) }).unwrap();
    let found = device.wait(PATIENCE).unwrap();
    assert!(!found.hit && found.tile.is_none());
}

#[test]
fn unsigned_bytes_of_a_are_taken_as_such() {
    let mut device = loaded(1);
    device.push(Descriptor { unsigned_a: true, ..descriptor(1, 3) }).unwrap();
    let found = device.wait(PATIENCE).unwrap().tile.unwrap();
    let (a, b) = (panel(1, 256), panel(5, 256));
    let term = |i, j, l| i32::from(a.get(i, l) as u8) * i32::from(b.get(j, l));
    for (i, row) in found.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            assert_eq!(*sum, (0..256).map(|l| term(i, j, l)).sum::<i32>());
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let mut device = loaded(1);
    let refused = |result: Result<(), DeviceError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(device.push(Descriptor { b_panel: 9, ..descriptor(1, 0) }), "panel 9");
    refused(device.push(Descriptor { b_panel: QUEUE + 1, ..descriptor(1, 0) }), "panel 1025");
    refused(device.push(Descriptor { steps: 255, ..descriptor(1, 0) }), "steps 255");
    refused(device.push(Descriptor { steps: 0, ..descriptor(1, 0) }), "steps 0");
    refused(device.push(Descriptor { chunk_steps: 0, ..descriptor(1, 0) }), "chunk 0");
    refused(device.push(Descriptor { chunk_steps: 126, ..descriptor(1, 0) }), "chunk 126");
    refused(device.load_panel(Side::A, 0, Arc::new(Panel::zero(65_537))), "65537");
    let a = [panel(1, 256)];
    refused(device.push_grid(grid(1, &a, &[])), "tiles of a grid 0");
    refused(device.push_grid(Grid { steps: 252, ..grid(1, &a, &a) }), "steps 252");
    refused(device.push_grid(Grid { chunk_steps: 2, ..grid(1, &a, &a) }), "chunk 2");
    let many = vec![panel(1, 256); GRID_PANELS + 1];
    refused(device.push_grid(grid(1, &a, &many)), "panels of a grid 1025");
    for tag in 0..QUEUE {
        device.push(descriptor(tag as u32, 0)).unwrap();
    }
    assert!(matches!(device.push(descriptor(0, 0)), Err(DeviceError::QueueFull(QUEUE))));
    device.reset().unwrap();
    device.push(descriptor(77, 0)).unwrap();
    assert_eq!(device.wait(PATIENCE).unwrap().tag, 77);
}

fn grid(tag: u64, a: &[Arc<Panel>], b: &[Arc<Panel>]) -> Grid {
    let (steps, chunk_steps) = (256, 128);
    let (ticket_key, bound_le) = ([5; 32], [0xff; 32]);
    let a = Rows::Panels(a.to_vec());
    Grid { tag, a, b: b.to_vec(), steps, chunk_steps, ticket_key, bound_le }
}

/// Sides that blocks fill, and sides that leave some of them over.
#[test]
fn a_grid_ends_with_the_tickets_of_its_tiles() {
    let panels = |side: u8, count: u8| -> Vec<Arc<Panel>> {
        (0..count).map(|n| panel(100 * side + n, 256)).collect()
    };
    let mut device = Cpu::new(NonZeroUsize::new(2)).unwrap();
    let sizes = [(1, 1), (1, 9), (4, 4), (5, 3), (18, 2), (35, 6)];
    for (tag, (rows, columns)) in (0..).zip(sizes) {
        device.push_grid(grid(tag, &panels(1, rows), &panels(2, columns))).unwrap();
    }
    let mut tiles = 0;
    for (tag, (rows, columns)) in (0..).zip(sizes) {
        let end = device.wait_grid(PATIENCE).unwrap();
        let (a, b) = (panels(1, rows), panels(2, columns));
        let at = |index: usize| (index / usize::from(columns), index % usize::from(columns));
        let expected: Vec<GridTile> = (0..a.len() * b.len())
            .map(|index| {
                let ((row, column), mut words) = (at(index), Vec::new());
                let path = kernel::Path::Portable;
                kernel::fold_tile_on(path, &a[row], &b[column], 128, &mut words);
                let ticket = ticket(&[5; 32], &fold_register(&words));
                GridTile { row, column, ticket, hit: true }
            })
            .collect();
        tiles += expected.len() as u64;
        assert_eq!(end, GridEnd { tag, tiles: expected });
    }
    let counters = device.counters().unwrap();
    assert_eq!((counters.tiles, counters.hits), (tiles, tiles));
    // No hit: the last tile alone, as something to check.
    device.push_grid(Grid { bound_le: [0; 32], ..grid(8, &panels(1, 3), &panels(2, 2)) }).unwrap();
    let end = device.wait_grid(PATIENCE).unwrap();
    assert_eq!((end.tiles.len(), end.tiles[0].row, end.tiles[0].column), (1, 2, 1));
    assert!(!end.tiles[0].hit);
}

#[test]
fn a_reset_drops_grids() {
    let mut device = loaded(1);
    let a = [panel(1, 256)];
    device.push_grid(grid(1, &a, &a)).unwrap();
    device.reset().unwrap();
    assert!(matches!(device.wait_grid(PATIENCE), Err(DeviceError::Timeout { .. })));
    device.push_grid(grid(2, &a, &a)).unwrap();
    assert_eq!(device.wait_grid(PATIENCE).unwrap().tag, 2);
}
