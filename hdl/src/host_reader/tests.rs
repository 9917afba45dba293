//! Two reads, cycle by cycle. What comes of any number of them is held in the tests of the simulation.

use expect_test::expect_file;

use super::*;
use crate::testbench::{Clocked, Picture, bit, cell, hex, space};

impl Clocked for HostReader {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

#[test]
fn picture() {
    let caption = "Two beats and, behind them, one of a command. The memory is at once ready, then after a cycle.";
    let mut picture = Picture::new(caption, 0);
    let mut reader = HostReader::connected();
    for cycle in 0..16 {
        reader.request_in.next = matches!(cycle, 0 | 2 | 3);
        reader.command_in.next = cycle > 0;
        reader.address_in.next = if cycle == 0 { 0x40_u64 } else { 0x80 }.into();
        reader.length_in.next = u64::from(cycle == 0).into();
        reader.arready_in.next = cycle != 4;
        reader.rvalid_in.next = matches!(cycle, 6 | 7 | 9);
        reader.rdata_in.next = [0xa0_u64, 0xa1, 0, 0xc0][(cycle.max(6) - 6).min(3)].into();
        reader.rlast_in.next = cycle > 6;
        reader.take_in.next = cycle > 10;
        reader.settle();
        picture.cycle([
            ("request_in", bit(reader.request_in.val())),
            ("command_in", bit(reader.command_in.val())),
            ("grant_out", bit(reader.grant_out.val())),
            space(),
            ("arvalid_out", bit(reader.arvalid_out.val())),
            ("araddr_out", hex(reader.araddr_out.val().to_u64())),
            ("arlen_out", cell(reader.arlen_out.val().to_u64() as i64)),
            ("arready_in", bit(reader.arready_in.val())),
            ("rvalid_in", bit(reader.rvalid_in.val())),
            ("rdata_in", hex(reader.rdata_in.val().to_u64())),
            ("rlast_in", bit(reader.rlast_in.val())),
            space(),
            ("command_valid_out", bit(reader.command_valid_out.val())),
            ("command_beat_out", hex(reader.command_beat_out.val().to_u64())),
            ("valid_out", bit(reader.valid_out.val())),
            ("beat_out", hex(reader.beat_out.val().to_u64())),
            ("take_in", bit(reader.take_in.val())),
            ("idle_out", bit(reader.idle_out.val())),
        ]);
        reader.edge();
    }
    expect_file!["../../timing/host_reader.txt"].assert_eq(&picture.draw());
}
