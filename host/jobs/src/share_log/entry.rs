//! What a line of the log says.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::text::{LABEL_BYTES_MAX, REASON_BYTES_MAX, clean};
use super::totals::Totals;
use crate::work::{ShareId, Verdict};

/// Longest [`Share::context`] that is kept, in bytes.
pub const CONTEXT_BYTES_MAX: usize = 256 << 10;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A process began.
    Start(Start),
    /// A share was found; its proof is in a file already.
    Share(Box<Share>),
    /// A share went out on the wire: from here on its source may have it.
    Sent(Sent),
    /// What became of a share.
    Answer(Answer),
    /// What a device's hits prove that it did.
    Credit(Credit),
    /// The first line of a file that follows another: what all files before come to. The log writes it by itself.
    Carried(Box<Carried>),
}

/// A process began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The program's version.
    pub version: String,
    /// A random name of this run.
    pub run: String,
    /// Host clock, seconds since 1970.
    pub unix_time_s: u64,
}

/// A share. Hashes and targets are hex; targets big endian and before scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Its ticket (Pearl) or its solution's hash (Amadeus), in the byte order in which they are hashed.
    pub share: ShareId,
    /// Name of its job's source.
    pub source: String,
    /// Name of its job.
    pub job: String,
    /// What the source needs to see again with it, as it was: [`crate::work::Job::context`]. Nothing if that was
    /// longer than [`CONTEXT_BYTES_MAX`]; then it can't be submitted after a restart.
    pub context: Option<String>,
    /// Height of the block that was looked for, where the source says.
    pub height: Option<u64>,
    /// The work, with its `protocol`.
    #[serde(flatten)]
    pub work: ShareWork,
    /// Whether it also meets the network's own target, where that is known.
    pub meets_network: Option<bool>,
    /// Device that found it.
    pub device: String,
    /// The physical array, `PxQ`, or `none`.
    pub geometry: String,
    /// Hash of the device's own Verilog, where there is one.
    pub build: Option<String>,
    /// Device cycle of the tile's last result, since the device started, where it counts them.
    pub device_cycle: Option<u64>,
    /// MACs that such a share takes on average.
    pub macs_expected: f64,
    /// Energy in picojoules, if something measured it.
    pub energy_pj: Option<u64>,
    /// How the energy was measured.
    pub energy_source: String,
    /// File that holds the proof, in the same folder. The log fills it in.
    pub proof_file: String,
    /// BLAKE3 of the proof's bytes (not of their base64). The log fills it in.
    pub proof_blake3: String,
    /// Host clock when it was found, seconds since 1970.
    pub unix_time_s: u64,
}

/// What a share is a share of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol")]
pub enum ShareWork {
    /// A tile of a product.
    #[serde(rename = "pearl-v3")]
    Pearl {
        /// The job's header, 76 bytes.
        header: String,
        /// The share target that it met.
        share_target: String,
        /// m, n, k and r of the multiplication.
        m: u32,
        /// See `m`.
        n: u32,
        /// See `m`.
        k: u32,
        /// See `m`.
        r: u32,
        /// The tile's first row.
        t_row: u32,
        /// The tile's first column.
        t_col: u32,
        /// Seed of the run's nonces.
        seed: u64,
        /// Which pass over the product: 0 is the useful one.
        pass: u64,
    },
    /// An attempt from a seed.
    #[serde(rename = "amadeus-upow2")]
    Amadeus {
        /// The chain's epoch.
        epoch: u32,
        /// The chain's segment.
        segment_vr_hash: String,
        /// The nonce, 12 bytes.
        nonce: String,
        /// Leading zero bits that were asked for.
        bits: u32,
    },
}

impl ShareWork {
    /// Whose rule it is by.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Pearl { .. } => Protocol::Pearl,
            Self::Amadeus { .. } => Protocol::Amadeus,
        }
    }
}

/// A network's proof of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Pearl, certificate V3.
    #[serde(rename = "pearl-v3")]
    Pearl,
    /// Amadeus, uPoW2.
    #[serde(rename = "amadeus-upow2")]
    Amadeus,
}

/// A share went out on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Which.
    pub share: ShareId,
    /// To whom.
    pub source: String,
    /// Host clock, seconds since 1970.
    pub unix_time_s: u64,
}

/// What became of a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which.
    pub share: ShareId,
    /// What was said to it, or that nothing was.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long that took.
    pub latency_ms: u64,
    /// Host clock, seconds since 1970.
    pub unix_time_s: u64,
}

/// What a device's verified hits prove since its last line of this kind. Nothing else counts as work done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credit {
    /// Which device.
    pub device: String,
    /// Hash of the device's own Verilog, where there is one.
    pub build: Option<String>,
    /// By whose rule.
    pub protocol: Protocol,
    /// MACs that the hits take on average.
    pub macs: f64,
    /// Hits that the host computed again and agrees with, shares among them.
    pub hits: u64,
    /// Hits that the host computed otherwise.
    pub wrong: u64,
    /// Seconds from the device's last line of this kind, or from its start, to this one.
    pub seconds: f64,
    /// Host clock, seconds since 1970.
    pub unix_time_s: u64,
}

/// What all files before this one come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Number of this file.
    pub file: u64,
    /// The oldest file with a share that had no answer yet; this one, if there is none.
    pub pending_since: u64,
    /// What was counted so far.
    pub totals: Totals,
}

impl Entry {
    /// Bounds what other people wrote, and takes out of it what a terminal would obey.
    pub(super) fn clean(&mut self) {
        match self {
            Self::Start(start) => {
                clean(&mut start.version, LABEL_BYTES_MAX);
                clean(&mut start.run, LABEL_BYTES_MAX);
            }
            Self::Share(share) => share.clean(),
            Self::Sent(sent) => clean(&mut sent.source, LABEL_BYTES_MAX),
            Self::Answer(answer) => match &mut answer.verdict {
                Verdict::Stale { reason }
                | Verdict::Rejected { reason, .. }
                | Verdict::Unanswered { reason } => clean(reason, REASON_BYTES_MAX),
                Verdict::Accepted | Verdict::Acknowledged | Verdict::Known => {}
            },
            Self::Credit(credit) => {
                clean(&mut credit.device, LABEL_BYTES_MAX);
                credit.build.iter_mut().for_each(|build| clean(build, LABEL_BYTES_MAX));
            }
            Self::Carried(_) => {}
        }
    }
}

impl Share {
    fn clean(&mut self) {
        for label in [
            &mut self.source,
            &mut self.job,
            &mut self.device,
            &mut self.geometry,
            &mut self.energy_source,
        ] {
            clean(label, LABEL_BYTES_MAX);
        }
        self.build.iter_mut().for_each(|build| clean(build, LABEL_BYTES_MAX));
        self.context.take_if(|context| context.len() > CONTEXT_BYTES_MAX);
        match &mut self.work {
            ShareWork::Pearl { header, share_target, .. } => {
                clean(header, LABEL_BYTES_MAX);
                clean(share_target, LABEL_BYTES_MAX);
            }
            ShareWork::Amadeus { segment_vr_hash, nonce, .. } => {
                clean(segment_vr_hash, LABEL_BYTES_MAX);
                clean(nonce, LABEL_BYTES_MAX);
            }
        }
    }
}

impl Serialize for ShareId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ShareId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut id = [0; 32];
        hex::decode_to_slice(&text, &mut id)
            .map_err(|_| de::Error::custom("a share's name is 64 hex digits"))?;
        Ok(Self(id))
    }
}
