//! A PE against the sums of its chunks.

use std::collections::VecDeque;

use expect_test::expect_file;

use super::*;
use crate::bits::signed_bits;
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, operand, space};

impl Clocked for Pe {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Inputs of a cycle.
#[derive(Clone, Copy, Default)]
struct Inputs {
    a: i64,
    b: i64,
    start: bool,
    sum: i64,
}

/// A PE beside a multiplier.
#[derive(Default)]
struct Bench {
    pe: Pe,
    /// Products on their way, the oldest first.
    products: VecDeque<i64>,
}

impl Bench {
    fn new() -> Self {
        Self { pe: Pe::connected(), products: VecDeque::from([0; PRODUCT_OFFSET]) }
    }

    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, inputs: Inputs) {
        self.pe.a_in.next = operand(inputs.a);
        self.pe.b_in.next = operand(inputs.b);
        self.pe.start_in.next = inputs.start;
        self.pe.sum_in.next = signed_bits(inputs.sum);
        self.products.push_back(inputs.a * inputs.b);
        self.pe.product_in.next = signed_bits(self.products.pop_front().unwrap_or_default());
        self.pe.settle();
    }
}

/// `sum_out` by cycle: what comes from below, and where a start was, the chunk in front of it.
fn sums(inputs: &[Inputs]) -> Vec<i64> {
    let below = std::iter::once(0).chain(inputs.iter().map(|now| now.sum));
    let mut sums: Vec<i64> = below.collect();
    sums.push(0);
    let mut chunk = 0;
    for (cycle, now) in inputs.iter().enumerate() {
        if now.start {
            let next_chunk = cycle.saturating_sub(START_OFFSET);
            let pairs = &inputs[chunk..next_chunk];
            sums[cycle + SUM_LATENCY] = pairs.iter().map(|pair| pair.a * pair.b).sum();
            chunk = next_chunk;
        }
    }
    sums
}

/// Runs the inputs and compares every output of every cycle.
fn check(inputs: &[Inputs]) {
    let mut bench = Bench::new();
    let want = sums(inputs);
    let mut before = Inputs::default();
    for (cycle, &now) in inputs.iter().enumerate() {
        bench.drive(now);
        let pe = &mut bench.pe;
        assert_eq!(signed_value(pe.sum_out.val()), want[cycle], "sum_out in cycle {cycle}");
        assert_eq!(signed_value(pe.a_out.val()), before.a, "a_out in cycle {cycle}");
        assert_eq!(signed_value(pe.b_out.val()), before.b, "b_out in cycle {cycle}");
        assert_eq!(pe.start_out.val(), before.start, "start_out in cycle {cycle}");
        pe.edge();
        before = now;
    }
}

#[test]
fn random_chunks_give_their_sums() {
    let mut random = Random(1);
    let inputs = |_| Inputs {
        a: random.operand(),
        b: random.operand(),
        start: random.one_in(12),
        sum: random.below(1 << 26) as i64 - (1 << 25),
    };
    check(&(0..4000).map(inputs).collect::<Vec<_>>());
}

#[test]
fn chunks_of_one_pair_give_their_products() {
    let mut random = Random(2);
    let inputs = |_| Inputs { a: random.operand(), b: random.operand(), start: true, sum: 7 };
    check(&(0..500).map(inputs).collect::<Vec<_>>());
}

#[test]
fn longest_chunks_of_the_widest_operands_fit() {
    for (a, b) in [(255, -128), (-128, -128), (255, 127), (-128, 255)] {
        let pair = Inputs { a, b, ..Inputs::default() };
        let mut inputs = vec![pair; CHUNK_STEPS_MAX];
        inputs.extend([Inputs::default(); START_OFFSET + SUM_LATENCY + 1]);
        inputs[CHUNK_STEPS_MAX + START_OFFSET].start = true;
        check(&inputs);
        assert_eq!(sums(&inputs).iter().sum::<i64>(), a * b * CHUNK_STEPS_MAX as i64);
    }
}

#[test]
fn a_pair_takes_its_latency_to_the_sum() {
    let mut bench = Bench::new();
    for cycle in 0..2 * PAIR_LATENCY {
        let pair = Inputs { a: -128, b: 255, ..Inputs::default() };
        bench.drive(if cycle == 0 { pair } else { Inputs::default() });
        let sum = if cycle < PAIR_LATENCY { 0 } else { -128 * 255 };
        let product = if cycle + 1 == PAIR_LATENCY { -128 * 255 } else { 0 };
        let (a, b) = if cycle == 1 { (-128, 255) } else { (0, 0) };
        let want = PeState { a, b, product, sum, ..PeState::default() };
        assert_eq!(bench.pe.state(), want, "cycle {cycle}");
        bench.pe.edge();
    }
}

#[test]
fn picture() {
    let caption =
        "Chunks of 4, 3 and 2 pairs. Products 10 20 30 40, 1 2 3, 50 60. A dot is a zero.";
    let mut picture = Picture::new(caption, 0);
    let mut bench = Bench::new();
    let pairs = [(1, 10), (2, 10), (3, 10), (4, 10), (1, 1), (2, 1), (3, 1), (5, 10), (6, 10)];
    let chunks = [0, 4, 7, 9];
    for cycle in 0..16 {
        let (a, b) = pairs.get(cycle).copied().unwrap_or_default();
        let start = chunks.iter().any(|first| first + START_OFFSET == cycle);
        let sum = if cycle == 9 || cycle == 10 { 77 } else { 0 };
        bench.drive(Inputs { a, b, start, sum });
        let pe = &mut bench.pe;
        let state = pe.state();
        picture.cycle([
            ("a_in", cell(a)),
            ("b_in", cell(b)),
            ("start_in", bit(start)),
            ("sum_in", cell(sum)),
            space(),
            ("product_in", cell(state.product.into())),
            ("start", bit(state.start)),
            ("sum", cell(state.sum.into())),
            space(),
            ("a_out", number(pe.a_out.val())),
            ("b_out", number(pe.b_out.val())),
            ("start_out", bit(pe.start_out.val())),
            ("sum_out", number(pe.sum_out.val())),
        ]);
        pe.edge();
    }
    expect_file!["../../timing/pe.txt"].assert_eq(&picture.draw());
}
