//! A result file: what is known of one device, with the origin of every figure, sealed by a checksum.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::derive::Figures;
use crate::figure::FigureError;

/// The version of the form of result files.
pub const SCHEMA: &str = "gemmine-result-1";

/// The JSON Schema of a result file, as committed.
pub const JSON_SCHEMA: &str = include_str!("../schema/result.schema.json");

/// What is known of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultFile {
    /// [`SCHEMA`].
    pub schema: String,
    /// Ties together what was found out at the same time: throughput and power, above all. Another one for every run.
    #[schemars(length(min = 1))]
    pub run: String,
    /// What it is of.
    pub device: Device,
    /// What it worked by.
    pub protocols: Vec<Protocol>,
    /// By name; [`names`] has those that the report knows.
    pub figures: Figures,
    /// What keeps it from doing more, in a sentence.
    #[schemars(length(min = 1))]
    pub limit: String,
    /// Under which conditions.
    pub conditions: Conditions,
    /// Register BUILD of the device, 8 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{8}$"))]
    pub build: Option<String>,
    /// The image that the figures are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The meter's table that its power is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<MeterTable>,
    /// Versions of the programs that took part, by name.
    pub tools: BTreeMap<String, String>,
    /// When the run began, RFC 3339 in UTC; none where nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// BLAKE3 of the [canonical] JSON of everything else, as `blake3:` and 64 hex digits.
    #[schemars(regex(pattern = "^blake3:[0-9a-f]{64}$"))]
    pub checksum: String,
}

/// What a result is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its name in files and on the command line.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9-]*$"))]
    pub name: String,
    /// Its name for people.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What it is.
    pub class: Class,
    /// The chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// P x Q, of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<String>,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A board with an FPGA.
    Fpga,
    /// A computer's processor.
    Cpu,
    /// A graphics processor.
    Gpu,
    /// A graphics processor's programs on a computer's processor: that the path works, and nothing of speed.
    SoftwareGpu,
    /// A chip for this alone.
    Asic,
    /// A simulation of a device: in this process, behind a pseudo-terminal, or behind a vfio-user socket. What its run
    /// shows is modelled, and says nothing of hardware.
    Simulation,
}

/// What a device worked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// Pearl certificate V3, products that somebody wants.
    #[serde(rename = "pearl-v3")]
    Pearl,
    /// Pearl certificate V3 on matrices of zeros: the network takes it, and it is of no use.
    #[serde(rename = "pearl-v3-zero-signal")]
    PearlZeroSignal,
    /// Amadeus uPoW2.
    #[serde(rename = "amadeus-upow2")]
    Amadeus,
    /// Products alone: what the device holds is too short for a tile that a network takes.
    #[serde(rename = "matmul")]
    Matmul,
}

impl Protocol {
    /// Its name, as in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pearl => "pearl-v3",
            Self::PearlZeroSignal => "pearl-v3-zero-signal",
            Self::Amadeus => "amadeus-upow2",
            Self::Matmul => "matmul",
        }
    }

    /// Its name, as people say it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pearl => "Pearl",
            Self::PearlZeroSignal => "Pearl without a signal",
            Self::Amadeus => "Amadeus",
            Self::Matmul => "products alone",
        }
    }
}

/// An image that a device was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// From the root of the checkout.
    pub file: String,
    /// Its checksum, 64 hex digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
}

/// A meter's table, kept beside the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeterTable {
    /// Its name, from the folder of the result file.
    #[schemars(length(min = 1))]
    pub file: String,
    /// Its checksum, 64 hex digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub blake3: String,
}

/// Under which conditions a result came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// How the operands were distributed, and from which seed.
    #[schemars(length(min = 1))]
    pub operands: String,
    /// What ran before anything counted.
    #[schemars(length(min = 1))]
    pub warm_up: String,
    /// How often it was repeated.
    pub repeats: u32,
    /// Whether what the device takes at rest is in its power.
    pub idle: Idle,
    /// The processor of the host; none where no host took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_cpu: Option<String>,
    /// Its operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The commands that make this file again, in order.
    #[schemars(length(min = 1))]
    pub commands: Vec<String>,
    /// What else a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether what a device takes at rest is in its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// All that the device took.
    Included,
    /// Only what it took more than at rest.
    Subtracted,
    /// Nobody said.
    Unknown,
    /// There is no power in this file.
    NoPower,
}

impl Idle {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Included => "idle power included",
            Self::Subtracted => "idle power subtracted",
            Self::Unknown => "unknown whether idle power is included",
            Self::NoPower => "no power given",
        }
    }
}

/// Names of figures that the report knows. Others are kept, and listed with their origin.
pub mod names {
    /// MAC/s of the device at work, operands where it wants them.
    pub const THROUGHPUT: &str = "throughput";
    /// MAC/s of the array whenever it has work: as if the link never kept it waiting. Of a processor its kernel alone.
    pub const THROUGHPUT_FED: &str = "throughput-fed";
    /// MAC/s where every tile's operands come over the link.
    pub const THROUGHPUT_STREAMED: &str = "throughput-streamed";
    /// MAC a cycle if every PE works.
    pub const PEAK: &str = "peak";
    /// MAC/s if every PE works in every cycle.
    pub const PEAK_RATE: &str = "peak-rate";
    /// The clock.
    pub const CLOCK: &str = "clock";
    /// Watts at work.
    pub const POWER: &str = "power";
    /// pJ/MAC.
    pub const ENERGY_PER_MAC: &str = "energy-per-mac";
    /// pJ/MAC as if the link never kept the array waiting, with the power of the whole board.
    pub const ENERGY_PER_MAC_FED: &str = "energy-per-mac-fed";
    /// pJ/MAC where every tile's operands come over the link.
    pub const ENERGY_PER_MAC_STREAMED: &str = "energy-per-mac-streamed";
    /// MAC/J: throughput a watt.
    pub const MACS_PER_JOULE: &str = "macs-per-joule";
    /// MAC/s a dollar.
    pub const MACS_PER_DOLLAR: &str = "macs-per-dollar";
    /// What it costs.
    pub const PRICE: &str = "price";
    /// Joules of a Pearl ticket of the native tile, each of operands that no ticket before had.
    pub const ENERGY_PER_TICKET: &str = "energy-per-ticket";
    /// Pearl tickets a second of a measured run.
    pub const TICKETS_MEASURED: &str = "tickets";
    /// Joules of a Pearl ticket without a signal: no useful work.
    pub const ENERGY_PER_ZERO_TICKET: &str = "energy-per-ticket-zero-signal";
    /// Pearl tickets a second without a signal: no useful work.
    pub const TICKETS: &str = "tickets-zero-signal";
    /// Amadeus attempts a second.
    pub const ATTEMPTS: &str = "attempts";
    /// Amadeus attempts a joule.
    pub const ATTEMPTS_PER_JOULE: &str = "attempts-per-joule";
    /// Joules of an Amadeus attempt.
    pub const ENERGY_PER_ATTEMPT: &str = "energy-per-attempt";
    /// Bytes a second that the link carries one way.
    pub const LINK: &str = "link";
    /// MAC for a byte in the busier direction of the link, with operands in the device.
    pub const INTENSITY: &str = "intensity";
    /// The same with operands over the link.
    pub const INTENSITY_STREAMED: &str = "intensity-streamed";
    /// Shares of the cycles: with a step, and without one for want of a descriptor, a panel, a bank, a ticket.
    pub const USE: [&str; 5] = ["use-step", "use-link", "use-panel", "use-drain", "use-hash"];
    /// The same with operands over the link.
    pub const USE_STREAMED: [&str; 5] = [
        "use-streamed-step",
        "use-streamed-link",
        "use-streamed-panel",
        "use-streamed-drain",
        "use-streamed-hash",
    ];
}

/// Why a result file can't be read or made.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The file can't be read or written.
    #[error("{doing} {}: {why}", .file.display())]
    File {
        /// Read or write.
        doing: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// It is no JSON, or not of the form.
    #[error("read {}: {why}; `gemmine report verify` names the place", .file.display())]
    Parse {
        /// The file.
        file: PathBuf,
        /// What is wrong, with its place.
        why: String,
    },
    /// A figure can't be made.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl ResultFile {
    /// Whether its energy is of work with operands of its own for every tile: that of a computer which mined. A board's
    /// is of operands at hand, and the other is told apart by its name; products alone and a zero signal have no new ones.
    pub fn works_on_new_operands(&self) -> bool {
        !matches!(self.device.class, Class::Fpga | Class::Asic)
            && !self.protocols.contains(&Protocol::Matmul)
            && !self.protocols.contains(&Protocol::PearlZeroSignal)
    }

    /// Reads a file, without verifying it.
    ///
    /// # Errors
    /// If it can't be read or is not of the form.
    pub fn read(file: &Path) -> Result<Self, ResultError> {
        let text = std::fs::read_to_string(file).map_err(|why| ResultError::File {
            doing: "read",
            file: file.to_owned(),
            why,
        })?;
        serde_json::from_str(&text)
            .map_err(|error| ResultError::Parse { file: file.to_owned(), why: error.to_string() })
    }

    /// Writes its checksum into it.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.checksum = checksum(&self.to_value());
        self
    }

    /// As a JSON value.
    pub fn to_value(&self) -> Value {
        // Of plain data whose numbers are finite: it can't fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As it is written: indented, with a line feed behind it.
    pub fn to_text(&self) -> String {
        format!("{:#}\n", self.to_value())
    }
}

/// The checksum of a result file, whatever it has for one.
pub fn checksum(file: &Value) -> String {
    let mut text = String::new();
    match file {
        Value::Object(fields) => {
            let rest = fields.iter().filter(|(name, _)| *name != "checksum");
            let rest: Map<String, Value> =
                rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            canonical(&Value::Object(rest), &mut text);
        }
        other => canonical(other, &mut text),
    }
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}

/// Appends the canonical JSON of a value: no spaces, names in the order of their bytes, numbers and strings as
/// `serde_json` writes them.
pub fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            text.push('{');
            for (n, (name, value)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                canonical(value, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// The JSON Schema that follows from the types.
pub fn json_schema() -> String {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<ResultFile>();
    format!("{:#}\n", schema.as_value())
}

#[cfg(test)]
pub(crate) mod tests;
