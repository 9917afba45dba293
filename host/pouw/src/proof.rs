//! `PlainProof`: the bytes a miner submits. bincode with fixed-width little-endian integers, u64 lengths.
//!
//! ```text
//! m, n, k, noise_rank                                                       u64 each
//! for A, then for B transposed:
//!   leaf_data [[u8]], leaf_indices [u64], total_leaves u64, root [u8; 32], siblings [[u8; 32]], row_indices [u64]
//! option tag u8                                                             0: dense
//! ```
//! A [`ProofView`] borrows all of it and allocates nothing, so a hostile length costs nothing.

mod view;

use alloc::vec::Vec;

use crate::digest::{Digest, LEAF_BYTES};
use crate::matrix::Matrix;
use crate::tree::{Tree, TreeError};

pub use view::{OpeningView, ProofView};

const PREFIX: usize = 8;

/// Why bytes are not a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("{what} needs {needed} bytes at offset {at}, {left} are left")]
    Truncated {
        /// The field being read.
        what: &'static str,
        /// Where it starts.
        at: usize,
        /// The bytes it needs, saturating.
        needed: u64,
        /// The bytes there are.
        left: usize,
    },
    /// Bytes after the end.
    #[error("{0} bytes follow the proof, expected none")]
    Trailing(usize),
    /// A mixture-of-experts proof.
    #[error("the proof carries a mixture-of-experts (MoE) part, expected a dense proof")]
    Moe,
    /// The last option's tag is neither 0 nor 1.
    #[error("option tag {0}, expected 0")]
    OptionTag(u8),
    /// A leaf of another length. The bytes are well-formed, but no verifier takes them.
    #[error("opened leaf {leaf} has {found} bytes, expected {LEAF_BYTES}")]
    LeafLength {
        /// Position among the leaves of its side.
        leaf: usize,
        /// Its length.
        found: u64,
    },
}

/// One side's opening: the leaves that hold its strip, and the siblings up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The opened leaves.
    pub leaves: Vec<[u8; LEAF_BYTES]>,
    /// Where each sits in the tree.
    pub leaf_indices: Vec<u64>,
    /// Leaves of the whole tree.
    pub total_leaves: u64,
    /// The commitment.
    pub root: Digest,
    /// Siblings, level by level from the leaves, ascending.
    pub siblings: Vec<Digest>,
    /// The rows of the strip.
    pub row_indices: Vec<u64>,
}

/// A dense proof: the tile's strips of A and of B transposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainProof {
    /// Rows of A.
    pub m: u64,
    /// Columns of B.
    pub n: u64,
    /// Length of the dot product.
    pub k: u64,
    /// r.
    pub noise_rank: u64,
    /// The strip of A.
    pub a: Opening,
    /// The strip of B transposed.
    pub bt: Opening,
}

impl Opening {
    /// Opens `rows` (strictly increasing) of a committed matrix: every leaf that holds a byte of them.
    ///
    /// # Errors
    /// [`TreeError`] when there are no rows, a row is outside the matrix or out of order, or the tree is not
    /// this matrix's.
    pub fn new(matrix: &Matrix, tree: &Tree, rows: &[u32]) -> Result<Self, TreeError> {
        let mut leaf_indices: Vec<u64> = Vec::new();
        for &row in rows {
            let (first, last) = leaves_of_row(row.into(), matrix.k() as u64);
            // Neighbouring rows may share a leaf.
            let first = leaf_indices.last().map_or(first, |&previous| first.max(previous + 1));
            leaf_indices.extend(first..=last.min(tree.total_leaves()));
        }
        let siblings = tree.open(&leaf_indices)?;
        let leaves = leaf_indices.iter().map(|&index| matrix.leaf(index as usize)).collect();
        Ok(Self {
            leaves,
            leaf_indices,
            total_leaves: tree.total_leaves(),
            root: tree.root(),
            siblings,
            row_indices: rows.iter().map(|&row| row.into()).collect(),
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let number = |out: &mut Vec<u8>, value: u64| out.extend_from_slice(&value.to_le_bytes());
        number(out, self.leaves.len() as u64);
        for leaf in &self.leaves {
            number(out, LEAF_BYTES as u64);
            out.extend_from_slice(leaf);
        }
        number(out, self.leaf_indices.len() as u64);
        self.leaf_indices.iter().for_each(|&index| number(out, index));
        number(out, self.total_leaves);
        out.extend_from_slice(&self.root);
        number(out, self.siblings.len() as u64);
        out.extend_from_slice(self.siblings.as_flattened());
        number(out, self.row_indices.len() as u64);
        self.row_indices.iter().for_each(|&row| number(out, row));
    }

    fn size(&self) -> usize {
        72 + (PREFIX + LEAF_BYTES) * self.leaves.len()
            + 8 * self.leaf_indices.len()
            + 32 * self.siblings.len()
            + 8 * self.row_indices.len()
    }
}

impl PlainProof {
    /// The proof's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(33 + self.a.size() + self.bt.size());
        for value in [self.m, self.n, self.k, self.noise_rank] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        self.a.encode(&mut out);
        self.bt.encode(&mut out);
        out.push(0);
        out
    }

    /// Reads a proof. Allocates no more than the input's size; a missing last tag (legacy) reads as dense.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let view = ProofView::parse(bytes)?;
        Ok(Self {
            m: view.m,
            n: view.n,
            k: view.k,
            noise_rank: view.noise_rank,
            a: view.a.to_owned(),
            bt: view.bt.to_owned(),
        })
    }
}

/// First and last leaf of a row of `k` bytes; an empty range when `k` is 0.
#[must_use]
pub(crate) const fn leaves_of_row(row: u64, k: u64) -> (u64, u64) {
    let start = row.saturating_mul(k);
    let end = start.saturating_add(k);
    (start / LEAF_BYTES as u64, end.saturating_sub(1) / LEAF_BYTES as u64)
}
