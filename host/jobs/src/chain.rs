//! Append-only logs of JSON lines, each chained to the one before by BLAKE3.
//!
//! A line is `{"prev":"<hash of the line before>", ..., "hash":"<hash of this line>"}`, where a
//! line's hash is BLAKE3 over its bytes before `,"hash":`, and the first line's `prev` is 64 zeros.
//! Lines are flushed to the disk before anybody is told that they are there. A process that is killed in
//! between leaves at most a torn last line without its newline: opening the log cuts it off, or adds the
//! newline if that alone is missing. A complete line that does not fit the chain is damage that no kill
//! explains: then the log is left alone.

mod log;

use std::io::{self, BufRead, BufReader, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use log::{Log, LogError};

/// `prev` of the first line.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What a line begins with.
const PREV_KEY: &str = "{\"prev\":\"";
/// What stands before a line's hash.
const HASH_KEY: &str = ",\"hash\":\"";
/// Longest line that a reader takes in. The longest one that is written holds what a source sent with a job.
pub const LINE_BYTES_MAX: u64 = 2 << 20;

/// Why a line does not hold.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// No such line was ever written.
    #[error("it is no receipt")]
    Foreign,
    /// It ends in something else.
    #[error("it has no hash at its end")]
    NoHash,
    /// Its bytes are not those that were written.
    #[error("its hash is {found}, not {stored}")]
    Hash {
        /// Of its bytes.
        found: String,
        /// At its end.
        stored: String,
    },
    /// A line between is gone, or this one was elsewhere.
    #[error("it follows {found}, not {expected}, the line before it")]
    Order {
        /// What it says.
        found: String,
        /// Hash of the line before.
        expected: String,
    },
    /// It was written so, but by a program that writes other things.
    #[error("it holds nothing that this version knows: {0}")]
    Record(#[from] serde_json::Error),
}

/// Why a log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A line does not hold.
    #[error("line {line} is damaged; move the log away to start a new one: {error}")]
    Damaged {
        /// Which, from 1.
        line: u64,
        /// Why.
        error: LineError,
    },
    /// The file can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How a log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Whole lines.
    pub lines: u64,
    /// Hash of the last whole line; what the first one should follow, if there is none.
    pub hash: String,
    /// Length of all whole lines.
    pub whole_bytes: u64,
    /// Bytes of the last line if it is torn.
    pub torn_bytes: u64,
    /// The last line is whole but for its newline.
    pub newline_missing: bool,
}

/// Reads a log line by line, checks its chain, and hands out the whole lines' texts without their newlines. The
/// first line must follow `prev`; `None` takes what it says.
///
/// # Errors
/// [`ChainError::Damaged`] if a complete line is damaged, does not follow the line before it, or is refused by
/// `visit`.
pub fn read_lines(
    file: impl Read,
    prev: Option<&str>,
    mut visit: impl FnMut(&str) -> Result<(), LineError>,
) -> Result<End, ChainError> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut prev = prev.map(str::to_owned);
    let mut end = End {
        lines: 0,
        hash: String::new(),
        whole_bytes: 0,
        torn_bytes: 0,
        newline_missing: false,
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        let damaged = |error| ChainError::Damaged { line: end.lines + 1, error };
        let whole = line.strip_suffix(b"\n");
        let checked = check_line(whole.unwrap_or(&line), prev.as_deref());
        if whole.is_none() && checked.is_err() {
            if !is_torn(&line, prev.as_deref()) {
                return Err(damaged(LineError::Foreign));
            }
            end.torn_bytes = length;
            break;
        }
        end.newline_missing = whole.is_none();
        let (text, hash) = checked.map_err(damaged)?;
        visit(text).map_err(damaged)?;
        prev = Some(hash);
        end.lines += 1;
        end.whole_bytes += length;
    }
    end.hash = prev.unwrap_or_else(|| GENESIS.to_owned());
    Ok(end)
}

/// Reads a log of one kind of records; see [`read_lines`].
///
/// # Errors
/// As [`read_lines`], and if a line holds something else.
pub fn read<R: DeserializeOwned>(
    file: impl Read,
    prev: Option<&str>,
    mut visit: impl FnMut(R),
) -> Result<End, ChainError> {
    read_lines(file, prev, |text| {
        visit(serde_json::from_str(text)?);
        Ok(())
    })
}

/// Whether a line without its newline can be what a killed process or a power cut left of the next
/// line: the start of one, or zeros. Anything else is somebody's data.
fn is_torn(line: &[u8], prev: Option<&str>) -> bool {
    let start = format!("{PREV_KEY}{}", prev.map(|prev| format!("{prev}\"")).unwrap_or_default());
    let common = line.len().min(start.len());
    let starts_so = line[..common] == start.as_bytes()[..common];
    (starts_so && (line.len() as u64) < LINE_BYTES_MAX) || line.iter().all(|byte| *byte == 0)
}

/// The text of a line that holds, and its hash.
fn check_line<'a>(line: &'a [u8], prev: Option<&str>) -> Result<(&'a str, String), LineError> {
    let text = std::str::from_utf8(line).map_err(|_| LineError::Foreign)?;
    let (body, stored) = text
        .strip_suffix("\"}")
        .and_then(|text| text.rsplit_once(HASH_KEY))
        .ok_or(LineError::NoHash)?;
    let hash = blake3::hash(body.as_bytes()).to_hex();
    if hash.as_str() != stored {
        return Err(LineError::Hash { found: hash.to_string(), stored: stored.to_owned() });
    }
    let found = body.strip_prefix(PREV_KEY).and_then(|rest| rest.get(..GENESIS.len()));
    match (found, prev) {
        (None, _) => Err(LineError::Foreign),
        (Some(found), Some(expected)) if found != expected => {
            Err(LineError::Order { found: found.to_owned(), expected: expected.to_owned() })
        }
        _ => Ok((text, hash.to_string())),
    }
}

/// The line of a record that follows `prev`, with its newline, and its hash. A record is an object with at least
/// one field, none of them `prev` or `hash`.
///
/// # Errors
/// If it can't be written as JSON.
pub fn write_line<R: Serialize>(
    record: &R,
    prev: &str,
) -> Result<(String, String), serde_json::Error> {
    let record = serde_json::to_string(record)?;
    let fields = record.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let mut text = format!("{PREV_KEY}{prev}\",{}", fields.unwrap_or_default());
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    text.push_str(HASH_KEY);
    text.push_str(&hash);
    text.push_str("\"}\n");
    Ok((text, hash))
}

#[cfg(test)]
mod tests;
