//! Bytes through the transmitter and over a bad line.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};
use crate::uart_tx::{baud_increment, tests::send};

impl Clocked for UartRx {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const CLOCK_HZ: u64 = 100_000_000;

/// Bytes and errors that come out while the line has these levels, and then idles a while.
fn receive(baud: u64, line: &[bool]) -> (Vec<u8>, usize) {
    let mut module = UartRx::connected();
    module.baud_in.next = unsigned_bits(baud_increment(baud, CLOCK_HZ).unwrap().into());
    let (mut bytes, mut errors) = (Vec::new(), 0);
    for &level in line.iter().chain(&[true; 300]) {
        module.line_in.next = level;
        module.settle();
        if module.valid_out.val() {
            bytes.push(module.data_out.val().to_u8());
        }
        errors += usize::from(module.error_out.val());
        module.edge();
    }
    (bytes, errors)
}

fn line_of(baud: u64, bytes: &[u8]) -> Vec<bool> {
    let mut line = vec![true; 20];
    line.extend(send(baud_increment(baud, CLOCK_HZ).unwrap(), bytes));
    line
}

fn some_bytes(count: usize) -> Vec<u8> {
    let mut random = Random(1);
    (0..count).map(|_| random.next() as u8).chain([0, 0xff, 0x55, 0xaa]).collect()
}

#[test]
fn all_bytes_come_back_at_every_rate() {
    for baud in [12_000_000, 9_000_000, 3_000_000, 1_000_001] {
        let bytes = some_bytes(200);
        assert_eq!(receive(baud, &line_of(baud, &bytes)), (bytes, 0), "{baud} baud");
    }
}

#[test]
fn a_rate_that_is_three_percent_off_is_understood() {
    let bytes = some_bytes(100);
    for percent in [97, 103] {
        let line = line_of(1_000_000 * percent / 100, &bytes);
        assert_eq!(receive(1_000_000, &line), (bytes.clone(), 0), "{percent} %");
    }
}

#[test]
fn a_glitch_is_no_start() {
    let mut line = vec![true; 50];
    line.extend([false; 40]);
    line.extend([true; 2000]);
    let bytes = some_bytes(4);
    line.extend(line_of(1_000_000, &bytes));
    assert_eq!(receive(1_000_000, &line), (bytes, 0));
}

#[test]
fn a_broken_line_is_one_error_and_then_all_is_well() {
    let mut line = vec![true; 50];
    line.extend([false; 5000]);
    line.extend([true; 30]);
    let bytes = some_bytes(4);
    line.extend(line_of(1_000_000, &bytes));
    assert_eq!(receive(1_000_000, &line), (bytes, 1));
}

#[test]
fn a_line_that_is_low_from_the_start_is_an_error() {
    let (bytes, errors) = receive(1_000_000, &[false; 3000]);
    assert_eq!((bytes.len(), errors), (0, 1));
}
