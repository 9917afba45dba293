//! The Python that fetches packages, and runs those that are Python.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::ToolError;
use crate::process::{self, Child};
use crate::sets::Set;

/// Name of the environment variable that chooses another interpreter.
const VARIABLE: &str = "GEMMINE_PYTHON";
/// How long Python may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interpreter: `GEMMINE_PYTHON`, or else `python3`.
pub(crate) fn interpreter() -> OsString {
    std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).unwrap_or_else(|| "python3".into())
}

/// A name for the interpreter's ABI, such as `cp311`, if all packages of the set have wheels for it.
pub(crate) fn abi(set: &Set) -> Result<String, ToolError> {
    let python = interpreter();
    let shown = python.to_string_lossy().into_owned();
    let mut command = Command::new(&python);
    command.args(["-c", "import sys; print(sys.implementation.name, *sys.version_info[:2])"]);
    let said = process::output(&mut command, PATIENCE)
        .map_err(|error| ToolError::Python { python: shown.clone(), why: error.to_string() })?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let version = match words.as_slice() {
        ["cpython", "3", minor] => minor.parse::<u32>().ok(),
        ["cpython" | "pypy" | "graalpy", ..] => None,
        _ => return Err(ToolError::Python { python: shown, why: format!("it says {said:?}") }),
    };
    match (set.pythons, version) {
        (None, Some(minor)) => Ok(format!("cp3{minor}")),
        (Some((first, last)), Some(minor)) if (first..=last).contains(&minor) => {
            Ok(format!("cp3{minor}"))
        }
        (range, _) => Err(ToolError::PythonVersion {
            set: set.title,
            found: words.join(" "),
            range: range.unwrap_or((8, 99)),
        }),
    }
}

/// A Python with pip: the system's, or else one in a virtual environment.
pub(crate) fn with_pip(
    partial: &Path,
    cancelled: &dyn Fn() -> bool,
    note: &mut dyn FnMut(&str),
) -> Result<PathBuf, ToolError> {
    let system = PathBuf::from(interpreter());
    let mut command = Command::new(&system);
    if process::output(command.args(["-m", "pip", "--version"]), PATIENCE).is_ok() {
        return Ok(system);
    }
    let environment = partial.join("environment");
    let python = environment.join("bin/python3");
    let mut command = Command::new(&python);
    if process::output(command.args(["-m", "pip", "--version"]), PATIENCE).is_ok() {
        return Ok(python);
    }
    note("python3 has no pip; making a virtual environment");
    let _ = std::fs::remove_dir_all(&environment);
    let mut command = Command::new(&system);
    command.args(["-m", "venv"]).arg(&environment);
    let log = partial.join("environment.log");
    Child::new(command, &log).run(Duration::from_secs(300), cancelled, &mut |_| ()).map_err(
        |source| match source {
            process::ProcessError::Cancelled { .. } => ToolError::Cancelled,
            source => ToolError::Run {
                doing: "make a virtual environment (python3 has neither pip nor venv: install \
                        Debian's python3-venv or python3-pip, or their like)"
                    .into(),
                source,
            },
        },
    )?;
    Ok(python)
}
