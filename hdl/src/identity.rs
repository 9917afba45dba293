//! What a device is: the words that its registers of constants read as.

use rust_hdl_core::prelude::*;

use crate::devices::PANEL_WORD_BITS;
use crate::frame::PAYLOAD_WORDS_MAX;
use crate::multipliers::Multipliers;
use crate::registers::{ID_VALUE, JOB_SLOTS, QUEUE, RESULT_BANKS, VERSION_VALUE};

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
            multipliers: Multipliers::default(),
        }
    }
}

/// Pearl certificate versions that the hardware implements, a bit each.
pub const PROTOCOLS_VALUE: u32 = 1 << 3;

/// Constants on wires. P, Q: the array; W: bits of a word's address in a panel lane.
#[derive(LogicBlock)]
pub struct Identity<const P: usize, const Q: usize, const W: usize> {
    /// ID.
    pub id_out: Signal<Out, Bits<32>>,
    /// VERSION.
    pub version_out: Signal<Out, Bits<32>>,
    /// BUILD.
    pub build_out: Signal<Out, Bits<32>>,
    /// GEOMETRY.
    pub geometry_out: Signal<Out, Bits<32>>,
    /// PROTOCOLS.
    pub protocols_out: Signal<Out, Bits<32>>,
    /// LIMITS.
    pub limits_out: Signal<Out, Bits<32>>,
    /// CLOCK_HZ.
    pub clock_hz_out: Signal<Out, Bits<32>>,
    id: Constant<Bits<32>>,
    version: Constant<Bits<32>>,
    build: Constant<Bits<32>>,
    geometry: Constant<Bits<32>>,
    protocols: Constant<Bits<32>>,
    limits: Constant<Bits<32>>,
    clock_hz: Constant<Bits<32>>,
}

impl<const P: usize, const Q: usize, const W: usize> Identity<P, Q, W> {
    /// The identity of a build.
    pub fn new(build: Build) -> Self {
        let word = |value: u32| Constant::new(u64::from(value).into());
        let limits =
            QUEUE | JOB_SLOTS << 8 | RESULT_BANKS << 16 | (PAYLOAD_WORDS_MAX as u32 - 1) << 24;
        Self {
            id_out: Signal::default(),
            version_out: Signal::default(),
            build_out: Signal::default(),
            geometry_out: Signal::default(),
            protocols_out: Signal::default(),
            limits_out: Signal::default(),
            clock_hz_out: Signal::default(),
            id: word(ID_VALUE),
            version: word(VERSION_VALUE),
            build: word(build.hash),
            geometry: word((P | Q << 8 | W << 24) as u32),
            protocols: word(PROTOCOLS_VALUE),
            limits: word(limits),
            clock_hz: word(build.clock_hz),
        }
    }
}

impl<const P: usize, const Q: usize, const W: usize> Default for Identity<P, Q, W> {
    fn default() -> Self {
        Self::new(Build::default())
    }
}

impl<const P: usize, const Q: usize, const W: usize> Logic for Identity<P, Q, W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.id_out.next = self.id.val();
        self.version_out.next = self.version.val();
        self.build_out.next = self.build.val();
        self.geometry_out.next = self.geometry.val();
        self.protocols_out.next = self.protocols.val();
        self.limits_out.next = self.limits.val();
        self.clock_hz_out.next = self.clock_hz.val();
    }
}

#[cfg(test)]
mod tests;
