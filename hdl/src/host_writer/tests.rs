//! A burst, cycle by cycle. What comes of any number of them is held in the tests of the simulation.

use expect_test::expect_file;

use super::*;
use crate::testbench::{Clocked, Picture, bit, cell, hex, space};

impl Clocked for HostWriter {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

#[test]
fn picture() {
    let caption =
        "Client 1 puts three words, with a gap before the last one; the memory makes a beat wait.";
    let mut picture = Picture::new(caption, 0);
    let mut writer = HostWriter::connected();
    for cycle in 0..16 {
        writer.open_in[1].next = cycle < 2;
        writer.word_valid_in[1].next = matches!(cycle, 2 | 3 | 5);
        writer.word_in[1].next = [0xa0_u64, 0xa1, 0, 0xa2][(cycle.max(2) - 2).min(3)].into();
        writer.end_in[1].next = cycle == 6;
        writer.address_in[1].next = if cycle == 6 { 0x40_u64 } else { 0 }.into();
        writer.awready_in.next = true;
        writer.wready_in.next = cycle != 9;
        writer.bvalid_in.next = cycle == 13;
        writer.settle();
        let data = writer.wdata_out.val().to_u64();
        picture.cycle([
            ("open_in[1]", bit(writer.open_in[1].val())),
            ("granted_out[1]", bit(writer.granted_out[1].val())),
            ("word_valid_in[1]", bit(writer.word_valid_in[1].val())),
            ("word_in[1]", hex(writer.word_in[1].val().to_u64())),
            ("end_in[1]", bit(writer.end_in[1].val())),
            ("address_in[1]", hex(writer.address_in[1].val().to_u64())),
            ("taken_out[1]", bit(writer.taken_out[1].val())),
            ("done_out[1]", bit(writer.done_out[1].val())),
            space(),
            ("awvalid_out", bit(writer.awvalid_out.val())),
            ("awaddr_out", hex(writer.awaddr_out.val().to_u64())),
            ("awlen_out", cell(writer.awlen_out.val().to_u64() as i64)),
            ("wvalid_out", bit(writer.wvalid_out.val())),
            ("wdata_out, low", hex(data & 0xffff_ffff)),
            ("wdata_out, high", hex(data >> 32)),
            ("wstrb_out", hex(writer.wstrb_out.val().to_u64())),
            ("wlast_out", bit(writer.wlast_out.val())),
            ("wready_in", bit(writer.wready_in.val())),
            ("bvalid_in", bit(writer.bvalid_in.val())),
            ("idle_out", bit(writer.idle_out.val())),
        ]);
        writer.edge();
    }
    expect_file!["../../timing/host_writer.txt"].assert_eq(&picture.draw());
}
