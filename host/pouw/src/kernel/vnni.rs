//! AVX-512 VNNI: `vpdpbusd` multiplies 64 pairs of bytes, one unsigned, one signed.
//!
//! The 16 lanes of four steps are one register. Signed lanes are made unsigned by flipping the top bit, which
//! adds 128 to each; so every row's sums are too large by 128 times the sum of that row's own values. One more
//! `vpdpbusd` a group keeps those 16 corrections, and they are taken off at the end of each chunk. The rows
//! are broadcast from memory by the instruction itself: 17 multiplies for 16 x 16 x 4 MACs.

use alloc::vec::Vec;
use core::arch::x86_64::*;

use safe_unaligned_simd::x86_64 as mem;

use super::{Job, Tile};
use crate::panel::{Group, LANES, STEPS};

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn fold(job: Job<'_>, words: &mut Vec<u32>) -> Tile {
    if job.unsigned {
        fold_signed::<false>(job, words)
    } else {
        fold_signed::<true>(job, words)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fold_signed<const SIGNED: bool>(job: Job<'_>, words: &mut Vec<u32>) -> Tile {
    let mut acc = [_mm512_setzero_si512(); LANES];
    let mut excess = _mm512_setzero_si512();
    for (rows, lanes) in job.rows.chunks(job.chunk).zip(job.lanes.chunks(job.chunk)) {
        add_chunk::<SIGNED>(rows, lanes, &mut acc, &mut excess);
        if rows.len() == job.chunk {
            let exact = correct(&acc, excess);
            let mut all = _mm512_setzero_si512();
            for row in exact {
                all = _mm512_xor_si512(all, row);
            }
            let mut lanes = [0u32; LANES];
            mem::_mm512_storeu_si512(&mut lanes, all);
            words.push(lanes.iter().fold(0, |word, lane| word ^ lane));
        }
    }
    correct(&acc, excess).map(|row| {
        let mut lanes = [0; LANES];
        mem::_mm512_storeu_si512(&mut lanes, row);
        lanes
    })
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_chunk<const SIGNED: bool>(
    rows: &[Group],
    lanes: &[Group],
    acc: &mut [__m512i; LANES],
    excess: &mut __m512i,
) {
    let flip = _mm512_set1_epi8(-128);
    // Copies, so that the loop keeps them in registers.
    let (mut sums, mut extra) = (*acc, *excess);
    for (a, b) in rows.iter().zip(lanes) {
        let mut b = mem::_mm512_loadu_si512(&b.0);
        if SIGNED {
            b = _mm512_xor_si512(b, flip);
            // `flip` read as unsigned is 128 in every byte.
            extra = _mm512_dpbusd_epi32(extra, flip, mem::_mm512_loadu_si512(&a.0));
        }
        for (sum, four) in sums.iter_mut().zip(a.0.as_chunks::<STEPS>().0) {
            let row = _mm512_set1_epi32(i32::from_le_bytes(four.map(i8::cast_unsigned)));
            *sum = _mm512_dpbusd_epi32(*sum, b, row);
        }
    }
    (*acc, *excess) = (sums, extra);
}

/// Takes each row's excess off its sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn correct(acc: &[__m512i; LANES], excess: __m512i) -> [__m512i; LANES] {
    let mut by_row = [0i32; LANES];
    mem::_mm512_storeu_si512(&mut by_row, excess);
    core::array::from_fn(|row| _mm512_sub_epi32(acc[row], _mm512_set1_epi32(by_row[row])))
}
