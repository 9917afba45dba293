//! One lane of panel memory: holds operands four steps a word, and gives one a cycle to its row or
//! column of the grid.
//!
//! ```text
//!  write_enable, address, data
//!                   |
//!              +----v------+
//!  fetch_in -->|           |--> fetch_out
//!  address_in =>|           |=> address_out
//!  step_in  -->| PanelLane |--> step_out
//! unsigned_in->|           |--> unsigned_out
//!              +----+------+
//!                   v
//!              operand_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_enable_in`, `write_address_in`, `write_data_in` | 1, A, 32 | write a word: steps 4n to 4n+3, the first in the low byte |
//! | `step_in` | 1 | the lane's operand of a step is due |
//! | `fetch_in`, `address_in` | 1, A | with `step_in`: the step is the first of this word |
//! | `unsigned_in` | 1 | with `step_in`: the operand is a u8, not an i8 |
//! | `step_out`, `fetch_out`, `address_out`, `unsigned_out` | 1, 1, A, 1 | the same, one cycle later, for the next lane |
//! | `operand_out` | 9, signed | the operand; 0 when no step is due |
//!
//! # Latency
//! [`LATENCY`] cycles from `step_in` to `operand_out`.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/panel_lane.txt"), "```")]
//!
//! # Why
//! The wave of steps runs from lane to lane, a hop a cycle, so operands come out skewed by themselves:
//! no triangle of delays, and nothing that reaches all lanes at once. A word holds four steps because
//! the host writes 32 bits and because 2,048 steps then fill one block RAM of 512 words. A pair of zeros
//! changes no sum, so the zero between steps is the array's gap.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::operand::Operand;

/// Cycles from `step_in` to `operand_out`.
pub const LATENCY: usize = 4;

/// See the module's documentation. `A` is the number of address bits.
#[derive(LogicBlock)]
pub struct PanelLane<const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    // Memory
    /// Write a word.
    pub write_enable_in: Signal<In, Bit>,
    /// Where.
    pub write_address_in: Signal<In, Bits<A>>,
    /// Four operands.
    pub write_data_in: Signal<In, Bits<32>>,
    // Wave
    /// An operand is due.
    pub step_in: Signal<In, Bit>,
    /// It is a word's first.
    pub fetch_in: Signal<In, Bit>,
    /// Which word.
    pub address_in: Signal<In, Bits<A>>,
    /// To the next lane.
    pub step_out: Signal<Out, Bit>,
    /// To the next lane.
    pub fetch_out: Signal<Out, Bit>,
    /// To the next lane.
    pub address_out: Signal<Out, Bits<A>>,
    /// It is a u8.
    pub unsigned_in: Signal<In, Bit>,
    /// To the next lane.
    pub unsigned_out: Signal<Out, Bit>,
    // Operand
    /// The operand.
    pub operand_out: Signal<Out, Signed<9>>,
    memory: RAM<Bits<32>, A>,
    step: [DFF<Bit>; 3],
    unsigned: [DFF<Bit>; 3],
    fetch: [DFF<Bit>; 2],
    address: DFF<Bits<A>>,
    /// The memory's own output register, where block RAM has one.
    read: DFF<Bits<32>>,
    word: DFF<Bits<32>>,
    widen: Operand,
    operand: DFF<Signed<9>>,
    no_operand: Constant<Signed<9>>,
}

impl<const A: usize> Default for PanelLane<A> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            write_enable_in: Signal::default(),
            write_address_in: Signal::default(),
            write_data_in: Signal::default(),
            step_in: Signal::default(),
            fetch_in: Signal::default(),
            address_in: Signal::default(),
            step_out: Signal::default(),
            fetch_out: Signal::default(),
            address_out: Signal::default(),
            unsigned_in: Signal::default(),
            unsigned_out: Signal::default(),
            operand_out: Signal::default(),
            memory: RAM::default(),
            step: array_init::array_init(|_| DFF::default()),
            unsigned: array_init::array_init(|_| DFF::default()),
            fetch: Default::default(),
            address: DFF::default(),
            read: DFF::default(),
            word: DFF::default(),
            widen: Operand::default(),
            operand: DFF::default(),
            no_operand: Constant::new(Signed::default()),
        }
    }
}

impl<const A: usize> Logic for PanelLane<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, address, read, word, operand);
        for s in 0..3 {
            self.step[s].clock.next = self.clock.val();
            self.unsigned[s].clock.next = self.clock.val();
        }
        self.fetch[0].clock.next = self.clock.val();
        self.fetch[1].clock.next = self.clock.val();
        self.memory.read_clock.next = self.clock.val();
        self.memory.write_clock.next = self.clock.val();

        // Memory
        self.memory.write_enable.next = self.write_enable_in.val();
        self.memory.write_address.next = self.write_address_in.val();
        self.memory.write_data.next = self.write_data_in.val();
        self.memory.read_address.next = self.address_in.val();

        // Wave
        self.step[0].d.next = self.step_in.val();
        self.step[1].d.next = self.step[0].q.val();
        self.step[2].d.next = self.step[1].q.val();
        self.unsigned[0].d.next = self.unsigned_in.val();
        self.unsigned[1].d.next = self.unsigned[0].q.val();
        self.unsigned[2].d.next = self.unsigned[1].q.val();
        self.fetch[0].d.next = self.fetch_in.val();
        self.fetch[1].d.next = self.fetch[0].q.val();
        self.address.d.next = self.address_in.val();
        self.step_out.next = self.step[0].q.val();
        self.fetch_out.next = self.fetch[0].q.val();
        self.address_out.next = self.address.q.val();
        self.unsigned_out.next = self.unsigned[0].q.val();

        // Word: loaded behind the memory, moved on by a byte a step
        self.read.d.next = self.memory.read_data.val();
        if self.step[2].q.val() {
            self.word.d.next = self.word.q.val() >> 8;
        }
        if self.fetch[1].q.val() {
            self.word.d.next = self.read.q.val();
        }
        self.widen.byte_in.next = self.word.q.val().get_bits::<8>(0);
        self.widen.unsigned_in.next = self.unsigned[2].q.val();
        self.operand.d.next = self.no_operand.val();
        if self.step[2].q.val() {
            self.operand.d.next = self.widen.operand_out.val();
        }
        self.operand_out.next = self.operand.q.val();
    }
}

#[cfg(test)]
mod tests;
