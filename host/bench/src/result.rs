//! A measurement as a result file.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use gemmine_driver::{Counters, DeviceKind, Identity};
use gemmine_fleet::production::Kind as ProductionKind;
use gemmine_report::derive::{Figures, ratio};
use gemmine_report::figure::{Boundary, Figure, Kind, Range, Source as Origin, Unit, median};
use gemmine_report::result::{
    Class, Conditions, Device, Idle, Protocol, ResultFile, SCHEMA, names,
};

use crate::energy::Source;
use crate::run::{Measured, Options, Stretch};
use crate::workload::Workload;

/// What a result file says of a run beside its figures.
#[derive(Clone, Debug)]
pub struct Account {
    /// The device's name in files.
    pub name: String,
    /// And for people.
    pub title: String,
    /// What it is.
    pub class: Class,
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
    workload: &Workload,
    identity: &Identity,
    energy: Option<&Source>,
    account: Account,
) -> Result<ResultFile> {
    let amadeus = matches!(workload.production().kind, ProductionKind::Amadeus(_));
    let macs = workload.production().macs_per_ticket();
    let clock = "the host's clock, from the first assignment to the last answer";
    let each = |rate: &dyn Fn(&Stretch) -> f64| measured.tests.iter().map(rate).collect::<Vec<_>>();
    // What is outside of a processor has its link in its figures; a processor is the whole machine.
    let boundary = match identity.kind {
        DeviceKind::External | DeviceKind::Gpu => Boundary::Board,
        DeviceKind::Simulation | DeviceKind::Processor | DeviceKind::SoftwareGpu => Boundary::Wall,
    };
    let conditions = format!(
        "{} tickets a run, noise, commitments, link and checks of hits by the host included; {}",
        measured.tests.first().map_or(0, |test| test.tickets),
        workload.description()
    );
    let mut figures = Figures::new();
    let throughput = each(&|test| test.tickets as f64 * macs / test.seconds);
    let method = format!("{clock}; {macs} MACs a ticket");
    figures.insert(
        names::THROUGHPUT.into(),
        Figure::measured(throughput, Unit::MacPerSecond, boundary, &conditions, &method)?,
    );
    let tickets = each(&|test| test.tickets as f64 / test.seconds);
    let (name, unit) = if amadeus {
        (names::ATTEMPTS, Unit::AttemptPerSecond)
    } else {
        (names::TICKETS_MEASURED, Unit::TicketPerSecond)
    };
    figures.insert(name.into(), Figure::measured(tickets, unit, boundary, &conditions, clock)?);
    if let Some(energy) = energy {
        let power = power(measured, energy, &account)?;
        figures.insert(names::POWER.into(), power);
        per_energy(&mut figures, amadeus)?;
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
    if identity.kind == DeviceKind::Simulation {
        notes.push("a simulated device: the figures are of this computer, not of hardware".into());
    }
    Ok(ResultFile {
        schema: SCHEMA.into(),
        run: account.run,
        device: Device {
            name: account.name,
            title: account.title,
            class: account.class,
            part: None,
            geometry: identity.geometry.map(|geometry| geometry.to_string()),
        },
        protocols: vec![protocol(workload)],
        limit: limit(measured),
        figures,
        conditions: Conditions {
            operands: workload.description().to_owned(),
            warm_up,
            repeats: options.repeats,
            idle,
            host_cpu: account.host_cpu,
            os: account.os,
            commands: vec![account.command],
            notes,
        },
        build: (identity.build != 0).then(|| format!("{:08x}", identity.build)),
        image: None,
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

fn protocol(workload: &Workload) -> Protocol {
    match &workload.production().kind {
        ProductionKind::Amadeus(_) => Protocol::Amadeus,
        ProductionKind::Pearl(pearl) if pearl.product().zero_signal => Protocol::PearlZeroSignal,
        ProductionKind::Pearl(_) => Protocol::Pearl,
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
fn per_energy(figures: &mut Figures, amadeus: bool) -> Result<()> {
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
    if amadeus {
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
    } else {
        let tickets = [names::TICKETS_MEASURED];
        add(names::ENERGY_PER_TICKET, Unit::JoulePerTicket, &power, &tickets, "power over tickets")
    }
}

/// Where the cycles went, of a device that counts them.
fn uses(figures: &mut Figures, measured: &Measured, identity: &Identity) -> Result<()> {
    let counted: Option<Vec<(Counters, gemmine_driver::Stalls)>> = measured
        .tests
        .iter()
        .map(|test| test.counters.and_then(|counters| Some((counters, counters.stalls?))))
        .collect();
    let Some(counted) = counted.filter(|counted| !counted.is_empty()) else { return Ok(()) };
    let share = |part: &dyn Fn(&Counters, &gemmine_driver::Stalls) -> u64| -> Vec<f64> {
        counted
            .iter()
            .map(|(counters, stalls)| {
                let all = counters.mac_cycles + stalls.total();
                part(counters, stalls) as f64 / all.max(1) as f64
            })
            .collect()
    };
    let parts: [Vec<f64>; 5] = [
        share(&|counters, _| counters.mac_cycles),
        share(&|_, stalls| stalls.link),
        share(&|_, stalls| stalls.panel),
        share(&|_, stalls| stalls.drain),
        share(&|_, stalls| stalls.hash),
    ];
    for (name, samples) in names::USE.iter().zip(parts) {
        let figure = Figure::measured(
            samples,
            Unit::One,
            Boundary::Core,
            "share of the cycles between the first answer of a run and the last",
            "the device's own counters",
        )?;
        figures.insert((*name).into(), figure);
    }
    if let Some(clock) = identity.clock_hz {
        let figure = Figure::measured(
            vec![clock as f64 * 1e-6; counted.len()],
            Unit::Megahertz,
            Boundary::Core,
            "what the device says of its clock",
            "register CLOCK_HZ",
        )?;
        figures.insert(names::CLOCK.into(), figure);
    }
    Ok(())
}

/// What the counters say keeps it from doing more.
fn limit(measured: &Measured) -> String {
    let median_of = |part: &dyn Fn(&Counters) -> Option<f64>| -> Option<f64> {
        let samples: Option<Vec<f64>> =
            measured.tests.iter().map(|test| test.counters.as_ref().and_then(part)).collect();
        median(&samples?).ok().map(|(value, _)| value)
    };
    let share = |pick: fn(&gemmine_driver::Stalls) -> u64| {
        median_of(&|counters| {
            let stalls = counters.stalls?;
            let all = counters.mac_cycles + stalls.total();
            Some(pick(&stalls) as f64 / all.max(1) as f64)
        })
    };
    let stalls = [
        ("waiting for descriptors: the link, or the host", share(|stalls| stalls.link)),
        ("waiting for operands over the link", share(|stalls| stalls.panel)),
        ("waiting for a bank for results", share(|stalls| stalls.drain)),
        ("waiting for the ticket hash", share(|stalls| stalls.hash)),
    ];
    let largest = stalls
        .into_iter()
        .filter_map(|(name, share)| Some((name, share?)))
        .max_by(|one, other| one.1.total_cmp(&other.1));
    match largest {
        Some((name, share)) if share > 0.02 => {
            format!("{name}, in {:.1} % of the cycles", 100.0 * share)
        }
        Some(_) => "the array itself: it multiplies in nearly every cycle".into(),
        None => "the device counts no cycles, so it does not say".into(),
    }
}

fn utc(seconds: f64) -> Result<String> {
    let moment =
        jiff::Timestamp::from_second(seconds as i64).context("write the time of the run")?;
    Ok(moment.to_string())
}
