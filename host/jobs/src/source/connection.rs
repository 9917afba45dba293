//! A source behind a connection that is made anew whenever it breaks.
//!
//! ```text
//!             needed                  connected                 let in
//!   Standby ---------> Connecting ---------------> Connecting ---------> Up <-> Paused
//!      ^ not needed        ^ |                         |                  |
//!      +-----------        | | connect failed          | closed, silent,  | garbled
//!                          | v                         v                  v
//!                         BackOff <---------------------------------------+
//! ```
//!
//! A source is needed while it is activated, and on standby as long as a share has no verdict. Without IO, clock and
//! randomness: whoever runs it carries out every [`Output`] in order, and tells what happened and when.

mod jobs;
mod options;
mod shares;
mod steps;

use std::collections::VecDeque;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::work::{Job, Moment, SourceEvent};

use super::backoff::BackOff;
use super::dialect::{Client, Retry};
use super::framing::Lines;
use super::gateway::Gateway;
use super::handle::Command;
use super::pending::Pending;
use super::pool::Pool;
use super::report::{JobReport, ShareCounts, SourceReport, SourceState};

use jobs::Jobs;

pub use options::{Dialect, PoolLogin, SourceOptions, Timing};
pub use shares::SubmitError;

/// What whoever runs a source has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Connect, then call [`Source::connected`], or [`Source::connect_failed`] when that takes too long.
    Connect,
    /// Send these bytes. If that fails, call [`Source::closed`] before anything else is asked for.
    Send(Vec<u8>),
    /// Close the connection, or give up making it. [`Source::closed`] need not be called.
    Close,
    /// Tell the miner.
    Event(SourceEvent),
}

/// A gateway or a pool, whether or not it is there.
#[derive(Debug)]
pub struct Source {
    options: SourceOptions,
    client: Client,
    link: Link,
    lines: Lines,
    backoff: BackOff,
    /// Not switched off by hand.
    enabled: bool,
    /// Activated.
    wanted: bool,
    /// When something came last.
    heard: Moment,
    /// What the miner knows.
    news: News,
    jobs: Jobs,
    pending: Pending,
    outputs: VecDeque<Output>,
    connections: u64,
    shares: ShareCounts,
    latency: Option<Duration>,
    error: Option<String>,
}

/// The connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Idle,
    Connecting,
    /// There, and not let in yet.
    Greeting,
    Ready,
    BackOff {
        until: Moment,
    },
}

/// The last thing that was said about work.
#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    None,
    Job { job: Arc<Job>, earlier_valid: bool, since: Moment },
    Paused { reason: String },
    Refused { reason: String },
}

impl Source {
    /// A source on standby. Two with the same seed wait alike after failures.
    pub fn new(options: SourceOptions, jitter_seed: u64) -> Self {
        let timing = &options.timing;
        let client = match &options.dialect {
            Dialect::Gateway => Client::Gateway(Gateway::new(options.id, timing)),
            Dialect::Pool(login) => Client::Pool(Pool::new(options.id, login.clone(), timing)),
        };
        let named_by_hash = matches!(options.dialect, Dialect::Gateway);
        let backoff = BackOff::new(timing.retry_first, timing.retry_longest, jitter_seed);
        Self {
            client,
            options,
            link: Link::Idle,
            lines: Lines::default(),
            backoff,
            enabled: true,
            wanted: false,
            heard: Moment::ZERO,
            news: News::None,
            jobs: Jobs { named_by_hash, ..Jobs::default() },
            pending: Pending::default(),
            outputs: VecDeque::new(),
            connections: 0,
            shares: ShareCounts::default(),
            latency: None,
            error: None,
        }
    }

    /// The next thing to do. Ask until there is nothing, after every call of anything else.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Does what the miner wants.
    pub fn command(&mut self, command: Command, now: Moment) {
        match command {
            Command::Submit(submission) => self.submit_or_answer(submission, now),
            Command::Activate => self.activate(now),
            Command::Standby => self.standby(now),
            Command::Off => self.off(now),
            Command::On => self.on(now),
        }
    }

    /// Work is wanted of it. If it is there already, says so again, with its job.
    pub fn activate(&mut self, now: Moment) {
        if !mem::replace(&mut self.wanted, true) && self.link == Link::Ready {
            self.event(SourceEvent::Up);
            self.tell_news();
        }
        self.settle(now);
    }

    /// No work is wanted of it. The connection is closed as soon as no share waits for a verdict.
    pub fn standby(&mut self, now: Moment) {
        self.wanted = false;
        self.settle(now);
    }

    /// Switches it off, whatever waits: shares without a verdict are kept until it is on again.
    pub fn off(&mut self, now: Moment) {
        self.enabled = false;
        self.settle(now);
    }

    /// Switches it on, or asks for a try now instead of later.
    pub fn on(&mut self, now: Moment) {
        self.enabled = true;
        self.backoff.reset();
        if matches!(self.link, Link::BackOff { .. }) {
            self.link = Link::Idle;
        }
        self.settle(now);
    }

    /// There is a connection.
    pub fn connected(&mut self, now: Moment) {
        if self.link != Link::Connecting {
            return self.outputs.push_back(Output::Close);
        }
        self.link = Link::Greeting;
        self.connections += 1;
        self.heard = now;
        self.lines = Lines::default();
        self.with_client(now, |client, effects| client.connected(now, effects));
        self.settle(now);
    }

    /// There is none.
    pub fn connect_failed(&mut self, reason: &str, now: Moment) {
        if self.link == Link::Connecting {
            self.down(reason.to_owned(), Retry::Soon, now);
        }
    }

    /// Bytes have come.
    pub fn received(&mut self, bytes: &[u8], now: Moment) {
        if !self.is_connected() {
            return;
        }
        self.heard = now;
        let mut lines = mem::take(&mut self.lines);
        let end = lines.push(bytes, |line| {
            self.with_client(now, |client, effects| client.line(line, now, effects));
            // A line may have been the last that was needed; what comes in the same read is as if it came later.
            self.settle(now);
            match self.is_connected() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        if let Err(error) = end {
            let kind = self.client.kind();
            self.fail(format!("{error}; check that a {kind} listens there"), Retry::Soon, now);
        }
        if self.is_connected() {
            self.lines = lines;
        }
        self.settle(now);
    }

    /// The connection is closed, by the other side or by an error.
    pub fn closed(&mut self, reason: &str, now: Moment) {
        if !self.is_connected() {
            return;
        }
        // What can no longer be sent was not sent.
        self.outputs.retain(|output| {
            !matches!(output, Output::Send(_) | Output::Event(SourceEvent::Sent { .. }))
        });
        self.down(reason.to_owned(), Retry::Soon, now);
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Moment) {
        if let Link::BackOff { until } = self.link
            && until <= now
        {
            self.link = Link::Idle;
        }
        if self.is_connected() {
            self.give_up_late(now);
            self.with_client(now, |client, effects| client.wake(now, effects));
        }
        let silence = self.options.timing.job_timeout;
        if self.is_connected() && self.heard.saturating_add(silence) <= now {
            let seconds = silence.as_secs_f64();
            self.fail(format!("nothing has come for {seconds} s"), Retry::Soon, now);
        }
        self.settle(now);
    }

    /// When to call [`Self::wake`], if nothing happens before.
    pub fn next_wake(&self) -> Option<Moment> {
        match self.link {
            Link::BackOff { until } => Some(until),
            Link::Idle | Link::Connecting => None,
            Link::Greeting | Link::Ready => {
                let timing = &self.options.timing;
                let silent = Some(self.heard.saturating_add(timing.job_timeout));
                let late = self.pending.next_deadline(timing.answer_timeout);
                [silent, late, self.client.next_wake()].into_iter().flatten().min()
            }
        }
    }

    /// What it is doing, for people.
    pub fn status(&self) -> SourceReport {
        let job = match &self.news {
            News::Job { job, since, .. } => Some(JobReport::new(job, *since)),
            _ => None,
        };
        let pending = self.pending.len() as u64;
        SourceReport {
            kind: self.client.kind(),
            endpoint: self.options.endpoint.clone(),
            state: self.state(),
            job,
            shares: ShareCounts { pending, ..self.shares },
            connections: self.connections,
            latency: self.latency,
            error: self.error.clone(),
        }
    }

    fn state(&self) -> SourceState {
        match (self.link, &self.news) {
            _ if !self.enabled => SourceState::Off,
            (Link::Idle, _) => SourceState::Standby,
            (Link::Connecting | Link::Greeting, _) => SourceState::Connecting,
            (Link::BackOff { .. }, _) => SourceState::BackOff,
            (Link::Ready, News::Paused { .. } | News::Refused { .. }) => SourceState::Paused,
            (Link::Ready, News::None | News::Job { .. }) => SourceState::Up,
        }
    }

    fn is_connected(&self) -> bool {
        matches!(self.link, Link::Greeting | Link::Ready)
    }

    fn is_needed(&self) -> bool {
        self.enabled && (self.wanted || self.pending.len() > 0)
    }

    fn event(&mut self, event: SourceEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    fn tell_news(&mut self) {
        match self.news.clone() {
            News::None => {}
            News::Job { job, earlier_valid, .. } => {
                self.event(SourceEvent::Job { job, earlier_valid });
            }
            News::Paused { reason } => self.event(SourceEvent::Paused { reason }),
            News::Refused { reason } => self.event(SourceEvent::Refused { reason }),
        }
    }
}

#[cfg(test)]
mod tests;
