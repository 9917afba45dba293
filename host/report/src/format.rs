//! Numbers as people read them: three digits that count, prefixes, ranges.

use crate::figure::{Figure, Unit};

/// Prefixes of a thousand each, from 10^-12 on.
const PREFIXES: [&str; 10] = ["p", "n", "u", "m", "", "k", "M", "G", "T", "P"];
const ONE: usize = 4;

/// A number with three digits that count, and without an exponent where it can be read without.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.2e}");
    }
    // Rounding may carry into another digit: 9.996 is 10.0 then.
    let digits = size.log10().floor() as i32;
    let rounded = format!("{size:.2e}").parse::<f64>().unwrap_or(size);
    let digits = digits.max(rounded.log10().floor() as i32);
    let text = match usize::try_from(2 - digits) {
        Ok(decimals) => format!("{rounded:.decimals$}"),
        Err(_) => grouped(&format!("{rounded:.0}")),
    };
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Thousands set apart.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether a unit takes a prefix in front, and how it is written then.
const fn base(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::MacPerSecond | Unit::TeramacPerSecond => Some("MAC/s"),
        Unit::MacPerJoule => Some("MAC/J"),
        Unit::MacPerSecondPerDollar => Some("MAC/s/USD"),
        Unit::Hertz | Unit::Megahertz => Some("Hz"),
        Unit::BytePerSecond => Some("B/s"),
        Unit::Watt => Some("W"),
        Unit::JoulePerTicket => Some("J/ticket"),
        Unit::JoulePerAttempt => Some("J/attempt"),
        _ => None,
    }
}

/// A number of a unit with its scale, such as `13.4 GMAC/s`.
pub fn quantity(value: f64, unit: Unit) -> String {
    let (scaled, name) = scaled(value, value, unit);
    format!("{}{name}", number(scaled))
}

/// The number in the prefix that fits `largest`, and what stands behind it.
fn scaled(value: f64, largest: f64, unit: Unit) -> (f64, String) {
    if unit == Unit::One {
        return (value, String::new());
    }
    let Some(base) = base(unit) else {
        return (value, format!(" {}", unit.symbol()));
    };
    let (value, largest) = (value * unit.scale(), largest * unit.scale());
    let thousands = if largest == 0.0 { 0 } else { (largest.abs().log10() / 3.0).floor() as i32 };
    let place = (ONE as i32 + thousands).clamp(0, PREFIXES.len() as i32 - 1);
    let prefix = PREFIXES[usize::try_from(place).unwrap_or(ONE)];
    (value / 1000f64.powi(place - ONE as i32), format!(" {prefix}{base}"))
}

/// A figure's value.
pub fn value(figure: &Figure) -> String {
    if figure.unit == Unit::Tops {
        return format!("{} TOPS", number(figure.value));
    }
    quantity(figure.value, figure.unit)
}

/// A figure's range, such as `16.1 to 74.0`; empty where it has none.
pub fn range(figure: &Figure) -> String {
    let Some(range) = figure.uncertainty else { return String::new() };
    let (low, _) = scaled(range.low, figure.value, figure.unit);
    let (high, _) = scaled(range.high, figure.value, figure.unit);
    format!("{} to {}", number(low), number(high))
}

/// A share of one, in percent.
pub fn percent(share: f64) -> String {
    format!("{} %", number(100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.00"),
            (9.996, "10.0"),
            (99.96, "100"),
            (3001.5, "3,000"),
            (40520.8, "40,500"),
            (0.04551, "0.0455"),
            (0.00999, "0.00999"),
            (1e-7, "1.00e-7"),
            (2.5e9, "2.50e9"),
            (-12.34, "-12.3"),
            (999.6, "1,000"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn prefixes_follow_the_value() {
        assert_eq!(quantity(13.44e9, Unit::MacPerSecond), "13.4 GMAC/s");
        assert_eq!(quantity(308.5, Unit::TeramacPerSecond), "308 TMAC/s");
        assert_eq!(quantity(0.43, Unit::Watt), "430 mW");
        assert_eq!(quantity(45.3, Unit::PicojoulePerMac), "45.3 pJ/MAC");
        assert_eq!(quantity(112.359, Unit::Megahertz), "112 MHz");
        assert_eq!(quantity(0.5, Unit::One), "0.500");
        assert_eq!(quantity(2.4e-5, Unit::JoulePerTicket), "24.0 uJ/ticket");
    }
}
