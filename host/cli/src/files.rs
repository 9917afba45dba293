//! Reading and writing files with care: reads are bounded, writes never leave half a file behind.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use gemmine_jobs::files::stage;
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
    let mut replacement = Replacement::begin(path)?;
    let written = replacement.file().write_all(bytes);
    written.with_context(|| format!("write {}", path.display()))?;
    replacement.finish()
}

/// A file that takes another's place when it is complete.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    staged: NamedTempFile,
}

impl Replacement {
    /// Begins one for a path where [`replace`] could write.
    pub fn begin(path: &Path) -> Result<Self> {
        ensure_replaceable(path)?;
        // Through a symbolic link, as a plain write would go.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let staged = stage(&path, &[]).with_context(|| format!("write {}", path.display()))?;
        Ok(Self { path, staged })
    }

    /// Where its bytes go.
    pub const fn file(&mut self) -> &mut NamedTempFile {
        &mut self.staged
    }

    /// Puts it in its place.
    pub fn finish(self) -> Result<()> {
        let attempt = || -> io::Result<()> {
            self.staged.as_file().sync_data()?;
            self.staged.persist(&self.path)?;
            Ok(())
        };
        attempt().with_context(|| format!("write {}", self.path.display()))
    }
}

/// Fails if [`replace`] could not write there, before long work is done for it.
pub fn check_writable(path: &Path) -> Result<()> {
    Replacement::begin(path).map(drop)
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
    gemmine_jobs::files::create_new(path, bytes)
        .with_context(|| format!("write {}", path.display()))
}

/// Removes the temporary files that killed processes left in a folder.
pub fn remove_litter(folder: &Path) -> Result<()> {
    gemmine_jobs::files::remove_litter(folder)
        .with_context(|| format!("clear temporary files from {}", folder.display()))
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
}
