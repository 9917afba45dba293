//! The kernel without intrinsics, for other processors and for `no_std`.

use alloc::vec::Vec;

use super::{Job, Tile};
use crate::panel::{Group, LANES, Panel, STEPS};

pub(super) fn fold(job: Job<'_>, words: &mut [u32]) -> Tile {
    let mut words = words.iter_mut();
    let mut acc = [[0i32; LANES]; LANES];
    for (rows, lanes) in job.rows.chunks(job.chunk).zip(job.lanes.chunks(job.chunk)) {
        for (a, b) in rows.iter().zip(lanes) {
            let wide = match job.unsigned {
                true => b.0.map(|value| i16::from(value.cast_unsigned())),
                false => b.0.map(i16::from),
            };
            add_group(&mut acc, a, &wide);
        }
        if rows.len() == job.chunk
            && let Some(word) = words.next()
        {
            *word = xor(&acc);
        }
    }
    acc
}

/// The general case, for a chunk length that is not a multiple of four: step by step.
pub(super) fn fold_by_step(a: &Panel, b: &Panel, k: usize, r: usize, words: &mut Vec<u32>) -> Tile {
    let mut acc = [[0i32; LANES]; LANES];
    for step in 0..k {
        let (a, b) = (a.step(step), b.step(step));
        for (row, a) in acc.iter_mut().zip(a) {
            for (sum, b) in row.iter_mut().zip(b) {
                *sum = sum.wrapping_add(i32::from(a) * i32::from(b));
            }
        }
        if (step + 1).is_multiple_of(r) {
            words.push(xor(&acc));
        }
    }
    acc
}

pub(super) fn xor(acc: &Tile) -> u32 {
    acc.as_flattened().iter().fold(0, |word, &sum| word ^ sum.cast_unsigned())
}

#[inline]
fn add_group(acc: &mut Tile, a: &Group, b: &[i16; LANES * STEPS]) {
    for (row, a) in acc.iter_mut().zip(a.0.as_chunks::<STEPS>().0) {
        let a = a.map(i16::from);
        for (sum, b) in row.iter_mut().zip(b.as_chunks::<STEPS>().0) {
            let dot: i32 = a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            *sum = sum.wrapping_add(dot);
        }
    }
}
