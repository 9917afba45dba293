//! Amadeus uPoW2: both operands grow from a 240-byte seed, so 240 bytes in and 12 bytes out are a work unit.
//!
//! A is 16 x K unsigned, B is K x 16 signed, both from the seed's extended output; the solution is the seed and
//! the 16 x 16 product, and its hash must have enough leading zero bits. Operands are made and used piece by
//! piece: an attempt needs some tens of kilobytes, not the 1.6 MB of both matrices.

pub(crate) mod attempts;
mod midstate;

use alloc::vec::Vec;

use crate::digest::{self, Digest};
use crate::kernel::{Tile, product_u8};
use crate::panel::{LANES, Panel};

pub use attempts::{Attempts, Products};
pub use midstate::Midstate;

/// Bytes of a seed.
pub const SEED_BYTES: usize = 240;
/// Where the 12-byte nonce starts in a seed.
pub const NONCE_AT: usize = 228;
/// Bytes of a solution: the seed and 256 i32.
pub const SOLUTION_BYTES: usize = SEED_BYTES + 4 * LANES * LANES;
/// Where the last block of a seed begins, which has its nonce.
const LAST_BLOCK_AT: usize = 192;
/// How long it is.
const LAST_BLOCK_BYTES: usize = SEED_BYTES - LAST_BLOCK_AT;
/// Which word of the last block is the lowest one of the nonce.
pub const NONCE_WORD: usize = (NONCE_AT - LAST_BLOCK_AT) / 4;
/// The network's length of the dot product.
pub const K: usize = 50_240;
/// Steps made at once.
const PIECE: usize = 1024;
/// Random vectors of the Freivalds check.
const VECTORS: usize = 3;

/// The seed's fields in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The chain's epoch.
    pub epoch: u32,
    /// The chain's current segment hash.
    pub segment_vr_hash: Digest,
    /// The miner's public key.
    pub pk: [u8; 48],
    /// Proof of possession of that key.
    pub pop: [u8; 96],
    /// Who computes.
    pub computor: [u8; 48],
    /// What the miner varies.
    pub nonce: [u8; 12],
}

impl Seed {
    /// The 240 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SEED_BYTES] {
        let mut bytes = [0; SEED_BYTES];
        bytes[..4].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[4..36].copy_from_slice(&self.segment_vr_hash);
        bytes[36..84].copy_from_slice(&self.pk);
        bytes[84..180].copy_from_slice(&self.pop);
        bytes[180..NONCE_AT].copy_from_slice(&self.computor);
        bytes[NONCE_AT..].copy_from_slice(&self.nonce);
        bytes
    }
}

/// Sets the nonce of a seed: 12 bytes, little endian.
pub fn set_nonce(seed: &mut [u8; SEED_BYTES], nonce: u128) {
    seed[NONCE_AT..].copy_from_slice(&nonce.to_le_bytes()[..SEED_BYTES - NONCE_AT]);
}

/// A seed with its product and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Seed, then C row-major as i32 little endian.
    pub bytes: [u8; SOLUTION_BYTES],
    /// C = A * B.
    pub product: Tile,
    /// BLAKE3 of the bytes.
    pub hash: Digest,
}

impl Solution {
    /// Puts a product, from here or from a device, behind its seed.
    #[must_use]
    pub fn new(seed: &[u8; SEED_BYTES], product: Tile) -> Self {
        let mut bytes = [0; SOLUTION_BYTES];
        bytes[..SEED_BYTES].copy_from_slice(seed);
        for (slot, sum) in bytes[SEED_BYTES..].chunks_exact_mut(4).zip(product.as_flattened()) {
            slot.copy_from_slice(&sum.to_le_bytes());
        }
        Self { hash: digest::hash(&bytes), bytes, product }
    }

    /// Leading zero bits of the hash.
    #[must_use]
    pub fn bits(&self) -> u32 {
        leading_zero_bits(&self.hash)
    }
}

/// One attempt at the network's K.
#[must_use]
pub fn attempt(seed: &[u8; SEED_BYTES]) -> Solution {
    Solution::new(seed, seeded_product(seed, K))
}

/// A * B for operands of `k` steps grown from a seed.
#[must_use]
pub fn seeded_product(seed: &[u8; SEED_BYTES], k: usize) -> Tile {
    let mut sums = [[0i32; LANES]; LANES];
    each_piece(seed, k, |piece| {
        let (a, b) = piece.panels();
        let part = product_u8(&a, &b);
        for (sum, part) in sums.as_flattened_mut().iter_mut().zip(part.as_flattened()) {
            *sum = sum.wrapping_add(*part);
        }
    });
    sums
}

/// Both operands of `k` steps grown from a seed, as panels; A's bytes are unsigned.
#[must_use]
pub fn panels(seed: &[u8; SEED_BYTES], k: usize) -> (Panel, Panel) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    each_piece(seed, k, |piece| {
        let part = piece.panels();
        a.extend_from_slice(part.0.groups());
        b.extend_from_slice(part.1.groups());
    });
    // Pieces are whole groups but for the last.
    (Panel::from_groups(a, k), Panel::from_groups(b, k))
}

/// Leading zero bits: first byte first, most significant bit first.
#[must_use]
pub fn leading_zero_bits(hash: &Digest) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    8 * zeros as u32 + hash.get(zeros).map_or(0, |byte| byte.leading_zeros())
}

/// The first rule that a solution breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolutionRefusal {
    /// Not 1264 bytes.
    #[error("solution of {0} bytes, expected {SOLUTION_BYTES}")]
    Length(usize),
    /// Made for another segment.
    #[error("segment_vr_hash is not the expected one, the solution is for another segment")]
    SegmentVrHash,
    /// Too few leading zero bits.
    #[error("hash has {found} leading zero bits, expected at least {bits}")]
    Difficulty {
        /// Leading zero bits.
        found: u32,
        /// What was asked for.
        bits: u32,
    },
    /// C is not A * B.
    #[error("the 16 x 16 product is not A * B of this seed")]
    Product,
}

impl SolutionRefusal {
    /// A stable name of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::SegmentVrHash => "segment-vr-hash",
            Self::Difficulty { .. } => "difficulty",
            Self::Product => "product",
        }
    }

    /// Whether the bytes could not be read at all.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Length(_))
    }
}

/// Checks a solution by the chain's rule: segment, leading zero bits, product. Returns its hash.
///
/// The chain checks the product by [`freivalds`], with a value in its random vectors that only the
/// chain knows. Without that value the vectors could be ground against, so this computes the whole
/// product again: what passes here passes there.
///
/// # Errors
/// The first rule broken.
pub fn verify_solution(
    solution: &[u8],
    bits: u32,
    segment_vr_hash: Option<&Digest>,
) -> Result<Digest, SolutionRefusal> {
    let solution: &[u8; SOLUTION_BYTES] =
        solution.try_into().map_err(|_| SolutionRefusal::Length(solution.len()))?;
    if segment_vr_hash.is_some_and(|expected| solution[4..36] != *expected) {
        return Err(SolutionRefusal::SegmentVrHash);
    }
    let hash = digest::hash(solution);
    let found = leading_zero_bits(&hash);
    if found < bits {
        return Err(SolutionRefusal::Difficulty { found, bits });
    }
    let (seed, product) = solution.split_first_chunk().ok_or(SolutionRefusal::Product)?;
    let claimed = product.as_chunks::<4>().0.iter().map(|sum| i32::from_le_bytes(*sum));
    if seeded_product(seed, K).as_flattened().iter().copied().eq(claimed) {
        Ok(hash)
    } else {
        Err(SolutionRefusal::Product)
    }
}

/// Freivalds' check of `A * (B * R) == C * R` for three vectors R drawn from the solution and `vr_b3`.
///
/// One vector misses a wrong product with probability 2^-8 at most, so all three with 2^-24.
#[must_use]
pub fn freivalds(solution: &[u8; SOLUTION_BYTES], vr_b3: &Digest, k: usize) -> bool {
    let mut random = [0; VECTORS * LANES];
    let mut hasher = blake3::Hasher::new();
    hasher.update(solution).update(vr_b3).finalize_xof().fill(&mut random);
    let vectors: &[[i8; LANES]] = bytemuck::cast_slice::<u8, i8>(&random).as_chunks().0;

    let (seed, product) = solution.split_at(SEED_BYTES);
    let Some(seed) = seed.first_chunk() else {
        return false;
    };
    let mut left = [[0i64; VECTORS]; LANES];
    each_piece(seed, k, |piece| add_projected(&mut left, piece, vectors));

    let sums = product.as_chunks::<4>().0.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes)));
    let sums: Vec<i64> = sums.collect();
    sums.chunks_exact(LANES).zip(left).all(|(row, left)| {
        let dot = |r: &[i8; LANES]| row.iter().zip(r).map(|(c, r)| c * i64::from(*r)).sum::<i64>();
        vectors.iter().map(dot).eq(left)
    })
}

/// Adds A * (B * R) of one piece.
fn add_projected(left: &mut [[i64; VECTORS]; LANES], piece: &Piece<'_>, vectors: &[[i8; LANES]]) {
    for (v, vector) in vectors.iter().enumerate() {
        // At most 16 * 128 * 128 = 2^18 each; times 255, 1024 steps of them stay below 2^36.
        let projected: Vec<i32> = bytemuck::cast_slice::<u8, i8>(piece.b)
            .as_chunks::<LANES>()
            .0
            .iter()
            .map(|row| row.iter().zip(vector).map(|(b, r)| i32::from(*b) * i32::from(*r)).sum())
            .collect();
        for (sums, row) in left.iter_mut().zip(piece.a.chunks_exact(piece.steps)) {
            let dot = row.iter().zip(&projected).map(|(a, b)| i64::from(i32::from(*a) * b));
            sums[v] += dot.sum::<i64>();
        }
    }
}

/// Some steps of both operands.
struct Piece<'a> {
    steps: usize,
    /// 16 rows of `steps` unsigned bytes.
    a: &'a [u8],
    /// `steps` rows of 16 signed bytes.
    b: &'a [u8],
}

impl Piece<'_> {
    fn panels(&self) -> (Panel, Panel) {
        let rows: Vec<&[u8]> = self.a.chunks_exact(self.steps).collect();
        let steps = bytemuck::cast_slice::<u8, i8>(self.b).as_chunks().0;
        (Panel::from_unsigned_lanes(&rows, self.steps), Panel::from_steps(steps))
    }
}

/// Grows both operands from the seed, some steps at a time.
fn each_piece(seed: &[u8; SEED_BYTES], k: usize, mut sink: impl FnMut(&Piece<'_>)) {
    let mut hasher = blake3::Hasher::new();
    let mut stream = hasher.update(seed).finalize_xof();
    let mut buffer = alloc::vec![0; 2 * LANES * PIECE.min(k)];
    let mut first = 0;
    while first < k {
        let steps = PIECE.min(k - first);
        let (a, b) = buffer[..2 * LANES * steps].split_at_mut(LANES * steps);
        for (row, part) in a.chunks_exact_mut(steps).enumerate() {
            stream.set_position(row as u64 * k as u64 + first as u64);
            stream.fill(part);
        }
        stream.set_position(LANES as u64 * (k as u64 + first as u64));
        stream.fill(b);
        sink(&Piece { steps, a, b });
        first += steps;
    }
}
