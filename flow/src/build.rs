//! From a board's definition to an image: emit, synthesise, place, route, pack.
//!
//! All tools run in the board's own folder and are given names without folders, so neither paths nor the
//! time get into what they write: the same input gives the same bytes.

mod fit;
mod run;
mod steps;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gemmine_devices::Emitted;
use gemmine_hdl::identity::{Build, protocol_names, protocols};
use sha2::{Digest, Sha256};

use crate::board::Board;
use crate::error::FlowError;
use crate::pll::Plan;
use crate::report::{Amadeus, Pearl, Report, SeedResult, StepCost, area};
use crate::timing::Placed;
use crate::toolchain::Toolchain;
use crate::top;
use run::Runner;

/// Steps of synthesis: to cells, and flattening.
const SYNTHESIS_STEPS: usize = 2;

/// How to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seeds to try; the one that gives the fastest image is kept.
    pub seeds: Vec<u64>,
    /// Folder for everything, made if it is not there.
    pub out: PathBuf,
    /// Make an image even if it is too slow for its clock.
    pub allow_timing_failure: bool,
    /// The command line, for the report.
    pub command: String,
    /// The commit, for the report.
    pub source_commit: String,
}

/// What a build is doing.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The step, such as `place and route with seed 1`.
    pub step: &'a str,
    /// Which one it is, from 0.
    pub index: usize,
    /// How many there are.
    pub steps: usize,
    /// How long it has taken.
    pub elapsed: Duration,
}

/// An image that was built, and its report.
#[derive(Clone, Debug)]
pub struct Built {
    /// What it is.
    pub report: Report,
    /// The file.
    pub image: PathBuf,
    /// The file of the report.
    pub report_file: PathBuf,
}

/// The PLL's setting and the device of a board.
///
/// # Errors
/// If the clock can't be made, or no such device is built into the program.
pub fn emit(board: &Board) -> Result<(Plan, Emitted), FlowError> {
    let definition = &board.definition;
    if let Some(reason) = &definition.reason {
        return Err(FlowError::NoBoard { board: board.name.clone(), reason: reason.clone() });
    }
    let plan = board.plan()?;
    let clock_hz = u32::try_from(plan.output_hz()).unwrap_or(u32::MAX);
    let build = Build {
        clock_hz,
        baud: definition.serial.baud,
        panel_word_bits: definition.device.panel_word_bits,
        engines: definition.device.engines,
        noise: definition.device.noise,
        multipliers: definition.device.multipliers(),
        ..Build::default()
    };
    let device = gemmine_devices::verilog(definition.device.geometry, build)?;
    Ok((plan, device))
}

/// Writes the netlist that [`build()`] places and routes, and no more: `netlist.json` in the folder of
/// `options`, whose path is returned.
///
/// # Errors
/// If a tool fails, takes too long or is interrupted.
pub fn synthesise(
    board: &Board,
    plan: &Plan,
    device: &Emitted,
    options: &Options,
    toolchain: &Toolchain,
    cancelled: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, FlowError> {
    let out = &options.out;
    fs::create_dir_all(out).map_err(FlowError::file("make folder", out))?;
    write(&out.join("top.v"), &top::verilog(board, plan, device)?)?;
    let mut runner = Runner::new(board, toolchain, options, SYNTHESIS_STEPS, cancelled, progress);
    runner.synthesise()?;
    Ok(out.join(steps::NETLIST))
}

/// Builds an image of a device for a board.
///
/// # Errors
/// If a tool fails, takes too long or is interrupted, or the device is too slow for its clock.
pub fn build(
    board: &Board,
    plan: &Plan,
    device: &Emitted,
    options: &Options,
    toolchain: &Toolchain,
    cancelled: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Built, FlowError> {
    let out = &options.out;
    fs::create_dir_all(out).map_err(FlowError::file("make folder", out))?;
    let image = out.join(steps::image_name(board));
    let report_file = out.join("report.json");
    // What an earlier build has left must not be taken for what this one makes.
    for old in [&image, &report_file] {
        match fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(FlowError::file("remove", old)(error));
            }
            _ => {}
        }
    }
    let verilog = top::verilog(board, plan, device)?;
    write(&out.join("top.v"), &verilog)?;
    write(&out.join(steps::constraints_name(board)), &steps::constraints(board))?;
    let steps = SYNTHESIS_STEPS + options.seeds.len() + 1;
    let mut runner = Runner::new(board, toolchain, options, steps, cancelled, progress);

    runner.synthesise()?;
    let cells = cells(&out.join("statistics.json"))?;
    let mut seeds = Vec::new();
    let mut best: Option<(u64, f64, Placed)> = None;
    let mut failure = None;
    for &seed in &options.seeds {
        let placed = match runner.place(plan, seed) {
            Ok(placed) => placed,
            // One seed may fail to route where another doesn't.
            Err(error @ FlowError::Step { .. }) if options.seeds.len() > 1 => {
                seeds.push(SeedResult { seed, fmax_mhz: None });
                failure = Some(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        let fmax_mhz = placed
            .fmax_mhz(board.definition.place.asked_hz.unwrap_or_else(|| plan.output_hz()))
            .map_err(|why| FlowError::Output { file: out.join(steps::placed_report(seed)), why })?;
        seeds.push(SeedResult { seed, fmax_mhz: Some(fmax_mhz) });
        if best.as_ref().is_none_or(|(_, fastest, _)| fmax_mhz > *fastest) {
            best = Some((seed, fmax_mhz, placed));
        }
    }
    let Some((seed, fmax_mhz, placed)) = best else {
        return Err(failure.unwrap_or_else(|| FlowError::Output {
            file: out.clone(),
            why: "no seed was tried; give one".into(),
        }));
    };
    let mut report = report(board, plan, device, options, toolchain, &placed, &cells);
    report.fmax_mhz = fmax_mhz;
    report.timing_met = fmax_mhz * 1e6 >= plan.output_hz() as f64;
    let clock_hz = (fmax_mhz * 1e6).min(plan.output_hz() as f64);
    report.amadeus = Amadeus::of(&board.definition.device, clock_hz);
    report.pearl = Pearl::of(&board.definition.device, clock_hz);
    report.gmac_per_s = report.pes as f64 * fmax_mhz.min(plan.output_hz() as f64 / 1e6) / 1000.0;
    report.seed = seed;
    report.seeds = seeds;
    report.verilog_sha256 = sha256(verilog.as_bytes());
    if report.timing_met || options.allow_timing_failure {
        runner.pack(seed)?;
        let bytes = fs::read(&image).map_err(FlowError::file("read", &image))?;
        report.image = Some(steps::image_name(board));
        report.image_bytes = Some(bytes.len() as u64);
        report.bitstream_sha256 = Some(sha256(&bytes));
    }
    report.steps = runner.into_costs();
    write(&report_file, &report.to_text())?;
    if report.bitstream_sha256.is_none() {
        let critical = report.critical_path.as_ref();
        return Err(FlowError::Timing {
            board: board.name.clone(),
            fmax_mhz,
            clock_mhz: plan.output_hz() as f64 / 1e6,
            seeds: match options.seeds.len() {
                1 => format!("seed {seed}"),
                count => format!("{count} seeds"),
            },
            critical: critical.map_or_else(String::new, |path| path.describe()),
            report: report_file,
        });
    }
    Ok(Built { report, image, report_file })
}

fn report(
    board: &Board,
    plan: &Plan,
    device: &Emitted,
    options: &Options,
    toolchain: &Toolchain,
    placed: &Placed,
    cells: &BTreeMap<String, u64>,
) -> Report {
    let definition = &board.definition;
    let area = area(definition.family, placed, cells);
    let tools = definition.family.tools();
    let tools = tools.map(|tool| (tool.to_owned(), toolchain.version(tool)));
    let utilization = placed.utilization.iter().filter(|(_, count)| count.used > 0);
    Report {
        board: board.name.clone(),
        part: format!("{} {}", definition.part, definition.package),
        kind: "place and route, not measured on a board".into(),
        geometry: definition.device.geometry.to_string(),
        pes: definition.device.geometry.pes() as u64,
        panel_word_bits: definition.device.panel_word_bits as u64,
        build: format!("{:08x}", device.build),
        engines: definition.device.engines as u64,
        protocols: protocol_names(protocols(definition.device.engines, definition.device.noise)),
        clock_hz: plan.output_hz(),
        baud: definition.serial.baud,
        fmax_mhz: 0.0,
        timing_met: false,
        gmac_per_s: 0.0,
        amadeus: None,
        pearl: None,
        lut: area.lut,
        ff: area.ff,
        dsp: area.dsp,
        bram: area.bram,
        utilization: utilization.map(|(cell, count)| (cell.clone(), *count)).collect(),
        critical_path: placed.critical_path(),
        caveats: placed.caveats().to_vec(),
        seed: 0,
        seeds: Vec::new(),
        steps: Vec::<StepCost>::new(),
        tools: tools.into_iter().collect(),
        command: options.command.clone(),
        source_commit: options.source_commit.clone(),
        verilog_sha256: String::new(),
        image: None,
        image_bytes: None,
        bitstream_sha256: None,
    }
}

/// Cells of a flattened netlist, as yosys counts them.
pub(crate) fn cells(file: &Path) -> Result<BTreeMap<String, u64>, FlowError> {
    let text = fs::read_to_string(file).map_err(FlowError::file("read", file))?;
    let wrong = |why: String| FlowError::Output { file: file.to_owned(), why };
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let cells = value["design"]["num_cells_by_type"].clone();
    serde_json::from_value(cells).map_err(|error| wrong(format!("num_cells_by_type: {error}")))
}

/// The checksum of some bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), FlowError> {
    fs::write(path, text).map_err(FlowError::file("write", path))
}
