//! Devices behind PCI Express: registers in BAR 0, panels and answers in host memory that the device reads and writes
//! by itself ([`gemmine_hdl::dma_registers`]).
//!
//! | module | owns |
//! |---|---|
//! | [`transport`] | what a device is reached by: registers, memory that it may access, interrupts |
//! | [`ring`] | commands and entries, wherever the memory is |
//! | [`staging`] | memory that panels wait in until the device has read them |
//! | [`engine`] | both rings of a device: doorbells, room, waiting, and what went wrong |
//! | [`link`] | a device that answers: opened, identified, started |
//! | [`device`], [`completions`] | the [`Device`](crate::Device) |
//! | [`vfio_user`] | a device behind a socket |
//! | [`vfio`], [`binding`], [`explain`] | one of this machine, through the kernel's VFIO; whether it is bound to that |
//! | [`hot_reset`] | what a reset of its bus would reset too |
//! | [`functions`] | which of this machine's PCI functions may be devices |
//! | [`shared`], [`iova`], [`interrupt`] | memory, its addresses as devices see them, and event descriptors |

mod completions;
mod device;
mod engine;
mod error;
mod link;
mod ring;
mod staging;
mod transport;

#[cfg(target_os = "linux")]
mod binding;
#[cfg(target_os = "linux")]
mod explain;
#[cfg(target_os = "linux")]
mod functions;
#[cfg(target_os = "linux")]
mod hot_reset;
#[cfg(target_os = "linux")]
mod interrupt;
#[cfg(target_os = "linux")]
mod iova;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(target_os = "linux")]
mod vfio;
#[cfg(target_os = "linux")]
mod vfio_user;

pub use device::{PcieDevice, PcieOptions};
pub use error::PcieError;
pub use ring::{Command, CommandRing, CompletionRing, Entry};
pub use transport::{DmaMemory, DmaWords, Transport, TransportOpener};

#[cfg(target_os = "linux")]
pub use functions::PcieFunction;
#[cfg(target_os = "linux")]
pub use vfio::{Vfio, VfioOpener};
#[cfg(target_os = "linux")]
pub use vfio_user::{VfioUser, VfioUserOpener};

#[cfg(test)]
mod tests;
