//! A disk in memory that fails when it is told to: full, without fsync, killed at any byte, without power.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::storage::{Files, Storage};

/// A disk that outlives the processes that write to it. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    state: Arc<Mutex<DiskState>>,
}

#[derive(Debug, Default)]
struct DiskState {
    files: BTreeMap<String, Vec<u8>>,
    /// What a power cut leaves of them; files whose names were not flushed are not among them.
    flushed: BTreeMap<String, Vec<u8>>,
    /// Bytes that still fit.
    free: Option<u64>,
    failing: BTreeSet<Fault>,
    /// The process dies when so many more bytes are written.
    life: Option<u64>,
    /// Counts processes; only the newest one is alive.
    process: u64,
    dead: bool,
    flushes: u64,
}

/// What can fail, until it is told not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Flushing a file.
    Sync,
    /// Cutting a file off.
    Truncate,
    /// Flushing the names of new files.
    SyncFolder,
    /// Reading a file.
    Read,
}

/// The disk as one process sees it.
#[derive(Debug)]
pub struct DiskStorage {
    disk: Disk,
    process: u64,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, DiskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new process' view; those of earlier processes fail from now on.
    #[must_use]
    pub fn start_process(&self) -> DiskStorage {
        let mut state = self.state();
        state.process += 1;
        (state.dead, state.life) = (false, None);
        DiskStorage { disk: self.clone(), process: state.process }
    }

    /// So many more bytes fit; `None` for any number.
    pub fn set_free(&self, bytes: Option<u64>) {
        self.state().free = bytes;
    }

    /// Lets something fail from now on, or work again.
    pub fn set_fault(&self, fault: Fault, fails: bool) {
        let failing = &mut self.state().failing;
        if fails {
            failing.insert(fault)
        } else {
            failing.remove(&fault)
        };
    }

    /// Kills the process when so many more bytes are written: they are there, and nothing that it does later.
    pub fn kill_after(&self, bytes: u64) {
        self.state().life = Some(bytes);
    }

    /// Cuts the power: what was not flushed is gone, and so is the process.
    pub fn cut_power(&self) {
        let mut state = self.state();
        state.files = state.flushed.clone();
        state.dead = true;
    }

    /// Whether the newest process was not killed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.state().dead
    }

    /// All files.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().files.clone()
    }

    /// Puts a file there, whatever was there.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.state().files.insert(name.to_owned(), bytes.to_vec());
    }

    /// Takes a file away.
    pub fn remove(&self, name: &str) {
        self.state().files.remove(name);
    }

    /// Names of all files.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }

    /// Takes a file away for good: no power cut brings it back.
    pub fn archive(&self, name: &str) {
        let mut state = self.state();
        state.files.remove(name);
        state.flushed.remove(name);
    }

    /// How often a file or a folder was flushed.
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.state().flushes
    }
}

impl DiskState {
    /// How many of so many bytes get onto the disk, and what comes of the rest.
    fn take(&mut self, bytes: usize) -> (usize, io::Result<()>) {
        let asked = bytes as u64;
        let lives = self.life.unwrap_or(u64::MAX);
        let fits = self.free.unwrap_or(u64::MAX);
        let taken = asked.min(lives).min(fits);
        self.life = self.life.map(|life| life - taken);
        self.free = self.free.map(|free| free - taken);
        let rest = if taken == asked {
            Ok(())
        } else if lives <= fits {
            self.dead = true;
            Err(io::Error::other("killed"))
        } else {
            Err(io::ErrorKind::StorageFull.into())
        };
        // At most what was asked for, which was a usize.
        (taken as usize, rest)
    }

    fn fail(&self, fault: Fault) -> io::Result<()> {
        match self.failing.contains(&fault) {
            true => Err(io::Error::other(format!("{fault:?} fails"))),
            false => Ok(()),
        }
    }
}

impl DiskStorage {
    fn state(&self) -> io::Result<MutexGuard<'_, DiskState>> {
        let state = self.disk.state();
        match state.dead || state.process != self.process {
            true => Err(io::Error::other("killed")),
            false => Ok(state),
        }
    }
}

impl Files for DiskStorage {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state()?.files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let state = self.state()?;
        state.fail(Fault::Read)?;
        let bytes = state.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(bytes.clone())))
    }
}

impl Storage for DiskStorage {
    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        let (taken, rest) = state.take(bytes.len());
        let file = state.files.entry(name.to_owned()).or_default();
        file.extend_from_slice(&bytes[..taken]);
        rest
    }

    fn truncate(&mut self, name: &str, length: u64) -> io::Result<()> {
        let mut state = self.state()?;
        state.fail(Fault::Truncate)?;
        let file = state.files.entry(name.to_owned()).or_default();
        let cut = file.len().saturating_sub(length as usize);
        file.truncate(length as usize);
        state.free = state.free.map(|free| free + cut as u64);
        Ok(())
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.state()?;
        state.fail(Fault::Sync)?;
        state.flushes += 1;
        let file = state.files.get(name).cloned().unwrap_or_default();
        state.flushed.insert(name.to_owned(), file);
        Ok(())
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        if state.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (taken, rest) = state.take(bytes.len());
        if let Err(error) = rest {
            // What was written was a temporary file.
            state.free = state.free.map(|free| free + taken as u64);
            return Err(error);
        }
        state.flushes += 1;
        state.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        let mut state = self.state()?;
        state.fail(Fault::SyncFolder)?;
        state.flushes += 1;
        let new: Vec<(String, Vec<u8>)> = state
            .files
            .iter()
            .filter(|(name, _)| !state.flushed.contains_key(*name))
            .map(|(name, bytes)| {
                let log = name.ends_with(".jsonl");
                (name.clone(), if log { Vec::new() } else { bytes.clone() })
            })
            .collect();
        state.flushed.extend(new);
        Ok(())
    }
}
