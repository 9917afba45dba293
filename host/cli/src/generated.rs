//! `gemmine completions` and `gemmine man`: made of the command line's own definition.

use std::fs;
use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::outcome::Outcome;
use crate::print_line;

/// Prints a shell's script.
pub fn completions(args: CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gemmine", &mut script);
    match io::stdout().lock().write_all(&script) {
        // A reader that went away early is no trouble.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("write standard output")
        }
        _ => Ok(Outcome::Yes),
    }
}

/// Writes a page for each command.
pub fn man(args: &ManArgs) -> Result<Outcome> {
    let folder = args.folder.display();
    fs::create_dir_all(&args.folder).with_context(|| format!("make the folder {folder}"))?;
    let written = clap_mangen::generate_to(Cli::command(), &args.folder);
    written.with_context(|| format!("write manual pages into {folder}"))?;
    print_line(&format!(
        "manual pages are in {folder}; `man -l {folder}/gemmine.1` shows the first"
    ))?;
    Ok(Outcome::Yes)
}
