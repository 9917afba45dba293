//! Figures whose names are known: what each counts, how it may have come about, and what it is calculated from.

use super::rules::Findings;
use crate::figure::{Figure, Kind, Source, Unit};
use crate::result::names;

/// What a calculated figure is calculated from.
#[derive(Clone, Copy)]
enum From {
    /// Whatever has the unit.
    Any,
    /// Factors over divisors, one of these.
    Ratio(&'static [(&'static [&'static str], &'static [&'static str])]),
    /// Work that was done: no peak, and a peak times a clock only with a share of the cycles.
    Work,
}

struct Known {
    names: &'static [&'static str],
    unit: Unit,
    kinds: &'static [Kind],
    from: From,
}

const RAN: &[Kind] =
    &[Kind::Measured, Kind::Modelled, Kind::Derived, Kind::SelfReport, Kind::Estimate];
const COUNTED: &[Kind] = &[Kind::Measured, Kind::Modelled, Kind::Derived];
const DERIVED: &[Kind] = &[Kind::Derived];
const POWER: &[Kind] = &[
    Kind::Measured,
    Kind::Modelled,
    Kind::Derived,
    Kind::Vendor,
    Kind::SelfReport,
    Kind::Estimate,
];
const PRICE: &[Kind] = &[Kind::Vendor, Kind::SelfReport, Kind::Estimate];
const PEAK: &[Kind] = &[Kind::Definition, Kind::Derived, Kind::Vendor, Kind::Estimate];
/// A device says what array it has.
const ARRAY: &[Kind] = &[
    Kind::Measured,
    Kind::Modelled,
    Kind::Definition,
    Kind::Derived,
    Kind::Vendor,
    Kind::Estimate,
];
const CLOCK: &[Kind] = &[
    Kind::Measured,
    Kind::PlaceAndRoute,
    Kind::Modelled,
    Kind::Derived,
    Kind::Vendor,
    Kind::Estimate,
];

const fn known(
    names: &'static [&'static str],
    unit: Unit,
    kinds: &'static [Kind],
    from: From,
) -> Known {
    Known { names, unit, kinds, from }
}

const TABLE: &[Known] = &[
    known(
        &[names::THROUGHPUT, names::THROUGHPUT_FED, names::THROUGHPUT_STREAMED],
        Unit::MacPerSecond,
        RAN,
        From::Work,
    ),
    known(&[names::TICKETS, names::TICKETS_MEASURED], Unit::TicketPerSecond, RAN, From::Any),
    known(&[names::ATTEMPTS], Unit::AttemptPerSecond, RAN, From::Any),
    known(&[names::PEAK], Unit::MacPerCycle, ARRAY, From::Any),
    known(&[names::PEAK_RATE], Unit::MacPerSecond, PEAK, From::Any),
    known(&[names::CLOCK], Unit::Hertz, CLOCK, From::Any),
    known(&[names::POWER], Unit::Watt, POWER, From::Any),
    known(&[names::PRICE], Unit::Dollar, PRICE, From::Any),
    known(&[names::LINK], Unit::BytePerSecond, CLOCK, From::Any),
    known(&[names::INTENSITY, names::INTENSITY_STREAMED], Unit::MacPerByte, COUNTED, From::Any),
    known(&names::USE, Unit::One, COUNTED, From::Any),
    known(&names::USE_STREAMED, Unit::One, COUNTED, From::Any),
    known(
        &[names::ENERGY_PER_MAC],
        Unit::PicojoulePerMac,
        DERIVED,
        From::Ratio(&[(&[names::POWER], &[names::THROUGHPUT])]),
    ),
    known(
        &[names::ENERGY_PER_MAC_FED],
        Unit::PicojoulePerMac,
        DERIVED,
        From::Ratio(&[(&[names::POWER], &[names::THROUGHPUT_FED])]),
    ),
    known(
        &[names::ENERGY_PER_MAC_STREAMED],
        Unit::PicojoulePerMac,
        DERIVED,
        From::Ratio(&[(&[names::POWER], &[names::THROUGHPUT_STREAMED])]),
    ),
    known(
        &[names::MACS_PER_JOULE],
        Unit::MacPerJoule,
        DERIVED,
        From::Ratio(&[(&[names::THROUGHPUT], &[names::POWER])]),
    ),
    known(
        &[names::MACS_PER_DOLLAR],
        Unit::MacPerSecondPerDollar,
        DERIVED,
        From::Ratio(&[(&[names::THROUGHPUT], &[names::PRICE])]),
    ),
    known(
        &[names::ENERGY_PER_TICKET],
        Unit::JoulePerTicket,
        DERIVED,
        From::Ratio(&[
            (&[names::POWER], &[names::TICKETS_MEASURED]),
            (&[names::ENERGY_PER_MAC_STREAMED, "macs-per-ticket"], &[]),
        ]),
    ),
    known(
        &[names::ENERGY_PER_ZERO_TICKET],
        Unit::JoulePerTicket,
        DERIVED,
        From::Ratio(&[(&[names::POWER], &[names::TICKETS])]),
    ),
    known(
        &[names::ATTEMPTS_PER_JOULE],
        Unit::AttemptPerJoule,
        DERIVED,
        From::Ratio(&[(&[names::ATTEMPTS], &[names::POWER])]),
    ),
    known(
        &[names::ENERGY_PER_ATTEMPT],
        Unit::JoulePerAttempt,
        DERIVED,
        From::Ratio(&[(&[names::POWER], &[names::ATTEMPTS])]),
    ),
];

pub(super) fn check(place: &str, name: &str, figure: &Figure, findings: &mut Findings) {
    let Some(known) = TABLE.iter().find(|known| known.names.contains(&name)) else { return };
    if figure.unit.dimension() != known.unit.dimension() {
        let text = format!("it is in {}; {name} is in {}", figure.unit, known.unit);
        findings.add("known", format!("{place}/unit"), text);
    }
    if !known.kinds.contains(&figure.kind) {
        let kinds: Vec<&str> = known.kinds.iter().map(|kind| kind.name()).collect();
        let text = format!("it is {}; {name} is one of {}", figure.kind, kinds.join(", "));
        findings.add("known", format!("{place}/kind"), text);
    }
    if let Some(text) = wrong_inputs(name, known, &figure.source) {
        findings.add("known", format!("{place}/source"), text);
    }
}

fn wrong_inputs(name: &str, known: &Known, source: &Source) -> Option<String> {
    let (multiply, divide) = match (known.from, source) {
        (From::Any, _) => return None,
        (_, Source::Ratio { multiply, divide }) => (sorted(multiply), sorted(divide)),
        (From::Work, _) => return None,
        (From::Ratio(_), Source::Sum { .. }) => (vec![], vec![]),
        // Its kind is wrong, and that is said.
        (From::Ratio(_), _) => return None,
    };
    match known.from {
        From::Any => None,
        From::Work => {
            let has = |name: &str| multiply.contains(&name) || divide.contains(&name);
            if has(names::PEAK_RATE) || (has(names::PEAK) && divide.is_empty()) {
                return Some(format!(
                    "{name} is work that was done, and this is a peak; call it {}",
                    names::PEAK_RATE
                ));
            }
            None
        }
        From::Ratio(all) => {
            let fits = all.iter().any(|(factors, divisors)| {
                sorted(factors) == multiply && sorted(divisors) == divide
            });
            let shown: Vec<String> = all
                .iter()
                .map(|(factors, divisors)| match divisors {
                    [] => factors.join(" x "),
                    _ => format!("{} over {}", factors.join(" x "), divisors.join(" x ")),
                })
                .collect();
            (!fits).then(|| format!("{name} is {}, and of nothing else", shown.join(", or ")))
        }
    }
}

fn sorted<T: AsRef<str>>(names: &[T]) -> Vec<&str> {
    let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names
}
