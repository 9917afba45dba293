//! Grids: every tile of some rows and columns, hits and the last one told of.

use std::collections::BTreeMap;
use std::sync::Arc;

use gemmine_driver::{Device, DeviceError, Grid, GridEnd, Rows};
use gemmine_pouw::kernel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::*;

const STEPS: usize = 512;
const CHUNK: usize = 128;

fn panels(count: usize, salt: u64) -> Vec<Arc<Panel>> {
    (0..count as u64)
        .map(|number| {
            let mut next = random(salt * 1000 + number);
            Arc::new(panel(STEPS, || next() as i8))
        })
        .collect()
}

fn grid(tag: u64, a: &[Arc<Panel>], b: &[Arc<Panel>], bound: U256) -> Grid {
    Grid {
        tag,
        a: Rows::Panels(a.to_vec()),
        b: b.to_vec(),
        steps: STEPS,
        chunk_steps: CHUNK,
        ticket_key: [tag as u8; 32],
        bound_le: bound.to_little_endian(),
    }
}

fn wait_grid(gpu: &mut Gpu) -> GridEnd {
    let begun = Instant::now();
    loop {
        match gpu.wait_grid(Duration::from_millis(50)) {
            Err(DeviceError::Timeout { .. }) if begun.elapsed() < PATIENCE => {}
            other => return other.unwrap(),
        }
    }
}

/// Tickets of all tiles, by the processor's kernel.
fn tickets(grid: &Grid) -> BTreeMap<(usize, usize), [u8; 32]> {
    let mut words = Vec::new();
    let mut all = BTreeMap::new();
    for (row, a) in grid.a.panels().iter().enumerate() {
        for (column, b) in grid.b.iter().enumerate() {
            kernel::fold_tile(a, b, CHUNK, &mut words);
            all.insert((row, column), ticket(&grid.ticket_key, &fold_register(&words)));
        }
    }
    all
}

fn check(end: &GridEnd, grid: &Grid) -> usize {
    assert_eq!(end.tag, grid.tag);
    let bound = U256::from_little_endian(&grid.bound_le);
    let all = tickets(grid);
    let last = (grid.a.len() - 1, grid.b.len() - 1);
    let expected: Vec<_> = all
        .iter()
        .map(|(place, ticket)| (*place, *ticket, meets(ticket, bound)))
        .filter(|(place, _, hit)| *hit || *place == last)
        .collect();
    let told: Vec<_> =
        end.tiles.iter().map(|tile| ((tile.row, tile.column), tile.ticket, tile.hit)).collect();
    assert_eq!(told, expected);
    told.iter().filter(|(.., hit)| *hit).count()
}

#[test]
fn hits_and_the_last_tile_come_back_and_nothing_else() {
    let (mut gpu, _lock) = open();
    let (a, b) = (panels(6, 1), panels(11, 2));
    let mut hits = 0;
    // One in four, none, all; several on their way, of other sizes, with panels that are there already.
    for (tag, (rows, columns, shift)) in
        (1..).zip([(6, 11, 2), (6, 11, 255), (5, 3, 0), (1, 11, 3), (6, 1, 3), (1, 1, 255)])
    {
        let asked = grid(tag, &a[..rows], &b[..columns], U256::MAX >> shift);
        gpu.push_grid(asked.clone()).unwrap();
        hits += check(&wait_grid(&mut gpu), &asked);
    }
    assert!(hits > 15 + 5, "{hits}");
    let asked: Vec<Grid> =
        (10..16).map(|tag| grid(tag, &a[(tag % 3) as usize..], &b, U256::MAX >> 3)).collect();
    for grid in &asked {
        gpu.push_grid(grid.clone()).unwrap();
    }
    for grid in &asked {
        check(&wait_grid(&mut gpu), grid);
    }
    let nothing = gpu.wait_grid(Duration::from_millis(1));
    assert!(matches!(nothing, Err(DeviceError::Timeout { .. })), "{nothing:?}");
}

#[test]
fn a_reset_drops_grids_and_the_next_one_is_answered() {
    let (mut gpu, _lock) = open();
    let (a, b) = (panels(4, 3), panels(4, 4));
    for tag in 0..6 {
        gpu.push_grid(grid(tag, &a, &b, U256::MAX)).unwrap();
    }
    gpu.reset().unwrap();
    let asked = grid(77, &a, &b, U256::MAX >> 1);
    gpu.push_grid(asked.clone()).unwrap();
    check(&wait_grid(&mut gpu), &asked);
}

#[test]
fn grids_that_do_not_fit_are_refused_and_named() {
    let (mut gpu, _lock) = open();
    let (a, b) = (panels(1, 5), panels(1, 6));
    let refused = |result: Result<(), DeviceError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(gpu.push_grid(grid(1, &[], &b, U256::MAX)), "tiles of a grid 0");
    let wrong = Grid { steps: 256, ..grid(1, &a, &b, U256::MAX) };
    refused(gpu.push_grid(wrong), "steps 256");
    let wrong = Grid { chunk_steps: 2, ..grid(1, &a, &b, U256::MAX) };
    refused(gpu.push_grid(wrong), "chunk 2");
    let limits = gpu.grids(STEPS).unwrap();
    assert!(limits.tiles > 0 && limits.outstanding > 1);
    let many = vec![Arc::clone(&b[0]); limits.panels + 1];
    refused(gpu.push_grid(grid(1, &a, &many, U256::MAX)), "of a grid");
}
