//! The verdict on a proof, rule by rule in the order of Pearl's own verifier.
//!
//! Stricter than that verifier in three places, each named: ranks below 128 are refused (they are by consensus),
//! a leaf index may appear once only, and must lie inside the tree.
//!
//! A valid proof has many encodings (siblings may be appended, leaves reordered or added), so shares must not be
//! told apart by a hash of their bytes.

mod refusal;

use alloc::vec::Vec;

use crate::config::{Header76, MiningConfig, job_key};
use crate::digest::{Digest, LEAF_BYTES};
use crate::kernel;
use crate::limits;
use crate::matrix;
use crate::noise::{Side, factor_rows, index_pairs};
use crate::panel::{LANES, Panel};
use crate::pattern::{Pattern, PatternError};
use crate::proof::{OpeningView, ProofView, leaves_of_row};
use crate::seeds::Seeds;
use crate::target::{self, U256};
use crate::tile;
use crate::tree;

pub use refusal::Refusal;

/// What a valid proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The tile's ticket.
    pub ticket: Digest,
    /// What it had to meet.
    pub bound: U256,
    /// Shape of the multiply, as the proof implies it.
    pub config: MiningConfig,
    /// Rows of A.
    pub m: u32,
    /// Columns of B.
    pub n: u32,
    /// First row of the tile.
    pub t_row: u32,
    /// First column of the tile.
    pub t_col: u32,
    /// The key of both commitments.
    pub job_key: Digest,
    /// The noise seeds.
    pub seeds: Seeds,
    /// The fold register.
    pub register: [u32; tile::FOLD_WORDS],
}

/// Checks a proof against a header.
///
/// `target` is a pool's share target before scaling by the tile's work; `None` takes the header's own `nbits`.
/// Time and memory are bounded by the proof's size, whatever it claims.
///
/// # Errors
/// The first rule broken, in the order of Pearl's own verifier.
pub fn verify(
    header: &Header76,
    cert_version: u32,
    proof: &[u8],
    target: Option<U256>,
) -> Result<Verified, Refusal> {
    let view = ProofView::parse(proof)?;
    limits::check_cert_version(cert_version)?;
    let m = dimension("m", view.m, u32::MAX.into())?;
    let n = dimension("n", view.n, u32::MAX.into())?;
    let k = dimension("k", view.k, u32::MAX.into())?;
    // At most 2^16 - 1, so the cast keeps the value.
    let r = dimension("noise_rank", view.noise_rank, u16::MAX.into())? as u16;
    let a = Strip::new(Side::A, view.a, m, k)?;
    let bt = Strip::new(Side::B, view.bt, n, k)?;
    a.check_rows(m)?;
    bt.check_rows(n)?;
    let (rows, t_row) = a.pattern()?;
    let (cols, t_col) = bt.pattern()?;
    let config = MiningConfig { k, r, rows, cols };
    a.check_cover()?;
    bt.check_cover()?;
    let job_key = job_key(header, &config);
    a.check_root(&job_key)?;
    bt.check_root(&job_key)?;
    limits::check(&config, m.into(), n.into())?;
    let signal_a = a.signal()?;
    let signal_b = bt.signal()?;

    let seeds = Seeds::new(&job_key, a.opening.root, bt.opening.root, m, n);
    let panels_a = a.panels(&signal_a, &seeds.a, r);
    let panels_b = bt.panels(&signal_b, &seeds.b, r);
    let mut words = Vec::new();
    kernel::fold_strips(&panels_a, &panels_b, r.into(), &mut words);
    let register = tile::fold_register(&words);
    let ticket = tile::ticket(&seeds.a, &register);

    let target = target.unwrap_or_else(|| target::target_from_nbits(header.nbits()));
    let bound = target::bound(target, config.h(), config.w(), k, r.into());
    if !target::meets(&ticket, bound) {
        return Err(Refusal::Bound { ticket: U256::from_little_endian(&ticket), bound });
    }
    Ok(Verified { ticket, bound, config, m, n, t_row, t_col, job_key, seeds, register })
}

/// One side's opening with its leaves in order.
struct Strip<'a> {
    side: Side,
    opening: OpeningView<'a>,
    k: u32,
    leaves: Vec<(u64, &'a [u8; LEAF_BYTES])>,
}

impl<'a> Strip<'a> {
    fn new(side: Side, opening: OpeningView<'a>, rows: u32, k: u32) -> Result<Self, Refusal> {
        let expected = tree::leaf_count(u64::from(rows) * u64::from(k));
        if opening.total_leaves != expected {
            return Err(Refusal::LeafCount { side, found: opening.total_leaves, expected });
        }
        let (indices, leaves) = (opening.leaf_indices(), opening.leaves());
        if indices.len() != leaves.len() {
            let (indices, leaves) = (indices.len(), leaves.len());
            return Err(Refusal::LeafIndices { side, indices, leaves });
        }
        let mut leaves: Vec<_> = indices.zip(leaves).collect();
        leaves.sort_unstable_by_key(|(index, _)| *index);
        tree::check_indices(expected, leaves.iter().map(|(index, _)| *index))
            .map_err(|error| Refusal::Tree { side, error })?;
        Ok(Self { side, opening, k, leaves })
    }

    fn check_rows(&self, rows: u32) -> Result<(), Refusal> {
        let rows = u64::from(rows);
        match self.opening.row_indices().find(|&row| row >= rows) {
            Some(row) => Err(Refusal::Row { side: self.side, row, rows }),
            None => Ok(()),
        }
    }

    /// The pattern of the rows, and where it starts. Every row is known to fit u32.
    fn pattern(&self) -> Result<(Pattern, u32), Refusal> {
        let side = self.side;
        let fail = |error| Refusal::Pattern { side, error };
        let first = self.opening.row_indices().next().unwrap_or(0);
        let offsets = self
            .opening
            .row_indices()
            .enumerate()
            .map(|(at, row)| row.checked_sub(first).ok_or(PatternError::Order { at }))
            .map(|offset| offset.map(|offset| offset as u32))
            .collect::<Result<Vec<_>, _>>()
            .map_err(fail)?;
        let pattern = Pattern::from_offsets(&offsets).map_err(fail)?;
        let offset = first as u32;
        if pattern.is_legal_offset(offset) {
            Ok((pattern, offset))
        } else {
            Err(Refusal::Offset { side, offset })
        }
    }

    /// Where each row's leaves start among the opened ones, if all of them are there.
    fn check_cover(&self) -> Result<(), Refusal> {
        for row in self.opening.row_indices() {
            let (first, last) = leaves_of_row(row, self.k.into());
            let start = self.position(first);
            for (leaf, slot) in (first..=last).zip(start..) {
                if self.leaves.get(slot).is_none_or(|(index, _)| *index != leaf) {
                    return Err(Refusal::Cover { side: self.side, row, leaf });
                }
            }
        }
        Ok(())
    }

    fn check_root(&self, job_key: &Digest) -> Result<(), Refusal> {
        let side = self.side;
        let OpeningView { total_leaves, siblings, root, .. } = self.opening;
        let found = tree::root_from_opening(job_key, total_leaves, &self.leaves, siblings)
            .map_err(|error| Refusal::Tree { side, error })?;
        if found == *root { Ok(()) } else { Err(Refusal::Root { side }) }
    }

    /// The strip's rows, one after the other, in range. Call after the cover and the limits are checked.
    fn signal(&self) -> Result<Vec<i8>, Refusal> {
        let k = self.k as usize;
        let mut signal: Vec<i8> = Vec::with_capacity(self.opening.row_indices().len() * k);
        for row in self.opening.row_indices() {
            let (first, _) = leaves_of_row(row, self.k.into());
            let mut skip = (row * u64::from(self.k) % LEAF_BYTES as u64) as usize;
            let mut missing = k;
            for (_, leaf) in &self.leaves[self.position(first)..] {
                let here = &leaf[core::mem::take(&mut skip)..];
                let here = &here[..here.len().min(missing)];
                signal.extend_from_slice(bytemuck::cast_slice(here));
                missing -= here.len();
                if missing == 0 {
                    break;
                }
            }
        }
        matrix::check_signal(&signal, k)
            .map_err(|error| Refusal::Value { side: self.side, error })?;
        Ok(signal)
    }

    fn panels(&self, signal: &[i8], seed: &Digest, r: u16) -> Vec<Panel> {
        let rows: Vec<u32> = self.opening.row_indices().map(|row| row as u32).collect();
        let factors = factor_rows(self.side, seed, r, &rows);
        let pairs = index_pairs(self.side, seed, r, self.k);
        let factors: Vec<&[i8]> = factors.chunks_exact(usize::from(r)).collect();
        let lanes: Vec<&[i8]> = signal.chunks_exact(self.k as usize).collect();
        lanes
            .chunks(LANES)
            .zip(factors.chunks(LANES))
            .map(|(lanes, factors)| Panel::noised(lanes, factors, &pairs))
            .collect()
    }

    fn position(&self, leaf: u64) -> usize {
        self.leaves.partition_point(|(index, _)| *index < leaf)
    }
}

fn dimension(name: &'static str, found: u64, max: u64) -> Result<u32, Refusal> {
    match u32::try_from(found) {
        Ok(value) if (1..=max).contains(&found) => Ok(value),
        _ => Err(Refusal::Dimension { name, found, max }),
    }
}
