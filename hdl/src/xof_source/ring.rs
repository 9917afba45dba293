//! Counts the chunks in panel memory: those whose place is taken, and those that are whole.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `scan_in` | 1 | a scan runs |
//! | `growing_in` | 1 | low: no chunks |
//! | `begins_in` | 1 | the first batch of a chunk begins |
//! | `whole_in` | 1 | the last words of a chunk are written |
//! | `pass_end_in` | 1 | the last step of a chunk is taken; two or more cycles apart |
//! | `full_out` | 1 | there is no place for a chunk; a cycle behind `begins_in`, two behind `pass_end_in` |
//! | `hold_out` | 1 | no chunk is whole; a cycle behind `pass_end_in`, two behind `whole_in` |
//!
//! # Why
//! `pass_end_in` comes late in a cycle: so it is counted from a register, and on its way to `hold_out` it passes the
//! last gate only.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation. W: bits of a word's address in a panel lane; a chunk has 16 words.
#[derive(LogicBlock)]
pub struct Ring<const W: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// A scan runs.
    pub scan_in: Signal<In, Bit>,
    /// It has its seed.
    pub growing_in: Signal<In, Bit>,
    /// A chunk begins.
    pub begins_in: Signal<In, Bit>,
    /// A chunk is written.
    pub whole_in: Signal<In, Bit>,
    /// A chunk is read.
    pub pass_end_in: Signal<In, Bit>,
    /// No chunk can begin.
    pub full_out: Signal<Out, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    passed: DFF<Bit>,
    used: DFF<Bits<W>>,
    filled: DFF<Bits<W>>,
    used_change: Signal<Local, Bits<W>>,
    filled_change: Signal<Local, Bits<W>>,
    hold: DFF<Bit>,
    chunks: Constant<Bits<W>>,
    none: Constant<Bits<W>>,
    one: Constant<Bits<W>>,
    minus_one: Constant<Bits<W>>,
}

impl<const W: usize> Default for Ring<W> {
    fn default() -> Self {
        const { assert!(W >= 5 && W <= 14, "a ring of two chunks or more, and addresses of 18 bits") };
        Self {
            clock: Signal::default(),
            scan_in: Signal::default(),
            growing_in: Signal::default(),
            begins_in: Signal::default(),
            whole_in: Signal::default(),
            pass_end_in: Signal::default(),
            full_out: Signal::default(),
            hold_out: Signal::default(),
            passed: DFF::default(),
            used: DFF::default(),
            filled: DFF::default(),
            used_change: Signal::default(),
            filled_change: Signal::default(),
            hold: DFF::default(),
            chunks: Constant::new((1 << (W - 4)).into()),
            none: Constant::new(0.into()),
            one: Constant::new(1.into()),
            minus_one: Constant::new(((1 << W) - 1).into()),
        }
    }
}

impl<const W: usize> Logic for Ring<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, passed, used, filled, hold);
        self.passed.d.next = self.pass_end_in.val();
        self.used_change.next = self.none.val();
        self.filled_change.next = self.none.val();
        if self.passed.q.val() {
            self.used_change.next = self.minus_one.val();
            self.filled_change.next = self.minus_one.val();
        }
        if self.begins_in.val() {
            self.used_change.next = self.one.val();
            if self.passed.q.val() {
                self.used_change.next = self.none.val();
            }
        }
        if self.whole_in.val() {
            self.filled_change.next = self.one.val();
            if self.passed.q.val() {
                self.filled_change.next = self.none.val();
            }
        }
        self.used.d.next = self.used.q.val() + self.used_change.val();
        self.filled.d.next = self.filled.q.val() + self.filled_change.val();
        if !self.growing_in.val() {
            self.used.d.next = self.none.val();
            self.filled.d.next = self.none.val();
        }

        // One of the last two cycles may have had a chunk's end, which is not counted yet.
        self.hold.d.next = self.scan_in.val()
            && ((self.filled.q.val() == self.none.val())
                || ((self.filled.q.val() == self.one.val())
                    && (self.passed.q.val() || self.pass_end_in.val())));

        self.full_out.next = self.used.q.val() == self.chunks.val();
        self.hold_out.next = self.hold.q.val();
    }
}
