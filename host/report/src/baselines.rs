//! What others publish, each number with its source and kind: `benches/baselines.toml`.
//!
//! A number keeps the line that it stands in, so that whatever is calculated from it can be followed back.

pub mod figures;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::figure::Kind;

/// The table that is compiled in.
pub const EMBEDDED: &str = include_str!("../../../benches/baselines.toml");
/// Its place in the checkout.
pub const FILE: &str = "benches/baselines.toml";

/// The table.
#[derive(Clone, Debug)]
pub struct Baselines {
    /// Its place, for sources: from the root of the checkout where it is the committed one.
    pub file: String,
    /// What it says.
    pub table: Table,
    /// Where each line ends, in bytes.
    ends: Vec<usize>,
}

/// A number with its place.
pub type Number = Spanned<f64>;

/// What the table says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What the networks count.
    pub work: Work,
    /// Graphics processors.
    #[serde(default)]
    pub gpu: Vec<Accelerator>,
    /// Other chips that multiply matrices.
    #[serde(default)]
    pub asic: Vec<Accelerator>,
    /// Who mines Amadeus, and how fast.
    #[serde(default)]
    pub amadeus: Vec<Amadeus>,
    /// Who mines Bitcoin.
    #[serde(default)]
    pub sha256d: Vec<Sha256d>,
    /// Boards with FPGAs.
    #[serde(default)]
    pub board: Vec<Board>,
    /// How an unpublished power is estimated.
    #[serde(default)]
    pub cells: Vec<Cells>,
    /// Energy of arithmetic by process node.
    #[serde(default)]
    pub arithmetic: Vec<Arithmetic>,
    /// Energy of other operations, and of memory.
    #[serde(default)]
    pub operation: Vec<Operation>,
    /// How much of its dynamic power a device at work takes.
    pub activity: Activity,
    /// How far apart sources of it are.
    pub spread: Spread,
    /// What later nodes gain.
    pub scaling: Scaling,
}

/// What the networks count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// MACs of a ticket of the native tile.
    pub pearl_ticket_macs: Number,
    /// MACs of an attempt.
    pub amadeus_attempt_macs: Number,
    /// Bytes of a native tile's two panels.
    pub streamed_bytes_per_tile: Number,
    /// Who says so.
    pub source: String,
}

/// A chip or card that multiplies int8 matrices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// Its name.
    pub name: String,
    /// Its memory in GB.
    pub memory_gb: Option<f64>,
    /// What it costs.
    pub price: Option<Price>,
    /// What its maker says.
    pub peak: Option<Peak>,
    /// What a mining program's release notes say.
    pub mining: Option<Mining>,
}

/// What something costs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// US dollars.
    pub usd: Number,
    /// Whose price.
    pub source: String,
}

/// What a maker says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peak {
    /// Dense int8, 10^12 operations a second, two a MAC.
    pub tops: Number,
    /// Watts, of which `watts_are` says what they mean.
    pub watts: Option<Number>,
    /// What the watts mean.
    pub watts_are: Option<Watts>,
    /// How the figures came about.
    pub kind: Kind,
    /// Who says so.
    pub source: String,
}

/// What a mining program's publisher says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mining {
    /// 10^12 MACs a second; a range where one was given.
    pub tmac_s: Spanned<OneOrRange>,
    /// Watts, of which `watts_are` says what they mean.
    pub watts: Option<Number>,
    /// What the watts mean.
    pub watts_are: Option<Watts>,
    /// How the figures came about.
    pub kind: Kind,
    /// Who says so.
    pub source: String,
}

/// A number, or the lowest and the highest.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number, or an array of two: lowest and highest")]
pub enum OneOrRange {
    /// One.
    One(f64),
    /// Two.
    Range([f64; 2]),
}

impl OneOrRange {
    /// Lowest and highest, alike of one number.
    pub const fn ends(&self) -> [f64; 2] {
        match *self {
            Self::One(value) => [value, value],
            Self::Range(ends) => ends,
        }
    }
}

/// What watts mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Watts {
    /// Thermal design power.
    #[serde(rename = "TDP")]
    Tdp,
    /// Typical board power.
    #[serde(rename = "TBP")]
    Tbp,
    /// Total graphics power.
    #[serde(rename = "TGP")]
    Tgp,
    /// A product brief's largest limit.
    #[serde(rename = "cap")]
    Cap,
    /// What the driver's meter shows at work.
    #[serde(rename = "load")]
    Load,
}

impl Watts {
    /// As it stands next to a number.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tdp => "TDP",
            Self::Tbp => "TBP",
            Self::Tgp => "TGP",
            Self::Cap => "cap",
            Self::Load => "load",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tdp => {
                "thermal design power: what the cooling is made for, not what it takes at this rate"
            }
            Self::Tbp => "typical board power, of the whole card, not what it takes at this rate",
            Self::Tgp => "total graphics power: the card's limit, not what it takes at this rate",
            Self::Cap => {
                "the largest power limit of the product brief, not what it takes at this rate"
            }
            Self::Load => "the driver's own meter at work, as the program's publisher reports it",
        }
    }
}

/// Who mines Amadeus.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amadeus {
    /// Its name.
    pub name: String,
    /// Attempts a second.
    pub attempts_s: Number,
    /// How the figure came about.
    pub kind: Kind,
    /// Who says so.
    pub source: String,
}

/// Who mines Bitcoin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sha256d {
    /// Its name.
    pub name: String,
    /// What it is: `asic` or `gpu`.
    pub class: HashClass,
    /// 10^12 hashes a second.
    pub th_s: Number,
    /// Watts at that rate.
    pub watts: Number,
    /// How the figures came about.
    pub kind: Kind,
    /// Who says so.
    pub source: String,
}

/// What hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashClass {
    /// A chip for this alone.
    Asic,
    /// A graphics processor.
    Gpu,
}

/// Energy of one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Which, in words.
    pub what: String,
    /// The node, in nanometres by name.
    pub node_nm: u32,
    /// Picojoules; a range where one was given.
    pub pj: Spanned<OneOrRange>,
    /// Who says so.
    pub source: String,
}

/// Energy of arithmetic at a process node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arithmetic {
    /// The node, in nanometres by name.
    pub node_nm: u32,
    /// Picojoules of an int8 multiplication.
    pub mul_int8_pj: Number,
    /// Picojoules of an int32 addition.
    pub add_int32_pj: Number,
    /// Who says so.
    pub source: String,
}

/// How far sources are apart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// From 1 to how many times more another source has.
    pub factor: Spanned<[f64; 2]>,
    /// Who says so.
    pub source: String,
}

/// Energy at one node over that at another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The later node.
    pub node_nm: u32,
    /// The earlier one, which `arithmetic` has.
    pub over_node_nm: u32,
    /// Lowest and highest.
    pub factor: Spanned<[f64; 2]>,
    /// Who says so.
    pub source: String,
}

/// Why a table can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselinesError {
    /// It can't be read.
    #[error("read {}: {why}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: std::io::Error,
    },
    /// It is no TOML, or not of the form.
    #[error("read {file}: {why}")]
    Parse {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        why: String,
    },
    /// It has an entry too few for the report.
    #[error("read {file}: {missing}")]
    Lacks {
        /// The file.
        file: String,
        /// What is missing, and what to add.
        missing: String,
    },
}

/// What is wrong with an entry, or looks as if it were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line.
    pub line: u32,
    /// What is wrong, and what to do.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.text)
    }
}

impl Baselines {
    /// The table that is compiled in.
    ///
    /// # Errors
    /// If it is not of its form, which a test of this crate excludes.
    pub fn embedded() -> Result<Self, BaselinesError> {
        Self::parse(FILE, EMBEDDED)
    }

    /// A table of one's own.
    ///
    /// # Errors
    /// If it can't be read, or is not of the form.
    pub fn read(file: &Path) -> Result<Self, BaselinesError> {
        let text = std::fs::read_to_string(file)
            .map_err(|why| BaselinesError::Read { file: file.to_owned(), why })?;
        Self::parse(&file.display().to_string(), &text)
    }

    /// A table from its text; `file` is what sources call it.
    ///
    /// # Errors
    /// If it is not of the form.
    pub fn parse(file: &str, text: &str) -> Result<Self, BaselinesError> {
        let table = toml::from_str(text).map_err(|error| BaselinesError::Parse {
            file: file.to_owned(),
            why: error.to_string().trim_end().to_owned(),
        })?;
        let ends = text.match_indices('\n').map(|(end, _)| end).collect();
        Ok(Self { file: file.to_owned(), table, ends })
    }

    /// The line of something, from 1.
    pub fn line<T>(&self, what: &Spanned<T>) -> u32 {
        self.line_at(what.span().start)
    }

    fn line_at(&self, byte: usize) -> u32 {
        u32::try_from(self.ends.partition_point(|end| *end < byte) + 1).unwrap_or(u32::MAX)
    }

    /// A board by its folder.
    pub fn board(&self, name: &str) -> Option<&Board> {
        self.table.board.iter().find(|board| board.board == name)
    }
}

mod board;
mod check;

pub use board::{Activity, Board, BoardPrice, BoardWatts, Cells};

#[cfg(test)]
mod tests;
