//! Energy of a run, from what there is.
//!
//! | source | what it sees | kind |
//! |---|---|---|
//! | [`MeterLog`]: a table that a meter's program writes | whatever the meter is in front of, which its user says | measured |
//! | [`Rapl`]: the processor's own counts | its packages: no supply, no fans, mostly no memory | measured |
//! | [`Nvml`]: an NVIDIA card's own | the card | measured |
//! | [`Stated`]: watts that a user gives | what the user says | estimate |
//!
//! Nothing is made up: without any of them a run has no energy.

pub mod columns;
pub mod log;
pub mod nvml;
pub mod rapl;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

pub use log::{MeterError, MeterLog, Metered};
pub use nvml::{Nvml, NvmlError};
pub use rapl::{Rapl, RaplError};

/// Watts that somebody gives, with the range that they may be in.
#[derive(Clone, Debug, PartialEq)]
pub struct Stated {
    /// Watts.
    pub watts: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// Where they come from, in words.
    pub reason: String,
}

/// Where energy comes from.
#[derive(Debug)]
pub enum Source {
    /// A meter's table, which is there or grows while the run lasts.
    Meter {
        /// The file.
        path: PathBuf,
        /// Seconds to add to its times.
        offset: f64,
    },
    /// The processor's counts.
    Rapl(Rapl),
    /// A card's counts.
    Nvml(Box<Nvml>),
    /// An estimate.
    Stated(Stated),
}

/// Why there is no energy.
#[derive(Debug, thiserror::Error)]
pub enum EnergyError {
    /// Of a meter.
    #[error(transparent)]
    Meter(#[from] MeterError),
    /// Of the processor.
    #[error(transparent)]
    Rapl(#[from] RaplError),
    /// Of a card.
    #[error(transparent)]
    Nvml(#[from] NvmlError),
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Seconds since 1970.
    pub seconds: f64,
    /// Joules that a count had come to then; 0 of a source that does not count.
    pub joules: f64,
}

/// Energy of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Energy {
    /// Joules.
    pub joules: f64,
    /// At least and at most, where the source says.
    pub range: Option<(f64, f64)>,
}

impl Source {
    /// Now.
    ///
    /// # Errors
    /// If a count can't be read.
    pub fn now(&mut self) -> Result<Moment, EnergyError> {
        let joules = match self {
            Self::Meter { .. } | Self::Stated(_) => 0.0,
            Self::Rapl(rapl) => rapl.joules()?,
            Self::Nvml(nvml) => nvml.joules()?,
        };
        let seconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Ok(Moment { seconds, joules })
    }

    /// Energy from one moment to another. A meter's table is read now: it must reach to the second one.
    ///
    /// # Errors
    /// If the meter's table does not tell.
    pub fn between(&self, begin: Moment, end: Moment) -> Result<Energy, EnergyError> {
        Ok(match self {
            Self::Rapl(_) | Self::Nvml(_) => {
                Energy { joules: end.joules - begin.joules, range: None }
            }
            Self::Stated(stated) => {
                let seconds = end.seconds - begin.seconds;
                let range = (stated.low * seconds, stated.high * seconds);
                Energy { joules: stated.watts * seconds, range: Some(range) }
            }
            Self::Meter { path, offset } => {
                let log = MeterLog::read(path, *offset)?;
                Energy { joules: log.over(begin.seconds, end.seconds)?.joules, range: None }
            }
        })
    }

    /// How it was found out, for a figure's source.
    pub fn method(&self) -> String {
        match self {
            Self::Meter { path, .. } => {
                format!("a meter's table, {}, power integrated over the run", path.display())
            }
            Self::Rapl(rapl) => format!(
                "the processor's own energy counts (RAPL), {} package{}: no supply, fans or (mostly) memory",
                rapl.packages(),
                if rapl.packages() == 1 { "" } else { "s" }
            ),
            Self::Nvml(nvml) => format!("the card's own energy count (NVML), {}", nvml.name()),
            Self::Stated(stated) => format!("an estimate: {}", stated.reason),
        }
    }
}
