//! Numbers and times for people; texts of others made harmless.

/// Longest text that is shown of others.
const LONGEST: usize = 300;

/// Somebody else's text without what a terminal would obey: control characters, and characters that turn the
/// direction of writing or can't be seen. Blanks of any kind are one blank.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    let mut blank = false;
    for character in text.chars().take(LONGEST) {
        if character.is_whitespace() {
            blank = !cleaned.is_empty();
        } else if !is_hidden(character) {
            if std::mem::take(&mut blank) {
                cleaned.push(' ');
            }
            cleaned.push(character);
        }
    }
    cleaned
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A number with an SI prefix and three or four digits: `12.3 M`.
pub fn si(value: f64) -> String {
    const PREFIXES: [(f64, &str); 7] = [
        (1e18, " E"),
        (1e15, " P"),
        (1e12, " T"),
        (1e9, " G"),
        (1e6, " M"),
        (1e3, " k"),
        (1.0, " "),
    ];
    let found = PREFIXES.iter().find(|(unit, _)| value.abs() >= *unit);
    let &(unit, prefix) = found.unwrap_or(&(1.0, " "));
    let scaled = value / unit;
    let digits = if scaled.abs() < 10.0 { 2 } else { usize::from(scaled.abs() < 100.0) };
    format!("{scaled:.digits$}{prefix}")
}

/// A part of a whole, in percent: `0.52%`.
pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        0.0 => "0%".into(),
        ..0.01 => "<0.01%".into(),
        ..10.0 => format!("{percent:.2}%"),
        _ => format!("{percent:.0}%"),
    }
}

/// A time that something took: `12 ms`, `3.45 s`.
pub fn latency(seconds: f64) -> String {
    match seconds {
        ..0.9995 => format!("{:.0} ms", seconds * 1e3),
        ..99.5 => format!("{seconds:.1} s"),
        _ => age(seconds),
    }
}

/// A time that somebody waits, in its two largest units: `5 s`, `3 min 20 s`, `2 d 4 h`.
pub fn age(seconds: f64) -> String {
    // A float beyond the range is its end.
    let seconds = seconds as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        (_, _, _) => format!("{days} d {} h", hours % 24),
    }
}

/// The same in its largest unit: `75 s`, `14 min`.
pub fn short_age(seconds: f64) -> String {
    match seconds as u64 {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", seconds / 60),
        seconds @ 6000..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A moment in UTC: `2026-01-31T12:34:56Z`.
pub fn moment(unix_time_s: u64) -> String {
    // Beyond the year 9999 nobody reads it.
    let seconds = unix_time_s.min(253_402_300_799);
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}T{}Z", clock(seconds))
}

/// The time of day in UTC: `12:34:56`.
pub fn clock(unix_time_s: u64) -> String {
    let second = unix_time_s % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day, so many days behind the first of January 1970.
///
/// Years begin in March here, so that a leap day is the last of one; 719,468 days lie between March of the year 0
/// and 1970.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // 400 years
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}
