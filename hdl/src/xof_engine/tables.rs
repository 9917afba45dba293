//! What an engine of [`Rounds`](crate::rounds) reads from tables: constants, and which message words come when.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::rounds::HALF_ROUNDS;
use crate::ticket::program::schedule;

/// The first half of the initialisation vector.
pub(crate) const IV: [u32; 4] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a];
/// A message word that is 0.
const NO_WORD: usize = 15;

/// The message words of a G: its second one, and the first one of the G that takes its `a` in the next half round.
/// A leaf: a table.
#[derive(LogicBlock, Default)]
pub struct Order {
    /// Half round, 0 to 13.
    pub half_in: Signal<In, Bits<4>>,
    /// Which G.
    pub column_in: Signal<In, Bits<2>>,
    /// Its second word.
    pub y_out: Signal<Out, Bits<4>>,
    /// The next first one; one that is 0 behind the last half round.
    pub x_out: Signal<Out, Bits<4>>,
}

impl Order {
    fn words(half: usize, column: usize) -> (usize, usize) {
        let word = |half: usize, second: usize| {
            let place = half % 2 * 8 + 2 * column + second;
            schedule()[(half / 2).min(6)][place]
        };
        (word(half, 1), if half + 1 < HALF_ROUNDS { word(half + 1, 0) } else { NO_WORD })
    }
}

impl Logic for Order {
    fn update(&mut self) {
        let half = self.half_in.val().to_u64() as usize;
        let (y, x) = Self::words(half, self.column_in.val().to_u64() as usize);
        self.y_out.next = unsigned_bits(y as u64);
        self.x_out.next = unsigned_bits(x as u64);
    }

    fn connect(&mut self) {
        self.y_out.connect();
        self.x_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let row = |n: usize| {
            let (y, x) = Self::words(n / 4, n % 4);
            format!("      6'd{n}: begin y_out = 4'd{y}; x_out = 4'd{x}; end\n")
        };
        let rows: String = (0..64).map(row).collect();
        Verilog::Custom(format!(
            "always @(*)\n   case ({{half_in, column_in}})\n{rows}   endcase\n"
        ))
    }
}

/// What the state's third and fourth rows begin with, the fourth one's counter aside. A leaf: a table.
/// L: bytes of the block; F: its flags.
#[derive(LogicBlock, Default)]
pub struct FirstRows<const L: u64, const F: u64> {
    /// Which word of the row.
    pub column_in: Signal<In, Bits<2>>,
    /// Of the third.
    pub iv_out: Signal<Out, Bits<32>>,
    /// Of the fourth.
    pub fourth_out: Signal<Out, Bits<32>>,
}

impl<const L: u64, const F: u64> FirstRows<L, F> {
    const FOURTH: [u64; 4] = [0, 0, L, F];
}

impl<const L: u64, const F: u64> Logic for FirstRows<L, F> {
    fn update(&mut self) {
        let column = self.column_in.val().to_u64() as usize;
        self.iv_out.next = unsigned_bits(IV[column].into());
        self.fourth_out.next = unsigned_bits(Self::FOURTH[column]);
    }

    fn connect(&mut self) {
        self.iv_out.connect();
        self.fourth_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let row = |n: usize| {
            let (iv, fourth) = (IV[n], Self::FOURTH[n]);
            format!("      2'd{n}: begin iv_out = 32'h{iv:08x}; fourth_out = 32'd{fourth}; end\n")
        };
        let rows: String = (0..4).map(row).collect();
        Verilog::Custom(format!("always @(*)\n   case (column_in)\n{rows}   endcase\n"))
    }
}
