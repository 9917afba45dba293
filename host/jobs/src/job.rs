//! Jobs: the object that a Pearl gateway's `getMiningInfo` returns, read and written without losing
//! a digit, and the local simnet job that needs no node.
//!
//! `target` is an integer far beyond 64 bits and there may be keys that gemmine does not know, so
//! every value is kept as the text it came as.

mod entries;
mod error;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::U256;
use gemmine_pouw::config::Header76;
use gemmine_pouw::digest;
use gemmine_pouw::target;
use serde_json::value::RawValue;

use crate::text::shown;

use self::entries::Entries;
pub use self::error::GatewayJobError;

/// Longest job that is read.
pub const JOB_BYTES_MAX: u64 = 1 << 20;
/// Compact difficulty of the local simnet job: one native tile at k = 2048 in 32 meets it.
const SIMNET_NBITS: u32 = 0x1e01_0000;
/// Block time of the local simnet job. Fixed, so that a run with the same `--seed` repeats.
const SIMNET_TIME: u32 = 1_786_406_400;

/// A job as a gateway sends it.
#[derive(Clone, Debug)]
pub struct GatewayJob {
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

impl GatewayJob {
    /// Reads a job from JSON text.
    ///
    /// # Errors
    /// [`GatewayJobError`] with the first value that can't be read.
    pub fn parse(text: &[u8]) -> Result<Self, GatewayJobError> {
        let entries: Entries = serde_json::from_slice(text)
            .map_err(|error| GatewayJobError::Json(error.to_string()))?;
        if entries.get("jsonrpc").is_some() {
            return Err(GatewayJobError::Message);
        }
        let header = parse_header(entries.require("incomplete_header_bytes")?)?;
        let target = parse_target(entries.require("target")?)?;
        let cert_version = parse_cert_version(entries.require("cert_version")?)?;
        let share_target = entries.get("share_target").map(parse_share_target).transpose()?;
        Ok(Self { entries, header, target, cert_version, share_target })
    }

    /// The local job: a fixed simnet header whose bytes are all distinct and in no symmetric order,
    /// so that a mistake in byte order shows.
    ///
    /// # Errors
    /// None, unless this crate is broken.
    pub fn simnet() -> Result<Self, GatewayJobError> {
        Self::simnet_block(0)
    }

    /// The local job after so many others. Same difficulty, other blocks.
    ///
    /// # Errors
    /// As of [`simnet`](Self::simnet).
    pub fn simnet_block(number: u32) -> Result<Self, GatewayJobError> {
        let mut header = Vec::with_capacity(76);
        header.extend(0_u32.to_le_bytes());
        header.extend((0_u8..32).map(|i| i.wrapping_mul(7).wrapping_add(0x21)));
        match number {
            0 => header.extend((0_u8..32).map(|i| i.wrapping_mul(11).wrapping_add(0x83))),
            _ => header.extend(digest::hash(&number.to_le_bytes())),
        }
        header.extend(SIMNET_TIME.wrapping_add(number).to_le_bytes());
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

    /// Whether it asks for the same work, whatever else is in it.
    pub fn same_work(&self, other: &Self) -> bool {
        let work = |job: &Self| (job.header, job.target, job.cert_version, job.share_target);
        work(self) == work(other)
    }

    /// Adds or replaces the share target.
    ///
    /// # Errors
    /// None, unless this crate is broken.
    pub fn set_share_target(&mut self, share_target: U256) -> Result<(), GatewayJobError> {
        let text = format!("\"{}\"", target::to_hex(share_target));
        let value = RawValue::from_string(text);
        let value = value.map_err(|error| GatewayJobError::Json(error.to_string()))?;
        self.entries.set("share_target", value);
        self.share_target = Some(share_target);
        Ok(())
    }

    /// The job as JSON, every value as it came.
    pub fn to_json(&self) -> String {
        self.entries.to_string()
    }
}

fn parse_header(value: &RawValue) -> Result<Header76, GatewayJobError> {
    let wrong = |why: &str| GatewayJobError::Header { value: shown(value.get()), why: why.into() };
    let text: String = serde_json::from_str(value.get()).map_err(|_| wrong("is not a string"))?;
    let bytes = STANDARD.decode(&text).map_err(|_| wrong("is not base64"))?;
    Header76::from_slice(&bytes).map_err(|_| wrong(&format!("has {} bytes", bytes.len())))
}

/// Any integer is a version; one that is far out of range is unknown, like every other but 3.
fn parse_cert_version(value: &RawValue) -> Result<u32, GatewayJobError> {
    let text = value.get();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GatewayJobError::CertVersionType(shown(text)));
    }
    text.parse().map_err(|_| GatewayJobError::CertVersion(shown(text)))
}

fn parse_target(value: &RawValue) -> Result<U256, GatewayJobError> {
    let text = value.get();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GatewayJobError::TargetType(shown(text)));
    }
    U256::from_dec_str(text).map_err(|_| GatewayJobError::TargetRange(shown(text)))
}

fn parse_share_target(value: &RawValue) -> Result<U256, GatewayJobError> {
    let text: String = serde_json::from_str(value.get())
        .map_err(|_| GatewayJobError::ShareTargetType(shown(value.get())))?;
    target::parse_hex(&text).map_err(|error| {
        let value = shown(value.get());
        GatewayJobError::ShareTarget { value, error }
    })
}

#[cfg(test)]
mod tests;
