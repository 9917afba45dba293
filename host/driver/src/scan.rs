//! Scans: a device that grows operands itself looks for hits on its own, and is told only where.
//!
//! A scan makes attempts of Amadeus ([`AmadeusScan`]) or tiles of Pearl ([`PearlScan`]), one after the other, until
//! one is a hit or all are made, and comes back as one completion. The one behind a hit runs already when it is
//! found, and is made to its end as well.

mod amadeus;
mod pearl;
mod rectangle;

use crate::device::Identity;
use crate::error::DeviceError;

pub use amadeus::{AmadeusScan, SCAN_ATTEMPTS_MAX, SCAN_BITS_MAX, SCAN_CHUNK, SCAN_STEPS_MAX};
pub use pearl::{PANELS_MAX, PearlScan, TILE_CHUNK, TILE_COLUMNS_MAX, TILE_STEPS_MAX, TILES_MAX};
pub use rectangle::Rectangle;

/// Work that a device does without operands from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Chosen by the host, returned in the completion.
    pub tag: u32,
    /// What to look for, and where.
    pub work: Work,
}

/// What a scan is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Attempts on a seed of Amadeus.
    Amadeus(AmadeusScan),
    /// Pearl's tiles without a signal.
    Pearl(PearlScan),
}

impl From<AmadeusScan> for Work {
    fn from(scan: AmadeusScan) -> Self {
        Self::Amadeus(scan)
    }
}

impl From<PearlScan> for Work {
    fn from(scan: PearlScan) -> Self {
        Self::Pearl(scan)
    }
}

impl Work {
    /// The first attempt's nonce word; of tiles 0.
    pub fn first(&self) -> u32 {
        match self {
            Self::Amadeus(scan) => scan.nonce,
            Self::Pearl(_) => 0,
        }
    }

    /// The number of the last attempt or tile that it may come to; more than a word holds if there are not so many.
    pub fn last(&self) -> u64 {
        match self {
            Self::Amadeus(scan) => scan.last(),
            Self::Pearl(scan) => u64::from(scan.tiles).saturating_sub(1),
        }
    }

    /// What it counts, for people.
    pub(crate) fn unit(&self) -> &'static str {
        match self {
            Self::Amadeus(_) => "nonces",
            Self::Pearl(_) => "tiles",
        }
    }
}

/// Where a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanEnd {
    /// The last attempt's nonce word; of tiles the last one's number in the scan, from 0 on.
    pub nonce: u32,
    /// The attempt or tile before it is a hit.
    pub hit_before: bool,
}

/// What a device without the source of a scan's operands says.
pub(crate) fn refuse(identity: &Identity, work: &Work) -> DeviceError {
    let (what, value, limit) = match work {
        Work::Amadeus(scan) => {
            ("scan with attempts", scan.attempts, "no scans: it has no engines that grow operands")
        }
        Work::Pearl(scan) => {
            ("scan with tiles", scan.tiles, "no scans of Pearl: it has no source of noise")
        }
    };
    DeviceError::Unsupported {
        device: identity.name.clone(),
        what,
        value: value as usize,
        limit: limit.into(),
        remedy: "choose a device that has",
    }
}

impl Identity {
    /// About how many cycles a scan takes that finds nothing.
    pub(crate) fn scan_cycles(&self, work: &Work) -> u64 {
        match work {
            Work::Amadeus(scan) => amadeus::cycles(self, scan),
            Work::Pearl(scan) => pearl::cycles(self, scan),
        }
    }
}
