//! Tiles without a signal on a device that grows the operands itself: no operand crosses the link.
//!
//! The host commits to A and B, which are zero but for a nonce in A's last row panel, and tells the device the two
//! seeds. All other tiles of the product are walked by scans, two of them outstanding and each about a second long.
//! When all are given away, the next nonce's seeds are made ready while the device is at work. Whatever comes back is
//! computed again here: the last tile of every scan, and the one before it where that is said to be a hit.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use gemmine_driver::{Counters, Device, Pace, PearlScan, Rectangle, Scanned, Scanner};
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::LANES;

use super::operands::Operands;
use super::product::Sink;
use super::progress::Progress;
use super::session::{Ended, POLL, Until, unless_interrupted};
use super::shares::{Claim, Keeper};
use super::summary::{End, Tally};

/// The tiles of one nonce.
struct Grid {
    pass: u64,
    prepared: PreparedJob,
    /// Tiles that have not come back.
    left: Cell<u64>,
}

impl Grid {
    fn new(pass: u64, prepared: PreparedJob) -> Self {
        let grid = Self { pass, prepared, left: Cell::new(0) };
        grid.left.set(grid.whole().tiles());
        grid
    }

    /// All of its tiles: those of A's last row panel have the nonce for a signal.
    fn whole(&self) -> Rectangle {
        let panels = |extent: u32| extent / LANES as u32;
        let rows = panels(self.prepared.m()).saturating_sub(1);
        Rectangle { row: 0, column: 0, rows, columns: panels(self.prepared.n()) }
    }
}

/// Some of a grid's tiles.
struct Piece {
    grid: Rc<Grid>,
    tiles: Rectangle,
}

/// A run in progress.
pub struct Scans<'a> {
    operands: &'a Operands,
    scanner: Scanner,
    keeper: Keeper,
    sink: Sink<'a>,
    progress: Progress,
    until: Until,
    bound_le: [u8; 32],
    steps: usize,
    newest: Rc<Grid>,
    /// The grid after it, once all of the newest is given away.
    following: Option<Grid>,
    /// Tiles to give away, next ones first.
    todo: VecDeque<Piece>,
    /// What each outstanding scan walks, oldest first.
    flights: VecDeque<Piece>,
    pace: Pace,
    /// Since when the oldest of them is in work.
    since: Instant,
    started: Instant,
    /// When the last scan came back, behind the start.
    elapsed: Option<Duration>,
    tally: Tally,
    counters: Counters,
}

impl<'a> Scans<'a> {
    /// Takes a device with a source of noise; `prepared` holds pass 0.
    ///
    /// # Errors
    /// If A has no row panel but the nonce's.
    pub fn new(
        operands: &'a Operands,
        prepared: PreparedJob,
        device: Box<dyn Device>,
        (keeper, sink): (Keeper, Sink<'a>),
        progress: Progress,
        until: Until,
        started: Instant,
    ) -> Result<Self> {
        let identity = device.identity();
        let (name, steps) = (&identity.name, operands.a_padded.k());
        ensure!(
            operands.a_padded.rows() > LANES,
            "mine a zero signal on device {name}: it grows the operands itself, but for the last 16 rows of A, \
             which hold the nonce, and there are no others; give --zero-signal more than 16 rows"
        );
        let pace = Pace::new(identity.tile_cycles(steps), identity.clock_hz);
        let bound_le = prepared.bound(Some(keeper.share_target())).to_little_endian();
        let newest = Rc::new(Grid::new(0, prepared));
        Ok(Self {
            operands,
            scanner: Scanner::new(device),
            keeper,
            sink,
            progress,
            until,
            bound_le,
            steps,
            todo: VecDeque::from([Piece { tiles: newest.whole(), grid: Rc::clone(&newest) }]),
            newest,
            following: None,
            flights: VecDeque::new(),
            pace,
            since: started,
            started,
            elapsed: None,
            tally: Tally { scans: Some(0), ..Tally::default() },
            counters: Counters::default(),
        })
    }

    /// Runs to the end. What is done by then is not lost where it ends in trouble.
    pub fn run(mut self) -> Ended<'a> {
        let trouble = self.work().err();
        self.progress.finish();
        let end = match trouble {
            Some(_) => End::Trouble,
            None => self.ended().unwrap_or(End::Interrupt),
        };
        // A device is not left at work.
        if trouble.is_none() && !self.scanner.is_idle() {
            let _ = self.scanner.drop_all();
        }
        // Rates are those of what came back.
        let elapsed = self.elapsed.unwrap_or_else(|| self.started.elapsed());
        let Self { sink, tally, counters, .. } = self;
        Ended { end, trouble, elapsed, sink, tally, counters }
    }

    fn ended(&self) -> Option<End> {
        self.until.reached(self.tally.shares, self.started)
    }

    fn work(&mut self) -> Result<()> {
        while self.ended().is_none() {
            if unless_interrupted(self.turn())?.is_none() {
                return Ok(());
            }
            self.progress.update(&self.tally, &self.counters, self.started.elapsed());
        }
        Ok(())
    }

    /// Sends what there is room for, makes the next grid ready, and takes what has come.
    fn turn(&mut self) -> Result<()> {
        while self.scanner.has_room() {
            self.send()?;
        }
        if self.todo.is_empty() && self.following.is_none() {
            self.following = Some(self.prepare_following()?);
        }
        let scanned = self.scanner.next(POLL).context("scan on the device")?;
        match scanned {
            Some(scanned) => self.take(&scanned),
            None => Ok(()),
        }
    }

    fn send(&mut self) -> Result<()> {
        let Piece { grid, tiles } = self.next_piece()?;
        let (tiles, left) = tiles.cut(self.pace.count());
        self.put_back(&grid, left);
        if self.scanner.is_idle() {
            self.since = Instant::now();
        }
        let seeds = grid.prepared.seeds();
        let scan = PearlScan {
            a_seed: seeds.a,
            b_seed: seeds.b,
            bound_le: self.bound_le,
            row_panel: tiles.row,
            column_panel: tiles.column,
            columns: tiles.columns,
            tiles: u32::try_from(tiles.tiles())?,
            steps: self.steps,
        };
        self.scanner.send(scan).context("scan on the device")?;
        self.flights.push_back(Piece { grid, tiles });
        Ok(())
    }

    /// What is to be given away next: where nothing is left, it is the next grid.
    fn next_piece(&mut self) -> Result<Piece> {
        if let Some(piece) = self.todo.pop_front() {
            return Ok(piece);
        }
        let following = match self.following.take() {
            Some(following) => following,
            None => self.prepare_following()?,
        };
        self.tally.reseeds += 1;
        self.newest = Rc::new(following);
        Ok(Piece { tiles: self.newest.whole(), grid: Rc::clone(&self.newest) })
    }

    fn prepare_following(&self) -> Result<Grid> {
        let Grid { pass, prepared, .. } = self.newest.as_ref();
        let pass = if *pass == 0 { self.keeper.resume_pass() } else { pass + 1 };
        let (row, column, values) = self.operands.nonce(self.keeper.seed(), pass);
        let mut prepared = prepared.clone();
        prepared.reseed(row, column, &values).context("prepare a pass")?;
        Ok(Grid::new(pass, prepared))
    }

    fn put_back(&mut self, grid: &Rc<Grid>, left: impl DoubleEndedIterator<Item = Rectangle>) {
        for tiles in left.rev() {
            self.todo.push_front(Piece { grid: Rc::clone(grid), tiles });
        }
    }

    /// Takes a scan's answer in, and gives back what is behind its end.
    fn take(&mut self, scanned: &Scanned) -> Result<()> {
        let Piece { grid, tiles } =
            self.flights.pop_front().context("match a scan to its tiles")?;
        let made = scanned.made();
        self.pace.saw(made, self.since.elapsed());
        self.since = Instant::now();
        self.put_back(&grid, tiles.behind(made));
        grid.left.set(grid.left.get().saturating_sub(made.into()));
        self.tally.passes += u64::from(grid.left.get() == 0);
        self.tally.scans = self.tally.scans.map(|scans| scans + 1);
        self.count(made.into());
        self.counters = self.scanner.counters().context("read the device's counters")?;
        self.elapsed = Some(self.started.elapsed());
        let completion = &scanned.completion;
        let last = Claim::of(completion);
        // The driver has checked that there is one. Only the last tile's ticket comes back.
        let before = Claim { ticket: None, hit: true, ..last };
        let before = scanned.end.hit_before.then(|| (made - 2, before));
        for (tile, claim) in before.into_iter().chain([(made - 1, last)]) {
            self.judge(&grid, tiles, tile, &claim)?;
        }
        Ok(())
    }

    fn count(&mut self, tiles: u64) {
        let tally = &mut self.tally;
        if self.until.enough(tally.shares) {
            tally.tickets_surplus += tiles;
        } else {
            tally.tickets += tiles;
        }
    }

    /// What the host makes of a tile that the device says something of.
    fn judge(&mut self, grid: &Grid, tiles: Rectangle, tile: u32, claim: &Claim) -> Result<()> {
        if self.until.enough(self.tally.shares) {
            self.tally.hits_surplus += u64::from(claim.hit);
            return Ok(());
        }
        let (row, column) = (tiles.row + tile / tiles.columns, tiles.column + tile % tiles.columns);
        let place = (row * LANES as u32, column * LANES as u32);
        let found = self.keeper.keep(&grid.prepared, grid.pass, place, claim)?;
        if let Some(line) = self.tally.note(found) {
            self.progress.line(&line);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
