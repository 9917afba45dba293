//! Scans of Pearl: when the noise that a tile reads is in panel memory, and what the tile makes of it.
//! [`gemmine_hdl::noise_source`] by cycles instead of registers.

use std::collections::VecDeque;
use std::iter;

use gemmine_hdl::noise_hash::BATCH_CYCLES;
use gemmine_hdl::noise_source::{CHUNK_CYCLES, CHUNK_STEPS, FIRST_WORD, OPEN_LATENCY, ROWS_WHOLE};
use gemmine_pouw::noise::{IndexPair, Side, factor_rows, index_pairs};
use gemmine_pouw::panel::{LANES, Panel};

use super::scan::SEED_WORDS;
use super::work::bytes;

/// Bits of the words of a chunk in panel memory.
const CHUNK_WORD_BITS: u32 = 5;
/// Batches of hashes that a panel's rows of E take.
const PANEL_BATCHES: u64 = 16;
/// Batches that the index pairs of a chunk's steps take, of both sides.
const PAIRS_BATCHES: u64 = 8;
/// Banks for rows of E.
const BANKS: usize = 2;
/// From this many cycles behind a `pass_end` on a chunk can begin in its place.
const FREE_LATENCY: u64 = 3;
/// Words of the seed.
const ROW: usize = 24;
const COLUMN: usize = 25;
const COLUMNS_LAST: usize = 26;

/// Panels of B in a row of a scan, less one.
pub fn columns_last(seed: &[u32; SEED_WORDS]) -> u32 {
    seed[COLUMNS_LAST] & 0xffff
}

/// Which panel of A and which one of B a tile of a scan multiplies.
fn panels(seed: &[u32; SEED_WORDS], nth: u32) -> [u32; 2] {
    let columns = columns_last(seed) + 1;
    let at = |first: u32, panel: u32| first.wrapping_add(panel) & 0xf_ffff;
    [at(seed[ROW], nth / columns), at(seed[COLUMN], nth % columns)]
}

/// The noise of both sides, with what the tiles of a scan share.
#[derive(Clone, Debug, Default)]
pub struct Noise {
    /// Of which seeds.
    seeds: [[u8; 32]; 2],
    /// Of every step, for each side.
    pairs: [Vec<IndexPair>; 2],
    /// Panel of A of the row, and its number.
    row: Option<(u32, Panel)>,
}

impl Noise {
    /// The panels of A and of B of a scan's nth tile, of so many steps.
    pub fn panels(&mut self, seed: &[u32; SEED_WORDS], k: usize, nth: u32) -> (&Panel, Panel) {
        let seeds = [bytes(&seed[..8]), bytes(&seed[16..24])];
        if (self.seeds, self.pairs[0].len()) != (seeds, k) {
            let pairs =
                |side: Side| index_pairs(side, &seeds[side as usize], CHUNK_STEPS as u16, k as u32);
            *self = Self { seeds, pairs: [Side::A, Side::B].map(pairs), row: None };
        }
        let [row, column] = panels(seed, nth);
        let known = self.row.take().filter(|(known, _)| *known == row);
        let a = known.unwrap_or_else(|| (row, self.panel(Side::A, row)));
        let b = self.panel(Side::B, column);
        (&self.row.insert(a).1, b)
    }

    fn panel(&self, side: Side, nth: u32) -> Panel {
        let first = nth * LANES as u32;
        let rows: [u32; LANES] = std::array::from_fn(|lane| first + lane as u32);
        let factors = factor_rows(side, &self.seeds[side as usize], CHUNK_STEPS as u16, &rows);
        let factors: Vec<&[i8]> = factors.chunks(CHUNK_STEPS).collect();
        Panel::noised(&[], &factors, &self.pairs[side as usize])
    }
}

/// What reaches the source in a cycle.
#[derive(Clone, Copy, Debug)]
pub struct NoiseInputs {
    /// A scan's tile runs, or will in the next cycle.
    pub scans: bool,
    /// The scan's seed is whole.
    pub seeded: bool,
    /// Chunks of a tile.
    pub chunks: usize,
    /// Panels of B in a row, less one.
    pub columns_last: u32,
    /// The cycle's step is the last that reads its chunk.
    pub pass_end: bool,
}

/// The source of noise: when which chunk can be read.
#[derive(Clone, Debug)]
pub struct NoiseSource {
    /// Chunks of B that panel memory holds.
    ring: usize,
    /// The first cycle of the scan.
    began: Option<u64>,
    /// From here on the next four hashes can be started; `None` before the seed is whole.
    hashes_from: Option<u64>,
    /// From here on the next panel's rows of E have a bank, and those of the panel behind it.
    bank_from: VecDeque<u64>,
    /// The panel whose chunks come next: from when on its rows of E are whole, and how many of the row's are left
    /// with it. That of A comes before those.
    whole_from: Option<u64>,
    left: Option<u32>,
    /// Its next chunk.
    chunk: usize,
    /// From here on that can begin, for all that was made before it.
    chunk_from: u64,
    /// From here on the ring has a place for a chunk of B, for the one behind it, and so on.
    free_from: VecDeque<u64>,
    /// From here on the next chunk of B counts as whole, and the one behind it.
    filled_from: VecDeque<u64>,
    /// Whole chunks of B whose last step is to come.
    filled: usize,
    /// The last cycle's step was the last of its chunk, which counts until the end of this one.
    passed: bool,
    hold: bool,
}

impl NoiseSource {
    /// One in front of lanes of so many words.
    pub fn new(word_bits: u32) -> Self {
        Self::at_rest(1 << word_bits.saturating_sub(CHUNK_WORD_BITS))
    }

    fn at_rest(ring: usize) -> Self {
        Self {
            ring,
            began: None,
            hashes_from: None,
            bank_from: iter::repeat_n(0, BANKS).collect(),
            whole_from: None,
            left: None,
            chunk: 0,
            chunk_from: 0,
            free_from: iter::repeat_n(0, ring).collect(),
            filled_from: VecDeque::new(),
            filled: 0,
            passed: false,
            hold: false,
        }
    }

    /// No step may be taken.
    pub fn hold(&self) -> bool {
        self.hold
    }

    /// How many cycles change nothing, in a scan or not, if no pass ends.
    pub fn quiet_cycles(&self, now: u64, scans: bool, seeded: bool) -> u64 {
        if !scans {
            return if self.began.is_none() { u64::MAX } else { 0 };
        }
        let seeds = seeded && self.hashes_from.is_none();
        if self.began.is_none() || seeds || self.passed || self.hold != (self.filled == 0) {
            return 0;
        }
        self.filled_from.front().map_or(u64::MAX, |filled| filled.saturating_sub(now))
    }

    /// A cycle.
    pub fn tick(&mut self, now: u64, inputs: &NoiseInputs) {
        if !inputs.scans {
            if self.began.is_some() {
                *self = Self::at_rest(self.ring);
            }
            return;
        }
        self.began.get_or_insert(now);
        if self.filled_from.pop_front_if(|filled| *filled == now).is_some() {
            self.filled += 1;
        }
        self.hold = self.filled <= usize::from(inputs.pass_end || self.passed);
        self.filled -= usize::from(self.passed);
        self.passed = inputs.pass_end;
        if inputs.pass_end {
            self.free_from.push_back(now + FREE_LATENCY);
        }
        if inputs.seeded && self.hashes_from.is_none() {
            let pairs = PAIRS_BATCHES * inputs.chunks as u64;
            self.hashes_from = Some(now + 1 + pairs * BATCH_CYCLES as u64);
        }
        self.schedule(inputs);
    }

    /// Hashes and chunks begin as soon as there is room: nothing to come moves them.
    fn schedule(&mut self, inputs: &NoiseInputs) {
        while self.begin_chunk(inputs).is_some() {}
    }

    /// Begins the next chunk, if it is known when.
    fn begin_chunk(&mut self, inputs: &NoiseInputs) -> Option<()> {
        let whole = match self.whole_from {
            Some(whole) => whole,
            None => self.hash_panel()?,
        };
        let is_b = self.left.is_some();
        let free = if is_b {
            self.free_from.pop_front()?
        } else if self.free_from.len() == self.ring {
            // The places of chunks of B were freed one after the other.
            self.free_from.back().copied()?
        } else {
            return None;
        };
        // A chunk begins in a cycle of phase 3, if it could in the cycle before that.
        let from = self.chunk_from.max(free).max(whole + 1);
        let phase = from - self.began?;
        let begins = from + (3 - phase % 4);
        self.chunk_from = begins + CHUNK_CYCLES as u64;
        if is_b {
            let last_word = begins + (FIRST_WORD + CHUNK_CYCLES - 1) as u64;
            self.filled_from.push_back(last_word + OPEN_LATENCY as u64 - 1);
        }
        self.chunk += 1;
        if self.chunk == inputs.chunks {
            self.chunk = 0;
            self.whole_from = None;
            self.bank_from.push_back(self.chunk_from + 1);
            self.left = match self.left {
                None => Some(inputs.columns_last),
                Some(left) => left.checked_sub(1),
            };
        }
        Some(())
    }

    /// Starts the hashes of the next panel's rows of E, and says from when on they are whole.
    fn hash_panel(&mut self) -> Option<u64> {
        let hashes = self.hashes_from?;
        let first = hashes.max(self.bank_from.pop_front()?);
        let last = first + (PANEL_BATCHES - 1) * BATCH_CYCLES as u64;
        self.hashes_from = Some(last + BATCH_CYCLES as u64);
        self.whole_from = Some(last + ROWS_WHOLE as u64);
        self.whole_from
    }
}
