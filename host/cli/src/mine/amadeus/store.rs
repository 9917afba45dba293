//! The folder of a run: solutions and receipts. Nothing of an earlier run in it is ever overwritten.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use gemmine_pouw::amadeus::SOLUTION_BYTES;

use crate::files;
use crate::mine::store::{JOB_FILE, last_number};
use crate::receipts::{Log, SolutionReceipt};

/// A folder that this process alone writes solutions to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    log: Log<SolutionReceipt>,
    next: u64,
}

impl Store {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// If it can't be written, another gemmine writes there, or it holds Pearl shares.
    pub fn open(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        fs::create_dir_all(folder)
            .with_context(|| format!("make the output folder {shown}; choose another --out"))?;
        if folder.join(JOB_FILE).exists() {
            bail!("mine into {shown}: it holds a Pearl job and its shares; choose another --out");
        }
        let log = Log::open_in(folder)?;
        files::remove_litter(folder)?;
        let next = last_number(folder, "solution-", ".bin")?.saturating_add(1);
        Ok(Self { folder: folder.to_owned(), log, next })
    }

    /// Whether a solution with this ticket is in the folder already.
    pub fn has_ticket(&self, ticket: &str) -> bool {
        self.log.has_ticket(ticket)
    }

    /// Saves a solution, before anybody is told of it; its file's name.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn save(&mut self, solution: &[u8; SOLUTION_BYTES]) -> Result<String> {
        let name = format!("solution-{}.bin", self.next);
        self.next = self.next.checked_add(1).context("number a solution")?;
        files::create_new(&self.folder.join(&name), solution)?;
        Ok(name)
    }

    /// Where a file of the folder is.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Appends a receipt, with the time.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn receipt(&mut self, mut receipt: SolutionReceipt) -> Result<()> {
        receipt.unix_time_s =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.log.append(&receipt)
    }
}
