//! Amadeus operands and their product with AVX-512, for nonces that differ in one word.
//!
//! Sixteen blocks of BLAKE3's extended output are compressed at once, a block a lane, so a register holds one
//! word of sixteen blocks. For A the lanes are its rows: word t of sixteen rows is the panel's group of steps
//! 4t to 4t + 3 as it stands. For B the lanes are blocks one after another, and byte permutes turn four words
//! into four groups.
//!
//! What limits: a round is 112 operations of which 32 rotate, and a Zen 4 has two units of four that can; they
//! come in fours, each four waiting for the one before. Products between the rounds would fill the gaps, but the
//! compiler then has more values than registers, and what it spills costs more than the gaps.

use core::arch::x86_64::*;

use safe_unaligned_simd::x86_64 as mem;

use super::Tile;
use crate::amadeus::attempts::{Shared, Words};
use crate::compression::SCHEDULE;
use crate::panel::LANES;

/// Operands of 64 steps, four of them a word.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Operands {
    /// `[t][row]` is steps 4t to 4t + 3.
    a: Words,
    /// `[column][t]` is steps 4t to 4t + 3.
    b: Words,
}

/// A * B of the nonce whose message is given; `add` adds up to `BATCH` operands to the transposed product. They should be
/// few enough for the first cache, and enough that what `add` costs each time is little.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
pub(super) fn product<const BATCH: usize>(
    shared: &Shared,
    message: &[u32; 16],
    add: impl Fn(&mut Tile, &[Operands]),
) -> Tile {
    let mut transposed = [[0; LANES]; LANES];
    let mut operands = [const { Operands { a: Words::ZERO, b: Words::ZERO } }; BATCH];
    for states in shared.states.chunks(BATCH) {
        for ([a, b], operands) in states.iter().zip(&mut operands) {
            compress(a, message, &shared.cv, &mut operands.a);
            compress(b, message, &shared.cv, &mut operands.b);
            turn(&mut operands.b);
        }
        add(&mut transposed, &operands[..states.len()]);
    }
    core::array::from_fn(|i| core::array::from_fn(|j| transposed[j][i]))
}

/// Adds 64 steps a block to the transposed product.
#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) fn add_seeded(transposed: &mut Tile, blocks: &[Operands]) {
    for operands in blocks {
        multiply(transposed, operands);
    }
}

/// The first or the second half of four G functions, step by step so that they overlap.
///
/// A macro and not a function, as all that follow: the state must stay in registers, so every index into it must
/// be a literal when the optimiser first sees it.
macro_rules! half_mix {
    ($v:ident, $words:ident, $round:literal, $turn_d:literal, $turn_b:literal,
     $([$a:literal $b:literal $c:literal $d:literal] $at:literal),*) => {
        $($v[$a] = _mm512_add_epi32($v[$a], _mm512_set1_epi32($words[SCHEDULE[$round][$at]].cast_signed()));)*
        $($v[$a] = _mm512_add_epi32($v[$a], $v[$b]);)*
        $($v[$d] = _mm512_ror_epi32::<$turn_d>(_mm512_xor_si512($v[$d], $v[$a]));)*
        $($v[$c] = _mm512_add_epi32($v[$c], $v[$d]);)*
        $($v[$b] = _mm512_ror_epi32::<$turn_b>(_mm512_xor_si512($v[$b], $v[$c]));)*
    };
}

macro_rules! columns_first_half {
    ($v:ident, $words:ident, $round:literal) => {
        half_mix!($v, $words, $round, 16, 12, [0 4 8 12] 0, [1 5 9 13] 2, [2 6 10 14] 4, [3 7 11 15] 6)
    };
}

macro_rules! columns_second_half {
    ($v:ident, $words:ident, $round:literal) => {
        half_mix!($v, $words, $round, 8, 7, [0 4 8 12] 1, [1 5 9 13] 3, [2 6 10 14] 5, [3 7 11 15] 7)
    };
}

macro_rules! diagonals {
    ($v:ident, $words:ident, $round:literal) => {
        half_mix!($v, $words, $round, 16, 12, [0 5 10 15] 8, [1 6 11 12] 10, [2 7 8 13] 12, [3 4 9 14] 14);
        half_mix!($v, $words, $round, 8, 7, [0 5 10 15] 9, [1 6 11 12] 11, [2 7 8 13] 13, [3 4 9 14] 15)
    };
}

macro_rules! round {
    ($v:ident, $words:ident, $round:literal) => {
        columns_first_half!($v, $words, $round);
        columns_second_half!($v, $words, $round);
        diagonals!($v, $words, $round);
    };
}

/// What depends on the nonce in the first round, and the rest of the second round's first half.
macro_rules! finish_shared {
    ($v:ident, $words:ident) => {
        $v[0] = _mm512_add_epi32($v[0], _mm512_set1_epi32($words[9].cast_signed()));
        $v[15] = _mm512_ror_epi32::<8>(_mm512_xor_si512($v[15], $v[0]));
        $v[10] = _mm512_add_epi32($v[10], $v[15]);
        $v[5] = _mm512_ror_epi32::<7>(_mm512_xor_si512($v[5], $v[10]));

        $v[0] = _mm512_add_epi32(
            _mm512_add_epi32($v[0], _mm512_set1_epi32($words[SCHEDULE[1][0]].cast_signed())),
            $v[4],
        );
        $v[1] = _mm512_add_epi32($v[1], $v[5]);
        $v[12] = _mm512_ror_epi32::<16>(_mm512_xor_si512($v[12], $v[0]));
        $v[13] = _mm512_ror_epi32::<16>(_mm512_xor_si512($v[13], $v[1]));
        $v[15] = _mm512_ror_epi32::<16>(_mm512_xor_si512($v[15], $v[3]));
        $v[8] = _mm512_add_epi32($v[8], $v[12]);
        $v[9] = _mm512_add_epi32($v[9], $v[13]);
        $v[10] = _mm512_add_epi32($v[10], $v[14]);
        $v[11] = _mm512_add_epi32($v[11], $v[15]);
        $v[4] = _mm512_ror_epi32::<12>(_mm512_xor_si512($v[4], $v[8]));
        $v[5] = _mm512_ror_epi32::<12>(_mm512_xor_si512($v[5], $v[9]));
        $v[6] = _mm512_ror_epi32::<12>(_mm512_xor_si512($v[6], $v[10]));
        $v[7] = _mm512_ror_epi32::<12>(_mm512_xor_si512($v[7], $v[11]));
    };
}

/// Sixteen compressions, from the state that nonces share.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn compress(shared: &Words, words: &[u32; 16], cv: &[u32; 8], out: &mut Words) {
    let mut v = [_mm512_setzero_si512(); 16];
    for (v, words) in v.iter_mut().zip(&shared.0) {
        *v = mem::_mm512_loadu_si512(words);
    }
    finish_shared!(v, words);
    columns_second_half!(v, words, 1);
    diagonals!(v, words, 1);
    round!(v, words, 2);
    round!(v, words, 3);
    round!(v, words, 4);
    round!(v, words, 5);
    round!(v, words, 6);
    for i in 0..8 {
        let cv = _mm512_set1_epi32(cv[i].cast_signed());
        mem::_mm512_storeu_si512(&mut out.0[i], _mm512_xor_si512(v[i], v[i + 8]));
        mem::_mm512_storeu_si512(&mut out.0[i + 8], _mm512_xor_si512(v[i + 8], cv));
    }
}

/// Adds 64 steps to the product.
// A function of its own on purpose, as in `vnni`: inlined, it would share its registers with a compression.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vnni")]
fn multiply(transposed: &mut Tile, operands: &Operands) {
    let mut sums = [_mm512_setzero_si512(); LANES];
    for (sum, column) in sums.iter_mut().zip(&*transposed) {
        *sum = mem::_mm512_loadu_si512(column);
    }
    for (t, a) in operands.a.0.iter().enumerate() {
        let a = mem::_mm512_loadu_si512(a);
        for (sum, b) in sums.iter_mut().zip(&operands.b.0) {
            *sum = _mm512_dpbusd_epi32(*sum, a, _mm512_set1_epi32(b[t].cast_signed()));
        }
    }
    for (column, sum) in transposed.iter_mut().zip(sums) {
        mem::_mm512_storeu_si512(column, sum);
    }
}

/// Sixteen blocks of B, four rows each, to words of four rows.
///
/// Word 4r + q of a block has columns 4q to 4q + 3 of its row r; a word behind this has one column of four rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn turn(b: &mut Words) {
    let mut v = [_mm512_setzero_si512(); 16];
    for (v, words) in v.iter_mut().zip(&b.0) {
        *v = mem::_mm512_loadu_si512(words);
    }
    let low = mem::_mm512_loadu_si512(const { &byte_pairs(0) });
    let high = mem::_mm512_loadu_si512(const { &byte_pairs(2) });
    let even = mem::_mm512_loadu_si512(const { &pair_pairs(0) });
    let odd = mem::_mm512_loadu_si512(const { &pair_pairs(1) });
    for q in 0..4 {
        for (half, bytes) in [low, high].into_iter().enumerate() {
            let upper = _mm512_permutex2var_epi8(v[q], bytes, v[q + 4]);
            let lower = _mm512_permutex2var_epi8(v[q + 8], bytes, v[q + 12]);
            let column = 4 * q + 2 * half;
            let two = _mm512_permutex2var_epi16(upper, even, lower);
            mem::_mm512_storeu_si512(&mut b.0[column], two);
            let two = _mm512_permutex2var_epi16(upper, odd, lower);
            mem::_mm512_storeu_si512(&mut b.0[column + 1], two);
        }
    }
}

/// Bytes `from` and `from + 1` of every word of two registers, each next to the other register's.
const fn byte_pairs(from: u8) -> [u8; 64] {
    let mut index = [0; 64];
    let mut at = 0;
    while at < 64 {
        let (word, byte, register) = (at / 4, at / 2 % 2, at % 2);
        index[at] = (64 * register + 4 * word + byte) as u8 + from;
        at += 1;
    }
    index
}

/// Half `from` of every word of two registers, each next to the other register's.
const fn pair_pairs(from: u16) -> [u16; 32] {
    let mut index = [0; 32];
    let mut at = 0;
    while at < 32 {
        let (word, register) = (at / 2, at % 2);
        index[at] = (32 * register + 2 * word) as u16 + from;
        at += 1;
    }
    index
}
