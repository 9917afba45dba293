//! An attempt from BLAKE3's state in the middle of the seed: what a device gets that grows operands itself.

use alloc::vec::Vec;

use blake3::platform::Platform;

use super::{LAST_BLOCK_AT, LAST_BLOCK_BYTES, NONCE_WORD, SEED_BYTES};
use crate::compression;
use crate::digest::Digest;
use crate::kernel::{Tile, product_u8};
use crate::panel::{Group, LANES, Panel, STEPS};

/// Steps whose operands are sixteen blocks a side.
const BLOCK_STEPS: usize = 64;
/// Bytes of a block.
const BLOCK_BYTES: usize = 64;
/// Blocks of a chunk of BLAKE3.
const CHUNK_BLOCKS: usize = 16;

/// The chaining value behind a seed's first three blocks, and the words of its last one, 48 bytes and zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Midstate {
    /// The chaining value.
    pub cv: [u32; 8],
    /// The last block; its [`NONCE_WORD`] counts attempts.
    pub message: [u32; 16],
}

impl Midstate {
    /// That of a seed.
    #[must_use]
    pub fn of(seed: &[u8; SEED_BYTES]) -> Self {
        let (blocks, last) = seed.split_at(LAST_BLOCK_AT);
        let mut message = [0; 16];
        for (word, bytes) in message.iter_mut().zip(last.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self { cv: compression::chaining_value(blocks.as_chunks().0), message }
    }

    /// The same with another word of the nonce.
    #[must_use]
    pub fn with_nonce(mut self, nonce: u32) -> Self {
        self.message[NONCE_WORD] = nonce;
        self
    }

    /// The first half of the first row of BLAKE3's first round, which needs no word of the nonce: words 0 to 3 of the
    /// chaining value plus words 0, 2, 4 and 6 of the message.
    #[must_use]
    pub fn start(&self) -> [u32; 4] {
        core::array::from_fn(|n| self.cv[n].wrapping_add(self.message[2 * n]))
    }

    /// A * B for operands of so many blocks of 64 steps.
    #[must_use]
    pub fn product(&self, blocks: usize) -> Tile {
        let mut sums = [[0i32; LANES]; LANES];
        for at in 0..blocks {
            let (a, b) = self.operands(blocks, at);
            let part = product_u8(&a, &b);
            for (sum, part) in sums.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
                *sum = sum.wrapping_add(*part);
            }
        }
        sums
    }

    /// The operands of the steps from `64 at` on, as panels.
    fn operands(&self, blocks: usize, at: usize) -> (Panel, Panel) {
        let (mut a, mut b) =
            ([Group::ZERO; BLOCK_STEPS / STEPS], [Group::ZERO; BLOCK_STEPS / STEPS]);
        for row in 0..LANES {
            let block = self.block(row * blocks + at);
            for (group, bytes) in a.iter_mut().zip(block.as_chunks::<STEPS>().0) {
                group.0[STEPS * row..][..STEPS].copy_from_slice(&bytes.map(u8::cast_signed));
            }
        }
        for (group, nth) in b.iter_mut().zip(0..) {
            // Four rows of B.
            let rows = self.block(LANES * (blocks + at) + nth);
            for (step, row) in rows.as_chunks::<LANES>().0.iter().enumerate() {
                for (column, byte) in row.iter().enumerate() {
                    group.0[STEPS * column + step] = byte.cast_signed();
                }
            }
        }
        let panel = |groups: &[Group]| Panel::from_groups(Vec::from(groups), BLOCK_STEPS);
        (panel(&a), panel(&b))
    }

    /// A block of the stream.
    fn block(&self, counter: usize) -> [u8; BLOCK_BYTES] {
        let block = words_to_bytes(&self.message);
        let flags = compression::CHUNK_END | compression::ROOT;
        Platform::detect().compress_xof(
            &self.cv,
            &block,
            LAST_BLOCK_BYTES as u8,
            counter as u64,
            flags,
        )
    }

    /// The hash of the solution that has this product.
    #[must_use]
    pub fn solution_hash(&self, product: &Tile) -> Digest {
        // 48 bytes of the seed and the product, from the first chunk's fourth block on.
        let mut words = Vec::with_capacity(12 + LANES * LANES);
        words.extend_from_slice(&self.message[..12]);
        words.extend(product.as_flattened().iter().map(|sum| sum.cast_unsigned()));
        let platform = Platform::detect();
        let mut cvs = [self.cv, compression::IV];
        let first = CHUNK_BLOCKS - LAST_BLOCK_AT / BLOCK_BYTES;
        let (first, second) = words.split_at(first * BLOCK_BYTES / 4);
        for (number, words) in [first, second].into_iter().enumerate() {
            let blocks = words.len().div_ceil(16);
            for (at, words) in words.chunks(16).enumerate() {
                let mut flags = 0;
                if number == 1 && at == 0 {
                    flags |= compression::CHUNK_START;
                }
                if at + 1 == blocks {
                    flags |= compression::CHUNK_END;
                }
                let block = words_to_bytes(words);
                let bytes = 4 * words.len() as u8;
                platform.compress_in_place(&mut cvs[number], &block, bytes, number as u64, flags);
            }
        }
        let mut root = compression::IV;
        let block = words_to_bytes(cvs.as_flattened());
        let flags = compression::PARENT | compression::ROOT;
        platform.compress_in_place(&mut root, &block, BLOCK_BYTES as u8, 0, flags);
        let mut hash = [0; 32];
        for (bytes, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(root) {
            *bytes = word.to_le_bytes();
        }
        hash
    }
}

/// Words of a block, and zeros behind them.
fn words_to_bytes(words: &[u32]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    for (bytes, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    block
}

#[cfg(test)]
mod tests {
    use super::super::{NONCE_AT, Solution, seeded_product};
    use super::*;

    #[test]
    fn a_midstate_gives_what_its_seed_gives() {
        let seed: [u8; SEED_BYTES] = core::array::from_fn(|n| (n * n + 7 * n) as u8);
        let nonce = u32::from_le_bytes(seed[NONCE_AT..][..4].try_into().unwrap());
        let midstate = Midstate::of(&seed);
        assert_eq!(midstate.message[NONCE_WORD], nonce);
        for blocks in [1, 2, 5, 17] {
            let product = seeded_product(&seed, BLOCK_STEPS * blocks);
            assert_eq!(midstate.product(blocks), product, "{blocks} blocks");
            assert_eq!(midstate.solution_hash(&product), Solution::new(&seed, product).hash);
        }
        let mut next = seed;
        next[NONCE_AT..][..4].copy_from_slice(&nonce.wrapping_add(1).to_le_bytes());
        assert_eq!(midstate.with_nonce(nonce.wrapping_add(1)), Midstate::of(&next));
    }
}
