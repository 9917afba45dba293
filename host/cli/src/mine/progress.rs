//! The progress bar on standard error: hidden where nobody would see it.

use std::time::{Duration, Instant};

use gemmine_driver::Counters;
use indicatif::ProgressBar;

use super::summary::Tally;
use crate::display::{counted, rate, si, spinner};

/// How often the numbers change.
const REDRAW: Duration = Duration::from_millis(100);

/// The bar of one run.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    k_padded: u64,
    shares_wanted: Option<u64>,
    drawn: Instant,
}

impl Progress {
    /// A bar, unless `hidden` or standard error is no terminal.
    pub fn new(hidden: bool, k_padded: usize, shares_wanted: Option<u64>) -> Self {
        let bar = spinner(hidden);
        Self { bar, k_padded: k_padded as u64, shares_wanted, drawn: Instant::now() }
    }

    /// Shows the numbers, if it is time to.
    pub fn update(&mut self, tally: &Tally, counters: &Counters, elapsed: Duration) {
        if self.bar.is_hidden() || self.drawn.elapsed() < REDRAW {
            return;
        }
        self.drawn = Instant::now();
        let per_second = |count: u64| count as f64 / elapsed.as_secs_f64().max(1e-9);
        let shares = match self.shares_wanted {
            Some(wanted) => format!("{}/{}", tally.shares, counted(wanted, "share")),
            None => counted(tally.shares, "share"),
        };
        self.bar.set_message(format!(
            "{}MAC/s  {} tickets/s  {shares}  {}cycles  {:.2} % used",
            si(per_second(tally.tiles() * 256 * self.k_padded)),
            rate(per_second(tally.tiles())),
            si(counters.cycles as f64),
            100.0 * counters.mac_cycles as f64 / counters.cycles.max(1) as f64,
        ));
        self.bar.tick();
    }

    /// Prints a line above the bar, or just prints it.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| crate::note(text));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
