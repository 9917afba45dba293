//! The gemmine accelerator, described in rust-hdl.
//!
//! One module a file: [`pe`] (with its [`multiplier`]), [`grid`], [`skew`], [`head`], [`fold`],
//! [`sequencer`] and [`core`], which joins them. Around the core there will be [`panel_lane`],
//! [`ticket`] (with [`blake3`]), [`uart_tx`] and [`uart_rx`]. [`geometry`] holds the shape, [`arrays`]
//! the list of those that are built, [`emit`] writes Verilog. Nothing here does IO.

pub mod accelerator;
pub mod array;
pub mod arrays;
pub mod bits;
pub mod blake3;
pub mod bus;
pub mod core;
pub mod counter;
pub mod crc32;
pub mod devices;
pub mod emit;
pub mod endpoint;
pub mod feeder;
pub mod finisher;
pub mod flags;
pub mod fold;
pub mod frame;
pub mod frame_decoder;
pub mod frame_encoder;
pub mod geometry;
pub mod grid;
pub mod head;
pub mod identity;
pub mod join;
pub mod latency;
pub mod line_control;
pub mod multiplier;
pub mod operand;
pub mod panel_lane;
pub mod panel_memory;
pub mod pe;
pub mod queue;
pub mod registers;
pub mod results;
pub mod sequencer;
pub mod serial_device;
pub mod sign_extend;
pub mod skew;
#[cfg(test)]
mod testbench;
pub mod ticket;
pub mod uart_rx;
pub mod uart_tx;
pub mod utilisation;
pub mod zero_extend;

pub use geometry::{Geometry, GeometryError};
