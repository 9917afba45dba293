//! The miner: the best source's job for the crew, every share into the log and then to its source.
//!
//! Without clock, IO or threads but for the log of shares: events come in with their time, [`Action`]s go out.

mod jobs;
mod lines;
mod outbox;
mod shares;
mod status;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Error;
use gemmine_console::status::{Control, Level, LogLine};
use gemmine_jobs::share_log::ShareLog;
use gemmine_jobs::source::failover::{Failover, FailoverOptions};
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::source::report::SourceReport;
use gemmine_jobs::work::{Job, Moment, SourceEvent, SourceId, Verdict};

use crate::crew::{self, Crew, DeviceId, Outcome};
use crate::production::{Claim, Production};
use crate::supervision::Rules;

use lines::Lines;
use outbox::Outbox;

/// How often what devices' hits prove is written to the log.
const CREDIT_EVERY: Duration = Duration::from_secs(60);
/// Shares that are proved and logged before something else has its turn: each takes milliseconds of processor and disk.
const SHARES_AT_ONCE: usize = 8;
/// Shares that may wait for that before devices get no more work.
const SHARES_WAITING: usize = 256;
/// How often a log that could not be written is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// A source, as the miner knows it; it is run elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEntry {
    /// From the configuration; no two have the same.
    pub name: String,
    /// Lower is asked first.
    pub priority: u32,
}

/// What a miner is told.
#[derive(Debug)]
pub struct Options {
    /// For devices.
    pub rules: Rules,
    /// For sources.
    pub failover: FailoverOptions,
    /// In the order of their [`SourceId`]s.
    pub sources: Vec<SourceEntry>,
    /// What is worked on, for people.
    pub work: String,
    /// Something that every reader must know.
    pub notice: Option<String>,
    /// Seed of the nonces, kept in receipts.
    pub seed: u64,
    /// Version of the program.
    pub version: String,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// With a device.
    Device(crew::Action),
    /// With a source.
    Source(SourceId, Command),
    /// Make this job ready, and call [`Miner::prepared`]; what was asked for before and not begun is no longer wanted.
    Prepare {
        /// Its number.
        epoch: u64,
        /// The job.
        job: Arc<Job>,
    },
    /// Tell people.
    Line(LogLine),
    /// End.
    Stop,
}

/// Host clock, seconds since 1970. Only written down: nothing waits by it.
pub type WallClock = Box<dyn Fn() -> u64 + Send>;

/// The miner.
pub struct Miner {
    options: Options,
    wall: WallClock,
    crew: Crew,
    failover: Failover,
    log: ShareLog,
    lines: Lines,
    /// Number of the newest job.
    epoch: u64,
    /// The newest job, unless it could not be made ready.
    job: Option<Arc<Job>>,
    /// Jobs that are being made ready and whose shares count, and when they came; the newest last.
    preparing: VecDeque<(u64, Moment)>,
    jobs: u64,
    /// Since when what devices did has not been written down.
    credited: Moment,
    retry: Option<Moment>,
    /// Shares that are not proved yet.
    found: VecDeque<Found>,
    /// Shares without an answer, in the order of [`SourceId`]s.
    outboxes: Vec<Outbox>,
    actions: Vec<Action>,
}

/// A share that is not proved yet.
type Found = (DeviceId, Arc<Production>, Claim);

impl Miner {
    /// Begins: shares that an earlier run left without an answer go to their sources.
    pub fn new(options: Options, log: ShareLog, wall: WallClock, now: Moment) -> Self {
        let ids = options.sources.iter().enumerate();
        let sources = ids.map(|(id, source)| (SourceId(id), source.priority));
        let failover = Failover::new(sources, options.failover, now);
        let outboxes = options.sources.iter().map(|_| Outbox::default()).collect();
        let mut miner = Self {
            crew: Crew::new(options.rules.clone()),
            options,
            wall,
            failover,
            log,
            lines: Lines::default(),
            epoch: 0,
            job: None,
            preparing: VecDeque::new(),
            jobs: 0,
            credited: now,
            retry: None,
            found: VecDeque::new(),
            outboxes,
            actions: Vec::new(),
        };
        miner.log_start();
        miner.resubmit(now);
        miner.settle(now);
        miner
    }

    /// One more device.
    pub fn add_device(&mut self, now: Moment, name: &str, present: bool) -> DeviceId {
        let id = self.crew.add(now, name, present);
        self.wake(now);
        id
    }

    /// All devices.
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    /// The log of shares.
    pub fn log(&self) -> &ShareLog {
        &self.log
    }

    /// What is to be done now, in this order.
    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Something happened to a device.
    pub fn device_event(&mut self, now: Moment, id: DeviceId, event: crew::Event) {
        self.crew.event(now, id, event);
        self.settle(now);
    }

    /// A source says something.
    pub fn source_event(&mut self, now: Moment, id: SourceId, event: &SourceEvent) {
        let about = format!("source {}", self.source_name(id));
        // Of whose jobs those before the one that it sends still count.
        let mut keeps = None;
        match event {
            SourceEvent::Job { earlier_valid, .. } => {
                keeps = Some(id).filter(|_| *earlier_valid && self.failover.active() == Some(id));
            }
            SourceEvent::Up => self.line(Level::Info, &about, "connected".into()),
            SourceEvent::Paused { reason } => {
                self.line(Level::Warning, &about, format!("paused: {reason}"));
            }
            SourceEvent::Refused { reason } => {
                self.line(Level::Error, &about, format!("refused: {reason}"));
            }
            SourceEvent::Down { reason, retry_in } => {
                let text = format!("down: {reason}; next try in {:.1} s", retry_in.as_secs_f64());
                self.line(Level::Warning, &about, text);
            }
            SourceEvent::Sent { share } => self.log_sent(id, *share),
            SourceEvent::Answer { share, verdict, latency } => {
                self.log_answer(&about, *share, verdict, *latency);
                self.answered(now, id, *share);
            }
        }
        self.failover.event(id, event, now);
        self.follow(now, keeps);
        self.settle(now);
    }

    /// A job is ready, or can't be worked on.
    pub fn prepared(&mut self, now: Moment, epoch: u64, made: Result<Arc<Production>, Error>) {
        self.take_prepared(now, epoch, made);
        self.settle(now);
    }

    /// Somebody wants a change.
    ///
    /// # Errors
    /// If there is no such device or source; says which there are.
    pub fn control(&mut self, now: Moment, control: &Control) -> Result<(), String> {
        match control {
            Control::DeviceOff { device } => {
                let id = self.device_named(device)?;
                self.crew.switch(now, id, false);
            }
            Control::DeviceOn { device } => {
                let id = self.device_named(device)?;
                self.crew.switch(now, id, true);
            }
            Control::SourceOff { source } => {
                let id = self.source_named(source)?;
                self.actions.push(Action::Source(id, Command::Off));
                self.failover.off(id, now);
            }
            Control::SourceOn { source } => {
                let id = self.source_named(source)?;
                self.actions.push(Action::Source(id, Command::On));
                self.failover.on(id, now);
            }
            Control::Stop => self.actions.push(Action::Stop),
        }
        self.follow(now, None);
        self.wake(now);
        Ok(())
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Moment) {
        self.failover.wake(now);
        self.follow(now, None);
        self.crew.wake(now);
        // A share's line comes before the credit for it.
        if now >= self.credited + CREDIT_EVERY && self.found.is_empty() {
            self.credit(now);
        }
        if self.retry.is_some_and(|retry| now >= retry) {
            self.log.retry();
        }
        if self.next_read().is_some_and(|read| now >= read) {
            self.feed_all(now);
        }
        self.settle(now);
    }

    /// When [`Self::wake`] has something to do.
    pub fn next_wake(&self) -> Moment {
        if !self.found.is_empty() {
            return Moment::ZERO;
        }
        let credit = Some(self.credited + CREDIT_EVERY);
        let read = self.next_read();
        [credit, self.retry, read, self.failover.next_wake(), self.crew.next_wake()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Moment::MAX)
    }

    /// Writes down what has not been. Shares without an answer are in the log: the next run submits them.
    pub fn finish(&mut self, now: Moment) {
        while !self.found.is_empty() {
            self.share_some();
        }
        self.credit(now);
        self.log.retry();
        self.settle(now);
    }

    /// Takes in what came of an event.
    fn settle(&mut self, now: Moment) {
        for outcome in self.crew.outcomes() {
            match outcome {
                Outcome::Line(level, device, text) => {
                    let name =
                        |id: DeviceId| format!("device {}", self.crew.devices()[id.0].name());
                    let about = device.map_or_else(|| "miner".to_owned(), name);
                    self.line(level, &about, text);
                }
                Outcome::Share(id, production, claim) => {
                    self.found.push_back((id, production, claim))
                }
            }
        }
        self.share_some();
        self.crew.hold(now, self.found.len() > SHARES_WAITING);
        let actions = self.crew.actions().into_iter().map(Action::Device);
        self.actions.extend(actions);
        let writable = self.log.is_writable();
        match (writable, self.retry) {
            (true, Some(_)) => {
                self.retry = None;
                self.line(Level::Info, "miner", "the log of shares can be written again".into());
            }
            (false, earlier) => {
                if earlier.is_none() {
                    let trouble = self.log.trouble().unwrap_or_default();
                    let text = format!(
                        "failed to write the log of shares: {trouble}; make room: until then it waits in memory"
                    );
                    self.line(Level::Error, "miner", text);
                }
                if earlier.is_none_or(|earlier| earlier <= now) {
                    self.retry = Some(now + RETRY_EVERY);
                }
            }
            (true, None) => {}
        }
    }

    fn line(&mut self, level: Level, about: &str, text: String) {
        let line = self.lines.add((self.wall)(), level, about, text);
        self.actions.push(Action::Line(line));
    }

    fn source_name(&self, id: SourceId) -> &str {
        self.options.sources.get(id.0).map_or("unknown", |source| &source.name)
    }

    fn source_named(&self, name: &str) -> Result<SourceId, String> {
        let names = self.options.sources.iter().map(|source| source.name.as_str());
        named("source", name, names).map(SourceId)
    }

    fn device_named(&self, name: &str) -> Result<DeviceId, String> {
        named("device", name, self.crew.devices().iter().map(crew::CrewDevice::name)).map(DeviceId)
    }
}

/// The place of a name among names.
fn named<'a>(
    what: &str,
    name: &str,
    mut names: impl Iterator<Item = &'a str> + Clone,
) -> Result<usize, String> {
    names.clone().position(|found| found == name).ok_or_else(|| {
        let first: Vec<&str> = names.by_ref().take(10).collect();
        format!("there is no {what} {name:?}; there are {}", first.join(", "))
    })
}

/// Whether a verdict is good news.
fn counts(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted | Verdict::Acknowledged | Verdict::Known)
}

/// What sources say of themselves, in the order of their [`SourceId`]s.
pub type Reports<'a> = &'a [SourceReport];

#[cfg(test)]
mod tests;
