//! Turns blocks of four rows of four into their columns, one of each a cycle.
//!
//! ```text
//!   phase_in ==>+------------+
//!   row_in[4] =>| Transposer |=> column_out[4]
//!               +------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `phase_in` | 2 | which row of a block goes in; counts on for [`LATENCY`] cycles behind a block's last row |
//! | `row_in[i]` | N | its elements |
//! | `column_out[i]` | N | element i of a column: of the block's row i. Column n comes [`LATENCY`] cycles behind row n |
//!
//! # Why
//! Element i waits i cycles, so that in every cycle the four are of different rows and columns; they turn by the
//! phase to the places of their rows, and there wait for the others of their column. That is twelve elements in
//! registers, and a multiplexer of four for each place.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Cycles from row n to column n.
pub const LATENCY: usize = 3;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Transposer<const N: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Which row.
    pub phase_in: Signal<In, Bits<2>>,
    /// Its elements.
    pub row_in: [Signal<In, Bits<N>>; 4],
    /// Elements of a column.
    pub column_out: [Signal<Out, Bits<N>>; 4],
    // Element i as it was 1, .., i cycles ago
    second: DFF<Bits<N>>,
    third: [DFF<Bits<N>>; 2],
    fourth: [DFF<Bits<N>>; 3],
    // At the place of its row, and what waits there
    turned: [Signal<Local, Bits<N>>; 4],
    first_row: [DFF<Bits<N>>; 3],
    second_row: [DFF<Bits<N>>; 2],
    third_row: DFF<Bits<N>>,
}

impl<const N: usize> Logic for Transposer<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, second, third_row);
        for s in 0..2 {
            self.third[s].clock.next = self.clock.val();
            self.second_row[s].clock.next = self.clock.val();
        }
        for s in 0..3 {
            self.fourth[s].clock.next = self.clock.val();
            self.first_row[s].clock.next = self.clock.val();
        }
        self.second.d.next = self.row_in[1].val();
        self.third[0].d.next = self.row_in[2].val();
        self.third[1].d.next = self.third[0].q.val();
        self.fourth[0].d.next = self.row_in[3].val();
        self.fourth[1].d.next = self.fourth[0].q.val();
        self.fourth[2].d.next = self.fourth[1].q.val();

        // Element i is of the row that went in i cycles ago
        self.turned[0].next = self.row_in[0].val();
        self.turned[1].next = self.fourth[2].q.val();
        self.turned[2].next = self.third[1].q.val();
        self.turned[3].next = self.second.q.val();
        if self.phase_in.val() == bits::<2>(1) {
            self.turned[0].next = self.second.q.val();
            self.turned[1].next = self.row_in[0].val();
            self.turned[2].next = self.fourth[2].q.val();
            self.turned[3].next = self.third[1].q.val();
        }
        if self.phase_in.val() == bits::<2>(2) {
            self.turned[0].next = self.third[1].q.val();
            self.turned[1].next = self.second.q.val();
            self.turned[2].next = self.row_in[0].val();
            self.turned[3].next = self.fourth[2].q.val();
        }
        if self.phase_in.val() == bits::<2>(3) {
            self.turned[0].next = self.fourth[2].q.val();
            self.turned[1].next = self.third[1].q.val();
            self.turned[2].next = self.second.q.val();
            self.turned[3].next = self.row_in[0].val();
        }

        self.first_row[0].d.next = self.turned[0].val();
        self.first_row[1].d.next = self.first_row[0].q.val();
        self.first_row[2].d.next = self.first_row[1].q.val();
        self.second_row[0].d.next = self.turned[1].val();
        self.second_row[1].d.next = self.second_row[0].q.val();
        self.third_row.d.next = self.turned[2].val();
        self.column_out[0].next = self.first_row[2].q.val();
        self.column_out[1].next = self.second_row[1].q.val();
        self.column_out[2].next = self.third_row.q.val();
        self.column_out[3].next = self.turned[3].val();
    }
}

#[cfg(test)]
mod tests;
