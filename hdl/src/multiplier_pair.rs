//! Two signed products, for two PEs that are neighbours in a row. A leaf: parts differ in it.
//!
//! ```text
//!                    +----------------+
//!     left_a_in  --->|                |
//!     left_b_in  --->|                |---> left_product_out
//!                    | MultiplierPair |
//!     right_a_in --->|                |---> right_product_out
//!     right_b_in --->|                |
//!                    +----------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `left_a_in`, `left_b_in` | 9, signed | operands, as they come to the PE on the left |
//! | `left_product_out` | 26, signed | product, sign-extended to the width of a partial sum |
//! | `right_a_in`, `right_b_in`, `right_product_out` | | the same of the PE on the right |
//!
//! # Latency
//! [`LATENCY`] cycles.
//!
//! # Why
//! The leaf has its own operand registers, beside those with which a PE hands operands on: so a DSP
//! block's own can be used, and a block is only as fast as its registers make it. Behind the product
//! stands a late register on the long way from the DSP column to the carry chain of the partial sum:
//! without it that route alone takes 3 to 6.5 ns on an ECP5. (A kind may keep it in the block, where
//! logic has no room.) There are two products in a leaf because the DSP block of an iCE40 UP5K makes
//! two of 8 bits. What the [kinds](Kind) are for stands in [`multipliers`](crate::multipliers).
//!
//! The Rust behaviour and the Verilog are two texts here, so a test compares them for all operand
//! pairs of every kind.

use rust_hdl_core::prelude::*;

use crate::bits::{signed_bits, signed_value};
use crate::multipliers::Kind;

mod blocks;
mod pair_sums;
mod rows;

pub(crate) use blocks::BLOCKS;

/// Cycles from the operands to the product.
pub const LATENCY: usize = 3;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct MultiplierPair {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Left PE
    /// Operand of A.
    pub left_a_in: Signal<In, Signed<9>>,
    /// Operand of B.
    pub left_b_in: Signal<In, Signed<9>>,
    /// Product.
    pub left_product_out: Signal<Out, Signed<26>>,
    // Right PE
    /// Operand of A.
    pub right_a_in: Signal<In, Signed<9>>,
    /// Operand of B.
    pub right_b_in: Signal<In, Signed<9>>,
    /// Product.
    pub right_product_out: Signal<Out, Signed<26>>,
    _left: Product,
    _right: Product,
}

/// A product's kind, and the products of the operands of the last cycle and of the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Product {
    kind: Kind,
    early: [i64; 2],
}

impl Product {
    const fn new(kind: Kind) -> Self {
        Self { kind, early: [0; 2] }
    }

    /// Takes the operands before a clock edge, gives the product behind it.
    fn edge(&mut self, a: Signed<9>, b: Signed<9>) -> Signed<26> {
        let a = self.kind.sees_a(signed_value(a));
        let b = self.kind.sees_b(signed_value(b));
        let [last, late] = self.early;
        self.early = [a * b, last];
        signed_bits(late)
    }
}

impl MultiplierPair {
    /// A pair of products of these kinds.
    ///
    /// # Panics
    /// If one of them is the half of a DSP block, [`Kind::SbMac16`], and the other is not.
    pub fn new(left: Kind, right: Kind) -> Self {
        assert!(
            (left == Kind::SbMac16) == (right == Kind::SbMac16),
            "an SB_MAC16 makes both products of a pair, not one"
        );
        Self { _left: Product::new(left), _right: Product::new(right), ..Self::default() }
    }
}

impl Logic for MultiplierPair {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let (a, b) = (self.left_a_in.val(), self.left_b_in.val());
            self.left_product_out.next = self._left.edge(a, b);
            let (a, b) = (self.right_a_in.val(), self.right_b_in.val());
            self.right_product_out.next = self._right.edge(a, b);
        }
    }

    fn connect(&mut self) {
        self.left_product_out.connect();
        self.right_product_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let (left, right) = (self._left.kind, self._right.kind);
        if left == Kind::SbMac16 {
            return Verilog::Custom(blocks::sb_mac16());
        }
        let products = [("left", left), ("right", right)].map(|(side, kind)| match kind {
            // `new` refuses a half of it.
            Kind::Inferred | Kind::SbMac16 => blocks::inferred(side),
            Kind::Mult18x18d => blocks::mult18x18d(side),
            Kind::Mult9x9 => blocks::mult9x9(side),
            Kind::Mult9x9Piped => blocks::mult9x9_piped(side),
            Kind::PairSums => pair_sums::pair_sums(side),
            Kind::Rows => rows::rows(side),
        });
        Verilog::Custom(products.concat())
    }
}

#[cfg(test)]
mod tests;
