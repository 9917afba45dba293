//! AVX2: int8 widened to int16, multiplied and added in pairs by `vpmaddwd`.
//!
//! (`vpmaddubsw` would be half the work, but saturates at 255 * 127 * 2.) Two rows at a time keep eight
//! accumulators in registers; each holds two partial sums a lane, added when a chunk ends.

use core::arch::x86_64::*;

use safe_unaligned_simd::x86_64 as mem;

use super::{Job, Tile, portable};
use crate::panel::{Group, LANES, STEPS};

/// Rows of one pass over a chunk.
const ROWS: usize = 2;
/// Registers that 16 lanes of partial sums fill.
const QUARTERS: usize = 4;

/// Partial sums: for each row four registers of four lanes x two.
type Partial = [[[i32; 8]; QUARTERS]; LANES];

#[target_feature(enable = "avx2")]
pub(super) fn fold(job: Job<'_>, words: &mut [u32]) -> Tile {
    if job.unsigned { fold_signed::<false>(job, words) } else { fold_signed::<true>(job, words) }
}

#[target_feature(enable = "avx2")]
fn fold_signed<const SIGNED: bool>(job: Job<'_>, words: &mut [u32]) -> Tile {
    let mut words = words.iter_mut();
    let mut partial: Partial = [[[0; 8]; QUARTERS]; LANES];
    for (rows, lanes) in job.rows.chunks(job.chunk).zip(job.lanes.chunks(job.chunk)) {
        for (pass, sums) in partial.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
            add_chunk::<SIGNED>(rows, lanes, pass * ROWS, sums);
        }
        if rows.len() == job.chunk
            && let Some(word) = words.next()
        {
            *word = portable::xor(&join(&partial));
        }
    }
    join(&partial)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_chunk<const SIGNED: bool>(
    rows: &[Group],
    lanes: &[Group],
    first: usize,
    sums: &mut [[[i32; 8]; QUARTERS]; ROWS],
) {
    let mut acc = [[_mm256_setzero_si256(); QUARTERS]; ROWS];
    for (acc, sums) in acc.iter_mut().zip(sums.iter()) {
        for (acc, sum) in acc.iter_mut().zip(sums) {
            *acc = mem::_mm256_loadu_si256(sum);
        }
    }
    for (a, b) in rows.iter().zip(lanes) {
        let fours = a.0.as_chunks::<STEPS>().0;
        let quarters = b.0.as_chunks::<{ 4 * STEPS }>().0;
        let b: [__m256i; QUARTERS] = core::array::from_fn(|q| {
            let bytes = mem::_mm_loadu_si128(&quarters[q]);
            if SIGNED { _mm256_cvtepi8_epi16(bytes) } else { _mm256_cvtepu8_epi16(bytes) }
        });
        for (row, acc) in acc.iter_mut().enumerate() {
            // The row's four steps in every 64 bits.
            let word = i32::from_le_bytes(fours[first + row].map(i8::cast_unsigned));
            let a = _mm256_cvtepi8_epi16(_mm_set1_epi32(word));
            for (acc, b) in acc.iter_mut().zip(b) {
                *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(a, b));
            }
        }
    }
    for (acc, sums) in acc.iter().zip(sums) {
        for (acc, sum) in acc.iter().zip(sums) {
            mem::_mm256_storeu_si256(sum, *acc);
        }
    }
}

fn join(partial: &Partial) -> Tile {
    partial.map(|row| {
        let pairs = row.as_flattened();
        core::array::from_fn(|lane| pairs[2 * lane].wrapping_add(pairs[2 * lane + 1]))
    })
}
