//! New files that are there as a whole or not at all, whenever the process dies.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Names of the temporary files start and end so.
const STAGED: (&str, &str) = (".gemmine-", ".tmp");

/// Writes the bytes to a temporary file beside `path` and flushes them to the disk. The file is locked
/// while it is in use, so that one that is not is known to be a dead process's.
///
/// # Errors
/// If the folder can't be written, for example because the disk is full.
pub fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut staged = tempfile::Builder::new()
        .prefix(STAGED.0)
        .suffix(STAGED.1)
        .permissions(fs::Permissions::from_mode(0o666)) // less the umask, as File::create
        .tempfile_in(parent)?;
    // Best effort: where there are no locks, litter stays.
    let _ = staged.as_file().try_lock();
    staged.write_all(bytes)?;
    staged.as_file().sync_data()?;
    Ok(staged)
}

/// Writes a whole new file. Its name is on the disk when the folder is flushed ([`sync_folder`]).
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if the path exists, and as [`stage`].
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stage(path, bytes)?.persist_noclobber(path)?;
    Ok(())
}

/// Flushes the names of a folder to the disk.
///
/// # Errors
/// If the folder can't be opened or flushed.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes the temporary files that killed processes left in a folder.
///
/// # Errors
/// If the folder can't be read, or such a file not be removed.
pub fn remove_litter(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(STAGED.0) && name.ends_with(STAGED.1));
        if ours && entry.file_type()?.is_file() && File::open(entry.path())?.try_lock().is_ok() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_is_left_alone_and_litter_is_what_nobody_holds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_new(&path, b"one").unwrap();
        sync_folder(dir.path()).unwrap();
        let error = create_new(&path, b"two").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let held = stage(&dir.path().join("other"), b"in work").unwrap();
        let dead = dir.path().join(".gemmine-AbC123.tmp");
        let foreign = dir.path().join(".gemmine-notes");
        fs::write(&dead, "left by a kill").unwrap();
        fs::write(&foreign, "").unwrap();
        remove_litter(dir.path()).unwrap();
        assert_eq!((dead.exists(), foreign.exists()), (false, true));
        held.persist_noclobber(dir.path().join("other")).unwrap();
    }
}
