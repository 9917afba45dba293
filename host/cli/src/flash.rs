//! `gemmine flash`: puts an image onto a board, by the programmer that the board needs.

use std::time::Duration;

use anyhow::{Context, Result};
use gemmine_flow::flash::{Flashing, Target, image};
use gemmine_flow::{Board, Manifest, find_bitstreams};
use gemmine_tools::process::{Child, ProcessError};

use crate::args::FlashArgs;
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{interrupt, note, print_line};

/// How long a programmer may take: megabytes through a bit-banged JTAG take minutes.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Runs the command.
pub fn run(args: &FlashArgs) -> Result<Outcome> {
    let doing = || format!("flash {}", args.board);
    let board = Board::find(&args.board).with_context(doing)?;
    let manifest = Manifest::embedded().with_context(doing)?;
    let here = std::env::current_dir().context("find the current folder")?;
    let bitstreams = find_bitstreams(&here).ok();
    let given = args.image.as_deref();
    let image = image(&board, given, bitstreams.as_deref(), &manifest, args.unknown_image)
        .with_context(doing)?;
    let target = if args.sram { Target::Sram } else { Target::Flash };
    let flashing = Flashing::of(&board, &image, target).with_context(doing)?;
    if args.dry_run {
        print_line(&flashing.shown())?;
        note(&format!("nothing was done; {}", flashing.note));
        return Ok(Outcome::Yes);
    }
    interrupt::catch()?;
    note(&flashing.shown());
    let log = std::env::temp_dir().join(format!("gemmine-flash-{}.log", std::process::id()));
    let spinner = spinner(false);
    spinner.set_message(format!("{} is at work", flashing.programmer));
    let run =
        Child::new(flashing.command(), &log).run(PATIENCE, &interrupt::requested, &mut |_| ());
    spinner.finish_and_clear();
    match run {
        Ok(cost) => {
            let _ = std::fs::remove_file(&log);
            print_line(&format!(
                "{} has its image, in {:.1} s; `gemmine devices` finds it",
                board.name, cost.seconds
            ))?;
            Ok(Outcome::Yes)
        }
        Err(ProcessError::Cancelled { .. }) => {
            note("interrupted; the board may have half an image: flash it again");
            Ok(Outcome::Interrupted)
        }
        Err(error @ ProcessError::Start { .. }) => {
            Err(error).context(remedy(&flashing)).with_context(doing)
        }
        Err(error) => Err(error)
            .with_context(|| format!("run {} ({})", flashing.programmer, flashing.note))
            .with_context(doing),
    }
}

/// How to get a programmer that is missing.
fn remedy(flashing: &Flashing) -> String {
    let package = match flashing.programmer.as_str() {
        "openFPGALoader" => "; install Debian's openfpgaloader, or its like",
        "iceprog" => "; install Debian's fpga-icestorm, or its like",
        "dfu-util" => "; install Debian's dfu-util, or its like",
        _ => "; install it",
    };
    format!("start {}{package} ({})", flashing.programmer, flashing.note)
}
