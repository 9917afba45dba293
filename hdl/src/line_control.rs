//! What there is to count on the serial link, at which rate it runs, and when it gives up on the host.
//!
//! ```text
//!   baud_write, watchdog_write, data ==>+-------------+===> baud_out
//!   good, bad, refused, error --------->| LineControl |---> reset_out
//!   byte_in, byte_out ----------------->|             |===> words of the link's registers
//!   quiet_in, outstanding_in =========> +-------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `baud_write_in`, `watchdog_write_in`, `data_in` | 1, 1, 32 | a register of the link is written |
//! | `good_in`, `bad_in`, `refused_in`, `error_in`, `byte_in_in`, `byte_out_in` | 1 | this happened; each is counted |
//! | `quiet_in` | 1 | nothing is being answered or sent: the rate may change |
//! | `outstanding_in` | 5 | descriptors outstanding |
//! | `baud_out` | 25 | the rate, in 2^-24 bits a cycle |
//! | `reset_out` | 1 | for one cycle: the host has been silent for too long, drop its work |
//! | `baud_word_out` | 32 | register |
//! | `event_out[n]` | 1 | to count |
//!
//! # Why
//! Falling back to the first rate takes no timer: a host that comes back at that rate is heard as
//! damage, and after [`FALLBACK_ERRORS`] of it in a row the device
//! listens at the first rate. A rate that works stays, however long the host says nothing.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::identity::Build;
use crate::registers::FALLBACK_ERRORS;
use crate::uart_tx::baud_increment;
use crate::zero_extend::ZeroExtend;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct LineControl {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Registers
    /// BAUD_SET is written.
    pub baud_write_in: Signal<In, Bit>,
    /// WATCHDOG is written.
    pub watchdog_write_in: Signal<In, Bit>,
    /// What is written.
    pub data_in: Signal<In, Bits<32>>,
    // Events: whole frames, damaged ones, refused ones, bytes without a stop bit, bytes in and out
    /// A whole frame.
    pub good_in: Signal<In, Bit>,
    /// A damaged frame.
    pub bad_in: Signal<In, Bit>,
    /// A request that is not carried out.
    pub refused_in: Signal<In, Bit>,
    /// A byte without a stop bit.
    pub error_in: Signal<In, Bit>,
    /// A byte received.
    pub byte_in_in: Signal<In, Bit>,
    /// A byte sent.
    pub byte_out_in: Signal<In, Bit>,
    // Status
    /// The rate may change.
    pub quiet_in: Signal<In, Bit>,
    /// Descriptors outstanding.
    pub outstanding_in: Signal<In, Bits<5>>,
    /// The rate.
    pub baud_out: Signal<Out, Bits<25>>,
    /// Drop the host's work.
    pub reset_out: Signal<Out, Bit>,
    // Words
    /// BAUD.
    pub baud_word_out: Signal<Out, Bits<32>>,
    /// What is to count, a cycle late: FRAMES_GOOD, FRAMES_BAD, FRAMES_REFUSED, LINE_ERRORS, BYTES_IN,
    /// BYTES_OUT.
    pub event_out: [Signal<Out, Bit>; 6],
    // State: rate
    /// What differs from the first rate, so that falling back clears it.
    baud: DFF<Bits<25>>,
    change: DFF<Bit>,
    /// It does now. Whether all is quiet is known late in a cycle.
    changes: DFF<Bit>,
    next_baud: DFF<Bits<25>>,
    errors: DFF<Bits<5>>,
    // State: watchdog
    limit: DFF<Bits<16>>,
    fraction: DFF<Bits<16>>,
    /// The fraction is its last one.
    wraps: DFF<Bit>,
    silence: DFF<Bits<16>>,
    /// One more, and the limit is reached.
    at_limit: DFF<Bit>,
    expired: DFF<Bit>,
    // Counters
    event: [DFF<Bit>; 6],
    // Wires and constants
    rate: Signal<Local, Bits<25>>,
    baud_word: ZeroExtend<25, 32>,
    silence_next: Signal<Local, Bits<16>>,
    first_baud: Constant<Bits<25>>,
    errors_last: Constant<Bits<5>>,
    last_but_one: Constant<Bits<16>>,
}

impl LineControl {
    /// The control of a build; a first rate that its clock can't make is the fastest that it can.
    pub fn new(build: Build) -> Self {
        let first = baud_increment(build.baud.into(), build.clock_hz.into());
        Self {
            clock: Signal::default(),
            baud_write_in: Signal::default(),
            watchdog_write_in: Signal::default(),
            data_in: Signal::default(),
            good_in: Signal::default(),
            bad_in: Signal::default(),
            refused_in: Signal::default(),
            error_in: Signal::default(),
            byte_in_in: Signal::default(),
            byte_out_in: Signal::default(),
            quiet_in: Signal::default(),
            outstanding_in: Signal::default(),
            baud_out: Signal::default(),
            reset_out: Signal::default(),
            baud_word_out: Signal::default(),
            event_out: array_init::array_init(|_| Signal::default()),
            baud: DFF::default(),
            change: DFF::default(),
            changes: DFF::default(),
            next_baud: DFF::default(),
            errors: DFF::default(),
            limit: DFF::default(),
            fraction: DFF::default(),
            wraps: DFF::default(),
            silence: DFF::default(),
            at_limit: DFF::default(),
            expired: DFF::default(),
            event: Default::default(),
            rate: Signal::default(),
            baud_word: ZeroExtend::default(),
            silence_next: Signal::default(),
            first_baud: Constant::new(u64::from(first.unwrap_or(1 << 23)).into()),
            errors_last: Constant::new(u64::from(FALLBACK_ERRORS - 1).into()),
            last_but_one: Constant::new(0xfffe.into()),
        }
    }
}

impl Default for LineControl {
    fn default() -> Self {
        Self::new(Build::default())
    }
}

impl Logic for LineControl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, baud, change, changes, next_baud, errors, limit, fraction, wraps, silence,
            at_limit, expired
        );

        // Rate
        self.rate.next = self.baud.q.val() ^ self.first_baud.val();
        self.changes.d.next = self.change.q.val() && self.quiet_in.val();
        if self.change.q.val() && self.quiet_in.val() {
            self.change.d.next = false;
        }
        if self.changes.q.val() {
            self.baud.d.next = self.next_baud.q.val();
        }
        if self.baud_write_in.val() {
            self.change.d.next = true;
            self.next_baud.d.next = self.data_in.val().get_bits::<25>(0) ^ self.first_baud.val();
        }
        if self.bad_in.val() || self.error_in.val() {
            self.errors.d.next = self.errors.q.val() + bits::<5>(1);
            if self.errors.q.val() == self.errors_last.val() {
                self.errors.d.next = bits::<5>(0);
                self.baud.d.next = bits::<25>(0);
                self.change.d.next = false;
                self.changes.d.next = false;
            }
        }
        if self.good_in.val() {
            self.errors.d.next = bits::<5>(0);
        }

        // Watchdog
        self.silence_next.next = self.silence.q.val() + bits::<16>(1);
        self.fraction.d.next = self.fraction.q.val() + bits::<16>(1);
        self.wraps.d.next = self.fraction.q.val() == self.last_but_one.val();
        self.at_limit.d.next = self.silence_next.val() == self.limit.q.val();
        self.expired.d.next = false;
        if self.wraps.q.val() {
            self.silence.d.next = self.silence_next.val();
            if self.at_limit.q.val() {
                self.silence.d.next = bits::<16>(0);
                self.expired.d.next = true;
            }
        }
        if self.watchdog_write_in.val() {
            self.limit.d.next = self.data_in.val().get_bits::<16>(0);
        }
        if self.good_in.val() || !(self.limit.q.val().any()) {
            self.fraction.d.next = bits::<16>(0);
            self.wraps.d.next = false;
            self.silence.d.next = bits::<16>(0);
            self.expired.d.next = false;
        }
        if self.expired.q.val() {
            self.baud.d.next = bits::<25>(0);
            self.change.d.next = false;
            self.changes.d.next = false;
        }

        // Counters
        self.event[0].d.next = self.good_in.val();
        self.event[1].d.next = self.bad_in.val();
        self.event[2].d.next = self.refused_in.val();
        self.event[3].d.next = self.error_in.val();
        self.event[4].d.next = self.byte_in_in.val();
        self.event[5].d.next = self.byte_out_in.val();
        for i in 0..6 {
            self.event[i].clock.next = self.clock.val();
            self.event_out[i].next = self.event[i].q.val();
        }

        // Outputs
        self.baud_out.next = self.rate.val();
        self.baud_word.data_in.next = self.rate.val();
        self.baud_word_out.next = self.baud_word.data_out.val();
        self.reset_out.next = self.expired.q.val() && self.outstanding_in.val().any();
    }
}

#[cfg(test)]
mod tests;
