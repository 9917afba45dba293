//! Hostile bytes: no panic, no large allocation, no long wait.

use std::time::{Duration, Instant};

use crate::common::{EASY, job, rule};
use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::proof::{DecodeError, PlainProof};
use gemmine_pouw::verify::{Refusal, verify};
use proptest::prelude::*;

fn good() -> (Header76, Vec<u8>) {
    let job = job(MiningConfig::native(2048, 128), 32, 32, EASY);
    (*job.header(), job.proof(16, 0).unwrap().encode())
}

/// Offsets of every length and count of the native proof.
const COUNTS: [usize; 12] =
    [32, 40, 33_064, 33_328, 33_368, 33_408, 33_544, 33_552, 66_576, 66_840, 66_880, 66_920];

#[test]
fn huge_lengths_answer_at_once() {
    let (header, proof) = good();
    let start = Instant::now();
    for at in COUNTS.into_iter().chain([0, 8, 16, 24]) {
        for value in
            [0, 1, 1 << 20, 1 << 32, u64::MAX / 32, u64::MAX / 1024, u64::MAX - 1, u64::MAX]
        {
            let mut edited = proof.clone();
            edited[at..at + 8].copy_from_slice(&value.to_le_bytes());
            if edited == proof {
                continue;
            }
            assert!(verify(&header, 3, &edited, None).is_err(), "{value} at {at}");
            // Only a number that is not a length decodes.
            let _ = PlainProof::decode(&edited);
        }
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn every_truncation_is_unreadable() {
    let (header, proof) = good();
    let last = proof.len() - 1;
    for length in (0..last).step_by(97).chain(last - 600..last) {
        let refusal = verify(&header, 3, &proof[..length], None).unwrap_err();
        assert!(refusal.is_unreadable(), "{length}: {refusal}");
    }
    // Legacy: only the tag is missing.
    assert!(verify(&header, 3, &proof[..last], None).is_ok());
}

#[test]
fn tails_and_tags() {
    let (header, proof) = good();
    let tail = |bytes: &[u8]| {
        let blob = [&proof[..proof.len() - 1], bytes].concat();
        verify(&header, 3, &blob, None)
    };
    assert_eq!(rule(&tail(&[0])), "accepted");
    assert_eq!(tail(&[0, 0]), Err(Refusal::Decode(DecodeError::Trailing(1))));
    assert_eq!(tail(&[1]), Err(Refusal::Decode(DecodeError::Moe)));
    assert_eq!(tail(&[1, 2, 3]), Err(Refusal::Decode(DecodeError::Moe)));
    assert_eq!(tail(&[2]), Err(Refusal::Decode(DecodeError::OptionTag(2))));
}

#[test]
fn leaves_of_another_length_are_named() {
    let (header, proof) = good();
    // One byte out of leaf 0, its prefix adjusted: well-formed, and still no proof.
    let mut short = proof;
    short.remove(48);
    short[40..48].copy_from_slice(&1023u64.to_le_bytes());
    let refusal = verify(&header, 3, &short, None).unwrap_err();
    assert_eq!(refusal, Refusal::Decode(DecodeError::LeafLength { leaf: 0, found: 1023 }));
    assert_eq!((refusal.rule(), refusal.is_unreadable()), ("leaf-length", false));
}

/// A million empty leaves, or rows, in a file of that size.
#[test]
fn long_lists_are_linear() {
    let start = Instant::now();
    let number = |value: u64| value.to_le_bytes();
    let head: Vec<u8> = [32u64, 32, 2048, 128].into_iter().flat_map(number).collect();
    let count = 1_000_000u64;
    let empty_leaves = [&head[..], &number(count), &vec![0; 8 * count as usize]].concat();
    let (header, proof) = good();
    assert_eq!(rule(&verify(&header, 3, &empty_leaves, None)), "deserialise");

    let decoded = PlainProof::decode(&proof).unwrap();
    let mut rows = decoded.clone();
    rows.a.row_indices = (0..count).map(|row| row % 32).collect();
    assert_eq!(rule(&verify(&header, 3, &rows.encode(), None)), "pattern-a");
    let mut indices = decoded.clone();
    indices.a.leaf_indices = (0..count).collect();
    assert_eq!(rule(&verify(&header, 3, &indices.encode(), None)), "leaf-index-a");
    let mut siblings = decoded;
    siblings.a.siblings.resize(count as usize, [0; 32]);
    assert_eq!(rule(&verify(&header, 3, &siblings.encode(), None)), "accepted");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let header = Header76([0; 76]);
        prop_assert!(verify(&header, 3, &bytes, None).is_err());
        if let Ok(proof) = PlainProof::decode(&bytes) {
            let mut encoded = proof.encode();
            encoded.truncate(bytes.len());
            prop_assert_eq!(encoded, bytes);
        }
    }

    /// Small numbers everywhere: many lists parse, so the later rules are reached.
    #[test]
    fn random_small_numbers_never_panic(words in prop::collection::vec(0u64..4, 0..60)) {
        let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        prop_assert!(verify(&Header76([0; 76]), 3, &bytes, None).is_err());
    }

    #[test]
    fn mutations_never_panic_and_never_pass(
        edits in prop::collection::vec((0usize..67_056, 1u8..), 1..4),
        counts in prop::collection::vec((0usize..COUNTS.len(), 0u64..70), 0..2),
    ) {
        let (header, proof) = good();
        let mut mutated = proof.clone();
        for (at, mask) in edits {
            mutated[at] ^= mask;
        }
        for (at, value) in counts {
            mutated[COUNTS[at]..COUNTS[at] + 8].copy_from_slice(&value.to_le_bytes());
        }
        prop_assume!(mutated != proof);
        prop_assert!(verify(&header, 3, &mutated, None).is_err());
        if let Ok(decoded) = PlainProof::decode(&mutated) {
            prop_assert_eq!(decoded.encode(), mutated);
        }
    }
}
