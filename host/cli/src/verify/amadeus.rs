//! Amadeus uPoW2 solutions.

use std::path::Path;

use anyhow::{Context, Result};
use gemmine_pouw::amadeus::{self, SOLUTION_BYTES};
use serde_json::json;

use super::{Broken, Valid};
use crate::files;
use crate::outcome::Named;

/// Checks segment, leading zero bits and the product.
pub fn verify(path: &Path, bits: u32, segment: Option<&[u8; 32]>) -> Result<Result<Valid, Broken>> {
    let solution = files::read_capped(path, 1 << 20)?;
    let hash = match amadeus::verify_solution(&solution, bits, segment) {
        Ok(hash) => hash,
        Err(refusal) if refusal.is_unreadable() => {
            let message = format!(
                "{refusal}; it is the 240-byte seed and the 16 x 16 product, int32 little endian \
                 ({SOLUTION_BYTES} bytes)"
            );
            return Err(Named { rule: refusal.rule(), message })
                .with_context(|| format!("read solution {}", path.display()));
        }
        Err(refusal) => {
            return Ok(Err(Broken { rule: refusal.rule(), message: refusal.to_string() }));
        }
    };
    let found = amadeus::leading_zero_bits(&hash);
    let segment_checked = segment.is_some();
    let object = json!({
        "protocol": "amadeus-upow2",
        "ticket": hex::encode(hash),
        "leading_zero_bits": found,
        "bits": bits,
        "segment_checked": segment_checked,
    });
    Ok(Ok(Valid {
        headline: format!("ticket {}", hex::encode(hash)),
        details: vec![
            ("difficulty", format!("{found} leading zero bits, {bits} asked for")),
            ("product", "A * B of the seed, computed again".into()),
            (
                "segment",
                match segment_checked {
                    true => "as given".into(),
                    false => "not checked; give --segment-vr-hash to check it".into(),
                },
            ),
        ],
        json: object.as_object().cloned().unwrap_or_default(),
    }))
}
