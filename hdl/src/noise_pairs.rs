//! The index pairs of Pearl's noise, r = 128: which two columns of E a step of k subtracts. Both sides in one memory.
//!
//! ```text
//!   hash words =>+------------+
//!                | NoisePairs |===> plus_out, minus_out
//!   side, line =>+------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | the next word is a side's first |
//! | `write_in`, `b_in`, `word_in` | 1, 1, 32 | a word of a hash, in the order of [`noise_hash`](crate::noise_hash): four hashes in turn. `b_in` changes only where no word is, and what follows is that side's first |
//! | `read_b_in`, `read_line_in` | 1, T | which pair |
//! | `plus_out`, `minus_out` | 7 | p0 and p1, [`LATENCY`] cycles later |
//!
//! # Latency
//! A pair is in memory [`WRITE_LATENCY`] cycles behind its word.
//!
//! # Why
//! p1 = p0 XOR (1 + floor(127 u / 2^32)). As 127 u is 128 u - u, that quotient is the upper seven bits of u, one less
//! if the rest of 128 u is below u. So there is no product: a comparison, and seven bits that count up by it.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::bits::unsigned_bits;
use crate::join::Join;

/// Cycles from a line to its pair: the memory's own, and its output register.
pub const LATENCY: usize = 2;
/// Cycles from a word to its pair in memory.
pub const WRITE_LATENCY: usize = 3;

/// The line of a word, by its number among a side's: it counts hashes in turn (1:0), then their words (4:2). Wires
/// only.
#[derive(LogicBlock, Default)]
pub struct WordLine<const T: usize> {
    /// Words before it.
    pub count_in: Signal<In, Bits<T>>,
    /// Its line.
    pub line_out: Signal<Out, Bits<T>>,
}

impl<const T: usize> Logic for WordLine<T> {
    fn update(&mut self) {
        let count = self.count_in.val().to_u64();
        let line = count & !31 | (count & 3) << 3 | count >> 2 & 7;
        self.line_out.next = unsigned_bits(line);
    }

    fn connect(&mut self) {
        self.line_out.connect();
    }

    fn hdl(&self) -> Verilog {
        const { assert!(T > 5) };
        Verilog::Custom(format!(
            "always @(*) line_out = {{count_in[{}:5], count_in[1:0], count_in[4:2]}};\n",
            T - 1
        ))
    }
}

/// See the module's documentation. T: bits of a line's number, at least 6; U = T + 1.
#[derive(LogicBlock)]
pub struct NoisePairs<const T: usize, const U: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// The next word is a side's first.
    pub reset_in: Signal<In, Bit>,
    // Hashes
    /// There is a word.
    pub write_in: Signal<In, Bit>,
    /// Of B.
    pub b_in: Signal<In, Bit>,
    /// The word.
    pub word_in: Signal<In, Bits<32>>,
    // Pairs
    /// Of B.
    pub read_b_in: Signal<In, Bit>,
    /// Which step of k.
    pub read_line_in: Signal<In, Bits<T>>,
    /// The column to add.
    pub plus_out: Signal<Out, Bits<7>>,
    /// The column to subtract.
    pub minus_out: Signal<Out, Bits<7>>,
    // What is to be written, one and two cycles behind
    write: [DFF<Bit>; 2],
    side: [DFF<Bit>; 2],
    multiple: Signal<Local, Bits<32>>,
    first: DFF<Bits<7>>,
    upper: DFF<Bits<7>>,
    up: DFF<Bit>,
    flips: Signal<Local, Bits<7>>,
    pair: Join<7, 7, 14>,
    data: DFF<Bits<14>>,
    // Words of a side so far: four hashes of eight words, then the next four
    count: DFF<Bits<T>>,
    line: WordLine<T>,
    write_side: Signal<Local, Bits<1>>,
    write_place: Join<1, T, U>,
    read_side: Signal<Local, Bits<1>>,
    read_place: Join<1, T, U>,
    memory: RAM<Bits<14>, U>,
    read: DFF<Bits<14>>,
    zero: Constant<Bits<T>>,
    one: Constant<Bits<T>>,
}

impl<const T: usize, const U: usize> Default for NoisePairs<T, U> {
    fn default() -> Self {
        const { assert!(U == T + 1) };
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            write_in: Signal::default(),
            b_in: Signal::default(),
            word_in: Signal::default(),
            read_b_in: Signal::default(),
            read_line_in: Signal::default(),
            plus_out: Signal::default(),
            minus_out: Signal::default(),
            write: Default::default(),
            side: Default::default(),
            multiple: Signal::default(),
            first: DFF::default(),
            upper: DFF::default(),
            up: DFF::default(),
            flips: Signal::default(),
            pair: Join::default(),
            data: DFF::default(),
            count: DFF::default(),
            line: WordLine::default(),
            write_side: Signal::default(),
            write_place: Join::default(),
            read_side: Signal::default(),
            read_place: Join::default(),
            memory: RAM::default(),
            read: DFF::default(),
            zero: Constant::new(0.into()),
            one: Constant::new(1.into()),
        }
    }
}

impl<const T: usize, const U: usize> Logic for NoisePairs<T, U> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, upper, up, data, count, read);
        for s in 0..2 {
            self.write[s].clock.next = self.clock.val();
            self.side[s].clock.next = self.clock.val();
        }
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();

        // Compare
        self.multiple.next = self.word_in.val() << 7;
        self.first.d.next = self.word_in.val().get_bits::<7>(0);
        self.upper.d.next = self.word_in.val().get_bits::<7>(25);
        self.up.d.next = self.multiple.val() >= self.word_in.val();
        self.write[0].d.next = self.write_in.val();
        self.side[0].d.next = self.b_in.val();

        // Count up
        self.flips.next = self.upper.q.val();
        if self.up.q.val() {
            self.flips.next = self.upper.q.val() + bits::<7>(1);
        }
        self.pair.high_in.next = self.first.q.val() ^ self.flips.val();
        self.pair.low_in.next = self.first.q.val();
        self.data.d.next = self.pair.joined_out.val();
        self.write[1].d.next = self.write[0].q.val();
        self.side[1].d.next = self.side[0].q.val();

        // Write
        if self.write[1].q.val() {
            self.count.d.next = self.count.q.val() + self.one.val();
        }
        self.line.count_in.next = self.count.q.val();
        self.write_side.next = bits::<1>(0);
        if self.side[1].q.val() {
            self.write_side.next = bits::<1>(1);
        }
        self.write_place.high_in.next = self.write_side.val();
        self.write_place.low_in.next = self.line.line_out.val();
        self.memory.write_enable.next = self.write[1].q.val();
        self.memory.write_address.next = self.write_place.joined_out.val();
        self.memory.write_data.next = self.data.q.val();
        if self.side[0].q.val() != self.side[1].q.val() || self.reset_in.val() {
            self.count.d.next = self.zero.val();
        }
        if self.reset_in.val() {
            self.write[0].d.next = false;
            self.write[1].d.next = false;
        }

        // Read
        self.read_side.next = bits::<1>(0);
        if self.read_b_in.val() {
            self.read_side.next = bits::<1>(1);
        }
        self.read_place.high_in.next = self.read_side.val();
        self.read_place.low_in.next = self.read_line_in.val();
        self.memory.read_address.next = self.read_place.joined_out.val();
        self.read.d.next = self.memory.read_data.val();
        self.plus_out.next = self.read.q.val().get_bits::<7>(0);
        self.minus_out.next = self.read.q.val().get_bits::<7>(7);
    }
}

#[cfg(test)]
pub(crate) mod tests;
