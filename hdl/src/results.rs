//! Product tiles that are kept: two banks of 256 results, one memory a column.
//!
//! ```text
//!   result_valid_in[j] --->+---------+
//!   result_in[j] =========>| Results |---> done_out
//!   keep_in, bank_in ----->|         |
//!   address_in ===========>|         |===> data_out
//!                          +---------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | forget where the tile was |
//! | `result_valid_in[j]`, `result_in[j]` | 1, 32 | results of column j, in the order of addresses |
//! | `keep_in`, `bank_in` | 1 | write them, into this bank; stand from a tile's first result to its last |
//! | `done_out` | 1 | in the cycle of a tile's last result |
//! | `address_in` | 9 | bank, column and number of a result ([`result_address`](crate::registers::result_address)) |
//! | `data_out` | 32 | the result |
//!
//! # Latency
//! [`READ_LATENCY`] cycles from `address_in` to `data_out`.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// Cycles from `address_in` to `data_out`.
pub const READ_LATENCY: usize = 2;

/// See the module's documentation. A: address bits of a column's results; B = A + 1.
#[derive(LogicBlock)]
pub struct Results<const Q: usize, const A: usize, const B: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Tile
    /// A result of the column is there.
    pub result_valid_in: [Signal<In, Bit>; Q],
    /// The result.
    pub result_in: [Signal<In, Bits<32>>; Q],
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
    // Columns
    memory: Vec<RAM<Bits<32>, B>>,
    count: [DFF<Bits<A>>; Q],
    write_place: [Join<1, A, B>; Q],
    selected: [DFF<Bit>; Q],
    // Window: columns that are not there read as 0
    gated: [Signal<Local, Bits<32>>; 16],
    data: DFF<Bits<32>>,
    bank: Signal<Local, Bits<1>>,
    read_place: Join<1, A, B>,
    wide: ZeroExtend<8, 12>,
    one: Constant<Bits<A>>,
    zero: Constant<Bits<A>>,
    number: [Constant<Bits<4>>; Q],
}

impl<const Q: usize, const A: usize, const B: usize> Default for Results<Q, A, B> {
    fn default() -> Self {
        const { assert!(B == A + 1) };
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            result_valid_in: array_init::array_init(|_| Signal::default()),
            result_in: array_init::array_init(|_| Signal::default()),
            keep_in: Signal::default(),
            bank_in: Signal::default(),
            done_out: Signal::default(),
            address_in: Signal::default(),
            data_out: Signal::default(),
            memory: (0..Q).map(|_| RAM::default()).collect(),
            count: array_init::array_init(|_| DFF::default()),
            write_place: array_init::array_init(|_| Join::default()),
            selected: array_init::array_init(|_| DFF::default()),
            gated: array_init::array_init(|_| Signal::default()),
            data: DFF::default(),
            bank: Signal::default(),
            read_place: Join::default(),
            wide: ZeroExtend::default(),
            one: Constant::new(1.into()),
            zero: Constant::new(0.into()),
            number: array_init::array_init(|column| Constant::new((column as u64).into())),
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
        self.read_place.high_in.next = self.address_in.val().get_bits::<1>(8);
        self.read_place.low_in.next = self.address_in.val().get_bits::<A>(0);
        self.wide.data_in.next = self.address_in.val().get_bits::<8>(0);
        for j in 0..16 {
            self.gated[j].next = bits::<32>(0);
        }
        for j in 0..Q {
            self.memory[j].read_clock.next = self.clock.val();
            self.memory[j].write_clock.next = self.clock.val();
            self.count[j].clock.next = self.clock.val();
            self.selected[j].clock.next = self.clock.val();

            // Tile
            self.count[j].d.next = self.count[j].q.val();
            if self.result_valid_in[j].val() {
                self.count[j].d.next = self.count[j].q.val() + self.one.val();
            }
            if self.reset_in.val() {
                self.count[j].d.next = self.zero.val();
            }
            self.write_place[j].high_in.next = self.bank.val();
            self.write_place[j].low_in.next = self.count[j].q.val();
            self.memory[j].write_address.next = self.write_place[j].joined_out.val();
            self.memory[j].write_data.next = self.result_in[j].val();
            self.memory[j].write_enable.next = self.result_valid_in[j].val() && self.keep_in.val();

            // Window
            self.memory[j].read_address.next = self.read_place.joined_out.val();
            for a in A..(A + 1) {
                self.selected[j].d.next =
                    self.wide.data_out.val().get_bits::<4>(a) == self.number[j].val();
            }
            if self.selected[j].q.val() {
                self.gated[j].next = self.memory[j].read_data.val();
            }
        }
        for q in Q..(Q + 1) {
            self.done_out.next =
                self.result_valid_in[q - 1].val() && self.count[q - 1].q.val().all();
        }
        self.data.d.next = self.gated[0].val()
            | self.gated[1].val()
            | self.gated[2].val()
            | self.gated[3].val()
            | self.gated[4].val()
            | self.gated[5].val()
            | self.gated[6].val()
            | self.gated[7].val()
            | self.gated[8].val()
            | self.gated[9].val()
            | self.gated[10].val()
            | self.gated[11].val()
            | self.gated[12].val()
            | self.gated[13].val()
            | self.gated[14].val()
            | self.gated[15].val();
        self.data_out.next = self.data.q.val();
    }
}

#[cfg(test)]
mod tests;
