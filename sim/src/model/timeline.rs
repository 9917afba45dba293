//! Which step is taken in which cycle of a program.

use gemmine_hdl::Geometry;

use crate::engine::Counters;
use crate::program::{Gaps, Program, TileWork};

/// The cycles of a program's steps, numbered over all tiles.
#[derive(Debug)]
pub(super) struct Timeline {
    geometry: Geometry,
    steps: u64,
    /// Cycle of every step; empty when there are no gaps and step n is taken in cycle n.
    gapped: Vec<u64>,
}

impl Timeline {
    pub(super) fn new(program: &Program, geometry: Geometry) -> Self {
        let mut timeline = Self { geometry, steps: 0, gapped: Vec::new() };
        timeline.steps = program.tiles.iter().map(|job| timeline.steps_of(job)).sum();
        if program.gaps != Gaps::None {
            let cycles = (0..).filter(|&cycle| program.gaps.has_step(cycle));
            timeline.gapped = cycles.take(timeline.steps as usize).collect();
        }
        timeline
    }

    /// Steps that a tile takes: k for each slot.
    pub(super) fn steps_of(&self, job: &TileWork) -> u64 {
        (job.steps * self.geometry.slots()) as u64
    }

    /// The cycle in which a step is taken.
    pub(super) fn cycle(&self, step: u64) -> u64 {
        self.gapped.get(step as usize).copied().unwrap_or(step)
    }

    /// How many steps are taken in the cycles up to and including this one.
    pub(super) fn taken_by(&self, cycle: u64) -> u64 {
        if self.gapped.is_empty() {
            self.steps.min(cycle + 1)
        } else {
            self.gapped.partition_point(|&taken| taken <= cycle) as u64
        }
    }

    /// One past the cycle of the program's last output.
    pub(super) fn end(&self) -> u64 {
        match self.steps {
            0 => self.geometry.settle_cycles() as u64,
            steps => self.cycle(steps - 1) + 1 + self.geometry.settle_cycles() as u64,
        }
    }

    /// What the program adds to the array's counters.
    pub(super) fn counters(&self, program: &Program) -> Counters {
        let settle = self.geometry.settle_cycles() as u64;
        let row = (self.geometry.rows() + self.geometry.columns() - 1) as u64;
        // A step that is offered in the reset's own cycle is not taken.
        let taken = match program.reset {
            Some(reset) => reset.at.checked_sub(1).map_or(0, |last| self.taken_by(last)),
            None => self.steps,
        };
        let mut counters = Counters { mac_cycles: taken, ..Counters::default() };
        if taken == 0 {
            return counters;
        }
        // Busy: from a tile's first step to its last, and a while longer.
        let stop = program.reset.map_or(u64::MAX, |reset| reset.at + 2);
        let mut begin = 0;
        let mut counted_to = 0;
        for job in &program.tiles {
            if begin >= taken {
                break;
            }
            let end = begin + self.steps_of(job);
            let idle_from =
                if end > taken { stop } else { stop.min(self.cycle(end - 1) + 1 + settle) };
            counters.cycles += idle_from - self.cycle(begin).max(counted_to);
            counted_to = idle_from;
            begin = end;
        }
        counters.full_mac_cycles = self.full_rows(taken, row);
        counters
    }

    /// Steps that end a row of at least `row` steps without a gap.
    fn full_rows(&self, taken: u64, row: u64) -> u64 {
        if self.gapped.is_empty() {
            return (taken + 1).saturating_sub(row);
        }
        let mut in_a_row = 0;
        let mut full = 0;
        for step in 0..taken {
            let follows = step > 0 && self.cycle(step) == self.cycle(step - 1) + 1;
            in_a_row = if follows { in_a_row + 1 } else { 1 };
            full += u64::from(in_a_row >= row);
        }
        full
    }
}
