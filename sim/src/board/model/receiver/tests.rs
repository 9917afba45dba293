//! The receiver against the RTL's, cycle by cycle, at rates that fit and rates that do not.

use gemmine_hdl::bits::unsigned_bits;
use gemmine_hdl::uart_rx::UartRx;
use gemmine_hdl::uart_tx::UartTx;
use rust_hdl_core::prelude::*;

use super::*;
use crate::board::wire::{BITS, bit_begin};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// An increment of this many cycles a bit, and hundredths.
fn increment(cycles: u64, hundredths: u64) -> u32 {
    ((1 << 24) * 100 / (cycles * 100 + hundredths)) as u32
}

/// What the RTL makes of a wire whose receiver changes its rate at some cycles. It adds a cycle ahead of what it does.
fn rtl(wire: &Wire, rates: &[(u64, u32)], cycles: u64) -> Vec<(u64, Option<u8>)> {
    let mut module = UartRx::default();
    module.connect_all();
    let mut events = Vec::new();
    for cycle in 0..cycles {
        if let Some((_, rate)) = rates.iter().rfind(|(from, _)| from.saturating_sub(1) == cycle) {
            module.baud_in.next = unsigned_bits(u64::from(*rate));
        }
        module.line_in.next = wire.level(cycle);
        module.clock.next = Clock { clk: false };
        assert!(simulate(&mut module, 100));
        if module.valid_out.val() {
            events.push((cycle, Some(module.data_out.val().to_u8())));
        }
        if module.error_out.val() {
            events.push((cycle, None));
        }
        module.clock.next = Clock { clk: true };
        assert!(simulate(&mut module, 100));
    }
    events
}

/// The same by [`Receiver`], asked at random moments.
fn by_events(
    mut wire: Wire,
    rates: &[(u64, u32)],
    cycles: u64,
    random: &mut Random,
) -> Vec<(u64, Option<u8>)> {
    let mut receiver = Receiver::new(rates[0].1);
    let mut events = Vec::new();
    let mut now = 0;
    for &(until, rate) in rates[1..].iter().chain(&[(cycles, 0)]) {
        while now < until {
            now = (now + 1 + random.below(500)).min(until);
            let limit = now - 1;
            if random.below(2) == 0 {
                loop {
                    let mut bytes = Vec::new();
                    let (mut first, mut period) = (0, 0);
                    let mut sink = |some: &[u8], begin, apart| {
                        bytes.extend_from_slice(some);
                        (first, period) = (begin, apart);
                    };
                    let Some(last) = receiver.many(&mut wire, limit, 0, &mut sink) else { break };
                    let cycle = |n: usize| first + n as u64 * period;
                    assert_eq!(cycle(bytes.len() - 1), last);
                    events.extend(bytes.iter().enumerate().map(|(n, &b)| (cycle(n), Some(b))));
                }
            }
            while let Some(received) = receiver.next(&mut wire, limit) {
                events.push((received.cycle, received.byte));
            }
        }
        if now < cycles {
            let last = receiver.set_increment(&mut wire, now, rate);
            events.extend(last.map(|received| (received.cycle, received.byte)));
        }
    }
    events
}

fn check(seed: u64, sender: u32, rates: &[(u64, u32)]) {
    let mut random = Random(seed);
    let mut wire = Wire::default();
    let mut start = 5;
    let sender = u64::from(sender);
    for _ in 0..4 {
        let bytes: Vec<u8> = (0..1 + random.below(12)).map(|_| random.next() as u8).collect();
        let gap = random.below(2);
        wire.put(start, sender, bit_begin(sender, BITS) + gap, &bytes);
        start = wire.end() + gap + random.below(40);
    }
    let cycles = start + 300;
    let rates: Vec<_> = rates.iter().copied().filter(|(from, _)| *from < cycles - 1).collect();
    let want = rtl(&wire, &rates, cycles);
    let found = by_events(wire, &rates, cycles, &mut random);
    assert_eq!(found.len(), want.len(), "seed {seed}");
    for (n, (found, want)) in found.iter().zip(&want).enumerate() {
        assert_eq!(found, want, "event {n} of seed {seed}");
    }
    assert!(!want.is_empty(), "seed {seed}");
}

#[test]
fn bytes_of_the_same_rate_come_when_the_rtl_says() {
    for seed in 0..12 {
        let rate = increment(2 + seed % 5, seed * 9 % 100);
        check(seed, rate, &[(0, rate)]);
    }
}

#[test]
fn bytes_of_another_rate_are_the_same_garbage() {
    let mut random = Random(7);
    for seed in 0..30 {
        let sender = increment(2 + random.below(9), random.below(100));
        let rate = increment(2 + random.below(9), random.below(100));
        check(seed, sender, &[(0, rate)]);
    }
}

#[test]
fn a_rate_may_change_at_any_moment() {
    let mut random = Random(8);
    for seed in 0..30 {
        let rate = increment(2 + random.below(6), random.below(100));
        let other = increment(2 + random.below(6), random.below(100));
        let (first, second) = (random.below(700), random.below(700));
        check(seed, rate, &[(0, rate), (1 + first, other), (2 + first + second, rate)]);
    }
}

#[test]
fn rates_that_make_no_sense_do_not_confuse_it() {
    let mut random = Random(9);
    for seed in 0..16 {
        let rate = increment(2 + random.below(6), 0);
        let senseless = (1 << 24) + random.below(1 << 24) as u32;
        check(seed, rate, &[(0, rate), (100 + random.below(200), senseless), (400, rate)]);
        check(seed, rate, &[(0, rate), (100 + random.below(200), 0), (400, rate)]);
    }
}

#[test]
fn the_transmitter_puts_on_the_wire_what_the_wire_says() {
    for cycles in 2..9 {
        let rate = increment(cycles, cycles * 13 % 100);
        let bytes = [0x00, 0xff, 0x55, 0xa3, 0x0f];
        let mut module = UartTx::default();
        module.connect_all();
        module.baud_in.next = unsigned_bits(u64::from(rate));
        module.valid_in.next = true;
        let mut wire = Wire::default();
        let period = bit_begin(rate.into(), BITS) + 1;
        wire.put(1, rate.into(), period, &bytes);
        let mut sent = 0;
        for cycle in 0..period * bytes.len() as u64 {
            module.data_in.next = u64::from(bytes[sent]).into();
            module.clock.next = Clock { clk: false };
            assert!(simulate(&mut module, 100));
            assert_eq!(module.line_out.val(), wire.level(cycle), "cycle {cycle} of rate {rate}");
            if module.ready_out.val() {
                sent = (sent + 1).min(bytes.len() - 1);
            }
            module.clock.next = Clock { clk: true };
            assert!(simulate(&mut module, 100));
        }
    }
}
