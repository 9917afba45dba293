//! From the inputs to a result: figures, limit, conditions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::inputs::{Inputs, Json, NATIVE_STEPS};
use crate::derive::{Figures, ratio, sum};
use crate::figure::{Boundary, FigureError, Kind, Unit};
use crate::result::{Class, Conditions, Device, Idle, Image, Protocol, ResultFile, SCHEMA, names};

/// The shares of [`names::USE`], as a run has them.
const CAUSES: [&str; 5] = [
    "/mac_cycles",
    "/stall_cycles/link",
    "/stall_cycles/panel",
    "/stall_cycles/drain",
    "/stall_cycles/hash",
];

pub(super) fn result(inputs: &Inputs<'_>) -> Result<ResultFile, FigureError> {
    let mut figures = Figures::new();
    device(inputs, &mut figures)?;
    for streamed in [false, true] {
        run(inputs, streamed, &mut figures)?;
    }
    power(inputs, &mut figures)?;
    efficiency(inputs, &mut figures)?;
    grown(inputs, &mut figures)?;
    let report = &inputs.report;
    let text = |pointer: &str| report.text(pointer).unwrap_or_default().to_owned();
    let build = text("/build");
    let image = report.text("/image").zip(report.text("/bitstream_sha256"));
    let file = ResultFile {
        schema: SCHEMA.into(),
        run: format!("{}-{build}-simulated", inputs.name),
        device: Device {
            name: inputs.name.into(),
            title: inputs.entry.name.clone(),
            class: Class::Fpga,
            part: Some(text("/part")),
            geometry: Some(text("/geometry")),
        },
        protocols: protocols(inputs),
        limit: limit(inputs, &figures),
        figures,
        conditions: conditions(inputs),
        build: Some(build),
        image: image.map(|(file, sha256)| Image {
            file: format!("bitstreams/{}/{file}", inputs.name),
            sha256: sha256.into(),
        }),
        meter: None,
        tools: tools(inputs),
        started: None,
        ended: None,
        checksum: String::new(),
    };
    Ok(file.sealed())
}

fn device(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let report = &inputs.report;
    let placed = |pointer, unit, conditions| {
        report.figure(pointer, unit, Kind::PlaceAndRoute, Boundary::Core, conditions)
    };
    let clock = "the PLL's clock, which place and route vouches for; no hardware ran";
    figures.insert(names::CLOCK.into(), placed("/clock_hz", Unit::Hertz, clock));
    let fastest = "the fastest clock that place and route vouches for";
    figures.insert("fmax".into(), placed("/fmax_mhz", Unit::Megahertz, fastest));
    let cells = "look-up tables or logic cells that the image uses";
    figures.insert("cells".into(), placed("/lut/used", Unit::Cell, cells));
    let peak = report.figure(
        "/pes",
        Unit::MacPerCycle,
        Kind::Definition,
        Boundary::Core,
        "one multiply-accumulate a PE and cycle",
    );
    figures.insert(names::PEAK.into(), peak);
    let rate = ratio(
        figures,
        Unit::MacPerSecond,
        &[names::PEAK, names::CLOCK],
        &[],
        "every PE at work in every cycle",
    )?;
    figures.insert(names::PEAK_RATE.into(), rate);
    Ok(())
}

/// Cycles by what they went to, throughput, and what the line carried.
fn run(inputs: &Inputs<'_>, streamed: bool, figures: &mut Figures) -> Result<(), FigureError> {
    let (run, shares, prefix) = match streamed {
        false => (&inputs.resident, names::USE, "resident"),
        true => (&inputs.streamed, names::USE_STREAMED, "streamed"),
    };
    let conditions = &*work(run, streamed);
    let count =
        |pointer, unit| run.figure(pointer, unit, Kind::Modelled, Boundary::Board, conditions);
    let cycles = format!("{prefix}-cycles");
    figures.insert(cycles.clone(), count("/cycles", Unit::Cycle));
    for (cause, share) in CAUSES.into_iter().zip(shares) {
        let name = share.replacen("use-streamed-", "", 1).replacen("use-", "", 1);
        let name = format!("{prefix}-cycles-{name}");
        // The array counts its steps itself; whatever it waits for is outside of it.
        let boundary = if cause == CAUSES[0] { Boundary::Core } else { Boundary::Board };
        let counted = run.figure(cause, Unit::Cycle, Kind::Modelled, boundary, conditions);
        figures.insert(name.clone(), counted);
        let figure = ratio(figures, Unit::One, &[&name], &[&cycles], conditions)?;
        figures.insert(share.into(), figure);
    }
    let steps = format!("{prefix}-cycles-step");
    let bytes = format!("{prefix}-bytes");
    figures.insert(bytes.clone(), count("/bytes_in", Unit::Byte));
    let (throughput, intensity) = match streamed {
        false => (names::THROUGHPUT, names::INTENSITY),
        true => (names::THROUGHPUT_STREAMED, names::INTENSITY_STREAMED),
    };
    let macs = [names::PEAK, names::CLOCK, &*steps];
    let figure = ratio(figures, Unit::MacPerSecond, &macs, &[&cycles], conditions)?;
    figures.insert(throughput.into(), figure);
    let figure = ratio(figures, Unit::MacPerByte, &[names::PEAK, &steps], &[&bytes], conditions)?;
    figures.insert(intensity.into(), figure);
    if !streamed {
        let busy = "cycles with work in the array";
        let busy = run.figure("/busy_cycles", Unit::Cycle, Kind::Modelled, Boundary::Core, busy);
        figures.insert("resident-cycles-busy".into(), busy);
        let fed = [
            "as if the link never kept the array waiting: cycles with work in the array alone; ",
            conditions,
        ]
        .concat();
        let cycles = ["resident-cycles-busy"];
        let figure = ratio(figures, Unit::MacPerSecond, &macs, &cycles, fed)?;
        figures.insert(names::THROUGHPUT_FED.into(), figure);
    } else {
        let line = format!("one way, ten bits a byte; {}", inputs.entry.line);
        let figure = run.figure("/baud", Unit::Baud, Kind::Modelled, Boundary::Board, &line);
        figures.insert("line".into(), figure);
        let figure = ratio(figures, Unit::BytePerSecond, &["line"], &[], &*line)?;
        figures.insert(names::LINK.into(), figure);
    }
    Ok(())
}

/// What a run's figures hold for.
fn work(run: &Json, streamed: bool) -> String {
    let number = |pointer| run.number(pointer).unwrap_or_default();
    let operands = match streamed {
        true => "new operands over the line for every tile",
        false => "operands that stay in the device",
    };
    format!(
        "{} tiles of {} steps, chunks of {}, {operands}; cycle-accurate model of the whole device behind its line at {} baud, from the first request to the last answer",
        number("/tiles"),
        number("/steps"),
        number("/chunk"),
        number("/baud")
    )
}

fn power(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let table = inputs.baselines;
    if let Some(power) = table.board_power(inputs.entry) {
        figures.insert(names::POWER.into(), power);
        return Ok(());
    }
    let family = inputs.entry.cells.as_deref();
    let Some(cells) = table.table.cells.iter().find(|cells| Some(&*cells.family) == family) else {
        return Ok(());
    };
    let [rest, cycle, cell] = table.cells(cells);
    figures.insert("rest-power".into(), rest);
    figures.insert("energy-per-cycle".into(), cycle);
    figures.insert("energy-per-cell-cycle".into(), cell);
    let clock = ratio(
        figures,
        Unit::Watt,
        &["energy-per-cycle", names::CLOCK],
        &[],
        "the clock tree, estimated from the bottom up",
    )?;
    figures.insert("clock-power".into(), clock);
    let logic = ratio(
        figures,
        Unit::Watt,
        &["energy-per-cell-cycle", "cells", names::CLOCK],
        &[],
        "logic, estimated from the bottom up: all cells of the image at the image's clock",
    )?;
    figures.insert("logic-power".into(), logic);
    let power = sum(
        figures,
        Unit::Watt,
        &["rest-power", "clock-power", "logic-power"],
        &[],
        "estimated from the bottom up, since nobody has published this board's: at rest, and what clock tree and cells \
         add; all ends at once, so the range is wide",
    )?;
    figures.insert(names::POWER.into(), power);
    Ok(())
}

fn efficiency(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let rate = [names::THROUGHPUT];
    if let Some(price) = inputs.baselines.board_price(inputs.entry) {
        figures.insert(names::PRICE.into(), price);
        let conditions = "operands that stay in the device; the board alone, without a host";
        let figure =
            ratio(figures, Unit::MacPerSecondPerDollar, &rate, &[names::PRICE], conditions)?;
        figures.insert(names::MACS_PER_DOLLAR.into(), figure);
    }
    if !figures.contains_key(names::POWER) {
        return Ok(());
    }
    let conditions =
        "operands that stay in the device; power of the board at its plug, without a host";
    let power = [names::POWER];
    let energy = ratio(figures, Unit::PicojoulePerMac, &power, &rate, conditions)?;
    figures.insert(names::ENERGY_PER_MAC.into(), energy);
    let fed = ratio(
        figures,
        Unit::PicojoulePerMac,
        &power,
        &[names::THROUGHPUT_FED],
        "as if the link never kept the array waiting; power of the board at its plug, without a host",
    )?;
    figures.insert(names::ENERGY_PER_MAC_FED.into(), fed);
    let inverse = ratio(figures, Unit::MacPerJoule, &rate, &power, conditions)?;
    figures.insert(names::MACS_PER_JOULE.into(), inverse);
    let streamed = ratio(
        figures,
        Unit::PicojoulePerMac,
        &power,
        &[names::THROUGHPUT_STREAMED],
        "new operands over the line for every tile; power of the board at its plug, without a host",
    )?;
    figures.insert("energy-per-mac-streamed".into(), streamed);
    if inputs.native() {
        let [ticket, _] = inputs.baselines.work();
        figures.insert("macs-per-ticket".into(), ticket);
        let inputs = [names::ENERGY_PER_MAC, "macs-per-ticket"];
        let conditions = "a Pearl ticket of the native tile, operands that stay in the device";
        let figure = ratio(figures, Unit::JoulePerTicket, &inputs, &[], conditions)?;
        figures.insert(names::ENERGY_PER_TICKET.into(), figure);
    }
    Ok(())
}

/// What a device does whose operands grow on it.
fn grown(inputs: &Inputs<'_>, figures: &mut Figures) -> Result<(), FigureError> {
    let report = &inputs.report;
    let modelled = |pointer, unit, conditions| {
        report.figure(pointer, unit, Kind::Modelled, Boundary::Board, conditions)
    };
    let powered = figures.contains_key(names::POWER);
    if report.number("/amadeus/attempts_per_s").is_ok() {
        let conditions = "attempts in a row, operands grown on the device, at the clock of place and route; tests hold \
                          the formula to the cycles of the model within 0.5 %";
        let attempts = modelled("/amadeus/attempts_per_s", Unit::AttemptPerSecond, conditions);
        figures.insert(names::ATTEMPTS.into(), attempts);
        if powered {
            let (rate, power) = ([names::ATTEMPTS], [names::POWER]);
            let figure = ratio(figures, Unit::AttemptPerJoule, &rate, &power, conditions)?;
            figures.insert(names::ATTEMPTS_PER_JOULE.into(), figure);
            let figure = ratio(figures, Unit::JoulePerAttempt, &power, &rate, conditions)?;
            figures.insert(names::ENERGY_PER_ATTEMPT.into(), figure);
        }
    }
    if report.number("/pearl/tickets_per_s").is_ok() {
        let conditions = "tickets of a zero signal, no useful work: noise grown on the device, rows of 512 tiles of k = \
                          2048, at the clock of place and route";
        let tickets = modelled("/pearl/tickets_per_s", Unit::TicketPerSecond, conditions);
        figures.insert(names::TICKETS.into(), tickets);
        if powered {
            let inputs = ([names::POWER], [names::TICKETS]);
            let figure = ratio(figures, Unit::JoulePerTicket, &inputs.0, &inputs.1, conditions)?;
            figures.insert("energy-per-ticket-zero-signal".into(), figure);
        }
    }
    Ok(())
}

fn protocols(inputs: &Inputs<'_>) -> Vec<Protocol> {
    if !inputs.native() {
        return vec![Protocol::Matmul];
    }
    let listed = inputs.report.value["protocols"].as_array();
    let listed = listed.into_iter().flatten().filter_map(Value::as_str);
    let known = [Protocol::Pearl, Protocol::PearlZeroSignal, Protocol::Amadeus];
    listed.filter_map(|name| known.into_iter().find(|known| known.name() == name)).collect()
}

/// What the array waits for, in words, from the shares.
fn limit(inputs: &Inputs<'_>, figures: &Figures) -> String {
    let share = |name: &str| figures.get(name).map_or(0.0, |figure| 100.0 * figure.value);
    let waits = ["", "for the line", "for operands", "for results to leave", "for a hash"];
    let largest = |shares: [&str; 5]| {
        let stalls = (1..shares.len()).map(|n| (share(shares[n]), waits[n]));
        stalls.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, ""))
    };
    let (own, why) = largest(names::USE);
    let (over, line) = largest(names::USE_STREAMED);
    let first = match own < 5.0 {
        true => format!(
            "With operands in the device, its {} multipliers are the limit: they work in {:.1} % of the cycles.",
            inputs.report.number("/pes").unwrap_or_default(),
            share(names::USE[0])
        ),
        false => format!(
            "With operands in the device it waits {why} {own:.1} % of the time: every tile is asked for and answered over it."
        ),
    };
    format!("{first} With operands over the serial line it waits {line} {over:.2} % of the time.")
}

fn conditions(inputs: &Inputs<'_>) -> Conditions {
    let command = |run: &Json, streamed: bool| {
        let number = |pointer| run.number(pointer).unwrap_or_default();
        let more = if streamed { " --stream" } else { "" };
        let device = match run.text("/image_build") {
            Some(_) => format!("--board {}", inputs.name),
            None => format!(
                "--geometry {} --clock {}",
                run.text("/geometry").unwrap_or_default(),
                number("/clock_hz")
            ),
        };
        format!(
            "gemmine sim {device} --engine model --baud {} --tiles {} --steps {} --chunk {}{more} --json > {}",
            number("/baud"),
            number("/tiles"),
            number("/steps"),
            number("/chunk"),
            run.file
        )
    };
    let mut commands = vec![inputs.report.text("/command").unwrap_or_default().to_owned()];
    commands.push(command(&inputs.resident, false));
    commands.push(command(&inputs.streamed, true));
    commands.push("gemmine report boards --out benches/results".into());
    let mut notes = vec!["Nothing ran on hardware: cycles are a model's that Verilated RTL takes, too, and the clock is place and route's.".to_owned()];
    if !inputs.exact() {
        notes.push(
            "The simulated device has the image's array and clock, and more panel memory than the image: new operands can \
             arrive while a tile runs, which the image's own memory may have no room for."
                .into(),
        );
    }
    if !inputs.native() {
        notes.push(format!(
            "A lane of panel memory holds {} steps, and Pearl's shortest tile at chunks of 128 has {NATIVE_STEPS}: this board multiplies, and can't make a ticket that a network takes.",
            inputs.steps()
        ));
    }
    let caveats = inputs.report.value["caveats"].as_array().into_iter().flatten();
    notes.extend(caveats.filter_map(Value::as_str).map(str::to_owned));
    Conditions {
        operands: "uniform int8 from BLAKE3's stream, seed 0; every ticket held against the rule"
            .into(),
        warm_up:
            "none: the device is simulated from power-up, and counted from the first request on"
                .into(),
        repeats: 1,
        idle: Idle::Included,
        host_cpu: None,
        os: None,
        commands,
        notes,
    }
}

fn tools(inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let mut tools = BTreeMap::new();
    for (name, version) in inputs.report.value["tools"].as_object().into_iter().flatten() {
        tools.insert(name.clone(), version.as_str().unwrap_or_default().to_owned());
    }
    let version = inputs.resident.text("/version").unwrap_or("unknown");
    tools.insert("gemmine sim".into(), version.into());
    tools
}
