//! The gemmine accelerator, described in rust-hdl.
//!
//! One module a file. The array: [`pe`], [`grid`] (with [`multiplier_pair`]s, whose kinds [`multipliers`]
//! names), [`head`] and [`fold`] in [`mod@array`]; [`core`] runs it with a [`sequencer`] and a [`skew`].
//! Around it the [`accelerator`], with [`queue`], [`panel_memory`], [`finisher`] (with its [`ticket`], [`jobs`],
//! [`accounts`] and [`completions`]) and [`counters`] behind a bus that [`registers`] maps, and the
//! [`serial_device`], which puts the [`frame`]s of a line in front of that, or the [`memory_device`], which puts a
//! [`memory_link`] there: [`axi_lite`] and [`dma_register_file`], [`bus_arbiter`], [`command_fetch`],
//! [`command_engine`], [`completion_engine`], [`host_reader`], [`host_writer`], [`dma_interrupts`] and [`ring_mask`], as
//! [`dma_registers`] says. Operands of Amadeus are grown by the
//! [`xof_source`] with [`xof_engine`]s (of [`xof_lane`]s, each with a [`mixer`]); a [`scan`] counts attempts, of
//! which [`balance`] says how many a second, and a [`solution`] has the ticket hash what comes of them. Not in a
//! device yet: [`blake3`], with as many lanes as one likes; and the [`noise_source`], which makes Pearl's operands
//! without a signal: [`noise_hash`] with such a lane ([`rounds`] runs both), [`noise_pairs`], and [`noise_rows`] with
//! [`transposer`]s. [`geometry`] holds the shape, [`arrays`] and [`devices`] the lists of those that are built,
//! [`emit`] writes Verilog,
//! for which [`cells`] models DSP blocks, and [`resources`] counts in it. Nothing here does IO.
//!
//! Whole devices are emitted, and described, by the crate `gemmine-devices`.

pub mod accelerator;
pub mod accounts;
pub mod array;
pub mod arrays;
pub mod axi_lite;
pub mod balance;
pub mod bits;
pub mod blake3;
pub mod bus;
pub mod bus_arbiter;
pub mod cells;
pub mod command_engine;
pub mod command_fetch;
pub mod completion_engine;
pub mod completions;
pub mod core;
pub mod counter;
pub mod counters;
pub mod crc32;
pub mod devices;
pub mod dma_interrupts;
pub mod dma_register_file;
pub mod dma_registers;
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
pub mod host_reader;
pub mod host_writer;
pub mod identity;
pub mod jobs;
pub mod join;
pub mod latency;
pub mod line_control;
pub mod memory_device;
pub mod memory_link;
pub mod mixer;
pub mod multiplier_pair;
pub mod multipliers;
pub mod noise_hash;
pub mod noise_pairs;
pub mod noise_rows;
pub mod noise_source;
pub mod panel_group;
pub mod panel_lane;
pub mod panel_memory;
pub mod panel_write;
pub mod pe;
pub mod queue;
pub mod registers;
pub mod resources;
pub mod result_place;
pub mod results;
pub mod ring_mask;
pub mod rounds;
pub mod scan;
pub mod sequencer;
pub mod serial_device;
pub mod shared_memory;
pub mod sign_extend;
pub mod skew;
pub mod solution;
pub mod sources;
#[cfg(test)]
mod testbench;
pub mod ticket;
pub mod transposer;
pub mod uart_rx;
pub mod uart_tx;
pub mod utilisation;
pub mod xof_engine;
pub mod xof_lane;
pub mod xof_source;
pub mod zero_extend;

pub use geometry::{Geometry, GeometryError};
