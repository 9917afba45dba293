//! The command that shows, checks and exports receipts.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};

use super::DEFAULT_OUT;
use crate::utc::seconds_of_utc;

pub const RECEIPTS_EXAMPLES: &str = "\
Examples:
  gemmine receipts list                          every share in gemmine-out, with what became of it
  gemmine receipts list rig --source pool1 --since 24h
  gemmine receipts list rig --json | jq '.verdicts'
  gemmine receipts verify rig                    every proof again, offline, by the rule alone
  gemmine receipts export rig --format csv -o shares.csv

A folder may hold what `gemmine run` writes (shares-000001.jsonl, ... with a file a proof), what
`gemmine mine` writes (receipts.jsonl), or both. It may be written to meanwhile.";

const VERIFY_NOTES: &str = "\
Checked: that every line follows the one before; every proof, its hash, and each field of its share's line
that follows from it; that no share is there twice, or answered without having been found; that no device
is credited with more than its hits can be worth. What can't be checked is said.

Exit codes: 0 valid; 1 something is invalid, and said; 2 unreadable.";

/// What to do with receipts.
#[derive(Clone, Debug, Subcommand)]
pub enum ReceiptsCommand {
    /// Print a table of shares: time, share, source, job, device, verdict
    List(ReceiptsListArgs),
    /// Check the chain, every proof and every credit, offline
    Verify(ReceiptsVerifyArgs),
    /// Write one row a share to a file: device, MACs, verdict, energy
    Export(ReceiptsExportArgs),
}

impl ReceiptsCommand {
    /// Whether the last line of standard output is to be JSON.
    pub const fn json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Export(_) => false,
        }
    }
}

/// Options of `receipts list`.
#[derive(Clone, Debug, Args)]
pub struct ReceiptsListArgs {
    /// The folder
    #[arg(value_name = "DIR", default_value = DEFAULT_OUT)]
    pub dir: PathBuf,

    /// Only shares of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// Only shares of this device
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,

    /// Only shares found since then: an age such as 90m, 24h or 7d, a date or time in UTC such as
    /// 2026-08-01 or 2026-08-01T12:00:00Z, or seconds since 1970
    #[arg(long, value_name = "T", value_parser = since)]
    pub since: Option<u64>,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `receipts verify`.
#[derive(Clone, Debug, Args)]
#[command(after_help = VERIFY_NOTES)]
pub struct ReceiptsVerifyArgs {
    /// The folder
    #[arg(value_name = "DIR", default_value = DEFAULT_OUT)]
    pub dir: PathBuf,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `receipts export`.
#[derive(Clone, Debug, Args)]
pub struct ReceiptsExportArgs {
    /// The folder
    #[arg(value_name = "DIR", default_value = DEFAULT_OUT)]
    pub dir: PathBuf,

    /// What to write
    #[arg(long, value_name = "FORMAT")]
    pub format: ExportFormat,

    /// Where to; an earlier file is replaced when all of the new one is there
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Comma-separated values with a line of names
    Csv,
    /// An array of objects, one a line
    Json,
}

/// A moment, in seconds since 1970.
fn since(text: &str) -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    moment(text, now)
}

fn moment(text: &str, now: u64) -> Result<u64> {
    let remedy =
        "give an age such as 24h, a time such as 2026-08-01T12:00:00Z, or seconds since 1970";
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let age = units.iter().find_map(|&(unit, seconds)| {
        text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds)
    });
    match age {
        Some(age) => Ok(now.saturating_sub(age)),
        None => text.parse().ok().or_else(|| seconds_of_utc(text)).context(remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ages_times_or_seconds() {
        let now = 1_786_406_400;
        assert_eq!(moment("90m", now).unwrap(), now - 5400);
        assert_eq!(moment("7d", now).unwrap(), now - 604_800);
        assert_eq!(moment("99999999999d", now).unwrap(), 0);
        assert_eq!(moment("1786406400", now).unwrap(), now);
        assert_eq!(moment("2026-08-11", now).unwrap(), now);
        assert_eq!(moment("2026-08-11T00:00:07Z", now).unwrap(), now + 7);
        for bad in ["", "h", "-1h", "yesterday", "2026-13-01", "2026-02-30", "2026-08-11T24:00:00Z"]
        {
            moment(bad, now).unwrap_err();
        }
    }
}
