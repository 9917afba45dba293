//! A simnet of Pearl in this process: hands out blocks, and looks at shares as a node does.
//!
//! No network and nobody's money; what a proof is worth there is decided by the same rule as anywhere.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use gemmine_pouw::U256;
use gemmine_pouw::limits::CERT_VERSION;
use gemmine_pouw::verify::{Refusal, verify};

use crate::job::{GatewayJob, GatewayJobError};
use crate::work::{Job, Moment, Proof, ShareId, SourceEvent, SourceId, Submission, Verdict, Work};

use super::handle::{Command, Events, Host, SourceHandle};
use super::recent::Recent;
use super::report::{JobReport, ShareCounts, SourceReport, SourceState};

/// So many shares of a block are told apart from new ones.
const SEEN_MAX: usize = 1 << 16;

/// A pool's number for a ticket that is not low enough.
const LOW_DIFFICULTY: i64 = 23;
/// And for everything else that is wrong.
const OTHER: i64 = 20;

/// What a simnet is like.
#[derive(Clone, Copy, Debug)]
pub struct LocalOptions {
    /// Its place in the configuration.
    pub id: SourceId,
    /// What a share's ticket must meet, before scaling.
    pub share_target: U256,
    /// How long a block is looked for; for ever without it.
    pub interval: Option<Duration>,
}

/// A simnet, without a clock.
#[derive(Debug)]
pub struct Local {
    options: LocalOptions,
    enabled: bool,
    wanted: bool,
    /// The block that is looked for, and since when; there is none before somebody asks.
    job: Option<(Arc<Job>, Moment)>,
    blocks: u32,
    seen: Recent,
    events: VecDeque<SourceEvent>,
    shares: ShareCounts,
    latency: Option<Duration>,
    error: Option<String>,
}

impl Local {
    /// A simnet whose first block is looked for when it is activated.
    pub fn new(options: LocalOptions) -> Self {
        Self {
            options,
            enabled: true,
            wanted: false,
            job: None,
            blocks: 0,
            seen: Recent::new(SEEN_MAX),
            events: VecDeque::new(),
            shares: ShareCounts::default(),
            latency: None,
            error: None,
        }
    }

    /// The next thing to tell the miner.
    pub fn poll(&mut self) -> Option<SourceEvent> {
        self.events.pop_front()
    }

    /// Does what the miner wants.
    pub fn command(&mut self, command: Command, now: Moment) {
        let was_up = self.is_up();
        match command {
            Command::Submit(submission) => return self.submit(&submission, now),
            Command::Activate => self.wanted = true,
            Command::Standby => self.wanted = false,
            Command::Off => self.enabled = false,
            Command::On => self.enabled = true,
        }
        match (was_up, self.is_up()) {
            (false, true) => {
                self.events.push_back(SourceEvent::Up);
                if self.is_due(now) { self.next_block(now) } else { self.tell_job() }
            }
            (true, false) => {
                let reason = if self.enabled { "not needed for now" } else { "switched off" };
                let retry_in = Duration::ZERO;
                self.events.push_back(SourceEvent::Down { reason: reason.into(), retry_in });
            }
            _ => {}
        }
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Moment) {
        if self.is_up() && self.is_due(now) {
            self.next_block(now);
        }
    }

    /// When to call [`Self::wake`].
    pub fn next_wake(&self) -> Option<Moment> {
        let (_, since) = self.job.as_ref().filter(|_| self.is_up())?;
        Some(since.saturating_add(self.options.interval?))
    }

    /// What it is doing, for people.
    pub fn status(&self) -> SourceReport {
        let state = match (self.enabled, self.wanted) {
            (false, _) => SourceState::Off,
            (true, false) => SourceState::Standby,
            (true, true) => SourceState::Up,
        };
        let job = self.job.as_ref().filter(|_| self.is_up());
        SourceReport {
            kind: "local",
            endpoint: "simnet in this process".into(),
            state,
            job: job.map(|(job, since)| JobReport::new(job, *since)),
            shares: self.shares,
            connections: u64::from(self.job.is_some()),
            latency: self.latency,
            error: self.error.clone(),
        }
    }

    fn is_up(&self) -> bool {
        self.enabled && self.wanted
    }

    fn is_due(&self, now: Moment) -> bool {
        let Some((_, since)) = &self.job else { return true };
        self.options.interval.is_some_and(|interval| since.saturating_add(interval) <= now)
    }

    fn next_block(&mut self, now: Moment) {
        match block(&self.options, self.blocks) {
            Ok(job) => {
                self.blocks = self.blocks.wrapping_add(1);
                self.seen = Recent::new(SEEN_MAX);
                self.job = Some((Arc::new(job), now));
                self.tell_job();
            }
            Err(error) => {
                let reason = format!("make a local block: {error}");
                self.error = Some(reason.clone());
                self.events.push_back(SourceEvent::Refused { reason });
            }
        }
    }

    fn tell_job(&mut self) {
        if let Some((job, _)) = &self.job {
            let job = Arc::clone(job);
            self.events.push_back(SourceEvent::Job { job, earlier_valid: false });
        }
    }

    fn submit(&mut self, submission: &Submission, now: Moment) {
        self.wake(now);
        let share = submission.share;
        self.events.push_back(SourceEvent::Sent { share });
        let verdict = self.judge(submission);
        self.shares.count(&verdict);
        let latency = Duration::ZERO;
        self.latency = Some(latency);
        self.events.push_back(SourceEvent::Answer { share, verdict, latency });
    }

    fn judge(&mut self, submission: &Submission) -> Verdict {
        let rejected = |code, reason| Verdict::Rejected { code, reason };
        let Some((job, _)) = self.job.as_ref().filter(|(job, _)| job.name == submission.job) else {
            return Verdict::Stale { reason: format!("job {} is not current", submission.job) };
        };
        let (Work::Pearl { header, share_target, .. }, Proof::Pearl(proof)) =
            (&job.work, &submission.proof)
        else {
            return rejected(OTHER, "it is no proof of Pearl's".into());
        };
        match verify(header, CERT_VERSION, proof, Some(*share_target)) {
            Ok(verified) if self.seen.insert(ShareId(verified.ticket)) => Verdict::Accepted,
            Ok(_) => Verdict::Known,
            Err(refusal @ Refusal::Bound { .. }) => rejected(LOW_DIFFICULTY, refusal.to_string()),
            Err(refusal) => rejected(OTHER, refusal.to_string()),
        }
    }
}

fn block(options: &LocalOptions, number: u32) -> Result<Job, GatewayJobError> {
    let mut job = GatewayJob::simnet_block(number)?;
    job.set_share_target(options.share_target)?;
    let height = Some(u64::from(number) + 1);
    Ok(Job { height, ..job.work(options.id, &job.to_json()) })
}

/// Runs a simnet in a thread, on standby until it is activated. `began` is what moments count from.
///
/// # Errors
/// If the operating system has no thread left.
pub fn spawn(options: LocalOptions, events: Events, began: Instant) -> io::Result<SourceHandle> {
    let local = Local::new(options);
    let (handle, host) = SourceHandle::new(options.id, local.status(), None, events, began);
    let thread = thread::Builder::new().name(format!("source {}", options.id.0));
    thread.spawn(move || run(local, &host))?;
    Ok(handle)
}

fn run(mut local: Local, host: &Host) {
    while !host.stopped() {
        let wait = local.next_wake().map(|at| at.saturating_sub(host.now()));
        let command = match wait {
            Some(wait) => host.commands.recv_timeout(wait),
            None => host.commands.recv().map_err(RecvTimeoutError::from),
        };
        match command {
            Ok(command) => local.command(command, host.now()),
            Err(RecvTimeoutError::Timeout) => local.wake(host.now()),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        host.show(local.status());
        while let Some(event) = local.poll() {
            if !host.tell(event) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
