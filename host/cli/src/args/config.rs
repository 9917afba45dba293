//! The commands about the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub const CONFIG_EXAMPLES: &str = "\
Examples:
  gemmine config example > gemmine.toml   a configuration with every key, commented
  gemmine config check                    is gemmine.toml as it should be?
  gemmine config show                     every value, and where it comes from
  gemmine config variables                variables of the environment that count before the file

Flags count before the environment, that before the file, that before defaults. Passwords and
tokens are not in the file but in files of their own, or in the environment. A check names every
problem at once, with its line.";

/// What to do with a configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration, and the files that it names
    Check(ConfigArgs),
    /// Show every value, with its origin
    Show(ConfigArgs),
    /// Print a configuration with every key, commented
    Example,
    /// List the variables of the environment that count before the file
    Variables,
}

/// Which configuration.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// The configuration [default: what GEMMINE_CONFIG names, else gemmine.toml in this folder]
    #[arg(value_name = "FILE", env = "GEMMINE_CONFIG", hide_env = true)]
    pub file: Option<PathBuf>,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}
