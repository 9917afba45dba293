//! What a node's source is told when it is made, and what passes between it and whoever makes its calls.

use std::time::Duration;

use gemmine_pouw::amadeus::SOLUTION_BYTES;

use crate::amadeus::node::NodeError;
use crate::work::{ShareId, SourceId};

/// How to use a node.
#[derive(Clone, Debug)]
pub struct AmadeusOptions {
    /// Its place in the configuration.
    pub id: SourceId,
    /// Leading zero bits that a share needs.
    pub bits: u32,
    /// Between an answer with a seed and the next question.
    pub poll_interval: Duration,
    /// The longest first wait after a failure; it doubles with each.
    pub retry_first: Duration,
    /// The longest of all waits.
    pub retry_longest: Duration,
}

impl AmadeusOptions {
    /// With the usual times.
    pub fn new(id: SourceId, bits: u32) -> Self {
        Self {
            id,
            bits,
            poll_interval: Duration::from_secs(3),
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(60),
        }
    }
}

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Ask for a seed, then call [`Calls::seed`](super::Calls::seed).
    Seed,
    /// Ask about a solution, then call [`Calls::validated`](super::Calls::validated).
    Validate {
        /// Which share's.
        share: ShareId,
        /// The solution.
        solution: Box<[u8; SOLUTION_BYTES]>,
    },
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Why.
    pub reason: String,
    /// The node or the limit of calls asks to wait: nothing is wrong.
    pub wait: Option<Duration>,
    /// The same call may go well later.
    pub may_pass: bool,
}

impl From<NodeError> for CallError {
    fn from(error: NodeError) -> Self {
        Self { wait: error.wait(), may_pass: error.may_pass(), reason: error.to_string() }
    }
}
