//! The fastest rate at which no frame is damaged, and how that is found out.

use gemmine_hdl::registers::{BAUD, BAUD_SET, COMPLETIONS, PANELS_A, SCRATCH, SCRATCH_SET};
use gemmine_hdl::uart_tx::baud_increment;

use super::link::Link;
use crate::link_error::LinkError;

/// Rates to try, fastest first: what common USB bridges can do.
const RATES: [u32; 11] = [
    12_000_000, 8_000_000, 6_000_000, 4_000_000, 3_000_000, 2_000_000, 1_500_000, 1_000_000,
    921_600, 460_800, 230_400,
];
/// Full frames each way that a rate must carry without damage.
const PROOF_FRAMES: u32 = 8;
/// Waits in vain while a rate is tried.
const PROOF_TRIES: u32 = 3;
/// Waits in vain before a device at its first rate counts as silent. A device that was left at another
/// rate needs two or three of them to fall back.
pub const OPEN_TRIES: u32 = 6;

/// Goes to the fastest rate that the clock, the port and the line bear, up to a limit; returns it.
/// What panel memory held is gone.
///
/// # Errors
/// If the device does not come back to its first rate after one that did not work.
pub fn negotiate(link: &mut Link, clock_hz: u64, most: u32) -> Result<u32, LinkError> {
    let first = link.baud();
    for rate in RATES.into_iter().filter(|rate| (first + 1..=most).contains(rate)) {
        let Some(increment) = baud_increment(rate.into(), clock_hz) else { continue };
        if port_can(link, first, rate)? && switch(link, rate, increment)? {
            return Ok(rate);
        }
    }
    Ok(first)
}

/// Whether the port takes a rate. Nothing is under way, so the line notices nothing.
fn port_can(link: &mut Link, first: u32, rate: u32) -> Result<bool, LinkError> {
    link.flush("the end of what is under way before another rate")?;
    let can = link.set_baud(rate).is_ok();
    let back = link.set_baud(first);
    back.map_err(|source| LinkError::Gone { doing: "setting the port's rate", source })?;
    Ok(can)
}

/// Tries one rate; `false` if it does not work, and the device is back at its first one.
fn switch(link: &mut Link, rate: u32, increment: u32) -> Result<bool, LinkError> {
    let what = "the device's change of its rate";
    let first = link.baud();
    link.write(what, BAUD_SET, &[increment], 0)?;
    link.flush(what)?;
    let set = |link: &mut Link, rate| {
        let done = link.set_baud(rate);
        done.map_err(|source| LinkError::Gone { doing: "setting the port's rate", source })
    };
    set(link, rate)?;
    let proof = link.with_tries(PROOF_TRIES, |link| {
        let clean = link.trouble();
        exchange(link, PROOF_FRAMES)?;
        let device = link.read("the device's rate", BAUD, 1)?;
        Ok(device == [increment] && link.trouble() == clean)
    });
    match proof {
        Ok(true) => return Ok(true),
        Err(error @ LinkError::Gone { .. }) => return Err(error),
        Ok(false) | Err(_) => {}
    }
    // What the device can't read makes it fall back. Where it can read it, it is told to.
    set(link, first)?;
    link.resync(OPEN_TRIES)?;
    Ok(false)
}

/// Sends so many full frames each way, with all kinds of bits, and compares what comes back. Writes go
/// to the panel memory of A.
///
/// # Errors
/// If the port goes, the device does not answer, or a word comes back wrong.
pub fn exchange(link: &mut Link, frames: u32) -> Result<(), LinkError> {
    let words = link.payload();
    for frame in 0..frames {
        let pattern: Vec<u32> = (0..words as u32).map(|word| pattern(frame, word)).collect();
        link.write("full frames of a test", PANELS_A, &pattern, 0)?;
        link.write("a test of the scratch register", SCRATCH_SET, &[pattern[1]], 0)?;
    }
    for frame in 0..frames {
        let written = pattern(frame, 1);
        link.write("a test of the scratch register", SCRATCH_SET, &[written], 0)?;
        link.read("full frames of a test", COMPLETIONS, words)?;
        let read = link.read("a test of the scratch register", SCRATCH, 1)?;
        if read != [written] {
            return Err(LinkError::Protocol(format!(
                "SCRATCH reads {:#010x} after {written:#010x} was written",
                read[0]
            )));
        }
    }
    Ok(())
}

/// Zeros, ones, alternating bits, and bits that look random.
fn pattern(frame: u32, word: u32) -> u32 {
    match frame % 4 {
        0 => 0,
        1 => u32::MAX,
        2 => 0x5555_5555 << (word & 1),
        _ => (frame * 1009 + word).wrapping_mul(0x9e37_79b9).rotate_left(word % 31),
    }
}
