//! Lines of both sides against the rule with its 64-bit product.

use super::*;
use crate::testbench::{Clocked, Random};

const LINE_BITS: usize = 6;
const LINES: usize = 1 << LINE_BITS;

type Pairs = NoisePairs<LINE_BITS, { LINE_BITS + 1 }>;

impl<const T: usize, const U: usize> Clocked for NoisePairs<T, U> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// The two columns, by the specification.
pub(crate) fn pair(u: u32) -> [usize; 2] {
    let first = u & 127;
    let second = first ^ (1 + ((127 * u64::from(u)) >> 32) as u32);
    [first as usize, second as usize]
}

impl Pairs {
    fn write(&mut self, b: bool, word: Option<u32>) {
        self.write_in.next = word.is_some();
        self.b_in.next = b;
        self.word_in.next = unsigned_bits(word.unwrap_or(0x1234_5678).into());
        self.settle();
        self.edge();
    }

    fn read(&mut self, b: bool, line: usize) -> [usize; 2] {
        self.write_in.next = false;
        self.read_b_in.next = b;
        self.read_line_in.next = unsigned_bits(line as u64);
        for _ in 0..LATENCY {
            self.settle();
            self.edge();
            // Only the first cycle's line counts.
            self.read_line_in.next = unsigned_bits(line as u64 ^ 1);
        }
        self.settle();
        [&self.plus_out, &self.minus_out].map(|port| port.val().to_u64() as usize)
    }
}

/// A side's words by line, with those on which the quotient changes.
fn words(random: &mut Random) -> Vec<u32> {
    let edge = |n: u64| (n << 32).div_ceil(127);
    let mut word = || match random.below(4) {
        0 => edge(random.below(127)) as u32,
        1 => edge(1 + random.below(126)) as u32 - 1,
        2 => [0, 1, u32::MAX, u32::MAX - 1, 1 << 31, (1 << 25) - 1][random.below(6) as usize],
        _ => random.next() as u32,
    };
    (0..LINES).map(|_| word()).collect()
}

/// Writes a side's words as hashes come, with rests between them.
fn fill(pairs: &mut Pairs, b: bool, words: &[u32]) {
    for batch in words.chunks(32) {
        for n in 0..32 {
            pairs.write(b, Some(batch[n % 4 * 8 + n / 4]));
        }
        for _ in 0..3 {
            pairs.write(b, None);
        }
    }
}

fn check(pairs: &mut Pairs, words: &[Vec<u32>; 2]) {
    for (line, both) in words[0].iter().zip(&words[1]).enumerate() {
        assert_eq!(pairs.read(true, line), pair(*both.1), "line {line} of B");
        assert_eq!(pairs.read(false, line), pair(*both.0), "line {line} of A");
    }
}

#[test]
fn pairs_are_those_of_the_rule() {
    let mut random = Random(64);
    let mut pairs = Pairs::connected();
    for part in [LINES, LINES / 2, LINES] {
        // A side that ends early must not move the other.
        let words = [words(&mut random), words(&mut random)];
        if part < LINES {
            fill(&mut pairs, false, &words[0][..part]);
            pairs.write(true, None);
            pairs.write(false, None);
        }
        fill(&mut pairs, false, &words[0]);
        fill(&mut pairs, true, &words[1]);
        check(&mut pairs, &words);
    }
}

#[test]
fn a_reset_begins_anew() {
    let mut random = Random(65);
    let mut pairs = Pairs::connected();
    let words = [words(&mut random), words(&mut random)];
    for b in [false, true] {
        for n in 0..5 {
            pairs.write(b, Some(n));
        }
        pairs.reset_in.next = true;
        pairs.write(b, None);
        pairs.reset_in.next = false;
        fill(&mut pairs, b, &words[usize::from(b)]);
    }
    check(&mut pairs, &words);
}
