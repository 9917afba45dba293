//! The loop of a mining run: passes over the product, cut into work units, kept ahead of the device.
//!
//! Each pass multiplies the same operands under another nonce. Only the newest pass's commitments are
//! held; a hit that comes back after the next pass was prepared gets its own made again, which is rare.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gemmine_driver::{Completion, Counters, WorkUnit};
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::{LANES, Panel};

use super::operands::Operands;
use super::product::{FirstPass, Sink};
use super::progress::Progress;
use super::shares::{Claim, Keeper};
use super::summary::{End, Tally};
use crate::device::DeviceHandle;
use crate::interrupt;

/// Tiles of one work unit, so that a unit of a wide product on a slow device still comes back soon.
const UNIT_TILES_MAX: usize = 64;
/// Units that are sent together.
const BATCH_UNITS: usize = 16;
/// How often an idle wait looks whether the run should end.
pub const POLL: Duration = Duration::from_millis(50);

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// After so many shares.
    pub shares: Option<u64>,
    /// After so long.
    pub elapsed: Option<Duration>,
    /// After the first pass.
    pub product: bool,
}

impl Until {
    /// Whether that many shares are enough.
    pub fn enough(&self, shares: u64) -> bool {
        self.shares.is_some_and(|wanted| shares >= wanted)
    }

    /// The first reason to stop that holds, of a run that began then.
    pub fn reached(&self, shares: u64, started: Instant) -> Option<End> {
        if interrupt::requested() {
            Some(End::Interrupt)
        } else if self.enough(shares) {
            Some(End::Shares)
        } else if self.elapsed.is_some_and(|most| started.elapsed() >= most) {
            Some(End::Seconds)
        } else {
            self.product.then_some(End::Product)
        }
    }
}

/// A unit on its way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    pass: u64,
    strip: usize,
    first_column_strip: usize,
}

/// A run in progress.
pub struct Session<'a> {
    operands: &'a Operands,
    device: DeviceHandle,
    keeper: Keeper,
    progress: Progress,
    until: Until,
    bound_le: [u8; 32],
    /// The newest pass, ready to make panels of A.
    prepared: PreparedJob,
    pass: u64,
    seed: u64,
    b_panels: Vec<Arc<Panel>>,
    /// Next unit of the newest pass: strip of A, first strip of B.
    next: (usize, usize),
    flights: VecDeque<Flight>,
    sent: u64,
    /// The product, until the first pass is over.
    first: Option<FirstPass>,
    sink: Sink<'a>,
    /// The pass after the first, where an earlier run left off.
    resume: u64,
    started: Instant,
    tally: Tally,
    counters: Counters,
}

/// What a run leaves behind.
pub struct Ended<'a> {
    /// Why it ended.
    pub end: End,
    /// What went wrong, if the end is [`End::Trouble`].
    pub trouble: Option<anyhow::Error>,
    /// How long it took.
    pub elapsed: Duration,
    /// The product, and what became of it.
    pub sink: Sink<'a>,
    /// What was counted.
    pub tally: Tally,
    /// The device's counters after the last report.
    pub counters: Counters,
}

impl<'a> Session<'a> {
    /// Commits to the operands and makes the first pass ready. `prepared` holds pass 0.
    pub fn new(
        operands: &'a Operands,
        prepared: PreparedJob,
        device: DeviceHandle,
        (keeper, sink): (Keeper, Sink<'a>),
        progress: Progress,
        until: Until,
        started: Instant,
    ) -> Self {
        let strips = operands.bt_padded.rows() / LANES;
        let b_panels = (0..strips).map(|strip| Arc::new(prepared.panel_b(strip as u32))).collect();
        let first = (!operands.zero_signal)
            .then(|| FirstPass::new(&prepared, operands.a.rows, operands.b.columns));
        let (seed, resume) = (keeper.seed(), keeper.resume_pass());
        Self {
            operands,
            bound_le: prepared.bound(Some(keeper.share_target())).to_little_endian(),
            device,
            keeper,
            progress,
            until,
            prepared,
            pass: 0,
            seed,
            b_panels,
            next: (0, 0),
            flights: VecDeque::new(),
            sent: 0,
            first,
            sink,
            resume,
            started,
            tally: Tally::default(),
            counters: Counters::default(),
        }
    }

    /// Runs to the end. What is done by then is not lost where it ends in trouble.
    pub fn run(mut self) -> Ended<'a> {
        let trouble = self.work().err();
        self.progress.finish();
        let end = match trouble {
            Some(_) => End::Trouble,
            None => self.ended().unwrap_or(End::Interrupt),
        };
        if !self.flights.is_empty() {
            self.device.abandon();
        }
        let Self { sink, tally, counters, started, .. } = self;
        Ended { end, trouble, elapsed: started.elapsed(), sink, tally, counters }
    }

    /// Until there is nothing more to send and nothing under way, or Ctrl-C.
    fn work(&mut self) -> Result<()> {
        while !interrupt::requested() {
            let batch = self.next_batch()?;
            if batch.is_empty() && self.flights.is_empty() {
                break;
            }
            // Whoever still has something to prepare only looks for reports, and does not wait.
            let mut patience = if batch.is_empty() { POLL } else { Duration::ZERO };
            for unit in batch {
                if unless_interrupted(self.device.submit(unit))?.is_none() {
                    return Ok(());
                }
            }
            while let Some(report) = unless_interrupted(self.device.poll(patience))?.flatten() {
                let (id, counters) = (report.id, report.counters);
                let result = report.result.with_context(|| format!("mine unit {id} on the device"));
                let Some(completions) = unless_interrupted(result)? else {
                    return Ok(());
                };
                self.take(&completions, counters)?;
                patience = Duration::ZERO;
            }
            self.progress.update(&self.tally, &self.counters, self.started.elapsed());
        }
        Ok(())
    }

    /// The first reason to stop that holds.
    fn ended(&self) -> Option<End> {
        self.until.reached(self.tally.shares, self.started)
    }

    fn enough(&self) -> bool {
        self.until.enough(self.tally.shares)
    }

    /// Whether there is a unit to send; starts the next pass if there should be one.
    fn advance(&mut self) -> Result<bool> {
        let pass_sent = self.next.0 == self.strips();
        if !pass_sent && (self.pass == 0 || self.ended().is_none()) {
            return Ok(true);
        }
        if self.ended().is_some() {
            return Ok(false);
        }
        self.pass = if self.pass == 0 { self.resume } else { self.pass + 1 };
        let (row, column, values) = self.operands.nonce(self.seed, self.pass);
        self.prepared.reseed(row, column, &values).context("prepare a pass")?;
        self.tally.reseeds += 1;
        self.next = (0, 0);
        Ok(true)
    }

    /// The next units, all made before the first is sent: what waits together, the array runs in one
    /// stream.
    fn next_batch(&mut self) -> Result<Vec<WorkUnit>> {
        let room = self.device.room().min(BATCH_UNITS);
        let mut batch = Vec::with_capacity(room);
        while batch.len() < room && self.advance()? {
            batch.push(self.next_unit());
        }
        Ok(batch)
    }

    /// Strips of A.
    fn strips(&self) -> usize {
        self.operands.a_padded.rows() / LANES
    }

    fn next_unit(&mut self) -> WorkUnit {
        let (strip, first_column_strip) = self.next;
        let end = self.b_panels.len().min(first_column_strip + UNIT_TILES_MAX);
        self.next = if end == self.b_panels.len() { (strip + 1, 0) } else { (strip, end) };
        self.sent += 1;
        self.flights.push_back(Flight { pass: self.pass, strip, first_column_strip });
        let config = self.prepared.config();
        WorkUnit {
            id: self.sent,
            a: Arc::new(self.prepared.panel_a(strip as u32)),
            b: self.b_panels[first_column_strip..end].to_vec(),
            steps: config.k as usize,
            chunk_steps: config.r.into(),
            ticket_key: self.prepared.seeds().a,
            bound_le: self.bound_le,
            want_tiles: self.pass == 0 && self.first.is_some(),
        }
    }

    /// Takes one unit's answers in: tiles to the product, hits to the keeper.
    fn take(&mut self, completions: &[Completion], counters: Counters) -> Result<()> {
        let flight = self.flights.pop_front().context("match a report to its unit")?;
        self.counters = counters;
        // The product first: no share that can't be stored keeps it from being written.
        if let (0, Some(first)) = (flight.pass, &mut self.first) {
            for (column_strip, completion) in (flight.first_column_strip..).zip(completions) {
                first.take(flight.strip, column_strip, completion.tile.as_deref())?;
            }
        }
        let last = flight.first_column_strip + completions.len() == self.b_panels.len();
        if last && flight.strip + 1 == self.strips() {
            self.tally.passes += 1;
            if let Some(first) = self.first.take() {
                self.sink.take(&first.into_product())?;
            }
        }
        for (column_strip, completion) in (flight.first_column_strip..).zip(completions) {
            let count = if self.enough() {
                &mut self.tally.tickets_surplus
            } else {
                &mut self.tally.tickets
            };
            *count += 1;
            if completion.hit {
                self.hit(flight, column_strip, completion)?;
            }
        }
        Ok(())
    }

    fn hit(&mut self, flight: Flight, column_strip: usize, completion: &Completion) -> Result<()> {
        if self.enough() {
            self.tally.hits_surplus += 1;
            return Ok(());
        }
        let place = ((flight.strip * LANES) as u32, (column_strip * LANES) as u32);
        let claim = Claim::of(completion);
        let found = if flight.pass == self.pass {
            self.keeper.keep(&self.prepared, flight.pass, place, &claim)?
        } else {
            let (row, column, values) = self.operands.nonce(self.seed, flight.pass);
            let mut earlier = self.prepared.clone();
            earlier.reseed(row, column, &values).context("prepare an earlier pass again")?;
            self.keeper.keep(&earlier, flight.pass, place, &claim)?
        };
        if let Some(line) = self.tally.note(found) {
            self.progress.line(&line);
        }
        Ok(())
    }
}

/// What a device did, or `None` if it failed because of a Ctrl-C: then that is the run's end.
pub fn unless_interrupted<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(_) if interrupt::behind_a_failure() => Ok(None),
        result => result.map(Some),
    }
}
