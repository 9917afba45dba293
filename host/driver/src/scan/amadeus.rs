//! Scans of Amadeus: engines grow an attempt's operands from its seed.
//!
//! An attempt is one product of 16 x K times K x 16 and the hash of its solution. Attempts are made on one seed with
//! rising nonces, until a solution is low enough.

use crate::device::Identity;

/// Steps of an attempt are multiples of this: a chunk of what engines grow.
pub const SCAN_CHUNK: usize = 64;
/// Most attempts of a scan, as far as its seed counts.
pub const SCAN_ATTEMPTS_MAX: u32 = 1 << 16;
/// Most leading zero bits that a device compares: two words of the hash.
pub const SCAN_BITS_MAX: u32 = 64;
/// Most steps of an attempt: a sum of more products of u8 and i8 could overflow.
pub const SCAN_STEPS_MAX: usize = (i32::MAX as usize / (255 * 128)) / SCAN_CHUNK * SCAN_CHUNK;

/// Cycles that an engine takes for the 32 blocks of a chunk, and cycles between two starts of its four batches
/// where many engines take turns.
const ENGINE_CYCLES: usize = 4 * gemmine_hdl::xof_engine::BATCH_CYCLES;
const WRITE_CYCLES: usize = 4 * 64;
/// Cycles of the hash of a solution, and of a scan's beginning and end, rounded up.
const HASH_CYCLES: usize = 4096;

/// Attempts on one seed: nonce words `nonce`, `nonce + 1`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmadeusScan {
    /// The seed. The four low bytes of its nonce, bytes 228 to 231, don't matter.
    pub seed: [u8; 240],
    /// The first attempt's four low bytes of the nonce, as a little-endian number.
    pub nonce: u32,
    /// Most attempts, 1 to [`SCAN_ATTEMPTS_MAX`].
    pub attempts: u32,
    /// Leading zero bits that a hit's hash has at least, 1 to [`SCAN_BITS_MAX`].
    pub bits: u32,
    /// Steps of k of an attempt, a multiple of [`SCAN_CHUNK`]; the network has
    /// [`K`](gemmine_pouw::amadeus::K).
    pub steps: usize,
}

impl AmadeusScan {
    /// The last nonce word that it may come to; more than a word holds if there are not so many.
    pub fn last(&self) -> u64 {
        u64::from(self.nonce) + u64::from(self.attempts).saturating_sub(1)
    }

    /// Bits of the hash's first two little-endian words that a hit has as zeros.
    ///
    /// Leading zero bits count from the first byte's most significant bit.
    pub fn mask(&self) -> [u32; 2] {
        let wide = u64::MAX.checked_shl(SCAN_BITS_MAX.saturating_sub(self.bits)).unwrap_or(0);
        // Its most significant byte is the hash's first.
        let bytes = wide.to_be_bytes();
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|n| bytes[at + n]));
        [word(0), word(4)]
    }
}

impl Identity {
    /// About how many cycles an attempt of so many steps takes in a scan: as many as the array or the engines,
    /// whichever are slower. `None` of a device without engines, or without an array.
    pub fn attempt_cycles(&self, steps: usize) -> Option<u64> {
        let slots = self.geometry?.slots();
        if self.engines == 0 {
            return None;
        }
        let chunk = (ENGINE_CYCLES / self.engines).max(WRITE_CYCLES).max(slots * SCAN_CHUNK);
        Some((steps / SCAN_CHUNK * chunk).max(HASH_CYCLES) as u64)
    }
}

/// Cycles of a scan that finds nothing, likewise. Its first attempt waits for its first chunks.
pub(super) fn cycles(identity: &Identity, scan: &AmadeusScan) -> u64 {
    let attempt = identity.attempt_cycles(scan.steps).unwrap_or_default();
    (u64::from(scan.attempts) + 1) * attempt + HASH_CYCLES as u64
}

#[cfg(test)]
mod tests {
    use gemmine_hdl::Geometry;
    use gemmine_pouw::amadeus::{K, leading_zero_bits};

    use super::*;
    use crate::device::Device;
    use crate::simulated::{EngineKind, Simulated};

    fn scan(bits: u32) -> AmadeusScan {
        AmadeusScan { seed: [0; 240], nonce: 0, attempts: 1, bits, steps: K }
    }

    #[test]
    fn the_mask_is_that_of_leading_zero_bits() {
        assert_eq!(scan(1).mask(), [0x0000_0080, 0]);
        assert_eq!(scan(8).mask(), [0x0000_00ff, 0]);
        assert_eq!(scan(20).mask(), [0x00f0_ffff, 0]);
        assert_eq!(scan(33).mask(), [u32::MAX, 0x0000_0080]);
        assert_eq!(scan(64).mask(), [u32::MAX; 2]);
        for zeros in 0..=64_u32 {
            let mut hash = [0xff; 32];
            let wide = u64::MAX.checked_shr(zeros).unwrap_or(0);
            hash[..8].copy_from_slice(&wide.to_be_bytes());
            assert_eq!(leading_zero_bits(&hash), zeros);
            let words: [u32; 2] = std::array::from_fn(|word| {
                u32::from_le_bytes(std::array::from_fn(|n| hash[4 * word + n]))
            });
            for bits in 1..=64 {
                let meets =
                    scan(bits).mask().iter().zip(words).all(|(mask, word)| mask & word == 0);
                assert_eq!(meets, zeros >= bits, "{zeros} zeros, {bits} bits");
            }
        }
    }

    #[test]
    fn attempts_take_as_long_as_what_is_slowest() {
        let model = Simulated::new(EngineKind::Model, Geometry::new(16, 16)).unwrap();
        let cycles = |engines, rows, columns| {
            let geometry = Some(Geometry::new(rows, columns));
            Identity { engines, geometry, ..model.identity().clone() }.attempt_cycles(K)
        };
        assert_eq!(cycles(0, 16, 16), None);
        assert_eq!(cycles(1, 16, 16), Some(785 * 1152));
        assert_eq!(cycles(3, 16, 16), Some(785 * 384));
        assert_eq!(cycles(8, 16, 16), Some(785 * 256));
        assert_eq!(cycles(4, 8, 2), Some(16 * 50_240));
        assert_eq!(SCAN_STEPS_MAX, 65_792);
    }
}
