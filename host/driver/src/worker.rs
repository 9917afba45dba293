//! A thread that owns a device: work units in by one channel, reports out by another.
//!
//! Nothing above this blocks on a slow device. A unit is one A panel against several B panels, so
//! the A panel is loaded once; B panels take their places in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use gemmine_pouw::panel::Panel;

use crate::device::{Completion, Counters, Device, Identity};
use crate::error::DeviceError;
use crate::feeder::Feeder;

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
    /// One completion per B panel, in order, or what went wrong. A device that was lost on the way has
    /// been reached again and done the unit anew, once and whole.
    pub result: Result<Vec<Completion>, DeviceError>,
    /// The device's counters after the unit.
    pub counters: Counters,
    /// Host time that the unit took; units that ran as one stream share theirs evenly.
    pub elapsed: Duration,
}

/// Handle to a device thread. Dropping it discards the units that wait, lets the device finish those
/// that it has, and joins the thread.
#[derive(Debug)]
pub struct Worker {
    identity: Identity,
    work: Option<Sender<WorkUnit>>,
    reports: Receiver<UnitReport>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Moves a device to a thread of its own. `depth` units may wait in its queue.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(device: Box<dyn Device>, depth: usize) -> Result<Self, DeviceError> {
        let identity = device.identity().clone();
        let (work, units) = bounded::<WorkUnit>(depth);
        let (sender, reports) = bounded(depth + 1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name(format!("device {}", identity.name))
            .spawn(move || serve(device, &units, &sender, &stopping))
            .map_err(|e| DeviceError::Stopped(e.to_string()))?;
        Ok(Self { identity, work: Some(work), reports, stop, thread: Some(thread) })
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
        self.stop.store(true, Ordering::Relaxed);
        self.work = None;
        // The thread may be blocked on a full report channel.
        while self.reports.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread: works until the work channel closes or the handle is dropped.
///
/// Units that wait are taken together, as many as the device's queue holds, so that the array goes
/// from one to the next without a gap.
fn serve(
    mut device: Box<dyn Device>,
    units: &Receiver<WorkUnit>,
    reports: &Sender<UnitReport>,
    stop: &AtomicBool,
) {
    let mut feeder = Feeder::new(device.identity().limits);
    let mut left_over = None;
    let mut counters = Counters::default();
    while let Some(batch) = next_batch(units, &mut left_over, feeder.window()) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let begin = Instant::now();
        let results = feeder.run_each(device.as_mut(), &batch);
        // A device that can't be read keeps its last reading.
        if !feeder.is_dead() {
            counters = device.counters().unwrap_or(counters);
        }
        let elapsed = begin.elapsed() / batch.len() as u32;
        for (unit, result) in batch.iter().zip(results) {
            let report = UnitReport { id: unit.id, result, counters, elapsed };
            if reports.send(report).is_err() {
                return;
            }
        }
    }
}

/// Waits for a unit and takes those behind it whose tiles fit into the device's queue with it.
fn next_batch(
    units: &Receiver<WorkUnit>,
    left_over: &mut Option<WorkUnit>,
    window: usize,
) -> Option<Vec<WorkUnit>> {
    let first = left_over.take().or_else(|| units.recv().ok())?;
    let mut tiles = first.b.len();
    let mut batch = vec![first];
    while let Ok(unit) = units.try_recv() {
        tiles += unit.b.len();
        if tiles > window {
            *left_over = Some(unit);
            break;
        }
        batch.push(unit);
    }
    Some(batch)
}

#[cfg(test)]
mod tests;
