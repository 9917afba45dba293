//! Graphics processors behind the device interface: Pearl's tiles, folds and tickets as a compute shader, through
//! Vulkan.
//!
//! ```text
//!   host                         card
//!   noised panels  ──upload──>   panel memory ─> tiles.wgsl: 16 tiles a workgroup ─> tickets, hits, products
//!   hits again, golden <────────────────────── answers, read back ────────────────────────┘
//! ```
//!
//! The host makes noise and panels as for any device; the card multiplies them by packed int8 dot products
//! (`dot4I8Packed`), folds each chunk, hashes the fold register and compares the ticket with the bound. Two dispatches
//! are on their way at a time.
//!
//! What is measured like this is a lower bound on what a card can do: WGSL has no way to its matrix units for int8.
//! A driver that plays a card on the processor, such as Mesa's llvmpipe, shows that the path works, and nothing else.
//!
//! With the feature `cuda` there is a second path for NVIDIA's cards, `cuda`: int8 products by cuBLASLt.

mod adapter;
mod batch;
#[cfg(feature = "cuda")]
pub mod cuda;
mod device;
mod engine;
mod error;
mod guard;
mod memory;
mod pace;

pub use adapter::{Adapter, AdapterKind, Choice, adapter, adapters};
pub use device::Gpu;
pub use error::GpuError;
