//! Rows of E for two panels, and the words of noise that are made of them: 16 lanes, r = 128 columns.
//!
//! ```text
//!   hash words ==>+-----------+---> whole_out
//!                 | NoiseRows |
//!   pair, lanes =>|           |===> word_out
//!                 +-----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | the next word is the first of bank 0 |
//! | `write_in`, `word_in` | 1, 32 | a word of a hash, in the order of [`noise_hash`](crate::noise_hash), 32 in a row and then a rest of at least [`WRITE_LATENCY`]. Batch n of a panel's sixteen is of lanes 4 floor(n/4) to 4 floor(n/4) + 3 and of columns 32 (n mod 4) to 32 (n mod 4) + 31 |
//! | `whole_out` | 1 | a panel is whole, for one cycle; the next one goes to the other bank |
//! | `bank_in`, `group_in` | 1, 2 | read four lanes of a bank: 4 `group_in` to 4 `group_in` + 3 |
//! | `plus_in`, `minus_in` | 7 | the pair of a step |
//! | `phase_in` | 2 | which of four steps; counts on without a gap |
//! | `word_out` | 32 | in the order of `phase_in`, [`LATENCY`] cycles behind: noise of the four steps in lane 4 `group_in` + `phase_in` |
//!
//! # Latency
//! [`LATENCY`] cycles from a pair to a word; [`WRITE_LATENCY`] + 1 from a panel's last word to `whole_out`, with which
//! it can be read.
//!
//! # Why
//! Of a byte of a hash six bits count, and what is subtracted from them twice cancels out. A word of panel memory
//! needs eight of these, at two places for each step: two memories of four lanes side by side give them in four
//! cycles for four words at once, and the rest is to [turn](crate::transposer) lanes and steps. So there is a word a
//! cycle from two memories of 1024 words of 24 bits, which take two block RAMs of 18 kbit each. Hashes come by
//! lane and have to be turned as well before they are written.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::bits::{signed_bits, signed_value, unsigned_bits};
use crate::join::Join;
use crate::transposer::{self, Transposer};
use crate::zero_extend::ZeroExtend;

/// Cycles from a pair to a word: memory, its output register, difference, turn, word.
pub const LATENCY: usize = 4 + transposer::LATENCY;
/// Cycles from a word to the write of its row's last column.
pub const WRITE_LATENCY: usize = transposer::LATENCY;
/// Words of a panel of E.
pub const PANEL_WORDS: usize = 16 * 128 / 4;

/// Four values of 7 bits, signed, as four bytes. Wires only.
#[derive(LogicBlock, Default)]
pub struct Octets {
    /// The values, the first for the low byte.
    pub value_in: [Signal<In, Bits<7>>; 4],
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
}

impl Logic for Octets {
    fn update(&mut self) {
        let octets = self.value_in.each_ref().map(|value| {
            let value: Signed<7> = signed_bits(value.val().to_u64() as i64);
            signed_value(value) as u8
        });
        self.word_out.next = unsigned_bits(u32::from_le_bytes(octets).into());
    }

    fn connect(&mut self) {
        self.word_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let octet = |n: usize| format!("value_in${n}[6], value_in${n}");
        let octets: Vec<String> = (0..4).rev().map(octet).collect();
        Verilog::Custom(format!("always @(*) word_out = {{{}}};\n", octets.join(", ")))
    }
}

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct NoiseRows {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// The next word is the first of bank 0.
    pub reset_in: Signal<In, Bit>,
    // Hashes
    /// There is a word.
    pub write_in: Signal<In, Bit>,
    /// The word.
    pub word_in: Signal<In, Bits<32>>,
    /// A panel is whole.
    pub whole_out: Signal<Out, Bit>,
    // Noise
    /// Bank to read.
    pub bank_in: Signal<In, Bits<1>>,
    /// Lanes to read.
    pub group_in: Signal<In, Bits<2>>,
    /// Column to add.
    pub plus_in: Signal<In, Bits<7>>,
    /// Column to subtract.
    pub minus_in: Signal<In, Bits<7>>,
    /// Which of four steps.
    pub phase_in: Signal<In, Bits<2>>,
    /// Noise of a lane.
    pub word_out: Signal<Out, Bits<32>>,
    // Write
    write: [DFF<Bit>; 3],
    turn: DFF<Bits<2>>,
    turned: Transposer<6>,
    low: Join<6, 6, 12>,
    high: Join<6, 6, 12>,
    row: Join<12, 12, 24>,
    /// Bank, lanes, column.
    place: DFF<Bits<10>>,
    whole: DFF<Bit>,
    plus_words: RAM<Bits<24>, 10>,
    minus_words: RAM<Bits<24>, 10>,
    // Read
    lanes: Join<1, 2, 3>,
    plus_place: Join<3, 7, 10>,
    minus_place: Join<3, 7, 10>,
    plus: DFF<Bits<24>>,
    minus: DFF<Bits<24>>,
    plus_wide: [ZeroExtend<6, 7>; 4],
    minus_wide: [ZeroExtend<6, 7>; 4],
    difference: [DFF<Bits<7>>; 4],
    phase: [DFF<Bits<2>>; 3],
    noise: Transposer<7>,
    octets: Octets,
    word: DFF<Bits<32>>,
}

impl Logic for NoiseRows {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, turn, place, whole, plus, minus, word);
        for s in 0..3 {
            self.write[s].clock.next = self.clock.val();
            self.phase[s].clock.next = self.clock.val();
        }
        for n in 0..4 {
            self.difference[n].clock.next = self.clock.val();
        }
        self.turned.clock.next = self.clock.val();
        self.noise.clock.next = self.clock.val();
        self.plus_words.read_clock.next = self.clock.val();
        self.plus_words.write_clock.next = self.clock.val();
        self.minus_words.read_clock.next = self.clock.val();
        self.minus_words.write_clock.next = self.clock.val();

        // Words of four lanes become columns of theirs; in rests the count goes back to the first
        self.write[0].d.next = self.write_in.val();
        self.write[1].d.next = self.write[0].q.val();
        self.write[2].d.next = self.write[1].q.val();
        self.turn.d.next = bits::<2>(0);
        if self.write_in.val() || self.write[0].q.val() || self.write[1].q.val() {
            self.turn.d.next = self.turn.q.val() + bits::<2>(1);
        }
        self.turned.phase_in.next = self.turn.q.val();
        self.turned.row_in[0].next = self.word_in.val().get_bits::<6>(0);
        self.turned.row_in[1].next = self.word_in.val().get_bits::<6>(8);
        self.turned.row_in[2].next = self.word_in.val().get_bits::<6>(16);
        self.turned.row_in[3].next = self.word_in.val().get_bits::<6>(24);
        self.low.low_in.next = self.turned.column_out[0].val();
        self.low.high_in.next = self.turned.column_out[1].val();
        self.high.low_in.next = self.turned.column_out[2].val();
        self.high.high_in.next = self.turned.column_out[3].val();
        self.row.low_in.next = self.low.joined_out.val();
        self.row.high_in.next = self.high.joined_out.val();
        self.whole.d.next = false;
        if self.write[2].q.val() {
            self.place.d.next = self.place.q.val() + bits::<10>(1);
            self.whole.d.next = self.place.q.val().get_bits::<9>(0).all();
        }
        self.plus_words.write_enable.next = self.write[2].q.val();
        self.plus_words.write_address.next = self.place.q.val();
        self.plus_words.write_data.next = self.row.joined_out.val();
        self.minus_words.write_enable.next = self.write[2].q.val();
        self.minus_words.write_address.next = self.place.q.val();
        self.minus_words.write_data.next = self.row.joined_out.val();
        if self.reset_in.val() {
            self.write[0].d.next = false;
            self.write[1].d.next = false;
            self.write[2].d.next = false;
            self.place.d.next = bits::<10>(0);
            self.whole.d.next = false;
        }

        // Read
        self.lanes.high_in.next = self.bank_in.val();
        self.lanes.low_in.next = self.group_in.val();
        self.plus_place.high_in.next = self.lanes.joined_out.val();
        self.plus_place.low_in.next = self.plus_in.val();
        self.minus_place.high_in.next = self.lanes.joined_out.val();
        self.minus_place.low_in.next = self.minus_in.val();
        self.plus_words.read_address.next = self.plus_place.joined_out.val();
        self.minus_words.read_address.next = self.minus_place.joined_out.val();
        self.plus.d.next = self.plus_words.read_data.val();
        self.minus.d.next = self.minus_words.read_data.val();
        self.phase[0].d.next = self.phase_in.val();
        self.phase[1].d.next = self.phase[0].q.val();
        self.phase[2].d.next = self.phase[1].q.val();

        // Subtract
        self.plus_wide[0].data_in.next = self.plus.q.val().get_bits::<6>(0);
        self.plus_wide[1].data_in.next = self.plus.q.val().get_bits::<6>(6);
        self.plus_wide[2].data_in.next = self.plus.q.val().get_bits::<6>(12);
        self.plus_wide[3].data_in.next = self.plus.q.val().get_bits::<6>(18);
        self.minus_wide[0].data_in.next = self.minus.q.val().get_bits::<6>(0);
        self.minus_wide[1].data_in.next = self.minus.q.val().get_bits::<6>(6);
        self.minus_wide[2].data_in.next = self.minus.q.val().get_bits::<6>(12);
        self.minus_wide[3].data_in.next = self.minus.q.val().get_bits::<6>(18);
        for n in 0..4 {
            self.difference[n].d.next =
                self.plus_wide[n].data_out.val() - self.minus_wide[n].data_out.val();
        }

        // Steps of four lanes become words of theirs
        self.noise.phase_in.next = self.phase[2].q.val();
        for n in 0..4 {
            self.noise.row_in[n].next = self.difference[n].q.val();
            self.octets.value_in[n].next = self.noise.column_out[n].val();
        }
        self.word.d.next = self.octets.word_out.val();

        // Outputs
        self.whole_out.next = self.whole.q.val();
        self.word_out.next = self.word.q.val();
    }
}

#[cfg(test)]
mod tests;
