//! The legal parameters: a verifier refuses anything else, so a miner must too, before it spends energy.

use crate::config::MiningConfig;

/// The one certificate version implemented here.
pub const CERT_VERSION: u32 = 3;
/// The smallest legal rank since height 96,251 (32 and 64 still parse).
pub const MIN_RANK: u16 = 128;
/// The largest legal rank.
pub const MAX_RANK: u16 = 1024;
/// The smallest legal k.
pub const MIN_K: u32 = 1024;
/// The largest legal k.
pub const MAX_K: u32 = 65_536;
/// k is a multiple of this.
pub const K_STEP: u32 = 64;
/// The largest legal m and n.
pub const MAX_EXTENT: u64 = 1 << 24;
/// The largest legal (h + w) * dot_length, in bytes.
pub const MAX_STRIP_BYTES: u64 = 4 << 20;

/// The parameter that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// A certificate version that is not implemented.
    #[error("certificate version {found} ({}) is not implemented, expected {CERT_VERSION}", version_name(*.found))]
    CertVersion {
        /// The version seen.
        found: u32,
    },
    /// r is not a legal power of two.
    #[error("rank r = {0}, expected a power of two from {MIN_RANK} to {MAX_RANK}")]
    Rank(u16),
    /// k out of range.
    #[error("k = {0}, expected {MIN_K} to {MAX_K}")]
    KRange(u32),
    /// k not a multiple of 64.
    #[error("k = {0}, expected a multiple of {K_STEP}")]
    KMultiple(u32),
    /// k too small or too large for r.
    #[error("k = {k} with r = {r}, expected 16 r to 4 r^2")]
    KForRank {
        /// The k seen.
        k: u32,
        /// The r seen.
        r: u16,
    },
    /// An odd side.
    #[error("tile of {h} x {w}, expected even sides")]
    TileEven {
        /// Rows.
        h: u32,
        /// Columns.
        w: u32,
    },
    /// Too few or too many results a tile.
    #[error("tile of {h} x {w}, expected 32 to 256 results")]
    TileArea {
        /// Rows.
        h: u32,
        /// Columns.
        w: u32,
    },
    /// m or n out of range.
    #[error("{name} = {found}, expected 1 to {MAX_EXTENT}")]
    Extent {
        /// `m` or `n`.
        name: &'static str,
        /// The value seen.
        found: u64,
    },
    /// Both strips together are too large.
    #[error("(h + w) * dot_length = {0}, expected at most {MAX_STRIP_BYTES}")]
    StripBytes(u64),
}

impl LimitError {
    /// A stable name of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::CertVersion { .. } => "cert-version",
            Self::Rank(_) => "rank",
            Self::KRange(_) => "k-range",
            Self::KMultiple(_) => "k-multiple",
            Self::KForRank { .. } => "k-for-rank",
            Self::TileEven { .. } => "tile-even",
            Self::TileArea { .. } => "tile-area",
            Self::Extent { .. } => "extent",
            Self::StripBytes(_) => "strip-bytes",
        }
    }
}

/// Refuses a certificate version that is not implemented, by name.
///
/// # Errors
/// [`LimitError::CertVersion`] unless it is 3.
pub const fn check_cert_version(version: u32) -> Result<(), LimitError> {
    if version == CERT_VERSION { Ok(()) } else { Err(LimitError::CertVersion { found: version }) }
}

/// Checks config and matrix extents against every limit.
///
/// # Errors
/// The first limit broken, in the order of [`LimitError`].
pub fn check(config: &MiningConfig, m: u64, n: u64) -> Result<(), LimitError> {
    let MiningConfig { k, r, .. } = *config;
    if !r.is_power_of_two() || !(MIN_RANK..=MAX_RANK).contains(&r) {
        return Err(LimitError::Rank(r));
    }
    if !(MIN_K..=MAX_K).contains(&k) {
        return Err(LimitError::KRange(k));
    }
    if !k.is_multiple_of(K_STEP) {
        return Err(LimitError::KMultiple(k));
    }
    let rank = u32::from(r);
    if k < 16 * rank || k > 4 * rank * rank {
        return Err(LimitError::KForRank { k, r });
    }
    let (h, w) = (config.h(), config.w());
    if h % 2 != 0 || w % 2 != 0 {
        return Err(LimitError::TileEven { h, w });
    }
    if !(32..=256).contains(&(u64::from(h) * u64::from(w))) {
        return Err(LimitError::TileArea { h, w });
    }
    for (name, found) in [("m", m), ("n", n)] {
        if !(1..=MAX_EXTENT).contains(&found) {
            return Err(LimitError::Extent { name, found });
        }
    }
    let strips = (u64::from(h) + u64::from(w)) * u64::from(config.dot_length());
    if strips > MAX_STRIP_BYTES {
        return Err(LimitError::StripBytes(strips));
    }
    Ok(())
}

const fn version_name(version: u32) -> &'static str {
    match version {
        4 => "V4, the proposed FP8 rule",
        0 => "no certificate",
        1 | 2 => "an earlier rule",
        _ => "unknown",
    }
}
