//! The heads of a pair of columns against plain accumulators.

use expect_test::expect_file;

use super::*;
use crate::bits::{signed_bits, unsigned_bits};
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, space};

impl<const A: usize> Clocked for HeadPair<A> {
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
    sums: [i64; 2],
    fold: u32,
}

impl<const A: usize> HeadPair<A> {
    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, inputs: Inputs) {
        self.take_in.next = inputs.take;
        self.address_in.next = unsigned_bits(inputs.address as u64);
        self.first_in.next = inputs.first;
        self.last_in.next = inputs.last;
        self.left_sum_in.next = signed_bits(inputs.sums[0]);
        self.right_sum_in.next = signed_bits(inputs.sums[1]);
        self.fold_in.next = unsigned_bits(inputs.fold.into());
        self.settle();
    }
}

/// Accumulators of both columns by the cycle of their token: what the tile's sums so far add up to.
fn accumulators(inputs: &[Inputs], addresses: usize) -> Vec<Option<[u32; 2]>> {
    let mut tile = vec![[0_u32; 2]; addresses];
    let mut accumulators = vec![None; inputs.len()];
    for (cycle, three) in inputs.windows(3).enumerate() {
        let [token, left, right] = three else { continue };
        if token.take {
            let old = if token.first { [0; 2] } else { tile[token.address] };
            let sums = [left.sums[0], right.sums[1]];
            let new = [0, 1].map(|n: usize| old[n].wrapping_add(sums[n] as u32));
            tile[token.address] = new;
            accumulators[cycle] = Some(new);
        }
    }
    accumulators
}

/// Runs the inputs and compares every output that means something.
fn check<const A: usize>(inputs: &[Inputs]) {
    let accumulators = accumulators(inputs, 1 << A);
    let mut heads = HeadPair::<A>::connected();
    for (cycle, &now) in inputs.iter().enumerate() {
        heads.drive(now);
        let token = |delay: usize| {
            let then = cycle.checked_sub(delay)?;
            Some((accumulators[then]?, inputs[then]))
        };
        // To the next pair: its token, and what stands with it in this cycle and the next one.
        assert_eq!(heads.take_out.val(), token(2).is_some(), "take_out in cycle {cycle}");
        if let Some((_, then)) = token(2).or(token(3)) {
            assert_eq!(heads.address_out.val().to_u64() as usize, then.address, "cycle {cycle}");
            assert_eq!(heads.first_out.val(), then.first, "first_out in cycle {cycle}");
            assert_eq!(heads.last_out.val(), then.last, "last_out in cycle {cycle}");
        }
        let valid = [&heads.left_valid_out, &heads.right_valid_out];
        for (column, valid) in valid.into_iter().enumerate() {
            let result = token(RESULT_LATENCY + column).filter(|(_, then)| then.last);
            let result = result.map(|(totals, then)| (then.address, totals[column]));
            let address = heads.result_address_out.val().to_u64() as usize;
            let got = valid.val().then(|| (address, heads.result_out.val().to_u32()));
            assert_eq!(got, result, "result of column {column} in cycle {cycle}");
        }
        if let Some(([left, right], _)) = token(FOLD_LATENCY + 1) {
            let fold = inputs[cycle - 2].fold ^ left ^ right;
            assert_eq!(heads.fold_out.val().to_u32(), fold, "fold in cycle {cycle}");
        }
        heads.edge();
    }
}

/// Random tiles: every chunk takes all addresses in order, with or without gaps.
fn tiles(random: &mut Random, addresses: usize, chunks: usize, gaps: bool) -> Vec<Inputs> {
    let mut inputs = Vec::new();
    let sum = |random: &mut Random| random.below(1 << 26) as i64 - (1 << 25);
    let noise = |random: &mut Random| Inputs {
        sums: [sum(random), sum(random)],
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
            inputs.push(Inputs { address, first, last, ..noise(random) });
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
        // A long tile: its accumulators pass 2^31 on the way.
        let mut inputs = tiles(&mut random, 16, 150, false);
        let chunk = 2 * 16;
        for (n, now) in inputs[..150 * chunk].iter_mut().enumerate() {
            (now.first, now.last) = (n / chunk == 0, n / chunk == 149);
        }
        for now in &mut inputs {
            now.sums = [extreme, !extreme];
        }
        check::<4>(&inputs);
    }
}

#[test]
fn picture() {
    let caption =
        "A tile of two rows and two chunks: sums 1 2, then 4 8, and 100 more at the right.";
    let mut picture = Picture::new(caption, 0);
    let mut heads = HeadPair::<4>::connected();
    let token = |cycle: usize| match cycle {
        1 | 3 => Some((cycle / 2, true)),
        9 | 11 => Some((cycle / 2 - 4, false)),
        _ => None,
    };
    let sum = |(address, first): (usize, bool)| if first { 1 << address } else { 4 << address };
    let ago = |cycle: usize, delay: usize| cycle.checked_sub(delay).and_then(token);
    for cycle in 0..17 {
        let mut now = Inputs::default();
        if let Some((address, first)) = token(cycle).or(ago(cycle, 1)) {
            now = Inputs { take: token(cycle).is_some(), address, first, last: !first, ..now };
        }
        now.sums = [ago(cycle, 1).map_or(0, sum), ago(cycle, 2).map_or(0, |at| 100 + sum(at))];
        if let Some((address, _)) = ago(cycle, FOLD_LATENCY - 1) {
            now.fold = 16 << address;
        }
        heads.drive(now);
        let stands = token(cycle).or(ago(cycle, 1)).is_some();
        picture.cycle([
            ("take_in", bit(now.take)),
            ("address_in", if stands { now.address.to_string() } else { ".".into() }),
            ("first_in", bit(now.first)),
            ("last_in", bit(now.last)),
            ("left_sum_in", number(heads.left_sum_in.val())),
            ("right_sum_in", number(heads.right_sum_in.val())),
            ("fold_in", cell(now.fold.into())),
            space(),
            ("word", number(heads.word.q.val())),
            ("old", cell(heads.old.q.val().to_u64() as i64)),
            ("total", cell(heads.total.q.val().to_u64() as i64)),
            space(),
            ("take_out", bit(heads.take_out.val())),
            ("fold_out", cell(heads.fold_out.val().to_u64() as i64)),
            ("left_valid_out", bit(heads.left_valid_out.val())),
            ("right_valid_out", bit(heads.right_valid_out.val())),
            ("result_out", cell(heads.result_out.val().to_u64() as i64)),
        ]);
        heads.edge();
    }
    expect_file!["../../timing/head.txt"].assert_eq(&picture.draw());
}
