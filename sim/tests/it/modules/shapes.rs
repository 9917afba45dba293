//! A source of random tiles for whatever holds a sequencer: gaps, tails, noise in gaps, resets.

use gemmine_hdl::Geometry;
use gemmine_hdl::sequencer::CHUNK_STEPS_MIN;

use super::port::Values;
use crate::stimulus::Random;

/// Tiles between two resets.
const TILES_A_RESET: u64 = 5;

/// Inputs of a cycle.
pub struct Cycle {
    reset: bool,
    valid: bool,
    operands: Values,
    shape: [u64; 4],
}

impl Cycle {
    /// In the order of a sequencer's ports.
    pub fn sequencer_inputs(self) -> Values {
        // A gap is no step, or one that is held.
        let held = !self.valid && self.operands[0] & 1 == 1;
        let control = [self.reset.into(), (self.valid || held).into(), held.into()];
        control.into_iter().chain(self.shape).collect()
    }

    /// In the order of a core's ports.
    pub fn core_inputs(self) -> Values {
        let control = [self.reset.into(), self.valid.into()];
        control.into_iter().chain(self.operands).chain(self.shape).collect()
    }
}

/// Sends tile after tile.
pub struct Source {
    geometry: Geometry,
    random: Random,
    /// Cycles until a step can be taken.
    flush: usize,
    /// The tile's shape as the ports say it, and its steps that are still to be taken.
    shape: [u64; 4],
    steps: u64,
    /// A gap once in so many cycles.
    gap: u64,
    /// Steps until a reset.
    reset_in: u64,
}

impl Source {
    /// A source for an array that was just switched on.
    pub fn new(geometry: Geometry, seed: u64) -> Self {
        let random = Random(seed);
        let flush = geometry.flush_cycles();
        let mut source =
            Self { geometry, random, flush, shape: [0; 4], steps: 0, gap: 1, reset_in: 0 };
        source.next_tile();
        source.next_reset();
        source
    }

    /// Inputs of the next cycle.
    pub fn cycle(&mut self) -> Cycle {
        let reset = self.reset_in == 0;
        let valid = self.random.below(self.gap) != 0;
        let lanes = self.geometry.rows() + self.geometry.columns();
        let operands = (0..lanes).map(|_| self.operand()).collect();
        let cycle = Cycle { reset, valid, operands, shape: self.shape };
        self.note(reset, valid);
        cycle
    }

    /// Keeps track of what the array does with a cycle.
    fn note(&mut self, reset: bool, valid: bool) {
        let taken = valid && self.flush == 0;
        self.flush = self.flush.saturating_sub(1);
        if taken {
            self.steps -= 1;
            self.reset_in = self.reset_in.saturating_sub(1);
        }
        if reset {
            self.flush = self.geometry.flush_cycles();
            self.next_reset();
        }
        if reset || self.steps == 0 {
            self.next_tile();
        }
    }

    /// Any operand of the range; three in eight are extremes.
    fn operand(&mut self) -> u64 {
        let value = match self.random.below(16) {
            0 => -128,
            1 => -127,
            2 => 127,
            3 => 255,
            4..=5 => 0,
            _ => self.random.below(384) as i64 - 128,
        };
        value as u64 & 0x1ff
    }

    fn next_tile(&mut self) {
        let random = &mut self.random;
        let least = CHUNK_STEPS_MIN as u64;
        let chunk = least + random.below(2) * random.below(30);
        let chunks = 1 + random.below(4) / 3;
        let tail = random.below(2) * (least + random.below(20));
        self.gap = [u64::MAX, 50, 3][random.below(3) as usize];
        self.shape = [chunk - 1, chunks - 1, (tail > 0).into(), tail.saturating_sub(1)];
        self.steps = self.geometry.slots() as u64 * (chunk * chunks + tail);
    }

    /// Draws the steps to the next reset, which may well come in the middle of a tile.
    fn next_reset(&mut self) {
        let tile = (self.geometry.slots() * CHUNK_STEPS_MIN) as u64;
        self.reset_in = 1 + self.random.below(TILES_A_RESET * tile);
    }
}
