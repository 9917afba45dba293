//! What the columns of a meter's table are, by their names.
//!
//! Meters' programs agree on nothing but that the first lines name columns: `time (s),current (A),voltage (V)`,
//! `timestamp_ms;bus_voltage_mV;current_mA;power_mW`, `Power(W)`, `amps`. A name is a quantity and perhaps a unit,
//! in brackets or behind the last underscore.

use super::log::MeterError;

/// Letters of a table's names that a message repeats at most.
const SHOWN: usize = 200;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Time of a sample.
    Time,
    /// Power.
    Power,
    /// Voltage at the supply.
    Voltage,
    /// Current.
    Current,
    /// Energy since some moment.
    Energy,
}

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its place in a row.
    pub place: usize,
    /// Times this, it is in seconds, watts, volts, amperes or joules.
    pub scale: f64,
}

/// The columns that energy is computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Columns {
    /// Time.
    pub time: Column,
    /// What tells the energy.
    pub energy: Energy,
}

/// What a table tells energy by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Energy {
    /// A count of it, which is best: the meter has integrated it from far more samples.
    Count(Column),
    /// Power.
    Power(Column),
    /// Voltage and current.
    Product(Column, Column),
}

impl Columns {
    /// Finds them among a table's names.
    ///
    /// # Errors
    /// If there is no time, or nothing to compute energy from, or a name stands for two columns.
    pub fn find(names: &[&str]) -> Result<Self, MeterError> {
        let known: Vec<(Quantity, Column, &str)> = names
            .iter()
            .enumerate()
            .filter_map(|(place, name)| {
                let (quantity, scale) = quantity(name)?;
                Some((quantity, Column { place, scale }, *name))
            })
            .collect();
        let one = |wanted: Quantity| {
            let mut found = known.iter().filter(|(quantity, _, _)| *quantity == wanted);
            match (found.next(), found.next()) {
                (Some((_, _, first)), Some((_, _, second))) => {
                    Err(MeterError::Twice { first: shown(first), second: shown(second) })
                }
                (first, _) => Ok(first.map(|(_, column, _)| *column)),
            }
        };
        let missing = |what| MeterError::Missing { what, names: shown(&names.join(", ")) };
        let time = one(Quantity::Time)?.ok_or_else(|| missing("a time"))?;
        let energy = match (one(Quantity::Energy)?, one(Quantity::Power)?) {
            (Some(count), _) => Energy::Count(count),
            (None, Some(power)) => Energy::Power(power),
            (None, None) => match (one(Quantity::Voltage)?, one(Quantity::Current)?) {
                (Some(voltage), Some(current)) => Energy::Product(voltage, current),
                _ => return Err(missing("power, energy, or voltage and current")),
            },
        };
        Ok(Self { time, energy })
    }
}

/// Somebody else's names as a message has them: cut, and without what a terminal would obey.
fn shown(names: &str) -> String {
    names.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect()
}

/// The quantity that a name stands for, and what its unit is worth in the base unit.
fn quantity(name: &str) -> Option<(Quantity, f64)> {
    let (words, unit) = split(name.trim());
    let lower = words.to_lowercase();
    let has = |options: &[&str]| {
        let mut parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| options.contains(&part))
    };
    let quantity = if has(&["time", "timestamp", "elapsed", "seconds", "t"]) {
        Quantity::Time
    } else if has(&["power", "watt", "watts", "p"]) {
        Quantity::Power
    } else if has(&["energy", "joules"]) {
        Quantity::Energy
    } else if has(&["voltage", "volt", "volts", "vbus", "v"]) {
        Quantity::Voltage
    } else if has(&["current", "amp", "amps", "ampere", "i"]) {
        Quantity::Current
    } else {
        return None;
    };
    match unit {
        None => Some((quantity, 1.0)),
        Some(unit) => Some((quantity, scale(quantity, unit)?)),
    }
}

/// A name and its unit: `current (mA)`, `current [mA]` or `current_mA`.
fn split(name: &str) -> (&str, Option<&str>) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((words, rest)) = name.split_once(open)
            && let Some((unit, _)) = rest.split_once(close)
        {
            return (words, Some(unit.trim()));
        }
    }
    match name.rsplit_once('_') {
        Some((words, unit)) if is_unit(unit) => (words, Some(unit)),
        _ => (name, None),
    }
}

fn is_unit(text: &str) -> bool {
    use Quantity::{Current, Energy, Power, Time, Voltage};
    [Time, Power, Voltage, Current, Energy].iter().any(|one| scale(*one, text).is_some())
}

/// What a unit is worth; its case counts where it tells milli from mega.
fn scale(quantity: Quantity, unit: &str) -> Option<f64> {
    let bases: &[(&str, f64)] = match quantity {
        Quantity::Time => &[("seconds", 1.0), ("sec", 1.0), ("s", 1.0), ("h", 3600.0)],
        Quantity::Power => &[("W", 1.0), ("w", 1.0)],
        Quantity::Voltage => &[("V", 1.0), ("v", 1.0)],
        Quantity::Current => &[("A", 1.0), ("a", 1.0)],
        Quantity::Energy => &[("Wh", 3600.0), ("Ws", 1.0), ("J", 1.0), ("j", 1.0)],
    };
    let unit = unit.strip_prefix("unix ").unwrap_or(unit);
    let unit = if quantity == Quantity::Time { &*unit.to_lowercase() } else { unit };
    bases.iter().find_map(|(base, worth)| {
        let prefix = match unit.strip_suffix(base)? {
            "" => 1.0,
            "m" => 1e-3,
            "u" | "\u{b5}" | "\u{3bc}" => 1e-6,
            "n" => 1e-9,
            "k" => 1e3,
            _ => return None,
        };
        Some(prefix * worth)
    })
}

#[cfg(test)]
mod tests;
