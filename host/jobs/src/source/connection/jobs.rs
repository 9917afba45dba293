//! Which jobs' shares may be sent.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::work::{Job, Submission};

/// A job that was announced. Its name alone says nothing: a source that was started again counts anew, and its job of
/// the same name has another header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    pub name: Arc<str>,
    /// [`Job::context`], which holds what proofs are bound to.
    pub context: Arc<str>,
}

/// What was announced on this connection.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// What still counts of it, the newest last; no two of one name. Empty before the first job.
    pub valid: VecDeque<Announced>,
    /// Names are hashes of contexts: one that is the same, and written in another way, is of the same job.
    pub named_by_hash: bool,
}

/// Whether shares of a job may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing has been announced yet.
    Unknown,
    /// They count.
    Valid,
    /// The source calls another job by its name.
    Renamed,
    /// Others have followed.
    Over,
}

impl Jobs {
    /// Most jobs whose shares count at once.
    pub const VALID_MAX: usize = 256;

    pub fn announce(&mut self, job: &Job, earlier_valid: bool) {
        if earlier_valid {
            self.valid.retain(|valid| valid.name != job.name);
        } else {
            self.valid.clear();
        }
        if self.valid.len() == Self::VALID_MAX {
            self.valid.pop_front();
        }
        let (name, context) = (Arc::clone(&job.name), Arc::clone(&job.context));
        self.valid.push_back(Announced { name, context });
    }

    /// The connection is lost: what counts is not known before the next announcement.
    pub fn lose(&mut self) {
        self.valid.clear();
    }

    pub fn standing(&self, submission: &Submission) -> Standing {
        let found = self.valid.iter().find(|valid| valid.name == submission.job);
        match found {
            _ if self.valid.is_empty() => Standing::Unknown,
            Some(found) if self.named_by_hash || found.context == submission.context => {
                Standing::Valid
            }
            Some(_) => Standing::Renamed,
            None => Standing::Over,
        }
    }

    /// Why a job's shares do not count, for people.
    pub fn why_over(&self, submission: &Submission) -> String {
        match (self.standing(submission), self.valid.back()) {
            (Standing::Renamed, _) => {
                "it was announced again with another header or target".to_owned()
            }
            (_, Some(newest)) => format!("{} has followed", newest.name),
            (_, None) => "no other has followed".to_owned(),
        }
    }
}
