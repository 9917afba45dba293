//! What all threads of a run share: the seed that is current, and who tries which nonce.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gemmine_driver::Counters;
use gemmine_pouw::amadeus::{Attempts, NONCE_AT, SEED_BYTES};

/// One seed's nonces: those that have its upper eight bytes.
#[derive(Debug)]
pub struct Work {
    /// Makes attempts.
    pub attempts: Attempts,
    /// The seed, its nonce's lowest word aside.
    seed: [u8; SEED_BYTES],
    next: AtomicU64,
}

impl Work {
    /// Nonces from 0 on below those upper eight bytes that the seed has.
    pub fn new(seed: &[u8; SEED_BYTES]) -> Self {
        Self { attempts: Attempts::new(seed), seed: *seed, next: AtomicU64::new(0) }
    }

    /// The next nonce that nobody has tried, until there is none.
    pub fn next(&self) -> Option<u32> {
        u32::try_from(self.next.fetch_add(1, Ordering::Relaxed)).ok()
    }

    /// The first of so many nonces that nobody has tried, and how many there are, until there is none.
    pub fn take(&self, nonces: u32) -> Option<(u32, u32)> {
        let first = u32::try_from(self.next.fetch_add(nonces.into(), Ordering::Relaxed)).ok()?;
        Some((first, nonces.min((u32::MAX - first).saturating_add(1))))
    }

    /// Whether other work is of the same epoch, segment and miner.
    pub fn is_of(&self, other: &Self) -> bool {
        self.is_current(&other.seed)
    }

    /// Whether a seed is of the same epoch, segment and miner.
    pub fn is_current(&self, seed: &[u8; SEED_BYTES]) -> bool {
        self.seed[..NONCE_AT] == seed[..NONCE_AT]
    }

    /// Whether every nonce has been given out.
    pub fn is_exhausted(&self) -> bool {
        self.next.load(Ordering::Relaxed) > u64::from(u32::MAX)
    }

    /// The same seed with the next upper eight bytes of its nonce.
    pub fn following(&self) -> Self {
        let mut seed = self.seed;
        let upper = &mut seed[NONCE_AT + 4..];
        let mut eight = [0; 8];
        eight.copy_from_slice(upper);
        upper.copy_from_slice(&u64::from_le_bytes(eight).wrapping_add(1).to_le_bytes());
        Self::new(&seed)
    }
}

/// What the threads look at.
#[derive(Debug)]
pub struct Shared {
    work: RwLock<Arc<Work>>,
    /// Attempts made.
    pub attempts: AtomicU64,
    /// The run is over.
    pub stop: AtomicBool,
    /// Those noted first and last.
    counters: Mutex<Option<[Counters; 2]>>,
}

impl Shared {
    /// Begins with some work.
    pub fn new(work: Work) -> Self {
        Self {
            work: RwLock::new(Arc::new(work)),
            attempts: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            counters: Mutex::default(),
        }
    }

    /// The current work.
    pub fn work(&self) -> Arc<Work> {
        Arc::clone(&self.work.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it; attempts under way are finished on the one before.
    pub fn set_work(&self, work: Work) {
        *self.work.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(work);
    }

    /// The device's counters before its first attempt and after its last.
    pub fn counters(&self) -> [Counters; 2] {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_default()
    }

    /// Notes the device's counters.
    pub fn set_counters(&self, counters: Counters) {
        let mut noted = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let [first, _] = noted.unwrap_or([counters; 2]);
        *noted = Some([first, counters]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_given_out_once_and_then_go_on_above() {
        let mut seed = [3; SEED_BYTES];
        seed[NONCE_AT + 4..].copy_from_slice(&u64::MAX.to_le_bytes());
        let work = Work::new(&seed);
        assert_eq!((work.next(), work.next(), work.is_exhausted()), (Some(0), Some(1), false));
        work.next.store(u64::from(u32::MAX), Ordering::Relaxed);
        assert_eq!(work.next(), Some(u32::MAX));
        assert!(work.is_exhausted());
        assert_eq!((work.next(), work.next()), (None, None));
        let following = work.following();
        assert_eq!(following.next(), Some(0));
        assert_eq!(following.seed[NONCE_AT + 4..], [0; 8]);
        assert!(work.is_current(&following.seed));
        assert!(work.is_of(&following));
        seed[10] ^= 1;
        assert!(!work.is_current(&seed));
    }

    #[test]
    fn many_nonces_are_given_out_at_once_and_no_more_than_there_are() {
        let work = Work::new(&[3; SEED_BYTES]);
        assert_eq!(
            (work.take(5), work.take(100), work.next()),
            (Some((0, 5)), Some((5, 100)), Some(105))
        );
        work.next.store(u64::from(u32::MAX) - 1, Ordering::Relaxed);
        assert!(!work.is_exhausted());
        assert_eq!(work.take(65_536), Some((u32::MAX - 1, 2)));
        assert!(work.is_exhausted());
        assert_eq!(work.take(1), None);
    }

    #[test]
    fn counters_are_kept_from_the_first_to_the_last() {
        let shared = Shared::new(Work::new(&[3; SEED_BYTES]));
        assert_eq!(shared.counters(), [Counters::default(); 2]);
        let counters = |cycles| Counters { cycles, ..Counters::default() };
        for cycles in [1, 2, 3] {
            shared.set_counters(counters(cycles));
        }
        assert_eq!(shared.counters(), [counters(1), counters(3)]);
    }
}
