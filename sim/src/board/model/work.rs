//! What a tile computes, whenever it does so: product, fold, ticket and hit by SIMD kernels.

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::{JOB_SLOTS, JOB_WORDS, result_address};
use gemmine_pouw::kernel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};

use super::panels::PanelMemory;
use super::queue::Descriptor;

/// Words of a key, and of a bound.
const HALF: usize = JOB_WORDS as usize / 2;

/// What tiles are computed from.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Panels of A and of B.
    pub panels: [PanelMemory; 2],
    /// Key and bound of each job.
    pub jobs: [[u32; JOB_WORDS as usize]; JOB_SLOTS as usize],
}

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

/// Computes a tile.
pub fn compute(geometry: Geometry, descriptor: &Descriptor, memory: &Memory) -> Outcome {
    let k = descriptor.steps();
    let side = |side: usize| memory.panels[side].panel(descriptor.first_words[side], k);
    let (a, b) = (side(0), side(1));
    let fold = if descriptor.unsigned_a { kernel::fold_tile_u8 } else { kernel::fold_tile };
    let mut words = Vec::new();
    let product = fold(&a, &b, descriptor.chunk_steps, &mut words);
    words.truncate(descriptor.chunks);

    let (key, bound) = memory.jobs[descriptor.job].split_at(HALF);
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
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
