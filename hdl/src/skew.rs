//! Triangle of delays in front of one edge of the array: lane i is delayed by i cycles.
//!
//! ```text
//!                  +------+
//!     lane_in[N] =>| Skew |=> lane_out[N]
//!                  +------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `lane_in[i]` | 9, signed | operands of one step, all lanes in the same cycle |
//! | `lane_out[i]` | 9, signed | the same, i cycles later |
//!
//! # Latency
//! i cycles for lane i; lane 0 is a wire.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/skew.txt"), "```")]
//!
//! # Why
//! Operands of a step must meet PE (i, j) in cycle i + j. The delay registers of all lanes stand in
//! one flat list of N(N-1)/2: lane i owns the i registers from i(i-1)/2 on.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Skew<const N: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Operands of one step.
    pub lane_in: [Signal<In, Signed<9>>; N],
    /// The same, skewed.
    pub lane_out: [Signal<Out, Signed<9>>; N],
    delay: Vec<DFF<Signed<9>>>,
}

impl<const N: usize> Default for Skew<N> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            lane_in: array_init::array_init(|_| Signal::default()),
            lane_out: array_init::array_init(|_| Signal::default()),
            delay: (0..N * (N - 1) / 2).map(|_| DFF::default()).collect(),
        }
    }
}

impl<const N: usize> Logic for Skew<N> {
    #[hdl_gen]
    fn update(&mut self) {
        for f in 0..(N * (N - 1) / 2) {
            self.delay[f].clock.next = self.clock.val();
            self.delay[f].d.next = self.delay[f].q.val();
        }
        // Every register follows its neighbour; then the first one of each lane takes the input.
        for f in 1..(N * (N - 1) / 2) {
            self.delay[f].d.next = self.delay[f - 1].q.val();
        }
        self.lane_out[0].next = self.lane_in[0].val();
        for i in 1..N {
            self.delay[i * (i - 1) / 2].d.next = self.lane_in[i].val();
            self.lane_out[i].next = self.delay[i * (i + 1) / 2 - 1].q.val();
        }
    }
}

#[cfg(test)]
mod tests;
