//! Peel: the exact product A*B, from the noised product that the device computed.
//!
//! With A' = A + E_AL*E_AR and B' = B + E_BL*E_BR,
//!
//! ```text
//! A*B = A'*B' - (A*E_BL)*E_BR - E_AL*(E_AR*B')
//! ```
//!
//! `A*E_BL` and `E_AR*B'` are m x r and r x n, made once a strip from the index pairs by additions alone. They
//! are wider than a byte, so they are split into signed base-256 digits (two are enough for most matrices), and
//! each tile costs a few 16 x 16 x r products on the same int8 kernel.
//!
//! Noise covers all k columns, the tail beyond `k - k mod r` too: the noised product must be over all of k.

use alloc::vec::Vec;

use crate::kernel::{Tile, product};
use crate::matrix::Matrix;
use crate::noise::{IndexPair, Noise};
use crate::panel::{LANES, Panel, columns_of};

/// What one strip (16 rows of A, or 16 columns of B) contributes to the noise of every tile it is in.
#[derive(Clone, Debug)]
pub struct PeelStrip {
    /// The strip's own rows of E, r steps.
    factor: Panel,
    /// The strip times the other side's index pairs, digit by digit, least significant first.
    digits: Vec<Panel>,
}

impl PeelStrip {
    /// For rows of A: the signal, without noise.
    #[must_use]
    pub fn for_a(a: &Matrix, noise_a: &Noise, noise_b: &Noise, rows: &[u32]) -> Self {
        Self::new(&Panel::from_matrix(a, rows), noise_a, rows, noise_b)
    }

    /// For columns of B (rows of B transposed): noised.
    #[must_use]
    pub fn for_b(bt: &Matrix, noise_b: &Noise, noise_a: &Noise, rows: &[u32]) -> Self {
        Self::new(&Panel::noised_from_matrix(bt, noise_b, rows), noise_b, rows, noise_a)
    }

    fn new(strip: &Panel, own: &Noise, rows: &[u32], other: &Noise) -> Self {
        let factors: Vec<&[i8]> = rows.iter().map(|&row| own.factor_row(row as usize)).collect();
        Self {
            factor: Panel::from_steps(&columns_of(&factors)),
            digits: digits(project(strip, other.pairs(), other.rank())),
        }
    }
}

/// Takes the noise off a tile of A'*B' (over all k steps): exact for signals in [-64, 64].
#[must_use]
pub fn peel_tile(noised: &Tile, a: &PeelStrip, b: &PeelStrip) -> Tile {
    let mut exact = *noised;
    let mut subtract = |part: Tile, digit: usize| {
        for (sum, part) in exact.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
            // Modulo 2^32; the true result is below 64 * 64 * 65536 = 2^28.
            *sum = sum.wrapping_sub(part.wrapping_shl(8 * digit as u32));
        }
    };
    for (digit, panel) in a.digits.iter().enumerate() {
        subtract(product(panel, &b.factor), digit);
    }
    for (digit, panel) in b.digits.iter().enumerate() {
        subtract(product(&a.factor, panel), digit);
    }
    exact
}

/// The strip times the matrix of index pairs (two nonzeros a line): r columns of 16 sums.
fn project(strip: &Panel, pairs: &[IndexPair], rank: usize) -> Vec<[i32; LANES]> {
    let mut sums = alloc::vec![[0i32; LANES]; rank];
    for (step, &[p0, p1]) in pairs.iter().enumerate().take(strip.k()) {
        let values = strip.step(step).map(i32::from);
        if let Some(plus) = sums.get_mut(usize::from(p0)) {
            plus.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.wrapping_add(value));
        }
        if let Some(minus) = sums.get_mut(usize::from(p1)) {
            minus.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.wrapping_sub(value));
        }
    }
    sums
}

/// Signed base-256 digits of every sum, each in [-128, 127], until all sums are used up.
fn digits(mut sums: Vec<[i32; LANES]>) -> Vec<Panel> {
    let mut panels = Vec::new();
    // Four digits are a whole i32; a carry out of them is a multiple of 2^32.
    while panels.len() < 4 && sums.as_flattened().iter().any(|&sum| sum != 0) {
        let low: Vec<[i8; LANES]> = sums.iter().map(|lanes| lanes.map(|sum| sum as i8)).collect();
        for (sum, digit) in sums.as_flattened_mut().iter_mut().zip(low.as_flattened()) {
            *sum = sum.wrapping_sub(i32::from(*digit)) >> 8;
        }
        panels.push(Panel::from_steps(&low));
    }
    panels
}
