//! This computer's processor behind the device interface: the opponent that every other device is held against.
//!
//! Tiles that are pushed go to whichever thread is free, some at a time: the SIMD kernel, then the tickets
//! ([`batch`]). There is no array, no clock of its own and no cycle to count.

mod batch;

use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use gemmine_pouw::kernel;
use gemmine_pouw::panel::Panel;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::device::{Completion, Counters, Descriptor, Device, DeviceKind, Identity, Limits, Side};
use crate::error::DeviceError;

/// Descriptors that the queue holds: enough that all threads have some for a while.
const QUEUE: usize = 1024;
/// Tiles that a thread takes at once, for waking it and waiting for it costs as much as a tile, and as the kernel
/// multiplies grids faster than tiles: from the first number on up to where the panel of A changes, and at most the second.
const BATCH: (usize, usize) = (64, 256);
/// Panels a side: one for each descriptor of a full queue, and one to load meanwhile.
const PANELS: usize = QUEUE + 1;
/// Longest panel: the longest k of a legal job.
const PANEL_STEPS: usize = 65_536;
/// What the SIMD kernel takes at once, and so what chunks must be multiples of.
const STEPS_MULTIPLE: usize = 4;

/// The processor as a device.
#[derive(Debug)]
pub struct Cpu {
    identity: Identity,
    pool: ThreadPool,
    panels: [Vec<Option<Arc<Panel>>>; 2],
    /// Descriptors that are not completed.
    outstanding: usize,
    /// What waits to become a batch.
    batch: Vec<batch::Work>,
    /// Where the completions of batches will come from, in order.
    queue: VecDeque<Receiver<Vec<Completion>>>,
    done: VecDeque<Completion>,
    counters: Counters,
}

impl Cpu {
    /// Starts so many threads, or one a core.
    ///
    /// # Errors
    /// If they can't be started.
    pub fn new(threads: Option<NonZeroUsize>) -> Result<Self, DeviceError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.map_or(0, NonZeroUsize::get))
            .thread_name(|thread| format!("cpu {thread}"))
            .build()
            .map_err(|error| DeviceError::Stopped(error.to_string()))?;
        let threads = pool.current_num_threads();
        let identity = Identity {
            name: "cpu".to_owned(),
            description: format!(
                "this computer's processor, {threads} thread{}, {}",
                if threads == 1 { "" } else { "s" },
                kernel::Path::best().description(),
            ),
            kind: DeviceKind::Processor,
            geometry: None,
            cert_versions: vec![3],
            engines: 0,
            noise: false,
            version: 0,
            build: 0,
            clock_hz: None,
            limits: Limits {
                panels: PANELS,
                panel_steps: PANEL_STEPS,
                memory_steps: PANELS * PANEL_STEPS,
                steps_multiple: 1,
                chunk_steps_min: STEPS_MULTIPLE,
                chunk_steps_max: PANEL_STEPS,
                queue: QUEUE,
            },
        };
        Ok(Self {
            identity,
            pool,
            panels: [vec![None; PANELS], vec![None; PANELS]],
            outstanding: 0,
            batch: Vec::new(),
            queue: VecDeque::new(),
            done: VecDeque::new(),
            counters: Counters::default(),
        })
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Gives the batch to the threads.
    fn start(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = mem::take(&mut self.batch);
        let (sender, receiver) = bounded(1);
        self.queue.push_back(receiver);
        self.pool.spawn(move || {
            // A reset drops the receiver.
            let _ = sender.send(batch::complete(&batch));
        });
    }

    fn within(
        &self,
        what: &'static str,
        value: usize,
        fits: bool,
        limit: String,
    ) -> Result<(), DeviceError> {
        if fits {
            return Ok(());
        }
        let device = self.identity.name.clone();
        let remedy = "choose another value, or another device";
        Err(DeviceError::Unsupported { device, what, value, limit, remedy })
    }

    fn check_place(&self, place: usize) -> Result<(), DeviceError> {
        let most = PANELS - 1;
        self.within("panel", place, place <= most, format!("at most {most}"))
    }

    fn panel(&self, side: Side, place: usize) -> Result<Arc<Panel>, DeviceError> {
        self.check_place(place)?;
        let panel = self.panels[side as usize][place].clone();
        panel.ok_or(DeviceError::NoPanel { side, panel: place })
    }

    fn check(&self, descriptor: &Descriptor, a: &Panel, b: &Panel) -> Result<(), DeviceError> {
        let Descriptor { steps, chunk_steps: chunk, .. } = *descriptor;
        for panel in [a, b] {
            let fits = steps > 0 && steps == panel.k();
            self.within("steps", steps, fits, format!("the {} of its panel", panel.k()))?;
        }
        let fits =
            (STEPS_MULTIPLE..=PANEL_STEPS).contains(&chunk) && chunk.is_multiple_of(STEPS_MULTIPLE);
        let limit = format!("{STEPS_MULTIPLE} to {PANEL_STEPS}, a multiple of {STEPS_MULTIPLE}");
        self.within("chunk", chunk, fits, limit)
    }
}

fn waiting(error: RecvTimeoutError, waited_ms: u128) -> DeviceError {
    match error {
        RecvTimeoutError::Timeout => {
            DeviceError::Timeout { what: "a completion of the processor", waited_ms }
        }
        RecvTimeoutError::Disconnected => {
            DeviceError::Stopped("a thread of the processor has ended".into())
        }
    }
}

impl Device for Cpu {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        self.check_place(place)?;
        let fits = panel.k() <= PANEL_STEPS;
        self.within("panel length", panel.k(), fits, format!("at most {PANEL_STEPS}"))?;
        // What is queued holds its panels itself, so none is ever busy.
        self.panels[side as usize][place] = Some(panel);
        Ok(())
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        if self.outstanding >= QUEUE {
            return Err(DeviceError::QueueFull(self.outstanding));
        }
        let a = self.panel(Side::A, descriptor.a_panel)?;
        let b = self.panel(Side::B, descriptor.b_panel)?;
        self.check(&descriptor, &a, &b)?;
        self.outstanding += 1;
        let next_row = self.batch.last().is_some_and(|last| !Arc::ptr_eq(&last.a, &a));
        if self.batch.len() >= BATCH.1 || next_row && self.batch.len() >= BATCH.0 {
            self.start();
        }
        self.batch.push(batch::Work { descriptor, a, b });
        Ok(())
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let waited_ms = timeout.as_millis();
        if self.done.is_empty() {
            if self.queue.is_empty() {
                self.start();
            }
            let Some(next) = self.queue.front() else {
                let what = "a completion, with no descriptor outstanding";
                return Err(DeviceError::Timeout { what, waited_ms });
            };
            self.done =
                next.recv_timeout(timeout).map_err(|error| waiting(error, waited_ms))?.into();
            self.queue.pop_front();
        }
        let what = "a completion of a batch";
        let completion = self.done.pop_front().ok_or(DeviceError::Timeout { what, waited_ms })?;
        self.outstanding -= 1;
        self.counters.tiles += 1;
        self.counters.hits += u64::from(completion.hit);
        Ok(completion)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.outstanding = 0;
        self.batch.clear();
        self.queue.clear();
        self.done.clear();
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(self.counters)
    }
}

#[cfg(test)]
mod tests;
