//! How long to wait before the next try: longer after each failure, and never as long as the neighbour.

use std::time::Duration;

/// No try follows another sooner, whatever the jitter says.
const FLOOR: Duration = Duration::from_millis(100);

/// Exponential back-off with full jitter: the n-th wait is anything up to `first * 2^n`, `longest` at most.
///
/// After an outage many miners come back; full jitter spreads them over the whole wait.
#[derive(Clone, Debug)]
pub struct BackOff {
    first: Duration,
    longest: Duration,
    failures: u32,
    jitter: Jitter,
}

impl BackOff {
    /// None has failed yet. Two sources with the same seed wait alike.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, failures: 0, jitter: Jitter(seed) }
    }

    /// The wait after one more failure.
    pub fn next(&mut self) -> Duration {
        let ceiling = self.first.saturating_mul(1_u32 << self.failures.min(30)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(self.jitter.next()).max(FLOOR)
    }

    /// It went well.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// SplitMix64: small, seeded, and random enough to keep miners apart.
#[derive(Clone, Debug)]
struct Jitter(u64);

impl Jitter {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        (word >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_grow_to_the_longest_and_begin_anew() {
        let mut longest = [Duration::ZERO; 12];
        let mut sum = Duration::ZERO;
        for seed in 0..500 {
            let mut backoff = BackOff::new(SECOND, 60 * SECOND, seed);
            for (failures, longest) in longest.iter_mut().enumerate() {
                let wait = backoff.next();
                assert!(wait >= FLOOR && wait <= (SECOND * (1 << failures)).min(60 * SECOND));
                *longest = wait.max(*longest);
            }
            backoff.reset();
            assert!(backoff.next() <= SECOND);
            sum += backoff.next();
        }
        // Full jitter: the whole range is used, and the mean of the second wait is about its half.
        for (failures, longest) in longest.iter().enumerate() {
            assert!(*longest >= (SECOND * (1 << failures)).min(60 * SECOND).mul_f64(0.9));
        }
        assert!((sum / 500).abs_diff(SECOND) < SECOND / 5, "{sum:?}");
    }

    #[test]
    fn the_same_seed_waits_alike() {
        let waits = |seed| {
            let mut backoff = BackOff::new(SECOND, 60 * SECOND, seed);
            [(); 20].map(|()| backoff.next())
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn any_number_of_failures_is_fine() {
        let mut backoff = BackOff::new(Duration::MAX / 2, Duration::MAX / 2, 1);
        backoff.failures = u32::MAX;
        assert!(backoff.next() <= Duration::MAX / 2);
    }
}
