//! AVX-512 VNNI: `vpdpbusd` multiplies 64 pairs of bytes, one unsigned, one signed.
//!
//! The 16 lanes of four steps are one register. Signed lanes are made unsigned by flipping the top bit, which
//! adds 128 to each; so every row's sums are too large by 128 times the sum of that row's own values. One more
//! `vpdpbusd` a group keeps those 16 corrections, and they are taken off at the end of each chunk. The rows
//! are broadcast from memory by the instruction itself: 17 multiplies for 16 x 16 x 4 MACs.

use core::arch::x86_64::*;

use safe_unaligned_simd::x86_64 as mem;

use super::{Job, Tile};
use crate::panel::{Group, LANES, STEPS};

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn fold(job: Job<'_>, words: &mut [u32]) -> Tile {
    if job.unsigned { fold_signed::<false>(job, words) } else { fold_signed::<true>(job, words) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fold_signed<const SIGNED: bool>(job: Job<'_>, words: &mut [u32]) -> Tile {
    let mut sums = [[0i32; LANES]; LANES];
    let mut excess = [0i32; LANES];
    let mut words = words.iter_mut();
    for (rows, lanes) in job.rows.chunks(job.chunk).zip(job.lanes.chunks(job.chunk)) {
        add_chunk::<SIGNED>(rows, lanes, &mut sums, &mut excess);
        if rows.len() == job.chunk
            && let Some(word) = words.next()
        {
            *word = fold_word(&sums, &excess);
        }
    }
    for (row, excess) in sums.iter_mut().zip(excess) {
        row.iter_mut().for_each(|sum| *sum = sum.wrapping_sub(excess));
    }
    sums
}

/// Adds one chunk's products to the sums.
// A function of its own on purpose: inlined into the loop over chunks, the accumulators get spilled inside the
// innermost loop, at twice the time. Loading and storing them once a chunk costs some tens of cycles.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_chunk<const SIGNED: bool>(
    rows: &[Group],
    lanes: &[Group],
    sums: &mut Tile,
    excess: &mut [i32; LANES],
) {
    let flip = _mm512_set1_epi8(-128);
    let mut acc = [_mm512_setzero_si512(); LANES];
    for row in 0..LANES {
        acc[row] = mem::_mm512_loadu_si512(&sums[row]);
    }
    let mut extra = mem::_mm512_loadu_si512(&*excess);
    for (a, b) in rows.iter().zip(lanes) {
        let mut b = mem::_mm512_loadu_si512(&b.0);
        if SIGNED {
            b = _mm512_xor_si512(b, flip);
            // `flip` read as unsigned is 128 in every byte.
            extra = _mm512_dpbusd_epi32(extra, flip, mem::_mm512_loadu_si512(&a.0));
        }
        let fours = a.0.as_chunks::<STEPS>().0;
        for row in 0..LANES {
            let four = i32::from_le_bytes(fours[row].map(i8::cast_unsigned));
            acc[row] = _mm512_dpbusd_epi32(acc[row], b, _mm512_set1_epi32(four));
        }
    }
    for row in 0..LANES {
        mem::_mm512_storeu_si512(&mut sums[row], acc[row]);
    }
    mem::_mm512_storeu_si512(excess, extra);
}

/// The XOR of all sums, each less its row's excess.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fold_word(sums: &Tile, excess: &[i32; LANES]) -> u32 {
    let mut all = _mm512_setzero_si512();
    for (row, &excess) in sums.iter().zip(excess) {
        let row = _mm512_sub_epi32(mem::_mm512_loadu_si512(row), _mm512_set1_epi32(excess));
        all = _mm512_xor_si512(all, row);
    }
    let mut lanes = [0u32; LANES];
    mem::_mm512_storeu_si512(&mut lanes, all);
    lanes.iter().fold(0, |word, lane| word ^ lane)
}
