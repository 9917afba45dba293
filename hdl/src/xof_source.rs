//! Fills panel memory with operands of Amadeus, attempt after attempt, ahead of the array that takes them.
//!
//! ```text
//!   seed's words ==>+-----------+---> hold_out
//!   scan, seeded -->| XofSource |
//!   chunks_last ===>|  engines  |---> write_out
//!   pass_end_in --->|           |===> address, word of A; of B
//!                   +-----------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in` | 1 | a scan's tile runs; low for [`REST_CYCLES`] or more between two scans, which drops all that is in work |
//! | `seed_write_in`, `seed_place_in`, `seed_word_in` | 1, 5, 32 | a word of the seed, by its place in [`SEED_FIELDS`](crate::registers::SEED_FIELDS); those of the mask and behind are ignored, and all of them once it grows; each scan has its own whole seed |
//! | `seeded_in` | 1 | with `scan_in`, once or more: the seed is whole, grow |
//! | `chunks_last_in` | 11 | chunks of an attempt, less one; stands while `scan_in` |
//! | `pass_end_in` | 1 | this cycle's step is the last that reads its chunk; such cycles are two or more apart |
//! | `hold_out` | 1 | no step may be taken; of a scan's first cycle it says nothing |
//! | `write_out` | 1 | write a word to both panel memories |
//! | `a_address_out`, `b_address_out` | 18 | where |
//! | `a_word_out`, `b_word_out` | 32 | the words |
//!
//! # Order
//! Chunk m of a scan, counted over all its attempts, stands in words 16 m to 16 m + 15 of every lane, modulo 2^W: a
//! ring of 2^(W-4) chunks. It is four batches of the [engine](crate::xof_engine), 4 m to 4 m + 3. With c its number in
//! its attempt, and Kb chunks in an attempt, batch q of the four has
//!
//! | side | blocks | a block's word | lane | word of the chunk |
//! |---|---|---|---|---|
//! | A | (4 q + block) Kb + c | 4 piece + place | 4 q + block | 4 piece + place |
//! | B | 16 Kb + 16 c + 4 q + block | column 4 place + piece | 4 place + piece | 4 q + block |
//!
//! The nonce is the seed's, and one more each attempt; the source goes on into the next attempt whenever it can, and
//! never knows which is the last. Its engines take the batches in turn.
//!
//! # Latency
//! Of E engines; all cycles are exact. T is the first one with `seeded_in`.
//!
//! 1. Batch n begins in s(n), the first cycle that is
//!    * T + [`FIRST_START`] or later,
//!    * s(n - 1) + [`spacing`]`(E)` or later,
//!    * if n = 4 m is the first batch of a chunk: [`FREE_LATENCY`] or more behind the `pass_end_in` of chunk
//!      m - 2^(W-4), whose words it takes.
//! 2. Its word k of 64 is on the ports in s(n) + [`WORD_LATENCY`] + k.
//! 3. Chunk m counts as whole from w(m) = s(4 m + 3) + [`WHOLE_LATENCY`] on, the cycle behind its last word.
//! 4. `hold_out` is high in cycle t + 1 if, in t, `scan_in` is high and there is no whole chunk left: as many are
//!    whole as had their `pass_end_in`, one in cycle t included. So the first step of chunk m is in w(m) + 1 at the
//!    earliest, two cycles behind its last word on the ports, when
//!    [panel memory](crate::panel_memory::WRITE_LATENCY) can be read.
//! 5. When `scan_in` is low in cycle t, `hold_out` and `write_out` are low in t + 1.
//!
//! `hold_out` rests low, and is right from a scan's second cycle on: in the first one `scan_in` sets it. In the first
//! cycle behind a scan it may still be high.
//!
//! # Why
//! Words of two batches never meet on the ports: each has 64 cycles in a row, and begins [`WORD_LATENCY`] behind its
//! start, for every engine the same; and starts are 64 or more apart. So one counter names the words of all engines,
//! and theirs are put together by an OR of registers that are 0 out of turn.
//!
//! Starts are spaced evenly, by what an engine takes for a batch over the number of engines. The next engine is then
//! always ready, so that nothing asks, and a start is a register; in the long run engines are as busy as if each began
//! as soon as it can. That would win [`spacing`] less 64 cycles for each engine but the first, once a scan, and in a
//! ring of two chunks once a chunk.
//!
//! A chunk is free with its last step, whose operands are read some cycles later, up to twenty behind in the last
//! lane. The words that take its place come more than [`WORD_LATENCY`] later.
//!
//! The nonce is written to an engine with its batch's start: what it had in work reads no message any more, and the
//! new batch reads none before the next cycle but one. A start changes the numbers of the next batch in the cycle
//! behind it and those that depend on them a cycle later: there are [`WORDS`] at least.

mod addresses;
mod ring;
mod words;

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::panel_memory;
use crate::xof_engine::{BATCH_CYCLES, BLOCKS, FIRST_WORD, XofEngine};
use crate::zero_extend::ZeroExtend;
use ring::Ring;
use words::Words;

/// Words of a side in a batch, and so the cycles between two starts at the least.
pub const WORDS: usize = 16 * BLOCKS;
/// Cycles from the first `seeded_in` to the first start.
pub const FIRST_START: usize = 3;
/// Cycles from the last step of a chunk to the start of the batch that waits for its place.
pub const FREE_LATENCY: usize = 4;
/// Cycles from a batch's start to its first word on the ports.
pub const WORD_LATENCY: usize = FIRST_WORD + words::LATENCY;
/// Cycles from the start of a chunk's last batch until the chunk counts as whole.
pub const WHOLE_LATENCY: usize = WORD_LATENCY + WORDS;
/// Cycles for which `scan_in` is low between two scans, at least.
pub const REST_CYCLES: usize = 2;

// The first step behind the last word, two cycles later, finds it in memory.
const _: () = assert!(panel_memory::WRITE_LATENCY < 2);

/// Cycles from start to start: as few as keep the engines busy and their words apart.
pub const fn spacing(engines: usize) -> usize {
    let busy = BATCH_CYCLES.div_ceil(engines);
    if busy < WORDS { WORDS } else { busy }
}

/// See the module's documentation. P, Q: the array; W: bits of a word's address in a panel lane, 5 to 14.
#[derive(LogicBlock)]
pub struct XofSource<const P: usize, const Q: usize, const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Scan
    /// A scan's tile runs.
    pub scan_in: Signal<In, Bit>,
    /// Write a word of the seed.
    pub seed_write_in: Signal<In, Bit>,
    /// Which one.
    pub seed_place_in: Signal<In, Bits<5>>,
    /// The word.
    pub seed_word_in: Signal<In, Bits<32>>,
    /// The seed is whole.
    pub seeded_in: Signal<In, Bit>,
    /// Chunks of an attempt, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    // Steps
    /// The last step of a chunk is taken.
    pub pass_end_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    // Panel memories
    /// Write a word to each.
    pub write_out: Signal<Out, Bit>,
    /// Where in A's.
    pub a_address_out: Signal<Out, Bits<18>>,
    /// Where in B's.
    pub b_address_out: Signal<Out, Bits<18>>,
    /// A's word.
    pub a_word_out: Signal<Out, Bits<32>>,
    /// B's word.
    pub b_word_out: Signal<Out, Bits<32>>,
    // Seed, and the nonce behind it
    engine: Vec<XofEngine>,
    seeded: DFF<Bit>,
    growing: DFF<Bit>,
    seed_write: DFF<Bit>,
    place: DFF<Bits<5>>,
    word: DFF<Bits<32>>,
    nonce: DFF<Bits<32>>,
    // Starts: whether it is time, whether there is room, whose turn it is
    pace: DFF<Bits<9>>,
    spaced: DFF<Bit>,
    may: DFF<Bit>,
    starts: Signal<Local, Bit>,
    started: DFF<Bit>,
    start: Vec<DFF<Bit>>,
    turn: Vec<DFF<Bit>>,
    // The batch that is next: its place in its chunk, the chunk's in its attempt, and its first blocks
    part: DFF<Bits<2>>,
    chunk: DFF<Bits<11>>,
    chunk_is_last: DFF<Bit>,
    a_counter: DFF<Bits<16>>,
    b_counter: DFF<Bits<16>>,
    next_chunk: Signal<Local, Bits<11>>,
    // Chunks of an attempt, and multiples
    chunks_wide: ZeroExtend<11, 12>,
    chunks: DFF<Bits<12>>,
    a_jump: Join<12, 2, 16>,
    b_first: Join<12, 4, 16>,
    next_chunk_wide: ZeroExtend<11, 16>,
    a_step_wide: ZeroExtend<12, 32>,
    a_counter_wide: ZeroExtend<16, 32>,
    b_counter_wide: ZeroExtend<16, 32>,
    // Panel memory
    words: Words<P, Q, W>,
    ring: Ring<W>,
    pace_last: Constant<Bits<9>>,
}

impl<const P: usize, const Q: usize, const W: usize> Default for XofSource<P, Q, W> {
    fn default() -> Self {
        Self::new(1)
    }
}

impl<const P: usize, const Q: usize, const W: usize> XofSource<P, Q, W> {
    /// A source of so many engines, 1 or more.
    pub fn new(engines: usize) -> Self {
        assert!(engines > 0, "no engine");
        let bits = || (0..engines).map(|_| DFF::default()).collect();
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
            write_out: Signal::default(),
            a_address_out: Signal::default(),
            b_address_out: Signal::default(),
            a_word_out: Signal::default(),
            b_word_out: Signal::default(),
            engine: (0..engines).map(|_| XofEngine::default()).collect(),
            seeded: DFF::default(),
            growing: DFF::default(),
            seed_write: DFF::default(),
            place: DFF::default(),
            word: DFF::default(),
            nonce: DFF::default(),
            pace: DFF::default(),
            spaced: DFF::default(),
            may: DFF::default(),
            starts: Signal::default(),
            started: DFF::default(),
            start: bits(),
            turn: bits(),
            part: DFF::default(),
            chunk: DFF::default(),
            chunk_is_last: DFF::default(),
            a_counter: DFF::default(),
            b_counter: DFF::default(),
            next_chunk: Signal::default(),
            chunks_wide: ZeroExtend::default(),
            chunks: DFF::default(),
            a_jump: Join::default(),
            b_first: Join::default(),
            next_chunk_wide: ZeroExtend::default(),
            a_step_wide: ZeroExtend::default(),
            a_counter_wide: ZeroExtend::default(),
            b_counter_wide: ZeroExtend::default(),
            words: Words::new(engines),
            ring: Ring::default(),
            pace_last: Constant::new((spacing(engines) as u64 - 2).into()),
        }
    }
}

impl<const P: usize, const Q: usize, const W: usize> Logic for XofSource<P, Q, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            seeded,
            growing,
            seed_write,
            place,
            word,
            nonce,
            pace,
            spaced,
            may,
            started,
            part,
            chunk,
            chunk_is_last,
            a_counter,
            b_counter,
            chunks
        );

        self.words.clock.next = self.clock.val();
        self.ring.clock.next = self.clock.val();

        // Seed: from then on, the nonce of the next batch
        self.seeded.d.next = self.scan_in.val() && (self.seeded.q.val() || self.seeded_in.val());
        self.growing.d.next = self.scan_in.val() && self.seeded.q.val();
        self.seed_write.d.next = self.seed_write_in.val() && !self.growing.q.val();
        self.place.d.next = self.seed_place_in.val();
        self.word.d.next = self.seed_word_in.val();
        if self.growing.q.val() {
            self.place.d.next = bits::<5>(9);
            self.word.d.next = self.nonce.q.val();
        }
        if self.seed_write.q.val() && self.place.q.val() == bits::<5>(9) {
            self.nonce.d.next = self.word.q.val();
        }

        // Starts
        self.may.d.next = self.part.q.val().any() || !self.ring.full_out.val();
        self.starts.next =
            self.scan_in.val() && self.growing.q.val() && self.spaced.q.val() && self.may.q.val();
        self.started.d.next = self.starts.val();
        self.pace.d.next = self.pace.q.val() + bits::<9>(1);
        if self.pace.q.val() == self.pace_last.val() {
            self.spaced.d.next = true;
        }
        if self.starts.val() {
            self.pace.d.next = bits::<9>(0);
            self.spaced.d.next = false;
        }
        if !self.growing.q.val() {
            self.spaced.d.next = true;
        }

        // The next batch
        self.chunks_wide.data_in.next = self.chunks_last_in.val();
        self.chunks.d.next = self.chunks_wide.data_out.val() + bits::<12>(1);
        self.a_jump.high_in.next = self.chunks.q.val();
        self.a_jump.low_in.next = bits::<2>(0);
        self.b_first.high_in.next = self.chunks.q.val();
        self.b_first.low_in.next = bits::<4>(0);
        self.chunk_is_last.d.next = self.chunk.q.val() == self.chunks_last_in.val();
        self.next_chunk.next = self.chunk.q.val() + bits::<11>(1);
        self.next_chunk_wide.data_in.next = self.next_chunk.val();
        if self.started.q.val() {
            self.part.d.next = self.part.q.val() + bits::<2>(1);
            self.a_counter.d.next = self.a_counter.q.val() + self.a_jump.joined_out.val();
            self.b_counter.d.next = self.b_counter.q.val() + bits::<16>(4);
            if self.part.q.val().all() {
                self.chunk.d.next = self.next_chunk.val();
                self.a_counter.d.next = self.next_chunk_wide.data_out.val();
                if self.chunk_is_last.q.val() {
                    self.chunk.d.next = bits::<11>(0);
                    self.a_counter.d.next = bits::<16>(0);
                    self.b_counter.d.next = self.b_first.joined_out.val();
                    self.nonce.d.next = self.nonce.q.val() + bits::<32>(1);
                }
            }
        }
        if !self.growing.q.val() {
            self.part.d.next = bits::<2>(0);
            self.chunk.d.next = bits::<11>(0);
            self.a_counter.d.next = bits::<16>(0);
            self.b_counter.d.next = self.b_first.joined_out.val();
        }

        // Engines
        self.a_step_wide.data_in.next = self.chunks.q.val();
        self.a_counter_wide.data_in.next = self.a_counter.q.val();
        self.b_counter_wide.data_in.next = self.b_counter.q.val();
        for e in 0..self.engine.len() {
            self.turn[e].clock.next = self.clock.val();
            self.start[e].clock.next = self.clock.val();
            self.engine[e].clock.next = self.clock.val();
            self.turn[e].d.next = self.turn[e].q.val();
            self.start[e].d.next = self.starts.val() && self.turn[e].q.val();
            self.engine[e].reset_in.next = !self.growing.q.val();
            self.engine[e].write_in.next = self.seed_write.q.val() || self.start[e].q.val();
            self.engine[e].write_place_in.next = self.place.q.val();
            self.engine[e].write_data_in.next = self.word.q.val();
            self.engine[e].start_in.next = self.start[e].q.val();
            self.engine[e].a_counter_in.next = self.a_counter_wide.data_out.val();
            self.engine[e].a_step_in.next = self.a_step_wide.data_out.val();
            self.engine[e].b_counter_in.next = self.b_counter_wide.data_out.val();
        }
        if self.started.q.val() {
            for last in (self.engine.len() - 1)..self.engine.len() {
                self.turn[0].d.next = self.turn[last].q.val();
            }
            for e in 1..self.engine.len() {
                self.turn[e].d.next = self.turn[e - 1].q.val();
            }
        }
        if !self.growing.q.val() {
            for e in 0..self.engine.len() {
                self.turn[e].d.next = false;
            }
            self.turn[0].d.next = true;
        }

        // Panel memory
        self.words.scan_in.next = self.scan_in.val();
        self.words.growing_in.next = self.growing.q.val();
        for e in 0..self.engine.len() {
            self.words.valid_in[e].next = self.engine[e].valid_out.val();
            self.words.a_word_in[e].next = self.engine[e].a_word_out.val();
            self.words.b_word_in[e].next = self.engine[e].b_word_out.val();
        }
        self.ring.scan_in.next = self.scan_in.val();
        self.ring.growing_in.next = self.growing.q.val();
        self.ring.begins_in.next = self.started.q.val() && !(self.part.q.val().any());
        self.ring.whole_in.next = self.words.whole_out.val();
        self.ring.pass_end_in.next = self.pass_end_in.val();

        self.hold_out.next = self.ring.hold_out.val();
        self.write_out.next = self.words.write_out.val();
        self.a_address_out.next = self.words.a_address_out.val();
        self.b_address_out.next = self.words.b_address_out.val();
        self.a_word_out.next = self.words.a_word_out.val();
        self.b_word_out.next = self.words.b_word_out.val();
    }
}

#[cfg(test)]
mod tests;
