//! `gemmine build`: images for boards, by open tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gemmine_flow::build::{emit, sha256};
use gemmine_flow::{
    Board, Built, FlowError, Manifest, Options, Progress, Toolchain, find_bitstreams, manifest,
    source_commit,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::args::BuildArgs;
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{interrupt, note, print_line};

/// Runs the command.
pub fn run(args: &BuildArgs) -> Result<Outcome> {
    if args.list {
        return list(args.json);
    }
    let boards = boards(args).context("build")?;
    let here = std::env::current_dir().context("find the current folder")?;
    let bitstreams = match args.install {
        true => Some(find_bitstreams(&here).context("build")?),
        false => None,
    };
    let families: Vec<_> = boards.iter().map(|board| board.definition.family).collect();
    let toolchain = match args.native {
        true => Toolchain::native(&families),
        false => Toolchain::pinned(),
    };
    let toolchain = toolchain.context("build")?;
    interrupt::catch()?;
    let source_commit = source_commit(&here);
    let mut results = Vec::new();
    let mut failures = Vec::new();
    for board in &boards {
        match build_one(board, args, &toolchain, &source_commit, bitstreams.as_deref()) {
            Ok(built) => {
                if !args.json {
                    print_line(&describe(&built))?;
                }
                results.push(built);
            }
            Err(FlowError::Cancelled) => return interrupted(args.json),
            Err(error) => {
                let text = format!("failed to {error}");
                note(&format!("error: {text}"));
                failures.push((board.name.clone(), text));
            }
        }
    }
    let outcome = if failures.is_empty() { Outcome::Yes } else { Outcome::Trouble };
    if args.json {
        print_line(&to_json(&results, &failures, outcome).to_string())?;
    }
    Ok(outcome)
}

fn interrupted(json: bool) -> Result<Outcome> {
    note("interrupted; the tools were ended");
    let outcome = Outcome::Interrupted;
    if json {
        let object = json!({ "error": "interrupted", "exit": outcome.code() });
        print_line(&object.to_string())?;
    }
    Ok(outcome)
}

/// The boards that are asked for.
fn boards(args: &BuildArgs) -> Result<Vec<Board>, FlowError> {
    match &args.board {
        Some(name) => Ok(vec![Board::find(name)?]),
        None => {
            let boards: Result<Vec<Board>, _> =
                Board::names().into_iter().map(Board::find).collect();
            Ok(boards?.into_iter().filter(|board| board.definition.reason.is_none()).collect())
        }
    }
}

fn build_one(
    board: &Board,
    args: &BuildArgs,
    toolchain: &Toolchain,
    source_commit: &str,
    bitstreams: Option<&Path>,
) -> Result<Built, FlowError> {
    let bar = progress_bar(args.json);
    bar.set_message(format!("{}: emitting the device", board.name));
    let emitted = emit(board).and_then(|(plan, device)| {
        let options = Options {
            seeds: match (args.seeds, args.seed) {
                (Some(count), _) => (1..=count).collect(),
                (None, seed) => vec![seed.unwrap_or(board.definition.place.seed)],
            },
            out: args.out.join(&board.name),
            allow_timing_failure: args.allow_timing_failure,
            command: command_line(board, args),
            source_commit: source_commit.to_owned(),
        };
        let mut last = String::new();
        let shown = !bar.is_hidden() || args.json;
        let mut progress = |progress: Progress| {
            bar.set_length(progress.steps as u64);
            bar.set_position(progress.index as u64);
            if last != progress.step {
                last = progress.step.to_owned();
                let text = format!("{}: {}", board.name, progress.step);
                if !shown {
                    note(&text);
                }
                bar.set_message(text);
            }
        };
        let cancelled = &interrupt::requested;
        gemmine_flow::build(board, &plan, &device, &options, toolchain, cancelled, &mut progress)
    });
    bar.finish_and_clear();
    let built = emitted?;
    if let Some(bitstreams) = bitstreams {
        manifest::install(bitstreams, &built)?;
    }
    Ok(built)
}

/// What makes the same image again; the seed of the best one is in the report.
fn command_line(board: &Board, args: &BuildArgs) -> String {
    let mut words = vec!["gemmine build --board".to_owned(), board.name.clone()];
    match (args.seeds, args.seed) {
        (Some(seeds), _) => words.push(format!("--seeds {seeds}")),
        (None, Some(seed)) => words.push(format!("--seed {seed}")),
        (None, None) => {}
    }
    let flags = [
        (args.native, "--native"),
        (args.allow_timing_failure, "--allow-timing-failure"),
        (args.install, "--install"),
    ];
    words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, flag)| (*flag).to_owned()));
    words.join(" ")
}

fn progress_bar(quiet: bool) -> ProgressBar {
    let bar = spinner(quiet);
    let style = ProgressStyle::with_template(
        "{spinner} {elapsed_precise} {bar:16} step {pos} of {len} done, {wide_msg}",
    );
    if let Ok(style) = style {
        bar.set_length(1);
        bar.set_style(style);
    }
    bar
}

fn describe(built: &Built) -> String {
    let seconds: f64 = built.report.steps.iter().map(|step| step.seconds).sum();
    let peak = built.report.steps.iter().filter_map(|step| step.peak_mib).max();
    let peak = peak.map(|peak| format!(", {peak} MiB at most")).unwrap_or_default();
    let sha256 = built.report.bitstream_sha256.as_deref().unwrap_or_default();
    format!(
        "{}\n  {seconds:.0} s{peak}; {}, sha256 {sha256}",
        built.report.describe(),
        built.image.display()
    )
}

fn to_json(results: &[Built], failures: &[(String, String)], outcome: Outcome) -> Value {
    let built = results.iter().map(|built| {
        json!({ "image": built.image, "report_file": built.report_file, "report": built.report })
    });
    let failed = failures.iter().map(|(board, error)| json!({ "board": board, "error": error }));
    let mut object = json!({
        "built": built.collect::<Vec<Value>>(),
        "failed": failed.collect::<Vec<Value>>(),
        "exit": outcome.code(),
    });
    if let Some((_, error)) = failures.first() {
        object["error"] = error.as_str().into();
    }
    object
}

fn list(as_json: bool) -> Result<Outcome> {
    let manifest = Manifest::embedded().context("list the boards")?;
    let bitstreams = std::env::current_dir().ok().and_then(|here| find_bitstreams(&here).ok());
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for name in Board::names() {
        let board = Board::find(name).context("list the boards")?;
        let definition = &board.definition;
        // A board that can't be built for may have no clock.
        let clock_hz = board.plan().ok().map(|plan| plan.output_hz());
        let image = manifest.image(name);
        let state = match (&definition.reason, image) {
            (Some(reason), _) => format!("can't be built: {reason}"),
            (None, None) => "no image yet".into(),
            (None, Some(image)) => {
                let there = installed(bitstreams.as_ref(), &image.file, &image.sha256);
                format!("image of {:.1} MHz{there}", image.fmax_mhz)
            }
        };
        let geometry = definition.device.geometry;
        rows.push([
            name.to_owned(),
            format!("{} ({})", definition.title, definition.maker),
            definition.part.clone(),
            geometry.to_string(),
            clock_hz.map_or_else(|| "-".into(), |hertz| format!("{:.2} MHz", hertz as f64 / 1e6)),
            state,
        ]);
        objects.push(json!({
            "board": name,
            "title": definition.title,
            "maker": definition.maker,
            "part": definition.part,
            "geometry": geometry.to_string(),
            "pes": geometry.pes(),
            "clock_hz": clock_hz,
            "serial": definition.serial.chip,
            "reason": definition.reason,
            "image": image,
        }));
    }
    if as_json {
        let object = json!({ "boards": objects, "exit": Outcome::Yes.code() });
        print_line(&object.to_string())?;
        return Ok(Outcome::Yes);
    }
    let head = ["board", "what", "part", "array", "clock", "image"].map(str::to_owned);
    print_line(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()))?;
    Ok(Outcome::Yes)
}

/// Whether the checkout around the current folder has the image.
fn installed(bitstreams: Option<&PathBuf>, file: &str, wanted: &str) -> &'static str {
    let bytes = bitstreams.map(|bitstreams| std::fs::read(bitstreams.join(file)));
    match bytes {
        None => "",
        Some(Err(_)) => ", NOT in this checkout",
        Some(Ok(bytes)) if sha256(&bytes) == wanted => ", in this checkout",
        Some(Ok(_)) => ", ANOTHER ONE in this checkout",
    }
}

/// Rows with their columns under each other.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
