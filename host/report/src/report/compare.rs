//! The comparison: rows and words, from results, table and race.

use super::draw::draw;
use super::facts::{device, published, times};
use super::provenance::{Origins, cell};
use super::{Inputs, RaceRow, Report, ReportError};
use crate::derive::Figures;
use crate::figure::Figure;
use crate::format::{number, range, value};
use crate::race::{Race, names as race_names};
use crate::result::{Class, ResultFile, names};

/// What the race is of, among the sources.
const RACE: &str = "the race";

pub(super) fn report(inputs: &Inputs<'_>, race: &Race) -> Result<Report, ReportError> {
    let table = inputs.baselines;
    let mut origins = Origins::default();
    let best = &race.figures[race_names::GPU];
    let mut results: Vec<&ResultFile> = inputs.results.iter().collect();
    results.sort_by(|a, b| {
        let energy = |result: &ResultFile| {
            result.figures.get(names::ENERGY_PER_MAC).map_or(f64::INFINITY, |f| f.value)
        };
        energy(a).total_cmp(&energy(b)).then_with(|| a.run.cmp(&b.run))
    });
    let mut devices = Vec::new();
    for result in &results {
        let title = &result.device.title;
        // A board that was simulated and measured is there twice.
        let alike = results.iter().filter(|other| other.device.title == *title).count() > 1;
        let of = if alike { format!("{title}, run {}", result.run) } else { title.clone() };
        devices.push(device(result, &of, best, &mut origins));
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
    origins.add(RACE, &race.figures);
    let asic_count = asics.len();
    let contenders = contenders(&results);
    let charts = draw(&results, &cards, asic_count, &miners, race);
    Ok(Report {
        version: env!("CARGO_PKG_VERSION").into(),
        headline: headline(&contenders, race, best),
        devices,
        gpus,
        asics,
        amadeus,
        hash_race: hash_race(race),
        int8_race: int8_race(race),
        race_words: race_words(race),
        changes: changes(&contenders, best),
        charts,
        origins: origins.0,
        rerun: inputs.rerun.clone(),
        link: inputs.link.clone(),
    })
}

/// Results of what is held against graphics processors. One that was measured here is a bound for its own kind, and
/// one that is software is none at all.
fn contenders<'a>(results: &[&'a ResultFile]) -> Vec<&'a ResultFile> {
    let is_gpu =
        |result: &ResultFile| matches!(result.device.class, Class::Gpu | Class::SoftwareGpu);
    results.iter().copied().filter(|result| !is_gpu(result)).collect()
}

fn headline(results: &[&ResultFile], race: &Race, best: &Figure) -> Vec<String> {
    let mut said = Vec::new();
    let with = results
        .iter()
        .find_map(|result| Some((result, result.figures.get(names::ENERGY_PER_MAC)?)));
    let Some((first, energy)) = with else {
        return vec!["None of these results has both a throughput and a power, so nothing can be said of energy.".into()];
    };
    let title = &first.device.title;
    // The most favourable reading of all: the low end, and no link that holds anything up.
    let all = results.iter().flat_map(|result| {
        [names::ENERGY_PER_MAC, names::ENERGY_PER_MAC_FED].map(|name| result.figures.get(name))
    });
    let lowest = all.flatten().map(Figure::low).fold(f64::INFINITY, f64::min);
    let verdict = match lowest > best.value {
        true => "No: not for energy, whichever end of the range is right.",
        false if energy.high() < best.value => {
            "Yes, for energy, whichever end of the range is right."
        }
        false => {
            "Nobody can tell yet: the range of the device's energy reaches across the graphics processor's."
        }
    };
    said.push(format!("Is this hardware better than a graphics processor? {verdict}"));
    said.push(format!(
        "The best device here, {title}, takes {}{} for a multiply-accumulate. The graphics processor that mines with the \
         fewest joules by its miner's own report, {}, takes {}. So the device takes {} as much energy for the same work.",
        value(energy), between(energy), race.gpu, value(best), times(energy, best)
    ));
    let fed = results
        .iter()
        .filter_map(|result| Some((result, result.figures.get(names::ENERGY_PER_MAC_FED)?)));
    let fed = fed.min_by(|a, b| a.1.value.total_cmp(&b.1.value));
    if let Some((result, figure)) = fed.filter(|(_, figure)| figure.value < 0.9 * energy.value) {
        said.push(format!(
            "Much of that is the link, not the array. If no link ever kept an array waiting, {} would take {}{}: {} as \
             much as that graphics processor.",
            result.device.title, value(figure), between(figure), times(figure, best)
        ));
    }
    for (name, unit) in [
        (names::ENERGY_PER_TICKET, "a Pearl ticket of the native tile"),
        (names::ENERGY_PER_ATTEMPT, "an Amadeus attempt"),
    ] {
        let of = results.iter().filter_map(|result| Some((result, result.figures.get(name)?)));
        if let Some((result, figure)) = of.min_by(|a, b| a.1.value.total_cmp(&b.1.value)) {
            said.push(format!(
                "For one unit of accepted work, {unit}, {} takes {}{}.",
                result.device.title,
                value(figure),
                between(figure)
            ));
        }
    }
    if results.iter().all(|result| result.started.is_none()) {
        said.push(
            "None of these devices has been measured: cycles are simulated, clocks are place and route's, watts are \
             published ranges of other designs or estimates. Every number below says which it is."
                .into(),
        );
    }
    said
}

/// A range in brackets, if there is one.
fn between(figure: &Figure) -> String {
    let range = range(figure);
    if range.is_empty() { range } else { format!(" ({range})") }
}

fn changes(results: &[&ResultFile], best: &Figure) -> Vec<String> {
    let mut said = Vec::new();
    let energy =
        |result: &&ResultFile| result.figures.get(names::ENERGY_PER_MAC).map(|figure| figure.value);
    if let Some(least) = results.iter().filter_map(energy).min_by(f64::total_cmp) {
        said.push(format!(
            "A meter at the plug: most of the range is that nobody has measured these boards at this work. Even at the low \
             end the boards are behind by the energy of programmable logic: {} pJ/MAC against {}.",
            number(least), number(best.value)
        ));
    }
    said.push("A faster link: with new operands for every tile a serial line leaves the arrays idle nearly all of the time. Reuse of operands, operands that grow on the device, or PCIe change that; a larger array does not.".into());
    said.push("A chip of its own: the same array in hard logic, without the switches and long wires of an FPGA. What that could win at most is in the section on the race.".into());
    said
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
    for node in &race.nodes_nm {
        rows.push(row(format!("arithmetic alone at {node} nm"), &race_names::floor(*node)));
    }
    for node in &race.nodes_nm {
        rows.push(row(
            format!("most that a chip at {node} nm could be ahead: times"),
            &race_names::ahead(*node),
        ));
    }
    rows
}

fn race_words(race: &Race) -> Vec<String> {
    let get = |name: &str| &race.figures[name];
    let ahead = race.nodes_nm.last().map(|node| (node, get(&race_names::ahead(*node))));
    let mut said = vec![
        format!(
            "Bitcoin is mined by chips that can do nothing else. The best of them takes {} for a million million hashes; a \
             graphics processor takes {}. That is {} times as much energy, about three thousand, and not the hundred thousand that is \
             often told. A whole machine is {} times as fast as a card, but it also takes {} times the watts: who compares \
             devices and not joules gets another answer.",
            value(get(race_names::HASH_ASIC)), value(get(race_names::HASH_GPU)), number(get(race_names::PER_JOULE).value),
            number(get(race_names::PER_DEVICE).value), number(get(race_names::PER_WATT).value)
        ),
        "Why so far? A graphics processor has no circuit for that hash. It runs it as a program, and fetching, decoding and \
         moving data costs far more than the few gates that matter."
            .into(),
        format!(
            "Multiplying small whole numbers is another matter. Graphics processors have circuits for just that, so \
             they stand near one picojoule for a multiply-accumulate already: {} mines at {}. (A picojoule is a \
             millionth of a millionth of a joule; a kettle takes a hundred thousand joules for a cup of tea.)",
            race.gpu, value(get(race_names::GPU))
        ),
    ];
    if let Some((node, figure)) = ahead {
        let floor = get(&race_names::floor(*node));
        said.push(format!(
            "The arithmetic alone, one multiplication and one addition and nothing else, would take {} at {node} nm, on the \
             chips of today, depending on whose figures one believes. If everything else were free, a chip for this alone could \
             take {} times less energy than that graphics processor. It is not free: operands have to be stored, moved and \
             clocked. So what is left to win for int8 is a small factor, where Bitcoin's was thousands.",
            range(floor), range(figure)
        ));
    }
    said
}
