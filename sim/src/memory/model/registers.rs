//! The link's own registers, as the host reads and writes them.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::DmaError;

/// A ring in host memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring {
    /// Byte address of entry 0.
    base: u64,
    /// As the host wrote it.
    size: u32,
}

impl Ring {
    /// Entries.
    pub fn entries(self) -> u16 {
        1 << self.size.clamp(map::RING_SIZE_MIN, map::RING_SIZE_MAX)
    }

    /// The byte address of the entry of an index.
    pub fn address(self, index: u16, words: u32) -> u64 {
        let place = index % self.entries();
        self.base.wrapping_add(u64::from(place) * u64::from(words) * 4)
    }

    fn set_low(&mut self, word: u32) {
        let low = u64::from(word) & !(map::RING_ALIGN - 1);
        self.base = self.base >> 32 << 32 | low;
    }

    fn set_high(&mut self, word: u32) {
        self.base = self.base & 0xffff_ffff | u64::from(word) << 32;
    }
}

/// What the link counts, modulo 2^32.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes read from host memory.
    pub read_bytes: u32,
    /// Bytes written to host memory.
    pub write_bytes: u32,
    /// Commands done.
    pub commands: u32,
    /// Interrupts.
    pub interrupts: u32,
    /// Cycles in which a WRITE waited for host memory.
    pub read_stalls: u32,
    /// Cycles in which a command's word waited for the bus.
    pub bus_stalls: u32,
}

/// When an interrupt comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moderation {
    word: u32,
}

impl Moderation {
    /// Cycles that one may wait for more entries.
    pub fn cycles(self) -> u64 {
        u64::from(self.word & 0xffff) * 16
    }

    /// Entries that fire it at once.
    pub fn entries(self) -> u32 {
        (self.word >> 16 & 0xff).max(1)
    }
}

/// The registers.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    /// Carry out commands, and copy completions.
    pub run: bool,
    /// Why the link has halted, and at which command.
    pub halted: Option<(DmaError, u16)>,
    /// The command ring.
    pub commands: Ring,
    /// One past the newest command.
    pub command_tail: u16,
    /// The first command that is not done.
    pub command_head: u16,
    /// The completion ring.
    pub completions: Ring,
    /// One past the newest entry that the host has done with.
    pub completion_head: u16,
    /// Entries written since the last reset.
    pub written: u32,
    /// When an interrupt comes.
    pub moderation: Moderation,
    /// Whether any does.
    pub interrupts: bool,
    /// Entries that no interrupt has announced.
    pub unannounced: u32,
    /// Counters.
    pub counts: Counts,
}

impl Registers {
    /// A register, and whether something is in work.
    pub fn read(&self, address: u32, busy: bool) -> u32 {
        let counts = &self.counts;
        match address {
            map::DMA_ID => map::DMA_ID_VALUE,
            map::DMA_CONTROL => u32::from(self.run),
            map::DMA_STATUS => self.status(busy),
            map::COMMAND_BASE_LOW => self.commands.base as u32,
            map::COMMAND_BASE_HIGH => (self.commands.base >> 32) as u32,
            map::COMMAND_SIZE => self.commands.size,
            map::COMMAND_TAIL => self.command_tail.into(),
            map::COMMAND_HEAD => self.command_head.into(),
            map::COMPLETION_BASE_LOW => self.completions.base as u32,
            map::COMPLETION_BASE_HIGH => (self.completions.base >> 32) as u32,
            map::COMPLETION_SIZE => self.completions.size,
            map::COMPLETION_HEAD => self.completion_head.into(),
            map::COMPLETION_TAIL => self.written & 0xffff,
            map::INTERRUPT_MODERATION => self.moderation.word,
            map::INTERRUPT_CONTROL => {
                let pending = if self.unannounced > 0 { map::INTERRUPT_PENDING } else { 0 };
                u32::from(self.interrupts) | pending
            }
            map::DMA_READ_BYTES => counts.read_bytes,
            map::DMA_WRITE_BYTES => counts.write_bytes,
            map::COMMANDS => counts.commands,
            map::INTERRUPTS => counts.interrupts,
            map::READ_STALLS => counts.read_stalls,
            map::BUS_STALLS => counts.bus_stalls,
            _ => 0,
        }
    }

    /// Writes a register; whether that begins a reset.
    pub fn write(&mut self, address: u32, word: u32) -> bool {
        match address {
            map::DMA_CONTROL => {
                self.run = word & map::CONTROL_RUN != 0;
                return word & map::CONTROL_RESET != 0;
            }
            map::COMMAND_BASE_LOW => self.commands.set_low(word),
            map::COMMAND_BASE_HIGH => self.commands.set_high(word),
            map::COMMAND_SIZE => self.commands.size = word & 0xf,
            map::COMMAND_TAIL => self.command_tail = word as u16,
            map::COMPLETION_BASE_LOW => self.completions.set_low(word),
            map::COMPLETION_BASE_HIGH => self.completions.set_high(word),
            map::COMPLETION_SIZE => self.completions.size = word & 0xf,
            map::COMPLETION_HEAD => self.completion_head = word as u16,
            map::INTERRUPT_MODERATION => self.moderation.word = word & 0x00ff_ffff,
            map::INTERRUPT_CONTROL => self.interrupts = word & map::INTERRUPT_ENABLE != 0,
            _ => {}
        }
        false
    }

    /// What a reset does to them.
    pub fn reset(&mut self) {
        *self = Self {
            commands: self.commands,
            completions: self.completions,
            moderation: self.moderation,
            interrupts: self.interrupts,
            counts: self.counts,
            ..Self::default()
        };
    }

    /// The word of DMA_STATUS.
    pub fn status(&self, busy: bool) -> u32 {
        let mut status = [u32::from(busy)];
        if let Some((error, index)) = self.halted {
            let [_, halted, code, at] = map::STATUS_FIELDS;
            halted.put(&mut status, 1);
            code.put(&mut status, error as u32);
            at.put(&mut status, index.into());
        }
        status[0]
    }

    /// Whether the completion ring takes one more entry.
    pub fn has_room(&self) -> bool {
        (self.written as u16).wrapping_sub(self.completion_head) < self.completions.entries()
    }
}
