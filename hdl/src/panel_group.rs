//! The memory of a group of neighbouring panel lanes, and the wave of fetches that reads it.
//!
//! ```text
//!  write_enable, lane, address, data
//!                   |
//!              +----v-------+
//!  fetch_in -->| PanelGroup |===> word_out
//! address_in =>|            |===> address_out
//!              +------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_enable_in`, `write_lane_in`, `write_address_in`, `write_data_in` | 1, 2, R, 32 | write a word of a lane of the group |
//! | `fetch_in`, `address_in` | 1, R | the group's first lane is to have this word; the others have theirs from the same address, each a cycle behind the one before |
//! | `word_out` | 32 | the word of lane i, [`LATENCY`] + i cycles behind its `fetch_in` |
//! | `address_out` | R | for the next group, whose `fetch_in` comes as many cycles later as this group has lanes |
//!
//! Fetches come at least as many cycles apart as the group has lanes.
//!
//! # Latency
//! [`LATENCY`] cycles from `fetch_in` to the first lane's word.
//!
//! # Why
//! A lane needs a word every fourth cycle at most and its neighbour needs its own a cycle later: so four
//! lanes can read one memory, and never two in one cycle. The register of the address, that of the lane
//! and the memory's own output register stand around the memory, without logic between.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::shared_memory::SharedMemory;

/// Cycles from `fetch_in` to the word of the group's first lane.
pub const LATENCY: usize = 3;
/// Lanes of a group at most: a word has four steps.
pub const LANES_MAX: usize = 4;

/// Bits of a lane's address up to which lanes share a memory. A lane of more words fills block RAMs by
/// itself, and four of them would need multiplexers behind the block RAMs.
const SHARED_ADDRESS_BITS: usize = 8;

/// Lanes of a group, of a side's `lanes` with `address_bits` each.
pub const fn lanes(lanes: usize, address_bits: usize) -> usize {
    if address_bits > SHARED_ADDRESS_BITS {
        1
    } else if lanes < LANES_MAX {
        lanes
    } else {
        LANES_MAX
    }
}

/// See the module's documentation. R: bits of an address in a lane's part of the memory.
#[derive(LogicBlock)]
pub struct PanelGroup<const R: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Memory
    /// Write a word.
    pub write_enable_in: Signal<In, Bit>,
    /// Of this lane.
    pub write_lane_in: Signal<In, Bits<2>>,
    /// Where.
    pub write_address_in: Signal<In, Bits<R>>,
    /// Four operands.
    pub write_data_in: Signal<In, Bits<32>>,
    // Wave
    /// The first lane is to have a word.
    pub fetch_in: Signal<In, Bit>,
    /// Which one.
    pub address_in: Signal<In, Bits<R>>,
    /// To the next group.
    pub address_out: Signal<Out, Bits<R>>,
    // Words
    /// The words of the lanes, one behind the other.
    pub word_out: Signal<Out, Bits<32>>,
    memory: SharedMemory<2, R>,
    lane: DFF<Bits<2>>,
    address: DFF<Bits<R>>,
    /// The memory's own output register, where block RAM has one.
    read: DFF<Bits<32>>,
}

impl<const R: usize> PanelGroup<R> {
    /// A group of so many lanes: 1, 2 or [`LANES_MAX`].
    pub fn new(lanes: usize) -> Self {
        Self {
            clock: Signal::default(),
            write_enable_in: Signal::default(),
            write_lane_in: Signal::default(),
            write_address_in: Signal::default(),
            write_data_in: Signal::default(),
            fetch_in: Signal::default(),
            address_in: Signal::default(),
            address_out: Signal::default(),
            word_out: Signal::default(),
            memory: SharedMemory::new(lanes),
            lane: DFF::default(),
            address: DFF::default(),
            read: DFF::default(),
        }
    }
}

impl<const R: usize> Default for PanelGroup<R> {
    fn default() -> Self {
        Self::new(LANES_MAX)
    }
}

impl<const R: usize> Logic for PanelGroup<R> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, lane, address, read);
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();
        self.memory.write_enable_in.next = self.write_enable_in.val();
        self.memory.write_part_in.next = self.write_lane_in.val();
        self.memory.write_address_in.next = self.write_address_in.val();
        self.memory.write_data_in.next = self.write_data_in.val();

        // The first lane reads in the cycle behind its fetch, then the others
        self.lane.d.next = self.lane.q.val() + bits::<2>(1);
        if self.fetch_in.val() {
            self.lane.d.next = bits::<2>(0);
            self.address.d.next = self.address_in.val();
        }
        self.memory.read_part_in.next = self.lane.q.val();
        self.memory.read_address_in.next = self.address.q.val();
        self.read.d.next = self.memory.read_data_out.val();

        self.word_out.next = self.read.q.val();
        self.address_out.next = self.address.q.val();
    }
}

#[cfg(test)]
mod tests;
