//! The efficiency report: from verified results and the table of what others publish to a page, a text or JSON.
//!
//! [`Report`] is all that is said, as plain data with every number already written; templates and charts only arrange it.
//! The same inputs give the same bytes.

mod charts;
mod compare;
mod draw;
mod facts;
mod provenance;
mod sentence;
mod svg;
mod words;
mod write;

use serde::Serialize;

use crate::baselines::{Baselines, BaselinesError};
use crate::figure::FigureError;
use crate::race::{Race, RaceError};
use crate::result::ResultFile;

pub use sentence::{Part, Sentence};
pub use write::{html, json, markdown};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing to report on.
    #[error("make a report of no results: give result files, such as benches/results/*.json")]
    NoResults,
    /// The table lacks something.
    #[error(transparent)]
    Table(#[from] BaselinesError),
    /// A figure can't be calculated.
    #[error("calculate a figure of the table: {0}; `gemmine baselines check` names the line")]
    Figure(#[from] FigureError),
    /// The race can't be run.
    #[error(transparent)]
    Race(#[from] RaceError),
    /// A template is wrong, which tests of this crate exclude.
    #[error("fill in the report's template: {0}")]
    Template(String),
}

/// A number as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The number with its unit; empty where there is none.
    pub text: String,
    /// Its range; empty where it is exact.
    pub range: String,
    /// Its kind; of a derived one, what it rests on, too.
    pub kind: String,
    /// What it was taken of.
    pub boundary: String,
    /// Its entry among the sources.
    pub anchor: String,
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The anchor.
    pub anchor: String,
    /// Whose it is.
    pub of: String,
    /// Its name in the file.
    pub name: String,
    /// As it is shown.
    pub cell: Cell,
    /// The number and its range in its own unit, to six digits.
    pub exact: String,
    /// Under which conditions.
    pub conditions: String,
    /// Whose figure it is, in words.
    pub title: String,
    /// File and line, file and JSON pointer, or the calculation.
    pub place: String,
    /// The file, from the root of the checkout; empty where there is none.
    pub file: String,
    /// Names and anchors of what it is calculated from.
    pub inputs: Vec<(String, String)>,
}

/// A device with all that is shown of it.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceRow {
    /// Its name in files.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// `fpga`, `cpu`, `gpu`, `software-gpu` or `asic`.
    pub class: String,
    /// Chip and array.
    pub part: String,
    /// What it worked by.
    pub protocols: String,
    /// MAC/s.
    pub throughput: Cell,
    /// MAC/s as if the link never kept the array waiting.
    pub fed: Cell,
    /// MAC/s with operands over the link.
    pub streamed: Cell,
    /// Watts.
    pub power: Cell,
    /// pJ/MAC of work that somebody pays for: new operands for every tile.
    pub energy_streamed: Cell,
    /// pJ/MAC with operands at hand: of a board, of the same tiles again and again.
    pub energy: Cell,
    /// pJ/MAC as if the link never kept the array waiting.
    pub energy_fed: Cell,
    /// How many times the best mining graphics processor's, and the best data sheet's: new operands, at hand, never held
    /// up. Of software that plays one there is none.
    pub times: [[Cell; 3]; 2],
    /// What must be known of those; empty where nothing must.
    pub times_note: String,
    /// MAC/J.
    pub per_joule: Cell,
    /// MAC/s a dollar.
    pub per_dollar: Cell,
    /// Joules of a unit of work: a ticket, or an attempt. What is no useful work says so.
    pub per_unit: Vec<RaceRow>,
    /// Attempts a second.
    pub attempts: Cell,
    /// Attempts a joule.
    pub attempts_per_joule: Cell,
    /// Tickets a second, and of a signal of zeros: no useful work.
    pub tickets: Vec<RaceRow>,
    /// What keeps it from doing more.
    pub limit: String,
    /// Conditions, a line each.
    pub conditions: Vec<String>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Commands that make its file again.
    pub commands: Vec<String>,
    /// Image and checksum of it; empty where there is none.
    pub image: String,
    /// Versions of tools.
    pub tools: String,
    /// The run.
    pub run: String,
    /// The checksum of its file.
    pub checksum: String,
}

/// A row of what others publish.
#[derive(Clone, Debug, Serialize)]
pub struct PublishedRow {
    /// Its name.
    pub name: String,
    /// What the maker says: rate, watts, pJ/MAC.
    pub peak: [Cell; 3],
    /// What the maker's watts mean.
    pub peak_watts: String,
    /// What a miner's publisher says: rate, watts, pJ/MAC.
    pub mining: [Cell; 3],
    /// What the miner's watts mean.
    pub mining_watts: String,
    /// Price.
    pub price: Cell,
}

/// A number and what it is.
#[derive(Clone, Debug, Serialize)]
pub struct RaceRow {
    /// What it is.
    pub what: String,
    /// The number.
    pub cell: Cell,
}

/// All that the report says.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of the program.
    pub version: String,
    /// The answer, a sentence each.
    pub headline: Vec<Sentence>,
    /// Devices that were simulated or measured.
    pub devices: Vec<DeviceRow>,
    /// Graphics processors.
    pub gpus: Vec<PublishedRow>,
    /// Other chips.
    pub asics: Vec<PublishedRow>,
    /// Who else mines Amadeus.
    pub amadeus: Vec<RaceRow>,
    /// Bitcoin's race.
    pub hash_race: Vec<RaceRow>,
    /// What is left for int8.
    pub int8_race: Vec<RaceRow>,
    /// What that means, a paragraph each.
    pub race_words: Vec<Sentence>,
    /// What would change the answer, a sentence each.
    pub changes: Vec<Sentence>,
    /// The charts as SVG, by name.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub charts: std::collections::BTreeMap<&'static str, String>,
    /// Where every number comes from.
    pub origins: Vec<Origin>,
    /// The commands that make this report again.
    pub rerun: Vec<String>,
    /// What precedes a file's name in links; none where the files can't be reached from the report.
    pub link: Option<String>,
}

/// The commands that make the committed report again, from the root of a checkout.
pub fn committed_commands() -> Vec<String> {
    let report =
        "gemmine report benches/results/*.json -o benches/report.html --md benches/report.md";
    vec!["gemmine report boards --out benches/results".into(), report.into()]
}

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// Verified results.
    pub results: &'a [ResultFile],
    /// What others publish.
    pub baselines: &'a Baselines,
    /// The commands that make the report again.
    pub rerun: Vec<String>,
    /// What precedes a file's name in links, such as `../`; none for no links.
    pub link: Option<String>,
}

impl Report {
    /// Puts a report together.
    ///
    /// # Errors
    /// If there are no results, or the table lacks what the comparison needs.
    pub fn of(inputs: &Inputs<'_>) -> Result<Self, ReportError> {
        if inputs.results.is_empty() {
            return Err(ReportError::NoResults);
        }
        let race = Race::of(inputs.baselines)?;
        compare::report(inputs, &race)
    }
}

#[cfg(test)]
mod tests;
