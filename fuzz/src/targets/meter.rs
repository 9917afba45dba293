//! A meter's table of time and power, as some program wrote it.
//!
//! What is refused is refused with its line or the names of its columns. What is read gives finite joules over every
//! window that its samples reach over, the same in one piece and in two, and none over a window that begins before
//! them or ends behind them.

use std::path::Path;

use gemmine_bench::energy::{MeterError, MeterLog, Metered};

use crate::plain;

/// Where windows begin and end, from the first sample to the last.
const PLACES: [f64; 6] = [0.0, 0.125, 1.0 / 3.0, 0.5, 0.875, 1.0];
/// So much of what they come to may joules be off in two pieces.
const ROUNDING: f64 = 1e-11;
/// The largest unit of a count, kWh, in joules.
const LARGEST_UNIT: f64 = 3.6e6;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let log = match MeterLog::parse(text, Path::new("meter.csv"), 0.0) {
        Ok(log) => log,
        Err(error) => return refused(text, &error),
    };
    let (first, last) = outside(&log, f64::NEG_INFINITY, f64::INFINITY);
    if first.is_nan() {
        // Without a sample there is no window.
        return;
    }
    assert!(first.is_finite() && last.is_finite() && first <= last, "{first} to {last}");
    outside(&log, first.next_down(), last);
    outside(&log, first, last.next_up());
    outside(&log, last, first);
    let places = PLACES.map(|part| (first + part * (last - first)).min(last));
    let counted = ROUNDING * counted(text);
    for (index, cut) in places.iter().enumerate() {
        for from in &places[..index] {
            for to in &places[index..] {
                let windows = [(*from, *cut), (*cut, *to), (*from, *to)];
                let pieces = windows.map(|(from, to)| inside(&log, from, to));
                let [Some(one), Some(other), Some(whole)] = pieces else { continue };
                let largest = whole.watts_min.abs().max(whole.watts_max.abs());
                let most = ROUNDING * largest * (to - from) + counted + f64::MIN_POSITIVE;
                let off = (one.joules + other.joules - whole.joules).abs();
                assert!(off <= most, "{off} J off: {one:?} and {other:?} are not {whole:?}");
            }
        }
    }
}

/// A window that the samples do not reach over, or none; says what they do reach over.
fn outside(log: &MeterLog, from: f64, to: f64) -> (f64, f64) {
    match log.over(from, to) {
        Err(error) => {
            plain::message(&error);
            let MeterError::Window { first, last, .. } = error else { panic!("{error}") };
            (first, last)
        }
        Ok(metered) => panic!("{metered:?} from {from} to {to}"),
    }
}

/// A window that they reach over: samples may be too far apart for it.
fn inside(log: &MeterLog, from: f64, to: f64) -> Option<Metered> {
    match log.over(from, to) {
        Ok(metered) => {
            assert!(metered.joules.is_finite(), "{metered:?} from {from} to {to}");
            assert!(metered.watts_min <= metered.watts_max, "{metered:?} from {from} to {to}");
            assert!(metered.gap > 0.0 && metered.gap <= to - from, "{metered:?}, {from} to {to}");
            Some(metered)
        }
        Err(error) => {
            plain::message(&error);
            assert!(from >= to || matches!(error, MeterError::Gap { .. }), "{error}");
            None
        }
    }
}

/// What a table that counts energy may have counted: joules are differences of that, however large it is.
fn counted(text: &str) -> f64 {
    let lower = text.to_lowercase();
    if !lower.contains("energy") && !lower.contains("joules") {
        return 0.0;
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
    let numbers = words.filter_map(|word| word.parse::<f64>().ok()).map(f64::abs);
    LARGEST_UNIT * numbers.filter(|number| number.is_finite()).fold(0.0, f64::max)
}

fn refused(text: &str, error: &MeterError) {
    plain::message(error);
    match error {
        MeterError::Value { line, .. } | MeterError::Backwards { line } => {
            assert!((1..=text.lines().count()).contains(line), "{error}");
        }
        MeterError::NoNames { .. } | MeterError::Missing { .. } | MeterError::Twice { .. } => {}
        MeterError::Read { .. } | MeterError::Window { .. } | MeterError::Gap { .. } => {
            panic!("of a table that is not asked for anything yet: {error}")
        }
    }
}
