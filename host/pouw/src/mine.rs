//! What a miner holds for one job: both commitments, seeds and noise, ready to make panels and proofs.
//!
//! A job has one (A, B, header), so (m/h)*(n/w) tickets. More come from changing bytes of A that the product
//! does not depend on: columns where B is zero, or a padding row. That changes one leaf of A's tree, A's seed
//! and A's noise; B's side stays.

mod error;

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::{Header76, MiningConfig, job_key};
use crate::digest::{Digest, LEAF_BYTES};
use crate::kernel;
use crate::limits;
use crate::matrix::{self, Matrix};
use crate::noise::{Noise, Side, noise_row};
use crate::panel::{LANES, Panel, strips};
use crate::pattern::Pattern;
use crate::peel::PeelStrip;
use crate::proof::{Opening, PlainProof};
use crate::seeds::Seeds;
use crate::target::{self, U256};
use crate::tile::{self, TileResult};
use crate::tree::{self, Tree};

pub use error::MineError;

/// A ticket and what it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The hash, to be compared as a little-endian number.
    pub ticket: Digest,
    /// One XOR word a chunk.
    pub words: Vec<u32>,
}

/// A job made ready for mining.
#[derive(Clone, Debug)]
pub struct PreparedJob {
    header: Header76,
    config: MiningConfig,
    job_key: Digest,
    a: Matrix,
    bt: Matrix,
    tree_a: Tree,
    /// The same for every nonce, as B's noise is: clones share them.
    tree_b: Arc<Tree>,
    seeds: Seeds,
    noise_a: Noise,
    noise_b: Arc<Noise>,
}

impl PreparedJob {
    /// Commits to A (m x k) and B transposed (n x k) under a header, and makes the noise of both.
    ///
    /// m and n need not be multiples of the tile; only tiles that lie inside m x n can be mined.
    ///
    /// # Errors
    /// [`MineError`] when a limit is broken, a shape or value is wrong, or no tile fits.
    pub fn new(
        header: Header76,
        config: MiningConfig,
        a: Matrix,
        bt: Matrix,
    ) -> Result<Self, MineError> {
        limits::check(&config, a.rows() as u64, bt.rows() as u64)?;
        for (name, matrix) in [("A", &a), ("B transposed", &bt)] {
            if matrix.k() != config.k as usize {
                return Err(MineError::Length { matrix: name, found: matrix.k(), k: config.k });
            }
            matrix.check_signal().map_err(|error| MineError::Matrix { matrix: name, error })?;
        }
        // Both are at most 2^24 by the limits.
        let (m, n) = (a.rows() as u32, bt.rows() as u32);
        if config.rows.max_offset() >= m || config.cols.max_offset() >= n {
            return Err(MineError::NoTile { h: config.h(), w: config.w(), m, n });
        }
        let job_key = job_key(&header, &config);
        let tree_a = Tree::new(&job_key, &a.bytes());
        let tree_b = Tree::new(&job_key, &bt.bytes());
        let seeds = Seeds::new(&job_key, &tree_a.root(), &tree_b.root(), m, n);
        let noise_a = Noise::new(Side::A, &seeds.a, config.r, config.k, m);
        let noise_b = Arc::new(Noise::new(Side::B, &seeds.b, config.r, config.k, n));
        let tree_b = Arc::new(tree_b);
        Ok(Self { header, config, job_key, a, bt, tree_a, tree_b, seeds, noise_a, noise_b })
    }

    /// Writes `values` into one row of A and renews what depends on it: A's leaves, A's seed, A's noise.
    ///
    /// The caller picks bytes that the product does not need. Every panel of A is stale afterwards; B's are not.
    ///
    /// # Errors
    /// [`MineError::Matrix`] when a value is outside [-64, 64] or the write leaves the matrix; nothing changes.
    pub fn reseed(&mut self, row: usize, column: usize, values: &[i8]) -> Result<(), MineError> {
        let fail = |error| MineError::Matrix { matrix: "A", error };
        matrix::check_signal(values, values.len()).map_err(fail)?;
        self.a.write(row, column, values).map_err(fail)?;
        if values.is_empty() {
            return Ok(());
        }
        let start = row * self.a.k() + column;
        for index in start / LEAF_BYTES..=(start + values.len() - 1) / LEAF_BYTES {
            self.tree_a.update(index, &self.a.leaf(index))?;
        }
        self.seeds =
            Seeds::new(&self.job_key, &self.tree_a.root(), &self.tree_b.root(), self.m(), self.n());
        self.noise_a = Noise::new(Side::A, &self.seeds.a, self.config.r, self.config.k, self.m());
        Ok(())
    }

    /// The seeds that [`Self::reseed`] would lead to, without its noise: all that a device which grows that itself needs,
    /// and a thousandth of the work.
    ///
    /// # Errors
    /// [`MineError::Matrix`] when a value is outside [-64, 64] or the write would leave the matrix.
    pub fn seeds_with(&self, row: usize, column: usize, values: &[i8]) -> Result<Seeds, MineError> {
        let fail = |error| MineError::Matrix { matrix: "A", error };
        matrix::check_signal(values, values.len()).map_err(fail)?;
        self.a.check_write(row, column, values.len()).map_err(fail)?;
        if values.is_empty() {
            return Ok(self.seeds);
        }
        let start = row * self.a.k() + column;
        let first = start / LEAF_BYTES;
        let mut leaves: Vec<(u64, [u8; LEAF_BYTES])> = (first
            ..=(start + values.len() - 1) / LEAF_BYTES)
            .map(|index| (index as u64, self.a.leaf(index)))
            .collect();
        for (at, value) in (start - first * LEAF_BYTES..).zip(values) {
            leaves[at / LEAF_BYTES].1[at % LEAF_BYTES] = *value as u8;
        }
        let indices: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
        let opened: Vec<(u64, &[u8; LEAF_BYTES])> =
            leaves.iter().map(|(index, leaf)| (*index, leaf)).collect();
        let siblings = self.tree_a.open(&indices)?;
        let total = self.tree_a.total_leaves();
        let root = tree::root_from_opening(&self.job_key, total, &opened, &siblings)?;
        Ok(Seeds::new(&self.job_key, &root, &self.tree_b.root(), self.m(), self.n()))
    }

    /// The header mined on.
    #[must_use]
    pub const fn header(&self) -> &Header76 {
        &self.header
    }

    /// The shape of multiply and tiles.
    #[must_use]
    pub const fn config(&self) -> &MiningConfig {
        &self.config
    }

    /// The key of both commitments.
    #[must_use]
    pub const fn job_key(&self) -> &Digest {
        &self.job_key
    }

    /// The noise seeds; `a` keys the ticket.
    #[must_use]
    pub const fn seeds(&self) -> &Seeds {
        &self.seeds
    }

    /// A, m x k.
    #[must_use]
    pub const fn a(&self) -> &Matrix {
        &self.a
    }

    /// B transposed, n x k.
    #[must_use]
    pub const fn bt(&self) -> &Matrix {
        &self.bt
    }

    /// A's commitment.
    #[must_use]
    pub fn hash_a(&self) -> Digest {
        self.tree_a.root()
    }

    /// B's commitment.
    #[must_use]
    pub fn hash_b(&self) -> Digest {
        self.tree_b.root()
    }

    /// Noise of A.
    #[must_use]
    pub const fn noise_a(&self) -> &Noise {
        &self.noise_a
    }

    /// Noise of B.
    #[must_use]
    pub fn noise_b(&self) -> &Noise {
        &self.noise_b
    }

    /// Rows of A.
    #[must_use]
    pub fn m(&self) -> u32 {
        self.a.rows() as u32
    }

    /// Columns of B.
    #[must_use]
    pub fn n(&self) -> u32 {
        self.bt.rows() as u32
    }

    /// Legal first rows of tiles.
    pub fn tile_rows(&self) -> impl Iterator<Item = u32> + use<> {
        self.config.rows.legal_offsets(self.m())
    }

    /// Legal first columns of tiles.
    pub fn tile_cols(&self) -> impl Iterator<Item = u32> + use<> {
        self.config.cols.legal_offsets(self.n())
    }

    /// What a ticket must not exceed; `None` takes the header's own target, `Some` a pool's before scaling.
    #[must_use]
    pub fn bound(&self, target: Option<U256>) -> U256 {
        let target = target.unwrap_or_else(|| target::target_from_nbits(self.header.nbits()));
        let config = &self.config;
        target::bound(target, config.h(), config.w(), config.k, config.r.into())
    }

    /// Noised panel of rows `16 * strip ..` of A; lanes beyond m are zero.
    #[must_use]
    pub fn panel_a(&self, strip: u32) -> Panel {
        Panel::noised_from_matrix(&self.a, &self.noise_a, &strip_rows(strip))
    }

    /// Noised panel of columns `16 * strip ..` of B; lanes beyond n are zero.
    #[must_use]
    pub fn panel_b(&self, strip: u32) -> Panel {
        Panel::noised_from_matrix(&self.bt, &self.noise_b, &strip_rows(strip))
    }

    /// Noised panels of a tile's rows, 16 lanes each, for any pattern.
    #[must_use]
    pub fn panels_a(&self, t_row: u32) -> Vec<Panel> {
        strips(&placed(&self.config.rows, t_row), |rows| {
            Panel::noised_from_matrix(&self.a, &self.noise_a, rows)
        })
    }

    /// Noised panels of a tile's columns, 16 lanes each, for any pattern.
    #[must_use]
    pub fn panels_b(&self, t_col: u32) -> Vec<Panel> {
        strips(&placed(&self.config.cols, t_col), |rows| {
            Panel::noised_from_matrix(&self.bt, &self.noise_b, rows)
        })
    }

    /// What peels tiles of rows `16 * strip ..` of A. Stale after a reseed.
    #[must_use]
    pub fn peel_a(&self, strip: u32) -> PeelStrip {
        PeelStrip::for_a(&self.a, &self.noise_a, &self.noise_b, &strip_rows(strip))
    }

    /// What peels tiles of columns `16 * strip ..` of B. Stale after a reseed.
    #[must_use]
    pub fn peel_b(&self, strip: u32) -> PeelStrip {
        PeelStrip::for_b(&self.bt, &self.noise_b, &self.noise_a, &strip_rows(strip))
    }

    /// The ticket of a tile's fold words.
    #[must_use]
    pub fn ticket(&self, words: &[u32]) -> Digest {
        tile::ticket(&self.seeds.a, &tile::fold_register(words))
    }

    /// Mines one tile on this processor, for any pattern.
    ///
    /// # Errors
    /// [`MineError::Tile`].
    pub fn fold(&self, t_row: u32, t_col: u32) -> Result<Ticket, MineError> {
        self.check_tile(t_row, t_col)?;
        let mut words = Vec::new();
        let (a, b) = (self.panels_a(t_row), self.panels_b(t_col));
        kernel::fold_strips(&a, &b, self.config.r.into(), &mut words);
        Ok(Ticket { ticket: self.ticket(&words), words })
    }

    /// Recomputes one tile with the golden function: what a device's hit is held against.
    ///
    /// # Errors
    /// [`MineError::Tile`].
    pub fn recheck(&self, t_row: u32, t_col: u32) -> Result<Ticket, MineError> {
        let TileResult { words, register, .. } = self.golden(t_row, t_col)?;
        Ok(Ticket { ticket: tile::ticket(&self.seeds.a, &register), words })
    }

    /// The golden function's result for one tile; its product is the noised one.
    ///
    /// # Errors
    /// [`MineError::Tile`].
    pub fn golden(&self, t_row: u32, t_col: u32) -> Result<TileResult, MineError> {
        self.check_tile(t_row, t_col)?;
        let rows = noised_rows(&self.a, &self.noise_a, &placed(&self.config.rows, t_row));
        let cols = noised_rows(&self.bt, &self.noise_b, &placed(&self.config.cols, t_col));
        let rows: Vec<&[i8]> = rows.iter().map(Vec::as_slice).collect();
        let cols: Vec<&[i8]> = cols.iter().map(Vec::as_slice).collect();
        Ok(tile::tile(&rows, &cols, self.config.r.into()))
    }

    /// The proof of one tile, whether its ticket wins or not.
    ///
    /// # Errors
    /// [`MineError::Tile`].
    pub fn proof(&self, t_row: u32, t_col: u32) -> Result<PlainProof, MineError> {
        self.check_tile(t_row, t_col)?;
        Ok(PlainProof {
            m: self.m().into(),
            n: self.n().into(),
            k: self.config.k.into(),
            noise_rank: self.config.r.into(),
            a: Opening::new(&self.a, &self.tree_a, &placed(&self.config.rows, t_row))?,
            bt: Opening::new(&self.bt, &self.tree_b, &placed(&self.config.cols, t_col))?,
        })
    }

    fn check_tile(&self, t_row: u32, t_col: u32) -> Result<(), MineError> {
        let (m, n) = (self.m(), self.n());
        let fits = |pattern: &Pattern, at: u32, extent: u32| {
            pattern.is_legal_offset(at) && at < extent.saturating_sub(pattern.max_offset())
        };
        if fits(&self.config.rows, t_row, m) && fits(&self.config.cols, t_col, n) {
            Ok(())
        } else {
            Err(MineError::Tile { t_row, t_col, m, n })
        }
    }
}

fn strip_rows(strip: u32) -> [u32; LANES] {
    // Saturating keeps a strip beyond the matrix beyond the matrix.
    core::array::from_fn(|lane| strip.saturating_mul(LANES as u32).saturating_add(lane as u32))
}

fn placed(pattern: &Pattern, at: u32) -> Vec<u32> {
    pattern.offsets().into_iter().map(|offset| offset.saturating_add(at)).collect()
}

fn noised_rows(matrix: &Matrix, noise: &Noise, rows: &[u32]) -> Vec<Vec<i8>> {
    rows.iter()
        .map(|&row| {
            let noise = noise_row(noise.factor_row(row as usize), noise.pairs());
            let signal = matrix.row(row as usize);
            signal.iter().zip(noise).map(|(a, e)| a.wrapping_add(e)).collect()
        })
        .collect()
}
