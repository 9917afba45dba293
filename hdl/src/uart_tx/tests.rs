//! What is on the line, cycle by cycle, for whole and broken dividers.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for UartTx {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// The line's level in every cycle while these bytes go out back to back.
pub(crate) fn send(increment: u32, bytes: &[u8]) -> Vec<bool> {
    let mut module = UartTx::connected();
    module.baud_in.next = unsigned_bits(increment.into());
    let mut line = Vec::new();
    let mut bytes = bytes.iter();
    let mut next = bytes.next();
    loop {
        module.valid_in.next = next.is_some();
        module.data_in.next = unsigned_bits(next.copied().unwrap_or(0x55).into());
        module.settle();
        line.push(module.line_out.val());
        if module.ready_out.val() {
            if next.is_none() {
                return line;
            }
            next = bytes.next();
        }
        module.edge();
    }
}

fn check(baud: u64, clock_hz: u64) {
    let mut random = Random(baud);
    let mut bytes: Vec<u8> = (0..20).map(|_| random.next() as u8).collect();
    bytes.extend([0, 0xff, 0x55, 0xaa, 0x80, 1]);
    let increment = baud_increment(baud, clock_hz).unwrap();
    let line = send(increment, &bytes);
    assert!(line[0], "idle");
    // A bit is over when the accumulated phase reaches its number; one idle cycle takes the next byte.
    let ends: Vec<u64> = (1..=10u64).map(|n| (n << 24).div_ceil(u64::from(increment))).collect();
    let mut cycle = 1;
    for byte in bytes {
        let frame = (u16::from(byte) << 1) | 0x200;
        for (n, &end) in ends.iter().enumerate() {
            let begin = n.checked_sub(1).map_or(0, |before| ends[before]);
            for _ in begin..end {
                let level = frame >> n & 1 == 1;
                assert_eq!(line[cycle], level, "cycle {cycle}, bit {n} of {byte:#x}");
                cycle += 1;
            }
        }
        assert!(line[cycle], "the byte is over");
        cycle += 1;
    }
    assert_eq!(cycle, line.len());
}

#[test]
fn bits_last_as_long_as_the_baud_rate_says() {
    for (baud, clock_hz) in
        [(3_000_000, 12_000_000), (12_000_000, 100_000_000), (115_200, 12_000_000), (1, 2), (3, 7)]
    {
        check(baud, clock_hz);
    }
}

#[test]
fn rates_beyond_the_clock_are_none() {
    assert_eq!(baud_increment(50, 100), Some(1 << 23));
    assert_eq!(baud_increment(51, 100), None);
    assert_eq!(baud_increment(0, 100), None);
    assert_eq!(baud_increment(1, 0), None);
}
