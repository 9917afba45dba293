//! One row a share, whichever log it is in.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use gemmine_jobs::expected::{amadeus_macs, pearl_macs};
use gemmine_jobs::share_log::{self, FolderView, OpenError, Protocol, Row, Rows};
use gemmine_jobs::work::Verdict;
use gemmine_pouw::target;
use serde::Serialize;

use super::log::{FILE_NAME, check};
use super::record::{Receipt, SolutionReceipt};
use crate::mine::JOB_FILE;
use crate::utc::utc;

/// A share and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShareRow {
    /// When it was found, UTC.
    pub time: String,
    /// The same, seconds since 1970.
    pub unix_time_s: u64,
    /// Its ticket, or its solution's hash.
    pub share: String,
    /// By whose rule.
    pub protocol: String,
    /// Where its job came from.
    pub source: String,
    /// Its job.
    pub job: String,
    /// Height of the block that was looked for.
    pub height: Option<u64>,
    /// Device that found it.
    pub device: String,
    /// The physical array.
    pub geometry: String,
    /// Hash of the device's Verilog.
    pub build: Option<String>,
    /// MACs that such a share takes on average.
    pub macs_expected: Option<f64>,
    /// Whether it also meets the network's own target.
    pub meets_network: Option<bool>,
    /// What became of it; nothing if it has no answer.
    pub verdict: Option<&'static str>,
    /// The source's number for that.
    pub code: Option<i64>,
    /// The source's words.
    pub reason: Option<String>,
    /// How long the answer took.
    pub latency_ms: Option<u64>,
    /// Energy, if something measured it.
    pub energy_pj: Option<u64>,
    /// How it was measured.
    pub energy_source: String,
    /// The proof's file.
    pub proof_file: String,
}

/// Hands out the rows of a folder, oldest first in each log.
///
/// # Errors
/// If there is no log, a log can't be read, or `visit` fails.
pub fn each(folder: &Path, mut visit: impl FnMut(ShareRow) -> Result<()>) -> Result<()> {
    let (mined, shares) = logs(folder)?;
    if mined && folder.join(JOB_FILE).exists() {
        for receipt in check::<Receipt>(&folder.join(FILE_NAME))?.receipts {
            visit(of_receipt(receipt))?;
        }
    } else if mined {
        for receipt in check::<SolutionReceipt>(&folder.join(FILE_NAME))?.receipts {
            visit(of_solution(receipt))?;
        }
    }
    if !shares {
        return Ok(());
    }
    let mut rows = Rows::default();
    let mut outcome = Ok(());
    share_log::read(&FolderView::new(folder), |_, _, entry| {
        rows.add(entry);
        while let Some(row) = rows.next_answered() {
            if outcome.is_ok() {
                outcome = visit(of_share(row));
            }
        }
    })
    .with_context(|| format!("read the log of shares in {}", folder.display()))?;
    outcome?;
    while let Some(row) = rows.next_any() {
        visit(of_share(row))?;
    }
    Ok(())
}

/// Whether a folder has receipts of `gemmine mine`, and a log of shares.
///
/// # Errors
/// If it has neither.
pub fn logs(folder: &Path) -> Result<(bool, bool)> {
    let shown = folder.display();
    let mined = folder.join(FILE_NAME).exists();
    let shares = match share_log::log_files(&FolderView::new(folder)) {
        Ok(files) => files.is_some(),
        // There is one, if not all of it.
        Err(OpenError::Missing { .. }) => true,
        Err(error) => return Err(error).with_context(|| format!("read {shown}")),
    };
    ensure!(
        mined || shares,
        "read {shown}: it has no receipts; name the folder that `gemmine run` or `gemmine mine` writes to"
    );
    Ok((mined, shares))
}

fn of_share(Row { share, sent, answer }: Row) -> ShareRow {
    let mut row = ShareRow {
        time: utc(share.unix_time_s),
        unix_time_s: share.unix_time_s,
        share: share.share.to_string(),
        protocol: match share.work.protocol() {
            Protocol::Pearl => "pearl-v3".to_owned(),
            Protocol::Amadeus => "amadeus-upow2".to_owned(),
        },
        source: share.source,
        job: share.job,
        height: share.height,
        device: share.device,
        geometry: share.geometry,
        build: share.build,
        macs_expected: Some(share.macs_expected),
        meets_network: share.meets_network,
        verdict: sent.then_some("sent"),
        energy_pj: share.energy_pj,
        energy_source: share.energy_source,
        proof_file: share.proof_file,
        ..ShareRow::default()
    };
    if let Some(answer) = answer {
        row.latency_ms = Some(answer.latency_ms);
        (row.verdict, row.code, row.reason) = match answer.verdict {
            Verdict::Accepted => (Some("accepted"), None, None),
            Verdict::Acknowledged => (Some("acknowledged"), None, None),
            Verdict::Known => (Some("known"), None, None),
            Verdict::Stale { reason } => (Some("stale"), None, Some(reason)),
            Verdict::Rejected { code, reason } => (Some("rejected"), Some(code), Some(reason)),
            Verdict::Unanswered { reason } => (Some("unanswered"), None, Some(reason)),
        };
    }
    row
}

fn of_receipt(receipt: Receipt) -> ShareRow {
    // `mine` computes native tiles only.
    let macs = |target| pearl_macs(target, (16, 16), receipt.k as u32, receipt.r as u32);
    ShareRow {
        time: utc(receipt.unix_time_s),
        unix_time_s: receipt.unix_time_s,
        protocol: "pearl-v3".to_owned(),
        job: receipt.job_key.chars().take(16).collect(),
        macs_expected: target::parse_hex(&receipt.share_target).ok().map(macs),
        share: receipt.ticket,
        device: receipt.device,
        geometry: receipt.geometry,
        meets_network: Some(receipt.meets_network),
        energy_pj: receipt.energy_pj,
        energy_source: receipt.energy_source,
        proof_file: receipt.share_file,
        ..ShareRow::default()
    }
}

fn of_solution(receipt: SolutionReceipt) -> ShareRow {
    ShareRow {
        time: utc(receipt.unix_time_s),
        unix_time_s: receipt.unix_time_s,
        share: receipt.ticket,
        protocol: receipt.protocol,
        source: receipt.source,
        job: receipt.segment_vr_hash.chars().take(16).collect(),
        device: receipt.device,
        geometry: receipt.geometry,
        macs_expected: Some(amadeus_macs(receipt.bits)),
        verdict: receipt.accepted.map(|accepted| if accepted { "accepted" } else { "rejected" }),
        energy_pj: receipt.energy_pj,
        energy_source: receipt.energy_source,
        proof_file: receipt.solution_file,
        ..ShareRow::default()
    }
}
