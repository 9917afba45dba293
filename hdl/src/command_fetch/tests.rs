//! A command, cycle by cycle. What comes of any number of them is held in the tests of the simulation.

use expect_test::expect_file;

use super::*;
use crate::dma_registers::WRITE;
use crate::testbench::{Clocked, Picture, bit, cell, hex, space};

impl Clocked for CommandFetch {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

#[test]
fn picture() {
    let parts = [
        ("Command 0 of the ring at 2000 is fetched.", 0, 10),
        ("It is a WRITE of 40 words from 1038 on, which are 20 beats in two lines.", 17, 8),
    ];
    let mut fetch = CommandFetch::connected();
    let beats = [u64::from(WRITE), 40, 0x1038, 0];
    let last = 7;
    let mut cycle = 0;
    let mut texts = Vec::new();
    for (caption, first, cycles) in parts {
        let mut picture = Picture::new(caption, first);
        while cycle < first + cycles {
            fetch.run_in.next = true;
            fetch.base_low_in.next = 0x2000_u64.into();
            fetch.mask_in.next = 15_u64.into();
            fetch.tail_in.next = 1_u64.into();
            let beat = cycle.checked_sub(last - 3).and_then(|n| beats.get(n));
            fetch.beat_valid_in.next = beat.is_some();
            fetch.beat_in.next = beat.copied().unwrap_or(0).into();
            fetch.grant_in.next = cycle != 19;
            fetch.take_in.next = cycle == 20;
            fetch.settle();
            if cycle == last + DECODE_LATENCY {
                assert!(fetch.valid_out.val(), "latency");
            }
            if cycle >= first {
                let requests = fetch.request_out.val();
                let address = if requests { fetch.address_out.val().to_u64() } else { 0 };
                let length = if requests { fetch.length_out.val().to_u64() as i64 } else { 0 };
                picture.cycle([
                    ("tail_in", cell(fetch.tail_in.val().to_u64() as i64)),
                    ("request_out", bit(requests)),
                    ("address_out", hex(address)),
                    ("length_out", cell(length)),
                    ("command_out", bit(fetch.command_out.val())),
                    ("grant_in", bit(fetch.grant_in.val())),
                    ("beat_valid_in", bit(fetch.beat_valid_in.val())),
                    ("beat_in", hex(fetch.beat_in.val().to_u64())),
                    space(),
                    ("valid_out", bit(fetch.valid_out.val())),
                    ("opcode_out", cell(fetch.opcode_out.val().to_u64() as i64)),
                    ("words_out", cell(fetch.words_out.val().to_u64() as i64)),
                    ("low_out", hex(fetch.low_out.val().to_u64())),
                    ("take_in", bit(fetch.take_in.val())),
                ]);
            }
            fetch.edge();
            cycle += 1;
        }
        texts.push(picture.draw());
    }
    expect_file!["../../timing/command_fetch.txt"].assert_eq(&texts.join("\n"));
}
