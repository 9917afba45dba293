//! Tiles of a product under Pearl's certificate V3.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use gemmine_jobs::work::Proof;
use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::digest::Digest;
use gemmine_pouw::limits::CERT_VERSION;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::{LANES, Panel};
use gemmine_pouw::seeds::Seeds;
use gemmine_pouw::target::{self, U256};
use gemmine_pouw::tile;
use gemmine_pouw::verify::verify;

use super::{Proven, prepared};
use crate::piece::Part;
use gemmine_driver::Rectangle;

/// Memory that passes which somebody may still need take together, at most, as long as there are two of them.
const PASSES_BYTES: usize = 256 << 20;
/// Passes kept at most.
const PASSES_MAX: usize = 64;
/// Values that a nonce has at most.
pub const NONCE_VALUES: usize = 16;

/// What is multiplied, for every job: padded to whole panels and a legal k, and a place in the padding for nonces.
#[derive(Clone, Debug)]
pub struct Product {
    /// A, m x k.
    pub a: Matrix,
    /// B transposed, n x k.
    pub bt: Matrix,
    /// Row and columns of A that the nonce goes to: what is there changes nothing that anybody wants of the product.
    pub nonce: (usize, Range<usize>),
    /// Steps of a chunk, and the noise's rank.
    pub rank: u16,
    /// Both are zero but for the nonce.
    pub zero_signal: bool,
    /// What it is, for people.
    pub description: String,
}

/// What a pass writes into A, seven bits a value: with 112 bits no nonce ever repeats.
pub fn nonce_values(seed: u64, pass: u64, values: usize) -> Vec<i8> {
    let mut bytes = [0; NONCE_VALUES];
    let mut hasher = blake3::Hasher::new_derive_key("gemmine 2026 nonce in the padding of A");
    hasher.update(&seed.to_le_bytes()).update(&pass.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    // -64..=63, all legal values of an operand.
    bytes.iter().take(values).map(|byte| (byte & 0x7f) as i8 - 64).collect()
}

/// A pass that is made when somebody first needs it.
type Slot = Arc<OnceLock<Result<Arc<PreparedJob>, String>>>;

/// A job's tiles.
#[derive(Debug)]
pub struct PearlProduction {
    product: Arc<Product>,
    seed: u64,
    /// Pass 0.
    base: Arc<PreparedJob>,
    share_target: U256,
    b_panels: OnceLock<Vec<Arc<Panel>>>,
    /// Newest use last.
    passes: Mutex<VecDeque<(u64, Slot)>>,
}

impl PearlProduction {
    pub(super) fn new(
        header: Header76,
        share_target: U256,
        product: Arc<Product>,
        seed: u64,
    ) -> Result<Self> {
        let k = u32::try_from(product.a.k())?;
        let config = MiningConfig::native(k, product.rank);
        let mut a = product.a.clone();
        let (row, columns) = product.nonce.clone();
        prepared(a.write(row, columns.start, &nonce_values(seed, 0, columns.len())))?;
        let base = Arc::new(prepared(PreparedJob::new(header, config, a, product.bt.clone()))?);
        Ok(Self {
            product,
            seed,
            base,
            share_target,
            b_panels: OnceLock::new(),
            passes: Mutex::default(),
        })
    }

    /// A pass, made ready.
    ///
    /// # Errors
    /// If it can't be, which the first one would have shown.
    pub fn pass(&self, number: u64) -> Result<Arc<PreparedJob>> {
        if number == 0 {
            return Ok(Arc::clone(&self.base));
        }
        let slot = self.slot(number);
        // Those who need the same one wait here for it, and not those who need another.
        let made = slot.get_or_init(|| self.make(number).map_err(|error| format!("{error:#}")));
        made.clone().map_err(|error| anyhow!(error))
    }

    /// A pass' seeds alone: what a device that grows the noise itself is told.
    ///
    /// # Errors
    /// As of [`Self::pass`].
    pub fn seeds(&self, number: u64) -> Result<Seeds> {
        let (row, columns) = &self.product.nonce;
        let values = nonce_values(self.seed, number, columns.len());
        self.base
            .seeds_with(*row, columns.start, &values)
            .with_context(|| format!("make pass {number}"))
    }

    fn make(&self, number: u64) -> Result<Arc<PreparedJob>> {
        let (row, columns) = &self.product.nonce;
        let mut pass = PreparedJob::clone(&self.base);
        let values = nonce_values(self.seed, number, columns.len());
        pass.reseed(*row, columns.start, &values).with_context(|| format!("make pass {number}"))?;
        Ok(Arc::new(pass))
    }

    fn slot(&self, number: u64) -> Slot {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = passes.iter().position(|(found, _)| *found == number);
        let entry = found.and_then(|index| passes.remove(index));
        let entry = entry.unwrap_or_else(|| (number, Slot::default()));
        let slot = Arc::clone(&entry.1);
        passes.push_back(entry);
        while passes.len() > self.passes_kept() {
            passes.pop_front();
        }
        slot
    }

    fn passes_kept(&self) -> usize {
        (PASSES_BYTES / self.pass_bytes().max(1)).clamp(2, PASSES_MAX)
    }

    /// About how much memory a pass takes: its noise, A's tree and a row of its own.
    fn pass_bytes(&self) -> usize {
        let (m, k) = (self.product.a.rows(), self.product.a.k());
        m * usize::from(self.product.rank) + m * k / 16 + 5 * k
    }

    /// About how much memory all passes share: trees, noise and panels of B; and one of them.
    pub(super) fn bytes(&self) -> usize {
        let (n, k) = (self.product.bt.rows(), self.product.a.k());
        n * k + n * k / 16 + n * usize::from(self.product.rank) + self.pass_bytes()
    }

    /// Noised panels of B, the same ones in every pass.
    pub fn b_panels(&self) -> &[Arc<Panel>] {
        self.b_panels.get_or_init(|| {
            let panels = self.base.n() / LANES as u32;
            (0..panels).map(|panel| Arc::new(self.base.panel_b(panel))).collect()
        })
    }

    /// What is multiplied.
    pub fn product(&self) -> &Product {
        &self.product
    }

    /// All tiles. Of a zero signal those of A's last row panel are not among them, which has the nonce for a signal
    /// and which a device that grows the operands itself can't make, as long as there are others.
    pub(super) fn whole(&self) -> Part {
        let panels = |extent: u32| extent / LANES as u32;
        let rows = panels(self.base.m());
        let rows = if self.product.zero_signal && rows > 1 { rows - 1 } else { rows };
        Part::Tiles(Rectangle { row: 0, column: 0, rows, columns: panels(self.base.n()) })
    }

    pub(super) fn macs_per_ticket(&self) -> f64 {
        (LANES * LANES * self.product.a.k()) as f64
    }

    /// What a share's ticket must not exceed, scaled.
    pub fn share_bound(&self) -> U256 {
        self.base.bound(Some(self.share_target))
    }

    /// A tile's ticket, and whether it meets a bound and is a share.
    pub(super) fn compute(
        &self,
        pass: u64,
        row: u32,
        column: u32,
        bound: U256,
    ) -> Result<(Digest, bool, bool)> {
        let pass = self.pass(pass)?;
        let golden = pass.golden(row * LANES as u32, column * LANES as u32)?;
        let ticket = tile::ticket(&pass.seeds().a, &golden.register);
        let meets = |bound| target::meets(&ticket, bound);
        Ok((ticket, meets(bound), meets(self.share_bound())))
    }

    pub(super) fn prove(&self, pass: u64, row: u32, column: u32) -> Result<Proven> {
        let prepared = self.pass(pass)?;
        let (row, column) = (row * LANES as u32, column * LANES as u32);
        let proof = prepared.proof(row, column)?.encode();
        let header = prepared.header();
        if let Err(refusal) = verify(header, CERT_VERSION, &proof, Some(self.share_target)) {
            bail!(
                "prove a share: gemmine's own verifier refuses it: {}: {refusal}",
                refusal.rule()
            );
        }
        let meets_network = verify(header, CERT_VERSION, &proof, None).is_ok();
        Ok(Proven { proof: Proof::Pearl(proof.into()), meets_network })
    }
}
