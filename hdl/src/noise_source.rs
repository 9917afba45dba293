//! Fills panel memory with Pearl's noise, grown from two seeds: the operands of a scan over tiles without a signal.
//!
//! ```text
//!                  +---------------------------------------------------------+
//!   scan_in ------>|  Batches --> NoiseHash ==pairs==> NoisePairs            |
//!   seed's words =>|     ^            |                    | p0, p1          |---> a_write_out, b_write_out
//!   seeded_in ---->|     |            `=======rows===> NoiseRows ==words==>  |===> a_address_out, b_address_out
//!   pass_end_in -->|     |                                ^                  |===> word_out
//!                  |     `----- Chunks ---bank, chunk-----'                  |---> hold_out
//!                  +---------------------------------------------------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in` | 1 | a scan's tile runs; low for at least one cycle between two scans, and what is in work is dropped |
//! | `seed_write_in`, `seed_place_in`, `seed_word_in` | 1, 5, 32 | a word of the seed, see below, before `seeded_in` |
//! | `seeded_in` | 1 | while `scan_in`, for one cycle or more: the seed is whole |
//! | `chunks_last_in` | 11 | chunks of 128 steps of a tile, less one; stands while `scan_in` |
//! | `pass_end_in` | 1 | this cycle's step is the last that reads its chunk |
//! | `hold_out` | 1 | no step may be taken in this cycle; no first step comes in the first cycle with `scan_in` |
//! | `a_write_out`, `b_write_out` | 1 | a word of panel memory |
//! | `a_address_out`, `b_address_out` | 18 | where, by [`panel_address`](crate::registers::panel_address) |
//! | `word_out` | 32 | steps 4n to 4n + 3 of its lane |
//!
//! # The seed
//! | places | words |
//! |---|---|
//! | 0 to 7 | a_seed: key of A's hashes |
//! | 16 to 23 | b_seed: key of B's hashes |
//! | 24 | panel of A of the first tile: its first row, divided by 16 (19:0) |
//! | 25 | panel of B of every row's first tile: its first column, divided by 16 (19:0) |
//! | 26 | panels of B in a row, less one (15:0) |
//!
//! Words at other places are not for it. Word 24 must be written for every scan, because it counts on.
//!
//! # What it does
//! Step l of a row of A or a column of B is `E[row][p0(l)] - E[row][p1(l)]` ([`noise_pairs`],
//! [`noise_rows`]); E and the pairs are hashes ([`noise_hash`]). The scan goes
//! over tiles row by row, always into the next one: it never knows the last.
//!
//! 1. Once a scan, the index pairs of all steps, for both sides.
//! 2. For a row of tiles, A's panel into the words of its memory from 0 on, when the array has done with the row before.
//! 3. Then the row's panels of B, one behind the other through B's memory, a ring of 2^(W-5) chunks that goes on
//!    from row to row. A step is held until the chunk that it reads is whole; A is whole before any of B is.
//!
//! A panel's rows of E are hashed while the words of the panel before are made: there are two banks of them.
//!
//! # Rates
//! | what | cycles |
//! |---|---|
//! | a word of panel memory | 1, a chunk of 128 steps [`CHUNK_CYCLES`], a panel of k steps 4k |
//! | the rows of E of a panel, 64 hashes | 16 [`BATCH_CYCLES`](noise_hash::BATCH_CYCLES) = 4,368 |
//! | the index pairs, k/4 hashes | k/16 [`BATCH_CYCLES`](noise_hash::BATCH_CYCLES) = 34,944 for k = 2048 |
//! | a tile on an array with D slots | k D |
//!
//! With D >= 4 the array never waits inside of a row if k >= 1,092: a panel of B is made in 4k cycles, and hashed in
//! fewer. From a row's last step to the next row's first it takes 4k + [`CHUNK_CYCLES`] + [`TURN_CYCLES`], for A's
//! panel and the first chunk of B. So it steps in J k D cycles of J k D + 4k + 512 + (14 to 17), J tiles a row: 98 %
//! from J = 27 on with D = 8 and k = 2048, from J = 53 on with D = 4; with J = 512, 99.9 % and 99.8 %. With D = 2 and
//! 1 it steps in half and in a quarter of the cycles. The first step comes when the index pairs, A's panel and a
//! chunk of B are there: (k/16 + 15) 273 + 4k + 806 to 809 cycles behind `seeded_in`, 48,037 to 48,040 for k = 2048.
//!
//! # Latency
//! Cycles are counted from the first one with `scan_in`, 0; the phase of a cycle is its number modulo 4.
//!
//! | from | to | cycles |
//! |---|---|---|
//! | `seeded_in` | the first batch of four hashes | 1 |
//! | a batch | the next one | [`BATCH_CYCLES`](noise_hash::BATCH_CYCLES), or until a bank is free |
//! | a panel's last batch | its rows are whole | [`ROWS_WHOLE`] |
//! | rows whole, room in the ring | a cycle of phase 3 in which a chunk can begin | 1 or more |
//! | that cycle, t | the chunk's first word comes out | [`FIRST_WORD`] |
//! | t | its last word, and the next chunk can begin | [`FIRST_WORD`] + [`CHUNK_CYCLES`] - 1, [`CHUNK_CYCLES`] |
//! | a chunk of B's last word | `hold_out` is low, if it was high for want of this chunk | [`OPEN_LATENCY`] |
//! | `pass_end_in` | there is room for another chunk | 2 |
//! | t, of a panel's last chunk | its bank is free | [`CHUNK_CYCLES`] + 1 |
//!
//! `hold_out` is a register. It is high in the second cycle with `scan_in`, and in the one behind a `pass_end_in` that
//! leaves no whole chunk. Of the first cycle with `scan_in`, and of the first one without, it says nothing.
//!
//! # Memories
//! Index pairs 2^U x 14 bits, rows of E twice 1,024 x 24: 8 block RAMs of 18 kbit (ECP5, Gowin) for k up to 2,048
//! (T = 11), 12 for 4,096 (T = 12); 28 of 4 kbit (iCE40) for 2,048. Keys and states in work are memories of 8 and 16
//! words, in LUTs. On an ECP5, with P = Q = 8, W = 9 and T = 11, yosys makes of all this about 1,060 LUTs, 500 more in carry
//! chains, 48 such memories of 16 x 4 bits, and 1,800 flip-flops.
//!
//! # Why
//! One port of 32 bits a cycle is what panel memory takes, so there is no use in more than a word a cycle, nor in
//! more than one lane of hashes. A has no ring, because its panel is read once for every tile of a row.

use std::ops::RangeInclusive;

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::bits::unsigned_bits;
use crate::noise_hash::{self, BATCH_WORDS, NoiseHash};
use crate::noise_pairs::{self, NoisePairs};
use crate::noise_rows::{self, NoiseRows};
use crate::panel_memory;

mod batches;
mod chunks;
mod lane_address;

pub use batches::{BatchIndex, Batches};
pub use chunks::Chunks;
pub use lane_address::LaneAddress;

/// Steps of a chunk: r.
pub const CHUNK_STEPS: usize = 128;
/// Cycles in which the words of a chunk are made.
pub const CHUNK_CYCLES: usize = 16 * CHUNK_STEPS / 4;
/// Cycles from the start of a panel's last batch of hashes until its rows are known to be whole.
pub const ROWS_WHOLE: usize =
    noise_hash::FIRST_WORD + BATCH_WORDS - 1 + noise_rows::WRITE_LATENCY + 2;
/// Cycles from the one in which a chunk begins to its first word.
pub const FIRST_WORD: usize = 1 + STAGES;
/// Cycles from a chunk's last word to the first in which it can be read.
pub const OPEN_LATENCY: usize = 2 + panel_memory::WRITE_LATENCY;
/// Cycles from the last step of a row of tiles to the first of the next one, with an array that steps whenever it may,
/// over those of A's panel and a chunk: it depends on the phase.
pub const TURN_CYCLES: RangeInclusive<usize> =
    3 + FIRST_WORD + OPEN_LATENCY - 1..=6 + FIRST_WORD + OPEN_LATENCY - 1;
/// Cycles from a word's place to the word.
const STAGES: usize = noise_pairs::LATENCY + noise_rows::LATENCY;

/// A step's number by chunk, word and phase, cut to T bits. Wires only.
#[derive(LogicBlock, Default)]
pub struct Line<const T: usize> {
    /// Chunk.
    pub chunk_in: Signal<In, Bits<11>>,
    /// Which word of a lane (6:2).
    pub place_in: Signal<In, Bits<7>>,
    /// Which step of the word.
    pub phase_in: Signal<In, Bits<2>>,
    /// The step.
    pub line_out: Signal<Out, Bits<T>>,
}

impl<const T: usize> Logic for Line<T> {
    fn update(&mut self) {
        let (chunk, place) = (self.chunk_in.val().to_u64(), self.place_in.val().to_u64());
        let line = chunk << 7 | place >> 2 << 2 | self.phase_in.val().to_u64();
        self.line_out.next = unsigned_bits(line);
    }

    fn connect(&mut self) {
        self.line_out.connect();
    }

    fn hdl(&self) -> Verilog {
        const { assert!(8 <= T && T <= 18) };
        Verilog::Custom(format!(
            "always @(*) line_out = {{chunk_in[{}:0], place_in[6:2], phase_in}};\n",
            T - 8
        ))
    }
}

/// See the module's documentation. P, Q: the array; W: bits of a word's address in a panel lane; T: bits of a step's
/// number, so that k is at most 2^T and at most 4 2^W; U = T + 1.
#[derive(LogicBlock)]
pub struct NoiseSource<
    const P: usize,
    const Q: usize,
    const W: usize,
    const T: usize,
    const U: usize,
> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Scan
    /// A scan's tile runs.
    pub scan_in: Signal<In, Bit>,
    /// A word of its seed.
    pub seed_write_in: Signal<In, Bit>,
    /// Which one.
    pub seed_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub seed_word_in: Signal<In, Bits<32>>,
    /// The seed is whole.
    pub seeded_in: Signal<In, Bit>,
    /// Chunks of a tile, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    // Steps
    /// This cycle's step is the last that reads its chunk.
    pub pass_end_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    // Panel memory
    /// A word of A.
    pub a_write_out: Signal<Out, Bit>,
    /// A word of B.
    pub b_write_out: Signal<Out, Bit>,
    /// Where in A.
    pub a_address_out: Signal<Out, Bits<18>>,
    /// Where in B.
    pub b_address_out: Signal<Out, Bits<18>>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
    // Parts
    batches: Batches,
    hash: NoiseHash,
    pairs: NoisePairs<T, U>,
    rows: NoiseRows,
    chunks: Chunks<W>,
    line: Line<T>,
    // As the pairs come
    late_bank: [DFF<Bits<1>>; 2],
    late_group: [DFF<Bits<2>>; 2],
    late_phase: [DFF<Bits<2>>; 2],
    // As the words come
    a_stage: [DFF<Bit>; 9],
    b_stage: [DFF<Bit>; 9],
    lane: DFF<Bits<4>>,
    a_word: DFF<Bits<W>>,
    b_word: DFF<Bits<W>>,
    written: DFF<Bit>,
    a_address: LaneAddress<P, W>,
    b_address: LaneAddress<Q, W>,
    word_zero: Constant<Bits<W>>,
    word_one: Constant<Bits<W>>,
}

impl<const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize> Default
    for NoiseSource<P, Q, W, T, U>
{
    fn default() -> Self {
        const { assert!(STAGES == 9, "stages between a word's place and the word") };
        const { assert!(noise_pairs::LATENCY == 2, "stages beside the pairs") };
        Self {
            clock: Signal::default(),
            scan_in: Signal::default(),
            seed_write_in: Signal::default(),
            seed_place_in: Signal::default(),
            seed_word_in: Signal::default(),
            seeded_in: Signal::default(),
            chunks_last_in: Signal::default(),
            pass_end_in: Signal::default(),
            hold_out: Signal::default(),
            a_write_out: Signal::default(),
            b_write_out: Signal::default(),
            a_address_out: Signal::default(),
            b_address_out: Signal::default(),
            word_out: Signal::default(),
            batches: Batches::default(),
            hash: NoiseHash::default(),
            pairs: NoisePairs::default(),
            rows: NoiseRows::default(),
            chunks: Chunks::default(),
            line: Line::default(),
            late_bank: Default::default(),
            late_group: Default::default(),
            late_phase: Default::default(),
            a_stage: Default::default(),
            b_stage: Default::default(),
            lane: DFF::default(),
            a_word: DFF::default(),
            b_word: DFF::default(),
            written: DFF::default(),
            a_address: LaneAddress::default(),
            b_address: LaneAddress::default(),
            word_zero: Constant::new(0.into()),
            word_one: Constant::new(1.into()),
        }
    }
}

impl<const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize> Logic
    for NoiseSource<P, Q, W, T, U>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, lane, a_word, b_word, written);
        for s in 0..2 {
            self.late_bank[s].clock.next = self.clock.val();
            self.late_group[s].clock.next = self.clock.val();
            self.late_phase[s].clock.next = self.clock.val();
        }
        for s in 0..9 {
            self.a_stage[s].clock.next = self.clock.val();
            self.b_stage[s].clock.next = self.clock.val();
        }
        self.batches.clock.next = self.clock.val();
        self.hash.clock.next = self.clock.val();
        self.pairs.clock.next = self.clock.val();
        self.rows.clock.next = self.clock.val();
        self.chunks.clock.next = self.clock.val();

        // Hashes
        self.batches.scan_in.next = self.scan_in.val();
        self.batches.seed_write_in.next = self.seed_write_in.val();
        self.batches.seed_place_in.next = self.seed_place_in.val();
        self.batches.seed_word_in.next = self.seed_word_in.val();
        self.batches.seeded_in.next = self.seeded_in.val();
        self.batches.chunks_last_in.next = self.chunks_last_in.val();
        self.batches.ready_in.next = self.hash.ready_out.val();
        self.batches.panel_end_in.next = self.chunks.panel_end_out.val();
        self.hash.reset_in.next = !self.scan_in.val();
        self.hash.write_in.next = self.seed_write_in.val();
        self.hash.write_place_in.next = self.seed_place_in.val();
        self.hash.write_data_in.next = self.seed_word_in.val();
        self.hash.start_in.next = self.batches.start_out.val();
        self.hash.b_in.next = self.batches.b_out.val();
        self.hash.pairs_in.next = self.batches.pairs_out.val();
        self.hash.index_in.next = self.batches.index_out.val();
        self.pairs.reset_in.next = !self.scan_in.val();
        self.pairs.write_in.next = self.hash.valid_out.val() && self.hash.pairs_out.val();
        self.pairs.b_in.next = self.hash.b_out.val();
        self.pairs.word_in.next = self.hash.word_out.val();
        self.rows.reset_in.next = !self.scan_in.val();
        self.rows.write_in.next = self.hash.valid_out.val() && !self.hash.pairs_out.val();
        self.rows.word_in.next = self.hash.word_out.val();

        // Words
        self.chunks.scan_in.next = self.scan_in.val();
        self.chunks.chunks_last_in.next = self.chunks_last_in.val();
        self.chunks.whole_in.next = self.rows.whole_out.val();
        self.chunks.first_b_in.next = self.batches.first_b_out.val();
        self.chunks.second_b_in.next = self.batches.second_b_out.val();
        self.chunks.written_in.next = self.written.q.val();
        self.chunks.pass_end_in.next = self.pass_end_in.val();
        self.line.chunk_in.next = self.chunks.chunk_out.val();
        self.line.place_in.next = self.chunks.place_out.val();
        self.line.phase_in.next = self.chunks.phase_out.val();
        self.pairs.read_b_in.next = self.chunks.b_out.val();
        self.pairs.read_line_in.next = self.line.line_out.val();
        self.late_bank[0].d.next = self.chunks.bank_out.val();
        self.late_group[0].d.next = self.chunks.place_out.val().get_bits::<2>(0);
        self.late_phase[0].d.next = self.chunks.phase_out.val();
        self.late_bank[1].d.next = self.late_bank[0].q.val();
        self.late_group[1].d.next = self.late_group[0].q.val();
        self.late_phase[1].d.next = self.late_phase[0].q.val();
        self.rows.bank_in.next = self.late_bank[1].q.val();
        self.rows.group_in.next = self.late_group[1].q.val();
        self.rows.phase_in.next = self.late_phase[1].q.val();
        self.rows.plus_in.next = self.pairs.plus_out.val();
        self.rows.minus_in.next = self.pairs.minus_out.val();

        // Where they go: lane by lane, and then the next words
        self.a_stage[0].d.next = self.chunks.run_out.val() && !self.chunks.b_out.val();
        self.b_stage[0].d.next = self.chunks.run_out.val() && self.chunks.b_out.val();
        for s in 1..9 {
            self.a_stage[s].d.next = self.a_stage[s - 1].q.val();
            self.b_stage[s].d.next = self.b_stage[s - 1].q.val();
        }
        if self.a_stage[8].q.val() || self.b_stage[8].q.val() {
            self.lane.d.next = self.lane.q.val() + bits::<4>(1);
        }
        if self.a_stage[8].q.val() && self.lane.q.val().all() {
            self.a_word.d.next = self.a_word.q.val() + self.word_one.val();
        }
        if self.b_stage[8].q.val() {
            self.a_word.d.next = self.word_zero.val();
            if self.lane.q.val().all() {
                self.b_word.d.next = self.b_word.q.val() + self.word_one.val();
            }
        }
        self.written.d.next = self.b_stage[8].q.val()
            && self.lane.q.val().all()
            && self.b_word.q.val().get_bits::<5>(0).all();

        // Rest
        if !self.scan_in.val() {
            for s in 0..9 {
                self.a_stage[s].d.next = false;
                self.b_stage[s].d.next = false;
            }
            self.lane.d.next = bits::<4>(0);
            self.a_word.d.next = self.word_zero.val();
            self.b_word.d.next = self.word_zero.val();
            self.written.d.next = false;
        }

        // Outputs
        self.a_address.lane_in.next = self.lane.q.val();
        self.a_address.word_in.next = self.a_word.q.val();
        self.b_address.lane_in.next = self.lane.q.val();
        self.b_address.word_in.next = self.b_word.q.val();
        self.a_write_out.next = self.a_stage[8].q.val();
        self.b_write_out.next = self.b_stage[8].q.val();
        self.a_address_out.next = self.a_address.address_out.val();
        self.b_address_out.next = self.b_address.address_out.val();
        self.word_out.next = self.rows.word_out.val();
        self.hold_out.next = self.chunks.hold_out.val();
    }
}

#[cfg(test)]
mod tests;
