//! Counts around the carries, from a start value that no test could count to.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for Counter {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Width of a half.
const HALF_BITS: u32 = 24;

impl Counter {
    /// A counter that has counted to `value`.
    fn at(value: u64) -> Self {
        let mut counter = Self::connected();
        let mask = (1 << HALF_BITS) - 1;
        counter.low.q.next = unsigned_bits(value & mask);
        counter.high.q.next = unsigned_bits(value >> HALF_BITS & mask);
        counter.settle();
        counter
    }

    /// Both halves as one number.
    fn reading(&self) -> u64 {
        self.high_out.val().to_u64() << HALF_BITS | self.low_out.val().to_u64()
    }
}

/// Counts events of `pattern` on from `start`, and compares the readings with the true counts.
fn check(start: u64, pattern: impl Fn(usize) -> bool) {
    let mut counter = Counter::at(start);
    let mut count = start;
    // Half a count: the high half as of one cycle ago.
    let mut count_before = start;
    for cycle in 0..200 {
        counter.event_in.next = pattern(cycle);
        counter.settle();
        let low = count % (1 << HALF_BITS);
        let late_high = (count_before >> HALF_BITS) % (1 << HALF_BITS);
        assert_eq!(counter.reading(), late_high << HALF_BITS | low, "cycle {cycle} from {start}");
        counter.edge();
        count_before = count;
        count += u64::from(pattern(cycle));
    }
    counter.event_in.next = false;
    counter.edge();
    counter.settle();
    assert_eq!(counter.reading(), count % (1 << 48), "at rest, from {start}");
}

#[test]
fn events_count_and_carry() {
    let low_full = (1 << HALF_BITS) - 1;
    for start in [0, low_full, low_full - 50, (5 << HALF_BITS) + low_full - 3, (1 << 48) - 20] {
        check(start, |_| true);
        check(start, |_| false);
        check(start, |cycle| cycle % 3 == 0);
        check(start, |cycle| Random(cycle as u64).one_in(2));
    }
}
