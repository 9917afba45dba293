//! Walks a [lane](crate::xof_lane) through the rounds of four blocks at a time, and then through their words.
//!
//! ```text
//!   start_in ------>+--------+---> ready_out, taken_out
//!   reset_in ------>| Rounds |===> half_out, slot_out, mixes_out
//!   word_block_in =>|        |===> read_place_out[4]
//!                   +--------+===> write_out, write_place_out[4]
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop the blocks in work |
//! | `start_in`, `ready_out`, `taken_out` | 1 | a batch of four blocks begins behind a cycle in which the first two are high, and so the third |
//! | `busy_out` | 1 | a batch is in work |
//! | `half_out`, `slot_out` | 5, 4 | a half round, or sixteen words behind them; which of sixteen cycles, in a half round block (3:2) and G (1:0) |
//! | `mixes_out` | 1 | it is a half round |
//! | `word_block_in` | 2 | behind the half rounds: the block whose words are read now, those that stand in column `slot_out` (3:2) |
//! | `read_place_out[n]` | 4 | where the lane's row n is read now |
//! | `write_out`, `write_place_out[n]` | 1, 4 | where it is written now |
//!
//! # Latency
//! A batch of `H` half rounds and words takes 16 `H` cycles, the first of them behind that of its start. A place is
//! written [`xof_lane::LATENCY`] cycles behind the one in which it is read.
//!
//! # Why
//! Of four blocks in turn, so that what a G needs was written ten cycles before. In a half round of diagonals each
//! row's place is one word further than the row's before it.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::xof_lane;

/// Half rounds of sixteen cycles, one for each G of four blocks.
pub const HALF_ROUNDS: usize = 14;

/// See the module's documentation. H: half rounds, and sixteens of words behind them.
#[derive(LogicBlock)]
pub struct Rounds<const H: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop what is in work.
    pub reset_in: Signal<In, Bit>,
    /// Take a batch.
    pub start_in: Signal<In, Bit>,
    /// A batch can start: idle, or in the last cycle of one.
    pub ready_out: Signal<Out, Bit>,
    /// It does.
    pub taken_out: Signal<Out, Bit>,
    /// A batch is in work.
    pub busy_out: Signal<Out, Bit>,
    /// Half round.
    pub half_out: Signal<Out, Bits<5>>,
    /// Which of its cycles.
    pub slot_out: Signal<Out, Bits<4>>,
    /// A half round, not words.
    pub mixes_out: Signal<Out, Bit>,
    /// Block of the words.
    pub word_block_in: Signal<In, Bits<2>>,
    /// Where each row is read.
    pub read_place_out: [Signal<Out, Bits<4>>; 4],
    /// Write.
    pub write_out: Signal<Out, Bit>,
    /// Where each row is written.
    pub write_place_out: [Signal<Out, Bits<4>>; 4],
    busy: DFF<Bit>,
    half: DFF<Bits<5>>,
    slot: DFF<Bits<4>>,
    last: DFF<Bit>,
    taken: Signal<Local, Bit>,
    mixes: Signal<Local, Bit>,
    column: [Signal<Local, Bits<2>>; 4],
    block: Signal<Local, Bits<2>>,
    place: [Join<2, 2, 4>; 4],
    write: [DFF<Bit>; 6],
    write_place: [DFF<Bits<4>>; 6],
    write_turned: [DFF<Bit>; 6],
    late_column: [Signal<Local, Bits<2>>; 4],
    late_block: Signal<Local, Bits<2>>,
    late_place: [Join<2, 2, 4>; 4],
    last_half: Constant<Bits<5>>,
}

impl<const H: usize> Default for Rounds<H> {
    fn default() -> Self {
        const { assert!(HALF_ROUNDS < H && H <= 32) };
        const { assert!(xof_lane::LATENCY == 6, "stages between reads and writes") };
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            start_in: Signal::default(),
            ready_out: Signal::default(),
            taken_out: Signal::default(),
            busy_out: Signal::default(),
            half_out: Signal::default(),
            slot_out: Signal::default(),
            mixes_out: Signal::default(),
            word_block_in: Signal::default(),
            read_place_out: Default::default(),
            write_out: Signal::default(),
            write_place_out: Default::default(),
            busy: DFF::default(),
            half: DFF::default(),
            slot: DFF::default(),
            last: DFF::default(),
            taken: Signal::default(),
            mixes: Signal::default(),
            column: Default::default(),
            block: Signal::default(),
            place: Default::default(),
            write: Default::default(),
            write_place: Default::default(),
            write_turned: Default::default(),
            late_column: Default::default(),
            late_block: Signal::default(),
            late_place: Default::default(),
            last_half: Constant::new((H as u64 - 1).into()),
        }
    }
}

impl<const H: usize> Logic for Rounds<H> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, busy, half, slot, last);
        for s in 0..6 {
            self.write[s].clock.next = self.clock.val();
            self.write_place[s].clock.next = self.clock.val();
            self.write_turned[s].clock.next = self.clock.val();
        }

        // Where the batch stands
        self.last.d.next = self.busy.q.val()
            && self.half.q.val() == self.last_half.val()
            && self.slot.q.val() == bits::<4>(14);
        if self.busy.q.val() {
            self.slot.d.next = self.slot.q.val() + bits::<4>(1);
            if self.slot.q.val().all() {
                self.half.d.next = self.half.q.val() + bits::<5>(1);
            }
        }
        if self.last.q.val() {
            self.busy.d.next = false;
        }
        self.taken.next = self.start_in.val() && (!self.busy.q.val() || self.last.q.val());
        if self.taken.val() {
            self.busy.d.next = true;
            self.half.d.next = bits::<5>(0);
            self.slot.d.next = bits::<4>(0);
        }

        // Read
        self.mixes.next = self.busy.q.val() && self.half.q.val() < bits::<5>(14);
        self.block.next = self.slot.q.val().get_bits::<2>(2);
        self.column[0].next = self.slot.q.val().get_bits::<2>(0);
        self.column[1].next = self.slot.q.val().get_bits::<2>(0);
        self.column[2].next = self.slot.q.val().get_bits::<2>(0);
        self.column[3].next = self.slot.q.val().get_bits::<2>(0);
        if self.half.q.val().get_bit(0) {
            self.column[1].next = self.slot.q.val().get_bits::<2>(0) + bits::<2>(1);
            self.column[2].next = self.slot.q.val().get_bits::<2>(0) + bits::<2>(2);
            self.column[3].next = self.slot.q.val().get_bits::<2>(0) + bits::<2>(3);
        }
        if !self.mixes.val() {
            self.block.next = self.word_block_in.val();
            for n in 0..4 {
                self.column[n].next = self.slot.q.val().get_bits::<2>(2);
            }
        }
        for n in 0..4 {
            self.place[n].high_in.next = self.block.val();
            self.place[n].low_in.next = self.column[n].val();
            self.read_place_out[n].next = self.place[n].joined_out.val();
        }

        // Write
        self.write[0].d.next = self.mixes.val();
        self.write_place[0].d.next = self.slot.q.val();
        self.write_turned[0].d.next = self.half.q.val().get_bit(0);
        for s in 1..6 {
            self.write[s].d.next = self.write[s - 1].q.val();
            self.write_place[s].d.next = self.write_place[s - 1].q.val();
            self.write_turned[s].d.next = self.write_turned[s - 1].q.val();
        }
        self.late_block.next = self.write_place[5].q.val().get_bits::<2>(2);
        self.late_column[0].next = self.write_place[5].q.val().get_bits::<2>(0);
        self.late_column[1].next = self.write_place[5].q.val().get_bits::<2>(0);
        self.late_column[2].next = self.write_place[5].q.val().get_bits::<2>(0);
        self.late_column[3].next = self.write_place[5].q.val().get_bits::<2>(0);
        if self.write_turned[5].q.val() {
            self.late_column[1].next = self.write_place[5].q.val().get_bits::<2>(0) + bits::<2>(1);
            self.late_column[2].next = self.write_place[5].q.val().get_bits::<2>(0) + bits::<2>(2);
            self.late_column[3].next = self.write_place[5].q.val().get_bits::<2>(0) + bits::<2>(3);
        }
        for n in 0..4 {
            self.late_place[n].high_in.next = self.late_block.val();
            self.late_place[n].low_in.next = self.late_column[n].val();
            self.write_place_out[n].next = self.late_place[n].joined_out.val();
        }

        // Reset
        if self.reset_in.val() {
            self.busy.d.next = false;
            self.last.d.next = false;
        }

        // Outputs
        self.ready_out.next = !self.busy.q.val() || self.last.q.val();
        self.taken_out.next = self.taken.val();
        self.busy_out.next = self.busy.q.val();
        self.half_out.next = self.half.q.val();
        self.slot_out.next = self.slot.q.val();
        self.mixes_out.next = self.mixes.val();
        self.write_out.next = self.write[5].q.val();
    }
}
