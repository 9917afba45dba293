//! A sequencer against its documentation's formulas, in every cycle.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;

use super::*;
use crate::bits::unsigned_bits;
use crate::geometry::Geometry;
use crate::testbench::{Clocked, Picture, Random, bit, cell, space};

impl<const P: usize, const Q: usize, const A: usize, const O: usize> Clocked
    for Sequencer<P, Q, A, O>
{
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Shape of a tile, in steps and chunks. A tail of 0 steps is none.
#[derive(Clone, Copy)]
struct Shape {
    chunk: u64,
    chunks: u64,
    tail: u64,
}

/// A step of a tile; the last one of a chunk and slot says what drains.
#[derive(Clone, Copy)]
struct Step {
    shape: Shape,
    tile_ends: bool,
    pass_ends: bool,
    final_chunk: bool,
    drains: Option<Drain>,
}

/// What the tokens of a drain carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Drain {
    address: u64,
    first: bool,
    last: bool,
    tail: bool,
}

/// All steps of a tile, in the order of the protocol.
fn steps(shape: Shape, rows: u64, slots: u64) -> Vec<Step> {
    let mut lengths = vec![shape.chunk; shape.chunks as usize];
    lengths.extend((shape.tail > 0).then_some(shape.tail));
    let mut steps = Vec::new();
    for (chunk, &length) in lengths.iter().enumerate() {
        let (first, last) = (chunk == 0, chunk + 1 == lengths.len());
        let tail = chunk as u64 == shape.chunks;
        for slot in 0..slots {
            let final_chunk = chunk as u64 + 1 >= shape.chunks;
            let step =
                Step { shape, tile_ends: false, pass_ends: false, final_chunk, drains: None };
            steps.extend(vec![step; length as usize - 1]);
            let drain = Drain { address: slot * rows, first, last, tail };
            let pass_ends = slot + 1 == slots;
            let tile_ends = last && pass_ends;
            steps.push(Step { tile_ends, pass_ends, drains: Some(drain), ..step });
        }
    }
    steps
}

/// A sequencer, and what it must say from the documentation's formulas.
struct Bench<const P: usize, const Q: usize, const A: usize, const O: usize> {
    sequencer: Sequencer<P, Q, A, O>,
    cycle: usize,
    ready_from: usize,
    starts: BTreeSet<usize>,
    tokens: BTreeMap<usize, Drain>,
    in_tile: bool,
    busy_to: usize,
    steps_in_a_row: u64,
    /// Busy cycles, steps, cycles with every PE at work.
    counts: [u64; 3],
    /// What the module told to count.
    counted: [u64; 3],
    /// The last cycle's step was a tile's last.
    ended: bool,
    /// Whether the steps of the last cycles were of the last whole chunk or the tail.
    finals: usize,
}

impl<const P: usize, const Q: usize, const A: usize, const O: usize> Bench<P, Q, A, O> {
    /// A sequencer that was just switched on.
    fn new() -> Self {
        assert_eq!(Geometry::new(P, Q).address_bits(), A);
        Self {
            sequencer: Sequencer::connected(),
            cycle: 0,
            ready_from: FLUSH_CYCLES,
            starts: BTreeSet::new(),
            tokens: BTreeMap::new(),
            in_tile: false,
            busy_to: 0,
            steps_in_a_row: 0,
            counts: [0; 3],
            counted: [0; 3],
            ended: false,
            finals: 0,
        }
    }

    /// Shows a shape to the sequencer.
    fn shape(&mut self, shape: Shape) {
        self.sequencer.chunk_last_in.next = unsigned_bits(shape.chunk - 1);
        self.sequencer.chunks_last_in.next = unsigned_bits(shape.chunks - 1);
        self.sequencer.tail_in.next = shape.tail > 0;
        self.sequencer.tail_last_in.next = unsigned_bits(shape.tail.saturating_sub(1));
    }

    /// One cycle, in which a step may be offered. True if it was taken.
    fn cycle(&mut self, offered: Option<Step>) -> bool {
        // No step, or one that is held.
        let held = offered.is_none() && self.cycle.is_multiple_of(3);
        self.sequencer.valid_in.next = offered.is_some() || held;
        self.sequencer.hold_in.next = held;
        self.sequencer.settle();
        let ready = self.cycle >= self.ready_from;
        let taken = offered.filter(|_| ready);
        self.compare(ready, taken);
        let module = &self.sequencer;
        let events = [&module.cycle_out, &module.mac_cycle_out, &module.full_mac_cycle_out];
        for (counted, event) in self.counted.iter_mut().zip(events) {
            *counted += u64::from(event.val());
        }
        self.sequencer.edge();
        self.note(taken);
        self.ended = taken.is_some_and(|step| step.tile_ends);
        self.cycle += 1;
        taken.is_some()
    }

    fn compare(&mut self, ready: bool, taken: Option<Step>) {
        let (now, module) = (self.cycle, &self.sequencer);
        assert_eq!(module.ready_out.val(), ready, "ready_out in cycle {now}");
        assert_eq!(module.step_out.val(), taken.is_some(), "step_out in cycle {now}");
        let tile_ends = taken.is_some_and(|step| step.tile_ends);
        assert_eq!(module.tile_end_out.val(), tile_ends, "tile_end_out in cycle {now}");
        assert_eq!(module.tile_ended_out.val(), self.ended, "tile_ended_out in cycle {now}");
        let pass_ends = taken.is_some_and(|step| step.pass_ends);
        assert_eq!(module.pass_end_out.val(), pass_ends, "pass_end_out in cycle {now}");
        let chunk_ends = taken.is_some_and(|step| step.drains.is_some());
        assert_eq!(module.chunk_end_out.val(), chunk_ends, "chunk_end_out in cycle {now}");
        let busy = module.busy_out.val();
        self.counts[0] += u64::from(busy || taken.is_some());
        if !ready {
            return;
        }
        assert_eq!(busy, self.in_tile || now <= self.busy_to, "busy_out in cycle {now}");
        // The flush ends with the start wave of the first chunk.
        let start = self.starts.contains(&now) || now <= self.ready_from + start_latency(O);
        assert_eq!(module.start_out.val(), start, "start_out in cycle {now}");
        let token = module.take_out.val().then(|| Drain {
            address: module.address_out.val().to_u64(),
            first: module.first_out.val(),
            last: module.last_out.val(),
            tail: module.tail_out.val(),
        });
        assert_eq!(token, self.tokens.get(&now).copied(), "token in cycle {now}");
    }

    /// What a cycle, with or without a step, does to later ones.
    fn note(&mut self, step: Option<Step>) {
        let Some(step) = step else {
            self.steps_in_a_row = 0;
            return;
        };
        self.steps_in_a_row += 1;
        // After a tile's last step the next one is due, which may have chunks before its last.
        self.finals = if step.final_chunk && !step.tile_ends { self.finals + 1 } else { 0 };
        let is_final = self.sequencer.final_out.val();
        assert!(
            is_final || self.finals <= FINAL_LATENCY,
            "final_out before cycle {}",
            self.cycle + 1
        );
        assert!(!is_final || self.finals > 0, "final_out before cycle {}", self.cycle + 1);
        self.counts[1] += 1;
        self.counts[2] += u64::from(self.steps_in_a_row >= (P + Q - 1) as u64);
        self.in_tile = !step.tile_ends;
        self.busy_to = self.cycle + settle_cycles(P, Q, O);
        if let Some(drain) = step.drains {
            self.starts.insert(self.cycle + 1 + start_latency(O));
            for i in 0..P {
                let token = Drain { address: drain.address + i as u64, ..drain };
                self.tokens.insert(self.cycle + 1 + token_latency(O) + 2 * i, token);
            }
        }
    }

    /// Runs `tile`, whole or up to a number of steps, with a gap once in `gap` cycles.
    fn run(&mut self, tile: Shape, steps_max: usize, random: &mut Random, gap: u64) {
        let slots = Geometry::new(P, Q).slots() as u64;
        for step in steps(tile, P as u64, slots).into_iter().take(steps_max) {
            // Behind another tile's last step a tile's shape may come a cycle after its own first.
            if self.ended && !random.one_in(gap) {
                self.cycle(Some(step));
                self.shape(step.shape);
                continue;
            }
            self.shape(step.shape);
            while random.one_in(gap) || !self.cycle(Some(step)) {
                self.cycle(None);
            }
        }
    }

    /// Pulls the reset for a cycle; nothing of what was on its way counts any more.
    fn reset(&mut self) {
        self.sequencer.reset_in.next = true;
        self.cycle(None);
        self.sequencer.reset_in.next = false;
        self.ready_from = self.cycle + FLUSH_CYCLES;
        self.starts.clear();
        self.tokens.clear();
        (self.in_tile, self.busy_to) = (false, 0);
    }

    /// Waits until all is out and compares the counters.
    fn rest(&mut self) {
        for _ in 0..settle_cycles(P, Q, O) + 3 {
            self.cycle(None);
        }
        assert_eq!(self.counted, self.counts, "busy cycles, steps, full cycles");
    }
}

/// Random tiles with and without tails and gaps, with a reset in the middle of some.
fn check<const P: usize, const Q: usize, const A: usize, const O: usize>(tiles: usize) {
    let mut random = Random((100 * P + Q) as u64);
    let mut bench = Bench::<P, Q, A, O>::new();
    let least = CHUNK_STEPS_MIN as u64;
    for tile in 0..tiles {
        let shape = Shape {
            chunk: least + random.below(2) * random.below(40),
            chunks: 1 + random.below(3),
            tail: random.below(2) * (least + random.below(30)),
        };
        let gap = [u64::MAX, 20, 2][tile % 3];
        let cut = random.one_in(4);
        let steps_max = if cut { random.below(1000) as usize } else { usize::MAX };
        bench.run(shape, steps_max, &mut random, gap);
        if cut {
            bench.reset();
        }
        if random.one_in(3) {
            bench.rest();
        }
    }
    bench.rest();
}

#[test]
fn waves_and_counters_follow_the_formulas() {
    check::<2, 2, 7, 1>(6);
    check::<2, 16, 4, 1>(12);
    check::<16, 2, 7, 4>(12);
    check::<8, 4, 6, 4>(12);
    check::<16, 16, 4, 1>(30);
    check::<16, 16, 4, 4>(30);
}

#[test]
fn longest_chunks_and_most_chunks_are_counted() {
    let random = &mut Random(1);
    let mut bench = Bench::<16, 16, 4, 1>::new();
    bench.run(Shape { chunk: 1024, chunks: 2, tail: 1024 }, usize::MAX, random, u64::MAX);
    bench.run(Shape { chunk: 64, chunks: 2048, tail: 64 }, usize::MAX, random, u64::MAX);
    bench.rest();
}

#[test]
fn full_cycles_need_every_pe_at_work() {
    let shape = Shape { chunk: 64, chunks: 1, tail: 0 };
    let step = steps(shape, 8, 8)[0];
    for (run, full) in [(10, 0), (11, 1), (12, 2), (40, 30)] {
        let mut bench = Bench::<8, 4, 6, 1>::new();
        bench.shape(shape);
        for _ in 0..FLUSH_CYCLES {
            bench.cycle(None);
        }
        for _ in 0..run {
            bench.cycle(Some(step));
        }
        for _ in 0..3 {
            bench.cycle(None);
        }
        assert_eq!(bench.counted[1..], [run, full], "{run} steps in a row");
    }
}

#[test]
fn picture() {
    let caption =
        "End of a tile's first chunk, slot 0 of a 2x2 array, with a gap. Chunk of 64 steps.";
    let mut bench = Bench::<2, 2, 7, 1>::new();
    let shape = Shape { chunk: 64, chunks: 2, tail: 0 };
    bench.run(shape, 61, &mut Random(1), u64::MAX);
    let mut picture = Picture::new(caption, 0);
    for cycle in 0..15 {
        let offered = !matches!(cycle, 1 | 5);
        bench.sequencer.valid_in.next = offered;
        bench.sequencer.settle();
        let module = &bench.sequencer;
        picture.cycle([
            ("valid_in", bit(offered)),
            ("ready_out", bit(module.ready_out.val())),
            ("step_out", bit(module.step_out.val())),
            space(),
            ("next", cell(module.next.q.val().to_u64() as i64)),
            ("slot", cell(module.slot.q.val().to_u64() as i64)),
            space(),
            ("start_out", bit(module.start_out.val())),
            ("take_out", bit(module.take_out.val())),
            ("address_out", cell(module.address_out.val().to_u64() as i64)),
            ("first_out", bit(module.first_out.val())),
            ("last_out", bit(module.last_out.val())),
        ]);
        bench.sequencer.edge();
    }
    expect_file!["../../timing/sequencer.txt"].assert_eq(&picture.draw());
}
