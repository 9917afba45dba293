//! `gemmine tools`: the pinned tools that devices and builds need, in a private folder, without root.

use std::path::PathBuf;

use anyhow::{Context, Result};
use gemmine_sim::verilator::chosen_root;
use gemmine_tools::{Installed, Set, ToolError, VERILATOR, install};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::args::{SetName, ToolsCommand};
use crate::outcome::Outcome;
use crate::{interrupt, note, print_line};

/// Runs the command.
pub fn run(command: ToolsCommand) -> Result<Outcome> {
    match command {
        ToolsCommand::Install(args) => {
            interrupt::catch()?;
            for set in SetName::sets(args.set) {
                if let Some(root) = own_verilator(set)
                    && args.set.is_none()
                {
                    print_line(&format!("Verilator in {}: yours", root.display()))?;
                    continue;
                }
                match install_set(set) {
                    Err(ToolError::Cancelled) => {
                        note("interrupted; what was fetched is kept for the next time");
                        return Ok(Outcome::Interrupted);
                    }
                    done => done.with_context(|| format!("install {}", set.title))?,
                }
            }
            Ok(Outcome::Yes)
        }
        ToolsCommand::List(args) => list(args.json),
    }
}

/// Somebody's own Verilator, in place of the pinned one.
fn own_verilator(set: &Set) -> Option<PathBuf> {
    chosen_root().filter(|_| set.title == VERILATOR.title)
}

fn install_set(set: &'static Set) -> Result<(), ToolError> {
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
    let template = "{spinner} {elapsed_precise} {bar:24} {pos}/{len} {wide_msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let shown = !bar.is_hidden();
    let installed = install(set, &interrupt::requested, &mut |progress| {
        bar.set_length(progress.steps.max(1) as u64);
        bar.set_position(progress.step.saturating_sub(1) as u64);
        bar.set_message(progress.doing.to_owned());
        if !shown {
            note(&format!("{}: {progress}", set.title));
        }
    });
    bar.finish_and_clear();
    let installed = installed?;
    let packages = installed.packages().display().to_string();
    // A closed standard output is no reason to say that tools are missing.
    let _ =
        print_line(&format!("{} in {packages}: each was started and is what it says", set.title));
    Ok(())
}

/// What is known of one tool.
struct Row {
    name: &'static str,
    version: String,
    installed: bool,
    /// Its folder, or why there is none.
    place: String,
}

fn list(json: bool) -> Result<Outcome> {
    let mut rows = Vec::new();
    for set in SetName::sets(None) {
        rows.extend(rows_of(set));
    }
    if json {
        let tools = rows.iter().map(|row| {
            json!({
                "name": row.name,
                "version": row.version,
                "installed": row.installed,
                "place": row.installed.then_some(&row.place),
                "error": (!row.installed).then_some(&row.place),
            })
        });
        let tools: Vec<Value> = tools.collect();
        print_line(&json!({ "tools": tools, "exit": Outcome::Yes.code() }).to_string())?;
        return Ok(Outcome::Yes);
    }
    let name_width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let version_width = rows.iter().map(|row| row.version.len()).max().unwrap_or(0);
    for Row { name, version, installed, place } in &rows {
        let state =
            if *installed { format!("installed in {place}") } else { "not installed".into() };
        print_line(&format!("{name:name_width$}  {version:version_width$}  {state}"))?;
    }
    let mut reasons: Vec<&str> =
        rows.iter().filter(|row| !row.installed).map(|row| row.place.as_str()).collect();
    reasons.dedup();
    for reason in reasons {
        print_line(&format!("failed to {reason}"))?;
    }
    Ok(Outcome::Yes)
}

fn rows_of(set: &'static Set) -> Vec<Row> {
    let found = Installed::find(set);
    let own = own_verilator(set);
    let rows = set.tools.iter().map(|tool| match (&own, &found) {
        (Some(root), _) => Row {
            name: tool.name,
            version: "yours".into(),
            installed: true,
            place: root.display().to_string(),
        },
        (None, Ok(installed)) => Row {
            name: tool.name,
            version: installed.version(tool.name).to_owned(),
            installed: true,
            place: installed.packages().display().to_string(),
        },
        (None, Err(error)) => Row {
            name: tool.name,
            version: format!("{} {}", tool.package, set.version(tool.package)),
            installed: false,
            place: error.to_string(),
        },
    });
    rows.collect()
}
