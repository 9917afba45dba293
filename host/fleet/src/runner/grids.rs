//! Grids of tiles, for a device that is too fast to be told of single ones. It adds the noise of A itself.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gemmine_driver::{Counters, Device, DeviceError, Grid, GridEnd, OldestWanted, Rectangle, Rows};

use super::{Assignment, Done, pearl, tiles_of};
use crate::piece::{Piece, Place};
use crate::production::{Ask, Claim};

pub struct GridRunner {
    device: Box<dyn Device>,
    oldest: OldestWanted,
    next_tag: u64,
    /// Oldest first. Grids of the first ones are outstanding.
    waiting: VecDeque<InWork>,
    /// Grids that the device has, oldest first.
    sent: VecDeque<Sent>,
    /// Since when the oldest assignment is in work.
    since: Instant,
}

/// An assignment, and what has become of it.
struct InWork {
    assignment: Assignment,
    /// What no grid has been cut from, next ones first.
    todo: VecDeque<Piece>,
    /// Grids of it that the device has.
    outstanding: usize,
    tickets: u64,
    claims: Vec<Claim>,
    last: Option<Claim>,
    /// A hit has come: no more of it is sent.
    is_hit: bool,
}

/// A grid that the device has.
struct Sent {
    tag: u64,
    assignment: u64,
    piece: Piece,
}

impl GridRunner {
    pub fn new(device: Box<dyn Device>) -> Self {
        Self {
            device,
            oldest: OldestWanted::default(),
            next_tag: 0,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            since: Instant::now(),
        }
    }

    pub fn start(&mut self, assignment: Assignment, oldest: &OldestWanted) {
        self.oldest = Arc::clone(oldest);
        if self.waiting.is_empty() {
            self.since = Instant::now();
        }
        self.waiting.push_back(InWork::new(assignment));
    }

    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn drop_all(&mut self) -> Result<()> {
        self.waiting.clear();
        self.sent.clear();
        self.device.reset().context("drop the work of a device")
    }

    /// The answer so far to the oldest assignment that has a hit, if any has. Only where no more is made: of what the
    /// device has of it, nothing is taken any more.
    pub fn salvage(&mut self) -> Option<Done> {
        let index = self.waiting.iter().position(|work| work.is_hit)?;
        let mut work = self.waiting.remove(index)?;
        let lost = self.sent.iter().filter(|sent| sent.assignment == work.assignment.id);
        lost.rev().for_each(|sent| work.todo.push_front(sent.piece));
        Some(work.done(None, self.since.elapsed()))
    }

    /// Sends what the device has room for, and takes what it has made.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Done>> {
        // Whoever drops work knows, and wants no answer but for hits. What the device has of it is not taken.
        let oldest = self.oldest.load(Ordering::Relaxed);
        self.waiting.retain(|work| work.assignment.production.epoch >= oldest || work.is_hit);
        if let Some(done) = self.done() {
            return Ok(Some(done));
        }
        while let Some(index) = self.next_to_send()? {
            self.send(index)?;
        }
        if self.sent.is_empty() {
            return Ok(self.done());
        }
        match self.device.wait_grid(patience) {
            Ok(end) => self.take(&end)?,
            Err(DeviceError::Timeout { .. }) => {}
            Err(error) => return Err(error).context("make tiles"),
        }
        Ok(self.done())
    }

    /// The assignment that the next grid is of, if the device has room for one.
    fn next_to_send(&self) -> Result<Option<usize>> {
        let Some(index) = self.waiting.iter().position(InWork::has_more) else { return Ok(None) };
        let steps = self.waiting[index].steps()?;
        let limits = self.device.grids(steps).context("ask a device for its grids")?;
        Ok((self.sent.len() < limits.outstanding).then_some(index))
    }

    fn send(&mut self, index: usize) -> Result<()> {
        let work = &mut self.waiting[index];
        let steps = work.steps()?;
        let limits = self.device.grids(steps).context("ask a device for its grids")?;
        let Some(next) = work.todo.pop_front() else { return Ok(()) };
        let (piece, left) = next.cut(most_tiles(&tiles_of(&next)?, limits.tiles, limits.panels));
        left.into_iter().rev().for_each(|left| work.todo.push_front(left));
        let tag = self.next_tag;
        self.next_tag += 1;
        let grid = grid(tag, &work.assignment, &piece)?;
        let assignment = work.assignment.id;
        work.outstanding += 1;
        self.device.push_grid(grid).context("send tiles")?;
        self.sent.push_back(Sent { tag, assignment, piece });
        Ok(())
    }

    fn take(&mut self, end: &GridEnd) -> Result<()> {
        let sent = self.sent.pop_front().context("match a grid to its piece")?;
        if sent.tag != end.tag {
            bail!("make tiles: grid {} came where {} was due", end.tag, sent.tag);
        }
        let of = |work: &&mut InWork| work.assignment.id == sent.assignment;
        match self.waiting.iter_mut().find(of) {
            Some(work) => work.take(&sent.piece, end),
            // It was dropped meanwhile.
            None => Ok(()),
        }
    }

    /// The oldest assignment, if nothing of it is outstanding and no more of it will be sent.
    fn done(&mut self) -> Option<Done> {
        let is_done = self.waiting.front().is_some_and(InWork::is_done);
        let work = if is_done { self.waiting.pop_front() } else { None }?;
        let took = self.since.elapsed();
        self.since = Instant::now();
        Some(work.done(self.device.counters().ok(), took))
    }
}

impl InWork {
    fn new(assignment: Assignment) -> Self {
        let todo = assignment.pieces.iter().copied().collect();
        Self {
            assignment,
            todo,
            outstanding: 0,
            tickets: 0,
            claims: Vec::new(),
            last: None,
            is_hit: false,
        }
    }

    fn steps(&self) -> Result<usize> {
        Ok(pearl(&self.assignment.production)?.product().a.k())
    }

    fn has_more(&self) -> bool {
        !self.todo.is_empty() && !self.is_hit
    }

    fn is_done(&self) -> bool {
        self.outstanding == 0 && !self.has_more()
    }

    fn take(&mut self, piece: &Piece, end: &GridEnd) -> Result<()> {
        let tiles = tiles_of(piece)?;
        self.outstanding -= 1;
        self.tickets += tiles.tiles();
        for tile in &end.tiles {
            let row = tiles.row + u32::try_from(tile.row)?;
            let column = tiles.column + u32::try_from(tile.column)?;
            let place = Place::Tile { row, column };
            if !piece.has(place) {
                bail!(
                    "make tiles: the device tells of tile {place:?}, which is outside of {tiles:?}"
                );
            }
            let claim = Claim {
                pass: piece.pass,
                place,
                ticket: Some(tile.ticket),
                hit: tile.hit,
                cycle: 0,
            };
            if tile.hit {
                self.claims.push(claim);
                // A hit is told soon: a second later its job may be over.
                self.is_hit = true;
            } else {
                self.last = Some(claim);
            }
        }
        Ok(())
    }

    fn done(mut self, counters: Option<Counters>, took: Duration) -> Done {
        self.claims.extend(self.last);
        Done {
            id: self.assignment.id,
            tickets: self.tickets,
            left: mem::take(&mut self.todo).into(),
            claims: self.claims,
            counters,
            took,
        }
    }
}

/// Tiles of the next grid at most, so that neither side has too many panels.
fn most_tiles(piece: &Rectangle, tiles: usize, panels: usize) -> u32 {
    let (tiles, panels) = (tiles.max(1), panels.max(1));
    let columns = piece.columns as usize;
    let most = if columns > panels { tiles.min(panels) } else { tiles.min(panels * columns) };
    u32::try_from(most).unwrap_or(u32::MAX)
}

/// A piece with its panels.
fn grid(tag: u64, assignment: &Assignment, piece: &Piece) -> Result<Grid> {
    let Ask::Pearl(bound) = assignment.ask else { bail!("ask for bits of a tile") };
    let production = pearl(&assignment.production)?;
    let (tiles, prepared) = (tiles_of(piece)?, production.pass(piece.pass)?);
    let (first, end) = (tiles.column as usize, (tiles.column + tiles.columns) as usize);
    let b = production.b_panels().get(first..end).context("find B's panels of a piece")?;
    Ok(Grid {
        tag,
        b: b.to_vec(),
        steps: prepared.config().k as usize,
        chunk_steps: prepared.config().r.into(),
        ticket_key: prepared.seeds().a,
        bound_le: bound.to_little_endian(),
        a: Rows::Job { job: prepared, panels: tiles.row..tiles.row + tiles.rows },
    })
}
