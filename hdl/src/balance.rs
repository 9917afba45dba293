//! How hash and array balance: what a device of so many PEs and engines does in a second, and what limits it.
//!
//! | limit | cycles of a chunk of 64 steps of Amadeus |
//! |---|---|
//! | array | 64 D for D = 256/(P Q) slots |
//! | engines | 1152/E for E of them: four batches of 288 cycles |
//! | ports | 256: a word a cycle into the panel memory of each side |
//! | hash | of an attempt, not a chunk: the solution before is hashed when the last chunk begins |
//!
//! These are of attempts in a row, in lanes with room for three chunks or more; the first one of a scan waits for its
//! first chunk besides. A Pearl ticket takes k D cycles of the array where panels wait for it and not it for them. In
//! a scan of Pearl, whose noise the device grows, a tile takes the longest of
//!
//! | limit | cycles of a tile of k steps |
//! |---|---|
//! | array | k D |
//! | ports | 4 k: a word a cycle into one panel memory |
//! | hash | 4,368: the rows of E of a panel |
//!
//! and a row of tiles has a panel of A and a chunk besides, for which the array waits.

use crate::geometry::{Geometry, TILE};
use crate::noise_hash;
use crate::noise_source::{CHUNK_CYCLES, TURN_CYCLES};
use crate::solution;
use crate::sources::NOISE_STEP_BITS;
use crate::xof_source::{WORDS, spacing};

/// Steps of a chunk of Amadeus.
pub const CHUNK_STEPS: usize = 64;
/// Steps of an attempt in the network.
pub const AMADEUS_K: usize = 50_240;
/// Batches of operands of a chunk.
const BATCHES: usize = 4;
/// Cycles from an attempt's last step to the first one of the next attempt's last chunk, but for the results and the
/// hash: a few registers.
const HANDOVER: usize = 8;

/// What a device waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The array multiplies in every cycle.
    Array,
    /// The engines hash in every cycle.
    Engines,
    /// A word of operands is written in every cycle.
    Ports,
    /// The hash of the solution before.
    Hash,
}

impl Limit {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Engines => "engines",
            Self::Ports => "ports",
            Self::Hash => "hash",
        }
    }
}

/// A device, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The array.
    pub geometry: Geometry,
    /// Engines that grow operands, at least one.
    pub engines: usize,
}

impl Balance {
    /// Cycles of an attempt of so many steps, in a row of them, and what limits it.
    pub fn attempt(self, steps: usize) -> (u64, Limit) {
        let chunks = steps.div_ceil(CHUNK_STEPS);
        let array = CHUNK_STEPS * self.geometry.slots();
        let start = spacing(self.engines);
        let source = BATCHES * start;
        let hash = self.geometry.settle_cycles() + solution::LATENCY + HANDOVER + array;
        let (chunk, limit) = match (source > array, start > WORDS) {
            (false, _) => (array, Limit::Array),
            (true, true) => (source, Limit::Engines),
            (true, false) => (source, Limit::Ports),
        };
        if hash > chunks * chunk {
            (hash as u64, Limit::Hash)
        } else {
            ((chunks * chunk) as u64, limit)
        }
    }

    /// The part of an attempt's cycles in which the array takes a step.
    pub fn array_use(self, steps: usize) -> f64 {
        let (cycles, _) = self.attempt(steps);
        (steps * self.geometry.slots()) as f64 / cycles as f64
    }

    /// The part of them in which the engines hash.
    pub fn engine_use(self, steps: usize) -> f64 {
        let (cycles, _) = self.attempt(steps);
        let batches = BATCHES * steps.div_ceil(CHUNK_STEPS);
        let busy = batches * crate::xof_engine::BATCH_CYCLES / self.engines;
        (busy as f64 / cycles as f64).min(1.0)
    }

    /// Attempts a second at a clock in hertz.
    pub fn attempts_per_s(self, steps: usize, clock_hz: f64) -> f64 {
        clock_hz / self.attempt(steps).0 as f64
    }
}

/// A row of tiles of a scan of Pearl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseRow {
    /// The array.
    pub geometry: Geometry,
    /// Steps of a tile.
    pub k: usize,
    /// Tiles of a row.
    pub tiles: usize,
}

impl NoiseRow {
    /// The most steps of a tile, in lanes of 2^`word_bits` words.
    pub const fn steps_max(word_bits: usize) -> usize {
        let (memory, pairs) = (4 << word_bits, 1 << NOISE_STEP_BITS);
        if memory < pairs { memory } else { pairs }
    }

    /// Cycles from a row's first step to the next one's, and what limits it.
    pub fn cycles(self) -> (u64, Limit) {
        let array = self.k * self.geometry.slots();
        let ports = TILE * self.k / 4;
        let hash = TILE * noise_hash::BATCH_CYCLES;
        let (tile, limit) = if array >= ports.max(hash) {
            (array, Limit::Array)
        } else if ports >= hash {
            (ports, Limit::Ports)
        } else {
            (hash, Limit::Hash)
        };
        let turn = ports + CHUNK_CYCLES + TURN_CYCLES.end() - 1;
        ((self.tiles * tile + turn) as u64, limit)
    }

    /// The part of them in which the array takes a step.
    pub fn array_use(self) -> f64 {
        (self.tiles * self.k * self.geometry.slots()) as f64 / self.cycles().0 as f64
    }

    /// Tickets a second at a clock in hertz.
    pub fn tickets_per_s(self, clock_hz: f64) -> f64 {
        self.tiles as f64 * clock_hz / self.cycles().0 as f64
    }
}

/// Pearl tickets a second at a clock in hertz, where the array never waits.
pub fn tickets_per_s(geometry: Geometry, k: usize, clock_hz: f64) -> f64 {
    clock_hz / (k * geometry.slots()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: usize = AMADEUS_K;

    fn of(rows: usize, columns: usize, engines: usize) -> (u64, Limit) {
        Balance { geometry: Geometry::new(rows, columns), engines }.attempt(K)
    }

    #[test]
    fn the_slowest_part_sets_the_pace() {
        // 785 chunks.
        assert_eq!(of(4, 4, 1), (785 * 1152, Limit::Engines));
        assert_eq!(of(4, 4, 2), (785 * 1024, Limit::Array));
        assert_eq!(of(8, 8, 1), (785 * 1152, Limit::Engines));
        assert_eq!(of(8, 8, 2), (785 * 576, Limit::Engines));
        assert_eq!(of(8, 8, 5), (785 * 256, Limit::Array));
        assert_eq!(of(8, 16, 5), (785 * 256, Limit::Ports));
        assert_eq!(of(16, 16, 8), (785 * 256, Limit::Ports));
        let short = Balance { geometry: Geometry::new(8, 8), engines: 5 };
        assert_eq!(short.attempt(640).1, Limit::Hash);
    }

    #[test]
    fn uses_and_rates() {
        let balance = Balance { geometry: Geometry::new(8, 8), engines: 2 };
        assert!((balance.array_use(K) - 256.0 / 576.0).abs() < 1e-12);
        assert!((balance.engine_use(K) - 1.0).abs() < 1e-12);
        assert!((balance.attempts_per_s(K, 150e6) - 331.7).abs() < 0.1);
        let fast = Balance { geometry: Geometry::new(4, 4), engines: 2 };
        assert!((fast.engine_use(K) - 576.0 / 1024.0).abs() < 1e-12);
        assert!((tickets_per_s(Geometry::new(8, 8), 2048, 150e6) - 18_310.5).abs() < 0.1);
    }

    #[test]
    fn rows_of_noise_wait_for_panels_of_a() {
        let row =
            |rows, columns, k, tiles| NoiseRow { geometry: Geometry::new(rows, columns), k, tiles };
        assert_eq!(row(8, 8, 2048, 1).cycles(), (4 * 2048 + 4 * 2048 + 512 + 17, Limit::Array));
        assert_eq!(row(16, 16, 2048, 10).cycles().1, Limit::Ports);
        assert_eq!(row(8, 16, 1024, 10).cycles().1, Limit::Hash);
        assert!((row(8, 4, 2048, 27).array_use() - 0.98).abs() < 0.001);
        assert!((row(8, 8, 2048, 53).array_use() - 0.98).abs() < 0.001);
        assert!((row(8, 8, 2048, 512).tickets_per_s(150e6) - 18_272.6).abs() < 0.1);
        assert_eq!([5, 9, 11].map(NoiseRow::steps_max), [128, 2048, 2048]);
    }
}
