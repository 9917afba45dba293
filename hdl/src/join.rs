//! Two values side by side, cut or filled with zeros to a width. Wires only.
//!
//! # Why
//! A leaf, because rust-hdl has no concatenation. Cutting is for the address of a lane memory, whose
//! group has no bits where a lane memory holds one lane.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;

/// `joined_out` = `high_in` in front of `low_in`: the low N bits of the two.
#[derive(LogicBlock, Default)]
pub struct Join<const H: usize, const L: usize, const N: usize> {
    /// High bits.
    pub high_in: Signal<In, Bits<H>>,
    /// Low bits.
    pub low_in: Signal<In, Bits<L>>,
    /// Both.
    pub joined_out: Signal<Out, Bits<N>>,
}

impl<const H: usize, const L: usize, const N: usize> Logic for Join<H, L, N> {
    fn update(&mut self) {
        let joined = self.high_in.val().to_u64() << L | self.low_in.val().to_u64();
        self.joined_out.next = unsigned_bits(joined);
    }

    fn connect(&mut self) {
        self.joined_out.connect();
    }

    fn hdl(&self) -> Verilog {
        // A value of one bit has no range to select from.
        let cut = |name: &str, bits: usize, of: usize| {
            if bits == of { name.to_owned() } else { format!("{name}[{}:0]", bits - 1) }
        };
        let joined = if N <= L {
            cut("low_in", N, L)
        } else if N <= H + L {
            format!("{{{}, low_in}}", cut("high_in", N - L, H))
        } else {
            format!("{{{}'h0, high_in, low_in}}", N - H - L)
        };
        Verilog::Custom(format!("always @(*) joined_out = {joined};\n"))
    }
}

#[cfg(test)]
mod tests;
