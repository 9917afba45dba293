//! Rules about what ran, and what is said to have.

use std::collections::BTreeSet;

use super::rules::{Findings, pointer};
use crate::derive::Figures;
use crate::figure::{Figure, Kind, Source};
use crate::result::{Class, Idle, ResultFile, names};

/// What power may be held against.
const RATES: [&str; 5] = [
    names::THROUGHPUT,
    names::THROUGHPUT_FED,
    names::THROUGHPUT_STREAMED,
    names::TICKETS_MEASURED,
    names::ATTEMPTS,
];

pub(super) fn check(result: &ResultFile, findings: &mut Findings) {
    let all = &result.figures;
    let power = all.get(names::POWER);
    if result.conditions.idle == Idle::NoPower && power.is_some() {
        let text = "it says that there is no power, and the file has one; say whether power at rest is in it, or that \
                    nobody knows";
        findings.add("idle", "/conditions/idle", text);
    }
    if result.tools.is_empty() {
        findings.add("tools", "/tools", "no program took part; name each with its version");
    }
    for (name, version) in &result.tools {
        if name.trim().is_empty() || version.trim().is_empty() {
            let text = format!("{name:?} has the version {version:?}; name both");
            findings.add("tools", "/tools", text);
        }
    }
    if result.device.class == Class::Simulation {
        for (name, figure) in all.iter().filter(|(_, figure)| figure.kind == Kind::Measured) {
            let text = format!(
                "{name} is of a simulation, and says {}: nothing of the device was measured; write {}",
                figure.kind,
                Kind::Modelled
            );
            findings.add("simulation", format!("{}/kind", pointer(name)), text);
        }
    }
    same_run(all, findings);
}

/// Joules of a run are of its own power and its own work. What no run showed says of itself that it is an estimate.
fn same_run(all: &Figures, findings: &mut Findings) {
    let mut refuse = |place: String, names: &[&str]| {
        if let Some((ran, other)) = mixed(all, names) {
            let text = format!(
                "{ran} is of this run, and {other} of none: power and throughput are of the same run, or one of them is \
                 an estimate and says so"
            );
            findings.add("same-run", place, text);
        }
    };
    if all.contains_key(names::POWER) {
        let rates = RATES.into_iter().filter(|rate| all.contains_key(*rate));
        rates.for_each(|rate| refuse(pointer(names::POWER), &[names::POWER, rate]));
    }
    let calculated = all.iter().filter(|(_, f)| f.unit.counts_joules() && f.kind == Kind::Derived);
    for (name, _) in calculated.filter(|(name, _)| *name != names::POWER) {
        refuse(pointer(name), &[name]);
    }
}

/// What these figures rest on: something that the run showed, and something that it did not and that does not say of
/// itself that it is an estimate.
fn mixed<'a>(all: &'a Figures, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let mut seen = BTreeSet::new();
    let mut waiting = names.to_vec();
    let (mut ran, mut other) = (None, None);
    while let Some(name) = waiting.pop() {
        let Some((name, figure)) = all.get_key_value(name) else { continue };
        if !seen.insert(name.as_str()) {
            continue;
        }
        let inputs: Vec<&str> = figure.source.inputs().collect();
        if inputs.is_empty() {
            match of_run(figure) {
                Some(true) => ran = Some(name.as_str()),
                Some(false) => other = Some(name.as_str()),
                None => {}
            }
        }
        waiting.extend(inputs);
    }
    ran.zip(other)
}

/// Whether the run showed it; nothing of what is fixed by a rule or an estimate.
fn of_run(figure: &Figure) -> Option<bool> {
    match (&figure.source, figure.kind) {
        (Source::Run { .. }, _) => Some(true),
        (_, Kind::Definition | Kind::Estimate) => None,
        _ => Some(false),
    }
}
