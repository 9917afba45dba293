//! `gemmine board`: a virtual board on a pseudo-terminal, or a virtual PCI device on a socket, until Ctrl-C.

#[cfg(target_os = "linux")]
mod pci;

use anyhow::{Context, Result};
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig};
use gemmine_sim::rtl::RustHdlBoard;
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use crate::args::{BoardArgs, BoardEngine};
use crate::display::spinner;
use crate::outcome::Outcome;

/// A board that has just been powered up.
pub fn power_up(engine: BoardEngine, config: BoardConfig) -> Result<Box<dyn Board>> {
    Ok(match engine {
        BoardEngine::Model => Box::new(ModelBoard::new(config)?),
        BoardEngine::Rtl => Box::new(RustHdlBoard::new(config)?),
        BoardEngine::Verilator => Box::new(VerilatedBoard::new(&Tools::find()?, config)?),
    })
}

/// Runs the command.
pub fn run(args: &BoardArgs) -> Result<Outcome> {
    if let Some(socket) = &args.vfio_user {
        return serve_pci(args, socket);
    }
    // The first time, Verilator compiles the device, which takes up to a minute.
    let spinner = spinner(false);
    spinner.set_message(format!("powering up a board of {}", args.geometry));
    let config = BoardConfig {
        clock_hz: args.clock,
        first_baud: args.baud,
        engines: args.engines.into(),
        noise: args.noise,
        ..BoardConfig::new(args.geometry)
    };
    let board = power_up(args.engine, config)
        .with_context(|| format!("power up a board of {}", args.geometry))?;
    spinner.finish_and_clear();
    serve(args, board)
}

#[cfg(target_os = "linux")]
fn serve(args: &BoardArgs, mut board: Box<dyn Board>) -> Result<Outcome> {
    use crate::{display, interrupt, note, print_line};
    use gemmine_sim::board::{pty::Terminal, serve::serve};

    let mut terminal = Terminal::open(args.baud).context("make a port for the board")?;
    let path = terminal.path().display().to_string();
    if let Some(link) = &args.link {
        terminal.link(link).context("make a port for the board")?;
    }
    interrupt::catch()?;
    print_line(&path)?;
    let engine = board.description().engine;
    let engines = match args.engines {
        0 => String::new(),
        engines => format!(", {}", display::counted(engines.into(), "engine")),
    };
    let noise = if args.noise { ", source of noise" } else { "" };
    note(&format!(
        "{engine} {}{engines}{noise} at {}Hz, {} baud at first, on {path}; Ctrl-C ends it",
        args.geometry,
        display::si(args.clock.into()),
        args.baud
    ));
    let served = match serve(board.as_mut(), &mut terminal, args.pace, &mut interrupt::requested) {
        Ok(served) => served,
        // A simulation in a process of its own dies of a terminal's Ctrl-C, too.
        Err(_) if interrupt::behind_a_failure() => return Ok(Outcome::Yes),
        Err(error) => return Err(error).with_context(|| format!("serve the board on {path}")),
    };
    note(&format!(
        "{} in, {} out of which {} found no reader; {} simulated",
        display::counted(served.bytes_in, "byte"),
        display::grouped(served.bytes_out),
        display::grouped(served.lost),
        display::counted(served.cycles, "cycle")
    ));
    Ok(Outcome::Yes)
}

#[cfg(target_os = "linux")]
use pci::serve as serve_pci;

#[cfg(not(target_os = "linux"))]
fn serve_pci(_: &BoardArgs, _: &std::path::Path) -> Result<Outcome> {
    anyhow::bail!("serve a PCI device: that needs Linux's memory files and eventfds; use Linux")
}

#[cfg(not(target_os = "linux"))]
fn serve(_: &BoardArgs, _: Box<dyn Board>) -> Result<Outcome> {
    anyhow::bail!("make a port for the board: that needs Linux's pseudo-terminals; use Linux")
}
