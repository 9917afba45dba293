//! All devices, at work on one job: who gets which pieces, and what becomes of the answers.
//!
//! Without clock, IO or threads: events come in with their time, and [`Action`]s go out. Whoever runs it (threads with
//! real devices, or a simulation of a day) carries them out.

mod answers;
mod device;
mod passes;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gemmine_console::status::{DeviceState, Level};
use gemmine_jobs::work::Moment;

use crate::piece::Cursor;
use crate::production::{Claim, Production};
use crate::runner::{Assignment, Done, WINDOW};
use crate::supervision::{Rules, Step};

use passes::Passes;

pub use device::{Credit, CrewDevice, DeviceId, Joined};

/// How often a device should have a hit, so that there is something to check and to credit.
const HIT_SECONDS: f64 = 5.0;
/// How often an answer that is no hit is computed again.
const SAMPLE_EVERY: Duration = Duration::from_secs(20);
/// Pieces of an assignment at most: each pass has its own preparation.
const PIECES_MAX: usize = 4096;
/// A device has failed if it has not answered for so long: an assignment is about a second of its work, and far more only
/// until its speed is known.
const OVERDUE: Duration = Duration::from_secs(120);
/// Jobs whose late hits may still count, at least and at most, and the memory that they may take between.
const EARLIER_MIN: usize = 4;
const EARLIER_MAX: usize = 64;
const EARLIER_BYTES: usize = 512 << 20;

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Open a device, in a thread of its own.
    Open(DeviceId),
    /// Drop its work, close it and end its thread; [`Event::Released`] says when that is done.
    Close(DeviceId),
    /// Give it work.
    Assign(DeviceId, Assignment),
    /// Drop its work of epochs before this one, in the middle.
    Drop(DeviceId, u64),
}

/// What happened to a device.
#[derive(Debug)]
pub enum Event {
    /// It is open.
    Opened(Box<Joined>),
    /// It has begun with its first work of a job.
    Began {
        /// The job.
        epoch: u64,
    },
    /// It has answered.
    Done(Box<Done>),
    /// It could not be opened, or failed.
    Failed(String),
    /// Its thread has ended.
    Released,
    /// It was unplugged.
    Vanished,
    /// It was plugged in.
    Found,
}

/// What came of an event.
#[derive(Debug)]
pub enum Outcome {
    /// Something to tell people.
    Line(Level, Option<DeviceId>, String),
    /// A share, not yet proved.
    Share(DeviceId, Arc<Production>, Claim),
}

/// The devices and their work.
#[derive(Debug)]
pub struct Crew {
    rules: Rules,
    devices: Vec<CrewDevice>,
    current: Option<Current>,
    /// Of jobs before, as long as their hits count.
    earlier: VecDeque<Arc<Production>>,
    /// Where jobs that come back go on.
    passes: Passes,
    /// Nobody gets more work.
    held: bool,
    next_id: u64,
    actions: Vec<Action>,
    outcomes: Vec<Outcome>,
}

/// The job that is worked on.
#[derive(Debug)]
struct Current {
    production: Arc<Production>,
    cursor: Cursor,
    /// When the job came.
    came: Moment,
    /// From then to the last device at work, once all are.
    latency: Option<Duration>,
}

impl Crew {
    /// Nobody yet.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            devices: Vec::new(),
            current: None,
            earlier: VecDeque::new(),
            passes: Passes::default(),
            held: false,
            next_id: 1,
            actions: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// One more device; it is opened at once.
    pub fn add(&mut self, now: Moment, name: &str, present: bool) -> DeviceId {
        let id = DeviceId(self.devices.len());
        let mut device = CrewDevice::new(name, self.rules.clone(), now, id.0 as u64 + 1);
        if !present {
            device.supervision.vanished(now);
        }
        self.devices.push(device);
        id
    }

    /// All devices.
    pub fn devices(&self) -> &[CrewDevice] {
        &self.devices
    }

    /// What is to be done now.
    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// What came of events.
    pub fn outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// The job that is worked on.
    pub fn production(&self) -> Option<&Arc<Production>> {
        self.current.as_ref().map(|current| &current.production)
    }

    /// How long it took from the newest job to the last device at work on it.
    pub fn latency(&self) -> Option<Duration> {
        self.current.as_ref().and_then(|current| current.latency)
    }

    /// Drops the work on jobs before `epoch`, whose shares no longer count, at once, although there may be nothing to do
    /// instead yet.
    pub fn retire(&mut self, now: Moment, epoch: u64) {
        let over = self.current.take_if(|current| current.production.epoch < epoch);
        if let Some(Current { production, cursor, .. }) = over {
            self.passes.leave(&production.job.work, cursor.next_pass());
        }
        self.earlier.retain(|production| production.epoch >= epoch);
        for index in 0..self.devices.len() {
            let device = &mut self.devices[index];
            if device.drop_before(epoch) {
                self.actions.push(Action::Drop(DeviceId(index), epoch));
            }
            // Where it was only the jobs before the one that is worked on, there is something to do instead.
            self.fill(now, DeviceId(index));
        }
    }

    /// Keeps jobs of before as long as an answer of a device may be of them: a slow device's may be many jobs late.
    fn forget_earlier(&mut self) {
        let devices = &self.devices;
        let wanted = |epoch: u64| {
            let mut outstanding = devices.iter().flat_map(CrewDevice::all_outstanding);
            outstanding.any(|outstanding| outstanding.epoch == epoch)
        };
        self.earlier.retain(|production| wanted(production.epoch));
        let bytes = self.earlier.back().map_or(0, |production| production.bytes());
        let most = (EARLIER_BYTES / bytes.max(1)).clamp(EARLIER_MIN, EARLIER_MAX);
        while self.earlier.len() > most {
            self.earlier.pop_front();
        }
    }

    /// Puts all devices to work on a job that is ready; `came` is when its source sent it. If the one before has not been
    /// retired its shares still count: what is under way of it is finished, and no more begun.
    pub fn work_on(&mut self, now: Moment, production: Arc<Production>, came: Moment) {
        if let Some(Current { production, cursor, .. }) = self.current.take() {
            self.passes.leave(&production.job.work, cursor.next_pass());
            self.earlier.push_back(production);
        }
        self.forget_earlier();
        // What was made of it before would be the same tickets again.
        let first = self.passes.next(&production.job.work);
        let cursor = Cursor::new(production.whole(), first);
        self.current = Some(Current { production, cursor, came, latency: None });
        for index in 0..self.devices.len() {
            self.fill(now, DeviceId(index));
        }
    }

    /// Whether devices get no more work for now: what they have, they finish.
    pub fn hold(&mut self, now: Moment, hold: bool) {
        if std::mem::replace(&mut self.held, hold) && !hold {
            (0..self.devices.len()).for_each(|index| self.fill(now, DeviceId(index)));
        }
    }

    /// Takes in what happened to a device.
    pub fn event(&mut self, now: Moment, id: DeviceId, event: Event) {
        let Some(device) = self.devices.get_mut(id.0) else { return };
        match event {
            Event::Opened(joined) => {
                let line = format!("open: {}", joined.identity.description);
                device.opened(now, *joined);
                if device.supervision.is_open() {
                    self.line(Level::Info, id, line);
                    self.fill(now, id);
                }
            }
            Event::Began { epoch } => self.began(now, id, epoch),
            Event::Done(done) => {
                if device.supervision.is_open() {
                    device.supervision.answered();
                }
                self.done(now, id, *done);
                self.fill(now, id);
            }
            Event::Failed(reason) => self.failed(now, id, &reason),
            Event::Released => {
                device.supervision.released();
                self.give_back(id);
            }
            Event::Vanished => {
                let step = device.supervision.vanished(now);
                if step.is_some() {
                    self.line(Level::Warning, id, "unplugged".into());
                }
                self.carry_out(id, step);
            }
            Event::Found => {
                let was = device.supervision.state().0;
                device.supervision.found(now);
                if was == DeviceState::Gone {
                    self.line(Level::Info, id, "plugged in".into());
                }
            }
        }
    }

    /// Does what is due: opens devices whose wait is over, gives up on those that have not answered for far too long.
    pub fn wake(&mut self, now: Moment) {
        for index in 0..self.devices.len() {
            let id = DeviceId(index);
            if self.devices[index].deadline().is_some_and(|deadline| now >= deadline) {
                self.failed(
                    now,
                    id,
                    "no answer for far longer than its work takes; check it, and its cable",
                );
            }
            let step = self.devices[index].supervision.step(now);
            self.carry_out(id, step);
        }
    }

    /// When [`Self::wake`] has something to do.
    pub fn next_wake(&self) -> Option<Moment> {
        let times =
            |device: &CrewDevice| device.supervision.wake().into_iter().chain(device.deadline());
        self.devices.iter().flat_map(times).min()
    }

    /// What devices' verified hits prove and nobody has written down, with names and builds.
    pub fn take_credits(&mut self) -> Vec<(String, Option<String>, Credit)> {
        let credit = |device: &mut CrewDevice| {
            let credit = device.take_credit()?;
            Some((device.name().to_owned(), device.build(), credit))
        };
        self.devices.iter_mut().filter_map(credit).collect()
    }

    /// Somebody switches a device on or off.
    pub fn switch(&mut self, now: Moment, id: DeviceId, on: bool) {
        let Some(device) = self.devices.get_mut(id.0) else { return };
        if on {
            device.supervision.switch_on(now);
        } else {
            let step = device.supervision.switch_off(now);
            self.carry_out(id, step);
        }
        self.line(Level::Info, id, format!("switched {}", if on { "on" } else { "off" }));
    }

    fn line(&mut self, level: Level, id: DeviceId, text: String) {
        self.outcomes.push(Outcome::Line(level, Some(id), text));
    }

    fn failed(&mut self, now: Moment, id: DeviceId, reason: &str) {
        let step = self.devices[id.0].supervision.failed(now, reason);
        if step.is_some() {
            self.line(Level::Warning, id, reason.to_owned());
        }
        self.carry_out(id, step);
    }

    /// What a device that is gone has left undone is for the others.
    fn give_back(&mut self, id: DeviceId) {
        for outstanding in self.devices[id.0].closed() {
            if let Some(current) = &mut self.current
                && current.production.epoch == outstanding.epoch
            {
                current.cursor.give_back(outstanding.pieces);
            }
        }
    }

    fn carry_out(&mut self, id: DeviceId, step: Option<Step>) {
        match step {
            None => {}
            Some(Step::Open) => self.actions.push(Action::Open(id)),
            Some(Step::Tell) => {
                let reason =
                    self.devices[id.0].supervision.state().2.unwrap_or_default().to_owned();
                self.line(Level::Warning, id, reason);
            }
            // Hits that it has made already may still come, until it is released.
            Some(Step::Close) => {
                self.devices[id.0].closes();
                self.actions.push(Action::Close(id));
            }
        }
    }

    /// Gives a device work until it has enough.
    fn fill(&mut self, now: Moment, id: DeviceId) {
        let device = &mut self.devices[id.0];
        let Some(current) = &mut self.current else {
            device.supervision.works(now, !device.outstanding.is_empty());
            return;
        };
        while !self.held && device.supervision.is_open() && device.outstanding.len() < WINDOW {
            let count = device.count();
            let mut pieces = vec![current.cursor.take(count)];
            let mut tickets = pieces[0].tickets();
            while !device.scans && tickets < u64::from(count) && pieces.len() < PIECES_MAX {
                let piece = current.cursor.take((u64::from(count) - tickets) as u32);
                tickets += piece.tickets();
                pieces.push(piece);
            }
            let production = Arc::clone(&current.production);
            let ask = production.ask(device.tickets_per_second(), HIT_SECONDS);
            let assignment = Assignment { id: self.next_id, production, pieces, ask };
            self.next_id += 1;
            device.assigned(now, &assignment);
            self.actions.push(Action::Assign(id, assignment));
        }
        device.supervision.works(now, !device.outstanding.is_empty());
    }

    fn began(&mut self, now: Moment, id: DeviceId, epoch: u64) {
        let device = &mut self.devices[id.0];
        device.began = device.began.max(epoch);
        let Some(current) = &mut self.current else { return };
        let epoch = current.production.epoch;
        let all = self
            .devices
            .iter()
            .all(|device| !device.supervision.is_open() || device.began >= epoch);
        if all && current.latency.is_none() {
            current.latency = Some(now.saturating_sub(current.came));
        }
    }
}

#[cfg(test)]
mod tests;
