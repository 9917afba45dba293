//! The golden function: one tile, straight from the rule, in plain scalar code.
//!
//! It knows nothing of panels, lanes or cycles, and nothing here is fast. Everything else is tested against it.

use alloc::vec::Vec;

use crate::digest::{self, Digest};

/// Words of the fold register.
pub const FOLD_WORDS: usize = 16;

/// What one tile yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileResult {
    /// For each complete chunk the XOR of all accumulators.
    pub words: Vec<u32>,
    /// The fold register after the last chunk.
    pub register: [u32; FOLD_WORDS],
    /// The accumulators after all k steps, h x w, row-major. The steps beyond the last complete chunk are in
    /// these, never in the words.
    pub product: Vec<i32>,
}

/// Multiplies and folds a tile of h rows by w columns, all of the same length k; chunks have `r` steps.
///
/// `r = 0` yields no words. A value beyond the end of a row or column reads as 0.
#[must_use]
pub fn tile(rows: &[&[i8]], cols: &[&[i8]], r: usize) -> TileResult {
    let k = rows.iter().chain(cols).map(|strip| strip.len()).max().unwrap_or(0);
    let at = |strip: &[i8], step: usize| strip.get(step).map_or(0, |&value| i32::from(value));
    let mut acc = alloc::vec![0i32; rows.len() * cols.len()];
    let mut words = Vec::new();
    for step in 0..k {
        for (i, row) in rows.iter().enumerate() {
            for (j, col) in cols.iter().enumerate() {
                let sum = &mut acc[i * cols.len() + j];
                *sum = sum.wrapping_add(at(row, step) * at(col, step));
            }
        }
        if r != 0 && (step + 1) % r == 0 {
            words.push(acc.iter().fold(0, |word, &sum| word ^ (sum as u32)));
        }
    }
    TileResult { register: fold_register(&words), words, product: acc }
}

/// Folds one word a chunk into the 16-word register J: `J[c mod 16] = rotl(J[c mod 16], 13) ^ word`.
#[must_use]
pub fn fold_register(words: &[u32]) -> [u32; FOLD_WORDS] {
    let mut register = [0u32; FOLD_WORDS];
    for (c, word) in words.iter().enumerate() {
        let slot = &mut register[c % FOLD_WORDS];
        *slot = slot.rotate_left(13) ^ word;
    }
    register
}

/// The ticket: `B3k(a_seed, J as 16 u32 LE)`, to be compared as a little-endian number.
#[must_use]
pub fn ticket(a_seed: &Digest, register: &[u32; FOLD_WORDS]) -> Digest {
    digest::keyed(a_seed, register.map(u32::to_le_bytes).as_flattened())
}
