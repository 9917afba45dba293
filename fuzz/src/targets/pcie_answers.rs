//! What a device behind PCI Express answers, through the driver: one that knows the link and means no good.
//!
//! The first byte says whether the function can be reset as a whole; the rest is where the device lies: what registers
//! read as and what becomes of writes to them, interrupts, what it reads and writes in host memory, and that it is
//! taken out for a while. Whatever comes, every call of the driver ends, with an answer or an error, and believes
//! nothing that can't be. Where the lies end, a reset reaches the device again, and it does right work.

use std::sync::LazyLock;
use std::time::Duration;

use gemmine_driver::{Device, DeviceError, Identity, PcieDevice};

use super::serial_device::{SCAN_TAG, believable, load, push, scan};
use crate::input::Input;
use crate::plain;
use crate::slot::{Lies, Slot, model, works};

/// Times that the driver is asked for something.
const TURNS: usize = 12;

/// What the device is, where it does not lie.
static RIGHT: LazyLock<Identity> = LazyLock::new(|| {
    let slot = Slot::new(model(), Lies::default(), true);
    slot.open().expect("a device that is right").identity().clone()
});

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let can_reset = input.byte() & 1 == 0;
    let slot = Slot::new(model(), Lies::new(input.rest()), can_reset);
    match slot.open() {
        Ok(device) => {
            believable(device.identity());
            session(device, &slot);
        }
        Err(error) => plain::message(&error),
    }
}

/// Work as a miner gives it.
fn session(mut device: PcieDevice, slot: &Slot) {
    let steps = device.identity().limits.panel_steps.min(64);
    let mut tag = 0;
    for turn in 0..TURNS {
        slot.next_call();
        let done = match turn % 6 {
            0 => load(&mut device, steps),
            1 | 2 => {
                tag += 1;
                push(&mut device, tag, steps)
            }
            3 => device.wait(Duration::from_millis(200)).map(|completion| {
                assert!(completion.tag <= tag || completion.tag == SCAN_TAG, "{completion:?}");
            }),
            4 => device.counters().map(drop),
            _ => scan(&mut device),
        };
        let Err(error) = done else { continue };
        plain::message(&error);
        let over = matches!(
            error,
            DeviceError::Lost { .. } | DeviceError::Tag { .. } | DeviceError::Stuck { .. }
        );
        slot.next_call();
        if over && let Err(error) = device.reset() {
            plain::message(&error);
        }
    }
    slot.is_right_again();
    // One that was believed to be another device is found out, or is used as that.
    let right = device.identity() == &*RIGHT;
    match device.reset() {
        Ok(()) if right => works(&mut device),
        Ok(()) => {}
        Err(error) => {
            plain::message(&error);
            assert!(!right, "a device that is right again is not reached: {error}");
        }
    }
}
