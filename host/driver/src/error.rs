//! Why a device could not do what it was asked.

use crate::device::Side;
use crate::link_error::LinkError;

/// Why a device could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The request does not fit the device; nothing was sent.
    #[error("{what} {value} is outside of what device {device} can do ({limit}); {remedy}")]
    Unsupported {
        /// Device name.
        device: String,
        /// The quantity.
        what: &'static str,
        /// The value asked for.
        value: usize,
        /// What is possible.
        limit: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A panel can't be replaced while a descriptor that names it is outstanding.
    #[error("{side:?} panel {panel} is in use; wait for the completions of its descriptors first")]
    PanelBusy {
        /// Which side.
        side: Side,
        /// Which panel.
        panel: usize,
    },
    /// A completion came that is not the one that is due.
    #[error(
        "completion {got} came where {expected} was due; the device lost or repeated one and was reset"
    )]
    Tag {
        /// The tag that was due.
        expected: u32,
        /// The tag that came.
        got: u32,
    },
    /// A descriptor names a panel that was never loaded.
    #[error("{side:?} panel {panel} is empty; load it before pushing a descriptor that names it")]
    NoPanel {
        /// Which side.
        side: Side,
        /// Which panel.
        panel: usize,
    },
    /// The descriptor queue is full.
    #[error("descriptor queue is full ({0} outstanding); wait for a completion first")]
    QueueFull(usize),
    /// Every job slot holds a key and bound of outstanding descriptors.
    #[error("all {0} job slots are in use; wait for the completions of their descriptors first")]
    JobsFull(usize),
    /// Tiles and scans are never outstanding together: a scan overwrites panels, and products can't be read
    /// while one is outstanding.
    #[error(
        "tiles and scans can't be outstanding together; wait for the completions of the {0} first"
    )]
    Mixed(&'static str),
    /// The device answers, but has had far more time than its work takes.
    #[error(
        "after {waited_ms} ms of waiting a completion is long overdue by the device's own clock: it is stuck; \
         reset it, and report this with its build"
    )]
    Stuck {
        /// How long was waited, in milliseconds.
        waited_ms: u128,
    },
    /// Nothing came back in time.
    #[error("timed out after {waited_ms} ms waiting for {what}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long, in milliseconds.
        waited_ms: u128,
    },
    /// The link to the device failed; [`Device::reset`](crate::Device::reset) tries to reach it again.
    #[error("lost device {device}: {source}")]
    Lost {
        /// Device name.
        device: String,
        /// What happened.
        source: LinkError,
    },
    /// The device failed, and is of no use before it is opened again.
    #[error("device {device} failed: {why}")]
    Failed {
        /// Device name.
        device: String,
        /// What happened, and what helps.
        why: String,
    },
    /// The simulation engine failed.
    #[error(transparent)]
    Engine(#[from] gemmine_sim::EngineError),
    /// Nobody wants the work any more: what was outstanding is dropped.
    #[error("dropped the work: nobody wants it any more")]
    Dropped,
    /// The thread that owns the device is gone.
    #[error("device thread stopped: {0}")]
    Stopped(String),
}

impl DeviceError {
    /// The same request will do once a completion has come.
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::PanelBusy { .. } | Self::QueueFull(_) | Self::JobsFull(_) | Self::Mixed(_)
        )
    }

    /// The device may be reached again, and its work be done again.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}
