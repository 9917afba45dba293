//! The panel memory of one side: N lanes in a row, and the window through which they are written.
//!
//! ```text
//!   write, address, data ==>+---------+-------------+
//!                           |         | lane 0      |=> operand_out[0]
//!   fetch, address ========>| group 0 | lane 1      |=> operand_out[1]
//!                           |         |  ..         |
//!                           +---------+-------------+
//!                           | group 1 | lane L      |=> operand_out[L]
//!                           |  ..     |  ..         |
//!   step, fetch, unsigned =>|         | lane N-1    |=> operand_out[N-1]
//!                           +---------+-------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `write_address_in`, `write_data_in` | 1, 18, 32 | write a word, steps 4n to 4n+3 of a lane, the first in the low byte: its place in the lane's memory in the low R bits, the lane above them |
//! | `step_in` | 1 | lane 0's operand of a step is due |
//! | `fetch_in`, `address_in` | 1, R | with `step_in`: the step is the first of this word |
//! | `unsigned_in` | 1 | with `step_in`: the operand is a u8, not an i8 |
//! | `operand_out[i]` | 9, signed | operand of lane i, skewed by i cycles; 0 when no step is due |
//!
//! Every word that is fetched is used up: fetches come four steps apart, and so at least four cycles.
//!
//! # Latency
//! [`LATENCY`] + i from `step_in` to the operand of lane i; [`write_latency`] until a written word is in
//! memory, for lane 0 [`WRITE_LATENCY`]. A fetch that comes so much behind a write finds its word, whatever the lane.
//!
//! # Why
//! The wave of steps runs from lane to lane, a hop a cycle, so operands come out skewed by themselves:
//! no triangle of delays, and nothing that reaches all lanes at once. A word holds four steps because
//! the host writes 32 bits and because 2,048 steps then fill one block RAM of 512 words. Lanes of fewer
//! words [share a memory](crate::panel_group). Writes pass one register before they fan out to all
//! groups, so the bus that writes sees one load; on a side of more than [`FLAT_LANES_MAX`] lanes they go
//! [from group to group](crate::panel_write), too.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::panel_group::{self, PanelGroup, lanes};
use crate::panel_lane::{self, PanelLane};
use crate::panel_write::{self, PanelWrite};

/// Cycles from `step_in` to the operand of lane 0.
pub const LATENCY: usize = panel_group::LATENCY + panel_lane::LATENCY;
/// Cycles from `write_in` until the word can be read in lane 0.
pub const WRITE_LATENCY: usize = 1;
/// Lanes of a side whose groups are all written at once. The sides of small parts, which have no flip-flops to spare.
pub const FLAT_LANES_MAX: usize = 8;

/// Cycles from `write_in` until the word can be read, of a lane of a side's `lanes` with `address_bits` each.
pub const fn write_latency(lanes: usize, address_bits: usize, lane: usize) -> usize {
    let group = lane / panel_group::lanes(lanes, address_bits);
    let hops = if lanes > FLAT_LANES_MAX { group.saturating_sub(1) } else { 0 };
    WRITE_LATENCY + hops * panel_write::LATENCY
}

/// Groups that are written at once.
const fn flat_groups(lanes: usize, address_bits: usize) -> usize {
    if lanes > FLAT_LANES_MAX { 1 } else { lanes / panel_group::lanes(lanes, address_bits) }
}

/// Hops of a write: one to each of the other groups.
const fn hops(lanes: usize, address_bits: usize) -> usize {
    lanes / panel_group::lanes(lanes, address_bits) - flat_groups(lanes, address_bits)
}

/// 1 if there are hops.
const fn first_hop(lanes: usize, address_bits: usize) -> usize {
    (hops(lanes, address_bits) > 0) as usize
}

/// See the module's documentation. `R` is the number of address bits of a lane's memory.
#[derive(LogicBlock)]
pub struct PanelMemory<const N: usize, const R: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Window
    /// Write a word.
    pub write_in: Signal<In, Bit>,
    /// Where.
    pub write_address_in: Signal<In, Bits<18>>,
    /// Four operands.
    pub write_data_in: Signal<In, Bits<32>>,
    // Wave
    /// An operand of lane 0 is due.
    pub step_in: Signal<In, Bit>,
    /// It is a word's first.
    pub fetch_in: Signal<In, Bit>,
    /// Which word.
    pub address_in: Signal<In, Bits<R>>,
    /// It is a u8.
    pub unsigned_in: Signal<In, Bit>,
    // Operands
    /// One a lane.
    pub operand_out: [Signal<Out, Signed<9>>; N],
    group: Vec<PanelGroup<R>>,
    lane: Vec<PanelLane>,
    // Writes
    selected: Vec<DFF<Bit>>,
    write_lane: DFF<Bits<2>>,
    address: DFF<Bits<R>>,
    data: DFF<Bits<32>>,
    /// The first lane of the group that is written to.
    first_lane: Signal<Local, Bits<4>>,
    number: Vec<Constant<Bits<4>>>,
    group_bits: Constant<Bits<4>>,
    lane_bits: Constant<Bits<2>>,
    /// To each group behind the first, on a long side. Hop 0 begins where the first group's registers do.
    hop: Vec<PanelWrite<R>>,
    // Wave: as it was 1, 2, 3 and so on cycles ago
    step: Vec<DFF<Bit>>,
    fetch: Vec<DFF<Bit>>,
    is_unsigned: Vec<DFF<Bit>>,
}

impl<const N: usize, const R: usize> Default for PanelMemory<N, R> {
    fn default() -> Self {
        const { assert!(R + 4 <= 18) };
        const { assert!(panel_group::LATENCY == 3, "stages of the wave in front of lane 0") };
        let lanes = lanes(N, R);
        let groups = N / lanes;
        let wave = || (0..N + 2).map(|_| DFF::default()).collect();
        Self {
            clock: Signal::default(),
            write_in: Signal::default(),
            write_address_in: Signal::default(),
            write_data_in: Signal::default(),
            step_in: Signal::default(),
            fetch_in: Signal::default(),
            address_in: Signal::default(),
            unsigned_in: Signal::default(),
            operand_out: array_init::array_init(|_| Signal::default()),
            group: (0..groups).map(|_| PanelGroup::new(lanes)).collect(),
            lane: (0..N).map(|_| PanelLane::default()).collect(),
            selected: (0..flat_groups(N, R)).map(|_| DFF::default()).collect(),
            write_lane: DFF::default(),
            address: DFF::default(),
            data: DFF::default(),
            first_lane: Signal::default(),
            number: (0..groups).map(|g| Constant::new(((g * lanes) as u64).into())).collect(),
            group_bits: Constant::new((16 - lanes as u64).into()),
            lane_bits: Constant::new((lanes as u64 - 1).into()),
            hop: (0..hops(N, R)).map(|_| PanelWrite::default()).collect(),
            step: wave(),
            fetch: wave(),
            is_unsigned: wave(),
        }
    }
}

impl<const N: usize, const R: usize> Logic for PanelMemory<N, R> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, write_lane, address, data);
        // Writes
        self.address.d.next = self.write_address_in.val().get_bits::<R>(0);
        self.data.d.next = self.write_data_in.val();
        for r in R..(R + 1) {
            self.first_lane.next =
                self.write_address_in.val().get_bits::<4>(r) & self.group_bits.val();
            self.write_lane.d.next =
                self.write_address_in.val().get_bits::<2>(r) & self.lane_bits.val();
        }

        // Wave
        for s in 0..(N + 2) {
            self.step[s].clock.next = self.clock.val();
            self.fetch[s].clock.next = self.clock.val();
            self.is_unsigned[s].clock.next = self.clock.val();
        }
        self.step[0].d.next = self.step_in.val();
        self.fetch[0].d.next = self.fetch_in.val();
        self.is_unsigned[0].d.next = self.unsigned_in.val();
        for s in 1..(N + 2) {
            self.step[s].d.next = self.step[s - 1].q.val();
            self.fetch[s].d.next = self.fetch[s - 1].q.val();
            self.is_unsigned[s].d.next = self.is_unsigned[s - 1].q.val();
        }

        // Groups, each as many cycles behind the one before as a group has lanes
        self.group[0].fetch_in.next = self.fetch_in.val();
        self.group[0].address_in.next = self.address_in.val();
        for l in lanes(N, R)..(lanes(N, R) + 1) {
            for g in 1..(N / lanes(N, R)) {
                self.group[g].fetch_in.next = self.fetch[g * l - 1].q.val();
                self.group[g].address_in.next = self.group[g - 1].address_out.val();
            }
        }
        for g in 0..flat_groups(N, R) {
            self.selected[g].clock.next = self.clock.val();
            self.selected[g].d.next =
                self.write_in.val() && self.first_lane.val() == self.number[g].val();
            self.group[g].clock.next = self.clock.val();
            self.group[g].write_enable_in.next = self.selected[g].q.val();
            self.group[g].write_lane_in.next = self.write_lane.q.val();
            self.group[g].write_address_in.next = self.address.q.val();
            self.group[g].write_data_in.next = self.data.q.val();
        }
        for h in 0..hops(N, R) {
            self.hop[h].clock.next = self.clock.val();
            self.hop[h].first_lane_in.next = self.number[h + 1].val();
            self.hop[h].group_mask_in.next = self.group_bits.val();
            self.hop[h].lane_mask_in.next = self.lane_bits.val();
            self.group[h + 1].clock.next = self.clock.val();
            self.group[h + 1].write_enable_in.next = self.hop[h].enable_out.val();
            self.group[h + 1].write_lane_in.next = self.hop[h].lane_out.val();
            self.group[h + 1].write_address_in.next = self.hop[h].address_out.val();
            self.group[h + 1].write_data_in.next = self.hop[h].data_out.val();
        }
        for h in 0..first_hop(N, R) {
            self.hop[h].write_in.next = self.write_in.val();
            self.hop[h].place_in.next = self.write_address_in.val();
            self.hop[h].data_in.next = self.write_data_in.val();
        }
        for h in 1..hops(N, R) {
            self.hop[h].write_in.next = self.hop[h - 1].write_out.val();
            self.hop[h].place_in.next = self.hop[h - 1].place_out.val();
            self.hop[h].data_in.next = self.hop[h - 1].data_out.val();
        }

        // Lanes
        for l in lanes(N, R)..(lanes(N, R) + 1) {
            for g in 0..(N / lanes(N, R)) {
                for i in 0..lanes(N, R) {
                    self.lane[g * l + i].word_in.next = self.group[g].word_out.val();
                }
            }
        }
        for i in 0..N {
            self.lane[i].clock.next = self.clock.val();
            self.lane[i].step_in.next = self.step[i + 2].q.val();
            self.lane[i].fetch_in.next = self.fetch[i + 2].q.val();
            self.lane[i].unsigned_in.next = self.is_unsigned[i + 2].q.val();
            self.operand_out[i].next = self.lane[i].operand_out.val();
        }
    }
}

#[cfg(test)]
mod tests;
