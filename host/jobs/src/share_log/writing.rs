//! Appending: into the queue, and from there to the disk, in order, each line once.

use std::io;

use super::entry::{Carried, Entry};
use super::opening::file_name;
use super::{Item, Kept, Refusal, ShareLog, proof};
use crate::chain::write_line;
use crate::work::Proof;

/// Most entries that are written and flushed together.
const BATCH_ENTRIES: usize = 1024;

/// Where the log goes on.
#[derive(Debug)]
pub(super) struct Tail {
    /// Number of the file.
    pub file: u64,
    /// Length of its whole lines.
    pub length: u64,
    /// Hash of the last line.
    pub hash: String,
    /// The last line lacks its newline.
    pub newline_missing: bool,
    /// There may be bytes behind the whole lines, of an append that failed.
    pub dirty: bool,
    /// What was read when the log was opened may be nowhere but in the system's memory: the process that wrote it may
    /// have died before it could wait for the disk.
    pub unsynced: bool,
    /// There are files whose names may not be on the disk yet.
    pub unnamed: bool,
    /// First line of the next file, once this one is long enough.
    pub carried: Option<Box<Carried>>,
}

impl ShareLog {
    /// Appends entries and waits until they are on the disk, all at once: it costs as much as one. Entries that are
    /// refused are left out; the others are taken.
    ///
    /// # Errors
    /// The first refusal. A disk that can't be written is none: then the entries wait in memory, and are tried again
    /// with the next append or [`Self::retry`].
    pub fn append_all(&mut self, items: Vec<Item>) -> Result<Kept, Refusal> {
        let mut refused = None;
        for mut item in items {
            item.entry.clean();
            match self.admit(&item) {
                Ok(()) => {
                    self.state.apply(&item.entry, 0);
                    self.queue_bytes += item.proof_bytes();
                    self.queue.push_back(item);
                }
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                }
            }
        }
        let kept = self.retry();
        refused.map_or(Ok(kept), Err)
    }

    /// Tries to write what waits in memory.
    pub fn retry(&mut self) -> Kept {
        match self.flush() {
            Ok(()) => {
                self.trouble = None;
                Kept::Disk
            }
            Err(error) => {
                self.trouble = Some(error.to_string());
                // What can't be cut off now is before the next append, or when the log is opened.
                let _ = self.repair();
                Kept::Memory
            }
        }
    }

    fn admit(&self, item: &Item) -> Result<(), Refusal> {
        self.state.check(&item.entry)?;
        if let Entry::Share(share) = &item.entry {
            match (&item.proof, share.work.protocol()) {
                (None, _) => return Err(Refusal::NoProof(share.share)),
                (Some(Proof::Pearl(_)), super::Protocol::Pearl)
                | (Some(Proof::Amadeus(_)), super::Protocol::Amadeus) => {}
                (Some(_), _) => return Err(Refusal::WrongProof(share.share)),
            }
        }
        let full = self.queue.len() >= self.options.queue_entries
            || self.queue_bytes + item.proof_bytes() > self.options.queue_bytes;
        // An empty queue takes anything: whether the disk can be written is not known yet.
        if full
            && !self.queue.is_empty()
            && !matches!(item.entry, Entry::Sent(_) | Entry::Answer(_))
        {
            let (entries, bytes) = (self.queue.len(), self.queue_bytes);
            return Err(Refusal::QueueFull { entries, bytes });
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.repair()?;
        self.sync_what_was_read()?;
        while !self.queue.is_empty() {
            let count = self.write_proofs()?;
            self.write_lines(count)?;
        }
        // Only here are state and disk the same.
        let tail = &self.tail;
        let long = tail.length >= self.options.file_bytes && !tail.newline_missing;
        if long && tail.carried.is_none() {
            self.tail.carried = Some(Box::new(self.carried(self.tail.file + 1)));
        }
        Ok(())
    }

    /// What all files before `file` come to, if nothing waits.
    pub(super) fn carried(&self, file: u64) -> Carried {
        Carried {
            file,
            pending_since: self.state.pending_since().unwrap_or(file),
            totals: self.state.totals().clone(),
        }
    }

    /// Cuts off what an append that failed may have left.
    fn repair(&mut self) -> io::Result<()> {
        if self.tail.dirty {
            self.storage.truncate(&file_name(self.tail.file), self.tail.length)?;
            self.tail.dirty = false;
        }
        Ok(())
    }

    /// Waits until the disk has what was found there: else a power cut could take it away from under what follows.
    fn sync_what_was_read(&mut self) -> io::Result<()> {
        if self.tail.unsynced {
            self.storage.sync(&file_name(self.tail.file))?;
            self.storage.sync_folder()?;
            self.tail.unsynced = false;
        }
        Ok(())
    }

    /// Writes the proofs of the first entries that wait; tells for how many entries they are there.
    fn write_proofs(&mut self) -> io::Result<usize> {
        let mut count = 0;
        for item in self.queue.iter_mut().take(BATCH_ENTRIES) {
            if let (Entry::Share(share), Some(proof)) = (&mut item.entry, &item.proof)
                && share.proof_file.is_empty()
            {
                match proof::write(&mut *self.storage, &share.share, proof) {
                    Ok(name) => share.proof_file = name,
                    // Those before it go on.
                    Err(_) if count > 0 => break,
                    Err(error) => return Err(error),
                }
                self.tail.unnamed = true;
            }
            count += 1;
        }
        if self.tail.unnamed {
            self.storage.sync_folder()?;
            self.tail.unnamed = false;
        }
        Ok(count)
    }

    /// Writes and flushes the lines of the first entries that wait.
    fn write_lines(&mut self, count: usize) -> io::Result<()> {
        if let Some(carried) = &self.tail.carried
            && carried.file != self.tail.file
        {
            self.tail.file = carried.file;
            self.tail.length = 0;
            self.tail.newline_missing = false;
        }
        let mut text = String::new();
        if self.tail.newline_missing {
            text.push('\n');
        }
        let mut hash = self.tail.hash.clone();
        let carried = self.tail.carried.clone().map(Entry::Carried);
        let entries = self.queue.iter().take(count).map(|item| &item.entry);
        for entry in carried.iter().chain(entries) {
            let (line, next) = write_line(entry, &hash)?;
            text.push_str(&line);
            hash = next;
        }
        let name = file_name(self.tail.file);
        self.tail.dirty = true;
        self.storage.append(&name, text.as_bytes())?;
        self.storage.sync(&name)?;
        self.tail.dirty = false;
        self.tail.length += text.len() as u64;
        self.tail.hash = hash;
        self.tail.newline_missing = false;
        self.tail.carried = None;
        for item in self.queue.drain(..count) {
            self.queue_bytes -= item.proof_bytes();
            if let Entry::Share(share) = &item.entry {
                self.state.written(share, self.tail.file);
            }
        }
        Ok(())
    }
}

impl Item {
    fn proof_bytes(&self) -> usize {
        self.proof.as_ref().map_or(0, |proof| proof::bytes(proof).len())
    }
}
