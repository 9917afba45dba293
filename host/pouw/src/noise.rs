//! The low-rank noise: r random columns a side, and for each step of k two of them to subtract.
//!
//! `noise[i][l] = E[i][p0(l)] - E[i][p1(l)]`, where E is m x r (or n x r) with values in [-32, 31], so the
//! noise is in [-63, 63] and signal plus noise in [-127, 127].

use alloc::vec::Vec;

use crate::digest::{Digest, Keyed};

/// One-block messages built at once.
const BATCH: usize = 32;
/// E's rows that one task makes.
#[cfg(feature = "rayon")]
const ROWS_A_TASK: usize = 256;

/// Which operand the noise is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Rows of A, seeded by `a_seed`.
    A,
    /// Columns of B (rows of B transposed), seeded by `b_seed`.
    B,
}

impl Side {
    const fn label(self) -> [u8; 8] {
        match self {
            Self::A => *b"A_tensor",
            Self::B => *b"B_tensor",
        }
    }
}

/// The two columns of E that a step of k subtracts: `+E[p[0]] - E[p[1]]`.
pub type IndexPair = [u16; 2];

/// Rows of E (`E_AL` or `E_BR` transposed) for a list of rows, `rows.len()` x `r`, row-major.
#[must_use]
pub fn factor_rows(side: Side, seed: &Digest, r: u16, rows: &[u32]) -> Vec<i8> {
    let rank = usize::from(r);
    let mut out = alloc::vec![0; rows.len() * rank];
    if rank == 0 {
        return out;
    }
    let key = Keyed::new(seed);
    // Neighbouring rows are one stretch of the stream: one batch.
    let mut rest = out.as_mut_slice();
    for run in rows.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        let (here, after) = rest.split_at_mut(run.len() * rank);
        factor_bytes(&key, side, u64::from(run[0]) * u64::from(r), here);
        rest = after;
    }
    out
}

/// The index pairs of steps 0..k. Both columns are below `r`, which is a power of two.
#[must_use]
pub fn index_pairs(side: Side, seed: &Digest, r: u16, k: u32) -> Vec<IndexPair> {
    let key = Keyed::new(seed);
    let top = u32::from(r.saturating_sub(1));
    let mut pairs = Vec::with_capacity(k as usize);
    stream(&key, side, 1, 0, k.div_ceil(8), |digest| {
        let (words, _) = digest.as_chunks::<4>();
        for word in words.iter().take(k as usize - pairs.len()) {
            let u = u32::from_le_bytes(*word);
            let p0 = u & top;
            let p1 = p0 ^ (1 + ((u64::from(top) * u64::from(u)) >> 32) as u32);
            // Below 2^16, because both operands of the XOR are at most r - 1.
            pairs.push([p0 as u16, p1 as u16]);
        }
    });
    pairs
}

/// One side's noise for a whole matrix.
#[derive(Clone, Debug)]
pub struct Noise {
    rank: usize,
    factor: Vec<i8>,
    pairs: Vec<IndexPair>,
}

impl Noise {
    /// Noise for rows 0..rows of a matrix with k columns.
    #[must_use]
    pub fn new(side: Side, seed: &Digest, r: u16, k: u32, rows: u32) -> Self {
        let rank = usize::from(r);
        let mut factor = alloc::vec![0; rows as usize * rank];
        let key = Keyed::new(seed);
        #[cfg(feature = "rayon")]
        if rows as usize > ROWS_A_TASK && rank > 0 {
            use rayon::prelude::*;
            let task = ROWS_A_TASK * rank;
            factor
                .par_chunks_mut(task)
                .enumerate()
                .for_each(|(i, part)| factor_bytes(&key, side, (i * task) as u64, part));
        } else {
            factor_bytes(&key, side, 0, &mut factor);
        }
        #[cfg(not(feature = "rayon"))]
        factor_bytes(&key, side, 0, &mut factor);
        Self { rank, factor, pairs: index_pairs(side, seed, r, k) }
    }

    /// Row `row` of E: r values; empty when there is no such row.
    #[must_use]
    pub fn factor_row(&self, row: usize) -> &[i8] {
        self.factor.chunks_exact(self.rank.max(1)).nth(row).unwrap_or_default()
    }

    /// The index pair of every step of k.
    #[must_use]
    pub fn pairs(&self) -> &[IndexPair] {
        &self.pairs
    }

    /// r.
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank
    }
}

/// The noise of one row, a value for each index pair. `factor` is that row of E.
#[must_use]
pub fn noise_row(factor: &[i8], pairs: &[IndexPair]) -> Vec<i8> {
    let at = |p: u16| factor.get(usize::from(p)).copied().unwrap_or(0);
    pairs.iter().map(|&[p0, p1]| at(p0).wrapping_sub(at(p1))).collect()
}

/// Fills `out` with E's byte stream from byte `start` on.
fn factor_bytes(key: &Keyed, side: Side, start: u64, out: &mut [i8]) {
    let end = start + out.len() as u64;
    // A legal matrix has m * r / 32 <= 2^29 hashes, so the counter never wraps.
    let (first, last) = ((start / 32) as u32, end.div_ceil(32) as u32);
    let mut skip = (start % 32) as usize;
    let mut rest = out;
    stream(key, side, 0, first, last.saturating_sub(first), |digest| {
        let bytes = &digest[core::mem::take(&mut skip)..];
        let length = bytes.len().min(rest.len());
        let (here, after) = core::mem::take(&mut rest).split_at_mut(length);
        for (slot, byte) in here.iter_mut().zip(bytes) {
            // 0..=63, so the cast keeps the value.
            *slot = (byte & 63) as i8 - 32;
        }
        rest = after;
    });
}

/// Hands `count` hashes of the stream of `slot` to `sink`, in order, from number `first`.
fn stream(
    key: &Keyed,
    side: Side,
    slot: usize,
    first: u32,
    count: u32,
    mut sink: impl FnMut(&Digest),
) {
    let mut blocks = [[0; 64]; BATCH];
    for block in &mut blocks {
        block[32..40].copy_from_slice(&side.label());
    }
    let mut digests = [[0; 32]; BATCH];
    let mut done = 0;
    while done < count {
        let batch = (count - done).min(BATCH as u32);
        for (block, i) in blocks.iter_mut().zip(0..batch) {
            let number = first.wrapping_add(done).wrapping_add(i).wrapping_add(1);
            block[4 * slot..4 * slot + 4].copy_from_slice(&number.to_le_bytes());
        }
        key.one_block(&blocks[..batch as usize], &mut digests[..batch as usize]);
        digests[..batch as usize].iter().for_each(&mut sink);
        done += batch;
    }
}
