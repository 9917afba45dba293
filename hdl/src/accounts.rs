//! How many completions wait and how many banks are taken, and what the host frees of them.
//!
//! ```text
//!   pop, release, count ==>+----------+---> popped, count
//!   done_in, kept_in ----->| Accounts |---> underflow_out
//!   reset_in ------------->+----------+===> waiting_out, banks_full_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | nothing waits, no bank is taken |
//! | `done_in` | 1 | another completion waits |
//! | `kept_in` | 1 | with `done_in`: and another bank is taken |
//! | `pop_in`, `release_in`, `count_in` | 1, 1, 5 | the host frees completions, or banks; not in two cycles in a row |
//! | `popped_out`, `popped_count_out` | 1, 5 | there were as many completions as are popped, [`FREE_LATENCY`] cycle later |
//! | `underflow_out` | 1 | there were not; nothing was freed |
//! | `waiting_out` | 5 | completions that wait |
//! | `banks_full_out` | 1 | no bank is free |
//!
//! # Why
//! What is freed is first compared and then subtracted, so that no carry chain follows another. Nothing else takes
//! from the accounts, so what is enough in a cycle is enough in the next one.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::zero_extend::ZeroExtend;

/// Cycles from `pop_in` or `release_in` to the one that frees, or says that there were not so many. An acknowledgement
/// tells how many completions wait two cycles behind the word that it acknowledges: a pop among them must be done.
pub const FREE_LATENCY: usize = 1;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Accounts {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Nothing waits, no bank is taken.
    pub reset_in: Signal<In, Bit>,
    /// Another completion waits.
    pub done_in: Signal<In, Bit>,
    /// Another bank is taken.
    pub kept_in: Signal<In, Bit>,
    /// Free completions.
    pub pop_in: Signal<In, Bit>,
    /// Free banks.
    pub release_in: Signal<In, Bit>,
    /// How many.
    pub count_in: Signal<In, Bits<5>>,
    /// Completions are freed.
    pub popped_out: Signal<Out, Bit>,
    /// How many.
    pub popped_count_out: Signal<Out, Bits<5>>,
    /// There were not so many.
    pub underflow_out: Signal<Out, Bit>,
    /// Completions that wait.
    pub waiting_out: Signal<Out, Bits<5>>,
    /// No bank is free.
    pub banks_full_out: Signal<Out, Bit>,
    waiting: DFF<Bits<5>>,
    banks: DFF<Bits<2>>,
    pops: DFF<Bit>,
    releases: DFF<Bit>,
    count: DFF<Bits<5>>,
    underflow: DFF<Bit>,
    enough: Signal<Local, Bit>,
    enough_banks: Signal<Local, Bit>,
    waiting_left: Signal<Local, Bits<5>>,
    banks_left: Signal<Local, Bits<2>>,
    banks_wide: ZeroExtend<2, 5>,
}

impl Logic for Accounts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, waiting, banks, pops, releases, count, underflow);
        self.enough.next = self.count_in.val() <= self.waiting.q.val();
        self.banks_wide.data_in.next = self.banks.q.val();
        self.enough_banks.next = self.count_in.val() <= self.banks_wide.data_out.val();
        self.pops.d.next = self.pop_in.val() && self.enough.val();
        self.releases.d.next = self.release_in.val() && self.enough_banks.val();
        self.count.d.next = self.count_in.val();
        self.underflow.d.next = (self.pop_in.val() && !self.enough.val())
            || (self.release_in.val() && !self.enough_banks.val());
        self.waiting_left.next = self.waiting.q.val();
        if self.pops.q.val() {
            self.waiting_left.next = self.waiting.q.val() - self.count.q.val();
        }
        self.banks_left.next = self.banks.q.val();
        if self.releases.q.val() {
            self.banks_left.next = self.banks.q.val() - self.count.q.val().get_bits::<2>(0);
        }
        self.waiting.d.next = self.waiting_left.val();
        self.banks.d.next = self.banks_left.val();
        if self.done_in.val() {
            self.waiting.d.next = self.waiting_left.val() + bits::<5>(1);
            if self.kept_in.val() {
                self.banks.d.next = self.banks_left.val() + bits::<2>(1);
            }
        }
        if self.reset_in.val() {
            self.waiting.d.next = bits::<5>(0);
            self.banks.d.next = bits::<2>(0);
            self.pops.d.next = false;
            self.releases.d.next = false;
        }
        self.popped_out.next = self.pops.q.val();
        self.popped_count_out.next = self.count.q.val();
        self.underflow_out.next = self.underflow.q.val();
        self.waiting_out.next = self.waiting.q.val();
        self.banks_full_out.next = self.banks.q.val().get_bit(1);
    }
}

#[cfg(test)]
mod tests;
