//! `gemmine baselines`: what others publish, listed and checked.

use anyhow::{Context, Result};
use gemmine_report::baselines::figures::accelerator as name;
use gemmine_report::baselines::{Accelerator, Baselines};
use gemmine_report::derive::Figures;
use gemmine_report::figure::Figure;
use gemmine_report::format::{range, value};
use serde_json::{Map, Value, json};

use crate::args::BaselinesCommand;
use crate::outcome::Outcome;
use crate::print_line;

/// Runs the command.
pub fn run(command: &BaselinesCommand) -> Result<Outcome> {
    match command {
        BaselinesCommand::List(args) => list(&table(args.file.as_deref())?, args.json),
        BaselinesCommand::Check(args) => check(&table(args.file.as_deref())?, args.json),
    }
}

/// The table that is compiled in, or another one.
pub fn table(file: Option<&std::path::Path>) -> Result<Baselines> {
    let table = file.map_or_else(Baselines::embedded, Baselines::read);
    table.context("use the table of baselines")
}

fn check(table: &Baselines, json: bool) -> Result<Outcome> {
    let findings = table.check();
    let outcome = if findings.is_empty() { Outcome::Yes } else { Outcome::No };
    if json {
        let list: Vec<Value> = findings
            .iter()
            .map(|finding| json!({ "line": finding.line, "text": finding.text }))
            .collect();
        let mut object = json!({ "file": table.file, "findings": list, "exit": outcome.code() });
        if let Some(first) = findings.first() {
            object["error"] = first.to_string().into();
        }
        print_line(&object.to_string())?;
        return Ok(outcome);
    }
    for finding in &findings {
        print_line(&format!("{}, {finding}", table.file))?;
    }
    if findings.is_empty() {
        print_line(&format!("{}: nothing is wrong that can be told from here", table.file))?;
    }
    Ok(outcome)
}

fn list(table: &Baselines, json: bool) -> Result<Outcome> {
    let doing = || format!("list {}; `gemmine baselines check` names the line", table.file);
    let mut entries = Vec::new();
    for (class, all) in [("gpu", &table.table.gpu), ("asic", &table.table.asic)] {
        for entry in all {
            entries.push((class, entry, table.accelerator(entry).with_context(doing)?));
        }
    }
    if json {
        return list_json(table, &entries);
    }
    let cell = |figures: &Figures, names: [&str; 2], meaning: &str| {
        let found: Vec<&Figure> = names.iter().filter_map(|name| figures.get(*name)).collect();
        let words: Vec<String> = found.iter().map(|figure| said(figure)).collect();
        let meaning = if found.len() == 2 { format!(" {meaning}") } else { String::new() };
        format!("{}{meaning}", words.join(", "))
    };
    for (_, entry, figures) in &entries {
        print_line(&entry.name)?;
        if let Some(peak) = &entry.peak {
            let meaning = peak.watts_are.map_or("", |watts| watts.name());
            let rate = cell(figures, [name::PEAK, name::PEAK_POWER], meaning);
            print_line(&format!(
                "  data sheet  {rate}{}  [{}]",
                energy(figures, name::PEAK_ENERGY),
                peak.kind
            ))?;
            print_line(&format!("              {}", peak.source))?;
        }
        if let Some(mining) = &entry.mining {
            let meaning = mining.watts_are.map_or("", |watts| watts.name());
            let rate = cell(figures, [name::MINING, name::MINING_POWER], meaning);
            print_line(&format!(
                "  mining      {rate}{}  [{}]",
                energy(figures, name::MINING_ENERGY),
                mining.kind
            ))?;
            print_line(&format!("              {}", mining.source))?;
        }
    }
    for entry in &table.table.amadeus {
        let attempts = table.attempts(entry);
        print_line(&format!(
            "{}\n  Amadeus     {}  [{}]",
            entry.name,
            said(&attempts),
            entry.kind
        ))?;
        print_line(&format!("              {}", entry.source))?;
    }
    for entry in &table.table.sha256d {
        let [rate, power] = table.sha256d(entry);
        print_line(&format!(
            "{}\n  SHA-256d    {}, {}  [{}]",
            entry.name,
            said(&rate),
            said(&power),
            entry.kind
        ))?;
        print_line(&format!("              {}", entry.source))?;
    }
    for board in &table.table.board {
        let power = table.board_power(board);
        let power = power
            .map_or_else(|| "watts: estimated from its cells".to_owned(), |power| said(&power));
        print_line(&format!("{}\n  board       {power}; {}", board.name, board.line))?;
    }
    Ok(Outcome::Yes)
}

fn said(figure: &Figure) -> String {
    let range = range(figure);
    if range.is_empty() { value(figure) } else { format!("{} ({range})", value(figure)) }
}

fn energy(figures: &Figures, name: &str) -> String {
    figures.get(name).map_or_else(String::new, |figure| format!(" = {}", said(figure)))
}

/// Every figure as it is in result files, with its kind and source.
fn list_json(table: &Baselines, entries: &[(&str, &Accelerator, Figures)]) -> Result<Outcome> {
    let mut list: Vec<Value> = entries
        .iter()
        .map(|(class, entry, figures)| json!({ "class": class, "name": entry.name, "figures": figures }))
        .collect();
    let object = |figures: &[(&str, Figure)]| -> Map<String, Value> {
        figures.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure))).collect()
    };
    for entry in &table.table.amadeus {
        let figures = object(&[("attempts", table.attempts(entry))]);
        list.push(json!({ "class": "amadeus", "name": entry.name, "figures": figures }));
    }
    for entry in &table.table.sha256d {
        let [rate, power] = table.sha256d(entry);
        let figures = object(&[("rate", rate), ("power", power)]);
        list.push(json!({ "class": "sha256d", "name": entry.name, "figures": figures }));
    }
    for board in &table.table.board {
        let power = table.board_power(board).map(|power| ("power", power));
        let price = table.board_price(board).map(|price| ("price", price));
        let figures: Vec<(&str, Figure)> = power.into_iter().chain(price).collect();
        list.push(json!({ "class": "board", "name": board.name, "figures": object(&figures) }));
    }
    let object = json!({ "file": table.file, "entries": list, "exit": Outcome::Yes.code() });
    print_line(&object.to_string())?;
    Ok(Outcome::Yes)
}
