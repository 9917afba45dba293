//! The link between a host's memory, which takes its time and fails as told, and a bus of plain memory with a
//! completion queue in it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use rust_hdl_core::prelude::*;

use crate::accelerator::READ_LATENCY;
use crate::dma_registers as map;
use crate::memory_link::MemoryLink;
use crate::registers::{COMPLETION_WORDS, COMPLETIONS, POP, QUEUE, RESET};
use crate::testbench::{Clocked, Picture, Random};

impl Clocked for MemoryLink {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Where the rings of the bench stand; neither base is a multiple of its ring's bytes.
pub const COMMAND_RING: u64 = 0x12_3456_7840;
pub const COMPLETION_RING: u64 = 0x0fff_ff80;
/// Sizes of the rings.
pub const RING_SIZE: u32 = 4;
/// Cycles after which nothing comes any more.
const PATIENCE: usize = 20_000;

/// How the host's memory answers.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Cycles from an address to the first beat, and from the last beat to the response, at least.
    pub latency: u64,
    /// So many more at random.
    pub spread: u64,
    /// Each channel goes on once in so many cycles.
    pub once_in: u64,
    /// One burst in so many fails; 0: none.
    pub fails_in: u64,
}

/// One that is always ready and answers in the next cycle.
pub const QUICK: Manner = Manner { latency: 1, spread: 0, once_in: 1, fails_in: 0 };

/// A burst in flight.
struct Burst {
    due: usize,
    address: u64,
    beats: u64,
    fails: bool,
}

/// The bench.
pub struct Bench {
    pub link: MemoryLink,
    pub random: Random,
    pub manner: Manner,
    /// Host memory, by word.
    pub memory: BTreeMap<u64, u32>,
    /// The bus' plain words.
    pub bus: BTreeMap<u32, u32>,
    /// Completions that wait, oldest first.
    pub waiting: VecDeque<[u32; 16]>,
    /// Entry of the oldest one.
    entry: u32,
    pub interrupts: usize,
    pub underflows: usize,
    pub cycle: usize,
    /// Pictures, and the cycles that they show.
    pub drawn: Vec<(Picture, Range<usize>)>,
    reads: VecDeque<Burst>,
    writes: VecDeque<Burst>,
    responses: VecDeque<Burst>,
    bus_reads: VecDeque<u32>,
    bus_write: Option<u32>,
    /// Host's indices.
    pub tail: u32,
    pub seen: u32,
    held: [Option<[u64; 3]>; 3],
}

impl Bench {
    pub fn new(seed: u64, manner: Manner) -> Self {
        let mut bench = Self {
            link: MemoryLink::connected(),
            random: Random(seed),
            manner,
            memory: BTreeMap::new(),
            bus: BTreeMap::new(),
            waiting: VecDeque::new(),
            entry: 0,
            interrupts: 0,
            underflows: 0,
            cycle: 0,
            drawn: Vec::new(),
            reads: VecDeque::new(),
            writes: VecDeque::new(),
            responses: VecDeque::new(),
            bus_reads: (0..READ_LATENCY).map(|_| 0).collect(),
            bus_write: None,
            tail: 0,
            seen: 0,
            held: [None; 3],
        };
        bench.link.settle();
        bench.set_up();
        bench
    }

    /// What a driver does before the first command.
    pub fn set_up(&mut self) {
        self.write(map::DMA_CONTROL, map::CONTROL_RESET);
        while self.read(map::DMA_CONTROL) & map::CONTROL_RESET != 0 {}
        for (register, word) in [
            (map::COMMAND_BASE_LOW, COMMAND_RING as u32),
            (map::COMMAND_BASE_HIGH, (COMMAND_RING >> 32) as u32),
            (map::COMMAND_SIZE, RING_SIZE),
            (map::COMPLETION_BASE_LOW, COMPLETION_RING as u32),
            (map::COMPLETION_BASE_HIGH, (COMPLETION_RING >> 32) as u32),
            (map::COMPLETION_SIZE, RING_SIZE),
            (map::INTERRUPT_CONTROL, map::INTERRUPT_ENABLE),
            (map::DMA_CONTROL, map::CONTROL_RUN),
        ] {
            self.write(register, word);
        }
        let ring = COMPLETION_RING..COMPLETION_RING + (64 << RING_SIZE);
        self.memory.retain(|address, _| !ring.contains(address));
        (self.tail, self.seen) = (0, 0);
    }

    fn willing(&mut self) -> bool {
        self.random.one_in(self.manner.once_in)
    }

    fn burst(&mut self, address: u64, beats: u64) -> Burst {
        assert_eq!(address % 8, 0, "alignment of {address:#x}");
        let end = address + 8 * beats - 1;
        assert_eq!(address / map::BURST_BYTES, end / map::BURST_BYTES, "{beats} at {address:#x}");
        let wait = self.manner.latency + self.random.below(self.manner.spread + 1);
        let fails = self.manner.fails_in > 0 && self.random.one_in(self.manner.fails_in);
        Burst { due: self.cycle + wait as usize, address, beats, fails }
    }

    /// What was offered and not taken must stand.
    fn stands(&mut self, channel: usize, valid: bool, ready: bool, says: [u64; 3]) -> bool {
        if let Some(said) = self.held[channel] {
            assert!(valid && says == said, "channel {channel} changes in cycle {}", self.cycle);
        }
        self.held[channel] = (valid && !ready).then_some(says);
        valid && ready
    }

    /// One cycle.
    pub fn step(&mut self) {
        let ready: [bool; 4] = std::array::from_fn(|_| self.willing());
        let r_goes = self.willing();
        let b_goes = self.willing();
        let cycle = self.cycle;
        let link = &mut self.link;
        link.host_arready_in.next = ready[0];
        link.host_awready_in.next = ready[1];
        link.host_wready_in.next = ready[2];
        link.interrupt_ready_in.next = ready[3];
        let r_valid = r_goes && self.reads.front().is_some_and(|burst| burst.due <= cycle);
        link.host_rvalid_in.next = r_valid;
        if let Some(burst) = self.reads.front().filter(|_| r_valid) {
            let word = |address: u64| u64::from(self.memory.get(&address).copied().unwrap_or(0));
            let beat = word(burst.address) | word(burst.address + 4) << 32;
            link.host_rdata_in.next = beat.into();
            link.host_rresp_in.next = if burst.fails { 2 } else { 0 }.into();
            link.host_rlast_in.next = burst.beats == 1;
        }
        let b_valid = b_goes && self.responses.front().is_some_and(|burst| burst.due <= cycle);
        link.host_bvalid_in.next = b_valid;
        if let Some(burst) = self.responses.front() {
            link.host_bresp_in.next = if burst.fails { 2 } else { 0 }.into();
        }
        link.bus_data_in.next = u64::from(self.bus_reads[0]).into();
        link.waiting_in.next = (self.waiting.len() as u64).into();
        link.settle();
        self.host();
        let mut drawn = std::mem::take(&mut self.drawn);
        for (picture, _) in drawn.iter_mut().filter(|(_, cycles)| cycles.contains(&cycle)) {
            self.draw(picture);
        }
        self.drawn = drawn;
        if r_valid && let Some(burst) = self.reads.front_mut() {
            assert!(self.link.host_rready_out.val());
            (burst.address, burst.beats) = (burst.address + 8, burst.beats - 1);
            if burst.beats == 0 {
                self.reads.pop_front();
            }
        }
        if b_valid && self.link.host_bready_out.val() {
            self.responses.pop_front();
        }
        self.accelerator();
        self.interrupts += usize::from(self.link.interrupt_out.val());
        self.link.edge();
        self.cycle += 1;
    }

    /// Addresses and beats that are taken.
    fn host(&mut self) {
        let link = &self.link;
        let says = [link.host_araddr_out.val().to_u64(), link.host_arlen_out.val().to_u64(), 0];
        let (valid, ready) = (link.host_arvalid_out.val(), link.host_arready_in.val());
        if self.stands(0, valid, ready, says) {
            assert!(self.reads.len() < map::READS_IN_FLIGHT);
            let burst = self.burst(says[0], says[1] + 1);
            self.reads.push_back(burst);
        }
        let link = &self.link;
        let says = [link.host_awaddr_out.val().to_u64(), link.host_awlen_out.val().to_u64(), 0];
        let (valid, ready) = (link.host_awvalid_out.val(), link.host_awready_in.val());
        if self.stands(1, valid, ready, says) {
            let burst = self.burst(says[0], says[1] + 1);
            self.writes.push_back(burst);
        }
        let link = &self.link;
        let (beat, strobes) = (link.host_wdata_out.val().to_u64(), link.host_wstrb_out.val());
        let (strobes, last) = (strobes.to_u64(), link.host_wlast_out.val());
        let (valid, ready) = (link.host_wvalid_out.val(), link.host_wready_in.val());
        // A beat is taken only behind its address: the bench is that much simpler.
        let ready = ready && !self.writes.is_empty();
        if valid && !ready {
            self.link.host_wready_in.next = false;
            self.link.settle();
        }
        if self.stands(2, valid, ready, [beat, strobes, last.into()]) {
            let burst = self.writes.front_mut().unwrap();
            assert_eq!(burst.beats == 1, last);
            assert!(strobes == 0xff || (strobes == 0x0f && last), "{strobes:#x}");
            if !burst.fails {
                self.memory.insert(burst.address, beat as u32);
                if strobes == 0xff {
                    self.memory.insert(burst.address + 4, (beat >> 32) as u32);
                }
            }
            (burst.address, burst.beats) = (burst.address + 8, burst.beats - 1);
            if last {
                let mut burst = self.writes.pop_front().unwrap();
                burst.due = self.cycle + self.manner.latency as usize;
                self.responses.push_back(burst);
            }
        }
    }

    /// The other side of the bus.
    fn accelerator(&mut self) {
        let address = self.link.bus_address_out.val().to_u64() as u32;
        self.bus_reads.pop_front();
        let window = COMPLETIONS..COMPLETIONS + QUEUE * COMPLETION_WORDS;
        let word = if window.contains(&address) {
            let place = address - COMPLETIONS;
            let nth = (place / COMPLETION_WORDS + QUEUE - self.entry) % QUEUE;
            let completion = self.waiting.get(nth as usize);
            completion.map_or(0, |words| words[(place % COMPLETION_WORDS) as usize])
        } else {
            self.bus.get(&address).copied().unwrap_or(0)
        };
        // The word is that of the address' second cycle.
        self.bus_reads.push_back(word);
        if let Some(address) = self.bus_write.take() {
            let word = self.link.bus_data_out.val().to_u32();
            match address {
                POP if word as usize > self.waiting.len() => self.underflows += 1,
                POP => {
                    self.waiting.drain(..word as usize);
                    self.entry = (self.entry + word) % QUEUE;
                }
                RESET => {
                    self.waiting.clear();
                    self.entry = 0;
                }
                _ => {
                    self.bus.insert(address, word);
                }
            }
        }
        self.bus_write = self.link.bus_write_out.val().then_some(address);
    }

    /// Writes a word of the window.
    pub fn write(&mut self, word_address: u32, word: u32) {
        self.link.awaddr_in.next = u64::from(4 * word_address).into();
        self.link.wdata_in.next = u64::from(word).into();
        self.link.wstrb_in.next = 15_u64.into();
        self.link.awvalid_in.next = true;
        self.link.wvalid_in.next = true;
        self.link.bready_in.next = true;
        for _ in 0..PATIENCE {
            // These do not depend on what is told in the same cycle.
            let taken = (self.link.awready_out.val(), self.link.wready_out.val());
            let done = self.link.bvalid_out.val();
            self.step();
            if taken.0 {
                self.link.awvalid_in.next = false;
            }
            if taken.1 {
                self.link.wvalid_in.next = false;
            }
            if done {
                self.link.bready_in.next = false;
                return;
            }
        }
        panic!("no response to a write of {word_address}");
    }

    /// Reads a word of the window.
    pub fn read(&mut self, word_address: u32) -> u32 {
        self.link.araddr_in.next = u64::from(4 * word_address).into();
        self.link.arvalid_in.next = true;
        self.link.rready_in.next = true;
        for _ in 0..PATIENCE {
            let taken = self.link.arready_out.val();
            let done = self.link.rvalid_out.val();
            let word = self.link.rdata_out.val().to_u32();
            self.step();
            if taken {
                self.link.arvalid_in.next = false;
            }
            if done {
                self.link.rready_in.next = false;
                return word;
            }
        }
        panic!("no response to a read of {word_address}");
    }

    /// Puts a command into the ring, without the doorbell.
    pub fn put(&mut self, command: [u32; 8]) {
        let place = u64::from(self.tail % (1 << RING_SIZE));
        for (n, word) in command.into_iter().enumerate() {
            self.memory.insert(COMMAND_RING + 32 * place + 4 * n as u64, word);
        }
        self.tail += 1;
    }

    /// Rings the doorbell.
    pub fn ring(&mut self) {
        self.write(map::COMMAND_TAIL, self.tail & 0xffff);
    }

    /// The next entry, if it is whole.
    pub fn entry(&mut self) -> Option<[u32; 16]> {
        let place = u64::from(self.seen % (1 << RING_SIZE));
        let word = |n: usize| self.memory.get(&(COMPLETION_RING + 64 * place + 4 * n as u64));
        let entry: [u32; 16] = std::array::from_fn(|n| word(n).copied().unwrap_or(0));
        (entry[15] == self.seen + 1).then(|| {
            self.seen += 1;
            entry
        })
    }

    /// Steps until the next entry.
    pub fn wait(&mut self) -> [u32; 16] {
        for _ in 0..PATIENCE {
            if let Some(entry) = self.entry() {
                return entry;
            }
            self.step();
        }
        panic!("no entry {} by cycle {}", self.seen, self.cycle);
    }

    /// Steps until nothing happens any more.
    pub fn rest(&mut self) {
        let mut quiet = 0;
        for _ in 0..PATIENCE {
            self.step();
            let flight = self.reads.len() + self.writes.len() + self.responses.len();
            quiet = if self.link.active_out.val() || flight > 0 { 0 } else { quiet + 1 };
            if quiet == 40 {
                return;
            }
        }
        panic!("the link never rests");
    }
}
