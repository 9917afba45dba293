//! The ticket: 16-word fold register, one BLAKE3 compression, comparison with the bound.
//!
//! ```text
//!                   +--------+
//!   fold_valid_in ->|        |---> valid_out
//!   fold_in  ======>| Ticket |---> hit_out
//!   tile_end_in --->|        |===> ticket_out[8]
//!   key_in, bound_in ==>     |---> busy_out
//!                   +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `fold_valid_in`, `fold_in` | 1, 32 | fold word of a whole chunk |
//! | `tile_end_in` | 1 | with `fold_valid_in`: it is the tile's last |
//! | `key_in[i]` | 32 | key of the ticket hash, low word first; must stand until `valid_out` |
//! | `bound_in[i]` | 32 | largest ticket that is a hit, low word first; must stand until `valid_out` |
//! | `valid_out` | 1 | for one cycle: a ticket is there; it stands until the next one begins |
//! | `ticket_out[i]` | 32 | the ticket, low word first |
//! | `hit_out` | 1 | with `valid_out`: the ticket is at most the bound |
//! | `busy_out` | 1 | a ticket is on its way |
//!
//! # Latency
//! [`latency`]`(L, n)` cycles from the last fold word of a tile of n chunks to its ticket.
//!
//! # Timing
//! A tile of n chunks: the fold register turns (16 - n mod 16) mod 16 cycles until word 0 is in front,
//! BLAKE3 takes [`blake3::latency`] cycles, the comparison [`COMPARE_CYCLES`]. The next tile's fold
//! words may come in from the moment that BLAKE3 has started.
//!
//! # Why
//! The rule is `J[c mod 16] = rotl(J[c mod 16], 13) ^ word`: a register that turns by one word a chunk
//! always has the right word in front and needs no address. The comparison looks at one word a cycle,
//! the high one first: a 256-bit carry chain would set the clock, and nothing waits for it.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::blake3::{self, Blake3};

/// Cycles from BLAKE3's output to the ticket.
pub const COMPARE_CYCLES: usize = 11;
/// Flags of the ticket's compression: keyed hash, first and last block of its chunk, root.
const FLAGS: u64 = 0x1b;
/// Bytes of the fold register.
const LENGTH: u64 = 64;

/// Cycles from a tile's last fold word to its ticket, for a tile of `chunks` whole chunks.
pub const fn latency(lanes: usize, chunks: usize) -> usize {
    1 + (16 - chunks % 16) % 16 + blake3::latency(lanes) + COMPARE_CYCLES
}

/// See the module's documentation. `L` is the number of BLAKE3 lanes: 1, 2, 4 or 8.
#[derive(LogicBlock)]
pub struct Ticket<const L: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: drop the tile and the ticket on its way.
    pub reset_in: Signal<In, Bit>,
    /// A fold word is on `fold_in`.
    pub fold_valid_in: Signal<In, Bit>,
    /// Fold word.
    pub fold_in: Signal<In, Bits<32>>,
    /// It is the tile's last.
    pub tile_end_in: Signal<In, Bit>,
    /// Key of the ticket hash.
    pub key_in: [Signal<In, Bits<32>>; 8],
    /// Largest ticket that is a hit.
    pub bound_in: [Signal<In, Bits<32>>; 8],
    /// A ticket is there.
    pub valid_out: Signal<Out, Bit>,
    /// The ticket.
    pub ticket_out: [Signal<Out, Bits<32>>; 8],
    /// It is at most the bound.
    pub hit_out: Signal<Out, Bit>,
    /// A ticket is on its way.
    pub busy_out: Signal<Out, Bit>,
    // Fold register
    register: [DFF<Bits<32>>; 16],
    slot: DFF<Bits<4>>,
    begun: DFF<Bit>,
    front: Signal<Local, Bits<32>>,
    turning: DFF<Bit>,
    hashing: DFF<Bit>,
    engine: Blake3<L>,
    // Comparison, a stage a cycle: select, compare, decide
    comparing: DFF<Bit>,
    word: DFF<Bits<3>>,
    ticket_word: DFF<Bits<32>>,
    bound_word: DFF<Bits<32>>,
    selected: DFF<Bit>,
    less: DFF<Bit>,
    equal: DFF<Bit>,
    compared: DFF<Bit>,
    decided: DFF<Bit>,
    hit: DFF<Bit>,
    ended: [DFF<Bit>; 3],
    // Constants
    zero: Constant<Bits<32>>,
    flags: Constant<Bits<32>>,
    length: Constant<Bits<32>>,
    slot_one: Constant<Bits<4>>,
    slot_zero: Constant<Bits<4>>,
    word_one: Constant<Bits<3>>,
    word_last: Constant<Bits<3>>,
    words: [Constant<Bits<3>>; 8],
}

impl<const L: usize> Default for Ticket<L> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            fold_valid_in: Signal::default(),
            fold_in: Signal::default(),
            tile_end_in: Signal::default(),
            key_in: array_init::array_init(|_| Signal::default()),
            bound_in: array_init::array_init(|_| Signal::default()),
            valid_out: Signal::default(),
            ticket_out: array_init::array_init(|_| Signal::default()),
            hit_out: Signal::default(),
            busy_out: Signal::default(),
            register: array_init::array_init(|_| DFF::default()),
            slot: DFF::default(),
            begun: DFF::default(),
            front: Signal::default(),
            turning: DFF::default(),
            hashing: DFF::default(),
            engine: Blake3::default(),
            comparing: DFF::default(),
            word: DFF::default(),
            ticket_word: DFF::default(),
            bound_word: DFF::default(),
            selected: DFF::default(),
            less: DFF::default(),
            equal: DFF::default(),
            compared: DFF::default(),
            decided: DFF::default(),
            hit: DFF::default(),
            ended: array_init::array_init(|_| DFF::default()),
            zero: Constant::new(0.into()),
            flags: Constant::new(FLAGS.into()),
            length: Constant::new(LENGTH.into()),
            slot_one: Constant::new(1.into()),
            slot_zero: Constant::new(0.into()),
            word_one: Constant::new(1.into()),
            word_last: Constant::new(7.into()),
            words: array_init::array_init(|word| Constant::new((word as u64).into())),
        }
    }
}

impl<const L: usize> Logic for Ticket<L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            slot,
            begun,
            turning,
            hashing,
            comparing,
            word,
            ticket_word,
            bound_word,
            selected,
            less,
            equal,
            compared,
            decided,
            hit
        );
        for i in 0..16 {
            self.register[i].clock.next = self.clock.val();
            self.register[i].d.next = self.register[i].q.val();
        }
        for s in 0..3 {
            self.ended[s].clock.next = self.clock.val();
        }
        self.engine.clock.next = self.clock.val();

        // Fold register: turns by a word for every fold word, then until word 0 is in front
        self.front.next = (self.register[0].q.val() << 13) | (self.register[0].q.val() >> 19);
        if self.turning.q.val() && self.slot.q.val().any() {
            self.slot.d.next = self.slot.q.val() + self.slot_one.val();
            self.register[15].d.next = self.register[0].q.val();
            for i in 0..15 {
                self.register[i].d.next = self.register[i + 1].q.val();
            }
        }
        if self.fold_valid_in.val() {
            self.begun.d.next = !self.tile_end_in.val();
            self.turning.d.next = self.tile_end_in.val();
            self.slot.d.next = self.slot.q.val() + self.slot_one.val();
            self.register[15].d.next = self.front.val() ^ self.fold_in.val();
            for i in 0..15 {
                self.register[i].d.next = self.register[i + 1].q.val();
            }
            if !self.begun.q.val() {
                self.slot.d.next = self.slot_one.val();
                self.register[15].d.next = self.fold_in.val();
                for i in 0..15 {
                    self.register[i].d.next = self.zero.val();
                }
            }
        }

        // Hash
        self.engine.reset_in.next = self.reset_in.val();
        self.engine.start_in.next = self.turning.q.val() && !(self.slot.q.val().any());
        if self.turning.q.val() && !(self.slot.q.val().any()) {
            self.turning.d.next = false;
            self.hashing.d.next = true;
        }
        for i in 0..16 {
            self.engine.block_in[i].next = self.register[i].q.val();
        }
        for i in 0..8 {
            self.engine.cv_in[i].next = self.key_in[i].val();
            self.ticket_out[i].next = self.engine.low_out[i].val();
        }
        self.engine.counter_low_in.next = self.zero.val();
        self.engine.counter_high_in.next = self.zero.val();
        self.engine.length_in.next = self.length.val();
        self.engine.flags_in.next = self.flags.val();

        // Comparison
        if self.engine.valid_out.val() {
            self.hashing.d.next = false;
            self.comparing.d.next = true;
            self.word.d.next = self.word_last.val();
            self.decided.d.next = false;
            self.hit.d.next = true;
        }
        self.ticket_word.d.next = self.zero.val();
        self.bound_word.d.next = self.zero.val();
        for i in 0..8 {
            if self.word.q.val() == self.words[i].val() {
                self.ticket_word.d.next = self.engine.low_out[i].val();
                self.bound_word.d.next = self.bound_in[i].val();
            }
        }
        self.selected.d.next = self.comparing.q.val();
        self.less.d.next = self.ticket_word.q.val() < self.bound_word.q.val();
        self.equal.d.next = self.ticket_word.q.val() == self.bound_word.q.val();
        self.compared.d.next = self.selected.q.val();
        if self.compared.q.val() && !self.decided.q.val() && !self.equal.q.val() {
            self.decided.d.next = true;
            self.hit.d.next = self.less.q.val();
        }
        self.ended[0].d.next = self.comparing.q.val() && !(self.word.q.val().any());
        self.ended[1].d.next = self.ended[0].q.val();
        self.ended[2].d.next = self.ended[1].q.val();
        if self.comparing.q.val() {
            self.word.d.next = self.word.q.val() - self.word_one.val();
            if !(self.word.q.val().any()) {
                self.comparing.d.next = false;
            }
        }

        // Reset
        if self.reset_in.val() {
            self.begun.d.next = false;
            self.turning.d.next = false;
            self.hashing.d.next = false;
            self.comparing.d.next = false;
            self.selected.d.next = false;
            self.compared.d.next = false;
            self.slot.d.next = self.slot_zero.val();
            for s in 0..3 {
                self.ended[s].d.next = false;
            }
        }

        // Outputs
        self.valid_out.next = self.ended[2].q.val();
        self.hit_out.next = self.hit.q.val();
        self.busy_out.next = self.turning.q.val()
            || self.hashing.q.val()
            || self.comparing.q.val()
            || self.selected.q.val()
            || self.compared.q.val();
    }
}

#[cfg(test)]
pub(crate) mod tests;
