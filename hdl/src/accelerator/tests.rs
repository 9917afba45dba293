//! The accelerator at its bus: tiles against plain products, folds and tickets; queues, stalls, resets.

mod latency;
mod mixed;

use super::{READ_LATENCY, *};
use crate::bits::unsigned_bits;
use crate::geometry::Geometry;
use crate::registers::*;
use crate::testbench::{Clocked, Random};

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Clocked for Accelerator<P, Q, A, B, W, R, S>
{
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Bits of a word's address in the lanes of these tests: 128 steps.
const WORD_BITS: usize = 5;

/// A small one: 8 x 4 PEs.
type Small = Accelerator<8, 4, 6, 7, WORD_BITS, 6, 7>;
/// The full tile.
type Full = Accelerator<16, 16, 4, 5, WORD_BITS, 5, 5>;

/// The bus of an accelerator.
trait Bus: Clocked {
    /// An address, and the word of the one before.
    fn drive(&mut self, write: bool, address: u32, data: u32);
    fn data(&self) -> u32;
    fn geometry() -> Geometry;

    fn idle(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.drive(false, 0, 0xdead_beef);
            self.settle();
            self.edge();
        }
    }

    fn write(&mut self, address: u32, words: &[u32]) {
        let mut word_before = 0xdead_beef;
        for (address, &word) in (address..).zip(words) {
            self.drive(true, address, word_before);
            self.settle();
            self.edge();
            word_before = word;
        }
        self.drive(false, 0, word_before);
        self.settle();
        self.edge();
    }

    fn read(&mut self, address: u32) -> u32 {
        self.drive(false, address, 0);
        for _ in 0..READ_LATENCY {
            self.settle();
            self.edge();
        }
        self.settle();
        let data = self.data();
        self.edge();
        data
    }
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Bus for Accelerator<P, Q, A, B, W, R, S>
{
    fn drive(&mut self, write: bool, address: u32, data: u32) {
        self.write_in.next = write;
        self.address_in.next = unsigned_bits(address.into());
        self.data_in.next = unsigned_bits(data.into());
    }

    fn data(&self) -> u32 {
        self.data_out.val().to_u32()
    }

    fn geometry() -> Geometry {
        Geometry::new(P, Q)
    }
}

/// 16 lanes of operands by step, as the integers that they stand for.
type Panel = Vec<[i64; 16]>;

/// A tile's work.
#[derive(Clone)]
struct Work {
    a: Panel,
    b: Panel,
    chunk: usize,
    unsigned: bool,
    want: bool,
}

impl Work {
    fn random(random: &mut Random, steps: usize, chunk: usize) -> Self {
        let unsigned = random.one_in(3);
        let mut operand = |unsigned: bool| loop {
            let operand = random.operand();
            if (unsigned && operand >= 0) || (!unsigned && operand < 128) {
                break operand;
            }
        };
        let mut panel =
            |unsigned| (0..steps).map(|_| std::array::from_fn(|_| operand(unsigned))).collect();
        let (a, b) = (panel(unsigned), panel(false));
        Self { a, b, chunk, unsigned, want: random.one_in(2) }
    }

    fn product(&self, steps: usize) -> Vec<u32> {
        let of = |n: usize| {
            self.a[..steps].iter().zip(&self.b).map(|(a, b)| a[n / 16] * b[n % 16]).sum()
        };
        (0..256).map(of).map(|sum: i64| sum as u32).collect()
    }

    fn ticket(&self, key: &[u32; 8]) -> [u32; 8] {
        let mut register = [0_u32; 16];
        for chunk in 1..=self.a.len() / self.chunk {
            let word = self.product(chunk * self.chunk).iter().fold(0, |fold, sum| fold ^ sum);
            let slot = &mut register[(chunk - 1) % 16];
            *slot = slot.rotate_left(13) ^ word;
        }
        let bytes: Vec<u8> = register.iter().flat_map(|word| word.to_le_bytes()).collect();
        let key: Vec<u8> = key.iter().flat_map(|word| word.to_le_bytes()).collect();
        let hash = blake3::keyed_hash(key.as_slice().try_into().unwrap(), &bytes);
        let words = hash.as_bytes().as_chunks::<4>().0.iter();
        let words: Vec<u32> = words.map(|word| u32::from_le_bytes(*word)).collect();
        words.try_into().unwrap()
    }

    fn descriptor(&self, tag: u32, base: u32, fence: u32) -> [u32; 4] {
        let steps = self.a.len();
        let tail = (steps % self.chunk) as u32;
        let shape = (self.chunk as u32 - 1)
            | u32::from(tail > 0) << 10
            | tail.saturating_sub(1) << 11
            | u32::from(self.unsigned) << 21
            | u32::from(self.want) << 22;
        let chunks_last = (steps / self.chunk) as u32 - 1;
        let rest = chunks_last | (tag % 4) << 12 | (fence & 0xff) << 16 | (fence & 0xff) << 24;
        [tag, base | base << 16, shape, rest]
    }
}

fn load<M: Bus>(module: &mut M, window: u32, width: usize, panel: &Panel, base: u32) {
    for lane in 0..16 {
        let address = window + panel_address(width, WORD_BITS, lane) + base;
        let words: Vec<u32> = panel
            .chunks(4)
            .map(|steps| {
                steps.iter().rev().fold(0, |word, step| word << 8 | step[lane] as u32 & 0xff)
            })
            .collect();
        module.write(address, &words);
    }
}

const KEY: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 0xffff_ffff];

/// A ready accelerator with a key, and a bound that every second ticket meets, in every job slot.
fn ready<M: Bus>() -> M {
    let mut module = M::connected();
    let bound = [u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX, 0x7fff_ffff];
    for job in 0..JOB_SLOTS {
        module.write(JOBS + job * JOB_WORDS, &KEY);
        module.write(JOBS + job * JOB_WORDS + 8, &bound);
    }
    while module.read(STATUS) & 1 == 0 {}
    module
}

/// Waits for a completion, checks it, and frees it. Returns its cycle.
fn finish<M: Bus>(module: &mut M, work: &Work, tag: u32, nth: u32) -> u32 {
    let mut polls = 0;
    while module.read(STATUS) >> 8 & 0xff == 0 {
        polls += 1;
        assert!(polls < 5000, "tile {tag} never completes");
    }
    let entry = COMPLETIONS + nth % QUEUE * COMPLETION_WORDS;
    let words: Vec<u32> = (0..16).map(|n| module.read(entry + n)).collect();
    let ticket = work.ticket(&KEY);
    assert_eq!(words[0], tag);
    assert_eq!(words[8..], ticket, "ticket of tile {tag}");
    assert_eq!(words[1] & 1 == 1, ticket[7] <= 0x7fff_ffff, "hit of tile {tag}");
    assert_eq!(words[1] >> 1 & 1 == 1, work.want);
    if work.want {
        let (product, bank) = (work.product(work.a.len()), words[1] as usize >> 2);
        for (n, &want) in product.iter().enumerate() {
            let address = RESULTS + result_address(M::geometry(), bank, n / 16, n % 16);
            assert_eq!(module.read(address), want, "result {n} of tile {tag}");
        }
        module.write(RELEASE, &[1]);
    }
    module.write(POP, &[1]);
    words[2]
}

fn check<M: Bus>(rows: usize, columns: usize, seed: u64) {
    let mut random = Random(seed);
    let mut module = ready::<M>();
    for tag in 0..6 {
        let chunk = [64, 128, 64, 64, 68, 64][tag as usize];
        let steps = [64, 128, 128, 64, 68, 124][tag as usize];
        let work = Work::random(&mut random, steps, chunk);
        load(&mut module, PANELS_A, rows, &work.a, 0);
        load(&mut module, PANELS_B, columns, &work.b, 0);
        module.write(COMMIT, &[0x0101]);
        module.write(DESCRIPTORS, &work.descriptor(tag, 0, tag + 1));
        finish(&mut module, &work, tag, tag);
    }
    assert_eq!(module.read(ERROR), 0);
    assert_eq!(module.read(TILES_LOW), 6);
    let stalls = [STALL_LINK_LOW, STALL_PANEL_LOW, STALL_DRAIN_LOW, STALL_HASH_LOW];
    let counted: u32 = stalls.iter().map(|&stall| module.read(stall)).sum();
    let sum = counted + module.read(MAC_LOW);
    let time = module.read(TIME_LOW);
    assert!((sum..sum + 300).contains(&time), "{sum} steps and stalls in {time} cycles");
}

#[test]
fn tiles_come_out_right() {
    check::<Small>(8, 4, 1);
    check::<Full>(16, 16, 2);
}

#[test]
fn one_tile_follows_the_other_without_a_gap() {
    let mut random = Random(3);
    let mut module = ready::<Full>();
    let works: Vec<Work> = (0..2).map(|_| Work::random(&mut random, 64, 64)).collect();
    for (n, work) in works.iter().enumerate() {
        load(&mut module, PANELS_A, 16, &work.a, 16 * n as u32);
        load(&mut module, PANELS_B, 16, &work.b, 16 * n as u32);
    }
    for tag in 0..4 {
        let mut work = works[tag % 2].clone();
        work.want = false;
        let descriptor = work.descriptor(tag as u32, 16 * (tag as u32 % 2), 1);
        module.write(DESCRIPTORS + 4 * tag as u32, &descriptor);
    }
    module.idle(50);
    assert_eq!(module.read(MAC_LOW), 0, "a tile began before its panels were committed");
    module.write(COMMIT, &[0x0101]);
    for tag in 0..4 {
        let mut work = works[tag % 2].clone();
        work.want = false;
        finish(&mut module, &work, tag as u32, tag as u32);
    }
    assert!(module.read(STALL_PANEL_LOW) > 40);
    assert!(module.read(STALL_HASH_LOW) > 200, "single chunks wait for the ticket before");
}
