//! The modules that make Pearl's noise, and their words against those of `gemmine_pouw`.

use gemmine_hdl::noise_hash::NoiseHash;
use gemmine_hdl::noise_pairs::NoisePairs;
use gemmine_hdl::noise_rows::NoiseRows;
use gemmine_hdl::noise_source::{Batches, Chunks, NoiseSource};
use gemmine_hdl::registers::panel_address;
use gemmine_hdl::rounds::Rounds;
use gemmine_hdl::transposer::Transposer;
use gemmine_pouw::noise::{Noise, Side, noise_row};

use super::both::check;
use super::port::{Values, module, random_inputs};
use crate::stimulus::Random;

module!([const H: usize] Rounds<H>: clock,
    (reset_in, start_in, word_block_in) ->
    (ready_out, taken_out, busy_out, half_out, slot_out, mixes_out, read_place_out, write_out,
     write_place_out));
module!([const N: usize] Transposer<N>: clock, (phase_in, row_in) -> (column_out));
module!([] NoiseHash: clock,
    (reset_in, write_in, write_place_in, write_data_in, start_in, b_in, pairs_in, index_in) ->
    (ready_out, valid_out, b_out, pairs_out, word_out));
module!([const T: usize, const U: usize] NoisePairs<T, U>: clock,
    (reset_in, write_in, b_in, word_in, read_b_in, read_line_in) -> (plus_out, minus_out));
module!([] NoiseRows: clock,
    (reset_in, write_in, word_in, bank_in, group_in, plus_in, minus_in, phase_in) ->
    (whole_out, word_out));
module!([] Batches: clock,
    (scan_in, seed_write_in, seed_place_in, seed_word_in, seeded_in, chunks_last_in, ready_in,
     panel_end_in) ->
    (start_out, b_out, pairs_out, index_out, first_b_out, second_b_out));
module!([const W: usize] Chunks<W>: clock,
    (scan_in, chunks_last_in, whole_in, first_b_in, second_b_in, written_in, pass_end_in) ->
    (run_out, b_out, bank_out, chunk_out, place_out, phase_out, panel_end_out, hold_out));
module!([const P: usize, const Q: usize, const W: usize, const T: usize, const U: usize]
    NoiseSource<P, Q, W, T, U>: clock,
    (scan_in, seed_write_in, seed_place_in, seed_word_in, seeded_in, chunks_last_in, pass_end_in) ->
    (hold_out, a_write_out, b_write_out, a_address_out, b_address_out, word_out));

#[test]
fn noise_parts() {
    let mut stimulus = random_inputs::<Rounds<17>>(&mut Random(40), 4000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, start_in, ..
        inputs[0] = u64::from(cycle % 900 == 899);
    }
    check::<Rounds<17>>("rounds", &stimulus, None);
    let stimulus = random_inputs::<Transposer<6>>(&mut Random(41), 2000);
    check::<Transposer<6>>("transposer", &stimulus, None);
    let mut stimulus = random_inputs::<NoisePairs<6, 7>>(&mut Random(42), 6000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, write_in, b_in, ..
        inputs[0] = u64::from(cycle % 700 == 699);
        inputs[2] = u64::from(cycle % 200 > 120);
    }
    check::<NoisePairs<6, 7>>("noise_pairs", &stimulus, None);
    let mut stimulus = random_inputs::<NoiseRows>(&mut Random(43), 12_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, ..
        inputs[0] = u64::from(cycle % 4000 == 3999);
    }
    check::<NoiseRows>("noise_rows", &stimulus, None);
}

#[test]
fn noise_hashes() {
    let mut stimulus = random_inputs::<NoiseHash>(&mut Random(44), 12_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset_in, write_in, write_place_in, write_data_in, start_in, ..
        inputs[0] = u64::from(cycle % 3000 == 2999);
        inputs[1] = u64::from(cycle % 1000 < 60);
        inputs[4] = u64::from(cycle % 7 == 0 || cycle % 2000 > 1000);
    }
    let trace = check::<NoiseHash>("noise_hash", &stimulus, None);
    assert!(trace.count(&["valid_out"]) > 30 * 32, "too few batches");
}

#[test]
fn noise_control() {
    let mut stimulus = random_inputs::<Batches>(&mut Random(45), 20_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: scan_in, .., seeded_in, chunks_last_in, ..
        inputs[0] = u64::from(cycle % 5000 != 0);
        inputs[5] = cycle as u64 / 5000;
    }
    check::<Batches>("batches", &stimulus, None);
    let mut random = Random(46);
    let mut stimulus = random_inputs::<Chunks<6>>(&mut random, 40_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: scan_in, chunks_last_in, whole_in, first_b_in, second_b_in, written_in, pass_end_in
        inputs[0] = u64::from(cycle % 10_000 != 0);
        inputs[1] = cycle as u64 / 10_000;
        inputs[2] = u64::from(random.below(600) == 0);
        inputs[5] = u64::from(random.below(500) == 0);
        inputs[6] = u64::from(random.below(500) == 0);
    }
    let trace = check::<Chunks<6>>("chunks", &stimulus, None);
    assert!(trace.count(&["panel_end_out"]) > 5, "too few panels");
}

/// Chunks of a tile.
const CHUNKS: usize = 2;
/// Columns of E.
const RANK: u16 = 128;
const SEEDS: [[u8; 32]; 2] = [[0xa5; 32], [0x1b; 32]];
/// First panel of A, first one of B.
const FIRST: [u64; 2] = [3, 11];
/// Tiles of a row.
const COLUMNS: usize = 2;
/// Bits of a word's address in a lane.
const WORD_BITS: usize = 6;
type Source = NoiseSource<8, 4, WORD_BITS, 8, 9>;

/// The cycles of a scan whose steps come late enough never to be held.
fn scan(cycles: usize) -> Vec<Values> {
    let seed = |place: usize| match place {
        0..8 | 16..24 => u64::from(u32::from_le_bytes([SEEDS[place / 16][place % 8]; 4])),
        24 | 25 => FIRST[place - 24],
        26 => COLUMNS as u64 - 1,
        _ => 0xdead_beef,
    };
    let cycle = |cycle: usize| {
        let place = cycle.wrapping_sub(1);
        let pass_end = cycle > 16_000 && cycle.is_multiple_of(2500);
        let word = if place < 32 { seed(place) } else { 0 };
        vec![
            u64::from(cycle > 0),
            u64::from(place < 32),
            place as u64 & 31,
            word,
            u64::from(place == 32),
            CHUNKS as u64 - 1,
            pass_end.into(),
        ]
    };
    (0..cycles).map(cycle).collect()
}

/// Addresses and words of a panel in the order in which they come.
fn panel(side: Side, nth: u64, ring: &mut usize) -> Vec<(u64, u64, u32)> {
    let (b, width) = if side == Side::B { (1, 4) } else { (0, 8) };
    let k = 128 * CHUNKS;
    let rows = 16 * (nth as u32 + 1);
    let noise = Noise::new(side, &SEEDS[b], RANK, k as u32, rows);
    let lanes: Vec<Vec<i8>> = (rows as usize - 16..rows as usize)
        .map(|row| noise_row(noise.factor_row(row), noise.pairs()))
        .collect();
    let mut words = Vec::new();
    for word in 0..k / 4 {
        let place = if b == 1 { *ring % (1 << WORD_BITS) } else { word };
        *ring += b;
        for (lane, values) in lanes.iter().enumerate() {
            let address = u64::from(panel_address(width, WORD_BITS, lane)) + place as u64;
            let four = std::array::from_fn(|n| values[4 * word + n] as u8);
            words.push((b as u64, address, u32::from_le_bytes(four)));
        }
    }
    words
}

#[test]
fn operands_of_pearl() {
    // Two scans, the first of which ends in the middle
    let stimulus = [scan(21_000), scan(36_000)].concat();
    let trace = check::<Source>("noise_source", &stimulus, None);
    let outputs = ["a_write_out", "b_write_out", "a_address_out", "b_address_out", "word_out"];
    let got = trace.values(outputs).map(|[a, b, a_address, b_address, word]| {
        (a + b == 1).then_some((b, if b == 1 { b_address } else { a_address }, word as u32))
    });
    let got: Vec<_> = got.collect();

    let mut ring = 0;
    let mut want = Vec::new();
    for row in 0..3 {
        want.extend(panel(Side::A, FIRST[0] + row, &mut ring));
        for column in 0..COLUMNS as u64 {
            want.extend(panel(Side::B, FIRST[1] + column, &mut ring));
        }
    }
    for (cycles, panels) in [(0..21_000, 2), (21_000..57_000, 5)] {
        let got: Vec<_> = got[cycles].iter().flatten().copied().collect();
        let least = panels * 16 * 32 * CHUNKS;
        assert!(got.len() > least, "{} of {least} words", got.len());
        assert!(got == want[..got.len()], "words of a scan");
    }
}
