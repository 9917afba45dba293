//! Why a tool can't be had.

use std::path::PathBuf;

use crate::process::ProcessError;

/// Why a tool can't be had. The texts complete "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// No environment variable names a folder.
    #[error(
        "find a folder for tools: none of GEMMINE_TOOLS_DIR, XDG_CACHE_HOME and HOME is set; set \
         GEMMINE_TOOLS_DIR"
    )]
    Home,
    /// Not installed.
    #[error("find {set}: nothing of that in {}; run `gemmine tools install`{remedy}", .home.display())]
    Missing {
        /// The set's title.
        set: &'static str,
        /// The folder of tools.
        home: PathBuf,
        /// What else would do.
        remedy: &'static str,
    },
    /// Nothing is pinned for this kind of machine.
    #[error("install {set}: it is pinned for Linux on x86-64 only{remedy}")]
    Platform {
        /// The set's title.
        set: &'static str,
        /// What else would do.
        remedy: &'static str,
    },
    /// No wheels are pinned for this Python.
    #[error(
        "use python {found}: {set} have wheels for CPython 3.{} to 3.{} only; set GEMMINE_PYTHON to \
         one of those", .range.0, .range.1
    )]
    PythonVersion {
        /// The set's title.
        set: &'static str,
        /// The version there is.
        found: String,
        /// First and last minor version that has wheels.
        range: (u32, u32),
    },
    /// Python can't say what it is.
    #[error("ask {python} for its version: {why}; install Python 3, or set GEMMINE_PYTHON")]
    Python {
        /// The interpreter.
        python: String,
        /// What it did instead.
        why: String,
    },
    /// A child failed.
    #[error("{doing}: {source}")]
    Run {
        /// What was being done.
        doing: String,
        /// How the child ended.
        source: ProcessError,
    },
    /// A tool doesn't say what it should.
    #[error(
        "check {tool}: it says {said:?} and not its version; remove {} and install again",
        .folder.display()
    )]
    Version {
        /// The tool.
        tool: &'static str,
        /// Its output's first line.
        said: String,
        /// Where it is.
        folder: PathBuf,
    },
    /// A file can't be read or written.
    #[error("{doing} {}: {source}", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Somebody else is installing and doesn't end.
    #[error(
        "wait for another installation: it holds {} for more than {minutes} minutes; end it, then \
         try again", .lock.display()
    )]
    Busy {
        /// The lock.
        lock: PathBuf,
        /// How long was waited.
        minutes: u64,
    },
    /// Ctrl-C.
    #[error("go on: interrupted; run `gemmine tools install` again, it goes on where it was")]
    Cancelled,
}

impl ToolError {
    /// Something about a file.
    pub(crate) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
