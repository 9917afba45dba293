//! A virtual board: a model of the device behind a line in this process, and what the thread that owns it would do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use gemmine_driver::{BoardOpener, OldestWanted, Opener, SerialDevice, SerialOptions, SharedBoard};
use gemmine_fleet::crew::Joined;
use gemmine_fleet::piece::Piece;
use gemmine_fleet::runner::{Assignment, Done, Runner, Task};
use gemmine_hdl::Geometry;
use gemmine_jobs::work::Moment;
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;

use crate::line::DamagedOpener;
use crate::product::STEPS;
use crate::random::Random;

/// The device's own time between two looks at it.
const POLL: Duration = Duration::from_millis(20);
/// Looks after which a board that is well has answered.
const LOOKS: usize = 2000;
const BAUD: u32 = 12_000_000;

/// How a board lies.
#[derive(Clone, Copy, Debug)]
pub enum Lie {
    /// Hits are none, and others are.
    Hits,
    /// Every ticket is a hit.
    AllHits,
    /// Tickets that nobody computed.
    Tickets,
}

/// A virtual board.
pub struct VirtualBoard {
    pub name: String,
    /// Tickets a second.
    pub rate: f64,
    /// How it lies, and that it does once in so many answers.
    pub lie: Option<(Lie, u64)>,
    /// The line damages one frame in so many.
    pub damage: Option<u64>,
    /// It gets its work and does it at once, two pieces at a time, as a real one does; others when their time is over,
    /// since much of it is dropped before.
    pub eager: bool,
    pub plugged: bool,
    /// It answers nothing until then.
    pub hung_until: Moment,
    pub hung_since: Moment,
    /// It takes three times as long until then.
    pub slow_until: Moment,
    /// It can't be opened so often.
    pub refusals: u32,
    /// The last time that anything was wrong with it.
    pub trouble: Moment,
    /// Since when it is well and has nothing to do.
    pub idle_since: Option<Moment>,
    /// There is a thread that owns it.
    pub thread: bool,
    /// Counts those threads.
    pub generation: u64,
    /// Counts turns of its work: an answer of another one does not come.
    pub turn: u64,
    /// What it has, oldest first.
    pub queue: VecDeque<Assignment>,
    /// The answer to the oldest, while it takes its time.
    ready: Option<Done>,
    /// How long the oldest work takes, while it is in work.
    turn_took: Option<Duration>,
    /// Since when it works on that.
    since: Moment,
    /// Tickets that it made and never told of: none was a hit, which would have been the end of its scan.
    pub untold: u64,
    pub began: u64,
    /// Work of jobs before this one was dropped.
    pub dropped: u64,
    /// Lies about hits that this process had to see through.
    pub lies: u64,
    random: Random,
    power: Option<SharedBoard>,
    runner: Option<Runner>,
    oldest: OldestWanted,
}

impl VirtualBoard {
    pub fn new(name: String, rate: f64, random: Random) -> Self {
        Self {
            name,
            rate,
            lie: None,
            damage: None,
            plugged: true,
            hung_until: Moment::ZERO,
            hung_since: Moment::MAX,
            slow_until: Moment::ZERO,
            refusals: 0,
            trouble: Moment::ZERO,
            idle_since: None,
            thread: false,
            generation: 0,
            turn: 0,
            queue: VecDeque::new(),
            ready: None,
            turn_took: None,
            eager: false,
            since: Moment::ZERO,
            untold: 0,
            began: 0,
            dropped: 0,
            lies: 0,
            random,
            power: None,
            runner: None,
            oldest: OldestWanted::default(),
        }
    }

    /// Nothing is wrong with it: it should have work.
    pub fn is_well(&self, now: Moment) -> bool {
        self.plugged && self.hung_until <= now && self.lie.is_none() && self.refusals == 0
    }

    /// Opens it, as a thread of its own would.
    pub fn open(&mut self, now: Moment) -> Result<Joined> {
        ensure!(self.plugged, "open it: there is no such port");
        ensure!(self.hung_until <= now, "open it: no answer");
        self.hung_since = Moment::MAX;
        if self.refusals > 0 {
            self.refusals -= 1;
            bail!("open it: the port is in use");
        }
        let config = BoardConfig {
            noise: true,
            first_baud: BAUD,
            build: 0x9e37_79b9,
            ..BoardConfig::new(Geometry::new(8, 8))
        };
        let board = match &self.power {
            Some(board) => Arc::clone(board),
            None => {
                let board: SharedBoard = Arc::new(Mutex::new(Box::new(ModelBoard::new(config)?)));
                Arc::clone(self.power.insert(board))
            }
        };
        let inner = BoardOpener::new(board);
        let opener: Box<dyn Opener> = match self.damage {
            Some(one_in) => {
                let random = Random::new(self.random.next());
                Box::new(DamagedOpener { inner, random, one_in })
            }
            None => Box::new(inner),
        };
        let options = SerialOptions { baud: BAUD, ..SerialOptions::default() };
        let device = SerialDevice::on(opener, self.name.clone(), options)?;
        let task = Task::Pearl { steps: STEPS, zero_signal: true };
        let runner = Runner::new(Box::new(device), task)?;
        let mut joined = runner.joined();
        // Its clock is what the world lets it have, so that the miner gives it as much work as it can do.
        let cycles = joined.ticket_cycles.unwrap_or(1) as f64;
        joined.identity.clock_hz = Some((self.rate * cycles) as u64);
        self.runner = Some(runner);
        Ok(joined)
    }

    /// Takes work; whether it is the first of its job.
    pub fn assign(&mut self, assignment: Assignment) -> Result<bool> {
        let Some(runner) = &mut self.runner else { return Ok(false) };
        let epoch = assignment.production.epoch;
        if self.eager {
            runner.start(assignment.clone(), &self.oldest)?;
        }
        self.queue.push_back(assignment);
        let began = epoch > self.began;
        self.began = self.began.max(epoch);
        Ok(began)
    }

    /// Begins with the oldest work, if it is time for that, and tells how long it takes.
    pub fn begin(&mut self, now: Moment) -> Result<Option<Duration>> {
        let Some(oldest) = self.queue.front() else { return Ok(None) };
        if self.runner.is_none() || self.turn_took.is_some() || self.hung_until > now {
            return Ok(None);
        }
        let mut tickets = oldest.pieces.iter().map(Piece::tickets).sum();
        if self.eager {
            let done = self.run()?;
            tickets = done.tickets;
            self.ready = Some(done);
        }
        let slow = if self.slow_until > now { 3.0 } else { 1.0 };
        let chance = 0.8 + 0.4 * self.random.unit();
        let took = Duration::from_secs_f64(tickets as f64 / self.rate * slow * chance);
        (self.turn_took, self.since) = (Some(took), now);
        Ok(Some(took))
    }

    /// Does the oldest work.
    fn run(&mut self) -> Result<Done> {
        let Some(runner) = &mut self.runner else { bail!("scan: it is closed") };
        for _ in 0..LOOKS {
            if let Some(done) = runner.next(POLL)? {
                return Ok(done);
            }
        }
        bail!("scan: no answer after {LOOKS} looks");
    }

    /// The answer to the oldest work, whose time is over, and whether there is a lie about a hit in it.
    pub fn answer(&mut self) -> Result<(Assignment, Done, bool)> {
        let took = self.turn_took.take().context("answer out of turn")?;
        let ready = self.ready.take();
        let assignment = self.queue.pop_front().context("answer without work")?;
        let mut done = match (ready, &mut self.runner) {
            (Some(done), _) => done,
            (None, Some(runner)) => {
                runner.start(assignment.clone(), &self.oldest)?;
                self.run()?
            }
            (None, None) => bail!("scan: it is closed"),
        };
        done.took = took;
        let lie = self.lie.filter(|(_, one_in)| self.random.one_in(*one_in)).map(|(lie, _)| lie);
        let mut lied = false;
        for claim in &mut done.claims {
            let was = *claim;
            match lie {
                Some(Lie::Hits) => claim.hit = !claim.hit,
                Some(Lie::AllHits) => claim.hit = true,
                Some(Lie::Tickets) => claim.ticket = Some([self.random.next() as u8; 32]),
                None => {}
            }
            lied |= claim.hit && *claim != was;
        }
        Ok((assignment, done, lied))
    }

    /// What is under way never comes.
    fn break_off(&mut self, now: Moment) {
        if let (Some(done), Some(took)) = (self.ready.take(), self.turn_took) {
            let worked = now.min(self.hung_since).saturating_sub(self.since);
            let made = worked.as_secs_f64() / took.as_secs_f64() * done.tickets as f64;
            self.untold += (made as u64).min(done.tickets - 1);
        }
        self.turn_took = None;
        self.turn += 1;
    }

    /// Drops work of jobs before.
    pub fn drop_before(&mut self, epoch: u64, now: Moment) -> Result<()> {
        self.dropped = self.dropped.max(epoch);
        if self.queue.iter().any(|assignment| assignment.production.epoch < epoch) {
            self.queue.clear();
            self.break_off(now);
            if let Some(runner) = self.runner.as_mut().filter(|_| self.eager) {
                runner.drop_all()?;
            }
        }
        Ok(())
    }

    /// Its thread has ended.
    pub fn close(&mut self, now: Moment) {
        self.runner = None;
        self.queue.clear();
        self.break_off(now);
        self.began = 0;
        self.thread = false;
        self.generation += 1;
    }

    /// Without its cable it has no power either.
    pub fn unplug(&mut self, now: Moment) {
        self.break_off(now);
        self.plugged = false;
        self.power = None;
    }
}
