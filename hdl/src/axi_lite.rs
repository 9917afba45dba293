//! The memory-mapped window: an AXI4-Lite slave that carries out one access at a time.
//!
//! ```text
//!   AW, W, AR ==>+---------+---> request, write ==> address, data
//!   B, R <=======| AxiLite |<--- grant, answered <== answer
//!                |         |===> the same, to the link's own registers
//!                +---------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `awvalid_in`, `awaddr_in`, `awready_out` | 1, 22, 1 | AXI: where to write, in bytes; bits 1:0 do not matter |
//! | `wvalid_in`, `wdata_in`, `wstrb_in`, `wready_out` | 1, 32, 4, 1 | AXI: what; lost, if not all four bytes are to be written |
//! | `bvalid_out`, `bready_in` | 1 | AXI: it is written. The response is OKAY, always |
//! | `arvalid_in`, `araddr_in`, `arready_out` | 1, 22, 1 | AXI: where to read |
//! | `rvalid_out`, `rdata_out`, `rready_in` | 1, 32, 1 | AXI: the word. The response is OKAY, always |
//! | `request_out`, `write_out`, `address_out`, `data_out` | 1, 1, 20, 32 | an access to the [bus](crate::bus_arbiter); stands until `grant_in` |
//! | `answered_in`, `answer_in` | 1, 32 | the word that was read |
//! | `register_write_out` | 1 | write `data_out` to the link's register at the low bits of `address_out` |
//! | `register_answer_in` | 32 | the link's register there, [`REGISTER_LATENCY`] cycles behind its address |
//! | `reset_in` | 1 | forget what is in work |
//! | `active_out` | 1 | an access is in work |
//!
//! # Latency
//! From address and word to `bvalid_out` three cycles, if the bus is free, or if it is one of the link's registers; from
//! an address to `rvalid_out` of one of those [`REGISTER_LATENCY`] + 3, of a word on the bus three more than the bus takes.
//!
//! # Why
//! A processor's reads over PCIe wait for one another anyway. Address and word have a register each, so no path goes
//! through from one side to the other, and a bridge may bring them in any order.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Cycles from a register's address to its word.
pub const REGISTER_LATENCY: usize = 2;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct AxiLite {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Forget what is in work.
    pub reset_in: Signal<In, Bit>,
    // AXI: writes
    /// There is an address.
    pub awvalid_in: Signal<In, Bit>,
    /// It, in bytes.
    pub awaddr_in: Signal<In, Bits<22>>,
    /// It is taken.
    pub awready_out: Signal<Out, Bit>,
    /// There is a word.
    pub wvalid_in: Signal<In, Bit>,
    /// It.
    pub wdata_in: Signal<In, Bits<32>>,
    /// Its bytes that are to be written.
    pub wstrb_in: Signal<In, Bits<4>>,
    /// It is taken.
    pub wready_out: Signal<Out, Bit>,
    /// It is written.
    pub bvalid_out: Signal<Out, Bit>,
    /// That is known.
    pub bready_in: Signal<In, Bit>,
    // AXI: reads
    /// There is an address.
    pub arvalid_in: Signal<In, Bit>,
    /// It, in bytes.
    pub araddr_in: Signal<In, Bits<22>>,
    /// It is taken.
    pub arready_out: Signal<Out, Bit>,
    /// There is a word.
    pub rvalid_out: Signal<Out, Bit>,
    /// It.
    pub rdata_out: Signal<Out, Bits<32>>,
    /// It is taken.
    pub rready_in: Signal<In, Bit>,
    // Bus
    /// Access the bus.
    pub request_out: Signal<Out, Bit>,
    /// Write.
    pub write_out: Signal<Out, Bit>,
    /// Where.
    pub address_out: Signal<Out, Bits<20>>,
    /// The word to write.
    pub data_out: Signal<Out, Bits<32>>,
    /// The access is on its way.
    pub grant_in: Signal<In, Bit>,
    /// The word read is there.
    pub answered_in: Signal<In, Bit>,
    /// It.
    pub answer_in: Signal<In, Bits<32>>,
    // Registers of the link
    /// Write one.
    pub register_write_out: Signal<Out, Bit>,
    /// The word of one.
    pub register_answer_in: Signal<In, Bits<32>>,
    /// An access is in work.
    pub active_out: Signal<Out, Bit>,
    // State
    aw_full: DFF<Bit>,
    w_full: DFF<Bit>,
    ar_full: DFF<Bit>,
    write_address: DFF<Bits<20>>,
    write_word: DFF<Bits<32>>,
    whole: DFF<Bit>,
    read_address: DFF<Bits<20>>,
    /// An access is in work, on the bus or on a register.
    requests: DFF<Bit>,
    waits: DFF<Bit>,
    writes: DFF<Bit>,
    address: DFF<Bits<20>>,
    register_write: DFF<Bit>,
    register_reads: [DFF<Bit>; 3],
    b_valid: DFF<Bit>,
    r_valid: DFF<Bit>,
    r_data: DFF<Bits<32>>,
    // Wires
    idle: Signal<Local, Bit>,
    begins_write: Signal<Local, Bit>,
    begins_read: Signal<Local, Bit>,
    next: Signal<Local, Bits<20>>,
    is_register: Signal<Local, Bit>,
}

impl Logic for AxiLite {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            aw_full,
            w_full,
            ar_full,
            write_address,
            write_word,
            whole,
            read_address,
            requests,
            waits,
            writes,
            address,
            register_write,
            b_valid,
            r_valid,
            r_data
        );
        for s in 0..3 {
            self.register_reads[s].clock.next = self.clock.val();
            self.register_reads[s].d.next = false;
        }

        // What comes
        if self.awvalid_in.val() && !self.aw_full.q.val() {
            self.aw_full.d.next = true;
            self.write_address.d.next = self.awaddr_in.val().get_bits::<20>(2);
        }
        if self.wvalid_in.val() && !self.w_full.q.val() {
            self.w_full.d.next = true;
            self.write_word.d.next = self.wdata_in.val();
            self.whole.d.next = self.wstrb_in.val().all();
        }
        if self.arvalid_in.val() && !self.ar_full.q.val() {
            self.ar_full.d.next = true;
            self.read_address.d.next = self.araddr_in.val().get_bits::<20>(2);
        }

        // Begin: a write first
        self.idle.next = !self.requests.q.val()
            && !self.waits.q.val()
            && !self.b_valid.q.val()
            && !self.r_valid.q.val();
        self.begins_write.next = self.idle.val() && self.aw_full.q.val() && self.w_full.q.val();
        self.begins_read.next = self.idle.val() && self.ar_full.q.val() && !self.begins_write.val();
        self.next.next = self.read_address.q.val();
        if self.begins_write.val() {
            self.next.next = self.write_address.q.val();
        }
        // Words 1024 to 1087
        self.is_register.next = self.next.val().get_bits::<14>(6) == bits::<14>(16);
        self.register_write.d.next = false;
        if self.begins_write.val() {
            self.address.d.next = self.next.val();
            self.writes.d.next = true;
            self.b_valid.d.next = self.is_register.val() || !self.whole.q.val();
            self.register_write.d.next = self.is_register.val() && self.whole.q.val();
            self.requests.d.next = !self.is_register.val() && self.whole.q.val();
        }
        if self.begins_read.val() {
            self.address.d.next = self.next.val();
            self.writes.d.next = false;
            self.waits.d.next = true;
            self.requests.d.next = !self.is_register.val();
            self.register_reads[0].d.next = self.is_register.val();
        }

        // End
        for s in 1..3 {
            self.register_reads[s].d.next = self.register_reads[s - 1].q.val();
        }
        if self.requests.q.val() && self.grant_in.val() {
            self.requests.d.next = false;
            if self.writes.q.val() {
                self.b_valid.d.next = true;
            }
        }
        if self.waits.q.val() && self.register_reads[2].q.val() {
            self.waits.d.next = false;
            self.r_valid.d.next = true;
            self.r_data.d.next = self.register_answer_in.val();
        }
        if self.waits.q.val() && self.answered_in.val() {
            self.waits.d.next = false;
            self.r_valid.d.next = true;
            self.r_data.d.next = self.answer_in.val();
        }
        if self.b_valid.q.val() && self.bready_in.val() {
            self.b_valid.d.next = false;
            self.aw_full.d.next = false;
            self.w_full.d.next = false;
        }
        if self.r_valid.q.val() && self.rready_in.val() {
            self.r_valid.d.next = false;
            self.ar_full.d.next = false;
        }
        if self.reset_in.val() {
            self.aw_full.d.next = false;
            self.w_full.d.next = false;
            self.ar_full.d.next = false;
            self.requests.d.next = false;
            self.waits.d.next = false;
            self.b_valid.d.next = false;
            self.r_valid.d.next = false;
        }

        // Outputs
        self.awready_out.next = !self.aw_full.q.val();
        self.wready_out.next = !self.w_full.q.val();
        self.arready_out.next = !self.ar_full.q.val();
        self.bvalid_out.next = self.b_valid.q.val();
        self.rvalid_out.next = self.r_valid.q.val();
        self.rdata_out.next = self.r_data.q.val();
        self.request_out.next = self.requests.q.val();
        self.write_out.next = self.writes.q.val();
        self.address_out.next = self.address.q.val();
        self.data_out.next = self.write_word.q.val();
        self.active_out.next = self.aw_full.q.val() || self.w_full.q.val() || self.ar_full.q.val();
        self.register_write_out.next = self.register_write.q.val();
    }
}

#[cfg(test)]
mod tests;
