//! What a source does when, as its documentation has it: by cycles, not by registers.

use std::collections::VecDeque;

use super::super::{FIRST_START, FREE_LATENCY, WHOLE_LATENCY, WORD_LATENCY, WORDS, spacing};

/// Batches of a chunk.
const BATCHES: u64 = 4;

/// A source's cycles.
pub struct Cycles {
    spacing: u64,
    ring: u64,
    now: u64,
    scan: Scan,
}

/// What stands in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// This batch begins.
    pub start: Option<u64>,
    /// This word of this batch is on the ports.
    pub write: Option<(u64, u64)>,
    /// No step may be taken.
    pub hold: bool,
}

/// A scan so far; without one, what it begins with.
struct Scan {
    /// From here on the first batch can begin.
    from: Option<u64>,
    /// Batches begun, and the last one's start.
    batches: u64,
    last_start: Option<u64>,
    /// Starts of the batches whose words are to come or come.
    starts: VecDeque<(u64, u64)>,
    /// From here on the ring has a place for the next chunk, for the one behind it, and so on.
    free_from: VecDeque<u64>,
    /// From here on the next chunk counts as whole, and the one behind it.
    whole_from: VecDeque<u64>,
    /// Whole chunks whose last step is to come.
    whole: u64,
    hold: bool,
}

impl Scan {
    fn new(ring: u64) -> Self {
        Self {
            from: None,
            batches: 0,
            last_start: None,
            starts: VecDeque::new(),
            free_from: (0..ring).map(|_| 0).collect(),
            whole_from: VecDeque::new(),
            whole: 0,
            hold: false,
        }
    }
}

impl Cycles {
    /// Of so many engines, and a ring of so many chunks.
    pub fn new(engines: usize, ring: u64) -> Self {
        Self { spacing: spacing(engines) as u64, ring, now: 0, scan: Scan::new(ring) }
    }

    /// What this cycle's inputs don't change any more; once a cycle, before [`Cycles::end`].
    pub fn begin(&mut self) -> Now {
        let (now, scan) = (self.now, &mut self.scan);
        let spaced = scan.last_start.is_none_or(|last| now >= last + self.spacing);
        let first = scan.batches % BATCHES == 0;
        let room = !first || scan.free_from.front().is_some_and(|&from| now >= from);
        let starts = scan.from.is_some_and(|from| now >= from) && spaced && room;
        let start = starts.then_some(scan.batches);
        if starts {
            if first {
                scan.free_from.pop_front();
            }
            scan.starts.push_back((scan.batches, now));
            scan.last_start = Some(now);
            scan.batches += 1;
            if scan.batches % BATCHES == 0 {
                scan.whole_from.push_back(now + WHOLE_LATENCY as u64);
            }
        }
        let words = WORD_LATENCY as u64..(WORD_LATENCY + WORDS) as u64;
        scan.starts.retain(|&(_, start)| now - start < words.end);
        let oldest = scan.starts.front().filter(|&&(_, start)| words.contains(&(now - start)));
        let write = oldest.map(|&(batch, start)| (batch, now - start - words.start));
        if scan.whole_from.front() == Some(&now) {
            scan.whole_from.pop_front();
            scan.whole += 1;
        }
        Now { start, write, hold: scan.hold }
    }

    /// Ends a cycle that had these inputs.
    pub fn end(&mut self, scan_in: bool, seeded_in: bool, pass_end_in: bool) {
        let scan = &mut self.scan;
        if pass_end_in {
            scan.whole -= 1;
            scan.free_from.push_back(self.now + FREE_LATENCY as u64);
        }
        if seeded_in && scan.from.is_none() {
            scan.from = Some(self.now + FIRST_START as u64);
        }
        scan.hold = scan.whole == 0;
        if !scan_in {
            *scan = Scan::new(self.ring);
        }
        self.now += 1;
    }
}
