//! What is stored about a share, for each protocol.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A receipt as the log sees it.
pub trait Record: Serialize + DeserializeOwned {
    /// What no two shares have in common.
    fn ticket(&self) -> &str;

    /// Where a run with the same seed goes on, if there is such a thing: seed and pass.
    fn pass(&self) -> Option<(u64, u64)>;
}

/// What is stored about a Pearl share. Hashes and targets are hex; tickets in the byte order in which
/// they are hashed, targets big endian and before scaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// File that holds the proof, in the same folder.
    pub share_file: String,
    /// BLAKE3 of the proof's bytes (not of their base64).
    pub proof_blake3: String,
    /// Hash of the fold.
    pub ticket: String,
    /// Whether the ticket also meets the network's own target.
    pub meets_network: bool,
    /// The share target that it met.
    pub share_target: String,
    /// The job's header, 76 bytes.
    pub header: String,
    /// Hash of header and config.
    pub job_key: String,
    /// Certificate version.
    pub cert_version: u32,
    /// m, n, k and r of the multiplication.
    pub m: usize,
    /// See `m`.
    pub n: usize,
    /// See `m`.
    pub k: usize,
    /// See `m`.
    pub r: usize,
    /// The tile's first row.
    pub t_row: usize,
    /// The tile's first column.
    pub t_col: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Which pass over the product: 0 is the useful one.
    pub pass: u64,
    /// Device that reported the hit.
    pub device: String,
    /// The physical array, `PxQ`.
    pub geometry: String,
    /// Device cycle of the tile's last result, since the device started. Modelled where the device is.
    pub device_cycle: u64,
    /// Host clock when the share was saved, seconds since 1970.
    pub unix_time_s: u64,
    /// Energy in picojoules, if something measured it.
    pub energy_pj: Option<u64>,
    /// How the energy was measured.
    pub energy_source: String,
}

impl Record for Receipt {
    fn ticket(&self) -> &str {
        &self.ticket
    }

    fn pass(&self) -> Option<(u64, u64)> {
        Some((self.seed, self.pass))
    }
}

/// What is stored about an Amadeus solution. Hashes and seeds are hex, in the order of their bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolutionReceipt {
    /// `amadeus-upow2`.
    pub protocol: String,
    /// File that holds the solution, 1264 bytes, in the same folder.
    pub solution_file: String,
    /// BLAKE3 of the solution: what is compared with the difficulty.
    pub ticket: String,
    /// Leading zero bits of the ticket.
    pub leading_zero_bits: u32,
    /// Leading zero bits that were asked for.
    pub bits: u32,
    /// The chain's epoch.
    pub epoch: u32,
    /// The chain's segment.
    pub segment_vr_hash: String,
    /// The nonce, 12 bytes.
    pub nonce: String,
    /// Where the seed came from.
    pub source: String,
    /// What the source said to the solution; nothing if it was not asked, or did not answer.
    pub accepted: Option<bool>,
    /// Device that found it.
    pub device: String,
    /// The physical array, `PxQ`, or `none`.
    pub geometry: String,
    /// Host clock when the solution was saved, seconds since 1970.
    pub unix_time_s: u64,
    /// Energy in picojoules, if something measured it.
    pub energy_pj: Option<u64>,
    /// How the energy was measured.
    pub energy_source: String,
}

impl Record for SolutionReceipt {
    fn ticket(&self) -> &str {
        &self.ticket
    }

    fn pass(&self) -> Option<(u64, u64)> {
        None
    }
}
