//! Memory devices: a whole device behind its memory link, in simulated time.
//!
//! ```text
//!               read, write: BAR 0, in words         +--------+
//!   host  -----------------------------------------> |        |
//!                                                    | device |
//!   host memory  <---------------------------------- |        |
//!     [`HostMemory`]  commands, panels, entries      +--------+
//!                                                        | interrupts
//! ```
//!
//! Two devices implement [`MemoryDevice`]: the [`model`], which has the accelerator cycle by cycle and the DMA engine
//! by what it does, and the Verilated device, [`VerilatedMemory`](crate::verilator::VerilatedMemory). What the link is,
//! [`gemmine_hdl::dma_registers`] says.
//!
//! # What is the same
//! Results, tickets, entries and their order are the same in both, and so is what the accelerator counts of work (tiles,
//! hits, steps). The cycles are not: when a word of host memory comes depends on the host, and the model moves
//! bursts, not beats. [`model`] says how far it goes.

mod config;
mod faults;
mod host;
pub mod model;
#[cfg(target_os = "linux")]
pub mod vfio_user;

pub use config::{Latency, MemoryConfig, MemoryDescription};
pub use faults::Faults;
pub use host::Regions;

use crate::engine::EngineError;

/// Host memory did not answer as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusFault {
    /// Nothing is mapped there, or not all of it.
    #[error("nothing is mapped for {bytes} bytes at {address:#x}")]
    Unmapped {
        /// First byte.
        address: u64,
        /// How many.
        bytes: usize,
    },
    /// It is mapped, but not for this.
    #[error("{bytes} bytes at {address:#x} are not mapped for writing")]
    ReadOnly {
        /// First byte.
        address: u64,
        /// How many.
        bytes: usize,
    },
}

/// What a device behind a memory link asks of its host.
pub trait HostMemory: Send {
    /// Reads bytes.
    ///
    /// # Errors
    /// If the device may not read all of them.
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault>;

    /// Writes bytes, in the order of their addresses: whoever sees the last word sees all.
    ///
    /// # Errors
    /// If the device may not write all of them; then none is written.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault>;
}

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Cycles that passed in it.
    pub cycles: u64,
    /// Cycles since power-up.
    pub now: u64,
    /// Interrupts since the last run, also those that came during accesses.
    pub interrupts: u32,
    /// Nothing more will happen unless the host accesses the device.
    pub idle: bool,
}

/// A device at its memory link.
pub trait MemoryDevice: Send {
    /// What it is.
    fn description(&self) -> &MemoryDescription;

    /// Reads a word of BAR 0 by its byte address, which takes cycles. The two low bits count for nothing.
    ///
    /// # Errors
    /// If the simulation fails.
    fn read(&mut self, byte_address: u32, host: &mut dyn HostMemory) -> Result<u32, EngineError>;

    /// Writes a word of BAR 0 by its byte address, which takes cycles. The two low bits count for nothing.
    ///
    /// # Errors
    /// If the simulation fails.
    fn write(
        &mut self,
        byte_address: u32,
        value: u32,
        host: &mut dyn HostMemory,
    ) -> Result<(), EngineError>;

    /// Lets `cycles` pass, fewer if the device is idle before; the model ends what it has begun, which may be some
    /// hundred more.
    ///
    /// # Errors
    /// If the simulation fails.
    fn run(&mut self, cycles: u64, host: &mut dyn HostMemory) -> Result<Ran, EngineError>;
}
