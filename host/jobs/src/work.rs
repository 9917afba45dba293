//! What a source hands out, and what it gets back.
//!
//! Nothing here reads a clock: times are [`Moment`]s, since the process began by a clock that never goes back, and
//! whoever calls says what time it is. So a day of jobs can be gone through in a minute.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};
use gemmine_pouw::config::Header76;
use primitive_types::U256;
use serde::{Deserialize, Serialize};

/// Time since the process began, by a clock that never goes back.
pub type Moment = Duration;

/// Which source, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub usize);

/// A share's name: its ticket (Pearl) or its solution's hash (Amadeus). No two shares have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareId(pub [u8; 32]);

impl fmt::Display for ShareId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ShareId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ShareId({self})")
    }
}

/// A job: work on it until the same source sends another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Who sent it.
    pub source: SourceId,
    /// What the source calls it; of a source that has no names for jobs, the first 16 hex digits of the BLAKE3 of
    /// what it sent.
    pub name: Arc<str>,
    /// What tells the job from another of its name, and whatever the source needs to see again beside a share: of a pool
    /// the header and the share target, of a gateway the object that it sent, byte by byte. Kept in the log, so that a
    /// share can be submitted after a restart, and is not if its name is another job's by then.
    pub context: Arc<str>,
    /// Height of the block that is looked for, where the source says.
    pub height: Option<u64>,
    /// What to do.
    pub work: Work,
}

/// What to do for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Pearl, certificate V3: any product under this header.
    Pearl {
        /// The block header without its certificate.
        header: Header76,
        /// What a share's ticket must meet, before scaling by h*w*dot_length.
        share_target: U256,
        /// What a block's must, likewise: from the header's nbits.
        network_target: U256,
    },
    /// Amadeus uPoW2: attempts from this seed.
    Amadeus {
        /// The seed; its nonce's upper eight bytes are this miner's.
        seed: Box<[u8; SEED_BYTES]>,
        /// Leading zero bits that a share needs.
        bits: u32,
    },
}

/// A share on its way to the source of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its name.
    pub share: ShareId,
    /// Name of its job.
    pub job: Arc<str>,
    /// [`Job::context`].
    pub context: Arc<str>,
    /// What proves it.
    pub proof: Proof,
}

/// What proves a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Pearl's plain proof, as bytes.
    Pearl(Arc<[u8]>),
    /// Seed and product.
    Amadeus(Box<[u8; SOLUTION_BYTES]>),
}

/// What a source said to a share. Every one but [`Verdict::Unanswered`] is the end of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Accepted,
    /// It has come in; whether it counts, this source does not say.
    Acknowledged,
    /// It had come in before: what was said to it then was lost on the way.
    Known,
    /// Its job is over.
    Stale {
        /// In the source's words.
        reason: String,
    },
    /// It does not count.
    Rejected {
        /// The source's number for that.
        code: i64,
        /// Its words.
        reason: String,
    },
    /// The connection was lost, or the source silent for too long, and the share will not be sent again, because its
    /// job is over or it has been tried often enough.
    Unanswered {
        /// What happened.
        reason: String,
    },
}

/// What a source tells the miner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent {
    /// Connected, and let in.
    Up,
    /// From now on this job, and no other of this source: shares of the one before are stale unless
    /// `earlier_valid`.
    Job {
        /// The job.
        job: Arc<Job>,
        /// Shares of this source's earlier jobs still count.
        earlier_valid: bool,
    },
    /// The source wants no work for now.
    Paused {
        /// In its words.
        reason: String,
    },
    /// A job that gemmine can't do, by name: another certificate version, another protocol. Nothing is worked on for
    /// this source until it sends another.
    Refused {
        /// What it was, and what would be understood.
        reason: String,
    },
    /// A share was sent on the wire: if the process dies now, the source may have it.
    Sent {
        /// Which.
        share: ShareId,
    },
    /// What the source said to a share.
    Answer {
        /// Which.
        share: ShareId,
        /// What.
        verdict: Verdict,
        /// How long it took.
        latency: Duration,
    },
    /// No connection. Its jobs are no longer worked on; shares are kept and sent when it is back.
    Down {
        /// Why, with what to do about it where there is something.
        reason: String,
        /// The next try is so much later.
        retry_in: Duration,
    },
}
