//! The work that a ticket as good as asked for takes on average: what shares and verified hits are worth.

use gemmine_pouw::U256;
use gemmine_pouw::amadeus::K;
use gemmine_pouw::panel::LANES;
use gemmine_pouw::target::bound;

/// MACs on average until a tile of h x w and k steps, with noise of rank r, meets a target. `target` is before
/// scaling by the tile's work: a share's, or whatever a device was told.
#[must_use]
pub fn pearl_macs(target: U256, (h, w): (u32, u32), k: u32, r: u32) -> f64 {
    let macs_per_tile = f64::from(h) * f64::from(w) * f64::from(k);
    // One ticket in 2^256 / (bound + 1) is that low.
    let tiles = 2.0_f64.powi(256) / (to_f64(bound(target, h, w, k, r)) + 1.0);
    macs_per_tile * tiles
}

/// MACs on average until an attempt has so many leading zero bits.
#[must_use]
pub fn amadeus_macs(bits: u32) -> f64 {
    // There are 256 bits, so more have never been asked for.
    let attempts = 2.0_f64.powi(bits.min(256) as i32);
    attempts * (LANES * LANES * K) as f64
}

/// To the nearest number, or one beside it.
fn to_f64(value: U256) -> f64 {
    value.0.iter().rev().fold(0.0, |sum, &word| sum * 2.0_f64.powi(64) + word as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_every_ticket_meets_takes_one_tile_or_attempt() {
        assert_eq!(pearl_macs(U256::MAX, (16, 16), 2048, 128), 524_288.0);
        assert_eq!(amadeus_macs(0), 12_861_440.0);
    }

    #[test]
    fn work_grows_as_the_target_falls() {
        // 256 * 2048 times this is 2^250: a tile in 64.
        let target = U256::one() << 231;
        assert_eq!(pearl_macs(target, (16, 16), 2048, 128), 64.0 * 524_288.0);
        // The bound grows with the tile, so the work is the same for a smaller one.
        assert_eq!(pearl_macs(target, (8, 8), 1024, 128), 64.0 * 524_288.0);
        assert_eq!(pearl_macs(target >> 10, (16, 16), 2048, 128), 65_536.0 * 524_288.0);
        assert!(pearl_macs(U256::zero(), (16, 16), 2048, 128).is_finite());
        assert_eq!(amadeus_macs(20), 1_048_576.0 * 12_861_440.0);
    }
}
