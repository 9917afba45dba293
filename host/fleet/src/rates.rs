//! Rates over three windows, in memory that does not grow.

use std::collections::VecDeque;
use std::time::Duration;

use gemmine_console::status::Rates;
use gemmine_jobs::work::Moment;

/// Slots of a window, and so how finely it moves.
const SLOTS: u64 = 60;
/// Lengths of the windows.
const WINDOWS: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(15 * 60), Duration::from_secs(24 * 3600)];

/// Counts something, and says how much of it there is a second.
#[derive(Clone, Debug)]
pub struct Meter {
    since: Moment,
    windows: [Window; 3],
}

#[derive(Clone, Debug)]
struct Window {
    length: Duration,
    /// Number of a slot since time 0, and what came in it; oldest first.
    slots: VecDeque<(u64, f64)>,
    sum: f64,
}

impl Meter {
    /// Begins at a time.
    pub fn new(now: Moment) -> Self {
        let window = |length| Window { length, slots: VecDeque::new(), sum: 0.0 };
        Self { since: now, windows: WINDOWS.map(window) }
    }

    /// So much came.
    pub fn add(&mut self, now: Moment, amount: f64) {
        self.windows.iter_mut().for_each(|window| window.add(now, amount));
    }

    /// How much came a second.
    pub fn rates(&self, now: Moment) -> Rates {
        let [minute, quarter, day] =
            [0, 1, 2].map(|index: usize| self.windows[index].rate(now, self.since));
        Rates { minute, quarter, day }
    }
}

impl Window {
    fn slot(&self, now: Moment) -> u64 {
        (now.as_nanos() / (self.length.as_nanos() / u128::from(SLOTS))) as u64
    }

    fn add(&mut self, now: Moment, amount: f64) {
        let slot = self.slot(now);
        match self.slots.back_mut() {
            Some((newest, sum)) if *newest >= slot => *sum += amount,
            _ => self.slots.push_back((slot, amount)),
        }
        while self.slots.front().is_some_and(|(oldest, _)| oldest + SLOTS <= slot) {
            self.slots.pop_front();
        }
        // Not kept up by adding and taking away: rounding would pile up over months.
        self.sum = self.slots.iter().map(|(_, sum)| sum).sum();
    }

    /// Over the window's whole slots and the part of the newest that is over, or since the start if that is less.
    fn rate(&self, now: Moment, since: Moment) -> f64 {
        let slot = self.slot(now);
        let gone = |oldest: u64| oldest + SLOTS <= slot;
        let passed: f64 =
            self.slots.iter().take_while(|(oldest, _)| gone(*oldest)).map(|(_, sum)| sum).sum();
        let begin = self.length / SLOTS as u32
            * u32::try_from(slot.saturating_sub(SLOTS - 1)).unwrap_or(u32::MAX);
        let seconds = now.saturating_sub(begin.max(since)).as_secs_f64();
        // The first moments would say anything.
        if seconds < 1.0 { 0.0 } else { (self.sum - passed) / seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(seen: f64, wanted: f64) -> bool {
        (seen - wanted).abs() <= 1e-6 * wanted.abs().max(1.0)
    }

    #[test]
    fn a_steady_stream_has_its_rate_in_every_window_and_is_forgotten_in_time() {
        let start = Duration::from_secs(1000);
        let mut meter = Meter::new(start);
        for tick in 0..7200_u32 {
            meter.add(start + Duration::from_secs(tick.into()), 5.0);
        }
        let now = start + Duration::from_secs(7200);
        let Rates { minute, quarter, day } = meter.rates(now);
        // A slot of a minute is a second: what comes at its begin is in it at once.
        assert!((4.9..5.1).contains(&minute), "{minute}");
        assert!((4.9..5.1).contains(&quarter), "{quarter}");
        assert!(close(day, 5.0), "{day}");
        let later = meter.rates(now + Duration::from_secs(61));
        assert!(close(later.minute, 0.0) && later.quarter > 4.0);
        let later = meter.rates(now + Duration::from_secs(16 * 60));
        assert!(close(later.quarter, 0.0) && later.day > 4.0);
        let later = meter.rates(now + Duration::from_secs(25 * 3600));
        assert!(close(later.day, 0.0));
    }

    #[test]
    fn a_young_meter_counts_over_the_time_that_there_was() {
        let mut meter = Meter::new(Duration::from_secs(7));
        meter.add(Duration::from_secs(8), 100.0);
        assert!(close(meter.rates(Duration::from_secs(7)).minute, 0.0));
        let rates = meter.rates(Duration::from_secs(17));
        assert!([rates.minute, rates.quarter, rates.day].iter().all(|rate| close(*rate, 10.0)));
    }

    #[test]
    fn memory_does_not_grow() {
        let mut meter = Meter::new(Duration::ZERO);
        for tick in 0..200_000_u64 {
            meter.add(Duration::from_secs(tick * 3), 1.0);
        }
        assert!(meter.windows.iter().all(|window| window.slots.len() as u64 <= SLOTS));
    }
}
