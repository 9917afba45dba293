//! What becomes of shares: sent once a connection, until there is a verdict.

use std::time::Duration;

use crate::work::{Moment, Proof, ShareId, SourceEvent, Submission, Verdict};

use super::super::handle::SHARES_MAX;
use super::jobs::Standing;
use super::{Link, News, Output, Source};

/// How often a share is sent at most.
const TRIES_MAX: u32 = 8;

/// Why a share is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It waits for a verdict already.
    #[error("submit share {0}: it waits for an answer already")]
    Pending(ShareId),
    /// There is no room for it now.
    #[error(
        "submit share {0}: {SHARES_MAX} shares wait for an answer; submit it when one has come"
    )]
    Full(ShareId),
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
    /// At most [`SHARES_MAX`] are held at once.
    ///
    /// # Errors
    /// If a share of this name was taken before, can't be sent to this source, or there is no room for it now.
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
        if self.pending.is_full() {
            return Err(SubmitError::Full(share));
        }
        let fate = self.fate(&submission);
        let reason =
            || format!("job {} is over: {}", submission.job, self.jobs.why_over(&submission));
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

    /// Takes a share, or answers that it can't be sent. One that was taken before has its own answer; one too many has
    /// none, since it may be submitted again.
    pub(super) fn submit_or_answer(&mut self, submission: Submission, now: Moment) {
        let share = submission.share;
        match self.submit(submission, now) {
            Ok(())
            | Err(SubmitError::Pending(_) | SubmitError::Answered(_) | SubmitError::Full(_)) => {}
            Err(error) => {
                let verdict = Verdict::Rejected { code: 0, reason: error.to_string() };
                self.shares.count(&verdict);
                let latency = Duration::ZERO;
                self.event(SourceEvent::Answer { share, verdict, latency });
            }
        }
    }

    /// Sends shares whose time has come, and gives up those whose job is over.
    pub(super) fn release(&mut self, now: Moment) {
        let fates = self.pending.waiting().map(|entry| {
            let (fate, why) = (self.fate(&entry.submission), self.jobs.why_over(&entry.submission));
            (entry.submission.share, fate, why)
        });
        for (share, fate, why) in fates.collect::<Vec<_>>() {
            match fate {
                Fate::Send => self.send(share, now),
                Fate::Wait => {}
                Fate::Over => {
                    let reason = format!("its job ended before an answer came: {why}");
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

    /// Nothing is sent before its own job has been announced on this connection, header and all: the source may have
    /// been started again, and count its jobs anew.
    fn fate(&self, submission: &Submission) -> Fate {
        if self.link != Link::Ready || matches!(self.news, News::Paused { .. }) {
            return Fate::Wait;
        }
        match self.jobs.standing(submission) {
            Standing::Unknown => Fate::Wait,
            Standing::Valid => Fate::Send,
            Standing::Renamed | Standing::Over => Fate::Over,
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
