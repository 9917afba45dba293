//! Product tiles that are kept: two banks of 256 results, one memory a pair of columns.
//!
//! ```text
//!   result_valid_in[j] ----->+---------+
//!   result_address_in[m] ===>| Results |---> done_out
//!   result_in[m] ===========>|         |
//!   keep_in, bank_in ------->|         |
//!   address_in =============>|         |===> data_out
//!                            +---------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `result_valid_in[j]` | 1 | a result of column j, on the inputs of its pair j / 2; never of both columns at once |
//! | `result_address_in[m]`, `result_in[m]` | A, 32 | result of a column of pair m, and its address there |
//! | `keep_in`, `bank_in` | 1 | write them, into this bank; stand from a tile's first result to its last, and in the cycle before the first |
//! | `done_out` | 1 | in the cycle of a tile's last result |
//! | `address_in` | 9 | bank, column and number of a result ([`result_address`](crate::registers::result_address)) |
//! | `data_out` | 32 | the result |
//!
//! # Latency
//! [`READ_LATENCY`] cycles from `address_in` to `data_out`: one for the memory, one for its output register,
//! one for the choice of the pair.
//!
//! # Why
//! The memories of more than [`FLAT_PAIRS_MAX`] pairs stand from one edge of a large part to the other. So what says
//! where to write goes from pair to pair there, a hop a cycle, and the results of a pair come two cycles behind those of
//! the pair before.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::shared_memory::SharedMemory;
use crate::zero_extend::ZeroExtend;

/// Cycles from `address_in` to `data_out`.
pub const READ_LATENCY: usize = 3;
/// Pairs of columns that are all told at once to write.
pub const FLAT_PAIRS_MAX: usize = 4;

/// 1 if all pairs of so many columns are told at once.
const fn flat(columns: usize) -> usize {
    (columns / 2 <= FLAT_PAIRS_MAX) as usize
}

/// Pairs that are told one behind the other.
const fn hops(columns: usize) -> usize {
    if flat(columns) == 1 { 0 } else { columns / 2 }
}

/// See the module's documentation. A: address bits of a column's results; B = A + 1.
#[derive(LogicBlock)]
pub struct Results<const Q: usize, const A: usize, const B: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Tile
    /// A result of the column is there.
    pub result_valid_in: [Signal<In, Bit>; Q],
    /// Its address in the column, per pair of columns.
    pub result_address_in: Vec<Signal<In, Bits<A>>>,
    /// The result, per pair of columns.
    pub result_in: Vec<Signal<In, Bits<32>>>,
    /// Write results.
    pub keep_in: Signal<In, Bit>,
    /// Into this bank.
    pub bank_in: Signal<In, Bit>,
    /// The last one.
    pub done_out: Signal<Out, Bit>,
    // Window
    /// Which result.
    pub address_in: Signal<In, Bits<9>>,
    /// The result.
    pub data_out: Signal<Out, Bits<32>>,
    // Pairs of columns: a part a bank, the right column behind the left one
    memory: Vec<SharedMemory<1, B>>,
    right: Vec<Signal<Local, Bits<1>>>,
    write_place: Vec<Join<1, A, B>>,
    /// What is read: the memory's own output register, where block RAM has one.
    word: Vec<DFF<Bits<32>>>,
    addressed: Vec<DFF<Bit>>,
    selected: Vec<DFF<Bit>>,
    // Window: pairs that are not there read as 0
    gated: [Signal<Local, Bits<32>>; 8],
    data: DFF<Bits<32>>,
    bank: Signal<Local, Bits<1>>,
    // From pair to pair, of a wide array
    keep_hop: Vec<DFF<Bit>>,
    bank_hop: Vec<DFF<Bits<1>>>,
    wide: ZeroExtend<8, 12>,
    number: Vec<Constant<Bits<3>>>,
}

impl<const Q: usize, const A: usize, const B: usize> Default for Results<Q, A, B> {
    fn default() -> Self {
        const { assert!(B == A + 1 && Q.is_multiple_of(2)) };
        let pairs = 0..Q / 2;
        Self {
            clock: Signal::default(),
            result_valid_in: array_init::array_init(|_| Signal::default()),
            result_address_in: pairs.clone().map(|_| Signal::default()).collect(),
            result_in: pairs.clone().map(|_| Signal::default()).collect(),
            keep_in: Signal::default(),
            bank_in: Signal::default(),
            done_out: Signal::default(),
            address_in: Signal::default(),
            data_out: Signal::default(),
            memory: pairs.clone().map(|_| SharedMemory::default()).collect(),
            right: pairs.clone().map(|_| Signal::default()).collect(),
            write_place: pairs.clone().map(|_| Join::default()).collect(),
            word: pairs.clone().map(|_| DFF::default()).collect(),
            addressed: pairs.clone().map(|_| DFF::default()).collect(),
            selected: pairs.clone().map(|_| DFF::default()).collect(),
            gated: array_init::array_init(|_| Signal::default()),
            data: DFF::default(),
            bank: Signal::default(),
            keep_hop: (0..hops(Q)).map(|_| DFF::default()).collect(),
            bank_hop: (0..hops(Q)).map(|_| DFF::default()).collect(),
            wide: ZeroExtend::default(),
            number: pairs.map(|pair| Constant::new((pair as u64).into())).collect(),
        }
    }
}

impl<const Q: usize, const A: usize, const B: usize> Logic for Results<Q, A, B> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, data);
        self.bank.next = bits::<1>(0);
        if self.bank_in.val() {
            self.bank.next = bits::<1>(1);
        }
        self.wide.data_in.next = self.address_in.val().get_bits::<8>(0);
        for m in 0..8 {
            self.gated[m].next = bits::<32>(0);
        }
        for m in 0..(Q / 2) {
            self.memory[m].read_clock.next = self.clock.val();
            self.memory[m].write_clock.next = self.clock.val();
            self.word[m].clock.next = self.clock.val();
            self.addressed[m].clock.next = self.clock.val();
            self.selected[m].clock.next = self.clock.val();

            // Tile
            self.right[m].next = bits::<1>(0);
            if self.result_valid_in[2 * m + 1].val() {
                self.right[m].next = bits::<1>(1);
            }
            self.write_place[m].high_in.next = self.right[m].val();
            self.write_place[m].low_in.next = self.result_address_in[m].val();
            // Once, or not at all: on a wide array keep and bank come from the pair before.
            for _all in 0..flat(Q) {
                self.memory[m].write_part_in.next = self.bank.val();
            }
            self.memory[m].write_address_in.next = self.write_place[m].joined_out.val();
            self.memory[m].write_data_in.next = self.result_in[m].val();
            for _all in 0..flat(Q) {
                self.memory[m].write_enable_in.next = self.keep_in.val()
                    && (self.result_valid_in[2 * m].val() || self.result_valid_in[2 * m + 1].val());
            }

            // Window
            self.memory[m].read_part_in.next = self.address_in.val().get_bits::<1>(8);
            self.memory[m].read_address_in.next = self.address_in.val().get_bits::<B>(0);
            for b in B..(B + 1) {
                self.addressed[m].d.next =
                    self.wide.data_out.val().get_bits::<3>(b) == self.number[m].val();
            }
            self.word[m].d.next = self.memory[m].read_data_out.val();
            self.selected[m].d.next = self.addressed[m].q.val();
            if self.selected[m].q.val() {
                self.gated[m].next = self.word[m].q.val();
            }
        }
        for m in 0..hops(Q) {
            self.keep_hop[m].clock.next = self.clock.val();
            self.bank_hop[m].clock.next = self.clock.val();
            self.memory[m].write_part_in.next = self.bank_hop[m].q.val();
            self.memory[m].write_enable_in.next = self.keep_hop[m].q.val()
                && (self.result_valid_in[2 * m].val() || self.result_valid_in[2 * m + 1].val());
        }
        for m in 0..(1 - flat(Q)) {
            self.keep_hop[m].d.next = self.keep_in.val();
            self.bank_hop[m].d.next = self.bank.val();
        }
        for m in 1..hops(Q) {
            self.keep_hop[m].d.next = self.keep_hop[m - 1].q.val();
            self.bank_hop[m].d.next = self.bank_hop[m - 1].q.val();
        }
        for q in Q..(Q + 1) {
            for m in (Q / 2)..(Q / 2 + 1) {
                self.done_out.next =
                    self.result_valid_in[q - 1].val() && self.result_address_in[m - 1].val().all();
            }
        }
        self.data.d.next = self.gated[0].val()
            | self.gated[1].val()
            | self.gated[2].val()
            | self.gated[3].val()
            | self.gated[4].val()
            | self.gated[5].val()
            | self.gated[6].val()
            | self.gated[7].val();
        self.data_out.next = self.data.q.val();
    }
}

#[cfg(test)]
mod tests;
