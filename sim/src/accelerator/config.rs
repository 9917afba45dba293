//! What can be chosen of an accelerator when it is made.

use std::ops::RangeInclusive;

use gemmine_hdl::{Geometry, devices};

use crate::board::CLOCK_HZ;
use crate::engine::EngineError;

/// Address bits that panel memory may have: a tile of one chunk at least, the window at most.
const PANEL_WORD_BITS: RangeInclusive<usize> = 4..=14;
/// The same of a device with a source of noise, whose chunks are twice as long.
const NOISE_WORD_BITS: RangeInclusive<usize> = 5..=14;

/// What there is behind the bus, whatever the link in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceleratorConfig {
    /// The physical array.
    pub geometry: Geometry,
    /// Clock in hertz.
    pub clock_hz: u32,
    /// Bits of a word's address in a lane of panel memory.
    pub panel_word_bits: u32,
    /// Engines that grow operands of Amadeus; 0: none, and no scans of it.
    pub engines: u32,
    /// There is a source of noise, for scans of Pearl.
    pub noise: bool,
    /// What the register BUILD reads as.
    pub build: u32,
}

impl AcceleratorConfig {
    /// An accelerator of this geometry, else with what nothing asks for.
    pub const fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            clock_hz: CLOCK_HZ,
            panel_word_bits: devices::PANEL_WORD_BITS as u32,
            engines: 0,
            noise: false,
            build: 0,
        }
    }

    /// Refuses panel memory of a size that the register map has no room for.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let bits = self.panel_word_bits as usize;
        let built = if self.noise { NOISE_WORD_BITS } else { PANEL_WORD_BITS };
        if built.contains(&bits) {
            return Ok(());
        }
        Err(EngineError::Unsupported {
            what: "bits of a panel word's address",
            value: bits,
            min: *built.start(),
            max: *built.end(),
        })
    }
}
