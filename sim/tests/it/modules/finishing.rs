//! What finishes tiles and attempts: the same stimulus through rust-hdl and Verilator.

use gemmine_hdl::accounts::Accounts;
use gemmine_hdl::completions::Completions;
use gemmine_hdl::finisher::Finisher;
use gemmine_hdl::jobs::Jobs;
use gemmine_hdl::result_place::ResultPlace;
use gemmine_hdl::scan::Scan;

use super::both::{check, check_made};
use super::port::{Values, module, random_inputs};
use crate::stimulus::Random;

module!([] Accounts: clock,
    (reset_in, done_in, kept_in, pop_in, release_in, count_in) ->
    (popped_out, popped_count_out, underflow_out, waiting_out, banks_full_out));
module!([] Scan: clock,
    (reset_in, seed_write_in, seed_place_in, seed_word_in, scan_in, noise_in, tile_end_in,
     attempt_in, hit_in, end_in) ->
    (again_out, more_out, nonce_out, hit_before_out));
module!([] Jobs: clock,
    (reset_in, write_in, address_in, data_in, due_in, scan_in, job_in, noise_in, done_in,
     again_in, read_in, read_slot_in, read_place_in) ->
    (loaded_out, load_out, load_place_out, seed_write_out, seed_place_out, word_out));
module!([] Completions: clock,
    (reset_in, tile_end_in, tag_in, start_in, flags_in, nonce_in, time_low_in, time_high_in,
     ticket_in, address_in) ->
    (ticket_read_out, ticket_word_out, busy_out, done_out, data_out));
module!([const P: usize, const Q: usize] ResultPlace<P, Q>: clock,
    (bank_in, place_in) -> (address_out));
module!([] Finisher: clock,
    (reset_in, job_write_in, job_address_in, job_data_in, active_in, tag_in, job_in, want_in, scan_in,
     noise_in, chunks_last_in, tile_end_in, final_in, fold_valid_in, fold_in, done_in, result_word_in, time_low_in,
     time_high_in, pop_in, release_in, count_in, address_in) ->
    (hold_out, drain_out, pending_out, again_out, seed_write_out, seed_place_out, seed_word_out, seeded_out,
     keep_out, bank_out, hashes_out, result_place_out, popped_out, popped_count_out, underflow_out, waiting_out,
     tile_out, hit_out, data_out));

#[test]
fn accounts() {
    let stimulus = random_inputs::<Accounts>(&mut Random(32), 4000);
    check::<Accounts>("accounts", &stimulus, None);
}

#[test]
fn scan() {
    let mut random = Random(33);
    let mut stimulus = random_inputs::<Scan>(&mut random, 8000);
    for inputs in &mut stimulus {
        // Order of ports: reset, seed (3), scan, noise, tile_end, attempt, hit, end
        inputs[0] = u64::from(random.below(400) == 0);
        inputs[4] = u64::from(random.below(10) > 0);
        inputs[8] = u64::from(random.below(10) == 0);
        inputs[9] = u64::from(random.below(50) == 0);
    }
    check::<Scan>("scan", &stimulus, None);
}

#[test]
fn jobs() {
    let mut stimulus = random_inputs::<Jobs>(&mut Random(34), 20_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset, write, address, data, due, scan, job, noise, done, again, ..
        inputs[0] = u64::from(cycle % 1999 == 0);
        inputs[4] = u64::from(cycle / 100 % 3 > 0);
        inputs[5] = (cycle as u64 / 300) & 1;
        inputs[6] = (cycle as u64 / 300) & 3;
        inputs[7] = (cycle as u64 / 600) & 1;
        inputs[8] = u64::from(cycle % 60 == 0);
        inputs[9] = u64::from(cycle % 60 == 25);
    }
    let trace = check::<Jobs>("jobs", &stimulus, None);
    assert!(trace.count(&["seed_write_out"]) > 1000 && trace.count(&["load_out"]) > 1000);
}

#[test]
fn completions() {
    let mut stimulus = random_inputs::<Completions>(&mut Random(35), 20_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset, tile_end, tag, start, ..
        inputs[0] = u64::from(cycle % 4999 == 0);
        inputs[1] = u64::from(cycle % 50 == 3);
        inputs[3] = u64::from(cycle % 50 == 10);
    }
    let trace = check::<Completions>("completions", &stimulus, None);
    assert!(trace.count(&["done_out"]) > 300);
}

fn check_result_place<const P: usize, const Q: usize>() {
    let stimulus: Vec<Values> = (0..512).map(|n| vec![n >> 8, n & 255]).collect();
    check::<ResultPlace<P, Q>>(&format!("result_place_{P}x{Q}"), &stimulus, None);
}

#[test]
fn result_places() {
    check_result_place::<2, 2>();
    check_result_place::<8, 4>();
    check_result_place::<16, 16>();
}

/// Tiles, then attempts of scans, whose hash takes 11,495 cycles, then tiles of scans.
#[test]
fn finisher() {
    let mut random = Random(27);
    let mut stimulus = random_inputs::<Finisher>(&mut random, 200_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: as declared above
        let (scans, noise) = (cycle > 50_000, cycle > 150_000);
        let period = if scans && !noise { 13_000 } else { 1500 };
        inputs[0] = u64::from(random.below(40_000) == 0);
        // Jobs of many attempts.
        inputs[1] = u64::from(cycle < 50_000);
        inputs[4] = u64::from(cycle / 100 % 8 > 0);
        inputs[6] = (cycle as u64 / 15_000) & 3;
        inputs[7] = u64::from(cycle / 3000 % 2 == 0);
        inputs[8] = u64::from(scans);
        inputs[9] = u64::from(noise);
        inputs[10] = 2;
        inputs[11] = u64::from(cycle % period == 0);
        inputs[12] = u64::from(cycle % period > period - 100);
        inputs[13] = u64::from(matches!(cycle % period, 30 | 130 | 230));
        inputs[15] = u64::from(cycle % period == 40);
        inputs[19] = u64::from(random.below(150) == 0);
        inputs[20] = u64::from(random.below(6000) == 0);
        inputs[21] = random.below(3);
    }
    let trace = check_made::<Finisher>("finisher", || Finisher::new(true, true), &stimulus, None);
    assert!(trace.count(&["tile_out"]) > 30, "too few tiles");
    assert!(trace.count(&["hit_out"]) > 2, "too few hits");
    assert!(trace.count(&["again_out"]) > 20_000, "too few attempts");
}
