//! Zeros in front of a value. Wires only.
//!
//! # Why
//! A leaf, because rust-hdl's own cast to more bits is emitted as an expression whose width no lint
//! accepts.

use rust_hdl_core::prelude::*;

/// `data_out` = `data_in`, with `M - N` zeros in front.
#[derive(LogicBlock, Default)]
pub struct ZeroExtend<const N: usize, const M: usize> {
    /// Narrow value.
    pub data_in: Signal<In, Bits<N>>,
    /// The same value, wider.
    pub data_out: Signal<Out, Bits<M>>,
}

impl<const N: usize, const M: usize> Logic for ZeroExtend<N, M> {
    fn update(&mut self) {
        self.data_out.next = bit_cast(self.data_in.val());
    }

    fn connect(&mut self) {
        self.data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!("always @(*) data_out = {{{}'h0, data_in}};\n", M - N))
    }
}

#[cfg(test)]
mod tests;
