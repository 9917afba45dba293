//! Attempts of Amadeus' uPoW2.

use std::sync::{Arc, Mutex, PoisonError};

use gemmine_jobs::work::Proof;
use gemmine_pouw::amadeus::{Attempts, K, NONCE_AT, SEED_BYTES};
use gemmine_pouw::digest::Digest;

use super::Proven;
use crate::piece::Part;

/// A seed's attempts.
#[derive(Debug)]
pub struct AmadeusProduction {
    seed: Box<[u8; SEED_BYTES]>,
    bits: u32,
    /// The pass used last: a pass is 2^32 attempts.
    newest: Mutex<Option<(u64, Arc<Attempts>)>>,
}

impl AmadeusProduction {
    /// All of a pass.
    pub(super) const WHOLE: Part = Part::Nonces { first: 0, count: u32::MAX };
    /// MACs of an attempt.
    pub(super) const MACS_PER_TICKET: f64 = (16 * 16 * K) as f64;

    pub(super) fn new(seed: &[u8; SEED_BYTES], bits: u32) -> Self {
        Self { seed: Box::new(*seed), bits, newest: Mutex::default() }
    }

    /// Leading zero bits that a share needs.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Makes attempts of a pass: its number is added to the nonce's upper eight bytes.
    pub fn attempts(&self, pass: u64) -> Arc<Attempts> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, attempts)) = &*newest
            && *number == pass
        {
            return Arc::clone(attempts);
        }
        let mut seed = *self.seed;
        let mut upper = [0; 8];
        upper.copy_from_slice(&seed[NONCE_AT + 4..]);
        let upper = u64::from_le_bytes(upper).wrapping_add(pass);
        seed[NONCE_AT + 4..].copy_from_slice(&upper.to_le_bytes());
        let attempts = Arc::new(Attempts::new(&seed));
        *newest = Some((pass, Arc::clone(&attempts)));
        attempts
    }

    pub(super) fn compute(&self, pass: u64, nonce: u32, bits: u32) -> (Digest, bool, bool) {
        let solution = self.attempts(pass).attempt(nonce);
        let found = solution.bits();
        (solution.hash, found >= bits, found >= self.bits)
    }

    pub(super) fn prove(&self, pass: u64, nonce: u32) -> Proven {
        let solution = self.attempts(pass).attempt(nonce);
        Proven { proof: Proof::Amadeus(Box::new(solution.bytes)), meets_network: true }
    }
}
