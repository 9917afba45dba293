//! Receipts: what is stored about each share, in an append-only log of JSON lines, each chained to
//! the one before by BLAKE3.
//!
//! A line is `{"prev":"<hash of the line before>", ..., "hash":"<hash of this line>"}`, where a
//! line's hash is BLAKE3 over its bytes before `,"hash":`, and the first line's `prev` is 64 zeros.
//! A line is written by one call and flushed to the disk before the next share is reported. A process
//! that is killed in between leaves at most a torn last line without its newline: opening the log
//! cuts it off and says so, or adds the newline if that alone is missing. A complete line that does not
//! fit the chain is damage that no kill explains: then the log is left alone.

mod record;

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::display::counted;
use crate::files;

pub use record::{Receipt, Record, SolutionReceipt};

/// The log's name in the output folder.
pub const FILE_NAME: &str = "receipts.jsonl";
/// `prev` of the first line.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What stands before a line's hash.
const HASH_KEY: &str = ",\"hash\":\"";
/// Longest line that a reader takes in; a receipt has about 1,000 bytes.
const LINE_BYTES_MAX: u64 = 1 << 16;

#[derive(Serialize, Deserialize)]
struct Line<R> {
    prev: String,
    #[serde(flatten)]
    receipt: R,
}

/// What a broken chain is reported as, apart from files that can't be read.
#[derive(Clone, Copy, Debug)]
pub struct Damage {
    /// The first line that does not hold, from 1.
    pub line: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {} is damaged; move the log away to start a new one", self.line)
    }
}

/// What is read back from a log.
#[derive(Debug)]
pub struct Contents<R> {
    /// All receipts, oldest first.
    pub receipts: Vec<R>,
    /// Bytes of the last line if it is torn.
    pub torn_bytes: u64,
    /// The last line is whole but for its newline.
    newline_missing: bool,
    /// Hash of the last whole line.
    last_hash: Option<String>,
    /// Length of all whole lines.
    whole_bytes: u64,
}

/// Reads a log and checks its chain.
///
/// # Errors
/// [`Damage`] if a complete line is damaged or does not follow the line before it.
pub fn check<R: Record>(path: &Path) -> Result<Contents<R>> {
    let (file, _) = files::open_regular(path)?;
    read(file).with_context(|| format!("read receipts {}", path.display()))
}

fn read<R: Record>(file: impl Read) -> Result<Contents<R>> {
    let mut reader = BufReader::new(file);
    let mut contents = Contents {
        receipts: Vec::new(),
        torn_bytes: 0,
        newline_missing: false,
        last_hash: None,
        whole_bytes: 0,
    };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        let prev = contents.last_hash.as_deref().unwrap_or(GENESIS);
        let whole = line.strip_suffix(b"\n");
        let parsed = parse_line(whole.unwrap_or(&line), prev);
        if whole.is_none() && parsed.is_err() {
            if !is_torn(&line, prev) {
                return Err(anyhow!("it is no receipt").context(Damage { line: number }));
            }
            contents.torn_bytes = length;
            break;
        }
        contents.newline_missing = whole.is_none();
        let (receipt, hash) = parsed.context(Damage { line: number })?;
        contents.receipts.push(receipt);
        contents.last_hash = Some(hash);
        contents.whole_bytes += length;
    }
    Ok(contents)
}

/// Whether a line without its newline can be what a killed process or a power cut left of the next
/// receipt: the start of one, or zeros. Anything else is somebody's data.
fn is_torn(line: &[u8], prev: &str) -> bool {
    let start = format!("{{\"prev\":\"{prev}\"");
    let common = line.len().min(start.len());
    let starts_so = line[..common] == start.as_bytes()[..common];
    (starts_so && (line.len() as u64) < LINE_BYTES_MAX) || line.iter().all(|byte| *byte == 0)
}

fn parse_line<R: Record>(line: &[u8], prev: &str) -> Result<(R, String)> {
    let text = std::str::from_utf8(line)?;
    let (body, stored) = text
        .strip_suffix("\"}")
        .and_then(|text| text.rsplit_once(HASH_KEY))
        .context("it has no hash at its end")?;
    let hash = blake3::hash(body.as_bytes()).to_hex();
    if hash.as_str() != stored {
        bail!("its hash is {hash}, not {stored}");
    }
    let Line { prev: found, receipt } = serde_json::from_str(text)?;
    if found != prev {
        bail!("it follows {found}, not {prev}, the line before it");
    }
    Ok((receipt, hash.to_string()))
}

fn write_line<R: Record>(receipt: &R, prev: &str) -> Result<(String, String)> {
    let mut text = serde_json::to_string(&Line { prev: prev.to_owned(), receipt })?;
    text.truncate(text.trim_end_matches('}').len());
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    text.push_str(HASH_KEY);
    text.push_str(&hash);
    text.push_str("\"}\n");
    Ok((text, hash))
}

/// A log that this process alone may append to.
#[derive(Debug)]
pub struct Log<R> {
    path: PathBuf,
    file: File,
    length: u64,
    last_hash: String,
    tickets: HashSet<String>,
    passes: Vec<(u64, u64)>,
    records: PhantomData<R>,
}

impl<R: Record> Log<R> {
    /// Opens or creates a log, locks it, checks its chain and cuts off a torn last line. The second
    /// value is how many bytes were cut off.
    ///
    /// # Errors
    /// If another process has the log open, or a complete line is damaged.
    pub fn open(path: &Path) -> Result<(Self, u64)> {
        let shown = path.display();
        if let Ok(found) = fs::metadata(path) {
            // Opening or reading a pipe could wait for ever.
            ensure!(found.is_file(), "open receipts {shown}: it is no regular file; move it away");
        }
        let open = || OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = open().with_context(|| format!("open receipts {shown}"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "open receipts {shown}: another gemmine is writing there; choose another --out"
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("lock receipts {shown}"));
            }
        }
        file.seek(SeekFrom::Start(0))?;
        let contents: Contents<R> =
            read(&file).with_context(|| format!("open receipts {shown}"))?;
        if contents.torn_bytes > 0 {
            file.set_len(contents.whole_bytes)
                .with_context(|| format!("cut the torn last line off receipts {shown}"))?;
        }
        if contents.newline_missing {
            file.write_all(b"\n").with_context(|| format!("end the last line of {shown}"))?;
        }
        let log = Self {
            path: path.to_owned(),
            file,
            length: contents.whole_bytes + u64::from(contents.newline_missing),
            last_hash: contents.last_hash.unwrap_or_else(|| GENESIS.to_owned()),
            tickets: contents.receipts.iter().map(|receipt| receipt.ticket().to_owned()).collect(),
            passes: contents.receipts.iter().filter_map(R::pass).collect(),
            records: PhantomData,
        };
        Ok((log, contents.torn_bytes))
    }

    /// [Opens](Self::open) the log of a folder, and says so where a torn line was cut off.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        let (log, torn_bytes) = Self::open(&path)?;
        if torn_bytes > 0 {
            crate::note(&format!(
                "warning: cut a torn last line ({}) off {}: an earlier run was killed while it wrote",
                counted(torn_bytes, "byte"),
                path.display()
            ));
        }
        Ok(log)
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
        let (line, hash) = write_line(receipt, &self.last_hash)?;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Best effort: a torn line that stays is cut off by the next open.
            let _ = self.file.set_len(self.length);
            return Err(error)
                .with_context(|| format!("append to receipts {}", self.path.display()));
        }
        self.length += line.len() as u64;
        self.last_hash = hash;
        self.tickets.insert(receipt.ticket().to_owned());
        self.passes.extend(receipt.pass());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
