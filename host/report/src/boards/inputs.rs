//! What a board's result is made of, read and held against each other.

use serde_json::Value;

use crate::baselines::{Baselines, Board};
use crate::figure::{Boundary, Figure, Kind, Source, Unit};
use crate::verify::Checkout;

/// Steps of the native tile, the shortest that a network takes at chunks of 128 steps.
pub(super) const NATIVE_STEPS: u64 = 2048;

/// A JSON file of the checkout.
pub(super) struct Json {
    /// Its name from the root.
    pub(super) file: String,
    pub(super) value: Value,
}

/// Everything about one board.
pub(super) struct Inputs<'a> {
    pub(super) name: &'a str,
    pub(super) baselines: &'a Baselines,
    pub(super) entry: &'a Board,
    pub(super) report: Json,
    /// Operands that stay in the device.
    pub(super) resident: Json,
    /// Operands over the line.
    pub(super) streamed: Json,
}

/// Where the counters of a board's simulation are, from the root.
pub fn run_file(board: &str, streamed: bool) -> String {
    format!("benches/runs/{board}-{}.json", if streamed { "streamed" } else { "resident" })
}

impl Json {
    fn read(file: String, checkout: &Checkout) -> Result<Self, String> {
        let text = checkout.read_text(&file)?;
        let value = serde_json::from_str(&text).map_err(|error| format!("read {file}: {error}"))?;
        Ok(Self { file, value })
    }

    pub(super) fn number(&self, pointer: &str) -> Result<f64, String> {
        let found = self.value.pointer(pointer).and_then(Value::as_f64);
        found.ok_or_else(|| format!("{} has no number at {pointer}", self.file))
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.value.pointer(pointer)?.as_str()
    }

    /// A number with its place as a figure; its presence was checked when the file was read.
    pub(super) fn figure(
        &self,
        pointer: &str,
        unit: Unit,
        kind: Kind,
        boundary: Boundary,
        conditions: &str,
    ) -> Figure {
        Figure {
            value: self.number(pointer).unwrap_or(f64::NAN),
            unit,
            kind,
            boundary,
            conditions: conditions.into(),
            uncertainty: None,
            source: Source::Pointer { file: self.file.clone(), pointer: pointer.into() },
        }
    }
}

/// What is read from a report.
const REPORT: [&str; 5] = ["/clock_hz", "/fmax_mhz", "/pes", "/lut/used", "/panel_word_bits"];
/// What is read from a run.
const RUN: [&str; 14] = [
    "/cycles",
    "/busy_cycles",
    "/mac_cycles",
    "/stall_cycles/link",
    "/stall_cycles/panel",
    "/stall_cycles/drain",
    "/stall_cycles/hash",
    "/bytes_in",
    "/bytes_out",
    "/baud",
    "/tiles",
    "/distinct_pairs",
    "/steps",
    "/chunk",
];

impl<'a> Inputs<'a> {
    pub(super) fn read(
        name: &'a str,
        checkout: &Checkout,
        baselines: &'a Baselines,
    ) -> Result<Self, String> {
        let entry = baselines.board(name).ok_or_else(|| {
            format!("{} has no [[board]] with board = {name:?}; add one", baselines.file)
        })?;
        let report = Json::read(format!("bitstreams/{name}/report.json"), checkout)?;
        for pointer in REPORT {
            report.number(pointer)?;
        }
        let [resident, streamed] = [false, true].map(|streamed| {
            let file = run_file(name, streamed);
            let run = Json::read(file.clone(), checkout).map_err(|why| {
                let more = if streamed { " --stream" } else { "" };
                format!("{why}; make it with `gemmine sim --board {name} --engine model{more} --json > {file}`")
            })?;
            let again = |why| format!("{why}; run the simulation of this image again: `{}`", simulate(name, streamed, entry, &run));
            same_image(&run, &report).map_err(again)?;
            for pointer in RUN {
                run.number(pointer).map_err(again)?;
            }
            let streams = run.value["stream"].as_bool() == Some(streamed);
            if streams { Ok(run) } else { Err(format!("{file} has stream = {}", run.value["stream"])) }
        });
        Ok(Self { name, baselines, entry, report, resident: resident?, streamed: streamed? })
    }

    /// Steps of a tile of the runs.
    pub(super) fn steps(&self) -> u64 {
        self.resident.value["steps"].as_u64().unwrap_or(0)
    }

    /// Whether the device holds a tile that Pearl takes.
    pub(super) fn native(&self) -> bool {
        self.steps() >= NATIVE_STEPS
    }
}

/// The command that makes a run again.
pub(super) fn simulate(name: &str, streamed: bool, entry: &Board, run: &Json) -> String {
    let more = if streamed { " --stream" } else { "" };
    let number = |pointer| run.number(pointer).unwrap_or_default();
    format!(
        "gemmine sim --board {name} --engine model --baud {} --tiles {} --steps {} --chunk {}{more} --json > {}",
        entry.line_baud.get_ref(),
        number("/tiles"),
        number("/steps"),
        number("/chunk"),
        run.file
    )
}

/// A run must be of the very device that the image has, panel memory and all.
fn same_image(run: &Json, report: &Json) -> Result<(), String> {
    for pointers in [
        ["/image_build", "/build"],
        ["/geometry", "/geometry"],
        ["/clock_hz", "/clock_hz"],
        ["/panel_word_bits", "/panel_word_bits"],
    ] {
        let [ran, built] = [run.value.pointer(pointers[0]), report.value.pointer(pointers[1])];
        let said = |value: Option<&Value>| value.unwrap_or(&Value::Null).to_string();
        if ran != built || ran.is_none_or(Value::is_null) {
            return Err(format!(
                "{} has {} at {}, and {} has {} at {}",
                run.file,
                said(ran),
                pointers[0],
                report.file,
                said(built),
                pointers[1]
            ));
        }
    }
    Ok(())
}
