//! Solutions with their ticket against the `blake3` crate, alone and among tiles; the masks, with any hash.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};
use crate::ticket::tests::{Words, rule};
use crate::ticket::{self, FOLD_CYCLES};
use crate::xof_engine::tests::seed_words;
use bench::Bench;

mod bench;

impl Clocked for Bench {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

impl Clocked for Solution {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// What is hashed: seed with its nonce, product, masks.
struct Work {
    seed: [u8; 240],
    product: Vec<u32>,
    mask: [u32; 2],
}

impl Work {
    fn random(random: &mut Random) -> Self {
        Self {
            seed: std::array::from_fn(|_| random.next() as u8),
            product: (0..256).map(|_| random.next() as u32).collect(),
            mask: [0; 2],
        }
    }

    fn nonce(&self) -> u32 {
        u32::from_le_bytes(self.seed[228..232].try_into().unwrap())
    }

    fn hash(&self) -> Words {
        let product: Vec<u8> = self.product.iter().flat_map(|word| word.to_le_bytes()).collect();
        let hash = ::blake3::hash(&[&self.seed[..], &product].concat());
        let words = hash.as_bytes().as_chunks::<4>().0;
        std::array::from_fn(|i| u32::from_le_bytes(words[i]))
    }

    fn hit(&self) -> bool {
        let hash = self.hash();
        hash[0] & self.mask[0] == 0 && hash[1] & self.mask[1] == 0
    }
}

/// A bench, and the fold words that go on while it does something else.
struct Runner {
    bench: Bench,
    /// Cycles until the next one, if there are any.
    fold_in: Option<usize>,
    /// More than [`FOLD_CYCLES`] between two of them, by chance.
    late: u64,
    folds: Vec<u32>,
    random: Random,
}

impl Runner {
    fn new(seed: u64) -> Self {
        let (fold_in, late, folds, random) = (None, 1, Vec::new(), Random(seed));
        Self { bench: Bench::connected(), fold_in, late, folds, random }
    }

    fn cycle(&mut self) {
        let due = self.fold_in == Some(0);
        let fold = self.random.next() as u32;
        if let Some(cycles) = &mut self.fold_in {
            *cycles = cycles.checked_sub(1).unwrap_or_else(|| {
                self.folds.push(fold);
                FOLD_CYCLES - 1 + self.random.below(self.late) as usize
            });
        }
        self.fold(due.then_some((fold, false)));
    }

    fn fold(&mut self, fold: Option<(u32, bool)>) {
        let (word, end) = fold.unwrap_or((0x5a5a_5a5a, true));
        self.bench.fold_valid_in.next = fold.is_some();
        self.bench.fold_in.next = unsigned_bits(word.into());
        self.bench.tile_end_in.next = end;
        self.bench.settle();
        self.bench.edge();
        self.bench.start_in.next = false;
        self.bench.reset_in.next = false;
        self.bench.settle();
    }

    fn write(&mut self, result: bool, place: u64, word: u32) {
        self.bench.write_seed_in.next = !result;
        self.bench.write_result_in.next = result;
        self.bench.write_address_in.next = unsigned_bits(place);
        self.bench.write_data_in.next = unsigned_bits(word.into());
        self.cycle();
        self.bench.write_seed_in.next = false;
        self.bench.write_result_in.next = false;
    }

    fn prepare(&mut self, work: &Work) {
        // The nonce in the seed is that of some other attempt.
        for (place, word) in seed_words(&work.seed) {
            self.write(false, place, if place == 9 { !word } else { word });
        }
        for (place, word) in (28..).zip(work.mask) {
            self.write(false, place, word);
        }
        for (place, &word) in (0..).zip(&work.product) {
            self.write(true, place, word);
        }
        self.bench.nonce_in.next = unsigned_bits(work.nonce().into());
    }

    /// Hashes, and looks at the hash and at when it comes.
    fn solve(&mut self, work: &Work) {
        self.bench.start_in.next = true;
        for cycle in 1..LATENCY {
            self.cycle();
            assert!(self.bench.busy_out.val() && !self.bench.valid_out.val(), "cycle {cycle}");
        }
        self.cycle();
        assert!(!self.bench.busy_out.val() && self.bench.valid_out.val(), "not in time");
        assert_eq!(self.bench.hit_out.val(), work.hit());
        assert_eq!(self.read(), work.hash());
        assert!(!self.bench.valid_out.val());
    }

    fn read(&mut self) -> Words {
        let mut words = [0; 8];
        for now in 0..words.len() + ticket::READ_LATENCY {
            self.bench.read_in.next = now < words.len();
            self.bench.word_in.next = unsigned_bits(now as u64 & 7);
            self.bench.settle();
            if let Some(n) = now.checked_sub(ticket::READ_LATENCY) {
                words[n] = self.bench.ticket_out.val().to_u32();
            }
            self.cycle();
        }
        self.bench.read_in.next = false;
        words
    }

    /// A tile's job, at once; the fold words that it has already and a last one; and its ticket.
    fn tile(&mut self) {
        let key: Words = std::array::from_fn(|_| self.random.next() as u32);
        let last = self.random.next() as u32;
        let folds: Vec<u32> = self.folds.drain(..).chain([last]).collect();
        let wait = self.fold_in.take();
        let ticket = rule(&key, &folds);
        let mut bound = ticket;
        let hit = self.random.one_in(2);
        bound[0] = bound[0].wrapping_sub(u32::from(!hit));
        let hit = hit || ticket[0] == 0;
        let words: Vec<u32> = key.iter().chain(&bound).copied().collect();
        for now in 0..words.len() + ticket::LOAD_OFFSET {
            self.bench.load_in.next = now < words.len();
            self.bench.load_place_in.next = unsigned_bits(now as u64 & 15);
            let word = now.checked_sub(ticket::LOAD_OFFSET).map_or(0xdead_beef, |n| words[n]);
            self.bench.load_word_in.next = unsigned_bits(word.into());
            self.cycle();
        }
        (0..wait.unwrap_or(0)).for_each(|_| self.cycle());
        self.fold(Some((last, true)));
        for _ in 1..ticket::LATENCY {
            assert!(!self.bench.ticket_valid_out.val());
            self.cycle();
        }
        assert!(self.bench.ticket_valid_out.val());
        assert_eq!(self.bench.ticket_hit_out.val(), hit);
        self.cycle();
        assert_eq!(self.read(), ticket);
    }
}

/// With masks of ones where the hash has zeros, and one that is too many.
#[test]
fn solutions_and_hits() {
    let mut runner = Runner::new(1);
    for n in 0..4 {
        let mut work = Work::random(&mut runner.random);
        let hash = work.hash();
        work.mask = [!hash[0], !hash[1]];
        if n > 1 {
            work.mask[n & 1] |= hash[n & 1] & hash[n & 1].wrapping_neg();
        }
        runner.prepare(&work);
        runner.solve(&work);
        assert_eq!(work.hit(), n < 2);
    }
}

/// Tickets of tiles before and behind; the fold words of the one behind come meanwhile, as close as can be or not.
#[test]
fn solutions_among_tiles() {
    let mut runner = Runner::new(2);
    let work = Work::random(&mut runner.random);
    runner.prepare(&work);
    for (first, late) in [(0, 1), (21, 1), (42, 1), (63, 1), (5, 20), (9, 60)] {
        runner.tile();
        (runner.fold_in, runner.late) = (Some(first), late);
        runner.solve(&work);
        runner.tile();
    }
}

#[test]
fn a_reset_leaves_nothing_behind() {
    let mut runner = Runner::new(3);
    let work = Work::random(&mut runner.random);
    runner.prepare(&work);
    let opening = 2 + 13 * BLOCK_CYCLES;
    let early = (0..2 + BLOCK_CYCLES + 50).step_by(23).chain(35..52);
    let late = [opening + 10, opening + 25, opening + 300, LATENCY - 3, LATENCY - 1, LATENCY];
    for reset_at in early.chain(late) {
        runner.bench.start_in.next = true;
        runner.fold_in = Some(7);
        for cycle in 0..=reset_at {
            runner.bench.reset_in.next = cycle == reset_at;
            runner.cycle();
        }
        runner.folds.clear();
        runner.fold_in = None;
        assert!(!runner.bench.busy_out.val() && !runner.bench.valid_out.val(), "{reset_at}");
        if reset_at > opening {
            runner.solve(&work);
        }
        runner.tile();
    }
}

/// A solution without its ticket: it takes any words for the hash, as soon as it asks for them.
fn compared(hash: [u32; 2], mask: [u32; 2]) -> bool {
    let mut module = Solution::connected();
    module.start_in.next = true;
    let mut words: Vec<[u32; 2]> = Vec::new();
    for _ in 0..LATENCY {
        module.settle();
        if module.valid_out.val() {
            return module.hit_out.val();
        }
        // What was asked for in this cycle comes later; what is not the hash and its masks is ones.
        let (job, word) = (module.job_place_out.val().to_u64(), module.word_out.val().to_u64());
        let asked = |n: u64| n < 2 && module.read_out.val();
        let masked = job.checked_sub(28).and_then(|n| mask.get(n as usize));
        let read = if asked(word) { hash[word as usize] } else { u32::MAX };
        words.push([read, masked.copied().unwrap_or(u32::MAX)]);
        let back =
            |n: usize, of: usize| words.len().checked_sub(1 + n).map_or(0, |at| words[at][of]);
        let (ticket, job) = (back(ticket::READ_LATENCY, 0), back(JOB_LATENCY, 1));
        module.ticket_in.next = unsigned_bits(ticket.into());
        module.job_word_in.next = unsigned_bits(job.into());
        module.done_in.next = module.run_out.val();
        module.settle();
        module.edge();
        module.start_in.next = false;
    }
    panic!("no solution");
}

#[test]
fn every_bit_of_the_masks_counts() {
    for n in 0..64 {
        let bit = [1 << n, (1_u64 << n) >> 32].map(|half: u64| half as u32);
        assert!(!compared(bit, bit), "bit {n}");
        assert!(compared(bit.map(|word| !word), bit), "bit {n}");
    }
}
