//! What a link has to carry for each tile, and what that leaves of the array: devices at the memory link and at the
//! serial line, with some panels of A' resident while those of B' go by.
//!
//! Everything here is counted by the devices' own counters, in simulated cycles, so it is the same on every computer.

pub mod memory;
pub mod plot;
pub mod serial;
#[cfg(test)]
mod tests;

use gemmine_hdl::Geometry;
use serde::{Deserialize, Serialize};

/// Panels of A' that stay in the device while each of B' is used with all of them.
pub const RESIDENT: [usize; 3] = [1, 4, 16];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The array.
    pub geometry: Geometry,
    /// Clock in hertz.
    pub clock_hz: u32,
    /// Bits of a word's address in a lane of panel memory.
    pub panel_word_bits: u32,
    /// Steps of a tile.
    pub steps: usize,
    /// Steps of a chunk.
    pub chunk: usize,
    /// Panels of A' in the device.
    pub resident: usize,
    /// Every product tile is brought back.
    pub products: bool,
    /// Panels of B' that go by.
    pub streamed: usize,
}

impl Case {
    /// Words of a lane that a panel takes.
    pub fn panel_words(&self) -> usize {
        self.steps / 4
    }

    /// Panels of B' that panel memory holds at once: as many as fit, and eight are enough.
    pub fn slots(&self) -> usize {
        ((1 << self.panel_word_bits) / self.panel_words()).min(8)
    }

    /// Tiles.
    pub fn tiles(&self) -> usize {
        self.resident * self.streamed
    }

    /// Words of a tile's descriptor.
    pub fn descriptor(&self, tile: usize) -> [u32; 4] {
        let (panel, a) = (tile / self.resident, tile % self.resident);
        let words = self.panel_words();
        let places = (a * words) | ((panel % self.slots() * words) << 16);
        let shape = (self.chunk - 1) as u32 | u32::from(self.products) << 22;
        let fence = ((panel + 1) as u32 & 0xff) << 24;
        [tile as u32, places as u32, shape, (self.steps / self.chunk - 1) as u32 | fence]
    }

    /// Words of a lane of a panel: anything.
    pub fn lane(&self, seed: usize) -> Vec<u32> {
        let bytes: Vec<u8> =
            crate::random_bytes(seed as u64).take(4 * self.panel_words()).collect();
        bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// `memory`, or `serial` and the rate.
    pub link: String,
    /// `model` or `verilator`.
    pub engine: String,
    /// PxQ.
    pub array: String,
    /// Clock in hertz.
    pub clock_hz: u32,
    /// Steps of a tile.
    pub steps: usize,
    /// Panels of A' in the device.
    pub resident: usize,
    /// Every product tile is brought back.
    pub products: bool,
    /// Tiles.
    pub tiles: u64,
    /// Cycles from the first panel of B' to the last tile.
    pub cycles: u64,
    /// Bytes to the device, of a tile, those of resident panels not counted.
    pub bytes_in_per_tile: f64,
    /// Bytes from the device.
    pub bytes_out_per_tile: f64,
    /// Multiplications for each byte on the link, both ways.
    pub macs_per_byte: f64,
    /// Billions of multiplications a second.
    pub gmac_per_s: f64,
    /// Billions of bytes a second on the link, both ways.
    pub link_gb_per_s: f64,
    /// Part of the cycles with a step.
    pub array_at_work: f64,
}

/// What was counted in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// Cycles.
    pub cycles: u64,
    /// Cycles with a step.
    pub steps: u64,
    /// Tiles completed.
    pub tiles: u64,
    /// Bytes to the device.
    pub bytes_in: u64,
    /// Bytes from it.
    pub bytes_out: u64,
}

impl Row {
    /// A row of what was counted.
    pub fn new(link: &str, engine: &str, case: &Case, counted: Counted) -> Self {
        let pes = (case.geometry.rows() * case.geometry.columns()) as u64;
        let (tiles, macs) = (counted.tiles as f64, (counted.steps * pes) as f64);
        let seconds = counted.cycles as f64 / f64::from(case.clock_hz);
        let bytes = (counted.bytes_in + counted.bytes_out) as f64;
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        Self {
            link: link.into(),
            engine: engine.into(),
            array: case.geometry.to_string(),
            clock_hz: case.clock_hz,
            steps: case.steps,
            resident: case.resident,
            products: case.products,
            tiles: counted.tiles,
            cycles: counted.cycles,
            bytes_in_per_tile: rounded(counted.bytes_in as f64 / tiles),
            bytes_out_per_tile: rounded(counted.bytes_out as f64 / tiles),
            macs_per_byte: rounded(macs / bytes),
            gmac_per_s: rounded(macs / seconds / 1e9),
            link_gb_per_s: rounded(bytes / seconds / 1e9),
            array_at_work: rounded(counted.steps as f64 / counted.cycles as f64),
        }
    }
}
