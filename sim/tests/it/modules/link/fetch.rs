//! The fetch between a ring in host memory, a reader and an engine.

use std::collections::VecDeque;

use gemmine_hdl::command_fetch::CommandFetch;
use gemmine_hdl::dma_registers::{
    COMMANDS_AHEAD, IMMEDIATE, READS_IN_FLIGHT, RING_ALIGN, RING_SIZE_MAX, RING_SIZE_MIN, WRITE,
};

use super::plain::{Decoded, write_bursts};
use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Pace, Wires};
use crate::stimulus::Random;

/// A read in flight: the beats of a command that are to come, or none where it is another's.
struct Read {
    beats: VecDeque<(u64, bool)>,
}

/// What is around the fetch, from one reset to the next.
struct Around {
    random: Random,
    grant: Pace,
    answer: Pace,
    take: Pace,
    work: Pace,
    covered: Covered,
    // The ring, and the host
    base: u64,
    size: u32,
    /// Commands up to the tail, and whether each can be read.
    commands: Vec<([u32; 8], bool)>,
    // What was asked for
    reads: VecDeque<Read>,
    fetched: usize,
    asks: VecDeque<(u64, u64)>,
    // What was shown
    shown: usize,
    stands: Option<Decoded>,
    /// The command that the engine has, and whether it still needs its words.
    works: Option<Decoded>,
    done: usize,
    halting: u64,
    stopped: bool,
    stop_left: u64,
    run_left: u64,
    clear_left: u64,
}

impl Around {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            grant: Pace::new(&[1, 1, 3, 15]),
            answer: Pace::new(&[1, 2, 6]),
            take: Pace::new(&[1, 2, 20]),
            work: Pace::new(&[1, 10, 80]),
            covered: Covered::default(),
            base: 0,
            size: 0,
            commands: Vec::new(),
            reads: VecDeque::new(),
            fetched: 0,
            asks: VecDeque::new(),
            shown: 0,
            stands: None,
            works: None,
            done: 0,
            halting: 0,
            stopped: false,
            stop_left: 0,
            run_left: 0,
            clear_left: 20,
        }
    }

    fn ring_entries(&self) -> usize {
        1 << self.size.clamp(RING_SIZE_MIN, RING_SIZE_MAX)
    }

    /// A command that is right, or wrong somewhere, and may not be readable.
    fn command(&mut self) -> ([u32; 8], bool) {
        let random = &mut self.random;
        let mut words = [0; 8].map(|_: u32| random.next() as u32);
        let opcode = 1 + random.below(3) as u32;
        let most = if opcode == IMMEDIATE { 4 } else { [4, 40, 200][random.below(3) as usize] };
        words[0] = words[0] & 0xffff_fff0 | opcode;
        words[1] &= 0xb_ffff;
        words[2] = 1 + random.below(most) as u32;
        if opcode != IMMEDIATE {
            words[4] &= !7;
        }
        if random.one_in(25) {
            match random.below(7) {
                0 => words[0] = words[0] & !15 | (4 + random.below(12) as u32),
                1 => words[0] &= !15,
                2 => words[1] |= 1 << (20 + random.below(12)),
                3 => words[2] |= 1 << (18 + random.below(14)),
                4 => words[2] = 0,
                5 => words[4] |= 1 << random.below(3),
                // Just over the end of its part of the bus, or just not.
                _ => words[1] = (words[1] | 0x3_ffff) - words[2] + 1 + random.below(2) as u32,
            }
        }
        (words, !random.one_in(80))
    }

    /// A reset, and what the host does behind it.
    fn begin(&mut self) {
        let random = &mut self.random;
        self.base = random.next() & ((1 << 42) - RING_ALIGN);
        self.size = random.below(16) as u32;
        // Small rings go round.
        if !random.one_in(8) {
            self.size = RING_SIZE_MIN;
        }
        self.commands.clear();
        (self.fetched, self.shown, self.done) = (0, 0, 0);
        (self.asks, self.stands, self.works) = (VecDeque::new(), None, None);
        (self.halting, self.stopped) = (0, false);
    }

    /// The host puts commands behind the others, and rings the doorbell.
    fn put(&mut self) {
        let room = self.done + self.ring_entries() - self.commands.len();
        let count = self.random.below(6).min(room as u64);
        for _ in 0..count {
            let command = self.command();
            self.commands.push(command);
        }
    }

    /// What was asked of the reader.
    fn check_request(&mut self, wires: &Wires) {
        let (address, length) = (wires.get("address_out"), wires.get("length_out") + 1);
        if !wires.is("command_out") {
            assert_eq!(Some((address, length)), self.asks.pop_front(), "beats of a WRITE");
            self.covered.count("bursts of a WRITE", true);
            self.reads.push_back(Read { beats: VecDeque::new() });
            return;
        }
        let place = self.fetched % self.ring_entries();
        assert_eq!((address, length), (self.base + 32 * place as u64, 4), "{}", self.fetched);
        let ahead = self.fetched - self.shown;
        assert!(ahead < COMMANDS_AHEAD, "{ahead} commands ahead");
        let (words, readable) = *self.commands.get(self.fetched).expect("behind the tail");
        let fails_at = self.random.below(4);
        let beats = words.as_chunks::<2>().0.iter().zip(0..);
        let beat = |([low, high], n): (&[u32; 2], u64)| {
            (u64::from(*low) | u64::from(*high) << 32, !readable && n == fails_at)
        };
        self.reads.push_back(Read { beats: beats.map(beat).collect() });
        self.fetched += 1;
        self.covered.count("the ring goes round", place == 0 && self.fetched > 1);
        self.covered.count("as far ahead as it goes", ahead == COMMANDS_AHEAD - 1);
    }

    /// What is shown to the engine.
    fn check_shown(&mut self, wires: &Wires) {
        let shows = wires.is("valid_out");
        assert!(shows || self.stands.is_none(), "a command that goes away");
        if shows && self.stands.is_none() {
            let (words, readable) = self.commands[self.shown];
            let command = Decoded::of(&words, !readable);
            self.shown += 1;
            self.stands = Some(command);
            assert!(self.asks.is_empty(), "the WRITE before is not asked for");
            if command.error == 0 && command.opcode == u64::from(WRITE) {
                self.asks = write_bursts(command.low, command.words).into();
            }
            self.covered.count("shown", true);
            self.covered.count("wrong opcodes", command.error == 1);
            self.covered.count("out of range", command.error == 2);
            self.covered.count("not read", command.error == 3);
        }
        if let Some(command) = self.stands {
            let shown = Decoded {
                error: wires.get("error_out"),
                opcode: wires.get("opcode_out"),
                notify: wires.get("notify_out"),
                tag: wires.get("tag_out"),
                bus: wires.get("bus_out"),
                words: wires.get("words_out"),
                low: wires.get("low_out"),
                high: wires.get("high_out"),
            };
            assert_eq!(shown, command, "command {}", self.shown - 1);
        }
        if let Some(command) = self.works.filter(|command| command.opcode != u64::from(WRITE)) {
            let words = (wires.get("low_out"), wires.get("high_out"));
            assert_eq!(words, (command.low, command.high), "they are to stand");
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        let random = &mut self.random;
        if self.run_left == 0 && random.one_in(400) {
            self.run_left = random.below(60);
        }
        self.run_left = self.run_left.saturating_sub(1);
        // The engine halts two cycles behind a command that is wrong; others do at any time.
        self.halting = self.halting.saturating_sub(1);
        let halts = self.halting == 1 || random.one_in(3000);
        if halts && !self.stopped {
            (self.stopped, self.stop_left) = (true, random.below(60));
        }
        let over = self.stopped && self.stop_left == 0;
        self.stop_left = self.stop_left.saturating_sub(1);
        if self.clear_left == 0 && (over || random.one_in(3000)) {
            self.clear_left = 17;
            self.covered.count("resets with reads in flight", !self.reads.is_empty());
        }
        let clears = self.clear_left > 0;
        if !clears && self.random.one_in(25) {
            self.put();
        }
        let random = &mut self.random;
        wires.set("run_in", self.run_left == 0 && !clears);
        wires.set("stop_in", self.stopped);
        wires.set("clear_in", clears);
        wires.set("base_low_in", self.base & 0xffff_ffc0 | random.below(64));
        wires.set("base_high_in", self.base >> 32);
        wires.set("mask_in", (1_u64 << self.size.clamp(RING_SIZE_MIN, RING_SIZE_MAX)) - 1);
        wires.set("tail_in", self.commands.len() as u64);
        wires.set("grant_in", false);
        wires.set("take_in", false);
        let goes = self.answer.goes(random);
        let beat = self.reads.front_mut().filter(|_| goes).and_then(|read| read.beats.pop_front());
        let (value, fails) = beat.unwrap_or((random.next(), random.one_in(2)));
        wires.set("beat_valid_in", beat.is_some());
        wires.set("beat_in", value);
        wires.set("beat_error_in", fails);
        if goes && self.reads.front().is_some_and(|read| read.beats.is_empty()) {
            self.reads.pop_front();
        }
        let works = self.works.is_some_and(|command| command.error == 0);
        let done = works && self.work.goes(random);
        wires.set("release_in", done);
    }

    fn answer(&mut self, wires: &mut Wires) {
        let random = &mut self.random;
        let free = self.reads.len() < READS_IN_FLIGHT && !wires.is("clear_in");
        let grants = free && wires.is("request_out") && self.grant.goes(random);
        wires.set("grant_in", grants);
        let idle = self.works.is_none() && !self.stopped && wires.is("run_in");
        wires.set("take_in", idle && wires.is("valid_out") && self.take.goes(random));
    }

    fn see(&mut self, wires: &Wires) {
        // Behind a command that is wrong another one may be shown, which nobody takes.
        if self.halting == 0 && !self.stopped {
            self.check_shown(wires);
        }
        assert!(!(self.stopped && wires.is("request_out")), "a request when halted");
        if wires.is("grant_in") {
            self.check_request(wires);
        }
        if wires.is("release_in") {
            self.works = None;
            self.done += 1;
        }
        if wires.is("take_in") {
            self.works = self.stands.take();
            if self.works.is_some_and(|command| command.error != 0) {
                self.halting = 3;
            }
            self.covered.count("taken", true);
        }
        if wires.is("clear_in") {
            if self.clear_left > 1 || self.reads.is_empty() {
                self.clear_left -= 1;
            }
            self.begin();
        }
    }
}

#[test]
fn command_fetch() {
    let mut around = Around::new(67);
    check_driven::<CommandFetch>("command_fetch", 60_000, &mut around);
    around.covered.check(&[
        ("as far ahead as it goes", 300),
        ("bursts of a WRITE", 300),
        ("not read", 10),
        ("out of range", 20),
        ("resets with reads in flight", 20),
        ("shown", 1000),
        ("taken", 1000),
        ("the ring goes round", 30),
        ("wrong opcodes", 10),
    ]);
}
