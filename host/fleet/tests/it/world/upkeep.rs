//! What is looked at every few seconds, and the end.

use std::collections::HashSet;
use std::time::Duration;

use gemmine_console::status::DeviceState;
use gemmine_jobs::work::Moment;

use super::{Event, World};
use crate::product::MACS_PER_TICKET;
use crate::summary::{Tally, resident_mib};

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// No board that is well is without work for longer while a pool is well for as long: the longest waits before a device
/// is opened and a source is connected to are a minute.
const IDLE_MAX: Duration = Duration::from_secs(150);
/// Lies with which a liar is found out.
const LIES_MAX: u64 = 3;
/// Files of the log are moved away when they are so old.
const ARCHIVE_AFTER: Duration = Duration::from_secs(3600);

impl World {
    pub(super) fn look(&mut self) {
        self.after(LOOK_EVERY, Event::Look);
        self.look_at_boards();
        if let Some(process) = &self.process {
            let checked = self.oracle.look_at_pending(&self.pools, process.born, self.now);
            self.ensure(checked);
        }
        let seconds = self.now.as_secs();
        if seconds % 60 < 10 {
            let alive = self.process.as_ref().map_or(self.now, |process| process.born);
            let checked = self.oracle.look(&self.pools, alive, self.now);
            self.ensure(checked);
            self.look_at_memory();
            self.archive();
        }
        if seconds % 3600 < 10 {
            let mib = resident_mib();
            self.tally.resident.push(mib);
            if self.scenario.talks {
                println!(
                    "{:2} h: {mib:.0} MiB, {} tickets, {} shares",
                    seconds / 3600,
                    self.tally.tickets,
                    self.oracle.found
                );
            }
        }
    }

    fn look_at_boards(&mut self) {
        let now = self.now;
        let Some(process) = &self.process else { return };
        let pools = self.pools.iter().filter_map(|pool| pool.well_since).min();
        let since = pools.map_or(now, |since| since.max(process.born));
        let mut wrong = None;
        for (board, device) in self.boards.iter_mut().zip(process.miner.crew().devices()) {
            let (state, _, reason) = device.supervision().state();
            let quarantined = state == DeviceState::Quarantined;
            if quarantined && board.lie.is_none() {
                wrong = Some(format!("{} is quarantined: {reason:?}", board.name));
            }
            if !quarantined && board.lies > LIES_MAX {
                wrong = Some(format!("{} lies, and is {state:?}", board.name));
            }
            if !board.is_well(now) || !board.queue.is_empty() {
                board.idle_since = None;
                continue;
            }
            let idle = *board.idle_since.get_or_insert(now);
            let idle = now.saturating_sub(idle.max(since).max(board.trouble));
            if idle > IDLE_MAX {
                wrong =
                    Some(format!("{} is well and without work: {state:?}, {reason:?}", board.name));
            }
        }
        self.ensure(wrong.map_or(Ok(()), Err));
    }

    /// Nothing piles up in the miner.
    fn look_at_memory(&mut self) {
        let Some(process) = &self.process else { return };
        let log = process.miner.log();
        let status = process.miner.status(self.now - process.born, &[]);
        let most = &mut self.tally.most;
        most.pending = most.pending.max(log.pending_count());
        most.queued = most.queued.max(log.queued());
        most.lines = most.lines.max(status.log.len());
        most.connections = most.connections.max(self.connections.len());
    }

    /// Takes away what nobody needs any more: proofs of shares that are over, old files.
    fn archive(&mut self) {
        let Some(process) = &self.process else { return };
        let log = process.miner.log();
        if !log.is_writable() {
            return;
        }
        let pending = log.pending();
        let proofs: HashSet<&str> = pending.iter().map(|share| share.proof_file.as_str()).collect();
        let names = self.disk.names();
        let number =
            |name: &str| name.strip_prefix("shares-")?.strip_suffix(".jsonl")?.parse().ok();
        for name in names.iter().filter(|name| name.starts_with("share-")) {
            if !proofs.contains(name.as_str()) {
                self.disk.archive(name);
            }
        }
        let newest: u64 = names.iter().filter_map(|name| number(name)).max().unwrap_or(0);
        self.files.push_back((self.now, newest));
        let waits = self.oracle.oldest_pending().unwrap_or(self.now);
        let keep = waits.min(self.now.saturating_sub(ARCHIVE_AFTER));
        let mut before = 0;
        while let Some((at, file)) = self.files.front().copied().filter(|(at, _)| *at < keep) {
            (before, _) = (file, at);
            self.files.pop_front();
        }
        for name in names.iter().filter(|name| number(name).is_some_and(|file| file < before)) {
            self.disk.archive(name);
        }
    }

    /// What a process' boards were credited with is gone with it.
    pub(super) fn count_credit(&mut self) {
        let Some(process) = &self.process else { return };
        let now: Moment = self.now.saturating_sub(process.born);
        for (board, device) in self.boards.iter_mut().zip(process.miner.crew().devices()) {
            if board.lie.is_none() {
                self.tally.credited += device.status(now).macs_credited / MACS_PER_TICKET;
            }
            board.lies = 0;
        }
    }

    /// Nothing is left open, and everything comes to what it should.
    pub(super) fn finish(mut self) -> Tally {
        self.count_credit();
        let honest = self.boards.iter().filter(|board| board.lie.is_none());
        self.tally.made += honest.map(|board| board.untold).sum::<u64>();
        let pending = self.oracle.pending_before(self.now - Duration::from_secs(200));
        let left = format!("{pending} shares have no verdict at the end");
        self.ensure(if pending == 0 { Ok(()) } else { Err(left) });
        let Some(process) = &self.process else { return self.tally };
        let liars = self.boards.iter().zip(process.miner.crew().devices());
        let liars = liars.filter(|(board, device)| {
            let state = device.supervision().state().0;
            board.lie.is_some() && state == DeviceState::Quarantined
        });
        self.tally.quarantined = liars.count();
        self.tally.liars = self.boards.iter().filter(|board| board.lie.is_some()).count();
        self.tally.logged =
            process.miner.log().totals().devices.values().map(|device| device.hits).sum();
        self.tally.pool_credited = self.pools.iter().map(|pool| pool.credited).sum();
        self.tally.found = self.oracle.found;
        self.tally.verdicts = self.oracle.verdicts.clone();
        self.tally.pending = self.oracle.pending();
        self.tally.excuses = self.oracle.excuses;
        self.tally.repeats = self.oracle.repeats;
        self.tally.longest = self.oracle.longest;
        self.tally.processes = self.processes;
        self.tally.resident.push(resident_mib());
        let lost = self.oracle.lost();
        let verdicts: u64 = self.tally.verdicts.values().sum();
        let sum = verdicts + self.tally.pending as u64 + lost;
        let found = self.tally.found;
        let wrong = format!("{found} shares found, {sum} accounted for");
        self.ensure(if sum == found { Ok(()) } else { Err(wrong) });
        self.tally
    }
}
