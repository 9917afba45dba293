//! A meter's table: time and power, from a file that the meter's own program writes.

use std::path::{Path, PathBuf};

use super::columns::{Column, Columns, Energy};

/// The largest file that is read.
pub const BYTES_MAX: u64 = 1 << 30;
/// Lines in front of the columns' names at most: programs write what they are there.
const PREAMBLE: usize = 64;
/// A sample that stands for more of a window than this says too little of it.
const GAP_MAX: f64 = 0.2;
/// The largest number that is read: no meter tells more, and whatever is computed of such numbers is finite.
const LARGEST: f64 = 1e30;

/// Why a meter's table says nothing of a run.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// The file can't be read.
    #[error("failed to read the meter's file {path}: {why}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No line names columns.
    #[error(
        "{path}: no line among the first {PREAMBLE} names a time and a power; its first is {first:?}"
    )]
    NoNames {
        /// The file.
        path: PathBuf,
        /// Its first line, cut.
        first: String,
    },
    /// A quantity is not there.
    #[error("no column tells {what}; there are: {names}")]
    Missing {
        /// The quantity.
        what: &'static str,
        /// The columns' names.
        names: String,
    },
    /// Two columns may be meant.
    #[error("the columns {first:?} and {second:?} tell the same quantity; keep one of them")]
    Twice {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A value is none.
    #[error("line {line}: {text:?} is not a {what}")]
    Value {
        /// Its line, from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// What should.
        what: &'static str,
    },
    /// Time runs backwards.
    #[error("line {line}: its time is before that of the line above")]
    Backwards {
        /// The line, from 1.
        line: usize,
    },
    /// The table does not reach over the run.
    #[error(
        "the meter's samples are from {first:.3} to {last:.3} s, the run was from {from:.3} to {to:.3} s; start the meter \
         before the run, and end it after; for a meter with another clock give the difference (--meter-offset)"
    )]
    Window {
        /// The first sample, in seconds since 1970 as the host counts.
        first: f64,
        /// The last one.
        last: f64,
        /// Begin of the run.
        from: f64,
        /// Its end.
        to: f64,
    },
    /// Samples are too far apart.
    #[error(
        "the meter was silent for {gap:.3} s of a run of {length:.3} s; its samples must not be further apart than a \
         fifth of it"
    )]
    Gap {
        /// The longest time without a sample.
        gap: f64,
        /// Length of the run.
        length: f64,
    },
}

/// A meter's samples.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterLog {
    /// Seconds, and watts, or joules since some moment.
    samples: Vec<(f64, f64)>,
    counts: bool,
}

/// Energy over a window of a meter's table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metered {
    /// Energy in joules.
    pub joules: f64,
    /// Samples inside of the window.
    pub samples: usize,
    /// The longest time between two of them, in seconds.
    pub gap: f64,
    /// Lowest power of a sample, or between two counts, in watts.
    pub watts_min: f64,
    /// The highest.
    pub watts_max: f64,
}

impl MeterLog {
    /// Reads a file. `offset` is added to its times, in seconds.
    ///
    /// # Errors
    /// If it can't be read, or is no table of time and power.
    pub fn read(path: &Path, offset: f64) -> Result<Self, MeterError> {
        let fail = |why: String| MeterError::Read { path: path.to_owned(), why };
        let length = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
        if length > BYTES_MAX {
            return Err(fail(format!("it has {length} bytes, more than {BYTES_MAX}; cut it")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        Self::parse(&text, path, offset)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// If it is none of time and power.
    pub fn parse(text: &str, path: &Path, offset: f64) -> Result<Self, MeterError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.lines().enumerate();
        let mut found = None;
        let mut nearest = None;
        for (_, line) in lines.by_ref().take(PREAMBLE) {
            let separator = separator(line);
            let names = fields(line, separator);
            match Columns::find(&names) {
                Ok(columns) => {
                    found = Some((columns, separator));
                    break;
                }
                // A line with a time and no power is no preamble.
                Err(error) if names.len() > 1 && line.to_lowercase().contains("time") => {
                    nearest.get_or_insert(error);
                }
                Err(_) => {}
            }
        }
        let Some((columns, separator)) = found else {
            let first = text.lines().next().unwrap_or_default().chars().take(80).collect();
            return Err(nearest.unwrap_or(MeterError::NoNames { path: path.to_owned(), first }));
        };
        let mut samples: Vec<(f64, f64)> = Vec::new();
        for (index, line) in lines {
            let line_number = index + 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let fields = fields(line, separator);
            let number = |column: Column| number(&fields, column, line_number);
            let time = time(&fields, columns.time, line_number)? + offset;
            let value = match columns.energy {
                Energy::Count(count) => number(count)?,
                Energy::Power(power) => number(power)?,
                Energy::Product(voltage, current) => number(voltage)? * number(current)?,
            };
            if samples.last().is_some_and(|(last, _)| time < *last) {
                return Err(MeterError::Backwards { line: line_number });
            }
            samples.push((time, value));
        }
        Ok(Self { samples, counts: matches!(columns.energy, Energy::Count(_)) })
    }

    /// Energy from one moment to another, in seconds since 1970: the area under straight lines between samples.
    ///
    /// # Errors
    /// If samples do not reach over it, or are too few.
    pub fn over(&self, from: f64, to: f64) -> Result<Metered, MeterError> {
        let (first, last) = match (self.samples.first(), self.samples.last()) {
            (Some((first, _)), Some((last, _))) => (*first, *last),
            _ => (f64::NAN, f64::NAN),
        };
        if !(first <= from && last >= to && from < to) {
            return Err(MeterError::Window { first, last, from, to });
        }
        let mut metered = Metered {
            joules: 0.0,
            samples: 0,
            gap: 0.0,
            watts_min: f64::INFINITY,
            watts_max: f64::NEG_INFINITY,
        };
        for pair in self.samples.windows(2) {
            let [(begin, one), (end, other)] = pair else { continue };
            let (cut_begin, cut_end) = (begin.max(from), end.min(to));
            if cut_begin >= cut_end {
                continue;
            }
            let length = end - begin;
            let at = |time: f64| one + (other - one) * (time - begin) / length;
            metered.gap = metered.gap.max(cut_end - cut_begin);
            metered.samples += usize::from(*begin >= from);
            let watts = if self.counts {
                metered.joules += at(cut_end) - at(cut_begin);
                [(other - one) / length; 2]
            } else {
                metered.joules += (at(cut_begin) + at(cut_end)) / 2.0 * (cut_end - cut_begin);
                [at(cut_begin), at(cut_end)]
            };
            metered.watts_min = metered.watts_min.min(watts[0]).min(watts[1]);
            metered.watts_max = metered.watts_max.max(watts[0]).max(watts[1]);
        }
        let length = to - from;
        if metered.gap > GAP_MAX * length {
            return Err(MeterError::Gap { gap: metered.gap, length });
        }
        Ok(metered)
    }
}

/// What stands between fields: the first of these that the line has.
fn separator(line: &str) -> char {
    [',', ';', '\t'].into_iter().find(|one| line.contains(*one)).unwrap_or(' ')
}

fn fields(line: &str, separator: char) -> Vec<&str> {
    if separator == ' ' {
        return line.split_whitespace().collect();
    }
    line.split(separator).map(|field| field.trim().trim_matches('"').trim()).collect()
}

fn number(fields: &[&str], column: Column, line: usize) -> Result<f64, MeterError> {
    let text = fields.get(column.place).copied().unwrap_or_default();
    match text.parse::<f64>() {
        // What is not a number is not below anything.
        Ok(value) if value.abs() <= LARGEST => Ok(value * column.scale),
        _ => Err(MeterError::Value {
            line,
            text: text.chars().take(40).collect(),
            what: "number that a meter tells",
        }),
    }
}

/// Seconds: a number, or a moment as RFC 3339 has it.
fn time(fields: &[&str], column: Column, line: usize) -> Result<f64, MeterError> {
    if let Ok(seconds) = number(fields, column, line) {
        return Ok(seconds);
    }
    let text = fields.get(column.place).copied().unwrap_or_default();
    match text.parse::<jiff::Timestamp>() {
        Ok(moment) => Ok(moment.as_nanosecond() as f64 * 1e-9),
        Err(_) => Err(MeterError::Value {
            line,
            text: text.chars().take(40).collect(),
            what: "time: seconds, or like 2026-08-11T12:00:00.5Z",
        }),
    }
}

#[cfg(test)]
mod tests;
