//! How work gets to a device: units one after the other through a thread of its own, or grids to a device that takes
//! them and has threads itself.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gemmine_driver::{
    Completion, Counters, Device, DeviceError, Feeder, Grid, GridLimits, GridTile, WorkUnit,
};
use gemmine_pouw::kernel::Tile;

use super::shares::Claim;
use crate::device::{DeviceHandle, abandon};

/// Tiles of some row panels with some column panels.
#[derive(Debug)]
pub enum Work {
    /// Of one row panel.
    Unit(WorkUnit),
    /// Of any number, for a device that takes grids; no products come back.
    Grid(Grid),
}

/// The answer to one work.
#[derive(Debug)]
pub struct Answer {
    /// How many tiles were made.
    pub tiles: usize,
    /// The hits, each with its number in the order of rows.
    pub hits: Vec<(usize, Claim)>,
    /// The products, in the order of rows, where they were wanted.
    pub products: Vec<Option<Box<Tile>>>,
    /// The device's counters behind it.
    pub counters: Counters,
}

/// A device at work.
pub enum Lane {
    /// Units, through a thread of its own.
    Units(DeviceHandle),
    /// Grids.
    Grids(GridLane),
}

/// A device that takes grids.
pub struct GridLane {
    device: Box<dyn Device>,
    feeder: Feeder,
    steps: usize,
    /// The grids that it has, oldest first.
    sent: VecDeque<Sent>,
    /// Units to be done together.
    units: Vec<WorkUnit>,
    /// Answers to such.
    ready: VecDeque<Result<Answer>>,
}

/// A grid that the device has.
struct Sent {
    tag: u64,
    tiles: usize,
    columns: usize,
}

impl Lane {
    /// For tiles of so many steps.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn of(device: Box<dyn Device>, steps: usize) -> Result<Self> {
        if device.grids(steps).is_none() {
            return Ok(Self::Units(DeviceHandle::of(device)?));
        }
        let feeder = Feeder::new(device.identity().limits);
        let (sent, units, ready) = (VecDeque::new(), Vec::new(), VecDeque::new());
        Ok(Self::Grids(GridLane { device, feeder, steps, sent, units, ready }))
    }

    /// What grids are to be like, of a device that takes them.
    pub fn grids(&self) -> Option<GridLimits> {
        match self {
            Self::Units(_) => None,
            Self::Grids(lane) => lane.device.grids(lane.steps),
        }
    }

    /// How much should be sent now.
    pub fn room(&self) -> usize {
        match self {
            Self::Units(device) => device.room(),
            Self::Grids(lane) => {
                let limits = lane.device.grids(lane.steps);
                limits.map_or(1, |limits| limits.outstanding).saturating_sub(lane.sent.len())
            }
        }
    }

    /// Sends work. Where grids are taken only the product's pass has units, and they are done when answers are asked for.
    ///
    /// # Errors
    /// If the device failed.
    pub fn submit(&mut self, work: Work) -> Result<()> {
        match (self, work) {
            (Self::Units(device), Work::Unit(unit)) => device.submit(unit),
            (Self::Units(_), Work::Grid(_)) => bail!("send a grid to a device that takes none"),
            (Self::Grids(lane), Work::Unit(unit)) => {
                lane.units.push(unit);
                Ok(())
            }
            (Self::Grids(lane), Work::Grid(grid)) => {
                let (tag, tiles, columns) = (grid.tag, grid.tiles(), grid.b.len());
                lane.sent.push_back(Sent { tag, tiles, columns });
                lane.device.push_grid(grid).context("send tiles to the device")
            }
        }
    }

    /// The next answer, in the order of the work, if it comes in time.
    ///
    /// # Errors
    /// If the device failed.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<Answer>> {
        match self {
            Self::Units(device) => {
                let Some(report) = device.poll(timeout)? else { return Ok(None) };
                let (id, counters) = (report.id, report.counters);
                let completions =
                    report.result.with_context(|| format!("mine unit {id} on the device"))?;
                Ok(Some(Answer::of(completions, counters)))
            }
            Self::Grids(lane) => lane.poll(timeout),
        }
    }

    /// Leaves the device without waiting long, whatever it has.
    pub fn abandon(self) {
        match self {
            Self::Units(device) => abandon(device),
            Self::Grids(lane) => abandon(lane.device),
        }
    }
}

impl GridLane {
    fn poll(&mut self, timeout: Duration) -> Result<Option<Answer>> {
        if !self.units.is_empty() {
            let results = self.feeder.run_each(&mut *self.device, &mem::take(&mut self.units));
            let counters = self.device.counters().unwrap_or_default();
            self.ready.extend(results.into_iter().map(|result| {
                let completions = result.context("mine tiles on the device")?;
                Ok(Answer::of(completions, counters))
            }));
        }
        if let Some(answer) = self.ready.pop_front() {
            return answer.map(Some);
        }
        if self.sent.is_empty() {
            return Ok(None);
        }
        let end = match self.device.wait_grid(timeout) {
            Ok(end) => end,
            Err(DeviceError::Timeout { .. }) => return Ok(None),
            Err(error) => return Err(error).context("mine tiles on the device"),
        };
        let sent = self.sent.pop_front().filter(|sent| sent.tag == end.tag);
        let Some(Sent { tiles, columns, .. }) = sent else {
            bail!("mine tiles on the device: grid {} came where another was due", end.tag);
        };
        let counters = self.device.counters().unwrap_or_default();
        let claim = |tile: &GridTile| {
            let claim = Claim { ticket: Some(tile.ticket), hit: tile.hit, cycle: 0 };
            (tile.row * columns + tile.column, claim)
        };
        let hits = end.tiles.iter().filter(|tile| tile.hit).map(claim).collect();
        Ok(Some(Answer { tiles, hits, products: Vec::new(), counters }))
    }
}

impl Answer {
    fn of(completions: Vec<Completion>, counters: Counters) -> Self {
        let hits = completions.iter().enumerate().filter(|(_, completion)| completion.hit);
        let hits = hits.map(|(number, completion)| (number, Claim::of(completion))).collect();
        let tiles = completions.len();
        let products = completions.into_iter().map(|completion| completion.tile).collect();
        Self { tiles, hits, products, counters }
    }
}
