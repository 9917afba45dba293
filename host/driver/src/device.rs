//! The device interface: descriptors in, completions out, one completion for every descriptor.
//!
//! A device owns panel memory and an array. The host loads panels into numbered places, pushes
//! descriptors that name two of them, and waits for completions. Simulated and real devices implement the same
//! trait, and nothing above it can tell them apart.

use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_pouw::panel::Panel;

/// Which operand a panel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// 16 rows of A'.
    A,
    /// 16 columns of B' (rows of B'^T).
    B,
}

/// What a device is and what it can do. The host refuses work outside of it before sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Short name, such as `model` or `verilator`.
    pub name: &'static str,
    /// One line for people: what runs, and which parts of the device are software.
    pub description: String,
    /// The physical array.
    pub geometry: Geometry,
    /// Pearl certificate versions that the device implements.
    pub cert_versions: &'static [u32],
    /// Capacities.
    pub limits: Limits,
}

/// Capacities of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Panels that each side's memory holds.
    pub panels: usize,
    /// Steps of k that a panel may have.
    pub panel_steps: usize,
    /// Shortest chunk in steps: shorter ones would collide on the drain chain.
    pub chunk_steps_min: usize,
    /// Longest chunk in steps: longer ones could overflow a PE's partial sum.
    pub chunk_steps_max: usize,
    /// Descriptors that may be outstanding.
    pub queue: usize,
}

/// One tile of work: multiply two loaded panels, fold, hash, compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Chosen by the host, returned in the completion.
    pub tag: u32,
    /// Which A panel.
    pub a_panel: usize,
    /// Which B panel.
    pub b_panel: usize,
    /// The bytes of the A panel are unsigned, as Amadeus has them.
    pub unsigned_a: bool,
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk (Pearl's r).
    pub chunk_steps: usize,
    /// Key of the ticket hash (Pearl's a_seed).
    pub ticket_key: [u8; 32],
    /// A ticket at or below this, read as a little-endian integer, is a hit. Already scaled by the
    /// tile's work.
    pub bound_le: [u8; 32],
    /// Return the product tile with the completion.
    pub want_tile: bool,
}

/// The answer to one descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The descriptor's tag.
    pub tag: u32,
    /// Device cycle at which the tile's last result left the array, since the device started.
    pub cycle: u64,
    /// The 16-word fold register after the last whole chunk.
    pub fold: [u32; 16],
    /// Keyed hash of the fold register.
    pub ticket: [u8; 32],
    /// Whether the ticket meets the bound.
    pub hit: bool,
    /// The product tile, if it was asked for: row-major, exact.
    pub tile: Option<Box<[[i32; 16]; 16]>>,
}

/// The device's own counters since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Cycles from the first operand of each burst of work to its last result.
    pub cycles: u64,
    /// Cycles in which an operand pair entered the array: each is worth P*Q MACs.
    pub mac_cycles: u64,
    /// Cycles in which every PE multiplied a useful pair at once (excludes ramp-up and ramp-down).
    pub full_mac_cycles: u64,
    /// Tiles completed.
    pub tiles: u64,
    /// Tickets that met their bound.
    pub hits: u64,
}

/// Why a device could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The request does not fit the device; nothing was sent.
    #[error("{what} {value} is outside of what device {device} can do ({limit}); {remedy}")]
    Unsupported {
        /// Device name.
        device: &'static str,
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
    /// Nothing came back in time.
    #[error("timed out after {waited_ms} ms waiting for {what}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long, in milliseconds.
        waited_ms: u128,
    },
    /// The simulation engine failed.
    #[error(transparent)]
    Engine(#[from] gemmine_sim::EngineError),
    /// The thread that owns the device is gone.
    #[error("device thread stopped: {0}")]
    Stopped(String),
}

/// What every accelerator looks like to the host.
pub trait Device: Send {
    /// What the device is. Constant over its life.
    fn identity(&self) -> &Identity;

    /// Loads a panel into one of its side's places, from 0 to [`Limits::panels`] less one.
    ///
    /// # Errors
    /// [`DeviceError::Unsupported`] if there is no such place or the panel is too long,
    /// [`DeviceError::PanelBusy`] if an outstanding descriptor names it.
    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError>;

    /// Queues one tile. It will get exactly one completion.
    ///
    /// # Errors
    /// Refuses what the device can't do, empty panels and a full queue; nothing is queued then.
    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError>;

    /// Waits for the next completion, in the order of the descriptors. A simulation in this process
    /// runs to its end, whatever the timeout.
    ///
    /// # Errors
    /// [`DeviceError::Timeout`] if nothing comes in time or nothing is outstanding.
    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError>;

    /// Drops every outstanding descriptor: no completion of theirs comes any more. Panels stay.
    ///
    /// # Errors
    /// If the device can't be reached.
    fn reset(&mut self) -> Result<(), DeviceError>;

    /// Reads the counters.
    ///
    /// # Errors
    /// If the device can't be reached.
    fn counters(&mut self) -> Result<Counters, DeviceError>;
}
