//! What people look at: numbers, and a sign that work goes on.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A number with an SI prefix and three or four digits: `12.3 M`.
pub fn si(value: f64) -> String {
    const PREFIXES: [(f64, &str); 5] =
        [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, " ")];
    let found = PREFIXES.iter().find(|(unit, _)| value.abs() >= *unit);
    let &(unit, prefix) = found.unwrap_or(&(1.0, " "));
    let scaled = value / unit;
    let digits = if scaled.abs() < 10.0 { 2 } else { usize::from(scaled.abs() < 100.0) };
    format!("{scaled:.digits$}{prefix}")
}

/// A whole number with its thousands apart: `1,234,567`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate of whole things: `12,345` or, where it is small, `0.52`.
pub fn rate(value: f64) -> String {
    if value >= 100.0 { grouped(value.round() as u64) } else { format!("{value:.2}") }
}

/// A count with its noun: `1 share`, `2 shares`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Somebody else's text for an error message, at most about a line of it.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A spinner with a message, on standard error: for work of unknown length. Hidden where `quiet` or
/// where nobody would see it.
pub fn spinner(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar for work of known length, on standard error, with what it counts. Hidden as [`spinner`] is.
pub fn progress(quiet: bool, length: u64, what: &str) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {msg}, {eta} left")
    {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([si(0.0), si(0.5), si(9.994)], ["0.00 ", "0.50 ", "9.99 "]);
        assert_eq!([si(1234.0), si(56.7e9), si(-123e6)], ["1.23 k", "56.7 G", "-123 M"]);
        assert_eq!([grouped(0), grouped(999), grouped(1000)], ["0", "999", "1,000"]);
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!([rate(0.517), rate(99.0), rate(12345.6)], ["0.52", "99.00", "12,346"]);
        assert_eq!([counted(1, "share"), counted(2000, "hit")], ["1 share", "2,000 hits"]);
    }
}
