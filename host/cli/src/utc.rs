//! Moments as people write them, in UTC.

const DAY: u64 = 86_400;
/// Days from the first of March of the year 0 to the first of January 1970.
const EPOCH_DAYS: u64 = 719_468;
/// Days of 400 years.
const ERA_DAYS: u64 = 146_097;

/// Seconds since 1970 as `2026-08-11 00:00:07`.
pub fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Reads `2026-08-11`, or that with `T00:00:07Z` or ` 00:00:07` behind it.
pub fn seconds_of_utc(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.strip_suffix('Z').unwrap_or(time)),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    if !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years from March on: the day that some have more is the last one.
    let (shifted, months) =
        if month > 2 { (year, month - 3) } else { (year - 1, month.checked_add(9)?) };
    let in_year = (153 * months + 2) / 5 + day.checked_sub(1)?;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + in_year;
    let days = days.checked_sub(EPOCH_DAYS)?;
    // No month has a day that comes back as another.
    (date_of(days) == (year, month, day)).then_some(days * DAY + hour * 3600 + minute * 60 + second)
}

/// Year, month and day, so many days after the first of January 1970.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let (era, in_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months = (5 * in_year + 2) / 153;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, in_year - (153 * months + 2) / 5 + 1)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let number = |part: &str| {
        (part.len() <= 4 && part.bytes().all(|digit| digit.is_ascii_digit()))
            .then(|| part.parse().ok())
            .flatten()
    };
    let mut parts = text.split(separator).map(number);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_back() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(1_786_406_407), "2026-08-11 00:00:07");
        assert_eq!(utc(951_827_696), "2000-02-29 12:34:56");
        for days in 0..60_000 {
            let seconds = days * DAY + days % DAY;
            assert_eq!(seconds_of_utc(&utc(seconds)), Some(seconds));
        }
        assert_eq!(seconds_of_utc("2026-08-11T00:00:07Z"), Some(1_786_406_407));
        for bad in
            ["2026-02-29", "2026-00-10", "2026-04-31", "2026-01-00", "1969-12-31", "2026-1-1-1"]
        {
            assert_eq!(seconds_of_utc(bad), None, "{bad}");
        }
    }
}
