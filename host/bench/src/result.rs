//! A measurement as a result file.

mod cycles;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use gemmine_driver::{DeviceKind, Identity};
use gemmine_report::derive::{Figures, ratio};
use gemmine_report::figure::{Boundary, Figure, Kind, Range, Source as Origin, Unit};
use gemmine_report::result::{
    Class, Conditions, Device, Idle, Image, MeterTable, Protocol, ResultFile, SCHEMA, names,
};

use crate::energy::Source;
use crate::run::{Measured, Options, Stretch};
use crate::workload::Work;
use cycles::{limit, roof, uses};

/// What a result file says of a run beside its figures.
#[derive(Clone, Debug)]
pub struct Account {
    /// The device's name in files.
    pub name: String,
    /// And for people.
    pub title: String,
    /// What it is.
    pub class: Class,
    /// The chip, of a board whose image is known.
    pub part: Option<String>,
    /// Its image.
    pub image: Option<Image>,
    /// The meter's table that energy was read from, as it is kept.
    pub meter: Option<MeterTable>,
    /// What power was taken of.
    pub boundary: Boundary,
    /// Without what it takes at rest.
    pub subtract_idle: bool,
    /// What it costs, in dollars, and where that is from.
    pub price: Option<Figure>,
    /// The command.
    pub command: String,
    /// Processor of the host.
    pub host_cpu: Option<String>,
    /// Its operating system.
    pub os: Option<String>,
    /// Names the run, and no other.
    pub run: String,
    /// Programs that took part, and their versions.
    pub tools: BTreeMap<String, String>,
    /// What else a reader must know.
    pub notes: Vec<String>,
}

/// Makes the file.
///
/// # Errors
/// If a number is none, as of a run that took no time.
pub fn file(
    measured: &Measured,
    options: Options,
    work: &Work,
    identity: &Identity,
    energy: Option<&Source>,
    account: Account,
) -> Result<ResultFile> {
    let macs = work.macs;
    let clock = "the host's clock, from the first assignment to the last answer";
    let each = |rate: &dyn Fn(&Stretch) -> f64| measured.tests.iter().map(rate).collect::<Vec<_>>();
    // What is outside of a processor has its link in its figures; a processor is the whole machine.
    let boundary = match account.class {
        Class::Fpga | Class::Gpu | Class::Asic => Boundary::Board,
        Class::Cpu | Class::SoftwareGpu | Class::Simulation => Boundary::Wall,
    };
    let host = match work.protocol {
        Protocol::Matmul => "link, exact products and checks of all of them by the host included",
        _ => "noise, commitments, link and checks of hits by the host included",
    };
    let conditions = format!(
        "{} {} a run, {host}; {}",
        measured.tests.first().map_or(0, |test| test.tickets),
        work.unit,
        work.description
    );
    let mut figures = Figures::new();
    let throughput = each(&|test| test.tickets as f64 * macs / test.seconds);
    let one = work.unit.trim_end_matches('s');
    let method = format!("{clock}; {macs} MACs a {one}");
    figures.insert(
        names::THROUGHPUT.into(),
        Figure::measured(throughput, Unit::MacPerSecond, boundary, &conditions, &method)?,
    );
    let tickets = each(&|test| test.tickets as f64 / test.seconds);
    if let Some((name, unit)) = rate(work.protocol) {
        figures.insert(name.into(), Figure::measured(tickets, unit, boundary, &conditions, clock)?);
    }
    if let Some(alone) = &measured.kernel {
        let conditions = format!(
            "its kernel alone, without noise, commitments, hashes and the host's work; {}",
            work.description
        );
        let (threads, seconds) = (alone.threads, alone.length.as_secs_f64());
        let clock = format!(
            "the host's clock, threads: {threads}, {seconds} s each time, behind the test runs"
        );
        let samples = alone.rates.clone();
        let rate = Figure::measured(samples, Unit::MacPerSecond, boundary, conditions, clock)?;
        figures.insert(names::THROUGHPUT_FED.into(), rate);
    }
    if let Some(energy) = energy {
        let power = power(measured, energy, &account)?;
        figures.insert(names::POWER.into(), power);
        per_energy(&mut figures, work.protocol)?;
    }
    if let Some(price) = account.price {
        figures.insert(names::PRICE.into(), price);
        let divide = [names::PRICE];
        let rate = ratio(
            &figures,
            Unit::MacPerSecondPerDollar,
            &[names::THROUGHPUT],
            &divide,
            "throughput over price",
        )?;
        figures.insert(names::MACS_PER_DOLLAR.into(), rate);
    }
    uses(&mut figures, measured, identity)?;
    roof(&mut figures, measured, identity)?;
    let warm_up = format!(
        "{} s at least, then a ranging run of {:.1} s that does not count",
        options.warm_up.as_secs_f64(),
        measured.ranging.seconds
    );
    let idle = match (energy, account.subtract_idle) {
        (None, _) => Idle::NoPower,
        (Some(Source::Stated(_)), _) => Idle::Unknown,
        (Some(_), true) => Idle::Subtracted,
        (Some(_), false) => Idle::Included,
    };
    let mut notes = account.notes;
    notes.push(format!("{} answers were computed again by the host, all right", measured.checked));
    notes.extend(words_of(identity));
    if account.class == Class::Simulation {
        notes.push(
            "a simulated device: its speed and energy are of this computer, and say nothing of hardware".into(),
        );
        for figure in figures.values_mut().filter(|figure| figure.kind == Kind::Measured) {
            figure.kind = Kind::Modelled;
        }
    }
    Ok(ResultFile {
        schema: SCHEMA.into(),
        run: account.run,
        device: Device {
            name: account.name,
            title: account.title,
            class: account.class,
            part: account.part,
            geometry: identity.geometry.map(|geometry| geometry.to_string()),
        },
        protocols: vec![work.protocol],
        limit: limit(measured, &figures, identity),
        figures,
        conditions: Conditions {
            operands: work.description.clone(),
            warm_up,
            repeats: options.repeats,
            idle,
            host_cpu: account.host_cpu,
            os: account.os,
            commands: vec![account.command],
            notes,
        },
        build: (identity.build != 0).then(|| format!("{:08x}", identity.build)),
        image: account.image,
        meter: account.meter,
        tools: account.tools,
        started: Some(utc(measured.started)?),
        ended: Some(utc(measured.ended)?),
        checksum: String::new(),
    }
    .sealed())
}

/// What a reader must know of a graphics processor.
fn words_of(identity: &Identity) -> Option<String> {
    match identity.kind {
        DeviceKind::Gpu => Some(format!(
            "a lower bound on what this graphics processor can do, by one path to it: {}; the host makes noise and panels",
            identity.description
        )),
        DeviceKind::SoftwareGpu => Some(
            "software, plumbing check: the processor does the work; this says nothing of any graphics processor"
                .to_owned(),
        ),
        DeviceKind::Simulation | DeviceKind::Processor | DeviceKind::External => None,
    }
}

/// What a second's units are called; nothing of products alone, which no network counts.
fn rate(protocol: Protocol) -> Option<(&'static str, Unit)> {
    match protocol {
        Protocol::Amadeus => Some((names::ATTEMPTS, Unit::AttemptPerSecond)),
        Protocol::Pearl => Some((names::TICKETS_MEASURED, Unit::TicketPerSecond)),
        // Of no use to anybody, and no name may hide that.
        Protocol::PearlZeroSignal => Some((names::TICKETS, Unit::TicketPerSecond)),
        Protocol::Matmul => None,
    }
}

/// Watts of each run, less those at rest where that is wanted.
fn power(measured: &Measured, energy: &Source, account: &Account) -> Result<Figure> {
    let rest = measured.rest.as_ref().map(|(seconds, energy)| energy.joules / seconds);
    let rest = match (account.subtract_idle, rest) {
        (false, _) => 0.0,
        (true, Some(rest)) => rest,
        (true, None) => anyhow::bail!("subtract idle power: nothing was taken at rest (--rest)"),
    };
    let watts: Vec<f64> = measured
        .tests
        .iter()
        .filter_map(|test| Some(test.energy?.joules / test.seconds - rest))
        .collect();
    let conditions = if account.subtract_idle {
        format!("mean of a run, less {rest:.3} W at rest")
    } else {
        "mean of a run, with what the device takes at rest".to_owned()
    };
    if let Source::Stated(stated) = energy {
        return Ok(Figure {
            value: stated.watts,
            unit: Unit::Watt,
            kind: Kind::Estimate,
            boundary: account.boundary,
            conditions: "stated, not measured".into(),
            uncertainty: (stated.low < stated.high)
                .then_some(Range { low: stated.low, high: stated.high }),
            source: Origin::Stated { reason: stated.reason.clone() },
        });
    }
    Ok(Figure::measured(watts, Unit::Watt, account.boundary, conditions, energy.method())?)
}

/// What follows from throughput and power.
fn per_energy(figures: &mut Figures, protocol: Protocol) -> Result<()> {
    let (power, throughput) = ([names::POWER], [names::THROUGHPUT]);
    let mut add =
        |name: &str, unit, multiply: &[&str], divide: &[&str], words: &str| -> Result<()> {
            let figure = ratio(figures, unit, multiply, divide, words)?;
            figures.insert(name.to_owned(), figure);
            Ok(())
        };
    add(
        names::ENERGY_PER_MAC,
        Unit::PicojoulePerMac,
        &power,
        &throughput,
        "power over throughput",
    )?;
    add(names::MACS_PER_JOULE, Unit::MacPerJoule, &throughput, &power, "throughput over power")?;
    if protocol == Protocol::Amadeus {
        let attempts = [names::ATTEMPTS];
        add(
            names::ATTEMPTS_PER_JOULE,
            Unit::AttemptPerJoule,
            &attempts,
            &power,
            "attempts over power",
        )?;
        add(
            names::ENERGY_PER_ATTEMPT,
            Unit::JoulePerAttempt,
            &power,
            &attempts,
            "power over attempts",
        )
    } else if let Some((tickets, _)) = rate(protocol) {
        let name = match protocol {
            Protocol::PearlZeroSignal => names::ENERGY_PER_ZERO_TICKET,
            _ => names::ENERGY_PER_TICKET,
        };
        add(name, Unit::JoulePerTicket, &power, &[tickets], "power over tickets")
    } else {
        Ok(())
    }
}

fn utc(seconds: f64) -> Result<String> {
    let moment =
        jiff::Timestamp::from_second(seconds as i64).context("write the time of the run")?;
    Ok(moment.to_string())
}

#[cfg(test)]
mod tests;
