//! Three witnesses: the golden function, the processor's kernel and the shader say the same of every tile, fold and
//! ticket.

use std::sync::Arc;

use gemmine_driver::{Descriptor, Device, Side};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket, tile};
use gemmine_pouw::{kernel, limits};

use super::*;

/// Runs the tile of two panels on the card, and holds it against both others.
fn check(gpu: &mut Gpu, a: Panel, b: Panel, descriptor: Descriptor) {
    let Descriptor { steps, chunk_steps, tag, .. } = descriptor;
    let shown = format!("k = {steps}, r = {chunk_steps}, tag {tag}");
    let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..16).map(|lane| panel.lane(lane)).collect() };
    let (rows, columns) = (lanes(&a), lanes(&b));
    let rows: Vec<&[i8]> = rows.iter().map(Vec::as_slice).collect();
    let columns: Vec<&[i8]> = columns.iter().map(Vec::as_slice).collect();
    let golden = tile(&rows, &columns, chunk_steps);
    let mut words = Vec::new();
    let product = kernel::fold_tile(&a, &b, chunk_steps, &mut words);
    assert_eq!((product.as_flattened(), &words), (&golden.product[..], &golden.words), "{shown}");
    let expected = ticket(&descriptor.ticket_key, &fold_register(&golden.words));
    gpu.load_panel(Side::A, 0, Arc::new(a)).unwrap();
    gpu.load_panel(Side::B, 0, Arc::new(b)).unwrap();
    gpu.push(descriptor).unwrap();
    let found = wait(gpu);
    assert_eq!(found.tag, tag, "{shown}");
    assert_eq!(found.tile.unwrap().as_flattened(), golden.product, "{shown}");
    assert_eq!(found.ticket, expected, "{shown}");
    let bound = U256::from_little_endian(&descriptor.bound_le);
    assert_eq!(found.hit, meets(&expected, bound), "{shown}");
}

/// Bytes of the whole range, and of the few that sums are largest with.
fn values(seed: u64, kind: usize) -> Box<dyn FnMut() -> i8> {
    let mut next = random(seed);
    match kind {
        0 => Box::new(move || next() as i8),
        // Noised operands of the rule: a signal of 64 at most and noise of 63 at most.
        1 => Box::new(move || (next() as i8) / 2 + ((next() as i8) / 2).clamp(-63, 63)),
        2 => Box::new(move || if next().is_multiple_of(2) { -128 } else { 127 }),
        _ => Box::new(|| -128),
    }
}

#[test]
fn random_operands_and_extremes_of_many_lengths() {
    let (mut gpu, _lock) = open();
    let shapes = [
        // As short as can be, tails behind the last chunk, steps that fill no word.
        (4, 4),
        (64, 16),
        (100, 32),
        (257, 128),
        (1023, 64),
        // What the rule takes: k of a rank from 16 r to 4 r^2, with and without a tail.
        (2048, 128),
        (2112, 128),
        (4096, 256),
    ];
    for (index, (steps, chunk)) in shapes.into_iter().enumerate() {
        for kind in 0..4 {
            let seed = (8 * index + kind) as u64;
            let a = panel(steps, values(2 * seed, kind));
            let b = panel(steps, values(2 * seed + 1, kind));
            check(&mut gpu, a, b, descriptor(seed as u32, steps, chunk));
        }
    }
}

#[test]
fn the_fold_register_goes_around() {
    // 17 and 40 chunks: words meet each other, turned.
    let (mut gpu, _lock) = open();
    for (steps, chunk) in [(17 * 8, 8), (40 * 16 + 4, 16)] {
        let (a, b) = (panel(steps, values(1, 0)), panel(steps, values(2, 0)));
        check(&mut gpu, a, b, descriptor(1, steps, chunk));
    }
}

#[test]
fn every_rank_that_the_rule_takes() {
    let (mut gpu, _lock) = open();
    for rank in [128, 256, 512, 1024] {
        assert!((limits::MIN_RANK..=limits::MAX_RANK).contains(&rank));
        let (steps, chunk) = (16 * usize::from(rank), usize::from(rank));
        let (a, b) = (panel(steps, values(rank.into(), 1)), panel(steps, values(9, 1)));
        check(&mut gpu, a, b, descriptor(rank.into(), steps, chunk));
    }
}

#[test]
fn unsigned_bytes_of_a_are_taken_as_such() {
    let (mut gpu, _lock) = open();
    let (steps, chunk) = (320, 64);
    for kind in [0, 2, 3] {
        let (a, b) = (panel(steps, values(5, kind)), panel(steps, values(6, kind)));
        let mut words = Vec::new();
        let product = kernel::fold_tile_u8(&a, &b, chunk, &mut words);
        let term = |i, j, l| i32::from(a.get(i, l) as u8) * i32::from(b.get(j, l));
        let sum: i32 = (0..steps).map(|l| term(3, 5, l)).sum();
        assert_eq!(product[3][5], sum);
        let asked = Descriptor { unsigned_a: true, ..descriptor(1, steps, chunk) };
        gpu.load_panel(Side::A, 0, Arc::new(a)).unwrap();
        gpu.load_panel(Side::B, 0, Arc::new(b)).unwrap();
        gpu.push(asked).unwrap();
        let found = wait(&mut gpu);
        assert_eq!(*found.tile.unwrap(), product);
        assert_eq!(found.ticket, ticket(&asked.ticket_key, &fold_register(&words)));
    }
}

#[test]
fn a_bound_is_met_by_what_is_not_above_it() {
    let (mut gpu, _lock) = open();
    let (a, b) = (panel(64, values(3, 0)), panel(64, values(4, 0)));
    gpu.load_panel(Side::A, 0, Arc::new(a)).unwrap();
    gpu.load_panel(Side::B, 0, Arc::new(b)).unwrap();
    let asked = Descriptor { want_tile: false, ..descriptor(1, 64, 16) };
    gpu.push(asked).unwrap();
    let ticket = wait(&mut gpu).ticket;
    let number = U256::from_little_endian(&ticket);
    let mut cases = vec![(number, true), (U256::zero(), false), (U256::MAX, true)];
    // One more or one less, in every word.
    for bits in (0..256).step_by(32) {
        let step = U256::one() << bits;
        cases.push((number.saturating_add(step), true));
        cases.push((number.saturating_sub(step), false));
    }
    for (bound, _) in &cases {
        gpu.push(Descriptor { bound_le: bound.to_little_endian(), ..asked }).unwrap();
    }
    for (bound, hit) in cases {
        let found = wait(&mut gpu);
        assert_eq!((found.hit, found.ticket), (hit, ticket), "{bound:x}");
        assert!(found.tile.is_none());
    }
}
