//! A figure: a number that can't be had without what kind it is, what it was taken of, under which conditions, how
//! far off it may be, and where it comes from.
//!
//! All fields of a [`Figure`] are given when it is made, and a file that lacks one does not parse.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::unit::Unit;

/// A number, with all that is needed to believe it or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The number, in `unit`.
    pub value: f64,
    /// What it counts.
    pub unit: Unit,
    /// How it came about.
    pub kind: Kind,
    /// What it was taken of.
    pub boundary: Boundary,
    /// Under which conditions, in words.
    #[schemars(length(min = 1))]
    pub conditions: String,
    /// Its range, in `unit`; of an estimate no bound; none where it is exact, or nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Range>,
    /// Where it comes from.
    pub source: Source,
}

/// From the low to the high end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// How a figure came about, from the one to trust most to the one to trust least.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An instrument or a clock showed it, on the device that it is said of.
    Measured,
    /// Fixed by a network's rule: exact, and nothing to find out.
    Definition,
    /// Calculated from other figures, each with its own kind.
    Derived,
    /// A place-and-route tool vouches for it; no hardware ran.
    PlaceAndRoute,
    /// A simulation or a formula that is held against one.
    Modelled,
    /// Its maker says so, in a data sheet or a product page.
    Vendor,
    /// Whoever sells or publishes the program says so, and nobody has checked.
    SelfReport,
    /// Put together from figures of other things, with a range that says how far off it may be.
    Estimate,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Measured,
        Self::Definition,
        Self::Derived,
        Self::PlaceAndRoute,
        Self::Modelled,
        Self::Vendor,
        Self::SelfReport,
        Self::Estimate,
    ];

    /// Its name, as in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Definition => "definition",
            Self::Derived => "derived",
            Self::PlaceAndRoute => "place-and-route",
            Self::Modelled => "modelled",
            Self::Vendor => "vendor",
            Self::SelfReport => "self-report",
            Self::Estimate => "estimate",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a figure was taken of, from the smallest to the largest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// The array alone, or one chip's arithmetic.
    Core,
    /// The board or card: what its own supply delivers, and what its own link carries.
    Board,
    /// The whole machine at the wall, host and power supply included.
    Wall,
}

impl Boundary {
    /// Its name, as in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Board => "board",
            Self::Wall => "wall",
        }
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where a figure comes from, so that a reader can follow it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A line of a text file that has the number in it: the value, or both ends of the range.
    Line {
        /// From the root of the checkout.
        file: String,
        /// The first line is 1.
        #[schemars(range(min = 1))]
        line: u32,
        /// Whose figure it is, in words.
        title: String,
    },
    /// A value in a JSON file.
    Pointer {
        /// From the root of the checkout.
        file: String,
        /// A JSON pointer (RFC 6901).
        pointer: String,
    },
    /// What the run of this file showed. The value is the median of the samples, the range their ends.
    Run {
        /// The instrument, or the clock, and how it was read.
        method: String,
        /// One for each repeat, in the figure's unit.
        #[schemars(length(min = 1))]
        samples: Vec<f64>,
    },
    /// Whoever ran it says so: an estimate, and nothing that can be looked up.
    Stated {
        /// Why it is about that, in words.
        #[schemars(length(min = 1))]
        reason: String,
    },
    /// Other figures of the same file, multiplied and divided.
    Ratio {
        /// Names of the factors.
        multiply: Vec<String>,
        /// Names of the divisors.
        divide: Vec<String>,
    },
    /// Other figures of the same file, added and subtracted.
    Sum {
        /// Names of what is added.
        add: Vec<String>,
        /// Names of what is taken away.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subtract: Vec<String>,
    },
}

impl Source {
    /// The names of the figures that it is calculated from; none of one that is not.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        let (first, second): (&[String], &[String]) = match self {
            Self::Ratio { multiply, divide } => (multiply, divide),
            Self::Sum { add, subtract } => (add, subtract),
            Self::Line { .. } | Self::Pointer { .. } | Self::Run { .. } | Self::Stated { .. } => {
                (&[], &[])
            }
        };
        first.iter().chain(second).map(String::as_str)
    }
}

impl Figure {
    /// The low end of its range: of an exact one, the value.
    pub fn low(&self) -> f64 {
        self.uncertainty.map_or(self.value, |range| range.low)
    }

    /// The high end of its range: of an exact one, the value.
    pub fn high(&self) -> f64 {
        self.uncertainty.map_or(self.value, |range| range.high)
    }

    /// Of what the run showed: the median, and the ends as the range where the samples differ.
    ///
    /// # Errors
    /// If there are no samples, or one is not a number.
    pub fn measured(
        samples: Vec<f64>,
        unit: Unit,
        boundary: Boundary,
        conditions: impl Into<String>,
        method: impl Into<String>,
    ) -> Result<Self, FigureError> {
        let (value, uncertainty) = median(&samples)?;
        Ok(Self {
            value,
            unit,
            kind: Kind::Measured,
            boundary,
            conditions: conditions.into(),
            uncertainty,
            source: Source::Run { method: method.into(), samples },
        })
    }
}

/// Why a figure can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// Nothing was sampled.
    #[error("take the median of no samples: measure once at least")]
    NoSamples,
    /// Such as a quotient of zeros.
    #[error("calculate with {what}: every number must be finite")]
    NotFinite {
        /// What is not a number.
        what: String,
    },
    /// A name that no figure of the file has.
    #[error("calculate with `{name}`: the file has no figure of this name")]
    NoInput {
        /// The name.
        name: String,
    },
    /// A figure without any input, or of one that is not calculated.
    #[error("calculate from no other figure: name one at least")]
    NoInputs,
    /// Units that do not come to the figure's.
    #[error("calculate in {unit}: the inputs come to {found}")]
    Unit {
        /// The figure's.
        unit: Unit,
        /// What the inputs' come to, in base units.
        found: String,
    },
}

/// The median of some samples, and their ends where they differ.
///
/// # Errors
/// If there are none, or one is not a number.
pub fn median(samples: &[f64]) -> Result<(f64, Option<Range>), FigureError> {
    let mut sorted = samples.to_vec();
    if let Some(wrong) = sorted.iter().find(|sample| !sample.is_finite()) {
        return Err(FigureError::NotFinite { what: format!("the sample {wrong}") });
    }
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Err(FigureError::NoSamples);
    };
    let middle = sorted.len() / 2;
    let value = match sorted.len() % 2 {
        0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    };
    Ok((value, (low < high).then_some(Range { low, high })))
}

/// The kinds of figures that stand at the bottom of a calculated one: what its trust rests on.
pub fn kinds_below<'a>(
    figure: &'a Figure,
    find: &dyn Fn(&str) -> Option<&'a Figure>,
) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::new();
    let mut waiting = vec![figure];
    // A file that has been verified has no circles; one that has not must not hang here.
    let mut left = 10_000_u32;
    while let Some(figure) = waiting.pop() {
        left = left.saturating_sub(1);
        let inputs: Vec<_> = figure.source.inputs().filter_map(find).collect();
        if inputs.is_empty() || left == 0 {
            kinds.insert(figure.kind);
        } else {
            waiting.extend(inputs);
        }
    }
    kinds
}

#[cfg(test)]
mod tests;
