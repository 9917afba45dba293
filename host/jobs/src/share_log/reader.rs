//! Reading a whole log, also while a process writes to it.

use super::OpenError;
use super::entry::Entry;
use super::opening::{file_name, file_numbers, read_file};
use super::state::State;
use super::storage::Files;
use crate::chain::GENESIS;

/// What reading a whole log found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Number of its first file; above 1, earlier ones were moved away. 0 if there is none.
    pub first_file: u64,
    /// Number of its last file.
    pub last_file: u64,
    /// Whole lines.
    pub lines: u64,
    /// Bytes of a torn last line.
    pub torn_bytes: u64,
}

/// Reads all files of a log, checks the chain, and hands out every entry with its file's name and its line there. If
/// the log is there from its beginning, what files carry over is held against the entries.
///
/// # Errors
/// If a file can't be read, a line is damaged, or something carried over is wrong.
pub fn read(
    files: &dyn Files,
    mut visit: impl FnMut(&str, u64, Entry),
) -> Result<Check, OpenError> {
    let Some((first, last)) = file_numbers(files)? else { return Ok(Check::default()) };
    let mut check = Check { first_file: first, last_file: last, ..Check::default() };
    let mut state = State::new(0);
    let mut prev = (first == 1).then(|| GENESIS.to_owned());
    for number in first..=last {
        let name = file_name(number);
        let end = read_file(files, number, prev.as_deref(), |line, entry| {
            if let Entry::Carried(carried) = &entry
                && first == 1
            {
                let since = state.pending_since().unwrap_or(number);
                if !state.totals().agrees_with(&carried.totals) || since != carried.pending_since {
                    return Err(OpenError::NotCarried { name: name.clone() });
                }
            }
            state.apply(&entry, number);
            visit(&name, line, entry);
            Ok(())
        })?;
        if number < last && (end.torn_bytes > 0 || end.newline_missing) {
            return Err(OpenError::Torn { name });
        }
        check.lines += end.lines;
        check.torn_bytes = end.torn_bytes;
        prev = Some(end.hash);
    }
    Ok(check)
}
