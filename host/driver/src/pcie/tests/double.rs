//! A double of the memory link, straight from the rules of [`gemmine_hdl::dma_registers`], before the double of the
//! accelerator that the serial link has too.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gemmine_hdl::dma_registers::*;
use gemmine_hdl::registers::{COMPLETIONS, POP};

use super::super::error::PcieError;
use super::super::transport::{DmaMemory, DmaWords};
use crate::serial::tests::accelerator::Accelerator;

/// How long a read of a register takes.
const READ_TIME: Duration = Duration::from_micros(1);

/// Host memory as the device sees it.
pub trait Memory: Send {
    fn read(&self, offset: u64, words: &mut [u32]);
    fn write(&self, offset: u64, words: &[u32]);
    fn bytes(&self) -> u64;
}

impl Memory for DmaMemory {
    fn read(&self, offset: u64, words: &mut [u32]) {
        for (value, word) in words.iter_mut().zip(&self.words()[offset as usize / 4..]) {
            *value = word.load(Ordering::Acquire);
        }
    }

    fn write(&self, offset: u64, words: &[u32]) {
        for (value, word) in words.iter().zip(&self.words()[offset as usize / 4..]) {
            word.store(*value, Ordering::Release);
        }
    }

    fn bytes(&self) -> u64 {
        4 * self.words().len() as u64
    }
}

/// What goes wrong.
#[derive(Default)]
pub struct Faults {
    /// Registers read as all ones, and writes are lost.
    pub removed: bool,
    /// It can be reached again after so long.
    pub back_after: Option<Duration>,
    /// Interrupts are not raised.
    pub lose_interrupts: bool,
    /// XORed into a word of the command with an index.
    pub command: Option<(u16, usize, u32)>,
    /// XORed into a word of the entry with an index.
    pub entry: Option<(u32, usize, u32)>,
    /// No command is carried out.
    pub stalled: bool,
    /// How long a command takes.
    pub command_time: Duration,
    /// Host memory that is mapped after so many pieces is out of reach.
    pub mapped: Option<usize>,
    /// XORed into every word that a READ writes.
    pub read: u32,
    /// The system wants it back, and says so wherever it is asked.
    pub asked_back: bool,
    /// It can't be reset as a whole.
    pub no_reset: bool,
}

/// The device.
pub struct World {
    pub now: Duration,
    pub accelerator: Accelerator,
    pub faults: Faults,
    pub memory: Vec<(u64, Box<dyn Memory>)>,
    /// The link's own registers.
    pub registers: [u32; DMA_REGISTER_WORDS as usize],
    pub sequence: u32,
    /// Completions that were copied.
    copied: u32,
    /// When the next command is carried out.
    command_at: Duration,
    interrupts: u32,
    /// Whether somebody was told of every interrupt until now.
    pub raised: u32,
    pub opened: u32,
    pub closed: u32,
    /// How long a command may take.
    pub patience: Duration,
    removed_at: Duration,
}

impl World {
    pub fn new(word_bits: usize) -> Self {
        let mut registers = [0; DMA_REGISTER_WORDS as usize];
        registers[0] = DMA_ID_VALUE;
        Self {
            // The accelerator's time is never behind its work.
            now: Duration::from_secs(1),
            accelerator: Accelerator::new(word_bits),
            faults: Faults::default(),
            memory: Vec::new(),
            registers,
            sequence: 0,
            copied: 0,
            command_at: Duration::ZERO,
            interrupts: 0,
            raised: 0,
            opened: 0,
            closed: 0,
            patience: Duration::from_secs(60),
            removed_at: Duration::ZERO,
        }
    }

    fn register(&mut self, address: u32) -> &mut u32 {
        &mut self.registers[(address - DMA_REGISTERS) as usize]
    }

    pub fn remove(&mut self) {
        self.faults.removed = true;
        self.removed_at = self.now;
    }

    pub fn ensure_ours(&self) -> Result<(), PcieError> {
        if self.faults.asked_back {
            return Err(PcieError::Gone("the system wants it back".into()));
        }
        Ok(())
    }

    /// Whether it can be opened again; it has lost its power then.
    pub fn comes_back(&mut self) -> bool {
        let back = self.faults.back_after;
        if self.faults.removed && back.is_some_and(|after| self.now >= self.removed_at + after) {
            let fresh = Self::new(self.accelerator.word_bits);
            let (now, opened, closed) = (self.now, self.opened, self.closed);
            *self = Self { now, opened, closed, patience: self.patience, ..fresh };
        }
        !self.faults.removed
    }

    pub fn read(&mut self, word: u32) -> u32 {
        self.now += READ_TIME;
        if self.faults.removed {
            return u32::MAX;
        }
        self.run();
        match word {
            DMA_REGISTERS.. if word < DMA_REGISTERS + DMA_REGISTER_WORDS => *self.register(word),
            _ => self.accelerator.read(word, self.now),
        }
    }

    pub fn write(&mut self, word: u32, value: u32) {
        if self.faults.removed {
            return;
        }
        match word {
            DMA_CONTROL if value & CONTROL_RESET != 0 => {
                for register in [
                    DMA_CONTROL,
                    DMA_STATUS,
                    COMMAND_TAIL,
                    COMMAND_HEAD,
                    COMPLETION_HEAD,
                    COMPLETION_TAIL,
                ] {
                    *self.register(register) = 0;
                }
                (self.sequence, self.copied) = (0, 0);
            }
            DMA_REGISTERS.. if word < DMA_REGISTERS + DMA_REGISTER_WORDS => {
                if word == COMMAND_TAIL && self.has_caught_up() {
                    self.command_at = self.now + self.faults.command_time;
                }
                *self.register(word) = value;
            }
            _ => {
                let now = self.now;
                if word == gemmine_hdl::registers::RESET {
                    self.copied = 0;
                }
                self.accelerator.write(word, value, now);
            }
        }
        self.run();
    }

    /// Takes an interrupt, if one comes until then.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        let end = self.now + timeout;
        loop {
            self.run();
            if self.interrupts > 0 {
                self.interrupts = 0;
                return true;
            }
            if self.now >= end {
                return false;
            }
            let command =
                (!self.has_caught_up() && !self.faults.stalled).then_some(self.command_at);
            let dues = [self.accelerator.due(), command.filter(|at| *at > self.now)];
            let due = dues.into_iter().flatten().min().unwrap_or(end);
            self.now = due.clamp(self.now, end);
        }
    }

    fn at(&self, address: u64, words: usize) -> Option<(&dyn Memory, u64)> {
        let reach = self.faults.mapped.unwrap_or(usize::MAX);
        let piece = self.memory.iter().take(reach).find(|(first, memory)| {
            (*first..*first + memory.bytes()).contains(&address)
                && address + 4 * words as u64 <= first + memory.bytes()
        })?;
        Some((&*piece.1, address - piece.0))
    }

    fn wide(&mut self, low: u32) -> u64 {
        u64::from(*self.register(low)) | u64::from(*self.register(low + 1)) << 32
    }

    fn halt(&mut self, error: DmaError) {
        let index = *self.register(COMMAND_HEAD);
        let status = STATUS_HALTED | (error as u32) << 4 | index << 16;
        *self.register(DMA_STATUS) = status;
        if error == DmaError::Write {
            self.interrupt();
            return;
        }
        let mut entry = [0; 16];
        entry[0] = status;
        self.put(entry, KIND_HALTED);
    }

    fn interrupt(&mut self) {
        self.raised += 1;
        if !self.faults.lose_interrupts {
            self.interrupts += 1;
            *self.register(INTERRUPTS) += 1;
        }
    }

    /// Whether every command is carried out that it was told of.
    fn has_caught_up(&mut self) -> bool {
        *self.register(COMMAND_HEAD) == *self.register(COMMAND_TAIL) & 0xffff
    }

    /// Whether the completion ring has room.
    fn has_room(&mut self) -> bool {
        let held = self.sequence as u16 - *self.register(COMPLETION_HEAD) as u16;
        u32::from(held) < 1 << *self.register(COMPLETION_SIZE)
    }

    fn put(&mut self, mut entry: [u32; 16], kind: u32) {
        let head = *self.register(COMMAND_HEAD);
        entry[14] = head | kind << 24;
        entry[15] = self.sequence + 1;
        if let Some((index, word, bits)) = self.faults.entry
            && index == self.sequence
        {
            entry[word] ^= bits;
        }
        let mask = (1 << *self.register(COMPLETION_SIZE)) - 1;
        let address = self.wide(COMPLETION_BASE_LOW) + 64 * u64::from(self.sequence & mask);
        let Some((memory, offset)) = self.at(address, 16) else {
            return self.halt(DmaError::Write);
        };
        memory.write(offset, &entry[..15]);
        memory.write(offset + 60, &entry[15..]);
        self.sequence += 1;
        *self.register(COMPLETION_TAIL) = self.sequence & 0xffff;
        *self.register(DMA_WRITE_BYTES) += 64;
        self.interrupt();
    }

    /// Whether it runs and is not halted.
    fn goes(&mut self) -> bool {
        *self.register(DMA_CONTROL) & CONTROL_RUN != 0
            && *self.register(DMA_STATUS) & STATUS_HALTED == 0
            && !self.faults.removed
    }

    /// Copies completions and carries out commands.
    fn run(&mut self) {
        self.accelerator.pass(self.now);
        while self.goes() && self.has_room() {
            if self.accelerator.waiting() > 0 {
                let first = COMPLETIONS + 16 * (self.copied % 16);
                let words: [u32; 16] =
                    std::array::from_fn(|n| self.accelerator.read(first + n as u32, self.now));
                self.copied += 1;
                self.accelerator.write(POP, 1, self.now);
                self.put(entry_of(&words), KIND_COMPLETION);
            } else if self.faults.stalled || self.has_caught_up() || self.now < self.command_at {
                return;
            } else {
                self.command_at += self.faults.command_time;
                self.command();
            }
        }
    }

    fn command(&mut self) {
        let index = *self.register(COMMAND_HEAD) as u16;
        let mask = (1_u64 << *self.register(COMMAND_SIZE)) - 1;
        let address = self.wide(COMMAND_BASE_LOW) + 32 * (u64::from(index) & mask);
        let mut command = [0; 8];
        match self.at(address, 8) {
            Some((memory, offset)) => memory.read(offset, &mut command),
            None => return self.halt(DmaError::Read),
        }
        if let Some((at, word, bits)) = self.faults.command
            && at == index
        {
            command[word] ^= bits;
        }
        let [opcode, notify, tag, bus, words, _, _] =
            COMMAND_FIELDS.map(|field| field.get(&command));
        let host = u64::from(command[4]) | u64::from(command[5]) << 32;
        let limit = if opcode == IMMEDIATE { IMMEDIATE_WORDS } else { BUS_PART_WORDS };
        let end = bus % BUS_PART_WORDS + words;
        if !(1..=3).contains(&opcode) {
            return self.halt(DmaError::Opcode);
        }
        let aligned = opcode == IMMEDIATE || host.is_multiple_of(TRANSFER_ALIGN);
        if !(1..=limit).contains(&words) || end > BUS_PART_WORDS || !aligned {
            return self.halt(DmaError::Range);
        }
        let mut data = vec![0; words as usize];
        let mut moved = 32;
        match opcode {
            READ => {
                for (address, value) in (bus..).zip(&mut data) {
                    *value = self.accelerator.read(address, self.now) ^ self.faults.read;
                }
                match self.at(host, data.len()) {
                    Some((memory, offset)) => memory.write(offset, &data),
                    None => return self.halt(DmaError::Write),
                }
                *self.register(DMA_WRITE_BYTES) += 4 * words;
            }
            _ => {
                if opcode == IMMEDIATE {
                    data.copy_from_slice(&command[4..][..words as usize]);
                } else {
                    match self.at(host, data.len()) {
                        Some((memory, offset)) => memory.read(offset, &mut data),
                        None => return self.halt(DmaError::Read),
                    }
                    moved += 4 * words;
                }
                for (address, value) in (bus..).zip(&data) {
                    self.accelerator.write(address, *value, self.now);
                }
            }
        }
        *self.register(DMA_READ_BYTES) += moved;
        *self.register(COMMANDS) += 1;
        *self.register(COMMAND_HEAD) = index.wrapping_add(1).into();
        if notify == 1 {
            let mut entry = [0; 16];
            entry[13] = tag;
            self.put(entry, KIND_NOTIFY);
        }
    }
}
