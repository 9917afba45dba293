//! Loads of tiles' jobs and scans' seeds, and reads of a seed.

use super::*;
use crate::bits::unsigned_bits;
use crate::registers::{JOB_SLOTS, JOB_WORDS};
use crate::testbench::{Clocked, Random};

impl Clocked for Jobs {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const WORDS: usize = (JOB_SLOTS * JOB_WORDS) as usize;

fn cycle(module: &mut Jobs) {
    module.settle();
    module.edge();
    module.settle();
}

fn filled(random: &mut Random) -> (Jobs, [u32; WORDS]) {
    let mut module = Jobs::connected();
    let words: [u32; WORDS] = std::array::from_fn(|_| random.next() as u32);
    for (n, &word) in words.iter().enumerate() {
        module.write_in.next = true;
        module.address_in.next = unsigned_bits(n as u64);
        module.data_in.next = unsigned_bits(word.into());
        cycle(&mut module);
    }
    module.write_in.next = false;
    (module, words)
}

#[test]
fn a_job_or_a_seed_is_loaded_once() {
    let random = &mut Random(1);
    let (mut module, words) = filled(random);
    for round in 0..40 {
        let (scan, noise) = (round % 2 == 1, round % 4 == 3);
        let job = random.below(4);
        let count = if scan { 32 } else { 16 };
        let first = 16 * if scan { job & 2 } else { job } as usize;
        module.due_in.next = true;
        module.scan_in.next = scan;
        module.noise_in.next = noise;
        module.job_in.next = unsigned_bits(job);
        let (mut got, mut jobs, mut announced) = (Vec::new(), Vec::new(), [None; 2]);
        for now in 0..60 {
            module.settle();
            assert_eq!(module.loaded_out.val(), now >= count + 2, "cycle {now}");
            let word = module.word_out.val().to_u32();
            let due = announced[1].take();
            announced[1] = announced[0].take();
            if module.load_out.val() {
                assert!(!scan || noise);
                announced[0] = Some(module.load_place_out.val().to_u64());
            }
            if module.seed_write_out.val() {
                assert!(scan);
                got.push((module.seed_place_out.val().to_u64(), word));
            }
            jobs.extend(due.map(|place| (place, word)));
            module.edge();
        }
        let want = |count: usize| (0..).zip(words[first..][..count].iter().copied());
        assert!(got.iter().copied().eq(want(if scan { 32 } else { 0 })), "{got:x?}");
        assert!(jobs.iter().copied().eq(want(if scan && !noise { 0 } else { 16 })), "{jobs:x?}");
        if noise {
            let again = load_again(&mut module);
            assert!(again.iter().copied().eq(want(16)), "{again:x?}");
        }
        module.done_in.next = true;
        module.due_in.next = false;
        cycle(&mut module);
        module.done_in.next = false;
    }
}

/// What comes for the next tile of a scan of Pearl: key and bound, and nothing of the seed.
fn load_again(module: &mut Jobs) -> Vec<(u64, u32)> {
    module.again_in.next = true;
    cycle(module);
    module.again_in.next = false;
    let (mut got, mut announced) = (Vec::new(), [None; 2]);
    for now in 0..40 {
        module.settle();
        assert_eq!(module.loaded_out.val(), now >= 18, "cycle {now}");
        assert!(!module.seed_write_out.val());
        got.extend(announced[1].take().map(|place| (place, module.word_out.val().to_u32())));
        let place = module.load_place_out.val().to_u64();
        announced = [module.load_out.val().then_some(place), announced[0]];
        module.edge();
    }
    got
}

#[test]
fn a_seed_can_be_read_word_by_word() {
    let random = &mut Random(2);
    let (mut module, words) = filled(random);
    let mut due = [None; 2];
    for _ in 0..300 {
        let (slot, place) = (random.below(4), random.below(32));
        module.read_in.next = true;
        module.read_slot_in.next = unsigned_bits(slot);
        module.read_place_in.next = unsigned_bits(place);
        module.settle();
        if let Some(want) = due[1] {
            assert_eq!(module.word_out.val().to_u32(), want);
        }
        due = [Some(words[((slot & 2) * 16 + place) as usize]), due[0]];
        module.edge();
    }
}
