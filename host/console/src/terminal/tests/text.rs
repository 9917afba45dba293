//! Numbers, times and texts of others.

use crate::terminal::palette::Palette;
use crate::terminal::text::{age, clean, latency, moment, percent, short_age, si};

#[test]
fn texts_of_others_are_harmless() {
    for (text, expected) in [
        ("plain text", "plain text"),
        ("\u{1b}[31mred\u{1b}[0m", "[31mred[0m"),
        ("a\r\n\tb  c ", "a b c"),
        ("\u{202e}txt.exe\u{200b}", "txt.exe"),
        ("\u{9b}2J\u{7f}\0", "2J"),
        ("na\u{ef}ve \u{4f60}\u{597d}", "na\u{ef}ve \u{4f60}\u{597d}"),
        ("", ""),
    ] {
        assert_eq!(clean(text), expected);
    }
    assert_eq!(clean(&"x".repeat(1 << 20)).len(), 300);
}

#[test]
fn numbers_read_well() {
    assert_eq!([si(0.0), si(0.5), si(999.0)], ["0.00 ", "0.50 ", "999 "]);
    assert_eq!([si(1.234e12), si(1.03e17), si(2e21)], ["1.23 T", "103 P", "2000 E"]);
    assert_eq!([si(f64::NAN), si(f64::INFINITY)], ["NaN ", "inf E"]);
    let percents = [0.0, 0.00001, 0.0123, 0.5, 1.0].map(percent);
    assert_eq!(percents, ["0%", "<0.01%", "1.23%", "50%", "100%"]);
    assert_eq!([latency(0.0123), latency(1.26), latency(1e3)], ["12 ms", "1.3 s", "16 min 40 s"]);
    assert_eq!([age(59.9), age(61.0), age(7322.0)], ["59 s", "1 min 1 s", "2 h 2 min"]);
    let ages = [99.9, 100.0, 5999.0, 6000.0, 172_799.0, 1e7].map(short_age);
    assert_eq!(ages, ["99 s", "1 min", "99 min", "1 h", "47 h", "115 d"]);
    assert_eq!([age(93_784.0), age(-1.0), age(f64::NAN)], ["1 d 2 h", "0 s", "0 s"]);
}

#[test]
fn moments_are_in_utc() {
    for (seconds, expected) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (u64::MAX, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(moment(seconds), expected, "{seconds}");
    }
}

#[test]
fn the_environment_says_what_a_terminal_can_show() {
    let palette = |variables: &[(&str, &str)]| {
        Palette::of_environment(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map_or_else(String::new, |(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(palette(&[]), Palette { colour: true, unicode: false });
    assert_eq!(palette(&[("LANG", "de_DE.UTF-8")]), Palette { colour: true, unicode: true });
    let posix = [("LC_ALL", "C"), ("LANG", "C.utf8")];
    assert_eq!(palette(&posix), Palette { colour: true, unicode: false });
    let console = [("LANG", "C.UTF-8"), ("TERM", "linux"), ("NO_COLOR", "1")];
    assert_eq!(palette(&console), Palette { colour: false, unicode: false });
}
