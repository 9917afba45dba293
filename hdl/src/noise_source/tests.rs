//! Whole scans: every word that an array reads, and every cycle, against plain Rust.

mod array;
mod noise;
mod schedule;

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};
use array::{Array, Shape};
use noise::{Noise, Seed};
use schedule::{Panel, Schedule};

impl<const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize> Clocked
    for NoiseSource<P, Q, W, T, U>
{
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// A scan: its seed, its array and how long it runs.
struct Scan {
    seed: Seed,
    chunks: usize,
    /// Steps of a chunk, in all slots.
    pass: usize,
    /// The array rests once in so many cycles.
    rest: u64,
    cycles: usize,
}

/// What a scan came to.
#[derive(Default)]
struct Outcome {
    tiles: usize,
    /// Cycles in which a step was held between a row's first step and its last.
    held: usize,
    /// The cycle of the first step.
    first_step: usize,
    /// Cycles from the last step of a row to the first of the next, all of those.
    turns: Vec<usize>,
}

/// Runs a scan, from a cycle in which `scan_in` is low.
fn run<const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize>(
    source: &mut NoiseSource<P, Q, W, T, U>,
    random: &mut Random,
    scan: &Scan,
) -> Outcome {
    source.scan_in.next = false;
    source.pass_end_in.next = false;
    source.chunks_last_in.next = unsigned_bits(scan.chunks as u64 - 1);
    source.settle();
    source.edge();
    source.scan_in.next = true;

    let noise = Noise::new(&scan.seed, 128 * scan.chunks);
    let ring = 1 << (W - 5);
    let mut schedule = Schedule::new(ring, scan.chunks, scan.seed.columns_last as usize);
    let mut array = Array::new(Shape {
        widths: [P, Q],
        word_bits: W,
        chunks: scan.chunks,
        pass: scan.pass,
        columns: scan.seed.columns_last as usize + 1,
    });
    let mut outcome = Outcome::default();
    let words = scan.seed.words();
    let mut last_step = 0;
    for cycle in 0..scan.cycles {
        source.seed_write_in.next = cycle < words.len();
        let (place, word) = words.get(cycle).copied().unwrap_or((24, 0));
        source.seed_place_in.next = unsigned_bits(place);
        source.seed_word_in.next = unsigned_bits(word.into());
        let seeded = cycle == words.len();
        source.seeded_in.next = seeded;
        source.pass_end_in.next = false;
        source.settle();

        // The step, which depends on the hold, and what depends on it
        let hold = source.hold_out.val();
        let steps = !hold && cycle > 0 && !random.one_in(scan.rest);
        let pass_end = steps && array.is_pass_end();
        if pass_end {
            source.pass_end_in.next = true;
            source.settle();
        }
        let now = schedule.cycle(seeded, pass_end);
        assert_eq!(hold, now.hold, "hold_out in cycle {cycle}");
        assert_eq!(source.hold_out.val(), hold, "the hold depends on the pass's end");

        // Words
        let writes = [source.a_write_out.val(), source.b_write_out.val()];
        let want = now.word.map_or([false; 2], |word| [!word.panel.b, word.panel.b]);
        assert_eq!(writes, want, "writes in cycle {cycle}");
        if let Some(word) = now.word {
            let got = source.word_out.val().to_u32();
            assert_eq!(got, noise.word(word.panel, word.lane, word.nth), "{word:?}, {cycle}");
            let address = if word.panel.b { &source.b_address_out } else { &source.a_address_out };
            array.write(word.panel.b, address.val().to_u64() as usize, got);
        }
        if steps {
            if outcome.first_step == 0 {
                outcome.first_step = cycle;
            }
            if array.is_row_start() && cycle > outcome.first_step {
                outcome.turns.push(cycle - last_step);
            }
            last_step = cycle;
            array.step(&noise);
        } else if hold && !array.is_row_start() {
            outcome.held += 1;
        }
        source.edge();
    }
    outcome.tiles = array.tiles();
    outcome
}

fn check<const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize>(
    scans: &[Scan],
) -> Vec<Outcome> {
    let mut random = Random(67);
    let mut source = NoiseSource::<P, Q, W, T, U>::connected();
    scans.iter().map(|scan| run(&mut source, &mut random, scan)).collect()
}

#[test]
fn words_and_cycles_are_those_of_the_rule() {
    let seed = |nth, row, column, columns_last| Seed::new(nth, row, column, columns_last);
    // Arrays that are faster and slower than the source; scans dropped in the middle, and then another one
    let outcomes = check::<2, 2, 6, 8, 9>(&[
        Scan { seed: seed(1, 0, 0, 2), chunks: 2, pass: 128, rest: 50, cycles: 40_000 },
        Scan { seed: seed(2, 7, (1 << 20) - 1, 0), chunks: 1, pass: 512, rest: 9, cycles: 25_000 },
        Scan { seed: seed(3, 1, 2, 3), chunks: 2, pass: 4096, rest: 1000, cycles: 40_000 },
    ]);
    assert!(outcomes.iter().all(|outcome| outcome.tiles >= 2));
    let outcomes = check::<16, 8, 8, 9, 10>(&[
        Scan { seed: seed(4, 3, 5, 1), chunks: 3, pass: 256, rest: 1000, cycles: 37_000 },
        Scan { seed: seed(5, 3, 5, 1), chunks: 4, pass: 1024, rest: 3, cycles: 40_000 },
    ]);
    assert!(outcomes.iter().all(|outcome| outcome.tiles >= 1));
}

/// From dropped scans nothing is left, wherever they are dropped.
#[test]
fn scans_begin_anew() {
    let mut scans = Vec::new();
    for (nth, cycles) in [1, 20, 100, 300, 2200, 4700, 6600, 8200, 10_000].into_iter().enumerate() {
        let seed = Seed::new(10 + nth as u64, 2, 1, 1);
        scans.push(Scan { seed, chunks: 1, pass: 400, rest: 20, cycles });
    }
    let seed = Seed::new(30, 5, 6, 1);
    scans.push(Scan { seed, chunks: 2, pass: 400, rest: 20, cycles: 20_000 });
    let outcomes = check::<4, 4, 6, 8, 9>(&scans);
    assert!(outcomes.last().is_some_and(|outcome| outcome.tiles > 0));
}

/// With four slots and k from 1,092 on, the array never waits inside of a row.
#[test]
fn four_slots_never_wait_inside_of_a_row() {
    let seed = Seed::new(40, 0, 0, 1);
    let (chunks, k) = (9, 9 * CHUNK_STEPS);
    let scan = Scan { seed, chunks, pass: 512, rest: u64::MAX, cycles: 49_000 };
    let outcomes = check::<8, 8, 9, 11, 12>(&[scan]);
    let outcome = &outcomes[0];
    assert_eq!(outcome.held, 0);
    assert_eq!(outcome.tiles, 3);
    assert_eq!(outcome.turns.len(), 1);
    assert!(TURN_CYCLES.contains(&(outcome.turns[0] - 4 * k - CHUNK_CYCLES)));
    // The seed's last word comes in cycle 31, and it is whole in the next one.
    let first_step = 32 + (k / 16 + 15) * 273 + 4 * k;
    assert!((806..810).contains(&(outcome.first_step - first_step)), "{}", outcome.first_step);
}
