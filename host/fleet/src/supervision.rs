//! What to do with a device that fails, comes and goes, or lies.
//!
//! A state machine without clock or IO. A device that fails is opened again after a time that doubles with every
//! failure in a row; one whose answers the host computes otherwise too often is quarantined until somebody says so;
//! one that was unplugged is opened when it is back.

use std::collections::VecDeque;
use std::time::Duration;

use gemmine_console::status::DeviceState;
use gemmine_jobs::work::Moment;

/// When to try again, and when to stop trusting.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Wait before a failed device is opened again the first time.
    pub restart_min: Duration,
    /// The longest such wait.
    pub restart_max: Duration,
    /// Wrong answers among the last [`CHECKED`] that quarantine a device, if they are also so large a part.
    pub quarantine_errors: u32,
    /// See `quarantine_errors`.
    pub quarantine_rate: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            restart_min: Duration::from_secs(1),
            restart_max: Duration::from_secs(60),
            quarantine_errors: 3,
            quarantine_rate: 0.05,
        }
    }
}

/// How many of the newest checked answers are looked at.
pub const CHECKED: usize = 200;

/// A thread that has not ended so long after the device could be opened again hangs: in its port, or in a driver.
pub const HANGS_AFTER: Duration = Duration::from_secs(30);

/// What to do with the device now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open it.
    Open,
    /// Close it.
    Close,
    /// Tell people that its thread hangs; the reason says so.
    Tell,
}

/// One device's state.
#[derive(Clone, Debug)]
pub struct Supervision {
    rules: Rules,
    state: DeviceState,
    /// Since when.
    since: Moment,
    reason: Option<String>,
    /// When to open it, in back-off.
    until: Moment,
    /// Failures since it last gave an answer.
    failures: u32,
    /// The thread that holds it has not ended: it can't be opened again yet.
    held: bool,
    /// It has been told that the thread hangs.
    told: bool,
    /// Newest answers that the host computed again: whether each was right.
    checked: VecDeque<bool>,
    /// Times that it was opened.
    starts: u64,
    right: u64,
    wrong: u64,
    jitter: u64,
}

impl Supervision {
    /// A device that is to be opened at once; devices with other seeds wait other times.
    pub fn new(rules: Rules, now: Moment, seed: u64) -> Self {
        Self {
            rules,
            state: DeviceState::BackOff,
            since: now,
            reason: None,
            until: now,
            failures: 0,
            held: false,
            told: false,
            checked: VecDeque::new(),
            starts: 0,
            right: 0,
            wrong: 0,
            jitter: seed,
        }
    }

    /// What it is doing, since when, and why.
    pub fn state(&self) -> (DeviceState, Moment, Option<&str>) {
        (self.state, self.since, self.reason.as_deref())
    }

    /// Whether it may get work.
    pub fn is_open(&self) -> bool {
        matches!(self.state, DeviceState::Working | DeviceState::Idle)
    }

    /// Times that it was opened, right answers and wrong ones.
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.starts, self.right, self.wrong)
    }

    /// When [`Self::step`] has something to say again.
    pub fn wake(&self) -> Option<Moment> {
        match (self.state, self.held, self.told) {
            (DeviceState::BackOff, false, _) => Some(self.until),
            (DeviceState::BackOff, true, false) => Some(self.until + HANGS_AFTER),
            _ => None,
        }
    }

    /// Whether it is time to open it, or to tell that it can't be.
    pub fn step(&mut self, now: Moment) -> Option<Step> {
        if self.wake().is_none_or(|until| now < until) {
            return None;
        }
        if self.held {
            self.told = true;
            let why = self.reason.take().map(|why| format!("{why}; ")).unwrap_or_default();
            self.reason = Some(format!(
                "{why}its thread has not ended since: the port or its driver hangs; unplug the device, or restart \
                 gemmine"
            ));
            return Some(Step::Tell);
        }
        self.held = true;
        self.starts += 1;
        self.enter(DeviceState::Starting, now, None);
        Some(Step::Open)
    }

    /// It is open.
    pub fn opened(&mut self, now: Moment) {
        if self.state == DeviceState::Starting {
            self.enter(DeviceState::Idle, now, None);
        }
    }

    /// It has work, or none.
    pub fn works(&mut self, now: Moment, works: bool) {
        let state = if works { DeviceState::Working } else { DeviceState::Idle };
        if self.is_open() && self.state != state {
            self.enter(state, now, None);
        }
    }

    /// It gave an answer: failures before are forgotten.
    pub fn answered(&mut self) {
        self.failures = 0;
    }

    /// It failed: it could not be opened, or stopped in the middle of its work.
    pub fn failed(&mut self, now: Moment, reason: &str) -> Option<Step> {
        if !matches!(self.state, DeviceState::Starting | DeviceState::Working | DeviceState::Idle) {
            return None;
        }
        self.until = now + self.back_off();
        self.failures += 1;
        self.enter(DeviceState::BackOff, now, Some(reason.to_owned()));
        Some(Step::Close)
    }

    /// The thread that held it has ended.
    pub fn released(&mut self) {
        self.held = false;
        self.told = false;
    }

    /// The host computed an answer again. Where too many were wrong, the device is to be closed.
    pub fn checked(&mut self, now: Moment, right: bool) -> Option<Step> {
        *(if right { &mut self.right } else { &mut self.wrong }) += 1;
        if self.checked.len() == CHECKED {
            self.checked.pop_front();
        }
        self.checked.push_back(right);
        if right {
            return None;
        }
        let wrong = self.checked.iter().filter(|right| !**right).count();
        let rate = wrong as f64 / self.checked.len() as f64;
        if wrong < self.rules.quarantine_errors as usize || rate < self.rules.quarantine_rate {
            return None;
        }
        let reason = format!(
            "{wrong} of the last {} answers that the host computed again were wrong ({:.1} %); check its clock, \
             supply and image, then switch it on again",
            self.checked.len(),
            100.0 * rate
        );
        self.enter(DeviceState::Quarantined, now, Some(reason));
        Some(Step::Close)
    }

    /// It was unplugged.
    pub fn vanished(&mut self, now: Moment) -> Option<Step> {
        if matches!(self.state, DeviceState::Quarantined | DeviceState::Off | DeviceState::Gone) {
            return None;
        }
        let close = self.state != DeviceState::BackOff;
        self.enter(DeviceState::Gone, now, Some("unplugged".into()));
        close.then_some(Step::Close)
    }

    /// It is plugged in.
    pub fn found(&mut self, now: Moment) {
        if self.state == DeviceState::Gone {
            self.retry(now);
        }
    }

    /// Somebody switches it off.
    pub fn switch_off(&mut self, now: Moment) -> Option<Step> {
        let close = self.is_open() || self.state == DeviceState::Starting;
        if self.state != DeviceState::Off {
            self.enter(DeviceState::Off, now, Some("switched off".into()));
        }
        close.then_some(Step::Close)
    }

    /// Somebody switches it on: also one that waits or is quarantined.
    pub fn switch_on(&mut self, now: Moment) {
        if !self.is_open() && self.state != DeviceState::Starting {
            self.checked.clear();
            self.retry(now);
        }
    }

    fn retry(&mut self, now: Moment) {
        self.failures = 0;
        self.until = now;
        self.enter(DeviceState::BackOff, now, None);
    }

    fn enter(&mut self, state: DeviceState, now: Moment, reason: Option<String>) {
        (self.state, self.since, self.reason) = (state, now, reason);
    }

    /// Doubles with every failure in a row; the upper half of it is by chance, so that many devices behind one hub
    /// that failed do not come back in one moment.
    fn back_off(&mut self) -> Duration {
        let doubled = self.rules.restart_min.saturating_mul(1 << self.failures.min(16));
        let most = doubled.min(self.rules.restart_max);
        // Numerical Recipes' generator: chance enough.
        self.jitter = self
            .jitter
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let part = (self.jitter >> 40) as f64 / (1_u64 << 24) as f64;
        most.mul_f64(0.5 + 0.5 * part)
    }
}

#[cfg(test)]
mod tests;
