//! What a device is: the words that its registers of constants read as.

use crate::frame::PAYLOAD_WORDS_MAX;
use crate::multipliers::Multipliers;
use crate::registers::{CONSTANTS, ID_VALUE, JOB_SLOTS, QUEUE, RESULT_BANKS, VERSION_VALUE};

/// Bits of a word's address in a lane of panel memory, where nobody asks for another number: 8192 steps.
pub const PANEL_WORD_BITS: usize = 11;

/// What makes one device differ from another of the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// Reads from BUILD.
    pub hash: u32,
    /// Clock in hertz; reads from CLOCK_HZ.
    pub clock_hz: u32,
    /// First baud rate of a serial link, in bits a second.
    pub baud: u32,
    /// Bits of a word's address in a lane of panel memory; reads from GEOMETRY.
    pub panel_word_bits: usize,
    /// Engines that grow operands of Amadeus; 0: none, and no scans. Reads from GEOMETRY.
    pub engines: usize,
    /// A source of Pearl's noise, for scans without a signal. Reads from PROTOCOLS.
    pub noise: bool,
    /// Which multiplier each PE has. No register tells; BUILD differs.
    pub multipliers: Multipliers,
}

impl Default for Build {
    fn default() -> Self {
        Self {
            hash: 0,
            clock_hz: 24_000_000,
            baud: 115_200,
            panel_word_bits: PANEL_WORD_BITS,
            engines: 0,
            noise: false,
            multipliers: Multipliers::default(),
        }
    }
}

/// Pearl certificate versions that the hardware implements, a bit each.
pub const PEARL_VERSIONS: u32 = 1 << 3;
/// In PROTOCOLS: the device scans for solutions of Amadeus uPoW2.
pub const SCANS_AMADEUS: u32 = 1 << 16;
/// In PROTOCOLS: the device scans tiles of Pearl, without a signal.
pub const SCANS_PEARL: u32 = 1 << 17;

/// What a value of PROTOCOLS says, by name.
pub fn protocol_names(protocols: u32) -> Vec<String> {
    let pearl = (0..16).filter(|version| protocols >> version & 1 == 1);
    let amadeus = (protocols & SCANS_AMADEUS != 0).then(|| "amadeus-upow2".to_owned());
    let noise = (protocols & SCANS_PEARL != 0).then(|| "pearl-v3-zero-signal".to_owned());
    pearl.map(|version| format!("pearl-v{version}")).chain(amadeus).chain(noise).collect()
}

/// What PROTOCOLS reads as in a device with so many engines, and with or without a source of noise.
pub const fn protocols(engines: usize, noise: bool) -> u32 {
    let amadeus = if engines > 0 { SCANS_AMADEUS } else { 0 };
    let pearl = if noise { SCANS_PEARL } else { 0 };
    PEARL_VERSIONS | amadeus | pearl
}

/// What the registers from address 0 on read as, whatever the device does: ID, VERSION, BUILD, GEOMETRY,
/// PROTOCOLS, LIMITS, `CLOCK_HZ`. The array has so many rows and columns.
pub fn constants(rows: usize, columns: usize, build: Build) -> [u32; CONSTANTS] {
    let payload_last = PAYLOAD_WORDS_MAX as u32 - 1;
    [
        ID_VALUE,
        VERSION_VALUE,
        build.hash,
        (rows | columns << 8 | build.engines << 16 | build.panel_word_bits << 24) as u32,
        protocols(build.engines, build.noise),
        QUEUE | JOB_SLOTS << 8 | RESULT_BANKS << 16 | payload_last << 24,
        build.clock_hz,
    ]
}

#[cfg(test)]
mod tests;
