//! The ticket's program: which operation comes next, and on which words.
//!
//! | stages | operations | what |
//! |---|---|---|
//! | 0 | 16 | the fold register becomes the message; slots without a word are 0 |
//! | 1 | 8 | lower half of BLAKE3's state: constants, counter, length, flags |
//! | 2 to 15 | 40 each | half a round: four G of ten operations each, a G a cycle in turn |
//! | 16 | 8 | ticket = upper half XOR lower half |
//! | 17 | 8 | the carry of ticket + inverted bound |
//!
//! # Words
//! | places | words |
//! |---|---|
//! | 0 to 7 | upper half of the state: the key or a chaining value, later the ticket or the next chaining value |
//! | 8 to 15 | its lower half |
//! | 16 to 31 | message |
//! | 32 to 39 | constants: four of the initialisation vector, counter (36, 37), length, flags of a ticket |
//! | 40 to 47 | the inverted bound; between a tile's ticket and the next job, what is copied there |
//! | 48 to 63 | fold register |
//!
//! # A compression alone
//! is stages 1 to 16, on a chaining value and a message that were loaded. The second half of stage 1's words are then
//! not the constants 36 to 39, which stay a ticket's, but come from outside. So the zero that is added where one
//! word is enough is always in 36, and whatever is dropped, the next ticket finds its constants.
//!
//! # The fold register's cycles
//! While the program runs, one cycle in [`FOLD_PERIOD`] is left to the fold register; when it rests, every one that
//! nobody else needs. A fold word takes two: `J ^= word <<< 7; J >>>= 7`, and ahead of the word after it, if the
//! tile has one, `J >>>= 12` in its slot. Together they turn a slot by 19 to the right, which is 13 to the left.
//!
//! # Operations of a G
//! A G is this twice, with the second message word and 8 and 7 for 16 and 12:
//! `a += m; a += b; d = (d ^ a) >>> 16; c += d; b = (b ^ c) >>> 12`.
//! With the message first, every operation finds what it needs written four cycles before.

use std::collections::BTreeMap;

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::join::Join;

/// Operations of a ticket.
pub const OPERATIONS: usize = 16 + 8 + 14 * 40 + 8 + 8;
/// Of so many cycles of the program, the last one is the fold register's.
pub const FOLD_PERIOD: usize = 32;
/// Operations of a compression alone: stages 1 to 16.
pub const RUN_OPERATIONS: usize = 8 + 14 * 40 + 8;
/// Cycles of a ticket's operations, with those of the fold register between them.
pub const CYCLES: usize = with_folds(OPERATIONS);
/// Cycles of a compression's operations, with those of the fold register between them.
pub const RUN_CYCLES: usize = with_folds(RUN_OPERATIONS);

/// Cycles of so many operations, with those of the fold register between them.
const fn with_folds(operations: usize) -> usize {
    operations + (operations - 1) / (FOLD_PERIOD - 1)
}

// The carry of the comparison passes from one operation to the next, and the end is seen an operation ahead: no
// cycle of the fold register's is between the last eight.
const _: () = assert!(with_folds(OPERATIONS) - with_folds(OPERATIONS - 7) == 7);
const _: () = assert!(with_folds(RUN_OPERATIONS) - with_folds(RUN_OPERATIONS - 7) == 7);

/// BLAKE3's initialisation vector.
pub(crate) const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
/// BLAKE3's constants, counter 0, length 64, flags of the ticket: keyed hash, first and last block of
/// its chunk, root.
const CONSTANTS: [u32; 8] = [IV[0], IV[1], IV[2], IV[3], 0, 0, 64, 0x1b];
/// Message word that stands in a place in the next round.
const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/// Words that memory begins with.
pub fn constants() -> BTreeMap<Bits<6>, Bits<32>> {
    (32..).zip(CONSTANTS).map(|(place, word)| (place.into(), u64::from(word).into())).collect()
}

/// Message words of all rounds, by round (0 to 6) and place.
pub(crate) fn schedule() -> [[usize; 16]; 7] {
    let mut rounds = [std::array::from_fn(|place| place); 7];
    for round in 1..rounds.len() {
        rounds[round] = PERMUTATION.map(|place| rounds[round - 1][place]);
    }
    rounds
}

/// The message word of a G. A leaf: a table.
#[derive(LogicBlock, Default)]
pub struct Schedule {
    /// Which G.
    pub lane_in: Signal<In, Bits<2>>,
    /// Its second word.
    pub second_in: Signal<In, Bit>,
    /// Stage: 2 to 15.
    pub stage_in: Signal<In, Bits<5>>,
    /// Message word; of other stages any.
    pub word_out: Signal<Out, Bits<4>>,
}

impl Schedule {
    /// Word by stage (4:1), half of the round, lane and whether it is the second word.
    fn words() -> [usize; 128] {
        let schedule = schedule();
        std::array::from_fn(|n| {
            let round = (n >> 4).saturating_sub(1);
            schedule[round][n & 15]
        })
    }
}

impl Logic for Schedule {
    fn update(&mut self) {
        let lane = self.lane_in.val().to_u64() as usize;
        let stage = self.stage_in.val().to_u64() as usize;
        let place = (stage & 1) << 3 | lane << 1 | usize::from(self.second_in.val());
        let word = Self::words()[(stage >> 1 & 7) << 4 | place];
        self.word_out.next = unsigned_bits(word as u64);
    }

    fn connect(&mut self) {
        self.word_out.connect();
    }

    fn hdl(&self) -> Verilog {
        let words = Self::words();
        let rows = words.iter().enumerate();
        let rows = rows.map(|(n, word)| format!("      7'd{n}: word_out = 4'd{word};\n"));
        let rows: String = rows.collect();
        Verilog::Custom(format!(
            "always @(*)\n   case ({{stage_in[3:0], lane_in, second_in}})\n{rows}   endcase\n"
        ))
    }
}

/// What the operation does, one cycle behind the place in the program, which comes in twice: as it is,
/// and as it was a cycle ago (`next_*`).
#[derive(LogicBlock, Default)]
pub struct Decoder {
    /// Operation of a G, or a quarter of the other stages' operations.
    pub op_in: Signal<In, Bits<3>>,
    /// Stage.
    pub stage_in: Signal<In, Bits<5>>,
    /// It is the last operation.
    pub last_op_out: Signal<Out, Bit>,
    /// The stage is half a round.
    pub mixes_out: Signal<Out, Bit>,
    /// The program runs.
    pub next_running_in: Signal<In, Bit>,
    /// Which G.
    pub next_lane_in: Signal<In, Bits<2>>,
    /// Operation.
    pub next_op_in: Signal<In, Bits<3>>,
    /// In the second half of a G.
    pub next_second_in: Signal<In, Bit>,
    /// Stage.
    pub next_stage_in: Signal<In, Bits<5>>,
    /// Word of the message.
    pub message_in: Signal<In, Bits<4>>,
    /// Load a word, or copy one.
    pub load_in: Signal<In, Bit>,
    /// Where to: state, bound or message.
    pub load_place_in: Signal<In, Bits<5>>,
    /// Word to read, if nothing else is to do.
    pub word_in: Signal<In, Bits<3>>,
    /// Of the bound's, not the state's.
    pub bound_in: Signal<In, Bit>,
    /// Of the fold register, the word that is copied next belongs to the tile.
    pub keeps_in: Signal<In, Bit>,
    /// The cycle is the fold register's.
    pub fold_in: Signal<In, Bit>,
    /// To turn a word ahead, and not to take one.
    pub turns_in: Signal<In, Bit>,
    /// In this slot.
    pub slot_in: Signal<In, Bits<4>>,
    /// Which has no word of the tile.
    pub begins_in: Signal<In, Bit>,
    /// Left word.
    pub a_out: Signal<Out, Bits<6>>,
    /// Right word.
    pub b_out: Signal<Out, Bits<6>>,
    /// Word that the result goes to.
    pub target_out: Signal<Out, Bits<6>>,
    /// It is written.
    pub write_out: Signal<Out, Bit>,
    /// XOR instead of add.
    pub xors_out: Signal<Out, Bit>,
    /// How far the result is rotated, as `Turn` says.
    pub turn_out: Signal<Out, Bits<4>>,
    /// Keep the carry.
    pub compares_out: Signal<Out, Bit>,
    mixes: Signal<Local, Bit>,
    a_row: Signal<Local, Bits<2>>,
    b_row: Signal<Local, Bits<2>>,
    a_high: Signal<Local, Bits<4>>,
    b_high: Signal<Local, Bits<4>>,
    target_high: Signal<Local, Bits<4>>,
    a_low: Signal<Local, Bits<2>>,
    b_low: Signal<Local, Bits<2>>,
    target_low: Signal<Local, Bits<2>>,
    eighth: Signal<Local, Bits<4>>,
    a_row_wide: Join<2, 2, 4>,
    b_row_wide: Join<2, 2, 4>,
    message_wide: Join<2, 2, 4>,
    copy_wide: Join<2, 2, 4>,
    slot_wide: Join<2, 2, 4>,
    load_row: Signal<Local, Bits<2>>,
    load_wide: Join<2, 2, 4>,
    a: Join<4, 2, 6>,
    b: Join<4, 2, 6>,
    target: Join<4, 2, 6>,
}

impl Logic for Decoder {
    #[hdl_gen]
    fn update(&mut self) {
        // Where the program goes
        self.mixes_out.next =
            !self.stage_in.val().get_bit(4) && self.stage_in.val().get_bits::<3>(1).any();
        self.last_op_out.next = self.op_in.val() == bits::<3>(1);
        if !self.stage_in.val().any() {
            self.last_op_out.next = self.op_in.val() == bits::<3>(3);
        }
        if !self.stage_in.val().get_bit(4) && self.stage_in.val().get_bits::<3>(1).any() {
            self.last_op_out.next = self.op_in.val() == bits::<3>(4);
        }

        // Rows of a G's words: a, b, c, d are 0 to 3
        self.mixes.next = self.next_running_in.val()
            && !self.next_stage_in.val().get_bit(4)
            && self.next_stage_in.val().get_bits::<3>(1).any();
        self.a_row.next = bits::<2>(0);
        self.b_row.next = bits::<2>(1);
        if self.next_op_in.val() == bits::<3>(2) {
            self.a_row.next = bits::<2>(3);
            self.b_row.next = bits::<2>(0);
        }
        if self.next_op_in.val() == bits::<3>(3) {
            self.a_row.next = bits::<2>(2);
            self.b_row.next = bits::<2>(3);
        }
        if self.next_op_in.val() == bits::<3>(4) {
            self.a_row.next = bits::<2>(1);
            self.b_row.next = bits::<2>(2);
        }
        self.a_row_wide.high_in.next = bits::<2>(0);
        self.a_row_wide.low_in.next = self.a_row.val();
        self.b_row_wide.high_in.next = bits::<2>(0);
        self.b_row_wide.low_in.next = self.b_row.val();
        self.message_wide.high_in.next = bits::<2>(1);
        self.message_wide.low_in.next = self.message_in.val().get_bits::<2>(2);
        self.copy_wide.high_in.next = bits::<2>(1);
        self.copy_wide.low_in.next = self.next_op_in.val().get_bits::<2>(0);

        // Nothing runs: read a word, load one or copy one
        self.a_high.next = bits::<4>(0);
        if self.bound_in.val() {
            self.a_high.next = bits::<4>(10);
        }
        if self.word_in.val().get_bit(2) {
            self.a_high.next = bits::<4>(1);
            if self.bound_in.val() {
                self.a_high.next = bits::<4>(11);
            }
        }
        self.a_low.next = self.word_in.val().get_bits::<2>(0);
        self.b_high.next = bits::<4>(9);
        self.b_low.next = bits::<2>(0);
        self.load_row.next = bits::<2>(0);
        if self.load_place_in.val().get_bit(3) {
            self.load_row.next = bits::<2>(2);
        }
        if self.load_place_in.val().get_bit(4) {
            self.load_row.next = bits::<2>(1);
        }
        self.load_wide.high_in.next = self.load_row.val();
        self.load_wide.low_in.next = self.load_place_in.val().get_bits::<2>(2);
        self.target_high.next = self.load_wide.joined_out.val();
        self.target_low.next = self.load_place_in.val().get_bits::<2>(0);
        self.write_out.next = self.load_in.val();
        self.xors_out.next = false;
        self.turn_out.next = bits::<4>(8);
        self.compares_out.next = false;
        self.slot_wide.high_in.next = bits::<2>(3);
        self.slot_wide.low_in.next = self.slot_in.val().get_bits::<2>(2);
        if self.fold_in.val() {
            self.a_high.next = self.slot_wide.joined_out.val();
            self.a_low.next = self.slot_in.val().get_bits::<2>(0);
            if self.begins_in.val() {
                self.a_high.next = bits::<4>(9);
                self.a_low.next = bits::<2>(0);
            }
            self.target_high.next = self.slot_wide.joined_out.val();
            self.target_low.next = self.slot_in.val().get_bits::<2>(0);
            self.write_out.next = true;
            self.xors_out.next = true;
            self.turn_out.next = bits::<4>(4);
            if self.turns_in.val() {
                self.turn_out.next = bits::<4>(2);
            }
        }

        // The program
        self.eighth.next = bits::<4>(0);
        if self.next_op_in.val().get_bit(0) {
            self.eighth.next = bits::<4>(1);
        }
        if self.next_running_in.val() {
            self.a_high.next = self.eighth.val();
            self.a_low.next = self.next_lane_in.val();
            self.b_low.next = self.next_lane_in.val();
            self.target_high.next = self.eighth.val();
            self.target_low.next = self.next_lane_in.val();
            self.write_out.next = true;
            if self.next_stage_in.val().get_bit(4) {
                // Ticket, or comparison
                self.b_high.next = self.eighth.val() | bits::<4>(2);
                self.xors_out.next = true;
                if self.next_stage_in.val().get_bit(0) {
                    self.b_high.next = self.eighth.val() | bits::<4>(10);
                    self.xors_out.next = false;
                    self.write_out.next = false;
                    self.compares_out.next = true;
                }
            } else {
                // Constants, or message
                self.a_high.next = self.eighth.val() | bits::<4>(8);
                self.b_high.next = bits::<4>(9);
                self.b_low.next = bits::<2>(0);
                self.target_high.next = self.eighth.val() | bits::<4>(2);
                if !self.next_stage_in.val().get_bit(0) {
                    self.a_high.next = bits::<4>(9);
                    self.a_low.next = bits::<2>(0);
                    self.target_high.next = self.copy_wide.joined_out.val();
                    if self.keeps_in.val() {
                        self.b_high.next = self.copy_wide.joined_out.val() | bits::<4>(8);
                        self.b_low.next = self.next_lane_in.val();
                    }
                }
            }
        }
        if self.mixes.val() {
            self.a_high.next = self.a_row_wide.joined_out.val();
            self.a_low.next = self.next_lane_in.val();
            self.b_high.next = self.b_row_wide.joined_out.val();
            self.b_low.next = self.next_lane_in.val();
            self.target_high.next = self.a_row_wide.joined_out.val();
            if self.next_stage_in.val().get_bit(0) {
                // Diagonals
                self.a_low.next = self.next_lane_in.val() + self.a_row.val();
                self.b_low.next = self.next_lane_in.val() + self.b_row.val();
            }
            self.target_low.next = self.a_low.val();
            if !self.next_op_in.val().any() {
                self.b_high.next = self.message_wide.joined_out.val();
                self.b_low.next = self.message_in.val().get_bits::<2>(0);
            }
            if self.next_op_in.val() == bits::<3>(2) {
                self.xors_out.next = true;
                self.turn_out.next = bits::<4>(3);
                if self.next_second_in.val() {
                    self.turn_out.next = bits::<4>(5);
                }
            }
            if self.next_op_in.val() == bits::<3>(4) {
                self.xors_out.next = true;
                self.turn_out.next = bits::<4>(2);
                if self.next_second_in.val() {
                    self.turn_out.next = bits::<4>(4);
                }
            }
        }
        self.a.high_in.next = self.a_high.val();
        self.a.low_in.next = self.a_low.val();
        self.b.high_in.next = self.b_high.val();
        self.b.low_in.next = self.b_low.val();
        self.target.high_in.next = self.target_high.val();
        self.target.low_in.next = self.target_low.val();
        self.a_out.next = self.a.joined_out.val();
        self.b_out.next = self.b.joined_out.val();
        self.target_out.next = self.target.joined_out.val();
    }
}

#[cfg(test)]
mod tests;
