//! Where the log's files are.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use super::OpenError;
use crate::files;

/// Held while a process writes to the folder.
const LOCK_FILE: &str = "shares.lock";

/// The files of a log's folder, to read.
pub trait Files: Send + fmt::Debug {
    /// Names of all files.
    ///
    /// # Errors
    /// If the folder can't be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// A file from its beginning.
    ///
    /// # Errors
    /// If it can't be read, or is no regular file of the folder.
    fn read(&self, name: &str) -> io::Result<Box<dyn Read + '_>>;
}

/// A log's folder that one process writes to. The real one is a [`Folder`].
pub trait Storage: Files {
    /// Adds bytes to the end of a file, which is made if it is not there. If that fails, some may be there.
    ///
    /// # Errors
    /// If not all of them could be written.
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file off.
    ///
    /// # Errors
    /// If that could not be done.
    fn truncate(&mut self, name: &str, length: u64) -> io::Result<()>;

    /// Waits until what was appended is on the disk.
    ///
    /// # Errors
    /// If it may not be there.
    fn sync(&mut self, name: &str) -> io::Result<()>;

    /// Writes a whole new file, and waits until its bytes are on the disk. If that fails, or the process dies,
    /// there is no such file.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if there is one already, or whatever kept it from being written.
    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Waits until the names of new files are on the disk.
    ///
    /// # Errors
    /// If they may not be there.
    fn sync_folder(&mut self) -> io::Result<()>;
}

/// A folder to read, also while another process writes there.
#[derive(Clone, Debug)]
pub struct FolderView {
    path: PathBuf,
}

impl FolderView {
    /// A view of a folder.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where a file is; only plain names, since some come from the log.
    fn path_of(&self, name: &str) -> io::Result<PathBuf> {
        let plain =
            matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
        if plain {
            return Ok(self.path.join(name));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no plain file name")))
    }
}

impl Files for FolderView {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let path = self.path_of(name)?;
        if !fs::metadata(&path)?.is_file() {
            let text = format!("{name} is a folder, pipe or device, not a regular file");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(Box::new(File::open(path)?))
    }
}

/// A folder that this process alone writes to.
#[derive(Debug)]
pub struct Folder {
    view: FolderView,
    /// The file that was appended to last.
    open: Option<(String, File)>,
    /// Holds the lock.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, locks it, and removes what killed processes left half done.
    ///
    /// # Errors
    /// If that can't be done, or another process has the lock.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let io =
            |action| move |error| OpenError::Io { action, name: path.display().to_string(), error };
        fs::create_dir_all(path).map_err(io("make the folder"))?;
        let lock = path.join(LOCK_FILE);
        if fs::metadata(&lock).is_ok_and(|found| !found.is_file()) {
            // Opening a pipe could wait for ever.
            return Err(OpenError::Irregular { name: lock.display().to_string() });
        }
        let open = || OpenOptions::new().create(true).append(true).open(&lock);
        let lock = open().map_err(io("lock the folder"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { folder: path.display().to_string() });
            }
            Err(TryLockError::Error(error)) => return Err(io("lock the folder")(error)),
        }
        files::remove_litter(path).map_err(io("clear temporary files from"))?;
        Ok(Self { view: FolderView::new(path), open: None, _lock: lock })
    }

    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let file = match self.open.take() {
            Some((open, file)) if open == name => file,
            _ => {
                let path = self.view.path_of(name)?;
                let is_new = !fs::exists(&path)?;
                if !is_new && !fs::metadata(&path)?.is_file() {
                    let text = format!("{name} is no regular file; move it away");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
                }
                let file = OpenOptions::new().create(true).append(true).open(&path)?;
                if is_new {
                    files::sync_folder(&self.view.path)?;
                }
                file
            }
        };
        Ok(&mut self.open.insert((name.to_owned(), file)).1)
    }
}

impl Files for Folder {
    fn names(&self) -> io::Result<Vec<String>> {
        self.view.names()
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        self.view.read(name)
    }
}

impl Storage for Folder {
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.file(name)?.write_all(bytes)
    }

    fn truncate(&mut self, name: &str, length: u64) -> io::Result<()> {
        self.file(name)?.set_len(length)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.file(name)?.sync_data()
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        files::create_new(&self.view.path_of(name)?, bytes)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        files::sync_folder(&self.view.path)
    }
}
