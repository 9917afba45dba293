//! From the first rate to the fastest one that works, and what answers that is no such device.

use super::super::device::{SerialDevice, SerialOptions};
use super::line::Line;
use crate::device::Device;
use crate::error::DeviceError;

fn open(line: &Line, max_baud: u32) -> Result<SerialDevice, DeviceError> {
    let options = SerialOptions { max_baud, ..SerialOptions::default() };
    SerialDevice::on(Box::new(line.clone()), "test".into(), options)
}

fn check(line: &Line, max_baud: u32, want: u32) {
    let mut device = open(line, max_baud).unwrap();
    assert_eq!(device.baud(), want);
    assert_eq!(line.world().board.accelerator.errors, 0);
    device.counters().unwrap();
}

#[test]
fn the_fastest_rate_that_works_is_found() {
    // 48 MHz would bear 24 Mbaud.
    check(&Line::new(6), 50_000_000, 12_000_000);
    check(&Line::new(6), 115_200, 115_200);
    check(&Line::new(6), 1_000_000, 1_000_000);
    let slow_port = Line::new(6);
    slow_port.world().port_baud_max = 3_000_000;
    check(&slow_port, 12_000_000, 3_000_000);
    // A cable that carries no more: each rate above fails, and the board falls back.
    let bad_cable = Line::new(6);
    bad_cable.world().board.baud_max = 1_500_000;
    check(&bad_cable, 12_000_000, 1_500_000);
}

#[test]
fn a_board_that_was_left_at_a_high_rate_comes_back() {
    for rate in [230_400, 921_600, 3_000_000, 12_000_000] {
        let line = Line::new(6);
        line.world().board.baud = rate;
        check(&line, 460_800, 460_800);
        // And again, by a host that knows nothing of the first.
        check(&line, 2_000_000, 2_000_000);
    }
}

#[test]
fn a_bad_line_still_gets_a_rate() {
    let line = Line::new(6);
    line.damage(20_000, 3);
    let device = open(&line, 12_000_000).unwrap();
    assert!(device.baud() > 115_200);
}

#[test]
fn what_answers_wrongly_or_not_is_named() {
    let check = |prepare: &dyn Fn(&Line), part: &str| {
        let line = Line::new(6);
        prepare(&line);
        let error = open(&line, 12_000_000).err().unwrap().to_string();
        assert!(error.starts_with("lost device test: ") && error.contains(part), "{error}");
    };
    check(&|line| line.world().board.accelerator.version = 7, "has register map version 7");
    check(&|line| line.damage(1, 1), "no answer at 115200 baud");
    check(&|line| line.world().plugged = false, "there is no port test");
}
