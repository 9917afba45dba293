//! Three commands, cycle by cycle. What comes of any number of them is held in the tests of the simulation.

use expect_test::expect_file;

use super::*;
use crate::bus_arbiter::ANSWER_LATENCY;
use crate::dma_registers::{IMMEDIATE, READ, WRITE};
use crate::testbench::{Clocked, Picture, bit, cell, hex, space};

impl Clocked for CommandEngine {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Three words from host memory, then two of the command's own, whose end is said.
fn writes(caption: &'static str) -> String {
    let mut picture = Picture::new(caption, 0);
    let mut engine = CommandEngine::connected();
    for cycle in 0..14 {
        let is_first = cycle == 0;
        engine.run_in.next = true;
        engine.grant_in.next = cycle != 2;
        engine.valid_in.next = cycle < 7;
        engine.opcode_in.next = u64::from(if is_first { WRITE } else { IMMEDIATE }).into();
        engine.notify_in.next = !is_first;
        engine.tag_in.next = 5_u64.into();
        engine.bus_in.next = if is_first { 0x800_u64 } else { 0x20 }.into();
        engine.words_in.next = if is_first { 3_u64 } else { 2 }.into();
        engine.low_in.next = (0xb1_u64 << 32 | 0xb0).into();
        engine.beat_valid_in.next = (1..5).contains(&cycle);
        engine.beat_in.next = if cycle < 4 { 0xa1_u64 << 32 | 0xa0 } else { 0xa2 }.into();
        engine.notified_in.next = cycle == 12;
        engine.settle();
        let requests = engine.request_out.val();
        let told = |value: u64| hex(if requests { value } else { 0 });
        picture.cycle([
            ("valid_in", bit(engine.valid_in.val())),
            ("opcode_in", cell(engine.opcode_in.val().to_u64() as i64)),
            ("take_out", bit(engine.take_out.val())),
            ("beat_valid_in", bit(engine.beat_valid_in.val())),
            ("beat_take_out", bit(engine.beat_take_out.val())),
            space(),
            ("request_out", bit(requests)),
            ("address_out", told(engine.address_out.val().to_u64())),
            ("data_out", told(engine.data_out.val().to_u64())),
            ("grant_in", bit(engine.grant_in.val())),
            space(),
            ("release_out", bit(engine.release_out.val())),
            ("head_out", cell(engine.head_out.val().to_u64() as i64)),
            ("notify_out", bit(engine.notify_out.val())),
            ("notified_in", bit(engine.notified_in.val())),
        ]);
        engine.edge();
    }
    picture.draw()
}

/// Two words from the bus to host memory.
fn read(caption: &'static str) -> String {
    let mut picture = Picture::new(caption, 0);
    let mut engine = CommandEngine::connected();
    let granted = [4, 6];
    for cycle in 0..20 {
        engine.run_in.next = true;
        engine.valid_in.next = cycle == 0;
        engine.opcode_in.next = u64::from(READ).into();
        engine.bus_in.next = 0x800_u64.into();
        engine.words_in.next = 2_u64.into();
        engine.low_in.next = 0x40_u64.into();
        engine.granted_in.next = (3..15).contains(&cycle);
        // Nothing is granted behind a read.
        engine.grant_in.next = cycle % 2 == 0;
        let answer = granted.iter().position(|&granted| cycle == granted + ANSWER_LATENCY);
        engine.answered_in.next = answer.is_some();
        engine.answer_in.next = answer.map_or(0, |n| 0xa0 + n as u64).into();
        engine.taken_in.next = cycle == 14;
        engine.done_in.next = cycle == 18;
        engine.settle();
        let requests = engine.request_out.val();
        let address = if requests { engine.address_out.val().to_u64() } else { 0 };
        let word = if engine.word_valid_out.val() { engine.word_out.val().to_u64() } else { 0 };
        let host = if engine.end_out.val() { engine.host_out.val().to_u64() } else { 0 };
        picture.cycle([
            ("take_out", bit(engine.take_out.val())),
            ("open_out", bit(engine.open_out.val())),
            ("granted_in", bit(engine.granted_in.val())),
            space(),
            ("request_out", bit(requests)),
            ("address_out", hex(address)),
            ("grant_in", bit(engine.grant_in.val())),
            ("answered_in", bit(engine.answered_in.val())),
            space(),
            ("word_valid_out", bit(engine.word_valid_out.val())),
            ("word_out", hex(word)),
            ("end_out", bit(engine.end_out.val())),
            ("host_out", hex(host)),
            ("taken_in", bit(engine.taken_in.val())),
            ("done_in", bit(engine.done_in.val())),
            ("release_out", bit(engine.release_out.val())),
        ]);
        engine.edge();
    }
    picture.draw()
}

#[test]
fn picture() {
    let texts = [
        writes(
            "A WRITE of three words, the second of which waits for the bus; an IMMEDIATE of two, told.",
        ),
        read("A READ of two words to host address 40; its response comes in cycle 18."),
    ];
    expect_file!["../../timing/command_engine.txt"].assert_eq(&texts.join("\n"));
}
