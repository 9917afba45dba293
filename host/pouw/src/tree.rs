//! The commitment: BLAKE3's own keyed tree over a matrix, and openings of some of its leaves.
//!
//! The root equals `blake3::keyed_hash(key, zero-padded bytes)`. All levels are kept, so that changing one leaf
//! costs one path, and an opening is a walk without a hash. An odd last node is carried up to the next level.

use alloc::vec::Vec;

use crate::digest::{Digest, Keyed, LEAF_BYTES};

/// Leaves that one task hashes.
#[cfg(feature = "rayon")]
const LEAVES_A_TASK: usize = 128;

/// Why an opening does not lead to a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Nothing to walk from.
    #[error("no opened leaf, expected at least one")]
    Empty,
    /// A leaf beyond the tree.
    #[error("leaf index {index} is outside a tree of {total} leaves")]
    Outside {
        /// The index seen.
        index: u64,
        /// Leaves of the tree.
        total: u64,
    },
    /// The same leaf twice.
    #[error("leaf index {0} is given twice, expected one leaf an index")]
    Duplicate(u64),
    /// A leaf below the one before it.
    #[error("leaf index {0} is below the one before it, expected ascending indices")]
    Order(u64),
    /// Fewer siblings than the walk needs.
    #[error("{given} siblings given, the walk needs more (level {level})")]
    Siblings {
        /// Siblings given.
        given: usize,
        /// The level at which they ran out, 0 at the leaves.
        level: u32,
    },
}

/// A keyed tree with every level kept, leaves first.
#[derive(Clone, Debug)]
pub struct Tree {
    key: Keyed,
    levels: Vec<Vec<Digest>>,
}

/// Leaves of a tree over `bytes` bytes.
#[must_use]
pub const fn leaf_count(bytes: u64) -> u64 {
    bytes.div_ceil(LEAF_BYTES as u64)
}

/// Leaf `index` of `bytes`, zero-padded.
#[must_use]
pub fn leaf(bytes: &[u8], index: usize) -> [u8; LEAF_BYTES] {
    let mut padded = [0; LEAF_BYTES];
    let rest = index.checked_mul(LEAF_BYTES).and_then(|at| bytes.get(at..)).unwrap_or_default();
    let length = rest.len().min(LEAF_BYTES);
    padded[..length].copy_from_slice(&rest[..length]);
    padded
}

impl Tree {
    /// Hashes `bytes`, zero-padded to whole leaves (at least one).
    #[must_use]
    pub fn new(key: &Digest, bytes: &[u8]) -> Self {
        let key = Keyed::new(key);
        let mut levels = alloc::vec![hash_leaves(&key, bytes)];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let (pairs, odd) = below.as_flattened().as_chunks::<64>();
            let mut level = alloc::vec![[0; 32]; pairs.len()];
            key.parents(pairs, below.len() == 2, &mut level);
            level.extend(<&Digest>::try_from(odd));
            levels.push(level);
        }
        Self { key, levels }
    }

    /// The commitment.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or_default()
    }

    /// Leaves of the tree.
    #[must_use]
    pub fn total_leaves(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Replaces one leaf and rehashes the path above it.
    ///
    /// # Errors
    /// [`TreeError::Outside`] when there is no such leaf.
    pub fn update(&mut self, index: usize, leaf: &[u8; LEAF_BYTES]) -> Result<(), TreeError> {
        let total = self.total_leaves();
        let (levels, key) = (&mut self.levels, self.key);
        let slot = levels
            .first_mut()
            .and_then(|leaves| leaves.get_mut(index))
            .ok_or(TreeError::Outside { index: index as u64, total })?;
        key.leaves(&[*leaf], index as u64, total == 1, core::slice::from_mut(slot));
        let mut at = index;
        for level in 1..levels.len() {
            at /= 2;
            let (lower, upper) = levels.split_at_mut(level);
            let (below, here) = (&lower[level - 1], &mut upper[0]);
            here[at] = match below.get(2 * at + 1) {
                Some(right) => key.parent(&below[2 * at], right, here.len() == 1),
                None => below[2 * at],
            };
        }
        Ok(())
    }

    /// The siblings that open `leaves`, in the order that a proof carries them.
    ///
    /// # Errors
    /// [`TreeError`] unless `leaves` is a non-empty, strictly increasing list of leaves of this tree.
    pub fn open(&self, leaves: &[u64]) -> Result<Vec<Digest>, TreeError> {
        let places = sibling_places(self.total_leaves(), leaves)?;
        Ok(places
            .into_iter()
            .filter_map(|(level, at)| self.levels.get(level as usize)?.get(at as usize).copied())
            .collect())
    }
}

/// Where the siblings of an opening sit: (level, index), level by level from the leaves, ascending.
///
/// # Errors
/// [`TreeError`] unless `leaves` is a non-empty, strictly increasing list below `total`.
pub fn sibling_places(total: u64, leaves: &[u64]) -> Result<Vec<(u32, u64)>, TreeError> {
    check_indices(total, leaves.iter().copied())?;
    let mut places = Vec::new();
    let mut opened = leaves.to_vec();
    let (mut width, mut level) = (total, 0);
    while width > 1 {
        for (i, &at) in opened.iter().enumerate() {
            let sibling = at ^ 1;
            let beside = if at % 2 == 0 { opened.get(i + 1) } else { opened[..i].last() };
            if sibling < width && beside != Some(&sibling) {
                places.push((level, sibling));
            }
        }
        opened.iter_mut().for_each(|at| *at /= 2);
        opened.dedup();
        (width, level) = (width.div_ceil(2), level + 1);
    }
    Ok(places)
}

/// Walks from opened leaves to the root of a tree of `total` leaves.
///
/// `leaves` holds (index, leaf), ascending. Siblings left over at the end are ignored, as Pearl's verifier
/// does. The work is at most one hash for every leaf and sibling given, whatever `total` claims.
///
/// # Errors
/// [`TreeError`] when indices repeat, leave the tree or descend, or siblings run out.
pub fn root_from_opening(
    key: &Digest,
    total: u64,
    leaves: &[(u64, &[u8; LEAF_BYTES])],
    siblings: &[Digest],
) -> Result<Digest, TreeError> {
    let key = Keyed::new(key);
    let mut nodes: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
    check_indices(total, nodes.iter().copied())?;
    let mut digests = hash_opened(&key, total, leaves);
    let (mut width, mut level) = (total, 0);
    let mut unused = siblings.iter();
    let (mut pairs, mut carried) = (Vec::new(), None);
    while width > 1 {
        let mut parents = Vec::with_capacity(nodes.len());
        pairs.clear();
        let mut i = 0;
        while i < nodes.len() {
            let (at, own) = (nodes[i], digests[i]);
            parents.push(at / 2);
            i += 1;
            if at % 2 == 0 && at + 1 == width {
                carried = Some(own);
                continue;
            }
            let other = if at % 2 == 0 && nodes.get(i) == Some(&(at + 1)) {
                i += 1;
                &digests[i - 1]
            } else {
                unused.next().ok_or(TreeError::Siblings { given: siblings.len(), level })?
            };
            let (left, right) = if at % 2 == 0 { (&own, other) } else { (other, &own) };
            let mut pair = [0; 64];
            pair[..32].copy_from_slice(left);
            pair[32..].copy_from_slice(right);
            pairs.push(pair);
        }
        digests.resize(pairs.len(), [0; 32]);
        key.parents(&pairs, width == 2, &mut digests);
        // Only the last node of a level can be carried, so it goes last.
        digests.extend(carried.take());
        nodes = parents;
        (width, level) = (width.div_ceil(2), level + 1);
    }
    digests.first().copied().ok_or(TreeError::Empty)
}

/// Refuses indices that are not strictly increasing, or leave a tree of `total` leaves.
pub(crate) fn check_indices(
    total: u64,
    indices: impl Iterator<Item = u64>,
) -> Result<(), TreeError> {
    let mut previous = None;
    for index in indices {
        match previous {
            Some(before) if index == before => return Err(TreeError::Duplicate(index)),
            Some(before) if index < before => return Err(TreeError::Order(index)),
            _ if index >= total => return Err(TreeError::Outside { index, total }),
            _ => previous = Some(index),
        }
    }
    previous.map(drop).ok_or(TreeError::Empty)
}

/// Chaining values of opened leaves, a batch for every run of neighbours.
fn hash_opened(key: &Keyed, total: u64, leaves: &[(u64, &[u8; LEAF_BYTES])]) -> Vec<Digest> {
    let data: Vec<&[u8; LEAF_BYTES]> = leaves.iter().map(|(_, leaf)| *leaf).collect();
    let mut digests = alloc::vec![[0; 32]; leaves.len()];
    let mut start = 0;
    for run in leaves.chunk_by(|a, b| a.0 + 1 == b.0) {
        let end = start + run.len();
        key.scattered_leaves(&data[start..end], run[0].0, total == 1, &mut digests[start..end]);
        start = end;
    }
    digests
}

fn hash_leaves(key: &Keyed, bytes: &[u8]) -> Vec<Digest> {
    let (whole, rest) = bytes.as_chunks::<LEAF_BYTES>();
    let padded = !rest.is_empty() || whole.is_empty();
    let mut digests = alloc::vec![[0; 32]; whole.len() + usize::from(padded)];
    let only = digests.len() == 1;
    let (body, last) = digests.split_at_mut(whole.len());
    if padded {
        let tail = leaf(bytes, whole.len());
        key.leaves(&[tail], whole.len() as u64, only, last);
    }
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        body.par_chunks_mut(LEAVES_A_TASK)
            .zip(whole.par_chunks(LEAVES_A_TASK))
            .enumerate()
            .for_each(|(i, (out, part))| key.leaves(part, (i * LEAVES_A_TASK) as u64, only, out));
    }
    #[cfg(not(feature = "rayon"))]
    key.leaves(whole, 0, only, body);
    digests
}
