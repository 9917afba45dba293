//! Fetches commands from their ring, checks them, and asks for what they move.
//!
//! ```text
//!   run, base, size, tail ==>+--------------+===> read: request, address, length, command
//!   clear, stop ------------>| CommandFetch |<--- grant
//!   beats of commands ======>|              |===> a command, checked: valid, opcode, bus, words, ..
//!                            +--------------+<--- take, release
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `run_in` | 1 | fetch |
//! | `stop_in` | 1 | halted: neither fetch nor ask for more |
//! | `clear_in` | 1 | drop everything and begin with index 0; stands until nothing is in flight |
//! | `base_low_in`, `base_high_in`, `mask_in`, `tail_in` | 32, 32, 12, 16 | the ring: byte address, entries less one, index behind the newest command |
//! | `request_out`, `address_out`, `length_out`, `command_out`, `grant_in` | 1, 64, 4, 1, 1 | to the [reader](crate::host_reader) |
//! | `beat_valid_in`, `beat_in`, `beat_error_in` | 1, 64, 1 | the beats of commands |
//! | `valid_out` | 1 | there is a command |
//! | `error_out` | 4 | it can't be carried out: number of the [error](crate::dma_registers::DmaError), else 0 |
//! | `opcode_out`, `notify_out`, `tag_out`, `bus_out`, `words_out` | 2, 1, 16, 20, 18 | what it says |
//! | `low_out`, `high_out` | 64 | its words 4 and 5, host address or payload; 6 and 7 |
//! | `take_in` | 1 | the engine has it: all but `low_out` and `high_out`, which stand until `release_in` where it is no WRITE |
//! | `release_in` | 1 | the engine is done with it |
//!
//! # Latency
//! From the last beat of a command to `valid_out` [`DECODE_LATENCY`] cycles; from there to the first request of a WRITE
//! one.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/command_fetch.txt"), "```")]
//!
//! # Why
//! Reads take long and the bus must not wait, so this half runs ahead of the [engine](crate::command_engine): while that
//! one puts a WRITE's words on the bus, the next one's are on their way. It goes no further than one WRITE that is
//! asked for and four commands behind it, and never past one that is wrong.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// Cycles from a command's last beat to `valid_out`.
pub const DECODE_LATENCY: usize = 11;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct CommandFetch {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Fetch.
    pub run_in: Signal<In, Bit>,
    /// Ask for nothing more.
    pub stop_in: Signal<In, Bit>,
    /// Drop everything.
    pub clear_in: Signal<In, Bit>,
    // Ring
    /// Byte address, low word.
    pub base_low_in: Signal<In, Bits<32>>,
    /// High word.
    pub base_high_in: Signal<In, Bits<32>>,
    /// Entries, less one.
    pub mask_in: Signal<In, Bits<12>>,
    /// Index behind the newest command.
    pub tail_in: Signal<In, Bits<16>>,
    // Reader
    /// Read.
    pub request_out: Signal<Out, Bit>,
    /// From here on, in bytes.
    pub address_out: Signal<Out, Bits<64>>,
    /// So many beats, and one.
    pub length_out: Signal<Out, Bits<4>>,
    /// Of a command.
    pub command_out: Signal<Out, Bit>,
    /// It is on its way.
    pub grant_in: Signal<In, Bit>,
    /// A beat of a command is there.
    pub beat_valid_in: Signal<In, Bit>,
    /// It.
    pub beat_in: Signal<In, Bits<64>>,
    /// It was not read.
    pub beat_error_in: Signal<In, Bit>,
    // Engine
    /// There is a command.
    pub valid_out: Signal<Out, Bit>,
    /// Why it can't be carried out.
    pub error_out: Signal<Out, Bits<4>>,
    /// Low bits of its opcode.
    pub opcode_out: Signal<Out, Bits<2>>,
    /// Say when it is done.
    pub notify_out: Signal<Out, Bit>,
    /// With this number.
    pub tag_out: Signal<Out, Bits<16>>,
    /// First word on the bus.
    pub bus_out: Signal<Out, Bits<20>>,
    /// How many.
    pub words_out: Signal<Out, Bits<18>>,
    /// Words 4 and 5.
    pub low_out: Signal<Out, Bits<64>>,
    /// Words 6 and 7.
    pub high_out: Signal<Out, Bits<64>>,
    /// The engine has it.
    pub take_in: Signal<In, Bit>,
    /// The engine is done with it.
    pub release_in: Signal<In, Bit>,
    // State: fetching
    next: DFF<Bits<16>>,
    /// Commands that are fetched, or on their way, and not decoded.
    ahead: DFF<Bits<3>>,
    /// Those that are fetched.
    whole: DFF<Bits<3>>,
    fetches: DFF<Bit>,
    fetch_address: DFF<Bits<59>>,
    arrived: DFF<Bits<4>>,
    beats: RAM<Bits<64>, 4>,
    failed: DFF<Bit>,
    failed_place: DFF<Bits<2>>,
    // State: decoding
    decodes: DFF<Bit>,
    place: DFF<Bits<2>>,
    step: DFF<Bits<4>>,
    beat: DFF<Bits<64>>,
    opcode: DFF<Bits<4>>,
    notify: DFF<Bit>,
    tag: DFF<Bits<16>>,
    bus: DFF<Bits<20>>,
    words: DFF<Bits<18>>,
    low: DFF<Bits<64>>,
    high: DFF<Bits<64>>,
    unread: DFF<Bit>,
    outside: DFF<Bit>,
    none: DFF<Bit>,
    crosses: DFF<Bit>,
    many: DFF<Bit>,
    error: DFF<Bits<4>>,
    valid: DFF<Bit>,
    // State: asking
    holds: DFF<Bit>,
    asks: DFF<Bit>,
    ask_high: DFF<Bits<57>>,
    ask_low: DFF<Bits<4>>,
    beats_left: DFF<Bits<18>>,
    // Wires
    base: Join<32, 32, 64>,
    base_line: Signal<Local, Bits<58>>,
    ring_base: Join<58, 1, 59>,
    wide_offset: ZeroExtend<12, 59>,
    fetch_byte: Join<59, 5, 64>,
    ask_line: Join<57, 4, 61>,
    ask_byte: Join<61, 3, 64>,
    read_place: Join<2, 2, 4>,
    line_left: ZeroExtend<4, 18>,
    pairs: ZeroExtend<17, 18>,
    room: Signal<Local, Bits<18>>,
    fits: Signal<Local, Bit>,
    last: Signal<Local, Bits<18>>,
    behind: Signal<Local, Bits<18>>,
    fetch_now: Signal<Local, Bit>,
    begin_now: Signal<Local, Bit>,
    ahead_left: Signal<Local, Bits<3>>,
    whole_left: Signal<Local, Bits<3>>,
    ends: Signal<Local, Bit>,
    requests_fetch: Signal<Local, Bit>,
    requests_data: Signal<Local, Bit>,
}

impl Logic for CommandFetch {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            next,
            ahead,
            whole,
            fetches,
            fetch_address,
            arrived,
            failed,
            failed_place,
            decodes,
            place,
            step,
            beat,
            opcode,
            notify,
            tag,
            bus,
            words,
            low,
            high,
            unread,
            outside,
            none,
            crosses,
            many,
            error,
            valid,
            holds,
            asks,
            ask_high,
            ask_low,
            beats_left
        );
        self.beats.read_clock.next = self.clock.val();
        self.beats.write_clock.next = self.clock.val();
        self.ends.next = self.decodes.q.val() && (self.step.q.val() == bits::<4>(8));
        self.ahead_left.next = self.ahead.q.val();
        self.whole_left.next = self.whole.q.val();
        if self.ends.val() {
            self.ahead_left.next = self.ahead.q.val() - bits::<3>(1);
            self.whole_left.next = self.whole.q.val() - bits::<3>(1);
        }

        // Fetch
        self.base.high_in.next = self.base_high_in.val();
        self.base.low_in.next = self.base_low_in.val();
        self.base_line.next = self.base.joined_out.val().get_bits::<58>(6);
        self.ring_base.high_in.next = self.base_line.val();
        self.ring_base.low_in.next = bits::<1>(0);
        self.wide_offset.data_in.next = self.next.q.val().get_bits::<12>(0) & self.mask_in.val();
        self.fetch_now.next = self.run_in.val()
            && !self.stop_in.val()
            && !self.fetches.q.val()
            && !self.ahead.q.val().get_bit(2)
            && (self.next.q.val() != self.tail_in.val());
        self.ahead.d.next = self.ahead_left.val();
        if self.fetch_now.val() {
            self.fetches.d.next = true;
            self.fetch_address.d.next =
                self.ring_base.joined_out.val() + self.wide_offset.data_out.val();
            self.next.d.next = self.next.q.val() + bits::<16>(1);
            self.ahead.d.next = self.ahead_left.val() + bits::<3>(1);
        }
        self.requests_fetch.next = self.fetches.q.val() && !self.stop_in.val();
        self.requests_data.next =
            self.asks.q.val() && !self.stop_in.val() && !self.requests_fetch.val();
        if self.requests_fetch.val() && self.grant_in.val() {
            self.fetches.d.next = false;
        }

        // Beats of commands into memory
        self.beats.write_enable.next = self.beat_valid_in.val();
        self.beats.write_address.next = self.arrived.q.val();
        self.beats.write_data.next = self.beat_in.val();
        self.whole.d.next = self.whole_left.val();
        if self.beat_valid_in.val() {
            self.arrived.d.next = self.arrived.q.val() + bits::<4>(1);
            if self.arrived.q.val().get_bits::<2>(0).all() {
                self.whole.d.next = self.whole_left.val() + bits::<3>(1);
            }
            if self.beat_error_in.val() && !self.failed.q.val() {
                self.failed.d.next = true;
                self.failed_place.d.next = self.arrived.q.val().get_bits::<2>(2);
            }
        }

        // And out of it, one a step; in step s + 2 `beat` holds number s
        self.begin_now.next = !self.decodes.q.val()
            && !self.valid.q.val()
            && !self.asks.q.val()
            && !self.holds.q.val()
            && !self.stop_in.val()
            && self.whole.q.val().any();
        self.read_place.high_in.next = self.place.q.val();
        self.read_place.low_in.next = self.step.q.val().get_bits::<2>(0);
        self.beats.read_address.next = self.read_place.joined_out.val();
        self.beat.d.next = self.beats.read_data.val();
        if self.decodes.q.val() {
            self.step.d.next = self.step.q.val() + bits::<4>(1);
        }
        if self.begin_now.val() {
            self.decodes.d.next = true;
            self.step.d.next = bits::<4>(0);
        }
        if self.step.q.val() == bits::<4>(2) {
            self.opcode.d.next = self.beat.q.val().get_bits::<4>(0);
            self.notify.d.next = self.beat.q.val().get_bit(7);
            self.tag.d.next = self.beat.q.val().get_bits::<16>(16);
            self.bus.d.next = self.beat.q.val().get_bits::<20>(32);
            self.outside.d.next = self.beat.q.val().get_bits::<12>(52).any();
            self.unread.d.next =
                self.failed.q.val() && (self.failed_place.q.val() == self.place.q.val());
        }
        if self.step.q.val() == bits::<4>(3) {
            self.words.d.next = self.beat.q.val().get_bits::<18>(0);
            self.many.d.next = self.beat.q.val().get_bits::<14>(18).any();
        }
        if self.step.q.val() == bits::<4>(4) {
            self.low.d.next = self.beat.q.val();
        }
        if self.step.q.val() == bits::<4>(5) {
            self.high.d.next = self.beat.q.val();
        }

        // Check
        self.last.next = self.words.q.val() - bits::<18>(1);
        self.behind.next = self.bus.q.val().get_bits::<18>(0) + self.last.val();
        if self.step.q.val() == bits::<4>(6) {
            self.none.d.next = !(self.words.q.val().any());
            self.crosses.d.next = self.behind.val() < self.bus.q.val().get_bits::<18>(0);
            if (self.opcode.q.val() == bits::<4>(3)) && (self.words.q.val() > bits::<18>(4)) {
                self.many.d.next = true;
            }
            if (self.opcode.q.val() != bits::<4>(3)) && self.low.q.val().get_bits::<3>(0).any() {
                self.outside.d.next = true;
            }
        }
        if self.step.q.val() == bits::<4>(7) {
            self.error.d.next = bits::<4>(0);
            if self.none.q.val()
                || self.crosses.q.val()
                || self.many.q.val()
                || self.outside.q.val()
            {
                self.error.d.next = bits::<4>(2);
            }
            if (self.opcode.q.val() > bits::<4>(3)) || !(self.opcode.q.val().any()) {
                self.error.d.next = bits::<4>(1);
            }
            if self.unread.q.val() {
                self.error.d.next = bits::<4>(3);
            }
        }

        // Show it, and ask for what it moves
        self.pairs.data_in.next = self.words.q.val().get_bits::<17>(1);
        self.line_left.data_in.next = !self.ask_low.q.val();
        self.room.next = self.line_left.data_out.val() + bits::<18>(1);
        self.fits.next = self.beats_left.q.val() <= self.room.val();
        if self.requests_data.val() && self.grant_in.val() {
            self.ask_low.d.next = bits::<4>(0);
            self.ask_high.d.next = self.ask_high.q.val() + bits::<57>(1);
            self.beats_left.d.next = self.beats_left.q.val() - self.room.val();
            if self.fits.val() {
                self.asks.d.next = false;
            }
        }
        if self.ends.val() {
            self.decodes.d.next = false;
            self.place.d.next = self.place.q.val() + bits::<2>(1);
            self.valid.d.next = true;
            self.asks.d.next = (self.opcode.q.val() == bits::<4>(1)) && !(self.error.q.val().any());
            self.ask_high.d.next = self.low.q.val().get_bits::<57>(7);
            self.ask_low.d.next = self.low.q.val().get_bits::<4>(3);
            self.beats_left.d.next = self.pairs.data_out.val();
            if self.words.q.val().get_bit(0) {
                self.beats_left.d.next = self.pairs.data_out.val() + bits::<18>(1);
            }
        }
        if self.take_in.val() {
            self.valid.d.next = false;
            self.holds.d.next = self.opcode.q.val() != bits::<4>(1);
        }
        if self.release_in.val() {
            self.holds.d.next = false;
        }
        if self.clear_in.val() {
            self.next.d.next = bits::<16>(0);
            self.ahead.d.next = bits::<3>(0);
            self.whole.d.next = bits::<3>(0);
            self.fetches.d.next = false;
            self.arrived.d.next = bits::<4>(0);
            self.failed.d.next = false;
            self.decodes.d.next = false;
            self.place.d.next = bits::<2>(0);
            self.valid.d.next = false;
            self.holds.d.next = false;
            self.asks.d.next = false;
        }

        // Outputs
        self.fetch_byte.high_in.next = self.fetch_address.q.val();
        self.fetch_byte.low_in.next = bits::<5>(0);
        self.ask_line.high_in.next = self.ask_high.q.val();
        self.ask_line.low_in.next = self.ask_low.q.val();
        self.ask_byte.high_in.next = self.ask_line.joined_out.val();
        self.ask_byte.low_in.next = bits::<3>(0);
        self.request_out.next = self.requests_fetch.val() || self.requests_data.val();
        self.command_out.next = self.requests_fetch.val();
        self.address_out.next = self.ask_byte.joined_out.val();
        self.length_out.next = !self.ask_low.q.val();
        if self.fits.val() {
            self.length_out.next = self.beats_left.q.val().get_bits::<4>(0) - bits::<4>(1);
        }
        if self.requests_fetch.val() {
            self.address_out.next = self.fetch_byte.joined_out.val();
            self.length_out.next = bits::<4>(3);
        }
        self.valid_out.next = self.valid.q.val();
        self.error_out.next = self.error.q.val();
        self.opcode_out.next = self.opcode.q.val().get_bits::<2>(0);
        self.notify_out.next = self.notify.q.val();
        self.tag_out.next = self.tag.q.val();
        self.bus_out.next = self.bus.q.val();
        self.words_out.next = self.words.q.val();
        self.low_out.next = self.low.q.val();
        self.high_out.next = self.high.q.val();
    }
}

#[cfg(test)]
mod tests;
