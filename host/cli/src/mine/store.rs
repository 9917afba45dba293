//! The output folder: job, shares and receipts. Nothing of an earlier run in it is ever overwritten.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::display::counted;
use crate::files;
use crate::job::Job;
use crate::receipts::{self, Log, Receipt};

/// A folder that this process alone writes shares to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    log: Log,
    next_share: u64,
}

impl Store {
    /// Opens or makes the folder and writes `job.json`. Folders with shares of the same header,
    /// certificate version and share target are added to.
    ///
    /// # Errors
    /// If the folder can't be written, another gemmine writes there, or it holds shares of another job.
    pub fn open(folder: &Path, job: &Job) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| {
            format!("make the output folder {}; choose another --out", folder.display())
        })?;
        let (log, torn_bytes) = Log::open(&folder.join(receipts::FILE_NAME))?;
        if torn_bytes > 0 {
            crate::note(&format!(
                "warning: cut a torn last line ({}) off {}: an earlier run was killed while it wrote",
                counted(torn_bytes, "byte"),
                folder.join(receipts::FILE_NAME).display()
            ));
        }
        let last_share = last_share(folder)?;
        let store = Self { folder: folder.to_owned(), log, next_share: last_share + 1 };
        store.write_job(job, last_share > 0)?;
        Ok(store)
    }

    fn write_job(&self, job: &Job, has_shares: bool) -> Result<()> {
        let path = self.folder.join("job.json");
        if has_shares && fs::exists(&path).unwrap_or(true) {
            let earlier = Job::read(&path)?;
            let same = earlier.header == job.header
                && earlier.cert_version == job.cert_version
                && earlier.share_target == job.share_target;
            if same {
                return Ok(());
            }
            bail!(
                "mine into {}: it holds shares of another job or share target; choose another --out",
                self.folder.display()
            );
        }
        files::replace(&path, job.to_json().as_bytes())
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
        files::create_new(&path, STANDARD.encode(proof).as_bytes())?;
        self.next_share += 1;
        self.log.append(&receipt)?;
        Ok(path)
    }
}

/// The highest number of a share file in a folder, 0 if there is none.
fn last_share(folder: &Path) -> Result<u64> {
    let read = || -> io::Result<u64> {
        let mut last = 0;
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| {
                name.strip_prefix("share-")?.strip_suffix(".b64")?.parse::<u64>().ok()
            });
            last = last.max(number.unwrap_or(0));
        }
        Ok(last)
    };
    read().with_context(|| format!("list the output folder {}", folder.display()))
}
