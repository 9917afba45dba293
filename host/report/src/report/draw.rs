//! Which charts there are, and what is in them.

use std::collections::BTreeMap;

use super::charts::{self, Bar, Roof, Stack, Words};
use super::facts::class;
use crate::baselines::figures::accelerator;
use crate::derive::Figures;
use crate::figure::Figure;
use crate::race::{Race, names as race_names};
use crate::result::{Class, ResultFile, names};

/// A bar that owns its figure.
struct Row {
    label: String,
    class: &'static str,
    figure: Figure,
    /// What the figure's number is multiplied by for the axis.
    scale: f64,
}

/// Colours and what they stand for, in the order of legends.
const LEGEND: [(&str, &str); 7] = [
    ("fpga", "FPGA board, new operands"),
    ("held", "FPGA board, the same tiles again"),
    ("fed", "the same, if its link never held it up"),
    ("cpu", "processor"),
    ("gpu", "GPU, mining"),
    ("sheet", "GPU, data sheet"),
    ("asic", "other chip"),
];

/// One billion: axes count in GMAC.
const GIGA: f64 = 1e-9;

/// A figure of all results that have it.
fn own(results: &[&ResultFile], name: &str, scale: f64) -> Vec<Row> {
    let row = |result: &&ResultFile| {
        let figure = result.figures.get(name)?.clone();
        Some(Row {
            label: result.device.title.clone(),
            class: class(result.device.class),
            figure,
            scale,
        })
    };
    // Software that plays a graphics processor says nothing of one.
    let is_shown = |result: &&&ResultFile| {
        !matches!(result.device.class, Class::SoftwareGpu | Class::Simulation)
    };
    results.iter().filter(is_shown).filter_map(row).collect()
}

/// Rows with more behind their names, and another colour.
fn renamed(mut rows: Vec<Row>, more: &str, class: &'static str) -> Vec<Row> {
    for row in &mut rows {
        row.label.push_str(more);
        row.class = class;
    }
    rows
}

/// A figure of throughput in GMAC/s, which of boards is with operands at hand.
fn held(results: &[&ResultFile], name: &str) -> Vec<Row> {
    let mut rows = own(results, name, GIGA);
    for row in rows.iter_mut().filter(|row| row.class == "fpga") {
        row.class = "held";
    }
    rows
}

/// A figure of all published entries that have it.
fn of(cards: &[(String, Figures)], name: &str, class: &'static str, scale: f64) -> Vec<Row> {
    let more = if name.starts_with("peak-") { ", sheet" } else { "" };
    let row = |(label, figures): &(String, Figures)| {
        let label = format!("{}{more}", shortened(label));
        Some(Row { label, class, figure: figures.get(name)?.clone(), scale })
    };
    cards.iter().filter_map(row).collect()
}

/// All rows, the lowest first, or the highest.
fn ranked(rows: Vec<Vec<Row>>, descending: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().flatten().collect();
    rows.sort_by(|a, b| (a.figure.value * a.scale).total_cmp(&(b.figure.value * b.scale)));
    if descending {
        rows.reverse();
    }
    rows
}

/// All charts by name. The last `asics` of the cards are no graphics processors.
pub(super) fn draw(
    results: &[&ResultFile],
    cards: &[(String, Figures)],
    asics: usize,
    miners: &[(String, Figures)],
    race: &Race,
) -> BTreeMap<&'static str, String> {
    let (gpus, chips) = cards.split_at(cards.len() - asics);
    let fed = renamed(own(results, names::ENERGY_PER_MAC_FED, 1.0), ", fed", "fed");
    let is_streamed =
        |result: &&ResultFile| result.figures.contains_key(names::ENERGY_PER_MAC_STREAMED);
    let (boards, others): (Vec<&ResultFile>, Vec<&ResultFile>) =
        results.iter().copied().partition(is_streamed);
    let energy = vec![
        own(&boards, names::ENERGY_PER_MAC_STREAMED, 1.0),
        renamed(own(&boards, names::ENERGY_PER_MAC, 1.0), ", at hand", "held"),
        own(&others, names::ENERGY_PER_MAC, 1.0),
        fed,
        of(gpus, accelerator::MINING_ENERGY, "gpu", 1.0),
        of(gpus, accelerator::PEAK_ENERGY, "sheet", 1.0),
        of(chips, accelerator::PEAK_ENERGY, "asic", 1.0),
    ];
    let watt = vec![
        held(results, names::MACS_PER_JOULE),
        of(gpus, accelerator::MINING_MACS_PER_JOULE, "gpu", GIGA),
        of(gpus, accelerator::PEAK_MACS_PER_JOULE, "sheet", GIGA),
        of(chips, accelerator::PEAK_MACS_PER_JOULE, "asic", GIGA),
    ];
    let dollar = vec![
        held(results, names::MACS_PER_DOLLAR),
        of(gpus, accelerator::MINING_MACS_PER_DOLLAR, "gpu", GIGA),
    ];
    let attempts =
        vec![own(results, names::ATTEMPTS, 1.0), of(miners, names::ATTEMPTS, "asic", 1.0)];
    let per_joule = vec![own(results, names::ATTEMPTS_PER_JOULE, 1.0)];
    let picojoules = "picojoules for a multiply-accumulate; less is better";
    let all = [
        ("energy", "Energy of a multiply-accumulate", picojoules, ranked(energy, false)),
        ("per-watt", "Throughput for a watt", "GMAC/s a watt; more is better", ranked(watt, true)),
        (
            "per-dollar",
            "Throughput for a dollar",
            "GMAC/s a dollar; more is better",
            ranked(dollar, true),
        ),
        (
            "attempts",
            "Amadeus attempts a second",
            "attempts a second; more is better",
            ranked(attempts, true),
        ),
        (
            "attempts-per-joule",
            "Amadeus attempts for a joule",
            "attempts a joule; more is better",
            ranked(per_joule, true),
        ),
        ("race", "What is left to win for int8", picojoules, race_rows(race)),
    ];
    let mut charts = BTreeMap::new();
    for (id, title, axis, rows) in all.iter().filter(|(.., rows)| !rows.is_empty()) {
        charts.insert(*id, chart(id, title, axis, rows));
    }
    let stacks = stacks(results);
    if !stacks.is_empty() {
        let title = "Where the cycles go";
        charts.insert("use", charts::both(|width| charts::stacks("use", title, &stacks, width)));
    }
    let roofs = roofs(results);
    if !roofs.is_empty() {
        let title = "What link and array allow";
        charts.insert(
            "roofline",
            charts::both(|width| charts::roofline("roofline", title, &roofs, width)),
        );
    }
    charts
}

fn chart(id: &str, title: &str, axis: &str, rows: &[Row]) -> String {
    let bar = |row: &Row| row.class;
    let legend: Vec<_> =
        LEGEND.into_iter().filter(|(class, _)| rows.iter().any(|row| bar(row) == *class)).collect();
    let words = Words { id, title, axis, legend: &legend };
    let bars: Vec<Bar<'_>> = rows
        .iter()
        .map(|row| Bar {
            label: &row.label,
            class: row.class,
            figure: &row.figure,
            scale: row.scale,
        })
        .collect();
    charts::both(|width| charts::bars(&words, &bars, width))
}

/// Without what every name of a maker's begins with.
fn shortened(name: &str) -> &str {
    name.trim_start_matches("NVIDIA ").trim_start_matches("GeForce ")
}

fn race_rows(race: &Race) -> Vec<Row> {
    let row = |label: String, name: &str, class| Row {
        label,
        class,
        figure: race.figures[name].clone(),
        scale: 1.0,
    };
    let mut rows = vec![
        row(format!("{}, mining", shortened(&race.gpu)), race_names::GPU, "gpu"),
        row(format!("{}, sheet", shortened(&race.gpu_peak)), race_names::GPU_PEAK, "sheet"),
    ];
    let floors = race.nodes_nm.iter();
    rows.extend(floors.map(|node| {
        row(format!("arithmetic alone, {node} nm"), &race_names::floor(*node), "asic")
    }));
    rows
}

fn stacks(results: &[&ResultFile]) -> Vec<Stack> {
    let mut stacks = Vec::new();
    for result in results {
        for (shares, words) in
            [(names::USE, "operands at hand"), (names::USE_STREAMED, "new operands")]
        {
            let found: Vec<f64> =
                shares.iter().filter_map(|name| Some(result.figures.get(*name)?.value)).collect();
            if let Ok(shares) = <[f64; 5]>::try_from(found) {
                stacks.push(Stack { label: format!("{}, {words}", result.device.title), shares });
            }
        }
    }
    stacks
}

fn roofs(results: &[&ResultFile]) -> Vec<Roof> {
    let roof = |result: &&ResultFile| {
        let get =
            |name: &str| result.figures.get(name).map(|figure| figure.value * figure.unit.scale());
        let points = [
            (names::INTENSITY_STREAMED, names::THROUGHPUT_STREAMED),
            (names::INTENSITY, names::THROUGHPUT),
        ];
        Some(Roof {
            label: result.device.title.clone(),
            peak: get(names::PEAK_RATE)?,
            link: get(names::LINK)?,
            points: points.into_iter().filter_map(|(x, y)| get(x).zip(get(y))).collect(),
        })
    };
    results.iter().filter_map(roof).collect()
}
