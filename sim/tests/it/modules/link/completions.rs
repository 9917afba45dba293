//! The completion engine between the accelerator's queue, the bus, a writer and a command engine.

use std::collections::VecDeque;

use gemmine_hdl::completion_engine::CompletionEngine;
use gemmine_hdl::dma_registers as map;
use gemmine_hdl::registers::{COMPLETION_WORDS, COMPLETIONS, POP, QUEUE, RESET};

use super::sides::{Access, BusSide, WriterSide};
use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Pace, Wires};
use crate::stimulus::Random;

/// Cycles from the grant of a write to POP or RESET to the queue without its completions.
const QUEUE_LATENCY: u64 = 5;
const PLACES: u64 = QUEUE as u64;

/// The entry that is made.
#[derive(Default)]
struct Making {
    /// The oldest completion when the first word was read.
    completion: Option<[u32; 16]>,
    /// RESET came in between.
    stale: bool,
    /// Words of the bus that it has.
    read: Vec<u32>,
    words: usize,
    head: u64,
    tag: Option<u64>,
}

/// What is around the engine.
struct Around {
    random: Random,
    bus: BusSide,
    writer: WriterSide,
    complete: Pace,
    finish: Pace,
    consume: Pace,
    covered: Covered,
    // The accelerator
    queue: VecDeque<[u32; 16]>,
    made: u32,
    entry: u64,
    /// When a pop or a reset, true, is done.
    pending: VecDeque<(u64, bool)>,
    cycle: u64,
    // The command engine
    notify: Option<u64>,
    /// Entries that were begun while it waits.
    passed: usize,
    head: u64,
    // The host
    base: u64,
    mask: u64,
    consumed: u64,
    // The engine
    making: Making,
    /// A completion is copied and not popped.
    copied: bool,
    in_flight: Option<u32>,
    index: u64,
    told: bool,
    opens: bool,
    /// 0: it runs; else why not.
    error: u64,
    stop_left: u64,
    run_left: u64,
    clear_left: u64,
}

impl Around {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            bus: BusSide::new(&[1, 1, 2, 6]),
            writer: WriterSide::new(40),
            complete: Pace::new(&[10, 60, 300]),
            finish: Pace::new(&[10, 60, 300]),
            consume: Pace::new(&[40, 40, 800]),
            covered: Covered::default(),
            queue: VecDeque::new(),
            made: 0,
            entry: 0,
            pending: VecDeque::new(),
            cycle: 0,
            notify: None,
            passed: 0,
            head: 0,
            base: 0x12_3456_7840,
            mask: 15,
            consumed: 0,
            making: Making::default(),
            copied: false,
            in_flight: None,
            index: 0,
            told: false,
            opens: false,
            error: 0,
            stop_left: 0,
            run_left: 0,
            clear_left: 0,
        }
    }

    /// The accelerator: pops and resets arrive, tiles complete.
    fn accelerator(&mut self) {
        while let Some(&(_, resets)) = self.pending.front().filter(|(due, _)| *due <= self.cycle) {
            self.pending.pop_front();
            if resets {
                self.queue.clear();
                self.entry = 0;
            } else {
                self.queue.pop_front().expect("a pop of nothing");
                self.entry = (self.entry + 1) % PLACES;
            }
        }
        let resets = self.pending.iter().any(|&(_, resets)| resets);
        let room = (self.queue.len() as u64) < PLACES && !resets;
        if room && self.complete.goes(&mut self.random) {
            let place = (self.entry + self.queue.len() as u64) % PLACES;
            let completion = [0; 16].map(|_: u32| self.random.next() as u32);
            for (n, &word) in (0..).zip(&completion) {
                let address = u64::from(COMPLETIONS) + place * u64::from(COMPLETION_WORDS) + n;
                self.bus.words.insert(address, word);
            }
            self.queue.push_back(completion);
            self.made += 1;
        }
    }

    fn see_bus(&mut self, wires: &Wires) {
        let first = u64::from(COMPLETIONS) + self.entry * u64::from(COMPLETION_WORDS);
        match self.bus.see(wires) {
            Some(Access::Read { address }) => {
                let n = self.making.read.len() as u64;
                if n == 0 {
                    self.making.completion = self.queue.front().copied();
                }
                if !self.making.stale {
                    let skipped = if n < map::ENTRY_HEAD_WORDS as u64 { n } else { n + 3 };
                    assert_eq!(address, first + skipped, "word {n} of a completion");
                }
                self.making.read.push(self.bus.word(address));
                self.copied = self.making.read.len() == 13 && !self.making.stale;
            }
            Some(Access::Write { address, word }) => {
                assert_eq!((address, word), (u64::from(POP), 1));
                assert!(self.copied, "a pop of what is not copied, or gone");
                self.copied = false;
                self.pending.push_back((self.cycle + QUEUE_LATENCY, false));
                self.covered.count("pops", true);
            }
            None => {}
        }
    }

    /// An entry is whole.
    fn check_entry(&mut self, host: u64, words: &[u32]) {
        let making = std::mem::take(&mut self.making);
        assert_eq!(host, self.base + 64 * (self.index & self.mask), "entry {}", self.index);
        let words: [u32; 16] = words.try_into().expect("16 words");
        let kind = words[14] >> 24;
        assert_eq!(words[14] & 0xff_ffff, making.head as u32, "the head of then");
        assert_eq!(words[15], self.index as u32 + 1, "sequence");
        let mut want = [0; 16];
        match kind {
            map::KIND_COMPLETION => {
                want[..13].copy_from_slice(&making.read);
                let is_whole = making.completion.is_some_and(|it| map::entry_of(&it) == want);
                assert!(making.stale || is_whole, "{words:x?} of {:x?}", making.completion);
                self.covered.count("completions", true);
                self.covered.count("completions that a reset drops", making.stale);
            }
            map::KIND_NOTIFY => {
                want[13] = making.tag.expect("a command that is done") as u32;
                self.covered.count("ends of commands", true);
            }
            _ => {
                assert_eq!(kind, map::KIND_HALTED);
                assert!(self.error != 0 && self.error != 4 && !self.told, "not halted");
                want[0] = self.status();
                self.covered.count("halts", true);
            }
        }
        assert_eq!(words[..14], want[..14], "kind {kind}");
        self.in_flight = Some(kind);
    }

    fn status(&self) -> u32 {
        2 | (self.error as u32) << 4 | 0x77 << 16
    }

    fn check_response(&mut self, wires: &Wires) {
        let done = self.in_flight.take_if(|_| wires.is("done_in"));
        let fails = wires.is("write_error_in");
        assert_eq!(wires.is("error_out"), done.is_some() && fails, "error");
        let announces = done.is_some_and(|kind| !fails && kind != map::KIND_HALTED);
        assert_eq!(wires.is("written_out"), announces, "written");
        assert_eq!(wires.get("tail_out"), self.index & 0xffff, "tail");
        assert_eq!(wires.is("halt_told_out"), self.told, "told");
        if let Some(kind) = done {
            self.index += u64::from(!fails);
            self.told |= kind == map::KIND_HALTED;
            self.covered.count("entries that were not written", fails);
            if fails && self.error == 0 {
                (self.error, self.stop_left) = (4, self.random.below(200));
            }
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        self.cycle += 1;
        self.accelerator();
        let random = &mut self.random;
        if self.run_left == 0 && random.one_in(600) {
            self.run_left = random.below(90);
        }
        self.run_left = self.run_left.saturating_sub(1);
        if self.error == 0 && random.one_in(700) {
            (self.error, self.stop_left) = (1 + random.below(4), 60 + random.below(200));
        }
        let over = self.error != 0 && self.stop_left == 0;
        self.stop_left = self.stop_left.saturating_sub(1);
        if self.clear_left == 0 && (over || random.one_in(1500)) {
            self.clear_left = 17;
        }
        if self.notify.is_none() && self.finish.goes(random) {
            (self.notify, self.passed) = (Some(random.below(1 << 16)), 0);
        }
        if random.one_in(20) {
            self.head = (self.head + 1) & 0xffff;
        }
        if self.consume.goes(random) {
            self.consumed += random.below(1 + self.index - self.consumed);
        }
        let clears = self.clear_left > 0;
        wires.set("run_in", self.run_left == 0 && !clears);
        wires.set("stop_in", self.error != 0);
        wires.set("clear_in", clears);
        wires.set("waiting_in", self.queue.len() as u64);
        // The host writes RESET, or the other side of AXI is in reset.
        wires.set("accelerator_reset_in", random.one_in(400));
        wires.set("notify_in", self.notify.is_some() && !clears);
        wires.set("notify_tag_in", self.notify.unwrap_or(random.below(1 << 16)));
        wires.set("halt_in", self.error != 0 && self.error != 4);
        wires.set("status_in", self.status());
        wires.set("head_in", self.head);
        wires.set("base_low_in", self.base & 0xffff_ffc0 | self.random.below(64));
        wires.set("base_high_in", self.base >> 32);
        wires.set("mask_in", self.mask);
        wires.set("consumed_in", self.consumed & 0xffff);
        self.bus.drive(&mut self.random, wires);
        self.writer.drive(&mut self.random, wires);
    }

    fn answer(&mut self, wires: &mut Wires) {
        self.bus.answer(&mut self.random, wires);
        if wires.is("accelerator_reset_in") {
            wires.set("grant_in", false);
        }
        self.writer.answer(&mut self.random, wires);
    }

    fn see(&mut self, wires: &Wires) {
        self.check_response(wires);
        let opens = wires.is("open_out");
        if opens && !self.opens {
            let given = self.index - self.consumed;
            assert!(given <= self.mask, "entry {} is not given back", self.index);
            self.passed += 1;
            assert!(self.notify.is_none() || self.passed <= 2, "others go first, always");
            self.making.stale = false;
        }
        self.opens = opens;
        if wires.is("word_valid_out") {
            self.making.words += 1;
            if self.making.words == 15 {
                self.making.head = self.head;
            }
        }
        self.see_bus(wires);
        if let Some((host, words)) = self.writer.see(&mut self.random, wires) {
            self.check_entry(host, &words);
        }
        if wires.is("notified_out") {
            let tag = self.notify.take().expect("a command that is done");
            self.making.tag = Some(tag);
        }
        let full = self.index - self.consumed > self.mask;
        self.covered.count("the ring is full", full);
        if wires.is("accelerator_reset_in") {
            (self.making.stale, self.copied) = (true, false);
            self.pending.retain(|&(_, resets)| resets);
            self.pending.push_back((self.cycle + 3, true));
            self.covered.count("resets of the accelerator", true);
        }
        if wires.is("clear_in") {
            self.covered.count("resets of an entry in work", wires.is("busy_out"));
            (self.making, self.index, self.consumed) = (Making::default(), 0, 0);
            self.copied = false;
            (self.told, self.error, self.notify, self.in_flight) = (false, 0, None, None);
            if self.clear_left > 1 || self.writer.idle() {
                self.clear_left -= 1;
            }
        }
    }
}

#[test]
fn completion_engine() {
    let mut around = Around::new(69);
    check_driven::<CompletionEngine>("completion_engine", 80_000, &mut around);
    assert!(around.made as usize >= around.covered.times("pops"));
    around.covered.check(&[
        ("completions", 300),
        ("completions that a reset drops", 20),
        ("ends of commands", 300),
        ("entries that were not written", 30),
        ("halts", 30),
        ("pops", 300),
        ("resets of an entry in work", 30),
        ("resets of the accelerator", 100),
        ("the ring is full", 300),
    ]);
    assert_eq!(RESET, 40, "the arbiter says when it is written");
}
