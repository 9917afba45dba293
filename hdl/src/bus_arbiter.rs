//! Who is on the accelerator's bus: the window, the completion engine, the command engine.
//!
//! ```text
//!   request, write, address, data [3] ==>+------------+===> bus: write, address, data
//!                         grant[3] <-----| BusArbiter |<=== bus: data
//!               answered[3], answer <====|            |---> reset_out
//!                                        +------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `request_in[n]`, `write_in[n]`, `address_in[n]`, `data_in[n]` | 1, 1, 20, 32 | client n wants to read or write a word |
//! | `grant_out[n]` | 1 | this cycle's request is taken; 0, the window, goes before 1, the completion engine, and that before 2, the command engine |
//! | `answered_out[n]`, `answer_out` | 1, 32 | the word that client n read, in the order of its requests |
//! | `bus_write_out`, `bus_address_out`, `bus_data_out`, `bus_data_in` | 1, 20, 32, 32 | the bus of the [`accelerator`](crate::accelerator) |
//! | `reset_out` | 1 | RESET is written: completions are gone. Client 1 gets nothing in this cycle |
//!
//! # Latency
//! A word is on the bus two cycles behind its grant; `answered_out` comes [`ANSWER_LATENCY`] cycles behind one. Writes
//! can be granted in every cycle, and nothing in the cycle behind the grant of a read.
//!
//! # Why
//! The one before is never busy for long: the window has an access in flight at most and the completion engine
//! fifteen an entry. So a fixed order starves nobody, and the stream of panel words has all that is left.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::accelerator::{ADDRESS_CYCLES, READ_LATENCY};

/// Cycles from the grant of a read to its answer.
pub const ANSWER_LATENCY: usize = READ_LATENCY + 1;

// An address stands for one cycle more, and no other latency is built.
const _: () = assert!(ADDRESS_CYCLES == 2);

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct BusArbiter {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Client n wants the bus.
    pub request_in: [Signal<In, Bit>; 3],
    /// To write.
    pub write_in: [Signal<In, Bit>; 3],
    /// Where.
    pub address_in: [Signal<In, Bits<20>>; 3],
    /// What.
    pub data_in: [Signal<In, Bits<32>>; 3],
    /// It is taken.
    pub grant_out: [Signal<Out, Bit>; 3],
    /// The word that client n read is there.
    pub answered_out: [Signal<Out, Bit>; 3],
    /// It.
    pub answer_out: Signal<Out, Bits<32>>,
    /// Write the next cycle's word.
    pub bus_write_out: Signal<Out, Bit>,
    /// Where.
    pub bus_address_out: Signal<Out, Bits<20>>,
    /// The word.
    pub bus_data_out: Signal<Out, Bits<32>>,
    /// The word read.
    pub bus_data_in: Signal<In, Bits<32>>,
    /// RESET is written.
    pub reset_out: Signal<Out, Bit>,
    write: DFF<Bit>,
    address: DFF<Bits<20>>,
    word: DFF<Bits<32>>,
    /// The same, a cycle behind its address.
    late_word: DFF<Bits<32>>,
    /// A read's address stands for another cycle.
    holds: DFF<Bit>,
    /// Whose reads are on their way.
    reads: [DFF<Bits<3>>; ANSWER_LATENCY],
    resets: Signal<Local, Bit>,
    grants: [Signal<Local, Bit>; 3],
}

impl Logic for BusArbiter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, write, address, word, late_word, holds);
        for s in 0..6 {
            self.reads[s].clock.next = self.clock.val();
        }
        self.resets.next = self.write.q.val() && self.address.q.val() == bits::<20>(40);
        self.grants[0].next = self.request_in[0].val() && !self.holds.q.val();
        self.grants[1].next = self.request_in[1].val()
            && !self.request_in[0].val()
            && !self.holds.q.val()
            && !self.resets.val();
        self.grants[2].next = self.request_in[2].val()
            && !self.request_in[1].val()
            && !self.request_in[0].val()
            && !self.holds.q.val();
        self.write.d.next = false;
        self.holds.d.next = false;
        self.reads[0].d.next = bits::<3>(0);
        if self.grants[0].val() {
            self.write.d.next = self.write_in[0].val();
            self.address.d.next = self.address_in[0].val();
            self.word.d.next = self.data_in[0].val();
            self.holds.d.next = !self.write_in[0].val();
            if !self.write_in[0].val() {
                self.reads[0].d.next = bits::<3>(1);
            }
        }
        if self.grants[1].val() {
            self.write.d.next = self.write_in[1].val();
            self.address.d.next = self.address_in[1].val();
            self.word.d.next = self.data_in[1].val();
            self.holds.d.next = !self.write_in[1].val();
            if !self.write_in[1].val() {
                self.reads[0].d.next = bits::<3>(2);
            }
        }
        if self.grants[2].val() {
            self.write.d.next = self.write_in[2].val();
            self.address.d.next = self.address_in[2].val();
            self.word.d.next = self.data_in[2].val();
            self.holds.d.next = !self.write_in[2].val();
            if !self.write_in[2].val() {
                self.reads[0].d.next = bits::<3>(4);
            }
        }
        self.late_word.d.next = self.word.q.val();
        for s in 1..6 {
            self.reads[s].d.next = self.reads[s - 1].q.val();
        }

        // Outputs
        for n in 0..3 {
            self.grant_out[n].next = self.grants[n].val();
        }
        self.answered_out[0].next = self.reads[5].q.val().get_bit(0);
        self.answered_out[1].next = self.reads[5].q.val().get_bit(1);
        self.answered_out[2].next = self.reads[5].q.val().get_bit(2);
        self.answer_out.next = self.bus_data_in.val();
        self.bus_write_out.next = self.write.q.val();
        self.bus_address_out.next = self.address.q.val();
        self.bus_data_out.next = self.late_word.q.val();
        self.reset_out.next = self.resets.val();
    }
}

// Literals, since rust-hdl takes nothing else there: stages of `reads`, and the address of RESET.
const _: () = assert!(ANSWER_LATENCY == 6);
const _: () = assert!(crate::registers::RESET == 40);
