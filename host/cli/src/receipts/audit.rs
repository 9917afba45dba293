//! Every proof again, and everything that follows from something else.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use gemmine_jobs::share_log::audit::{Audit, check_share};
use gemmine_jobs::share_log::{self, Check, Entry, Files, FolderView, OpenError, Share, Totals};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use super::rows::logs;
use crate::args::ReceiptsVerifyArgs;
use crate::display::{counted, progress, si};
use crate::outcome::Outcome;
use crate::verify;

/// Shares that are verified together, by all cores.
const BATCH: usize = 1024;
/// Problems that are printed; all are counted.
const PROBLEMS_MAX: usize = 100;
/// What a log can't prove.
const NOT_CHECKED: &str = "answers, which are their sources' word; hits that are no shares; whether \
                           targets were what the sources asked for; devices' names, cycles, energy and times, \
                           which are this computer's; lines cut off at the end, of which only proofs are left";

/// Something that does not hold.
#[derive(Debug, Serialize)]
struct Problem {
    rule: &'static str,
    file: String,
    line: u64,
    message: String,
}

/// What was found in a log of shares.
#[derive(Debug, Default)]
struct Findings {
    problems: Vec<Problem>,
    problem_count: u64,
    shares: u64,
    credits: u64,
    torn_bytes: u64,
    check: Check,
    totals: Totals,
    pending: usize,
    uncredited: u64,
    /// Proofs' files without a share.
    orphans: u64,
}

/// Checks a folder and prints the verdict.
///
/// # Errors
/// If something can't be read, so that there is no verdict.
pub fn run(args: &ReceiptsVerifyArgs) -> Result<Outcome> {
    let (mined, shares) = logs(&args.dir)?;
    let mined = if mined { Some(verify::receipts(&args.dir)?) } else { None };
    let findings = if shares { Some(examine(&args.dir, args.json)?) } else { None };
    let mined_valid = mined.as_ref().is_none_or(|verdict| verdict.is_ok());
    let valid = mined_valid && findings.as_ref().is_none_or(|found| found.problem_count == 0);
    if args.json {
        print_json(valid, mined.as_ref(), findings.as_ref())?;
    } else {
        if let Some(verdict) = &mined {
            verify::print_verdict(verdict, false)?;
        }
        if let Some(findings) = &findings {
            crate::print_line(&findings.text())?;
        }
    }
    Ok(if valid { Outcome::Yes } else { Outcome::No })
}

/// Reads the log of shares and verifies every proof.
fn examine(folder: &Path, quiet: bool) -> Result<Findings> {
    let view = FolderView::new(folder);
    let names = view.names().with_context(|| format!("list {}", folder.display()))?;
    let mut proofs: HashSet<String> = names.into_iter().filter(|name| is_proof(name)).collect();
    let bar = progress(quiet, proofs.len() as u64, "proofs verified");
    let first = share_log::log_files(&view).ok().flatten().map_or(1, |(first, _)| first);
    let mut audit = Audit::new(first == 1);
    let mut found = Findings::default();
    let mut batch = Vec::new();
    let read = share_log::read(&view, |file, line, entry| {
        if let Err(message) = audit.entry(&entry) {
            found.problem("receipts-entry", file, line, message);
        }
        match entry {
            Entry::Share(share) => {
                proofs.remove(&share.proof_file);
                found.shares += 1;
                batch.push((file.to_owned(), line, share));
            }
            Entry::Credit(_) => found.credits += 1,
            _ => {}
        }
        if batch.len() >= BATCH {
            found.verify(&view, &mut batch, &bar);
        }
    });
    found.verify(&view, &mut batch, &bar);
    bar.finish_and_clear();
    match read {
        Ok((check, totals)) => (found.check, found.totals) = (check, totals),
        Err(error @ OpenError::Io { .. }) => {
            return Err(error).with_context(|| format!("read {}", folder.display()));
        }
        Err(error) => found.problem("receipts-chain", "", 0, error.to_string()),
    }
    found.torn_bytes = found.check.torn_bytes;
    found.pending = audit.pending();
    found.uncredited = audit.uncredited();
    found.orphans = proofs.len() as u64;
    Ok(found)
}

/// Whether a file is one that the log of shares names so: 16 or 64 digits.
fn is_proof(name: &str) -> bool {
    let digits = name
        .strip_prefix("share-")
        .and_then(|rest| rest.strip_suffix(".b64").or_else(|| rest.strip_suffix(".bin")));
    digits.is_some_and(|digits| {
        matches!(digits.len(), 16 | 64) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

impl Findings {
    fn problem(&mut self, rule: &'static str, file: &str, line: u64, message: String) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { rule, file: file.to_owned(), line, message });
        }
    }

    fn verify(
        &mut self,
        view: &FolderView,
        batch: &mut Vec<(String, u64, Box<Share>)>,
        bar: &ProgressBar,
    ) {
        let verdicts: Vec<Result<(), String>> = batch
            .par_iter()
            .map(|(_, _, share)| {
                bar.inc(1);
                check_share(view, share)
            })
            .collect();
        for ((file, line, share), verdict) in batch.drain(..).zip(verdicts) {
            if let Err(message) = verdict {
                let message = format!("share {}: {message}", share.share);
                self.problem("receipts-share", &file, line, message);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = if self.problem_count == 0 {
            format!("valid: {}", counted(self.shares, "share"))
        } else {
            let problems = counted(self.problem_count, "problem");
            format!("invalid: {problems} with {}", counted(self.shares, "share"))
        };
        for Problem { rule, file, line, message } in &self.problems {
            let place = if *line == 0 { String::new() } else { format!("{file}, line {line}: ") };
            text.push_str(&format!("\n  {rule}: {place}{message}"));
        }
        if self.problem_count > self.problems.len() as u64 {
            text.push_str("\n  ...");
        }
        for (name, value) in self.details() {
            text.push_str(&format!("\n  {name:<15} {value}"));
        }
        text
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let Check { first_file, last_file, lines, torn_bytes } = self.check;
        let files = counted(last_file + 1 - first_file, "file");
        let mut details = Vec::new();
        if self.problem_count == 0 {
            details.push((
                "chain",
                format!("{files}, {}, each follows the one before", counted(lines, "line")),
            ));
            details
                .push(("proofs", "every proof is valid, and says what its line says".to_owned()));
        }
        if first_file > 1 {
            let text = format!("files before number {first_file} were moved away, and not checked");
            details.push(("beginning", text));
        }
        if torn_bytes > 0 {
            let bytes = counted(torn_bytes, "byte");
            let text =
                format!("torn ({bytes}): being written, or the next `gemmine run` cuts it off");
            details.push(("last line", text));
        }
        let macs: f64 = self.totals.devices.values().map(|device| device.macs_credited).sum();
        details.push((
            "credits",
            format!(
                "{}, {}MACs; {} found since",
                counted(self.credits, "line"),
                si(macs),
                counted(self.uncredited, "share")
            ),
        ));
        details.push(("no answer", counted(self.pending as u64, "share")));
        if self.orphans > 0 {
            let proofs = counted(self.orphans, "proof");
            details.push(("left over", format!("{proofs} without a line: a kill came between")));
        }
        details.push(("not checked", NOT_CHECKED.to_owned()));
        details
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "shares": self.shares,
            "problems": self.problems,
            "problem_count": self.problem_count,
            "first_file": self.check.first_file,
            "last_file": self.check.last_file,
            "lines": self.check.lines,
            "torn_bytes": self.torn_bytes,
            "credits": self.credits,
            "uncredited_shares": self.uncredited,
            "pending": self.pending,
            "proofs_without_line": self.orphans,
            "totals": self.totals,
            "not_checked": NOT_CHECKED,
        })
    }
}

fn print_json(
    valid: bool,
    mined: Option<&Result<verify::Valid, verify::Broken>>,
    findings: Option<&Findings>,
) -> Result<()> {
    let mut object = json!({ "valid": valid });
    if let Some(verdict) = mined {
        object["mined"] = match verdict {
            Ok(valid) => valid.json.clone().into(),
            Err(broken) => json!({ "rule": broken.rule, "message": broken.message }),
        };
    }
    if let Some(findings) = findings {
        object["log"] = findings.json();
    }
    if !valid {
        let broken = mined.and_then(|verdict| verdict.as_ref().err());
        let first = findings.and_then(|findings| findings.problems.first());
        let error = broken
            .map(|broken| format!("{}: {}", broken.rule, broken.message))
            .or_else(|| first.map(|problem| format!("{}: {}", problem.rule, problem.message)));
        object["error"] = error.into();
        object["exit"] = Outcome::No.code().into();
    }
    crate::print_line(&object.to_string())
}
