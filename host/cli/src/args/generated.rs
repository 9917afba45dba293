//! The commands that write what is made of the command line's own definition.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  gemmine completions bash > ~/.local/share/bash-completion/completions/gemmine
  gemmine completions zsh > ~/.zfunc/_gemmine
  gemmine completions fish > ~/.config/fish/completions/gemmine.fish";

/// Options of `completions`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  gemmine man ~/.local/share/man/man1     gemmine.1, gemmine-mine.1, ...; then `man gemmine-mine`";

/// Options of `man`.
#[derive(Clone, Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// Folder for the pages; made if it is not there. Pages of this name are replaced
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
