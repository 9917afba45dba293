//! Products alone: tiles of any k that a device holds, for boards whose lanes are too short for a network's tiles.
//!
//! A product of 16 x 16 has one panel a side, which stay in the device: it tells what the array does. A larger one has
//! panels that cross the link for every tile, as far as the device's memory does not hold them.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use gemmine_driver::{Completion, Limits, WorkUnit};
use gemmine_pouw::panel::{LANES, Panel};
use gemmine_report::result::Protocol;

use crate::workload::{Shape, VALUES_MAX, Work, uniform};

/// Most tiles of a product: each is computed by the host beforehand.
const TILES_MAX: usize = 4096;

/// A tile, row by row.
type Tile = [[i32; LANES]; LANES];

/// Tiles of one product, over and over.
#[derive(Debug)]
pub struct Tiles {
    a: Vec<Arc<Panel>>,
    b: Vec<Arc<Panel>>,
    /// What the host computes, strip by strip of A.
    expected: Vec<Tile>,
    steps: usize,
    chunk_steps: usize,
    /// The next one, of all that were ever asked for; a unit's id is its first.
    next: u64,
    description: String,
}

impl Tiles {
    /// The longest k that one panel of a device holds, up to Pearl's shortest, in whole chunks.
    pub fn longest(limits: &Limits, chunk_steps: usize) -> usize {
        let most = limits.panel_steps.min(limits.memory_steps).min(2048);
        most - most % chunk_steps.max(1)
    }

    /// Tiles of a product of these sizes; `rank` is the length of a chunk.
    ///
    /// # Errors
    /// If the device can't do it.
    pub fn new(shape: Shape, limits: &Limits) -> Result<Self> {
        let Shape { m, n, k, rank } = shape;
        let chunk_steps = usize::from(rank);
        let shown = format!("m = {m}, n = {n}, k = {k}, chunks of {rank}");
        ensure!(
            m % LANES == 0 && n % LANES == 0 && m >= LANES && n >= LANES,
            "measure tiles of {shown}: m and n must be multiples of 16, since tiles are 16 x 16"
        );
        let tiles = (m / LANES).checked_mul(n / LANES);
        ensure!(
            tiles.is_some_and(|tiles| tiles <= TILES_MAX)
                && m.max(n).checked_mul(k).is_some_and(|values| values <= VALUES_MAX),
            "measure tiles of {shown}: {TILES_MAX} tiles and operands of {VALUES_MAX} values at most; choose smaller sizes"
        );
        let (low, high) = (limits.chunk_steps_min, limits.chunk_steps_max);
        ensure!(
            (low..=high).contains(&chunk_steps)
                && chunk_steps.is_multiple_of(limits.steps_multiple),
            "measure tiles of {shown}: the device takes chunks of {low} to {high} steps, in multiples of {}; choose \
             another --rank",
            limits.steps_multiple
        );
        ensure!(
            k > 0 && k.is_multiple_of(chunk_steps),
            "measure tiles of {shown}: k must be a multiple of the chunk; choose another --shape or --rank"
        );
        let longest = limits.panel_steps.min(limits.memory_steps);
        ensure!(
            k <= longest,
            "measure tiles of {shown}: the device's panels hold {longest} steps; choose a shorter k in --shape"
        );
        let (a, bt) = (uniform("A", m * k), uniform("B", n * k));
        let expected = expected(&a, &bt, k);
        let panels = |values: &[i8]| -> Vec<Arc<Panel>> {
            let strip = |strip: &[i8]| {
                let lanes: Vec<&[i8]> = strip.chunks(k).collect();
                Arc::new(Panel::from_lanes(&lanes, k))
            };
            values.chunks(LANES * k).map(strip).collect()
        };
        let description = format!(
            "tiles of a product of {shown}, no network's: operands uniform over -64 to 63, from BLAKE3 of the operand's \
             name; exact tiles returned"
        );
        let (a, b) = (panels(&a), panels(&bt));
        Ok(Self { a, b, expected, steps: k, chunk_steps, next: 0, description })
    }

    /// What a result says of it.
    pub fn work(&self) -> Work {
        Work {
            protocol: Protocol::Matmul,
            unit: "tiles",
            macs: (LANES * LANES * self.steps) as f64,
            description: self.description.clone(),
        }
    }

    /// The next tiles of one strip of A, so many at most.
    pub(crate) fn next(&mut self, most: u64) -> WorkUnit {
        let (strip, column) = self.place(self.next);
        let count = (self.b.len() - column).min(usize::try_from(most).unwrap_or(usize::MAX)).max(1);
        let unit = WorkUnit {
            id: self.next,
            a: Arc::clone(&self.a[strip]),
            b: self.b[column..column + count].to_vec(),
            steps: self.steps,
            chunk_steps: self.chunk_steps,
            ticket_key: [0; 32],
            // No hash is at or below zero: nothing here can be a hit.
            bound_le: [0; 32],
            want_tiles: true,
        };
        self.next += count as u64;
        unit
    }

    /// Strip of A and of B of a tile.
    fn place(&self, tile: u64) -> (usize, usize) {
        let tile = (tile % self.expected.len() as u64) as usize;
        (tile / self.b.len(), tile % self.b.len())
    }

    /// Holds what a device returned for a unit against the host's product.
    ///
    /// # Errors
    /// If a tile is missing or wrong.
    pub(crate) fn ensure_exact(&self, id: u64, completions: &[Completion]) -> Result<()> {
        for (number, completion) in completions.iter().enumerate() {
            let (strip, column) = self.place(id + number as u64);
            let expected = &self.expected[strip * self.b.len() + column];
            let tile = completion.tile.as_deref();
            let tile = tile.context("measure tiles: the device returned no tile")?;
            let wrong = tile.iter().flatten().zip(expected.iter().flatten());
            if let Some(at) = wrong.clone().position(|(got, wanted)| got != wanted) {
                let (row, lane) = (at / LANES, at % LANES);
                anyhow::bail!(
                    "measure: the device is wrong, so there is no result: entry [{}, {}] is {}, and the host computes {}",
                    strip * LANES + row,
                    column * LANES + lane,
                    tile[row][lane],
                    expected[row][lane]
                );
            }
        }
        Ok(())
    }
}

/// All tiles by plain loops, sharing nothing with any device.
fn expected(a: &[i8], bt: &[i8], k: usize) -> Vec<Tile> {
    let row = |values: &[i8], index: usize| values[index * k..][..k].to_vec();
    let rows = |values: &[i8]| -> Vec<Vec<i8>> {
        (0..values.len() / k).map(|index| row(values, index)).collect()
    };
    let (a, bt) = (rows(a), rows(bt));
    let mut tiles = Vec::new();
    for strip in a.chunks(LANES) {
        for columns in bt.chunks(LANES) {
            tiles.push(std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let products = strip[i].iter().zip(&columns[j]);
                    products.map(|(x, y)| i32::from(*x) * i32::from(*y)).sum()
                })
            }));
        }
    }
    tiles
}

#[cfg(test)]
mod tests;
