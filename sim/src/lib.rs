//! Engines that run the accelerator: [`model`] (closed form, fast), [`rtl`] (rust-hdl's simulator)
//! and [`verilator`] (the emitted Verilog, compiled). [`board`] is a whole device at its serial line,
//! by each of them; [`memory`] is one at its memory link, by the first and the last.
//!
//! All of them take the same [`Program`] and give the same [`Run`]: the same words in the same
//! cycles. That is a test here (`tests/it/lockstep.rs`), not a claim.

mod accelerator;
pub mod board;
mod collect;
mod engine;
pub mod memory;
pub mod model;
mod program;
pub mod rtl;
pub mod verilator;
pub mod waveform;

pub use accelerator::AcceleratorConfig;
pub use engine::{Counters, Engine, EngineError, Run, TileRun};
pub use program::{CHUNKS_MAX, Gaps, Program, Reset, Shape, Stimulus, TileWork};
