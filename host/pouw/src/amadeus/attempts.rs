//! Attempts on one seed, nonce after nonce, as fast as this processor can.
//!
//! Nonces that differ in their lowest word alone share the chaining value behind the seed's first three blocks,
//! and in every block of the stream the first round but one half of one G function, and parts of the second. With
//! AVX-512 that is kept for all 25,120 blocks, 1.6 MB, and each attempt begins behind it; elsewhere an attempt
//! is the straightforward [`super::attempt`].

use alloc::vec::Vec;

use super::{K, Midstate, NONCE_AT, SEED_BYTES, Solution};
use crate::compression::{self, COLUMNS, ChainingValue, DIAGONALS, SCHEDULE, half_mix};
use crate::kernel::{self, Tile};
use crate::panel::LANES;

/// Steps whose operands are sixteen blocks a side.
const STEPS: usize = 64;

/// A word of sixteen blocks, sixteen times: `[word][block]`.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Words(pub [[u32; LANES]; 16]);

impl Words {
    /// All zero.
    pub(crate) const ZERO: Self = Self([[0; LANES]; 16]);
}

/// What all nonces of a seed share that differ in their lowest word alone.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Behind the seed's first three blocks.
    pub cv: ChainingValue,
    /// For every 64 steps the compressions of A's and of B's sixteen blocks, as far as they are shared.
    pub states: Vec<[Words; 2]>,
}

/// Attempts on one seed.
#[derive(Debug)]
pub struct Attempts {
    seed: [u8; SEED_BYTES],
    products: Products,
}

/// Products of one seed's midstate, at the network's K.
#[derive(Debug)]
pub struct Products {
    midstate: Midstate,
    /// On a processor that can use it.
    shared: Option<Shared>,
}

impl Products {
    /// Prepares products of a midstate, whose word of the nonce does not matter.
    ///
    /// Takes some milliseconds: for thousands of products.
    #[must_use]
    pub fn new(midstate: Midstate) -> Self {
        let shared = kernel::has_seeded_product()
            .then(|| Shared { cv: midstate.cv, states: states(&midstate.cv, &midstate.message) });
        Self { midstate, shared }
    }

    /// The product of a nonce.
    #[must_use]
    pub fn product(&self, nonce: u32) -> Tile {
        let midstate = self.midstate.with_nonce(nonce);
        let fast = self.shared.as_ref();
        let fast = fast.and_then(|shared| kernel::seeded_product(shared, &midstate.message));
        fast.unwrap_or_else(|| midstate.product(K / STEPS))
    }
}

impl Attempts {
    /// Prepares attempts on a seed; the lowest four bytes of its nonce do not matter.
    ///
    /// Takes some milliseconds: for thousands of attempts.
    #[must_use]
    pub fn new(seed: &[u8; SEED_BYTES]) -> Self {
        Self { seed: *seed, products: Products::new(Midstate::of(seed)) }
    }

    /// The seed whose nonce's lowest word is `nonce`.
    #[must_use]
    pub fn seed(&self, nonce: u32) -> [u8; SEED_BYTES] {
        let mut seed = self.seed;
        seed[NONCE_AT..NONCE_AT + 4].copy_from_slice(&nonce.to_le_bytes());
        seed
    }

    /// One attempt at the network's K; the same as [`super::attempt`] on [`Self::seed`].
    #[must_use]
    pub fn attempt(&self, nonce: u32) -> Solution {
        Solution::new(&self.seed(nonce), self.products.product(nonce))
    }
}

fn states(cv: &ChainingValue, message: &[u32; 16]) -> Vec<[Words; 2]> {
    let blocks_a_row = K / STEPS;
    let first_of_b = LANES * blocks_a_row;
    let sixteen = |counter: &dyn Fn(usize) -> usize| {
        let mut words = Words::ZERO;
        for block in 0..LANES {
            // At most 25,120 blocks.
            let state = shared_state(cv, message, counter(block) as u32);
            for (word, value) in words.0.iter_mut().zip(state) {
                word[block] = value;
            }
        }
        words
    };
    (0..blocks_a_row)
        .map(|at| {
            let a = sixteen(&|row| row * blocks_a_row + at);
            [a, sixteen(&|block| first_of_b + LANES * at + block)]
        })
        .collect()
}

/// The compression of one block as far as it does not depend on [`NONCE_WORD`].
///
/// All of the first round but the second half of its first diagonal, whose sum lacks that word only, and what the
/// second round's columns can do without words 0, 5, 10 and 15 of the state.
fn shared_state(cv: &ChainingValue, message: &[u32; 16], counter: u32) -> [u32; 16] {
    let mut v = compression::output_state(cv, counter, super::LAST_BLOCK_BYTES);
    let m = |round: usize, at: usize| message[SCHEDULE[round][at]];
    for (k, quad) in COLUMNS.into_iter().enumerate() {
        half_mix::<16, 12>(&mut v, quad, m(0, 2 * k));
        half_mix::<8, 7>(&mut v, quad, m(0, 2 * k + 1));
    }
    for (k, quad) in DIAGONALS.into_iter().enumerate() {
        half_mix::<16, 12>(&mut v, quad, m(0, 8 + 2 * k));
        if k > 0 {
            half_mix::<8, 7>(&mut v, quad, m(0, 9 + 2 * k));
        }
    }
    v[0] = v[0].wrapping_add(v[5]);
    v[1] = v[1].wrapping_add(m(1, 2));
    v[2] = v[2].wrapping_add(m(1, 4)).wrapping_add(v[6]);
    v[14] = (v[14] ^ v[2]).rotate_right(16);
    v[3] = v[3].wrapping_add(m(1, 6)).wrapping_add(v[7]);
    v
}
