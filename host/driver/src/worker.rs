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

/// Time that one completion may take: rust-hdl's simulator needs minutes for a long tile.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(3600);

impl Worker {
    /// Moves a device to a thread of its own. `depth` units may wait in its queue.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(device: Box<dyn Device>, depth: usize) -> Result<Self, DeviceError> {
        let identity = device.identity().clone();
        let (work, units) = bounded::<WorkUnit>(depth);
        let (sender, reports) = bounded(depth + 1);
        let thread = std::thread::Builder::new()
            .name(format!("device {}", identity.name))
            .spawn(move || serve(device, &units, &sender))
            .map_err(|e| DeviceError::Stopped(e.to_string()))?;
        Ok(Self { identity, work: Some(work), reports, thread: Some(thread) })
    }

    /// What the device is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where units go in. Sending blocks while the queue is full.
    ///
    /// # Errors
    /// If the device's thread has stopped.
    pub fn send(&self, unit: WorkUnit) -> Result<(), DeviceError> {
        let stopped = || DeviceError::Stopped("its work channel is closed".into());
        let work = self.work.as_ref().ok_or_else(stopped)?;
        work.send(unit).map_err(|_| stopped())
    }

    /// Waits for the next report.
    ///
    /// # Errors
    /// [`DeviceError::Timeout`] if none comes in time, [`DeviceError::Stopped`] if none will.
    pub fn receive(&self, timeout: Duration) -> Result<UnitReport, DeviceError> {
        use crossbeam_channel::RecvTimeoutError::{Disconnected, Timeout};
        self.reports.recv_timeout(timeout).map_err(|e| match e {
            Timeout => DeviceError::Timeout {
                what: "a report of the device's thread",
                waited_ms: timeout.as_millis(),
            },
            Disconnected => DeviceError::Stopped("its report channel is closed".into()),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.work = None;
        // The thread may be blocked on a full report channel.
        while self.reports.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: one unit after the other until the work channel closes.
fn serve(mut device: Box<dyn Device>, units: &Receiver<WorkUnit>, reports: &Sender<UnitReport>) {
    let mut next_slot = [0; 2];
    for unit in units {
        let begin = Instant::now();
        let result = run(device.as_mut(), &unit, &mut next_slot);
        if result.is_err() {
            // What is still outstanding must not be taken for an answer to the next unit.
            while device.wait(Duration::ZERO).is_ok() {}
        }
        let counters = device.counters().unwrap_or_default();
        let report = UnitReport { id: unit.id, result, counters, elapsed: begin.elapsed() };
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Loads a unit's panels, pushes its descriptors as fast as the queue takes them, and collects.
fn run(
    device: &mut dyn Device,
    unit: &WorkUnit,
    next_slot: &mut [usize; 2],
) -> Result<Vec<Completion>, DeviceError> {
    let limits = device.identity().limits;
    let window = limits.queue.min(limits.panel_slots);
    let a_slot = take_slot(&mut next_slot[0], limits.panel_slots);
    device.load_panel(Side::A, a_slot, Arc::clone(&unit.a))?;
    let mut completions = Vec::with_capacity(unit.b.len());
    for window in unit.b.chunks(window) {
        for (n, b) in window.iter().enumerate() {
            let b_slot = take_slot(&mut next_slot[1], limits.panel_slots);
            device.load_panel(Side::B, b_slot, Arc::clone(b))?;
            device.push(Descriptor {
                tag: (completions.len() + n) as u32,
                a_slot,
                b_slot,
                steps: unit.steps,
                chunk_steps: unit.chunk_steps,
                ticket_key: unit.ticket_key,
                bound_le: unit.bound_le,
                want_tile: unit.want_tiles,
            })?;
        }
        for _ in window {
            completions.push(device.wait(COMPLETION_TIMEOUT)?);
        }
    }
    Ok(completions)
}

fn take_slot(next: &mut usize, slots: usize) -> usize {
    let slot = *next % slots;
    *next = slot + 1;
    slot
}
