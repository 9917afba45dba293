//! The whole link between a host that drives it, its memory, and a bus of words: rust-hdl against Verilator, and what
//! is moved against a plain function.

mod bus;
mod memory;
mod window;

use std::collections::{BTreeMap, VecDeque};

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::memory_link::MemoryLink;
use gemmine_hdl::registers::{PANELS_A, RESET, SCRATCH_SET};

use super::plain::Decoded;
use crate::modules::both::check_driven;
use crate::modules::driven::{Covered, Neighbours, Wires};
use crate::modules::port::module;
use crate::stimulus::Random;
use bus::Bus;
use memory::Memory;
use window::{Window, Write};

module!([] MemoryLink: clock,
    (reset_in, awvalid_in, awaddr_in, wvalid_in, wdata_in, wstrb_in, bready_in, arvalid_in,
     araddr_in, rready_in, host_arready_in, host_rvalid_in, host_rdata_in, host_rresp_in,
     host_rlast_in, host_awready_in, host_wready_in, host_bvalid_in, host_bresp_in,
     bus_data_in, waiting_in, interrupt_ready_in) ->
    (awready_out, wready_out, bvalid_out, arready_out, rvalid_out, rdata_out,
     host_arvalid_out, host_araddr_out, host_arlen_out, host_rready_out, host_awvalid_out,
     host_awaddr_out, host_awlen_out, host_wvalid_out, host_wdata_out, host_wstrb_out,
     host_wlast_out, host_bready_out, bus_write_out, bus_address_out, bus_data_out,
     interrupt_out, active_out));

/// Rings of the host, and what commands move: words to read, and places to write.
const COMMANDS: u64 = 0x7_0000_0040;
const ENTRIES: u64 = 0x3_0000_1000;
const SOURCE: u64 = 0x5_0000_0000;
const TARGET: u64 = 0x9_8765_0000;
/// Words of the source and places of the target.
const WORDS: u64 = 1 << 9;
/// Entries of the rings.
const ENTRIES_MAX: usize = 16;

/// What the host is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waits until the reset is over.
    Resets,
    Runs,
}

struct Around {
    random: Random,
    window: Window,
    memory: Memory,
    bus: Bus,
    covered: Covered,
    phase: Phase,
    /// A reset by the wire begins in this cycle.
    wire: bool,
    // Commands
    tail: usize,
    head: usize,
    /// One of them is wrong: what follows is never carried out.
    wrong: bool,
    /// What those up to the tail write to the bus and to the host, and the tags of those that tell.
    to_bus: VecDeque<(u32, u32)>,
    to_host: VecDeque<(u64, u32)>,
    tags: VecDeque<u32>,
    /// The bus' words behind them.
    behind: BTreeMap<u32, u32>,
    // Entries
    seen: usize,
    given: usize,
    completed: VecDeque<[u32; 16]>,
    /// A reset has dropped some of them, and one that was copied just then may be of two.
    dropped: bool,
}

impl Around {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut memory = Memory::new(150);
        memory.words = (0..WORDS).map(|n| (SOURCE + 4 * n, random.next() as u32)).collect();
        let mut around = Self {
            random,
            window: Window::new(),
            memory,
            bus: Bus::new(),
            covered: Covered::default(),
            phase: Phase::Runs,
            wire: false,
            tail: 0,
            head: 0,
            wrong: false,
            to_bus: VecDeque::new(),
            to_host: VecDeque::new(),
            tags: VecDeque::new(),
            behind: BTreeMap::new(),
            seen: 0,
            given: 0,
            completed: VecDeque::new(),
            dropped: false,
        };
        around.reset();
        around
    }

    /// Begins a reset, by the register or by the wire, and asks when it is over.
    fn reset(&mut self) {
        self.wire = self.random.one_in(3);
        if self.wire {
            self.window.reset();
            self.memory.reset();
        } else {
            self.window.write(map::DMA_CONTROL, map::CONTROL_RESET);
        }
        self.covered.count("resets by the wire", self.wire);
        self.covered.count("resets by the register", !self.wire);
        self.phase = Phase::Resets;
        self.dropped = true;
    }

    /// The rings begin anew.
    fn set_up(&mut self) {
        (self.tail, self.head, self.wrong, self.seen, self.given) = (0, 0, false, 0, 0);
        self.to_bus.clear();
        self.to_host.clear();
        self.tags.clear();
        self.behind = self.bus.words.clone();
        // What was popped and is no entry is lost.
        (self.completed, self.dropped) = (self.bus.waiting.clone(), false);
        self.memory.words.retain(|address, _| !(ENTRIES..ENTRIES + 1024).contains(address));
        let moderation = self.random.below(4) << 16 | self.random.below(5);
        for (register, word) in [
            (map::COMMAND_BASE_LOW, COMMANDS as u32),
            (map::COMMAND_BASE_HIGH, (COMMANDS >> 32) as u32),
            (map::COMMAND_SIZE, self.random.below(5) as u32),
            (map::COMPLETION_BASE_LOW, ENTRIES as u32),
            (map::COMPLETION_BASE_HIGH, (ENTRIES >> 32) as u32),
            (map::COMPLETION_SIZE, self.random.below(5) as u32),
            (map::INTERRUPT_MODERATION, moderation as u32),
            (map::INTERRUPT_CONTROL, u32::from(!self.random.one_in(8))),
            (map::DMA_CONTROL, map::CONTROL_RUN),
        ] {
            self.window.write(register, word);
        }
        self.phase = Phase::Runs;
    }

    /// Another command in the ring, and what it does, by a plain function.
    fn put(&mut self) {
        let random = &mut self.random;
        let opcode = 1 + random.below(3) as u32;
        let most = [5, 5, 60][random.below(3) as usize];
        let words = 1 + random.below(if opcode == map::IMMEDIATE { 4 } else { most }) as u32;
        let mut entry = [0; 8].map(|_: u32| random.next() as u32);
        entry[0] = entry[0] & 0xffff_fff0 | opcode;
        entry[1] = PANELS_A + random.below(64) as u32;
        entry[2] = words;
        let place = 8 * random.below((WORDS - 64) / 2);
        let host = if opcode == map::WRITE { SOURCE + place } else { TARGET + place };
        if opcode != map::IMMEDIATE {
            (entry[4], entry[5]) = (host as u32, (host >> 32) as u32);
        }
        if random.one_in(70) {
            entry[random.below(3) as usize] = 0xffff_ffff;
        }
        let at = COMMANDS + 32 * (self.tail % ENTRIES_MAX) as u64;
        self.memory.words.extend((at..).step_by(4).zip(entry));
        self.tail += 1;
        self.wrong |= Decoded::of(&entry, false).error != 0;
        if self.wrong {
            return;
        }
        for (n, address) in (0..).zip(entry[1]..entry[1] + words) {
            let far = host + 4 * n as u64;
            if opcode == map::READ {
                let word = self.behind.get(&address).copied();
                self.to_host.push_back((far, word.unwrap_or_else(|| self.bus.word(address))));
                continue;
            }
            let is_write = opcode == map::WRITE;
            let word = if is_write { self.memory.word(far) } else { entry[4 + n] };
            self.behind.insert(address, word);
            self.to_bus.push_back((address, word));
        }
        self.tags.extend((entry[0] & 1 << 7 != 0).then_some(entry[0] >> 16));
    }

    /// What a driver does, at random.
    fn host(&mut self) {
        while let Some((address, word)) = self.window.answers.pop_front() {
            match address {
                map::DMA_ID => assert_eq!(word, map::DMA_ID_VALUE),
                map::COMMAND_HEAD if self.phase == Phase::Runs => self.head = word as usize,
                map::DMA_STATUS if self.phase == Phase::Runs && word & map::STATUS_HALTED != 0 => {
                    self.covered.count("halts that the host sees", true);
                    self.reset();
                }
                map::DMA_CONTROL if self.phase == Phase::Resets => {
                    let over = word & map::CONTROL_RESET == 0 && self.memory.idle();
                    if over && !self.wire {
                        self.set_up();
                    }
                }
                _ => {}
            }
        }
        if self.phase == Phase::Resets {
            if self.window.idle() {
                self.window.reads.push_back(map::DMA_CONTROL);
            }
            return;
        }
        if self.tail < self.head + ENTRIES_MAX && self.random.one_in(30) {
            self.put();
            if self.random.one_in(2) {
                self.window.write(map::COMMAND_TAIL, self.tail as u32);
            }
        }
        let random = &mut self.random;
        match random.below(500) {
            0..=4 => self.window.reads.push_back(map::COMMAND_HEAD),
            5..=6 => self.window.reads.push_back(map::DMA_STATUS),
            7..=9 => self.window.reads.push_back(map::DMA_REGISTERS + random.below(24) as u32),
            10 => self.window.reads.push_back(random.below(1 << 20) as u32),
            11 => self.window.write(SCRATCH_SET, random.next() as u32),
            // A byte or three of any register: nothing comes of it.
            12..=13 => self.window.writes.push_back(Write {
                address: map::DMA_REGISTERS + random.below(24) as u32,
                word: random.next() as u32,
                strobes: random.below(15),
            }),
            14..=19 if self.given < self.seen => {
                self.given = self.seen;
                self.window.write(map::COMPLETION_HEAD, self.given as u32);
            }
            20 if random.one_in(3) => {
                self.window.write(map::DMA_CONTROL, 0);
                self.window.write(map::DMA_CONTROL, map::CONTROL_RUN);
            }
            21 if random.one_in(4) => {
                self.window.write(RESET, 1);
                self.dropped = true;
            }
            22 if random.one_in(8) => self.reset(),
            23..=25 => self.window.write(map::COMMAND_TAIL, self.tail as u32),
            _ => {}
        }
    }

    /// The entries that are whole.
    fn look(&mut self) {
        let at = ENTRIES + 64 * (self.seen % ENTRIES_MAX) as u64;
        let entry: [u32; 16] = std::array::from_fn(|n| self.memory.word(at + 4 * n as u64));
        if entry[15] as usize != self.seen + 1 {
            return;
        }
        self.seen += 1;
        match entry[14] >> 24 {
            map::KIND_COMPLETION => {
                let right = |it: &[u32; 16]| map::entry_of(it)[..13] == entry[..13];
                let nth = self.completed.iter().position(right);
                assert!(nth == Some(0) || self.dropped, "completions in order, but {nth:?}");
                self.completed.drain(..nth.map_or(0, |nth| nth + 1));
                self.covered.count("completions", true);
            }
            map::KIND_NOTIFY => {
                assert_eq!(Some(entry[13]), self.tags.pop_front(), "tags in order");
                self.covered.count("ends of commands", true);
            }
            kind => {
                assert_eq!(kind, map::KIND_HALTED);
                self.covered.count("halts", true);
            }
        }
    }
}

impl Neighbours for Around {
    fn drive(&mut self, wires: &mut Wires) {
        self.host();
        if self.bus.has_room() && self.random.one_in(150) {
            let completion = [0; 16].map(|_: u32| self.random.next() as u32);
            self.bus.complete(completion);
            self.completed.push_back(completion);
        }
        wires.set("reset_in", self.wire);
        wires.set("interrupt_ready_in", self.random.one_in(3));
        self.window.drive(&mut self.random, wires);
        self.memory.drive(&mut self.random, wires);
        self.bus.drive(wires);
    }

    fn see(&mut self, wires: &Wires) {
        self.covered.count("interrupts", wires.is("interrupt_out"));
        let writes = wires.both("wvalid_in", "wready_out");
        self.covered.count("writes of the host", writes);
        self.covered.count("of them lost", writes && wires.get("wstrb_in") < 15);
        self.covered.count("reads of the host", wires.both("rvalid_out", "rready_in"));
        self.window.see(wires);
        if let Some(words) = self.memory.see(&mut self.random, wires, &mut self.covered) {
            for (address, word) in words {
                if address >= TARGET {
                    assert_eq!(Some((address, word)), self.to_host.pop_front(), "of a READ");
                    self.covered.count("words to the host", true);
                }
            }
        }
        if let Some((address, word)) = self.bus.see(wires).filter(|&(to, _)| to >= PANELS_A) {
            assert_eq!(Some((address, word)), self.to_bus.pop_front(), "of a WRITE");
            self.covered.count("words to the bus", true);
        }
        self.look();
        if self.wire {
            self.window.reset();
            self.memory.reset();
            self.bus.reset();
            self.wire = false;
        }
    }
}

/// Cycles: many more where GEMMINE_LONG is set.
fn cycles() -> usize {
    if std::env::var_os("GEMMINE_LONG").is_some() { 200_000 } else { 20_000 }
}

#[test]
fn memory_link() {
    let mut around = Around::new(70);
    check_driven::<MemoryLink>("memory_link", cycles(), &mut around);
    around.covered.check(&[
        ("completions", 30),
        ("ends of commands", 30),
        ("halts", 3),
        ("halts that the host sees", 3),
        ("interrupts", 20),
        ("of them lost", 20),
        ("reads of the host", 100),
        ("reads that fail", 3),
        ("resets by the register", 3),
        ("resets by the wire", 2),
        ("words to the bus", 300),
        ("words to the host", 300),
        ("writes of the host", 100),
        ("writes that fail", 1),
    ]);
}
