//! Words of whole batches against the `blake3` crate.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for NoiseHash {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// Words of a hash of the noise, by the specification.
pub(crate) fn hash(key: &[u32; 8], b: bool, pairs: bool, index: u32) -> [u32; 8] {
    let mut bytes = [0; 32];
    for (word, four) in key.iter().zip(bytes.as_chunks_mut::<4>().0) {
        *four = word.to_le_bytes();
    }
    let mut block = [0; 64];
    let slot = usize::from(pairs);
    block[4 * slot..4 * slot + 4].copy_from_slice(&index.wrapping_add(1).to_le_bytes());
    block[32..40].copy_from_slice(if b { b"B_tensor" } else { b"A_tensor" });
    let hash = ::blake3::keyed_hash(&bytes, &block);
    let words = hash.as_bytes().as_chunks::<4>().0;
    std::array::from_fn(|n| u32::from_le_bytes(words[n]))
}

/// Keys of A and B.
type Keys = [[u32; 8]; 2];

fn load(engine: &mut NoiseHash, random: &mut Random) -> Keys {
    let keys: Keys = std::array::from_fn(|_| std::array::from_fn(|_| random.next() as u32));
    for place in 0..32 {
        // What is at other places, it must leave alone.
        let noise = random.next() as u32;
        let word = if place & 8 == 0 { keys[place >> 4][place & 7] } else { noise };
        engine.write_in.next = true;
        engine.write_place_in.next = unsigned_bits(place as u64);
        engine.write_data_in.next = unsigned_bits(word.into());
        engine.settle();
        engine.edge();
    }
    engine.write_in.next = false;
    keys
}

/// What a batch is for.
#[derive(Clone, Copy)]
struct Batch {
    b: bool,
    pairs: bool,
    index: u32,
}

/// Starts batches as soon as they can be, and checks when which words come.
fn check(engine: &mut NoiseHash, keys: &Keys, batches: &[Batch]) {
    let mut words = 0;
    for cycle in 0..(batches.len() + 1) * BATCH_CYCLES {
        let (nth, at) = (cycle / BATCH_CYCLES, cycle % BATCH_CYCLES);
        let starts = batches.get(nth).filter(|_| at == 0);
        // Requests while it is not ready are lost, whatever they say.
        engine.start_in.next = starts.is_some() || (0 < at && at < BATCH_CYCLES - 1 && at % 3 == 1);
        let batch = starts.copied().unwrap_or(Batch { b: true, pairs: true, index: 77 });
        engine.b_in.next = batch.b;
        engine.pairs_in.next = batch.pairs;
        engine.index_in.next = unsigned_bits(batch.index.into());
        if nth == batches.len() {
            engine.start_in.next = false;
        }
        engine.settle();
        if nth < batches.len() {
            assert_eq!(engine.ready_out.val(), at == 0, "cycle {at}");
        }
        let due =
            cycle.checked_sub(FIRST_WORD).map(|late| (late / BATCH_CYCLES, late % BATCH_CYCLES));
        let due = due.filter(|&(nth, word)| nth < batches.len() && word < BATCH_WORDS);
        assert_eq!(engine.valid_out.val(), due.is_some(), "cycle {cycle}");
        if let Some((nth, word)) = due {
            let batch = batches[nth];
            let step = if batch.pairs { 1 } else { 4 };
            let index = batch.index + step * (word % 4) as u32;
            let want = hash(&keys[usize::from(batch.b)], batch.b, batch.pairs, index);
            assert_eq!(
                engine.word_out.val().to_u32(),
                want[word / 4],
                "word {word} of batch {nth}"
            );
            assert_eq!([engine.b_out.val(), engine.pairs_out.val()], [batch.b, batch.pairs]);
            words += 1;
        }
        engine.edge();
    }
    assert_eq!(words, batches.len() * BATCH_WORDS);
}

#[test]
fn words_are_those_of_the_hashes() {
    let mut random = Random(62);
    let mut engine = NoiseHash::connected();
    let keys = load(&mut engine, &mut random);
    let of = |b, pairs, index| Batch { b, pairs, index };
    check(
        &mut engine,
        &keys,
        &[
            of(false, false, 0),
            of(true, true, 0),
            of(true, false, 3),
            of(false, true, 252),
            of(true, false, (1 << 26) - 13),
            of(false, false, (1 << 26) - 16),
        ],
    );
    let keys = load(&mut engine, &mut random);
    check(&mut engine, &keys, &[of(true, false, 64 * 9 + 51)]);
}

#[test]
fn a_reset_drops_a_batch() {
    let mut random = Random(63);
    let mut engine = NoiseHash::connected();
    let keys = load(&mut engine, &mut random);
    for stop in [0, 1, 2, 100, FIRST_WORD + 5, BATCH_CYCLES - 1] {
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
        check(&mut engine, &keys, &[Batch { b: stop % 2 == 0, pairs: stop > 1, index: 5 }]);
    }
}
