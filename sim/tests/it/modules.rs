//! Every module on its own: the same stimulus through rust-hdl's simulator and through the emitted
//! Verilog in Verilator gives the same outputs in every cycle, and those of a plain function.

mod both;
mod cells;
mod device;
mod driven;
mod finishing;
mod link;
mod memories;
mod memory_link;
mod multipliers;
mod noise;
mod port;
mod reference;
mod shapes;

use gemmine_hdl::Geometry;
use gemmine_hdl::blake3::Blake3;
use gemmine_hdl::core::Core;
use gemmine_hdl::counter::Counter;
use gemmine_hdl::fold::Fold;
use gemmine_hdl::grid::Grid;
use gemmine_hdl::head::HeadPair;
use gemmine_hdl::mixer::Mixer;
use gemmine_hdl::panel_group::PanelGroup;
use gemmine_hdl::panel_lane::PanelLane;
use gemmine_hdl::pe::Pe;
use gemmine_hdl::sequencer::Sequencer;
use gemmine_hdl::sign_extend::SignExtend;
use gemmine_hdl::skew::Skew;
use gemmine_hdl::solution::Solution;
use gemmine_hdl::ticket::Ticket;
use gemmine_hdl::uart_rx::UartRx;
use gemmine_hdl::uart_tx::UartTx;
use gemmine_hdl::xof_engine::XofEngine;
use gemmine_hdl::xof_lane::XofLane;
use gemmine_hdl::xof_source::XofSource;
use gemmine_sim::verilator::{Tools, modules};

use crate::stimulus::Random;
use both::{check, check_made, emitted};
use port::{Values, module, random_inputs};
use shapes::Source;

module!([const N: usize, const M: usize] SignExtend<N, M>: (data_in) -> (data_out));
module!([] Pe: clock, (start_in, a_in, b_in, product_in, sum_in) -> (start_out, a_out, b_out, sum_out));
module!([const N: usize] Skew<N>: clock, (lane_in) -> (lane_out));
module!([const P: usize, const Q: usize] Grid<P, Q>: clock, (start_in, a_in, b_in) -> (sum_out));
module!([const A: usize] HeadPair<A>: clock,
    (take_in, address_in, first_in, last_in, left_sum_in, right_sum_in, fold_in) ->
    (take_out, address_out, first_out, last_out, fold_out, left_valid_out, right_valid_out,
     result_address_out, result_out));
module!([const A: usize] Fold<A>: clock,
    (take_in, address_in, tail_in, row_in) -> (fold_valid_out, fold_out));
module!([] Counter: clock, (event_in) -> (low_out, high_out));
module!([const P: usize, const Q: usize, const A: usize, const O: usize] Sequencer<P, Q, A, O>: clock,
    (reset_in, valid_in, hold_in, chunk_last_in, chunks_last_in, tail_in, tail_last_in) ->
    (ready_out, step_out, start_out, take_out, address_out, first_out, last_out, tail_out,
     chunk_end_out, pass_end_out, tile_end_out, tile_ended_out, final_out, busy_out, cycle_out,
     mac_cycle_out, full_mac_cycle_out));
module!([const P: usize, const Q: usize, const A: usize] Core<P, Q, A>: clock,
    (reset_in, valid_in, a_in, b_in, chunk_last_in, chunks_last_in, tail_in, tail_last_in) ->
    (ready_out, fold_valid_out, fold_out, result_valid_out, result_out, busy_out,
     cycles_low_out, cycles_high_out, mac_cycles_low_out, mac_cycles_high_out,
     full_mac_cycles_low_out, full_mac_cycles_high_out));
module!([] Mixer: clock, (a_in, b_in, c_in, d_in, y_in, x_in) -> (a_out, b_out, c_out, d_out));
module!([] XofLane: clock,
    (read_place_in, first_in, start_in, iv_in, fourth_in, upper_cv_in, lower_cv_in, y_in, x_in,
     write_in, write_place_in, piece_in, columns_in) -> (word_out));
module!([] XofEngine: clock,
    (reset_in, write_in, write_place_in, write_data_in, start_in, a_counter_in, a_step_in,
     b_counter_in) ->
    (ready_out, valid_out, block_out, place_out, piece_out, a_word_out, b_word_out));
module!([const P: usize, const Q: usize, const W: usize] XofSource<P, Q, W>: clock,
    (scan_in, seed_write_in, seed_place_in, seed_word_in, seeded_in, chunks_last_in, pass_end_in) ->
    (hold_out, write_out, a_address_out, b_address_out, a_word_out, b_word_out));
module!([const L: usize] Blake3<L>: clock,
    (reset_in, start_in, cv_in, block_in, counter_low_in, counter_high_in, length_in, flags_in) ->
    (ready_out, valid_out, low_out, high_out));
module!([] Ticket: clock,
    (reset_in, fold_valid_in, fold_in, tile_end_in, load_in, load_place_in, load_word_in, copy_in,
     run_in, read_in, word_in, bound_in) ->
    (ticket_out, valid_out, hit_out, busy_out));
module!([] Solution: clock,
    (reset_in, start_in, nonce_in, job_word_in, result_word_in, done_in, ticket_in) ->
    (job_place_out, result_place_out, load_out, load_place_out, load_word_out, copy_out, word_out,
     bound_out, read_out, run_out, busy_out, valid_out, hit_out));
module!([] PanelLane: clock, (word_in, step_in, fetch_in, unsigned_in) -> (operand_out));
module!([const R: usize] PanelGroup<R>: clock,
    (write_enable_in, write_lane_in, write_address_in, write_data_in, fetch_in, address_in) ->
    (address_out, word_out));
module!([] UartTx: clock, (baud_in, valid_in, data_in) -> (ready_out, line_out));
module!([] UartRx: clock, (baud_in, line_in) -> (valid_out, data_out, error_out));

#[test]
fn sign_extend() {
    let all: Vec<Values> = (0..512).map(|value| vec![value]).collect();
    check::<SignExtend<9, 26>>("sign_extend_9", &all, Some(reference::sign_extend::<9, 26>));
    let sums = random_inputs::<SignExtend<26, 32>>(&mut Random(1), 2000);
    check::<SignExtend<26, 32>>("sign_extend_26", &sums, Some(reference::sign_extend::<26, 32>));
}

#[test]
fn pe() {
    let stimulus = random_inputs::<Pe>(&mut Random(2), 4000);
    check::<Pe>("pe", &stimulus, Some(reference::pe));
}

/// A skew on random operands.
fn check_skew<const N: usize>() {
    let stimulus = random_inputs::<Skew<N>>(&mut Random(3), 600);
    check::<Skew<N>>(&format!("skew_{N}"), &stimulus, Some(reference::skew::<N>));
}

#[test]
fn skews() {
    check_skew::<2>();
    check_skew::<4>();
    check_skew::<16>();
}

/// A grid on random operands and starts: more than a core ever gives it.
fn check_grid<const P: usize, const Q: usize>(cycles: usize) {
    let stimulus = random_inputs::<Grid<P, Q>>(&mut Random(4), cycles);
    check::<Grid<P, Q>>(&format!("grid_{P}x{Q}"), &stimulus, Some(reference::grid::<P, Q>));
}

#[test]
fn grids() {
    check_grid::<2, 2>(3000);
    check_grid::<8, 4>(600);
}

/// Heads on random tokens, down to the same address in cycles one after the other; then as they come.
fn check_head<const A: usize>() {
    let mut stimulus = random_inputs::<HeadPair<A>>(&mut Random(5), 9000);
    for cycle in 3000..9000 {
        let before = stimulus[cycle - 1].clone();
        if before[0] == 1 {
            // Order of ports: take_in, address_in, first_in, last_in, ..
            stimulus[cycle][..4].copy_from_slice(&[0, before[1], before[2], before[3]]);
        }
    }
    let name = format!("head_{A}");
    check::<HeadPair<A>>(&name, &stimulus, None);
    check::<HeadPair<A>>(&name, &stimulus[3000..], Some(reference::heads::<A>));
}

#[test]
fn heads() {
    check_head::<4>();
    check_head::<7>();
}

/// A fold on random tokens, and on addresses that count.
fn check_fold<const A: usize>() {
    let mut stimulus = random_inputs::<Fold<A>>(&mut Random(6), 4000);
    let mut address = 0;
    for inputs in &mut stimulus[2000..] {
        // Order of ports: take_in, address_in, ..
        inputs[1] = address;
        address = (address + inputs[0]) % (1 << A);
    }
    check::<Fold<A>>(&format!("fold_{A}"), &stimulus, Some(reference::fold::<A>));
}

#[test]
fn folds() {
    check_fold::<4>();
    check_fold::<6>();
}

#[test]
fn counter() {
    let stimulus = random_inputs::<Counter>(&mut Random(7), 3000);
    check::<Counter>("counter", &stimulus, Some(|inputs| reference::counter(inputs, 0)));
}

/// The registers' initial value is moved to just below the carry; hdl's own test of the counter does
/// the same to rust-hdl's registers.
#[test]
fn counter_carries_into_its_high_half() {
    let verilog = emitted::<Counter>("counter_carry");
    let zero = "q = 24'h0;";
    assert_eq!(verilog.matches(zero).count(), 1, "both halves are registers of one kind");
    let stimulus = random_inputs::<Counter>(&mut Random(8), 300);
    for start in [0xff_ffff, 0xff_ffc0] {
        let started = verilog.replace(zero, &format!("q = 24'h{start:x};"));
        let top = "gemmine_counter_carry";
        let got = modules::simulate(&Tools::find().unwrap(), &started, top, &stimulus).unwrap();
        assert_eq!(got, reference::counter(&stimulus, (start << 24) + start), "from {start:#x}");
    }
}

/// A sequencer on tiles with gaps, tails and resets.
fn check_sequencer<const P: usize, const Q: usize, const A: usize, const O: usize>(cycles: usize) {
    let mut source = Source::new(Geometry::new(P, Q), 9);
    let stimulus: Vec<Values> = (0..cycles).map(|_| source.cycle().sequencer_inputs()).collect();
    let name = format!("sequencer_{P}x{Q}");
    let trace = check::<Sequencer<P, Q, A, O>>(&name, &stimulus, None);
    assert!(trace.count(&["take_out", "last_out"]) > 0, "the stimulus never came to a tile's end");
    assert!(trace.count(&["take_out", "tail_out"]) > 0, "the stimulus never came to a tail");
}

#[test]
fn sequencers() {
    check_sequencer::<2, 2, 7, 1>(40_000);
    check_sequencer::<16, 16, 4, 4>(20_000);
}

#[test]
fn core() {
    let mut source = Source::new(Geometry::new(2, 2), 10);
    let stimulus: Vec<Values> = (0..30_000).map(|_| source.cycle().core_inputs()).collect();
    let trace = check::<Core<2, 2, 7>>("core_2x2", &stimulus, None);
    assert!(trace.count(&["fold_valid_out"]) >= 2, "too few fold words");
    assert!(trace.count(&["result_valid_out$0"]) >= 256, "too few results");
}

/// Random inputs that all stand for a while, but for those in front, which are high now and then:
/// once in so many cycles.
fn held_inputs<M: port::Module>(seed: u64, cycles: usize, once_in: &[u64]) -> Vec<Values> {
    let mut random = Random(seed);
    let mut stimulus = random_inputs::<M>(&mut random, cycles);
    for cycle in 0..cycles {
        if cycle % 500 > 0 {
            stimulus[cycle] = stimulus[cycle - 1].clone();
        }
        for (input, &n) in stimulus[cycle].iter_mut().zip(once_in) {
            *input = u64::from(random.below(n) == 0);
        }
    }
    stimulus
}

/// BLAKE3 on random blocks, with starts at any time and a reset now and then. That the hash is
/// right is hdl's own test; here its Verilog has to do the same.
fn check_blake3<const L: usize>() {
    let stimulus = held_inputs::<Blake3<L>>(11, 6000, &[900, 40]);
    let trace = check::<Blake3<L>>(&format!("blake3_{L}"), &stimulus, None);
    assert!(trace.count(&["valid_out"]) >= 10, "too few hashes");
}

#[test]
fn blake3() {
    check_blake3::<1>();
    check_blake3::<2>();
    check_blake3::<4>();
    check_blake3::<8>();
}

/// That the words are right is hdl's own test; here the Verilog has to do the same, with words of the seed written
/// and batches begun at any time.
#[test]
fn operands_of_amadeus() {
    let stimulus = random_inputs::<Mixer>(&mut Random(31), 3000);
    check::<Mixer>("mixer", &stimulus, None);
    let stimulus = random_inputs::<XofLane>(&mut Random(32), 6000);
    check::<XofLane>("xof_lane", &stimulus, None);
    let mut stimulus = random_inputs::<XofEngine>(&mut Random(33), 12_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, write_in, write_place_in, write_data_in, start_in, ..
        inputs[0] = u64::from(cycle % 3000 == 2999);
        inputs[1] = u64::from(cycle % 1000 < 40);
        inputs[4] = u64::from(cycle % 7 == 0 || cycle % 2000 > 1000);
    }
    let trace = check::<XofEngine>("xof_engine", &stimulus, None);
    assert!(trace.count(&["valid_out"]) > 30 * 64, "too few batches");
}

/// A source through scans that are dropped in the middle, whose chunks are read about as fast as they grow.
fn check_xof_source<const P: usize, const Q: usize, const W: usize>(
    name: &str,
    make: fn() -> XofSource<P, Q, W>,
    chunk_cycles: u64,
) {
    let mut random = Random(34);
    let mut stimulus = random_inputs::<XofSource<P, Q, W>>(&mut random, 8000);
    let mut next_end = 0;
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        let in_scan = cycle % 4000;
        // Order of ports: scan_in, seed_write_in, .., seeded_in, chunks_last_in, pass_end_in
        inputs[0] = u64::from(in_scan >= 2);
        inputs[1] &= u64::from(!(200..=1000).contains(&in_scan));
        inputs[4] = u64::from(in_scan == 200 || in_scan > 1000 && inputs[4] == 1);
        inputs[5] = cycle as u64 / 4000;
        if in_scan == 0 {
            next_end = cycle + 1500;
        }
        inputs[6] = u64::from(cycle == next_end);
        if cycle == next_end {
            next_end += (chunk_cycles / 2 + random.below(2 * chunk_cycles)) as usize;
        }
    }
    let trace = check_made(name, make, &stimulus, None);
    assert!(trace.count(&["write_out"]) > 20 * 64, "too few batches");
}

/// Of one engine and of several; that the words are right, and every cycle, is hdl's own test.
#[test]
fn sources_of_operands_of_amadeus() {
    check_xof_source::<2, 4, 5>("xof_source_1", || XofSource::new(1), 1152);
    check_xof_source::<8, 8, 7>("xof_source_2", || XofSource::new(2), 576);
    check_xof_source::<16, 16, 6>("xof_source_5", || XofSource::new(5), 256);
}

/// A ticket on fold words, and compressions alone, with a reset now and then.
#[test]
fn tickets() {
    // Fold words come no closer than a chunk is long; the last of a tile comes at any of them. Words are
    // loaded, copied and read at any time, and a compression runs now and then into another, as the finisher never
    // does.
    let mut random = Random(12);
    let mut stimulus = held_inputs::<Ticket>(12, 64_000, &[5000]);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, fold_valid_in, fold_in, tile_end_in, load_in, load_place_in, load_word_in, copy_in,
        // run_in, read_in, word_in, bound_in.
        inputs[1] = u64::from(cycle % 110 == 0);
        inputs[2] = random.below(1 << 32);
        inputs[3] = u64::from(cycle % 1540 == 0);
        inputs[4] = u64::from(random.below(4) == 0);
        inputs[5] = random.below(32);
        inputs[6] = random.below(1 << 32);
        inputs[7] = random.below(2);
        inputs[8] = u64::from(cycle % 1540 == 800 || random.below(9000) == 0);
        inputs[11] = random.below(2);
    }
    let trace = check::<Ticket>("ticket", &stimulus, None);
    assert!(trace.count(&["valid_out"]) >= 50, "too few tickets and compressions");
    let hits = trace.count(&["valid_out", "hit_out"]);
    assert!((5..trace.count(&["valid_out"]) - 5).contains(&hits), "{hits} hits");
}

/// That the hash is right is hdl's own test, with a ticket. Here it is done long before one were, and sometimes too
/// early.
#[test]
fn solutions() {
    let mut random = Random(34);
    let mut stimulus = random_inputs::<Solution>(&mut random, 40_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, start_in, nonce_in, job_word_in, result_word_in, done_in, ticket_in
        inputs[0] = u64::from(cycle % 7000 == 6999);
        inputs[1] = u64::from(cycle % 2000 == 100);
        inputs[5] = u64::from(random.below(60) == 0);
        inputs[6] = 1 << random.below(32);
    }
    let trace = check::<Solution>("solution", &stimulus, None);
    let valid = trace.count(&["valid_out"]);
    assert!(valid >= 10, "too few hashes");
    assert!((1..valid).contains(&trace.count(&["valid_out", "hit_out"])), "hits");
}

#[test]
fn panel_lanes() {
    // Steps, fetches and writes in any order: more than a sequencer ever gives.
    let stimulus = random_inputs::<PanelLane>(&mut Random(14), 20_000);
    check::<PanelLane>("panel_lane", &stimulus, Some(reference::panel_lane));
    let stimulus = random_inputs::<PanelGroup<4>>(&mut Random(15), 4000);
    check::<PanelGroup<4>>("panel_group_4", &stimulus, None);
}

#[test]
fn uarts() {
    let mut random = Random(13);
    // Rates from 2 to 17 cycles a bit; bytes, and bits of any length, as they come.
    let mut rate = 0;
    let mut cycles = |inputs: &mut dyn FnMut(&mut Random) -> Values| -> Vec<Values> {
        (0..20_000)
            .map(|cycle| {
                if cycle % 1000 == 0 {
                    rate = (1 << 20) + random.below(7 << 20);
                }
                let mut values = vec![rate];
                values.extend(inputs(&mut random));
                values
            })
            .collect()
    };
    let bytes = cycles(&mut |random| vec![random.below(2), random.below(256)]);
    let (mut level, mut left) = (1, 0);
    let bits = cycles(&mut |random| {
        if left == 0 {
            (level, left) = (random.below(2), 1 + random.below(30));
        }
        left -= 1;
        vec![level]
    });
    let sent = check::<UartTx>("uart_tx", &bytes, None);
    assert!(sent.count(&["ready_out"]) > 100, "too few bytes");
    let received = check::<UartRx>("uart_rx", &bits, None);
    assert!(received.count(&["valid_out"]) > 50, "too few bytes");
    assert!(received.count(&["error_out"]) > 50, "too few errors");
}

#[test]
fn largest_core_is_clean_and_has_one_pe_module() {
    let (verilog, top) = gemmine_devices::core(Geometry::new(16, 16)).unwrap();
    assert_eq!(modules::lint(&Tools::find().unwrap(), &verilog, &top).unwrap(), "");
    let pes = verilog.lines().filter(|line| line.starts_with("module gemmine_pe"));
    assert_eq!(pes.count(), 1);
    let instances = verilog.lines().filter(|line| line.trim().starts_with("gemmine_pe pe$"));
    assert_eq!(instances.count(), 256);
}
