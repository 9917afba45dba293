//! Where a miner's Amadeus jobs come from: one small interface over a chain in this process and a node.

use std::time::{Duration, Instant};

use gemmine_jobs::amadeus::chain::{Chain, ChainOptions};
use gemmine_jobs::amadeus::node::{Node, NodeError};
use gemmine_jobs::amadeus::verdict::Verdict;
use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};

/// A source of seeds and verdicts. Calls block, a node's until its options' time is over at most.
#[derive(Debug)]
pub enum Source {
    /// A chain in this process.
    Local(Chain),
    /// A node, ours or another, behind HTTP.
    Node(Node),
}

impl Source {
    /// A chain in this process that begins now, with a secret of the operating system.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub fn local(options: ChainOptions) -> anyhow::Result<Self> {
        Ok(Self::Local(Chain::new(options, super::secret_from_os()?, Instant::now())))
    }

    /// A seed to work on. Its last 12 bytes, the nonce, are the miner's to vary.
    ///
    /// # Errors
    /// What stands between us and the node; [`NodeError::wait`] tells when to ask again.
    pub fn seed(&self) -> Result<[u8; SEED_BYTES], NodeError> {
        match self {
            Self::Local(chain) => Ok(chain.seed(Instant::now())),
            Self::Node(node) => node.seed(),
        }
    }

    /// What the chain says of a solution now. It is a question: nothing is recorded or paid.
    ///
    /// # Errors
    /// As of [`seed`](Self::seed).
    pub fn validate(&self, solution: &[u8; SOLUTION_BYTES]) -> Result<Verdict, NodeError> {
        match self {
            Self::Local(chain) => Ok(chain.validate(solution, Instant::now())),
            Self::Node(node) => node.validate(solution),
        }
    }

    /// How long to wait before the next call, so that it is made and not refused.
    pub fn wait(&self) -> Duration {
        match self {
            Self::Local(_) => Duration::ZERO,
            Self::Node(node) => node.wait(),
        }
    }

    /// Leading zero bits that a solution needs, where the source tells: `/api/upow` of a node does not.
    pub fn bits(&self) -> Option<u32> {
        match self {
            Self::Local(chain) => Some(chain.bits()),
            Self::Node(_) => None,
        }
    }

    /// What it is, for a summary.
    pub fn describe(&self) -> String {
        match self {
            Self::Local(chain) => chain.describe(),
            Self::Node(node) => format!("node {}", node.url()),
        }
    }
}

#[cfg(test)]
mod tests {
    use gemmine_pouw::amadeus::attempt;

    use super::*;
    use gemmine_jobs::amadeus::node::NodeOptions;

    #[test]
    fn a_local_source_takes_what_it_asks_for() {
        let options = ChainOptions { bits: 0, segment: Duration::from_secs(500) };
        let source = Source::local(options).unwrap();
        assert_eq!(source.describe(), "local chain, 0 bits, segments of 500 s");
        assert_eq!((source.bits(), source.wait()), (Some(0), Duration::ZERO));
        let solution = attempt(&source.seed().unwrap());
        let verdict = source.validate(&solution.bytes).unwrap();
        assert!(verdict.valid && verdict.valid_math);
        // Two chains have two secrets.
        assert!(!Source::local(options).unwrap().validate(&solution.bytes).unwrap().valid);
    }

    #[test]
    fn a_node_that_is_not_there_is_an_error() {
        // Nothing listens on port 1 of this machine.
        let node = Node::new("http://127.0.0.1:1/", NodeOptions::default()).unwrap();
        let source = Source::Node(node);
        assert_eq!(source.describe(), "node http://127.0.0.1:1");
        assert_eq!((source.bits(), source.wait()), (None, Duration::ZERO));
        for error in
            [source.seed().unwrap_err(), source.validate(&[0; SOLUTION_BYTES]).unwrap_err()]
        {
            assert!(error.may_pass() && error.wait().is_none(), "{error}");
        }
    }
}
