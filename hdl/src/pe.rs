//! One processing element: adds a product a cycle to the partial sum of its chunk.
//!
//! ```text
//!                  b_in   sum_out
//!                    |      ^
//!                 +--v------+--+
//!         a_in -->|            |--> a_out
//!     start_in -->|     PE     |--> start_out
//!   product_in -->|            |
//!                 +--+------^--+
//!                    v      |
//!                  b_out  sum_in
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in`, `b_in` | 9, signed | operand pair, -128..=255 |
//! | `a_out`, `b_out` | 9, signed | the same, one cycle later |
//! | `start_in` | 1 | a chunk starts: [`START_OFFSET`] cycles behind the chunk's first pair |
//! | `start_out` | 1 | the same, one cycle later |
//! | `product_in` | 26, signed | a_in times b_in, [`PRODUCT_OFFSET`] cycles behind them |
//! | `sum_in` | 26 | partial sums of the PEs below, on their way up |
//! | `sum_out` | 26 | the chain, one word a cycle |
//!
//! # Latency
//! A pair at `a_in`/`b_in` in cycle t is in the partial sum from cycle t + [`PAIR_LATENCY`] on. A
//! start at `start_in` in cycle t puts the finished partial sum on `sum_out` in cycle
//! t + [`SUM_LATENCY`], and clears the sum for the next chunk in the same clock edge.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/pe.txt"), "```")]
//!
//! # Why
//! One control bit does everything: the first pair of the next chunk overwrites the sum of the
//! last one, and just then the chain takes it. There is no valid bit, because a pair of zeros does
//! not change a sum. The sum of a chunk of 1024 products of the widest operands (255 * -128) fits
//! in 26 bits, so the accumulators of the tile, which need 32, stand above the columns, once a
//! column instead of once a PE. `start_in` trails the pair by the depth of the multiplier, so no PE
//! holds a delay line for it. The multiplier stands beside the PE, in a
//! [pair](crate::multiplier_pair) with that of a neighbour, and takes the operands where the PE does.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::bits::signed_value;
use crate::multiplier_pair;

/// Cycles by which `start_in` trails the first pair of a chunk.
pub const START_OFFSET: usize = 2;
/// Cycles by which `product_in` trails `a_in`/`b_in`.
pub const PRODUCT_OFFSET: usize = multiplier_pair::LATENCY;
/// Cycles from `a_in`/`b_in` to the partial sum.
pub const PAIR_LATENCY: usize = PRODUCT_OFFSET + 1;
/// Cycles from `start_in` to `sum_out`.
pub const SUM_LATENCY: usize = 2;
/// Bits of an operand: u8 and i8 share one signed format.
pub const OPERAND_BITS: usize = 9;
/// Bits of a partial sum.
pub const PARTIAL_BITS: usize = 26;
/// Longest chunk, in steps, whose partial sum fits for every mix of i8 x i8 and u8 x i8 operands.
pub const CHUNK_STEPS_MAX: usize = 1024;

const _: () = assert!(CHUNK_STEPS_MAX * 255 * 128 < 1 << (PARTIAL_BITS - 1));

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Pe {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A chunk starts.
    pub start_in: Signal<In, Bit>,
    /// To the PE on the right.
    pub start_out: Signal<Out, Bit>,
    /// Operand of A, from the left.
    pub a_in: Signal<In, Signed<9>>,
    /// To the PE on the right.
    pub a_out: Signal<Out, Signed<9>>,
    /// Operand of B, from above.
    pub b_in: Signal<In, Signed<9>>,
    /// To the PE below.
    pub b_out: Signal<Out, Signed<9>>,
    /// Product of the operands, from the multiplier beside the PE.
    pub product_in: Signal<In, Signed<26>>,
    /// Chain from the PE below.
    pub sum_in: Signal<In, Signed<26>>,
    /// Chain to the PE above.
    pub sum_out: Signal<Out, Signed<26>>,
    a: DFF<Signed<9>>,
    b: DFF<Signed<9>>,
    start: DFF<Bit>,
    sum: DFF<Signed<26>>,
    chain: DFF<Signed<26>>,
    kept: Signal<Local, Signed<26>>,
    masks: Constant<Bit>,
    zero: Constant<Signed<26>>,
}

impl Pe {
    /// A PE. `masks`: the old sum is masked before the adder, not selected behind it.
    pub fn new(masks: bool) -> Self {
        Self {
            clock: Signal::default(),
            start_in: Signal::default(),
            start_out: Signal::default(),
            a_in: Signal::default(),
            a_out: Signal::default(),
            b_in: Signal::default(),
            b_out: Signal::default(),
            product_in: Signal::default(),
            sum_in: Signal::default(),
            sum_out: Signal::default(),
            a: DFF::default(),
            b: DFF::default(),
            start: DFF::default(),
            sum: DFF::default(),
            chain: DFF::default(),
            kept: Signal::default(),
            masks: Constant::new(masks),
            zero: Constant::new(Signed::default()),
        }
    }
}

impl Default for Pe {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Logic for Pe {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, a, b, start, sum, chain);
        self.a.d.next = self.a_in.val();
        self.b.d.next = self.b_in.val();
        self.start.d.next = self.start_in.val();
        // A logic cell of an iCE40 adds a bit and selects behind the adder, so nothing is masked before it. An
        // adder of a Gowin part leaves through its own register only, so there it is; see `Multipliers`.
        self.kept.next = self.sum.q.val();
        if self.start.q.val() && self.masks.val() {
            self.kept.next = self.zero.val();
        }
        self.sum.d.next = self.kept.val() + self.product_in.val();
        self.chain.d.next = self.sum_in.val();
        if self.start.q.val() && !self.masks.val() {
            self.sum.d.next = self.product_in.val();
        }
        if self.start.q.val() {
            self.chain.d.next = self.sum.q.val();
        }
        self.a_out.next = self.a.q.val();
        self.b_out.next = self.b.q.val();
        self.start_out.next = self.start.q.val();
        self.sum_out.next = self.chain.q.val();
    }
}

/// The registers of a PE in some cycle, for looking into simulations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeState {
    /// Operand of A.
    pub a: i16,
    /// Operand of B.
    pub b: i16,
    /// Start register.
    pub start: bool,
    /// Product that enters the sum at the end of the cycle.
    pub product: i32,
    /// Partial sum.
    pub sum: i32,
    /// Chain register.
    pub chain: i32,
}

impl Pe {
    /// The registers, in a simulation.
    pub fn state(&self) -> PeState {
        PeState {
            a: signed_value(self.a.q.val()) as i16,
            b: signed_value(self.b.q.val()) as i16,
            start: self.start.q.val(),
            product: signed_value(self.product_in.val()) as i32,
            sum: signed_value(self.sum.q.val()) as i32,
            chain: signed_value(self.chain.q.val()) as i32,
        }
    }
}

#[cfg(test)]
mod tests;
