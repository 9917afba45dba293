//! The ticket: 16-word fold register, one BLAKE3 compression, comparison with the bound. A small machine
//! that carries out one operation of 32 bits a cycle on words in memory.
//!
//! ```text
//!                    +--------+
//!   fold_valid_in -->|        |---> valid_out
//!   fold_in =======> | Ticket |---> hit_out
//!   tile_end_in ---->|        |---> busy_out
//!   load, copy =====>|        |
//!   run_in --------->|        |
//!   word, bound ====>|        |===> ticket_out
//!                    +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `fold_valid_in`, `fold_in` | 1, 32 | fold word of a whole chunk; at least [`FOLD_CYCLES`] apart, and a tile's last one while nothing else is at work |
//! | `tile_end_in` | 1 | with `fold_valid_in`: it is the tile's last |
//! | `load_in`, `load_place_in` | 1, 5 | a word of the tile's job, its key (0 to 7) or its bound (8 to 15); or of a compression's chaining value (0 to 7) or message (16 to 31); not while `busy_out`, but from `valid_out` on |
//! | `load_word_in` | 32 | that word, [`LOAD_OFFSET`] cycles later |
//! | `copy_in` | 1 | with `load_in`: it is the word that `word_in` and `bound_in` name. One that is loaded can be copied four cycles later |
//! | `run_in` | 1 | compress the message; not while `busy_out` |
//! | `valid_out` | 1 | for one cycle: a ticket, or the next chaining value, is there; it stands until the next job is loaded |
//! | `hit_out` | 1 | with `valid_out` of a ticket: it is at most the bound |
//! | `word_in` | 3 | a word of the ticket or chaining value, low word first; not while `busy_out`, but from `valid_out` on |
//! | `bound_in` | 1 | it is among those that were copied to the bound's places |
//! | `read_in` | 1 | `word_in` means something |
//! | `ticket_out` | 32 | that word, [`READ_LATENCY`] cycles later |
//! | `busy_out` | 1 | a ticket, or a compression, is on its way |
//!
//! # A compression
//! `run_in` runs BLAKE3's compression alone, on chaining value and message as they were loaded or left behind. Counter
//! (low, high), length and flags are on `load_word_in` in the four cycles from [`RUN_OFFSET`] behind it on. Words
//! may still be loaded in its cycle and the next one. The bound is free meanwhile: a word that is copied there keeps its
//! value, and one that is loaded is inverted. Fold words of the next tile are welcome, but for the last one.
//!
//! # Latency
//! [`LATENCY`] cycles from the last fold word of a tile to its ticket, [`RUN_LATENCY`] from `run_in` to the next chaining
//! value. The next tile's fold words may come in from [`FOLD_CYCLES`] behind that word on. Each takes two cycles in which
//! nothing is loaded, copied or read: of 64 in a row, two must be left.
//!
//! # Why
//! A tile takes hundreds to thousands of cycles and has one ticket. So what counts is size: words stand
//! in memory, and one adder, one XOR and one rotation do all the work. BLAKE3's four independent G run
//! in turn, operation by operation, so each has four cycles for its way from memory to memory, and no
//! cycle is lost. The fold register stands in the same memory, and its words are turned by the same rotation, in
//! cycles that the [`program`] leaves to it: a memory of its own would take two of an iCE40's block RAMs. The comparison is the carry of ticket + (2^256 - 1 - bound), word by word.
//!
//! The rule of the fold register is `J[c mod 16] = rotl(J[c mod 16], 13) ^ word`, with J = 0 at first.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use program::{Decoder, Schedule};
use turn::Turn;

mod initial;
mod latency;
pub mod program;
mod turn;

pub use latency::*;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Ticket {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: drop the tile and the ticket on its way.
    pub reset_in: Signal<In, Bit>,
    /// A fold word is on `fold_in`.
    pub fold_valid_in: Signal<In, Bit>,
    /// Fold word.
    pub fold_in: Signal<In, Bits<32>>,
    /// It is the tile's last.
    pub tile_end_in: Signal<In, Bit>,
    /// A word comes.
    pub load_in: Signal<In, Bit>,
    /// Which one.
    pub load_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub load_word_in: Signal<In, Bits<32>>,
    /// It is copied, and does not come.
    pub copy_in: Signal<In, Bit>,
    /// Compress the message.
    pub run_in: Signal<In, Bit>,
    /// A word of the ticket is read.
    pub read_in: Signal<In, Bit>,
    /// Which word of the ticket.
    pub word_in: Signal<In, Bits<3>>,
    /// Of the bound's places instead.
    pub bound_in: Signal<In, Bit>,
    /// The word.
    pub ticket_out: Signal<Out, Bits<32>>,
    /// A ticket is there.
    pub valid_out: Signal<Out, Bit>,
    /// It is at most the bound.
    pub hit_out: Signal<Out, Bit>,
    /// A ticket is on its way.
    pub busy_out: Signal<Out, Bit>,
    // Fold register: slot of the next word, whether every slot has one, and what is to be done
    slot: DFF<Bits<4>>,
    full: DFF<Bit>,
    fold_word: DFF<Bits<32>>,
    is_last: DFF<Bit>,
    word_due: DFF<Bit>,
    turn_due: DFF<Bit>,
    free: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,
    turns: Signal<Local, Bit>,
    /// Of the tile whose ticket is due: slot of its last word, and whether the slots behind it have any.
    last_slot: DFF<Bits<4>>,
    all_slots: DFF<Bit>,
    /// The program begins when the tile's last word is in memory.
    start: [DFF<Bit>; 3],
    // Where the program stands
    running: DFF<Bit>,
    /// The program is a compression alone.
    alone: DFF<Bit>,
    lane: DFF<Bits<2>>,
    op: DFF<Bits<3>>,
    second: DFF<Bit>,
    stage: DFF<Bits<5>>,
    /// Which of [`FOLD_PERIOD`](program::FOLD_PERIOD) cycles.
    beat: DFF<Bits<5>>,
    /// The last of them: the fold register's.
    beat_is_last: DFF<Bit>,
    /// Of the operation that stands: a cycle late, and it stands for four.
    last_op: DFF<Bit>,
    mixes: DFF<Bit>,
    ends: DFF<Bit>,
    // The operation, decoded in two cycles
    schedule: Schedule,
    decoder: Decoder,
    next_running: DFF<Bit>,
    next_lane: DFF<Bits<2>>,
    next_op: DFF<Bits<3>>,
    next_second: DFF<Bit>,
    next_stage: DFF<Bits<5>>,
    next_message: DFF<Bits<4>>,
    next_ends: DFF<Bit>,
    /// The operation takes a word from outside: counter, length or flags.
    next_loads: DFF<Bit>,
    a_place: DFF<Bits<6>>,
    b_place: DFF<Bits<6>>,
    loads: [DFF<Bit>; 2],
    inverts: [DFF<Bit>; 2],
    folds: [DFF<Bit>; 2],
    copied: Join<2, 2, 4>,
    kept: DFF<Bit>,
    write: [DFF<Bit>; 4],
    target: [DFF<Bits<6>>; 4],
    xors: [DFF<Bit>; 3],
    turn: [DFF<Bits<4>>; 4],
    compares: [DFF<Bit>; 3],
    ended: [DFF<Bit>; 4],
    // Words
    a_words: RAM<Bits<32>, 6>,
    b_words: RAM<Bits<32>, 6>,
    a: DFF<Bits<32>>,
    b: DFF<Bits<32>>,
    a_wide: Join<32, 1, 34>,
    b_wide: Join<32, 1, 34>,
    carry_in: Signal<Local, Bits<1>>,
    sum: Signal<Local, Bits<34>>,
    word: DFF<Bits<32>>,
    carry: DFF<Bit>,
    turned: Turn,
}

impl Logic for Ticket {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            slot,
            full,
            fold_word,
            is_last,
            word_due,
            turn_due,
            last_slot,
            all_slots,
            running,
            alone,
            lane,
            op,
            second,
            stage,
            beat,
            beat_is_last,
            last_op,
            mixes,
            ends,
            next_running,
            next_lane,
            next_op,
            next_second,
            next_stage,
            next_message,
            next_ends,
            next_loads,
            a_place,
            b_place,
            kept,
            a,
            b,
            word,
            carry
        );
        for s in 0..2 {
            self.loads[s].clock.next = self.clock.val();
            self.inverts[s].clock.next = self.clock.val();
            self.folds[s].clock.next = self.clock.val();
        }
        for s in 0..3 {
            self.start[s].clock.next = self.clock.val();
            self.xors[s].clock.next = self.clock.val();
            self.compares[s].clock.next = self.clock.val();
        }
        for s in 0..4 {
            self.write[s].clock.next = self.clock.val();
            self.target[s].clock.next = self.clock.val();
            self.turn[s].clock.next = self.clock.val();
            self.ended[s].clock.next = self.clock.val();
        }
        self.a_words.read_clock.next = self.clock.val();
        self.a_words.write_clock.next = self.clock.val();
        self.b_words.read_clock.next = self.clock.val();
        self.b_words.write_clock.next = self.clock.val();

        // Fold register: take the word, then turn the next slot's ahead, as soon as a cycle is free
        self.free.next = !self.next_running.q.val() && !self.load_in.val() && !self.read_in.val();
        self.turns.next = self.free.val() && self.turn_due.q.val();
        self.takes.next = self.free.val() && !self.turn_due.q.val() && self.word_due.q.val();
        if self.turns.val() {
            self.turn_due.d.next = false;
        }
        if self.takes.val() {
            self.word_due.d.next = false;
            self.turn_due.d.next = !self.is_last.q.val();
            self.slot.d.next = self.slot.q.val() + bits::<4>(1);
            if self.slot.q.val().all() {
                self.full.d.next = true;
            }
            if self.is_last.q.val() {
                self.slot.d.next = bits::<4>(0);
                self.full.d.next = false;
                self.last_slot.d.next = self.slot.q.val();
                self.all_slots.d.next = self.full.q.val();
            }
        }
        if self.fold_valid_in.val() {
            self.fold_word.d.next = self.fold_in.val();
            self.is_last.d.next = self.tile_end_in.val();
            self.word_due.d.next = true;
        }
        self.start[0].d.next = self.fold_valid_in.val() && self.tile_end_in.val();
        self.start[1].d.next = self.start[0].q.val();
        self.start[2].d.next = self.start[1].q.val();

        // Where the program stands
        self.ends.d.next = self.running.q.val()
            && self.stage.q.val().get_bit(4)
            && (self.stage.q.val().get_bit(0) || self.alone.q.val())
            && self.op.q.val() == bits::<3>(1)
            && self.lane.q.val() == bits::<2>(2);
        if self.running.q.val() {
            self.beat.d.next = self.beat.q.val() + bits::<5>(1);
        }
        self.beat_is_last.d.next = self.running.q.val() && self.beat.q.val() == bits::<5>(30);
        self.last_op.d.next = self.decoder.last_op_out.val();
        self.mixes.d.next = self.decoder.mixes_out.val();
        if self.running.q.val() && !self.beat_is_last.q.val() {
            self.lane.d.next = self.lane.q.val() + bits::<2>(1);
            if self.lane.q.val().all() {
                self.op.d.next = self.op.q.val() + bits::<3>(1);
                if self.last_op.q.val() {
                    self.op.d.next = bits::<3>(0);
                    self.second.d.next = self.mixes.q.val() && !self.second.q.val();
                    if !self.mixes.q.val() || self.second.q.val() {
                        self.stage.d.next = self.stage.q.val() + bits::<5>(1);
                    }
                }
            }
            if self.ends.q.val() {
                self.running.d.next = false;
            }
        }
        if self.start[2].q.val() || self.run_in.val() {
            self.running.d.next = true;
            self.alone.d.next = self.run_in.val();
            self.beat.d.next = bits::<5>(0);
            self.lane.d.next = bits::<2>(0);
            self.op.d.next = bits::<3>(0);
            self.second.d.next = false;
            self.stage.d.next = bits::<5>(0);
            if self.run_in.val() {
                self.stage.d.next = bits::<5>(1);
            }
        }

        // Decode: first the word of the message, then the rest
        self.schedule.lane_in.next = self.lane.q.val();
        self.schedule.second_in.next = self.second.q.val();
        self.schedule.stage_in.next = self.stage.q.val();
        self.next_message.d.next = self.schedule.word_out.val();
        self.next_running.d.next = self.running.q.val() && !self.beat_is_last.q.val();
        self.next_lane.d.next = self.lane.q.val();
        self.next_op.d.next = self.op.q.val();
        self.next_second.d.next = self.second.q.val();
        self.next_stage.d.next = self.stage.q.val();
        self.next_ends.d.next = self.ends.q.val() && self.running.q.val();
        self.next_loads.d.next =
            self.alone.q.val() && self.stage.q.val() == bits::<5>(1) && self.op.q.val().get_bit(0);
        self.decoder.op_in.next = self.op.q.val();
        self.decoder.stage_in.next = self.stage.q.val();
        self.decoder.next_running_in.next = self.next_running.q.val();
        self.decoder.next_lane_in.next = self.next_lane.q.val();
        self.decoder.next_op_in.next = self.next_op.q.val();
        self.decoder.next_second_in.next = self.next_second.q.val();
        self.decoder.next_stage_in.next = self.next_stage.q.val();
        self.decoder.message_in.next = self.next_message.q.val();
        self.decoder.load_in.next = self.load_in.val();
        self.decoder.load_place_in.next = self.load_place_in.val();
        self.decoder.word_in.next = self.word_in.val();
        self.decoder.bound_in.next = self.bound_in.val();
        self.copied.high_in.next = self.op.q.val().get_bits::<2>(0);
        self.copied.low_in.next = self.lane.q.val();
        self.kept.d.next =
            self.all_slots.q.val() || (self.copied.joined_out.val() <= self.last_slot.q.val());
        self.decoder.keeps_in.next = self.kept.q.val();
        self.decoder.fold_in.next = self.turns.val() || self.takes.val();
        self.decoder.turns_in.next = self.turns.val();
        self.decoder.slot_in.next = self.slot.q.val();
        self.decoder.begins_in.next = !self.full.q.val();
        self.a_place.d.next = self.decoder.a_out.val();
        self.b_place.d.next = self.decoder.b_out.val();
        self.target[0].d.next = self.decoder.target_out.val();
        self.write[0].d.next = self.decoder.write_out.val();
        self.turn[0].d.next = self.decoder.turn_out.val();
        self.xors[0].d.next = self.decoder.xors_out.val();
        self.compares[0].d.next = self.decoder.compares_out.val();
        self.folds[0].d.next = self.takes.val();
        self.loads[0].d.next =
            (self.load_in.val() && !self.copy_in.val()) || self.next_loads.q.val();
        self.inverts[0].d.next = self.load_in.val()
            && self.load_place_in.val().get_bit(3)
            && !self.load_place_in.val().get_bit(4);
        self.ended[0].d.next = self.next_ends.q.val();

        // Read
        self.a_words.read_address.next = self.a_place.q.val();
        self.b_words.read_address.next = self.b_place.q.val();
        self.loads[1].d.next = self.loads[0].q.val();
        self.inverts[1].d.next = self.inverts[0].q.val();
        self.folds[1].d.next = self.folds[0].q.val();
        self.a.d.next = self.a_words.read_data.val();
        if self.loads[1].q.val() {
            self.a.d.next = self.load_word_in.val();
            if self.inverts[1].q.val() {
                self.a.d.next = !self.load_word_in.val();
            }
        }
        self.b.d.next = self.b_words.read_data.val();
        if self.folds[1].q.val() {
            self.b.d.next = (self.fold_word.q.val() << 7) | (self.fold_word.q.val() >> 25);
        }

        // Add or XOR
        for s in 1..3 {
            self.xors[s].d.next = self.xors[s - 1].q.val();
            self.compares[s].d.next = self.compares[s - 1].q.val();
        }
        for s in 1..4 {
            self.write[s].d.next = self.write[s - 1].q.val();
            self.target[s].d.next = self.target[s - 1].q.val();
            self.turn[s].d.next = self.turn[s - 1].q.val();
            self.ended[s].d.next = self.ended[s - 1].q.val();
        }
        self.carry_in.next = bits::<1>(0);
        if self.carry.q.val() {
            self.carry_in.next = bits::<1>(1);
        }
        self.a_wide.high_in.next = self.a.q.val();
        self.a_wide.low_in.next = bits::<1>(1);
        self.b_wide.high_in.next = self.b.q.val();
        self.b_wide.low_in.next = self.carry_in.val();
        self.sum.next = self.a_wide.joined_out.val() + self.b_wide.joined_out.val();
        self.word.d.next = self.sum.val().get_bits::<32>(1);
        if self.xors[2].q.val() {
            self.word.d.next = self.a.q.val() ^ self.b.q.val();
        }
        self.carry.d.next = self.compares[2].q.val() && self.sum.val().get_bit(33);

        // Turn and write
        self.turned.word_in.next = self.word.q.val();
        self.turned.turn_in.next = self.turn[3].q.val();
        self.a_words.write_enable.next = self.write[3].q.val();
        self.a_words.write_address.next = self.target[3].q.val();
        self.a_words.write_data.next = self.turned.word_out.val();
        self.b_words.write_enable.next = self.write[3].q.val();
        self.b_words.write_address.next = self.target[3].q.val();
        self.b_words.write_data.next = self.turned.word_out.val();

        // Reset
        if self.reset_in.val() {
            self.slot.d.next = bits::<4>(0);
            self.full.d.next = false;
            self.word_due.d.next = false;
            self.turn_due.d.next = false;
            for s in 0..3 {
                self.start[s].d.next = false;
            }
            self.running.d.next = false;
            self.alone.d.next = false;
            self.next_running.d.next = false;
            self.next_ends.d.next = false;
            for s in 0..4 {
                self.ended[s].d.next = false;
                self.write[s].d.next = false;
            }
        }

        // Outputs
        self.ticket_out.next = self.a.q.val();
        self.valid_out.next = self.ended[3].q.val();
        self.hit_out.next = !self.carry.q.val();
        self.busy_out.next = self.start[0].q.val()
            || self.start[1].q.val()
            || self.start[2].q.val()
            || self.running.q.val()
            || self.next_running.q.val()
            || self.ended[0].q.val()
            || self.ended[1].q.val()
            || self.ended[2].q.val()
            || self.ended[3].q.val();
    }
}

#[cfg(test)]
pub(crate) mod tests;
