//! A pool's jobs: read strictly, and refused by name.

use std::fmt::Display;

use gemmine_pouw::config::Header76;
use gemmine_pouw::{U256, limits, target};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::shown;
use crate::work::{Job, SourceId, Work};

/// Longest name of a job, in bytes.
const NAME_MAX: usize = 256;

/// The fields, still as text. What is null is not there.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    job_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    header: Option<&'a RawValue>,
    #[serde(borrow, default)]
    target: Option<&'a RawValue>,
    #[serde(borrow, default)]
    height: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cert_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    clean_jobs: Option<&'a RawValue>,
}

/// A job, and whether shares of earlier ones still count; or why it can't be done.
pub(super) fn parse(source: SourceId, params: Option<&RawValue>) -> Result<(Job, bool), String> {
    let params = params.ok_or("a job without params")?.get();
    let wrong = || format!("a job whose params {} are not an object", shown(params));
    if !params.starts_with('{') {
        return Err(wrong());
    }
    let fields: Fields<'_> = serde_json::from_str(params).map_err(|_| wrong())?;
    // First, since other certificates may have other fields.
    cert_version(require("cert_version", fields.cert_version)?)?;
    let name = string("job_id", fields.job_id)?;
    if name.is_empty() || name.len() > NAME_MAX {
        let length = name.len();
        return Err(format!("a job whose job_id has {length} bytes, expected 1 to {NAME_MAX}"));
    }
    let header = header(&string("header", fields.header)?)?;
    let share_target = string("target", fields.target)?;
    let share_target = target::parse_hex(&share_target)
        .map_err(|error| field("target", &shown(&share_target), error))?;
    if share_target.is_zero() {
        return Err("a job whose target is 0, which no ticket meets".into());
    }
    let height = optional("height", fields.height, "a whole number")?;
    let clean_jobs = optional("clean_jobs", fields.clean_jobs, "true or false")?.unwrap_or(true);
    let network_target = target::target_from_nbits(header.nbits());
    let work = Work::Pearl { header, share_target, network_target };
    let context = context(&header, share_target).into();
    Ok((Job { source, name: name.into(), context, height, work }, !clean_jobs))
}

/// What a share's proof is bound to, and what it had to meet. A pool that was started again may call another job by the
/// same name.
fn context(header: &Header76, share_target: U256) -> String {
    format!("{} {}", hex::encode(header.as_bytes()), target::to_hex(share_target))
}

fn cert_version(value: &RawValue) -> Result<(), String> {
    let text = value.get();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(field("cert_version", &shown(text), "expected a whole number"));
    }
    let Ok(version) = text.parse() else {
        let expected = limits::CERT_VERSION;
        let version = shown(text);
        return Err(format!(
            "certificate version {version} (unknown) is not implemented, expected {expected}"
        ));
    };
    limits::check_cert_version(version).map_err(|error| error.to_string())
}

fn header(text: &str) -> Result<Header76, String> {
    let wrong = |why: &str| field("header", &shown(text), why);
    let bytes = hex::decode(text).map_err(|_| wrong("expected 152 hex digits"))?;
    Header76::from_slice(&bytes).map_err(|_| wrong(&format!("{} bytes, expected 76", bytes.len())))
}

fn require<'a>(name: &str, value: Option<&'a RawValue>) -> Result<&'a RawValue, String> {
    value.ok_or_else(|| format!("a job without {name}"))
}

fn string(name: &str, value: Option<&RawValue>) -> Result<String, String> {
    let text = require(name, value)?.get();
    serde_json::from_str(text).map_err(|_| field(name, &shown(text), "expected a string"))
}

fn optional<T: for<'a> Deserialize<'a>>(
    name: &str,
    value: Option<&RawValue>,
    expected: &str,
) -> Result<Option<T>, String> {
    let Some(value) = value else { return Ok(None) };
    let text = value.get();
    let parsed = serde_json::from_str(text);
    parsed.map(Some).map_err(|_| field(name, &shown(text), format!("expected {expected}")))
}

fn field(name: &str, seen: &str, why: impl Display) -> String {
    format!("a job whose {name} is {seen}: {why}")
}
