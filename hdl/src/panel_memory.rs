//! The panel memory of one side: N lanes in a row, and the window through which they are written.
//!
//! ```text
//!   write, address, data ==>+--------------+
//!                           | lane 0       |=> operand_out[0]
//!   step, fetch, address ==>|   v          |
//!                           | lane 1       |=> operand_out[1]
//!                           |   v  ..      |
//!   unsigned_in ----------->| lane N-1     |=> operand_out[N-1]
//!                           +--------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `write_address_in`, `write_data_in` | 1, 18, 32 | write a word: its place in the lane's memory in the low R bits, the lane above them |
//! | `step_in`, `fetch_in`, `address_in`, `unsigned_in` | 1, 1, R, 1 | the wave, see [`PanelLane`] |
//! | `operand_out[i]` | 9, signed | operand of lane i, skewed by i cycles |
//!
//! # Latency
//! [`panel_lane::LATENCY`] + i from `step_in` to the operand of lane i; [`WRITE_LATENCY`] until a
//! written word is in memory.
//!
//! # Why
//! Writes pass one register before they fan out to all lanes, so the bus that writes sees one load.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

#[cfg(doc)]
use crate::panel_lane;
use crate::panel_lane::PanelLane;

/// Cycles from `write_in` until the word can be read.
pub const WRITE_LATENCY: usize = 2;

/// See the module's documentation. `R` is the number of address bits of a lane's memory.
#[derive(LogicBlock)]
pub struct PanelMemory<const N: usize, const R: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Window
    /// Write a word.
    pub write_in: Signal<In, Bit>,
    /// Where.
    pub write_address_in: Signal<In, Bits<18>>,
    /// Four operands.
    pub write_data_in: Signal<In, Bits<32>>,
    // Wave
    /// An operand of lane 0 is due.
    pub step_in: Signal<In, Bit>,
    /// It is a word's first.
    pub fetch_in: Signal<In, Bit>,
    /// Which word.
    pub address_in: Signal<In, Bits<R>>,
    /// It is a u8.
    pub unsigned_in: Signal<In, Bit>,
    // Operands
    /// One a lane.
    pub operand_out: [Signal<Out, Signed<9>>; N],
    lane: Vec<PanelLane<R>>,
    selected: [DFF<Bit>; N],
    address: DFF<Bits<R>>,
    data: DFF<Bits<32>>,
    number: [Constant<Bits<4>>; N],
}

impl<const N: usize, const R: usize> Default for PanelMemory<N, R> {
    fn default() -> Self {
        const { assert!(R + 4 <= 18) };
        Self {
            clock: Signal::default(),
            write_in: Signal::default(),
            write_address_in: Signal::default(),
            write_data_in: Signal::default(),
            step_in: Signal::default(),
            fetch_in: Signal::default(),
            address_in: Signal::default(),
            unsigned_in: Signal::default(),
            operand_out: array_init::array_init(|_| Signal::default()),
            lane: (0..N).map(|_| PanelLane::default()).collect(),
            selected: array_init::array_init(|_| DFF::default()),
            address: DFF::default(),
            data: DFF::default(),
            number: array_init::array_init(|lane| Constant::new((lane as u64).into())),
        }
    }
}

impl<const N: usize, const R: usize> Logic for PanelMemory<N, R> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, address, data);
        self.address.d.next = self.write_address_in.val().get_bits::<R>(0);
        self.data.d.next = self.write_data_in.val();
        for i in 0..N {
            self.selected[i].clock.next = self.clock.val();
            for r in R..(R + 1) {
                self.selected[i].d.next = self.write_in.val()
                    && self.write_address_in.val().get_bits::<4>(r) == self.number[i].val();
            }
            self.lane[i].clock.next = self.clock.val();
            self.lane[i].write_enable_in.next = self.selected[i].q.val();
            self.lane[i].write_address_in.next = self.address.q.val();
            self.lane[i].write_data_in.next = self.data.q.val();
            self.operand_out[i].next = self.lane[i].operand_out.val();
        }
        self.lane[0].step_in.next = self.step_in.val();
        self.lane[0].fetch_in.next = self.fetch_in.val();
        self.lane[0].address_in.next = self.address_in.val();
        self.lane[0].unsigned_in.next = self.unsigned_in.val();
        for i in 1..N {
            self.lane[i].step_in.next = self.lane[i - 1].step_out.val();
            self.lane[i].fetch_in.next = self.lane[i - 1].fetch_out.val();
            self.lane[i].address_in.next = self.lane[i - 1].address_out.val();
            self.lane[i].unsigned_in.next = self.lane[i - 1].unsigned_out.val();
        }
    }
}

#[cfg(test)]
mod tests;
