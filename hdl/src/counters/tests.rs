//! Counts against the formula of the sweep, across carries that no test could count to.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for Counters {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// What the registers in front of the counters read as.
const CONSTANTS: [u32; 7] = [1, u32::MAX, 0x0102_0304, 0x8000_0000, 5, 6, 0xfeed_f00d];

/// The latest sweep of the word at an address that a reading in this cycle sees.
fn sweep(place: u32, cycle: u64) -> Option<u64> {
    let first = 2 * u64::from(place - COUNTERS) + 2;
    let passed = cycle.checked_sub(SWEPT as u64)?.checked_sub(first)?;
    Some(first + passed / PERIOD as u64 * PERIOD as u64)
}

#[test]
fn words_hold_what_was_swept() {
    let mut counters = Counters::new(&CONSTANTS);
    counters.connect_all();
    let random = &mut Random(1);
    let rates: [u64; FREQUENT] = std::array::from_fn(|n| [1, 2, 7, 40][n % 4]);
    let mut rested = [0; COUNT];
    let mut before: Vec<[u64; COUNT]> = vec![[0; COUNT]];
    let mut asked = Vec::new();
    let mut compared = 0;
    for cycle in 0..4000_u64 {
        let mut counts = before[cycle as usize];
        for (n, count) in counts.iter_mut().enumerate() {
            let event = match rates.get(n) {
                Some(&rate) => random.one_in(rate),
                // As often as they may.
                None => rested[n] > PERIOD / RARE_EVENTS_MAX && random.one_in([1, 9][n % 2]),
            };
            rested[n] = if event { 0 } else { rested[n] + 1 };
            counters.event_in[n].next = event;
            *count += u64::from(event);
        }
        before.push(counts);
        // An address stands for two cycles, or longer.
        let address = match asked.last() {
            Some(&last) if cycle % 2 == 0 || random.one_in(3) => last,
            _ => random.below(u64::from(COUNTERS_END) + 2) as u32,
        };
        asked.push(address);
        counters.address_in.next = u64::from(address).into();
        counters.settle();
        let words = &counters.words;
        let same = words.read_address.val() == words.write_address.val();
        assert!(!(words.write_enable.val() && same), "read and written in cycle {cycle}");
        if let Some(at) = cycle.checked_sub(READ_LATENCY as u64)
            && asked[at as usize] == asked[at as usize + 1]
        {
            let address = asked[at as usize];
            let got = counters.data_out.val().to_u32();
            let counter = (0..COUNT).rfind(|&n| low_place(n) <= address);
            let Some(counter) = counter.filter(|_| address < COUNTERS_END) else {
                assert_eq!(got, CONSTANTS.get(address as usize).copied().unwrap_or(0));
                counters.edge();
                continue;
            };
            let half = u64::from(address - low_place(counter));
            // A high half is swept two cycles later, with the carry of the events up to its low half's.
            let swept = sweep(address, at.next_multiple_of(2))
                .map_or(0, |swept| before[(swept - 2 * half) as usize][counter]);
            let want = swept >> (24 * half) & 0xff_ffff;
            assert_eq!(u64::from(got), want, "counter {counter} at {at}");
            compared += 1;
        }
        counters.edge();
    }
    assert!(compared > 1000, "{compared} words of counters");
}

#[test]
fn a_carry_reaches_the_high_half() {
    let mut counters = Counters::connected();
    // The memory's content can't be set: let a counter begin at its last value by its sum register.
    let (low, full) = (u64::from(low_place(3)), (1_u64 << 24) - 1);
    let mut sums = 0;
    for cycle in 0..400 {
        counters.settle();
        let writes = counters.words.write_enable.val();
        if writes && counters.words.write_address.val().to_u64() == low && cycle < 120 {
            counters.sum.q.next = full.into();
            counters.settle();
            sums += 1;
        }
        counters.event_in[3].next = cycle == 200;
        counters.settle();
        counters.edge();
    }
    assert!(sums > 0);
    let mut words = [low, low + 1].map(|address| {
        counters.address_in.next = address.into();
        for _ in 0..READ_LATENCY {
            counters.settle();
            counters.edge();
        }
        counters.settle();
        counters.data_out.val().to_u64()
    });
    words.reverse();
    assert_eq!(words, [1, 0]);
}
