//! A folder of Amadeus solutions: the receipts' chain, and each solution again from its bytes.

use std::collections::HashMap;
use std::path::{Component, Path};

use anyhow::{Context, Result};
use gemmine_pouw::amadeus::{self, NONCE_AT, SEED_BYTES, SOLUTION_BYTES};
use serde_json::json;

use super::receipts::{contents, differs};
use super::{Broken, Valid};
use crate::display::counted;
use crate::files;
use crate::receipts::SolutionReceipt;

/// Checks chain and solutions.
pub fn verify(folder: &Path) -> Result<Result<Valid, Broken>> {
    let contents = match contents::<SolutionReceipt>(folder)? {
        Ok(contents) => contents,
        Err(broken) => return Ok(Err(broken)),
    };
    let mut tickets = HashMap::new();
    for (number, receipt) in (1_u64..).zip(&contents.receipts) {
        let broken = |message: String| Broken {
            rule: "receipts-share",
            message: format!("receipt {number}: {}: {message}", receipt.solution_file),
        };
        let checked = check(folder, receipt).with_context(|| format!("check receipt {number}"))?;
        if let Err(message) = checked {
            return Ok(Err(broken(message)));
        }
        if let Some(earlier) = tickets.insert(&receipt.ticket, number) {
            let message = format!("ticket {} is receipt {earlier}'s already", receipt.ticket);
            return Ok(Err(broken(message)));
        }
    }
    let count = contents.receipts.len() as u64;
    let accepted = contents.receipts.iter().filter(|receipt| receipt.accepted == Some(true));
    let accepted = accepted.count();
    let object = json!({
        "protocol": "amadeus-upow2",
        "receipts": count,
        "accepted": accepted,
        "torn_bytes": contents.torn_bytes,
    });
    Ok(Ok(Valid {
        headline: counted(count, "receipt"),
        details: vec![
            ("chain", "every line follows the one before".into()),
            (
                "solutions",
                format!(
                    "every product is right and says what its receipt says, no ticket twice; {accepted} \
                     were accepted by their source, which is its word alone"
                ),
            ),
        ],
        json: object.as_object().cloned().unwrap_or_default(),
    }))
}

/// Holds every field that follows from the solution against the receipt; an `Ok(Err)` names the one that differs.
fn check(folder: &Path, receipt: &SolutionReceipt) -> Result<Result<(), String>> {
    let name = Path::new(&receipt.solution_file);
    if !matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
        return Ok(Err("solution_file is no plain file name".into()));
    }
    let bytes = files::read_capped(&folder.join(name), SOLUTION_BYTES as u64 + 1)?;
    Ok(check_fields(&bytes, receipt))
}

fn check_fields(bytes: &[u8], receipt: &SolutionReceipt) -> Result<(), String> {
    let ticket = amadeus::verify_solution(bytes, receipt.bits, None)
        .map_err(|refusal| format!("{}: {refusal}", refusal.rule()))?;
    let epoch = bytes.first_chunk().map(|epoch| u32::from_le_bytes(*epoch)).unwrap_or_default();
    differs("protocol", &receipt.protocol.as_str(), &"amadeus-upow2")?;
    differs("ticket", &receipt.ticket, &hex::encode(ticket))?;
    let found = amadeus::leading_zero_bits(&ticket);
    differs("leading_zero_bits", &receipt.leading_zero_bits, &found)?;
    differs("epoch", &receipt.epoch, &epoch)?;
    differs("segment_vr_hash", &receipt.segment_vr_hash, &hex::encode(&bytes[4..36]))?;
    differs("nonce", &receipt.nonce, &hex::encode(&bytes[NONCE_AT..SEED_BYTES]))
}
