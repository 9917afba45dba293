//! A folder that `mine` wrote: the receipts' chain, and each share again from its bytes.

use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path};

use anyhow::{Context, Result};
use gemmine_pouw::target;
use gemmine_pouw::verify::{Verified, verify as verify_proof};
use serde_json::json;

use super::pearl::{PROOF_BYTES_MAX, decode_proof};
use super::{Broken, Valid};
use crate::display::{counted, shortened};
use crate::files;
use crate::job::{self, GatewayJob};
use crate::mine::JOB_FILE;
use crate::receipts::{self, Contents, Damage, Receipt, Record};

/// Checks chain and shares.
pub fn verify(folder: &Path) -> Result<Result<Valid, Broken>> {
    let contents = match contents::<Receipt>(folder)? {
        Ok(contents) => contents,
        Err(broken) => return Ok(Err(broken)),
    };
    let job = job::read(&folder.join(JOB_FILE))?;
    let mut tickets = HashMap::new();
    for (number, receipt) in (1_u64..).zip(&contents.receipts) {
        let broken = |message: String| Broken {
            rule: "receipts-share",
            message: format!("receipt {number}: {}: {message}", receipt.share_file),
        };
        let checked = check_share(folder, &job, receipt)
            .with_context(|| format!("check receipt {number}"))?;
        if let Err(message) = checked {
            return Ok(Err(broken(message)));
        }
        if let Some(earlier) = tickets.insert((&receipt.job_key, &receipt.ticket), number) {
            let message = format!("ticket {} is receipt {earlier}'s already", receipt.ticket);
            return Ok(Err(broken(message)));
        }
    }
    let count = contents.receipts.len() as u64;
    let network = contents.receipts.iter().filter(|receipt| receipt.meets_network).count();
    let object = json!({
        "receipts": count,
        "meet_network": network,
        "torn_bytes": contents.torn_bytes,
    });
    Ok(Ok(Valid {
        headline: counted(count, "receipt"),
        details: vec![
            ("chain", "every line follows the one before".into()),
            (
                "shares",
                format!(
                    "every proof is valid for job.json and says what its receipt says, no ticket \
                     twice; {network} met the network target"
                ),
            ),
        ],
        json: object.as_object().cloned().unwrap_or_default(),
    }))
}

/// The log, if its chain holds.
pub fn contents<R: Record>(folder: &Path) -> Result<Result<Contents<R>, Broken>> {
    let contents = match receipts::check::<R>(&folder.join(receipts::FILE_NAME)) {
        Ok(contents) => contents,
        Err(error) if error.downcast_ref::<Damage>().is_some() => {
            return Ok(Err(Broken { rule: "receipts-chain", message: format!("{error:#}") }));
        }
        Err(error) => return Err(error),
    };
    if contents.torn_bytes > 0 {
        crate::note(&format!(
            "warning: the last line is torn ({}); the next `gemmine mine` into this folder cuts it off",
            counted(contents.torn_bytes, "byte")
        ));
    }
    Ok(Ok(contents))
}

/// Holds every field that follows from job and proof against the receipt; an `Ok(Err)` names the one that
/// differs.
fn check_share(folder: &Path, job: &GatewayJob, receipt: &Receipt) -> Result<Result<(), String>> {
    let name = Path::new(&receipt.share_file);
    if !matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        return Ok(Err("share_file is no plain file name".into()));
    }
    let bytes = files::read_capped(&folder.join(name), PROOF_BYTES_MAX)?;
    let proof = match decode_proof(bytes) {
        Ok(proof) => proof,
        Err(error) => return Ok(Err(format!("{error:#}"))),
    };
    Ok(check_fields(job, &proof, receipt))
}

fn check_fields(job: &GatewayJob, proof: &[u8], receipt: &Receipt) -> Result<(), String> {
    let share_target = job.share_target.unwrap_or_else(|| job.network_target());
    // What the bytes alone say comes first, so that an exchanged file is called by its name.
    differs("proof_blake3", &receipt.proof_blake3, &blake3::hash(proof).to_string())?;
    differs("header", &receipt.header, &hex::encode(job.header.as_bytes()))?;
    differs("cert_version", &receipt.cert_version, &job.cert_version)?;
    differs("share_target", &receipt.share_target, &target::to_hex(share_target))?;
    let verified = verify_proof(&job.header, job.cert_version, proof, Some(share_target))
        .map_err(|refusal| format!("{}: {refusal}", refusal.rule()))?;
    let Verified { ticket, ref config, m, n, t_row, t_col, job_key, .. } = verified;
    let (h, w, k, r) = (config.h(), config.w(), config.k, config.r);
    let network = target::bound(job.network_target(), h, w, k, r.into());
    differs("ticket", &receipt.ticket, &hex::encode(ticket))?;
    differs("meets_network", &receipt.meets_network, &target::meets(&ticket, network))?;
    differs("job_key", &receipt.job_key, &hex::encode(job_key))?;
    for (field, claim, found) in [
        ("m", receipt.m, m),
        ("n", receipt.n, n),
        ("k", receipt.k, k),
        ("r", receipt.r, r.into()),
        ("t_row", receipt.t_row, t_row),
        ("t_col", receipt.t_col, t_col),
    ] {
        differs(field, &claim, &(found as usize))?;
    }
    Ok(())
}

pub fn differs<T: PartialEq + fmt::Display>(
    field: &str,
    claim: &T,
    found: &T,
) -> Result<(), String> {
    if claim == found {
        return Ok(());
    }
    let claim = shortened(&claim.to_string());
    Err(format!("{field} is {claim} in the receipt, but {found} by the share itself"))
}
