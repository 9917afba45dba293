//! Words of whole batches against the `blake3` crate's stream.

use super::tables::IV;
use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for XofEngine {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// The words that the engine is loaded with for a seed of 240 bytes, by place.
pub(crate) fn seed_words(seed: &[u8; 240]) -> Vec<(u64, u32)> {
    // The chaining value behind three blocks, by the second half of the output, which is the state XOR it, is not
    // to be had from the crate: so it is computed here, by the specification.
    let words = |bytes: &[u8]| -> [u32; 16] {
        let mut block = [0; 64];
        block[..bytes.len()].copy_from_slice(bytes);
        std::array::from_fn(|n| u32::from_le_bytes(block[4 * n..4 * n + 4].try_into().unwrap()))
    };
    let mut cv = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    for n in 0..3 {
        let block = words(&seed[64 * n..64 * n + 64]);
        cv = compress(&cv, &block, u32::from(n == 0));
    }
    let message = words(&seed[192..]);
    let start = (0..4).map(|n| cv[n].wrapping_add(message[2 * n]));
    (0..).zip(message.into_iter().chain(start).chain(cv)).collect()
}

/// A whole block in the middle of a chunk.
fn compress(cv: &[u32; 8], block: &[u32; 16], flags: u32) -> [u32; 8] {
    let mut v = [0; 16];
    v[..8].copy_from_slice(cv);
    v[8..12].copy_from_slice(&IV);
    v[14..].copy_from_slice(&[64, flags]);
    for round in crate::ticket::program::schedule() {
        for (n, second) in [(0, false), (0, true), (8, false), (8, true)] {
            for k in 0..4 {
                let turn = usize::from(n > 0);
                let at = |row: usize| 4 * row + (k + turn * row) % 4;
                let (a, b, c, d) = (at(0), at(1), at(2), at(3));
                let (turn_d, turn_b) = if second { (8, 7) } else { (16, 12) };
                let word = block[round[n + 2 * k + usize::from(second)]];
                v[a] = v[a].wrapping_add(v[b]).wrapping_add(word);
                v[d] = u32::rotate_right(v[d] ^ v[a], turn_d);
                v[c] = v[c].wrapping_add(v[d]);
                v[b] = u32::rotate_right(v[b] ^ v[c], turn_b);
            }
        }
    }
    std::array::from_fn(|n| v[n] ^ v[n + 8])
}

fn load(engine: &mut XofEngine, seed: &[u8; 240]) {
    for (place, word) in seed_words(seed) {
        engine.write_in.next = true;
        engine.write_place_in.next = unsigned_bits(place);
        engine.write_data_in.next = unsigned_bits(word.into());
        engine.settle();
        engine.edge();
    }
    engine.write_in.next = false;
}

fn stream(seed: &[u8; 240], block: u32) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut reader = ::blake3::Hasher::new().update(seed).finalize_xof();
    reader.set_position(64 * u64::from(block));
    reader.fill(&mut bytes);
    bytes
}

/// Starts a batch and checks its words. The engine stands a cycle behind the last one.
fn check(engine: &mut XofEngine, seed: &[u8; 240], a: u32, step: u32, b: u32) {
    engine.start_in.next = true;
    engine.a_counter_in.next = unsigned_bits(a.into());
    engine.a_step_in.next = unsigned_bits(step.into());
    engine.b_counter_in.next = unsigned_bits(b.into());
    engine.settle();
    assert!(engine.ready_out.val());
    let mut words = 0;
    for cycle in 0..BATCH_CYCLES + 3 {
        engine.settle();
        let due = (FIRST_WORD..FIRST_WORD + 64).contains(&cycle);
        assert_eq!(engine.valid_out.val(), due, "cycle {cycle}");
        // Ready again just in time for the next batch.
        assert_eq!(engine.ready_out.val(), cycle == 0 || cycle >= BATCH_CYCLES, "cycle {cycle}");
        if due {
            let at = |port: &Signal<Out, Bits<2>>| port.val().to_u64() as usize;
            let (block, place, piece) =
                (at(&engine.block_out), at(&engine.place_out), at(&engine.piece_out));
            assert_eq!([block, place, piece], [words / 16, words / 4 % 4, words % 4]);
            let row = stream(seed, a.wrapping_add(block as u32 * step));
            let word = 4 * (4 * piece + place);
            assert_eq!(engine.a_word_out.val().to_u32().to_le_bytes(), row[word..word + 4]);
            let rows = stream(seed, b + block as u32);
            let column = std::array::from_fn(|r| rows[16 * r + 4 * place + piece]);
            assert_eq!(engine.b_word_out.val().to_u32().to_le_bytes(), column);
            words += 1;
        }
        engine.edge();
        engine.start_in.next = false;
    }
    assert_eq!(words, 64);
}

#[test]
fn words_are_those_of_the_stream() {
    let mut random = Random(5);
    let mut engine = XofEngine::connected();
    for round in 0..4 {
        let seed = std::array::from_fn(|_| random.next() as u8);
        load(&mut engine, &seed);
        check(&mut engine, &seed, round, 785, 12_560 + 16 * round);
        check(&mut engine, &seed, 12_559 - 3 * 785, 785, 25_116);
    }
}

#[test]
fn a_reset_drops_a_batch() {
    let seed = [0xff; 240];
    let mut engine = XofEngine::connected();
    load(&mut engine, &seed);
    for stop in [0, 1, 100, FIRST_WORD + 5] {
        engine.start_in.next = true;
        engine.settle();
        engine.edge();
        engine.start_in.next = false;
        for _ in 0..stop {
            engine.settle();
            engine.edge();
        }
        engine.reset_in.next = true;
        engine.settle();
        engine.edge();
        engine.reset_in.next = false;
        engine.settle();
        assert!(engine.ready_out.val() && !engine.valid_out.val());
        check(&mut engine, &seed, 3, 785, 20_000);
    }
}
