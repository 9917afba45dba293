//! Why a log can't be opened, and why an entry is not taken.

use std::io;

use crate::chain::ChainError;
use crate::work::ShareId;

/// Why a log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refused.
    #[error("{action} {name}: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// Another process writes to the folder.
    #[error(
        "open the log of shares in {folder}: another gemmine is writing there; choose another folder, \
         or end that one"
    )]
    Locked {
        /// The folder.
        folder: String,
    },
    /// A pipe, a device, a folder.
    #[error("open {name}: it is no regular file; move it away")]
    Irregular {
        /// Its name.
        name: String,
    },
    /// A line does not hold.
    #[error("read {name}: {error}")]
    Chain {
        /// The file.
        name: String,
        /// Which line, and why.
        error: ChainError,
    },
    /// A file does not end with a whole line, although another follows.
    #[error(
        "read {name}: its last line is torn, although another file follows; the log is damaged"
    )]
    Torn {
        /// The file.
        name: String,
    },
    /// A file between two others is gone.
    #[error("read {name}: there is no such file, although one follows; put it back")]
    Missing {
        /// The file.
        name: String,
    },
    /// A file's first line does not say what came before.
    #[error("read {name}: its first line is not what the files before come to; the log is damaged")]
    NotCarried {
        /// The file.
        name: String,
    },
}

/// Why an entry is not taken into the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A share that is in the log already.
    #[error("log share {0}: it is in the log already")]
    Known(ShareId),
    /// Something about a share that has been answered, or was never found.
    #[error("log what became of share {0}: there is no such share without an answer")]
    NotPending(ShareId),
    /// A share without a proof: use [`super::Item::share`].
    #[error("log share {0}: its proof was not given")]
    NoProof(ShareId),
    /// A share of one protocol with a proof of another.
    #[error("log share {0}: its proof is another protocol's")]
    WrongProof(ShareId),
    /// Work that is no number.
    #[error("log work of device {0}: its MACs or seconds are not between 0 and 1e100")]
    Number(String),
    /// The log writes that by itself.
    #[error("log what was carried over: the log does that by itself")]
    Carried,
    /// The disk can't be written, and memory is full.
    #[error(
        "keep an entry in memory until the disk can be written: {entries} entries wait, {bytes} bytes of \
         proofs among them; make room on the disk"
    )]
    QueueFull {
        /// Entries that wait.
        entries: usize,
        /// Bytes of proofs that wait.
        bytes: usize,
    },
}
