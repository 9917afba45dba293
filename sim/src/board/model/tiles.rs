//! The tiles: from descriptor to completion, and what every cycle was used for.
//!
//! Time jumps from one change to the next: a tile's steps run in one piece up to the last whole
//! chunk, where they may have to wait, and from there to the end. In between nothing but the host
//! changes anything, and it does so through the methods here, each of them as of a cycle to which
//! the tiles were advanced before.

use std::collections::VecDeque;

use gemmine_hdl::Geometry;
use gemmine_hdl::registers::QUEUE;

use super::counter::Counter;
use super::queue::{Banks, Completion, Completions, Descriptor, Pushed};
use super::timing;
use super::work::{Memory, compute};

/// What the array's cycles were used for.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    /// A tile was in work or its results on the way.
    pub busy: Counter,
    /// A step.
    pub mac: Counter,
    /// All PEs at work.
    pub full_mac: Counter,
    /// No descriptor.
    pub stall_link: Counter,
    /// A panel was not committed.
    pub stall_panel: Counter,
    /// No result bank was free.
    pub stall_drain: Counter,
    /// The ticket before was not ready.
    pub stall_hash: Counter,
    /// Tiles completed.
    pub tiles: Counter,
    /// Tickets that met their bound.
    pub hits: Counter,
}

/// The tile whose steps are being taken.
#[derive(Clone, Debug)]
struct Active {
    descriptor: Descriptor,
    /// Cycle of its first step.
    began: u64,
    /// Steps taken.
    taken: u64,
    /// Steps before the last whole chunk.
    gate: u64,
    /// Steps of the chunks that have fold words.
    folded: u64,
    /// All steps.
    end: u64,
    /// Nothing holds its steps any more.
    open: bool,
    bank: Option<usize>,
    /// Cycle of the last step that a fold word needs.
    last_fold: u64,
}

/// A tile whose steps are all taken.
#[derive(Clone, Debug)]
struct Finishing {
    completion: Completion,
    results: Option<Box<[u32; 256]>>,
}

/// What a cycle is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Flush,
    Step,
    Link,
    Panel,
    Drain,
    Hash,
}

/// The descriptor queue, the array, the ticket engine and the completion queue.
#[derive(Clone, Debug)]
pub struct Tiles {
    geometry: Geometry,
    hash_lanes: usize,
    /// The first cycle that is not accounted for.
    now: u64,
    /// First cycle in which the array takes steps after a reset.
    runs_from: u64,
    pushed: Pushed,
    outstanding: u32,
    active: Option<Active>,
    finishing: VecDeque<Finishing>,
    /// When the last tile completed.
    completed: u64,
    /// First cycle in which no result is on its way any more, once no tile is in work.
    busy_until: u64,
    /// First cycle of the steps in a row that end at `stepped`.
    row_began: u64,
    stepped: u64,
    commits: [u8; 2],
    /// Completions that the host has not popped.
    pub completions: Completions,
    /// Product tiles.
    pub banks: Banks,
    /// Counters.
    pub cycles: Cycles,
}

impl Tiles {
    /// As after power-up.
    pub fn new(geometry: Geometry, hash_lanes: usize) -> Self {
        Self {
            geometry,
            hash_lanes,
            now: 0,
            runs_from: geometry.flush_cycles() as u64,
            pushed: Pushed::new(),
            outstanding: 0,
            active: None,
            finishing: VecDeque::new(),
            completed: 0,
            busy_until: 0,
            row_began: 0,
            stepped: 0,
            commits: [0; 2],
            completions: Completions::new(),
            banks: Banks::new(),
            cycles: Cycles::default(),
        }
    }

    /// Descriptors from push to pop.
    pub fn outstanding(&self) -> u32 {
        self.outstanding
    }

    /// Commits of A and B.
    pub fn commits(&self) -> [u8; 2] {
        self.commits
    }

    /// Whether the array has flushed itself, and whether a tile is in it.
    pub fn running_and_in_array(&self) -> (bool, bool) {
        let in_array = self.active.is_some() || !self.finishing.is_empty();
        (self.now >= self.runs_from, in_array)
    }

    /// Pushes a descriptor; false if the queue is full and it is lost.
    pub fn push(&mut self, descriptor: Descriptor) -> bool {
        let room = self.outstanding < QUEUE;
        if room {
            self.outstanding += 1;
            self.pushed.push_back((descriptor, self.now + timing::PUSH_TO_TILE));
        }
        room
    }

    /// Pops completions; false if there are fewer.
    pub fn pop(&mut self, count: u32) -> bool {
        let popped = self.completions.pop(count);
        if popped {
            self.outstanding -= count;
        }
        popped
    }

    /// Commits panels of A and of B.
    pub fn commit(&mut self, counts: [u8; 2]) {
        for (commits, count) in self.commits.iter_mut().zip(counts) {
            *commits = commits.wrapping_add(count);
        }
    }

    /// Drops everything but the counters.
    pub fn reset(&mut self) {
        self.active = None;
        self.busy_until = 0;
        self.runs_from = self.now + 1 + self.geometry.flush_cycles() as u64;
        self.pushed.clear();
        self.outstanding = 0;
        self.finishing.clear();
        self.commits = [0; 2];
        self.completions.reset();
        self.banks.reset();
    }

    /// Lets time pass up to, but not including, cycle `to`.
    pub fn advance(&mut self, to: u64, memory: &Memory) {
        self.complete();
        while self.now < to {
            self.pass(to, memory);
        }
    }

    /// Lets time pass until nothing changes by itself any more, or to cycle `to`.
    pub fn advance_to_rest(&mut self, to: u64, memory: &Memory) {
        self.complete();
        while self.now < to && !self.rests() {
            self.pass(to, memory);
        }
    }

    /// The first cycle that is not accounted for.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Whether nothing changes unless the host does something.
    pub fn rests(&self) -> bool {
        if self.now < self.runs_from || !self.finishing.is_empty() {
            return false;
        }
        match (&self.active, self.pushed.front()) {
            (Some(active), _) => {
                let waits = active.taken == active.gate && !active.open;
                waits && self.hash_free(active) <= self.now && !self.bank_free(active)
            }
            (None, Some((descriptor, from))) => self.now >= *from && !self.fences_met(descriptor),
            (None, None) => true,
        }
    }

    /// Passes the cycles up to the next change, or to `to`.
    fn pass(&mut self, to: u64, memory: &Memory) {
        let (used, until) = self.use_of_now();
        let completes = self.finishing.front().map_or(u64::MAX, |f| f.completion.cycle);
        let until = until.min(to).min(completes);
        let (from, cycles) = (self.now, &mut self.cycles);
        let busy_until = if self.active.is_some() { until } else { until.min(self.busy_until) };
        cycles.busy.add(from, busy_until);
        match used {
            Use::Flush => {}
            Use::Step => self.step(until),
            Use::Link => cycles.stall_link.add(from, until),
            Use::Panel => cycles.stall_panel.add(from, until),
            Use::Drain => cycles.stall_drain.add(from, until),
            Use::Hash => cycles.stall_hash.add(from, until),
        }
        self.now = until;
        self.complete();
        if let Some(active) = self.active.take_if(|active| active.taken == active.end) {
            self.finish(&active, memory);
        }
    }

    /// What this cycle and those up to the next change are used for, if no tile completes meanwhile.
    fn use_of_now(&mut self) -> (Use, u64) {
        if self.now < self.runs_from {
            return (Use::Flush, self.runs_from);
        }
        if self.active.is_none() {
            match self.pushed.front() {
                None => return (Use::Link, u64::MAX),
                Some((_, from)) if self.now < *from => return (Use::Link, *from),
                Some((descriptor, _)) if !self.fences_met(descriptor) => {
                    return (Use::Panel, u64::MAX);
                }
                Some(_) => self.start(),
            }
        }
        let Some(active) = &self.active else { return (Use::Link, u64::MAX) };
        if active.taken < active.gate {
            return (Use::Step, self.now + active.gate - active.taken);
        }
        if !active.open {
            let hash_free = self.hash_free(active);
            if self.now < hash_free {
                return (Use::Hash, hash_free);
            }
            if !self.bank_free(active) {
                return (Use::Drain, u64::MAX);
            }
        }
        let want = active.descriptor.want_tile && !active.open;
        let bank = want.then(|| self.banks.take());
        let Some(active) = &mut self.active else { return (Use::Link, u64::MAX) };
        active.open = true;
        active.bank = bank.or(active.bank);
        (Use::Step, self.now + active.end - active.taken)
    }

    /// Takes the next descriptor.
    fn start(&mut self) {
        let Some((descriptor, _)) = self.pushed.pop_front() else { return };
        let slots = self.geometry.slots() as u64;
        let steps_of = |chunks: usize| slots * (chunks * descriptor.chunk_steps) as u64;
        self.active = Some(Active {
            descriptor,
            began: self.now,
            taken: 0,
            gate: steps_of(descriptor.chunks - 1),
            folded: steps_of(descriptor.chunks),
            end: slots * descriptor.steps() as u64,
            open: false,
            bank: None,
            last_fold: 0,
        });
    }

    fn fences_met(&self, descriptor: &Descriptor) -> bool {
        let mut sides = self.commits.iter().zip(descriptor.fences);
        sides.all(|(commits, fence)| commits.wrapping_sub(fence) as i8 >= 0)
    }

    /// From when on the ticket engine is the tile's own; far away while a tile before it is there.
    fn hash_free(&self, active: &Active) -> u64 {
        if self.finishing.is_empty() {
            self.completed.max(active.began) + timing::JOB_LOAD
        } else {
            u64::MAX
        }
    }

    fn bank_free(&self, active: &Active) -> bool {
        !active.descriptor.want_tile || self.banks.is_free()
    }

    /// Takes the active tile's steps up to a cycle.
    fn step(&mut self, until: u64) {
        let Some(active) = &mut self.active else { return };
        let (from, taken) = (self.now, active.taken);
        active.taken += until - from;
        if taken < active.folded && active.folded <= active.taken {
            active.last_fold = from + active.folded - taken - 1;
        }
        if self.stepped != from {
            self.row_began = from;
        }
        self.stepped = until;
        self.cycles.mac.add(from, until);
        let row = (self.geometry.rows() + self.geometry.columns() - 2) as u64;
        self.cycles.full_mac.add(from.max(self.row_began + row), until);
    }

    /// The tile's last step has been taken: what comes of it, and when.
    fn finish(&mut self, active: &Active, memory: &Memory) {
        let last_step = self.now - 1;
        self.busy_until = self.now + timing::busy_tail(self.geometry);
        let outcome = compute(self.geometry, &active.descriptor, memory);
        let ticket = active.last_fold
            + timing::fold_latency(self.geometry)
            + timing::ticket_latency(self.hash_lanes, active.descriptor.chunks);
        let last_result = last_step + timing::last_result_latency(self.geometry);
        let completion = Completion {
            tag: active.descriptor.tag,
            hit: outcome.hit,
            bank: active.bank,
            cycle: ticket.max(last_result) + timing::COMPLETION,
            ticket: outcome.ticket,
        };
        let results = active.bank.map(|_| outcome.results);
        self.finishing.push_back(Finishing { completion, results });
    }

    /// Completes the tiles that are due.
    fn complete(&mut self) {
        while let Some(due) = self.finishing.pop_front_if(|f| f.completion.cycle <= self.now) {
            let completion = &due.completion;
            self.completions.push(completion);
            self.cycles.tiles.event(completion.cycle);
            if completion.hit {
                self.cycles.hits.event(completion.cycle);
            }
            if let (Some(bank), Some(results)) = (completion.bank, due.results) {
                self.banks.fill(bank, *results);
            }
            self.completed = completion.cycle;
        }
    }
}
