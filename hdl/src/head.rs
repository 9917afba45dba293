//! The heads of a pair of columns: they own the accumulators of the tile's columns that the two compute.
//!
//! ```text
//!              fold_in left_sum_in right_sum_in
//!                  |         |       |
//!             +----v---------v-------v----+
//!  token_in =>|         HeadPair          |=> token_out
//!             +----+--------------+-------+
//!                  v              v
//!              fold_out       result_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `take_in`, `address_in` | 1, A | a partial sum of the left column comes in the next cycle, of the right one in the cycle behind that; their accumulators |
//! | `first_in` | 1 | the tile's first chunk: the accumulators start from 0 |
//! | `last_in` | 1 | the tile's last chunk: the new accumulators are results |
//! | `*_out` | | the same four, two cycles later, for the next pair |
//! | `left_sum_in`, `right_sum_in` | 26, signed | chains of the columns below |
//! | `fold_in`, `fold_out` | 32 | XOR of the accumulators of one row, growing from left to right |
//! | `left_valid_out`, `right_valid_out` | 1 | a result of the tile, of this column |
//! | `result_address_out`, `result_out` | A, 32 | its address in the column, and the result |
//!
//! Tokens come at least two cycles apart, those of one address at least 4; a chunk is longer than that.
//! `address_in`, `first_in` and `last_in` stand in the cycle behind `take_in`, too.
//!
//! # Latency
//! From the token of a column, which is `take_in` for the left one and a cycle later for the right one:
//! result [`RESULT_LATENCY`], fold with the column in it [`FOLD_LATENCY`].
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
//!
//! A column has a sum in every second cycle only, and its neighbour in the cycles between. So two columns
//! share all of it, memory, adder and XOR, which then have a word in every cycle of a drain.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::shared_memory::SharedMemory;
use crate::sign_extend::SignExtend;

/// Cycles from a column's token to its result.
pub const RESULT_LATENCY: usize = 3;
/// Cycles from a column's token to the fold.
pub const FOLD_LATENCY: usize = 4;

/// See the module's documentation. `A` is the number of address bits.
#[derive(LogicBlock)]
pub struct HeadPair<const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Partial sums come in the next two cycles.
    pub take_in: Signal<In, Bit>,
    /// Accumulators that they belong to.
    pub address_in: Signal<In, Bits<A>>,
    /// First chunk of the tile.
    pub first_in: Signal<In, Bit>,
    /// Last chunk of the tile.
    pub last_in: Signal<In, Bit>,
    /// To the next pair.
    pub take_out: Signal<Out, Bit>,
    /// To the next pair.
    pub address_out: Signal<Out, Bits<A>>,
    /// To the next pair.
    pub first_out: Signal<Out, Bit>,
    /// To the next pair.
    pub last_out: Signal<Out, Bit>,
    /// Chain of the left column.
    pub left_sum_in: Signal<In, Signed<26>>,
    /// Chain of the right column.
    pub right_sum_in: Signal<In, Signed<26>>,
    /// Row XOR so far.
    pub fold_in: Signal<In, Bits<32>>,
    /// Row XOR with these columns' accumulators.
    pub fold_out: Signal<Out, Bits<32>>,
    /// A result of the left column is on `result_out`.
    pub left_valid_out: Signal<Out, Bit>,
    /// A result of the right column is.
    pub right_valid_out: Signal<Out, Bit>,
    /// The result's address in its column.
    pub result_address_out: Signal<Out, Bits<A>>,
    /// The result.
    pub result_out: Signal<Out, Bits<32>>,
    // Control: the token of the left column as it was 1, 2, 3, 4 cycles ago.
    take: [DFF<Bit>; 4],
    /// For two cycles the address of the token before last, for the next pair and then for writing back.
    address: [DFF<Bits<A>>; 2],
    first: [DFF<Bit>; 2],
    last: [DFF<Bit>; 3],
    // Data.
    accumulators: SharedMemory<1, A>,
    wide_sum: SignExtend<26, 32>,
    word: DFF<Signed<26>>,
    old: DFF<Bits<32>>,
    total: DFF<Bits<32>>,
    fold: DFF<Bits<32>>,
    zero: Constant<Bits<32>>,
    // Which column's turn it is: the right one's behind the left one's
    reads_right: Signal<Local, Bits<1>>,
    writes_right: Signal<Local, Bits<1>>,
}

impl<const A: usize> Default for HeadPair<A> {
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
            left_sum_in: Signal::default(),
            right_sum_in: Signal::default(),
            fold_in: Signal::default(),
            fold_out: Signal::default(),
            left_valid_out: Signal::default(),
            right_valid_out: Signal::default(),
            result_address_out: Signal::default(),
            result_out: Signal::default(),
            take: array_init::array_init(|_| DFF::default()),
            address: array_init::array_init(|_| DFF::default()),
            first: array_init::array_init(|_| DFF::default()),
            last: array_init::array_init(|_| DFF::default()),
            accumulators: SharedMemory::default(),
            wide_sum: SignExtend::default(),
            word: DFF::default(),
            old: DFF::default(),
            total: DFF::default(),
            fold: DFF::default(),
            zero: Constant::new(Bits::default()),
            reads_right: Signal::default(),
            writes_right: Signal::default(),
        }
    }
}

impl<const A: usize> Logic for HeadPair<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word, old, total, fold);
        for s in 0..4 {
            self.take[s].clock.next = self.clock.val();
        }
        for s in 0..3 {
            self.last[s].clock.next = self.clock.val();
        }
        for s in 0..2 {
            self.address[s].clock.next = self.clock.val();
            self.first[s].clock.next = self.clock.val();
        }
        self.accumulators.read_clock.next = self.clock.val();
        self.accumulators.write_clock.next = self.clock.val();

        // Control
        self.take[0].d.next = self.take_in.val();
        for s in 1..4 {
            self.take[s].d.next = self.take[s - 1].q.val();
        }
        self.first[0].d.next = self.first_in.val();
        self.first[1].d.next = self.first[0].q.val();
        self.last[0].d.next = self.last_in.val();
        for s in 1..3 {
            self.last[s].d.next = self.last[s - 1].q.val();
        }
        self.address[0].d.next = self.address[0].q.val();
        if self.take[0].q.val() {
            self.address[0].d.next = self.address_in.val();
        }
        self.address[1].d.next = self.address[1].q.val();
        if self.take[1].q.val() {
            self.address[1].d.next = self.address[0].q.val();
        }
        self.take_out.next = self.take[1].q.val();
        self.address_out.next = self.address[0].q.val();
        self.first_out.next = self.first[1].q.val();
        self.last_out.next = self.last[1].q.val();
        self.reads_right.next = bits::<1>(0);
        if self.take[0].q.val() {
            self.reads_right.next = bits::<1>(1);
        }
        self.writes_right.next = bits::<1>(0);
        if self.take[3].q.val() {
            self.writes_right.next = bits::<1>(1);
        }

        // Read, then add, then write back and fold
        self.accumulators.read_part_in.next = self.reads_right.val();
        self.accumulators.read_address_in.next = self.address_in.val();
        self.word.d.next = self.left_sum_in.val();
        if self.take[1].q.val() {
            self.word.d.next = self.right_sum_in.val();
        }
        self.wide_sum.data_in.next = self.word.q.val();
        self.old.d.next = self.accumulators.read_data_out.val();
        if self.first[0].q.val() {
            self.old.d.next = self.zero.val();
        }
        self.total.d.next = unsigned_cast(self.wide_sum.data_out.val()) + self.old.q.val();
        self.accumulators.write_part_in.next = self.writes_right.val();
        self.accumulators.write_address_in.next = self.address[1].q.val();
        self.accumulators.write_data_in.next = self.total.q.val();
        self.accumulators.write_enable_in.next = self.take[2].q.val() || self.take[3].q.val();
        self.fold.d.next = self.fold_in.val() ^ self.total.q.val();
        if self.take[3].q.val() {
            self.fold.d.next = self.fold.q.val() ^ self.total.q.val();
        }

        // Outputs
        self.fold_out.next = self.fold.q.val();
        self.left_valid_out.next = self.take[2].q.val() && self.last[2].q.val();
        self.right_valid_out.next = self.take[3].q.val() && self.last[2].q.val();
        self.result_address_out.next = self.address[1].q.val();
        self.result_out.next = self.total.q.val();
    }
}

#[cfg(test)]
mod tests;
