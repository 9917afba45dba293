//! Counts against the formula of the sweep, across carries that no test could count to.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for Counters {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// The latest sweep of the word at an address that an address in this cycle sees.
fn sweep(place: u32, cycle: u64) -> Option<u64> {
    let first = u64::from(place - COUNTERS) + 1;
    let passed = cycle.checked_sub(SWEPT as u64)?.checked_sub(first)?;
    Some(first + passed / PERIOD as u64 * PERIOD as u64)
}

#[test]
fn words_hold_what_was_swept() {
    let mut counters = Counters::connected();
    let random = &mut Random(1);
    let rates: [u64; COUNT] = std::array::from_fn(|n| [1, 2, 7, 40][n % 4]);
    let mut before: Vec<[u64; COUNT]> = vec![[0; COUNT]];
    let mut asked = Vec::new();
    for cycle in 0..4000_u64 {
        let mut counts = before[cycle as usize];
        for (n, count) in counts.iter_mut().enumerate() {
            let event = random.one_in(rates[n]);
            counters.event_in[n].next = event;
            *count += u64::from(event);
        }
        before.push(counts);
        let address = COUNTERS + random.below(PERIOD as u64) as u32;
        asked.push(address);
        counters.address_in.next = u64::from(address).into();
        counters.settle();
        if let Some(at) = cycle.checked_sub(1) {
            let address = asked[at as usize];
            let counter = (0..COUNT).rfind(|&n| low_place(n) <= address).unwrap();
            let half = u64::from(address - low_place(counter));
            // A high half is swept a cycle later, with the carry of the events up to its low half's.
            let swept =
                sweep(address, at).map_or(0, |swept| before[(swept - half) as usize][counter]);
            let want = swept >> (24 * half) & 0xff_ffff;
            assert_eq!(counters.data_out.val().to_u64(), want, "counter {counter} at {at}");
        }
        counters.edge();
    }
}

#[test]
fn a_carry_reaches_the_high_half() {
    let mut counters = Counters::connected();
    // The memory's content can't be set: let a counter begin at its last value by its sum register.
    let (low, full) = (u64::from(low_place(3)), (1_u64 << 24) - 1);
    let mut sums = 0;
    for cycle in 0..200 {
        counters.settle();
        if counters.place[2].q.val().to_u64() == low && cycle < 60 {
            counters.sum.q.next = full.into();
            counters.settle();
            sums += 1;
        }
        counters.event_in[3].next = cycle == 100;
        counters.settle();
        counters.edge();
    }
    assert!(sums > 0);
    let mut words = [low, low + 1].map(|address| {
        counters.address_in.next = address.into();
        counters.settle();
        counters.edge();
        counters.settle();
        counters.data_out.val().to_u64()
    });
    words.reverse();
    assert_eq!(words, [1, 0]);
}
