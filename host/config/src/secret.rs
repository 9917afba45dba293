//! Passwords and tokens: from a file that not everybody can read, or from the environment.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Longest secret.
const LONGEST: u64 = 4096;

/// Where a secret is, or the secret itself. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The secret, out of a variable of the environment.
    Text(String),
    /// The file whose first line it is.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => formatter.write_str("Text(..)"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Why a secret can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file can't be read.
    #[error("read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a regular one: reading it might never end.
    #[error("read {path}: it is no file; name one with the secret in its first line")]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// Everybody on this computer can read it.
    #[error("read {path}: everybody can read it (mode {mode:03o}); run chmod o-rwx on it")]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is no secret in it, or too much.
    #[error(
        "read {path}: {seen}; write one line with 1 to 4096 printable ASCII characters into it"
    )]
    Content {
        /// Which.
        path: PathBuf,
        /// What is there instead.
        seen: &'static str,
    },
}

impl Secret {
    /// The secret.
    ///
    /// # Errors
    /// If its file can't be read or has none, or if others can read it.
    pub fn read(&self) -> Result<String, SecretError> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => read(path),
        }
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::Read { path: path.to_owned(), source };
    // Before it is opened: opening a pipe that nobody writes to waits for ever.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(SecretError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(failed)?;
    check_mode(path, &file)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 2).read_to_end(&mut bytes).map_err(failed)?;
    let content = |seen| SecretError::Content { path: path.to_owned(), seen };
    let text = String::from_utf8(bytes).map_err(|_| content("it is not ASCII"))?;
    let line = text.lines().next().unwrap_or_default();
    check_text(line).map_err(content)?;
    Ok(line.to_owned())
}

/// Whether a text can be a secret: it must go into a header of HTTP or a line of JSON.
///
/// # Errors
/// What it is instead.
pub fn check_text(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("it is empty"),
        _ if text.len() as u64 > LONGEST => Err("it is too long"),
        _ if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') => {
            Err("it has characters that are not printable ASCII")
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, file: &File) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata();
    let metadata =
        metadata.map_err(|source| SecretError::Read { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o007 == 0 { Ok(()) } else { Err(SecretError::Open { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _file: &File) -> Result<(), SecretError> {
    Ok(())
}
