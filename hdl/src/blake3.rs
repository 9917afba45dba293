//! BLAKE3 compression with L lanes: in each cycle L of the four columns of the state advance a
//! quarter of a G step; with eight lanes all four advance a half.
//!
//! ```text
//!                  +--------+
//!    start_in ---->|        |---> ready_out
//!    cv_in[8] ====>|        |---> valid_out
//!    block_in[16] =>| Blake3 |===> low_out[8]
//!    counter, ..  =>|        |===> high_out[8]
//!                  +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop the block in work |
//! | `start_in` | 1 | take a block, if `ready_out`; the inputs below are read in this cycle |
//! | `cv_in[i]` | 32 | chaining value or key; must stand until `valid_out` |
//! | `block_in[i]` | 32 | message words |
//! | `counter_low_in`, `counter_high_in` | 32 | chunk or output block number |
//! | `length_in` | 32 | bytes of the block |
//! | `flags_in` | 32 | domain flags |
//! | `ready_out` | 1 | idle |
//! | `valid_out` | 1 | for one cycle: the outputs are those of the last block; they stand until the next start |
//! | `low_out[i]` | 32 | first half of the output: a hash, or the next chaining value |
//! | `high_out[i]` | 32 | second half: the rest of an XOF block |
//!
//! # Latency
//! From `start_in` to `valid_out` [`latency`]`(L)` cycles: 239 with one lane, 127 with two, 71 with
//! four, 43 with eight.
//!
//! # Why
//! A quarter step is one addition (of two or three words) and one XOR: one carry chain a cycle with
//! one, two or four lanes. Of eight, the last four stand behind the first four and take the next
//! quarter in the same cycle: two carry chains in a row, so fewer cycles of a slower clock.
//! The rows of the state turn by one word a column that advances, so a lane always finds its column
//! in the first places, and the diagonals of a round are one more turn. The words of the message,
//! even and odd, turn the same way, and are permuted in the cycle in which the state turns back.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// The first half of the initialisation vector.
const IV: [u64; 4] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a];

/// Cycles from `start_in` to `valid_out`.
pub const fn latency(lanes: usize) -> usize {
    let quarters_of_four_columns = 16;
    let half_round = quarters_of_four_columns / lanes + 1;
    1 + 7 * 2 * half_round
}

/// Columns that advance in a cycle.
const fn columns(lanes: usize) -> usize {
    if lanes < 4 { lanes } else { 4 }
}

/// Lanes that do all four quarters, one behind the other.
const fn alternating(lanes: usize) -> usize {
    if lanes == 8 { 0 } else { lanes }
}

/// See the module's documentation. `L` is 1, 2, 4 or 8.
#[derive(LogicBlock)]
pub struct Blake3<const L: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    /// Take a block.
    pub start_in: Signal<In, Bit>,
    /// Chaining value or key.
    pub cv_in: [Signal<In, Bits<32>>; 8],
    /// Message words.
    pub block_in: [Signal<In, Bits<32>>; 16],
    /// Counter, low word.
    pub counter_low_in: Signal<In, Bits<32>>,
    /// Counter, high word.
    pub counter_high_in: Signal<In, Bits<32>>,
    /// Bytes of the block.
    pub length_in: Signal<In, Bits<32>>,
    /// Domain flags.
    pub flags_in: Signal<In, Bits<32>>,
    /// Idle.
    pub ready_out: Signal<Out, Bit>,
    /// The outputs are new.
    pub valid_out: Signal<Out, Bit>,
    /// First half of the output.
    pub low_out: [Signal<Out, Bits<32>>; 8],
    /// Second half of the output.
    pub high_out: [Signal<Out, Bits<32>>; 8],
    // State: control
    busy: DFF<Bit>,
    valid: DFF<Bit>,
    round: DFF<Bits<3>>,
    diagonal: DFF<Bit>,
    turn: DFF<Bit>,
    quarter: DFF<Bits<2>>,
    column: DFF<Bits<2>>,
    // State: rows of the state, and the message by even and odd words
    a: [DFF<Bits<32>>; 4],
    b: [DFF<Bits<32>>; 4],
    c: [DFF<Bits<32>>; 4],
    d: [DFF<Bits<32>>; 4],
    even: [DFF<Bits<32>>; 8],
    odd: [DFF<Bits<32>>; 8],
    // Lanes
    sum: Vec<Signal<Local, Bits<32>>>,
    mixed: Vec<Signal<Local, Bits<32>>>,
    turned: Vec<Signal<Local, Bits<32>>>,
    // Constants
    iv: [Constant<Bits<32>>; 4],
    round_one: Constant<Bits<3>>,
    round_last: Constant<Bits<3>>,
    round_zero: Constant<Bits<3>>,
    two_zero: Constant<Bits<2>>,
    quarter_step: Constant<Bits<2>>,
    quarter_last: Constant<Bits<2>>,
    column_step: Constant<Bits<2>>,
    column_last: Constant<Bits<2>>,
}

impl<const L: usize> Default for Blake3<L> {
    fn default() -> Self {
        const { assert!(L == 1 || L == 2 || L == 4 || L == 8, "1, 2, 4 or 8 lanes") };
        let quarters = L.div_ceil(4) as u64;
        let columns = columns(L) as u64;
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            start_in: Signal::default(),
            cv_in: array_init::array_init(|_| Signal::default()),
            block_in: array_init::array_init(|_| Signal::default()),
            counter_low_in: Signal::default(),
            counter_high_in: Signal::default(),
            length_in: Signal::default(),
            flags_in: Signal::default(),
            ready_out: Signal::default(),
            valid_out: Signal::default(),
            low_out: array_init::array_init(|_| Signal::default()),
            high_out: array_init::array_init(|_| Signal::default()),
            busy: DFF::default(),
            valid: DFF::default(),
            round: DFF::default(),
            diagonal: DFF::default(),
            turn: DFF::default(),
            quarter: DFF::default(),
            column: DFF::default(),
            a: array_init::array_init(|_| DFF::default()),
            b: array_init::array_init(|_| DFF::default()),
            c: array_init::array_init(|_| DFF::default()),
            d: array_init::array_init(|_| DFF::default()),
            even: array_init::array_init(|_| DFF::default()),
            odd: array_init::array_init(|_| DFF::default()),
            sum: (0..L).map(|_| Signal::default()).collect(),
            mixed: (0..L).map(|_| Signal::default()).collect(),
            turned: (0..L).map(|_| Signal::default()).collect(),
            iv: IV.map(|word| Constant::new(word.into())),
            round_one: Constant::new(1.into()),
            round_last: Constant::new(6.into()),
            round_zero: Constant::new(0.into()),
            two_zero: Constant::new(0.into()),
            quarter_step: Constant::new(quarters.into()),
            quarter_last: Constant::new((4 - quarters).into()),
            column_step: Constant::new((columns % 4).into()),
            column_last: Constant::new((4 - columns).into()),
        }
    }
}

impl<const L: usize> Logic for Blake3<L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, busy, valid, round, diagonal, turn, quarter, column);
        for i in 0..4 {
            self.a[i].clock.next = self.clock.val();
            self.b[i].clock.next = self.clock.val();
            self.c[i].clock.next = self.clock.val();
            self.d[i].clock.next = self.clock.val();
            self.a[i].d.next = self.a[i].q.val();
            self.b[i].d.next = self.b[i].q.val();
            self.c[i].d.next = self.c[i].q.val();
            self.d[i].d.next = self.d[i].q.val();
        }
        for i in 0..8 {
            self.even[i].clock.next = self.clock.val();
            self.odd[i].clock.next = self.clock.val();
            self.even[i].d.next = self.even[i].q.val();
            self.odd[i].d.next = self.odd[i].q.val();
        }

        // Lanes: quarters 0 and 2 advance a and d, quarters 1 and 3 advance c and b. Up to four do
        // both. Of eight, 0 to 3 only advance a and d, and 4 to 7 go on from there in the same
        // cycle.
        for l in 0..columns(L) {
            self.sum[l].next = self.a[l].q.val() + self.b[l].q.val() + self.even[l].q.val();
            if self.quarter.q.val().get_bit(1) {
                self.sum[l].next = self.a[l].q.val() + self.b[l].q.val() + self.odd[l].q.val();
            }
            self.mixed[l].next = self.d[l].q.val() ^ self.sum[l].val();
            self.turned[l].next = (self.mixed[l].val() >> 16) | (self.mixed[l].val() << 16);
            if self.quarter.q.val().get_bit(1) {
                self.turned[l].next = (self.mixed[l].val() >> 8) | (self.mixed[l].val() << 24);
            }
        }
        for l in 0..alternating(L) {
            if self.quarter.q.val().get_bit(0) {
                self.sum[l].next = self.c[l].q.val() + self.d[l].q.val();
                self.mixed[l].next = self.b[l].q.val() ^ self.sum[l].val();
                self.turned[l].next = (self.mixed[l].val() >> 12) | (self.mixed[l].val() << 20);
                if self.quarter.q.val().get_bit(1) {
                    self.turned[l].next = (self.mixed[l].val() >> 7) | (self.mixed[l].val() << 25);
                }
            }
        }
        for l in 4..L {
            self.sum[l].next = self.c[l - 4].q.val() + self.turned[l - 4].val();
            self.mixed[l].next = self.b[l - 4].q.val() ^ self.sum[l].val();
            self.turned[l].next = (self.mixed[l].val() >> 12) | (self.mixed[l].val() << 20);
            if self.quarter.q.val().get_bit(1) {
                self.turned[l].next = (self.mixed[l].val() >> 7) | (self.mixed[l].val() << 25);
            }
        }

        self.valid.d.next = false;
        if self.busy.q.val() && !self.turn.q.val() {
            // All rows turn by n columns; what a lane computed comes in behind.
            for n in columns(L)..(columns(L) + 1) {
                for i in 0..4 {
                    self.a[i].d.next = self.a[(i + n) % 4].q.val();
                    self.b[i].d.next = self.b[(i + n) % 4].q.val();
                    self.c[i].d.next = self.c[(i + n) % 4].q.val();
                    self.d[i].d.next = self.d[(i + n) % 4].q.val();
                }
                for l in 0..alternating(L) {
                    if self.quarter.q.val().get_bit(0) {
                        self.c[4 - n + l].d.next = self.sum[l].val();
                        self.b[4 - n + l].d.next = self.turned[l].val();
                    } else {
                        self.a[4 - n + l].d.next = self.sum[l].val();
                        self.d[4 - n + l].d.next = self.turned[l].val();
                    }
                }
                for l in 4..L {
                    self.a[l - 4].d.next = self.sum[l - 4].val();
                    self.d[l - 4].d.next = self.turned[l - 4].val();
                    self.c[l - 4].d.next = self.sum[l].val();
                    self.b[l - 4].d.next = self.turned[l].val();
                }
                if self.quarter.q.val() == self.two_zero.val() {
                    for i in 0..8 {
                        self.even[i].d.next = self.even[(i + n) % 8].q.val();
                    }
                }
                if self.quarter.q.val().get_bit(1) && !self.quarter.q.val().get_bit(0) {
                    for i in 0..8 {
                        self.odd[i].d.next = self.odd[(i + n) % 8].q.val();
                    }
                }
            }
            self.column.d.next = self.column.q.val() + self.column_step.val();
            if self.column.q.val() == self.column_last.val() {
                self.quarter.d.next = self.quarter.q.val() + self.quarter_step.val();
                self.turn.d.next = self.quarter.q.val() == self.quarter_last.val();
            }
        }
        if self.turn.q.val() {
            self.turn.d.next = false;
            self.diagonal.d.next = !self.diagonal.q.val();
            if self.diagonal.q.val() {
                for i in 0..4 {
                    self.b[i].d.next = self.b[(i + 3) % 4].q.val();
                    self.c[i].d.next = self.c[(i + 2) % 4].q.val();
                    self.d[i].d.next = self.d[(i + 1) % 4].q.val();
                }
                // Words 2 6 3 10 7 0 4 13 1 11 12 5 9 14 15 8 are the next round's 0 to 15.
                self.even[0].d.next = self.even[1].q.val();
                self.odd[0].d.next = self.even[3].q.val();
                self.even[1].d.next = self.odd[1].q.val();
                self.odd[1].d.next = self.even[5].q.val();
                self.even[2].d.next = self.odd[3].q.val();
                self.odd[2].d.next = self.even[0].q.val();
                self.even[3].d.next = self.even[2].q.val();
                self.odd[3].d.next = self.odd[6].q.val();
                self.even[4].d.next = self.odd[0].q.val();
                self.odd[4].d.next = self.odd[5].q.val();
                self.even[5].d.next = self.even[6].q.val();
                self.odd[5].d.next = self.odd[2].q.val();
                self.even[6].d.next = self.odd[4].q.val();
                self.odd[6].d.next = self.even[7].q.val();
                self.even[7].d.next = self.odd[7].q.val();
                self.odd[7].d.next = self.even[4].q.val();
                self.round.d.next = self.round.q.val() + self.round_one.val();
                if self.round.q.val() == self.round_last.val() {
                    self.busy.d.next = false;
                    self.valid.d.next = true;
                }
            } else {
                for i in 0..4 {
                    self.b[i].d.next = self.b[(i + 1) % 4].q.val();
                    self.c[i].d.next = self.c[(i + 2) % 4].q.val();
                    self.d[i].d.next = self.d[(i + 3) % 4].q.val();
                }
            }
        }

        // Start
        if self.start_in.val() && !self.busy.q.val() {
            self.busy.d.next = true;
            self.round.d.next = self.round_zero.val();
            for i in 0..4 {
                self.a[i].d.next = self.cv_in[i].val();
                self.b[i].d.next = self.cv_in[i + 4].val();
                self.c[i].d.next = self.iv[i].val();
            }
            self.d[0].d.next = self.counter_low_in.val();
            self.d[1].d.next = self.counter_high_in.val();
            self.d[2].d.next = self.length_in.val();
            self.d[3].d.next = self.flags_in.val();
            for i in 0..8 {
                self.even[i].d.next = self.block_in[2 * i].val();
                self.odd[i].d.next = self.block_in[2 * i + 1].val();
            }
        }

        // Reset
        if self.reset_in.val() {
            self.busy.d.next = false;
            self.valid.d.next = false;
            self.turn.d.next = false;
            self.diagonal.d.next = false;
            self.quarter.d.next = self.two_zero.val();
            self.column.d.next = self.two_zero.val();
        }

        // Outputs
        self.ready_out.next = !self.busy.q.val();
        self.valid_out.next = self.valid.q.val();
        for i in 0..4 {
            self.low_out[i].next = self.a[i].q.val() ^ self.c[i].q.val();
            self.low_out[i + 4].next = self.b[i].q.val() ^ self.d[i].q.val();
            self.high_out[i].next = self.c[i].q.val() ^ self.cv_in[i].val();
            self.high_out[i + 4].next = self.d[i].q.val() ^ self.cv_in[i + 4].val();
        }
    }
}

#[cfg(test)]
mod tests;
