//! A 48-bit event counter in two halves, so that no carry chain is longer than 24 bits.
//!
//! # Latency
//! An event is in the low half from the next cycle on; a carry reaches the high half one cycle
//! later, so a reading taken in between two adjacent cycles may be short by 2^24. Read it when the
//! counted thing is idle, or twice.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Counts the cycles in which `event_in` is high.
#[derive(LogicBlock)]
pub struct Counter {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Count this cycle.
    pub event_in: Signal<In, Bit>,
    /// Low half.
    pub low_out: Signal<Out, Bits<24>>,
    /// High half.
    pub high_out: Signal<Out, Bits<24>>,
    low: DFF<Bits<24>>,
    high: DFF<Bits<24>>,
    carry: DFF<Bit>,
    one: Constant<Bits<24>>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            event_in: Signal::default(),
            low_out: Signal::default(),
            high_out: Signal::default(),
            low: DFF::default(),
            high: DFF::default(),
            carry: DFF::default(),
            one: Constant::new(1.into()),
        }
    }
}

impl Logic for Counter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, low, high, carry);
        self.carry.d.next = false;
        if self.event_in.val() {
            self.low.d.next = self.low.q.val() + self.one.val();
            self.carry.d.next = self.low.q.val().all();
        }
        if self.carry.q.val() {
            self.high.d.next = self.high.q.val() + self.one.val();
        }
        self.low_out.next = self.low.q.val();
        self.high_out.next = self.high.q.val();
    }
}

#[cfg(test)]
mod tests;
