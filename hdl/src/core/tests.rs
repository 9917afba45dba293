//! A core against the plain product and its fold words, with the cycle of each.

use expect_test::expect_file;

use super::*;
use crate::bits::unsigned_bits;
use crate::geometry::TILE;
use crate::sequencer::FLUSH_CYCLES;
use crate::testbench::{Clocked, Picture, Random, bit, cell, number, operand, space};

impl<const P: usize, const Q: usize, const A: usize> Clocked for Core<P, Q, A> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Operands of a tile by step, and the steps of a chunk.
struct Tile {
    a: Vec<[i64; TILE]>,
    b: Vec<[i64; TILE]>,
    chunk: usize,
}

impl Tile {
    /// Random operands.
    fn random(random: &mut Random, steps: usize, chunk: usize) -> Self {
        let mut panel = || {
            let lanes = |_| std::array::from_fn(|_| random.operand());
            (0..steps).map(lanes).collect()
        };
        Self { a: panel(), b: panel(), chunk }
    }

    /// First and one-past-last step of every chunk, a tail included.
    fn chunks(&self) -> Vec<(usize, usize)> {
        let steps = self.a.len();
        let end = |first: usize| steps.min(first + self.chunk);
        (0..steps).step_by(self.chunk).map(|first| (first, end(first))).collect()
    }

    /// Element of the product over the steps below `end`.
    fn product(&self, end: usize, row: usize, column: usize) -> u32 {
        let pairs = self.a[..end].iter().zip(&self.b[..end]);
        pairs.map(|(a, b)| a[row] * b[column]).sum::<i64>() as u32
    }

    /// XOR of all elements of that product.
    fn fold(&self, end: usize) -> u32 {
        let places = (0..TILE * TILE).map(|n| (n / TILE, n % TILE));
        places.fold(0, |word, (row, column)| word ^ self.product(end, row, column))
    }
}

/// An output: its cycle, its column (none for a fold word), and its word.
type Event = (usize, Option<usize>, u32);

/// A core, and what came out of it and should have.
struct Bench<const P: usize, const Q: usize, const A: usize> {
    core: Core<P, Q, A>,
    cycle: usize,
    got: Vec<Event>,
    want: Vec<Event>,
}

impl<const P: usize, const Q: usize, const A: usize> Bench<P, Q, A> {
    /// A core that is ready for its first step.
    fn new() -> Self {
        let mut bench =
            Self { core: Core::connected(), cycle: 0, got: Vec::new(), want: Vec::new() };
        bench.shape(&Tile { a: vec![[0; TILE]; 64], b: Vec::new(), chunk: 64 });
        bench.flush();
        bench
    }

    /// Shows the shape of a tile.
    fn shape(&mut self, tile: &Tile) {
        let (steps, chunk) = (tile.a.len(), tile.chunk);
        self.core.chunk_last_in.next = unsigned_bits(chunk as u64 - 1);
        self.core.chunks_last_in.next = unsigned_bits((steps / chunk) as u64 - 1);
        self.core.tail_in.next = !steps.is_multiple_of(chunk);
        self.core.tail_last_in.next = unsigned_bits((steps % chunk).saturating_sub(1) as u64);
    }

    /// Sits out the cycles in which the array empties itself.
    fn flush(&mut self) {
        self.core.valid_in.next = false;
        for _ in 0..FLUSH_CYCLES {
            self.core.settle();
            assert!(!self.core.ready_out.val());
            self.core.edge();
        }
    }

    /// One cycle, with a step of a slot or without. Operands of a gap are noise.
    fn cycle(&mut self, step: Option<(&Tile, usize, usize)>, noise: &mut Random) {
        self.core.valid_in.next = step.is_some();
        let (row, column) =
            step.map_or((0, 0), |(_, _, slot)| Geometry::new(P, Q).slot_origin(slot));
        for i in 0..P {
            let value = step.map_or_else(|| noise.operand(), |(tile, n, _)| tile.a[n][row + i]);
            self.core.a_in[i].next = operand(value);
        }
        for j in 0..Q {
            let value = step.map_or_else(|| noise.operand(), |(tile, n, _)| tile.b[n][column + j]);
            self.core.b_in[j].next = operand(value);
        }
        self.core.settle();
        assert!(self.core.ready_out.val(), "not ready in cycle {}", self.cycle);
        let fold = self.core.fold_valid_out.val().then(|| self.core.fold_out.val());
        self.got.extend(fold.map(|word| (self.cycle, None, word.to_u32())));
        for j in 0..Q {
            if self.core.result_valid_out[j].val() {
                self.got.push((self.cycle, Some(j), self.core.result_out[j].val().to_u32()));
            }
        }
        self.core.edge();
        self.cycle += 1;
    }

    /// Runs at most `steps_max` steps of a tile, with a gap once in `gap` cycles.
    fn run(&mut self, tile: &Tile, steps_max: usize, random: &mut Random, gap: u64) {
        self.shape(tile);
        let slots = Geometry::new(P, Q).slots();
        let chunks = tile.chunks();
        let in_order = chunks.iter().flat_map(|&(first, end)| {
            (0..slots).flat_map(move |slot| (first..end).map(move |n| (first, end, slot, n)))
        });
        for (first, end, slot, n) in in_order.take(steps_max) {
            while random.one_in(gap) {
                self.cycle(None, random);
            }
            self.cycle(Some((tile, n, slot)), random);
            if n + 1 == end {
                self.expect(tile, end - first, end, slot);
            }
        }
    }

    /// Notes what a chunk, whose last step was just taken, must bring.
    fn expect(&mut self, tile: &Tile, length: usize, end: usize, slot: usize) {
        let geometry = Geometry::new(P, Q);
        let last_step = self.cycle - 1;
        if length == tile.chunk && slot + 1 == geometry.slots() {
            let cycle = last_step + FOLD_LATENCY + 2 * (P - 1) + (Q - 1);
            self.want.push((cycle, None, tile.fold(end)));
        }
        if end == tile.a.len() {
            for (i, j) in (0..P).flat_map(|i| (0..Q).map(move |j| (i, j))) {
                let (row, column) = geometry.place(j, slot * P + i);
                let cycle = last_step + RESULT_LATENCY + 2 * i + j;
                self.want.push((cycle, Some(j), tile.product(end, row, column)));
            }
        }
    }

    /// Waits for the last output and compares all of them.
    fn compare(&mut self) {
        assert!(self.core.busy_out.val());
        for _ in 0..Geometry::new(P, Q).settle_cycles() {
            self.cycle(None, &mut Random(0));
        }
        self.core.settle();
        assert!(!self.core.busy_out.val());
        self.want.sort_unstable();
        assert_eq!(self.got.len(), self.want.len(), "number of outputs");
        assert_eq!(self.got, self.want);
    }
}

/// Two tiles back to back, one of them with a tail, with a gap once in `gap` cycles.
fn check<const P: usize, const Q: usize, const A: usize>(gap: u64) {
    let mut random = Random((10 * P + Q) as u64 ^ gap);
    let mut bench = Bench::<P, Q, A>::new();
    bench.run(&Tile::random(&mut random, 64 + 66, 66), usize::MAX, &mut random, gap);
    bench.run(&Tile::random(&mut random, 64, 64), usize::MAX, &mut random, gap);
    bench.compare();
}

#[test]
fn tiles_give_their_words_and_products() {
    check::<2, 2, 7>(u64::MAX);
    check::<4, 4, 6>(5);
    check::<4, 8, 5>(u64::MAX);
    check::<8, 4, 6>(3);
}

#[test]
fn a_reset_drops_a_tile_and_leaves_nothing_behind() {
    let random = &mut Random(5);
    let mut bench = Bench::<4, 4, 6>::new();
    for steps in [1, 63, 64, 70, 1100] {
        bench.run(&Tile::random(random, 130, 65), steps, random, u64::MAX);
        bench.core.reset_in.next = true;
        bench.cycle(None, random);
        bench.core.reset_in.next = false;
        bench.flush();
        bench.got.clear();
        bench.want.clear();
        bench.cycle = 0;
    }
    bench.run(&Tile::random(random, 64, 64), usize::MAX, random, u64::MAX);
    bench.compare();
}

#[test]
fn picture() {
    let caption = "\
A tile of one chunk ends on a 2x2 array, and the next tile follows at once. The last slot's results
are 10, 100, 26 and 260; all others are zeros, so the fold word is the XOR of these four.";
    let mut lanes = vec![[0; TILE]; 64];
    for n in 0..4 {
        (lanes[60 + n][14], lanes[60 + n][15]) = (n as i64 + 1, n as i64 + 5);
    }
    let mut columns = vec![[0; TILE]; 64];
    for column in &mut columns {
        (column[14], column[15]) = (1, 10);
    }
    let tile = Tile { a: lanes, b: columns, chunk: 64 };
    let next = Tile { a: vec![[9; TILE]; 64], b: vec![[9; TILE]; 64], chunk: 64 };

    let mut bench = Bench::<2, 2, 7>::new();
    bench.run(&tile, 64 * 64 - 4, &mut Random(0), u64::MAX);
    let mut picture = Picture::new(caption, 0);
    for cycle in 0..19 {
        let (tile, n, slot) = if cycle < 4 { (&tile, 60 + cycle, 63) } else { (&next, cycle, 0) };
        for lane in 0..2 {
            let origin = 14 * (slot / 63);
            bench.core.a_in[lane].next = operand(tile.a[n][origin + lane]);
            bench.core.b_in[lane].next = operand(tile.b[n][origin + lane]);
        }
        bench.core.valid_in.next = true;
        bench.core.settle();
        let core = &bench.core;
        let word = |bits: Bits<32>| cell(bits.to_u64() as i64);
        let result = |j: usize| {
            let valid = core.result_valid_out[j].val();
            if valid { word(core.result_out[j].val()) } else { ".".into() }
        };
        picture.cycle([
            ("a_in[0]", number(core.a_in[0].val())),
            ("a_in[1]", number(core.a_in[1].val())),
            ("b_in[0]", number(core.b_in[0].val())),
            ("b_in[1]", number(core.b_in[1].val())),
            space(),
            ("grid.start_in[0]", bit(core.array.grid.start_in[0].val())),
            ("grid.start_in[1]", bit(core.array.grid.start_in[1].val())),
            ("grid.sum_out[0]", number(core.array.grid.sum_out[0].val())),
            ("grid.sum_out[1]", number(core.array.grid.sum_out[1].val())),
            space(),
            ("heads[0].take_in", bit(core.array.heads[0].take_in.val())),
            ("heads[0].address_in", cell(core.array.heads[0].address_in.val().to_u64() as i64)),
            ("heads[0].fold_out", word(core.array.heads[0].fold_out.val())),
            space(),
            ("result_out[0]", result(0)),
            ("result_out[1]", result(1)),
            ("fold_valid_out", bit(core.fold_valid_out.val())),
            ("fold_out", word(core.fold_out.val())),
        ]);
        bench.core.edge();
    }
    expect_file!["../../timing/core.txt"].assert_eq(&picture.draw());
}
