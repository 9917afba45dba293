//! Tables that sources name: which number belongs to which key.

use toml::de::{DeTable, DeValue};

use crate::figure::Unit;

/// Numbers of a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Keys from the root, with dots.
    pub keys: String,
    /// Where its value begins, from 1.
    pub line: u32,
    /// One number, or those of an array.
    pub numbers: Vec<f64>,
}

/// All numbers of a TOML file.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let table = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    let mut all = Vec::new();
    for (key, value) in table.get_ref() {
        walk(text, key.get_ref(), value.span().start, value.get_ref(), &mut all);
    }
    Ok(all)
}

fn walk(text: &str, keys: &str, start: usize, value: &DeValue<'_>, all: &mut Vec<Entry>) {
    let numbers: Vec<f64> = match value {
        DeValue::Table(table) => {
            for (key, value) in table {
                let keys = format!("{keys}.{}", key.get_ref());
                walk(text, &keys, value.span().start, value.get_ref(), all);
            }
            return;
        }
        DeValue::Array(values) => {
            let numbers: Vec<f64> = values.iter().filter_map(|v| number(v.get_ref())).collect();
            if numbers.len() < values.len() {
                for value in values {
                    walk(text, keys, value.span().start, value.get_ref(), all);
                }
                return;
            }
            numbers
        }
        plain => number(plain).into_iter().collect(),
    };
    if !numbers.is_empty() {
        let before = text.as_bytes().iter().take(start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count() as u32;
        all.push(Entry { keys: keys.to_owned(), line, numbers });
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|value| value as f64)
        }
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}

/// How keys end whose numbers are in a unit.
const KEYS: &[(Unit, &[&str])] = &[
    (Unit::Watt, &["watts", "_w"]),
    (Unit::Dollar, &["usd"]),
    (Unit::Tops, &["tops"]),
    (Unit::TeramacPerSecond, &["tmac_s"]),
    (Unit::AttemptPerSecond, &["attempts_s", "attempts_per_s"]),
    (Unit::TicketPerSecond, &["tickets_s", "tickets_per_s"]),
    (Unit::Terahash, &["th_s"]),
    (Unit::PicojoulePerCycle, &["per_cycle_pj"]),
    (Unit::PicojoulePerCellCycle, &["per_cell_cycle_pj"]),
    (Unit::PicojoulePerMac, &["_pj"]),
    (Unit::MacPerTicket, &["ticket_macs"]),
    (Unit::MacPerAttempt, &["attempt_macs"]),
    (Unit::One, &["factor", "share"]),
    (Unit::Baud, &["baud"]),
    (Unit::Hertz, &["_hz"]),
    (Unit::Megahertz, &["_mhz"]),
];

fn endings(unit: Unit) -> Option<&'static [&'static str]> {
    KEYS.iter().find(|(of, _)| *of == unit).map(|(_, endings)| *endings)
}

/// Whether a key of a table says that its numbers are in that unit. Of `watts.range` it is the first word.
pub(super) fn is_in(keys: &str, unit: Unit) -> bool {
    let Some(endings) = endings(unit) else { return true };
    let mut last = keys.rsplit('.').take(2);
    last.any(|key| endings.iter().any(|ending| key.ends_with(ending)))
}

/// The unit that a key says, if it is another one.
pub(super) fn another_unit(key: &str, unit: Unit) -> Option<Unit> {
    if endings(unit).is_some_and(|endings| endings.iter().any(|ending| key.ends_with(ending))) {
        return None;
    }
    // The one that says most: `per_cycle_pj` ends with `_pj`, too.
    let said = KEYS.iter().flat_map(|(unit, endings)| endings.iter().map(move |end| (*unit, *end)));
    let longest = said.filter(|(_, end)| key.ends_with(end)).max_by_key(|(_, end)| end.len());
    longest.map(|(unit, _)| unit).filter(|said| *said != unit)
}
