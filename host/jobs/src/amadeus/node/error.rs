//! What stands between us and a node's answer.

use std::time::Duration;

/// Who asks to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitBy {
    /// Our own limit; the call was not made.
    Client,
    /// The node, by status 429.
    Node,
}

/// What stands between us and a node's answer.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The URL can't be one of a node.
    #[error("use {url:?} as a node's URL: {why}; give one such as http://127.0.0.1:8648")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificates can't be read.
    #[error("read the certificates to trust: {0}; give PEM, with -----BEGIN CERTIFICATE-----")]
    TlsCa(String),
    /// One call more would be one too many. Wait and call again.
    #[error("ask {url}: {}; wait {:.1} s", too_many(.by), .wait.as_secs_f64())]
    Wait {
        /// The call.
        url: String,
        /// For how long.
        wait: Duration,
        /// Who says so.
        by: WaitBy,
    },
    /// A certificate that is not trusted, or no TLS at all.
    #[error(
        "ask {url}: {cause}; check who signed its certificate: --tls-ca names your own authority"
    )]
    Tls {
        /// The call.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// No connection, no HTTP, or not in time.
    #[error("ask {url}: {cause}; {remedy}")]
    Transport {
        /// The call.
        url: String,
        /// What went wrong.
        cause: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The node sends us elsewhere.
    #[error(
        "ask {url}: it redirects to {to:?}, which is not followed; name that node if you trust it"
    )]
    Redirect {
        /// The call.
        url: String,
        /// Where to.
        to: String,
    },
    /// Another status than 200.
    #[error("ask {url}: status {status}, {text:?}; {}", advice(*.status))]
    Status {
        /// The call.
        url: String,
        /// Three digits.
        status: u16,
        /// The beginning of the answer.
        text: String,
    },
    /// An answer that is none.
    #[error("ask {url}: it answers {seen}; is that a node's URL?")]
    Answer {
        /// The call.
        url: String,
        /// What came instead.
        seen: String,
    },
}

impl NodeError {
    /// How long to wait before the call can be made again; nothing if waiting is not what helps.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Wait { wait, .. } => Some(*wait),
            _ => None,
        }
    }

    /// Whether the same call may go well later, without anybody doing anything here.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Wait { .. } | Self::Transport { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 408,
            Self::Url { .. }
            | Self::TlsCa(_)
            | Self::Tls { .. }
            | Self::Redirect { .. }
            | Self::Answer { .. } => false,
        }
    }
}

fn too_many(by: &WaitBy) -> &'static str {
    match by {
        WaitBy::Client => "more calls a minute than a node answers",
        WaitBy::Node => "the node answers no more calls for now (429)",
    }
}

pub(super) const UP: &str = "check that the node is up and can be reached";
pub(super) const LISTENS: &str = "check that it is a node that listens there";

fn advice(status: u16) -> &'static str {
    match status {
        404 => "nodes have this call on test networks only: name a node of one, or `gemmine chain`",
        500.. => "the node has trouble of its own: try again later",
        _ => LISTENS,
    }
}
