//! Writes host memory: an AXI4 write master that sends a burst when it has all of it.
//!
//! ```text
//!   open, word, end, address [2] ==>+------------+===> AW
//!                     granted[2] <--| HostWriter |===> W
//!               taken, done [2] <---|            |<=== B
//!                       clear_in -->+------------+---> error_out, idle_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `open_in[n]`, `granted_out[n]` | 1 | client n wants to put words, and may; 0 goes before 1. Nobody else may until its burst is taken |
//! | `word_valid_in[n]`, `word_in[n]` | 1, 32 | a word of its burst, at most 32; only while granted |
//! | `end_in[n]`, `address_in[n]` | 1, 64 | the burst is whole, and goes to this byte address, a multiple of 8; both stand until `taken_out[n]`. It must not cross 4 KiB |
//! | `taken_out[n]` | 1 | the burst is on its way; the client's next one can be put |
//! | `done_out[n]`, `error_out` | 1 | its response came; it was not OKAY |
//! | `clear_in` | 1 | drop words that are not on their way |
//! | `reset_in` | 1 | forget what is on its way: the other side has as well |
//! | `idle_out` | 1 | nothing is on its way |
//! | `event_out`, `whole_out` | 1 | a beat went; it had eight bytes, not four |
//! | `awvalid_out`, `awaddr_out`, `awlen_out`, `awready_in` | 1, 64, 8, 1 | AXI; the burst is INCR, its beats have 8 bytes, and all have one ID |
//! | `wvalid_out`, `wdata_out`, `wstrb_out`, `wlast_out`, `wready_in` | 1, 64, 8, 1, 1 | AXI; the upper four bytes of a burst's last beat may be left out |
//! | `bvalid_in`, `bresp_in`, `bready_out` | 1, 2, 1 | AXI |
//!
//! # Latency
//! From `taken_out` to `awvalid_out` one cycle, to the first `wvalid_out` three, then a beat a cycle.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/host_writer.txt"), "```")]
//!
//! # Why
//! Two banks: one is filled at the pace of the bus, the other one sent without a gap, so a slow source doesn't hold up
//! what others write, and a burst stays one packet on PCIe. One is on its way at a time. That costs a `READ` nothing,
//! since the bus takes 64 cycles for the words of a burst, as long as a response comes within 40.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct HostWriter {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop words.
    pub clear_in: Signal<In, Bit>,
    /// Forget what is on its way.
    pub reset_in: Signal<In, Bit>,
    // Clients
    /// Client n wants to put words.
    pub open_in: [Signal<In, Bit>; 2],
    /// It may.
    pub granted_out: [Signal<Out, Bit>; 2],
    /// A word is there.
    pub word_valid_in: [Signal<In, Bit>; 2],
    /// It.
    pub word_in: [Signal<In, Bits<32>>; 2],
    /// The burst is whole.
    pub end_in: [Signal<In, Bit>; 2],
    /// Where it goes, in bytes.
    pub address_in: [Signal<In, Bits<64>>; 2],
    /// It is on its way.
    pub taken_out: [Signal<Out, Bit>; 2],
    /// Its response came.
    pub done_out: [Signal<Out, Bit>; 2],
    /// It was not OKAY.
    pub error_out: Signal<Out, Bit>,
    /// Nothing is on its way.
    pub idle_out: Signal<Out, Bit>,
    /// A beat went.
    pub event_out: Signal<Out, Bit>,
    /// It had eight bytes.
    pub whole_out: Signal<Out, Bit>,
    // AXI
    /// There is an address.
    pub awvalid_out: Signal<Out, Bit>,
    /// It, in bytes.
    pub awaddr_out: Signal<Out, Bits<64>>,
    /// Beats of the burst, less one.
    pub awlen_out: Signal<Out, Bits<8>>,
    /// It is taken.
    pub awready_in: Signal<In, Bit>,
    /// There is a beat.
    pub wvalid_out: Signal<Out, Bit>,
    /// It.
    pub wdata_out: Signal<Out, Bits<64>>,
    /// Bytes of it that are written.
    pub wstrb_out: Signal<Out, Bits<8>>,
    /// It is the last one.
    pub wlast_out: Signal<Out, Bit>,
    /// It is taken.
    pub wready_in: Signal<In, Bit>,
    /// There is a response.
    pub bvalid_in: Signal<In, Bit>,
    /// It; 0 is OKAY.
    pub bresp_in: Signal<In, Bits<2>>,
    /// It is taken.
    pub bready_out: Signal<Out, Bit>,
    // State: the bank that is filled
    owned: [DFF<Bit>; 2],
    bank: DFF<Bits<1>>,
    filled: DFF<Bits<6>>,
    low: RAM<Bits<32>, 5>,
    high: RAM<Bits<32>, 5>,
    // State: the bank that is sent
    sends: DFF<Bit>,
    owner: DFF<Bit>,
    aw_valid: DFF<Bit>,
    aw_address: DFF<Bits<64>>,
    last: DFF<Bits<4>>,
    odd: DFF<Bit>,
    beat: DFF<Bits<4>>,
    reads: DFF<Bit>,
    fetched: DFF<Bit>,
    fetched_beat: DFF<Bits<4>>,
    fetched_last: DFF<Bit>,
    w_valid: DFF<Bit>,
    w_last: DFF<Bit>,
    w_data: DFF<Bits<64>>,
    // Wires
    puts: Signal<Local, Bit>,
    word: Signal<Local, Bits<32>>,
    takes: [Signal<Local, Bit>; 2],
    taken: Signal<Local, Bit>,
    target: Signal<Local, Bits<64>>,
    words_last: Signal<Local, Bits<6>>,
    moves: Signal<Local, Bit>,
    fetches: Signal<Local, Bit>,
    responds: Signal<Local, Bit>,
    write_place: Join<1, 4, 5>,
    read_place: Join<1, 4, 5>,
    joined: Join<32, 32, 64>,
    wide_length: ZeroExtend<4, 8>,
}

impl Logic for HostWriter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            bank,
            filled,
            sends,
            owner,
            aw_valid,
            aw_address,
            last,
            odd,
            beat,
            reads,
            fetched,
            fetched_beat,
            fetched_last,
            w_valid,
            w_last,
            w_data
        );
        for n in 0..2 {
            self.owned[n].clock.next = self.clock.val();
            self.owned[n].d.next = self.owned[n].q.val();
        }
        self.low.read_clock.next = self.clock.val();
        self.low.write_clock.next = self.clock.val();
        self.high.read_clock.next = self.clock.val();
        self.high.write_clock.next = self.clock.val();

        // Fill
        if !self.owned[0].q.val() && !self.owned[1].q.val() {
            self.owned[0].d.next = self.open_in[0].val();
            self.owned[1].d.next = self.open_in[1].val() && !self.open_in[0].val();
        }
        self.puts.next = (self.owned[0].q.val() && self.word_valid_in[0].val())
            || (self.owned[1].q.val() && self.word_valid_in[1].val());
        self.word.next = self.word_in[1].val();
        self.target.next = self.address_in[1].val();
        if self.owned[0].q.val() {
            self.word.next = self.word_in[0].val();
            self.target.next = self.address_in[0].val();
        }
        self.write_place.high_in.next = self.bank.q.val();
        self.write_place.low_in.next = self.filled.q.val().get_bits::<4>(1);
        self.low.write_enable.next = self.puts.val() && !self.filled.q.val().get_bit(0);
        self.low.write_address.next = self.write_place.joined_out.val();
        self.low.write_data.next = self.word.val();
        self.high.write_enable.next = self.puts.val() && self.filled.q.val().get_bit(0);
        self.high.write_address.next = self.write_place.joined_out.val();
        self.high.write_data.next = self.word.val();
        if self.puts.val() {
            self.filled.d.next = self.filled.q.val() + bits::<6>(1);
        }

        // Send
        for n in 0..2 {
            self.takes[n].next = self.owned[n].q.val()
                && self.end_in[n].val()
                && !self.sends.q.val()
                && !self.clear_in.val();
        }
        self.taken.next = self.takes[0].val() || self.takes[1].val();
        self.words_last.next = self.filled.q.val() - bits::<6>(1);
        self.moves.next = self.fetched.q.val() && (!self.w_valid.q.val() || self.wready_in.val());
        self.fetches.next = self.reads.q.val() && (!self.fetched.q.val() || self.moves.val());
        self.read_place.high_in.next = !self.bank.q.val();
        self.read_place.low_in.next = self.fetched_beat.q.val();
        if self.fetches.val() {
            self.read_place.low_in.next = self.beat.q.val();
        }
        self.low.read_address.next = self.read_place.joined_out.val();
        self.high.read_address.next = self.read_place.joined_out.val();
        self.joined.high_in.next = self.high.read_data.val();
        self.joined.low_in.next = self.low.read_data.val();
        self.responds.next = self.sends.q.val() && self.bvalid_in.val();
        if self.aw_valid.q.val() && self.awready_in.val() {
            self.aw_valid.d.next = false;
        }
        if self.w_valid.q.val() && self.wready_in.val() {
            self.w_valid.d.next = false;
        }
        if self.moves.val() {
            self.fetched.d.next = false;
            self.w_valid.d.next = true;
            self.w_last.d.next = self.fetched_last.q.val();
            self.w_data.d.next = self.joined.joined_out.val();
        }
        if self.fetches.val() {
            self.fetched.d.next = true;
            self.fetched_beat.d.next = self.beat.q.val();
            self.fetched_last.d.next = self.beat.q.val() == self.last.q.val();
            self.beat.d.next = self.beat.q.val() + bits::<4>(1);
            if self.beat.q.val() == self.last.q.val() {
                self.reads.d.next = false;
            }
        }
        if self.responds.val() {
            self.sends.d.next = false;
        }
        if self.taken.val() {
            self.owned[0].d.next = false;
            self.owned[1].d.next = false;
            self.bank.d.next = !self.bank.q.val();
            self.filled.d.next = bits::<6>(0);
            self.sends.d.next = true;
            self.owner.d.next = self.takes[1].val();
            self.aw_valid.d.next = true;
            self.aw_address.d.next = self.target.val();
            self.last.d.next = self.words_last.val().get_bits::<4>(1);
            self.odd.d.next = self.filled.q.val().get_bit(0);
            self.beat.d.next = bits::<4>(0);
            self.reads.d.next = true;
        }

        // Clear, reset
        if self.clear_in.val() {
            self.owned[0].d.next = false;
            self.owned[1].d.next = false;
            self.filled.d.next = bits::<6>(0);
        }
        if self.reset_in.val() {
            self.sends.d.next = false;
            self.aw_valid.d.next = false;
            self.reads.d.next = false;
            self.fetched.d.next = false;
            self.w_valid.d.next = false;
        }

        // Outputs
        for n in 0..2 {
            self.granted_out[n].next = self.owned[n].q.val();
            self.taken_out[n].next = self.takes[n].val();
        }
        self.done_out[0].next = self.responds.val() && !self.owner.q.val();
        self.done_out[1].next = self.responds.val() && self.owner.q.val();
        self.error_out.next = self.responds.val() && self.bresp_in.val().any();
        self.idle_out.next = !self.sends.q.val();
        self.event_out.next = self.w_valid.q.val() && self.wready_in.val();
        self.whole_out.next = !(self.w_last.q.val() && self.odd.q.val());
        self.awvalid_out.next = self.aw_valid.q.val();
        self.awaddr_out.next = self.aw_address.q.val();
        self.wide_length.data_in.next = self.last.q.val();
        self.awlen_out.next = self.wide_length.data_out.val();
        self.wvalid_out.next = self.w_valid.q.val();
        self.wdata_out.next = self.w_data.q.val();
        self.wstrb_out.next = bits::<8>(255);
        if self.w_last.q.val() && self.odd.q.val() {
            self.wstrb_out.next = bits::<8>(15);
        }
        self.wlast_out.next = self.w_last.q.val();
        self.bready_out.next = self.sends.q.val();
    }
}

#[cfg(test)]
mod tests;
