//! The head of a column: owns the accumulators of the tile's columns that this column computes.
//!
//! ```text
//!               fold_in    sum_in
//!                  |         |
//!             +----v---------v----+
//!  token_in =>|       Head        |=> token_out
//!             +----+---------+----+
//!                  v         v
//!              fold_out   result_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `take_in`, `address_in` | 1, A | a partial sum comes in the next cycle; its accumulator |
//! | `first_in` | 1 | the tile's first chunk: the accumulator starts from 0 |
//! | `last_in` | 1 | the tile's last chunk: the new accumulator is a result |
//! | `*_out` | | the same four, one cycle later, for the next column's head |
//! | `sum_in` | 26, signed | chain of the column below |
//! | `fold_in`, `fold_out` | 32 | XOR of the accumulators of one row, growing from left to right |
//! | `result_valid_out`, `result_out` | 1, 32 | a result of the tile, in the order of addresses |
//!
//! Tokens of one address come at least 4 cycles apart; a chunk is longer than that.
//!
//! # Latency
//! From `take_in`: result [`RESULT_LATENCY`], fold [`FOLD_LATENCY`].
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/head.txt"), "```")]
//!
//! # Why
//! A PE holds the sum of one chunk only; adding it to the tile's accumulator happens here, two
//! cycles a word. That makes D accumulators a PE a matter of memory depth (16 rows of the tile for
//! each of its columns that this column owns), for D = 1 as for D = 64, and it is where the fold
//! needs the accumulators anyway. Three registers on the way (word, total, fold) keep memory, adder
//! and XOR out of each other's cycle.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::sign_extend::SignExtend;

/// Cycles from `take_in` to the result.
pub const RESULT_LATENCY: usize = 3;
/// Cycles from `take_in` to the fold.
pub const FOLD_LATENCY: usize = 4;

/// See the module's documentation. `A` is the number of address bits.
#[derive(LogicBlock)]
pub struct Head<const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A partial sum comes in the next cycle.
    pub take_in: Signal<In, Bit>,
    /// Accumulator that it belongs to.
    pub address_in: Signal<In, Bits<A>>,
    /// First chunk of the tile.
    pub first_in: Signal<In, Bit>,
    /// Last chunk of the tile.
    pub last_in: Signal<In, Bit>,
    /// To the next head.
    pub take_out: Signal<Out, Bit>,
    /// To the next head.
    pub address_out: Signal<Out, Bits<A>>,
    /// To the next head.
    pub first_out: Signal<Out, Bit>,
    /// To the next head.
    pub last_out: Signal<Out, Bit>,
    /// Chain of the column.
    pub sum_in: Signal<In, Signed<26>>,
    /// Row XOR so far.
    pub fold_in: Signal<In, Bits<32>>,
    /// Row XOR with this column's accumulator.
    pub fold_out: Signal<Out, Bits<32>>,
    /// A result is on `result_out`.
    pub result_valid_out: Signal<Out, Bit>,
    /// The result.
    pub result_out: Signal<Out, Bits<32>>,
    // Control, one stage a cycle.
    take: [DFF<Bit>; 3],
    address: [DFF<Bits<A>>; 3],
    first: DFF<Bit>,
    last: [DFF<Bit>; 3],
    // Data.
    accumulators: RAM<Bits<32>, A>,
    wide_sum: SignExtend<26, 32>,
    word: DFF<Bits<32>>,
    old: DFF<Bits<32>>,
    total: DFF<Bits<32>>,
    fold: DFF<Bits<32>>,
    zero: Constant<Bits<32>>,
}

impl<const A: usize> Default for Head<A> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            take_in: Signal::default(),
            address_in: Signal::default(),
            first_in: Signal::default(),
            last_in: Signal::default(),
            take_out: Signal::default(),
            address_out: Signal::default(),
            first_out: Signal::default(),
            last_out: Signal::default(),
            sum_in: Signal::default(),
            fold_in: Signal::default(),
            fold_out: Signal::default(),
            result_valid_out: Signal::default(),
            result_out: Signal::default(),
            take: array_init::array_init(|_| DFF::default()),
            address: array_init::array_init(|_| DFF::default()),
            first: DFF::default(),
            last: array_init::array_init(|_| DFF::default()),
            accumulators: RAM::default(),
            wide_sum: SignExtend::default(),
            word: DFF::default(),
            old: DFF::default(),
            total: DFF::default(),
            fold: DFF::default(),
            zero: Constant::new(Bits::default()),
        }
    }
}

impl<const A: usize> Logic for Head<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, word, old, total, fold);
        for s in 0..3 {
            self.take[s].clock.next = self.clock.val();
            self.address[s].clock.next = self.clock.val();
            self.last[s].clock.next = self.clock.val();
        }
        self.accumulators.read_clock.next = self.clock.val();
        self.accumulators.write_clock.next = self.clock.val();

        // Control
        self.take[0].d.next = self.take_in.val();
        self.address[0].d.next = self.address_in.val();
        self.last[0].d.next = self.last_in.val();
        for s in 1..3 {
            self.take[s].d.next = self.take[s - 1].q.val();
            self.address[s].d.next = self.address[s - 1].q.val();
            self.last[s].d.next = self.last[s - 1].q.val();
        }
        self.first.d.next = self.first_in.val();
        self.take_out.next = self.take[0].q.val();
        self.address_out.next = self.address[0].q.val();
        self.first_out.next = self.first.q.val();
        self.last_out.next = self.last[0].q.val();

        // Read, then add, then write back and fold
        self.accumulators.read_address.next = self.address_in.val();
        self.wide_sum.data_in.next = self.sum_in.val();
        self.word.d.next = unsigned_cast(self.wide_sum.data_out.val());
        self.old.d.next = self.accumulators.read_data.val();
        if self.first.q.val() {
            self.old.d.next = self.zero.val();
        }
        self.total.d.next = self.word.q.val() + self.old.q.val();
        self.accumulators.write_address.next = self.address[2].q.val();
        self.accumulators.write_data.next = self.total.q.val();
        self.accumulators.write_enable.next = self.take[2].q.val();
        self.fold.d.next = self.fold_in.val() ^ self.total.q.val();

        // Outputs
        self.fold_out.next = self.fold.q.val();
        self.result_valid_out.next = self.take[2].q.val() && self.last[2].q.val();
        self.result_out.next = self.total.q.val();
    }
}

#[cfg(test)]
mod tests;
