//! Words that are the same in every solution.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::ticket::program::IV;

/// A word of the initialisation vector. A leaf: a table.
#[derive(LogicBlock, Default)]
pub struct InitialWord {
    /// Which one.
    pub index_in: Signal<In, Bits<3>>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
}

impl Logic for InitialWord {
    fn update(&mut self) {
        let word = IV[self.index_in.val().to_u64() as usize];
        self.word_out.next = unsigned_bits(word.into());
    }

    fn connect(&mut self) {
        self.word_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let rows = IV.iter().enumerate();
        let rows = rows.map(|(n, word)| format!("      3'd{n}: word_out = 32'h{word:x};\n"));
        let rows: String = rows.collect();
        Verilog::Custom(format!("always @(*)\n   case (index_in)\n{rows}   endcase\n"))
    }
}

/// Counter (low and high), length and flags of a compression.
#[derive(LogicBlock, Default)]
pub struct Parameter {
    /// Which of the four.
    pub index_in: Signal<In, Bits<2>>,
    /// It is the first of the second chunk.
    pub opens_in: Signal<In, Bit>,
    /// It is of the second chunk.
    pub second_in: Signal<In, Bit>,
    /// It is a chunk's last.
    pub ends_in: Signal<In, Bit>,
    /// It has 48 bytes.
    pub short_in: Signal<In, Bit>,
    /// It is the chunks' parent.
    pub root_in: Signal<In, Bit>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
}

impl Logic for Parameter {
    #[hdl_gen]
    fn update(&mut self) {
        self.word_out.next = bits::<32>(0);
        if self.index_in.val() == bits::<2>(0) && self.second_in.val() {
            self.word_out.next = bits::<32>(1);
        }
        if self.index_in.val() == bits::<2>(2) {
            self.word_out.next = bits::<32>(64);
            if self.short_in.val() {
                self.word_out.next = bits::<32>(48);
            }
        }
        if self.index_in.val() == bits::<2>(3) {
            // Start of a chunk, its end, and parent with root
            if self.opens_in.val() {
                self.word_out.next = bits::<32>(1);
            }
            if self.ends_in.val() {
                self.word_out.next = bits::<32>(2);
            }
            if self.root_in.val() {
                self.word_out.next = bits::<32>(12);
            }
        }
    }
}
