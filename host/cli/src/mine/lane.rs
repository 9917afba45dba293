//! How work gets to a device: units one after the other through a thread of its own, or grids to a device that takes
//! them and has threads itself.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gemmine_driver::{
    Completion, Counters, Device, DeviceError, Feeder, Grid, GridEnd, GridLimits, GridTile,
    WorkUnit,
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
    /// When it last said something, or was given work while it had none.
    heard: Instant,
    /// Units to be done together.
    units: Vec<WorkUnit>,
    /// Answers to such.
    ready: VecDeque<Result<Answer>>,
}

/// A grid that the device has.
struct Sent {
    tag: u64,
    rows: usize,
    columns: usize,
}

/// A device that says nothing for so long, with grids that are less than a second of its work, has failed.
const SILENCE: Duration = Duration::from_secs(300);

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
        let heard = Instant::now();
        Ok(Self::Grids(GridLane { device, feeder, steps, sent, heard, units, ready }))
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
                let most = self.grids().map_or(1, |limits| limits.outstanding);
                most.saturating_sub(lane.sent.len())
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
                if lane.sent.is_empty() {
                    lane.heard = Instant::now();
                }
                let (tag, rows, columns) = (grid.tag, grid.a.len(), grid.b.len());
                lane.sent.push_back(Sent { tag, rows, columns });
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
            Err(DeviceError::Timeout { .. }) if self.heard.elapsed() < SILENCE => return Ok(None),
            Err(error) => return Err(error).context("mine tiles on the device"),
        };
        self.heard = Instant::now();
        let sent = self.sent.pop_front().filter(|sent| sent.tag == end.tag);
        let Some(sent) = sent else {
            bail!("mine tiles on the device: grid {} came where another was due", end.tag);
        };
        let counters = self.device.counters().unwrap_or_default();
        Ok(Some(Answer {
            hits: sent.hits(&end)?,
            tiles: sent.tiles(),
            products: Vec::new(),
            counters,
        }))
    }
}

impl Sent {
    fn tiles(&self) -> usize {
        self.rows * self.columns
    }

    /// The hits, by their numbers: each inside of the grid, and in order.
    fn hits(&self, end: &GridEnd) -> Result<Vec<(usize, Claim)>> {
        let mut hits: Vec<(usize, Claim)> = Vec::new();
        for GridTile { row, column, ticket, hit } in end.tiles.iter().copied() {
            let number = row.saturating_mul(self.columns).saturating_add(column);
            let is_behind = hits.last().is_none_or(|(before, _)| *before < number);
            if row >= self.rows || column >= self.columns || !is_behind {
                bail!(
                    "mine tiles on the device: it tells of tile ({row}, {column}) of a grid of {} x {}, outside of it or \
                     out of order; see whether its driver is sound, or choose another --device",
                    self.rows,
                    self.columns
                );
            }
            if hit {
                hits.push((number, Claim { ticket: Some(ticket), hit, cycle: 0 }));
            }
        }
        Ok(hits)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_that_a_grid_does_not_have_are_refused() {
        let sent = Sent { tag: 1, rows: 2, columns: 3 };
        let hits = |places: &[(usize, usize)]| {
            let tile = |&(row, column): &(usize, usize)| GridTile {
                row,
                column,
                ticket: [7; 32],
                hit: true,
            };
            sent.hits(&GridEnd { tag: 1, tiles: places.iter().map(tile).collect() })
        };
        let numbers: Vec<usize> = hits(&[(0, 2), (1, 0), (1, 2)])
            .unwrap()
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [2, 3, 5]);
        for wrong in
            [&[(0, 3)][..], &[(2, 0)], &[(usize::MAX, 1)], &[(1, 0), (0, 2)], &[(1, 1), (1, 1)]]
        {
            let error = hits(wrong).unwrap_err().to_string();
            assert!(error.contains("of a grid of 2 x 3"), "{error}");
        }
    }
}
