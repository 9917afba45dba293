//! The loop of a mining run: passes over the product, cut into work units, kept ahead of the device.
//!
//! Each pass multiplies the same operands under another nonce. Work under way holds its own pass's commitments.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gemmine_driver::{Counters, Grid, Rows, WorkUnit};
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::{LANES, Panel};

use super::lane::{Answer, Lane, Work};
use super::operands::Operands;
use super::product::{FirstPass, Sink};
use super::progress::Progress;
use super::shares::{Claim, Keeper};
use super::summary::{End, Tally};
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

/// Work on its way: row panels with column panels of a pass.
#[derive(Debug)]
struct Flight {
    pass: u64,
    prepared: Arc<PreparedJob>,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// A run in progress.
pub struct Session<'a> {
    operands: &'a Operands,
    lane: Lane,
    keeper: Keeper,
    progress: Progress,
    until: Until,
    bound_le: [u8; 32],
    /// The newest pass, ready to make panels of A.
    prepared: Arc<PreparedJob>,
    pass: u64,
    seed: u64,
    b_panels: Vec<Arc<Panel>>,
    /// What is next of the newest pass: row panel, first column panel.
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
        lane: Lane,
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
            lane,
            keeper,
            progress,
            until,
            prepared: Arc::new(prepared),
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
            self.lane.abandon();
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
            for work in batch {
                if unless_interrupted(self.lane.submit(work))?.is_none() {
                    return Ok(());
                }
            }
            loop {
                let Some(answer) = unless_interrupted(self.lane.poll(patience))? else {
                    return Ok(());
                };
                let Some(answer) = answer else { break };
                self.take(&answer)?;
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
        let mut next = PreparedJob::clone(&self.prepared);
        next.reseed(row, column, &values).context("prepare a pass")?;
        self.prepared = Arc::new(next);
        self.tally.reseeds += 1;
        self.next = (0, 0);
        Ok(true)
    }

    /// The next work, all made before the first is sent: what waits together, the array runs in one
    /// stream.
    fn next_batch(&mut self) -> Result<Vec<Work>> {
        let room = self.lane.room().min(BATCH_UNITS);
        let mut batch = Vec::with_capacity(room);
        while batch.len() < room && self.advance()? {
            // A device that takes grids is not given any before it is done with the product.
            let is_first = matches!(batch.last(), Some(Work::Unit(_))) && !self.wants_tiles();
            if is_first && self.lane.grids().is_some() {
                break;
            }
            batch.push(self.next_work());
        }
        Ok(batch)
    }

    /// Whether the product comes of what is next.
    fn wants_tiles(&self) -> bool {
        self.pass == 0 && self.first.is_some()
    }

    /// Row panels.
    fn strips(&self) -> usize {
        self.operands.a_padded.rows() / LANES
    }

    /// A grid where the device takes them and nobody wants the tiles, else a unit.
    fn next_work(&mut self) -> Work {
        let want_tiles = self.wants_tiles();
        let grids = self.lane.grids().filter(|_| !want_tiles);
        let (row, column) = self.next;
        let (tiles, most) = match grids {
            Some(grids) => (grids.tiles, grids.panels),
            None => (UNIT_TILES_MAX, UNIT_TILES_MAX),
        };
        let columns = column..self.b_panels.len().min(column + most.min(tiles).max(1));
        // More rows only where each is whole, so that tiles keep their order.
        let rows = if grids.is_some() && columns.len() == self.b_panels.len() {
            (tiles / columns.len()).clamp(1, most).min(self.strips() - row)
        } else {
            1
        };
        let rows = row..row + rows;
        let is_whole = columns.end == self.b_panels.len();
        self.next = if is_whole { (rows.end, 0) } else { (row, columns.end) };
        self.sent += 1;
        let prepared = Arc::clone(&self.prepared);
        let b = self.b_panels[columns.clone()].to_vec();
        let (config, id) = (prepared.config(), self.sent);
        let (steps, chunk_steps) = (config.k as usize, config.r.into());
        let (ticket_key, bound_le) = (prepared.seeds().a, self.bound_le);
        let work = if grids.is_some() {
            let panels = rows.start as u32..rows.end as u32;
            let a = Rows::Job { job: Arc::clone(&prepared), panels };
            Work::Grid(Grid { tag: id, a, b, steps, chunk_steps, ticket_key, bound_le })
        } else {
            let a = Arc::new(prepared.panel_a(row as u32));
            Work::Unit(WorkUnit { id, a, b, steps, chunk_steps, ticket_key, bound_le, want_tiles })
        };
        self.flights.push_back(Flight { pass: self.pass, prepared, rows, columns });
        work
    }

    /// Takes an answer in: tiles to the product, hits to the keeper.
    fn take(&mut self, answer: &Answer) -> Result<()> {
        let flight = self.flights.pop_front().context("match an answer to its work")?;
        self.counters = answer.counters;
        // The product first: no share that can't be stored keeps it from being written.
        if let (0, Some(first)) = (flight.pass, &mut self.first) {
            for (column, tile) in flight.columns.clone().zip(&answer.products) {
                first.take(flight.rows.start, column, tile.as_deref())?;
            }
        }
        if flight.columns.end == self.b_panels.len() && flight.rows.end == self.strips() {
            self.tally.passes += 1;
            if let Some(first) = self.first.take() {
                self.sink.take(&first.into_product())?;
            }
        }
        let mut counted = 0;
        for (number, claim) in &answer.hits {
            self.count(number + 1 - counted);
            counted = number + 1;
            self.hit(&flight, *number, claim)?;
        }
        self.count(answer.tiles - counted);
        Ok(())
    }

    /// Counts tickets: those behind the last share that was asked for are left over.
    fn count(&mut self, tickets: usize) {
        let enough = self.enough();
        let tally = &mut self.tally;
        *if enough { &mut tally.tickets_surplus } else { &mut tally.tickets } += tickets as u64;
    }

    fn hit(&mut self, flight: &Flight, number: usize, claim: &Claim) -> Result<()> {
        if self.enough() {
            self.tally.hits_surplus += 1;
            return Ok(());
        }
        let (row, column) = (number / flight.columns.len(), number % flight.columns.len());
        let place = [flight.rows.start + row, flight.columns.start + column];
        let [t_row, t_col] = place.map(|panel| (panel * LANES) as u32);
        let found = self.keeper.keep(&flight.prepared, flight.pass, (t_row, t_col), claim)?;
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
