//! Jobs: the object that a Pearl gateway's `getMiningInfo` returns, read and written without losing
//! a digit, and the local simnet job that needs no node.
//!
//! `target` is an integer far beyond 64 bits and there may be keys that gemmine does not know, so
//! every value is kept as the text it came as.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::U256;
use gemmine_pouw::config::Header76;
use gemmine_pouw::limits;
use gemmine_pouw::target;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::display::shortened;
use crate::files;
use crate::outcome::Named;

/// Longest job file that is read.
pub const JOB_BYTES_MAX: u64 = 1 << 20;
/// Most keys of a job; a gateway sends four.
const KEYS_MAX: usize = 1_000;
/// Compact difficulty of the local simnet job: one native tile at k = 2048 in 32 meets it.
const SIMNET_NBITS: u32 = 0x1e01_0000;
/// Block time of the local simnet job. Fixed, so that a run with the same `--seed` repeats.
const SIMNET_TIME: u32 = 1_786_406_400;

/// A job from a network.
#[derive(Clone, Debug)]
pub struct Job {
    /// Every key and value in the order of the text.
    entries: Entries,
    /// The block header without its certificate.
    pub header: Header76,
    /// The gateway's target. The consensus rule takes the header's nbits instead.
    pub target: U256,
    /// Rule that the job is to be mined by.
    pub cert_version: u32,
    /// A pool's or the local target for shares, before scaling by h*w*dot_length.
    pub share_target: Option<U256>,
}

impl Job {
    /// Reads a job file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = files::read_capped(path, JOB_BYTES_MAX)?;
        Self::parse(&bytes).with_context(|| format!("read job {}", path.display()))
    }

    /// Reads a job from JSON text.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let entries: Entries = serde_json::from_slice(text).context(
            "it is not a JSON object; save the object that the gateway's getMiningInfo returns",
        )?;
        ensure!(
            entries.get("jsonrpc").is_none(),
            "it is a whole JSON-RPC message; save only the object under its key `result`"
        );
        let header = parse_header(entries.require("incomplete_header_bytes")?)?;
        let target = parse_target(entries.require("target")?)?;
        let cert_version = parse_cert_version(entries.require("cert_version")?)?;
        let share_target = entries.get("share_target").map(parse_share_target).transpose()?;
        Ok(Self { entries, header, target, cert_version, share_target })
    }

    /// The local job: a fixed simnet header whose bytes are all distinct and in no symmetric order,
    /// so that a mistake in byte order shows.
    pub fn simnet() -> Result<Self> {
        let mut header = Vec::with_capacity(76);
        header.extend(0_u32.to_le_bytes());
        header.extend((0_u8..32).map(|i| i.wrapping_mul(7).wrapping_add(0x21)));
        header.extend((0_u8..32).map(|i| i.wrapping_mul(11).wrapping_add(0x83)));
        header.extend(SIMNET_TIME.to_le_bytes());
        header.extend(SIMNET_NBITS.to_le_bytes());
        let target = target::target_from_nbits(SIMNET_NBITS);
        let text = format!(
            r#"{{"incomplete_header_bytes":"{}","target":{target},"cert_version":3,"ancestor_headers":[]}}"#,
            STANDARD.encode(header)
        );
        Self::parse(text.as_bytes())
    }

    /// The network's own target, before scaling: what the header's nbits say.
    pub fn network_target(&self) -> U256 {
        target::target_from_nbits(self.header.nbits())
    }

    /// What to tell people if the gateway's target is not the header's.
    pub fn target_warning(&self) -> Option<String> {
        (self.target != self.network_target()).then(|| {
            format!(
                "the job's target {} is not that of its header (nbits {:#010x}: {}); the header's \
                 is what consensus compares with, so it is used",
                self.target,
                self.header.nbits(),
                self.network_target()
            )
        })
    }

    /// Adds or replaces the share target.
    pub fn set_share_target(&mut self, share_target: U256) -> Result<()> {
        let text = format!("\"{}\"", target::to_hex(share_target));
        self.entries.set("share_target", RawValue::from_string(text)?);
        self.share_target = Some(share_target);
        Ok(())
    }

    /// The job as JSON, every value as it came.
    pub fn to_json(&self) -> String {
        self.entries.to_string()
    }
}

fn parse_header(value: &RawValue) -> Result<Header76> {
    let remedy = "it must be the base64 of 76 bytes, as the gateway sends it";
    let text: String = serde_json::from_str(value.get()).ok().with_context(|| {
        format!("incomplete_header_bytes {} is not a string; {remedy}", shown(value))
    })?;
    let bytes = STANDARD.decode(&text).with_context(|| {
        format!("incomplete_header_bytes {} is not base64; {remedy}", shown(value))
    })?;
    ensure!(
        bytes.len() == 76,
        "incomplete_header_bytes {} has {} bytes; {remedy}",
        shown(value),
        bytes.len()
    );
    Ok(Header76::from_slice(&bytes)?)
}

/// Any integer is a version; one that is far out of range is unknown, like every other but 3.
fn parse_cert_version(value: &RawValue) -> Result<u32> {
    let text = value.get();
    let digits = text.strip_prefix('-').unwrap_or(text);
    ensure!(
        digits.bytes().all(|byte| byte.is_ascii_digit()),
        "cert_version {} is not an integer; Pearl mainnet has 3",
        shown(value)
    );
    let unknown = || Named {
        rule: "cert-version",
        message: format!(
            "certificate version {} (unknown) is not implemented, expected {}",
            shown(value),
            limits::CERT_VERSION
        ),
    };
    text.parse().map_err(|_| unknown().into())
}

fn parse_target(value: &RawValue) -> Result<U256> {
    let text = value.get();
    ensure!(
        text.bytes().all(|byte| byte.is_ascii_digit()),
        "target {} is not a whole number; it must be a JSON integer with all its digits, as the \
         gateway sends it",
        shown(value)
    );
    U256::from_dec_str(text)
        .ok()
        .with_context(|| format!("target {} is above 2^256 - 1; take the job anew", shown(value)))
}

fn parse_share_target(value: &RawValue) -> Result<U256> {
    let parsed = serde_json::from_str::<String>(value.get()).ok();
    parsed.as_deref().map_or_else(
        || bail!("share_target {} is not a string; it must be 64 hex digits", shown(value)),
        |text| {
            target::parse_hex(text)
                .with_context(|| format!("share_target {} can't be read", shown(value)))
        },
    )
}

/// A value for an error message.
fn shown(value: &RawValue) -> String {
    shortened(value.get())
}

/// A JSON object whose values stay text, in their order.
#[derive(Clone, Debug)]
struct Entries(Vec<(String, Box<RawValue>)>);

impl Entries {
    fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    fn require(&self, key: &str) -> Result<&RawValue> {
        self.get(key).with_context(|| {
            format!("it has no `{key}`; save the whole object that getMiningInfo returns")
        })
    }

    fn set(&mut self, key: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            let open = if index == 0 { "{" } else { "," };
            let key = serde_json::Value::from(key.as_str());
            write!(formatter, "{open}\n  {key}: {}", value.get())?;
        }
        writeln!(formatter, "\n}}")
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Entries(Vec::new());
                let mut seen = HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if entries.0.len() == KEYS_MAX {
                        let error = format_args!("it has more than {KEYS_MAX} keys");
                        return Err(de::Error::custom(error));
                    }
                    if !seen.insert(key.clone()) {
                        let key = shortened(&key);
                        return Err(de::Error::custom(format_args!("key `{key}` is there twice")));
                    }
                    entries.0.push((key, value));
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests;
