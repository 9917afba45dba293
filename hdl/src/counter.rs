//! A 48-bit event counter in two halves of 24 bits, so that no carry chain is longer than that; each
//! is a word of its own.
//!
//! # Latency
//! An event is in the low half from the next cycle on; a carry reaches the high half one cycle
//! later, so a reading taken in between two adjacent cycles may be short by 2^24. Read it when the
//! counted thing is idle, or twice.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::zero_extend::ZeroExtend;

/// Counts the cycles in which `event_in` is high.
#[derive(LogicBlock, Default)]
pub struct Counter {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Count this cycle.
    pub event_in: Signal<In, Bit>,
    /// Low half.
    pub low_out: Signal<Out, Bits<32>>,
    /// High half.
    pub high_out: Signal<Out, Bits<32>>,
    low: DFF<Bits<24>>,
    high: DFF<Bits<24>>,
    carry: DFF<Bit>,
    low_word: ZeroExtend<24, 32>,
    high_word: ZeroExtend<24, 32>,
}

impl Logic for Counter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, low, high, carry);
        self.carry.d.next = false;
        if self.event_in.val() {
            self.low.d.next = self.low.q.val() + bits::<24>(1);
            self.carry.d.next = self.low.q.val().all();
        }
        if self.carry.q.val() {
            self.high.d.next = self.high.q.val() + bits::<24>(1);
        }
        self.low_word.data_in.next = self.low.q.val();
        self.high_word.data_in.next = self.high.q.val();
        self.low_out.next = self.low_word.data_out.val();
        self.high_out.next = self.high_word.data_out.val();
    }
}

#[cfg(test)]
mod tests;
