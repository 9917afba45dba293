//! UART receiver: 8 data bits, no parity, one stop bit, any baud rate.
//!
//! ```text
//!                +--------+
//!   line_in ---->|        |---> valid_out
//!   baud_in ====>| UartRx |===> data_out
//!                |        |---> error_out
//!                +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `baud_in` | 25 | bits a clock cycle, in 2^-24: [`baud_increment`](crate::uart_tx::baud_increment) |
//! | `line_in` | 1 | the line, of any clock |
//! | `valid_out`, `data_out` | 1, 8 | for one cycle: a byte has come |
//! | `error_out` | 1 | for one cycle: a byte had no stop bit, and was dropped |
//!
//! # Latency
//! A byte comes in the middle of its stop bit, two cycles late for the synchroniser.
//!
//! # Why
//! Every bit is read once, in its middle, counted from the start bit's edge; a start bit that is gone
//! by its own middle was a glitch. After a byte without a stop bit the line must go high once before a
//! new start counts, so a broken line gives one error and not one a byte. The line is kept inverted
//! inside: registers power up as 0, which must mean idle.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct UartRx {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Bits a cycle, in 2^-24.
    pub baud_in: Signal<In, Bits<25>>,
    /// The line.
    pub line_in: Signal<In, Bit>,
    /// A byte has come.
    pub valid_out: Signal<Out, Bit>,
    /// The byte.
    pub data_out: Signal<Out, Bits<8>>,
    /// A byte had no stop bit.
    pub error_out: Signal<Out, Bit>,
    // Inverted line, synchronised
    first: DFF<Bit>,
    low: DFF<Bit>,
    // State
    busy: DFF<Bit>,
    stuck: DFF<Bit>,
    position: DFF<Bits<4>>,
    phase: DFF<Bits<25>>,
    data: DFF<Bits<8>>,
    valid: DFF<Bit>,
    error: DFF<Bit>,
    sum: Signal<Local, Bits<25>>,
    begins: Signal<Local, Bit>,
    goes_on: Signal<Local, Bit>,
    shifted: Signal<Local, Bits<8>>,
    fraction: Constant<Bits<25>>,
    half: Constant<Bits<25>>,
    top: Constant<Bits<8>>,
    bit_zero: Constant<Bits<4>>,
    bit_one: Constant<Bits<4>>,
    bit_stop: Constant<Bits<4>>,
}

impl Default for UartRx {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            baud_in: Signal::default(),
            line_in: Signal::default(),
            valid_out: Signal::default(),
            data_out: Signal::default(),
            error_out: Signal::default(),
            first: DFF::default(),
            low: DFF::default(),
            busy: DFF::default(),
            stuck: DFF::default(),
            position: DFF::default(),
            phase: DFF::default(),
            data: DFF::default(),
            valid: DFF::default(),
            error: DFF::default(),
            sum: Signal::default(),
            begins: Signal::default(),
            goes_on: Signal::default(),
            shifted: Signal::default(),
            fraction: Constant::new(0xff_ffff.into()),
            half: Constant::new(0x80_0000.into()),
            top: Constant::new(0x80.into()),
            bit_zero: Constant::new(0.into()),
            bit_one: Constant::new(1.into()),
            bit_stop: Constant::new(9.into()),
        }
    }
}

impl Logic for UartRx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, low, busy, stuck, position, phase, data, valid, error);
        self.first.d.next = !self.line_in.val();
        self.low.d.next = self.first.q.val();
        self.valid.d.next = false;
        self.error.d.next = false;
        self.sum.next = (self.phase.q.val() & self.fraction.val()) + self.baud_in.val();
        self.shifted.next = self.data.q.val() >> 1;
        self.begins.next = self.low.q.val() && !self.busy.q.val() && !self.stuck.q.val();
        self.goes_on.next = self.busy.q.val();
        if !self.low.q.val() {
            self.stuck.d.next = false;
        }
        if self.busy.q.val() {
            // The middle of a bit: the last sum had a carry
            if self.phase.q.val().get_bit(24) {
                self.position.d.next = self.position.q.val() + self.bit_one.val();
                if self.position.q.val() == self.bit_zero.val() {
                    self.busy.d.next = self.low.q.val();
                    self.goes_on.next = self.low.q.val();
                } else if self.position.q.val() == self.bit_stop.val() {
                    self.busy.d.next = false;
                    self.goes_on.next = false;
                    self.stuck.d.next = self.low.q.val();
                    self.error.d.next = self.low.q.val();
                    self.valid.d.next = !self.low.q.val();
                } else {
                    self.data.d.next = self.shifted.val();
                    if !self.low.q.val() {
                        self.data.d.next = self.shifted.val() | self.top.val();
                    }
                }
            }
        }
        if self.begins.val() {
            self.busy.d.next = true;
            self.position.d.next = self.bit_zero.val();
        }
        // A sum ahead of the bit, from half a bit on
        self.phase.d.next = self.half.val();
        if self.begins.val() || self.goes_on.val() {
            self.phase.d.next = self.sum.val();
        }
        self.valid_out.next = self.valid.q.val();
        self.data_out.next = self.data.q.val();
        self.error_out.next = self.error.q.val();
    }
}

#[cfg(test)]
mod tests;
