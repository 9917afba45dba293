//! One lane of panel memory: takes words of four operands, and gives an operand a cycle to its row or
//! column of the grid.
//!
//! ```text
//!               +-----------+
//!  word_in  ===>|           |
//!  fetch_in --->| PanelLane |===> operand_out
//!  step_in  --->|           |
//!  unsigned_in->|           |
//!               +-----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `step_in` | 1 | the lane's operand of a step is due |
//! | `fetch_in`, `word_in` | 1, 32 | with `step_in`: the step is the first of this word, its low byte |
//! | `unsigned_in` | 1 | with `step_in`: the operand is a u8, not an i8 |
//! | `operand_out` | 9, signed | the operand; 0 when no step is due |
//!
//! # Latency
//! [`LATENCY`] cycle from `step_in` to `operand_out`.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/panel_lane.txt"), "```")]
//!
//! # Why
//! A pair of zeros changes no sum, so the zero between steps is the array's gap. The array's operands
//! are 9 bits, signed, so that i8 and u8 share one PE; the ninth bit is made here. A leaf, so that
//! synthesis sees registers and logic together: the step enables one and clears the other, which costs
//! nothing, where logic in front of registers costs a LUT a bit.

use rust_hdl_core::prelude::*;

use crate::bits::signed_bits;

/// Cycles from `step_in` to `operand_out`.
pub const LATENCY: usize = 1;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct PanelLane {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Four operands, the first in the low byte.
    pub word_in: Signal<In, Bits<32>>,
    /// An operand is due.
    pub step_in: Signal<In, Bit>,
    /// It is the first of `word_in`.
    pub fetch_in: Signal<In, Bit>,
    /// It is a u8.
    pub unsigned_in: Signal<In, Bit>,
    /// The operand.
    pub operand_out: Signal<Out, Signed<9>>,
    /// The operands of the word that are to come.
    _rest: u32,
}

impl Logic for PanelLane {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        self.operand_out.next = signed_bits(0);
        if self.step_in.val() {
            let fetch = self.fetch_in.val();
            let word = if fetch { self.word_in.val().to_u32() } else { self._rest };
            // The highest byte need not go: no step comes behind it without another word.
            let stays = if fetch { 0 } else { self._rest & 0xff_0000 };
            self._rest = word >> 8 | stays;
            let byte = word as u8;
            let value = if self.unsigned_in.val() { byte.into() } else { i64::from(byte as i8) };
            self.operand_out.next = signed_bits(value);
        }
    }

    fn connect(&mut self) {
        self.operand_out.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
reg [23:0] rest;
wire [7:0] octet = fetch_in ? word_in[7:0] : rest[7:0];

initial begin
   rest = 24'h0;
   operand_out = 9'h0;
end

always @(posedge clock) begin
   if (step_in) begin
      rest <= fetch_in ? word_in[31:8] : {rest[23:16], rest[23:8]};
   end
   operand_out <= step_in ? {octet[7] & ~unsigned_in, octet} : 9'h0;
end
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests;
