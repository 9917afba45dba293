//! The grid of PEs: P rows by Q columns, neighbours wired to neighbours and nothing else.
//!
//! ```text
//!                   sum_out[j]  b_in[j]
//!                       ^          |
//!                  +----+----------v----+
//!    a_in[i]   ===>|                    |
//!    start_in[i] =>|  Grid  P x Q PEs   |
//!                  |                    |
//!                  +--------------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in[i]` | 9, signed | row i of A', skewed by i cycles |
//! | `b_in[j]` | 9, signed | column j of B', skewed by j cycles |
//! | `start_in[i]` | 1 | chunk starts, skewed by i cycles, [`START_OFFSET`](crate::pe::START_OFFSET) behind the operands |
//! | `sum_out[j]` | 26, signed | partial sums of column j: rows 0, 1, 2, .. in every second cycle |
//!
//! # Latency
//! A start that enters row 0 in cycle t puts the partial sum of PE (i, j) on `sum_out[j]` in cycle
//! t + [`SUM_LATENCY`](crate::pe::SUM_LATENCY) + j + 2i.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/grid.txt"), "```")]
//!
//! # Why
//! The chain runs against the operands. The start wave reaches row i in cycle i, and its sum climbs
//! i rows more, so the sums of a column leave two cycles apart and never meet: one chain word a PE
//! drains everything, without a stall, a shadow register or a second control bit. A chain that runs
//! with the operands would have all sums of a column arrive in one cycle: good for an XOR, but the
//! tile's results then need 16 more cycles or 16 more registers a PE.
//!
//! The multipliers stand in the grid and not in the PEs, since a [pair](crate::multiplier_pair) of them can
//! share a DSP block: that of PEs (i, 2m) and (i, 2m + 1). Which [kind](crate::multipliers) each is
//! changes no cycle.

use rust_hdl_core::prelude::*;

use crate::multiplier_pair::MultiplierPair;
use crate::multipliers::Multipliers;
use crate::pe::{Pe, PeState};

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Grid<const P: usize, const Q: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Chunk starts, per row.
    pub start_in: [Signal<In, Bit>; P],
    /// Operands of A', per row.
    pub a_in: [Signal<In, Signed<9>>; P],
    /// Operands of B', per column.
    pub b_in: [Signal<In, Signed<9>>; Q],
    /// Partial sums, per column.
    pub sum_out: [Signal<Out, Signed<26>>; Q],
    pe: Vec<Pe>,
    /// Products of PEs (i, 2m) and (i, 2m + 1).
    pair: Vec<MultiplierPair>,
    zero: Constant<Signed<26>>,
}

impl<const P: usize, const Q: usize> Grid<P, Q> {
    /// A grid whose products are of these kinds.
    pub fn new(multipliers: Multipliers) -> Self {
        const { assert!(Q.is_multiple_of(2), "multipliers stand in pairs") };
        let pair =
            |m: usize| MultiplierPair::new(multipliers.kind(2 * m), multipliers.kind(2 * m + 1));
        Self {
            clock: Signal::default(),
            start_in: array_init::array_init(|_| Signal::default()),
            a_in: array_init::array_init(|_| Signal::default()),
            b_in: array_init::array_init(|_| Signal::default()),
            sum_out: array_init::array_init(|_| Signal::default()),
            pe: (0..P * Q).map(|_| Pe::new(multipliers.masks_sums())).collect(),
            pair: (0..P * Q / 2).map(pair).collect(),
            zero: Constant::new(Signed::default()),
        }
    }
}

impl<const P: usize, const Q: usize> Default for Grid<P, Q> {
    fn default() -> Self {
        Self::new(Multipliers::default())
    }
}

impl<const P: usize, const Q: usize> Logic for Grid<P, Q> {
    #[hdl_gen]
    fn update(&mut self) {
        // The emitter knows only loop variables in an index, so Q comes in as one.
        for q in Q..(Q + 1) {
            for i in 0..P {
                for j in 0..Q {
                    self.pe[i * q + j].clock.next = self.clock.val();
                    self.pe[i * q + j].sum_in.next = self.zero.val();
                }
                self.pe[i * q].a_in.next = self.a_in[i].val();
                self.pe[i * q].start_in.next = self.start_in[i].val();
                for j in 1..Q {
                    self.pe[i * q + j].a_in.next = self.pe[i * q + j - 1].a_out.val();
                    self.pe[i * q + j].start_in.next = self.pe[i * q + j - 1].start_out.val();
                }
            }
            for j in 0..Q {
                self.pe[j].b_in.next = self.b_in[j].val();
                self.sum_out[j].next = self.pe[j].sum_out.val();
                for i in 1..P {
                    self.pe[i * q + j].b_in.next = self.pe[i * q - q + j].b_out.val();
                    self.pe[i * q - q + j].sum_in.next = self.pe[i * q + j].sum_out.val();
                }
            }
        }
        // Products: of the same operands in the same cycle as the PE that they are for
        for m in 0..(P * Q / 2) {
            self.pair[m].clock.next = self.clock.val();
            self.pair[m].left_a_in.next = self.pe[2 * m].a_in.val();
            self.pair[m].right_a_in.next = self.pe[2 * m + 1].a_in.val();
            self.pair[m].left_b_in.next = self.pe[2 * m].b_in.val();
            self.pair[m].right_b_in.next = self.pe[2 * m + 1].b_in.val();
            self.pe[2 * m].product_in.next = self.pair[m].left_product_out.val();
            self.pe[2 * m + 1].product_in.next = self.pair[m].right_product_out.val();
        }
    }
}

impl<const P: usize, const Q: usize> Grid<P, Q> {
    /// The registers of a PE, in a simulation.
    pub fn pe_state(&self, row: usize, column: usize) -> PeState {
        self.pe[row * Q + column].state()
    }
}

#[cfg(test)]
mod tests;
