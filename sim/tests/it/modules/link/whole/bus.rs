//! The other side of the bus: plain words, and a queue of completions.

use std::collections::{BTreeMap, VecDeque};

use gemmine_hdl::accelerator::READ_LATENCY;
use gemmine_hdl::registers::{COMPLETION_WORDS, COMPLETIONS, POP, QUEUE, RESET};

use super::super::sides::word_at;
use crate::modules::driven::Wires;

pub struct Bus {
    pub words: BTreeMap<u32, u32>,
    /// Completions, oldest first.
    pub waiting: VecDeque<[u32; 16]>,
    entry: u32,
    answers: VecDeque<u32>,
    /// Address of the write whose word comes in this cycle.
    write: Option<u32>,
    /// Cycles in which a POP may come that was on its way in a reset.
    late: u32,
}

impl Bus {
    pub fn new() -> Self {
        Self {
            words: BTreeMap::new(),
            waiting: VecDeque::new(),
            entry: 0,
            answers: vec![0; READ_LATENCY].into(),
            write: None,
            late: 0,
        }
    }

    /// The word at an address.
    pub fn word(&self, address: u32) -> u32 {
        let word = self.words.get(&address).copied();
        word.unwrap_or_else(|| word_at(address.into()))
    }

    /// A tile completes. Its words stay where they are until another one comes there.
    pub fn complete(&mut self, completion: [u32; 16]) {
        let place = (self.entry + self.waiting.len() as u32) % QUEUE * COMPLETION_WORDS;
        self.words.extend((COMPLETIONS + place..).zip(completion));
        self.waiting.push_back(completion);
    }

    /// Whether another tile may complete.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < QUEUE as usize
    }

    pub fn drive(&mut self, wires: &mut Wires) {
        wires.set("bus_data_in", self.answers.pop_front().unwrap_or(0));
        wires.set("waiting_in", self.waiting.len() as u64);
    }

    /// The word that was written in this cycle, and where.
    pub fn see(&mut self, wires: &Wires) -> Option<(u32, u32)> {
        let address = wires.get("bus_address_out") as u32;
        // The word is that of the address' second cycle.
        self.answers.push_back(self.word(address));
        let write = self.write.take().map(|address| (address, wires.get("bus_data_out") as u32));
        self.late = self.late.saturating_sub(1);
        match write {
            Some((POP, _)) if self.late > 0 && self.waiting.is_empty() => {}
            Some((POP, count)) => {
                assert!(count as usize <= self.waiting.len(), "a pop of nothing");
                self.waiting.drain(..count as usize);
                self.entry = (self.entry + count) % QUEUE;
            }
            Some((RESET, _)) => {
                self.waiting.clear();
                self.entry = 0;
            }
            Some((address, word)) => drop(self.words.insert(address, word)),
            None => {}
        }
        self.write = wires.is("bus_write_out").then_some(address);
        write
    }

    /// All of it is in reset.
    pub fn reset(&mut self) {
        self.waiting.clear();
        (self.entry, self.write, self.late) = (0, None, 4);
    }
}
