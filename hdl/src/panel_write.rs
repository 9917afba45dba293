//! A write into panel memory on its way along the groups of a long side, a hop a cycle.
//!
//! ```text
//!               +------------+---> enable_out
//!  write_in --->|            |===> lane_out, address_out
//!  place_in ===>| PanelWrite |===> data_out
//!  data_in  ===>|            |
//!               +------------+---> write_out, place_out, for the next group
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `place_in`, `data_in` | 1, 18, 32 | write a word: its address in the low R bits, the number of its lane in the four above |
//! | `first_lane_in`, `group_mask_in`, `lane_mask_in` | 4, 4, 2 | of the group: its first lane, and which bits of a lane's number say the group, and which the lane in it; they stand |
//! | `enable_out`, `lane_out`, `address_out` | 1, 2, R | the write, if it is the group's |
//! | `write_out`, `place_out` | 1, 18 | the write, for the next hop |
//! | `data_out` | 32 | its word, for both |
//!
//! # Latency
//! [`LATENCY`] cycle to all outputs.
//!
//! # Why
//! Block RAMs of sixteen lanes stand from one edge of a large part to the other, and a register in the middle takes
//! most of a cycle to either. Fetches go from lane to lane and so take a cycle for each lane of a group, so a write
//! never falls behind a fetch that came after it.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// Cycles from `write_in` to all outputs.
pub const LATENCY: usize = 1;

/// See the module's documentation. R: bits of an address in a lane.
#[derive(LogicBlock, Default)]
pub struct PanelWrite<const R: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Write
    /// Write a word.
    pub write_in: Signal<In, Bit>,
    /// Its place: lane and address.
    pub place_in: Signal<In, Bits<18>>,
    /// The word.
    pub data_in: Signal<In, Bits<32>>,
    // Group
    /// The number of its first lane.
    pub first_lane_in: Signal<In, Bits<4>>,
    /// The bits of a lane's number that say its group.
    pub group_mask_in: Signal<In, Bits<4>>,
    /// The bits of a lane's number that say which it is of its group.
    pub lane_mask_in: Signal<In, Bits<2>>,
    /// Write into the group.
    pub enable_out: Signal<Out, Bit>,
    /// Into this lane of it.
    pub lane_out: Signal<Out, Bits<2>>,
    /// At this address.
    pub address_out: Signal<Out, Bits<R>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    // Next hop
    /// Write a word.
    pub write_out: Signal<Out, Bit>,
    /// Its place: lane and address.
    pub place_out: Signal<Out, Bits<18>>,
    enable: DFF<Bit>,
    lane: DFF<Bits<2>>,
    data: DFF<Bits<32>>,
    write: DFF<Bit>,
    place: DFF<Bits<18>>,
}

impl<const R: usize> Logic for PanelWrite<R> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, enable, lane, data, write, place);
        self.write.d.next = self.write_in.val();
        self.place.d.next = self.place_in.val();
        self.data.d.next = self.data_in.val();
        for r in R..(R + 1) {
            self.enable.d.next = self.write_in.val()
                && (self.place_in.val().get_bits::<4>(r) & self.group_mask_in.val())
                    == self.first_lane_in.val();
            self.lane.d.next = self.place_in.val().get_bits::<2>(r) & self.lane_mask_in.val();
        }
        self.enable_out.next = self.enable.q.val();
        self.lane_out.next = self.lane.q.val();
        self.address_out.next = self.place.q.val().get_bits::<R>(0);
        self.data_out.next = self.data.q.val();
        self.write_out.next = self.write.q.val();
        self.place_out.next = self.place.q.val();
    }
}
