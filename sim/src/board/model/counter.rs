//! Counters of cycles and events that can be read as of any recent cycle.

use std::collections::VecDeque;

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

    /// What was counted before a cycle.
    pub fn before(&self, cycle: u64) -> u64 {
        let counted = self.recent.iter().map(|&(first, end)| end.min(cycle).saturating_sub(first));
        self.total + counted.sum::<u64>()
    }

    /// The low half of what was counted before a cycle.
    pub fn low_before(&self, cycle: u64) -> u32 {
        low_half(self.before(cycle))
    }

    /// The high half; a carry reaches it one cycle late.
    pub fn high_before(&self, cycle: u64) -> u32 {
        high_half(self.before(cycle.saturating_sub(1)))
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
        let end = (1 << 30) + (1 << 24) - 16;
        assert_eq!((counter.low_before(end), counter.high_before(end)), (0, 0));
        assert_eq!((counter.low_before(end + 1), counter.high_before(end + 1)), (1, 1));
    }
}
