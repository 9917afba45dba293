//! The rate of the last hour, for a sparkline.

use std::collections::VecDeque;

/// Seconds between two samples.
const SPACING_S: f64 = 5.0;
/// Samples that are kept: more than a terminal has columns.
const MOST: usize = 720;

/// Rates, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    rates: VecDeque<f64>,
    newest_s: Option<f64>,
}

impl History {
    /// Takes the rate at a time since the start, if it is time for one.
    pub fn sample(&mut self, uptime_s: f64, rate: f64) {
        if self.newest_s.is_none_or(|newest| uptime_s - newest >= SPACING_S) {
            self.newest_s = Some(uptime_s);
            self.rates.push_back(rate);
            if self.rates.len() > MOST {
                self.rates.pop_front();
            }
        }
    }

    /// The newest rates, oldest first, as parts of the highest of them.
    pub fn heights(&self, count: usize) -> Vec<f64> {
        let newest = self.rates.iter().skip(self.rates.len().saturating_sub(count));
        let highest = newest.clone().copied().fold(0.0, f64::max);
        newest.map(|rate| if highest > 0.0 { rate / highest } else { 0.0 }).collect()
    }
}
