//! The table of shares.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result};
use gemmine_jobs::share_log::cleaned;
use serde_json::json;

use super::rows::{ShareRow, each};
use crate::args::ReceiptsListArgs;
use crate::display::counted;
use crate::outcome::Outcome;

/// Longest text in a column, in bytes.
const LONGEST: usize = 512;
/// What stands for a share that has neither been sent nor answered.
const NO_VERDICT: &str = "none";

/// Prints the shares that the arguments ask for.
///
/// # Errors
/// If a log can't be read.
pub fn run(args: &ReceiptsListArgs) -> Result<Outcome> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut list = List { out: &mut out, json: args.json, count: 0, verdicts: BTreeMap::new() };
    let listed = list.all(args);
    match listed.and_then(|()| list.out.flush().context("write standard output")) {
        Ok(()) => Ok(Outcome::Yes),
        // A reader that went away early is no trouble.
        Err(error) if is_closed_pipe(&error) => Ok(Outcome::Yes),
        Err(error) => {
            // What comes next begins on a line of its own.
            let _ = if args.json { writeln!(out) } else { Ok(()) };
            Err(error)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let found = error.downcast_ref::<io::Error>();
    found.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

struct List<'a, W: Write> {
    out: &'a mut W,
    json: bool,
    count: u64,
    verdicts: BTreeMap<&'static str, u64>,
}

impl<W: Write> List<'_, W> {
    fn all(&mut self, args: &ReceiptsListArgs) -> Result<()> {
        if self.json {
            write!(self.out, "{{\"shares\":[")?;
        }
        each(&args.dir, |row| if is_wanted(args, &row) { self.row(&row) } else { Ok(()) })?;
        let Self { out, count, verdicts, .. } = self;
        if self.json {
            let sums = json!({ "count": count, "verdicts": verdicts }).to_string();
            writeln!(out, "],{}", sums.trim_start_matches('{'))?;
        } else {
            let verdicts: Vec<String> =
                verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
            let colon = if verdicts.is_empty() { "" } else { ": " };
            writeln!(out, "{}{colon}{}", counted(*count, "share"), verdicts.join(", "))?;
        }
        Ok(())
    }

    fn row(&mut self, row: &ShareRow) -> Result<()> {
        let verdict = row.verdict.unwrap_or(NO_VERDICT);
        *self.verdicts.entry(verdict).or_default() += 1;
        self.count += 1;
        if self.json {
            let comma = if self.count > 1 { "," } else { "" };
            write!(self.out, "{comma}{}", serde_json::to_string(row)?)?;
            return Ok(());
        }
        if self.count == 1 {
            let columns = ["time (UTC)", "share", "source", "job", "device"];
            writeln!(self.out, "{}verdict", columns.map(padded).concat())?;
        }
        let share: String = row.share.chars().take(16).collect();
        let columns = [&row.time, &share, &row.source, &row.job, &row.device];
        let columns = columns.map(|text| padded(text)).concat();
        let reason = row.reason.as_ref().map(|reason| format!(": {}", cleaned(reason, LONGEST)));
        let reason = reason.unwrap_or_default();
        writeln!(self.out, "{columns}{verdict}{reason}")?;
        Ok(())
    }
}

/// A column of a table: as wide as a time or a share, wider where the text is. Nobody knows who wrote the log, so
/// nothing in it reaches the terminal that it would obey.
fn padded(text: &str) -> String {
    format!("{:<22} ", if text.is_empty() { "-".to_owned() } else { cleaned(text, LONGEST) })
}

fn is_wanted(args: &ReceiptsListArgs, row: &ShareRow) -> bool {
    args.source.as_ref().is_none_or(|source| *source == row.source)
        && args.device.as_ref().is_none_or(|device| *device == row.device)
        && args.since.is_none_or(|since| row.unix_time_s >= since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        let mut out = Vec::new();
        let mut list = List { out: &mut out, json: false, count: 0, verdicts: BTreeMap::new() };
        let text = "\u{1b}[2J\n".to_owned();
        let row = ShareRow { job: text.clone(), reason: Some(text), ..ShareRow::default() };
        list.row(&row).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("\\u{1b}[2J\\u{a}").count(), 2, "{text}");
        assert!(!text.contains('\u{1b}') && text.lines().count() == 2, "{text}");
    }
}
