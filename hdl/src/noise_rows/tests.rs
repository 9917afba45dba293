//! Words of random panels against the difference of two columns.

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for NoiseRows {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// E by lane and column, as bytes of hashes.
type Panel = [[u8; 128]; 16];

fn panel(random: &mut Random) -> Panel {
    std::array::from_fn(|_| std::array::from_fn(|_| random.next() as u8))
}

/// Words of a panel in the order of hashes, batch by batch.
fn words(panel: &Panel) -> Vec<[u32; 32]> {
    let word = |batch: usize, n: usize| {
        let (lane, column) = (batch / 4 * 4 + n % 4, batch % 4 * 32 + n / 4 * 4);
        u32::from_le_bytes(std::array::from_fn(|byte| panel[lane][column + byte]))
    };
    (0..16).map(|batch| std::array::from_fn(|n| word(batch, n))).collect()
}

/// Writes a panel, and says behind which word it was whole.
fn fill(rows: &mut NoiseRows, random: &mut Random, panel: &Panel) {
    for (nth, batch) in words(panel).into_iter().enumerate() {
        let rest = WRITE_LATENCY + 1 + random.below(3) as usize;
        for n in 0..32 + rest {
            rows.write_in.next = n < 32;
            let word = batch.get(n).copied().unwrap_or(random.next() as u32);
            rows.word_in.next = unsigned_bits(word.into());
            rows.settle();
            assert_eq!(rows.whole_out.val(), nth == 15 && n == 32 + WRITE_LATENCY, "{nth}, {n}");
            rows.edge();
        }
    }
    rows.write_in.next = false;
}

/// Noise of a lane for a pair.
fn noise(panel: &Panel, lane: usize, [plus, minus]: [usize; 2]) -> i8 {
    let value = |column: usize| (panel[lane][column] & 63) as i8 - 32;
    value(plus) - value(minus)
}

/// Reads blocks of four steps, one behind the other.
fn check(rows: &mut NoiseRows, random: &mut Random, banks: [&Panel; 2], blocks: usize) {
    let mut asked = Vec::new();
    for cycle in 0..4 * blocks + LATENCY {
        if cycle % 4 == 0 {
            let pairs: [[usize; 2]; 4] =
                std::array::from_fn(|_| [0, 1].map(|_| random.below(128) as usize));
            asked.push((random.below(2) as usize, random.below(4) as usize, pairs));
        }
        let (bank, group, pairs) = asked[cycle / 4];
        rows.bank_in.next = unsigned_bits(bank as u64);
        rows.group_in.next = unsigned_bits(group as u64);
        rows.plus_in.next = unsigned_bits(pairs[cycle % 4][0] as u64);
        rows.minus_in.next = unsigned_bits(pairs[cycle % 4][1] as u64);
        rows.phase_in.next = unsigned_bits(cycle as u64 % 4);
        rows.settle();
        if let Some(then) = cycle.checked_sub(LATENCY) {
            let (bank, group, pairs) = asked[then / 4];
            let lane = 4 * group + then % 4;
            let want = pairs.map(|pair| noise(banks[bank], lane, pair) as u8);
            assert_eq!(rows.word_out.val().to_u32().to_le_bytes(), want, "cycle {cycle}");
        }
        rows.edge();
    }
}

#[test]
fn words_are_differences_of_columns() {
    let mut random = Random(66);
    let mut rows = NoiseRows::connected();
    let panels: [Panel; 3] = std::array::from_fn(|_| panel(&mut random));
    fill(&mut rows, &mut random, &panels[0]);
    fill(&mut rows, &mut random, &panels[1]);
    check(&mut rows, &mut random, [&panels[0], &panels[1]], 400);
    fill(&mut rows, &mut random, &panels[2]);
    check(&mut rows, &mut random, [&panels[2], &panels[1]], 400);
    // A reset in the middle of a batch.
    rows.write_in.next = true;
    for _ in 0..77 {
        rows.settle();
        rows.edge();
    }
    rows.reset_in.next = true;
    rows.settle();
    rows.edge();
    (rows.reset_in.next, rows.write_in.next) = (false, false);
    for _ in 0..WRITE_LATENCY {
        rows.settle();
        rows.edge();
    }
    fill(&mut rows, &mut random, &panels[1]);
    fill(&mut rows, &mut random, &panels[0]);
    check(&mut rows, &mut random, [&panels[1], &panels[0]], 100);
}
