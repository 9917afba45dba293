//! Completions against the rule, whatever tiles follow each other; holds, accounts, resets.

mod bench;
mod picture;

use super::*;
use crate::registers::RESULT_BANKS;
use crate::testbench::{Clocked, Random};
use bench::{Bench, Event, FLUSH, Tile};

impl Clocked for Finisher {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Rounds of tiles back to back, as many as the queue holds; all their completions after that.
#[test]
fn completions_say_what_the_tiles_were() {
    for (seed, releases_one_in) in [(1, 50), (2, 2000)] {
        let mut bench = Bench::new(seed);
        bench.releases_one_in = releases_one_in;
        let (mut kept, mut nth) = (0, 0);
        for tiles in [3, 16, 11, 16] {
            let tiles: Vec<Tile> = (0..tiles)
                .map(|n| Tile::random(&mut bench.random, 100 * seed as u32 + n))
                .collect();
            let jobs = bench.jobs;
            bench.run_all(&tiles);
            for tile in &tiles {
                bench.assert_completion(nth, tile, jobs[tile.job as usize], kept % RESULT_BANKS);
                kept += u32::from(tile.want);
                nth += 1;
            }
            bench.free(true, tiles.len() as u64 / 2);
            bench.free(true, tiles.len() as u64 - tiles.len() as u64 / 2);
            bench.job(2);
        }
        assert!(bench.hits > 5 && bench.held > 100);
        assert_eq!(bench.drained > 0, releases_one_in == 2000, "{} held by banks", bench.drained);
        assert!(bench.cycle > 1 << 24, "the clock's halves were never read across a carry");
    }
}

/// The chunks of a long tile end while a short one before it is being finished.
#[test]
fn fold_words_count_for_the_tile_that_they_are_of() {
    let random = &mut Random(3);
    for chunks in [[1, 20], [2, 20], [1, 2], [20, 1]] {
        let mut bench = Bench::new(3);
        let tiles = chunks.map(|chunks| {
            let folds = (0..chunks).map(|_| random.next() as u32).collect();
            Tile { tag: chunks, job: 1, want: false, folds, tail: false }
        });
        let job = bench.jobs[1];
        bench.run_all(&tiles);
        for (nth, tile) in tiles.iter().enumerate() {
            bench.assert_completion(nth as u32, tile, job, 0);
        }
    }
}

#[test]
fn a_job_slot_is_read_once_a_tile() {
    let mut bench = Bench::new(4);
    let tile = Tile { tag: 1, job: 3, want: false, folds: vec![1; 20], tail: false };
    let old = bench.jobs[3];
    bench.finisher.active_in.next = true;
    bench.finisher.job_in.next = 3_u64.into();
    for _ in 0..JOB_CYCLES {
        bench.step();
    }
    bench.job(3);
    let new = bench.jobs[3];
    bench.run_all(&[tile.clone(), tile.clone()]);
    bench.assert_completion(0, &tile, old, 0);
    bench.assert_completion(1, &tile, new, 0);
}

#[test]
fn a_kept_tile_waits_for_a_bank() {
    let mut bench = Bench::new(5);
    let tile = Tile { tag: 1, job: 0, want: true, folds: vec![7; 20], tail: false };
    bench.run_all(&[tile.clone(), tile.clone()]);
    assert_eq!((bench.banks, bench.held), (RESULT_BANKS.into(), 0));
    // One that is not kept needs none.
    bench.run_all(&[Tile { want: false, ..tile.clone() }]);
    assert_eq!(bench.held, 0);
    bench.finisher.want_in.next = true;
    bench.finisher.active_in.next = true;
    bench.finisher.final_in.next = true;
    for _ in 0..100 {
        bench.step();
    }
    bench.settle();
    assert!(bench.finisher.hold_out.val() && bench.finisher.drain_out.val());
    bench.free(false, 1);
    bench.step();
    bench.settle();
    assert!(!bench.finisher.hold_out.val() && !bench.finisher.drain_out.val());
}

#[test]
fn more_than_there_is_can_not_be_freed() {
    let mut bench = Bench::new(6);
    bench.free(true, 1);
    bench.free(false, 1);
    let tile = Tile { tag: 1, job: 0, want: true, folds: vec![7], tail: false };
    bench.run_all(&[tile.clone(), tile]);
    for count in [3, 4, 16, 31] {
        bench.free(true, count);
        bench.free(false, count);
    }
    bench.free(true, 0);
    bench.free(false, 2);
    bench.free(false, 1);
    bench.free(true, 1);
    bench.free(true, 2);
    bench.free(true, 1);
    assert_eq!((bench.waiting, bench.banks), (0, 0));
}

#[test]
fn a_reset_leaves_nothing_behind() {
    let random = &mut Random(7);
    let fresh = Tile { tag: 9, job: 2, want: true, folds: vec![1, 2, 3], tail: true };
    for reset_at in (0..500).step_by(9) {
        let mut bench = Bench::new(7);
        let tiles = [(); 2].map(|()| Tile { want: true, ..Tile::random(random, 1) });
        bench.stops_at = bench.cycle + reset_at;
        tiles.iter().for_each(|tile| bench.run(tile));
        while bench.cycle < bench.stops_at {
            bench.step();
        }
        bench.stops_at = u64::MAX;
        bench.finisher.active_in.next = false;
        bench.finisher.final_in.next = false;
        bench.finisher.reset_in.next = true;
        for _ in 0..FLUSH {
            bench.step();
            (bench.waiting, bench.banks, bench.completed) = (0, 0, 0);
        }
        bench.events.clear();
        bench.finisher.reset_in.next = false;
        let job = bench.jobs[2];
        bench.run_all(std::slice::from_ref(&fresh));
        bench.assert_completion(0, &fresh, job, 0);
        assert_eq!((bench.waiting, bench.banks), (1, 1));
    }
}

#[test]
fn a_job_is_there_after_the_job_cycles() {
    let mut bench = Bench::new(8);
    bench.finisher.active_in.next = true;
    bench.finisher.final_in.next = true;
    for cycle in 0..=JOB_CYCLES + HOLD_LATENCY {
        bench.settle();
        assert_eq!(bench.finisher.jobs.loaded_out.val(), cycle >= JOB_CYCLES, "cycle {cycle}");
        let held = (HOLD_LATENCY..JOB_CYCLES + HOLD_LATENCY).contains(&cycle);
        assert_eq!(bench.finisher.hold_out.val(), held, "cycle {cycle}");
        bench.end();
    }
}

/// Cycles from a tile's last result to its completion, with the ticket so many cycles before it.
fn entry_cycles(ticket_first: bool) -> usize {
    let mut bench = Bench::new(9);
    bench.run(&Tile { tag: 1, job: 0, want: false, folds: vec![7], tail: false });
    if ticket_first {
        // The last result comes long after the ticket.
        for events in bench.events.values_mut() {
            events.retain(|event| !matches!(event, Event::Done));
        }
        bench.at(bench.cycle + 1000, Event::Done);
    }
    let mut later = 0;
    for cycle in 0.. {
        bench.settle();
        let finisher = &bench.finisher;
        if finisher.ticket.valid_out.val() || finisher.done_in.val() {
            later = cycle;
        }
        if finisher.waiting_out.val().any() {
            return cycle - later;
        }
        bench.end();
    }
    unreachable!()
}

#[test]
fn a_completion_is_there_after_the_entry_cycles() {
    assert_eq!(entry_cycles(true), ENTRY_CYCLES);
    assert_eq!(entry_cycles(false), ENTRY_CYCLES);
}

#[test]
fn a_completion_reads_the_clock_across_its_carry() {
    let completes = |begin: u64| {
        let mut bench = Bench::new(10);
        bench.cycle = begin;
        bench.run_all(&[Tile { tag: 1, job: 0, want: false, folds: vec![7], tail: false }]);
        let words = bench.completion(0);
        u64::from(words[2]) | u64::from(words[3]) << 24
    };
    let begin = 1000;
    let takes = completes(begin) - begin;
    for cycle in (1 << 24) - 2..=(1 << 24) + 2 {
        assert_eq!(completes(cycle - takes), cycle);
    }
}
