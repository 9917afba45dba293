//! How busy the array is: what its three counters count, and whether work is in it.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `running_in` | 1 | the array is not being emptied |
//! | `step_in` | 1 | a step is taken |
//! | `in_tile_in` | 1 | a tile is in work |
//! | `busy_out` | 1 | a tile is in work, or its results are on the way |
//! | `cycle_out`, `mac_cycle_out`, `full_mac_cycle_out` | 1 | to count |
//!
//! # Latency
//! What is to count comes a cycle late.
//!
//! # Why
//! `cycle` is high while a tile is in work or its results are on the way; `mac_cycle` for the steps,
//! each worth P Q MACs; `full_mac_cycle` for the cycles in which all PEs multiply a pair of some step
//! at once, which is what P + Q - 1 steps in a row give.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::sequencer::settle_cycles;

/// See the module's documentation. O as in the [sequencer](crate::sequencer).
#[derive(LogicBlock)]
pub struct Utilisation<const P: usize, const Q: usize, const O: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// The array is not being emptied.
    pub running_in: Signal<In, Bit>,
    /// A step is taken.
    pub step_in: Signal<In, Bit>,
    /// A tile is in work.
    pub in_tile_in: Signal<In, Bit>,
    /// Work is in the array.
    pub busy_out: Signal<Out, Bit>,
    /// A busy cycle.
    pub cycle_out: Signal<Out, Bit>,
    /// A step.
    pub mac_cycle_out: Signal<Out, Bit>,
    /// A cycle with every PE at work.
    pub full_mac_cycle_out: Signal<Out, Bit>,
    settle: DFF<Bits<7>>,
    steps_in_a_row: DFF<Bits<5>>,
    count_cycle: DFF<Bit>,
    count_step: DFF<Bit>,
    count_full: DFF<Bit>,
    full_row: Constant<Bits<5>>,
    settle_cycles: Constant<Bits<7>>,
}

impl<const P: usize, const Q: usize, const O: usize> Default for Utilisation<P, Q, O> {
    fn default() -> Self {
        const { assert!(settle_cycles(P, Q, O) < 1 << 7) };
        Self {
            clock: Signal::default(),
            running_in: Signal::default(),
            step_in: Signal::default(),
            in_tile_in: Signal::default(),
            busy_out: Signal::default(),
            cycle_out: Signal::default(),
            mac_cycle_out: Signal::default(),
            full_mac_cycle_out: Signal::default(),
            settle: DFF::default(),
            steps_in_a_row: DFF::default(),
            count_cycle: DFF::default(),
            count_step: DFF::default(),
            count_full: DFF::default(),
            full_row: Constant::new((P as u64 + Q as u64 - 2).into()),
            settle_cycles: Constant::new((settle_cycles(P, Q, O) as u64).into()),
        }
    }
}

impl<const P: usize, const Q: usize, const O: usize> Logic for Utilisation<P, Q, O> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, settle, steps_in_a_row, count_cycle, count_step, count_full);
        self.steps_in_a_row.d.next = bits::<5>(0);
        self.count_full.d.next = false;
        if self.settle.q.val().any() {
            self.settle.d.next = self.settle.q.val() - bits::<7>(1);
        }
        if self.step_in.val() {
            self.settle.d.next = self.settle_cycles.val();
            self.steps_in_a_row.d.next = self.steps_in_a_row.q.val() + bits::<5>(1);
            if self.steps_in_a_row.q.val() == self.full_row.val() {
                self.steps_in_a_row.d.next = self.full_row.val();
                self.count_full.d.next = true;
            }
        }
        if !self.running_in.val() {
            self.settle.d.next = bits::<7>(0);
        }
        self.count_cycle.d.next =
            self.step_in.val() || self.in_tile_in.val() || self.settle.q.val().any();
        self.count_step.d.next = self.step_in.val();
        self.cycle_out.next = self.count_cycle.q.val();
        self.mac_cycle_out.next = self.count_step.q.val();
        self.full_mac_cycle_out.next = self.count_full.q.val();
        self.busy_out.next = self.in_tile_in.val() || self.settle.q.val().any();
    }
}
