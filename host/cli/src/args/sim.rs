//! The options of `gemmine sim`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gemmine_hdl::Geometry;

/// What simulates a whole device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BoardEngine {
    /// Cycle-accurate model.
    Model,
    /// The emitted Verilog, compiled.
    Verilator,
    /// rust-hdl's simulator.
    Rtl,
}

const SIM_EXAMPLES: &str = "\
Examples:
  gemmine sim --geometry 16x16                              64 tiles on panels that stay in the device
  gemmine sim --geometry 16x16 --stream                     new panels for every tile, over the line
  gemmine sim --geometry 16x16 --products                   every product tile comes back
  gemmine sim --board ulx3s-85f --engine model --baud 3000000   the device of a board's image, at its clock
  gemmine sim --tiles 2 --steps 128 --trace device.fst      every signal, for GTKWave or Surfer

A waveform has two time units a cycle; name it .vcd or .fst.";

/// Options of `sim`.
#[derive(Clone, Debug, Args)]
#[command(after_help = SIM_EXAMPLES)]
pub struct SimArgs {
    /// What simulates the device: `verilator` (run `gemmine tools install` once), `model` (fast) or
    /// `rtl` (rust-hdl's own simulator, a thousand cycles a second)
    #[arg(long, value_name = "NAME", default_value = "verilator", hide_possible_values = true)]
    pub engine: BoardEngine,

    /// Physical array, P rows x Q columns of PEs
    #[arg(long, value_name = "PxQ", default_value = "2x2")]
    pub geometry: Geometry,

    /// The device of this board, by its name in `gemmine build --list` or the path of a board.toml: its array, panel
    /// memory, clock, engines and source of noise
    #[arg(long, value_name = "BOARD", conflicts_with_all = ["geometry", "clock"])]
    pub board: Option<String>,

    /// Tiles to multiply
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub tiles: u32,

    /// Steps of k, a multiple of 4
    #[arg(long, value_name = "K", default_value_t = 2048)]
    pub steps: usize,

    /// Steps of a chunk, a multiple of 4 from 64 to 1024
    #[arg(long, value_name = "R", default_value_t = 128)]
    pub chunk: usize,

    /// Seed of the operands
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Send new panels for every tile, instead of multiplying those that are in the device
    #[arg(long)]
    pub stream: bool,

    /// Bring every product tile back
    #[arg(long)]
    pub products: bool,

    /// Clock in hertz: what a baud rate is measured by
    #[arg(long, value_name = "HZ", default_value_t = gemmine_sim::board::CLOCK_HZ)]
    pub clock: u32,

    /// Baud rate, at most half the clock [default: half the clock]
    #[arg(long, value_name = "N")]
    pub baud: Option<u32>,

    /// Write every signal in every cycle into this waveform, .vcd or .fst (verilator only)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Print one JSON object as the last line of standard output, and no progress bar
    #[arg(long)]
    pub json: bool,
}
