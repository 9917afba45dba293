//! The command ring and the completion ring, over any memory.
//!
//! The host writes commands and only then tells the device of them, all at once, by the ring's tail. The device writes
//! an entry's sequence number last, so one load with acquire order says whether an entry is there: neither ring needs a
//! register to be read.

use std::sync::atomic::{Ordering, fence};

use gemmine_hdl::dma_registers::{
    COMMAND_FIELDS, COMMAND_WORDS, ENTRY_FIELDS, ENTRY_WORDS, IMMEDIATE, IMMEDIATE_WORDS, READ,
    WRITE, completion_of,
};

use super::error::PcieError;
use super::transport::DmaWords;

const COMMAND: usize = COMMAND_WORDS as usize;
const ENTRY: usize = ENTRY_WORDS as usize;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command([u32; COMMAND]);

impl Command {
    fn transfer(opcode: u32, bus: u32, words: u32, host: u64) -> Self {
        let [opcode_field, _, _, bus_field, words_field, host_field, _] = COMMAND_FIELDS;
        let mut command = [0; COMMAND];
        opcode_field.put(&mut command, opcode);
        bus_field.put(&mut command, bus);
        words_field.put(&mut command, words);
        command[host_field.word as usize] = host as u32;
        command[host_field.word as usize + 1] = (host >> 32) as u32;
        Self(command)
    }

    /// Moves words from host memory to the bus.
    pub fn write(bus: u32, words: usize, host: u64) -> Self {
        Self::transfer(WRITE, bus, words as u32, host)
    }

    /// Moves words from the bus to host memory.
    pub fn read(bus: u32, words: usize, host: u64) -> Self {
        Self::transfer(READ, bus, words as u32, host)
    }

    /// Puts up to four words on the bus; those beyond are left out.
    pub fn immediate(bus: u32, words: &[u32]) -> Self {
        let words = &words[..words.len().min(IMMEDIATE_WORDS as usize)];
        let mut command = Self::transfer(IMMEDIATE, bus, words.len() as u32, 0);
        command.0[COMMAND_FIELDS[6].word as usize..][..words.len()].copy_from_slice(words);
        command
    }

    /// The same, with an entry that says when it is done.
    #[must_use]
    pub fn notify(mut self, tag: u16) -> Self {
        let [_, notify, tag_field, ..] = COMMAND_FIELDS;
        notify.put(&mut self.0, 1);
        tag_field.put(&mut self.0, tag.into());
        self
    }
}

/// The command ring.
#[derive(Debug)]
pub struct CommandRing<M> {
    memory: M,
    size: u32,
    tail: u16,
    rung: u16,
    /// What is known to be done.
    head: u16,
    /// What the last entry that was read said of it.
    entered: u16,
}

impl<M: DmaWords> CommandRing<M> {
    /// Bytes of a ring of 2^size commands.
    pub const fn bytes(size: u32) -> usize {
        (4 * COMMAND) << size
    }

    /// An empty ring of 2^size commands, size from 4 to 12, in memory that has room for it.
    pub fn new(memory: M, size: u32) -> Self {
        Self { memory, size, tail: 0, rung: 0, head: 0, entered: 0 }
    }

    /// The memory.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Commands that are not known to be done.
    pub fn outstanding(&self) -> usize {
        self.tail.wrapping_sub(self.head).into()
    }

    /// Commands that have room.
    pub fn room(&self) -> usize {
        (1 << self.size) - self.outstanding()
    }

    /// Writes a command behind the others. The device does not know of it before the next [doorbell](Self::doorbell).
    /// `false`, and nothing is written, if the ring is full.
    #[must_use]
    pub fn push(&mut self, command: &Command) -> bool {
        if self.room() == 0 {
            return false;
        }
        let slot = usize::from(self.tail) & ((1 << self.size) - 1);
        let place = &self.memory.words()[COMMAND * slot..][..COMMAND];
        for (word, value) in place.iter().zip(command.0) {
            word.store(value, Ordering::Relaxed);
        }
        self.tail = self.tail.wrapping_add(1);
        true
    }

    /// The tail that the device has not been told of, if there is one. Everything stored before is visible to whoever
    /// sees a store behind this call.
    pub fn doorbell(&mut self) -> Option<u16> {
        if self.rung == self.tail {
            return None;
        }
        fence(Ordering::Release);
        self.rung = self.tail;
        Some(self.tail)
    }

    /// Takes in how far the device says that it has come now: how many commands got done.
    ///
    /// # Errors
    /// If it claims to have done what it was not told, or takes back what it did.
    pub fn finished(&mut self, head: u16) -> Result<u16, PcieError> {
        let done = self.between(self.head, head)?;
        self.head = head;
        Ok(done)
    }

    /// The same of an entry, which says how far the device had come when it wrote that. A register may have told of more
    /// since, so an entry is held against the one before.
    ///
    /// # Errors
    /// As [`Self::finished`].
    pub fn entered(&mut self, head: u16) -> Result<u16, PcieError> {
        let beyond = self.between(self.entered, head)?;
        let known = self.head.wrapping_sub(self.entered);
        self.entered = head;
        let done = beyond.saturating_sub(known);
        self.head = self.head.wrapping_add(done);
        Ok(done)
    }

    /// How far a head is behind one that was told before; it is not beyond what was rung.
    fn between(&self, from: u16, head: u16) -> Result<u16, PcieError> {
        let done = head.wrapping_sub(from);
        if done > self.rung.wrapping_sub(from) {
            let text = format!("command head {head} is not between {from} and {}", self.rung);
            return Err(PcieError::Corrupt(text));
        }
        Ok(done)
    }

    /// Starts from index 0, as the device does after a reset.
    pub fn clear(&mut self) {
        (self.tail, self.rung, self.head, self.entered) = (0, 0, 0, 0);
    }
}

/// An entry of the completion ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(pub [u32; ENTRY]);

impl Entry {
    /// What it tells of.
    pub fn kind(&self) -> u32 {
        ENTRY_FIELDS[4].get(&self.0)
    }

    /// Tag of the command that is done.
    pub fn tag(&self) -> u16 {
        ENTRY_FIELDS[2].get(&self.0) as u16
    }

    /// How many commands were done, modulo 2^16.
    pub fn command_head(&self) -> u16 {
        ENTRY_FIELDS[3].get(&self.0) as u16
    }

    /// The accelerator's completion.
    pub fn completion(&self) -> [u32; 16] {
        completion_of(&self.0)
    }
}

/// The completion ring.
#[derive(Debug)]
pub struct CompletionRing<M> {
    memory: M,
    size: u32,
    /// Index of the next entry, modulo 2^32.
    next: u32,
    /// Whether every place has been written since the last reset.
    lapped: bool,
    /// What the device was told of `next`.
    told: u32,
}

impl<M: DmaWords> CompletionRing<M> {
    /// Bytes of a ring of 2^size entries.
    pub const fn bytes(size: u32) -> usize {
        (4 * ENTRY) << size
    }

    /// An empty ring of 2^size entries, size from 4 to 12, in memory that has room for it and is zero.
    pub fn new(memory: M, size: u32) -> Self {
        Self { memory, size, next: 0, lapped: false, told: 0 }
    }

    /// The memory.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The next entry, if it is there.
    ///
    /// # Errors
    /// If something else is where it should be.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<Entry>, PcieError> {
        let mask = (1 << self.size) - 1;
        let place = &self.memory.words()[ENTRY * (self.next as usize & mask)..][..ENTRY];
        let sequence = place[ENTRY - 1].load(Ordering::Acquire);
        let due = self.next.wrapping_add(1);
        if sequence != due {
            let before = if self.lapped { due.wrapping_sub(1 << self.size) } else { 0 };
            if sequence == before {
                return Ok(None);
            }
            let text = format!("entry {} has sequence {sequence}, due is {due}", self.next);
            return Err(PcieError::Corrupt(text));
        }
        let mut entry = [0; ENTRY];
        for (value, word) in entry.iter_mut().zip(place) {
            *value = word.load(Ordering::Relaxed);
        }
        self.next = due;
        self.lapped |= due as usize & mask == 0;
        Ok(Some(Entry(entry)))
    }

    /// The head that the device should be told, so that it has room: only once a quarter of the ring is free that it
    /// does not know of.
    pub fn consumed(&mut self) -> Option<u16> {
        let free = self.next.wrapping_sub(self.told);
        if free < 1 << (self.size - 2) {
            return None;
        }
        // What was loaded from the entries is loaded before the device may write others.
        fence(Ordering::AcqRel);
        self.told = self.next;
        Some(self.next as u16)
    }

    /// Starts from index 0, as the device does after a reset. The device must be at rest.
    pub fn clear(&mut self) {
        for word in self.memory.words() {
            word.store(0, Ordering::Relaxed);
        }
        (self.next, self.lapped, self.told) = (0, false, 0);
    }
}
