//! The checkout that gemmine runs in, if it does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gemmine_tools::process;

use crate::error::FlowError;

const PATIENCE: Duration = Duration::from_secs(30);

/// The folder `bitstreams` of the checkout that holds `from`.
///
/// # Errors
/// If there is none.
pub fn find_bitstreams(from: &Path) -> Result<PathBuf, FlowError> {
    let found = from.ancestors().map(|folder| folder.join("bitstreams"));
    found
        .into_iter()
        .find(|folder| folder.join("MANIFEST.toml").is_file())
        .ok_or_else(|| FlowError::NoCheckout { from: from.to_owned() })
}

/// The commit of the checkout that holds `from`, with `-dirty` where a tracked file other than what a build
/// installs differs from it; or what there is instead.
pub fn source_commit(from: &Path) -> String {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(from).args(arguments);
        process::output(&mut command, PATIENCE).ok().map(|said| said.trim().to_owned())
    };
    if find_bitstreams(from).is_err() {
        return "none: not built in a checkout".into();
    }
    let Some(commit) = git(&["rev-parse", "HEAD"]) else {
        return "none: git does not know".into();
    };
    let installed = [
        ":/",
        ":(exclude,top)bitstreams/MANIFEST.toml",
        ":(exclude,top,glob)bitstreams/*/report.json",
        ":(exclude,top,glob)bitstreams/*/*.bin",
        ":(exclude,top,glob)bitstreams/*/*.bit",
        ":(exclude,top,glob)bitstreams/*/*.fs",
    ];
    let mut status = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    status.extend(installed);
    match git(&status) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}
