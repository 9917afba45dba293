//! Scans against a list of which attempts hit.

use super::*;
use crate::bits::unsigned_bits;
use crate::registers::SEED_FIELDS;
use crate::testbench::{Clocked, Random};

impl Clocked for Scan {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// A cycle; pulses are low in the next one.
fn cycle(module: &mut Scan) {
    module.settle();
    module.edge();
    module.seed_write_in.next = false;
    module.tile_end_in.next = false;
    module.attempt_in.next = false;
    module.end_in.next = false;
    module.reset_in.next = false;
    module.settle();
}

fn write(module: &mut Scan, place: u32, word: u32) {
    module.seed_write_in.next = true;
    module.seed_place_in.next = unsigned_bits(place.into());
    module.seed_word_in.next = unsigned_bits(word.into());
    cycle(module);
}

/// Runs a scan of so many attempts, of which some hit: the last attempt's number, and whether the one before it hit.
fn run(module: &mut Scan, first: u32, attempts: u32, hits: &[u32]) -> (u32, bool) {
    let place = |name| SEED_FIELDS.iter().find(|field| field.name == name).unwrap().word;
    module.scan_in.next = true;
    write(module, crate::registers::NONCE_WORD, first);
    // Of other places any.
    write(module, place("mask"), 0xffff_ffff);
    write(module, place("attempts_last"), 0xabcd_0000 | (attempts - 1));
    (0..3).for_each(|_| cycle(module));
    for number in 0.. {
        // The attempt ends; the one before it is finished.
        let again = module.again_out.val();
        cycle(module);
        module.tile_end_in.next = true;
        cycle(module);
        assert_eq!(module.more_out.val(), again);
        assert_eq!(module.nonce_out.val().to_u32(), first.wrapping_add(number));
        if !again {
            let end = (number, module.hit_before_out.val());
            module.scan_in.next = false;
            module.end_in.next = true;
            cycle(module);
            assert!(!module.again_out.val());
            return end;
        }
        // Its hash takes its time.
        (0..4).for_each(|_| cycle(module));
        module.hit_in.next = hits.contains(&number);
        module.attempt_in.next = true;
        cycle(module);
        (0..2).for_each(|_| cycle(module));
    }
    unreachable!()
}

#[test]
fn a_scan_ends_behind_the_attempt_that_follows_a_hit_or_behind_its_last() {
    let mut module = Scan::connected();
    let random = &mut Random(1);
    for (attempts, hits, end) in [
        (1, &[][..], (0, false)),
        (2, &[], (1, false)),
        (5, &[], (4, false)),
        (300, &[], (299, false)),
        (5, &[0], (1, true)),
        (5, &[1], (2, true)),
        (5, &[3], (4, true)),
        (5, &[3, 4], (4, true)),
        (5, &[4], (4, false)),
        (5, &[0, 1], (1, true)),
        (65_536, &[3], (4, true)),
    ] {
        let first = random.next() as u32;
        assert_eq!(run(&mut module, first, attempts, hits), end, "{attempts} attempts, {hits:?}");
    }
    assert_eq!(run(&mut module, u32::MAX, 3, &[]), (2, false));
}

/// Tiles of Pearl are counted from 0, whatever stands at the nonce's place.
#[test]
fn tiles_count_from_zero() {
    let mut module = Scan::connected();
    module.noise_in.next = true;
    module.scan_in.next = true;
    write(&mut module, crate::registers::NONCE_WORD, 0xdead_beef);
    assert_eq!(module.nonce_out.val().to_u32(), 0);
    module.hit_in.next = false;
    module.attempt_in.next = true;
    cycle(&mut module);
    assert_eq!(module.nonce_out.val().to_u32(), 1);
}

#[test]
fn a_reset_ends_it() {
    let mut module = Scan::connected();
    module.scan_in.next = true;
    write(&mut module, 30, 7);
    (0..3).for_each(|_| cycle(&mut module));
    assert!(module.again_out.val());
    module.attempt_in.next = true;
    module.hit_in.next = true;
    cycle(&mut module);
    module.reset_in.next = true;
    cycle(&mut module);
    (0..3).for_each(|_| cycle(&mut module));
    assert!(!module.again_out.val() && !module.hit_before_out.val());
    assert_eq!(run(&mut module, 0, 4, &[]), (3, false));
}
