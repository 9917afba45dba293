//! What a device's own counters say: where the cycles went, what it could do at most, and what its link carried.

use anyhow::Result;
use gemmine_driver::{Counters, DeviceKind, Identity, Stalls};
use gemmine_report::derive::{Figures, ratio};
use gemmine_report::figure::{Boundary, Figure, Unit, median};
use gemmine_report::result::names;

use crate::run::Measured;

/// What a roofline needs: the peak, the link's rate, and multiply-accumulates for a byte over it.
pub(super) fn roof(figures: &mut Figures, measured: &Measured, identity: &Identity) -> Result<()> {
    let Some(geometry) = identity.geometry else { return Ok(()) };
    let pes = geometry.pes() as f64;
    let runs = measured.tests.len();
    let array = "one multiply-accumulate a PE and cycle";
    let peak = Figure::measured(
        vec![pes; runs],
        Unit::MacPerCycle,
        Boundary::Core,
        array,
        "the array that the device says it has",
    )?;
    figures.insert(names::PEAK.into(), peak);
    if figures.contains_key(names::CLOCK) {
        let (peak, all) = ([names::PEAK, names::CLOCK], "every PE at work in every cycle");
        let rate = ratio(figures, Unit::MacPerSecond, &peak, &[], all)?;
        figures.insert(names::PEAK_RATE.into(), rate);
    }
    let each = |of: &dyn Fn(&Counters) -> Option<f64>| -> Option<Vec<f64>> {
        measured.tests.iter().map(|test| test.counters.as_ref().and_then(of)).collect()
    };
    let between = "between the first answer of a run and the last";
    let mut insert = |name: &str, samples, unit, conditions: &str, method: &str| -> Result<()> {
        let figure = Figure::measured(samples, unit, Boundary::Board, conditions, method)?;
        figures.insert(name.to_owned(), figure);
        Ok(())
    };
    if let Some(baud) = each(&|counters| Some(f64::from(counters.link?.baud))) {
        insert(
            "line",
            baud,
            Unit::Baud,
            "one way, ten bits a byte",
            "the rate that both ends were set to",
        )?;
        let figure =
            ratio(figures, Unit::BytePerSecond, &["line"], &[], "one way, ten bits a byte")?;
        figures.insert(names::LINK.into(), figure);
    }
    let mut insert = |name: &str, samples, unit, conditions: &str, method: &str| -> Result<()> {
        let figure = Figure::measured(samples, unit, Boundary::Board, conditions, method)?;
        figures.insert(name.to_owned(), figure);
        Ok(())
    };
    let Some(sent) = each(&|counters| bytes(counters).map(|(to, _)| to)) else { return Ok(()) };
    let counts = "the link's counters";
    if sent.iter().all(|bytes| *bytes > 0.0) {
        let done = each(&|counters| Some(counters.mac_cycles as f64 * pes));
        let done = done.into_iter().flatten().zip(&sent).map(|(macs, bytes)| macs / bytes);
        let conditions = format!("multiply-accumulates for a byte to the device, {between}");
        let method = "the device's count of its steps, over the link's count of bytes";
        insert(names::INTENSITY, done.collect(), Unit::MacPerByte, &conditions, method)?;
    }
    insert("bytes-to-device", sent, Unit::Byte, between, counts)?;
    if let Some(back) = each(&|counters| bytes(counters).map(|(_, from)| from)) {
        insert("bytes-from-device", back, Unit::Byte, between, counts)?;
    }
    Ok(())
}

/// Bytes to the device and from it, of one behind a link.
fn bytes(counters: &Counters) -> Option<(f64, f64)> {
    let line = counters.link.map(|link| (link.host.bytes_out, link.host.bytes_in));
    let slot = || counters.dma.map(|dma| (dma.read_bytes, dma.write_bytes));
    line.or_else(slot).map(|(to, from)| (to as f64, from as f64))
}

/// Where the cycles went, of a device that counts them.
pub(super) fn uses(figures: &mut Figures, measured: &Measured, identity: &Identity) -> Result<()> {
    let counted: Option<Vec<(Counters, Stalls)>> = measured
        .tests
        .iter()
        .map(|test| test.counters.and_then(|counters| Some((counters, counters.stalls?))))
        .collect();
    let Some(counted) = counted.filter(|counted| !counted.is_empty()) else { return Ok(()) };
    let share = |part: &dyn Fn(&Counters, &Stalls) -> u64| -> Vec<f64> {
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

/// What keeps it from doing more, by its counters, or of a processor by what its kernel does alone.
pub(super) fn limit(measured: &Measured, figures: &Figures, identity: &Identity) -> String {
    let median_of = |part: &dyn Fn(&Counters) -> Option<f64>| -> Option<f64> {
        let samples: Option<Vec<f64>> =
            measured.tests.iter().map(|test| test.counters.as_ref().and_then(part)).collect();
        median(&samples?).ok().map(|(value, _)| value)
    };
    let share = |pick: fn(&Stalls) -> u64| {
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
        None => match [names::THROUGHPUT, names::THROUGHPUT_FED].map(|name| figures.get(name)) {
            [Some(rate), Some(alone)] => of_processor(rate, alone),
            _ if identity.kind == DeviceKind::Processor => {
                "the processor, which does all of the work and counts no cycles of it".into()
            }
            _ => "the device counts no cycles, so it does not say".into(),
        },
    }
}

/// What part of its time a processor multiplies, by what its kernel does alone. Runs and kernel are not of the same
/// seconds, so it lies between the farthest of them; where the processor was slower by then, that is all of it.
fn of_processor(rate: &Figure, alone: &Figure) -> String {
    let part = |rate: f64, alone: f64| (100.0 * rate / alone).min(100.0);
    let share = part(rate.value, alone.value);
    let (low, high) = (part(rate.low(), alone.high()), part(rate.high(), alone.low()));
    let others = "noise, commitments, hashes and the host's work";
    let time = format!("about {share:.0} % of the time ({low:.0} to {high:.0})");
    if share < 50.0 {
        format!("{others}: multiplying takes {time}")
    } else {
        format!("its multiplication: {time}; {others} take the rest")
    }
}
