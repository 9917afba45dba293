//! Carries out commands, one behind the other: words from host memory to the bus, and from the bus to host memory.
//!
//! ```text
//!   a command ==========>+---------------+===> bus: request, write, address, data
//!   take, release <------|               |<=== bus: grant, answered, answer
//!   beats: valid, beat =>| CommandEngine |===> burst: open, word, end, address
//!   run, stop, clear --->|               |<--- burst: granted, taken, done, error
//!   notify, tag, head <==+---------------+---> error_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `run_in` | 1 | begin commands |
//! | `stop_in` | 1 | halted: begin none |
//! | `clear_in` | 1 | drop the command in work, and begin with index 0 |
//! | `valid_in`, `error_in`, `opcode_in`, `notify_in`, `tag_in`, `bus_in`, `words_in`, `low_in`, `high_in`, `take_out`, `release_out` | | from [`command_fetch`](crate::command_fetch) |
//! | `beat_valid_in`, `beat_in`, `beat_error_in`, `beat_take_out` | 1, 64, 1, 1 | what a WRITE moves, from the [reader](crate::host_reader) |
//! | `request_out`, `write_out`, `address_out`, `data_out`, `grant_in`, `answered_in`, `answer_in` | | to the [bus](crate::bus_arbiter) |
//! | `open_out`, `granted_in`, `word_valid_out`, `word_out`, `end_out`, `host_out`, `taken_in`, `done_in`, `write_error_in` | | what a READ moves, to the [writer](crate::host_writer) |
//! | `notify_out`, `notify_tag_out`, `notified_in` | 1, 16, 1 | a command that asked for it is done; stands until an entry was begun for it |
//! | `head_out` | 16 | index of the first command that is not done |
//! | `error_out` | 4 | this cycle the command at `head_out` fails: number of the [error](crate::dma_registers::DmaError), else 0 |
//! | `busy_out`, `active_out` | 1 | a command is in work; it goes on without the host |
//! | `blocked_out` | 1 | it waits until another one's end is said |
//! | `done_event_out`, `read_stall_out`, `bus_stall_out` | 1 | what is counted: a command done; a WRITE waits for a beat; a word waits for the bus |
//!
//! # Latency
//! A word a cycle, if beats and bus are there: the first one is granted in the cycle behind `take_out`. A READ takes
//! two cycles a word and 13 a burst; a command ends in the cycle behind its last word or last response, and the next one
//! is taken in the cycle behind that.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/command_engine.txt"), "```")]
//!
//! # Why
//! In order and one at a time, so that a host needs no fences: panels are there before the commit that says so, and that
//! before the descriptor that waits for it. What takes long has been asked for before by the half that runs ahead.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct CommandEngine {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Begin commands.
    pub run_in: Signal<In, Bit>,
    /// Begin none.
    pub stop_in: Signal<In, Bit>,
    /// Drop the one in work.
    pub clear_in: Signal<In, Bit>,
    // Commands
    /// There is a command.
    pub valid_in: Signal<In, Bit>,
    /// Why it can't be carried out.
    pub error_in: Signal<In, Bits<4>>,
    /// Low bits of its opcode.
    pub opcode_in: Signal<In, Bits<2>>,
    /// Say when it is done.
    pub notify_in: Signal<In, Bit>,
    /// With this number.
    pub tag_in: Signal<In, Bits<16>>,
    /// First word on the bus.
    pub bus_in: Signal<In, Bits<20>>,
    /// How many.
    pub words_in: Signal<In, Bits<18>>,
    /// Host address, or words 0 and 1 of the payload.
    pub low_in: Signal<In, Bits<64>>,
    /// Words 2 and 3.
    pub high_in: Signal<In, Bits<64>>,
    /// It is taken.
    pub take_out: Signal<Out, Bit>,
    /// `low_in` and `high_in` are no longer needed.
    pub release_out: Signal<Out, Bit>,
    // Beats
    /// There is a beat.
    pub beat_valid_in: Signal<In, Bit>,
    /// It.
    pub beat_in: Signal<In, Bits<64>>,
    /// It was not read.
    pub beat_error_in: Signal<In, Bit>,
    /// It is taken.
    pub beat_take_out: Signal<Out, Bit>,
    // Bus
    /// Access the bus.
    pub request_out: Signal<Out, Bit>,
    /// Write.
    pub write_out: Signal<Out, Bit>,
    /// Where.
    pub address_out: Signal<Out, Bits<20>>,
    /// What.
    pub data_out: Signal<Out, Bits<32>>,
    /// The access is on its way.
    pub grant_in: Signal<In, Bit>,
    /// A word that was read is there.
    pub answered_in: Signal<In, Bit>,
    /// It.
    pub answer_in: Signal<In, Bits<32>>,
    // Bursts
    /// A burst is to be put.
    pub open_out: Signal<Out, Bit>,
    /// It may.
    pub granted_in: Signal<In, Bit>,
    /// A word of it.
    pub word_valid_out: Signal<Out, Bit>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
    /// It is whole.
    pub end_out: Signal<Out, Bit>,
    /// Where it goes, in bytes.
    pub host_out: Signal<Out, Bits<64>>,
    /// It is on its way.
    pub taken_in: Signal<In, Bit>,
    /// Its response came.
    pub done_in: Signal<In, Bit>,
    /// It was not OKAY.
    pub write_error_in: Signal<In, Bit>,
    // What became of it
    /// A command is done, and wants that said.
    pub notify_out: Signal<Out, Bit>,
    /// With this number.
    pub notify_tag_out: Signal<Out, Bits<16>>,
    /// It is being said.
    pub notified_in: Signal<In, Bit>,
    /// Index of the first command that is not done.
    pub head_out: Signal<Out, Bits<16>>,
    /// Why it fails.
    pub error_out: Signal<Out, Bits<4>>,
    /// A command is in work.
    pub busy_out: Signal<Out, Bit>,
    /// It will go on without the host.
    pub active_out: Signal<Out, Bit>,
    /// It waits until another one's end is said.
    pub blocked_out: Signal<Out, Bit>,
    /// One is done.
    pub done_event_out: Signal<Out, Bit>,
    /// A WRITE waits for a beat.
    pub read_stall_out: Signal<Out, Bit>,
    /// A word waits for the bus.
    pub bus_stall_out: Signal<Out, Bit>,
    // State: the command in work
    writes: DFF<Bit>,
    reads: DFF<Bit>,
    sends: DFF<Bit>,
    ends: DFF<Bit>,
    failed: DFF<Bits<4>>,
    notify: DFF<Bit>,
    tag: DFF<Bits<16>>,
    bus: DFF<Bits<20>>,
    left: DFF<Bits<18>>,
    /// The word is the upper one of its beat; of IMMEDIATE, which one.
    place: DFF<Bits<2>>,
    // State: the burst of a READ
    opens: DFF<Bit>,
    gathers: DFF<Bit>,
    closes: DFF<Bit>,
    awaits: DFF<Bit>,
    line: DFF<Bits<57>>,
    low: DFF<Bits<4>>,
    /// Words of the burst to be asked for; asked for and not answered.
    ask: DFF<Bits<6>>,
    due: DFF<Bits<6>>,
    on_its_way: DFF<Bit>,
    refused: DFF<Bit>,
    // State: what became of it
    head: DFF<Bits<16>>,
    notifies: DFF<Bit>,
    notify_tag: DFF<Bits<16>>,
    // Wires
    takes: Signal<Local, Bit>,
    is_last: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,
    requests: Signal<Local, Bit>,
    granted: Signal<Local, Bit>,
    word: Signal<Local, Bits<32>>,
    line_left: Join<5, 1, 6>,
    beats_left: Signal<Local, Bits<5>>,
    wide_low: ZeroExtend<4, 5>,
    burst: Signal<Local, Bits<6>>,
    done: Signal<Local, Bit>,
    blocked: Signal<Local, Bit>,
    host_line: Join<57, 4, 61>,
    host: Join<61, 3, 64>,
}

impl Logic for CommandEngine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, writes, reads, sends, ends, failed, notify, tag, bus, left, place, opens,
            gathers, closes, awaits, line, low, ask, due, on_its_way, refused, head, notifies,
            notify_tag
        );

        // A word to the bus, of a beat or of the command itself, or a word of the bus
        self.is_last.next = self.left.q.val() == bits::<18>(1);
        self.moves.next =
            (self.writes.q.val() && self.beat_valid_in.val() && !self.beat_error_in.val())
                || self.sends.q.val();
        self.requests.next = self.moves.val() || (self.gathers.q.val() && self.ask.q.val().any());
        self.granted.next = self.requests.val() && self.grant_in.val();
        self.word.next = self.low_in.val().get_bits::<32>(0);
        if self.place.q.val() == bits::<2>(1) {
            self.word.next = self.low_in.val().get_bits::<32>(32);
        }
        if self.place.q.val() == bits::<2>(2) {
            self.word.next = self.high_in.val().get_bits::<32>(0);
        }
        if self.place.q.val() == bits::<2>(3) {
            self.word.next = self.high_in.val().get_bits::<32>(32);
        }
        if self.writes.q.val() {
            self.word.next = self.beat_in.val().get_bits::<32>(0);
            if self.place.q.val().get_bit(0) {
                self.word.next = self.beat_in.val().get_bits::<32>(32);
            }
        }
        if self.granted.val() {
            self.bus.d.next = self.bus.q.val() + bits::<20>(1);
            self.left.d.next = self.left.q.val() - bits::<18>(1);
            self.place.d.next = self.place.q.val() + bits::<2>(1);
            if self.moves.val() && self.is_last.val() {
                self.writes.d.next = false;
                self.sends.d.next = false;
                self.ends.d.next = true;
            }
        }
        if self.writes.q.val() && self.beat_valid_in.val() && self.beat_error_in.val() {
            self.writes.d.next = false;
            self.failed.d.next = bits::<4>(3);
        }

        // A burst of words of the bus, as long as its line in host memory goes on
        self.beats_left.next = bits::<5>(16) - self.wide_low.data_out.val();
        self.line_left.high_in.next = self.beats_left.val();
        self.line_left.low_in.next = bits::<1>(0);
        self.burst.next = self.line_left.joined_out.val();
        if !(self.left.q.val().get_bits::<12>(6).any())
            && (self.left.q.val().get_bits::<6>(0) < self.line_left.joined_out.val())
        {
            self.burst.next = self.left.q.val().get_bits::<6>(0);
        }
        if self.opens.q.val() {
            self.ask.d.next = self.burst.val();
            self.due.d.next = self.burst.val();
            if self.granted_in.val() {
                self.opens.d.next = false;
                self.gathers.d.next = true;
            }
        }
        if self.gathers.q.val() && self.granted.val() {
            self.ask.d.next = self.ask.q.val() - bits::<6>(1);
        }
        if self.gathers.q.val() && self.answered_in.val() {
            self.due.d.next = self.due.q.val() - bits::<6>(1);
            if self.due.q.val() == bits::<6>(1) {
                self.gathers.d.next = false;
                self.closes.d.next = true;
            }
        }
        if self.done_in.val() {
            self.on_its_way.d.next = false;
            if self.write_error_in.val() {
                self.refused.d.next = true;
            }
        }
        if self.closes.q.val() && self.taken_in.val() {
            self.closes.d.next = false;
            self.on_its_way.d.next = true;
            self.line.d.next = self.line.q.val() + bits::<57>(1);
            self.low.d.next = bits::<4>(0);
            if self.left.q.val().any() && !self.refused.q.val() {
                self.opens.d.next = true;
            } else {
                self.awaits.d.next = true;
            }
        }
        if self.awaits.q.val() && !self.on_its_way.q.val() {
            self.awaits.d.next = false;
            self.reads.d.next = false;
            if self.refused.q.val() {
                self.failed.d.next = bits::<4>(4);
            } else {
                self.ends.d.next = true;
            }
        }

        // The end of a command, unless there is still another one's to be said
        self.done.next = false;
        if self.notified_in.val() {
            self.notifies.d.next = false;
        }
        self.blocked.next = self.ends.q.val() && self.notify.q.val() && self.notifies.q.val();
        if self.ends.q.val() && !self.blocked.val() {
            self.ends.d.next = false;
            self.head.d.next = self.head.q.val() + bits::<16>(1);
            self.done.next = true;
            if self.notify.q.val() {
                self.notifies.d.next = true;
                self.notify_tag.d.next = self.tag.q.val();
            }
        }

        // The next one
        self.takes.next = self.valid_in.val()
            && self.run_in.val()
            && !self.stop_in.val()
            && !self.writes.q.val()
            && !self.reads.q.val()
            && !self.sends.q.val()
            && !self.ends.q.val()
            && !(self.failed.q.val().any());
        if self.takes.val() {
            self.notify.d.next = self.notify_in.val();
            self.tag.d.next = self.tag_in.val();
            self.bus.d.next = self.bus_in.val();
            self.left.d.next = self.words_in.val();
            self.place.d.next = bits::<2>(0);
            self.line.d.next = self.low_in.val().get_bits::<57>(7);
            self.low.d.next = self.low_in.val().get_bits::<4>(3);
            self.failed.d.next = self.error_in.val();
            if !(self.error_in.val().any()) {
                self.writes.d.next = self.opcode_in.val() == bits::<2>(1);
                self.reads.d.next = self.opcode_in.val() == bits::<2>(2);
                self.opens.d.next = self.opcode_in.val() == bits::<2>(2);
                self.sends.d.next = self.opcode_in.val() == bits::<2>(3);
            }
        }

        // Clear
        if self.clear_in.val() {
            self.writes.d.next = false;
            self.reads.d.next = false;
            self.sends.d.next = false;
            self.ends.d.next = false;
            self.failed.d.next = bits::<4>(0);
            self.opens.d.next = false;
            self.gathers.d.next = false;
            self.closes.d.next = false;
            self.awaits.d.next = false;
            self.on_its_way.d.next = false;
            self.refused.d.next = false;
            self.head.d.next = bits::<16>(0);
            self.notifies.d.next = false;
        }

        // Outputs
        self.wide_low.data_in.next = self.low.q.val();
        self.host_line.high_in.next = self.line.q.val();
        self.host_line.low_in.next = self.low.q.val();
        self.host.high_in.next = self.host_line.joined_out.val();
        self.host.low_in.next = bits::<3>(0);
        self.take_out.next = self.takes.val();
        self.beat_take_out.next = self.granted.val()
            && self.writes.q.val()
            && (self.place.q.val().get_bit(0) || self.is_last.val());
        self.request_out.next = self.requests.val();
        self.write_out.next = !self.gathers.q.val();
        self.address_out.next = self.bus.q.val();
        self.data_out.next = self.word.val();
        self.open_out.next = self.opens.q.val();
        self.word_valid_out.next = self.gathers.q.val() && self.answered_in.val();
        self.word_out.next = self.answer_in.val();
        self.end_out.next = self.closes.q.val();
        self.host_out.next = self.host.joined_out.val();
        self.notify_out.next = self.notifies.q.val();
        self.notify_tag_out.next = self.notify_tag.q.val();
        self.head_out.next = self.head.q.val();
        self.error_out.next = self.failed.q.val();
        self.busy_out.next = self.writes.q.val()
            || self.reads.q.val()
            || self.sends.q.val()
            || self.ends.q.val()
            || self.notifies.q.val();
        self.release_out.next = self.done.val();
        self.active_out.next = self.writes.q.val()
            || self.reads.q.val()
            || self.sends.q.val()
            || (self.ends.q.val() && !self.blocked.val());
        self.blocked_out.next = self.blocked.val();
        self.done_event_out.next = self.done.val();
        self.read_stall_out.next = self.writes.q.val() && !self.beat_valid_in.val();
        self.bus_stall_out.next = self.requests.val() && !self.grant_in.val();
    }
}

#[cfg(test)]
mod tests;
