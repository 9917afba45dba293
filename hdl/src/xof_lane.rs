//! One side of an [engine](crate::xof_engine): the states of four blocks in memory, a [`Mixer`] that goes over
//! them, and the words that come of them.
//!
//! ```text
//!   places =====>+---------+
//!   first, .. ==>| XofLane |==> word_out
//!   message ====>+---------+
//! ```
//!
//! # Ports
//! | port | bits | cycle | meaning |
//! |---|---|---|---|
//! | `read_place_in[n]` | 4 | 0 | block (3:2) and word (1:0) of row n of the state that is read |
//! | `first_in` | 1 | 1 | take these instead of what was read: |
//! | `start_in`, `upper_cv_in`, `iv_in`, `fourth_in` | 32 | 1 | words of the rows before the first round, the first row's with its message word |
//! | `y_in`, `x_in` | 32 | 2, 4 | message words, see [`Mixer`] |
//! | `write_in`, `write_place_in[n]` | 1, 4 | [`LATENCY`] | write what has become of it |
//! | `lower_cv_in`, `upper_cv_in`, `piece_in` | 32, 32, 2 | 1 | words of the chaining value, and which word of four comes out |
//! | `columns_in` | 1 | constant | the words are those of columns of B, not of rows of A |
//! | `word_out` | 32 | 2 | a word of panel memory |
//!
//! Four words of a block stand in the four rows: 0, 4, 8 and 12 words behind the place. Of A, each is a word of
//! panel memory as it is. Of B, a word of panel memory has one byte of each.
//!
//! # Why
//! A state in registers needs a multiplexer for each word; in memory of sixteen words, which a LUT is, it costs
//! nothing, and the memory of four states is filled.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::mixer::{self, Mixer};

/// Cycles from a place that is read to the same place written.
pub const LATENCY: usize = 1 + mixer::LATENCY;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct XofLane {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Where each row is read.
    pub read_place_in: [Signal<In, Bits<4>>; 4],
    /// The first round begins.
    pub first_in: Signal<In, Bit>,
    /// First row then.
    pub start_in: Signal<In, Bits<32>>,
    /// Third row then.
    pub iv_in: Signal<In, Bits<32>>,
    /// Fourth row then.
    pub fourth_in: Signal<In, Bits<32>>,
    /// Second row then; chaining value, words 4 to 7.
    pub upper_cv_in: Signal<In, Bits<32>>,
    /// Chaining value, words 0 to 3.
    pub lower_cv_in: Signal<In, Bits<32>>,
    /// Second message word.
    pub y_in: Signal<In, Bits<32>>,
    /// The next first message word.
    pub x_in: Signal<In, Bits<32>>,
    /// Write.
    pub write_in: Signal<In, Bit>,
    /// Where each row is written.
    pub write_place_in: [Signal<In, Bits<4>>; 4],
    /// Which word of four comes out.
    pub piece_in: Signal<In, Bits<2>>,
    /// Words of columns.
    pub columns_in: Signal<In, Bit>,
    /// A word of panel memory.
    pub word_out: Signal<Out, Bits<32>>,
    rows: [RAM<Bits<32>, 4>; 4],
    mixer: Mixer,
    low: Signal<Local, Bits<32>>,
    low_upper: Signal<Local, Bits<32>>,
    high: Signal<Local, Bits<32>>,
    high_upper: Signal<Local, Bits<32>>,
    row: Signal<Local, Bits<32>>,
    column: Signal<Local, Bits<32>>,
    byte: [Signal<Local, Bits<32>>; 4],
    word: DFF<Bits<32>>,
}

impl Logic for XofLane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word);
        self.mixer.clock.next = self.clock.val();
        for n in 0..4 {
            self.rows[n].read_clock.next = self.clock.val();
            self.rows[n].write_clock.next = self.clock.val();
            self.rows[n].read_address.next = self.read_place_in[n].val();
            self.rows[n].write_address.next = self.write_place_in[n].val();
            self.rows[n].write_enable.next = self.write_in.val();
        }

        // Mix
        self.mixer.a_in.next = self.rows[0].read_data.val();
        self.mixer.b_in.next = self.rows[1].read_data.val();
        self.mixer.c_in.next = self.rows[2].read_data.val();
        self.mixer.d_in.next = self.rows[3].read_data.val();
        if self.first_in.val() {
            self.mixer.a_in.next = self.start_in.val();
            self.mixer.b_in.next = self.upper_cv_in.val();
            self.mixer.c_in.next = self.iv_in.val();
            self.mixer.d_in.next = self.fourth_in.val();
        }
        self.mixer.y_in.next = self.y_in.val();
        self.mixer.x_in.next = self.x_in.val();
        self.rows[0].write_data.next = self.mixer.a_out.val();
        self.rows[1].write_data.next = self.mixer.b_out.val();
        self.rows[2].write_data.next = self.mixer.c_out.val();
        self.rows[3].write_data.next = self.mixer.d_out.val();

        // Words
        self.low.next = self.rows[0].read_data.val() ^ self.rows[2].read_data.val();
        self.low_upper.next = self.rows[1].read_data.val() ^ self.rows[3].read_data.val();
        self.high.next = self.rows[2].read_data.val() ^ self.lower_cv_in.val();
        self.high_upper.next = self.rows[3].read_data.val() ^ self.upper_cv_in.val();
        self.row.next = self.low.val();
        self.byte[0].next = self.low.val() & bits::<32>(0xff);
        self.byte[1].next = (self.low_upper.val() & bits::<32>(0xff)) << 8;
        self.byte[2].next = (self.high.val() & bits::<32>(0xff)) << 16;
        self.byte[3].next = self.high_upper.val() << 24;
        if self.piece_in.val() == bits::<2>(1) {
            self.row.next = self.low_upper.val();
            self.byte[0].next = (self.low.val() >> 8) & bits::<32>(0xff);
            self.byte[1].next = self.low_upper.val() & bits::<32>(0xff00);
            self.byte[2].next = (self.high.val() & bits::<32>(0xff00)) << 8;
            self.byte[3].next = (self.high_upper.val() & bits::<32>(0xff00)) << 16;
        }
        if self.piece_in.val() == bits::<2>(2) {
            self.row.next = self.high.val();
            self.byte[0].next = (self.low.val() >> 16) & bits::<32>(0xff);
            self.byte[1].next = (self.low_upper.val() >> 8) & bits::<32>(0xff00);
            self.byte[2].next = self.high.val() & bits::<32>(0xff_0000);
            self.byte[3].next = (self.high_upper.val() & bits::<32>(0xff_0000)) << 8;
        }
        if self.piece_in.val() == bits::<2>(3) {
            self.row.next = self.high_upper.val();
            self.byte[0].next = self.low.val() >> 24;
            self.byte[1].next = (self.low_upper.val() >> 16) & bits::<32>(0xff00);
            self.byte[2].next = (self.high.val() >> 8) & bits::<32>(0xff_0000);
            self.byte[3].next = (self.high_upper.val() >> 24) << 24;
        }
        self.column.next =
            self.byte[0].val() | self.byte[1].val() | self.byte[2].val() | self.byte[3].val();
        self.word.d.next = self.row.val();
        if self.columns_in.val() {
            self.word.d.next = self.column.val();
        }
        self.word_out.next = self.word.q.val();
    }
}
