//! BLAKE3, and batches of the small keyed hashes that this proof of work is made of.
//!
//! The public `blake3` API hashes one input at a time: a 64-byte message takes one compression and no SIMD.
//! Noise needs hundreds of independent one-block hashes a panel, a tree thousands of independent leaves, so
//! they go through `blake3::platform`, which is public but undocumented: the workspace pins the exact
//! version, and this module's tests compare every batch with the public API.

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

/// A BLAKE3-256 output.
pub type Digest = [u8; 32];

/// Bytes of one tree leaf, which is one BLAKE3 chunk.
pub const LEAF_BYTES: usize = 1024;

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 2;
const PARENT: u8 = 4;
const ROOT: u8 = 8;
const KEYED_HASH: u8 = 16;

/// Inputs handed to one `hash_many` call: a multiple of every SIMD width, small enough for the stack.
const BATCH: usize = 32;

/// BLAKE3-256 of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8]) -> Digest {
    *blake3::hash(bytes).as_bytes()
}

/// Keyed BLAKE3-256 of `bytes`.
#[must_use]
pub fn keyed(key: &Digest, bytes: &[u8]) -> Digest {
    *blake3::keyed_hash(key, bytes).as_bytes()
}

/// A key made ready for batches: its words, and the widest instruction set of this processor.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    words: [u32; 8],
    platform: Platform,
}

impl Keyed {
    /// Prepares `key`.
    #[must_use]
    pub fn new(key: &Digest) -> Self {
        Self { words: words_from_le_bytes_32(key), platform: Platform::detect() }
    }

    /// Complete keyed hashes of independent 64-byte messages (one compression each, flags 0x1b).
    ///
    /// Writes `min(blocks.len(), out.len())` digests.
    pub fn one_block(&self, blocks: &[[u8; 64]], out: &mut [Digest]) {
        self.many(blocks, 0, KEYED_HASH, CHUNK_START, CHUNK_END | ROOT, out);
    }

    /// Chaining values of consecutive 1024-byte leaves, the first of which has index `first`.
    ///
    /// `only` says that the tree has this one leaf and no other, so that it carries the root flag.
    pub fn leaves(&self, leaves: &[[u8; LEAF_BYTES]], first: u64, only: bool, out: &mut [Digest]) {
        let end = if only { CHUNK_END | ROOT } else { CHUNK_END };
        self.many(leaves, first, KEYED_HASH, CHUNK_START, end, out);
    }

    /// As [`Keyed::leaves`], for consecutive leaves that do not lie side by side in memory.
    pub fn scattered_leaves(
        &self,
        leaves: &[&[u8; LEAF_BYTES]],
        first: u64,
        only: bool,
        out: &mut [Digest],
    ) {
        let end = if only { CHUNK_END | ROOT } else { CHUNK_END };
        let count = IncrementCounter::Yes;
        for ((batch, digests), at) in
            leaves.chunks(BATCH).zip(out.chunks_mut(BATCH)).zip((first..).step_by(BATCH))
        {
            let batch = &batch[..batch.len().min(digests.len())];
            let out = digests.as_flattened_mut();
            self.platform.hash_many(
                batch,
                &self.words,
                at,
                count,
                KEYED_HASH,
                CHUNK_START,
                end,
                out,
            );
        }
    }

    /// Parents of pairs of nodes, each 64 bytes: left child, right child. `root` marks the tree's top node.
    pub fn parents(&self, pairs: &[[u8; 64]], root: bool, out: &mut [Digest]) {
        let flags = KEYED_HASH | PARENT | if root { ROOT } else { 0 };
        self.many(pairs, 0, flags, 0, 0, out);
    }

    /// The parent of two nodes.
    #[must_use]
    pub fn parent(&self, left: &Digest, right: &Digest, root: bool) -> Digest {
        let mut pair = [0; 64];
        pair[..32].copy_from_slice(left);
        pair[32..].copy_from_slice(right);
        let mut out = [[0; 32]];
        self.parents(&[pair], root, &mut out);
        out[0]
    }

    fn many<const N: usize>(
        &self,
        inputs: &[[u8; N]],
        first: u64,
        flags: u8,
        start: u8,
        end: u8,
        out: &mut [Digest],
    ) {
        // Only leaves are numbered; one-block messages and parents all have counter 0.
        let (count, step) = if N == LEAF_BYTES {
            (IncrementCounter::Yes, BATCH as u64)
        } else {
            (IncrementCounter::No, 0)
        };
        let mut at = first;
        for (batch, digests) in inputs.chunks(BATCH).zip(out.chunks_mut(BATCH)) {
            let mut refs = [&[0; N]; BATCH];
            for (slot, input) in refs.iter_mut().zip(batch) {
                *slot = input;
            }
            let refs = &refs[..batch.len().min(digests.len())];
            let out = digests.as_flattened_mut();
            self.platform.hash_many(refs, &self.words, at, count, flags, start, end, out);
            at = at.wrapping_add(step);
        }
    }
}
