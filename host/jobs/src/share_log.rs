//! The log of shares: what was found, what was sent, what was said to it, and which device's work it is. Nothing in
//! it is lost when the process is killed, whatever it was doing, or when the disk is full for a while.
//!
//! A folder has one log, in files `shares-000001.jsonl`, ... that are one [chain](crate::chain): each file's first
//! line follows the last line of the file before, and says what all files before come to, so that a log of months
//! opens as quickly as one of hours. Beside them is one file a share with its proof. A proof is written before its
//! share's line, and a share's line before it is sent.
//!
//! | entry | when |
//! |---|---|
//! | [`Start`] | a process began |
//! | [`Share`] | a share was found |
//! | [`Sent`] | it went out on the wire |
//! | [`Answer`] | what became of it |
//! | [`Credit`] | what a device's verified hits prove since its last such line |
//! | [`Carried`] | first line of a file: what all files before come to |
//!
//! Where the disk can't be written, entries wait in memory, in their order, and are tried again with every append
//! and [`ShareLog::retry`]. They are lost only if the process dies before.

pub mod audit;
mod entry;
mod errors;
#[cfg(any(test, feature = "faults"))]
pub mod faults;
mod opening;
mod proof;
mod reader;
mod rows;
mod state;
mod storage;
mod text;
mod totals;
mod writing;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use crate::work::{Proof, ShareId, Submission};

pub use entry::{
    Answer, CONTEXT_BYTES_MAX, Carried, Credit, Entry, Protocol, Sent, Share, ShareWork, Start,
};
pub use errors::{OpenError, Refusal};
pub use opening::{Opened, log_files};
pub use proof::{ProofError, read_proof};
pub use reader::{Check, read};
pub use rows::{Row, Rows};
pub use state::Pending;
pub use storage::{Files, Folder, FolderView, Storage};
pub use text::cleaned;
pub use totals::{Counts, DeviceTotals, Totals};

use state::State;
use writing::Tail;

/// Sizes of a log.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A file that is longer is followed by another.
    pub file_bytes: u64,
    /// Most entries that wait in memory while the disk can't be written. Those about shares that are in the log
    /// already are taken beyond it: there are two a share at most.
    pub queue_entries: usize,
    /// Most bytes of proofs among them.
    pub queue_bytes: usize,
    /// Names of the newest shares that are remembered, so that none is found twice.
    pub recent: usize,
    /// Whether to check the hashes of all files when the log is opened, and not only of those that are read for
    /// what is pending.
    pub whole_chain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            queue_entries: 1 << 16,
            queue_bytes: 256 << 20,
            recent: 1 << 16,
            whole_chain: true,
        }
    }
}

/// Where entries are when an append returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// On the disk.
    Disk,
    /// In memory, because the disk can't be written: see [`ShareLog::trouble`].
    Memory,
}

/// An entry to append, with the proof if it is a share.
#[derive(Clone, Debug)]
pub struct Item {
    entry: Entry,
    proof: Option<Proof>,
}

impl Item {
    /// A share with its proof. The share's `proof_file` and `proof_blake3` are filled in.
    #[must_use]
    pub fn share(mut share: Share, proof: Proof) -> Self {
        share.proof_blake3 = blake3::hash(proof::bytes(&proof)).to_hex().to_string();
        share.proof_file.clear();
        Self { entry: Entry::Share(Box::new(share)), proof: Some(proof) }
    }
}

impl From<Entry> for Item {
    fn from(entry: Entry) -> Self {
        Self { entry, proof: None }
    }
}

/// The log of a folder that this process alone writes to.
#[derive(Debug)]
pub struct ShareLog {
    storage: Box<dyn Storage>,
    options: Options,
    /// With everything in the queue.
    state: State,
    queue: VecDeque<Item>,
    queue_bytes: usize,
    tail: Tail,
    trouble: Option<String>,
    opened: Opened,
}

impl ShareLog {
    /// Opens or makes the log of a folder: locks it, checks its chain, and cuts off a torn last line.
    ///
    /// # Errors
    /// If another process writes there, or a complete line is damaged.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        Self::open_on(Box::new(Folder::open(folder)?), options)
    }

    /// What opening found.
    #[must_use]
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Appends one entry; see [`Self::append_all`].
    ///
    /// # Errors
    /// As [`Self::append_all`].
    pub fn append(&mut self, item: impl Into<Item>) -> Result<Kept, Refusal> {
        self.append_all(vec![item.into()])
    }

    /// Shares without an answer, oldest first.
    #[must_use]
    pub fn pending(&self) -> Vec<&Pending> {
        self.state.pending()
    }

    /// How many there are.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.state.pending_count()
    }

    /// A share without an answer as it goes to its source.
    ///
    /// # Errors
    /// If it is not pending, or its proof can't be read back.
    pub fn submission(&self, share: &ShareId) -> Result<Submission, ProofError> {
        let pending = self.state.pending_share(share).ok_or(ProofError::NotPending(*share))?;
        let context = pending.context.clone().ok_or(ProofError::NoContext(*share))?;
        let waiting = self.queue.iter().find_map(|item| match &item.entry {
            Entry::Share(found) if found.share == *share => item.proof.clone(),
            _ => None,
        });
        let proof = match waiting {
            Some(proof) => proof,
            None => read_proof(
                &*self.storage,
                &pending.proof_file,
                pending.protocol,
                &pending.proof_blake3,
            )?,
        };
        Ok(Submission { share: *share, job: Arc::clone(&pending.job), context, proof })
    }

    /// Whether a share is pending, or one of the newest in the log.
    #[must_use]
    pub fn contains(&self, share: &ShareId) -> bool {
        self.state.contains(share)
    }

    /// What all entries come to, over all runs.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        self.state.totals()
    }

    /// Whether everything is on the disk.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        self.trouble.is_none()
    }

    /// Why not, as it was the last time that it was tried.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Entries that wait in memory.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests;
