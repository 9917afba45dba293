//! Reading and writing files with care: reads are bounded, writes never leave half a file behind.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::NamedTempFile;

/// Reads a regular file, or standard input for `-`, of at most `cap` bytes.
///
/// Directories, FIFOs and devices are refused before they are opened, so nothing here can block
/// on a path; a file over the cap is refused by its size, without reading it.
pub fn read_capped(path: &Path, cap: u64) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return read_stream(io::stdin().lock(), 0, cap).context("read standard input");
    }
    let (file, length) = open_regular(path)?;
    ensure!(
        length <= cap,
        "read {}: it has {length} bytes, more than the cap of {cap}; no legal file is that long",
        path.display()
    );
    read_stream(file, length, cap).with_context(|| format!("read {}", path.display()))
}

/// Opens a file for reading and tells its length, refusing everything but regular files.
pub fn open_regular(path: &Path) -> Result<(File, u64)> {
    let shown = path.display();
    let metadata = fs::metadata(path).with_context(|| format!("read {shown}"))?;
    ensure!(!metadata.is_dir(), "read {shown}: it is a directory; name a file in it");
    ensure!(
        metadata.is_file(),
        "read {shown}: it is a pipe or device, not a regular file; save it to a file first"
    );
    let file = File::open(path).with_context(|| format!("read {shown}"))?;
    Ok((file, metadata.len()))
}

fn read_stream(reader: impl Read, length: u64, cap: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(cap)).unwrap_or(0));
    reader.take(cap + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        bail!("there are more than {cap} bytes, the cap; no legal file is that long");
    }
    Ok(bytes)
}

/// Writes a whole file, replacing an earlier one in one step: a reader sees the old bytes or the
/// new ones, never a mixture. Only regular files are replaced: nothing here can block on a pipe.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    ensure_replaceable(path)?;
    let attempt = || -> io::Result<()> {
        // Through a symbolic link, as a plain write would go.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        stage(&path, bytes)?.persist(&path)?;
        Ok(())
    };
    attempt().with_context(|| format!("write {}", path.display()))
}

/// Fails if [`replace`] could not write there, before long work is done for it.
pub fn check_writable(path: &Path) -> Result<()> {
    ensure_replaceable(path)?;
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    stage(&path, &[]).map(drop).with_context(|| format!("write {}", path.display()))
}

fn ensure_replaceable(path: &Path) -> Result<()> {
    let shown = path.display();
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    ensure!(!found.is_dir(), "write {shown}: it is a directory; name a file in it");
    ensure!(
        found.is_file(),
        "write {shown}: it is a pipe or device, not a regular file; name a file"
    );
    Ok(())
}

/// Writes a whole new file; fails if the path exists already.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let attempt = || -> io::Result<()> {
        stage(path, bytes)?.persist_noclobber(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("write {}", path.display()))
}

/// Names of the temporary files start and end so.
const STAGED: (&str, &str) = (".gemmine-", ".tmp");

/// Writes the bytes to a temporary file beside `path` and flushes them to the disk. The file is locked
/// while it is in use, so that one that is not is known to be a dead process's.
fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
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

/// Removes the temporary files that killed processes left in a folder.
pub fn remove_litter(folder: &Path) -> Result<()> {
    let attempt = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let ours = name
                .to_str()
                .is_some_and(|name| name.starts_with(STAGED.0) && name.ends_with(STAGED.1));
            if ours && entry.file_type()?.is_file() && File::open(entry.path())?.try_lock().is_ok()
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    attempt().with_context(|| format!("clear temporary files from {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_cap_is_refused_by_name_and_size() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long");
        fs::write(&path, [7; 11]).unwrap();
        assert_eq!(read_capped(&path, 11).unwrap(), [7; 11]);
        let message = format!("{:#}", read_capped(&path, 10).unwrap_err());
        assert!(message.contains("has 11 bytes, more than the cap of 10"), "{message}");
    }

    #[test]
    fn a_stream_over_the_cap_stops_at_the_cap() {
        let message = format!("{:#}", read_stream(io::repeat(0), 0, 1 << 20).unwrap_err());
        assert!(message.contains("more than 1048576 bytes"), "{message}");
    }

    #[test]
    fn directories_and_devices_are_refused_without_opening_them() {
        let dir = tempfile::tempdir().unwrap();
        let message = format!("{:#}", read_capped(dir.path(), 10).unwrap_err());
        assert!(message.contains("is a directory"), "{message}");
        let message = format!("{:#}", read_capped(Path::new("/dev/zero"), 10).unwrap_err());
        assert!(message.contains("pipe or device"), "{message}");
    }

    #[test]
    fn replace_replaces_and_create_new_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        create_new(&path, b"three").unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files are gone");
    }

    #[test]
    fn pipes_and_devices_are_no_place_to_write_to() {
        for attempt in
            [check_writable(Path::new("/dev/full")), replace(Path::new("/dev/full"), b"")]
        {
            let message = format!("{:#}", attempt.unwrap_err());
            assert!(message.contains("write /dev/full: it is a pipe or device"), "{message}");
        }
    }

    #[test]
    fn litter_is_what_nobody_holds() {
        let dir = tempfile::tempdir().unwrap();
        let held = stage(&dir.path().join("file"), b"in work").unwrap();
        let dead = dir.path().join(".gemmine-AbC123.tmp");
        let foreign = dir.path().join(".gemmine-notes");
        fs::write(&dead, "left by a kill").unwrap();
        fs::write(&foreign, "").unwrap();
        remove_litter(dir.path()).unwrap();
        assert_eq!((dead.exists(), foreign.exists()), (false, true));
        held.persist_noclobber(dir.path().join("file")).unwrap();
    }
}
