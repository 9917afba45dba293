//! `gemmine verify`: an offline verdict on a proof, a solution or a folder of receipts.

mod amadeus;
mod pearl;
mod receipts;
mod solutions;

use std::path::Path;

use anyhow::{Result, bail};

use crate::args::VerifyArgs;
use crate::mine::JOB_FILE;
use crate::outcome::Outcome;

/// The first rule that does not hold.
pub struct Broken {
    /// Stable name of the rule.
    pub rule: &'static str,
    /// The value seen, and what was expected.
    pub message: String,
}

/// What `valid` means, for people and for programs.
pub struct Valid {
    /// Follows `valid: ` on the first line.
    headline: String,
    /// Further lines.
    details: Vec<(&'static str, String)>,
    /// The same as JSON.
    pub json: serde_json::Map<String, serde_json::Value>,
}

/// Checks what the arguments name and prints the verdict.
///
/// # Errors
/// If something can't be read, so that there is no verdict.
pub fn run(args: &VerifyArgs) -> Result<Outcome> {
    let verdict = match args {
        VerifyArgs { job: Some(job), proof: Some(proof), target, .. } => {
            pearl::verify(job, proof, *target)?
        }
        VerifyArgs { amadeus: Some(solution), bits: Some(bits), segment_vr_hash, .. } => {
            amadeus::verify(solution, *bits, segment_vr_hash.as_ref())?
        }
        VerifyArgs { receipts: Some(folder), .. } => receipts(folder)?,
        _ => bail!("verify: name a proof with --job, or --amadeus with --bits, or --receipts"),
    };
    print_verdict(&verdict, args.json)?;
    Ok(if verdict.is_ok() { Outcome::Yes } else { Outcome::No })
}

/// Checks what `mine` wrote into a folder: the receipts' chain, and every share.
///
/// # Errors
/// If something can't be read, so that there is no verdict.
pub fn receipts(folder: &Path) -> Result<Result<Valid, Broken>> {
    // Only Pearl's shares have a job that stands for itself.
    if folder.join(JOB_FILE).exists() {
        receipts::verify(folder)
    } else {
        solutions::verify(folder)
    }
}

/// Prints what was found, and why if it is invalid.
///
/// # Errors
/// If standard output can't be written.
pub fn print_verdict(verdict: &Result<Valid, Broken>, json: bool) -> Result<()> {
    match verdict {
        Ok(valid) if json => {
            let mut object = serde_json::Map::from_iter([("valid".into(), true.into())]);
            object.extend(valid.json.clone());
            crate::print_line(&serde_json::to_string(&object)?)
        }
        Ok(Valid { headline, details, .. }) => {
            let mut text = format!("valid: {headline}");
            for (name, value) in details {
                text.push_str(&format!("\n  {name:<15} {value}"));
            }
            crate::print_line(&text)
        }
        Err(Broken { rule, message }) if json => {
            let object = serde_json::json!({
                "valid": false, "rule": rule, "message": message,
                "error": format!("{rule}: {message}"), "exit": Outcome::No.code(),
            });
            crate::print_line(&object.to_string())
        }
        Err(Broken { rule, message }) => crate::print_line(&format!("invalid: {rule}: {message}")),
    }
}
