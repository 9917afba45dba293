//! Runs a [`Miner`] with real devices and real sources: a thread for each, one that makes jobs ready, one that watches
//! which boards are plugged in, and one that owns the miner and waits for all of them.

mod device;
mod preparer;
mod presence;

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, RecvError, Sender, bounded, never, select, unbounded};
use gemmine_console::status::{Control, Status};
use gemmine_jobs::share_log::ShareLog;
use gemmine_jobs::source::handle::{Events, SourceHandle};
use gemmine_jobs::source::report::SourceReport;
use gemmine_jobs::work::{Moment, SourceEvent, SourceId};

use crate::crew::{self, DeviceId};
use crate::miner::{Action, Miner, Options, WallClock};
use crate::production::Product;

use device::DeviceThread;
use preparer::{Prepared, Preparer};
use presence::Watcher;

pub use device::Open;
pub use presence::{Discover, Presence};

/// How often what is shown is made anew.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// How long somebody waits to hear whether a change is possible.
const CONTROL_PATIENCE: Duration = Duration::from_secs(5);
/// How long the end waits for devices to be closed, and for answers to shares.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A device that there may be.
#[derive(Clone)]
pub struct DevicePlan {
    /// What it is called; no two have the same.
    pub name: String,
    /// Opens it, in a thread of its own; may take its time.
    pub open: Arc<Open>,
    /// When it is there.
    pub presence: Presence,
}

/// Starts a source: its number, where its events go, and what moments count from.
pub type StartSource = Box<dyn FnOnce(SourceId, Events, Instant) -> Result<SourceHandle>>;

/// What a miner is made of.
pub struct Plan {
    /// What the miner is told.
    pub options: Options,
    /// Where shares go.
    pub log: ShareLog,
    /// What is multiplied; nothing of Amadeus.
    pub product: Option<Arc<Product>>,
    /// In the order of [`Options::sources`].
    pub sources: Vec<StartSource>,
    /// Devices that are named.
    pub devices: Vec<DevicePlan>,
    /// Devices that are found.
    pub discover: Option<Discover>,
    /// Host clock.
    pub wall: WallClock,
}

/// A miner at work. Dropping it ends it.
pub struct Live {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    status: Mutex<Arc<Status>>,
    requests: Sender<Request>,
    /// Closed when the miner has ended.
    ended: Receiver<()>,
}

/// A change that somebody wants, and where to say whether there can be one.
type Request = (Control, Sender<Result<(), String>>);

impl Live {
    /// Starts everything.
    ///
    /// # Errors
    /// If a source or a thread can't be started.
    pub fn start(plan: Plan) -> Result<Self> {
        let began = Instant::now();
        let (source_events, from_sources) = unbounded();
        let sources = plan
            .sources
            .into_iter()
            .enumerate()
            .map(|(id, start)| start(SourceId(id), source_events.clone(), began));
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let (requests, from_people) = unbounded();
        let (ending, ended) = bounded::<()>(0);
        let seed = plan.options.seed;
        let miner = Miner::new(plan.options, plan.log, plan.wall, Moment::ZERO);
        let (device_events, from_devices) = unbounded();
        let (prepared, from_preparer) = unbounded();
        let preparer = Preparer::start(plan.product, seed, prepared)?;
        let (sightings, from_presence) = unbounded();
        let shared = Arc::new(Shared {
            status: Mutex::new(Arc::new(miner.status(Moment::ZERO, &reports(&sources)))),
            requests,
            ended,
        });
        let mut desk = Desk {
            began,
            miner,
            sources,
            devices: Vec::new(),
            threads: HashMap::new(),
            preparer,
            device_events,
            watcher: Watcher::start(&sightings)?,
            shared: Arc::clone(&shared),
            stopping: None,
        };
        for device in plan.devices {
            desk.add(device);
        }
        desk.show();
        let discover =
            plan.discover.map(|discover| presence::discover(discover, desk.names(), &sightings));
        let watching = discover.transpose().context("start a thread that looks for boards")?;
        let run = move || {
            let _ending = ending;
            let _watching = watching;
            desk.run(Inboxes {
                sources: from_sources,
                devices: from_devices,
                preparer: from_preparer,
                presence: from_presence,
                people: from_people,
            });
        };
        let thread = thread::Builder::new().name("miner".into()).spawn(run);
        Ok(Self { shared, thread: Some(thread.context("start the miner's thread")?) })
    }

    /// For what shows it.
    pub fn handle(&self) -> Arc<dyn gemmine_console::status::Miner> {
        Arc::clone(&self.shared) as Arc<_>
    }

    /// Waits until the miner has ended, at most so long; whether it has.
    pub fn wait(&self, patience: Duration) -> bool {
        use crossbeam_channel::RecvTimeoutError;
        matches!(self.shared.ended.recv_timeout(patience), Err(RecvTimeoutError::Disconnected))
    }

    /// Ends it: devices are left without work, what is known is written down. The last status.
    pub fn stop(mut self) -> Arc<Status> {
        self.end();
        gemmine_console::status::Miner::status(&*self.shared)
    }

    fn end(&mut self) {
        let (reply, _) = bounded(1);
        let _ = self.shared.requests.send((Control::Stop, reply));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.end();
    }
}

impl gemmine_console::status::Miner for Shared {
    fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn control(&self, control: Control) -> Result<(), String> {
        let (reply, answer) = bounded(1);
        let gone = || "the miner has ended".to_owned();
        self.requests.send((control, reply)).map_err(|_| gone())?;
        answer.recv_timeout(CONTROL_PATIENCE).map_err(|_| gone())?
    }
}

/// Does something that must not take its thread along; a panic's message, if there is one.
fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    // What it leaves behind is dropped, or only used to tell of it.
    panic::catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without a message".into())
    })
}

fn reports(sources: &[SourceHandle]) -> Vec<SourceReport> {
    sources.iter().map(SourceHandle::report).collect()
}

/// What comes to the thread that owns the miner.
struct Inboxes {
    sources: Receiver<(SourceId, SourceEvent)>,
    devices: Receiver<(DeviceId, crew::Event)>,
    preparer: Receiver<Prepared>,
    presence: Receiver<presence::Sighting>,
    people: Receiver<Request>,
}

/// The next of an inbox; one whose senders are gone is not looked into again, as it would always be ready.
fn taken<T>(inbox: &mut Receiver<T>, next: Result<T, RecvError>) -> Option<T> {
    next.map_err(|RecvError| *inbox = never()).ok()
}

/// The thread that owns the miner.
struct Desk {
    began: Instant,
    miner: Miner,
    sources: Vec<SourceHandle>,
    /// In the order of their [`DeviceId`]s.
    devices: Vec<DevicePlan>,
    threads: HashMap<DeviceId, DeviceThread>,
    preparer: Preparer,
    device_events: Sender<(DeviceId, crew::Event)>,
    watcher: Watcher,
    shared: Arc<Shared>,
    /// Until when the end waits.
    stopping: Option<Instant>,
}

impl Desk {
    fn now(&self) -> Moment {
        self.began.elapsed()
    }

    fn names(&self) -> Vec<String> {
        self.devices.iter().map(|device| device.name.clone()).collect()
    }

    /// One more device; whoever can be unplugged is watched.
    fn add(&mut self, device: DevicePlan) {
        let present = device.presence.is_there();
        let id = self.miner.add_device(self.now(), &device.name, present);
        self.watcher.add(id, &device.presence, present);
        self.devices.push(device);
    }

    fn run(&mut self, mut from: Inboxes) {
        let mut shown = Instant::now();
        self.carry_out();
        while !self.is_over() {
            let now = self.now();
            let wait = self.miner.next_wake().saturating_sub(now).min(SHOW_EVERY);
            select! {
                recv(from.sources) -> event => if let Some((id, event)) = taken(&mut from.sources, event) {
                    self.miner.source_event(self.now(), id, &event);
                },
                recv(from.devices) -> event => if let Some((id, event)) = taken(&mut from.devices, event) {
                    self.device_event(id, event);
                },
                recv(from.preparer) -> made => if let Some((epoch, made)) = taken(&mut from.preparer, made) {
                    self.miner.prepared(self.now(), epoch, made);
                },
                recv(from.presence) -> sighting => match taken(&mut from.presence, sighting) {
                    Some(presence::Sighting::Known(id, event)) => self.miner.device_event(self.now(), id, event),
                    Some(presence::Sighting::New(device)) => self.add(device),
                    None => {}
                },
                recv(from.people) -> request => if let Some((control, reply)) = taken(&mut from.people, request) {
                    let answer = self.miner.control(self.now(), &control);
                    // Who asked may have gone.
                    let _ = reply.send(answer);
                },
                default(wait) => self.miner.wake(self.now()),
            }
            self.carry_out();
            if shown.elapsed() >= SHOW_EVERY {
                shown = Instant::now();
                self.miner.wake(self.now());
                self.carry_out();
                self.show();
            }
        }
        // What devices said while the last of something else was looked at.
        while let Ok((id, event)) = from.devices.try_recv() {
            self.device_event(id, event);
        }
        self.miner.finish(self.now());
        self.carry_out();
        self.show();
    }

    fn device_event(&mut self, id: DeviceId, event: crew::Event) {
        if matches!(event, crew::Event::Released) {
            self.threads.remove(&id);
        }
        self.miner.device_event(self.now(), id, event);
    }

    /// At the end, answers to shares that are on their way are waited for, and devices that close.
    fn is_over(&self) -> bool {
        self.stopping.is_some_and(|until| {
            let idle = self.threads.is_empty() && self.miner.log().pending_count() == 0;
            idle || Instant::now() >= until
        })
    }

    fn show(&self) {
        let status = self.miner.status(self.now(), &reports(&self.sources));
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(status);
    }

    fn carry_out(&mut self) {
        for action in self.miner.actions() {
            match action {
                Action::Device(action) => self.device_action(action),
                Action::Source(id, command) => {
                    if let Some(source) = self.sources.get(id.0) {
                        source.command(command);
                    }
                }
                Action::Prepare { epoch, job } => self.preparer.prepare(epoch, job),
                // What shows the miner finds it in the status.
                Action::Line(_) => {}
                Action::Stop => {
                    self.stopping.get_or_insert(Instant::now() + END_PATIENCE);
                    self.threads.values().for_each(DeviceThread::close);
                }
            }
        }
    }

    fn device_action(&mut self, action: crew::Action) {
        match action {
            crew::Action::Open(id) if self.stopping.is_none() => {
                let plan = &self.devices[id.0];
                match DeviceThread::start(id, plan, &self.device_events) {
                    Ok(thread) => {
                        self.threads.insert(id, thread);
                    }
                    Err(error) => {
                        let failed =
                            crew::Event::Failed(format!("failed to start its thread: {error}"));
                        let _ = self.device_events.send((id, failed));
                        let _ = self.device_events.send((id, crew::Event::Released));
                    }
                }
            }
            crew::Action::Open(_) => {}
            crew::Action::Close(id) => {
                self.threads.get(&id).into_iter().for_each(DeviceThread::close)
            }
            crew::Action::Assign(id, assignment) => {
                self.threads
                    .get(&id)
                    .into_iter()
                    .for_each(|thread| thread.assign(assignment.clone()));
            }
            crew::Action::Drop(id, epoch) => {
                self.threads.get(&id).into_iter().for_each(|thread| thread.drop_before(epoch));
            }
        }
    }
}

#[cfg(test)]
mod tests;
