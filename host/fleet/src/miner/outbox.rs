//! Which shares a source has, and which wait until it has room for them.
//!
//! A source holds so many shares without an answer and no more. Others wait: those of the log as names alone, since their
//! proofs are on the disk. One whose proof can't be read now is tried again; no answer is made up for it.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use gemmine_console::status::Level;
use gemmine_jobs::share_log::ProofError;
use gemmine_jobs::source::handle::{Command, SHARES_MAX};
use gemmine_jobs::work::{Moment, ShareId, SourceId, Submission, Verdict};

use super::shares::short;
use super::{Action, Miner};

/// How long a proof that could not be read waits before it is tried again.
pub(super) const READ_EVERY: Duration = Duration::from_secs(60);

/// Shares of one source that have no answer.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The source has them.
    held: HashSet<ShareId>,
    /// Oldest first.
    waiting: VecDeque<Waiting>,
    /// Those whose proof could not be read, and when that is tried again.
    unread: VecDeque<Waiting>,
    retry: Option<Moment>,
}

/// A share that waits.
#[derive(Debug)]
struct Waiting {
    share: ShareId,
    /// It was found by an earlier run.
    earlier: bool,
    /// People know that its proof can't be read.
    told: bool,
    /// The share itself, where the log did not take it.
    kept: Option<Submission>,
}

impl Outbox {
    fn has_room(&self) -> bool {
        self.held.len() < SHARES_MAX
    }

    /// A share of an earlier run waits.
    pub fn add_earlier(&mut self, share: ShareId) {
        self.waiting.push_back(Waiting { share, earlier: true, told: false, kept: None });
    }

    /// Those whose proof could not be read come next, if it is time for that.
    fn read_again(&mut self, now: Moment) {
        if self.retry.is_some_and(|retry| retry <= now) {
            self.retry = None;
            self.unread.append(&mut self.waiting);
            std::mem::swap(&mut self.unread, &mut self.waiting);
        }
    }
}

impl Miner {
    /// Submits a share, now or when its source has room for it. `logged` says that the log has it.
    pub(super) fn submit(&mut self, id: SourceId, submission: Submission, logged: bool) {
        let share = submission.share;
        let Some(outbox) = self.outboxes.get_mut(id.0) else { return };
        if outbox.has_room() && outbox.waiting.is_empty() {
            outbox.held.insert(share);
            return self.actions.push(Action::Source(id, Command::Submit(submission)));
        }
        let kept = outbox.waiting.iter().filter(|waiting| waiting.kept.is_some()).count();
        if !logged && kept >= SHARES_MAX {
            let text = format!(
                "lost share {}: neither the log nor source {} has room for it",
                short(share),
                self.source_name(id)
            );
            return self.line(Level::Error, "miner", text);
        }
        let kept = (!logged).then_some(submission);
        outbox.waiting.push_back(Waiting { share, earlier: false, told: false, kept });
    }

    /// A share has its answer, which makes room for another.
    pub(super) fn answered(&mut self, now: Moment, id: SourceId, share: ShareId) {
        if let Some(outbox) = self.outboxes.get_mut(id.0) {
            outbox.held.remove(&share);
        }
        self.feed(now, id);
    }

    /// When a proof that could not be read is tried again.
    pub(super) fn next_read(&self) -> Option<Moment> {
        self.outboxes.iter().filter_map(|outbox| outbox.retry).min()
    }

    /// Gives all sources what they have room for.
    pub(super) fn feed_all(&mut self, now: Moment) {
        (0..self.outboxes.len()).for_each(|id| self.feed(now, SourceId(id)));
    }

    fn feed(&mut self, now: Moment, id: SourceId) {
        let Some(outbox) = self.outboxes.get_mut(id.0) else { return };
        outbox.read_again(now);
        while let Some(outbox) = self.outboxes.get_mut(id.0)
            && outbox.has_room()
            && let Some(mut waiting) = outbox.waiting.pop_front()
        {
            let share = waiting.share;
            let submission = match waiting.kept.take() {
                Some(submission) => Ok(submission),
                None => self.log.submission(&share),
            };
            match submission {
                Ok(submission) => {
                    outbox.held.insert(share);
                    if waiting.earlier {
                        let source = self.source_name(id);
                        let text = format!(
                            "share {} of an earlier run goes to {source} again",
                            short(share)
                        );
                        self.line(Level::Info, "miner", text);
                    }
                    self.actions.push(Action::Source(id, Command::Submit(submission)));
                }
                Err(ProofError::NotPending(_)) => {}
                Err(error) if error.may_pass() => {
                    outbox.retry.get_or_insert(now + READ_EVERY);
                    let told = std::mem::replace(&mut waiting.told, true);
                    outbox.unread.push_back(waiting);
                    if !told {
                        let every = READ_EVERY.as_secs();
                        let text = format!(
                            "share {} waits: failed to {error}; tried again every {every} s",
                            short(share)
                        );
                        self.line(Level::Warning, "miner", text);
                    }
                }
                Err(error) => {
                    let verdict = Verdict::Unanswered { reason: format!("failed to {error}") };
                    self.log_answer("miner", share, &verdict, Duration::ZERO);
                }
            }
        }
    }
}
