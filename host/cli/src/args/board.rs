//! The command that serves a virtual board.

use std::path::PathBuf;

use clap::Args;
use gemmine_hdl::Geometry;
use gemmine_sim::board::{CLOCK_HZ, FIRST_BAUD};
use gemmine_sim::memory::{Faults, Latency};

use super::BoardEngine;

const BOARD_EXAMPLES: &str = "\
Examples:
  gemmine board --link board                     the model, its port also as ./board
  gemmine selftest --device serial:board         then, in another shell
  gemmine mine --device serial:board
  gemmine board --engine verilator --geometry 8x4 --clock 12000000
  gemmine board --engines 2                      mines Amadeus, too
  gemmine board --noise --geometry 8x8           mines zero signals by itself
  gemmine board --pace                           as fast as a board, not as the simulation can
  gemmine board --vfio-user pcie.sock            as a PCI device, not behind a serial line
  gemmine mine --device vfio-user:pcie.sock      then, in another shell

The first line of standard output is the port's name. Any program can open it, one after the other,
and sets its rate; at a rate that is not the board's it sees garbage, as on a bench. The board keeps
its state until Ctrl-C, which ends it with exit code 0. With --vfio-user that line is the socket's name.

Without --pace, simulated time runs as fast as it can, and stands still while nothing is to do: so
figures by the clock on the wall say nothing about a board, and its watchdog never bites.";

/// Options of `board`.
#[derive(Clone, Debug, Args)]
#[command(after_help = BOARD_EXAMPLES)]
pub struct BoardArgs {
    /// What runs it: `model` (fast), `verilator` (the emitted Verilog, compiled; run `gemmine tools
    /// install` once) or `rtl` (rust-hdl's own simulator, a thousand cycles a second)
    #[arg(long, value_name = "NAME", default_value = "model", hide_possible_values = true)]
    pub engine: BoardEngine,

    /// Physical array, P rows x Q columns of PEs, both dividing 16
    #[arg(long, value_name = "PxQ", default_value = "16x16")]
    pub geometry: Geometry,

    /// Engines that grow operands of Amadeus on the board; without one it can't mine Amadeus
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub engines: u8,

    /// Give it a source of Pearl's noise: it then mines zero signals without operands from the host
    #[arg(long)]
    pub noise: bool,

    /// First rate of its serial line, in bits a second
    #[arg(long, value_name = "N", default_value_t = FIRST_BAUD, value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: u32,

    /// Clock, in hertz
    #[arg(long, value_name = "HZ", default_value_t = CLOCK_HZ, value_parser = clap::value_parser!(u32).range(1..))]
    pub clock: u32,

    /// Make a symbolic link to the port, and remove it at the end
    #[arg(long, value_name = "PATH")]
    pub link: Option<PathBuf>,

    /// Serve a PCI device on a socket of this name, in the protocol vfio-user, instead of a board behind a serial line
    #[arg(long, value_name = "SOCKET", conflicts_with_all = ["baud", "link", "pace"])]
    pub vfio_user: Option<PathBuf>,

    /// Cycles in which the host's memory answers the PCI device, N or MIN..MAX
    #[arg(long, value_name = "CYCLES", default_value_t = Latency::default(), requires = "vfio_user")]
    pub host_latency: Latency,

    /// What goes wrong with the PCI device, for tests of drivers: removed=N after so many accesses, interrupts=N and no
    /// further one, unmapped=N or corrupt=N the transfer behind so many others
    #[arg(long, value_name = "NAME=N,..", requires = "vfio_user")]
    pub fault: Option<Faults>,

    /// Never let simulated time run faster than the clock on the wall
    #[arg(long)]
    pub pace: bool,
}
