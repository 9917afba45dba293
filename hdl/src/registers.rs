//! The register table: one list from which the RTL's decoder, the host's addresses and the datasheet
//! are made.
//!
//! ```text
//!                     +--------------+
//!       address_in ==>|              |=> data_out
//!    write_next_in -->| RegisterFile |---> one strobe a writable register
//!          next_in ==>|              |
//!      one word a ===>|              |
//!    live register,   |              |
//!          word_in ==>|              |
//!                     +--------------+
//! ```
//!
//! # Address map
//! Words of 32 bits by word address, [`ADDRESS_BITS`] of them:
//!
//! | from | words | what |
//! |---|---|---|
//! | 0 | 64 | registers ([`TABLE`]) |
//! | [`DESCRIPTORS`] | 64 | descriptor window, write only: see [`DESCRIPTOR_FIELDS`] |
//! | [`JOBS`] | 64 | job slots, write only: see [`JOB_FIELDS`] |
//! | [`COMPLETIONS`] | 256 | completion queue, read only: see [`COMPLETION_FIELDS`] |
//! | [`RESULTS`] | 512 | two banks of 256 results, read only: see [`result_address`] |
//! | [`PANELS_A`] | 2^18 | panel memory of A', write only: see [`panel_address`] |
//! | [`PANELS_B`] | 2^18 | panel memory of B', write only |
//!
//! What is not listed reads as 0, and writes to it are lost.
//!
//! # Latency
//! [`READ_LATENCY`] cycles from `address_in` to `data_out`, but for `word_in`, which comes at once; a strobe comes
//! with its word, a cycle behind `write_next_in` and `next_in`.
//!
//! # Why
//! Most words are constant, or swept by the [counters](crate::counters), and stand in one memory. Only the live
//! ones, which are those of this very cycle, are wired here: a row of one-hot registers and an OR, no chain of
//! comparisons, however many there are.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::geometry::Geometry;

pub mod layout;

pub use layout::{
    COMPLETION_FIELDS, DESCRIPTOR_FIELDS, Field, JOB_FIELDS, NOISE_SEED_FIELDS, NONCE_WORD,
    SEED_FIELDS,
};

/// Bits of a word address.
pub const ADDRESS_BITS: usize = 20;
/// Cycles from an address to the live register's word.
pub const READ_LATENCY: usize = 2;

/// Descriptor window: every fourth word written pushes a descriptor, so that one burst pushes up to 16.
pub const DESCRIPTORS: u32 = 64;
/// Words of a descriptor; its fields are [`DESCRIPTOR_FIELDS`].
pub const DESCRIPTOR_WORDS: u32 = 4;
/// Third word of a descriptor: names, lowest bits and bits of its fields.
pub const SHAPE_FIELDS: [(&str, u32, u32); 7] = [
    layout::place(3),
    layout::place(4),
    layout::place(5),
    layout::place(6),
    layout::place(7),
    layout::place(8),
    layout::place(9),
];
/// Descriptors that may be outstanding, from their push to the pop of their completion.
pub const QUEUE: u32 = 16;

/// Job slots.
pub const JOBS: u32 = 128;
/// Words of a job slot; its fields are [`JOB_FIELDS`].
pub const JOB_WORDS: u32 = 16;
/// How many job slots there are.
pub const JOB_SLOTS: u32 = 4;

/// Completion queue: entry n mod [`QUEUE`] is that of the nth descriptor since the last reset.
pub const COMPLETIONS: u32 = 256;
/// Words from one completion to the next; its fields are [`COMPLETION_FIELDS`].
pub const COMPLETION_WORDS: u32 = 16;

/// Damaged frames and bytes without a stop bit in a row after which the device falls back to its
/// first baud rate.
pub const FALLBACK_ERRORS: u32 = 16;

/// Product tiles.
pub const RESULTS: u32 = 1 << 18;
/// Banks of product tiles.
pub const RESULT_BANKS: u32 = 2;
/// Panel memory of A'.
pub const PANELS_A: u32 = 2 << 18;
/// Panel memory of B'.
pub const PANELS_B: u32 = 3 << 18;

/// First word of the [counters](crate::counters).
pub const COUNTERS: u32 = BUSY_LOW;
/// One past the last one.
pub const COUNTERS_END: u32 = BYTES_OUT + 1;
/// Counters of two words, from the first one on.
pub const COUNTERS_WIDE: usize = (FRAMES_GOOD - BUSY_LOW) as usize / 2;
/// Counters of one word behind them.
pub const COUNTERS_NARROW: usize = (COUNTERS_END - FRAMES_GOOD) as usize;

/// What [`ID`] reads as: "GEMM", low byte first.
pub const ID_VALUE: u32 = 0x4d4d_4547;
/// The version of this map and of the [frames](crate::frame).
pub const VERSION_VALUE: u32 = 1;

/// Word address of the first word of a lane (a row of A' or a column of B', 0 to 15) of panel memory,
/// behind [`PANELS_A`] or [`PANELS_B`]. `width` is P for A and Q for B, `word_bits` the bits of a
/// word's address in its lane; a word holds four steps, the first in its low byte.
///
/// Physical lane i holds the logical lanes i, i + width, i + 2 width, .. behind each other.
pub const fn panel_address(width: usize, word_bits: usize, lane: usize) -> u32 {
    let (physical, group) = (lane % width, lane / width);
    ((physical * (16 / width) + group) << word_bits) as u32
}

/// Word address of a result of the product tile in a bank, behind [`RESULTS`].
pub const fn result_address(geometry: Geometry, bank: usize, row: usize, column: usize) -> u32 {
    let across = 16 / geometry.columns();
    let slot = row / geometry.rows() * across + column / geometry.columns();
    let nth = slot * geometry.rows() + row % geometry.rows();
    (bank * 256 + column % geometry.columns() * geometry.column_results() + nth) as u32
}

/// What can be done with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Read,
    /// Write.
    Write,
}

/// A register of the table. A register that can be both read and written stands twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Name.
    pub name: &'static str,
    /// Word address.
    pub address: u32,
    /// Read or write.
    pub access: Access,
    /// Its fields and what they mean.
    pub meaning: &'static str,
}

/// Declares the addresses, [`TABLE`] and [`RegisterFile`]. Addresses of readable registers count from 0 without a
/// hole. Live ones, and those that can be written, also have their numbers among those, in decimal, because an index
/// in rust-hdl must be.
macro_rules! registers {
    (
        constant { $($CONSTANT:ident = $constant_address:tt: $constant_meaning:literal;)* }
        read { $($read:ident $READ:ident = $read_address:tt, $live:tt: $read_meaning:literal;)* }
        count { $($COUNT:ident = $count_address:tt: $count_meaning:literal;)* }
        write { $($nth:tt $write:ident $WRITE:ident = $write_address:tt: $write_meaning:literal;)* }
    ) => {
        $(#[doc = $constant_meaning] pub const $CONSTANT: u32 = $constant_address;)*
        $(#[doc = $read_meaning] pub const $READ: u32 = $read_address;)*
        $(#[doc = $count_meaning] pub const $COUNT: u32 = $count_address;)*
        $(#[doc = $write_meaning] pub const $WRITE: u32 = $write_address;)*

        /// All registers: those that can be read by address, then those that can be written.
        pub const TABLE: &[Register] = &[
            $(Register {
                name: stringify!($CONSTANT),
                address: $constant_address,
                access: Access::Read,
                meaning: $constant_meaning,
            },)*
            $(Register {
                name: stringify!($READ),
                address: $read_address,
                access: Access::Read,
                meaning: $read_meaning,
            },)*
            $(Register {
                name: stringify!($COUNT),
                address: $count_address,
                access: Access::Read,
                meaning: $count_meaning,
            },)*
            $(Register {
                name: stringify!($WRITE),
                address: $write_address,
                access: Access::Write,
                meaning: $write_meaning,
            },)*
        ];

        /// Constants, from address 0 on: see [`constants`](crate::identity::constants).
        pub const CONSTANTS: usize = [$($constant_address),*].len();
        const LIVE: usize = [$($read_address),*].len();
        const WRITABLE: usize = [$($write_address),*].len();

        /// The decoder. See the module's documentation.
        #[derive(LogicBlock)]
        pub struct RegisterFile {
            /// Clock, rising edge.
            pub clock: Signal<In, Clock>,
            /// Word address.
            pub address_in: Signal<In, Bits<6>>,
            /// A register is written in the next cycle.
            pub write_next_in: Signal<In, Bit>,
            /// Its address.
            pub next_in: Signal<In, Bits<6>>,
            $(#[doc = $read_meaning] pub $read: Signal<In, Bits<32>>,)*
            /// Word of a constant or a counter, as it belongs on `data_out`; 0 of any other address.
            pub word_in: Signal<In, Bits<32>>,
            $(#[doc = $write_meaning] pub $write: Signal<Out, Bit>,)*
            /// The word.
            pub data_out: Signal<Out, Bits<32>>,
            selected: [DFF<Bit>; LIVE],
            gated: [Signal<Local, Bits<32>>; LIVE],
            data: DFF<Bits<32>>,
            written: [DFF<Bit>; WRITABLE],
        }

        impl Default for RegisterFile {
            fn default() -> Self {
                Self {
                    clock: Signal::default(),
                    address_in: Signal::default(),
                    write_next_in: Signal::default(),
                    next_in: Signal::default(),
                    $($read: Signal::default(),)*
                    word_in: Signal::default(),
                    $($write: Signal::default(),)*
                    data_out: Signal::default(),
                    selected: array_init::array_init(|_| DFF::default()),
                    gated: array_init::array_init(|_| Signal::default()),
                    data: DFF::default(),
                    written: array_init::array_init(|_| DFF::default()),
                }
            }
        }

        impl Logic for RegisterFile {
            #[hdl_gen]
            fn update(&mut self) {
                dff_setup!(self, clock, data);
                $(
                    self.selected[$live].clock.next = self.clock.val();
                    self.selected[$live].d.next = self.address_in.val() == bits::<6>($read_address);
                    self.gated[$live].next = bits::<32>(0);
                    if self.selected[$live].q.val() {
                        self.gated[$live].next = self.$read.val();
                    }
                )*
                self.data.d.next = $(self.gated[$live].val())|*;
                self.data_out.next = self.data.q.val() | self.word_in.val();
                $(
                    self.written[$nth].clock.next = self.clock.val();
                    self.written[$nth].d.next =
                        self.write_next_in.val() && self.next_in.val() == bits::<6>($write_address);
                    self.$write.next = self.written[$nth].q.val();
                )*
            }
        }
    };
}

registers! {
    constant {
        ID = 0: "\"GEMM\", low byte first: 0x4d4d4547";
        VERSION = 1: "version of the register map and the frames";
        BUILD = 2: "first word of the BLAKE3 hash of the device's Verilog with a BUILD of 0";
        GEOMETRY = 3: "rows P (7:0), columns Q (15:8), engines that grow operands (23:16), bits of a word's address in a panel lane (31:24)";
        PROTOCOLS = 4: "bit n below 16: Pearl certificate version n; bit 16: scans of Amadeus uPoW2; bit 17: scans of Pearl without a signal";
        LIMITS = 5: "descriptors (7:0), job slots (15:8), result banks (23:16), words of a payload less one (31:24)";
        CLOCK_HZ = 6: "clock in hertz";
    }
    read {
        status STATUS = 7, 0: "running (0), a tile is in the array (1), completions waiting (15:8), descriptors outstanding (23:16)";
        error ERROR = 8, 1: "sticky: a descriptor was pushed onto a full queue and lost (0), more was popped or released than there was (1), the watchdog reset the device (2)";
        baud BAUD = 9, 2: "bits a cycle of the serial link, in 2^-24";
        scratch SCRATCH = 10, 3: "what was written last; 0 after power-up";
        commits COMMITS = 11, 4: "commits of A (7:0) and of B (15:8), modulo 256";
        time_low TIME_LOW = 12, 5: "cycles since power-up, low half (23:0)";
        time_high TIME_HIGH = 13, 6: "cycles since power-up, high half (23:0)";
    }
    count {
        BUSY_LOW = 14: "cycles with a tile in work or its results on the way, low half (23:0)";
        BUSY_HIGH = 15: "the same, high half";
        MAC_LOW = 16: "cycles with a step, each worth P Q MACs, low half";
        MAC_HIGH = 17: "the same, high half";
        FULL_MAC_LOW = 18: "cycles with all PEs at work, low half";
        FULL_MAC_HIGH = 19: "the same, high half";
        STALL_LINK_LOW = 20: "cycles without a step because no descriptor was there, low half";
        STALL_LINK_HIGH = 21: "the same, high half";
        STALL_PANEL_LOW = 22: "cycles without a step because a panel was not committed, low half";
        STALL_PANEL_HIGH = 23: "the same, high half";
        STALL_DRAIN_LOW = 24: "cycles without a step because no result bank was free, low half";
        STALL_DRAIN_HIGH = 25: "the same, high half";
        STALL_HASH_LOW = 26: "cycles without a step because the ticket before was not ready, low half";
        STALL_HASH_HIGH = 27: "the same, high half";
        TILES_LOW = 28: "tiles completed, low half";
        TILES_HIGH = 29: "the same, high half";
        HITS_LOW = 30: "tickets that met their bound, low half";
        HITS_HIGH = 31: "the same, high half";
        FRAMES_GOOD = 32: "whole frames, modulo 2^24";
        FRAMES_BAD = 33: "damaged frames, modulo 2^24";
        FRAMES_REFUSED = 34: "whole frames that were not carried out, modulo 2^24";
        LINE_ERRORS = 35: "bytes without a stop bit, modulo 2^24";
        BYTES_IN = 36: "bytes received, modulo 2^24";
        BYTES_OUT = 37: "bytes sent, modulo 2^24";
    }
    write {
        0 error_write ERROR_CLEAR = 8: "clears every bit of ERROR";
        1 baud_write BAUD_SET = 9: "bits a cycle in 2^-24 (24:0), from the end of the response on; the device falls back to its first rate when [`FALLBACK_ERRORS`] errors come without a whole frame";
        2 scratch_write SCRATCH_SET = 10: "any word";
        3 commit_write COMMIT = 11: "adds to the commits of A (7:0) and of B (15:8)";
        4 reset_write RESET = 40: "drops all descriptors, completions and product tiles; panels, job slots, scratch and counters stay, commits start from 0";
        5 pop_write POP = 41: "frees the oldest completions (4:0 how many, at most 16)";
        6 release_write RELEASE = 42: "frees the oldest product tiles (4:0 how many, at most 2)";
        7 watchdog_write WATCHDOG = 43: "65,536 cycles each (15:0) without a whole frame until the device falls back to its first baud rate and, with descriptors outstanding, resets itself; 0, as after power-up: never";
    }
}

#[cfg(test)]
mod tests;
