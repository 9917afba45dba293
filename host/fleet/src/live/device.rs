//! The thread that owns a device.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use gemmine_driver::OldestWanted;

use super::{DevicePlan, guarded};
use crate::crew::{DeviceId, Event};
use crate::runner::{Assignment, Runner};

/// Opens a device.
pub type Open = dyn Fn() -> Result<Runner> + Send + Sync;

/// How long a device is waited for before new work is looked for.
const POLL: Duration = Duration::from_millis(20);
/// How often a device without work looks whether it is to close.
const IDLE: Duration = Duration::from_millis(500);

/// A thread that owns a device. When it has nothing more to do it says [`Event::Released`].
pub struct DeviceThread {
    work: Sender<Assignment>,
    /// Work of older jobs is dropped in the middle; of all jobs, when the device is to close.
    oldest: OldestWanted,
}

impl DeviceThread {
    pub fn start(
        id: DeviceId,
        plan: &DevicePlan,
        events: &Sender<(DeviceId, Event)>,
    ) -> io::Result<Self> {
        let (work, inbox) = unbounded();
        let oldest = OldestWanted::default();
        let open = Arc::clone(&plan.open);
        let mut owner = Owner {
            id,
            inbox,
            oldest: Arc::clone(&oldest),
            events: events.clone(),
            began: 0,
            epochs: Vec::new(),
        };
        thread::Builder::new().name(format!("device {}", plan.name)).spawn(move || {
            // A driver that panics has failed like any other, and is opened again.
            match guarded(|| owner.serve(&*open)) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => owner.tell(Event::Failed(format!("failed to {error:#}"))),
                Err(message) => {
                    owner.tell(Event::Failed(format!("its thread panicked: {message}")));
                }
            }
            owner.tell(Event::Released);
        })?;
        Ok(Self { work, oldest })
    }

    pub fn assign(&self, assignment: Assignment) {
        // A thread that has ended has said so.
        let _ = self.work.send(assignment);
    }

    pub fn drop_before(&self, epoch: u64) {
        self.oldest.fetch_max(epoch, Ordering::Relaxed);
    }

    pub fn close(&self) {
        self.oldest.store(u64::MAX, Ordering::Relaxed);
    }
}

struct Owner {
    id: DeviceId,
    inbox: Receiver<Assignment>,
    oldest: OldestWanted,
    events: Sender<(DeviceId, Event)>,
    /// The newest job that it has begun with.
    began: u64,
    /// Jobs of what it has, oldest first.
    epochs: Vec<u64>,
}

impl Owner {
    fn tell(&self, event: Event) {
        // Nobody is left at the end of the process.
        let _ = self.events.send((self.id, event));
    }

    fn is_closing(&self) -> bool {
        self.oldest.load(Ordering::Relaxed) == u64::MAX
    }

    fn serve(&mut self, open: &Open) -> Result<()> {
        let mut runner = open()?;
        self.tell(Event::Opened(Box::new(runner.joined())));
        let served = self.work(&mut runner);
        // Whoever stops, or was unplugged in the middle of a batch, has made what it has made.
        for done in runner.salvage(served.is_err()) {
            self.tell(Event::Done(Box::new(done)));
        }
        if served.is_ok() && !self.epochs.is_empty() {
            runner.drop_all()?;
        }
        served
    }

    /// Works until the device is to close.
    fn work(&mut self, runner: &mut Runner) -> Result<()> {
        loop {
            if self.is_closing() {
                return Ok(());
            }
            self.drop_stale(runner)?;
            while let Some(assignment) = self.next_assignment(runner.is_idle()) {
                if self.is_closing() {
                    return Ok(());
                }
                self.drop_stale(runner)?;
                let epoch = assignment.production.epoch;
                if epoch < self.oldest.load(Ordering::Relaxed) {
                    continue;
                }
                runner.start(assignment, &self.oldest)?;
                self.epochs.push(epoch);
                if epoch > self.began {
                    self.began = epoch;
                    self.tell(Event::Began { epoch });
                }
            }
            if let Some(done) = runner.next(POLL)? {
                if !self.epochs.is_empty() {
                    self.epochs.remove(0);
                }
                self.tell(Event::Done(Box::new(done)));
            }
        }
    }

    /// What nobody wants any more is dropped in the middle. Newer work is never among it: this is asked before any is begun.
    fn drop_stale(&mut self, runner: &mut Runner) -> Result<()> {
        let oldest = self.oldest.load(Ordering::Relaxed);
        if self.epochs.iter().any(|epoch| *epoch < oldest) {
            self.epochs.clear();
            runner.drop_all()?;
        }
        Ok(())
    }

    /// What has come; waits a little if there is nothing else to do.
    fn next_assignment(&self, idle: bool) -> Option<Assignment> {
        if !idle {
            return self.inbox.try_recv().ok();
        }
        match self.inbox.recv_timeout(IDLE) {
            Ok(assignment) => Some(assignment),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Its handle is gone, and so is whoever wants anything of it.
                self.oldest.store(u64::MAX, Ordering::Relaxed);
                None
            }
        }
    }
}
