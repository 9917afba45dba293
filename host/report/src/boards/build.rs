//! From the inputs to a result: figures, limit, conditions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::inputs::{Inputs, Json, NATIVE_STEPS, simulate};
use crate::derive::{Figures, ratio};
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
    super::power::power(inputs, &mut figures)?;
    super::power::efficiency(inputs, &mut figures)?;
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
    let [bytes_in, bytes_out] = ["in", "out"].map(|way| format!("{prefix}-bytes-{way}"));
    figures.insert(bytes_in.clone(), count("/bytes_in", Unit::Byte));
    figures.insert(bytes_out.clone(), count("/bytes_out", Unit::Byte));
    // The line carries both directions at once, so the busier one is what holds up.
    let outwards = figures[&bytes_out].value > figures[&bytes_in].value;
    let (bytes, way) = if outwards { (bytes_out, "to") } else { (bytes_in, "from") };
    let (throughput, intensity) = match streamed {
        false => (names::THROUGHPUT, names::INTENSITY),
        true => (names::THROUGHPUT_STREAMED, names::INTENSITY_STREAMED),
    };
    let macs = [names::PEAK, names::CLOCK, &*steps];
    let figure = ratio(figures, Unit::MacPerSecond, &macs, &[&cycles], conditions)?;
    figures.insert(throughput.into(), figure);
    let busier = format!(
        "bytes {way} the host, of the two directions of a full-duplex line the busier one; {conditions}"
    );
    let figure = ratio(figures, Unit::MacPerByte, &[names::PEAK, &steps], &[&bytes], busier)?;
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
    let (tiles, pairs) = (number("/tiles"), number("/distinct_pairs"));
    let operands = match streamed {
        true => "new operands over the line for every tile".to_owned(),
        false if pairs < tiles => {
            format!(
                "of {} again and again, operands at hand: no useful work but for the first",
                pairs_of(pairs)
            )
        }
        false => {
            "each of another pair of panels, which were loaded before and not counted".to_owned()
        }
    };
    format!(
        "{tiles} tiles of {} steps, chunks of {}, {operands}; cycle-accurate model of the image's device behind its line at {} baud, from the first request to the last answer",
        number("/steps"),
        number("/chunk"),
        number("/baud")
    )
}

/// A number of pairs, in words.
fn pairs_of(pairs: f64) -> String {
    if pairs > 1.0 { format!("{pairs} pairs of panels") } else { "one pair of panels".into() }
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
            figures.insert(names::ENERGY_PER_ZERO_TICKET.into(), figure);
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
            "With operands at hand, its {} multipliers are the limit: they work in {:.1} % of the cycles.",
            inputs.report.number("/pes").unwrap_or_default(),
            share(names::USE[0])
        ),
        false => format!(
            "With operands at hand it waits {why} {own:.1} % of the time: every tile is asked for and answered over it."
        ),
    };
    format!(
        "{first} With new operands over the serial line it waits {line} {over:.2} % of the time."
    )
}

fn conditions(inputs: &Inputs<'_>) -> Conditions {
    let mut commands = vec![inputs.report.text("/command").unwrap_or_default().to_owned()];
    commands.push(simulate(inputs.name, false, inputs.entry, &inputs.resident));
    commands.push(simulate(inputs.name, true, inputs.entry, &inputs.streamed));
    commands.push("gemmine report boards --out benches/results".into());
    let mut notes = vec!["Nothing ran on hardware: cycles are a model's that Verilated RTL takes, too, and the clock is place and route's.".to_owned()];
    let [tiles, pairs] = ["/tiles", "/distinct_pairs"]
        .map(|pointer| inputs.resident.number(pointer).unwrap_or_default());
    if pairs < tiles {
        notes.push(format!(
            "Panel memory of the image holds {}, so the run with operands at hand multiplies the same again and again: \
             it shows how fast the array is, and not how fast work is done that anybody pays for.",
            pairs_of(pairs)
        ));
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
