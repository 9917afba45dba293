//! The completion queue: writes the words of a tile's completion, and shows them to the host.
//!
//! ```text
//!   tile_end_in, tag ==>+-------------+---> busy_out, done_out
//!   start_in ---------->| Completions |===> ticket's read, word
//!   flags, nonce, time=>|             |===> data_out
//!   address_in ========>+-------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | begin with the first entry again |
//! | `tile_end_in`, `tag_in` | 1, 32 | a tile's last step was taken in the last cycle: write its tag; not while `busy_out` |
//! | `start_in` | 1 | write all other words; not while `busy_out` |
//! | `flags_in`, `nonce_in`, `time_low_in`, `time_high_in` | 4, 32, 32, 32 | words 1, 4, 2 and 3; stand while `busy_out`, but for the time, whose high half follows a carry of the low one a cycle later |
//! | `ticket_read_out`, `ticket_word_out`, `ticket_in` | 1, 3, 32 | words of the [ticket], which come [`READ_LATENCY`](ticket::READ_LATENCY) cycles later |
//! | `busy_out`, `done_out` | 1 | words are being written; this cycle writes the last one |
//! | `address_in`, `data_out` | 8, 32 | window: entry and word, and the word two cycles later |
//!
//! # Why
//! The tag is written when the tile has ended, before the queue shows another one's; everything else when there is
//! something to say. A word a cycle needs no registers for what waits.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::ticket;
use crate::zero_extend::ZeroExtend;

// Stages behind the place.
const _: () = assert!(ticket::READ_LATENCY == 3);

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Completions {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Begin with the first entry.
    pub reset_in: Signal<In, Bit>,
    /// Write a tile's tag.
    pub tile_end_in: Signal<In, Bit>,
    /// The tag.
    pub tag_in: Signal<In, Bits<32>>,
    /// Write the rest.
    pub start_in: Signal<In, Bit>,
    /// Hit, kept, bank, hit before.
    pub flags_in: Signal<In, Bits<4>>,
    /// Nonce word of an attempt, or 0.
    pub nonce_in: Signal<In, Bits<32>>,
    /// Clock of the device, low half.
    pub time_low_in: Signal<In, Bits<32>>,
    /// Clock of the device, high half.
    pub time_high_in: Signal<In, Bits<32>>,
    /// A word of the ticket is read.
    pub ticket_read_out: Signal<Out, Bit>,
    /// Which one.
    pub ticket_word_out: Signal<Out, Bits<3>>,
    /// The word.
    pub ticket_in: Signal<In, Bits<32>>,
    /// Words are being written.
    pub busy_out: Signal<Out, Bit>,
    /// The last one is.
    pub done_out: Signal<Out, Bit>,
    /// A word of the queue.
    pub address_in: Signal<In, Bits<8>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    writing: DFF<Bit>,
    place: DFF<Bits<4>>,
    /// The same, as the word that was asked for comes.
    late_writing: [DFF<Bit>; 3],
    late_place: [DFF<Bits<4>>; 3],
    entry: DFF<Bits<4>>,
    queue: RAM<Bits<32>, 8>,
    queue_place: Join<4, 4, 8>,
    write: DFF<Bit>,
    write_place: DFF<Bits<8>>,
    write_word: DFF<Bits<32>>,
    data: DFF<Bits<32>>,
    done: Signal<Local, Bit>,
    flags_word: ZeroExtend<4, 32>,
}

impl Logic for Completions {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, writing, place, entry, write, write_place, write_word, data);
        self.queue.read_clock.next = self.clock.val();
        self.queue.write_clock.next = self.clock.val();
        for s in 0..3 {
            self.late_writing[s].clock.next = self.clock.val();
            self.late_place[s].clock.next = self.clock.val();
        }
        self.ticket_word_out.next = self.place.q.val().get_bits::<3>(0);
        self.ticket_read_out.next = self.writing.q.val();
        self.late_writing[0].d.next = self.writing.q.val();
        self.late_place[0].d.next = self.place.q.val();
        for s in 1..3 {
            self.late_writing[s].d.next = self.late_writing[s - 1].q.val();
            self.late_place[s].d.next = self.late_place[s - 1].q.val();
        }
        if self.writing.q.val() {
            self.place.d.next = self.place.q.val() + bits::<4>(1);
        }
        if self.start_in.val() {
            self.writing.d.next = true;
            self.place.d.next = bits::<4>(0);
        }
        self.done.next = self.late_writing[2].q.val() && self.late_place[2].q.val().all();
        if self.done.val() {
            self.writing.d.next = false;
            for s in 0..3 {
                self.late_writing[s].d.next = false;
            }
            self.entry.d.next = self.entry.q.val() + bits::<4>(1);
        }

        // Words
        self.flags_word.data_in.next = self.flags_in.val();
        self.queue_place.high_in.next = self.entry.q.val();
        self.queue_place.low_in.next = self.late_place[2].q.val();
        self.write.d.next = self.late_writing[2].q.val() && self.late_place[2].q.val().any();
        self.write_word.d.next = bits::<32>(0);
        if self.late_place[2].q.val() == bits::<4>(1) {
            self.write_word.d.next = self.flags_word.data_out.val();
        }
        if self.late_place[2].q.val() == bits::<4>(2) {
            self.write_word.d.next = self.time_low_in.val();
        }
        if self.late_place[2].q.val() == bits::<4>(3) {
            self.write_word.d.next = self.time_high_in.val();
        }
        if self.late_place[2].q.val() == bits::<4>(4) {
            self.write_word.d.next = self.nonce_in.val();
        }
        if self.late_place[2].q.val().get_bit(3) {
            self.write_word.d.next = self.ticket_in.val();
        }
        if self.tile_end_in.val() {
            self.queue_place.low_in.next = bits::<4>(0);
            self.write.d.next = true;
            self.write_word.d.next = self.tag_in.val();
        }
        self.write_place.d.next = self.queue_place.joined_out.val();
        self.queue.write_enable.next = self.write.q.val();
        self.queue.write_address.next = self.write_place.q.val();
        self.queue.write_data.next = self.write_word.q.val();

        // Reset
        if self.reset_in.val() {
            self.writing.d.next = false;
            for s in 0..3 {
                self.late_writing[s].d.next = false;
            }
            self.entry.d.next = bits::<4>(0);
        }

        // Window
        self.queue.read_address.next = self.address_in.val();
        self.data.d.next = self.queue.read_data.val();

        self.busy_out.next = self.writing.q.val();
        self.done_out.next = self.done.val();
        self.data_out.next = self.data.q.val();
    }
}
