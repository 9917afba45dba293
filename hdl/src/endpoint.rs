//! The device's end of the serial protocol: carries out requests on the bus and writes responses.
//!
//! ```text
//!   words of a frame ==>+----------+===> bus: write, address, data
//!   good, words =======>|          |<=== bus: data
//!                       | Endpoint |===> bytes of a response
//!   waiting_in ========>|          |---> start, length
//!   encoder_busy_in --->+----------+---> idle_out, refused_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `word_valid_in`, `place_in`, `word_in`, `good_in`, `words_in` | | from the [decoder](crate::frame_decoder) |
//! | `write_out`, `address_out`, `write_data_out`, `read_data_in` | 1, 20, 32, 32 | the bus of the [accelerator](crate::accelerator): a word comes a cycle behind its address |
//! | `byte_valid_out`, `byte_place_out`, `byte_out`, `start_out`, `length_out`, `encoder_busy_in` | | to the [encoder](crate::frame_encoder) |
//! | `waiting_in` | 5 | completions in the queue |
//! | `idle_out` | 1 | no request is in work and no response is due |
//! | `refused_out` | 1 | this cycle's request is not carried out |
//!
//! # Protocol
//! That of [`frame`](crate::frame).
//!
//! # Latency
//! From `good_in` to the first word written [`WRITE_LATENCY`] cycles, then one a cycle; from the last
//! word written to `start_out` of its acknowledgement [`ACKNOWLEDGE_LATENCY`], if the encoder rests and
//! no other frame waits. From `good_in` to `start_out` of a response [`RESPONSE_LATENCY`] cycles and
//! four for each word of data; of one that says that nothing was done [`REFUSAL_LATENCY`].
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/endpoint.txt"), "```")]
//!
//! # Why
//! Addresses come a cycle before their words, so that the bus can decode them from and into registers.
//!
//! Two buffers: a frame can come in while a long response is made, and wait there. No third is needed,
//! since the shortest frames take longer on the line than the longest response to be made. Only when
//! frames come faster than a line can bring them, the third is dropped, and the host is told of a gap.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::crc32::Crc32;
use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// Cycles from `good_in` to the first word on `write_data_out`, a cycle behind `write_out`.
pub const WRITE_LATENCY: usize = 9;
/// Cycles from `good_in` to `start_out` of a response without data.
pub const RESPONSE_LATENCY: usize = 16;
/// Cycles from the last word on `write_data_out` to `start_out` of the acknowledgement.
pub const ACKNOWLEDGE_LATENCY: usize = 11;
/// Cycles from `good_in` to `start_out` of a response that says that nothing was done.
pub const REFUSAL_LATENCY: usize = 17;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Endpoint {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Frames
    /// A word is there.
    pub word_valid_in: Signal<In, Bit>,
    /// Its number in the frame.
    pub place_in: Signal<In, Bits<7>>,
    /// The word.
    pub word_in: Signal<In, Bits<32>>,
    /// The frame is whole.
    pub good_in: Signal<In, Bit>,
    /// Its words.
    pub words_in: Signal<In, Bits<7>>,
    // Bus
    /// With the next cycle's word, write.
    pub write_out: Signal<Out, Bit>,
    /// Word address.
    pub address_out: Signal<Out, Bits<20>>,
    /// The word.
    pub write_data_out: Signal<Out, Bits<32>>,
    /// The word at the address, [`READ_LATENCY`](crate::accelerator::READ_LATENCY) cycles behind its first.
    pub read_data_in: Signal<In, Bits<32>>,
    // Responses
    /// A byte of a response.
    pub byte_valid_out: Signal<Out, Bit>,
    /// Its place.
    pub byte_place_out: Signal<Out, Bits<9>>,
    /// The byte.
    pub byte_out: Signal<Out, Bits<8>>,
    /// Send it.
    pub start_out: Signal<Out, Bit>,
    /// Bytes of the response.
    pub length_out: Signal<Out, Bits<9>>,
    /// A response is on the line.
    pub encoder_busy_in: Signal<In, Bit>,
    // Status
    /// Completions in the queue.
    pub waiting_in: Signal<In, Bits<5>>,
    /// Nothing to do.
    pub idle_out: Signal<Out, Bit>,
    /// A request is not carried out.
    pub refused_out: Signal<Out, Bit>,
    // State: frames
    buffer: RAM<Bits<32>, 8>,
    bank: DFF<Bits<1>>,
    held: DFF<Bit>,
    held_words: DFF<Bits<7>>,
    write_place: Join<1, 7, 8>,
    read_place: Join<1, 7, 8>,
    // State: the request in work
    heading: DFF<Bit>,
    phase: DFF<Bits<3>>,
    request_bank: DFF<Bits<1>>,
    words: DFF<Bits<7>>,
    head: DFF<Bits<32>>,
    target: DFF<Bits<32>>,
    is_sync: DFF<Bit>,
    is_read: DFF<Bit>,
    is_write: DFF<Bit>,
    is_expected: DFF<Bit>,
    is_repeat: DFF<Bit>,
    expected: DFF<Bits<8>>,
    // State: writing
    writing: DFF<Bit>,
    place: DFF<Bits<7>>,
    left: DFF<Bits<7>>,
    fetched: DFF<Bit>,
    /// A word is on the bus.
    writes: DFF<Bit>,
    /// The buffer's word a cycle late: its own output register, where block RAM has one.
    write_data: DFF<Bits<32>>,
    address_high: DFF<Bits<10>>,
    address_low: DFF<Bits<10>>,
    /// The low half is its last: the next step carries.
    address_carries: DFF<Bit>,
    low_next: Signal<Local, Bits<10>>,
    address: Join<10, 10, 20>,
    reads_on: Signal<Local, Bit>,
    // State: the response that is due, and the one in work
    ack: DFF<Bit>,
    ack_status: DFF<Bits<8>>,
    ack_sequence: DFF<Bits<8>>,
    prepare: DFF<Bit>,
    status: DFF<Bits<8>>,
    number: DFF<Bits<8>>,
    reads: DFF<Bit>,
    building: DFF<Bit>,
    octet: DFF<Bits<2>>,
    word: DFF<Bits<32>>,
    data_left: DFF<Bits<7>>,
    crc_next: DFF<Bit>,
    crc_last: DFF<Bit>,
    crc: DFF<Bits<32>>,
    byte_place: DFF<Bits<9>>,
    start: DFF<Bit>,
    // Wires
    idle: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,
    decide: Signal<Local, Bit>,
    count_fits: Signal<Local, Bit>,
    behind: Signal<Local, Bits<8>>,
    words_of_write: Signal<Local, Bits<7>>,
    refuse: Signal<Local, Bit>,
    answer: Signal<Local, Bit>,
    step: Crc32,
    waiting_byte: ZeroExtend<5, 8>,
    head_low: Join<8, 8, 16>,
    head_high: Join<8, 8, 16>,
    head_word: Join<16, 16, 32>,
}

impl Logic for Endpoint {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            bank,
            held,
            held_words,
            heading,
            phase,
            request_bank,
            words,
            head,
            target,
            is_sync,
            is_read,
            is_write,
            is_expected,
            is_repeat,
            expected,
            writing,
            place,
            left,
            fetched,
            writes,
            write_data,
            address_high,
            address_low,
            address_carries,
            ack,
            ack_status,
            ack_sequence,
            prepare,
            status,
            number,
            reads,
            building,
            octet,
            word,
            data_left,
            crc_next,
            crc_last,
            crc,
            byte_place,
            start
        );
        self.buffer.read_clock.next = self.clock.val();
        self.buffer.write_clock.next = self.clock.val();

        // Frames come into one buffer while the other one's is in work
        self.write_place.high_in.next = self.bank.q.val();
        self.write_place.low_in.next = self.place_in.val();
        self.buffer.write_enable.next = self.word_valid_in.val();
        self.buffer.write_address.next = self.write_place.joined_out.val();
        self.buffer.write_data.next = self.word_in.val();
        self.refuse.next = false;
        if self.good_in.val() {
            if self.held.q.val() {
                self.refuse.next = true;
                self.ack.d.next = true;
                self.ack_status.d.next = bits::<8>(1);
            } else {
                self.held.d.next = true;
                self.held_words.d.next = self.words_in.val();
                self.bank.d.next = !self.bank.q.val();
            }
        }

        // Take a frame and read its head
        self.idle.next = !self.heading.q.val()
            && !self.writing.q.val()
            && !self.fetched.q.val()
            && !self.writes.q.val()
            && !self.prepare.q.val()
            && !self.building.q.val()
            && !self.start.q.val();
        self.takes.next = self.idle.val() && self.held.q.val();
        if self.takes.val() {
            self.held.d.next = false;
            self.heading.d.next = true;
            self.phase.d.next = bits::<3>(0);
            self.request_bank.d.next = !self.bank.q.val();
            self.words.d.next = self.held_words.q.val();
            self.place.d.next = bits::<7>(0);
        }
        self.read_place.high_in.next = self.request_bank.q.val();
        self.read_place.low_in.next = self.place.q.val();
        self.buffer.read_address.next = self.read_place.joined_out.val();
        self.low_next.next = self.address_low.q.val();
        if self.heading.q.val() || self.writing.q.val() {
            self.place.d.next = self.place.q.val() + bits::<7>(1);
        }
        if self.heading.q.val() {
            self.phase.d.next = self.phase.q.val() + bits::<3>(1);
            if self.phase.q.val() == bits::<3>(2) {
                self.head.d.next = self.write_data.q.val();
            }
            if self.phase.q.val() == bits::<3>(3) {
                // A read's first word is on its way before anybody knows that it is one.
                self.target.d.next = self.write_data.q.val();
                self.low_next.next = self.write_data.q.val().get_bits::<10>(0);
                self.address_high.d.next = self.write_data.q.val().get_bits::<10>(10);
            }
            if self.phase.q.val() == bits::<3>(4) {
                // The payload is read from its first word on.
                self.heading.d.next = false;
                self.place.d.next = bits::<7>(2);
            }
        }

        // What it asks for
        self.count_fits.next = self.head.q.val().get_bits::<16>(16).any()
            && (self.head.q.val().get_bits::<16>(16) < bits::<16>(125));
        self.words_of_write.next = self.head.q.val().get_bits::<7>(16) + bits::<7>(3);
        self.behind.next =
            self.expected.q.val() - self.head.q.val().get_bits::<8>(0) - bits::<8>(1);
        self.is_sync.d.next = (self.head.q.val().get_bits::<8>(8) == bits::<8>(1))
            && (self.words.q.val() == bits::<7>(3));
        self.is_read.d.next = (self.head.q.val().get_bits::<8>(8) == bits::<8>(2))
            && (self.words.q.val() == bits::<7>(3))
            && self.count_fits.val();
        self.is_write.d.next = (self.head.q.val().get_bits::<8>(8) == bits::<8>(3))
            && (self.words.q.val() == self.words_of_write.val())
            && self.count_fits.val();
        self.is_expected.d.next = self.head.q.val().get_bits::<8>(0) == self.expected.q.val();
        self.is_repeat.d.next = !self.behind.val().get_bit(7);

        // Decide
        self.decide.next = self.heading.q.val() && self.phase.q.val() == bits::<3>(4);
        self.answer.next = self.decide.val()
            && !self.encoder_busy_in.val()
            && (self.is_sync.q.val() || (self.is_expected.q.val() && self.is_read.q.val()));
        if self.decide.val() {
            self.ack_sequence.d.next = self.head.q.val().get_bits::<8>(0);
            self.left.d.next = self.head.q.val().get_bits::<7>(16);
            if !self.answer.val() {
                self.ack.d.next = true;
            }
            if self.is_sync.q.val() || (self.is_expected.q.val() && self.is_read.q.val()) {
                // A response is on the line: this one is dropped.
                self.ack_status.d.next = bits::<8>(1);
                self.refuse.next = !self.answer.val();
            } else if self.is_expected.q.val() {
                self.expected.d.next = self.expected.q.val() + bits::<8>(1);
                self.ack_status.d.next = bits::<8>(3);
                self.refuse.next = !self.is_write.q.val();
                if self.is_write.q.val() {
                    self.ack_status.d.next = bits::<8>(0);
                    self.writing.d.next = true;
                }
            } else {
                self.refuse.next = true;
                self.ack_status.d.next = bits::<8>(1);
                if self.is_repeat.q.val() {
                    self.ack_status.d.next = bits::<8>(2);
                }
            }
        }
        if self.answer.val() {
            self.ack.d.next = false;
            self.prepare.d.next = true;
            self.status.d.next = bits::<8>(0);
            self.number.d.next = self.head.q.val().get_bits::<8>(0);
            self.reads.d.next = !self.is_sync.q.val();
            self.data_left.d.next = bits::<7>(1);
            if !self.is_sync.q.val() {
                self.expected.d.next = self.expected.q.val() + bits::<8>(1);
                self.data_left.d.next = self.head.q.val().get_bits::<7>(16);
            }
        }

        // Write: each word a cycle behind its place in the buffer
        self.fetched.d.next = self.writing.q.val();
        if self.writing.q.val() {
            self.left.d.next = self.left.q.val() - bits::<7>(1);
            if self.left.q.val() == bits::<7>(1) {
                self.writing.d.next = false;
            }
        }
        self.writes.d.next = self.fetched.q.val();
        self.write_data.d.next = self.buffer.read_data.val();

        // Addresses: of a write one a cycle; of a read one in four, two cycles before its word is due to be taken
        // from the one before
        self.reads_on.next = self.building.q.val() && (self.octet.q.val() == bits::<2>(1));
        if self.fetched.q.val() || self.reads_on.val() {
            self.low_next.next = self.address_low.q.val() + bits::<10>(1);
            if self.address_carries.q.val() {
                self.address_high.d.next = self.address_high.q.val() + bits::<10>(1);
            }
        }
        self.address_low.d.next = self.low_next.val();
        self.address_carries.d.next = self.low_next.val().all();

        // An acknowledgement, when nothing else is to do
        if self.idle.val() && !self.held.q.val() && self.ack.q.val() && !self.encoder_busy_in.val()
        {
            self.ack.d.next = false;
            self.prepare.d.next = true;
            self.status.d.next = self.ack_status.q.val();
            self.number.d.next = self.ack_sequence.q.val();
            self.data_left.d.next = bits::<7>(0);
        }

        // Build the response: a byte a cycle, each word ready when the one before it is out
        self.waiting_byte.data_in.next = self.waiting_in.val();
        self.head_low.high_in.next = self.status.q.val();
        self.head_low.low_in.next = self.expected.q.val();
        self.head_high.high_in.next = self.waiting_byte.data_out.val();
        self.head_high.low_in.next = self.number.q.val();
        self.head_word.high_in.next = self.head_high.joined_out.val();
        self.head_word.low_in.next = self.head_low.joined_out.val();
        if self.prepare.q.val() {
            self.prepare.d.next = false;
            self.building.d.next = true;
            self.octet.d.next = bits::<2>(0);
            self.byte_place.d.next = bits::<9>(0);
            self.crc.d.next = bits::<32>(0);
            self.crc_next.d.next = !(self.data_left.q.val().any());
            self.crc_last.d.next = false;
            self.word.d.next = self.head_word.joined_out.val();
        }
        // The CRC's register is kept inverted, as in the decoder; what it holds behind the last word is that word's
        // successor on the line, and leaves from there.
        self.step.crc_in.next = !self.crc.q.val();
        self.step.byte_in.next = self.word.q.val().get_bits::<8>(0);
        self.start.d.next = false;
        if self.building.q.val() {
            self.octet.d.next = self.octet.q.val() + bits::<2>(1);
            self.byte_place.d.next = self.byte_place.q.val() + bits::<9>(1);
            self.crc.d.next = !self.step.crc_out.val();
            if self.crc_last.q.val() {
                self.crc.d.next = self.crc.q.val() >> 8;
            }
            self.word.d.next = self.word.q.val() >> 8;
            if self.octet.q.val().all() {
                self.word.d.next = self.target.q.val();
                if self.reads.q.val() {
                    self.word.d.next = self.read_data_in.val();
                }
                self.data_left.d.next = self.data_left.q.val() - bits::<7>(1);
                self.crc_next.d.next = self.data_left.q.val() == bits::<7>(1);
                if self.crc_next.q.val() {
                    self.crc_next.d.next = false;
                    self.crc_last.d.next = true;
                }
                if self.crc_last.q.val() {
                    self.building.d.next = false;
                    self.start.d.next = true;
                }
            }
        }

        // Outputs
        self.write_out.next = self.fetched.q.val();
        self.address.high_in.next = self.address_high.q.val();
        self.address.low_in.next = self.address_low.q.val();
        self.address_out.next = self.address.joined_out.val();
        self.write_data_out.next = self.write_data.q.val();
        self.byte_valid_out.next = self.building.q.val();
        self.byte_place_out.next = self.byte_place.q.val();
        self.byte_out.next = self.word.q.val().get_bits::<8>(0);
        if self.crc_last.q.val() {
            self.byte_out.next = self.crc.q.val().get_bits::<8>(0);
        }
        self.start_out.next = self.start.q.val();
        self.length_out.next = self.byte_place.q.val();
        self.idle_out.next = self.idle.val() && !self.held.q.val() && !self.ack.q.val();
        self.refused_out.next = self.refuse.val();
    }
}

#[cfg(test)]
mod tests;
