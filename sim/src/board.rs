//! Virtual boards: a whole device behind its serial line, in simulated time.
//!
//! ```text
//!             send                     wire, at the host's rate
//!   host  ----------->  [ bytes ] ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~> +--------+
//!                                                                | device |
//!   host  <-----------  [ bytes ] <~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ +--------+
//!             run                      wire, at the device's rate
//! ```
//!
//! Both boards, the [`model`] and the Verilated device, put the same levels on the same wires in the
//! same cycles; [`wire`] says which. A rate that differs at the two ends therefore gives the garbage
//! that it would give on a bench.

pub mod host;
pub mod model;
#[cfg(target_os = "linux")]
pub mod pty;
#[cfg(target_os = "linux")]
pub mod serve;
pub mod wire;

use gemmine_hdl::{Geometry, devices};

use crate::accelerator::AcceleratorConfig;
use crate::engine::EngineError;

/// Clock where nothing asks for another, in hertz.
pub const CLOCK_HZ: u32 = 24_000_000;
/// First baud rate where nothing asks for another.
pub const FIRST_BAUD: u32 = 115_200;
/// Cycles without anything on a wire, in the link or behind it, after which a board rests: longer than
/// any part of it takes to see what another one did.
pub const REST_CYCLES: u64 = 64;

/// What a board is. Constant over its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardDescription {
    /// Short name of the engine that runs it: `model` or `verilator`.
    pub engine: &'static str,
    /// The device that it is.
    pub config: BoardConfig,
}

/// What can be chosen when a board is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardConfig {
    /// The physical array.
    pub geometry: Geometry,
    /// Clock in hertz.
    pub clock_hz: u32,
    /// Baud rate after power-up, of the device and, until it says otherwise, of the host.
    pub first_baud: u32,
    /// Bits of a word's address in a lane of panel memory.
    pub panel_word_bits: u32,
    /// Engines that grow operands of Amadeus; 0: none, and no scans of it.
    pub engines: u32,
    /// There is a source of noise, for scans of Pearl.
    pub noise: bool,
    /// What the register BUILD reads as.
    pub build: u32,
}

impl BoardConfig {
    /// A board of this geometry, else with what nothing asks for.
    pub fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            clock_hz: CLOCK_HZ,
            first_baud: FIRST_BAUD,
            panel_word_bits: devices::PANEL_WORD_BITS as u32,
            engines: 0,
            noise: false,
            build: 0,
        }
    }

    /// What of it does not depend on the link.
    pub const fn accelerator(&self) -> AcceleratorConfig {
        AcceleratorConfig {
            geometry: self.geometry,
            clock_hz: self.clock_hz,
            panel_word_bits: self.panel_word_bits,
            engines: self.engines,
            noise: self.noise,
            build: self.build,
        }
    }
}

/// A byte that the host received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineByte {
    /// First cycle of its start bit on the wire.
    pub cycle: u64,
    /// The byte, as read at the host's rate.
    pub byte: u8,
}

/// When a run ends before its cycles are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Never: exactly so many cycles pass.
    Never,
    /// As soon as the board rests.
    AtRest,
}

/// What happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that the host received whole, in order.
    pub bytes: Vec<LineByte>,
    /// Cycles since power-up.
    pub now: u64,
    /// Nothing more will happen unless the host sends something: for [`REST_CYCLES`] no byte has waited
    /// or been on a wire, no frame has been in hand, no tile could go on. An armed watchdog does not
    /// count.
    pub resting: bool,
}

/// A virtual board.
pub trait Board: Send {
    /// What it is.
    fn description(&self) -> &BoardDescription;

    /// Changes the host's baud rate: of bytes that are put on the wire from now on, and of what is read
    /// from it. Bytes that wait are still sent at the rate at which they were put.
    ///
    /// # Errors
    /// If a bit of it would last less than two cycles, or the simulation fails.
    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError>;

    /// Puts bytes on the wire to the device, without a gap behind those that still wait, else from
    /// now on.
    ///
    /// # Errors
    /// If the simulation fails.
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError>;

    /// Lets at most `cycles` pass.
    ///
    /// # Errors
    /// If the simulation fails.
    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError>;
}
