//! How long an answer may take: by the rate of the line, the bytes in front of it, and what answers took
//! so far.
//!
//! A board answers as fast as its line; a simulated one behind a pseudo-terminal may be a thousand
//! times slower than the rate it claims. So the expectation is a multiple of the line's time, and the
//! multiple follows the answers that come.

use std::time::Duration;

/// What bridges and schedulers add to an answer: USB bridges collect bytes for 16 ms by habit.
const LATENCY: Duration = Duration::from_millis(16);
/// The same with room for a busy computer, before silence counts.
const MARGIN: Duration = Duration::from_millis(60);
/// No single wait is longer.
const LONGEST: Duration = Duration::from_secs(8);
/// No device is slower than its line by more.
const SLOWNESS_MAX: f64 = 1e5;

/// The expectation.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    baud: u32,
    slowness: f64,
}

impl Pace {
    /// That of a device as fast as its line.
    pub fn new(baud: u32) -> Self {
        Self { baud, slowness: 1.0 }
    }

    /// The rate of the line in bits a second.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// Another rate. A simulated device is slower than its line by about as much at every rate.
    pub fn set_baud(&mut self, baud: u32) {
        self.baud = baud;
    }

    /// Time that bytes take on the line: ten bits each.
    fn line(&self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 * 10.0 / f64::from(self.baud.max(1)))
    }

    /// Takes in that an answer took so long, with so many bytes in front of it and in it.
    pub fn saw(&mut self, took: Duration, bytes: usize) {
        let usual = self.line(bytes) + LATENCY;
        let seen = took.as_secs_f64() / usual.as_secs_f64();
        let smooth = if seen > self.slowness { seen } else { (7.0 * self.slowness + seen) / 8.0 };
        self.slowness = smooth.clamp(1.0, SLOWNESS_MAX);
    }

    /// How long an answer may take with so many bytes in front of it and in it, after `tries` waits
    /// in vain.
    pub fn timeout(&self, bytes: usize, tries: u32) -> Duration {
        let usual = (self.line(bytes) * 3 / 2 + MARGIN).as_secs_f64();
        let wait = usual * self.slowness * f64::from(1_u32 << tries.min(16));
        Duration::from_secs_f64(wait.min(LONGEST.as_secs_f64()))
    }

    /// A pause between two questions whether something is ready: so short that it costs little time, so
    /// long that the line has time for other things.
    pub fn pause(&self) -> Duration {
        (self.line(64) * 2).clamp(Duration::from_micros(500), Duration::from_millis(20))
    }

    /// Bytes that should be on their way at once: what the line carries until the answer to the first
    /// of them is there, with room to spare; not more, so that sending them again stays cheap.
    pub fn window(&self) -> usize {
        let carried = f64::from(self.baud) / 10.0 * 4.0 * LATENCY.as_secs_f64();
        carried as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_is_waited_for_and_a_fast_one_is_not() {
        let mut pace = Pace::new(115_200);
        let usual = pace.timeout(100, 0);
        assert_eq!(pace.timeout(100, 1), usual * 2);
        pace.saw(Duration::from_secs(1), 100);
        let slow = pace.timeout(100, 0);
        assert!(slow > Duration::from_secs(1), "{slow:?}");
        for _ in 0..100 {
            pace.saw(Duration::from_millis(20), 100);
        }
        assert!(pace.timeout(100, 0) < usual * 2);
        assert_eq!(pace.timeout(100, 40), LONGEST);
    }
}
