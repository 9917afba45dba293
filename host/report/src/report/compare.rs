//! The comparison: rows and words, from results, table and race.

use super::draw::draw;
use super::facts::{compared, device, published};
use super::provenance::{Origins, RACE, cell};
use super::words::{self, Contender};
use super::{Inputs, RaceRow, Report, ReportError};
use crate::derive::Figures;
use crate::race::{Race, names as race_names};
use crate::result::{ResultFile, names};

/// What a result is called: as its device, and by what tells it from others of the same.
fn called(result: &ResultFile, all: &[&ResultFile]) -> String {
    let title = &result.device.title;
    let alike: Vec<_> = all.iter().filter(|other| other.device.title == *title).collect();
    // Marks of makers say nothing here, and labels have little room.
    let plain = title.replace("(R)", "").replace("(TM)", "").replace(" Processor,", ",");
    if alike.len() == 1 {
        return plain;
    }
    if alike.iter().filter(|other| other.protocols == result.protocols).count() == 1 {
        let by: Vec<&str> = result.protocols.iter().map(|protocol| protocol.title()).collect();
        return format!("{plain}, {}", by.join(" and "));
    }
    // A board that was simulated and measured is there twice.
    format!("{plain}, run {}", result.run)
}

pub(super) fn report(inputs: &Inputs<'_>, race: &Race) -> Result<Report, ReportError> {
    let table = inputs.baselines;
    let mut origins = Origins::new(&race.figures);
    let mut results: Vec<&ResultFile> = inputs.results.iter().collect();
    results.sort_by(|a, b| {
        let energy = |result: &ResultFile| {
            words::useful(result).map_or(f64::INFINITY, |name| result.figures[name].value)
        };
        energy(a).total_cmp(&energy(b)).then_with(|| a.run.cmp(&b.run))
    });
    let named: Vec<ResultFile> = results
        .iter()
        .map(|result| {
            let mut named = (*result).clone();
            named.device.title = called(result, &results);
            named
        })
        .collect();
    let results: Vec<&ResultFile> = named.iter().collect();
    let mut devices = Vec::new();
    let mut contenders = Vec::new();
    for result in &results {
        let of = result.device.title.clone();
        let figures = compared(result, &race.figures)?;
        devices.push(device(result, &of, &figures, &mut origins));
        contenders.push(Contender { of, result, figures });
    }
    let mut cards: Vec<(String, Figures)> = Vec::new();
    let mut rows = [Vec::new(), Vec::new()];
    for (rows, entries) in rows.iter_mut().zip([&table.table.gpu, &table.table.asic]) {
        for entry in entries {
            let (row, figures) = published(entry, table, &mut origins)?;
            rows.push(row);
            cards.push((entry.name.clone(), figures));
        }
    }
    let [gpus, asics] = rows;
    let mut amadeus = Vec::new();
    let mut miners: Vec<(String, Figures)> = Vec::new();
    for entry in &table.table.amadeus {
        let figures = Figures::from([(names::ATTEMPTS.to_owned(), table.attempts(entry))]);
        origins.add(&entry.name, &figures);
        let cell = cell(&entry.name, names::ATTEMPTS, &figures);
        amadeus.push(RaceRow { what: entry.name.clone(), cell });
        miners.push((entry.name.clone(), figures));
    }
    let asic_count = asics.len();
    let charts = draw(&results, &cards, asic_count, &miners, race);
    Ok(Report {
        version: env!("CARGO_PKG_VERSION").into(),
        headline: words::headline(&contenders, race),
        devices,
        gpus,
        asics,
        amadeus,
        hash_race: hash_race(race),
        int8_race: int8_race(race),
        race_words: words::race(race),
        changes: words::changes(&contenders, race),
        charts,
        origins: origins.entries,
        rerun: inputs.rerun.clone(),
        link: inputs.link.clone(),
    })
}

fn hash_race(race: &Race) -> Vec<RaceRow> {
    let row = |what: String, name: &str| RaceRow { what, cell: cell(RACE, name, &race.figures) };
    vec![
        row(format!("{}: energy for 10^12 hashes", race.hash_asic), race_names::HASH_ASIC),
        row(format!("{}: energy for 10^12 hashes", race.hash_gpu), race_names::HASH_GPU),
        row("ahead per joule: times fewer joules a hash".into(), race_names::PER_JOULE),
        row("ahead per device: times more hashes a second".into(), race_names::PER_DEVICE),
        row("watts of the one over the other: times".into(), race_names::PER_WATT),
    ]
}

fn int8_race(race: &Race) -> Vec<RaceRow> {
    let row = |what: String, name: &str| RaceRow { what, cell: cell(RACE, name, &race.figures) };
    let mut rows = vec![
        row(format!("{}, mining, by its miner's report", race.gpu), race_names::GPU),
        row(format!("{}, by its data sheet", race.gpu_peak), race_names::GPU_PEAK),
    ];
    for node in race.nodes_nm.iter().filter(|node| **node != race.scaled_nm[0]) {
        let name = race_names::least(*node);
        rows.push(row(format!("arithmetic alone at {node} nm, the source's own figure"), &name));
    }
    rows.push(row(
        "how many times more another source has for the same operation".into(),
        race_names::SPREAD,
    ));
    let [node, over] = race.scaled_nm;
    let scaled = format!("energy at {node} nm over that at {over} nm, by the makers' claims");
    rows.push(row(scaled, race_names::SCALING));
    for node in &race.nodes_nm {
        let words = format!("arithmetic alone at {node} nm, as far as sources are apart");
        rows.push(row(words, &race_names::floor(*node)));
    }
    for node in &race.nodes_nm {
        let words = format!("most that a chip at {node} nm could be ahead: times");
        rows.push(row(words, &race_names::most_ahead(*node)));
    }
    for (n, what) in race.operations.iter().enumerate() {
        rows.push(row(what.clone(), &race_names::operation(n)));
    }
    rows
}
