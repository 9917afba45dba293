//! 256-bit targets: compact form, hex, and the bound that a ticket must not exceed.

use alloc::format;
use alloc::string::String;

pub use primitive_types::U256;

use crate::digest::Digest;

/// Why a target's text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not 64 characters.
    #[error("target of {0} characters, expected 64 hex digits, big endian")]
    Length(usize),
    /// A character outside 0-9, a-f, A-F.
    #[error("target has {found:?} at position {at}, expected a hex digit")]
    Digit {
        /// The offending character.
        found: char,
        /// Its position, from 0.
        at: usize,
    },
}

/// Expands Bitcoin's compact form: `mantissa * 256^(size - 3)`.
///
/// Zero when the mantissa is zero or the sign bit is set; bits above 2^256 are dropped.
#[must_use]
pub fn target_from_nbits(nbits: u32) -> U256 {
    let size = nbits >> 24;
    let mantissa = nbits & 0x007f_ffff;
    if nbits & 0x0080_0000 != 0 {
        return U256::zero();
    }
    if size <= 3 {
        return U256::from(mantissa >> (8 * (3 - size)));
    }
    let shift = 8 * (size - 3);
    if shift >= 256 { U256::zero() } else { U256::from(mantissa) << shift }
}

/// Reads 64 hex digits, big endian.
///
/// # Errors
/// [`TargetError`] when the length or a digit is wrong.
pub fn parse_hex(text: &str) -> Result<U256, TargetError> {
    let count = text.chars().count();
    if count != 64 {
        return Err(TargetError::Length(count));
    }
    let mut value = U256::zero();
    for (at, found) in text.chars().enumerate() {
        let digit = found.to_digit(16).ok_or(TargetError::Digit { found, at })?;
        value = (value << 4) | U256::from(digit);
    }
    Ok(value)
}

/// Writes 64 lower-case hex digits, big endian.
#[must_use]
pub fn to_hex(value: U256) -> String {
    format!("{value:064x}")
}

/// What a ticket of an h x w tile must not exceed: the smaller of the two rules, saturating at 2^256 - 1.
///
/// `target` is the job's own, before scaling: the header's, or a pool's share target. The rules are
/// `target * h*w*(k - k mod r)` and `target * h*w*floor(k/r)*128`. Zero when `r` is zero.
#[must_use]
pub fn bound(target: U256, h: u32, w: u32, k: u32, r: u32) -> U256 {
    let chunks = k.checked_div(r).unwrap_or(0);
    let area = U256::from(h) * U256::from(w);
    let by_steps = area * U256::from(chunks) * U256::from(r);
    let by_chunks = area * U256::from(chunks) * U256::from(128);
    target.saturating_mul(by_steps.min(by_chunks))
}

/// Whether a ticket, read as a little-endian number, meets a bound.
#[must_use]
pub fn meets(ticket: &Digest, bound: U256) -> bool {
    U256::from_little_endian(ticket) <= bound
}
