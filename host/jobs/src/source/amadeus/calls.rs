//! Which call is due, and what its answer means. Without IO and clock.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use gemmine_pouw::amadeus::{NONCE_AT, SEED_BYTES};
use gemmine_pouw::digest;

use crate::amadeus::verdict::Verdict as Finding;
use crate::source::backoff::BackOff;
use crate::source::handle::Command;
use crate::source::pending::Pending;
use crate::source::report::{JobReport, ShareCounts, SourceReport, SourceState};
use crate::text::message;
use crate::work::{Job, Moment, Proof, ShareId, SourceEvent, Submission, Verdict, Work};

use super::options::{AmadeusOptions, Call, CallError};

/// How often a node is asked about a share at most.
const TRIES_MAX: u32 = 8;
/// A pool's number for too few bits, and for everything else that is wrong.
const LOW_DIFFICULTY: i64 = 23;
const OTHER: i64 = 20;

/// A node, as far as calls go.
#[derive(Debug)]
pub struct Calls {
    options: AmadeusOptions,
    url: String,
    backoff: BackOff,
    enabled: bool,
    wanted: bool,
    state: State,
    /// No call before.
    next: Moment,
    /// When the last question for a seed was answered.
    asked: Option<Moment>,
    job: Option<(Arc<Job>, Moment)>,
    pending: Pending,
    events: VecDeque<SourceEvent>,
    connections: u64,
    shares: ShareCounts,
    latency: Option<Duration>,
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is known of the node.
    Unknown,
    Up,
    /// It failed, and the next call is a try.
    Failed,
}

impl Calls {
    /// A node on standby.
    pub fn new(options: AmadeusOptions, url: String, jitter_seed: u64) -> Self {
        let backoff = BackOff::new(options.retry_first, options.retry_longest, jitter_seed);
        Self {
            options,
            url,
            backoff,
            enabled: true,
            wanted: false,
            state: State::Unknown,
            next: Moment::ZERO,
            asked: None,
            job: None,
            pending: Pending::default(),
            events: VecDeque::new(),
            connections: 0,
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
        match command {
            Command::Submit(submission) => self.submit(submission, now),
            Command::Activate => {
                if !mem::replace(&mut self.wanted, true) && self.state == State::Up {
                    self.events.push_back(SourceEvent::Up);
                    self.tell_job();
                }
            }
            Command::Standby => self.wanted = false,
            Command::Off => self.enabled = false,
            Command::On => {
                self.enabled = true;
                self.backoff.reset();
                self.next = now;
            }
        }
        self.settle();
    }

    /// When a call is due, if one is needed.
    pub fn next_wake(&self) -> Option<Moment> {
        if !self.is_needed() {
            return None;
        }
        let due = match self.asked.filter(|_| self.state == State::Up) {
            Some(asked) if self.next_share().is_none() => {
                asked.saturating_add(self.options.poll_interval)
            }
            _ => Moment::ZERO,
        };
        Some(due.max(self.next))
    }

    /// The call that is due, if one is. Shares go first, unless the node has failed or the seed is old.
    pub fn next_call(&mut self, now: Moment) -> Option<Call> {
        if self.next_wake()? > now {
            return None;
        }
        let interval = self.options.poll_interval;
        let is_old = self.asked.is_none_or(|asked| asked.saturating_add(interval) <= now);
        let share = self.next_share().filter(|_| self.state == State::Up && !is_old);
        let Some(share) = share else { return Some(Call::Seed) };
        let entry = self.pending.get_mut(share)?;
        let Proof::Amadeus(solution) = &entry.submission.proof else { return None };
        let solution = solution.clone();
        entry.sent = Some(now);
        entry.tries += 1;
        self.events.push_back(SourceEvent::Sent { share });
        Some(Call::Validate { share, solution })
    }

    /// The answer to a question for a seed.
    pub fn seed(&mut self, answer: Result<[u8; SEED_BYTES], CallError>, now: Moment) {
        match answer {
            Ok(seed) => {
                self.asked = Some(now);
                self.backoff.reset();
                if mem::replace(&mut self.state, State::Up) != State::Up {
                    self.connections += 1;
                    self.events.push_back(SourceEvent::Up);
                }
                self.take_seed(&seed, now);
            }
            Err(error) => self.failed(error, now),
        }
        self.settle();
    }

    /// The answer to a question about a solution.
    pub fn validated(&mut self, share: ShareId, answer: Result<Finding, CallError>, now: Moment) {
        match answer {
            Ok(Finding { valid: true, .. }) => self.verdict(share, Verdict::Accepted, now),
            Ok(Finding { valid_math: true, .. }) => {
                let reason = "too few bits, or its segment is over".into();
                self.verdict(share, Verdict::Rejected { code: LOW_DIFFICULTY, reason }, now);
                // Which of both, the next seed tells, and whether there is work left to do for this one.
                self.asked = None;
            }
            Ok(_) => {
                let reason = "the node says that its product is wrong".into();
                self.verdict(share, Verdict::Rejected { code: OTHER, reason }, now);
            }
            Err(error) => {
                let entry = self.pending.get_mut(share);
                let tries = entry.map_or(0, |entry| {
                    entry.sent = None;
                    // A call that had to wait was no try.
                    entry.tries -= u32::from(error.wait.is_some());
                    entry.tries
                });
                let hopeless = !error.may_pass || tries >= TRIES_MAX;
                let reason = error.reason.clone();
                self.failed(error, now);
                if hopeless {
                    self.verdict(share, Verdict::Unanswered { reason }, now);
                }
            }
        }
        self.settle();
    }

    /// What it is doing, for people.
    pub fn status(&self) -> SourceReport {
        let state = match self.state {
            _ if !self.enabled => SourceState::Off,
            _ if !self.is_needed() => SourceState::Standby,
            State::Unknown => SourceState::Connecting,
            State::Up => SourceState::Up,
            State::Failed => SourceState::BackOff,
        };
        let job = self.job.as_ref().filter(|_| state == SourceState::Up);
        SourceReport {
            kind: "amadeus",
            endpoint: self.url.clone(),
            state,
            job: job.map(|(job, since)| JobReport::new(job, *since)),
            shares: ShareCounts { pending: self.pending.len() as u64, ..self.shares },
            connections: self.connections,
            latency: self.latency,
            error: self.error.clone(),
        }
    }

    fn is_needed(&self) -> bool {
        self.enabled && (self.wanted || self.pending.len() > 0)
    }

    fn next_share(&self) -> Option<ShareId> {
        self.pending.waiting().next().map(|entry| entry.submission.share)
    }

    fn tell_job(&mut self) {
        if let Some((job, _)) = &self.job {
            let job = Arc::clone(job);
            self.events.push_back(SourceEvent::Job { job, earlier_valid: false });
        }
    }

    /// Forgets the node when nothing is wanted of it.
    fn settle(&mut self) {
        if self.is_needed() {
            return;
        }
        if mem::replace(&mut self.state, State::Unknown) == State::Up {
            let reason = if self.enabled { "not needed for now" } else { "switched off" };
            let retry_in = Duration::ZERO;
            self.events.push_back(SourceEvent::Down { reason: reason.into(), retry_in });
        }
        (self.job, self.asked) = (None, None);
    }

    fn submit(&mut self, submission: Submission, now: Moment) {
        let share = submission.share;
        // Taken before: it has its own answer.
        if self.pending.contains(share) || self.pending.was_answered(share) {
            return;
        }
        // One too many is submitted again when there is room.
        if self.pending.is_full() {
            return;
        }
        let wrong = matches!(submission.proof, Proof::Pearl(_));
        let over = self.job.as_ref().is_some_and(|(job, _)| job.name != submission.job);
        self.pending.push(submission);
        if wrong {
            let reason = "it is no solution of Amadeus'".into();
            self.verdict(share, Verdict::Rejected { code: OTHER, reason }, now);
        } else if over {
            let reason = "its segment is over".into();
            self.verdict(share, Verdict::Stale { reason }, now);
        }
    }

    /// Works on a seed of another segment, and gives up shares of all others.
    fn take_seed(&mut self, seed: &[u8; SEED_BYTES], now: Moment) {
        let name: Arc<str> = hex::encode(&digest::hash(&seed[..NONCE_AT])[..8]).into();
        if self.job.as_ref().is_some_and(|(job, _)| job.name == name) {
            return;
        }
        let (source, bits) = (self.options.id, self.options.bits);
        let work = Work::Amadeus { seed: Box::new(*seed), bits };
        let context = "".into();
        let job = Job { source, name: Arc::clone(&name), context, height: None, work };
        self.job = Some((Arc::new(job), now));
        self.tell_job();
        let is_over = |submission: &Submission| submission.job != name;
        let waiting = self.pending.waiting().map(|entry| &entry.submission);
        let over: Vec<_> =
            waiting.filter(|found| is_over(found)).map(|found| found.share).collect();
        for share in over {
            let reason = "its segment ended before an answer came".into();
            self.verdict(share, Verdict::Unanswered { reason }, now);
        }
    }

    fn failed(&mut self, error: CallError, now: Moment) {
        let reason = message(&error.reason);
        self.error = Some(reason.clone());
        if let Some(wait) = error.wait {
            // The node is there, and so is its seed.
            self.next = now.saturating_add(wait);
            return;
        }
        let retry_in = self.backoff.wait();
        self.next = now.saturating_add(retry_in);
        (self.state, self.job) = (State::Failed, None);
        self.events.push_back(SourceEvent::Down { reason, retry_in });
    }

    fn verdict(&mut self, share: ShareId, verdict: Verdict, now: Moment) {
        let Some(entry) = self.pending.finish(share) else { return };
        let latency = entry.sent.map(|sent| now.saturating_sub(sent)).unwrap_or_default();
        if entry.sent.is_some() {
            self.latency = Some(latency);
        }
        self.shares.count(&verdict);
        self.events.push_back(SourceEvent::Answer { share, verdict, latency });
    }
}
