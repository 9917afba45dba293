//! Pearl proofs against the job that they were made for.

use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::U256;
use gemmine_pouw::target;
use gemmine_pouw::verify::{Verified, verify as verify_proof};
use serde_json::json;

use super::{Broken, Valid};
use crate::files;
use crate::job::{self, GatewayJob};
use crate::outcome::Named;

/// Longest proof file that is read. The limits allow about 5 MiB of leaves and siblings, 7 MiB in
/// base64; the rest is room for needless leaves, which are legal.
pub const PROOF_BYTES_MAX: u64 = 16 << 20;

/// Checks a proof against a target: the one given, else the job's share target, else its network's.
pub fn verify(job: &Path, proof: &Path, given: Option<U256>) -> Result<Result<Valid, Broken>> {
    let job = match job::read(job) {
        Ok(job) => job,
        Err(error) => {
            // A version beyond 32 bits is as unknown as any other: a verdict, not trouble.
            let Named { rule, message } = error.downcast::<Named>()?;
            return Ok(Err(Broken { rule, message }));
        }
    };
    if let Some(warning) = job.target_warning() {
        crate::note(&format!("warning: {warning}"));
    }
    let bytes = read_proof(proof)?;
    let (target, source) = match (given, job.share_target) {
        (Some(target), _) => (target, "--target"),
        (None, Some(target)) => (target, "the job's share_target"),
        (None, None) => (job.network_target(), "the header's nbits"),
    };
    match verify_proof(&job.header, job.cert_version, &bytes, Some(target)) {
        Ok(verified) => Ok(Ok(describe(&job, &verified, target, source))),
        Err(refusal) if refusal.is_unreadable() => {
            let message = format!("{refusal}; it is no PlainProof in base64 or binary");
            Err(Named { rule: refusal.rule(), message })
                .with_context(|| format!("read proof {}", proof.display()))
        }
        Err(refusal) => Ok(Err(Broken { rule: refusal.rule(), message: refusal.to_string() })),
    }
}

/// Reads a proof file, `-` for standard input.
fn read_proof(path: &Path) -> Result<Vec<u8>> {
    let bytes = files::read_capped(path, PROOF_BYTES_MAX)?;
    decode_proof(bytes).with_context(|| format!("read proof {}", path.display()))
}

/// The proof's bytes from base64 or, if there is any byte that base64 lacks, as they are. A binary
/// proof always has such bytes: the upper ones of its dimensions are zero.
pub fn decode_proof(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let in_base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=')
            || byte.is_ascii_whitespace()
    };
    if !bytes.iter().all(in_base64) {
        return Ok(bytes);
    }
    bytes.retain(|byte| !byte.is_ascii_whitespace());
    if bytes.is_empty() {
        bail!("it is empty; give a PlainProof in base64 or binary");
    }
    STANDARD.decode(&bytes).context("it is not base64, standard alphabet with padding")
}

fn describe(job: &GatewayJob, verified: &Verified, target: U256, source: &str) -> Valid {
    let Verified { ticket, config, m, n, t_row, t_col, job_key, .. } = verified;
    let (h, w, k, r) = (config.h(), config.w(), config.k, config.r);
    let network = target::bound(job.network_target(), h, w, k, r.into());
    let meets_network = target::meets(ticket, network);
    let object = json!({
        "protocol": "pearl-v3",
        "ticket": hex::encode(ticket),
        "meets_network": meets_network,
        "target": target::to_hex(target),
        "target_source": source,
        "t_row": t_row, "t_col": t_col, "h": h, "w": w,
        "m": m, "n": n, "k": k, "r": r,
        "job_key": hex::encode(job_key),
    });
    Valid {
        headline: format!("ticket {}", hex::encode(ticket)),
        details: vec![
            (
                "tile",
                format!("{h} x {w} at row {t_row}, column {t_col} of {m} x {n}, k = {k}, r = {r}"),
            ),
            ("target", format!("met: {} ({source})", target::to_hex(target))),
            (
                "network target",
                format!(
                    "{}: {} (the header's nbits {:#010x})",
                    if meets_network { "met" } else { "not met" },
                    target::to_hex(job.network_target()),
                    job.header.nbits()
                ),
            ),
        ],
        json: object.as_object().cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_binary_are_told_apart_by_their_bytes() {
        assert_eq!(decode_proof(b"AAECAw==\n".to_vec()).unwrap(), [0, 1, 2, 3]);
        assert_eq!(decode_proof(b"AAEC\r\nAw==".to_vec()).unwrap(), [0, 1, 2, 3]);
        assert_eq!(decode_proof(b"AAE\0".to_vec()).unwrap(), b"AAE\0");
        for bad in [&b""[..], b" \n", b"AAECA", b"=AAA"] {
            decode_proof(bad.to_vec()).unwrap_err();
        }
    }
}
