//! A log that is one file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ChainError, End, GENESIS, read, write_line};

/// Why a log can't be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A folder, a pipe, a device: reading it could wait for ever.
    #[error("open receipts {}: it is no regular file; move it away", path.display())]
    Irregular {
        /// The log.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error(
        "open receipts {}: another gemmine is writing there; choose another folder, or end that one",
        path.display()
    )]
    Locked {
        /// The log.
        path: PathBuf,
    },
    /// What is in it can't be added to.
    #[error("open receipts {}: {error}", path.display())]
    Chain {
        /// The log.
        path: PathBuf,
        /// Why.
        error: ChainError,
    },
    /// A record that can't be written as JSON.
    #[error("write a receipt as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The system refused.
    #[error("{action} receipts {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The log.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A log that this process alone may append to.
#[derive(Debug)]
pub struct Log<R> {
    path: PathBuf,
    file: File,
    length: u64,
    last_hash: String,
    records: PhantomData<R>,
}

impl<R: Serialize + DeserializeOwned> Log<R> {
    /// Opens or creates a log, locks it, checks its chain, hands out its records and cuts off a torn last line.
    /// The second value is how many bytes were cut off.
    ///
    /// # Errors
    /// If another process has the log open, or a complete line is damaged.
    pub fn open(path: &Path, visit: impl FnMut(R)) -> Result<(Self, u64), LogError> {
        let io = |action| move |error| LogError::Io { action, path: path.to_owned(), error };
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(LogError::Irregular { path: path.to_owned() });
        }
        let open = || OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = open().map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogError::Locked { path: path.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(io("lock")(error)),
        }
        file.seek(SeekFrom::Start(0)).map_err(io("read"))?;
        let end: End = read(&file, Some(GENESIS), visit)
            .map_err(|error| LogError::Chain { path: path.to_owned(), error })?;
        if end.torn_bytes > 0 {
            file.set_len(end.whole_bytes).map_err(io("cut the torn last line off"))?;
        }
        if end.newline_missing {
            file.write_all(b"\n").map_err(io("end the last line of"))?;
        }
        let log = Self {
            path: path.to_owned(),
            file,
            length: end.whole_bytes + u64::from(end.newline_missing),
            last_hash: end.hash,
            records: PhantomData,
        };
        Ok((log, end.torn_bytes))
    }

    /// Appends one record and waits until it is on the disk. If that fails, the log is as before.
    ///
    /// # Errors
    /// If the line can't be written, for example because the disk is full.
    pub fn append(&mut self, record: &R) -> Result<(), LogError> {
        let (line, hash) = write_line(record, &self.last_hash)?;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Best effort: a torn line that stays is cut off by the next open.
            let _ = self.file.set_len(self.length);
            return Err(LogError::Io { action: "append to", path: self.path.clone(), error });
        }
        self.length += line.len() as u64;
        self.last_hash = hash;
        Ok(())
    }
}
