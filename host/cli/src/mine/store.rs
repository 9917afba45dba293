//! The output folder: job, shares and receipts. Nothing of an earlier run in it is ever overwritten.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::files;
use crate::job::{GatewayJob, JOB_BYTES_MAX};
use crate::receipts::{Log, Receipt};

/// The job's name in the output folder.
pub const JOB_FILE: &str = "job.json";

/// A folder that this process alone writes shares to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    log: Log<Receipt>,
    next_share: u64,
}

impl Store {
    /// Opens or makes the folder and writes `job.json`. A folder whose `job.json` is just what this run
    /// would write is added to.
    ///
    /// # Errors
    /// If the folder can't be written, another gemmine writes there, or it holds another `job.json`.
    pub fn open(folder: &Path, job: &GatewayJob) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| {
            format!("make the output folder {}; choose another --out", folder.display())
        })?;
        // Before anything is written there, and again when nobody else can.
        check_job(folder, job)?;
        let log = Log::open_in(folder)?;
        files::remove_litter(folder)?;
        let next_share = following(last_number(folder, "share-", ".b64")?, folder)?;
        if !check_job(folder, job)? {
            files::create_new(&folder.join(JOB_FILE), job.to_json().as_bytes())?;
        }
        Ok(Self { folder: folder.to_owned(), log, next_share })
    }

    /// Whether a share with this ticket is in the folder already.
    pub fn has_ticket(&self, ticket: &str) -> bool {
        self.log.has_ticket(ticket)
    }

    /// The last pass with this seed that yielded a share.
    pub fn last_pass(&self, seed: u64) -> Option<u64> {
        self.log.last_pass(seed)
    }

    /// Saves a proof and its receipt; fills in the receipt's file, hash and time. Returns the file.
    ///
    /// # Errors
    /// If either can't be written. A proof without its receipt then stays, and its number is not used
    /// again.
    pub fn save(&mut self, proof: &[u8], mut receipt: Receipt) -> Result<PathBuf> {
        receipt.share_file = format!("share-{}.b64", self.next_share);
        receipt.proof_blake3 = blake3::hash(proof).to_hex().to_string();
        receipt.unix_time_s =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let path = self.folder.join(&receipt.share_file);
        let next_share = following(self.next_share, &self.folder)?;
        files::create_new(&path, STANDARD.encode(proof).as_bytes())?;
        self.next_share = next_share;
        self.log.append(&receipt)?;
        Ok(path)
    }
}

/// Whether the folder has its `job.json` already.
///
/// # Errors
/// If it has another one: neither a file of the user's nor the job of shares is ever overwritten.
fn check_job(folder: &Path, job: &GatewayJob) -> Result<bool> {
    let path = folder.join(JOB_FILE);
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(false);
    }
    let found = files::read_capped(&path, JOB_BYTES_MAX)?;
    ensure!(
        found == job.to_json().as_bytes(),
        "mine into {}: its job.json is not what this run would write there (another job, share target \
         or layout); choose another --out",
        folder.display()
    );
    Ok(true)
}

/// The number after a share's.
fn following(number: u64, folder: &Path) -> Result<u64> {
    number.checked_add(1).with_context(|| {
        format!(
            "number a share: share-{number}.b64 in {} has the last number there is; choose another \
             --out",
            folder.display()
        )
    })
}

/// The highest number between such a beginning and such an end of a file's name in a folder, 0 if there is none.
pub fn last_number(folder: &Path, beginning: &str, end: &str) -> Result<u64> {
    let read = || -> io::Result<u64> {
        let mut last = 0;
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| {
                name.strip_prefix(beginning)?.strip_suffix(end)?.parse::<u64>().ok()
            });
            last = last.max(number.unwrap_or(0));
        }
        Ok(last)
    };
    read().with_context(|| format!("list the output folder {}", folder.display()))
}
