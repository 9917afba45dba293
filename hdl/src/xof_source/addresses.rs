//! Where the words of engines belong in panel memory. Wires only.
//!
//! # Why
//! Words come in one order, so one counter says all: which chunk of the ring, which batch of the chunk, and which
//! block, place and piece of the batch. A lane's place in the address is its number turned by log2 of the side's
//! width, see [`panel_address`](crate::registers::panel_address). A leaf, because rust-hdl can't put fields together
//! whose widths are computed.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::registers::panel_address;

/// See the module's documentation. P, Q: the array; W: bits of a word's address in a panel lane.
#[derive(LogicBlock, Default)]
pub struct Addresses<const P: usize, const Q: usize, const W: usize> {
    /// Words before: chunk, batch (7:6), block (5:4), place (3:2), piece (1:0).
    pub number_in: Signal<In, Bits<18>>,
    /// Address of the word of A.
    pub a_address_out: Signal<Out, Bits<18>>,
    /// Address of the word of B.
    pub b_address_out: Signal<Out, Bits<18>>,
}

impl<const P: usize, const Q: usize, const W: usize> Logic for Addresses<P, Q, W> {
    fn update(&mut self) {
        let number = self.number_in.val().to_u64() as usize;
        let field = |low: usize, bits: usize| number >> low & ((1 << bits) - 1);
        let address = |width: usize, lane: usize, word: usize| {
            let chunk = field(8, W - 4);
            u64::from(panel_address(width, W, lane)) + (16 * chunk + word) as u64
        };
        let a = address(P, field(4, 4), 4 * field(0, 2) + field(2, 2));
        let b = address(Q, field(0, 4), field(4, 4));
        self.a_address_out.next = unsigned_bits(a);
        self.b_address_out.next = unsigned_bits(b);
    }

    fn connect(&mut self) {
        self.a_address_out.connect();
        self.b_address_out.connect();
    }

    fn hdl(&self) -> Verilog {
        // The lane, four bits from `low` on, turned.
        let lane = |width: usize, low: usize| {
            let split = low + width.ilog2() as usize;
            let bits = (low..split).rev().chain((split..low + 4).rev());
            bits.map(|bit| format!("number_in[{bit}], ")).collect::<String>()
        };
        let zeros = if W < 14 { format!("{}'h0, ", 14 - W) } else { String::new() };
        let chunk = format!("number_in[{}:8]", W + 3);
        Verilog::Custom(format!(
            "always @(*) begin\n   \
             a_address_out = {{{zeros}{}{chunk}, number_in[1:0], number_in[3:2]}};\n   \
             b_address_out = {{{zeros}{}{chunk}, number_in[7:4]}};\nend\n",
            lane(P, 4),
            lane(Q, 0),
        ))
    }
}
