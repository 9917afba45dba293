//! The address of a word of panel memory by its lane of the tile: [`panel_address`]
//! as wires.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::registers::panel_address;

/// N: lanes of the array on this side; W: bits of a word's address in a lane.
#[derive(LogicBlock, Default)]
pub struct LaneAddress<const N: usize, const W: usize> {
    /// Lane of the tile.
    pub lane_in: Signal<In, Bits<4>>,
    /// Word of the lane.
    pub word_in: Signal<In, Bits<W>>,
    /// Where it stands.
    pub address_out: Signal<Out, Bits<18>>,
}

impl<const N: usize, const W: usize> Logic for LaneAddress<N, W> {
    fn update(&mut self) {
        let lane = self.lane_in.val().to_u64() as usize;
        let first: u64 = panel_address(N, W, lane).into();
        self.address_out.next = unsigned_bits(first + self.word_in.val().to_u64());
    }

    fn connect(&mut self) {
        self.address_out.connect();
    }

    fn hdl(&self) -> Verilog {
        // Lanes that share one of the array stand behind each other, so the low bits of the number come first.
        let lane = match N.ilog2() {
            4 => "lane_in".into(),
            1 => "lane_in[0], lane_in[3:1]".into(),
            low => format!("lane_in[{}:0], lane_in[3:{low}]", low - 1),
        };
        let zeros = match 14 - W {
            0 => String::new(),
            more => format!("{more}'h0, "),
        };
        Verilog::Custom(format!("always @(*) address_out = {{{zeros}{lane}, word_in}};\n"))
    }
}
