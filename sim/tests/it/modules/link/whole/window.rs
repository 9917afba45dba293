//! The host's side of the window: an AXI4-Lite master that brings address and word in any order.

use std::collections::VecDeque;

use crate::modules::driven::{Pace, Wires};
use crate::stimulus::Random;

/// A write of a word: where, what, and which of its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    pub address: u32,
    pub word: u32,
    pub strobes: u64,
}

/// One write and one read at a time, in the order in which they are asked for.
pub struct Window {
    pub writes: VecDeque<Write>,
    pub reads: VecDeque<u32>,
    /// What was read, and where.
    pub answers: VecDeque<(u32, u32)>,
    begin: Pace,
    ready: Pace,
    address: Option<(Write, u64)>,
    word: Option<(Write, u64)>,
    awaits: bool,
    asks: Option<u32>,
    reading: Option<u32>,
}

impl Window {
    pub fn new() -> Self {
        Self {
            writes: VecDeque::new(),
            reads: VecDeque::new(),
            answers: VecDeque::new(),
            begin: Pace::new(&[1, 4, 20]),
            ready: Pace::new(&[1, 2, 8]),
            address: None,
            word: None,
            awaits: false,
            asks: None,
            reading: None,
        }
    }

    /// Asks for a write of a whole word.
    pub fn write(&mut self, address: u32, word: u32) {
        self.writes.push_back(Write { address, word, strobes: 15 });
    }

    /// Whether all is done.
    pub fn idle(&self) -> bool {
        let asked = self.writes.is_empty() && self.reads.is_empty();
        asked && !self.awaits && self.reading.is_none()
    }

    /// Forgets what is in flight, and what is not.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    pub fn drive(&mut self, random: &mut Random, wires: &mut Wires) {
        if !self.awaits
            && self.begin.goes(random)
            && let Some(write) = self.writes.pop_front()
        {
            self.address = Some((write, random.below(4) * random.below(3)));
            self.word = Some((write, random.below(4) * random.below(3)));
            self.awaits = true;
        }
        if self.reading.is_none() && self.begin.goes(random) {
            self.asks = self.reads.pop_front();
            self.reading = self.asks;
        }
        let shown = |part: &mut Option<(Write, u64)>| {
            let (write, wait) = part.as_mut()?;
            *wait = wait.saturating_sub(1);
            (*wait == 0).then_some(*write)
        };
        let address = shown(&mut self.address);
        wires.set("awvalid_in", address.is_some());
        let place = address.map_or(random.below(1 << 20), |write| write.address.into());
        wires.set("awaddr_in", 4 * place);
        let word = shown(&mut self.word);
        wires.set("wvalid_in", word.is_some());
        wires.set("wdata_in", word.map_or(random.next() as u32, |write| write.word));
        wires.set("wstrb_in", word.map_or(random.below(16), |write| write.strobes));
        wires.set("arvalid_in", self.asks.is_some());
        wires.set("araddr_in", 4 * self.asks.map_or(random.below(1 << 20), u64::from));
        wires.set("bready_in", self.ready.goes(random));
        wires.set("rready_in", self.ready.goes(random));
    }

    pub fn see(&mut self, wires: &Wires) {
        if wires.both("awvalid_in", "awready_out") {
            self.address = None;
        }
        if wires.both("wvalid_in", "wready_out") {
            self.word = None;
        }
        if wires.both("bvalid_out", "bready_in") {
            assert!(self.awaits && self.address.is_none() && self.word.is_none(), "a response");
            self.awaits = false;
        }
        if wires.both("arvalid_in", "arready_out") {
            self.asks = None;
        }
        if wires.both("rvalid_out", "rready_in") {
            let address = self.reading.take().expect("an answer that nobody asked for");
            self.answers.push_back((address, wires.get("rdata_out") as u32));
        }
    }
}
