//! This computer's processor behind the device interface: the opponent that every other device is held against.
//!
//! Grids, and tiles that are pushed, some at a time, go to whichever thread is free: the SIMD kernel, then the tickets
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
use crate::grid::{Grid, GridEnd, GridLimits};
use crate::store::PanelStore;

/// Descriptors that the queue holds: enough that all threads have some for a while.
const QUEUE: usize = 1024;
/// Tiles that a thread takes at once, for waking it and waiting for it costs as much as a tile, and as the kernel
/// multiplies grids faster than tiles: from the first number on up to where the panel of A changes, and at most the second.
const BATCH: (usize, usize) = (64, 256);
/// Tiles of a grid at most, and steps of all of them that it should have: some milliseconds by AMX, and by the slowest path
/// less than half a second.
const GRID_TILES: usize = 4096;
const GRID_STEPS: usize = GRID_TILES * 2048;
/// Panels a side of a grid.
const GRID_PANELS: usize = 1024;
/// What the SIMD kernel takes at once, and so what chunks must be multiples of.
const STEPS_MULTIPLE: usize = 4;

/// The processor as a device.
#[derive(Debug)]
pub struct Cpu {
    identity: Identity,
    pool: ThreadPool,
    panels: PanelStore,
    /// Descriptors that are not completed.
    outstanding: usize,
    /// What waits to become a batch.
    batch: Vec<batch::Work>,
    /// Where the completions of batches will come from, in order.
    queue: VecDeque<Receiver<Vec<Completion>>>,
    done: VecDeque<Completion>,
    /// Where the ends of grids will come from, in order.
    grids: VecDeque<Receiver<(GridEnd, usize)>>,
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
        let description = format!(
            "this computer's processor, {threads} thread{}, {}",
            if threads == 1 { "" } else { "s" },
            kernel::Path::best().description(),
        );
        let limits = Limits::of_host(QUEUE, 1, STEPS_MULTIPLE);
        let identity =
            Identity::of_host("cpu".to_owned(), description, DeviceKind::Processor, limits);
        Ok(Self {
            panels: PanelStore::new(&identity),
            identity,
            pool,
            outstanding: 0,
            batch: Vec::new(),
            queue: VecDeque::new(),
            done: VecDeque::new(),
            grids: VecDeque::new(),
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
        self.panels.load(side, place, panel)
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let [a, b] = self.panels.panels_of(&descriptor, self.outstanding)?;
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

    fn grids(&self, steps: usize) -> Option<GridLimits> {
        Some(GridLimits {
            tiles: (GRID_STEPS / steps.max(1)).clamp(1, GRID_TILES),
            panels: GRID_PANELS,
            // One more for each thread, so that none waits for its next one.
            outstanding: 2 * self.threads(),
        })
    }

    fn push_grid(&mut self, grid: Grid) -> Result<(), DeviceError> {
        self.panels.check_grid(&grid, GRID_TILES, GRID_PANELS)?;
        let (sender, receiver) = bounded(1);
        self.grids.push_back(receiver);
        self.pool.spawn(move || {
            // A reset drops the receiver.
            let _ = sender.send((batch::end(&grid), grid.tiles()));
        });
        Ok(())
    }

    fn wait_grid(&mut self, timeout: Duration) -> Result<GridEnd, DeviceError> {
        let waited_ms = timeout.as_millis();
        let Some(next) = self.grids.front() else {
            let what = "the end of a grid, with none outstanding";
            return Err(DeviceError::Timeout { what, waited_ms });
        };
        let (end, tiles) = next.recv_timeout(timeout).map_err(|error| waiting(error, waited_ms))?;
        self.grids.pop_front();
        self.counters.tiles += tiles as u64;
        self.counters.hits += end.tiles.iter().filter(|tile| tile.hit).count() as u64;
        Ok(end)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.outstanding = 0;
        self.batch.clear();
        self.queue.clear();
        self.done.clear();
        self.grids.clear();
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(self.counters)
    }
}

#[cfg(test)]
mod tests;
