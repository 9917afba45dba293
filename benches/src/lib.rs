//! What the benches have in common: reproducible operands, a winning proof, and this processor's
//! clock.

pub mod roofline;

use std::hint::black_box;
use std::sync::Arc;

use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::pattern::Pattern;
use gemmine_sim::TileWork;

/// MACs of a 16x16 tile of k = 2048.
pub const TILE_MACS: u64 = 16 * 16 * 2048;

/// Pseudo-random bytes (SplitMix64).
pub fn random_bytes(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)).to_le_bytes()
    })
    .flatten()
}

/// A panel of pseudo-random operands in [-127, 127].
pub fn panel(seed: u64, steps: usize) -> Panel {
    let mut bytes = random_bytes(seed).map(|byte| (byte as i8).max(-127));
    let steps: Vec<[i8; 16]> =
        (0..steps).map(|_| std::array::from_fn(|_| bytes.next().unwrap_or_default())).collect();
    Panel::from_steps(&steps)
}

/// A tile of such panels, r = 128.
pub fn tile(seed: u64, steps: usize) -> TileWork {
    let operand = |seed| Arc::new(panel(seed, steps));
    TileWork { a: operand(seed), unsigned_a: false, b: operand(seed + 1), steps, chunk_steps: 128 }
}

/// A mainnet-legal job on random matrices: 16x16 tiles, r = 128.
///
/// # Panics
/// If the parameters are not legal.
pub fn job(m: usize, n: usize, k: usize) -> PreparedJob {
    let matrix = |seed, rows: usize| {
        let signal = random_bytes(seed).map(|byte| (i16::from(byte % 129) - 64) as i8);
        Matrix::new(rows, k, signal.take(rows * k).collect())
    };
    let contiguous = || Pattern::contiguous(16);
    let (Ok(a), Ok(bt), Ok(rows), Ok(cols)) =
        (matrix(1, m), matrix(2, n), contiguous(), contiguous())
    else {
        panic!("a legal shape was refused");
    };
    let mut header: [u8; 76] = std::array::from_fn(|i| i as u8);
    header[72..].copy_from_slice(&0x1e01_0000u32.to_le_bytes());
    let config = MiningConfig { k: k as u32, r: 128, rows, cols };
    match PreparedJob::new(Header76(header), config, a, bt) {
        Ok(job) => job,
        Err(error) => panic!("a legal job was refused: {error}"),
    }
}

/// One million steps of a chain that takes two clock cycles a step on any recent x86: a way to read
/// the clock that the core really ran at.
pub fn two_million_cycles(seed: u64) -> u64 {
    let (a, b) = (black_box(0x55), black_box(1));
    (0..1_000_000).fold(seed, |x, _| (x ^ a).wrapping_add(b))
}
