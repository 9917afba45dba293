//! What a tile computes, whenever it does so: product, fold, ticket and hit by SIMD kernels.

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::result_address;
use gemmine_pouw::kernel;
use gemmine_pouw::panel::STEPS;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::finisher::Job;
use super::panels::PanelMemory;
use super::queue::Descriptor;

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

/// Computes a tile from the panels of A and B and the words of its job.
pub fn compute(
    geometry: Geometry,
    tile: &Descriptor,
    panels: &[PanelMemory; 2],
    job: &Job,
) -> Outcome {
    let [a, b] = [0, 1].map(|side: usize| panels[side].panel(tile.first_words[side], tile));
    let fold = if tile.unsigned_a { kernel::fold_tile_u8 } else { kernel::fold_tile };
    let mut words = Vec::new();
    // A chunk begins with a word of its own; the zeros behind the one before change no sum.
    let product = fold(&a, &b, tile.chunk_steps.next_multiple_of(STEPS), &mut words);
    words.truncate(tile.chunks);

    let (key, bound) = job.split_at(job.len() / 2);
    let ticket = ticket(&bytes(key), &fold_register(&words));
    let hit = meets(&ticket, U256::from_little_endian(&bytes(bound)));

    let mut results = Box::new([0; 256]);
    for (row, values) in product.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            results[result_address(geometry, 0, row, column) as usize] = value as u32;
        }
    }
    Outcome { ticket, hit, results }
}

/// Words as bytes, low byte first.
fn bytes(words: &[u32]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    bytes
}
