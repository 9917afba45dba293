//! Grids: all tiles of some row panels with some column panels at once, for a device that is too fast to be told of
//! single tiles.

use std::ops::Range;
use std::sync::Arc;

use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::Panel;
use rayon::prelude::*;

/// What a device takes of grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridLimits {
    /// Tiles that a grid should have now; a device learns how many it makes in a while.
    pub tiles: usize,
    /// Panels a side at most.
    pub panels: usize,
    /// Grids that should be outstanding, so that the device never waits.
    pub outstanding: usize,
}

/// Panels of 16 rows of A'.
#[derive(Clone, Debug)]
pub enum Rows {
    /// As they are.
    Panels(Vec<Arc<Panel>>),
    /// Some of a job's, whose noise the device adds.
    Job {
        /// The job.
        job: Arc<PreparedJob>,
        /// Which of its row panels.
        panels: Range<u32>,
    },
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Panels(panels) => panels.len(),
            Self::Job { panels, .. } => panels.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The panels, those of a job made on all of the processor's cores.
    pub fn panels(&self) -> Vec<Arc<Panel>> {
        match self {
            Self::Panels(panels) => panels.clone(),
            Self::Job { job, panels } => {
                panels.clone().into_par_iter().map(|panel| Arc::new(job.panel_a(panel))).collect()
            }
        }
    }
}

/// Every row panel with every column panel.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Chosen by the host, returned with the end.
    pub tag: u64,
    /// Row panels, all of `steps` steps. Never empty.
    pub a: Rows,
    /// Panels of 16 columns of B', all of `steps` steps. Never empty.
    pub b: Vec<Arc<Panel>>,
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk (Pearl's r).
    pub chunk_steps: usize,
    /// Key of the ticket hash (Pearl's a_seed).
    pub ticket_key: [u8; 32],
    /// A ticket at or below this, read as a little-endian integer, is a hit.
    pub bound_le: [u8; 32],
}

impl Grid {
    /// How many tiles it has.
    pub fn tiles(&self) -> usize {
        self.a.len() * self.b.len()
    }
}

/// What a device says of one tile of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridTile {
    /// Which of the row panels, from 0.
    pub row: usize,
    /// Which of the column panels, from 0.
    pub column: usize,
    /// Its ticket.
    pub ticket: [u8; 32],
    /// Whether that meets the bound.
    pub hit: bool,
}

/// The answer to a grid: all of its tiles are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridEnd {
    /// The grid's tag.
    pub tag: u64,
    /// Every hit, row by row, and the last tile of the last row, hit or not, as something to check.
    pub tiles: Vec<GridTile>,
}
