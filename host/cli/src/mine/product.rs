//! The first pass's tiles, peeled, as the exact product.

use anyhow::{Context, Result};
use gemmine_pouw::kernel::Tile;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::LANES;
use gemmine_pouw::peel::{PeelStrip, peel_tile};

/// Collects the product of the first pass. Holds what peels it, for the noise changes with the next.
#[derive(Debug)]
pub struct FirstPass {
    rows: usize,
    columns: usize,
    a: Vec<PeelStrip>,
    b: Vec<PeelStrip>,
    product: Vec<i32>,
}

impl FirstPass {
    /// For a product of `rows` x `columns`; tiles beyond it are padding.
    pub fn new(prepared: &PreparedJob, rows: usize, columns: usize) -> Self {
        let strips = |extent: usize| 0..extent.div_ceil(LANES) as u32;
        Self {
            rows,
            columns,
            a: strips(rows).map(|strip| prepared.peel_a(strip)).collect(),
            b: strips(columns).map(|strip| prepared.peel_b(strip)).collect(),
            product: vec![0; rows * columns],
        }
    }

    /// Peels one tile into its place.
    ///
    /// # Errors
    /// If the device returned no tile.
    pub fn take(&mut self, strip: usize, column_strip: usize, tile: Option<&Tile>) -> Result<()> {
        let (Some(a), Some(b)) = (self.a.get(strip), self.b.get(column_strip)) else {
            return Ok(());
        };
        let exact = peel_tile(tile.context("mine: the device returned no tile")?, a, b);
        let first = column_strip * LANES;
        let width = LANES.min(self.columns - first);
        let lines = self.product.chunks_mut(self.columns).skip(strip * LANES);
        for (line, exact) in lines.zip(&exact) {
            line[first..first + width].copy_from_slice(&exact[..width]);
        }
        Ok(())
    }

    /// The product, row-major.
    pub fn into_product(self) -> Vec<i32> {
        debug_assert_eq!(self.product.len(), self.rows * self.columns);
        self.product
    }
}
