//! The command engine between a fetch, a reader, the bus, a writer and a completion engine.

use std::collections::VecDeque;

use gemmine_hdl::command_engine::CommandEngine;
use gemmine_hdl::dma_registers::{DmaError, IMMEDIATE, READ, WRITE};

use super::plain::{Decoded, bursts, write_bursts};
use super::sides::{Access, BusSide, WriterSide};
use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Pace, Wires};
use crate::stimulus::Random;

/// What a command does, in order, and how it ends: by a plain function of it and of the bus' words.
#[derive(Default)]
struct Work {
    command: Decoded,
    accesses: VecDeque<Access>,
    bursts: VecDeque<(u64, Vec<u32>)>,
    error: u64,
    /// A write of host memory has failed, so the rest of its bursts may never be.
    refused: bool,
}

impl Work {
    fn of(command: Decoded, beats: &[(u64, bool)], bus: &BusSide) -> Self {
        let Decoded { error, opcode, words, low, high, .. } = command;
        let mut work = Self { command, error, ..Self::default() };
        if error != 0 {
            return work;
        }
        let halves = |pair: u64| [pair as u32, (pair >> 32) as u32];
        let places = (0..words).map(|n| (command.bus + n) & 0xf_ffff);
        if opcode == u64::from(READ) {
            work.accesses = places.clone().map(|address| Access::Read { address }).collect();
            let mut read = places.map(|address| bus.word(address));
            for (address, words) in bursts(low, words, 4) {
                work.bursts.push_back((address, read.by_ref().take(words as usize).collect()));
            }
            return work;
        }
        let moved: Vec<u32> = match opcode == u64::from(WRITE) {
            true => {
                let good = beats.iter().position(|&(_, fails)| fails);
                work.error = good.map_or(0, |_| DmaError::Read as u64);
                let good = &beats[..good.unwrap_or(beats.len())];
                good.iter().flat_map(|&(beat, _)| halves(beat)).collect()
            }
            false => [low, high].into_iter().flat_map(halves).collect(),
        };
        let writes = places.zip(moved);
        work.accesses = writes.map(|(address, word)| Access::Write { address, word }).collect();
        work
    }
}

/// What is around the engine.
struct Around {
    random: Random,
    fetch: Pace,
    reader: Pace,
    say: Pace,
    bus: BusSide,
    writer: WriterSide,
    covered: Covered,
    // What is offered
    offered: Option<Decoded>,
    beats: VecDeque<(u64, bool)>,
    beat_stands: bool,
    /// Its beats, for the plain function.
    all: Vec<(u64, bool)>,
    // What is in work, and what became of it
    work: Option<Work>,
    release: bool,
    head: u64,
    tags: VecDeque<u64>,
    stopped: bool,
    stop_left: u64,
    run_left: u64,
    clear_left: u64,
}

impl Around {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            fetch: Pace::new(&[1, 2, 12]),
            reader: Pace::new(&[1, 1, 2, 9]),
            say: Pace::new(&[1, 8, 40]),
            bus: BusSide::new(&[1, 1, 2, 7]),
            writer: WriterSide::new(10),
            covered: Covered::default(),
            offered: None,
            beats: VecDeque::new(),
            beat_stands: false,
            all: Vec::new(),
            work: None,
            release: true,
            head: 0,
            tags: VecDeque::new(),
            stopped: false,
            stop_left: 0,
            run_left: 0,
            clear_left: 0,
        }
    }

    /// Another command, and the beats that it will need.
    fn command(&mut self) -> Decoded {
        let random = &mut self.random;
        let opcode = 1 + random.below(3);
        let words = match random.below(8) {
            _ if opcode == u64::from(IMMEDIATE) => 1 + random.below(4),
            0 => 1 + random.below(100),
            _ => 1 + random.below(9),
        };
        let decoded = Decoded {
            error: if random.one_in(15) { 1 + random.below(3) } else { 0 },
            opcode,
            notify: random.below(2),
            tag: random.below(1 << 16),
            bus: random.below(1 << 10) | random.below(4) << 18,
            words,
            low: random.next(),
            high: random.next(),
        };
        let is_immediate = opcode == u64::from(IMMEDIATE);
        let low = if is_immediate { decoded.low } else { decoded.low & !7 };
        self.all = Vec::new();
        if opcode == u64::from(WRITE) && decoded.error == 0 {
            let fails_at = random.one_in(5).then(|| random.below(words));
            let beats: u64 = write_bursts(low, words).iter().map(|&(_, beats)| beats).sum();
            let beat = |n: u64| (random.next(), fails_at == Some(n));
            self.all = (0..beats).map(beat).collect();
            self.beats.extend(&self.all);
        }
        Decoded { low, ..decoded }
    }

    /// Shows what is offered; where nothing is, what may be anything is anything.
    fn offer(&mut self, wires: &mut Wires) {
        let waits = self.offered.is_none() && self.release && !self.stopped;
        if waits && self.clear_left == 0 && self.fetch.goes(&mut self.random) {
            self.offered = Some(self.command());
        }
        let random = &mut self.random;
        let shown = self.offered.unwrap_or(Decoded {
            error: random.below(5),
            opcode: random.below(4),
            notify: random.below(2),
            tag: random.below(1 << 16),
            bus: random.below(1 << 20),
            words: random.below(1 << 18),
            low: random.next(),
            high: random.next(),
        });
        wires.set("valid_in", self.offered.is_some());
        wires.set("error_in", shown.error);
        wires.set("opcode_in", shown.opcode);
        wires.set("notify_in", shown.notify);
        wires.set("tag_in", shown.tag);
        wires.set("bus_in", shown.bus);
        wires.set("words_in", shown.words);
        // They stand for the command in work, where it is no WRITE.
        let held = self.work.as_ref().map(|work| work.command);
        let held = held.filter(|command| command.opcode != u64::from(WRITE)).unwrap_or(shown);
        wires.set("low_in", held.low);
        wires.set("high_in", held.high);
    }

    /// The outputs that say how it is.
    fn check_state(&mut self, wires: &Wires) {
        let error = wires.get("error_out");
        let work = self.work.as_ref().filter(|_| error == 0);
        let command = work.map(|work| work.command).unwrap_or_default();
        let moved = work.is_some_and(|work| work.accesses.is_empty() && work.error == 0);
        let blocked = wires.is("blocked_out");
        let may_block = moved && command.notify == 1 && !self.tags.is_empty();
        assert!(!blocked || may_block, "blocked without a reason");
        assert_eq!(wires.is("busy_out"), work.is_some() || !self.tags.is_empty(), "busy");
        assert_eq!(wires.is("active_out"), work.is_some() && !blocked, "active");
        assert_eq!(wires.is("notify_out"), !self.tags.is_empty(), "notify");
        assert_eq!(wires.get("head_out"), self.head, "head");
        assert_eq!(wires.is("release_out"), wires.is("done_event_out"), "release");
        let requests = wires.is("request_out");
        assert_eq!(wires.is("bus_stall_out"), requests && !wires.is("grant_in"), "bus stall");
        let is_write = work.is_some() && command.opcode == u64::from(WRITE);
        let stalls = is_write && !moved && !wires.is("beat_valid_in");
        assert_eq!(wires.is("read_stall_out"), stalls, "read stall");
        self.covered.count("blocked", blocked);
        self.covered.count("bus stalls", wires.is("bus_stall_out"));
        self.covered.count("read stalls", stalls);
    }

    fn check_end(&mut self, wires: &Wires) {
        if wires.is("done_event_out") {
            let work = self.work.take().expect("a command in work");
            assert_eq!(work.error, 0, "it was to fail");
            assert!(work.accesses.is_empty() && work.bursts.is_empty(), "it is not done");
            assert!(work.command.opcode != u64::from(READ) || self.writer.idle(), "no response");
            self.head = (self.head + 1) & 0xffff;
            self.release = true;
            if work.command.notify == 1 {
                self.tags.push_back(work.command.tag);
                assert!(self.tags.len() < 2, "one end at a time is said");
            }
            self.covered.count("WRITE", work.command.opcode == u64::from(WRITE));
            self.covered.count("READ", work.command.opcode == u64::from(READ));
            self.covered.count("IMMEDIATE", work.command.opcode == u64::from(IMMEDIATE));
            self.covered.count("of several bursts", work.command.words > 64);
        }
        let error = wires.get("error_out");
        if error != 0 && !self.stopped {
            let work = self.work.as_ref().expect("a command in work");
            let refused = if work.refused { DmaError::Write as u64 } else { 0 };
            assert_eq!(error, if work.error != 0 { work.error } else { refused }, "error");
            self.covered.count("wrong from the start", work.command.error != 0);
            self.covered.count("a beat that was not read", work.command.error != work.error);
            self.covered.count("a burst that was not written", work.refused);
            self.stopped = true;
            self.stop_left = self.random.below(40);
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        let random = &mut self.random;
        // A driver that stops and starts it, an error of others, and a reset now and then.
        if self.run_left == 0 && random.one_in(400) {
            self.run_left = random.below(60);
        }
        self.run_left = self.run_left.saturating_sub(1);
        if !self.stopped && random.one_in(1500) {
            (self.stopped, self.stop_left) = (true, random.below(150));
        }
        let over = self.stopped && self.stop_left == 0;
        self.stop_left = self.stop_left.saturating_sub(1);
        if self.clear_left == 0 && (over || random.one_in(1500)) {
            self.clear_left = 17;
            self.covered.count("resets of a command in work", self.work.is_some());
        }
        wires.set("stop_in", self.stopped);
        wires.set("clear_in", self.clear_left > 0);
        wires.set("run_in", self.run_left == 0 && self.clear_left == 0);
        self.offer(wires);
        self.bus.drive(&mut self.random, wires);
        self.writer.drive(&mut self.random, wires);
        self.beat_stands |= !self.beats.is_empty() && self.reader.goes(&mut self.random);
        let random = &mut self.random;
        let beat = self.beats.front().filter(|_| self.beat_stands);
        let (beat, fails) = beat.copied().unwrap_or((random.next(), random.one_in(2)));
        wires.set("beat_valid_in", self.beat_stands);
        wires.set("beat_in", beat);
        wires.set("beat_error_in", fails);
        wires.set("notified_in", false);
    }

    fn answer(&mut self, wires: &mut Wires) {
        self.bus.answer(&mut self.random, wires);
        self.writer.answer(&mut self.random, wires);
        let says = wires.is("notify_out") && self.say.goes(&mut self.random);
        wires.set("notified_in", says && !wires.is("clear_in"));
    }

    fn see(&mut self, wires: &Wires) {
        self.check_state(wires);
        if let Some(access) = self.bus.see(wires) {
            let work = self.work.as_mut().expect("an access without a command");
            assert_eq!(Some(access), work.accesses.pop_front(), "{:x?}", work.command);
        }
        if let Some(work) = &mut self.work {
            work.refused |= wires.both("done_in", "write_error_in");
        }
        if let Some(burst) = self.writer.see(&mut self.random, wires) {
            let work = self.work.as_mut().expect("a burst without a command");
            assert_eq!(Some(burst), work.bursts.pop_front(), "{:x?}", work.command);
            self.covered.count("bursts", true);
        }
        if wires.is("beat_take_out") {
            assert!(self.beat_stands, "a beat that is not there is taken");
            self.beats.pop_front();
            self.beat_stands = !self.beats.is_empty() && self.reader.goes(&mut self.random);
        }
        if wires.is("notified_in") {
            assert_eq!(Some(wires.get("notify_tag_out")), self.tags.pop_front());
            self.covered.count("notified", true);
        }
        self.check_end(wires);
        if wires.is("take_out") {
            assert!(wires.both("valid_in", "run_in") && !self.stopped && self.work.is_none());
            let command = self.offered.take().expect("a command is offered");
            self.work = Some(Work::of(command, &self.all, &self.bus));
            // A WRITE's successor may be shown at once.
            self.release = command.opcode == u64::from(WRITE);
        }
        if wires.is("clear_in") {
            (self.offered, self.work, self.release) = (None, None, true);
            (self.beats, self.beat_stands) = (VecDeque::new(), false);
            (self.head, self.tags, self.stopped) = (0, VecDeque::new(), false);
            if self.clear_left > 1 || self.writer.idle() {
                self.clear_left -= 1;
            }
        }
    }
}

#[test]
fn command_engine() {
    let mut around = Around::new(68);
    check_driven::<CommandEngine>("command_engine", 90_000, &mut around);
    around.covered.check(&[
        ("IMMEDIATE", 200),
        ("READ", 200),
        ("WRITE", 200),
        ("a beat that was not read", 20),
        ("a burst that was not written", 20),
        ("blocked", 200),
        ("bursts", 300),
        ("bus stalls", 1000),
        ("notified", 300),
        ("of several bursts", 10),
        ("read stalls", 1000),
        ("resets of a command in work", 100),
        ("wrong from the start", 50),
    ]);
}
