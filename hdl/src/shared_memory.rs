//! A memory that several neighbours share: each has a part of it, and their cycles never collide.
//!
//! ```text
//!  write_enable, part, address, data ==>+--------------+
//!                                       | SharedMemory |==> read_data
//!  read_part, address =================>+--------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_enable_in`, `write_part_in`, `write_address_in`, `write_data_in` | 1, S, A, 32 | write a word of a part |
//! | `read_part_in`, `read_address_in` | S, A | which word to read |
//! | `read_data_out` | 32 | the word, one cycle later |
//!
//! A part beyond those there are is another one's: its high bits don't count. A word that is read and
//! written in one cycle reads as it was.
//!
//! # Why
//! A block RAM that is filled to a quarter by each of four neighbours is one block RAM instead of four.
//! A leaf, because the part stands in front of the address, and a type in rust-hdl can't have as many
//! bits as two others together.

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;

/// See the module's documentation. S: bits of a part's number; A: bits of an address in its part.
#[derive(LogicBlock)]
pub struct SharedMemory<const S: usize, const A: usize> {
    /// Clock of writes, rising edge.
    pub write_clock: Signal<In, Clock>,
    /// Write a word.
    pub write_enable_in: Signal<In, Bit>,
    /// In this part.
    pub write_part_in: Signal<In, Bits<S>>,
    /// Where.
    pub write_address_in: Signal<In, Bits<A>>,
    /// The word.
    pub write_data_in: Signal<In, Bits<32>>,
    /// Clock of reads: the same one. With two names, synthesis need not care for words that are read
    /// and written at once.
    pub read_clock: Signal<In, Clock>,
    /// Read from this part.
    pub read_part_in: Signal<In, Bits<S>>,
    /// Where.
    pub read_address_in: Signal<In, Bits<A>>,
    /// The word.
    pub read_data_out: Signal<Out, Bits<32>>,
    _words: Vec<u32>,
}

impl<const S: usize, const A: usize> Default for SharedMemory<S, A> {
    fn default() -> Self {
        Self::new(1 << S)
    }
}

impl<const S: usize, const A: usize> SharedMemory<S, A> {
    /// A memory of so many parts: 1, 2, 4 and so on, at most 2^S. All words are 0.
    pub fn new(parts: usize) -> Self {
        assert!(parts.is_power_of_two() && parts <= 1 << S, "{parts} parts for {S} bits");
        Self {
            write_clock: Signal::default(),
            write_enable_in: Signal::default(),
            write_part_in: Signal::default(),
            write_address_in: Signal::default(),
            write_data_in: Signal::default(),
            read_clock: Signal::default(),
            read_part_in: Signal::default(),
            read_address_in: Signal::default(),
            read_data_out: Signal::default(),
            _words: vec![0; parts << A],
        }
    }

    /// Where a word of a part is.
    const fn place(&self, part: u64, address: u64) -> usize {
        (part << A | address) as usize & (self._words.len() - 1)
    }
}

impl<const S: usize, const A: usize> Logic for SharedMemory<S, A> {
    fn update(&mut self) {
        if self.read_clock.pos_edge() {
            let address = self.read_address_in.val().to_u64();
            let place = self.place(self.read_part_in.val().to_u64(), address);
            self.read_data_out.next = unsigned_bits(self._words[place].into());
        }
        if self.write_clock.pos_edge() && self.write_enable_in.val() {
            let address = self.write_address_in.val().to_u64();
            let place = self.place(self.write_part_in.val().to_u64(), address);
            self._words[place] = self.write_data_in.val().to_u32();
        }
    }

    fn connect(&mut self) {
        self.read_data_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let words = self._words.len();
        let part_bits = words.ilog2() as usize - A;
        let place = |side: &str| match part_bits {
            0 => format!("{side}_address_in"),
            // A value of one bit has no range to select from.
            bits if bits == S => format!("{{{side}_part_in, {side}_address_in}}"),
            bits => format!("{{{side}_part_in[{}:0], {side}_address_in}}", bits - 1),
        };
        Verilog::Custom(format!(
            "\
reg[31:0] mem[{last}:0];

always @(posedge read_clock) begin
   read_data_out <= mem[{read}];
end

always @(posedge write_clock) begin
   if (write_enable_in) begin
      mem[{write}] <= write_data_in;
   end
end
",
            last = words - 1,
            read = place("read"),
            write = place("write"),
        ))
    }
}

#[cfg(test)]
mod tests;
