//! Reading a proof in place: every list is a slice of the input, so nothing is allocated on a claim.

use super::{DecodeError, Opening, PREFIX};
use crate::digest::{Digest, LEAF_BYTES};

/// A proof that borrows its bytes.
#[derive(Clone, Copy, Debug)]
pub struct ProofView<'a> {
    /// Rows of A.
    pub m: u64,
    /// Columns of B.
    pub n: u64,
    /// Length of the dot product.
    pub k: u64,
    /// r.
    pub noise_rank: u64,
    /// The strip of A.
    pub a: OpeningView<'a>,
    /// The strip of B transposed.
    pub bt: OpeningView<'a>,
}

/// One side's opening, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct OpeningView<'a> {
    /// Leaves with their length prefixes.
    leaves: &'a [[u8; PREFIX + LEAF_BYTES]],
    leaf_indices: &'a [[u8; 8]],
    /// Leaves of the whole tree.
    pub total_leaves: u64,
    /// The commitment.
    pub root: &'a Digest,
    /// Siblings, level by level from the leaves, ascending.
    pub siblings: &'a [Digest],
    row_indices: &'a [[u8; 8]],
}

impl<'a> ProofView<'a> {
    /// Reads a proof without copying or allocating. A missing last tag (legacy) reads as dense.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader { bytes, at: 0, odd_leaf: None };
        let [m, n, k, noise_rank] = [
            reader.number("m")?,
            reader.number("n")?,
            reader.number("k")?,
            reader.number("noise_rank")?,
        ];
        let (a, bt) = (reader.opening()?, reader.opening()?);
        match reader.rest() {
            [] | [0] => {}
            [0, trailing @ ..] => return Err(DecodeError::Trailing(trailing.len())),
            [1, ..] => return Err(DecodeError::Moe),
            [tag, ..] => return Err(DecodeError::OptionTag(*tag)),
        }
        match reader.odd_leaf {
            Some(error) => Err(error),
            None => Ok(Self { m, n, k, noise_rank, a, bt }),
        }
    }
}

impl<'a> OpeningView<'a> {
    /// The opened leaves, in the proof's order.
    pub fn leaves(&self) -> impl ExactSizeIterator<Item = &'a [u8; LEAF_BYTES]> + use<'a> {
        const EMPTY: [u8; LEAF_BYTES] = [0; LEAF_BYTES];
        self.leaves.iter().map(|leaf| leaf.last_chunk().unwrap_or(&EMPTY))
    }

    /// Their places in the tree, as claimed.
    pub fn leaf_indices(&self) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        self.leaf_indices.iter().map(|index| u64::from_le_bytes(*index))
    }

    /// The rows of the strip, as claimed.
    pub fn row_indices(&self) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        self.row_indices.iter().map(|row| u64::from_le_bytes(*row))
    }

    pub(super) fn to_owned(self) -> Opening {
        Opening {
            leaves: self.leaves().copied().collect(),
            leaf_indices: self.leaf_indices().collect(),
            total_leaves: self.total_leaves,
            root: *self.root,
            siblings: self.siblings.to_vec(),
            row_indices: self.row_indices().collect(),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The first leaf of another length: reported only if the rest can be read.
    odd_leaf: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next `count * size` bytes.
    fn take(
        &mut self,
        what: &'static str,
        count: u64,
        size: usize,
    ) -> Result<&'a [u8], DecodeError> {
        let rest = self.rest();
        let needed = count.saturating_mul(size as u64);
        let field = usize::try_from(needed)
            .ok()
            .and_then(|n| rest.get(..n))
            .ok_or(DecodeError::Truncated { what, at: self.at, needed, left: rest.len() })?;
        self.at += field.len();
        Ok(field)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<&'a [u8; N], DecodeError> {
        let field = self.take(what, 1, N)?;
        field.first_chunk().ok_or(DecodeError::Truncated {
            what,
            at: self.at,
            needed: N as u64,
            left: field.len(),
        })
    }

    fn number(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(*self.array(what)?))
    }

    fn list<const N: usize>(&mut self, what: &'static str) -> Result<&'a [[u8; N]], DecodeError> {
        let count = self.number(what)?;
        Ok(self.take(what, count, N)?.as_chunks().0)
    }

    fn leaves(&mut self) -> Result<&'a [[u8; PREFIX + LEAF_BYTES]], DecodeError> {
        let count = self.number("leaf_data")?;
        let start = self.at;
        for leaf in 0..count {
            let found = self.number("leaf_data")?;
            if found != LEAF_BYTES as u64 && self.odd_leaf.is_none() {
                self.odd_leaf = Some(DecodeError::LeafLength { leaf: leaf as usize, found });
            }
            self.take("leaf_data", found, 1)?;
        }
        Ok(self.bytes[start..self.at].as_chunks().0)
    }

    fn opening(&mut self) -> Result<OpeningView<'a>, DecodeError> {
        Ok(OpeningView {
            leaves: self.leaves()?,
            leaf_indices: self.list("leaf_indices")?,
            total_leaves: self.number("total_leaves")?,
            root: self.array("root")?,
            siblings: self.list("siblings")?,
            row_indices: self.list("row_indices")?,
        })
    }
}
