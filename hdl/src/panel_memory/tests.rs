//! Lanes get what was written to them, and give it a cycle after the lane before.

use super::*;
use crate::bits::{signed_value, unsigned_bits};
use crate::testbench::{Clocked, Random, operand};

impl<const N: usize, const R: usize> Clocked for PanelMemory<N, R> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const WORD_BITS: usize = 5;
const WORDS: usize = 1 << WORD_BITS;

impl<const N: usize, const R: usize> PanelMemory<N, R> {
    /// One cycle: a word to write to a lane, a step of the wave.
    fn cycle(&mut self, write: Option<(usize, usize, u32)>, step: Option<usize>) {
        self.write_in.next = write.is_some();
        let (lane, place, word) = write.unwrap_or((1, 2, 0xdead_beef));
        self.write_address_in.next = unsigned_bits((lane << R | place) as u64);
        self.write_data_in.next = unsigned_bits(word.into());
        self.step_in.next = step.is_some();
        self.fetch_in.next = step.is_some_and(|step| step % 4 == 0);
        self.address_in.next = unsigned_bits(step.map_or(9, |step| step / 4) as u64);
        self.settle();
    }

    fn fill(&mut self, words: &[[u32; WORDS]; N], random: &mut Random) {
        let mut places: Vec<usize> = (0..16 * WORDS).collect();
        for n in (1..places.len()).rev() {
            places.swap(n, random.below(n as u64 + 1) as usize);
        }
        for place in places {
            let (lane, place) = (place / WORDS, place % WORDS);
            // What is meant for lanes that are not there is lost.
            let word = words.get(lane).map_or(0xbad0_bad0, |words| words[place]);
            self.cycle(Some((lane, place, word)), None);
            self.edge();
        }
        for _ in 0..write_latency(N, R, N - 1) {
            self.cycle(None, None);
            self.edge();
        }
    }
}

fn check<const N: usize, const R: usize>() {
    let mut random = Random(N as u64);
    let mut memory = PanelMemory::<N, R>::connected();
    for unsigned in [false, true] {
        let words: [[u32; WORDS]; N] =
            std::array::from_fn(|_| std::array::from_fn(|_| random.next() as u32));
        memory.unsigned_in.next = unsigned;
        memory.fill(&words, &mut random);
        let byte = |lane: usize, step: usize| words[lane][step / 4].to_le_bytes()[step % 4];
        let number = |byte: u8| if unsigned { i64::from(byte) } else { i64::from(byte as i8) };
        let mut due: Vec<Option<usize>> = Vec::new();
        let mut step = 0;
        for _ in 0..600 {
            let now = (!random.one_in(6)).then_some(step % (4 * WORDS));
            step += usize::from(now.is_some());
            due.push(now);
            memory.cycle(None, now);
            for lane in 0..N {
                let then = due.len().checked_sub(LATENCY + lane + 1).and_then(|then| due[then]);
                let want = then.map_or(0, |step| number(byte(lane, step)));
                assert_eq!(memory.operand_out[lane].val(), operand(want), "lane {lane}");
            }
            memory.edge();
        }
    }
}

#[test]
fn operands_come_out_of_their_lanes_skewed() {
    check::<2, WORD_BITS>();
    check::<4, WORD_BITS>();
    check::<8, WORD_BITS>();
    // Lanes with memories of their own.
    check::<4, 9>();
    // Groups that are written one behind the other.
    check::<16, WORD_BITS>();
    check::<16, 9>();
}

/// A word of a lane is written for every word that another one reads.
#[test]
fn writing_a_lane_leaves_its_neighbours_alone() {
    let mut memory = PanelMemory::<4, WORD_BITS>::connected();
    let mut random = Random(7);
    let words = std::array::from_fn(|lane| {
        std::array::from_fn(|place| (place << 8 | lane) as u32 | 0x0304_0000)
    });
    memory.fill(&words, &mut random);
    for cycle in 0..4 * WORDS + LATENCY + 3 {
        let write = (cycle < WORDS).then_some((1, cycle, 0x6464_6464));
        memory.cycle(write, (cycle < 4 * WORDS).then_some(cycle));
        for lane in [0, 2, 3] {
            let step = cycle.checked_sub(LATENCY + lane).filter(|step| *step < 4 * WORDS);
            let want = step.map_or(0, |step| words[lane][step / 4].to_le_bytes()[step % 4].into());
            assert_eq!(signed_value(memory.operand_out[lane].val()), want, "lane {lane}");
        }
        memory.edge();
    }
}

/// Writes a word of a lane, and takes a step of it as early as it is there, and a cycle earlier.
fn check_write_latency<const N: usize, const R: usize>() {
    const WRITE_CYCLE: usize = 20;
    for lane in 0..N {
        // The wave of steps comes to a lane as many cycles later as its number says.
        let first = WRITE_CYCLE + write_latency(N, R, lane) - lane;
        for (step_cycle, want) in [(first - 1, 0), (first, 77)] {
            let mut memory = PanelMemory::<N, R>::connected();
            for cycle in 0..step_cycle + LATENCY + lane + 1 {
                let write = (cycle == WRITE_CYCLE).then_some((lane, 3, 77));
                memory.cycle(write, (cycle == step_cycle).then_some(12));
                if cycle == step_cycle + LATENCY + lane {
                    let operand = signed_value(memory.operand_out[lane].val());
                    assert_eq!(operand, want, "lane {lane} of {N}, {R} bits, step in {step_cycle}");
                }
                memory.edge();
            }
        }
    }
}

#[test]
fn a_word_can_be_read_after_the_write_latency() {
    check_write_latency::<4, WORD_BITS>();
    check_write_latency::<16, WORD_BITS>();
    check_write_latency::<16, 9>();
}

/// What comes behind a write by the first lane's latency finds it in every lane.
#[test]
fn no_write_falls_behind_a_wave_of_steps() {
    for (lanes, address_bits) in [(2, 5), (4, 5), (8, 5), (8, 11), (16, 5), (16, 8), (16, 11)] {
        for lane in 0..lanes {
            assert!(write_latency(lanes, address_bits, lane) <= WRITE_LATENCY + lane);
        }
    }
}
