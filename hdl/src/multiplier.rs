//! Signed 9x9 multiplier with two registers behind it. A leaf: boards swap it for their DSP block.
//!
//! ```text
//!              +------------+
//!     a_in --->|            |
//!     b_in --->| Multiplier |---> product_out
//!              +------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in`, `b_in` | 9, signed | operands |
//! | `product_out` | 26, signed | product, sign-extended to the width of a partial sum |
//!
//! # Latency
//! [`LATENCY`] cycles.
//!
//! # Why
//! One register is the DSP block's own, the other stands on the long way from the DSP column to the
//! carry chain: without it that route alone takes 3 to 6.5 ns on an ECP5. The Rust behaviour and
//! the Verilog are two texts here, so a test compares them for all 2^18 operand pairs.

use rust_hdl_core::prelude::*;

use crate::bits::{signed_bits, signed_value};

/// Cycles from the operands to the product.
pub const LATENCY: usize = 2;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Multiplier {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Left operand.
    pub a_in: Signal<In, Signed<9>>,
    /// Right operand.
    pub b_in: Signal<In, Signed<9>>,
    /// Product.
    pub product_out: Signal<Out, Signed<26>>,
    _product: i64,
}

impl Logic for Multiplier {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.product_out.next = signed_bits(self._product);
            self._product = signed_value(self.a_in.val()) * signed_value(self.b_in.val());
        }
    }

    fn connect(&mut self) {
        self.product_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
reg signed [17:0] product;
reg signed [17:0] late_product;

initial begin
   product = 18'h0;
   late_product = 18'h0;
end

always @(posedge clock) begin
   product <= a_in * b_in;
   late_product <= product;
end

always @(*) product_out = {{8{late_product[17]}}, late_product};
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests;
