//! The array: grid, heads and fold, joined by their waves.
//!
//! ```text
//!              +-----------------------------+
//!   token ====>| Heads .. Heads ====> Fold   |===> fold word
//!   start ---->|  ^ ^      ^ ^               |
//!   a[i]  ====>| [        Grid        ]      |===> results
//!   b[j]  ====>| [     P x Q PEs      ]      |
//!              +-----------------------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in[i]` | 9, signed | row i of A', skewed by i cycles |
//! | `b_in[j]` | 9, signed | column j of B', skewed by j cycles |
//! | `start_in` | 1 | start wave, for row 0 |
//! | `take_in`, `address_in`, `first_in`, `last_in` | 1, A, 1, 1 | drain wave, for the first head |
//! | `tail_in` | 1 | the chunk that drains has no fold word |
//! | `fold_valid_out`, `fold_out` | 1, 32 | one fold word a whole chunk |
//! | `result_valid_out[j]` | 1 | a result of column j, on the outputs of its pair j / 2 |
//! | `result_address_out[m]`, `result_out[m]` | A, 32 | result of a column of pair m, and its address there |
//!
//! `address_in`, `first_in` and `last_in` stand in the cycle behind `take_in`, too.
//!
//! # Latency
//! From the first token of a slot: result of row i, column j [`head::RESULT_LATENCY`] + 2i + j, fold
//! word 1 + [`fold::LATENCY`] + 2(P-1) + (Q-1).
//!
//! # Why
//! Whoever feeds the array, a gate and a skew or panel memory, the waves and what comes out are the
//! same; so they stand here once.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::fold::Fold;
use crate::grid::Grid;
use crate::head::HeadPair;
use crate::multipliers::Multipliers;
use crate::pe::PeState;
#[cfg(doc)]
use crate::{fold, head};

/// See the module's documentation. `A` is [`address_bits`](crate::Geometry::address_bits).
#[derive(LogicBlock)]
pub struct Array<const P: usize, const Q: usize, const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Operands
    /// Rows of A'.
    pub a_in: [Signal<In, Signed<9>>; P],
    /// Columns of B'.
    pub b_in: [Signal<In, Signed<9>>; Q],
    // Waves
    /// Start wave.
    pub start_in: Signal<In, Bit>,
    /// Drain wave: a partial sum is due.
    pub take_in: Signal<In, Bit>,
    /// Drain wave: its accumulator.
    pub address_in: Signal<In, Bits<A>>,
    /// Drain wave: first chunk of the tile.
    pub first_in: Signal<In, Bit>,
    /// Drain wave: last chunk of the tile.
    pub last_in: Signal<In, Bit>,
    /// The chunk that drains is a tail.
    pub tail_in: Signal<In, Bit>,
    // Results
    /// A fold word is on `fold_out`.
    pub fold_valid_out: Signal<Out, Bit>,
    /// Fold word of a whole chunk.
    pub fold_out: Signal<Out, Bits<32>>,
    /// A result of the column is on `result_out` of its pair.
    pub result_valid_out: [Signal<Out, Bit>; Q],
    /// The address of a result in its column, per pair of columns.
    pub result_address_out: Vec<Signal<Out, Bits<A>>>,
    /// Results, two's complement, per pair of columns.
    pub result_out: Vec<Signal<Out, Bits<32>>>,
    start: Vec<DFF<Bit>>,
    pub(crate) grid: Grid<P, Q>,
    pub(crate) heads: Vec<HeadPair<A>>,
    fold: Fold<A>,
    no_fold: Constant<Bits<32>>,
}

impl<const P: usize, const Q: usize, const A: usize> Array<P, Q, A> {
    /// An array whose products are of these kinds.
    pub fn new(multipliers: Multipliers) -> Self {
        Self {
            clock: Signal::default(),
            a_in: array_init::array_init(|_| Signal::default()),
            b_in: array_init::array_init(|_| Signal::default()),
            start_in: Signal::default(),
            take_in: Signal::default(),
            address_in: Signal::default(),
            first_in: Signal::default(),
            last_in: Signal::default(),
            tail_in: Signal::default(),
            fold_valid_out: Signal::default(),
            fold_out: Signal::default(),
            result_valid_out: array_init::array_init(|_| Signal::default()),
            result_address_out: (0..Q / 2).map(|_| Signal::default()).collect(),
            result_out: (0..Q / 2).map(|_| Signal::default()).collect(),
            start: (1..P).map(|_| DFF::default()).collect(),
            grid: Grid::new(multipliers),
            heads: (0..Q / 2).map(|_| HeadPair::default()).collect(),
            fold: Fold::default(),
            no_fold: Constant::new(Bits::default()),
        }
    }
}

impl<const P: usize, const Q: usize, const A: usize> Default for Array<P, Q, A> {
    fn default() -> Self {
        Self::new(Multipliers::default())
    }
}

impl<const P: usize, const Q: usize, const A: usize> Logic for Array<P, Q, A> {
    #[hdl_gen]
    fn update(&mut self) {
        self.grid.clock.next = self.clock.val();
        self.fold.clock.next = self.clock.val();
        for i in 0..P {
            self.grid.a_in[i].next = self.a_in[i].val();
        }
        for j in 0..Q {
            self.grid.b_in[j].next = self.b_in[j].val();
        }

        // Start wave, down the left edge
        for i in 1..P {
            self.start[i - 1].clock.next = self.clock.val();
            self.grid.start_in[i].next = self.start[i - 1].q.val();
        }
        self.grid.start_in[0].next = self.start_in.val();
        self.start[0].d.next = self.start_in.val();
        for i in 2..P {
            self.start[i - 1].d.next = self.start[i - 2].q.val();
        }

        // Drain wave and fold, along the top edge
        self.heads[0].take_in.next = self.take_in.val();
        self.heads[0].address_in.next = self.address_in.val();
        self.heads[0].first_in.next = self.first_in.val();
        self.heads[0].last_in.next = self.last_in.val();
        self.heads[0].fold_in.next = self.no_fold.val();
        for m in 1..(Q / 2) {
            self.heads[m].take_in.next = self.heads[m - 1].take_out.val();
            self.heads[m].address_in.next = self.heads[m - 1].address_out.val();
            self.heads[m].first_in.next = self.heads[m - 1].first_out.val();
            self.heads[m].last_in.next = self.heads[m - 1].last_out.val();
            self.heads[m].fold_in.next = self.heads[m - 1].fold_out.val();
        }
        for m in 0..(Q / 2) {
            self.heads[m].clock.next = self.clock.val();
            self.heads[m].left_sum_in.next = self.grid.sum_out[2 * m].val();
            self.heads[m].right_sum_in.next = self.grid.sum_out[2 * m + 1].val();
            self.result_valid_out[2 * m].next = self.heads[m].left_valid_out.val();
            self.result_valid_out[2 * m + 1].next = self.heads[m].right_valid_out.val();
            self.result_address_out[m].next = self.heads[m].result_address_out.val();
            self.result_out[m].next = self.heads[m].result_out.val();
        }
        self.fold.tail_in.next = self.tail_in.val();
        for m in (Q / 2)..(Q / 2 + 1) {
            self.fold.take_in.next = self.heads[m - 1].take_out.val();
            self.fold.address_in.next = self.heads[m - 1].address_out.val();
            self.fold.row_in.next = self.heads[m - 1].fold_out.val();
        }

        self.fold_valid_out.next = self.fold.fold_valid_out.val();
        self.fold_out.next = self.fold.fold_out.val();
    }
}

impl<const P: usize, const Q: usize, const A: usize> Array<P, Q, A> {
    /// The registers of a PE, in a simulation.
    pub fn pe_state(&self, row: usize, column: usize) -> PeState {
        self.grid.pe_state(row, column)
    }
}
