//! When an interrupt tells the host of entries: at once, after so many, or after so long.
//!
//! ```text
//!   written_in, force_in ----->+---------------+---> interrupt_out
//!   enable, entries, time ====>| DmaInterrupts |<--- ready_in
//!   clear_in ----------------->+---------------+---> pending_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `written_in` | 1 | an entry is in host memory |
//! | `force_in` | 1 | interrupt at once |
//! | `clear_in` | 1 | nothing is pending |
//! | `enable_in`, `entries_in`, `time_in` | 1, 8, 16 | as [`INTERRUPT_MODERATION`](crate::dma_registers::INTERRUPT_MODERATION) and [`INTERRUPT_CONTROL`](crate::dma_registers::INTERRUPT_CONTROL) say |
//! | `ready_in` | 1 | the interrupt will be taken, if it comes in the next cycle |
//! | `interrupt_out` | 1 | interrupt: one cycle |
//! | `active_out` | 1 | one will come |
//! | `pending_out` | 1 | entries were written, or it was forced, and no interrupt came since |
//!
//! # Latency
//! From the entry that makes it due to `interrupt_out` three cycles; by time 16 `time_in` + 3.
//!
//! # Why
//! An interrupt costs a host microseconds. Whoever polls word 15 of the next entry needs none, and leaves them off.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct DmaInterrupts {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// An entry is in host memory.
    pub written_in: Signal<In, Bit>,
    /// Interrupt at once.
    pub force_in: Signal<In, Bit>,
    /// Nothing is pending.
    pub clear_in: Signal<In, Bit>,
    /// Interrupts come.
    pub enable_in: Signal<In, Bit>,
    /// So many entries are due at once; 0 counts as 1.
    pub entries_in: Signal<In, Bits<8>>,
    /// After so many times 16 cycles any are.
    pub time_in: Signal<In, Bits<16>>,
    /// It will be taken.
    pub ready_in: Signal<In, Bit>,
    /// Interrupt.
    pub interrupt_out: Signal<Out, Bit>,
    /// There is something that was not announced.
    pub pending_out: Signal<Out, Bit>,
    /// One will come.
    pub active_out: Signal<Out, Bit>,
    count: DFF<Bits<8>>,
    timer: DFF<Bits<20>>,
    forced: DFF<Bit>,
    due: DFF<Bit>,
    interrupt: DFF<Bit>,
    pending: Signal<Local, Bit>,
    fires: Signal<Local, Bit>,
}

impl Logic for DmaInterrupts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count, timer, forced, due, interrupt);
        self.pending.next = self.count.q.val().any() || self.forced.q.val();
        self.fires.next = self.due.q.val() && self.enable_in.val() && self.ready_in.val();
        self.due.d.next = self.pending.val()
            && !self.fires.val()
            && (self.forced.q.val()
                || (self.count.q.val() >= self.entries_in.val())
                || (self.timer.q.val().get_bits::<16>(4) >= self.time_in.val()));
        if self.pending.val() && !self.timer.q.val().all() {
            self.timer.d.next = self.timer.q.val() + bits::<20>(1);
        }
        if self.written_in.val() && !self.count.q.val().all() {
            self.count.d.next = self.count.q.val() + bits::<8>(1);
        }
        if self.force_in.val() {
            self.forced.d.next = true;
        }
        self.interrupt.d.next = self.fires.val();
        if self.fires.val() {
            self.timer.d.next = bits::<20>(0);
            self.forced.d.next = self.force_in.val();
            self.count.d.next = bits::<8>(0);
            if self.written_in.val() {
                self.count.d.next = bits::<8>(1);
            }
        }
        if self.clear_in.val() {
            self.timer.d.next = bits::<20>(0);
            self.forced.d.next = false;
            self.count.d.next = bits::<8>(0);
            self.due.d.next = false;
        }
        self.interrupt_out.next = self.interrupt.q.val();
        self.active_out.next =
            (self.pending.val() && self.enable_in.val()) || self.interrupt.q.val();
        self.pending_out.next = self.pending.val();
    }
}

#[cfg(test)]
mod tests;
