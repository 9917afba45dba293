//! A head against plain accumulators.

use expect_test::expect_file;

use super::*;
use crate::bits::{signed_bits, unsigned_bits};
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, space};

impl<const A: usize> Clocked for Head<A> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Inputs of a cycle.
#[derive(Clone, Copy, Default)]
struct Inputs {
    take: bool,
    address: usize,
    first: bool,
    last: bool,
    sum: i64,
    fold: u32,
}

impl<const A: usize> Head<A> {
    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, inputs: Inputs) {
        self.take_in.next = inputs.take;
        self.address_in.next = unsigned_bits(inputs.address as u64);
        self.first_in.next = inputs.first;
        self.last_in.next = inputs.last;
        self.sum_in.next = signed_bits(inputs.sum);
        self.fold_in.next = unsigned_bits(inputs.fold.into());
        self.settle();
    }
}

/// Accumulators by the cycle of their token: what the tile's sums so far add up to.
fn accumulators(inputs: &[Inputs], addresses: usize) -> Vec<Option<u32>> {
    let mut tile = vec![0u32; addresses];
    let mut accumulators = vec![None; inputs.len()];
    for (cycle, pair) in inputs.windows(2).enumerate() {
        let [token, Inputs { sum, .. }] = pair else { continue };
        if token.take {
            let old = if token.first { 0 } else { tile[token.address] };
            tile[token.address] = old.wrapping_add(*sum as u32);
            accumulators[cycle] = Some(tile[token.address]);
        }
    }
    accumulators
}

/// Runs the inputs and compares every output that means something.
fn check<const A: usize>(inputs: &[Inputs]) {
    let accumulators = accumulators(inputs, 1 << A);
    let mut head = Head::<A>::connected();
    let mut before = Inputs::default();
    for (cycle, &now) in inputs.iter().enumerate() {
        head.drive(now);
        assert_eq!(head.take_out.val(), before.take, "take_out in cycle {cycle}");
        assert_eq!(head.address_out.val().to_u64() as usize, before.address, "cycle {cycle}");
        assert_eq!(head.first_out.val(), before.first, "first_out in cycle {cycle}");
        assert_eq!(head.last_out.val(), before.last, "last_out in cycle {cycle}");

        let result = cycle
            .checked_sub(RESULT_LATENCY)
            .and_then(|token| accumulators[token].filter(|_| inputs[token].last));
        let got = head.result_valid_out.val().then(|| head.result_out.val().to_u32());
        assert_eq!(got, result, "result in cycle {cycle}");

        if let Some(word) = cycle.checked_sub(FOLD_LATENCY).and_then(|t| accumulators[t]) {
            assert_eq!(head.fold_out.val().to_u32(), before.fold ^ word, "fold in cycle {cycle}");
        }
        head.edge();
        before = now;
    }
}

/// Random tiles: every chunk takes all addresses in order, with or without gaps.
fn tiles(random: &mut Random, addresses: usize, chunks: usize, gaps: bool) -> Vec<Inputs> {
    let mut inputs = Vec::new();
    let noise = |random: &mut Random| Inputs {
        sum: random.below(1 << 26) as i64 - (1 << 25),
        fold: random.next() as u32,
        address: random.below(addresses as u64) as usize,
        first: random.one_in(2),
        last: random.one_in(2),
        take: false,
    };
    for chunk in 0..chunks {
        let (first, last) = (chunk % 3 == 0, chunk % 3 == 2);
        for address in 0..addresses {
            while gaps && random.one_in(2) {
                inputs.push(noise(random));
            }
            inputs.push(Inputs { take: true, address, first, last, ..noise(random) });
        }
    }
    inputs.extend((0..2 * FOLD_LATENCY).map(|_| noise(random)));
    inputs
}

#[test]
fn random_sums_accumulate() {
    let mut random = Random(1);
    check::<4>(&tiles(&mut random, 16, 30, true));
    check::<4>(&tiles(&mut random, 16, 30, false));
    check::<7>(&tiles(&mut random, 128, 9, true));
}

#[test]
fn extreme_sums_wrap_at_32_bits() {
    let mut random = Random(2);
    for extreme in [-(1 << 25), (1 << 25) - 1] {
        let mut inputs = tiles(&mut random, 16, 3, false);
        // A long tile: its accumulators pass 2^31 on the way.
        for _ in 0..7 {
            let again: Vec<Inputs> = inputs[..48].to_vec();
            let middle = again.iter().map(|&now| Inputs { first: false, ..now });
            let middle: Vec<Inputs> = middle.collect();
            inputs.splice(48..48, middle.iter().chain(&middle).copied());
        }
        for now in &mut inputs {
            now.sum = extreme;
        }
        check::<4>(&inputs);
    }
}

#[test]
fn picture() {
    let caption = "A tile of two rows and two chunks: sums 1 2, then 4 8. A dot is a zero.";
    let mut picture = Picture::new(caption, 0);
    let mut head = Head::<4>::connected();
    let token = |cycle: usize| match cycle {
        1 | 3 => Some((cycle / 2, true)),
        9 | 11 => Some((cycle / 2 - 4, false)),
        _ => None,
    };
    for cycle in 0..17 {
        let mut now = Inputs::default();
        if let Some((address, first)) = token(cycle) {
            now = Inputs { take: true, address, first, last: !first, ..now };
        }
        if let Some((address, first)) = cycle.checked_sub(1).and_then(token) {
            now.sum = if first { 1 << address } else { 4 << address };
        }
        if let Some((address, _)) = cycle.checked_sub(FOLD_LATENCY - 1).and_then(token) {
            now.fold = 16 << address;
        }
        head.drive(now);
        picture.cycle([
            ("take_in", bit(now.take)),
            ("address_in", if now.take { now.address.to_string() } else { ".".into() }),
            ("first_in", bit(now.first)),
            ("last_in", bit(now.last)),
            ("sum_in", number(head.sum_in.val())),
            ("fold_in", cell(now.fold.into())),
            space(),
            ("word", cell(head.word.q.val().to_u64() as i64)),
            ("old", cell(head.old.q.val().to_u64() as i64)),
            ("total", cell(head.total.q.val().to_u64() as i64)),
            space(),
            ("take_out", bit(head.take_out.val())),
            ("fold_out", cell(head.fold_out.val().to_u64() as i64)),
            ("result_valid_out", bit(head.result_valid_out.val())),
            ("result_out", cell(head.result_out.val().to_u64() as i64)),
        ]);
        head.edge();
    }
    expect_file!["../../timing/head.txt"].assert_eq(&picture.draw());
}
