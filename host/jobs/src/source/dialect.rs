//! What the two dialects have in common, as a source sees it.

use crate::work::{Job, Moment, ShareId, Submission, Verdict};

use super::gateway::Gateway;
use super::pool::Pool;

/// What came of a line, or of the time.
#[derive(Debug)]
pub(super) enum Effect {
    /// To be sent.
    Send(Vec<u8>),
    /// The peer is what it should be, and has let us in.
    Ready,
    /// A job.
    Job {
        /// The job.
        job: Job,
        /// Shares of earlier ones still count.
        earlier_valid: bool,
    },
    /// No work for now.
    Paused {
        /// In the peer's words.
        reason: String,
    },
    /// A job that can't be done.
    Refused {
        /// Why.
        reason: String,
    },
    /// An answer to a share.
    Answer {
        /// Which.
        share: ShareId,
        /// What; nothing if the peer has not looked at it, and may be asked again with its next job.
        verdict: Option<Verdict>,
    },
    /// This connection is of no use.
    Fail {
        /// Why.
        reason: String,
        /// When to try again.
        retry: Retry,
    },
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// When the back-off says.
    Soon,
    /// Long after: somebody has to do something first.
    Late,
}

/// Either dialect.
#[derive(Debug)]
pub(super) enum Client {
    /// Of a gateway.
    Gateway(Gateway),
    /// Of a pool.
    Pool(Pool),
}

impl Client {
    /// For people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gateway(_) => "gateway",
            Self::Pool(_) => "pool",
        }
    }

    /// There is a connection.
    pub fn connected(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        match self {
            Self::Gateway(gateway) => gateway.connected(now, effects),
            Self::Pool(pool) => pool.connected(now, effects),
        }
    }

    /// There is none any more.
    pub fn lost(&mut self) {
        match self {
            Self::Gateway(gateway) => gateway.lost(),
            Self::Pool(pool) => pool.lost(),
        }
    }

    /// A line has come.
    pub fn line(&mut self, line: &[u8], now: Moment, effects: &mut Vec<Effect>) {
        match self {
            Self::Gateway(gateway) => gateway.line(line, now, effects),
            Self::Pool(pool) => pool.line(line, now, effects),
        }
    }

    /// The line that submits a share, or what is wrong with it.
    pub fn submit(&mut self, submission: &Submission, proof: &[u8]) -> Vec<u8> {
        match self {
            Self::Gateway(gateway) => gateway.submit(submission, proof),
            Self::Pool(pool) => pool.submit(submission, proof),
        }
    }

    /// What is wrong with a submission's context, if anything is.
    pub fn check_context(&self, submission: &Submission) -> Result<(), String> {
        match self {
            Self::Gateway(_) => Gateway::check_context(submission),
            Self::Pool(_) => Ok(()),
        }
    }

    /// An answer to this share would come too late.
    pub fn forget(&mut self, share: ShareId) {
        match self {
            Self::Gateway(gateway) => gateway.forget(share),
            Self::Pool(pool) => pool.forget(share),
        }
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        match self {
            Self::Gateway(gateway) => gateway.wake(now, effects),
            Self::Pool(pool) => pool.wake(now, effects),
        }
    }

    /// When to call [`Self::wake`].
    pub fn next_wake(&self) -> Option<Moment> {
        match self {
            Self::Gateway(gateway) => gateway.next_wake(),
            Self::Pool(pool) => pool.next_wake(),
        }
    }
}
