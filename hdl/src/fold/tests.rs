//! A fold against the XOR of its rows.

use expect_test::expect_file;

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Picture, Random, bit, cell, space};

impl<const A: usize> Clocked for Fold<A> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Inputs of a cycle.
#[derive(Clone, Copy, Default)]
struct Inputs {
    take: bool,
    address: usize,
    tail: bool,
    row: u32,
}

impl<const A: usize> Fold<A> {
    /// Sets the inputs of a cycle and lets them settle.
    fn drive(&mut self, inputs: Inputs) {
        self.take_in.next = inputs.take;
        self.address_in.next = unsigned_bits(inputs.address as u64);
        self.tail_in.next = inputs.tail;
        self.row_in.next = unsigned_bits(inputs.row.into());
        self.settle();
    }
}

/// Random chunks: whole ones, tails, and some that a reset cuts short. With them, the fold words
/// that must come and their cycles.
fn chunks<const A: usize>(random: &mut Random, count: usize) -> (Vec<Inputs>, Vec<(usize, u32)>) {
    let mut inputs = Vec::new();
    let mut tokens = Vec::new();
    let noise = |random: &mut Random| Inputs {
        address: random.below(1 << A) as usize,
        tail: random.one_in(2),
        row: random.next() as u32,
        take: false,
    };
    for _ in 0..count {
        let tail = random.one_in(3);
        let rows = if random.one_in(4) { random.below(1 << A) as usize } else { 1 << A };
        let mut chunk = Vec::new();
        for address in 0..rows {
            while random.one_in(3) {
                inputs.push(noise(random));
            }
            chunk.push(inputs.len());
            inputs.push(Inputs { take: true, address, tail, ..noise(random) });
        }
        if rows == 1 << A && !tail {
            tokens.push(chunk);
        }
    }
    inputs.extend((0..LATENCY + 1).map(|_| noise(random)));
    let word = |chunk: &Vec<usize>| {
        let rows = chunk.iter().map(|token| inputs[token + ROW_OFFSET].row);
        (chunk[chunk.len() - 1] + LATENCY, rows.fold(0, |word, row| word ^ row))
    };
    let words = tokens.iter().map(word).collect();
    (inputs, words)
}

/// Runs random chunks; the fold words come in their cycles, and no others do.
fn check<const A: usize>(seed: u64, count: usize) {
    let (inputs, want) = chunks::<A>(&mut Random(seed), count);
    assert!(!want.is_empty());
    let mut fold = Fold::<A>::connected();
    let mut words = Vec::new();
    for (cycle, &now) in inputs.iter().enumerate() {
        fold.drive(now);
        if fold.fold_valid_out.val() {
            words.push((cycle, fold.fold_out.val().to_u32()));
        }
        fold.edge();
    }
    assert_eq!(words, want);
}

#[test]
fn random_chunks_give_their_words() {
    check::<4>(1, 100);
    check::<6>(2, 40);
    check::<7>(3, 20);
}

#[test]
fn picture() {
    let caption = "Chunks of four rows: 1 2 4 8, then 16 32 64 128, then a tail. A dot is a zero.";
    let mut picture = Picture::new(caption, 0);
    let mut fold = Fold::<2>::connected();
    let rows = [1, 2, 4, 8, 16, 32, 64, 128, 3, 5, 7, 9];
    for cycle in 0..18usize {
        let row = cycle.checked_sub(1 + ROW_OFFSET).and_then(|n| rows.get(n));
        let row = row.copied().unwrap_or_default();
        let take = (1..=rows.len()).contains(&cycle);
        let address = if take { (cycle - 1) % 4 } else { 0 };
        fold.drive(Inputs { take, address, tail: take && cycle > 8, row });
        picture.cycle([
            ("take_in", bit(take)),
            ("address_in", cell(address as i64)),
            ("tail_in", bit(fold.tail_in.val())),
            ("row_in", cell(row.into())),
            space(),
            ("fold_out", cell(fold.fold_out.val().to_u64() as i64)),
            ("fold_valid_out", bit(fold.fold_valid_out.val())),
        ]);
        fold.edge();
    }
    expect_file!["../../timing/fold.txt"].assert_eq(&picture.draw());
}
