//! The memory link as the host sees it: its own registers, the commands that it fetches, the entries that it
//! writes. One list for the RTL, the simulation, the driver and the documentation.
//!
//! # Window
//! [`WINDOW_BYTES`] of memory-mapped I/O, in words of 32 bits: word address w stands at byte 4 w. The words are those
//! of [`registers`](crate::registers), as over a serial line, and from [`DMA_REGISTERS`] on, where that map has
//! nothing, the link's own ([`TABLE`]). Single accesses of whole words; a write of less than 32 bits is lost.
//!
//! # Rings
//! Host memory that the device reads and writes by itself, little endian. An index counts freely, modulo 2^16; the
//! entry of index n stands at base + (n mod 2^size) times the entry's bytes. Bases are multiples of [`RING_ALIGN`].
//!
//! * **Commands** ([`COMMAND_FIELDS`]): the host writes entries, then [`COMMAND_TAIL`], at most 2^size beyond
//!   [`COMMAND_HEAD`]. They are carried out in order: what a command does on the bus is done before anything that the
//!   next one does there. `WRITE` is done when its last word is on the bus, `READ` when all its words are in host
//!   memory, `IMMEDIATE` when its words are on the bus. The device reads ahead: a command, and what a `WRITE` moves, may
//!   be read as soon as it is before `COMMAND_TAIL`, so it stands from then on until the command is done.
//! * **Entries** ([`ENTRY_FIELDS`]): the device copies each completion out of the accelerator's queue and pops it, and
//!   says what became of commands. One 64-byte burst an entry, so word 15 is there last: the entry of index n is
//!   whole when its `sequence` is n + 1. The host gives room back by [`COMPLETION_HEAD`]; the device waits when 2^size
//!   entries are not given back. Before a ring is used from index 0 on again, the host clears it.
//!
//! # Run, halt, reset
//! * `run` = 0: no command begins and no completion is copied; what has begun ends. The host may then read and pop
//!   completions itself. Bases and sizes are written only while `run` is 0 and nothing is `busy`.
//! * An error halts: no further command, no further completion. An entry of kind 3 is the last one, unless writing is
//!   what failed, and then an interrupt comes at once, whatever the moderation.
//! * `reset` = 1 stops: `run` is 0, what is held is dropped, reads and writes in flight are waited for, indices, tail
//!   and head of both rings, the error and `pending` become 0. `reset` reads 1 until that is done. Bases, sizes,
//!   interrupt registers and counters stay, and so does all of the accelerator: its RESET is a register of its own.
//! * RESET of the accelerator drops completions that were not copied. One that just was may still become an entry,
//!   and is there before the entry of any command that notifies behind the RESET.

use crate::registers::Field;

/// Bytes of the window (BAR 0).
pub const WINDOW_BYTES: u32 = 4 << 20;
/// Word address of the first register of the link.
pub const DMA_REGISTERS: u32 = 1024;
/// Words that belong to them.
pub const DMA_REGISTER_WORDS: u32 = 64;
/// What [`DMA_ID`] reads as: "DMA1", low byte first.
pub const DMA_ID_VALUE: u32 = 0x3141_4d44;

/// Bytes that a ring's base is a multiple of.
pub const RING_ALIGN: u64 = 64;
/// Smallest size of a ring, as a power of two of entries. A smaller value counts as this one.
pub const RING_SIZE_MIN: u32 = 4;
/// Largest one; a larger value counts as this one.
pub const RING_SIZE_MAX: u32 = 12;

/// Words of a command; its fields are [`COMMAND_FIELDS`].
pub const COMMAND_WORDS: u32 = 8;
/// Most words of an [`IMMEDIATE`].
pub const IMMEDIATE_WORDS: u32 = 4;
/// Bytes that the host address of a [`WRITE`] or [`READ`] is a multiple of.
pub const TRANSFER_ALIGN: u64 = 8;
/// Words of a part of the bus (registers and windows, results, panels of A', panels of B'), whose end no command
/// crosses.
pub const BUS_PART_WORDS: u32 = 1 << 18;
/// Words of an entry of the completion ring; its fields are [`ENTRY_FIELDS`].
pub const ENTRY_WORDS: u32 = 16;
/// Bytes that one read or write of host memory moves at most; none crosses a multiple of it.
pub const BURST_BYTES: u64 = 128;
/// Reads of host memory that may be in flight.
pub const READS_IN_FLIGHT: usize = 4;
/// Commands that are fetched ahead of the one in work.
pub const COMMANDS_AHEAD: usize = 4;

/// What can be done with a register of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaAccess {
    /// Read; a write is lost.
    Read,
    /// Read and write.
    ReadWrite,
}

/// A register of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaRegister {
    /// Name.
    pub name: &'static str,
    /// Word address.
    pub address: u32,
    /// What can be done with it.
    pub access: DmaAccess,
    /// Its fields and what they mean.
    pub meaning: &'static str,
}

/// Declares the addresses and [`TABLE`].
macro_rules! registers {
    ($($ACCESS:ident $NAME:ident = $place:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $NAME: u32 = DMA_REGISTERS + $place;)*

        /// All registers of the link, by address, without a hole.
        pub const TABLE: &[DmaRegister] = &[
            $(DmaRegister {
                name: stringify!($NAME),
                address: DMA_REGISTERS + $place,
                access: DmaAccess::$ACCESS,
                meaning: $meaning,
            },)*
        ];
    };
}

registers! {
    Read DMA_ID = 0: "\"DMA1\", low byte first: 0x31414d44";
    ReadWrite DMA_CONTROL = 1: "run (0); reset (1), written as 1 it begins one, and reads 1 until it is done";
    Read DMA_STATUS = 2: "busy (0), a command, an entry or a reset is in work; halted by an error (1); error (7:4), see [`DmaError`]; command's index at which it halted (31:16)";
    ReadWrite COMMAND_BASE_LOW = 3: "byte address of the command ring, low word; its bits 5:0 count as 0";
    ReadWrite COMMAND_BASE_HIGH = 4: "the same, high word";
    ReadWrite COMMAND_SIZE = 5: "entries of the command ring, as a power of two (3:0), 4 to 12";
    ReadWrite COMMAND_TAIL = 6: "index one past the newest command (15:0)";
    Read COMMAND_HEAD = 7: "index of the first command that is not done (15:0)";
    ReadWrite COMPLETION_BASE_LOW = 8: "byte address of the completion ring, low word; its bits 5:0 count as 0";
    ReadWrite COMPLETION_BASE_HIGH = 9: "the same, high word";
    ReadWrite COMPLETION_SIZE = 10: "entries of the completion ring, as a power of two (3:0), 4 to 12";
    ReadWrite COMPLETION_HEAD = 11: "index one past the newest entry that the host has done with (15:0)";
    Read COMPLETION_TAIL = 12: "index of the next entry that will be written (15:0)";
    ReadWrite INTERRUPT_MODERATION = 13: "cycles that an interrupt may wait for more entries, in sixteens (15:0); entries that fire it at once (23:16), where 0 counts as 1";
    ReadWrite INTERRUPT_CONTROL = 14: "enable (0); pending (1), read only: entries were written that no interrupt has announced";
    Read DMA_READ_BYTES = 15: "bytes read from host memory, modulo 2^32";
    Read DMA_WRITE_BYTES = 16: "bytes written to host memory, modulo 2^32";
    Read COMMANDS = 17: "commands done, modulo 2^32";
    Read INTERRUPTS = 18: "interrupts, modulo 2^32";
    Read READ_STALLS = 19: "cycles in which a WRITE waited for host memory, modulo 2^32";
    Read BUS_STALLS = 20: "cycles in which a command's word waited for the bus, modulo 2^32";
}

/// In [`DMA_CONTROL`]: carry out commands, and copy completions.
pub const CONTROL_RUN: u32 = 1 << 0;
/// In [`DMA_CONTROL`]: drop everything and start anew.
pub const CONTROL_RESET: u32 = 1 << 1;
/// In [`DMA_STATUS`]: something is in work.
pub const STATUS_BUSY: u32 = 1 << 0;
/// In [`DMA_STATUS`]: halted by an error.
pub const STATUS_HALTED: u32 = 1 << 1;
/// In [`INTERRUPT_CONTROL`]: interrupts come.
pub const INTERRUPT_ENABLE: u32 = 1 << 0;
/// In [`INTERRUPT_CONTROL`]: entries were written that no interrupt has announced.
pub const INTERRUPT_PENDING: u32 = 1 << 1;

/// Fields of [`DMA_STATUS`].
pub const STATUS_FIELDS: [Field; 4] = [
    Field::bits("busy", 0, 0, 1, "something is in work"),
    Field::bits("halted", 0, 1, 1, "halted by an error"),
    Field::bits("error", 0, 4, 4, "which one"),
    Field::bits("index", 0, 16, 16, "the command's index at which it halted"),
];

/// Why the link has halted: the error in [`DMA_STATUS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DmaError {
    /// A command's opcode is none.
    Opcode = 1,
    /// A command's words are none or too many, its host address is not a multiple of [`TRANSFER_ALIGN`], or it
    /// crosses the end of its part of the bus or lies outside.
    Range = 2,
    /// A read of host memory was not answered with OKAY.
    Read = 3,
    /// A write of host memory was not answered with OKAY.
    Write = 4,
}

impl DmaError {
    /// That of a value of [`DMA_STATUS`], or of word 0 of an entry of kind 3: none, if it has not halted or the
    /// number is none of these.
    pub const fn of_status(status: u32) -> Option<Self> {
        if status & STATUS_HALTED == 0 {
            return None;
        }
        match STATUS_FIELDS[2].get(&[status]) {
            1 => Some(Self::Opcode),
            2 => Some(Self::Range),
            3 => Some(Self::Read),
            4 => Some(Self::Write),
            _ => None,
        }
    }
}

/// Opcode of a command that moves words from host memory to the bus.
pub const WRITE: u32 = 1;
/// Opcode of one that moves words from the bus to host memory.
pub const READ: u32 = 2;
/// Opcode of one that puts words of its own on the bus.
pub const IMMEDIATE: u32 = 3;

/// Fields of a command. `host` and `payload` are the same words. Other bits of words 1 and 2 are 0.
pub const COMMAND_FIELDS: [Field; 7] = [
    Field::bits(
        "opcode",
        0,
        0,
        4,
        "1 WRITE, from `host` to the bus; 2 READ, from the bus to `host`; 3 IMMEDIATE, `payload` to the bus",
    ),
    Field::bits("notify", 0, 7, 1, "write an entry of kind 2 when it is done"),
    Field::bits("tag", 0, 16, 16, "any number; comes back in that entry"),
    Field::bits("bus", 1, 0, 20, "word address of the first word on the bus"),
    Field::bits("words", 2, 0, 18, "how many words, at least 1; of IMMEDIATE at most 4"),
    Field::words("host", 4, 2, "byte address in host memory, low word first, a multiple of 8"),
    Field::words("payload", 4, 4, "words of IMMEDIATE"),
];

/// Kind of an entry: a completion of the accelerator.
pub const KIND_COMPLETION: u32 = 1;
/// Kind of an entry: a command that asked for it is done.
pub const KIND_NOTIFY: u32 = 2;
/// Kind of an entry: halted by an error.
pub const KIND_HALTED: u32 = 3;

/// Fields of an entry of the completion ring. What no field takes, or no field of this kind, is 0.
pub const ENTRY_FIELDS: [Field; 6] = [
    Field::words("completion", 0, 5, "kind 1: words 0 to 4 of the accelerator's completion"),
    Field::words("ticket", 5, 8, "kind 1: words 8 to 15 of it"),
    Field::bits("tag", 13, 0, 16, "kind 2: that of the command"),
    Field::bits("command_head", 14, 0, 16, "COMMAND_HEAD when the entry was made"),
    Field::bits(
        "kind",
        14,
        24,
        8,
        "1 completion, 2 a command is done, 3 halted: word 0 is DMA_STATUS",
    ),
    Field::words("sequence", 15, 1, "index of the entry since the last reset, plus 1"),
];

/// Words of a completion in front of its ticket that an entry has.
pub const ENTRY_HEAD_WORDS: usize = 5;

/// The accelerator's completion in an entry of kind 1, by the words of
/// [`COMPLETION_FIELDS`](crate::registers::COMPLETION_FIELDS).
pub fn completion_of(entry: &[u32; ENTRY_WORDS as usize]) -> [u32; 16] {
    let mut completion = [0; 16];
    completion[..ENTRY_HEAD_WORDS].copy_from_slice(&entry[..ENTRY_HEAD_WORDS]);
    completion[8..].copy_from_slice(&entry[ENTRY_HEAD_WORDS..ENTRY_HEAD_WORDS + 8]);
    completion
}

/// The entry that a completion becomes: the other way round, without words 13 to 15.
pub fn entry_of(completion: &[u32; 16]) -> [u32; ENTRY_WORDS as usize] {
    let mut entry = [0; ENTRY_WORDS as usize];
    entry[..ENTRY_HEAD_WORDS].copy_from_slice(&completion[..ENTRY_HEAD_WORDS]);
    entry[ENTRY_HEAD_WORDS..ENTRY_HEAD_WORDS + 8].copy_from_slice(&completion[8..]);
    entry
}

#[cfg(test)]
mod tests;
