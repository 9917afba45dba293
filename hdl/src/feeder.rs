//! Turns the sequencer's steps into the waves of addresses that run through both panel memories.
//!
//! ```text
//!                 +--------+
//!   base_in[2] ==>|        |---> step_out, fetch_out
//!   load_in ----->| Feeder |===> a_address_out
//!   step, ends -->|        |===> b_address_out
//!                 +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `load_in` | 1 | a tile begins |
//! | `a_base_in`, `b_base_in` | W | a cycle later: the first words of its panels in their lanes |
//! | `step_in` | 1 | a step is taken |
//! | `unsigned_in` | 1 | a cycle later: its operand of A is a u8 |
//! | `chunk_end_in`, `pass_end_in` | 1 | it is the last of a chunk in its slot; in all slots |
//! | `a_returns_in` | 1 | a cycle later: it is a tile's last, and the next tile's panel of A begins at word 0 |
//! | `step_out`, `fetch_out`, `unsigned_out` | 1 | the wave: an operand is due; it is a word's first; it is a u8 (A only) |
//! | `a_address_out`, `b_address_out` | R, S | the word, behind the slot's group of rows or columns |
//!
//! # Latency
//! [`LATENCY`] cycles from `step_in` to the wave.
//!
//! # Why
//! Whether a step is taken is known late in a cycle, and moves both walks: so it is looked at from a
//! register. A chunk is read once for every slot, so both walks remember where it began. Every chunk begins with
//! a new word, whatever the steps of the one before. Tiles of a [scan](crate::noise_source) that share a panel of A
//! read it from its beginning, while their panels of B go on round and round. A lane's memory holds
//! 16/P (16/Q) lanes of the tile; which of them a slot needs, is the front of the address.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;

/// Cycles from a step to its wave.
pub const LATENCY: usize = 2;

/// See the module's documentation. W: bits of a word's address in its lane; R and S: with the group in
/// front, for A and B.
#[derive(LogicBlock)]
pub struct Feeder<const Q: usize, const W: usize, const R: usize, const S: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Tile
    /// A tile begins with the next step.
    pub load_in: Signal<In, Bit>,
    /// First word of the A panel of the tile that was loaded in the last cycle.
    pub a_base_in: Signal<In, Bits<W>>,
    /// First word of its B panel.
    pub b_base_in: Signal<In, Bits<W>>,
    // Steps
    /// A step is taken.
    pub step_in: Signal<In, Bit>,
    /// The last cycle's operand of A is a u8.
    pub unsigned_in: Signal<In, Bit>,
    /// The last of a chunk and slot.
    pub chunk_end_in: Signal<In, Bit>,
    /// The last of a chunk.
    pub pass_end_in: Signal<In, Bit>,
    /// The last cycle's is a tile's last, and the same panel of A is that of the next one.
    pub a_returns_in: Signal<In, Bit>,
    // Wave
    /// An operand is due.
    pub step_out: Signal<Out, Bit>,
    /// It is a word's first.
    pub fetch_out: Signal<Out, Bit>,
    /// It is a u8, in A.
    pub unsigned_out: Signal<Out, Bit>,
    /// Which word of A.
    pub a_address_out: Signal<Out, Bits<R>>,
    /// Which word of B.
    pub b_address_out: Signal<Out, Bits<S>>,
    // What happens, a cycle late
    taken: DFF<Bit>,
    chunk_end: DFF<Bit>,
    pass_end: DFF<Bit>,
    load: DFF<Bit>,
    // State
    octet: DFF<Bits<2>>,
    a_word: DFF<Bits<W>>,
    b_word: DFF<Bits<W>>,
    a_chunk: DFF<Bits<W>>,
    b_chunk: DFF<Bits<W>>,
    row_group: DFF<Bits<4>>,
    column_group: DFF<Bits<4>>,
    // Wave
    step: DFF<Bit>,
    fetch: DFF<Bit>,
    is_unsigned: DFF<Bit>,
    a_address: DFF<Bits<R>>,
    b_address: DFF<Bits<S>>,
    a_join: Join<4, W, R>,
    b_join: Join<4, W, S>,
    a_next: Signal<Local, Bits<W>>,
    b_next: Signal<Local, Bits<W>>,
    word_zero: Constant<Bits<W>>,
    word_one: Constant<Bits<W>>,
    last_column_group: Constant<Bits<4>>,
}

impl<const Q: usize, const W: usize, const R: usize, const S: usize> Default
    for Feeder<Q, W, R, S>
{
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            load_in: Signal::default(),
            a_base_in: Signal::default(),
            b_base_in: Signal::default(),
            step_in: Signal::default(),
            unsigned_in: Signal::default(),
            chunk_end_in: Signal::default(),
            pass_end_in: Signal::default(),
            a_returns_in: Signal::default(),
            step_out: Signal::default(),
            fetch_out: Signal::default(),
            unsigned_out: Signal::default(),
            a_address_out: Signal::default(),
            b_address_out: Signal::default(),
            taken: DFF::default(),
            chunk_end: DFF::default(),
            pass_end: DFF::default(),
            load: DFF::default(),
            octet: DFF::default(),
            a_word: DFF::default(),
            b_word: DFF::default(),
            a_chunk: DFF::default(),
            b_chunk: DFF::default(),
            row_group: DFF::default(),
            column_group: DFF::default(),
            step: DFF::default(),
            fetch: DFF::default(),
            is_unsigned: DFF::default(),
            a_address: DFF::default(),
            b_address: DFF::default(),
            a_join: Join::default(),
            b_join: Join::default(),
            a_next: Signal::default(),
            b_next: Signal::default(),
            word_zero: Constant::new(0.into()),
            word_one: Constant::new(1.into()),
            last_column_group: Constant::new((16 / Q as u64 - 1).into()),
        }
    }
}

impl<const Q: usize, const W: usize, const R: usize, const S: usize> Logic for Feeder<Q, W, R, S> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            taken,
            chunk_end,
            pass_end,
            load,
            octet,
            a_word,
            b_word,
            a_chunk,
            b_chunk,
            row_group,
            column_group,
            step,
            fetch,
            is_unsigned,
            a_address,
            b_address
        );
        self.taken.d.next = self.step_in.val();
        self.chunk_end.d.next = self.chunk_end_in.val();
        self.pass_end.d.next = self.pass_end_in.val();
        self.load.d.next = self.load_in.val();

        // Walks
        self.a_next.next = self.a_word.q.val() + self.word_one.val();
        self.b_next.next = self.b_word.q.val() + self.word_one.val();
        if self.taken.q.val() {
            self.octet.d.next = self.octet.q.val() + bits::<2>(1);
            if self.octet.q.val().all() {
                self.a_word.d.next = self.a_next.val();
                self.b_word.d.next = self.b_next.val();
            }
        }
        if self.chunk_end.q.val() {
            self.octet.d.next = bits::<2>(0);
            self.a_word.d.next = self.a_chunk.q.val();
            self.b_word.d.next = self.b_chunk.q.val();
            self.column_group.d.next = self.column_group.q.val() + bits::<4>(1);
            if self.column_group.q.val() == self.last_column_group.val() {
                self.column_group.d.next = bits::<4>(0);
                self.row_group.d.next = self.row_group.q.val() + bits::<4>(1);
            }
        }
        if self.pass_end.q.val() {
            self.a_word.d.next = self.a_next.val();
            self.b_word.d.next = self.b_next.val();
            self.a_chunk.d.next = self.a_next.val();
            self.b_chunk.d.next = self.b_next.val();
            self.column_group.d.next = bits::<4>(0);
            self.row_group.d.next = bits::<4>(0);
        }
        if self.a_returns_in.val() {
            self.a_word.d.next = self.word_zero.val();
            self.a_chunk.d.next = self.word_zero.val();
        }
        if self.load.q.val() {
            self.octet.d.next = bits::<2>(0);
            self.a_word.d.next = self.a_base_in.val();
            self.b_word.d.next = self.b_base_in.val();
            self.a_chunk.d.next = self.a_base_in.val();
            self.b_chunk.d.next = self.b_base_in.val();
            self.column_group.d.next = bits::<4>(0);
            self.row_group.d.next = bits::<4>(0);
        }

        // Wave
        self.a_join.high_in.next = self.row_group.q.val();
        self.a_join.low_in.next = self.a_word.q.val();
        self.b_join.high_in.next = self.column_group.q.val();
        self.b_join.low_in.next = self.b_word.q.val();
        self.step.d.next = self.taken.q.val();
        self.fetch.d.next = self.taken.q.val() && !(self.octet.q.val().any());
        self.is_unsigned.d.next = self.unsigned_in.val();
        self.a_address.d.next = self.a_join.joined_out.val();
        self.b_address.d.next = self.b_join.joined_out.val();
        self.step_out.next = self.step.q.val();
        self.fetch_out.next = self.fetch.q.val();
        self.unsigned_out.next = self.is_unsigned.q.val();
        self.a_address_out.next = self.a_address.q.val();
        self.b_address_out.next = self.b_address.q.val();
    }
}

#[cfg(test)]
mod tests;
