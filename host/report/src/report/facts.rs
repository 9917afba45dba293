//! Devices and published entries as they are shown.

use super::provenance::{Origins, cell};
use super::{Cell, DeviceRow, PublishedRow};
use crate::baselines::figures::accelerator;
use crate::baselines::{Accelerator, Baselines};
use crate::derive::Figures;
use crate::figure::{Figure, FigureError};
use crate::format::number;
use crate::result::{Class, Protocol, ResultFile, names};

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

/// How many times one figure is another, with the range that follows.
pub(super) fn times(figure: &Figure, of: &Figure) -> String {
    let [value, low, high] = [
        scaled(figure, figure.value) / scaled(of, of.value),
        scaled(figure, figure.low()) / scaled(of, of.high()),
        scaled(figure, figure.high()) / scaled(of, of.low()),
    ]
    .map(number);
    if figure.uncertainty.is_none() && of.uncertainty.is_none() {
        return format!("{value} times");
    }
    format!("{value} times ({low} to {high})")
}

fn scaled(figure: &Figure, value: f64) -> f64 {
    value * figure.unit.scale()
}

/// A device, its numbers held against the best graphics processor's pJ/MAC.
///
/// `of` is what its sources are called.
pub(super) fn device(
    result: &ResultFile,
    of: &str,
    best: &Figure,
    origins: &mut Origins,
) -> DeviceRow {
    let device = &result.device;
    let figures = &result.figures;
    origins.add(of, figures);
    let cell = |name: &str| cell(of, name, figures);
    let units =
        [names::ENERGY_PER_TICKET, names::ENERGY_PER_ATTEMPT, "energy-per-ticket-zero-signal"];
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
    let energy = figures.get(names::ENERGY_PER_MAC);
    let times_gpu = match device.class {
        // What a processor takes to play one is no graphics processor's energy.
        Class::SoftwareGpu => Some("none: software, a plumbing check".to_owned()),
        Class::Simulation => Some("none: a simulation".to_owned()),
        Class::Gpu => energy.map(|energy| format!("{}, at most", times(energy, best))),
        Class::Fpga | Class::Cpu | Class::Asic => energy.map(|energy| times(energy, best)),
    };
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
        throughput: cell(names::THROUGHPUT),
        fed: cell(names::THROUGHPUT_FED),
        streamed: cell(names::THROUGHPUT_STREAMED),
        power: cell(names::POWER),
        energy: cell(names::ENERGY_PER_MAC),
        energy_fed: cell(names::ENERGY_PER_MAC_FED),
        times_gpu: times_gpu.unwrap_or_default(),
        per_joule: cell(names::MACS_PER_JOULE),
        per_dollar: cell(names::MACS_PER_DOLLAR),
        per_unit: units.map(cell).into_iter().filter(|cell| !cell.text.is_empty()).collect(),
        attempts: cell(names::ATTEMPTS),
        attempts_per_joule: cell(names::ATTEMPTS_PER_JOULE),
        tickets: [names::TICKETS_MEASURED, names::TICKETS]
            .map(cell)
            .into_iter()
            .find(|cell| !cell.text.is_empty())
            .unwrap_or_default(),
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
    origins: &mut Origins,
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
