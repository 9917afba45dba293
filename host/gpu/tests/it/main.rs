//! The shader against the golden function and the processor's kernel, on a Vulkan driver: Mesa's, which plays a card on
//! the processor, unless GEMMINE_TEST_GPU names another (`0`, `RTX 4090`).
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod grids;
mod queue;
mod witnesses;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gemmine_driver::{Completion, Descriptor, Device, DeviceError};
use gemmine_gpu::{Choice, Gpu};
use gemmine_pouw::panel::Panel;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);

/// One card at a time: a software driver uses every core.
static CARD: Mutex<()> = Mutex::new(());

/// The driver's card, and nobody else has it meanwhile.
fn open() -> (Gpu, MutexGuard<'static, ()>) {
    let lock = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    let named = std::env::var("GEMMINE_TEST_GPU").unwrap_or_else(|_| "llvmpipe".into());
    let choice: Choice = named.parse().unwrap();
    let gpu = Gpu::open(&choice).unwrap_or_else(|error| {
        panic!("{error}; `cargo xtask vulkan` installs Mesa's software driver")
    });
    (gpu, lock)
}

/// The next completion, for as long as a test has patience.
fn wait(gpu: &mut Gpu) -> Completion {
    let begun = Instant::now();
    loop {
        match gpu.wait(Duration::from_millis(50)) {
            Err(DeviceError::Timeout { .. }) if begun.elapsed() < PATIENCE => {}
            other => return other.unwrap(),
        }
    }
}

fn descriptor(tag: u32, steps: usize, chunk_steps: usize) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps,
        chunk_steps,
        ticket_key: std::array::from_fn(|at| (at as u8).wrapping_mul(37).wrapping_add(tag as u8)),
        bound_le: [0x7f; 32],
        want_tile: true,
    }
}

/// Bytes that look random, the same everywhere (SplitMix64).
fn random(seed: u64) -> impl FnMut() -> u8 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x >> 56) as u8
    }
}

fn panel(steps: usize, mut value: impl FnMut() -> i8) -> Panel {
    let steps: Vec<[i8; 16]> = (0..steps).map(|_| std::array::from_fn(|_| value())).collect();
    Panel::from_steps(&steps)
}
