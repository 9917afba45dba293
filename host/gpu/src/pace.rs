//! How much work a dispatch is: enough that a card is not told of the next one all the time, little enough that its
//! driver does not take it for hung and that new work is begun soon.

use std::time::Duration;

/// MACs of the first dispatch: some milliseconds of a small card, and of software a quarter of a second.
const FIRST_MACS: u64 = 1 << 27;
/// MACs of a dispatch at least: one workgroup's tiles at the shortest k that a network takes.
const LEAST_MACS: u64 = 1 << 22;
/// And at most.
const MOST_MACS: u64 = 1 << 44;
/// A dispatch that takes less is too short.
const SHORT: Duration = Duration::from_millis(25);
/// One that takes more is too long.
const LONG: Duration = Duration::from_millis(200);
/// Accumulators of a tile.
const TILE: u64 = 256;

/// Learns how many MACs a dispatch should have.
#[derive(Clone, Copy, Debug)]
pub struct DispatchPace {
    macs: u64,
}

impl Default for DispatchPace {
    fn default() -> Self {
        Self { macs: FIRST_MACS }
    }
}

impl DispatchPace {
    /// Tiles of a dispatch, at so many steps a tile; one at least.
    pub fn tiles(&self, steps: usize) -> usize {
        let tiles = self.macs / (TILE * steps.max(1) as u64);
        usize::try_from(tiles).unwrap_or(usize::MAX).max(1)
    }

    /// A dispatch of so many tiles took so long. One that was short of tiles says nothing of longer ones.
    pub fn took(&mut self, tiles: usize, steps: usize, elapsed: Duration) {
        let is_full = tiles >= self.tiles(steps);
        if elapsed < SHORT && is_full {
            self.macs = (self.macs * 2).min(MOST_MACS);
        } else if elapsed > LONG {
            self.macs = (self.macs / 2).max(LEAST_MACS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles of a dispatch, once it is used to a card of so many MACs a second.
    fn settled(macs_per_s: f64, steps: usize) -> (usize, f64) {
        let mut pace = DispatchPace::default();
        let seconds = |tiles: usize| (tiles * steps) as f64 * 256.0 / macs_per_s;
        for _ in 0..100 {
            let tiles = pace.tiles(steps);
            pace.took(tiles, steps, Duration::from_secs_f64(seconds(tiles)));
        }
        (pace.tiles(steps), seconds(pace.tiles(steps)))
    }

    #[test]
    fn dispatches_become_as_long_as_they_should_be() {
        for macs_per_s in [2e8, 1e9, 3e10, 1e12, 1e14] {
            for steps in [1024, 65_536] {
                let (tiles, seconds) = settled(macs_per_s, steps);
                let fits = (0.025..=0.2).contains(&seconds);
                assert!(fits || tiles == 1 && seconds > 0.02, "{macs_per_s} {steps}: {seconds} s");
            }
        }
    }

    #[test]
    fn a_dispatch_that_was_short_of_tiles_says_nothing() {
        let mut pace = DispatchPace::default();
        let before = pace.tiles(2048);
        pace.took(1, 2048, Duration::from_micros(3));
        assert_eq!(pace.tiles(2048), before);
        pace.took(before, 2048, Duration::from_micros(3));
        assert_eq!(pace.tiles(2048), 2 * before);
    }
}
