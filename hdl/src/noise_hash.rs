//! The hashes of Pearl's noise: keyed BLAKE3 of blocks of 64 bytes, four at a time.
//!
//! ```text
//!   seed's words ==>+-----------+---> ready_out
//!   start_in ------>| NoiseHash |---> valid_out, b_out, pairs_out
//!   index, side ===>|           |===> word_out
//!   reset_in ------>+-----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop the hashes in work |
//! | `write_in`, `write_place_in`, `write_data_in` | 1, 5, 32 | a word of the seed, see below; not while hashes are in work |
//! | `start_in`, `ready_out` | 1 | take four hashes |
//! | `b_in`, `pairs_in` | 1 | with `start_in`: label and key of B, not A; for index pairs (slot 1), not rows of E (slot 0) |
//! | `index_in` | 32 | with `start_in`: i of the first hash. The others are 4, 8 and 12 further for rows, 1, 2 and 3 for pairs |
//! | `valid_out`, `word_out` | 1, 32 | in 32 cycles one behind the other: word 0 of each hash, then word 1 and so on to word 7 |
//! | `b_out`, `pairs_out` | 1 | with `valid_out`: what they are for |
//!
//! # The seed
//! | places | words |
//! |---|---|
//! | 0 to 7 | key of A |
//! | 16 to 23 | key of B |
//!
//! Words at other places are not for it.
//!
//! # Latency
//! Four hashes take [`BATCH_CYCLES`]; the first of their 32 words comes [`FIRST_WORD`] cycles behind their start.
//!
//! # Why
//! One lane makes a hash in 68 cycles: a panel has 64, and no array takes less than 8,192 cycles for one. The words
//! come as columns of four rows, because noise is read so. A message has three words that are not 0, so it needs no
//! memory. The sixteen cycles behind the rounds, in which nothing happens, are there for the last G: the fourth
//! block's words would be read two cycles too early.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::rounds::{HALF_ROUNDS, Rounds};
use crate::xof_engine::tables::{FirstRows, Order};
use crate::xof_lane::XofLane;
use crate::zero_extend::ZeroExtend;

/// Hashes that are in work together.
pub const BLOCKS: usize = 4;
/// Words that come of them.
pub const BATCH_WORDS: usize = 8 * BLOCKS;
/// Half rounds, a rest, and twice sixteen words.
const STAGES: usize = HALF_ROUNDS + 1 + 2;
/// Bytes of a block.
const LENGTH: u64 = 64;
/// Keyed hash, first and last block of its chunk, root.
const FLAGS: u64 = 0x1b;
/// Cycles from a start to the next.
pub const BATCH_CYCLES: usize = 1 + 16 * STAGES;
/// Cycles from a start to the first word.
pub const FIRST_WORD: usize = 2 + 16 * (HALF_ROUNDS + 1) + 2;

/// A word of the message. Wires and gates only.
#[derive(LogicBlock, Default)]
pub struct MessageWord {
    /// Which one.
    pub place_in: Signal<In, Bits<4>>,
    /// The number stands in word 1, not 0.
    pub pairs_in: Signal<In, Bit>,
    /// The label is that of B.
    pub b_in: Signal<In, Bit>,
    /// Number of the hash.
    pub number_in: Signal<In, Bits<32>>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
}

impl Logic for MessageWord {
    #[hdl_gen]
    fn update(&mut self) {
        self.word_out.next = bits::<32>(0);
        if (self.place_in.val() == bits::<4>(0) && !self.pairs_in.val())
            || (self.place_in.val() == bits::<4>(1) && self.pairs_in.val())
        {
            self.word_out.next = self.number_in.val();
        }
        if self.place_in.val() == bits::<4>(8) {
            // "A_te"
            self.word_out.next = bits::<32>(0x6574_5f41);
            if self.b_in.val() {
                self.word_out.next = bits::<32>(0x6574_5f42);
            }
        }
        if self.place_in.val() == bits::<4>(9) {
            // "nsor"
            self.word_out.next = bits::<32>(0x726f_736e);
        }
    }
}

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct NoiseHash {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop what is in work.
    pub reset_in: Signal<In, Bit>,
    // Seed
    /// Write a word.
    pub write_in: Signal<In, Bit>,
    /// Which one.
    pub write_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub write_data_in: Signal<In, Bits<32>>,
    // Hashes
    /// Take four.
    pub start_in: Signal<In, Bit>,
    /// Four can be taken.
    pub ready_out: Signal<Out, Bit>,
    /// Of B.
    pub b_in: Signal<In, Bit>,
    /// For index pairs.
    pub pairs_in: Signal<In, Bit>,
    /// The first one.
    pub index_in: Signal<In, Bits<32>>,
    // Words
    /// Words come out.
    pub valid_out: Signal<Out, Bit>,
    /// Of B.
    pub b_out: Signal<Out, Bit>,
    /// For index pairs.
    pub pairs_out: Signal<Out, Bit>,
    /// A word of a hash.
    pub word_out: Signal<Out, Bits<32>>,
    // The batch in work, a cycle late
    takes: Signal<Local, Bit>,
    started: DFF<Bit>,
    b: DFF<Bit>,
    pairs: DFF<Bit>,
    index: DFF<Bits<32>>,
    rounds: Rounds<STAGES>,
    /// What `slot_out` is in the next cycle.
    next_slot: Signal<Local, Bits<4>>,
    // Number of a block, then as each of the message words needs it
    step: Signal<Local, Bits<4>>,
    row_step: Join<2, 2, 4>,
    wide_step: ZeroExtend<4, 32>,
    number: DFF<Bits<32>>,
    y_number: DFF<Bits<32>>,
    x_number: DFF<Bits<32>>,
    // First rows
    side: Signal<Local, Bits<1>>,
    write_side: Signal<Local, Bits<1>>,
    lower_place: Join<1, 2, 3>,
    upper_place: Join<1, 2, 3>,
    key_place: Join<1, 2, 3>,
    lower_words: RAM<Bits<32>, 3>,
    upper_words: RAM<Bits<32>, 3>,
    added: Signal<Local, Bits<32>>,
    start: DFF<Bits<32>>,
    first: DFF<Bit>,
    rows: FirstRows<LENGTH, FLAGS>,
    iv: DFF<Bits<32>>,
    fourth: DFF<Bits<32>>,
    // Message
    order: Order,
    y_place: DFF<Bits<4>>,
    x_place: [DFF<Bits<4>>; 3],
    y_word: MessageWord,
    x_word: MessageWord,
    y: DFF<Bits<32>>,
    x: DFF<Bits<32>>,
    lane: XofLane,
    // Words
    words: [DFF<Bit>; 2],
    word_b: [DFF<Bit>; 2],
    word_pairs: [DFF<Bit>; 2],
    upper: DFF<Bit>,
}

impl Logic for NoiseHash {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, started, b, pairs, index, number, y_number, x_number, start, first, iv,
            fourth, y_place, y, x, upper
        );
        for s in 0..2 {
            self.words[s].clock.next = self.clock.val();
            self.word_b[s].clock.next = self.clock.val();
            self.word_pairs[s].clock.next = self.clock.val();
        }
        for s in 0..3 {
            self.x_place[s].clock.next = self.clock.val();
        }
        self.rounds.clock.next = self.clock.val();
        self.lower_words.read_clock.next = self.clock.val();
        self.lower_words.write_clock.next = self.clock.val();
        self.upper_words.read_clock.next = self.clock.val();
        self.upper_words.write_clock.next = self.clock.val();
        self.lane.clock.next = self.clock.val();

        // Seed
        self.write_side.next = bits::<1>(0);
        if self.write_place_in.val().get_bit(4) {
            self.write_side.next = bits::<1>(1);
        }
        self.key_place.high_in.next = self.write_side.val();
        self.key_place.low_in.next = self.write_place_in.val().get_bits::<2>(0);
        self.lower_words.write_enable.next =
            self.write_in.val() && self.write_place_in.val().get_bits::<2>(2) == bits::<2>(0);
        self.lower_words.write_address.next = self.key_place.joined_out.val();
        self.lower_words.write_data.next = self.write_data_in.val();
        self.upper_words.write_enable.next =
            self.write_in.val() && self.write_place_in.val().get_bits::<2>(2) == bits::<2>(1);
        self.upper_words.write_address.next = self.key_place.joined_out.val();
        self.upper_words.write_data.next = self.write_data_in.val();

        // Start
        self.takes.next =
            self.start_in.val() && self.rounds.ready_out.val() && !self.started.q.val();
        self.started.d.next = self.takes.val();
        if self.takes.val() {
            self.b.d.next = self.b_in.val();
            self.pairs.d.next = self.pairs_in.val();
            self.index.d.next = self.index_in.val();
        }
        self.rounds.reset_in.next = self.reset_in.val();
        self.rounds.start_in.next = self.started.q.val();
        self.rounds.word_block_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.next_slot.next = bits::<4>(0);
        if self.rounds.busy_out.val() {
            self.next_slot.next = self.rounds.slot_out.val() + bits::<4>(1);
        }

        // Number: i + 1
        self.row_step.high_in.next = self.next_slot.val().get_bits::<2>(2);
        self.row_step.low_in.next = bits::<2>(1);
        self.step.next = self.row_step.joined_out.val();
        if self.pairs.q.val() {
            self.step.next = bits::<4>(1);
            if self.next_slot.val().get_bits::<2>(2) == bits::<2>(1) {
                self.step.next = bits::<4>(2);
            }
            if self.next_slot.val().get_bits::<2>(2) == bits::<2>(2) {
                self.step.next = bits::<4>(3);
            }
            if self.next_slot.val().get_bits::<2>(2) == bits::<2>(3) {
                self.step.next = bits::<4>(4);
            }
        }
        self.wide_step.data_in.next = self.step.val();
        self.number.d.next = self.index.q.val() + self.wide_step.data_out.val();
        self.y_number.d.next = self.number.q.val();
        if self.rounds.slot_out.val().get_bits::<2>(0) == bits::<2>(2) {
            self.x_number.d.next = self.number.q.val();
        }

        // The first half round begins with key and constants, word 0 with the number if that is message word 0
        self.side.next = bits::<1>(0);
        if self.b.q.val() {
            self.side.next = bits::<1>(1);
        }
        self.lower_place.high_in.next = self.side.val();
        self.lower_place.low_in.next = self.next_slot.val().get_bits::<2>(0);
        self.upper_place.high_in.next = self.side.val();
        self.upper_place.low_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.lower_words.read_address.next = self.lower_place.joined_out.val();
        self.upper_words.read_address.next = self.upper_place.joined_out.val();
        self.added.next = bits::<32>(0);
        if !self.pairs.q.val() && self.rounds.slot_out.val().get_bits::<2>(0) == bits::<2>(0) {
            self.added.next = self.number.q.val();
        }
        self.start.d.next = self.lower_words.read_data.val() + self.added.val();
        self.first.d.next = !(self.rounds.half_out.val().any());
        self.rows.column_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.iv.d.next = self.rows.iv_out.val();
        self.fourth.d.next = self.rows.fourth_out.val();
        self.lane.first_in.next = self.first.q.val();
        self.lane.start_in.next = self.start.q.val();
        self.lane.upper_cv_in.next = self.upper_words.read_data.val();
        self.lane.iv_in.next = self.iv.q.val();
        self.lane.fourth_in.next = self.fourth.q.val();

        // Message words
        self.order.half_in.next = self.rounds.half_out.val().get_bits::<4>(0);
        self.order.column_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.y_place.d.next = self.order.y_out.val();
        self.x_place[0].d.next = self.order.x_out.val();
        for s in 1..3 {
            self.x_place[s].d.next = self.x_place[s - 1].q.val();
        }
        self.y_word.place_in.next = self.y_place.q.val();
        self.y_word.pairs_in.next = self.pairs.q.val();
        self.y_word.b_in.next = self.b.q.val();
        self.y_word.number_in.next = self.y_number.q.val();
        self.x_word.place_in.next = self.x_place[2].q.val();
        self.x_word.pairs_in.next = self.pairs.q.val();
        self.x_word.b_in.next = self.b.q.val();
        self.x_word.number_in.next = self.x_number.q.val();
        self.y.d.next = self.y_word.word_out.val();
        self.x.d.next = self.x_word.word_out.val();
        self.lane.y_in.next = self.y.q.val();
        self.lane.x_in.next = self.x.q.val();

        // Lane
        self.lane.write_in.next = self.rounds.write_out.val();
        for n in 0..4 {
            self.lane.read_place_in[n].next = self.rounds.read_place_out[n].val();
            self.lane.write_place_in[n].next = self.rounds.write_place_out[n].val();
        }
        self.lane.lower_cv_in.next = bits::<32>(0);
        self.lane.columns_in.next = false;

        // Words: half 14 is the rest, 15 has the lower half of each hash, 16 the upper one
        self.words[0].d.next = self.rounds.busy_out.val()
            && (self.rounds.half_out.val() == bits::<5>(15)
                || self.rounds.half_out.val() == bits::<5>(16));
        self.words[1].d.next = self.words[0].q.val();
        self.upper.d.next = !self.rounds.half_out.val().get_bit(0);
        self.lane.piece_in.next = bits::<2>(0);
        if self.upper.q.val() {
            self.lane.piece_in.next = bits::<2>(1);
        }
        self.word_b[0].d.next = self.b.q.val();
        self.word_b[1].d.next = self.word_b[0].q.val();
        self.word_pairs[0].d.next = self.pairs.q.val();
        self.word_pairs[1].d.next = self.word_pairs[0].q.val();

        // Reset
        if self.reset_in.val() {
            self.started.d.next = false;
            self.words[0].d.next = false;
            self.words[1].d.next = false;
        }

        // Outputs
        self.ready_out.next = self.rounds.ready_out.val() && !self.started.q.val();
        self.valid_out.next = self.words[1].q.val();
        self.b_out.next = self.word_b[1].q.val();
        self.pairs_out.next = self.word_pairs[1].q.val();
        self.word_out.next = self.lane.word_out.val();
    }
}

#[cfg(test)]
pub(crate) mod tests;
