//! What a source is told when it is made.

use std::fmt;
use std::time::Duration;

use crate::work::SourceId;

/// Which source, and how to speak to it.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// Its place in the configuration.
    pub id: SourceId,
    /// Where it is, for people.
    pub endpoint: String,
    /// What is spoken there.
    pub dialect: Dialect,
    /// How long things may take.
    pub timing: Timing,
}

/// What is spoken over the connection.
#[derive(Clone, Debug)]
pub enum Dialect {
    /// JSON-RPC of a pearl-gateway.
    Gateway,
    /// The object dialect of a pool.
    Pool(PoolLogin),
}

/// Who a pool pays.
#[derive(Clone, PartialEq, Eq)]
pub struct PoolLogin {
    /// The wallet's address.
    pub wallet: String,
    /// A name for this miner.
    pub worker: String,
    /// What the pool asks for as a password, often anything.
    pub pass: String,
}

/// Without the password: what is printed ends up in logs.
impl fmt::Debug for PoolLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("PoolLogin");
        shown.field("wallet", &self.wallet).field("worker", &self.worker);
        shown.finish_non_exhaustive()
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between an answer to `getMiningInfo` and the next question.
    pub poll_interval: Duration,
    /// A connection over which nothing has come for so long is dead.
    pub job_timeout: Duration,
    /// A pool that has announced no job for so long is left, whatever else it says: it may have lost the network, and
    /// what it is worked for is worth nothing.
    pub notify_timeout: Duration,
    /// An answer that has not come by then is not waited for.
    pub answer_timeout: Duration,
    /// The longest first wait before another try; it doubles with each.
    pub retry_first: Duration,
    /// The longest of all waits.
    pub retry_longest: Duration,
    /// The wait after a pool does not let us in, which takes somebody to change something.
    pub retry_unauthorised: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            job_timeout: Duration::from_secs(120),
            // Pools announce a job with every block at least, and most do every few seconds.
            notify_timeout: Duration::from_secs(600),
            answer_timeout: Duration::from_secs(30),
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(60),
            retry_unauthorised: Duration::from_secs(300),
        }
    }
}
