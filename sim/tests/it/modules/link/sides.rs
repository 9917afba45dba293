//! The neighbours that several engines have: one client's side of the bus, and of the writer.

use std::collections::{BTreeMap, VecDeque};

use gemmine_hdl::bus_arbiter::ANSWER_LATENCY;

use crate::modules::driven::{Pace, Wires};
use crate::stimulus::Random;

/// A word of the bus, where nothing was written.
pub fn word_at(address: u64) -> u32 {
    Random(address).next() as u32
}

/// An access to the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Write { address: u64, word: u32 },
    Read { address: u64 },
}

/// Grants the bus to one client now and then, and answers its reads when the arbiter does.
pub struct BusSide {
    pace: Pace,
    /// Words that were written.
    pub words: BTreeMap<u64, u32>,
    answers: VecDeque<Option<u32>>,
    /// Nothing is granted behind a read.
    holds: bool,
}

impl BusSide {
    pub fn new(choices: &'static [u64]) -> Self {
        Self {
            pace: Pace::new(choices),
            words: BTreeMap::new(),
            answers: vec![None; ANSWER_LATENCY].into(),
            holds: false,
        }
    }

    /// The word at an address.
    pub fn word(&self, address: u64) -> u32 {
        self.words.get(&address).copied().unwrap_or_else(|| word_at(address))
    }

    /// The answer that is due, and none yet to this cycle's request.
    pub fn drive(&mut self, random: &mut Random, wires: &mut Wires) {
        let answer = self.answers.pop_front().flatten();
        wires.set("answered_in", answer.is_some());
        wires.set("answer_in", answer.unwrap_or(random.next() as u32));
        wires.set("grant_in", false);
    }

    /// Grants this cycle's request, perhaps.
    pub fn answer(&mut self, random: &mut Random, wires: &mut Wires) {
        let goes = self.pace.goes(random) && !self.holds;
        wires.set("grant_in", goes && wires.is("request_out"));
    }

    /// What was granted.
    pub fn see(&mut self, wires: &Wires) -> Option<Access> {
        let address = wires.get("address_out");
        let access = wires.is("grant_in").then(|| match wires.is("write_out") {
            true => Access::Write { address, word: wires.get("data_out") as u32 },
            false => Access::Read { address },
        });
        self.holds = matches!(access, Some(Access::Read { .. }));
        self.answers.push_back(match access {
            Some(Access::Read { address }) => Some(self.word(address)),
            _ => None,
        });
        if let Some(Access::Write { address, word }) = access {
            self.words.insert(address, word);
        }
        access
    }
}

/// Takes the bursts of one client, and responds to them.
pub struct WriterSide {
    open: Pace,
    take: Pace,
    respond: Pace,
    /// One response in so many is an error.
    fails_in: u64,
    owned: bool,
    words: Vec<u32>,
    in_flight: bool,
    responds: bool,
}

impl WriterSide {
    pub fn new(fails_in: u64) -> Self {
        Self {
            open: Pace::new(&[1, 1, 3, 12]),
            take: Pace::new(&[1, 1, 2, 8]),
            respond: Pace::new(&[2, 6, 20]),
            fails_in,
            owned: false,
            words: Vec::new(),
            in_flight: false,
            responds: false,
        }
    }

    /// Whether nothing is on its way.
    pub fn idle(&self) -> bool {
        !self.in_flight
    }

    /// The grant that stands, and a response.
    pub fn drive(&mut self, random: &mut Random, wires: &mut Wires) {
        self.responds = self.in_flight && self.respond.goes(random);
        wires.set("granted_in", self.owned);
        wires.set("done_in", self.responds);
        // Without a response, it is another client's.
        let fails_in = if self.responds { self.fails_in } else { 2 };
        wires.set("write_error_in", random.one_in(fails_in));
        wires.set("taken_in", false);
    }

    /// Takes the burst that is whole, perhaps.
    pub fn answer(&mut self, random: &mut Random, wires: &mut Wires) {
        let free = self.owned && !self.in_flight;
        let takes = free && wires.is("end_out") && self.take.goes(random);
        wires.set("taken_in", takes && !wires.is("clear_in"));
    }

    /// The burst that was taken: where it goes, and its words.
    pub fn see(&mut self, random: &mut Random, wires: &Wires) -> Option<(u64, Vec<u32>)> {
        if self.responds {
            self.in_flight = false;
        }
        if wires.is("word_valid_out") && !wires.is("clear_in") {
            assert!(self.owned && self.words.len() < 32, "a word that nobody takes");
            self.words.push(wires.get("word_out") as u32);
        }
        if wires.is("clear_in") {
            (self.owned, self.words) = (false, Vec::new());
            return None;
        }
        if wires.is("taken_in") {
            (self.owned, self.in_flight) = (false, true);
            return Some((wires.get("host_out"), std::mem::take(&mut self.words)));
        }
        if !self.owned && wires.is("open_out") && self.open.goes(random) {
            self.owned = true;
        }
        None
    }
}
