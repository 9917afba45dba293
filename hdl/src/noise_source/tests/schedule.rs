//! When a source does what, in plain Rust: a word and whether a step is held, cycle by cycle.

use std::collections::VecDeque;

use super::super::{CHUNK_CYCLES, FIRST_WORD, OPEN_LATENCY, ROWS_WHOLE};
use crate::noise_hash::BATCH_CYCLES;

/// A panel: of which side, and its number among those of A, or in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel {
    pub b: bool,
    pub nth: usize,
}

/// A word that comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub panel: Panel,
    pub lane: usize,
    /// Which word of the lane.
    pub nth: usize,
}

/// What is on the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub hold: bool,
    pub word: Option<Word>,
}

/// A chunk whose words are made.
#[derive(Clone, Copy)]
struct Chunk {
    /// The cycle in which that was decided.
    begun: usize,
    panel: Panel,
    nth: usize,
}

/// The state of a source, from the first cycle of a scan on.
pub struct Schedule {
    ring: usize,
    chunks: usize,
    columns_last: usize,
    now: usize,
    // Hashes: when the next four can be started, how many batches of pairs are left, which batch of which panel is
    // next, and how many panels have a bank
    ready: Option<usize>,
    pairs: usize,
    panel: Panel,
    rows: usize,
    batch: usize,
    banks: usize,
    /// Panels of E, with the cycle from which on they are whole, until their last chunk begins.
    whole: VecDeque<(usize, Panel)>,
    // Chunks: which one of the first panel is next, and those whose words still come
    next: usize,
    made: VecDeque<Chunk>,
    can: bool,
    taken: usize,
    filled: usize,
    /// Cycles in which chunks of B come to be filled.
    fills: VecDeque<usize>,
    passed: bool,
    hold: bool,
}

impl Schedule {
    pub fn new(ring: usize, chunks: usize, columns_last: usize) -> Self {
        Self {
            ring,
            chunks,
            columns_last,
            now: 0,
            ready: None,
            pairs: 2 * 4 * chunks,
            panel: Panel { b: false, nth: 0 },
            rows: 0,
            batch: 0,
            banks: 0,
            whole: VecDeque::new(),
            next: 0,
            made: VecDeque::new(),
            can: false,
            taken: 0,
            filled: 0,
            fills: VecDeque::new(),
            passed: false,
            hold: false,
        }
    }

    /// The outputs of the next cycle from its inputs.
    pub fn cycle(&mut self, seeded: bool, pass_end: bool) -> Now {
        let now = self.now;
        let outputs = Now { hold: self.hold, word: self.word() };
        if self.fills.front() == Some(&now) {
            self.fills.pop_front();
            self.filled += 1;
        }
        let (runs, panel_ends) = self.made.back().map_or((false, false), |chunk| {
            let end = chunk.begun + CHUNK_CYCLES;
            (now < end, now == end && chunk.nth + 1 == self.chunks)
        });
        // What this cycle knows decides what happens in the next one.
        let room = self.has_room();
        let can = std::mem::replace(&mut self.can, room);
        self.hold = self.filled <= usize::from(pass_end || self.passed);
        let starts_panel = self.start_hashes();
        if self.passed {
            self.filled -= 1;
            self.taken -= 1;
        }
        if can && now % 4 == 3 && !runs {
            self.begin_chunk();
        }
        self.banks = self.banks + usize::from(starts_panel) - usize::from(panel_ends);
        self.passed = pass_end;
        if seeded && self.ready.is_none() {
            self.ready = Some(now + 1);
        }
        self.now += 1;
        outputs
    }

    /// The word that comes out in this cycle.
    fn word(&mut self) -> Option<Word> {
        let ended = |chunk: &Chunk, now| now >= chunk.begun + FIRST_WORD + CHUNK_CYCLES;
        while self.made.len() > 1 && ended(&self.made[0], self.now) {
            self.made.pop_front();
        }
        let chunk = self.made.front()?;
        let nth = self.now.checked_sub(chunk.begun + FIRST_WORD)?;
        (nth < CHUNK_CYCLES).then_some(Word {
            panel: chunk.panel,
            lane: nth % 16,
            nth: CHUNK_CYCLES / 16 * chunk.nth + nth / 16,
        })
    }

    /// The next chunk's panel is whole, and there is room for it.
    fn has_room(&self) -> bool {
        self.whole.front().is_some_and(|&(whole, panel)| {
            whole <= self.now && if panel.b { self.taken < self.ring } else { self.taken == 0 }
        })
    }

    fn begin_chunk(&mut self) {
        let (_, panel) = self.whole[0];
        self.made.push_back(Chunk { begun: self.now, panel, nth: self.next });
        self.next += 1;
        if self.next == self.chunks {
            self.next = 0;
            self.whole.pop_front();
        }
        if panel.b {
            self.taken += 1;
            // In the cycle behind that, the chunk can be read.
            let last_word = self.now + FIRST_WORD + CHUNK_CYCLES - 1;
            self.fills.push_back(last_word + OPEN_LATENCY - 1);
        }
    }

    /// Starts four hashes if they can be; true if they are a panel's first.
    fn start_hashes(&mut self) -> bool {
        let first = self.pairs == 0 && self.batch == 0;
        if self.ready.is_none_or(|ready| self.now < ready) || first && self.banks == 2 {
            return false;
        }
        self.ready = Some(self.now + BATCH_CYCLES);
        if self.pairs > 0 {
            self.pairs -= 1;
            return false;
        }
        self.batch = (self.batch + 1) % 16;
        if self.batch == 0 {
            self.whole.push_back((self.now + ROWS_WHOLE, self.panel));
            self.panel = match self.panel {
                Panel { b: true, nth } if nth == self.columns_last => {
                    self.rows += 1;
                    Panel { b: false, nth: self.rows }
                }
                Panel { b: true, nth } => Panel { b: true, nth: nth + 1 },
                Panel { b: false, .. } => Panel { b: true, nth: 0 },
            };
        }
        first
    }
}
