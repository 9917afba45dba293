//! A grid against the dot products of its chunks, with the cycle of each.

use expect_test::expect_file;

use super::*;
use crate::bits::signed_value;
use crate::pe::{START_OFFSET, SUM_LATENCY};
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, operand, space};

impl<const P: usize, const Q: usize> Clocked for Grid<P, Q> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// A step: operands of the rows, operands of the columns.
type Step<const P: usize, const Q: usize> = ([i64; P], [i64; Q]);

/// Steps in a row, and the first step of every chunk.
struct Work<const P: usize, const Q: usize> {
    steps: Vec<Step<P, Q>>,
    chunks: Vec<usize>,
}

impl<const P: usize, const Q: usize> Work<P, Q> {
    /// Step that enters row or column `lane` in a cycle.
    fn step(&self, cycle: usize, lane: usize) -> Option<&Step<P, Q>> {
        self.steps.get(cycle.checked_sub(lane)?)
    }

    /// Whether a start enters a row in a cycle.
    fn start(&self, cycle: usize, row: usize) -> bool {
        cycle.checked_sub(START_OFFSET + row).is_some_and(|step| self.chunks.contains(&step))
    }

    /// Cycle, column and value of all partial sums that aren't zero.
    fn sums(&self) -> Vec<(usize, usize, i64)> {
        let mut sums = Vec::new();
        for bounds in self.chunks.windows(2) {
            let steps = &self.steps[bounds[0]..bounds[1]];
            for i in 0..P {
                for j in 0..Q {
                    let sum = steps.iter().map(|(a, b)| a[i] * b[j]).sum();
                    let cycle = bounds[1] + START_OFFSET + SUM_LATENCY + j + 2 * i;
                    sums.push((cycle, j, sum));
                }
            }
        }
        sums.retain(|&(_, _, sum)| sum != 0);
        sums.sort_unstable();
        sums
    }
}

impl<const P: usize, const Q: usize> Grid<P, Q> {
    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, work: &Work<P, Q>, cycle: usize) {
        for i in 0..P {
            self.a_in[i].next = operand(work.step(cycle, i).map_or(0, |(a, _)| a[i]));
            self.start_in[i].next = work.start(cycle, i);
        }
        for j in 0..Q {
            self.b_in[j].next = operand(work.step(cycle, j).map_or(0, |(_, b)| b[j]));
        }
        self.settle();
    }
}

/// Random chunks, down to the shortest that do not meet on the chain.
fn check<const P: usize, const Q: usize>(chunks: usize) {
    let mut random = Random((P * Q) as u64);
    let mut work = Work { steps: Vec::new(), chunks: vec![0] };
    for _ in 0..chunks {
        for _ in 0..2 * P as u64 + random.below(2) * random.below(20) {
            let a = std::array::from_fn(|_| random.operand());
            let b = std::array::from_fn(|_| random.operand());
            work.steps.push((a, b));
        }
        work.chunks.push(work.steps.len());
    }
    let mut grid = Grid::<P, Q>::connected();
    let mut sums = Vec::new();
    for cycle in 0..work.steps.len() + START_OFFSET + SUM_LATENCY + Q + 2 * P {
        grid.drive(&work, cycle);
        for (j, port) in grid.sum_out.iter().enumerate() {
            sums.push((cycle, j, signed_value(port.val())));
        }
        grid.edge();
    }
    sums.retain(|&(_, _, sum)| sum != 0);
    assert_eq!(sums, work.sums(), "{P}x{Q}");
}

#[test]
fn random_chunks_give_their_sums() {
    check::<2, 2>(60);
    check::<2, 8>(20);
    check::<8, 2>(20);
    check::<8, 4>(20);
    check::<16, 16>(3);
}

#[test]
fn picture() {
    let caption = "Chunks of 4 steps: A' rows 1 2 3 4 and 5 6 7 8, B' columns 1 and 10 throughout.";
    let mut picture = Picture::new(caption, 0);
    let mut grid = Grid::<2, 2>::connected();
    let step = |n: i64| ([1 + n, 5 + n], [1, 10]);
    let work = Work { steps: (0..4).map(step).collect(), chunks: vec![0, 4] };
    for cycle in 0..13 {
        grid.drive(&work, cycle);
        let sum = |i, j| cell(grid.pe_state(i, j).sum.into());
        picture.cycle([
            ("a_in[0]", number(grid.a_in[0].val())),
            ("a_in[1]", number(grid.a_in[1].val())),
            ("b_in[0]", number(grid.b_in[0].val())),
            ("b_in[1]", number(grid.b_in[1].val())),
            ("start_in[0]", bit(grid.start_in[0].val())),
            ("start_in[1]", bit(grid.start_in[1].val())),
            space(),
            ("sum of PE (0, 0)", sum(0, 0)),
            ("sum of PE (0, 1)", sum(0, 1)),
            ("sum of PE (1, 0)", sum(1, 0)),
            ("sum of PE (1, 1)", sum(1, 1)),
            space(),
            ("sum_out[0]", number(grid.sum_out[0].val())),
            ("sum_out[1]", number(grid.sum_out[1].val())),
        ]);
        grid.edge();
    }
    expect_file!["../../timing/grid.txt"].assert_eq(&picture.draw());
}
