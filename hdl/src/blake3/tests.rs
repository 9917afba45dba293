//! The engine against the `blake3` crate, with every number of lanes.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl<const L: usize> Clocked for Blake3<L> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Compresses one keyed one-block message; returns the 64 output bytes and the cycles it took.
fn hash<const L: usize>(
    engine: &mut Blake3<L>,
    key: &[u8; 32],
    message: &[u8],
    output_block: u64,
) -> (Vec<u8>, usize) {
    const KEYED_ONE_CHUNK_ROOT: u64 = 0x1b;
    let words = |bytes: &[u8]| -> Vec<u64> {
        bytes.chunks(4).map(|w| u32::from_le_bytes(w.try_into().unwrap()).into()).collect()
    };
    let mut block = [0; 64];
    block[..message.len()].copy_from_slice(message);
    for (port, word) in engine.cv_in.iter_mut().zip(words(key)) {
        port.next = unsigned_bits(word);
    }
    for (port, word) in engine.block_in.iter_mut().zip(words(&block)) {
        port.next = unsigned_bits(word);
    }
    engine.counter_low_in.next = unsigned_bits(output_block);
    engine.counter_high_in.next = unsigned_bits(output_block >> 32);
    engine.length_in.next = unsigned_bits(message.len() as u64);
    engine.flags_in.next = unsigned_bits(KEYED_ONE_CHUNK_ROOT);
    engine.start_in.next = true;
    engine.settle();
    assert!(engine.ready_out.val());
    engine.edge();
    // What comes in while it works is not looked at, but for the chaining value.
    engine.block_in[0].next = unsigned_bits(0xdead_beef);
    for cycle in 1..=300 {
        // A start while it works is not taken.
        engine.start_in.next = cycle < 20;
        engine.settle();
        if engine.valid_out.val() {
            let words = engine.low_out.iter().chain(&engine.high_out);
            return (words.flat_map(|word| word.val().to_u32().to_le_bytes()).collect(), cycle);
        }
        assert!(!engine.ready_out.val());
        engine.edge();
    }
    panic!("no hash after 300 cycles");
}

fn check<const L: usize>() {
    let mut engine = Blake3::<L>::connected();
    let mut random = Random(L as u64);
    for length in [64, 0, 1, 63, 48, 64] {
        let bytes = |random: &mut Random, n| (0..n).map(|_| random.next() as u8).collect();
        let key: Vec<u8> = bytes(&mut random, 32);
        let key: [u8; 32] = key.try_into().unwrap();
        let message: Vec<u8> = bytes(&mut random, length);
        for block in [0, 3] {
            let (got, cycles) = hash(&mut engine, &key, &message, block);
            let mut want = [0; 64];
            let mut stream = ::blake3::Hasher::new_keyed(&key).update(&message).finalize_xof();
            stream.set_position(64 * block);
            stream.fill(&mut want);
            assert_eq!(got, want, "{L} lanes, {length} bytes, block {block}");
            assert_eq!(cycles, latency(L));
        }
    }
}

#[test]
fn one_lane() {
    check::<1>();
}

#[test]
fn two_lanes() {
    check::<2>();
}

#[test]
fn four_lanes() {
    check::<4>();
}

#[test]
fn eight_lanes() {
    check::<8>();
}

#[test]
fn latencies_are_the_documented_ones() {
    assert_eq!([1, 2, 4, 8].map(latency), [239, 127, 71, 43]);
}
