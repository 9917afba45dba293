//! What a simulated day is made of: how many boards, how long, and how often what goes wrong.

use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A board is unplugged, and plugged in again.
    Unplug,
    /// A board never answers.
    Hang,
    /// A board is slow for a while.
    Slow,
    /// A pool takes no connections for minutes.
    PoolRefuses,
    /// A pool takes everything and says nothing.
    PoolSilent,
    /// A pool lets nobody in.
    PoolUnauthorised,
    /// A pool gets shares, and closes before it answers.
    PoolLosesAnswers,
    /// A pool answers late, some too late, and out of order.
    PoolLate,
    /// A pool rejects shares for reasons of its own.
    PoolRejects,
    /// A pool is gone for hours.
    PoolDead,
    /// A pool gets one share, and closes before it answers.
    PoolDropsAnswer,
    /// A pool closes in the middle of a line.
    PoolCuts,
    /// A pool sends what is no protocol.
    PoolGarbage,
    /// A pool sends a line of two megabytes.
    PoolHugeLine,
    /// A pool announces the job that it has again and again.
    PoolRepeats,
    /// A pool is started again, and counts its jobs anew: their names are those of other jobs.
    PoolRestarts,
    /// The disk is full for minutes.
    DiskFull,
    /// Flushing a file fails.
    SyncFails,
    /// Flushing the names of files fails.
    NamesFail,
    /// Cutting off a file fails, and so does flushing it.
    CutFails,
    /// The process is killed between two events.
    Kill,
    /// The process is killed at some byte of a write.
    KillInWrite,
    /// What was not flushed is gone.
    PowerCut,
    /// The host's clock jumps by hours.
    ClockJump,
}

impl Fault {
    pub const ALL: [Self; 24] = [
        Self::Unplug,
        Self::Hang,
        Self::Slow,
        Self::PoolRefuses,
        Self::PoolSilent,
        Self::PoolUnauthorised,
        Self::PoolLosesAnswers,
        Self::PoolLate,
        Self::PoolRejects,
        Self::PoolDead,
        Self::PoolDropsAnswer,
        Self::PoolCuts,
        Self::PoolGarbage,
        Self::PoolHugeLine,
        Self::PoolRepeats,
        Self::PoolRestarts,
        Self::DiskFull,
        Self::SyncFails,
        Self::NamesFail,
        Self::CutFails,
        Self::Kill,
        Self::KillInWrite,
        Self::PowerCut,
        Self::ClockJump,
    ];

    /// Mean seconds between two of a kind: of a board for boards, of all together for the rest.
    const fn every(self) -> f64 {
        match self {
            Self::Unplug | Self::Hang | Self::Slow => 6.0 * 3600.0,
            Self::PoolRefuses | Self::PoolSilent | Self::PoolLate | Self::PoolRejects => 3600.0,
            Self::PoolLosesAnswers => 2400.0,
            Self::PoolDropsAnswer => 600.0,
            Self::PoolUnauthorised => 3.0 * 3600.0,
            Self::PoolDead => 6.0 * 3600.0,
            Self::PoolCuts | Self::PoolGarbage | Self::PoolHugeLine => 1200.0,
            Self::PoolRepeats => 1200.0,
            Self::PoolRestarts => 3600.0,
            Self::DiskFull => 2.0 * 3600.0,
            Self::SyncFails | Self::NamesFail | Self::CutFails => 3.0 * 3600.0,
            Self::Kill | Self::KillInWrite => 3600.0,
            Self::PowerCut => 3.0 * 3600.0,
            Self::ClockJump => 3600.0,
        }
    }
}

/// A simulated day.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub boards: usize,
    pub length: Duration,
    /// So much more often than in a bad day everything goes wrong.
    pub haste: f64,
    /// Tickets a second that an honest board makes on average.
    pub rate: f64,
    /// Whether to print how it goes on.
    pub talks: bool,
}

impl Scenario {
    /// A short one, in which much goes wrong.
    pub fn short(seed: u64) -> Self {
        let length = Duration::from_secs(3600);
        Self { seed, boards: 16, length, haste: 6.0, rate: 0.05, talks: false }
    }

    /// The whole day.
    pub fn day(seed: u64) -> Self {
        let length = Duration::from_secs(24 * 3600);
        Self { seed, boards: 256, length, haste: 1.0, rate: 0.03, talks: true }
    }

    /// Mean seconds from one fault of a kind to the next, anywhere.
    pub fn mean(&self, fault: Fault) -> f64 {
        let places = match fault {
            Fault::Unplug | Fault::Hang | Fault::Slow => self.boards as f64,
            _ => 1.0,
        };
        fault.every() / self.haste / places
    }

    /// How long something lasts that takes hours on such a day.
    pub fn hours(&self, hours: f64) -> Duration {
        Duration::from_secs_f64(3600.0 * hours / self.haste)
    }
}
