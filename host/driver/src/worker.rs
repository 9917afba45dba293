//! A thread that owns a device: work units in by one channel, reports out by another.
//!
//! Nothing above this blocks on a slow device. A unit is one A panel against several B panels, so
//! the A panel is loaded once; B panels take the slots in turn.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use gemmine_pouw::panel::Panel;

use crate::device::{
    Completion, Counters, Descriptor, Device, DeviceError, Identity, Limits, Side,
};

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

/// The thread: works until the work channel closes.
///
/// Units that wait are taken together, as many as the device's queue holds, so that the array goes
/// from one to the next without a gap.
fn serve(mut device: Box<dyn Device>, units: &Receiver<WorkUnit>, reports: &Sender<UnitReport>) {
    let mut slots = Slots::new(device.identity().limits);
    let mut left_over = None;
    while let Some(batch) = next_batch(units, &mut left_over, slots.window()) {
        let begin = Instant::now();
        let results = run_each(device.as_mut(), &batch, &mut slots);
        let counters = device.counters().unwrap_or_default();
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

/// Runs a batch; where that fails, its units one by one, so that each gets what is its own.
fn run_each(
    device: &mut dyn Device,
    batch: &[WorkUnit],
    slots: &mut Slots,
) -> Vec<Result<Vec<Completion>, DeviceError>> {
    match run(device, batch, slots) {
        Ok(completions) => completions.into_iter().map(Ok).collect(),
        Err(error) => {
            abandon(device);
            if batch.len() == 1 {
                return vec![Err(error)];
            }
            let alone = |unit| {
                let mut completions = run(device, std::slice::from_ref(unit), slots)
                    .inspect_err(|_| abandon(device))?;
                Ok(completions.pop().unwrap_or_default())
            };
            batch.iter().map(alone).collect()
        }
    }
}

/// Collects what is still outstanding: it must not be taken for an answer to the next unit.
fn abandon(device: &mut dyn Device) {
    while device.wait(Duration::ZERO).is_ok() {}
}

/// Loads panels, pushes descriptors as fast as the queue takes them, and collects by unit.
fn run(
    device: &mut dyn Device,
    batch: &[WorkUnit],
    slots: &mut Slots,
) -> Result<Vec<Vec<Completion>>, DeviceError> {
    let mut completions: Vec<Vec<Completion>> =
        batch.iter().map(|unit| Vec::with_capacity(unit.b.len())).collect();
    let tiles: Vec<(usize, usize)> =
        (0..batch.len()).flat_map(|u| (0..batch[u].b.len()).map(move |n| (u, n))).collect();
    let mut loaded = None;
    let mut a_slot = 0;
    for window in tiles.chunks(slots.window()) {
        for &(u, n) in window {
            let unit = &batch[u];
            if loaded != Some(u) {
                a_slot = slots.next(Side::A);
                device.load_panel(Side::A, a_slot, Arc::clone(&unit.a))?;
                loaded = Some(u);
            }
            let b_slot = slots.next(Side::B);
            device.load_panel(Side::B, b_slot, Arc::clone(&unit.b[n]))?;
            device.push(Descriptor {
                tag: n as u32,
                a_slot,
                b_slot,
                steps: unit.steps,
                chunk_steps: unit.chunk_steps,
                ticket_key: unit.ticket_key,
                bound_le: unit.bound_le,
                want_tile: unit.want_tiles,
            })?;
        }
        for &(u, _) in window {
            completions[u].push(device.wait(COMPLETION_TIMEOUT)?);
        }
    }
    Ok(completions)
}

/// Panel slots, taken in turn. A window of tiles never needs a slot twice.
struct Slots {
    limits: Limits,
    next: [usize; 2],
}

impl Slots {
    fn new(limits: Limits) -> Self {
        Self { limits, next: [0; 2] }
    }

    /// Tiles that may be outstanding at once; the slot of the running A panel is taken besides.
    fn window(&self) -> usize {
        self.limits.queue.min(self.limits.panel_slots.saturating_sub(1)).max(1)
    }

    fn next(&mut self, side: Side) -> usize {
        let next = &mut self.next[side as usize];
        let slot = *next % self.limits.panel_slots.max(1);
        *next = slot + 1;
        slot
    }
}

#[cfg(test)]
mod tests;
