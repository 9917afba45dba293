//! Devices and published entries as they are shown.

use super::provenance::{Origins, cell};
use super::{Cell, DeviceRow, PublishedRow, RaceRow};
use crate::baselines::figures::accelerator;
use crate::baselines::{Accelerator, Baselines};
use crate::derive::{Figures, ratio};
use crate::figure::{FigureError, Unit};
use crate::race::names as race_names;
use crate::result::{Class, Protocol, ResultFile, names};

/// What a ticket of a signal of zeros is.
pub(super) const ZERO_SIGNAL: &str = "Pearl, a signal of zeros: no useful work";

/// The name of a class, as in files.
pub(super) const fn class(class: Class) -> &'static str {
    match class {
        Class::Fpga => "fpga",
        Class::Cpu => "cpu",
        Class::Gpu => "gpu",
        Class::SoftwareGpu => "software-gpu",
        Class::Asic => "asic",
        Class::Simulation => "simulation",
    }
}

/// pJ/MAC of a device: new operands for every tile, operands at hand, as if no link held it up.
const ENERGIES: [&str; 3] =
    [names::ENERGY_PER_MAC_STREAMED, names::ENERGY_PER_MAC, names::ENERGY_PER_MAC_FED];

/// The names of [`ENERGIES`] over a graphics processor's: the best that mines, and the best data sheet.
pub(super) const TIMES: [[&str; 3]; 2] = [
    ["times-mining-gpu-streamed", "times-mining-gpu", "times-mining-gpu-fed"],
    ["times-sheet-gpu-streamed", "times-sheet-gpu", "times-sheet-gpu-fed"],
];

/// What a figure of [`TIMES`] is of, in front of how the result has it.
const TIMES_WORDS: [&str; 2] = [
    "energy of a MAC over that of the graphics processor that mines with the fewest joules by its miner's report",
    "energy of a MAC over that of the graphics processor with the best data sheet",
];

/// A result's figures, with how many times a graphics processor's its energy is.
///
/// # Errors
/// If a figure of the result is zero where one is divided by.
pub(super) fn compared(result: &ResultFile, race: &Figures) -> Result<Figures, FigureError> {
    let mut figures = result.figures.clone();
    // What a processor takes to play a graphics processor is no graphics processor's energy.
    if result.device.class == Class::SoftwareGpu {
        return Ok(figures);
    }
    for ((best, all), words) in
        [race_names::GPU, race_names::GPU_PEAK].into_iter().zip(TIMES).zip(TIMES_WORDS)
    {
        for (own, name) in ENERGIES.into_iter().zip(all) {
            let Some(energy) = result.figures.get(own) else { continue };
            let bound = match result.device.class {
                Class::Gpu => "; at most, since this run is a lower bound on what the card can do",
                _ => "",
            };
            let conditions = format!("{words}; of the former: {}{bound}", energy.conditions);
            for input in [best.to_owned(), format!("{best}-rate"), format!("{best}-power")] {
                if let Some(figure) = race.get(&input) {
                    figures.insert(input, figure.clone());
                }
            }
            let figure = ratio(&figures, Unit::One, &[own], &[best], conditions)?;
            figures.insert(name.into(), figure);
        }
    }
    Ok(figures)
}

/// A device, with its [`compared`] figures.
///
/// `of` is what its sources are called.
pub(super) fn device(
    result: &ResultFile,
    of: &str,
    figures: &Figures,
    origins: &mut Origins<'_>,
) -> DeviceRow {
    let device = &result.device;
    origins.add(of, figures);
    let cell = |name: &str| cell(of, name, figures);
    let rows = |all: &[(&str, &str)]| -> Vec<RaceRow> {
        let row = |(name, what): &(&str, &str)| RaceRow { what: (*what).into(), cell: cell(name) };
        all.iter().map(row).filter(|row| !row.cell.text.is_empty()).collect()
    };
    let words = match device.class {
        Class::SoftwareGpu => Some("software, plumbing check: the processor does the work"),
        Class::Gpu => Some("graphics processor, measured here: a lower bound"),
        Class::Simulation => {
            Some("a simulation: its speed and energy are of the computer that it runs on")
        }
        Class::Fpga | Class::Cpu | Class::Asic => None,
    };
    let part = device.part.iter().chain(&device.geometry).map(String::as_str);
    let part: Vec<&str> = words.into_iter().chain(part).collect();
    let protocols: Vec<&str> = result.protocols.iter().copied().map(Protocol::name).collect();
    let times_note = match device.class {
        // What a processor takes to play one is no graphics processor's energy.
        Class::SoftwareGpu => "none: software, a plumbing check",
        Class::Simulation => "none: a simulation",
        Class::Gpu => "at most",
        Class::Fpga | Class::Cpu | Class::Asic if figures.contains_key(names::POWER) => "",
        Class::Fpga | Class::Cpu | Class::Asic => "no power known",
    };
    // What runs here gets every tile's operands from memory; a board's counters are of both ways.
    let order =
        |of: [&'static str; 2]| if result.works_on_new_operands() { [of[1], of[0]] } else { of };
    let [streamed, at_hand] = order([names::ENERGY_PER_MAC_STREAMED, names::ENERGY_PER_MAC]);
    let rates = order([names::THROUGHPUT_STREAMED, names::THROUGHPUT]);
    let times = TIMES.map(|[new, same, fed]| {
        let order =
            if result.works_on_new_operands() { [same, new, fed] } else { [new, same, fed] };
        order.map(cell)
    });
    let conditions = &result.conditions;
    let mut said = vec![
        format!("operands: {}", conditions.operands),
        format!("warm-up: {}", conditions.warm_up),
        format!("repeats: {}; {}", conditions.repeats, conditions.idle.words()),
    ];
    said.extend(conditions.host_cpu.iter().map(|cpu| format!("host: {cpu}")));
    said.extend(conditions.os.iter().map(|os| format!("system: {os}")));
    let time = result.started.iter().zip(&result.ended);
    said.extend(time.map(|(started, ended)| format!("from {started} to {ended}")));
    let image = result.image.as_ref();
    let tools: Vec<String> =
        result.tools.iter().map(|(name, version)| format!("{name} {version}")).collect();
    DeviceRow {
        name: device.name.clone(),
        title: of.to_owned(),
        class: class(device.class).into(),
        part: part.join(", array "),
        protocols: protocols.join(", "),
        throughput: cell(rates[1]),
        fed: cell(names::THROUGHPUT_FED),
        streamed: cell(rates[0]),
        power: cell(names::POWER),
        energy_streamed: cell(streamed),
        energy: cell(at_hand),
        energy_fed: cell(names::ENERGY_PER_MAC_FED),
        times,
        times_note: times_note.into(),
        per_joule: cell(names::MACS_PER_JOULE),
        per_dollar: cell(names::MACS_PER_DOLLAR),
        per_unit: rows(&[
            (names::ENERGY_PER_TICKET, "a Pearl ticket"),
            (names::ENERGY_PER_ATTEMPT, "an Amadeus attempt"),
            (names::ENERGY_PER_ZERO_TICKET, ZERO_SIGNAL),
        ]),
        attempts: cell(names::ATTEMPTS),
        attempts_per_joule: cell(names::ATTEMPTS_PER_JOULE),
        tickets: rows(&[(names::TICKETS_MEASURED, "Pearl tickets"), (names::TICKETS, ZERO_SIGNAL)]),
        limit: result.limit.clone(),
        conditions: said,
        notes: conditions.notes.clone(),
        commands: conditions.commands.clone(),
        image: image
            .map(|image| format!("{}, sha256 {}", image.file, image.sha256))
            .unwrap_or_default(),
        tools: tools.join(", "),
        run: result.run.clone(),
        checksum: result.checksum.clone(),
    }
}

/// A published entry.
pub(super) fn published(
    entry: &Accelerator,
    table: &Baselines,
    origins: &mut Origins<'_>,
) -> Result<(PublishedRow, Figures), FigureError> {
    use accelerator as name;
    let figures = table.accelerator(entry)?;
    origins.add(&entry.name, &figures);
    let cells =
        |names: [&str; 3]| -> [Cell; 3] { names.map(|name| cell(&entry.name, name, &figures)) };
    let words =
        |watts: Option<crate::baselines::Watts>| watts.map_or("", |watts| watts.name()).to_owned();
    let row = PublishedRow {
        name: entry.name.clone(),
        peak: cells([name::PEAK, name::PEAK_POWER, name::PEAK_ENERGY]),
        peak_watts: words(entry.peak.as_ref().and_then(|peak| peak.watts_are)),
        mining: cells([name::MINING, name::MINING_POWER, name::MINING_ENERGY]),
        mining_watts: words(entry.mining.as_ref().and_then(|mining| mining.watts_are)),
        price: cell(&entry.name, name::PRICE, &figures),
    };
    Ok((row, figures))
}
