//! `gemmine config`: whether a configuration is as it should be, and what it comes to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use gemmine_config::layer::LONGEST_FILE;
use gemmine_config::{Config, EXAMPLE, Layer, Problem, keys};
use serde_json::json;

use crate::args::{ConfigArgs, ConfigCommand};
use crate::display::counted;
use crate::outcome::Outcome;
use crate::{files, print_line};

/// The configuration where none is named.
const FILE: &str = "gemmine.toml";

/// Runs the command.
pub fn run(command: &ConfigCommand) -> Result<Outcome> {
    match command {
        ConfigCommand::Check(args) => check(args),
        ConfigCommand::Show(args) => show(args),
        ConfigCommand::Example => {
            print_line(EXAMPLE.trim_end())?;
            Ok(Outcome::Yes)
        }
        ConfigCommand::Variables => {
            print_line(&variables())?;
            Ok(Outcome::Yes)
        }
    }
}

/// The file that is named, or the usual one if it is there.
fn file(args: &ConfigArgs) -> Option<PathBuf> {
    let usual = || Some(PathBuf::from(FILE)).filter(|path| path.exists());
    args.file.clone().or_else(usual)
}

/// Flags are for `run`; here there are none.
fn load(file: Option<&Path>) -> Result<Config, Vec<Problem>> {
    // A variable that is no text is none that a key could take.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Config::load(file, variables, Layer::default())
}

fn check(args: &ConfigArgs) -> Result<Outcome> {
    let Some(path) = file(args) else {
        bail!("check the configuration: there is no {FILE} in this folder; name a file");
    };
    // What can't be read is trouble; a file that can is as it should be, or it is not.
    fs::File::open(&path).map_err(|error| anyhow::anyhow!("read {}: {error}", path.display()))?;
    let (outcome, text, object) = match load(Some(&path)) {
        Ok(config) => {
            let sources = counted(config.sources.len() as u64, "source");
            let devices = counted(config.devices.len() as u64, "kind");
            let text = format!(
                "{}: as it should be: {}, {sources}, {devices} of device",
                path.display(),
                *config.work.protocol
            );
            (Outcome::Yes, text, json!({ "valid": true, "problems": [] }))
        }
        Err(problems) => {
            let objects: Vec<_> = problems.iter().map(to_json).collect();
            let error =
                format!("{}: {}", path.display(), counted(problems.len() as u64, "problem"));
            let object = json!({
                "valid": false,
                "problems": objects,
                "error": error,
                "exit": Outcome::No.code(),
            });
            (Outcome::No, format!("{}\n{error}", pictures(&path, &problems)), object)
        }
    };
    print_line(&if args.json { object.to_string() } else { text })?;
    Ok(outcome)
}

/// Problems with the lines that they are in.
fn pictures(path: &Path, problems: &[Problem]) -> String {
    let bytes = files::read_capped(path, LONGEST_FILE as u64).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    let shown = problems.iter().map(|problem| match problem.picture(&text) {
        Some(picture) => format!("{problem}\n{picture}"),
        None => problem.to_string(),
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn to_json(problem: &Problem) -> serde_json::Value {
    json!({
        "origin": problem.origin.to_string(),
        "line": problem.line(),
        "text": problem.text,
    })
}

fn show(args: &ConfigArgs) -> Result<Outcome> {
    let config = match load(file(args).as_deref()) {
        Ok(config) => config,
        Err(problems) => {
            let texts: Vec<String> = problems.iter().map(Problem::to_string).collect();
            bail!("read the configuration:\n{}", texts.join("\n"));
        }
    };
    if args.json {
        print_line(&json!({ "entries": config.entries }).to_string())?;
        return Ok(Outcome::Yes);
    }
    let values: Vec<String> = config.entries.iter().map(|entry| entry.value.to_string()).collect();
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let keys = width(&mut config.entries.iter().map(|entry| entry.key.len()));
    // A long value pushes its own origin to the right, and no other.
    let most = width(&mut values.iter().map(|value| value.chars().count()).filter(|n| *n <= 40));
    let lines = config
        .entries
        .iter()
        .zip(&values)
        .map(|(entry, value)| format!("{:keys$}  {value:most$}  {}", entry.key, entry.origin));
    print_line(&lines.collect::<Vec<_>>().join("\n"))?;
    Ok(Outcome::Yes)
}

fn variables() -> String {
    let variables = keys::variables();
    let width = variables.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = variables.iter().map(|(name, meaning)| format!("{name:width$}  {meaning}"));
    lines.collect::<Vec<_>>().join("\n")
}
