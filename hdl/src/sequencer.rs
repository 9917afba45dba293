//! Counts steps, slots and chunks, and turns them into the two waves that run the array.
//!
//! ```text
//!                +-----------+---> ready_out, step_out
//!   valid_in --->|           |---> start_out
//!   reset_in --->| Sequencer |===> take, address, first, last, tail
//!   shape    ===>|           |---> busy_out
//!                +-----------+===> counters
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop everything; for at least one cycle |
//! | `valid_in`, `hold_in`, `ready_out` | 1 | a step is taken in each cycle in which the first and the last are high, but for a hold or a reset |
//! | `chunk_last_in` | 10 | steps of a chunk, less one |
//! | `chunks_last_in` | 11 | whole chunks of a tile, less one |
//! | `tail_in`, `tail_last_in` | 1, 10 | the tile ends with a shorter chunk; its steps, less one |
//! | `step_out` | 1 | this cycle's operands enter the array |
//! | `start_out` | 1 | start wave, for row 0 of the grid |
//! | `take_out`, `address_out`, `first_out`, `last_out` | 1, A, 1, 1 | drain wave, for the first head |
//! | `tail_out` | 1 | the chunk that drains has no fold word |
//! | `chunk_end_out`, `pass_end_out`, `tile_end_out` | 1 | this cycle's step is the last of a chunk in its slot; of the chunk in all slots; of the tile |
//! | `tile_ended_out` | 1 | the last cycle's was a tile's last |
//! | `final_out` | 1 | the steps that are due are of the tile's last whole chunk or its tail; up to [`FINAL_LATENCY`] late, never early |
//! | `busy_out` | 1 | a tile is in work, or its results are on the way |
//! | `cycle_out`, `mac_cycle_out`, `full_mac_cycle_out` | 1 | for counters, see below |
//!
//! The shape (`chunk_last_in` .. `tail_last_in`) belongs to the tile whose steps are being taken:
//! it must stand in the cycle behind the one of the tile's first step at the latest, or, after a rest, one before
//! it; it may change when the tile's last step has been taken, and must be legal from the reset on.
//!
//! # Protocol
//! 1. A tile is D slots of P x Q results, D = 256/(P Q). For every chunk the source sends the
//!    chunk's steps for slot 0, then for slot 1, and so on; then comes the next chunk.
//! 2. A gap in `valid_in` costs its cycles and changes nothing else.
//! 3. The cycle after the last step of a chunk carries the start wave, whether or not the next
//!    chunk's first step is there.
//! 4. In the cycle of a reset `ready_out` may be high, but no step is taken. From the next cycle on it
//!    is low while the array empties itself; what the outputs say until it is high again is void.
//! 5. The outputs can't be stalled: a column's results come two cycles apart, whoever listens.
//! 6. `busy_out` is low in the cycle of a tile's first step. What is to count trails it by a cycle.
//!
//! # Latency
//! The last step of a chunk in cycle t: start wave in t + 1 + [`start_latency`]`(O)`, tokens in
//! t + 1 + [`token_latency`]`(O)` + 2i for row i; O is the number of cycles from a step to its operands
//! at row 0 and column 0 of the grid.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/sequencer.txt"), "```")]
//!
//! # Why
//! Position flags (last step, slot, chunk) are compared a cycle ahead and used from a register, and whether a step
//! is taken is the last thing that is looked at: the number of the step behind it is ready before. What
//! the drain of a chunk must know stands still until the next chunk ends, and the fold is the last to
//! read it, so a chunk has at least [`CHUNK_STEPS_MIN`] steps; Pearl's k is a multiple of as many.
//!
//! What is to count is told by [`utilisation`](crate::utilisation).

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::utilisation::Utilisation;

/// Cycles from the first cycle behind a chunk to its start wave at row 0 of the grid, where a step's
/// operands take `operand_latency` cycles to row 0 and column 0.
pub const fn start_latency(operand_latency: usize) -> usize {
    operand_latency + 2
}

/// Cycles from the first cycle behind a chunk to its first token at the first head.
pub const fn token_latency(operand_latency: usize) -> usize {
    operand_latency + 3
}

/// Cycles that the array takes to empty itself after a reset.
pub const FLUSH_CYCLES: usize = 128;
/// Cycles by which `final_out` may come too late, where a tile begins with its last chunk.
pub const FINAL_LATENCY: usize = 2;
/// Shortest chunk, in steps: the drain of a chunk must be over before the next one ends.
pub const CHUNK_STEPS_MIN: usize = 64;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Sequencer<const P: usize, const Q: usize, const A: usize, const O: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Steps
    /// The source has the operands of a step.
    pub valid_in: Signal<In, Bit>,
    /// It is not to be taken.
    pub hold_in: Signal<In, Bit>,
    /// The step is taken.
    pub ready_out: Signal<Out, Bit>,
    /// Both.
    pub step_out: Signal<Out, Bit>,
    // Shape of the tile
    /// Steps of a chunk, less one.
    pub chunk_last_in: Signal<In, Bits<10>>,
    /// Whole chunks, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    /// A shorter chunk ends the tile.
    pub tail_in: Signal<In, Bit>,
    /// Its steps, less one.
    pub tail_last_in: Signal<In, Bits<10>>,
    // Waves
    /// Start wave.
    pub start_out: Signal<Out, Bit>,
    /// Drain wave: a partial sum is due.
    pub take_out: Signal<Out, Bit>,
    /// Drain wave: its accumulator.
    pub address_out: Signal<Out, Bits<A>>,
    /// Drain wave: first chunk of the tile.
    pub first_out: Signal<Out, Bit>,
    /// Drain wave: last chunk of the tile.
    pub last_out: Signal<Out, Bit>,
    /// The chunk that drains is a tail.
    pub tail_out: Signal<Out, Bit>,
    // Position
    /// Last step of a chunk and slot.
    pub chunk_end_out: Signal<Out, Bit>,
    /// Last step of a chunk.
    pub pass_end_out: Signal<Out, Bit>,
    /// Last step of a tile.
    pub tile_end_out: Signal<Out, Bit>,
    /// Last step of a tile, a cycle ago.
    pub tile_ended_out: Signal<Out, Bit>,
    /// Steps of the last whole chunk or the tail are due.
    pub final_out: Signal<Out, Bit>,
    // Counters
    /// Work is in the array.
    pub busy_out: Signal<Out, Bit>,
    /// A busy cycle.
    pub cycle_out: Signal<Out, Bit>,
    /// A step.
    pub mac_cycle_out: Signal<Out, Bit>,
    /// A cycle with every PE at work.
    pub full_mac_cycle_out: Signal<Out, Bit>,
    // State: reset
    running: DFF<Bit>,
    flush: DFF<Bits<7>>,
    // State: position in the tile
    /// The number of the step behind the one that is due.
    next: DFF<Bits<10>>,
    step_is_last: DFF<Bit>,
    limit: DFF<Bits<10>>,
    slot: DFF<Bits<7>>,
    slot_is_last: DFF<Bit>,
    chunk: DFF<Bits<11>>,
    chunk_is_first: DFF<Bit>,
    chunk_is_last: DFF<Bit>,
    /// The chunk is the tile's last, tail or not; and its slot is.
    tile_chunk_is_last: DFF<Bit>,
    tile_slot_is_last: DFF<Bit>,
    /// The step that is due is the tile's last.
    tile_step_is_last: DFF<Bit>,
    in_tail: DFF<Bit>,
    ended_tile: [DFF<Bit>; 2],
    // State: waves
    start: Vec<DFF<Bit>>,
    ended: Vec<DFF<Bit>>,
    first: DFF<Bit>,
    last: DFF<Bit>,
    tail: DFF<Bit>,
    drain: DFF<Bit>,
    odd: DFF<Bit>,
    row: DFF<Bits<5>>,
    address: DFF<Bits<A>>,
    // State: counters
    in_tile: DFF<Bit>,
    utilisation: Utilisation<P, Q, O>,
    // Wires
    taken: Signal<Local, Bit>,
    step_last: Signal<Local, Bit>,
    chunk_end: Signal<Local, Bit>,
    tile_chunk_last: Signal<Local, Bit>,
    tile_end: Signal<Local, Bit>,
    // Constants
    slot_last: Constant<Bits<7>>,
    row_last: Constant<Bits<5>>,
    address_one: Constant<Bits<A>>,
    address_zero: Constant<Bits<A>>,
}

impl<const P: usize, const Q: usize, const A: usize, const O: usize> Default
    for Sequencer<P, Q, A, O>
{
    fn default() -> Self {
        // The fold reads the chunk's flags before the next chunk's end overwrites them.
        const { assert!(1 + token_latency(O) + 2 * (P - 1) + Q <= CHUNK_STEPS_MIN) };
        // Widths of `flush` and `settle`; and all that is in flight is out before a flush ends.
        const { assert!(FLUSH_CYCLES == 1 << 7) };
        const { assert!(settle_cycles(P, Q, O) < FLUSH_CYCLES) };
        Self {
            clock: Signal::default(),
            reset_in: Signal::default(),
            valid_in: Signal::default(),
            hold_in: Signal::default(),
            ready_out: Signal::default(),
            step_out: Signal::default(),
            chunk_last_in: Signal::default(),
            chunks_last_in: Signal::default(),
            tail_in: Signal::default(),
            tail_last_in: Signal::default(),
            start_out: Signal::default(),
            take_out: Signal::default(),
            address_out: Signal::default(),
            first_out: Signal::default(),
            last_out: Signal::default(),
            tail_out: Signal::default(),
            chunk_end_out: Signal::default(),
            pass_end_out: Signal::default(),
            tile_end_out: Signal::default(),
            tile_ended_out: Signal::default(),
            final_out: Signal::default(),
            busy_out: Signal::default(),
            cycle_out: Signal::default(),
            mac_cycle_out: Signal::default(),
            full_mac_cycle_out: Signal::default(),
            running: DFF::default(),
            flush: DFF::default(),
            next: DFF::default(),
            step_is_last: DFF::default(),
            limit: DFF::default(),
            slot: DFF::default(),
            slot_is_last: DFF::default(),
            chunk: DFF::default(),
            chunk_is_first: DFF::default(),
            chunk_is_last: DFF::default(),
            tile_chunk_is_last: DFF::default(),
            tile_slot_is_last: DFF::default(),
            tile_step_is_last: DFF::default(),
            in_tail: DFF::default(),
            ended_tile: Default::default(),
            start: (0..O + 3).map(|_| DFF::default()).collect(),
            ended: (0..O + 3).map(|_| DFF::default()).collect(),
            first: DFF::default(),
            last: DFF::default(),
            tail: DFF::default(),
            drain: DFF::default(),
            odd: DFF::default(),
            row: DFF::default(),
            address: DFF::default(),
            in_tile: DFF::default(),
            utilisation: Utilisation::default(),
            taken: Signal::default(),
            step_last: Signal::default(),
            chunk_end: Signal::default(),
            tile_chunk_last: Signal::default(),
            tile_end: Signal::default(),
            slot_last: Constant::new((256 / (P * Q) as u64 - 1).into()),
            row_last: Constant::new((P as u64 - 1).into()),
            address_one: Constant::new(1.into()),
            address_zero: Constant::new(0.into()),
        }
    }
}

/// Cycles from the cycle of a tile's last step to the one of its last output.
pub const fn settle_cycles(rows: usize, columns: usize, operand_latency: usize) -> usize {
    let last_token = 1 + token_latency(operand_latency) + 2 * (rows - 1) + (columns - 1);
    last_token + 1 + crate::fold::LATENCY
}

impl<const P: usize, const Q: usize, const A: usize, const O: usize> Logic
    for Sequencer<P, Q, A, O>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            running,
            flush,
            next,
            step_is_last,
            limit,
            slot,
            slot_is_last,
            chunk,
            chunk_is_first,
            chunk_is_last,
            tile_chunk_is_last,
            tile_slot_is_last,
            tile_step_is_last,
            in_tail,
            first,
            last,
            tail,
            drain,
            odd,
            row,
            address,
            in_tile
        );
        for s in 0..2 {
            self.ended_tile[s].clock.next = self.clock.val();
        }
        self.utilisation.clock.next = self.clock.val();
        for s in 0..(O + 3) {
            self.start[s].clock.next = self.clock.val();
            self.ended[s].clock.next = self.clock.val();
        }

        // Position in the tile
        self.taken.next = self.running.q.val()
            && self.valid_in.val()
            && !self.hold_in.val()
            && !self.reset_in.val();
        self.chunk_end.next = self.taken.val() && self.step_is_last.q.val();
        // A chunk has more steps than its flags take cycles to stand, which are four: no limit is met before.
        self.step_last.next = self.next.q.val() == self.limit.q.val();
        if self.taken.val() {
            self.next.d.next = self.next.q.val() + bits::<10>(1);
            self.step_is_last.d.next = self.step_last.val();
            self.tile_step_is_last.d.next = self.step_last.val() && self.tile_slot_is_last.q.val();
        }
        if self.chunk_end.val() {
            self.next.d.next = bits::<10>(1);
            self.step_is_last.d.next = false;
            self.tile_step_is_last.d.next = false;
        }
        self.limit.d.next = self.chunk_last_in.val();
        if self.in_tail.q.val() {
            self.limit.d.next = self.tail_last_in.val();
        }
        self.slot_is_last.d.next = self.slot.q.val() == self.slot_last.val();
        self.chunk_is_first.d.next = !(self.chunk.q.val().any()) && !self.in_tail.q.val();
        self.chunk_is_last.d.next = self.chunk.q.val() == self.chunks_last_in.val();
        self.tile_chunk_last.next =
            self.in_tail.q.val() || (self.chunk_is_last.q.val() && !self.tail_in.val());
        self.tile_chunk_is_last.d.next = self.tile_chunk_last.val();
        self.tile_slot_is_last.d.next = self.tile_chunk_last.val() && self.slot_is_last.q.val();
        if self.taken.val() {
            self.in_tile.d.next = true;
        }
        self.tile_end.next = self.taken.val() && self.tile_step_is_last.q.val();
        self.ended_tile[0].d.next = self.tile_end.val();
        self.ended_tile[1].d.next = self.ended_tile[0].q.val();
        if self.chunk_end.val() {
            self.slot.d.next = self.slot.q.val() + bits::<7>(1);
            if self.slot_is_last.q.val() {
                self.slot.d.next = bits::<7>(0);
                if self.tile_chunk_is_last.q.val() {
                    self.chunk.d.next = bits::<11>(0);
                    self.in_tail.d.next = false;
                    self.in_tile.d.next = false;
                } else if self.chunk_is_last.q.val() {
                    self.in_tail.d.next = true;
                } else {
                    self.chunk.d.next = self.chunk.q.val() + bits::<11>(1);
                }
            }
        }

        // Waves: what the drain of the chunk needs to know is caught at its end
        self.start[0].d.next = self.chunk_end.val() || !self.running.q.val();
        self.ended[0].d.next = self.chunk_end.val();
        for s in 1..(O + 3) {
            self.start[s].d.next = self.start[s - 1].q.val();
            self.ended[s].d.next = self.ended[s - 1].q.val();
        }
        if self.chunk_end.val() {
            self.first.d.next = self.chunk_is_first.q.val();
            self.last.d.next = self.tile_chunk_is_last.q.val();
            self.tail.d.next = self.in_tail.q.val();
        }
        if self.drain.q.val() {
            self.odd.d.next = !self.odd.q.val();
            if self.odd.q.val() {
                self.row.d.next = self.row.q.val() + bits::<5>(1);
                self.address.d.next = self.address.q.val() + self.address_one.val();
                if self.row.q.val() == self.row_last.val() {
                    self.row.d.next = bits::<5>(0);
                    self.drain.d.next = false;
                }
            }
        }
        for o in O..(O + 1) {
            if self.ended[o + 2].q.val() {
                self.drain.d.next = true;
            }
            self.start_out.next = self.start[o + 2].q.val();
        }

        // Counters
        self.utilisation.running_in.next = self.running.q.val();
        self.utilisation.step_in.next = self.taken.val();
        self.utilisation.in_tile_in.next = self.in_tile.q.val();

        // Reset, and the flush behind it: starts run through the array until it is empty
        self.flush.d.next = self.flush.q.val() + bits::<7>(1);
        if self.flush.q.val().all() {
            self.running.d.next = true;
        }
        if self.running.q.val() {
            self.flush.d.next = bits::<7>(0);
        }
        if self.reset_in.val() {
            self.running.d.next = false;
            self.flush.d.next = bits::<7>(0);
        }
        if !self.running.q.val() {
            self.next.d.next = bits::<10>(1);
            self.step_is_last.d.next = false;
            self.tile_step_is_last.d.next = false;
            self.slot.d.next = bits::<7>(0);
            self.chunk.d.next = bits::<11>(0);
            self.in_tail.d.next = false;
            self.in_tile.d.next = false;
            self.drain.d.next = false;
            self.odd.d.next = false;
            self.row.d.next = bits::<5>(0);
            self.address.d.next = self.address_zero.val();
        }

        // Outputs
        self.ready_out.next = self.running.q.val();
        self.step_out.next = self.taken.val();
        self.take_out.next = self.drain.q.val() && !self.odd.q.val();
        self.address_out.next = self.address.q.val();
        self.first_out.next = self.first.q.val();
        self.last_out.next = self.last.q.val();
        self.tail_out.next = self.tail.q.val();
        self.chunk_end_out.next = self.chunk_end.val();
        self.pass_end_out.next = self.chunk_end.val() && self.slot_is_last.q.val();
        self.tile_end_out.next = self.tile_end.val();
        self.tile_ended_out.next = self.ended_tile[0].q.val();
        // The position flags of a tile's first two cycles are still those of the tile before.
        self.final_out.next = (self.chunk_is_last.q.val() || self.in_tail.q.val())
            && !self.ended_tile[0].q.val()
            && !self.ended_tile[1].q.val();
        self.busy_out.next = self.utilisation.busy_out.val();
        self.cycle_out.next = self.utilisation.cycle_out.val();
        self.mac_cycle_out.next = self.utilisation.mac_cycle_out.val();
        self.full_mac_cycle_out.next = self.utilisation.full_mac_cycle_out.val();
    }
}

#[cfg(test)]
mod tests;
