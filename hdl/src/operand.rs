//! A byte to an operand of the array: signed or unsigned, by a flag that stands still. Wires and one
//! gate.
//!
//! # Why
//! The array's operands are 9 bits, signed, so that i8 and u8 share one PE; the ninth bit is made here.
//! A leaf, because rust-hdl has no way to put a bit in front of a byte.

use rust_hdl_core::prelude::*;

use crate::bits::signed_bits;

/// `operand_out` = `byte_in` as a number.
#[derive(LogicBlock, Default)]
pub struct Operand {
    /// The byte.
    pub byte_in: Signal<In, Bits<8>>,
    /// It is a u8, not an i8.
    pub unsigned_in: Signal<In, Bit>,
    /// The same number in 9 bits.
    pub operand_out: Signal<Out, Signed<9>>,
}

impl Logic for Operand {
    fn update(&mut self) {
        let byte = self.byte_in.val().to_u8();
        let value = if self.unsigned_in.val() { byte.into() } else { i64::from(byte as i8) };
        self.operand_out.next = signed_bits(value);
    }

    fn connect(&mut self) {
        self.operand_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @(*) operand_out = {byte_in[7] & ~unsigned_in, byte_in};\n".into())
    }
}

#[cfg(test)]
mod tests;
