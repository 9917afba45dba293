//! What becomes of shares: sent once a connection, until there is a verdict.

use std::sync::Arc;

use crate::work::{Moment, Proof, ShareId, SourceEvent, Submission, Verdict};

use super::super::pending::PENDING_MAX;
use super::{Link, News, Output, Source};

/// How often a share is sent at most.
const TRIES_MAX: u32 = 8;

/// Why a share is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It waits for a verdict already.
    #[error("submit share {0}: it waits for an answer already")]
    Pending(ShareId),
    /// There was a verdict.
    #[error("submit share {0}: it has been answered already")]
    Answered(ShareId),
    /// It is of another network.
    #[error("submit share {0}: it proves Amadeus' work to a Pearl source; name its own source")]
    Protocol(ShareId),
    /// What the source needs beside it can't be read.
    #[error("submit share {share}: {reason}")]
    Context {
        /// Which.
        share: ShareId,
        /// What is wrong.
        reason: String,
    },
}

/// What is to be done with a share now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Send,
    Wait,
    Over,
}

impl Source {
    /// Takes a share. It is sent as soon as its job is known to count, and there will be one answer to it.
    ///
    /// # Errors
    /// If a share of this name was taken before, or can't be sent to this source.
    pub fn submit(&mut self, submission: Submission, now: Moment) -> Result<(), SubmitError> {
        let share = submission.share;
        if self.pending.contains(share) {
            return Err(SubmitError::Pending(share));
        }
        if self.pending.was_answered(share) {
            return Err(SubmitError::Answered(share));
        }
        if matches!(submission.proof, Proof::Amadeus(_)) {
            return Err(SubmitError::Protocol(share));
        }
        let checked = self.client.check_context(&submission);
        checked.map_err(|reason| SubmitError::Context { share, reason })?;
        if let Some(oldest) = self.pending.excess() {
            let reason = format!("more than {PENDING_MAX} shares wait for an answer");
            self.verdict(oldest, Verdict::Unanswered { reason }, now);
        }
        let fate = self.fate(&submission.job, now);
        let reason = || format!("job {} is over: {}", submission.job, self.newest());
        let over = (fate == Fate::Over).then(reason);
        self.pending.push(submission);
        match over {
            Some(reason) => self.verdict(share, Verdict::Stale { reason }, now),
            None if fate == Fate::Send => self.send(share, now),
            None => {}
        }
        self.settle(now);
        Ok(())
    }

    /// Sends shares whose time has come, and gives up those whose job is over.
    pub(super) fn release(&mut self, now: Moment) {
        let fates: Vec<_> = self
            .pending
            .waiting()
            .map(|entry| (entry.submission.share, self.fate(&entry.submission.job, now)))
            .collect();
        for (share, fate) in fates {
            match fate {
                Fate::Send => self.send(share, now),
                Fate::Wait => {}
                Fate::Over => {
                    let newest = self.newest();
                    let reason = format!("its job ended before an answer came: {newest}");
                    self.verdict(share, Verdict::Unanswered { reason }, now);
                }
            }
        }
    }

    /// The peer has answered. Without a verdict, the share waits for the next job.
    pub(super) fn answered(&mut self, share: ShareId, verdict: Option<Verdict>, now: Moment) {
        match verdict {
            Some(verdict) => self.verdict(share, verdict, now),
            None => {
                let Some(entry) = self.pending.get_mut(share) else { return };
                entry.sent = None;
                if entry.tries >= TRIES_MAX {
                    self.tried_often(share, now);
                }
            }
        }
    }

    /// The connection is lost: what has been sent may have come in or not.
    pub(super) fn take_back(&mut self, now: Moment) {
        for share in self.pending.unsend(TRIES_MAX) {
            self.tried_often(share, now);
        }
    }

    /// Gives up shares whose answer is late.
    pub(super) fn give_up_late(&mut self, now: Moment) {
        let timeout = self.options.timing.answer_timeout;
        for share in self.pending.late(timeout, now) {
            self.client.forget(share);
            let reason = format!("no answer within {} s", timeout.as_secs_f64());
            self.verdict(share, Verdict::Unanswered { reason }, now);
        }
    }

    fn tried_often(&mut self, share: ShareId, now: Moment) {
        let reason = format!("sent {TRIES_MAX} times, and never answered");
        self.verdict(share, Verdict::Unanswered { reason }, now);
    }

    fn fate(&self, job: &Arc<str>, now: Moment) -> Fate {
        if self.link != Link::Ready || matches!(self.news, News::Paused { .. }) {
            return Fate::Wait;
        }
        if !self.jobs.valid.is_empty() {
            return if self.jobs.valid.contains(job) { Fate::Send } else { Fate::Over };
        }
        let window = self.options.timing.resubmit_window;
        match &self.jobs.lost {
            Some((newest, lost)) if newest == job && now.saturating_sub(*lost) <= window => {
                Fate::Send
            }
            _ => Fate::Wait,
        }
    }

    fn newest(&self) -> String {
        match self.jobs.valid.back() {
            Some(newest) => format!("{newest} has followed"),
            None => "no other has followed".to_owned(),
        }
    }

    fn send(&mut self, share: ShareId, now: Moment) {
        let Some(entry) = self.pending.get_mut(share) else { return };
        let Proof::Pearl(proof) = &entry.submission.proof else { return };
        let bytes = self.client.submit(&entry.submission, proof);
        entry.sent = Some(now);
        entry.tries += 1;
        self.outputs.push_back(Output::Send(bytes));
        self.event(SourceEvent::Sent { share });
    }

    fn verdict(&mut self, share: ShareId, verdict: Verdict, now: Moment) {
        let Some(entry) = self.pending.finish(share) else { return };
        let latency = entry.sent.map(|sent| now.saturating_sub(sent)).unwrap_or_default();
        if entry.sent.is_some() && !matches!(verdict, Verdict::Unanswered { .. }) {
            self.latency = Some(latency);
        }
        self.shares.count(&verdict);
        self.event(SourceEvent::Answer { share, verdict, latency });
    }
}
