//! Opening a log: which files it has, whether their chain holds, and what it says so far.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use super::entry::{Carried, Entry};
use super::state::State;
use super::storage::{Files, Storage};
use super::writing::Tail;
use super::{OpenError, Options, ShareLog};
use crate::chain::{self, ChainError, End, GENESIS, LINE_BYTES_MAX};

/// What opening a log found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Number of its first file; above 1, earlier ones were moved away. 0 if there is none.
    pub first_file: u64,
    /// Number of its last file.
    pub last_file: u64,
    /// Number of the first file that was read for what is pending; of those before, at most the hashes were checked.
    pub read_from: u64,
    /// Lines that were checked.
    pub lines: u64,
    /// Bytes of a torn last line that were cut off.
    pub torn_bytes: u64,
}

/// Name of a log's file.
pub(super) fn file_name(number: u64) -> String {
    format!("shares-{number:06}.jsonl")
}

/// Numbers of the first and the last file of a log, if there are any. If the first is not 1, earlier ones were moved
/// away.
///
/// # Errors
/// If the folder can't be read, or a file between two others is gone.
pub fn log_files(files: &dyn Files) -> Result<Option<(u64, u64)>, OpenError> {
    let names = files.names().map_err(|error| OpenError::Io {
        action: "list the files of",
        name: "the log of shares".to_owned(),
        error,
    })?;
    let number = |name: &String| {
        let digits = name.strip_prefix("shares-")?.strip_suffix(".jsonl")?;
        let number = digits.parse::<u64>().ok()?;
        ((1..1 << 40).contains(&number) && *name == file_name(number)).then_some(number)
    };
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        return Err(OpenError::Missing { name: file_name(pair[0] + 1) });
    }
    Ok(numbers.first().copied().zip(numbers.last().copied()))
}

pub(super) fn io_error(action: &'static str, number: u64) -> impl FnOnce(io::Error) -> OpenError {
    move |error| OpenError::Io { action, name: file_name(number), error }
}

pub(super) fn chain_error(number: u64) -> impl FnOnce(ChainError) -> OpenError {
    move |error| OpenError::Chain { name: file_name(number), error }
}

/// The entry in a file's first line, whole or not: `None` if it has no whole first line. Its hash is checked later.
fn first_entry(files: &dyn Files, number: u64) -> Result<Option<Entry>, OpenError> {
    let reader = files.read(&file_name(number)).map_err(io_error("read", number))?;
    let mut line = Vec::new();
    BufReader::new(reader.take(LINE_BYTES_MAX))
        .read_until(b'\n', &mut line)
        .map_err(io_error("read", number))?;
    Ok(serde_json::from_slice(&line).ok())
}

/// What a file's first line carries over from the files before it.
fn carried(files: &dyn Files, number: u64) -> Result<Option<Box<Carried>>, OpenError> {
    Ok(match first_entry(files, number)? {
        Some(Entry::Carried(carried)) => Some(carried),
        _ => None,
    })
}

/// Reads one file's entries and checks that the first line, and no other, carries over what came before.
pub(super) fn read_file(
    files: &dyn Files,
    number: u64,
    prev: Option<&str>,
    mut visit: impl FnMut(u64, Entry) -> Result<(), OpenError>,
) -> Result<End, OpenError> {
    let mut line = 0;
    let mut failed = None;
    let reader = files.read(&file_name(number)).map_err(io_error("read", number))?;
    let end = chain::read(reader, prev, |entry: Entry| {
        line += 1;
        let expected = match &entry {
            Entry::Carried(carried) => line == 1 && number > 1 && carried.file == number,
            _ => line > 1 || number == 1,
        };
        if failed.is_none() {
            let visited = match expected {
                true => visit(line, entry),
                false => Err(OpenError::NotCarried { name: file_name(number) }),
            };
            failed = visited.err();
        }
    })
    .map_err(chain_error(number))?;
    failed.map_or(Ok(end), Err)
}

impl ShareLog {
    /// Opens or makes a log on any storage.
    ///
    /// # Errors
    /// If a complete line is damaged, or a file can't be read.
    pub fn open_on(storage: Box<dyn Storage>, options: Options) -> Result<Self, OpenError> {
        let mut log = Self {
            storage,
            options,
            state: State::new(options.recent),
            queue: VecDeque::new(),
            queue_bytes: 0,
            tail: Tail {
                file: 1,
                length: 0,
                hash: GENESIS.to_owned(),
                newline_missing: false,
                dirty: false,
                unnamed: false,
                unsynced: false,
                carried: None,
            },
            trouble: None,
            opened: Opened::default(),
        };
        if let Some((first, last)) = log_files(&*log.storage)? {
            log.read_back(first, last)?;
            log.tail.unsynced = true;
        }
        // At once, so that nobody finds a torn line; if that can't be done now, it is before the next append.
        log.retry();
        Ok(log)
    }

    fn read_back(&mut self, first: u64, last: u64) -> Result<(), OpenError> {
        // A process that died while it began a file left no whole line in it: then the one before is the last that
        // says anything.
        let begun = last > first && first_entry(&*self.storage, last)?.is_none();
        let newest = if begun { last - 1 } else { last };
        let start = match carried(&*self.storage, newest)? {
            // The file before as well, for the names of the newest shares.
            Some(carried) => carried.pending_since.min(newest - 1).max(first),
            None => first,
        };
        self.opened =
            Opened { first_file: first, last_file: last, read_from: start, ..self.opened };
        let mut prev = (first == 1).then(|| GENESIS.to_owned());
        for number in first..=last {
            let end = if number >= start {
                let state = &mut self.state;
                read_file(&*self.storage, number, prev.as_deref(), |_, entry| {
                    state.apply(&entry, number);
                    Ok(())
                })?
            } else if self.options.whole_chain {
                let reader = self.storage.read(&file_name(number));
                let reader = reader.map_err(io_error("read", number))?;
                chain::read_lines(reader, prev.as_deref(), |_| Ok(()))
                    .map_err(chain_error(number))?
            } else {
                // What follows is taken at its word for what came before.
                prev = None;
                continue;
            };
            if number < last && (end.torn_bytes > 0 || end.newline_missing) {
                return Err(OpenError::Torn { name: file_name(number) });
            }
            self.opened.lines += end.lines;
            self.opened.torn_bytes = end.torn_bytes;
            self.tail.file = number;
            self.tail.length = end.whole_bytes;
            self.tail.newline_missing = end.newline_missing;
            self.tail.dirty = end.torn_bytes > 0;
            self.tail.hash.clone_from(&end.hash);
            prev = Some(end.hash);
        }
        if begun {
            self.tail.carried = Some(Box::new(self.carried(last)));
        }
        Ok(())
    }
}
