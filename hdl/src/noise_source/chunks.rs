//! Which chunk of a panel is made next, when there is room for it, and when the array may read it.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in`, `chunks_last_in`, `pass_end_in`, `hold_out` | | as of the [source](crate::noise_source) |
//! | `whole_in`, `first_b_in`, `second_b_in` | 1 | the next bank holds a whole panel of E; whether the panel in bank 0, and in bank 1, is of B |
//! | `run_out`, `b_out` | 1 | a word is begun, of B |
//! | `bank_out`, `chunk_out`, `place_out` | 1, 11, 7 | of which panel and chunk; which of its words in a lane (6:2), and which four lanes (1:0) |
//! | `phase_out` | 2 | which of the four lanes, and of the word's steps; counts on without a gap |
//! | `panel_end_out` | 1 | the word is its panel's last |
//! | `written_in` | 1 | a chunk of B can be read |
//!
//! # Protocol
//! 1. A chunk takes 512 cycles. It begins behind a cycle of phase 3 in which none runs, or one for its last cycle, if
//!    in the cycle before that its panel was whole and there was room.
//! 2. There is room for a chunk of B if less than 2^(W-5) are in the ring, each from its beginning until the cycle
//!    behind its `pass_end_in`, and for one of A if none is.
//! 3. A step is held where no whole chunk of B is left to read.
//!
//! # Why
//! What is behind a chunk is known before it ends, so that the next one follows without a gap. The last
//! words of a chunk are still on their way to the last lanes when its `pass_end_in` comes: a step is read within 32
//! cycles, and the words in their place are written more than 496 cycles later.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation. W: bits of a word's address in its lane.
#[derive(LogicBlock)]
pub struct Chunks<const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A scan runs.
    pub scan_in: Signal<In, Bit>,
    /// Chunks of a tile, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    // Panels of E
    /// One more is whole.
    pub whole_in: Signal<In, Bit>,
    /// That in bank 0 is of B.
    pub first_b_in: Signal<In, Bit>,
    /// That in bank 1 is of B.
    pub second_b_in: Signal<In, Bit>,
    // Words
    /// One is begun.
    pub run_out: Signal<Out, Bit>,
    /// Of B.
    pub b_out: Signal<Out, Bit>,
    /// Bank of its rows.
    pub bank_out: Signal<Out, Bits<1>>,
    /// Its chunk.
    pub chunk_out: Signal<Out, Bits<11>>,
    /// Which word of a lane, which four lanes.
    pub place_out: Signal<Out, Bits<7>>,
    /// Which of the four.
    pub phase_out: Signal<Out, Bits<2>>,
    /// The panel's last word.
    pub panel_end_out: Signal<Out, Bit>,
    // Ring
    /// A chunk of B can be read.
    pub written_in: Signal<In, Bit>,
    /// This cycle's step is the last that reads its chunk.
    pub pass_end_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    // State: the chunk that is made
    phase: DFF<Bits<2>>,
    run: DFF<Bit>,
    place: DFF<Bits<7>>,
    chunk: DFF<Bits<11>>,
    bank: DFF<Bits<1>>,
    b: DFF<Bit>,
    ends: DFF<Bit>,
    // State: the next one
    next_chunk: DFF<Bits<11>>,
    next_bank: DFF<Bits<1>>,
    whole: DFF<Bits<2>>,
    can: DFF<Bit>,
    // State: chunks of B from their beginning on, and from their end on
    taken: DFF<Bits<10>>,
    filled: DFF<Bits<10>>,
    pass_end: DFF<Bit>,
    hold: DFF<Bit>,
    // Wires
    last: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    next_b: Signal<Local, Bit>,
    next_ends: Signal<Local, Bit>,
    begins_b: Signal<Local, Bit>,
    begins_last: Signal<Local, Bit>,
    room: Signal<Local, Bit>,
    ring: Constant<Bits<10>>,
}

impl<const W: usize> Default for Chunks<W> {
    fn default() -> Self {
        const { assert!(5 <= W && W <= 14, "a chunk of 32 words; an address of 18 bits") };
        Self {
            clock: Signal::default(),
            scan_in: Signal::default(),
            chunks_last_in: Signal::default(),
            whole_in: Signal::default(),
            first_b_in: Signal::default(),
            second_b_in: Signal::default(),
            run_out: Signal::default(),
            b_out: Signal::default(),
            bank_out: Signal::default(),
            chunk_out: Signal::default(),
            place_out: Signal::default(),
            phase_out: Signal::default(),
            panel_end_out: Signal::default(),
            written_in: Signal::default(),
            pass_end_in: Signal::default(),
            hold_out: Signal::default(),
            phase: DFF::default(),
            run: DFF::default(),
            place: DFF::default(),
            chunk: DFF::default(),
            bank: DFF::default(),
            b: DFF::default(),
            ends: DFF::default(),
            next_chunk: DFF::default(),
            next_bank: DFF::default(),
            whole: DFF::default(),
            can: DFF::default(),
            taken: DFF::default(),
            filled: DFF::default(),
            pass_end: DFF::default(),
            hold: DFF::default(),
            last: Signal::default(),
            begins: Signal::default(),
            next_b: Signal::default(),
            next_ends: Signal::default(),
            begins_b: Signal::default(),
            begins_last: Signal::default(),
            room: Signal::default(),
            ring: Constant::new((1_u64 << (W - 5)).into()),
        }
    }
}

impl<const W: usize> Logic for Chunks<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, phase, run, place, chunk, bank, b, ends, next_chunk, next_bank, whole,
            can, taken, filled, pass_end, hold
        );

        // What comes next
        self.next_b.next = self.first_b_in.val();
        if self.next_bank.q.val().any() {
            self.next_b.next = self.second_b_in.val();
        }
        self.next_ends.next = self.next_chunk.q.val() == self.chunks_last_in.val();
        self.room.next = !(self.taken.q.val().any());
        if self.next_b.val() {
            self.room.next = self.taken.q.val() != self.ring.val();
        }
        self.can.d.next = self.scan_in.val() && self.whole.q.val().any() && self.room.val();

        // Position
        self.phase.d.next = self.phase.q.val() + bits::<2>(1);
        self.last.next = self.run.q.val() && self.phase.q.val().all() && self.place.q.val().all();
        self.begins.next = self.can.q.val()
            && self.phase.q.val().all()
            && (!self.run.q.val() || self.place.q.val().all());
        if self.run.q.val() && self.phase.q.val().all() {
            self.place.d.next = self.place.q.val() + bits::<7>(1);
        }
        if self.last.val() {
            self.run.d.next = false;
        }
        if self.begins.val() {
            self.run.d.next = true;
            self.chunk.d.next = self.next_chunk.q.val();
            self.bank.d.next = self.next_bank.q.val();
            self.b.d.next = self.next_b.val();
            self.ends.d.next = self.next_ends.val();
            self.next_chunk.d.next = self.next_chunk.q.val() + bits::<11>(1);
            if self.next_ends.val() {
                self.next_chunk.d.next = bits::<11>(0);
                self.next_bank.d.next = self.next_bank.q.val() + bits::<1>(1);
            }
        }

        // Panels of E whose last chunk is not begun
        self.begins_last.next = self.begins.val() && self.next_ends.val();
        if self.whole_in.val() && !self.begins_last.val() {
            self.whole.d.next = self.whole.q.val() + bits::<2>(1);
        }
        if !self.whole_in.val() && self.begins_last.val() {
            self.whole.d.next = self.whole.q.val() - bits::<2>(1);
        }

        // Ring
        self.pass_end.d.next = self.pass_end_in.val();
        self.begins_b.next = self.begins.val() && self.next_b.val();
        if self.begins_b.val() && !self.pass_end.q.val() {
            self.taken.d.next = self.taken.q.val() + bits::<10>(1);
        }
        if !self.begins_b.val() && self.pass_end.q.val() {
            self.taken.d.next = self.taken.q.val() - bits::<10>(1);
        }
        if self.written_in.val() && !self.pass_end.q.val() {
            self.filled.d.next = self.filled.q.val() + bits::<10>(1);
        }
        if !self.written_in.val() && self.pass_end.q.val() {
            self.filled.d.next = self.filled.q.val() - bits::<10>(1);
        }
        self.hold.d.next = !(self.filled.q.val().any())
            || (self.filled.q.val() == bits::<10>(1)
                && (self.pass_end_in.val() || self.pass_end.q.val()));

        // Rest
        if !self.scan_in.val() {
            self.phase.d.next = bits::<2>(0);
            self.run.d.next = false;
            self.place.d.next = bits::<7>(0);
            self.next_chunk.d.next = bits::<11>(0);
            self.next_bank.d.next = bits::<1>(0);
            self.whole.d.next = bits::<2>(0);
            self.taken.d.next = bits::<10>(0);
            self.filled.d.next = bits::<10>(0);
            self.pass_end.d.next = false;
            self.hold.d.next = false;
        }

        // Outputs
        self.run_out.next = self.run.q.val();
        self.b_out.next = self.b.q.val();
        self.bank_out.next = self.bank.q.val();
        self.chunk_out.next = self.chunk.q.val();
        self.place_out.next = self.place.q.val();
        self.phase_out.next = self.phase.q.val();
        self.panel_end_out.next = self.last.val() && self.ends.q.val();
        self.hold_out.next = self.hold.q.val();
    }
}
