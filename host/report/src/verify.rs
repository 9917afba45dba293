//! Whether result files may be believed: every rule that can be checked without the device.
//!
//! | rule | what it asks |
//! |---|---|
//! | `read` | the file is there, and is JSON |
//! | `schema` | it is of the form that the JSON Schema says |
//! | `checksum` | nobody has changed it since it was sealed |
//! | `time` | what was measured has a beginning and an end, in this order |
//! | `same-run` | what was measured, power and throughput above all, was measured in this file's run; joules mix a run only with estimates |
//! | `simulation` | nothing of a simulation is measured |
//! | `run-unique` | no two files claim the same run |
//! | `samples` | a measured figure is the median of its samples, one a repeat |
//! | `kind` | what is calculated is derived, what ran is measured, and the other way around |
//! | `known` | a figure whose name is known has that name's unit, kind and inputs: energy is of work done, not of a peak |
//! | `boundary` | a derived figure is of the largest thing that any of its inputs is of; of energy, of what power was taken of |
//! | `conditions` | nothing that has to be said is left blank |
//! | `idle` | a file with a power says whether power at rest is in it |
//! | `tools` | the programs that took part have names and versions |
//! | `range` | the value is inside its range, and a share between 0 and 1 |
//! | `derived` | a derived figure comes out again, with its range and unit, and not by way of itself |
//! | `source` | the key of the line, or the JSON value, that a figure names has that number in that unit; of a range, the middle |
//! | `image` | a board's BUILD and image are in the manifest, and its file has that checksum |
//! | `meter` | the meter's table beside the file, where it is kept, has that checksum |

mod known;
mod rules;
mod runs;
mod sources;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::result::{JSON_SCHEMA, ResultFile, SCHEMA, checksum};

pub use sources::{Checkout, find_root};

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that is broken.
    pub rule: &'static str,
    /// The file.
    pub file: PathBuf,
    /// Where in it, as a JSON pointer; the empty one is the whole file.
    pub pointer: String,
    /// What is wrong, and what to do.
    pub text: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, file, pointer, text } = self;
        let place = if pointer.is_empty() { "/" } else { pointer };
        write!(formatter, "{}: {place}: {rule}: {text}", file.display())
    }
}

/// Reads and verifies files. All that is wrong is named, not only the first thing.
///
/// # Errors
/// If any of them breaks a rule.
pub fn verify(files: &[PathBuf], checkout: &Checkout) -> Result<Vec<ResultFile>, Vec<Refusal>> {
    let mut results = Vec::new();
    let mut refusals = Vec::new();
    let mut runs: BTreeMap<String, &Path> = BTreeMap::new();
    for file in files {
        match verify_one(file, checkout) {
            Ok(result) => {
                if let Some(other) = runs.insert(result.run.clone(), file) {
                    refusals.push(Refusal {
                        rule: "run-unique",
                        file: file.clone(),
                        pointer: "/run".into(),
                        text: format!(
                            "{} has the run {:?}, too; give one of them",
                            other.display(),
                            result.run
                        ),
                    });
                }
                results.push(result);
            }
            Err(found) => refusals.extend(found),
        }
    }
    if refusals.is_empty() { Ok(results) } else { Err(refusals) }
}

fn verify_one(file: &Path, checkout: &Checkout) -> Result<ResultFile, Vec<Refusal>> {
    let text = std::fs::read_to_string(file);
    let value = text
        .map_err(|why| why.to_string())
        .and_then(|text| serde_json::from_str::<Value>(&text).map_err(|error| error.to_string()));
    let value = value.map_err(|text| {
        let file = file.to_owned();
        vec![Refusal { rule: "read", file, pointer: String::new(), text }]
    })?;
    verify_value(file, &value, checkout)
}

/// Verifies what a file holds; `file` is its name.
///
/// # Errors
/// If it breaks a rule.
pub fn verify_value(
    file: &Path,
    value: &Value,
    checkout: &Checkout,
) -> Result<ResultFile, Vec<Refusal>> {
    let refuse = |rule, pointer: String, text: String| Refusal {
        rule,
        file: file.to_owned(),
        pointer,
        text,
    };
    let found = schema_errors(value);
    if !found.is_empty() {
        let refusals = found.into_iter().map(|(pointer, text)| refuse("schema", pointer, text));
        return Err(refusals.collect());
    }
    let result: ResultFile = serde_json::from_value(value.clone())
        .map_err(|error| vec![refuse("schema", String::new(), error.to_string())])?;
    let mut findings = rules::Findings::default();
    let sealed = checksum(value);
    if result.checksum != sealed {
        let text = format!(
            "the contents have {sealed}: the file was changed after it was sealed; make it again"
        );
        findings.add("checksum", "/checksum", text);
    }
    rules::check(&result, &mut findings);
    sources::check(&result, checkout, &mut findings);
    sources::meter(&result, file, &mut findings);
    if findings.0.is_empty() {
        return Ok(result);
    }
    let refusals = findings.0.into_iter();
    Err(refusals.map(|(rule, pointer, text)| refuse(rule, pointer, text)).collect())
}

/// Where a value is not of the form, with what is wrong.
fn schema_errors(value: &Value) -> Vec<(String, String)> {
    let version = value.get("schema").and_then(Value::as_str);
    if version != Some(SCHEMA) {
        let found = version.map_or_else(|| "no text".to_owned(), |version| format!("{version:?}"));
        let text = format!(
            "it is {found}; this program reads {SCHEMA:?}: use the gemmine that wrote the file"
        );
        return vec![("/schema".into(), text)];
    }
    let validator =
        serde_json::from_str(JSON_SCHEMA).map_err(|error| error.to_string()).and_then(|schema| {
            jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())
        });
    match validator {
        // A test of this crate excludes it.
        Err(error) => vec![(String::new(), format!("the schema itself is wrong: {error}"))],
        Ok(validator) => validator
            .iter_errors(value)
            .map(|error| (error.instance_path().to_string(), shortened(&error.to_string())))
            .collect(),
    }
}

/// A message of the validator's without pages of the value that it is about.
fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... (shortened)", &text[..end]),
    }
}

#[cfg(test)]
mod tests;
