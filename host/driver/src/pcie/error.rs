//! Why a device behind PCI Express could not be reached, or halted.

use std::io;

use gemmine_hdl::dma_registers::DMA_ID_VALUE;

/// Why a device behind PCI Express could not be reached, or halted.
#[derive(Debug, thiserror::Error)]
pub enum PcieError {
    /// It is not there any more: registers read as all ones, or the socket is closed.
    #[error(
        "the device is gone: {0}; check that it is plugged in and powered, rescan the bus, and start again"
    )]
    Gone(String),
    /// Its registers are not those of the memory link.
    #[error(
        "word {0:#010x} is no memory link's ID ({DMA_ID_VALUE:#010x}); load a gemmine bitstream with a memory link, or \
         choose another device"
    )]
    NoMemoryLink(u32),
    /// The DMA halted.
    #[error(
        "the device's DMA halted at command {index} (DMA_STATUS {status:#010x}): {why}; {remedy}"
    )]
    Halted {
        /// Index of the command.
        index: u16,
        /// DMA_STATUS.
        status: u32,
        /// What the error's number means.
        why: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// What the device wrote to host memory makes no sense.
    #[error(
        "the device wrote an entry that makes no sense: {0}; check its slot, cable and power, and report this with its \
         build"
    )]
    Corrupt(String),
    /// Commands are not carried out.
    #[error(
        "nothing came in {waited_ms} ms while waiting for {what}; check that the device may master the bus and its \
         clock runs"
    )]
    Silent {
        /// What was waited for.
        what: &'static str,
        /// Milliseconds.
        waited_ms: u128,
    },
    /// Words that went through the device's DMA came back as others.
    #[error(
        "the word {sent:#010x} came back as {got:#010x} through the device's DMA; check its slot and its build"
    )]
    Loopback {
        /// What was sent.
        sent: u32,
        /// What came back.
        got: u32,
    },
    /// A call of the system failed.
    #[error("{what} failed: {source}; {remedy}")]
    System {
        /// Which one.
        what: String,
        /// What the system said.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The device can't be used as it is, and why, with the remedy.
    #[error("{0}")]
    Setup(String),
}

impl PcieError {
    /// It may pass if one waits, as when a server is started again.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::NoMemoryLink(_) | Self::Setup(_))
    }
}
