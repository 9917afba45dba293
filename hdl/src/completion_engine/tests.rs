//! Two entries, cycle by cycle. What comes of any number of them is held in the tests of the simulation.

use expect_test::expect_file;

use super::*;
use crate::bus_arbiter::ANSWER_LATENCY;
use crate::testbench::{Clocked, Picture, bit, hex, space};

impl Clocked for CompletionEngine {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// The engine between a bus that is always free and a writer that takes two cycles.
struct Bench {
    engine: CompletionEngine,
    cycle: usize,
    owned: bool,
    holds: bool,
    /// Cycles in which reads were granted.
    granted: Vec<usize>,
    done: Option<usize>,
    begins: Option<usize>,
}

impl Bench {
    fn drive(&mut self) {
        let (engine, cycle) = (&mut self.engine, self.cycle);
        engine.run_in.next = true;
        engine.mask_in.next = 15_u64.into();
        engine.base_low_in.next = 0x1000_u64.into();
        engine.notify_in.next = cycle == 0;
        engine.notify_tag_in.next = 5_u64.into();
        engine.head_in.next = 3_u64.into();
        engine.waiting_in.next = u64::from((40..80).contains(&cycle)).into();
        engine.granted_in.next = self.owned;
        engine.grant_in.next = !self.holds;
        let answers = self.granted.iter().any(|&granted| granted + ANSWER_LATENCY == cycle);
        engine.answered_in.next = answers;
        engine.answer_in.next = if answers { 0xa0 + self.granted.len() as u64 } else { 0 }.into();
        engine.done_in.next = self.done == Some(cycle);
        engine.taken_in.next = false;
        engine.settle();
        engine.taken_in.next = engine.end_out.val();
        engine.settle();
    }

    fn edge(&mut self) {
        let (engine, cycle) = (&mut self.engine, self.cycle);
        let reads = engine.request_out.val() && engine.grant_in.val() && !engine.write_out.val();
        self.granted.extend(reads.then_some(cycle));
        self.holds = reads;
        if engine.granted_in.val() && self.begins.is_none() {
            self.begins = Some(cycle);
        }
        if engine.end_out.val() {
            let took = cycle - self.begins.take().unwrap();
            let is_copy = !self.granted.is_empty();
            assert_eq!(took, if is_copy { COPY_LATENCY } else { SAY_LATENCY }, "latency");
            self.done = Some(cycle + 4);
        }
        self.owned = (self.owned || engine.open_out.val()) && !engine.end_out.val();
        engine.edge();
        self.cycle += 1;
    }

    fn draw(&self, picture: &mut Picture) {
        let engine = &self.engine;
        let requests = engine.request_out.val();
        let address = if requests { engine.address_out.val().to_u64() } else { 0 };
        let valid = engine.word_valid_out.val();
        let word = if valid { engine.word_out.val().to_u64() } else { 0 };
        let host = if engine.end_out.val() { engine.host_out.val().to_u64() } else { 0 };
        picture.cycle([
            ("notify_in", bit(engine.notify_in.val())),
            ("notified_out", bit(engine.notified_out.val())),
            ("waiting_in", hex(engine.waiting_in.val().to_u64())),
            ("open_out", bit(engine.open_out.val())),
            ("granted_in", bit(engine.granted_in.val())),
            space(),
            ("request_out", bit(requests)),
            ("write_out", bit(engine.write_out.val())),
            ("address_out", hex(address)),
            ("grant_in", bit(engine.grant_in.val())),
            ("answered_in", bit(engine.answered_in.val())),
            space(),
            ("word_valid_out", bit(valid)),
            ("word_out", hex(word)),
            ("end_out", bit(engine.end_out.val())),
            ("host_out", hex(host)),
            ("done_in", bit(engine.done_in.val())),
            ("written_out", bit(engine.written_out.val())),
            ("tail_out", hex(engine.tail_out.val().to_u64())),
        ]);
    }
}

#[test]
fn picture() {
    let mut bench = Bench {
        engine: CompletionEngine::connected(),
        cycle: 0,
        owned: false,
        holds: false,
        granted: Vec::new(),
        done: None,
        begins: None,
    };
    let parts = [
        ("A command is done: its entry is begun,", 0, 6),
        ("and says tag 5, kind 2 with COMMAND_HEAD 3, sequence 1.", 15, 10),
        ("A completion is copied, word by word.", 40, 12),
        ("All thirteen are here, so it is popped, by a write to 29.", 64, 9),
        ("The entry is whole, and then in host memory.", 74, 9),
    ];
    let texts = parts.map(|(caption, first, cycles)| {
        let mut picture = Picture::new(caption, first);
        while bench.cycle < first + cycles {
            bench.drive();
            if bench.cycle >= first {
                bench.draw(&mut picture);
            }
            bench.edge();
        }
        picture.draw()
    });
    expect_file!["../../timing/completion_engine.txt"].assert_eq(&texts.join("\n"));
}
