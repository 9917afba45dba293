//! The job's fixed bytes: block header, mining config, and the job key they hash to.

use crate::digest::{self, Digest};
use crate::pattern::{Pattern, PatternError};

/// Why a header or config was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A header of the wrong length.
    #[error("header of {0} bytes, expected 76")]
    HeaderLength(usize),
    /// A config of the wrong length.
    #[error("config of {0} bytes, expected 52")]
    ConfigLength(usize),
    /// Not the int7 x int7 -> int32 multiply.
    #[error("mma type {0}, expected 0 (int7 x int7 -> int32)")]
    MmaType(u16),
    /// A reserved byte is not zero.
    #[error("reserved config byte {at} is {value:#04x}, expected 0")]
    Reserved {
        /// Position in the 52 bytes.
        at: usize,
        /// The value seen.
        value: u8,
    },
    /// The pattern of rows.
    #[error("rows pattern: {0}")]
    Rows(PatternError),
    /// The pattern of columns.
    #[error("cols pattern: {0}")]
    Cols(PatternError),
}

/// A block header without its certificate: 76 bytes, exactly as hashed.
///
/// `version u32 | prev_block 32 B | merkle_root 32 B | time u32 | nbits u32`, little endian, hashes byte-reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header76(pub [u8; 76]);

impl Header76 {
    /// Takes exactly 76 bytes.
    ///
    /// # Errors
    /// [`ConfigError::HeaderLength`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ConfigError> {
        bytes.try_into().map(Self).map_err(|_| ConfigError::HeaderLength(bytes.len()))
    }

    /// The bytes, as hashed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 76] {
        &self.0
    }

    /// The block's difficulty in compact form.
    #[must_use]
    pub const fn nbits(&self) -> u32 {
        let bytes = &self.0;
        u32::from_le_bytes([bytes[72], bytes[73], bytes[74], bytes[75]])
    }
}

/// Shape of the multiply and of its tiles, committed to by the job key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MiningConfig {
    /// Length of the dot product.
    pub k: u32,
    /// Noise rank, and steps of a chunk.
    pub r: u16,
    /// Rows of a tile, relative to its start.
    pub rows: Pattern,
    /// Columns of a tile, relative to its start.
    pub cols: Pattern,
}

impl MiningConfig {
    /// Contiguous 16x16 tiles, the accelerator's native shape.
    #[must_use]
    pub const fn native(k: u32, r: u16) -> Self {
        Self { k, r, rows: Pattern::NATIVE, cols: Pattern::NATIVE }
    }

    /// h: rows of a tile.
    #[must_use]
    pub fn h(&self) -> u32 {
        self.rows.count()
    }

    /// w: columns of a tile.
    #[must_use]
    pub fn w(&self) -> u32 {
        self.cols.count()
    }

    /// The steps that count for the ticket: `k - k mod r`. Zero when `r` is zero.
    #[must_use]
    pub fn dot_length(&self) -> u32 {
        self.k.checked_rem(self.r.into()).map_or(0, |tail| self.k - tail)
    }

    /// The 52 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 52] {
        let mut bytes = [0; 52];
        bytes[..4].copy_from_slice(&self.k.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.r.to_le_bytes());
        bytes[8..14].copy_from_slice(&self.rows.to_bytes());
        bytes[14..20].copy_from_slice(&self.cols.to_bytes());
        bytes
    }

    /// Reads the 52 bytes. Says nothing about legal ranges: see [`crate::limits`].
    ///
    /// # Errors
    /// [`ConfigError`] when they are not a dense int7 config in canonical spelling.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ConfigError> {
        let bytes: &[u8; 52] =
            bytes.try_into().map_err(|_| ConfigError::ConfigLength(bytes.len()))?;
        let mma_type = u16::from_le_bytes([bytes[6], bytes[7]]);
        if mma_type != 0 {
            return Err(ConfigError::MmaType(mma_type));
        }
        if let Some((at, &value)) = bytes.iter().enumerate().skip(20).find(|(_, b)| **b != 0) {
            return Err(ConfigError::Reserved { at, value });
        }
        let six = |at: usize| [0, 1, 2, 3, 4, 5].map(|i: usize| bytes[at + i]);
        Ok(Self {
            k: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            r: u16::from_le_bytes([bytes[4], bytes[5]]),
            rows: Pattern::from_bytes(six(8)).map_err(ConfigError::Rows)?,
            cols: Pattern::from_bytes(six(14)).map_err(ConfigError::Cols)?,
        })
    }
}

/// `B3(header76 ‖ config52)`: the key of both commitments.
#[must_use]
pub fn job_key(header: &Header76, config: &MiningConfig) -> Digest {
    let mut bytes = [0; 128];
    bytes[..76].copy_from_slice(header.as_bytes());
    bytes[76..].copy_from_slice(&config.to_bytes());
    digest::hash(&bytes)
}
