//! A thread that owns a device: work units in by one channel, reports out by another.
//!
//! Nothing above this blocks on a slow device. A unit is one A panel against several B panels, so
//! the A panel is loaded once; B panels take the slots in turn.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use gemmine_pouw::panel::Panel;

use crate::device::{Completion, Counters, Descriptor, Device, DeviceError, Identity, Side};

/// The slice of a job that one device gets: one strip of A against several strips of B.
#[derive(Clone, Debug)]
pub struct WorkUnit {
    /// Chosen by the sender, returned in the report.
    pub id: u64,
    /// 16 rows of A'.
    pub a: Arc<Panel>,
    /// Strips of 16 columns of B', in the order of the report's completions.
    pub b: Vec<Arc<Panel>>,
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk (Pearl's r).
    pub chunk_steps: usize,
    /// Key of the ticket hash (Pearl's a_seed).
    pub ticket_key: [u8; 32],
    /// Scaled bound, little endian.
    pub bound_le: [u8; 32],
    /// Return product tiles.
    pub want_tiles: bool,
}

/// What came of one unit.
#[derive(Debug)]
pub struct UnitReport {
    /// The unit's id.
    pub id: u64,
    /// One completion per B panel, in order, or what went wrong.
    pub result: Result<Vec<Completion>, DeviceError>,
    /// The device's counters after the unit.
    pub counters: Counters,
    /// Host time that the unit took.
    pub elapsed: Duration,
}

/// Handle to a device thread. Dropping it closes the work channel and joins the thread.
#[derive(Debug)]
pub struct Worker {
    identity: Identity,
    work: Option<Sender<WorkUnit>>,
    reports: Receiver<UnitReport>,
    thread: Option<JoinHandle<()>>,
}
