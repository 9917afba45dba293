//! Tickets and attempts: a miner's assignments, and the answers to them.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use gemmine_driver::OldestWanted;
use gemmine_fleet::piece::Piece;
use gemmine_fleet::production::{Ask, Check, Claim};
use gemmine_fleet::runner::{Assignment, Done, Runner, WINDOW};

use super::{
    ASSIGNMENT_S, Ends, FIRST, HIT_SECONDS, IDLE_MAX, POLL, SILENCE, Subject, TICKETS_MAX, note,
};
use crate::workload::Workload;

/// A device that mines.
pub(super) struct Mining<'a> {
    runner: Runner,
    workload: &'a mut Workload,
    next_id: u64,
    oldest: OldestWanted,
    /// What the host has to compute again behind a stretch.
    claims: Vec<(Ask, Claim)>,
}

impl<'a> Mining<'a> {
    pub(super) fn new(runner: Runner, workload: &'a mut Workload) -> Self {
        let oldest = OldestWanted::default();
        Self { runner, workload, next_id: 1, oldest, claims: Vec::new() }
    }
}

impl Subject for Mining<'_> {
    fn work(
        &mut self,
        tickets: u64,
        rate: Option<f64>,
        ends: &mut Option<Ends>,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64> {
        let one_piece = self.runner.joined().scans;
        let (mut given, mut made) = (0, 0);
        let mut outstanding: VecDeque<(u64, Ask)> = VecDeque::new();
        let mut heard = Instant::now();
        let mut idle = 0;
        while made < tickets {
            while outstanding.len() < WINDOW && given < tickets {
                let most = rate.map_or(FIRST.into(), |rate| rate * ASSIGNMENT_S);
                let count = (most.clamp(1.0, TICKETS_MAX) as u64).min(tickets - given);
                let pieces = self.workload.take(count as u32, one_piece);
                given += pieces.iter().map(Piece::tickets).sum::<u64>();
                let production = self.workload.production().clone();
                let ask = production.ask(rate.unwrap_or(1.0), HIT_SECONDS);
                outstanding.push_back((self.next_id, ask));
                let assignment = Assignment { id: self.next_id, production, pieces, ask };
                self.next_id += 1;
                self.runner.start(assignment, &self.oldest)?;
            }
            ensure!(!stop(), "measure: interrupted");
            let Some(done) = self.runner.next(POLL)? else {
                ensure!(
                    heard.elapsed() < SILENCE,
                    "measure: the device has said nothing for {} s; check it, and its cable",
                    SILENCE.as_secs()
                );
                continue;
            };
            heard = Instant::now();
            let Done { id, tickets, left, claims, counters: now, .. } = done;
            let Some((expected, ask)) = outstanding.pop_front() else {
                bail!("measure: the device answers what it was not asked");
            };
            ensure!(expected == id, "measure: answer {id} of the device comes out of order");
            made += tickets;
            idle = if tickets == 0 { idle + 1 } else { 0 };
            ensure!(idle < IDLE_MAX, "measure: the device has answered {idle} times without work");
            given -= left.iter().map(Piece::tickets).sum::<u64>().min(given);
            self.workload.give_back(left);
            self.claims.extend(claims.into_iter().map(|claim| (ask, claim)));
            if let Some(now) = now {
                note(ends, now);
            }
        }
        Ok(made)
    }

    fn check(&mut self) -> Result<u64> {
        let mut checked = 0;
        for (ask, claim) in std::mem::take(&mut self.claims) {
            let check = self.workload.production().check(&claim, &ask)?;
            if let Check::Wrong(text) = check {
                bail!("measure: the device is wrong, so there is no result: {text}");
            }
            checked += 1;
        }
        Ok(checked)
    }
}
