//! Three bits as one value. Wires only.
//!
//! # Why
//! A leaf, because rust-hdl has no concatenation.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;

/// `flags_out` = bit 0, 1 and 2.
#[derive(LogicBlock, Default)]
pub struct Flags {
    /// Bit 0.
    pub zero_in: Signal<In, Bit>,
    /// Bit 1.
    pub one_in: Signal<In, Bit>,
    /// Bit 2.
    pub two_in: Signal<In, Bit>,
    /// All three.
    pub flags_out: Signal<Out, Bits<3>>,
}

impl Logic for Flags {
    fn update(&mut self) {
        let levels = [self.zero_in.val(), self.one_in.val(), self.two_in.val()];
        let place = |(n, level): (usize, &Bit)| u64::from(*level) << n;
        self.flags_out.next = unsigned_bits(levels.iter().enumerate().map(place).sum());
    }

    fn connect(&mut self) {
        self.flags_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @(*) flags_out = {two_in, one_in, zero_in};\n".into())
    }
}

#[cfg(test)]
mod tests;
