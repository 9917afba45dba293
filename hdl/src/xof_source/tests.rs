//! Words of whole scans against the `blake3` crate's stream, and every cycle against [`Cycles`].

mod cycles;

use std::collections::HashMap;

use super::*;
use crate::bits::unsigned_bits;
use crate::registers::panel_address;
use crate::testbench::{Clocked, Random};
use crate::xof_engine::tests::seed_words;
use cycles::Cycles;

impl<const P: usize, const Q: usize, const W: usize> Clocked for XofSource<P, Q, W> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Cycles behind a chunk's last step in which the last lane may still read it: more than the wave takes.
const READ_CYCLES: u64 = 40;

/// A seed's operands, by chunk over all attempts.
struct Operands {
    seed: [u8; 240],
    chunks: u64,
    blocks: HashMap<(u32, u64), [u8; 64]>,
}

impl Operands {
    fn block(&mut self, attempt: u32, number: u64) -> [u8; 64] {
        let seed = &self.seed;
        *self.blocks.entry((attempt, number)).or_insert_with(|| {
            let mut seed = *seed;
            let nonce = u32::from_le_bytes(seed[228..232].try_into().unwrap());
            seed[228..232].copy_from_slice(&nonce.wrapping_add(attempt).to_le_bytes());
            let mut bytes = [0; 64];
            let mut reader = ::blake3::Hasher::new().update(&seed).finalize_xof();
            reader.set_position(64 * number);
            reader.fill(&mut bytes);
            bytes
        })
    }

    /// Steps 4 `word` to 4 `word` + 3 of a row of A and the column of B of the same number, in a chunk.
    fn words(&mut self, chunk: u64, lane: usize, word: usize) -> [u32; 2] {
        let (attempt, c) = ((chunk / self.chunks) as u32, chunk % self.chunks);
        let row = self.block(attempt, lane as u64 * self.chunks + c);
        let rows = self.block(attempt, 16 * self.chunks + 16 * c + word as u64);
        let column = std::array::from_fn(|step| rows[16 * step + lane]);
        let row = row[4 * word..4 * word + 4].try_into().unwrap();
        [row, column].map(u32::from_le_bytes)
    }
}

/// Takes steps as an array does, with gaps.
struct Consumer {
    /// Steps of a chunk, at most.
    slowest: u64,
    begun: u64,
    ended: u64,
    steps_left: u64,
}

impl Consumer {
    /// In a cycle in which a step can be taken: whether the last one of a chunk is.
    fn takes_last(&mut self, random: &mut Random) -> bool {
        if random.one_in(9) {
            return false;
        }
        if self.begun == self.ended {
            self.begun += 1;
            self.steps_left = match random.below(4) {
                0 => 2,
                1 => 64,
                _ => 2 + random.below(self.slowest),
            };
        }
        self.steps_left -= 1;
        if self.steps_left == 0 {
            self.ended += 1;
        }
        self.steps_left == 0
    }
}

/// A source with panel memories behind it.
struct Bench<const P: usize, const Q: usize, const W: usize> {
    source: XofSource<P, Q, W>,
    cycles: Cycles,
    engines: u64,
    now: u64,
    scanned: bool,
    /// Word, and the cycle in which it was on the ports, by address.
    images: [HashMap<u64, (u32, u64)>; 2],
}

impl<const P: usize, const Q: usize, const W: usize> Bench<P, Q, W> {
    fn new(engines: usize) -> Self {
        let mut source = XofSource::new(engines);
        source.connect_all();
        Self {
            source,
            cycles: Cycles::new(engines, 1 << (W - 4)),
            engines: engines as u64,
            now: 0,
            scanned: false,
            images: [HashMap::new(), HashMap::new()],
        }
    }

    /// One cycle; if a step can be taken, `ends` says whether one is taken that is the last of its chunk.
    fn cycle(&mut self, scan: bool, seeded: bool, ends: &mut dyn FnMut() -> bool) {
        let source = &mut self.source;
        source.scan_in.next = scan;
        source.seeded_in.next = seeded;
        source.pass_end_in.next = false;
        source.settle();
        let now = self.cycles.begin();
        let cycle = self.now;
        assert_eq!(source.hold_out.val(), now.hold, "hold in cycle {cycle}");
        assert_eq!(source.write_out.val(), now.write.is_some(), "write in cycle {cycle}");
        for e in 0..self.engines {
            let start = now.start.is_some_and(|batch| batch % self.engines == e);
            assert_eq!(source.start[e as usize].q.val(), start, "start of {e} in cycle {cycle}");
            let ready = source.engine[e as usize].ready_out.val();
            assert!(ready || !start, "engine {e} is at work in cycle {cycle}");
        }
        if now.write.is_some() {
            let a = (source.a_address_out.val(), source.a_word_out.val());
            let b = (source.b_address_out.val(), source.b_word_out.val());
            for (image, (address, word)) in self.images.iter_mut().zip([a, b]) {
                image.insert(address.to_u64(), (word.to_u32(), cycle));
            }
        }
        let pass_end = scan && self.scanned && !now.hold && ends();
        source.pass_end_in.next = pass_end;
        source.settle();
        source.edge();
        self.cycles.end(scan, seeded, pass_end);
        self.now += 1;
        self.scanned = scan;
    }

    /// A chunk stands in both memories, all of it written by `until`.
    fn check_chunk(&self, operands: &mut Operands, chunk: u64, until: u64) {
        for lane in 0..16 {
            for word in 0..16 {
                let place = (16 * chunk + word as u64) % (1 << W);
                for (side, width) in [P, Q].into_iter().enumerate() {
                    let address = u64::from(panel_address(width, W, lane)) + place;
                    let (got, written) = self.images[side][&address];
                    let want = operands.words(chunk, lane, word)[side];
                    assert_eq!(got, want, "side {side}, chunk {chunk}, lane {lane}, word {word}");
                    assert!(written <= until, "chunk {chunk} is written in {written}");
                }
            }
        }
    }

    /// Writes a seed, in any order; the last word stands on the port when the last cycle ends.
    fn load(&mut self, random: &mut Random, scan: bool, seed: &[u8; 240]) {
        let mut words = seed_words(seed);
        words.extend((28..32).map(|place| (place, random.next() as u32)));
        while !words.is_empty() {
            let writes = !random.one_in(4);
            if writes {
                let (place, word) = words.swap_remove(random.below(words.len() as u64) as usize);
                self.source.seed_place_in.next = unsigned_bits(place);
                self.source.seed_word_in.next = unsigned_bits(word.into());
            }
            self.source.seed_write_in.next = writes;
            // The last word comes together with `seeded_in`.
            if !words.is_empty() {
                self.cycle(scan, false, &mut || false);
            }
        }
    }

    /// A scan of so many chunks, by a consumer whose chunks take up to so many cycles.
    fn scan(&mut self, random: &mut Random, attempt_chunks: u64, chunks: u64, slowest: u64) {
        let mut seed: [u8; 240] = std::array::from_fn(|_| random.next() as u8);
        // The nonce goes over its end.
        seed[228..232].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut operands = Operands { seed, chunks: attempt_chunks, blocks: HashMap::new() };
        self.source.chunks_last_in.next = unsigned_bits(attempt_chunks - 1);
        let in_scan = random.one_in(2);
        self.load(random, in_scan, &seed);
        let level = random.one_in(2);
        let mut consumer = Consumer { slowest, begun: 0, ended: 0, steps_left: 0 };
        let mut ends = Vec::new();
        let mut first = true;
        while consumer.ended < chunks {
            let seeded = first || level && random.one_in(2);
            let begun = consumer.begun;
            self.cycle(true, seeded, &mut || consumer.takes_last(random));
            // From then on words of a seed are ignored.
            self.source.seed_write_in.next = self.source.growing.q.val() && random.one_in(3);
            self.source.seed_place_in.next = unsigned_bits(random.below(32));
            first = false;
            let cycle = self.now - 1;
            if consumer.begun > begun {
                self.check_chunk(&mut operands, begun, cycle - 2);
            }
            if consumer.ended > ends.len() as u64 {
                ends.push(cycle);
            }
            if let Some(chunk) = ends.iter().position(|end| end + READ_CYCLES == cycle) {
                self.check_chunk(&mut operands, chunk as u64, ends[chunk]);
            }
        }
        self.source.seed_write_in.next = false;
    }

    fn rest(&mut self, cycles: u64) {
        for _ in 0..cycles {
            self.cycle(false, false, &mut || false);
        }
    }
}

/// Scans of attempts of so many chunks; each is dropped while more chunks are in work.
fn check<const P: usize, const Q: usize, const W: usize>(engines: usize, attempt_chunks: u64) {
    let mut random = Random(engines as u64 * 100 + W as u64);
    let mut bench = Bench::<P, Q, W>::new(engines);
    let ring = 1 << (W - 4);
    for (chunks, slowest) in [(1, 60), (ring + 3, 100), (ring / 2 + 1, 3000)] {
        bench.rest(REST_CYCLES as u64 + random.below(3));
        bench.scan(&mut random, attempt_chunks, chunks, slowest);
    }
}

#[test]
fn one_engine() {
    check::<2, 2, 5>(1, 1);
    check::<16, 16, 6>(1, 3);
}

#[test]
fn two_engines() {
    check::<4, 4, 6>(2, 2);
    check::<8, 16, 5>(2, 5);
}

#[test]
fn three_engines() {
    check::<8, 4, 7>(3, 3);
}

#[test]
fn four_engines() {
    check::<8, 16, 8>(4, 5);
    check::<4, 4, 7>(4, 1);
}

#[test]
fn five_engines() {
    check::<16, 16, 5>(5, 2);
    check::<2, 2, 8>(5, 3);
}

#[test]
fn words_of_two_batches_never_meet() {
    for engines in 1..=16 {
        assert!(spacing(engines) >= WORDS);
        // Nor does a batch begin in an engine that has one.
        assert!(engines * spacing(engines) >= BATCH_CYCLES);
    }
}
