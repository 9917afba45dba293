//! What a tile computes, whenever it does so: product, fold, ticket and hit by SIMD kernels.

use std::ops::Range;
use std::sync::Arc;

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::result_address;
use gemmine_pouw::amadeus::{self, Midstate, Products};
use gemmine_pouw::kernel::{self, Tile};
use gemmine_pouw::panel::STEPS;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::finisher::Job;
use super::noise::Noise;
use super::panels::PanelMemory;
use super::queue::Descriptor;
use super::scan::SEED_WORDS;
use super::sequencer::Steps;

/// What comes of a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The ticket.
    pub ticket: [u8; 32],
    /// It meets the job's bound.
    pub hit: bool,
    /// The product, in the order of the addresses of a bank.
    pub results: Box<[u32; 256]>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { ticket: [0; 32], hit: false, results: Box::new([0; 256]) }
    }
}

/// Computes a tile from the panels of A and B and the words of its job, when its last step is taken.
pub fn compute(
    geometry: Geometry,
    tile: &Descriptor,
    panels: &[PanelMemory; 2],
    steps: Steps,
    job: &Job,
) -> Outcome {
    let began = steps.cycle(0);
    let disturbed =
        (0..2).any(|side| panels[side].is_disturbed(began, tile.first_words[side], tile));
    let (product, words) = if disturbed {
        multiply_as_fetched(geometry, tile, panels, steps)
    } else {
        multiply(tile, panels)
    };

    let (ticket, hit) = hash(job, &words);
    Outcome { ticket, hit, results: results(geometry, &product) }
}

/// Computes a scan's nth tile from the words of its seed and the ticket's job, when its last step is taken. Its
/// product is not kept.
pub fn compute_noise(
    noise: &mut Noise,
    tile: &Descriptor,
    seed: &[u32; SEED_WORDS],
    nth: u32,
    job: &Job,
) -> Outcome {
    let (a, b) = noise.panels(seed, tile.chunks * tile.chunk_steps, nth);
    let mut words = Vec::new();
    kernel::fold_tile(a, &b, tile.chunk_steps, &mut words);
    let (ticket, hit) = hash(job, &words);
    Outcome { ticket, hit, ..Outcome::default() }
}

/// A ticket by a job's key, and whether it meets the bound.
fn hash(job: &Job, words: &[u32]) -> ([u8; 32], bool) {
    let (key, bound) = job.split_at(job.len() / 2);
    let ticket = ticket(&bytes(key), &fold_register(words));
    (ticket, meets(&ticket, U256::from_little_endian(&bytes(bound))))
}

/// Attempts of scans, with what those of one seed share.
#[derive(Clone, Debug, Default)]
pub struct Attempts {
    /// At the network's K.
    prepared: Option<(Midstate, Arc<Products>)>,
}

impl Attempts {
    /// Computes an attempt from the words of its seed, when its last step is taken.
    pub fn compute(
        &mut self,
        geometry: Geometry,
        tile: &Descriptor,
        seed: &[u32; SEED_WORDS],
        nonce: u32,
    ) -> Outcome {
        let (mut message, mut cv) = ([0; 16], [0; 8]);
        message.copy_from_slice(&seed[..16]);
        cv.copy_from_slice(&seed[20..28]);
        let midstate = Midstate { cv, message };
        let product = if tile.chunks * tile.chunk_steps == amadeus::K {
            let shared = midstate.with_nonce(0);
            let same = self.prepared.take().filter(|(prepared, _)| *prepared == shared);
            let new = || (shared, Arc::new(Products::new(shared)));
            self.prepared.insert(same.unwrap_or_else(new)).1.product(nonce)
        } else {
            midstate.with_nonce(nonce).product(tile.chunks)
        };
        let ticket = midstate.with_nonce(nonce).solution_hash(&product);
        let masked = ticket.as_chunks::<4>().0.iter().zip(&seed[28..30]);
        let hit = masked.fold(0, |ones, (word, mask)| ones | u32::from_le_bytes(*word) & mask) == 0;
        Outcome { ticket, hit, results: results(geometry, &product) }
    }
}

/// A product in the order of the addresses of a bank.
fn results(geometry: Geometry, product: &Tile) -> Box<[u32; 256]> {
    let mut results = Box::new([0; 256]);
    for (row, values) in product.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            results[result_address(geometry, 0, row, column) as usize] = value as u32;
        }
    }
    results
}

/// Product and fold words, from what stands in memory.
fn multiply(tile: &Descriptor, panels: &[PanelMemory; 2]) -> (Tile, Vec<u32>) {
    let [a, b] = [0, 1].map(|side: usize| panels[side].panel(tile.first_words[side], tile));
    let fold = if tile.unsigned_a { kernel::fold_tile_u8 } else { kernel::fold_tile };
    let mut words = Vec::new();
    let product = fold(&a, &b, tile.chunk_steps, &mut words);
    words.truncate(tile.chunks);
    (product, words)
}

/// The same by what stood in memory when the array looked, slot by slot, for tiles whose host did not wait for them:
/// slow, so chunks behind the last write are multiplied as they stand.
fn multiply_as_fetched(
    geometry: Geometry,
    tile: &Descriptor,
    panels: &[PanelMemory; 2],
    steps: Steps,
) -> (Tile, Vec<u32>) {
    let (mut product, mut folds) = (Tile::default(), Vec::new());
    let slots = geometry.slots();
    let settled = panels[0].settled_from().max(panels[1].settled_from());
    let (mut chunk_word, mut chunk_step) = (0, 0);
    let chunks = std::iter::repeat_n(tile.chunk_steps, tile.chunks);
    for length in chunks.chain((tile.tail_steps > 0).then_some(tile.tail_steps)) {
        let words = chunk_word..chunk_word + length / STEPS;
        if steps.cycle(chunk_step as u64) >= settled {
            let part = as_it_stands(tile, panels, &words);
            let sums = product.as_flattened_mut().iter_mut().zip(part.as_flattened());
            sums.for_each(|(sum, part)| *sum = sum.wrapping_add(*part));
        } else {
            let cycle = |step| steps.cycle((chunk_step + step) as u64);
            add_as_fetched(geometry, tile, panels, &words, &cycle, &mut product);
        }
        folds.push(product.as_flattened().iter().fold(0, |fold, &sum| fold ^ sum as u32));
        chunk_word += length / STEPS;
        chunk_step += slots * length;
    }
    folds.truncate(tile.chunks);
    (product, folds)
}

/// The product of some words of a tile, from what stands in memory.
fn as_it_stands(tile: &Descriptor, panels: &[PanelMemory; 2], words: &Range<usize>) -> Tile {
    let [a, b] = [0, 1]
        .map(|side: usize| panels[side].part(tile.first_words[side] + words.start, words.len()));
    if tile.unsigned_a { kernel::product_u8(&a, &b) } else { kernel::product(&a, &b) }
}

/// Adds the product of a chunk, from what stood in memory when the array looked; `cycle` says when it took a step of the
/// chunk, of all slots one behind the other.
fn add_as_fetched(
    geometry: Geometry,
    tile: &Descriptor,
    panels: &[PanelMemory; 2],
    words: &Range<usize>,
    cycle: &dyn Fn(usize) -> u64,
    product: &mut Tile,
) {
    for slot in 0..geometry.slots() {
        let (row, column) = geometry.slot_origin(slot);
        for (nth, word) in words.clone().enumerate() {
            let cycle = cycle((slot * words.len() + nth) * STEPS);
            let fetch = |side: usize, lane: usize| {
                panels[side].fetched(cycle, lane, tile.first_words[side] + word)
            };
            let b: Vec<_> = (0..geometry.columns()).map(|j| fetch(1, column + j)).collect();
            for i in 0..geometry.rows() {
                let a = fetch(0, row + i).map(|byte| match tile.unsigned_a {
                    true => i32::from(byte as u8),
                    false => byte.into(),
                });
                for (j, b) in b.iter().enumerate() {
                    let pairs = a.iter().zip(b);
                    let part = pairs.map(|(a, b)| a * i32::from(*b)).sum::<i32>();
                    // As the array's accumulators do.
                    let sum = &mut product[row + i][column + j];
                    *sum = sum.wrapping_add(part);
                }
            }
        }
    }
}

/// Words as bytes, low byte first.
pub fn bytes(words: &[u32]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    bytes
}
