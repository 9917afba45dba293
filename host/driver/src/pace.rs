//! How long a scan should be: about a second's work of the device, as far as it has shown its speed.

use std::time::Duration;

use crate::scan::{SCAN_ATTEMPTS_MAX, TILES_MAX};

/// How long a scan should take.
const SCAN_TIME: Duration = Duration::from_secs(1);
/// The first scans are shorter by so much: a simulated board may be far slower than its clock says.
const CAUTION: f64 = 8.0;
/// Attempts or tiles a second of a device that does not say its clock.
const RATE_UNKNOWN: f64 = 16.0;
/// By how much one measurement changes the rate at most.
const CHANGE_MAX: f64 = 2.0;
/// The shortest time that is measured.
const TIME_MIN: Duration = Duration::from_millis(1);

/// Attempts or tiles of a scan, at most.
const MOST: u32 = SCAN_ATTEMPTS_MAX;
const _: () = assert!(MOST == TILES_MAX);

/// How many attempts or tiles a scan should have.
#[derive(Debug)]
pub struct Pace {
    per_second: f64,
}

impl Pace {
    /// By the cycles of an attempt or tile and the device's clock, until something is measured.
    pub fn new(cycles: Option<u64>, clock_hz: Option<u64>) -> Self {
        let estimate = cycles.zip(clock_hz).map(|(cycles, hertz)| hertz as f64 / cycles as f64);
        Self { per_second: estimate.unwrap_or(RATE_UNKNOWN) / CAUTION }
    }

    /// As many as the next scan should have.
    pub fn count(&self) -> u32 {
        let count = self.per_second * SCAN_TIME.as_secs_f64();
        count.round().clamp(1.0, MOST.into()) as u32
    }

    /// Takes in that so many took so long.
    pub fn saw(&mut self, count: u32, took: Duration) {
        let seconds = took.max(TIME_MIN).as_secs_f64();
        let measured = f64::from(count) / seconds;
        let (least, most) = (self.per_second / CHANGE_MAX, self.per_second * CHANGE_MAX);
        self.per_second = measured.clamp(least, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_come_to_take_a_second() {
        let first = |cycles, hertz| Pace::new(cycles, hertz).count() * CAUTION as u32;
        // 2,550 and 332 a second by the clock, and a device that has none.
        assert_eq!(first(Some(452_160), Some(1_153_000_000)), 2552);
        assert_eq!(first(Some(452_160), Some(150_000_000)), 328);
        assert_eq!(first(Some(452_160), None), 16);
        assert_eq!(first(None, Some(1)), 16);
        assert_eq!(first(Some(904_320), Some(1_000)), 8);

        let mut pace = Pace::new(Some(1), Some(32));
        for _ in 0..20 {
            let count = pace.count();
            pace.saw(count, Duration::from_secs_f64(f64::from(count) / 300.0));
        }
        assert_eq!(pace.count(), 300);
        // One odd measurement does not change it by much.
        pace.saw(300, Duration::ZERO);
        assert_eq!(pace.count(), 600);
        pace.saw(1, Duration::from_secs(60));
        assert_eq!(pace.count(), 300);
        for _ in 0..40 {
            pace.saw(pace.count(), Duration::ZERO);
        }
        assert_eq!(pace.count(), MOST);
        for _ in 0..60 {
            pace.saw(1, Duration::from_secs(60));
        }
        assert_eq!(pace.count(), 1);
    }
}
