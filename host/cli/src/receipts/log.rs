//! The log of `gemmine mine`: one receipt a share, in `receipts.jsonl`.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use gemmine_jobs::chain::{self, GENESIS};

use super::record::Record;
use crate::display::counted;
use crate::files;

/// The log's name in the output folder.
pub const FILE_NAME: &str = "receipts.jsonl";

/// What is read back from a log.
#[derive(Debug)]
pub struct Contents<R> {
    /// All receipts, oldest first.
    pub receipts: Vec<R>,
    /// Bytes of the last line if it is torn.
    pub torn_bytes: u64,
}

/// Reads a log and checks its chain.
///
/// # Errors
/// [`chain::ChainError`] if a complete line is damaged or does not follow the line before it.
pub fn check<R: Record>(path: &Path) -> Result<Contents<R>> {
    let (file, _) = files::open_regular(path)?;
    let mut receipts = Vec::new();
    let end = chain::read(file, Some(GENESIS), |receipt| receipts.push(receipt))
        .with_context(|| format!("read receipts {}", path.display()))?;
    Ok(Contents { receipts, torn_bytes: end.torn_bytes })
}

/// A log that this process alone may append to, and what is looked up in it.
#[derive(Debug)]
pub struct Log<R> {
    chain: chain::Log<R>,
    tickets: HashSet<String>,
    passes: Vec<(u64, u64)>,
}

impl<R: Record> Log<R> {
    /// Opens the log of a folder, and says so where a torn line was cut off.
    ///
    /// # Errors
    /// If another process has the log open, or a complete line is damaged.
    pub fn open_in(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        let (mut tickets, mut passes) = (HashSet::new(), Vec::new());
        let (chain, torn_bytes) = chain::Log::open(&path, |receipt: R| {
            tickets.insert(receipt.ticket().to_owned());
            passes.extend(receipt.pass());
        })?;
        if torn_bytes > 0 {
            crate::note(&format!(
                "warning: cut a torn last line ({}) off {}: an earlier run was killed while it wrote",
                counted(torn_bytes, "byte"),
                path.display()
            ));
        }
        Ok(Self { chain, tickets, passes })
    }

    /// Whether a share with this ticket is stored already.
    pub fn has_ticket(&self, ticket: &str) -> bool {
        self.tickets.contains(ticket)
    }

    /// The last pass that yielded a share with this seed: where to go on.
    pub fn last_pass(&self, seed: u64) -> Option<u64> {
        self.passes.iter().filter(|(found, _)| *found == seed).map(|(_, pass)| *pass).max()
    }

    /// Appends one receipt and waits until it is on the disk. If that fails, the log is as before.
    ///
    /// # Errors
    /// If the line can't be written, for example because the disk is full.
    pub fn append(&mut self, receipt: &R) -> Result<()> {
        self.chain.append(receipt)?;
        self.tickets.insert(receipt.ticket().to_owned());
        self.passes.extend(receipt.pass());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
