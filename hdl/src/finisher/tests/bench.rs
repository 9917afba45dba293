//! A finisher behind an array that is only a delay, in front of a host that pops and releases.

use std::collections::BTreeMap;

use super::*;
use crate::bits::unsigned_bits;
use crate::registers::{COMPLETION_FIELDS, JOB_WORDS, QUEUE};
use crate::ticket::tests::{Words, rule};

/// Steps of a chunk.
pub const CHUNK: usize = 64;
/// Cycles from a chunk's last step to its fold word, and to its last result.
pub const DRAIN: u64 = 40;
/// Cycles that the array takes to empty itself.
pub const FLUSH: usize = 128;

/// A tile's work.
#[derive(Clone)]
pub struct Tile {
    pub tag: u32,
    pub job: u32,
    pub want: bool,
    pub folds: Vec<u32>,
    pub tail: bool,
}

impl Tile {
    pub fn random(random: &mut Random, tag: u32) -> Self {
        let chunks = [1, 1, 2, 3, 16, 20][random.below(6) as usize];
        let folds = (0..chunks).map(|_| random.next() as u32).collect();
        let job = random.below(4) as u32;
        Self { tag, job, want: random.one_in(2), folds, tail: random.one_in(3) }
    }
}

/// What comes out of the array in a cycle.
#[derive(Clone, Copy)]
pub enum Event {
    Fold(u32),
    Done,
}

/// What the host frees: completions (`pop`) or banks.
#[derive(Clone, Copy)]
pub struct Free {
    pop: bool,
    count: u64,
}

/// A finisher behind an array that is only a delay.
pub struct Bench {
    pub finisher: Finisher,
    pub cycle: u64,
    pub events: BTreeMap<u64, Vec<Event>>,
    pub jobs: [(Words, Words); 4],
    /// Completed tiles that are not popped, kept tiles that are not released.
    pub waiting: u64,
    pub banks: u64,
    /// What the host frees in this cycle, and whether there was enough of what it did in the last one.
    asked: Option<Free>,
    decided: Option<(Free, bool)>,
    pub completed: u32,
    pub hits: u32,
    pub held: u64,
    pub drained: u64,
    /// Releases a bank once in so many cycles.
    pub releases_one_in: u64,
    /// Nothing is taken from this cycle on.
    pub stops_at: u64,
    pub random: Random,
}

impl Bench {
    pub fn new(seed: u64) -> Self {
        let mut bench = Self {
            finisher: Finisher::connected(),
            cycle: 0xff_fe00,
            events: BTreeMap::new(),
            jobs: [([0; 8], [0; 8]); 4],
            waiting: 0,
            banks: 0,
            asked: None,
            decided: None,
            completed: 0,
            hits: 0,
            held: 0,
            drained: 0,
            releases_one_in: u64::MAX,
            stops_at: u64::MAX,
            random: Random(seed),
        };
        for job in 0..4 {
            bench.job(job);
        }
        bench
    }

    /// Writes a new key and a new bound to a job slot, while nothing else happens.
    pub fn job(&mut self, slot: usize) {
        let key: Words = std::array::from_fn(|_| self.random.next() as u32);
        let bound: Words = std::array::from_fn(|_| self.random.next() as u32);
        for (n, &word) in key.iter().chain(&bound).enumerate() {
            self.finisher.job_write_in.next = true;
            self.finisher.job_address_in.next = ((slot * JOB_WORDS as usize + n) as u64).into();
            self.finisher.job_data_in.next = u64::from(word).into();
            self.step();
        }
        self.finisher.job_write_in.next = false;
        self.jobs[slot] = (key, bound);
    }

    /// Settles a cycle in which the array gives what is due.
    pub fn settle(&mut self) {
        let finisher = &mut self.finisher;
        finisher.fold_valid_in.next = false;
        finisher.fold_in.next = 0xdead_beef_u64.into();
        finisher.done_in.next = false;
        for event in self.events.remove(&self.cycle).unwrap_or_default() {
            match event {
                Event::Fold(word) => {
                    finisher.fold_valid_in.next = true;
                    finisher.fold_in.next = u64::from(word).into();
                }
                Event::Done => finisher.done_in.next = true,
            }
        }
        // The high half follows a cycle late.
        finisher.time_low_in.next = (self.cycle & 0xff_ffff).into();
        finisher.time_high_in.next = ((self.cycle - 1) >> 24).into();
        finisher.settle();
        assert_eq!(finisher.waiting_out.val().to_u64(), self.waiting);
        assert!(finisher.hold_out.val() || !finisher.drain_out.val());
        let pops = self.decided.is_some_and(|(free, enough)| free.pop && enough);
        assert_eq!(finisher.popped_out.val(), pops);
        let lacks = self.decided.is_some_and(|(_, enough)| !enough);
        assert_eq!(finisher.underflow_out.val(), lacks);
    }

    /// One cycle. Pulses are low in the next one.
    pub fn step(&mut self) {
        if self.banks > 0 && self.decided.is_none() && self.random.one_in(self.releases_one_in) {
            self.ask(false, 1);
        }
        self.settle();
        self.end();
    }

    pub fn end(&mut self) {
        let finisher = &mut self.finisher;
        let (completes, hit) = (finisher.tile_out.val(), finisher.hit_out.val());
        let kept = completes && finisher.want.q.val();
        let there = |free: Free| if free.pop { self.waiting } else { self.banks };
        let decided = self.asked.take().map(|free| (free, free.count <= there(free)));
        if let Some((free, true)) = self.decided {
            let left = if free.pop { &mut self.waiting } else { &mut self.banks };
            *left -= free.count;
        }
        self.decided = decided;
        self.waiting += u64::from(completes);
        self.banks += u64::from(kept);
        self.completed += u32::from(completes);
        self.hits += u32::from(hit);
        finisher.edge();
        finisher.tile_end_in.next = false;
        finisher.pop_in.next = false;
        finisher.release_in.next = false;
        self.cycle += 1;
    }

    /// In this cycle the host frees completions (`pop`) or banks.
    fn ask(&mut self, pop: bool, count: u64) {
        self.finisher.pop_in.next = pop;
        self.finisher.release_in.next = !pop;
        self.finisher.count_in.next = count.into();
        self.asked = Some(Free { pop, count });
    }

    /// The host frees completions (`pop`) or banks, and lets the cycles pass that it takes.
    pub fn free(&mut self, pop: bool, count: u64) {
        self.ask(pop, count);
        for _ in 0..=FREE_LATENCY {
            self.step();
        }
    }

    pub fn at(&mut self, cycle: u64, event: Event) {
        self.events.entry(cycle).or_default().push(event);
    }

    /// The tile's steps, from the first cycle in which it runs on: they stop when they are held. A tile
    /// that follows may run in the next cycle.
    pub fn run(&mut self, tile: &Tile) {
        let finisher = &mut self.finisher;
        finisher.active_in.next = true;
        finisher.tag_in.next = u64::from(tile.tag).into();
        finisher.job_in.next = u64::from(tile.job).into();
        finisher.want_in.next = tile.want;
        finisher.chunks_last_in.next = (tile.folds.len() as u64 - 1).into();
        let chunks = tile.folds.len() + usize::from(tile.tail);
        let steps = chunks * CHUNK;
        let (mut step, mut first) = (0, true);
        while step < steps {
            if self.cycle == self.stops_at {
                return;
            }
            let is_final = step / CHUNK + 1 >= tile.folds.len();
            self.finisher.final_in.next = is_final && !first;
            first = false;
            let held = self.finisher.hold_out.val();
            self.held += u64::from(held);
            self.drained += u64::from(self.finisher.drain_out.val());
            if !held {
                step += 1;
                if step % CHUNK == 0 && step / CHUNK <= tile.folds.len() {
                    let fold = Event::Fold(tile.folds[step / CHUNK - 1]);
                    self.at(self.cycle + DRAIN, fold);
                }
                if step == steps {
                    self.at(self.cycle + DRAIN - 1, Event::Done);
                    self.finisher.tile_end_in.next = true;
                }
            }
            self.step();
        }
        self.finisher.final_in.next = false;
        self.finisher.active_in.next = false;
    }

    /// Runs tiles back to back, and waits until the last one is complete.
    pub fn run_all(&mut self, tiles: &[Tile]) {
        let all = self.completed + tiles.len() as u32;
        tiles.iter().for_each(|tile| self.run(tile));
        for _ in 0..1500 {
            self.step();
        }
        assert_eq!(self.completed, all, "tiles that never complete");
    }

    /// A completion's words, by its number since the last reset.
    pub fn completion(&mut self, nth: u32) -> [u32; 16] {
        std::array::from_fn(|word| {
            let address = u64::from(nth % QUEUE) * 16 + word as u64;
            self.finisher.address_in.next = unsigned_bits(address);
            for _ in 0..READ_LATENCY {
                self.step();
                // Only the address of the first cycle counts.
                self.finisher.address_in.next = unsigned_bits(!address & 0xff);
            }
            self.settle();
            self.finisher.data_out.val().to_u32()
        })
    }

    pub fn assert_completion(&mut self, nth: u32, tile: &Tile, job: (Words, Words), bank: u32) {
        let words = self.completion(nth);
        let field = |name: &str| {
            COMPLETION_FIELDS.iter().find(|field| field.name == name).unwrap().get(&words)
        };
        let (key, bound) = job;
        let ticket = rule(&key, &tile.folds);
        let hit = ticket.iter().rev().le(bound.iter().rev());
        assert_eq!(field("tag"), tile.tag);
        assert_eq!(words[8..], ticket, "ticket of tile {}", tile.tag);
        assert_eq!(field("hit") == 1, hit, "hit of tile {}", tile.tag);
        assert_eq!(field("kept") == 1, tile.want);
        assert_eq!(field("bank"), if tile.want { bank } else { 0 });
        assert_eq!(words[4..8], [0; 4]);
        let cycle = u64::from(field("cycle_low")) | u64::from(field("cycle_high")) << 24;
        assert!((0xff_fe00..self.cycle).contains(&cycle), "cycle {cycle:#x}");
    }
}
