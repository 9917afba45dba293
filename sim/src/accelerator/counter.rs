//! Counters of cycles and events that can be read as of any recent cycle.

use std::collections::VecDeque;

use gemmine_hdl::counters;
use gemmine_hdl::registers::COUNTERS;

/// How far back a reading may reach, in cycles: longer than any register trails what it counts.
const RECENT: u64 = 4096;
/// Bits of the low half of a counter, as the register table splits them.
const HALF: u32 = 24;

/// A counter of 48 bits.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Counted before all recent spans.
    total: u64,
    /// First and one-past-last cycle of what was counted, in order.
    recent: VecDeque<(u64, u64)>,
}

impl Counter {
    /// Counts the cycles from `from` to `until`, that one excluded. Spans come in order.
    pub fn add(&mut self, from: u64, until: u64) {
        if from >= until {
            return;
        }
        while let Some(&(first, end)) = self.recent.front()
            && end + RECENT < from
        {
            self.total += end - first;
            self.recent.pop_front();
        }
        match self.recent.back_mut() {
            Some((_, end)) if *end == from => *end = until,
            _ => self.recent.push_back((from, until)),
        }
    }

    /// Counts one event in a cycle.
    pub fn event(&mut self, cycle: u64) {
        self.add(cycle, cycle + 1);
    }

    /// Counts events a `period` apart, of which there are `count`, the first in a cycle. All but the last
    /// four are counted closer together, where no reading can tell.
    pub fn events(&mut self, first: u64, period: u64, count: u64) {
        let exact = count.min(4);
        self.add(first, first + (count - exact));
        for nth in count - exact..count {
            self.event(first + nth * period);
        }
    }

    /// What was counted before a cycle.
    pub fn before(&self, cycle: u64) -> u64 {
        let counted = self.recent.iter().map(|&(first, end)| end.min(cycle).saturating_sub(first));
        self.total + counted.sum::<u64>()
    }

    /// The word at the address `address` of a counter whose low half stands at `low`, read in a cycle:
    /// what the last sweep found that is in the memory by then.
    pub fn word(&self, low: u32, address: u32, cycle: u64) -> u32 {
        let half = address - low;
        let (first, period) = (2 * u64::from(low - COUNTERS) + 2, counters::PERIOD as u64);
        // The high half is swept two cycles behind the low one.
        let seen = cycle.checked_sub(counters::SWEPT as u64 + 2 * u64::from(half));
        let Some(passed) = seen.and_then(|seen| seen.checked_sub(first)) else { return 0 };
        let sweep = first + passed / period * period;
        // An event is registered once before it is counted.
        low_half(self.before(sweep - 1) >> (half * HALF))
    }
}

/// The low half of a number.
pub fn low_half(value: u64) -> u32 {
    (value & ((1 << HALF) - 1)) as u32
}

/// The high half of a number, modulo 2^48.
pub fn high_half(value: u64) -> u32 {
    low_half(value >> HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_of_a_cycle() {
        let mut counter = Counter::default();
        counter.add(10, 20);
        counter.add(20, 25);
        counter.add(30, 30);
        counter.event(40);
        let as_of = |cycle| counter.before(cycle);
        assert_eq!([0, 10, 11, 24, 25, 40, 41, 999].map(as_of), [0, 0, 1, 14, 15, 15, 16, 16]);
        counter.add(1 << 30, (1 << 30) + (1 << 24));
        assert_eq!(counter.before(1 << 40), 16 + (1 << 24));
    }

    #[test]
    fn words_are_those_of_the_last_sweep() {
        let mut counter = Counter::default();
        counter.add(0, 1 << 30);
        // Swept in cycle 2 and every 48 cycles, in memory three cycles later, the high half five.
        let low = |cycle| counter.word(14, 14, cycle);
        assert_eq!([0, 4, 5, 52, 53].map(low), [0, 0, 1, 1, 49]);
        let sweep = 2 + 48 * 1_398_102;
        assert_eq!(sweep, (1 << 26) + 34);
        assert_eq!(low(sweep + 2), (1 << 24) - 15);
        assert_eq!(low(sweep + 3), 33);
        let high = |cycle| counter.word(14, 15, cycle);
        assert_eq!([sweep + 4, sweep + 5].map(high), [3, 4]);
    }

    #[test]
    fn events_in_a_row_are_all_counted() {
        let mut counter = Counter::default();
        counter.events(100, 20, 10);
        counter.events(400, 20, 2);
        assert_eq!(
            [280, 281, 400, 401, 421].map(|cycle| counter.before(cycle)),
            [9, 10, 10, 11, 12]
        );
    }
}
