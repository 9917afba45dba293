//! What the engines do, as plain functions of commands, beats and words: no cycles.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::DmaError;

/// A burst of host memory: its address in bytes, and its length.
pub type Burst = (u64, u64);

/// Cuts `length` units of `unit` bytes each at multiples of [`map::BURST_BYTES`].
pub fn bursts(address: u64, length: u64, unit: u64) -> Vec<Burst> {
    let end = address + unit * length;
    let mut bursts = Vec::new();
    let mut from = address;
    while from < end {
        let to = end.min((from / map::BURST_BYTES + 1) * map::BURST_BYTES);
        bursts.push((from, (to - from) / unit));
        from = to;
    }
    bursts
}

/// The bursts of beats that a WRITE reads.
pub fn write_bursts(host: u64, words: u64) -> Vec<Burst> {
    bursts(host, words.div_ceil(2), 8)
}

/// A command as it is shown to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    pub error: u64,
    pub opcode: u64,
    pub notify: u64,
    pub tag: u64,
    pub bus: u64,
    pub words: u64,
    pub low: u64,
    pub high: u64,
}

impl Decoded {
    /// That of a command's words, of which some could not be read.
    pub fn of(entry: &[u32; 8], unread: bool) -> Self {
        let pair = |n: usize| u64::from(entry[n]) | u64::from(entry[n + 1]) << 32;
        let opcode = u64::from(entry[0] & 15);
        let (bus, words) = (u64::from(entry[1]), u64::from(entry[2]));
        let part = u64::from(map::BUS_PART_WORDS);
        let is_immediate = opcode == u64::from(map::IMMEDIATE);
        let in_range = words > 0
            && bus < 1 << 20
            && words < part
            && bus / part == (bus + words - 1) / part
            && (!is_immediate || words <= u64::from(map::IMMEDIATE_WORDS))
            && (is_immediate || pair(4).is_multiple_of(map::TRANSFER_ALIGN));
        let error = if unread {
            DmaError::Read as u64
        } else if !(1..=3).contains(&opcode) {
            DmaError::Opcode as u64
        } else if !in_range {
            DmaError::Range as u64
        } else {
            0
        };
        Self {
            error,
            opcode: opcode & 3,
            notify: u64::from(entry[0] >> 7 & 1),
            tag: u64::from(entry[0] >> 16),
            bus: bus & 0xf_ffff,
            words: words & 0x3_ffff,
            low: pair(4),
            high: pair(6),
        }
    }
}
