//! What goes wrong, and what becomes well again.

use std::time::Duration;

use gemmine_jobs::share_log::faults::Fault as DiskFault;

use super::{Event, World};
use crate::pool::Mode;
use crate::scenario::Fault;

/// Longer than any line may be.
const HUGE: usize = 2 << 20;
/// How long a source that is not let in waits.
const UNAUTHORISED: Duration = Duration::from_secs(300);

impl World {
    pub(super) fn next_fault(&mut self, fault: Fault) {
        let wait = self.random.until(self.scenario.mean(fault));
        self.after(wait, Event::Fault(fault));
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        *self.tally.faults.entry(fault).or_default() += 1;
        let board = self.random.below(self.boards.len() as u64) as usize;
        let pool = self.random.below(self.pools.len() as u64) as usize;
        let minutes = self.random.between(60.0, 600.0);
        match fault {
            Fault::Unplug => self.unplug(board),
            Fault::Hang => {
                let board = &mut self.boards[board];
                (board.hung_since, board.hung_until) = (self.now, self.now + minutes);
                board.trouble = board.hung_until;
            }
            Fault::Slow => self.boards[board].slow_until = self.now + minutes,
            Fault::PoolRefuses => self.trouble(pool, Mode::Refuses, minutes),
            Fault::PoolSilent => self.trouble(pool, Mode::Silent, minutes),
            Fault::PoolUnauthorised => {
                self.trouble(pool, Mode::Unauthorised, minutes);
                self.hang_up_all(pool);
            }
            Fault::PoolLosesAnswers => self.trouble(pool, Mode::LosesAnswers, minutes),
            Fault::PoolLate => self.trouble(pool, Mode::Late, minutes),
            Fault::PoolRejects => self.trouble(pool, Mode::Rejects, minutes),
            Fault::PoolDead => {
                let hours = self.random.between(1.0, 4.0).as_secs_f64();
                self.trouble(pool, Mode::Refuses, self.scenario.hours(hours));
                self.hang_up_all(pool);
            }
            Fault::PoolDropsAnswer => self.pools[pool].drops_next = true,
            Fault::PoolCuts => {
                self.sends_then_hangs_up(pool, br#"{"id":null,"method":"mining.not"#)
            }
            Fault::PoolGarbage => {
                let garbage: Vec<u8> = (0..300).map(|_| self.random.next() as u8).collect();
                let garbage = [&garbage[..], b"\n[1]\n{}}\n"].concat();
                self.pool_babbles(pool, &garbage);
            }
            Fault::PoolHugeLine => self.pool_babbles(pool, &[b'{'; HUGE]),
            Fault::PoolRepeats => {
                let times = 2 + self.random.below(8);
                self.pool_repeats(pool, times);
            }
            Fault::PoolRestarts => {
                self.hang_up_all(pool);
                self.pools[pool].restart(self.now);
            }
            Fault::DiskFull => {
                let free = self.random.below(200_000);
                self.disk.set_free(Some(free));
                self.disk_trouble(minutes);
            }
            Fault::SyncFails => self.disk_fails(&[DiskFault::Sync], minutes),
            Fault::NamesFail => self.disk_fails(&[DiskFault::SyncFolder], minutes),
            Fault::CutFails => self.disk_fails(&[DiskFault::Sync, DiskFault::Truncate], minutes),
            Fault::Kill => self.die_if_alive(),
            Fault::KillInWrite => {
                let most = if self.random.one_in(2) { 3000 } else { 200_000 };
                self.disk.kill_after(self.random.below(most));
            }
            Fault::PowerCut => {
                self.disk.cut_power();
                self.die_if_alive();
            }
            Fault::ClockJump => {
                let hours = self.random.between(0.0, 12.0).as_secs() as i64;
                self.wall_jump += if self.random.one_in(2) { hours } else { -hours };
            }
        }
    }

    fn die_if_alive(&mut self) {
        if self.process.is_some() {
            self.die();
        }
    }

    fn trouble(&mut self, pool: usize, mode: Mode, lasts: Duration) {
        let found = &mut self.pools[pool];
        (found.mode, found.well_since) = (mode, None);
        found.trouble += 1;
        let trouble = found.trouble;
        self.after(lasts, Event::PoolRecovers(pool, trouble));
    }

    pub(super) fn pool_recovers(&mut self, number: usize, trouble: u64) {
        let pool = &mut self.pools[number];
        if pool.trouble != trouble {
            return;
        }
        let was = std::mem::replace(&mut pool.mode, Mode::Well);
        let wait = if was == Mode::Unauthorised { UNAUTHORISED } else { Duration::ZERO };
        pool.well_since = Some(self.now + wait);
        // Whoever was let in while it said nothing does not know of it, nor of its newest job.
        if was == Mode::Silent {
            self.hang_up_all(number);
        }
    }

    fn hang_up_all(&mut self, pool: usize) {
        self.pools[pool].stumbles(self.now);
        let connections = self.pools[pool].connections();
        connections.into_iter().for_each(|connection| self.hang_up(connection));
    }

    fn pool_babbles(&mut self, pool: usize, bytes: &[u8]) {
        self.pools[pool].stumbles(self.now);
        for connection in self.pools[pool].connections() {
            self.pool_sends(connection, bytes.to_vec());
        }
    }

    fn sends_then_hangs_up(&mut self, pool: usize, bytes: &[u8]) {
        self.pool_babbles(pool, bytes);
        self.hang_up_all(pool);
    }

    pub(super) fn pool_job(&mut self, number: usize) {
        let clean = !self.random.one_in(4);
        let replies = self.pools[number].next_job(self.now, clean);
        self.reply(replies);
        if self.random.one_in(12) {
            let jobs = 5 + self.random.below(16);
            self.after(Duration::from_millis(3), Event::PoolStorm(number, jobs));
        }
        let wait = self.random.between(14.0, 35.0);
        self.after(wait, Event::PoolJob(number));
    }

    /// A job is announced again every few seconds.
    pub(super) fn pool_repeats(&mut self, number: usize, left: u64) {
        let replies = self.pools[number].announce(self.now);
        self.reply(replies);
        if left > 1 {
            let wait = self.random.between(0.001, 12.0);
            self.after(wait, Event::PoolRepeats(number, left - 1));
        }
    }

    /// Jobs that are milliseconds apart.
    pub(super) fn pool_storm(&mut self, number: usize, left: u64) {
        let clean = self.random.one_in(3);
        let replies = self.pools[number].next_job(self.now, clean);
        self.reply(replies);
        if left > 1 {
            let longest = if left.is_multiple_of(2) { 0.008 } else { 0.3 };
            let wait = self.random.between(0.001, longest);
            self.after(wait, Event::PoolStorm(number, left - 1));
        }
    }

    fn disk_fails(&mut self, faults: &[DiskFault], lasts: Duration) {
        faults.iter().for_each(|fault| self.disk.set_fault(*fault, true));
        self.disk_trouble(lasts);
    }

    fn disk_trouble(&mut self, lasts: Duration) {
        self.disk_trouble += 1;
        self.after(lasts, Event::DiskRecovers(self.disk_trouble));
    }

    pub(super) fn disk_recovers(&mut self, trouble: u64) {
        if self.disk_trouble == trouble {
            self.disk.set_free(None);
            for fault in [DiskFault::Sync, DiskFault::Truncate, DiskFault::SyncFolder] {
                self.disk.set_fault(fault, false);
            }
        }
    }

    /// From now on nothing goes wrong.
    pub(super) fn recover(&mut self) {
        self.faulty = false;
        self.disk_recovers(self.disk_trouble);
        for pool in 0..self.pools.len() {
            let trouble = self.pools[pool].trouble;
            if self.pools[pool].mode != Mode::Well {
                self.pool_recovers(pool, trouble);
            }
        }
        for board in 0..self.boards.len() {
            self.plug_in(board);
        }
    }
}
