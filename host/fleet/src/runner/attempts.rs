//! Attempts of Amadeus on this computer's processor.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Assignment, Done};
use crate::piece::{Part, Place};
use crate::production::{Ask, Claim, Kind};

/// Attempts that a thread makes before somebody looks whether they are still wanted: about 15 ms.
const SLICE: u32 = 64;

pub struct AttemptRunner {
    pool: ThreadPool,
    /// Oldest first.
    waiting: VecDeque<Assignment>,
    /// Of the first of them: pieces done, attempts made of the next one, hits, and time.
    pieces: usize,
    made: u32,
    tickets: u64,
    claims: Vec<Claim>,
    took: Duration,
}

impl AttemptRunner {
    pub fn new(threads: Option<NonZeroUsize>) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.map_or(0, NonZeroUsize::get))
            .thread_name(|thread| format!("attempts {thread}"))
            .build()
            .context("start the processor's threads")?;
        Ok(Self {
            pool,
            waiting: VecDeque::new(),
            pieces: 0,
            made: 0,
            tickets: 0,
            claims: Vec::new(),
            took: Duration::ZERO,
        })
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn start(&mut self, assignment: Assignment) {
        self.waiting.push_back(assignment);
    }

    pub fn drop_all(&mut self) {
        self.waiting.clear();
        self.begin();
    }

    fn begin(&mut self) {
        (self.pieces, self.made, self.tickets, self.took) = (0, 0, 0, Duration::ZERO);
        self.claims.clear();
    }

    /// Makes some attempts.
    pub fn next(&mut self) -> Option<Done> {
        let assignment = self.waiting.front()?;
        if let Some(piece) = assignment.pieces.get(self.pieces)
            && let Part::Nonces { first, count } = piece.part
            && let (Kind::Amadeus(amadeus), Ask::Amadeus(bits)) =
                (&assignment.production.kind, assignment.ask)
        {
            let begun = Instant::now();
            let attempts = amadeus.attempts(piece.pass);
            let slice = (SLICE * self.pool.current_num_threads() as u32).min(count - self.made);
            let claim = |nonce| {
                let solution = attempts.attempt(nonce);
                let (place, ticket) = (Place::Nonce(nonce), Some(solution.hash));
                let hit = solution.bits() >= bits;
                Claim { pass: piece.pass, place, ticket, hit, cycle: 0 }
            };
            let begin = first + self.made;
            // It is checked like any device, by what it says of the last one of a piece.
            let is_last = |claim: &Claim| claim.place == Place::Nonce(first + (count - 1));
            let found: Vec<Claim> = self.pool.install(|| {
                let all = (0..slice).into_par_iter().map(|index| claim(begin + index));
                all.filter(|claim| claim.hit || is_last(claim)).collect()
            });
            self.claims.extend(found);
            self.made += slice;
            self.tickets += u64::from(slice);
            self.took += begun.elapsed();
            // A hit is told at once: a second later its job may be over.
            let is_hit = self.claims.iter().any(|claim| claim.hit);
            if self.made == count {
                (self.pieces, self.made) = (self.pieces + 1, 0);
            }
            if !is_hit && self.pieces < assignment.pieces.len() {
                return None;
            }
        }
        let mut left = assignment.pieces[self.pieces..].to_vec();
        if let Some(begun) = left.first().filter(|_| self.made > 0) {
            left.splice(..1, begun.behind(self.made));
        }
        let done = Done {
            id: assignment.id,
            tickets: self.tickets,
            left,
            claims: self.claims.clone(),
            counters: None,
            took: self.took,
        };
        self.waiting.pop_front();
        self.begin();
        Some(done)
    }
}
