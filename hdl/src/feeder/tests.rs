//! The feeder against the walk written down step by step.

use super::*;
use crate::geometry::Geometry;
use crate::testbench::{Clocked, Random};

impl<const Q: usize, const W: usize, const R: usize, const S: usize> Clocked
    for Feeder<Q, W, R, S>
{
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Bits of a word's address in these tests.
const WORD_BITS: usize = 4;

/// A tile's panels and shape, in words and steps.
#[derive(Clone, Copy)]
struct Tile {
    base: [usize; 2],
    chunk: usize,
    chunks: usize,
    tail: usize,
    unsigned: bool,
    /// Tiles behind it that share its panel of A.
    again: usize,
}

impl Tile {
    fn random(random: &mut Random) -> Self {
        let mut below = |limit| random.below(limit) as usize;
        Self {
            base: [below(1 << WORD_BITS), below(1 << WORD_BITS)],
            chunk: 5 + below(10),
            chunks: 1 + below(3),
            tail: [0, 5 + below(10)][below(2)],
            unsigned: below(2) == 1,
            again: [0, below(3)][below(2)],
        }
    }
}

/// A step: what it says to the feeder, and what the wave must say.
#[derive(Clone, Copy, Debug)]
struct Step {
    chunk_end: bool,
    pass_end: bool,
    a_returns: bool,
    fetch: bool,
    address: [u64; 2],
}

/// All steps of a tile and those that share its panel of A, which then begins at word 0. Every chunk begins with a new
/// word, and is read again for every slot.
fn steps(tile: Tile, geometry: Geometry) -> Vec<Step> {
    let mut lengths = vec![tile.chunk; tile.chunks];
    lengths.extend((tile.tail > 0).then_some(tile.tail));
    let mut base = tile.base;
    let mut steps = Vec::new();
    let tiles = 1 + tile.again;
    for (nth, &length) in (0..tiles).flat_map(|_| &lengths).enumerate() {
        let returns = tile.again > 0 && (nth + 1) % lengths.len() == 0;
        for slot in 0..geometry.slots() {
            let (row, column) = geometry.slot_origin(slot);
            let groups = [row / geometry.rows(), column / geometry.columns()];
            for step in 0..length {
                let word = |side: usize| (base[side] + step / 4) % (1 << WORD_BITS);
                let address = |side: usize| (groups[side] << WORD_BITS | word(side)) as u64;
                let chunk_end = step + 1 == length;
                let pass_end = chunk_end && slot + 1 == geometry.slots();
                let address = [address(0), address(1)];
                let a_returns = pass_end && returns;
                steps.push(Step { chunk_end, pass_end, a_returns, fetch: step % 4 == 0, address });
            }
        }
        base = base.map(|base| base + length.div_ceil(4));
        if returns {
            base[0] = 0;
        }
    }
    steps
}

/// A feeder, and the steps that it took in the last cycles, the oldest first.
struct Bench<const Q: usize, const W: usize, const R: usize, const S: usize> {
    feeder: Feeder<Q, W, R, S>,
    taken: [Option<(Step, bool)>; LATENCY],
    /// Of the tile that was loaded in the last cycle.
    base: [usize; 2],
}

impl<const Q: usize, const W: usize, const R: usize, const S: usize> Bench<Q, W, R, S> {
    /// One cycle with a step of a tile, and with the load of another.
    fn cycle(&mut self, step: Option<(Step, bool)>, load: Option<Tile>) {
        let feeder = &mut self.feeder;
        feeder.step_in.next = step.is_some();
        feeder.chunk_end_in.next = step.is_some_and(|(step, _)| step.chunk_end);
        feeder.pass_end_in.next = step.is_some_and(|(step, _)| step.pass_end);
        feeder.unsigned_in.next = self.taken[LATENCY - 1].is_some_and(|(_, unsigned)| unsigned);
        feeder.a_returns_in.next = self.taken[LATENCY - 1].is_some_and(|(step, _)| step.a_returns);
        feeder.load_in.next = load.is_some();
        feeder.a_base_in.next = (self.base[0] as u64).into();
        feeder.b_base_in.next = (self.base[1] as u64).into();
        self.base = load.map_or([3, 5], |tile| tile.base);
        feeder.settle();
        assert_eq!(feeder.step_out.val(), self.taken[0].is_some());
        if let Some((step, unsigned)) = self.taken[0] {
            assert_eq!(feeder.fetch_out.val(), step.fetch);
            assert_eq!(feeder.unsigned_out.val(), unsigned);
            let address =
                [feeder.a_address_out.val().to_u64(), feeder.b_address_out.val().to_u64()];
            assert_eq!(address, step.address);
        }
        feeder.edge();
        self.taken.rotate_left(1);
        self.taken[LATENCY - 1] = step;
    }
}

fn check<const P: usize, const Q: usize, const R: usize, const S: usize>(seed: u64) {
    let mut random = Random(seed);
    let feeder = Feeder::<Q, WORD_BITS, R, S>::connected();
    let mut bench = Bench { feeder, taken: [None; LATENCY], base: [3, 5] };
    let mut tile = Tile::random(&mut random);
    bench.cycle(None, Some(tile));
    for n in 0..40 {
        let steps = steps(tile, Geometry::new(P, Q));
        // Some tiles are dropped in the middle, as by a reset.
        let taken =
            if n % 4 == 3 { random.below(steps.len() as u64) as usize } else { steps.len() };
        let next = Tile::random(&mut random);
        let follows = taken == steps.len() && n % 2 == 0;
        for (nth, &step) in steps[..taken].iter().enumerate() {
            while random.one_in([5, 1000][n % 2]) {
                bench.cycle(None, None);
            }
            let load = (follows && nth + 1 == steps.len()).then_some(next);
            bench.cycle(Some((step, tile.unsigned)), load);
        }
        if !follows {
            (0..random.below(4)).for_each(|_| bench.cycle(None, None));
            bench.cycle(None, Some(next));
        }
        tile = next;
    }
}

#[test]
fn addresses_walk_through_chunks_slots_and_tiles() {
    check::<16, 16, 4, 4>(1);
    check::<8, 4, 5, 6>(2);
    check::<4, 8, 6, 5>(3);
    check::<2, 2, 7, 7>(4);
}
