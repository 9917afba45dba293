//! A frame's bytes to the line: COBS and the zero at the end.
//!
//! ```text
//!  write, place, byte ==>+--------------+---> valid_out
//!  start_in ------------>| FrameEncoder |===> byte_out
//!  length_in ===========>|              |<--- ready_in
//!  busy_out <------------+--------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `place_in`, `byte_in` | 1, 9, 8 | put a byte of the frame, CRC included, at its place |
//! | `start_in`, `length_in` | 1, 9 | send this many bytes from place 0 on; only while `busy_out` is low |
//! | `busy_out` | 1 | a frame is being sent; its bytes must stand |
//! | `valid_out`, `byte_out`, `ready_in` | 1, 8, 1 | a byte is sent in each cycle in which both are high |
//!
//! # Latency
//! The code of a group comes [`GROUP_LATENCY`] cycles and one for each byte behind it after `start_in`
//! or after the last byte of the group before was taken: the group's end is looked for first. Of the
//! longest group, 254 bytes, it comes a cycle earlier. Bytes behind a code are three cycles apart
//! at least.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/frame_encoder.txt"), "```")]
//!
//! # Why
//! The code in front of a group says how long it is, so somebody must look ahead. The frame stands in
//! memory anyway until the line has taken it, and the line takes twenty cycles a byte or more, so
//! looking costs one cycle a byte and no second memory.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Cycles from `start_in`, or from the last byte of a group, to the code of the next group, besides one
/// for each byte behind the code.
pub const GROUP_LATENCY: usize = 4;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct FrameEncoder {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Put a byte.
    pub write_in: Signal<In, Bit>,
    /// Where.
    pub place_in: Signal<In, Bits<9>>,
    /// The byte.
    pub byte_in: Signal<In, Bits<8>>,
    /// Send.
    pub start_in: Signal<In, Bit>,
    /// How many.
    pub length_in: Signal<In, Bits<9>>,
    /// A frame is being sent.
    pub busy_out: Signal<Out, Bit>,
    /// A byte for the line.
    pub valid_out: Signal<Out, Bit>,
    /// The byte.
    pub byte_out: Signal<Out, Bits<8>>,
    /// It is taken.
    pub ready_in: Signal<In, Bit>,
    memory: RAM<Bits<8>, 9>,
    length: DFF<Bits<9>>,
    busy: DFF<Bit>,
    /// The memory's own output register, where block RAM has one.
    octet: DFF<Bits<8>>,
    // Looking for a zero: `place` is read, `looked[1]` is what comes of it now
    looking: DFF<Bit>,
    seen: [DFF<Bit>; 2],
    place: DFF<Bits<9>>,
    looked: [DFF<Bits<9>>; 2],
    code: DFF<Bits<8>>,
    next: DFF<Bits<9>>,
    at_end: DFF<Bit>,
    // Sending: the code, the group behind it, at last a zero
    first: DFF<Bits<9>>,
    sends_code: DFF<Bit>,
    fetches: [DFF<Bit>; 2],
    sends_byte: DFF<Bit>,
    sends_end: DFF<Bit>,
    left: DFF<Bits<8>>,
    group_end: Signal<Local, Bit>,
}

impl Logic for FrameEncoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, length, busy, octet, looking, place, code, next, at_end, first,
            sends_code, sends_byte, sends_end, left
        );
        for s in 0..2 {
            self.seen[s].clock.next = self.clock.val();
            self.looked[s].clock.next = self.clock.val();
            self.fetches[s].clock.next = self.clock.val();
            self.fetches[s].d.next = self.fetches[s].q.val();
        }
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();
        self.memory.write_enable.next = self.write_in.val();
        self.memory.write_address.next = self.place_in.val();
        self.memory.write_data.next = self.byte_in.val();
        self.memory.read_address.next = self.place.q.val();

        // Look from `first` on for the end of the group
        self.octet.d.next = self.memory.read_data.val();
        self.seen[0].d.next = self.looking.q.val();
        self.seen[1].d.next = self.seen[0].q.val();
        self.looked[0].d.next = self.place.q.val();
        self.looked[1].d.next = self.looked[0].q.val();
        if self.looking.q.val() {
            self.place.d.next = self.place.q.val() + bits::<9>(1);
        }
        if self.looking.q.val() && self.seen[1].q.val() {
            self.code.d.next = self.code.q.val() + bits::<8>(1);
            self.next.d.next = self.looked[0].q.val();
            self.at_end.d.next = false;
            if self.looked[1].q.val() == self.length.q.val() {
                self.at_end.d.next = true;
                self.code.d.next = self.code.q.val();
                self.looking.d.next = false;
                self.sends_code.d.next = true;
            } else if !(self.octet.q.val().any()) {
                self.code.d.next = self.code.q.val();
                self.looking.d.next = false;
                self.sends_code.d.next = true;
            } else if self.code.q.val() == bits::<8>(254) {
                self.looking.d.next = false;
                self.sends_code.d.next = true;
                // The longest group may end the frame.
                self.at_end.d.next = self.looked[0].q.val() == self.length.q.val();
            }
        }

        // Send it
        self.group_end.next = false;
        if self.sends_code.q.val() && self.ready_in.val() {
            self.sends_code.d.next = false;
            self.place.d.next = self.first.q.val();
            self.left.d.next = self.code.q.val() - bits::<8>(1);
            self.fetches[0].d.next = self.code.q.val() != bits::<8>(1);
            self.group_end.next = self.code.q.val() == bits::<8>(1);
        }
        if self.fetches[0].q.val() {
            self.fetches[0].d.next = false;
            self.fetches[1].d.next = true;
        }
        if self.fetches[1].q.val() {
            self.fetches[1].d.next = false;
            self.sends_byte.d.next = true;
        }
        if self.sends_byte.q.val() && self.ready_in.val() {
            self.sends_byte.d.next = false;
            self.place.d.next = self.place.q.val() + bits::<9>(1);
            self.left.d.next = self.left.q.val() - bits::<8>(1);
            self.fetches[0].d.next = self.left.q.val() != bits::<8>(1);
            self.group_end.next = self.left.q.val() == bits::<8>(1);
        }
        if self.sends_end.q.val() && self.ready_in.val() {
            self.sends_end.d.next = false;
            self.busy.d.next = false;
        }

        // The next group, or the end
        if self.group_end.val() {
            if self.at_end.q.val() {
                self.sends_end.d.next = true;
            } else {
                self.looking.d.next = true;
                self.seen[0].d.next = false;
                self.seen[1].d.next = false;
                self.code.d.next = bits::<8>(1);
                self.place.d.next = self.next.q.val();
                self.first.d.next = self.next.q.val();
            }
        }
        if self.start_in.val() && !self.busy.q.val() {
            self.busy.d.next = true;
            self.length.d.next = self.length_in.val();
            self.looking.d.next = true;
            self.seen[0].d.next = false;
            self.seen[1].d.next = false;
            self.code.d.next = bits::<8>(1);
            self.place.d.next = bits::<9>(0);
            self.first.d.next = bits::<9>(0);
        }

        // Outputs
        self.busy_out.next = self.busy.q.val();
        self.valid_out.next =
            self.sends_code.q.val() || self.sends_byte.q.val() || self.sends_end.q.val();
        self.byte_out.next = bits::<8>(0);
        if self.sends_code.q.val() {
            self.byte_out.next = self.code.q.val();
        }
        if self.sends_byte.q.val() {
            self.byte_out.next = self.octet.q.val();
        }
    }
}

#[cfg(test)]
mod tests;
