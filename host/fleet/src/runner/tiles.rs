//! Tiles whose operands the host sends: pieces are cut into work units, and some of those go to the device at a time.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gemmine_driver::{Completion, Counters, Device, DeviceError, Feeder, OldestWanted, WorkUnit};

use super::{Assignment, Done, pearl, tiles_of};
use crate::piece::{Piece, Place};
use crate::production::{Ask, Claim};

/// Tiles of one work unit at most.
const UNIT_TILES: u32 = 64;

pub struct TileRunner {
    device: Box<dyn Device>,
    feeder: Feeder,
    oldest: OldestWanted,
    /// Oldest first.
    waiting: VecDeque<Assignment>,
    /// What has been made of the first of them.
    made: Made,
}

/// A unit, the piece that it is of, and its first tile.
type Cut = (WorkUnit, Piece, (u32, u32));

/// What has been made of an assignment.
#[derive(Default)]
struct Made {
    /// Pieces of it that are done.
    pieces: usize,
    tickets: u64,
    claims: Vec<Claim>,
    last: Option<Claim>,
    took: Duration,
}

impl TileRunner {
    pub fn new(device: Box<dyn Device>) -> Self {
        let feeder = Feeder::new(device.identity().limits);
        let (oldest, waiting, made) = (OldestWanted::default(), VecDeque::new(), Made::default());
        Self { device, feeder, oldest, waiting, made }
    }

    pub fn start(&mut self, assignment: Assignment, oldest: &OldestWanted) {
        self.oldest = Arc::clone(oldest);
        self.waiting.push_back(assignment);
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn drop_all(&mut self) {
        self.waiting.clear();
        self.made = Made::default();
    }

    /// The answer so far to the oldest assignment, if there is a hit in it. Only where no more of it is made: its work
    /// was dropped, or the device failed, in the middle of a batch.
    pub fn salvage(&mut self) -> Option<Done> {
        if !self.made.claims.iter().any(|claim| claim.hit) {
            return None;
        }
        let assignment = self.waiting.pop_front()?;
        let made = mem::take(&mut self.made);
        let left = made.left(&assignment.pieces);
        Some(made.done(assignment.id, left, None))
    }

    /// Makes some pieces, as many as the device's queue holds.
    pub fn next(&mut self) -> Result<Option<Done>> {
        let Some(assignment) = self.waiting.front() else { return Ok(None) };
        let begun = Instant::now();
        let pieces = self.batch(assignment);
        let mut units = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            units.extend(self.units(assignment, piece)?);
        }
        self.feeder.watch(Arc::clone(&self.oldest), assignment.production.epoch);
        let batch: Vec<WorkUnit> = units.iter().map(|(unit, ..)| unit.clone()).collect();
        let results = self.feeder.run_each(self.device.as_mut(), &batch);
        for ((_, piece, place), result) in units.iter().zip(results) {
            match result {
                Ok(completions) => self.made.take(piece, *place, &completions),
                Err(error) => {
                    // There may be a hit among the tiles of a unit that was not done.
                    self.made.take(piece, *place, &self.feeder.take_partial());
                    return match error {
                        // Whoever drops it knows, and wants no answer but for hits.
                        DeviceError::Dropped => Ok(None),
                        error => Err(error).context("make tiles"),
                    };
                }
            }
        }
        self.made.pieces += pieces.len();
        self.made.took += begun.elapsed();
        // A hit is told at once: a second later its job may be over.
        let is_hit = self.made.claims.iter().any(|claim| claim.hit);
        let is_done =
            self.waiting.front().is_some_and(|first| first.pieces.len() == self.made.pieces);
        if !is_hit && !is_done {
            return Ok(None);
        }
        let Some(assignment) = self.waiting.pop_front() else { return Ok(None) };
        let left = assignment.pieces[self.made.pieces..].to_vec();
        let counters = self.device.counters().ok();
        Ok(Some(mem::take(&mut self.made).done(assignment.id, left, counters)))
    }

    /// The pieces that come next: as many as fill the device's queue, and one at least.
    fn batch(&self, assignment: &Assignment) -> Vec<Piece> {
        let mut room = self.feeder.window() as u64;
        let mut batch = Vec::new();
        for piece in &assignment.pieces[self.made.pieces.min(assignment.pieces.len())..] {
            if !batch.is_empty() && piece.tickets() > room {
                break;
            }
            room = room.saturating_sub(piece.tickets());
            batch.push(*piece);
        }
        batch
    }

    /// A piece as work units.
    fn units(&self, assignment: &Assignment, piece: &Piece) -> Result<Vec<Cut>> {
        let Ask::Pearl(bound) = assignment.ask else { bail!("ask for bits of a tile") };
        let production = pearl(&assignment.production)?;
        let (tiles, prepared) = (tiles_of(piece)?, production.pass(piece.pass)?);
        let mut units = Vec::new();
        for row in tiles.row..tiles.row + tiles.rows {
            let a = Arc::new(prepared.panel_a(row));
            let end = tiles.column + tiles.columns;
            for column in (tiles.column..end).step_by(UNIT_TILES as usize) {
                let last = end.min(column + UNIT_TILES);
                let b = production.b_panels().get(column as usize..last as usize);
                let unit = WorkUnit {
                    id: assignment.id,
                    a: Arc::clone(&a),
                    b: b.context("find B's panels of a piece")?.to_vec(),
                    steps: prepared.config().k as usize,
                    chunk_steps: prepared.config().r.into(),
                    ticket_key: prepared.seeds().a,
                    bound_le: bound.to_little_endian(),
                    want_tiles: false,
                };
                units.push((unit, *piece, (row, column)));
            }
        }
        Ok(units)
    }
}

impl Made {
    fn take(&mut self, piece: &Piece, (row, first): (u32, u32), completions: &[Completion]) {
        for (column, completion) in (first..).zip(completions) {
            let Completion { ticket, hit, cycle, .. } = *completion;
            let place = Place::Tile { row, column };
            let claim = Claim { pass: piece.pass, place, ticket: Some(ticket), hit, cycle };
            if hit {
                self.claims.push(claim);
            }
            self.last = Some(claim);
        }
        self.tickets += completions.len() as u64;
    }

    /// What has not been made of its pieces. Tickets are made in the order of the pieces' own.
    fn left(&self, pieces: &[Piece]) -> Vec<Piece> {
        let mut made = self.tickets;
        let mut left = Vec::new();
        for piece in pieces {
            let of = made.min(piece.tickets());
            made -= of;
            // No piece has more tickets than its rectangle's sides multiply to, two words of 32 bits each.
            left.extend(piece.behind(u32::try_from(of).unwrap_or(u32::MAX)));
        }
        left
    }

    fn done(mut self, id: u64, left: Vec<Piece>, counters: Option<Counters>) -> Done {
        self.claims.extend(self.last.filter(|last| !last.hit));
        let Self { tickets, claims, took, .. } = self;
        Done { id, tickets, left, claims, counters, took }
    }
}
