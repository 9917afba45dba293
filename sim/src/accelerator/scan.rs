//! Scans: which tile is where, and when operands of Amadeus are grown. [`gemmine_hdl::scan`] and
//! [`gemmine_hdl::xof_source`] by cycles instead of registers.

use std::collections::VecDeque;

use gemmine_hdl::registers::{JOB_WORDS, NONCE_WORD};
use gemmine_hdl::xof_source::{FIRST_START, FREE_LATENCY, WHOLE_LATENCY, spacing};

/// Words of a scan's seed.
pub const SEED_WORDS: usize = 2 * JOB_WORDS as usize;
/// Batches of a chunk.
const BATCHES: u64 = 4;
/// Bits of the words of a chunk in panel memory.
const CHUNK_WORD_BITS: u32 = 4;

/// What a tile is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The host's, who wrote its operands.
    #[default]
    Plain,
    /// An attempt of a scan of Amadeus.
    Amadeus,
    /// Of a scan of Pearl.
    Pearl,
}

impl Kind {
    /// Of a scan.
    pub fn scans(self) -> bool {
        self != Self::Plain
    }
}

/// Which attempt runs, and which is being finished. A tile of a scan of Pearl is an attempt as well.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Attempts behind the running one, where none is a hit.
    left: u32,
    again: bool,
    more: bool,
    nonce: u32,
    hit_before: bool,
}

impl Scan {
    /// The running attempt begins again at its end.
    pub fn again(&self) -> bool {
        self.again
    }

    /// The attempt that is being finished did.
    pub fn more(&self) -> bool {
        self.more
    }

    /// Nonce word of the attempt that is being finished, or else of the one that runs.
    pub fn nonce(&self) -> u32 {
        self.nonce
    }

    /// The attempt before that one is a hit.
    pub fn hit_before(&self) -> bool {
        self.hit_before
    }

    /// The seed of a scan is loaded.
    pub fn begin(&mut self, kind: Kind, seed: &[u32; SEED_WORDS]) {
        self.nonce = if kind == Kind::Pearl { 0 } else { seed[NONCE_WORD as usize] };
        self.left = seed[30] & 0xffff;
    }

    /// Whether a cycle changes nothing.
    pub fn is_quiet(&self, attempt_runs: bool) -> bool {
        self.again == self.next_again(attempt_runs)
    }

    /// A cycle: an attempt runs; a tile's last step was taken in the last one.
    pub fn tick(&mut self, attempt_runs: bool, tile_end: bool) {
        let next = self.next_again(attempt_runs);
        if tile_end {
            self.more = self.again;
            self.left -= u32::from(self.again);
        }
        self.again = next;
    }

    /// An attempt with another one behind it is finished.
    pub fn attempted(&mut self, hit: bool) {
        self.nonce = self.nonce.wrapping_add(1);
        self.hit_before = hit;
    }

    /// The last one is, or all is dropped.
    pub fn end(&mut self) {
        *self = Self { more: self.more, nonce: self.nonce, ..Self::default() };
    }

    fn next_again(&self, attempt_runs: bool) -> bool {
        attempt_runs && self.left > 0 && !self.hit_before
    }
}

/// The source of operands of Amadeus: when which chunk is whole.
#[derive(Clone, Debug)]
pub struct Source {
    spacing: u64,
    ring: u64,
    /// From here on the first batch can begin; `None` before the seed is whole.
    from: Option<u64>,
    /// Batches whose start is known, and the last one's.
    batches: u64,
    last_start: Option<u64>,
    /// From here on the ring has a place for the next chunk, for the one behind it, and so on.
    free_from: VecDeque<u64>,
    /// From here on the next chunk counts as whole, and the one behind it.
    whole_from: VecDeque<u64>,
    /// Whole chunks whose last step is to come.
    whole: u64,
    hold: bool,
}

impl Source {
    /// One with so many engines, in front of lanes of so many words.
    pub fn new(engines: u32, word_bits: u32) -> Self {
        Self::at_rest(
            spacing(engines as usize) as u64,
            1 << word_bits.saturating_sub(CHUNK_WORD_BITS),
        )
    }

    fn at_rest(spacing: u64, ring: u64) -> Self {
        Self {
            spacing,
            ring,
            from: None,
            batches: 0,
            last_start: None,
            free_from: (0..ring).map(|_| 0).collect(),
            whole_from: VecDeque::new(),
            whole: 0,
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
            return if self.from.is_none() && !self.hold { u64::MAX } else { 0 };
        }
        if self.hold != (self.whole == 0) || (seeded && self.from.is_none()) {
            return 0;
        }
        self.whole_from.front().map_or(u64::MAX, |whole| whole.saturating_sub(now))
    }

    /// A cycle.
    pub fn tick(&mut self, now: u64, scans: bool, seeded: bool, pass_end: bool) {
        if self.whole_from.front() == Some(&now) {
            self.whole_from.pop_front();
            self.whole += 1;
        }
        if pass_end {
            self.whole -= 1;
            self.free_from.push_back(now + FREE_LATENCY as u64);
        }
        if seeded && self.from.is_none() {
            self.from = Some(now + FIRST_START as u64);
        }
        self.hold = self.whole == 0;
        self.schedule();
        if !scans {
            *self = Self::at_rest(self.spacing, self.ring);
        }
    }

    /// Batches begin as soon as they are spaced and the ring has a place: nothing to come moves them.
    fn schedule(&mut self) {
        let Some(from) = self.from else { return };
        loop {
            let spaced = self.last_start.map_or(from, |last| (last + self.spacing).max(from));
            let mut start = spaced;
            if self.batches.is_multiple_of(BATCHES) {
                let Some(free) = self.free_from.pop_front() else { return };
                start = start.max(free);
            }
            self.last_start = Some(start);
            self.batches += 1;
            if self.batches.is_multiple_of(BATCHES) {
                self.whole_from.push_back(start + WHOLE_LATENCY as u64);
            }
        }
    }
}
