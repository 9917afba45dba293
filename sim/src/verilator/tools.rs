//! The Verilator in use, and the folder for what it compiles.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use gemmine_tools::{Installed, VERILATOR};

use crate::engine::EngineError;

/// Name of the environment variable that chooses another Verilator.
const ROOT_VARIABLE: &str = "GEMMINE_VERILATOR_ROOT";

/// An installed Verilator and a folder for what it compiles.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Verilator's root: holds `bin/verilator_bin` and `include`.
    pub(super) verilator_root: PathBuf,
    /// Compiled cores.
    pub(super) cache: PathBuf,
}

impl Tools {
    /// Finds the tools: `GEMMINE_VERILATOR_ROOT` if set, else the [pinned](gemmine_tools) one.
    ///
    /// # Errors
    /// If they are not installed; the remedy is in the text.
    pub fn find() -> Result<Self, EngineError> {
        let cache = gemmine_tools::home()?.join("verilated");
        if let Some(root) = chosen_root() {
            if !binary(&root).is_file() {
                let why = format!("{} has no bin/verilator_bin", root.display());
                return Err(failed(format!("use {ROOT_VARIABLE}"), why));
            }
            return Ok(Self { verilator_root: root, cache });
        }
        let verilator_root = Installed::find(&VERILATOR)?.packages().join("verilator");
        Ok(Self { verilator_root, cache })
    }

    /// The Verilator in use, for people.
    pub fn describe(&self) -> String {
        format!("Verilator in {}", self.verilator_root.display())
    }

    pub(super) fn verilator(&self) -> Command {
        let mut command = Command::new(binary(&self.verilator_root));
        command.env("VERILATOR_ROOT", &self.verilator_root);
        command
    }

    pub(super) fn include(&self) -> PathBuf {
        self.verilator_root.join("include")
    }
}

/// The Verilator that `GEMMINE_VERILATOR_ROOT` names, if it is set.
pub fn chosen_root() -> Option<PathBuf> {
    std::env::var_os(ROOT_VARIABLE).filter(|root| !root.is_empty()).map(PathBuf::from)
}

/// Runs a command to its end and keeps its output for the error.
pub(super) fn run(command: &mut Command, doing: &str) -> Result<(), EngineError> {
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|e| failed(doing.to_owned(), format!("{}: {e}", shown(command.get_program()))))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let tail: Vec<&str> = text.lines().rev().take(20).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    let program = shown(command.get_program());
    Err(failed(doing.to_owned(), format!("{program}: {}\n{}", output.status, tail.join("\n"))))
}

fn shown(program: &OsStr) -> String {
    program.to_string_lossy().into_owned()
}

fn binary(root: &Path) -> PathBuf {
    root.join("bin/verilator_bin")
}

fn failed(doing: String, why: String) -> EngineError {
    EngineError::Tool { doing, why }
}
