//! `gemmine tools`: the pinned tools that some devices need, in a private folder, without root.

use anyhow::{Context, Result};
use gemmine_sim::verilator::Tools;

use crate::args::ToolsCommand;
use crate::outcome::Outcome;
use crate::{note, print_line};

/// Runs the command.
pub fn run(command: ToolsCommand) -> Result<Outcome> {
    let tools = match command {
        ToolsCommand::Install => {
            Tools::install(&mut |step| note(step)).context("install the tools")?
        }
        ToolsCommand::List => Tools::find().context("list the tools")?,
    };
    print_line(&tools.describe())?;
    Ok(Outcome::Yes)
}
