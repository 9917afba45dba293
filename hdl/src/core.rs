//! The core: sequencer, operand gate, skews and array, as one block that takes operands step by step.
//!
//! ```text
//!                    +---------------------------------+
//!  valid, shape ---->| Sequencer --start, token--> .    |----> ready, busy, counters
//!                    |                             v    |
//!  a[i] ============>| gate ==> Skew =========> [     ] |====> fold word
//!  b[j] ============>| gate ==> Skew =========> [Array] |====> results
//!                    +---------------------------------+
//! ```
//!
//! # Ports
//! Those of the [sequencer](crate::sequencer) but for its waves, and:
//!
//! | port | bits | meaning |
//! |---|---|---|
//! | `a_in[i]`, `b_in[j]` | 9, signed | operands of a step: row i of the slot, column j of the slot |
//! | `fold_valid_out`, `fold_out` | 1, 32 | one fold word a whole chunk |
//! | `result_valid_out[j]`, `result_out[j]` | 1, 32 | results of column j in the order of addresses |
//!
//! Address n of column j is row n mod P of slot n / P; slot s covers rows from
//! P (s / (16/Q)) on and columns from Q (s mod (16/Q)) on ([`Geometry::place`]).
//!
//! # Latency
//! The last step of a chunk in cycle t:
//!
//! | output | cycle |
//! |---|---|
//! | result of row i, column j of the last chunk's slot | t + [`RESULT_LATENCY`] + 2i + j |
//! | fold word, if the slot is the chunk's last | t + [`FOLD_LATENCY`] + 2(P-1) + (Q-1) |
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/core.txt"), "```")]
//!
//! # Why
//! Nothing in here waits: a source that always has a step gets full MAC cycles without a gap, over
//! chunks, slots and tiles, because draining costs the array no cycle.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::array::Array;
use crate::counter::Counter;
use crate::fold;
use crate::geometry::Geometry;
use crate::head;
use crate::pe::PeState;
use crate::sequencer::{Sequencer, token_latency};
use crate::skew::Skew;

/// Cycles from a step to its operands at row 0 and column 0 of the grid: the gate.
pub const OPERAND_LATENCY: usize = 1;
/// Cycles from the last step of a chunk to its result at row 0, column 0.
pub const RESULT_LATENCY: usize = 1 + token_latency(OPERAND_LATENCY) + head::RESULT_LATENCY;
/// Cycles from the last step of a chunk to its fold word, on a 1 x 1 array.
pub const FOLD_LATENCY: usize = 1 + token_latency(OPERAND_LATENCY) + 1 + fold::LATENCY;

/// See the module's documentation. `A` is [`Geometry::address_bits`]; any other does not compile:
///
/// ```
/// let core = gemmine_hdl::core::Core::<2, 2, 7>::default();
/// ```
///
/// ```compile_fail
/// let core = gemmine_hdl::core::Core::<2, 2, 6>::default();
/// ```
#[derive(LogicBlock)]
pub struct Core<const P: usize, const Q: usize, const A: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Steps
    /// The operands of a step are there.
    pub valid_in: Signal<In, Bit>,
    /// The step is taken.
    pub ready_out: Signal<Out, Bit>,
    /// Operands of A'.
    pub a_in: [Signal<In, Signed<9>>; P],
    /// Operands of B'.
    pub b_in: [Signal<In, Signed<9>>; Q],
    // Shape of the tile
    /// Steps of a chunk, less one.
    pub chunk_last_in: Signal<In, Bits<10>>,
    /// Whole chunks, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    /// A shorter chunk ends the tile.
    pub tail_in: Signal<In, Bit>,
    /// Its steps, less one.
    pub tail_last_in: Signal<In, Bits<10>>,
    // Results
    /// A fold word is on `fold_out`.
    pub fold_valid_out: Signal<Out, Bit>,
    /// Fold word of a whole chunk.
    pub fold_out: Signal<Out, Bits<32>>,
    /// A result is on `result_out` of the column.
    pub result_valid_out: [Signal<Out, Bit>; Q],
    /// Results, two's complement.
    pub result_out: [Signal<Out, Bits<32>>; Q],
    // Counters
    /// Work is in the array.
    pub busy_out: Signal<Out, Bit>,
    /// Busy cycles, low half.
    pub cycles_low_out: Signal<Out, Bits<32>>,
    /// Busy cycles, high half.
    pub cycles_high_out: Signal<Out, Bits<32>>,
    /// Steps, low half.
    pub mac_cycles_low_out: Signal<Out, Bits<32>>,
    /// Steps, high half.
    pub mac_cycles_high_out: Signal<Out, Bits<32>>,
    /// Cycles with every PE at work, low half.
    pub full_mac_cycles_low_out: Signal<Out, Bits<32>>,
    /// Cycles with every PE at work, high half.
    pub full_mac_cycles_high_out: Signal<Out, Bits<32>>,
    sequencer: Sequencer<P, Q, A, OPERAND_LATENCY>,
    cycles: Counter,
    mac_cycles: Counter,
    full_mac_cycles: Counter,
    a_gate: [DFF<Signed<9>>; P],
    b_gate: [DFF<Signed<9>>; Q],
    a_skew: Skew<P>,
    b_skew: Skew<Q>,
    array: Array<P, Q, A>,
    no_operand: Constant<Signed<9>>,
}

impl<const P: usize, const Q: usize, const A: usize> Default for Core<P, Q, A> {
    fn default() -> Self {
        const { assert!(Geometry::new(P, Q).address_bits() == A) };
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            valid_in: Signal::default(),
            ready_out: Signal::default(),
            a_in: array_init::array_init(|_| Signal::default()),
            b_in: array_init::array_init(|_| Signal::default()),
            chunk_last_in: Signal::default(),
            chunks_last_in: Signal::default(),
            tail_in: Signal::default(),
            tail_last_in: Signal::default(),
            fold_valid_out: Signal::default(),
            fold_out: Signal::default(),
            result_valid_out: array_init::array_init(|_| Signal::default()),
            result_out: array_init::array_init(|_| Signal::default()),
            busy_out: Signal::default(),
            cycles_low_out: Signal::default(),
            cycles_high_out: Signal::default(),
            mac_cycles_low_out: Signal::default(),
            mac_cycles_high_out: Signal::default(),
            full_mac_cycles_low_out: Signal::default(),
            full_mac_cycles_high_out: Signal::default(),
            sequencer: Sequencer::default(),
            cycles: Counter::default(),
            mac_cycles: Counter::default(),
            full_mac_cycles: Counter::default(),
            a_gate: array_init::array_init(|_| DFF::default()),
            b_gate: array_init::array_init(|_| DFF::default()),
            a_skew: Skew::default(),
            b_skew: Skew::default(),
            array: Array::default(),
            no_operand: Constant::new(Signed::default()),
        }
    }
}

impl<const P: usize, const Q: usize, const A: usize> Logic for Core<P, Q, A> {
    #[hdl_gen]
    fn update(&mut self) {
        self.sequencer.clock.next = self.clock.val();
        self.cycles.clock.next = self.clock.val();
        self.mac_cycles.clock.next = self.clock.val();
        self.full_mac_cycles.clock.next = self.clock.val();
        self.a_skew.clock.next = self.clock.val();
        self.b_skew.clock.next = self.clock.val();
        self.array.clock.next = self.clock.val();

        // Sequencer
        self.sequencer.reset_in.next = self.reset_in.val();
        self.sequencer.valid_in.next = self.valid_in.val();
        self.sequencer.hold_in.next = false;
        self.sequencer.chunk_last_in.next = self.chunk_last_in.val();
        self.sequencer.chunks_last_in.next = self.chunks_last_in.val();
        self.sequencer.tail_in.next = self.tail_in.val();
        self.sequencer.tail_last_in.next = self.tail_last_in.val();

        // Operands: zeros when no step is taken, since a pair of zeros changes no sum
        for i in 0..P {
            self.a_gate[i].clock.next = self.clock.val();
            self.a_gate[i].d.next = self.no_operand.val();
            if self.sequencer.step_out.val() {
                self.a_gate[i].d.next = self.a_in[i].val();
            }
            self.a_skew.lane_in[i].next = self.a_gate[i].q.val();
            self.array.a_in[i].next = self.a_skew.lane_out[i].val();
        }
        for j in 0..Q {
            self.b_gate[j].clock.next = self.clock.val();
            self.b_gate[j].d.next = self.no_operand.val();
            if self.sequencer.step_out.val() {
                self.b_gate[j].d.next = self.b_in[j].val();
            }
            self.b_skew.lane_in[j].next = self.b_gate[j].q.val();
            self.array.b_in[j].next = self.b_skew.lane_out[j].val();
        }

        // Waves
        self.array.start_in.next = self.sequencer.start_out.val();
        self.array.take_in.next = self.sequencer.take_out.val();
        self.array.address_in.next = self.sequencer.address_out.val();
        self.array.first_in.next = self.sequencer.first_out.val();
        self.array.last_in.next = self.sequencer.last_out.val();
        self.array.tail_in.next = self.sequencer.tail_out.val();
        for j in 0..Q {
            self.result_valid_out[j].next = self.array.result_valid_out[j].val();
        }
        for m in 0..(Q / 2) {
            self.result_out[2 * m].next = self.array.result_out[m].val();
            self.result_out[2 * m + 1].next = self.array.result_out[m].val();
        }

        // Outputs
        self.ready_out.next = self.sequencer.ready_out.val();
        self.fold_valid_out.next = self.array.fold_valid_out.val();
        self.fold_out.next = self.array.fold_out.val();
        self.busy_out.next = self.sequencer.busy_out.val();
        self.cycles.event_in.next = self.sequencer.cycle_out.val();
        self.mac_cycles.event_in.next = self.sequencer.mac_cycle_out.val();
        self.full_mac_cycles.event_in.next = self.sequencer.full_mac_cycle_out.val();
        self.cycles_low_out.next = self.cycles.low_out.val();
        self.cycles_high_out.next = self.cycles.high_out.val();
        self.mac_cycles_low_out.next = self.mac_cycles.low_out.val();
        self.mac_cycles_high_out.next = self.mac_cycles.high_out.val();
        self.full_mac_cycles_low_out.next = self.full_mac_cycles.low_out.val();
        self.full_mac_cycles_high_out.next = self.full_mac_cycles.high_out.val();
    }
}

impl<const P: usize, const Q: usize, const A: usize> Core<P, Q, A> {
    /// The registers of a PE, in a simulation.
    pub fn pe_state(&self, row: usize, column: usize) -> PeState {
        self.array.pe_state(row, column)
    }
}

#[cfg(test)]
mod tests;
