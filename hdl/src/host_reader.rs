//! Reads host memory: an AXI4 read master with room for what it has asked for.
//!
//! ```text
//!   request, address, length ==>+------------+===> AR
//!   command_in ---------------->|            |<=== R
//!   grant_out <-----------------| HostReader |===> beats of commands
//!   clear_in ------------------>|            |===> beats: valid, beat, error
//!   idle_out <------------------+------------+<--- take_in
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `request_in`, `address_in`, `length_in`, `command_in` | 1, 64, 4, 1 | read `length_in` + 1 beats of 8 bytes from this byte address on, a multiple of 8; they are of a command. The burst must not cross 4 KiB |
//! | `grant_out` | 1 | this cycle's request is taken |
//! | `command_valid_out`, `command_beat_out`, `command_error_out` | 1, 64, 1 | a beat of a command, in order, and its response was not OKAY; nobody waits |
//! | `valid_out`, `beat_out`, `error_out`, `take_in` | 1, 64, 1, 1 | the oldest other beat; it goes when it is taken |
//! | `clear_in` | 1 | drop beats, those in flight included, if it stands until `idle_out` |
//! | `reset_in` | 1 | forget what is in flight: the other side has as well |
//! | `idle_out` | 1 | nothing is in flight |
//! | `event_out` | 1 | a beat came |
//! | `arvalid_out`, `araddr_out`, `arlen_out`, `arready_in` | 1, 64, 8, 1 | AXI; the burst is INCR, its beats have 8 bytes, and all have one ID |
//! | `rvalid_in`, `rdata_in`, `rresp_in`, `rlast_in`, `rready_out` | 1, 64, 2, 1, 1 | AXI; `rready_out` is always high |
//!
//! # Latency
//! From a grant to `arvalid_out` one cycle; from a beat on AXI to `command_valid_out` one, to `valid_out` four.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/host_reader.txt"), "```")]
//!
//! # Why
//! A read over PCIe takes a microsecond, so [`READS_IN_FLIGHT`] are under way, and their beats have a place before they
//! are asked for: 64 beats of memory, counted when a burst is granted. So nothing ever waits on the side of AXI, and a
//! stalled bus can't stand in the way of somebody else's answer.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::dma_registers::READS_IN_FLIGHT;
use crate::zero_extend::ZeroExtend;

// As many bursts of 16 beats as there is room for.
const _: () = assert!(READS_IN_FLIGHT * 16 == 64);

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct HostReader {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop beats.
    pub clear_in: Signal<In, Bit>,
    /// Forget what is in flight.
    pub reset_in: Signal<In, Bit>,
    // Requests
    /// Read.
    pub request_in: Signal<In, Bit>,
    /// From here on, in bytes.
    pub address_in: Signal<In, Bits<64>>,
    /// So many beats, and one.
    pub length_in: Signal<In, Bits<4>>,
    /// Of a command.
    pub command_in: Signal<In, Bit>,
    /// It is taken.
    pub grant_out: Signal<Out, Bit>,
    // Beats
    /// There is a beat of a command.
    pub command_valid_out: Signal<Out, Bit>,
    /// It.
    pub command_beat_out: Signal<Out, Bits<64>>,
    /// Its response was not OKAY.
    pub command_error_out: Signal<Out, Bit>,
    /// There is another beat.
    pub valid_out: Signal<Out, Bit>,
    /// It.
    pub beat_out: Signal<Out, Bits<64>>,
    /// Its response was not OKAY.
    pub error_out: Signal<Out, Bit>,
    /// It is taken.
    pub take_in: Signal<In, Bit>,
    /// Nothing is in flight.
    pub idle_out: Signal<Out, Bit>,
    /// A beat came.
    pub event_out: Signal<Out, Bit>,
    // AXI
    /// There is an address.
    pub arvalid_out: Signal<Out, Bit>,
    /// It, in bytes.
    pub araddr_out: Signal<Out, Bits<64>>,
    /// Beats of the burst, less one.
    pub arlen_out: Signal<Out, Bits<8>>,
    /// It is taken.
    pub arready_in: Signal<In, Bit>,
    /// There is a beat.
    pub rvalid_in: Signal<In, Bit>,
    /// It.
    pub rdata_in: Signal<In, Bits<64>>,
    /// Its response; 0 is OKAY.
    pub rresp_in: Signal<In, Bits<2>>,
    /// It is the burst's last one.
    pub rlast_in: Signal<In, Bit>,
    /// It is taken.
    pub rready_out: Signal<Out, Bit>,
    // State: requests
    ar_valid: DFF<Bit>,
    ar_address: DFF<Bits<64>>,
    ar_length: DFF<Bits<4>>,
    in_flight: DFF<Bits<3>>,
    /// Which of those in flight are of commands, the oldest first.
    kinds: DFF<Bits<4>>,
    /// Places that are taken by beats, or that beats in flight will take.
    used: DFF<Bits<7>>,
    // State: beats
    r_valid: DFF<Bit>,
    r_beat: DFF<Bits<64>>,
    r_error: DFF<Bit>,
    r_last: DFF<Bit>,
    beats: RAM<Bits<64>, 6>,
    written: DFF<Bits<7>>,
    read: DFF<Bits<7>>,
    fetched: DFF<Bit>,
    valid: DFF<Bit>,
    beat: DFF<Bits<64>>,
    error: DFF<Bit>,
    /// The first beat with an error, and which one that is.
    failed: DFF<Bit>,
    failed_beat: DFF<Bits<7>>,
    fetched_beat: DFF<Bits<7>>,
    // Wires
    ended: Signal<Local, Bit>,
    granted: Signal<Local, Bit>,
    left: Signal<Local, Bits<3>>,
    shifted: Signal<Local, Bits<4>>,
    place: Signal<Local, Bits<4>>,
    need: Signal<Local, Bits<7>>,
    puts: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,
    fetches: Signal<Local, Bit>,
    length: ZeroExtend<4, 7>,
    wide_length: ZeroExtend<4, 8>,
}

impl Logic for HostReader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            ar_valid,
            ar_address,
            ar_length,
            in_flight,
            kinds,
            used,
            r_valid,
            r_beat,
            r_error,
            r_last,
            written,
            read,
            fetched,
            valid,
            beat,
            error,
            failed,
            failed_beat,
            fetched_beat
        );
        self.beats.read_clock.next = self.clock.val();
        self.beats.write_clock.next = self.clock.val();

        // A burst ends
        self.r_valid.d.next = self.rvalid_in.val();
        self.r_beat.d.next = self.rdata_in.val();
        self.r_error.d.next = self.rresp_in.val().any();
        self.r_last.d.next = self.rlast_in.val();
        self.ended.next =
            self.r_valid.q.val() && self.r_last.q.val() && self.in_flight.q.val().any();
        self.left.next = self.in_flight.q.val();
        self.shifted.next = self.kinds.q.val();
        if self.ended.val() {
            self.left.next = self.in_flight.q.val() - bits::<3>(1);
            self.shifted.next = self.kinds.q.val() >> 1;
        }

        // Another one begins
        self.granted.next = self.request_in.val()
            && !self.clear_in.val()
            && !self.ar_valid.q.val()
            && !self.in_flight.q.val().get_bit(2)
            && (self.command_in.val() || self.used.q.val() <= bits::<7>(48));
        self.place.next = bits::<4>(1);
        if self.left.val() == bits::<3>(1) {
            self.place.next = bits::<4>(2);
        }
        if self.left.val() == bits::<3>(2) {
            self.place.next = bits::<4>(4);
        }
        if self.left.val() == bits::<3>(3) {
            self.place.next = bits::<4>(8);
        }
        self.in_flight.d.next = self.left.val();
        self.kinds.d.next = self.shifted.val();
        self.length.data_in.next = self.length_in.val();
        self.need.next = bits::<7>(0);
        if self.granted.val() {
            self.ar_valid.d.next = true;
            self.ar_address.d.next = self.address_in.val();
            self.ar_length.d.next = self.length_in.val();
            self.in_flight.d.next = self.left.val() + bits::<3>(1);
            if self.command_in.val() {
                self.kinds.d.next = self.shifted.val() | self.place.val();
            } else {
                self.need.next = self.length.data_out.val() + bits::<7>(1);
            }
        }
        if self.ar_valid.q.val() && self.arready_in.val() {
            self.ar_valid.d.next = false;
        }

        // Beats into memory
        self.puts.next = self.r_valid.q.val() && !self.kinds.q.val().get_bit(0);
        self.beats.write_enable.next = self.puts.val();
        self.beats.write_address.next = self.written.q.val().get_bits::<6>(0);
        self.beats.write_data.next = self.r_beat.q.val();
        if self.puts.val() {
            self.written.d.next = self.written.q.val() + bits::<7>(1);
            if self.r_error.q.val() && !self.failed.q.val() {
                self.failed.d.next = true;
                self.failed_beat.d.next = self.written.q.val();
            }
        }

        // And out of it: read, then into a register
        self.moves.next = self.fetched.q.val() && (!self.valid.q.val() || self.take_in.val());
        self.fetches.next = (self.written.q.val() != self.read.q.val())
            && (!self.fetched.q.val() || self.moves.val());
        self.beats.read_address.next = self.fetched_beat.q.val().get_bits::<6>(0);
        if self.fetches.val() {
            self.beats.read_address.next = self.read.q.val().get_bits::<6>(0);
        }
        if self.take_in.val() {
            self.valid.d.next = false;
        }
        if self.moves.val() {
            self.fetched.d.next = false;
            self.valid.d.next = true;
            self.beat.d.next = self.beats.read_data.val();
            self.error.d.next =
                self.failed.q.val() && (self.failed_beat.q.val() == self.fetched_beat.q.val());
        }
        if self.fetches.val() {
            self.fetched.d.next = true;
            self.fetched_beat.d.next = self.read.q.val();
            self.read.d.next = self.read.q.val() + bits::<7>(1);
        }
        self.used.d.next = self.used.q.val() + self.need.val();
        if self.take_in.val() && self.valid.q.val() {
            self.used.d.next = self.used.q.val() + self.need.val() - bits::<7>(1);
        }

        // Clear, reset
        if self.clear_in.val() {
            self.written.d.next = bits::<7>(0);
            self.read.d.next = bits::<7>(0);
            self.used.d.next = bits::<7>(0);
            self.fetched.d.next = false;
            self.valid.d.next = false;
            self.failed.d.next = false;
        }
        if self.reset_in.val() {
            self.ar_valid.d.next = false;
            self.in_flight.d.next = bits::<3>(0);
            self.kinds.d.next = bits::<4>(0);
            self.r_valid.d.next = false;
        }

        // Outputs
        self.grant_out.next = self.granted.val();
        self.command_valid_out.next = self.r_valid.q.val() && self.kinds.q.val().get_bit(0);
        self.command_beat_out.next = self.r_beat.q.val();
        self.command_error_out.next = self.r_error.q.val();
        self.valid_out.next = self.valid.q.val();
        self.beat_out.next = self.beat.q.val();
        self.error_out.next = self.error.q.val();
        self.idle_out.next = !(self.in_flight.q.val().any());
        self.event_out.next = self.r_valid.q.val();
        self.arvalid_out.next = self.ar_valid.q.val();
        self.araddr_out.next = self.ar_address.q.val();
        self.wide_length.data_in.next = self.ar_length.q.val();
        self.arlen_out.next = self.wide_length.data_out.val();
        self.rready_out.next = true;
    }
}

#[cfg(test)]
mod tests;
