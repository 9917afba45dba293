//! A folder that `mine` wrote: the receipts' chain, and each share again from its bytes.

use std::path::{Component, Path};

use anyhow::{Context, Result};
use gemmine_pouw::config::Header76;
use gemmine_pouw::target;
use gemmine_pouw::verify::verify as verify_proof;
use serde_json::json;

use super::pearl::read_proof;
use super::{Broken, Valid};
use crate::display::counted;
use crate::receipts::{self, Damage, Receipt};

/// Checks chain and shares.
pub fn verify(folder: &Path) -> Result<Result<Valid, Broken>> {
    let contents = match receipts::check(&folder.join(receipts::FILE_NAME)) {
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
    for (index, receipt) in contents.receipts.iter().enumerate() {
        if let Err(error) = check_share(folder, receipt) {
            let message = format!("receipt {}: {}: {error:#}", index + 1, receipt.share_file);
            return Ok(Err(Broken { rule: "receipts-share", message }));
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
                format!("every proof is valid for its receipt; {network} met the network target"),
            ),
        ],
        json: object.as_object().cloned().unwrap_or_default(),
    }))
}

fn check_share(folder: &Path, receipt: &Receipt) -> Result<()> {
    let name = Path::new(&receipt.share_file);
    let plain = matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    anyhow::ensure!(plain, "its name is no plain file name");
    let proof = read_proof(&folder.join(name))?;
    let hash = blake3::hash(&proof).to_hex();
    anyhow::ensure!(
        hash.as_str() == receipt.proof_blake3,
        "its proof's BLAKE3 is {hash}, the receipt says {}",
        receipt.proof_blake3
    );
    let header = hex::decode(&receipt.header).context("the receipt's header is not hex")?;
    let header = Header76::from_slice(&header)?;
    let share_target = target::parse_hex(&receipt.share_target)?;
    let verified = verify_proof(&header, receipt.cert_version, &proof, Some(share_target))
        .map_err(|refusal| anyhow::anyhow!("{}: {refusal}", refusal.rule()))?;
    let ticket = hex::encode(verified.ticket);
    anyhow::ensure!(
        ticket == receipt.ticket,
        "its ticket is {ticket}, the receipt says {}",
        receipt.ticket
    );
    Ok(())
}
