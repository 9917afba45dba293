//! What does a device's work, in the thread that owns the device: assignments in, answers out.
//!
//! A device that grows operands itself gets scans, two at a time; others get tiles with their operands, one by one or
//! in grids; the processor makes Amadeus' attempts by itself. Work of a job that is over is dropped in the middle.

mod attempts;
mod grids;
mod scans;
mod tiles;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use gemmine_driver::{Counters, Device, DeviceKind, Identity, OldestWanted};
use gemmine_pouw::amadeus::K;

use crate::crew::Joined;
use crate::piece::{Part, Piece};
use crate::production::{Ask, Claim, Kind, Production};

use attempts::AttemptRunner;
use grids::GridRunner;
use scans::ScanRunner;
use tiles::TileRunner;

/// Assignments that a device has at once: one in work, and one that waits, so that it never does.
pub const WINDOW: usize = 2;

/// Work for one device.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Returned with the answer.
    pub id: u64,
    /// The job.
    pub production: Arc<Production>,
    /// What to make: one piece for a device that scans, any number for others.
    pub pieces: Vec<Piece>,
    /// What is a hit.
    pub ask: Ask,
}

/// The answer to an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The assignment's.
    pub id: u64,
    /// Tickets made, as the device says.
    pub tickets: u64,
    /// What was not made.
    pub left: Vec<Piece>,
    /// Every hit, and the last ticket.
    pub claims: Vec<Claim>,
    /// The device's counters, where it could be asked.
    pub counters: Option<Counters>,
    /// How long it took.
    pub took: Duration,
}

/// What a miner does with its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Pearl, tiles of k steps.
    Pearl {
        /// Steps of a tile.
        steps: usize,
        /// Both operands are zero: a device with a source of noise grows them itself.
        zero_signal: bool,
    },
    /// Amadeus.
    Amadeus,
}

/// What does a device's work.
pub struct Runner {
    identity: Identity,
    /// Cycles of a ticket, of a device that says.
    ticket_cycles: Option<u64>,
    kind: RunnerKind,
}

enum RunnerKind {
    Tiles(Box<TileRunner>),
    Grids(Box<GridRunner>),
    Scans(ScanRunner),
    Attempts(AttemptRunner),
}

impl fmt::Debug for Runner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Runner({})", self.identity.name)
    }
}

impl Runner {
    /// Takes a device.
    ///
    /// # Errors
    /// If it can't do the task.
    pub fn new(device: Box<dyn Device>, task: Task) -> Result<Self> {
        let identity = device.identity().clone();
        let Identity { name, limits, .. } = &identity;
        match task {
            Task::Amadeus if matches!(identity.kind, DeviceKind::Gpu | DeviceKind::SoftwareGpu) => {
                bail!(
                    "mine Amadeus on device {name}: the host would have to grow every operand for it, which takes \
                     longer than multiplying; use the processor (cpu)"
                )
            }
            Task::Amadeus => ensure!(
                identity.engines > 0,
                "mine Amadeus on device {name}: its image has no engines that grow operands; put an image with \
                 engines onto the board"
            ),
            Task::Pearl { steps, .. } => {
                ensure!(
                    identity.cert_versions.contains(&3),
                    "mine Pearl on device {name}: it implements certificate versions {:?}, not 3",
                    identity.cert_versions
                );
                ensure!(
                    steps <= limits.panel_steps,
                    "mine Pearl on device {name}: k is {steps} with padding, and it holds panels of up to {} steps; \
                     use operands with a smaller k",
                    limits.panel_steps
                );
            }
        }
        let scans = match task {
            Task::Pearl { zero_signal, .. } => zero_signal && identity.noise,
            Task::Amadeus => true,
        };
        let steps = match task {
            Task::Pearl { steps, .. } => steps,
            Task::Amadeus => K,
        };
        let ticket_cycles = match task {
            Task::Pearl { .. } => identity.tile_cycles(steps),
            Task::Amadeus => identity.attempt_cycles(steps),
        };
        let kind = if scans {
            RunnerKind::Scans(ScanRunner::new(device))
        } else if device.grids(steps).is_some() {
            RunnerKind::Grids(Box::new(GridRunner::new(device)))
        } else {
            RunnerKind::Tiles(Box::new(TileRunner::new(device)))
        };
        Ok(Self { identity, ticket_cycles, kind })
    }

    /// The processor, for Amadeus, with so many threads.
    ///
    /// # Errors
    /// If they can't be started.
    pub fn processor(identity: Identity, threads: Option<NonZeroUsize>) -> Result<Self> {
        let kind = RunnerKind::Attempts(AttemptRunner::new(threads)?);
        Ok(Self { identity, ticket_cycles: None, kind })
    }

    /// What the device is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What whoever hands out work must know of it.
    pub fn joined(&self) -> Joined {
        Joined {
            identity: self.identity.clone(),
            ticket_cycles: self.ticket_cycles,
            scans: matches!(self.kind, RunnerKind::Scans(_)),
        }
    }

    /// Gives it work.
    ///
    /// # Errors
    /// If it can't do that, or was lost and not found again.
    pub fn start(&mut self, assignment: Assignment, oldest: &OldestWanted) -> Result<()> {
        for piece in &assignment.pieces {
            assignment.production.ensure_own(piece)?;
        }
        match &mut self.kind {
            RunnerKind::Tiles(tiles) => tiles.start(assignment, oldest),
            RunnerKind::Grids(grids) => grids.start(assignment, oldest),
            RunnerKind::Scans(scans) => scans.start(assignment)?,
            RunnerKind::Attempts(attempts) => attempts.start(assignment),
        }
        Ok(())
    }

    /// Works for a while, at least about so long if nothing comes of it; the next answer, if there is one.
    ///
    /// # Errors
    /// If the device failed, or was lost and not found again: its assignments come back no more.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Done>> {
        Ok(match &mut self.kind {
            RunnerKind::Tiles(tiles) => tiles.next()?,
            RunnerKind::Grids(grids) => grids.next(patience)?,
            RunnerKind::Scans(scans) => scans.next(patience)?,
            RunnerKind::Attempts(attempts) => attempts.next(),
        })
    }

    /// Whether it has nothing to do.
    pub fn is_idle(&self) -> bool {
        match &self.kind {
            RunnerKind::Tiles(tiles) => tiles.is_idle(),
            RunnerKind::Grids(grids) => grids.is_idle(),
            RunnerKind::Scans(scans) => scans.is_idle(),
            RunnerKind::Attempts(attempts) => attempts.is_idle(),
        }
    }

    /// Hits that were made and not told yet, as answers: when the device is to close, or has failed and can't be asked.
    /// To be followed by [`Self::drop_all`], or by the end.
    pub fn salvage(&mut self, has_failed: bool) -> Vec<Done> {
        let mut found = Vec::new();
        loop {
            let done = match &mut self.kind {
                RunnerKind::Tiles(tiles) => tiles.salvage(),
                RunnerKind::Grids(grids) => grids.salvage(),
                RunnerKind::Scans(scans) if !has_failed => scans.salvage(),
                // What was not asked for is lost; and the processor tells a hit in the turn in which it is made.
                RunnerKind::Scans(_) | RunnerKind::Attempts(_) => None,
            };
            match done {
                Some(done) => found.push(done),
                None => return found,
            }
        }
    }

    /// Drops its assignments: no answer of theirs comes any more.
    ///
    /// # Errors
    /// If the device was lost and not found again.
    pub fn drop_all(&mut self) -> Result<()> {
        match &mut self.kind {
            RunnerKind::Tiles(tiles) => tiles.drop_all(),
            RunnerKind::Grids(grids) => grids.drop_all()?,
            RunnerKind::Scans(scans) => scans.drop_all()?,
            RunnerKind::Attempts(attempts) => attempts.drop_all(),
        }
        Ok(())
    }
}

/// A production of Pearl.
fn pearl(production: &Production) -> Result<&crate::production::PearlProduction> {
    match &production.kind {
        Kind::Pearl(pearl) => Ok(pearl),
        Kind::Amadeus(_) => {
            bail!("give a device operands of Amadeus: it would have to grow them itself")
        }
    }
}

/// The tiles of a piece.
fn tiles_of(piece: &Piece) -> Result<gemmine_driver::Rectangle> {
    match piece.part {
        Part::Tiles(tiles) => Ok(tiles),
        Part::Nonces { .. } => bail!("make tiles of nonces"),
    }
}

#[cfg(test)]
mod tests;
