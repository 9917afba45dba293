//! What the miner holds of a source that runs in a thread of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};

use crate::work::{Moment, SourceEvent, SourceId, Submission};

use super::report::SourceReport;

/// Where events of all sources go. Bounded or not: a source that finds it full waits, and hears no more meanwhile.
pub type Events = Sender<(SourceId, SourceEvent)>;

/// Shares without an answer that a source holds at most. One too many is not taken, and there is no answer to it: it is
/// to be submitted again when there is room.
pub const SHARES_MAX: usize = 1024;

/// How often a thread that waits for room looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// What the miner wants of a source.
#[derive(Clone, Debug)]
pub enum Command {
    /// Submit a share.
    Submit(Submission),
    /// Work is wanted of it.
    Activate,
    /// None is.
    Standby,
    /// Switch it off by hand.
    Off,
    /// Switch it on, or try at once.
    On,
}

/// A source that runs in a thread of its own. Nothing here blocks; dropping it ends the thread soon after, without
/// waiting for that.
#[derive(Debug)]
pub struct SourceHandle {
    id: SourceId,
    commands: Sender<Command>,
    shared: Arc<Shared>,
}

/// What a handle and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    stop: AtomicBool,
    report: Mutex<SourceReport>,
    /// Ends a wait for the network, of a thread that has such a wait.
    waker: Option<mio::Waker>,
}

/// The thread's side.
#[derive(Debug)]
pub(super) struct Host {
    pub id: SourceId,
    pub commands: Receiver<Command>,
    pub shared: Arc<Shared>,
    pub events: Events,
    /// When the process began.
    pub began: Instant,
}

impl SourceHandle {
    /// Both sides, for a thread to be.
    pub(super) fn new(
        id: SourceId,
        report: SourceReport,
        waker: Option<mio::Waker>,
        events: Events,
        began: Instant,
    ) -> (Self, Host) {
        let (sender, commands) = crossbeam_channel::unbounded();
        let (stop, report) = (AtomicBool::new(false), Mutex::new(report));
        let shared = Arc::new(Shared { stop, report, waker });
        let host = Host { id, commands, shared: Arc::clone(&shared), events, began };
        (Self { id, commands: sender, shared }, host)
    }

    /// Which source this is.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Asks for something. What became of a share comes as an event.
    pub fn command(&self, command: Command) {
        // Without a thread there is nobody to ask, and its last event has said so.
        let _ = self.commands.send(command);
        self.shared.wake();
    }

    /// What it is doing.
    pub fn report(&self) -> SourceReport {
        self.shared.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SourceHandle {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Ends a wait for commands.
        let (closed, _) = crossbeam_channel::bounded(0);
        self.commands = closed;
        self.shared.wake();
    }
}

impl Shared {
    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            // It fails if there is no room for one more event, and then the thread is awake anyhow.
            let _ = waker.wake();
        }
    }
}

impl Host {
    /// Since the process began.
    pub fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// Whether the handle is gone.
    pub fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    /// Tells the miner. Waits while there is no room; says no when nobody will ever take it.
    #[must_use]
    pub fn tell(&self, event: SourceEvent) -> bool {
        let mut message = (self.id, event);
        loop {
            match self.events.send_timeout(message, LOOK) {
                Ok(()) => return true,
                Err(SendTimeoutError::Timeout(back)) if !self.stopped() => message = back,
                Err(_) => return false,
            }
        }
    }

    /// What the handle shows from now on.
    pub fn show(&self, report: SourceReport) {
        *self.shared.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}
