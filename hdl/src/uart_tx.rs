//! UART transmitter: 8 data bits, no parity, one stop bit, any baud rate.
//!
//! ```text
//!                +--------+
//!   valid_in --->|        |---> ready_out
//!   data_in ====>| UartTx |---> line_out
//!   baud_in ====>|        |
//!                +--------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `baud_in` | 25 | bits a clock cycle, in 2^-24: [`baud_increment`] |
//! | `valid_in`, `ready_out` | 1 | a byte is taken in each cycle in which both are high |
//! | `data_in` | 8 | the byte |
//! | `line_out` | 1 | the line; 1 when idle |
//!
//! # Latency
//! The start bit is on the line in the cycle after the byte was taken. Every bit lasts the divider's
//! whole or next number of cycles, so that ten bits together are off by less than one cycle. The next
//! byte is taken when the stop bit has had its full length.
//!
//! # Why
//! A phase accumulator instead of a counter: 12 Mbaud from 100 MHz is 8.33 cycles a bit, and a counter
//! that rounds to 8 is off by 4 %, as much as a receiver bears.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// The increment for a baud rate at a clock, rounded; `None` if a bit would last less than two cycles.
pub const fn baud_increment(baud: u64, clock_hz: u64) -> Option<u32> {
    if clock_hz == 0 || baud == 0 || baud > clock_hz / 2 {
        return None;
    }
    Some((((baud << 24) + clock_hz / 2) / clock_hz) as u32)
}

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct UartTx {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Bits a cycle, in 2^-24.
    pub baud_in: Signal<In, Bits<25>>,
    /// A byte is there.
    pub valid_in: Signal<In, Bit>,
    /// The byte is taken.
    pub ready_out: Signal<Out, Bit>,
    /// The byte.
    pub data_in: Signal<In, Bits<8>>,
    /// The line.
    pub line_out: Signal<Out, Bit>,
    busy: DFF<Bit>,
    /// Start bit of the byte, or else a data bit; inverted, so that it powers up idle.
    low: DFF<Bit>,
    data: DFF<Bits<8>>,
    position: DFF<Bits<4>>,
    phase: DFF<Bits<25>>,
    sum: Signal<Local, Bits<25>>,
    ends: Signal<Local, Bit>,
    fraction: Constant<Bits<25>>,
    stop: Constant<Bits<8>>,
    phase_zero: Constant<Bits<25>>,
    bit_zero: Constant<Bits<4>>,
    bit_one: Constant<Bits<4>>,
    bit_stop: Constant<Bits<4>>,
}

impl Default for UartTx {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            baud_in: Signal::default(),
            valid_in: Signal::default(),
            ready_out: Signal::default(),
            data_in: Signal::default(),
            line_out: Signal::default(),
            busy: DFF::default(),
            low: DFF::default(),
            data: DFF::default(),
            position: DFF::default(),
            phase: DFF::default(),
            sum: Signal::default(),
            ends: Signal::default(),
            fraction: Constant::new(0xff_ffff.into()),
            stop: Constant::new(0x80.into()),
            phase_zero: Constant::new(0.into()),
            bit_zero: Constant::new(0.into()),
            bit_one: Constant::new(1.into()),
            bit_stop: Constant::new(9.into()),
        }
    }
}

impl Logic for UartTx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, busy, low, data, position, phase);
        self.sum.next = (self.phase.q.val() & self.fraction.val()) + self.baud_in.val();
        self.ends.next = false;
        if self.busy.q.val() {
            // The carry of the last sum: the bit ends with this cycle.
            if self.phase.q.val().get_bit(24) {
                self.position.d.next = self.position.q.val() + self.bit_one.val();
                self.low.d.next = !self.data.q.val().get_bit(0);
                self.data.d.next = (self.data.q.val() >> 1) | self.stop.val();
                if self.position.q.val() == self.bit_stop.val() {
                    self.ends.next = true;
                    self.busy.d.next = false;
                    self.low.d.next = false;
                }
            }
        }
        if self.valid_in.val() && !self.busy.q.val() {
            self.busy.d.next = true;
            self.low.d.next = true;
            self.data.d.next = self.data_in.val();
            self.position.d.next = self.bit_zero.val();
        }
        // A sum ahead of the bit, from the cycle on in which the byte is taken
        self.phase.d.next = self.phase_zero.val();
        if (self.valid_in.val() || self.busy.q.val()) && !self.ends.val() {
            self.phase.d.next = self.sum.val();
        }
        self.ready_out.next = !self.busy.q.val();
        self.line_out.next = !self.low.q.val();
    }
}

#[cfg(test)]
pub(crate) mod tests;
