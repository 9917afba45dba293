//! Puts the words of all engines onto the write ports of panel memory.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in` | 1 | no more words from the next cycle on, if it is low |
//! | `growing_in` | 1 | low: the next word is a scan's first |
//! | `valid_in[e]`, `a_word_in[e]`, `b_word_in[e]` | 1, 32, 32 | an engine's words; never of two engines at once |
//! | `write_out`, `a_address_out`, `b_address_out`, `a_word_out`, `b_word_out` | 1, 18, 18, 32, 32 | words of both sides, and where they belong |
//! | `whole_out` | 1 | with `write_out`: these are the last of a chunk |
//!
//! # Latency
//! [`LATENCY`] cycles.
//!
//! # Why
//! Registers that are 0 out of turn need no logic in front of them, where a register has a reset; they may stand
//! by their engine, and the OR behind them takes four engines a LUT.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use super::addresses::Addresses;

/// Cycles from an engine's word to the ports.
pub const LATENCY: usize = 2;

/// See the module's documentation. P, Q: the array; W: bits of a word's address in a panel lane.
#[derive(LogicBlock)]
pub struct Words<const P: usize, const Q: usize, const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A scan runs.
    pub scan_in: Signal<In, Bit>,
    /// It has its seed.
    pub growing_in: Signal<In, Bit>,
    /// Which engine's words come.
    pub valid_in: Vec<Signal<In, Bit>>,
    /// Word of A, by engine.
    pub a_word_in: Vec<Signal<In, Bits<32>>>,
    /// Word of B, by engine.
    pub b_word_in: Vec<Signal<In, Bits<32>>>,
    /// Words come out.
    pub write_out: Signal<Out, Bit>,
    /// The last of a chunk.
    pub whole_out: Signal<Out, Bit>,
    /// Where A's belongs.
    pub a_address_out: Signal<Out, Bits<18>>,
    /// Where B's belongs.
    pub b_address_out: Signal<Out, Bits<18>>,
    /// A's word.
    pub a_word_out: Signal<Out, Bits<32>>,
    /// B's word.
    pub b_word_out: Signal<Out, Bits<32>>,
    // An engine's, in its turn
    valid: Vec<DFF<Bit>>,
    a_words: Vec<DFF<Bits<32>>>,
    b_words: Vec<DFF<Bits<32>>>,
    any_valid: Vec<Signal<Local, Bit>>,
    any_a: Vec<Signal<Local, Bits<32>>>,
    any_b: Vec<Signal<Local, Bits<32>>>,
    // The ports'
    comes: Signal<Local, Bit>,
    number: DFF<Bits<18>>,
    addresses: Addresses<P, Q, W>,
    write: DFF<Bit>,
    whole: DFF<Bit>,
    a_address: DFF<Bits<18>>,
    b_address: DFF<Bits<18>>,
    a_word: DFF<Bits<32>>,
    b_word: DFF<Bits<32>>,
}

/// So many of something.
fn parts<T: Default>(number: usize) -> Vec<T> {
    (0..number).map(|_| T::default()).collect()
}

impl<const P: usize, const Q: usize, const W: usize> Words<P, Q, W> {
    /// Of so many engines.
    pub fn new(engines: usize) -> Self {
        Self {
            clock: Signal::default(),
            scan_in: Signal::default(),
            growing_in: Signal::default(),
            valid_in: parts(engines),
            a_word_in: parts(engines),
            b_word_in: parts(engines),
            write_out: Signal::default(),
            whole_out: Signal::default(),
            a_address_out: Signal::default(),
            b_address_out: Signal::default(),
            a_word_out: Signal::default(),
            b_word_out: Signal::default(),
            valid: parts(engines),
            a_words: parts(engines),
            b_words: parts(engines),
            any_valid: parts(engines),
            any_a: parts(engines),
            any_b: parts(engines),
            comes: Signal::default(),
            number: DFF::default(),
            addresses: Addresses::default(),
            write: DFF::default(),
            whole: DFF::default(),
            a_address: DFF::default(),
            b_address: DFF::default(),
            a_word: DFF::default(),
            b_word: DFF::default(),
        }
    }
}

impl<const P: usize, const Q: usize, const W: usize> Logic for Words<P, Q, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, number, write, whole, a_address, b_address, a_word, b_word);

        // One engine's words, others' 0
        for e in 0..self.valid_in.len() {
            self.valid[e].clock.next = self.clock.val();
            self.a_words[e].clock.next = self.clock.val();
            self.b_words[e].clock.next = self.clock.val();
            self.valid[e].d.next = self.valid_in[e].val() && self.growing_in.val();
            self.a_words[e].d.next = bits::<32>(0);
            self.b_words[e].d.next = bits::<32>(0);
            if self.valid_in[e].val() {
                self.a_words[e].d.next = self.a_word_in[e].val();
                self.b_words[e].d.next = self.b_word_in[e].val();
            }
        }

        // Together
        self.any_valid[0].next = self.valid[0].q.val();
        self.any_a[0].next = self.a_words[0].q.val();
        self.any_b[0].next = self.b_words[0].q.val();
        for e in 1..self.valid_in.len() {
            self.any_valid[e].next = self.any_valid[e - 1].val() || self.valid[e].q.val();
            self.any_a[e].next = self.any_a[e - 1].val() | self.a_words[e].q.val();
            self.any_b[e].next = self.any_b[e - 1].val() | self.b_words[e].q.val();
        }
        for last in (self.valid_in.len() - 1)..self.valid_in.len() {
            self.comes.next = self.any_valid[last].val() && self.scan_in.val();
            self.a_word.d.next = self.any_a[last].val();
            self.b_word.d.next = self.any_b[last].val();
        }
        self.write.d.next = self.comes.val();

        // Where
        if self.comes.val() {
            self.number.d.next = self.number.q.val() + bits::<18>(1);
        }
        if !self.growing_in.val() {
            self.number.d.next = bits::<18>(0);
        }
        self.whole.d.next = self.comes.val() && self.number.q.val().get_bits::<8>(0).all();
        self.addresses.number_in.next = self.number.q.val();
        self.a_address.d.next = self.addresses.a_address_out.val();
        self.b_address.d.next = self.addresses.b_address_out.val();

        self.write_out.next = self.write.q.val();
        self.whole_out.next = self.whole.q.val();
        self.a_address_out.next = self.a_address.q.val();
        self.b_address_out.next = self.b_address.q.val();
        self.a_word_out.next = self.a_word.q.val();
        self.b_word_out.next = self.b_word.q.val();
    }
}
