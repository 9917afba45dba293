//! Sign extension from N to M bits: wires only.
//!
//! # Why
//! rust-hdl's cast cannot extend the smallest value of a width, and its Verilog leaves the widths
//! to the reader. A leaf with both texts in sight is clearer, and clean under `-Wall`.

use rust_hdl_core::prelude::*;

use crate::bits::{signed_bits, signed_value};

/// `data_out` = `data_in`, as a number.
#[derive(LogicBlock, Default)]
pub struct SignExtend<const N: usize, const M: usize> {
    /// Narrow value.
    pub data_in: Signal<In, Signed<N>>,
    /// The same value, wider.
    pub data_out: Signal<Out, Signed<M>>,
}

impl<const N: usize, const M: usize> Logic for SignExtend<N, M> {
    fn update(&mut self) {
        self.data_out.next = signed_bits(signed_value(self.data_in.val()));
    }

    fn connect(&mut self) {
        self.data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!(
            "always @(*) data_out = {{{{{fill}{{data_in[{sign}]}}}}, data_in}};\n",
            fill = M - N,
            sign = N - 1
        ))
    }
}

#[cfg(test)]
mod tests;
