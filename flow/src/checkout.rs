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

#[cfg(test)]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(["-c", "user.name=n", "-c", "user.email=e@e.e"]);
        process::output(command.args(arguments), PATIENCE).unwrap();
    }

    #[test]
    fn a_commit_is_dirty_with_changes_other_than_installed_images() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert_eq!(source_commit(root), "none: not built in a checkout");
        let board = root.join("bitstreams/b");
        std::fs::create_dir_all(&board).unwrap();
        let files =
            ["bitstreams/MANIFEST.toml", "bitstreams/b/report.json", "bitstreams/b/board.toml"];
        for file in files {
            std::fs::write(root.join(file), "1").unwrap();
        }
        assert_eq!(source_commit(&board), "none: git does not know");
        git(root, &["init", "--quiet"]);
        git(root, &["add", "."]);
        git(root, &["commit", "--quiet", "--message", "m"]);
        let commit = source_commit(&board);
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{commit}");
        // What an installation of images writes, and files that git does not know.
        for file in [files[0], files[1], "bitstreams/b/b.bin"] {
            std::fs::write(root.join(file), "2").unwrap();
            assert_eq!(source_commit(&board), commit, "{file}");
        }
        std::fs::write(root.join(files[2]), "2").unwrap();
        assert_eq!(source_commit(&board), format!("{commit}-dirty"));
        assert_eq!(find_bitstreams(&board).unwrap(), root.join("bitstreams"));
        assert!(find_bitstreams(Path::new("/")).is_err());
    }
}
