//! Makes operands of Amadeus: blocks of BLAKE3's extended output, four for A and four for B at a time.
//!
//! ```text
//!   seed's words ==>+-----------+---> ready_out
//!   start_in ------>| XofEngine |---> valid_out, place
//!   counters ======>|           |===> a_word_out, b_word_out
//!                   +-----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop the blocks in work |
//! | `write_in`, `write_place_in`, `write_data_in` | 1, 5, 32 | a word of the seed, see below; not while blocks are in work |
//! | `start_in` | 1 | take four blocks a side, if `ready_out` |
//! | `a_counter_in`, `a_step_in` | 32, 16 | with `start_in`: number of A's first block, and from there to the next |
//! | `b_counter_in` | 32 | with `start_in`: number of B's first block; the others follow it |
//! | `ready_out` | 1 | idle, or in the last cycle of a batch |
//! | `valid_out` | 1 | two words of panel memory come out, in 64 cycles one behind the other |
//! | `block_out`, `place_out`, `piece_out` | 2 | of which block; and which of it: A's word 4 piece + place, B's column 4 place + piece |
//! | `a_word_out`, `b_word_out` | 32 | steps 4t to 4t + 3 of a lane: A's block is a row and t the word; B's block is t and the lane a column |
//!
//! # The seed
//! | places | words |
//! |---|---|
//! | 0 to 15 | the message of the last block, 48 bytes and four zeros |
//! | 16 to 19 | chaining value 0 to 3, plus message 0, 2, 4 and 6 |
//! | 20 to 27 | chaining value |
//!
//! # Latency
//! A batch of eight blocks takes [`BATCH_CYCLES`]; the first of its 64 words comes [`FIRST_WORD`] cycles behind its
//! start.
//!
//! # Why
//! Each side does a G in every cycle: of four blocks in turn four a half round, so that what a G needs was written
//! ten cycles before. Both sides do the same at the same time, and share what counts and the message. The words of
//! four blocks a side fill as many cycles of the panel memories' write ports.

pub(crate) mod tables;

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::rounds::{HALF_ROUNDS, Rounds};
use crate::xof_lane::XofLane;
use tables::{FirstRows, Order};

/// Blocks of a side that are in work together.
pub const BLOCKS: usize = 4;
/// Half rounds, and the words of a block behind them.
const STAGES: usize = HALF_ROUNDS + BLOCKS;
/// Bytes of a seed's last block.
const LENGTH: u64 = 48;
/// The end of a chunk that is the root.
const FLAGS: u64 = 2 | 8;
/// Cycles from the start of a batch to the next.
pub const BATCH_CYCLES: usize = 16 * STAGES;
/// Cycles from the start of a batch to its first word.
pub const FIRST_WORD: usize = 1 + 16 * HALF_ROUNDS + 2;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct XofEngine {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop what is in work.
    pub reset_in: Signal<In, Bit>,
    /// Write a word of the seed.
    pub write_in: Signal<In, Bit>,
    /// Which one.
    pub write_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub write_data_in: Signal<In, Bits<32>>,
    /// Take a batch.
    pub start_in: Signal<In, Bit>,
    /// A's first block.
    pub a_counter_in: Signal<In, Bits<32>>,
    /// From block to block of A.
    pub a_step_in: Signal<In, Bits<32>>,
    /// B's first block.
    pub b_counter_in: Signal<In, Bits<32>>,
    /// A batch can start.
    pub ready_out: Signal<Out, Bit>,
    /// Words come out.
    pub valid_out: Signal<Out, Bit>,
    /// Which block.
    pub block_out: Signal<Out, Bits<2>>,
    /// Which place.
    pub place_out: Signal<Out, Bits<2>>,
    /// Which piece.
    pub piece_out: Signal<Out, Bits<2>>,
    /// A's word.
    pub a_word_out: Signal<Out, Bits<32>>,
    /// B's word.
    pub b_word_out: Signal<Out, Bits<32>>,
    // Half rounds, and then a block's words each
    rounds: Rounds<STAGES>,
    a_counter: DFF<Bits<32>>,
    a_step: DFF<Bits<32>>,
    b_counter: DFF<Bits<32>>,
    // What comes behind
    first: DFF<Bit>,
    fourth_counter: DFF<Bit>,
    fourth: DFF<Bits<32>>,
    iv: DFF<Bits<32>>,
    words: [DFF<Bit>; 2],
    word_block: [DFF<Bits<2>>; 2],
    word_place: [DFF<Bits<2>>; 2],
    word_piece: [DFF<Bits<2>>; 2],
    // Memories of the seed
    order: Order,
    rows: FirstRows<LENGTH, FLAGS>,
    y_place: DFF<Bits<4>>,
    x_place: [DFF<Bits<4>>; 3],
    y_words: RAM<Bits<32>, 4>,
    x_words: RAM<Bits<32>, 4>,
    start_words: RAM<Bits<32>, 2>,
    lower_words: RAM<Bits<32>, 2>,
    upper_words: RAM<Bits<32>, 2>,
    cv_place: Signal<Local, Bits<2>>,
    a: XofLane,
    b: XofLane,
}

impl Logic for XofEngine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            a_counter,
            a_step,
            b_counter,
            first,
            fourth_counter,
            fourth,
            iv,
            y_place
        );
        for s in 0..2 {
            self.words[s].clock.next = self.clock.val();
            self.word_block[s].clock.next = self.clock.val();
            self.word_place[s].clock.next = self.clock.val();
            self.word_piece[s].clock.next = self.clock.val();
        }
        for s in 0..3 {
            self.x_place[s].clock.next = self.clock.val();
        }
        self.rounds.clock.next = self.clock.val();
        self.y_words.read_clock.next = self.clock.val();
        self.y_words.write_clock.next = self.clock.val();
        self.x_words.read_clock.next = self.clock.val();
        self.x_words.write_clock.next = self.clock.val();
        self.start_words.read_clock.next = self.clock.val();
        self.start_words.write_clock.next = self.clock.val();
        self.lower_words.read_clock.next = self.clock.val();
        self.lower_words.write_clock.next = self.clock.val();
        self.upper_words.read_clock.next = self.clock.val();
        self.upper_words.write_clock.next = self.clock.val();
        self.a.clock.next = self.clock.val();
        self.b.clock.next = self.clock.val();

        // The seed
        self.y_words.write_enable.next =
            self.write_in.val() && !self.write_place_in.val().get_bit(4);
        self.y_words.write_address.next = self.write_place_in.val().get_bits::<4>(0);
        self.y_words.write_data.next = self.write_data_in.val();
        self.x_words.write_enable.next =
            self.write_in.val() && !self.write_place_in.val().get_bit(4);
        self.x_words.write_address.next = self.write_place_in.val().get_bits::<4>(0);
        self.x_words.write_data.next = self.write_data_in.val();
        self.start_words.write_enable.next =
            self.write_in.val() && self.write_place_in.val().get_bits::<3>(2) == bits::<3>(4);
        self.start_words.write_address.next = self.write_place_in.val().get_bits::<2>(0);
        self.start_words.write_data.next = self.write_data_in.val();
        self.lower_words.write_enable.next =
            self.write_in.val() && self.write_place_in.val().get_bits::<3>(2) == bits::<3>(5);
        self.lower_words.write_address.next = self.write_place_in.val().get_bits::<2>(0);
        self.lower_words.write_data.next = self.write_data_in.val();
        self.upper_words.write_enable.next =
            self.write_in.val() && self.write_place_in.val().get_bits::<3>(2) == bits::<3>(6);
        self.upper_words.write_address.next = self.write_place_in.val().get_bits::<2>(0);
        self.upper_words.write_data.next = self.write_data_in.val();

        // Half rounds; behind them, half 14 is block 0
        self.rounds.reset_in.next = self.reset_in.val();
        self.rounds.start_in.next = self.start_in.val();
        self.rounds.word_block_in.next = self.rounds.half_out.val().get_bits::<2>(0) + bits::<2>(2);
        self.cv_place.next = self.rounds.slot_out.val().get_bits::<2>(0);
        if !self.rounds.mixes_out.val() {
            self.cv_place.next = self.rounds.slot_out.val().get_bits::<2>(2);
        }
        self.a.write_in.next = self.rounds.write_out.val();
        self.b.write_in.next = self.rounds.write_out.val();
        for n in 0..4 {
            self.a.read_place_in[n].next = self.rounds.read_place_out[n].val();
            self.b.read_place_in[n].next = self.rounds.read_place_out[n].val();
            self.a.write_place_in[n].next = self.rounds.write_place_out[n].val();
            self.b.write_place_in[n].next = self.rounds.write_place_out[n].val();
        }
        self.start_words.read_address.next = self.cv_place.val();
        self.lower_words.read_address.next = self.cv_place.val();
        self.upper_words.read_address.next = self.cv_place.val();

        // The first half round begins with constants and the block's number
        self.first.d.next = !(self.rounds.half_out.val().any());
        self.fourth_counter.d.next =
            self.rounds.busy_out.val() && !(self.rounds.slot_out.val().get_bits::<2>(0).any());
        self.rows.column_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.iv.d.next = self.rows.iv_out.val();
        self.fourth.d.next = self.rows.fourth_out.val();
        if self.fourth_counter.q.val() {
            self.a_counter.d.next = self.a_counter.q.val() + self.a_step.q.val();
            self.b_counter.d.next = self.b_counter.q.val() + bits::<32>(1);
        }
        if self.rounds.taken_out.val() {
            self.a_counter.d.next = self.a_counter_in.val();
            self.a_step.d.next = self.a_step_in.val();
            self.b_counter.d.next = self.b_counter_in.val();
        }
        self.a.first_in.next = self.first.q.val();
        self.b.first_in.next = self.first.q.val();
        self.a.start_in.next = self.start_words.read_data.val();
        self.b.start_in.next = self.start_words.read_data.val();
        self.a.lower_cv_in.next = self.lower_words.read_data.val();
        self.b.lower_cv_in.next = self.lower_words.read_data.val();
        self.a.upper_cv_in.next = self.upper_words.read_data.val();
        self.b.upper_cv_in.next = self.upper_words.read_data.val();
        self.a.iv_in.next = self.iv.q.val();
        self.b.iv_in.next = self.iv.q.val();
        self.a.fourth_in.next = self.fourth.q.val();
        self.b.fourth_in.next = self.fourth.q.val();
        if self.fourth_counter.q.val() {
            self.a.fourth_in.next = self.a_counter.q.val();
            self.b.fourth_in.next = self.b_counter.q.val();
        }

        // Message words
        self.order.half_in.next = self.rounds.half_out.val().get_bits::<4>(0);
        self.order.column_in.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.y_place.d.next = self.order.y_out.val();
        self.x_place[0].d.next = self.order.x_out.val();
        for s in 1..3 {
            self.x_place[s].d.next = self.x_place[s - 1].q.val();
        }
        self.y_words.read_address.next = self.y_place.q.val();
        self.x_words.read_address.next = self.x_place[2].q.val();
        self.a.y_in.next = self.y_words.read_data.val();
        self.b.y_in.next = self.y_words.read_data.val();
        self.a.x_in.next = self.x_words.read_data.val();
        self.b.x_in.next = self.x_words.read_data.val();

        // Words
        self.words[0].d.next = self.rounds.busy_out.val() && !self.rounds.mixes_out.val();
        self.word_block[0].d.next = self.rounds.word_block_in.val();
        self.word_place[0].d.next = self.rounds.slot_out.val().get_bits::<2>(2);
        self.word_piece[0].d.next = self.rounds.slot_out.val().get_bits::<2>(0);
        self.words[1].d.next = self.words[0].q.val();
        self.word_block[1].d.next = self.word_block[0].q.val();
        self.word_place[1].d.next = self.word_place[0].q.val();
        self.word_piece[1].d.next = self.word_piece[0].q.val();
        self.a.piece_in.next = self.word_piece[0].q.val();
        self.b.piece_in.next = self.word_piece[0].q.val();
        self.a.columns_in.next = false;
        self.b.columns_in.next = true;

        // Reset
        if self.reset_in.val() {
            self.words[0].d.next = false;
            self.words[1].d.next = false;
        }

        // Outputs
        self.ready_out.next = self.rounds.ready_out.val();
        self.valid_out.next = self.words[1].q.val();
        self.block_out.next = self.word_block[1].q.val();
        self.place_out.next = self.word_place[1].q.val();
        self.piece_out.next = self.word_piece[1].q.val();
        self.a_word_out.next = self.a.word_out.val();
        self.b_word_out.next = self.b.word_out.val();
    }
}

#[cfg(test)]
pub(crate) mod tests;
