//! An Amadeus solution, which somebody may have made to be taken for one.
//!
//! The first byte says whether the rest is a solution as it is, or edits of one that is right. What is taken has the
//! product of its seed by Freivalds' check as well, and as many zero bits as were asked for; whatever is edited in the
//! product alone is refused.

use std::sync::LazyLock;

use gemmine_pouw::amadeus::{
    K, SEED_BYTES, SOLUTION_BYTES, Seed, SolutionRefusal, attempt, freivalds, leading_zero_bits,
    set_nonce, verify_solution,
};
use gemmine_pouw::digest;

use crate::input::Input;
use crate::plain;

/// Leading zero bits of the solution that is edited.
pub(crate) const BITS: u32 = 10;

/// A solution of the vectors: nonce 650.
static RIGHT: LazyLock<[u8; SOLUTION_BYTES]> = LazyLock::new(|| {
    let mut seed = Seed {
        epoch: 767,
        segment_vr_hash: SEGMENT,
        pk: [0x11; 48],
        pop: [0x22; 96],
        computor: [0x33; 48],
        nonce: [0; 12],
    }
    .to_bytes();
    set_nonce(&mut seed, 650);
    let solution = attempt(&seed);
    assert_eq!(solution.bits(), BITS);
    solution.bytes
});

/// Its segment.
const SEGMENT: [u8; 32] = {
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < 32 {
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
};

/// A solution that is right.
pub(crate) fn right() -> &'static [u8; SOLUTION_BYTES] {
    &RIGHT
}

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let options = input.byte();
    let bits = u32::from(options >> 2);
    let segment = (options & 2 != 0).then_some(SEGMENT);
    let solution = match options & 1 {
        0 => edited(right(), &mut input),
        _ => input.rest().to_vec(),
    };
    let found = leading_zero_bits(&digest::hash(&solution));
    match verify_solution(&solution, bits, segment.as_ref()) {
        Ok(hash) => {
            assert_eq!(hash, digest::hash(&solution));
            assert!(found >= bits, "{found} bits, and {bits} were asked for");
            let whole: &[u8; SOLUTION_BYTES] =
                solution.as_slice().try_into().expect("a solution has its length");
            assert!(freivalds(whole, &hash, K), "the other check refuses it");
            assert!(segment.is_none_or(|segment| whole[4..36] == segment));
            if whole[..SEED_BYTES] == RIGHT[..SEED_BYTES] {
                assert_eq!(whole, &*RIGHT, "a seed has one product");
            }
        }
        Err(refusal) => {
            plain::message(&refusal);
            assert!(!refusal.rule().is_empty());
            let length = solution.len() != SOLUTION_BYTES;
            assert_eq!(refusal.is_unreadable(), length, "{refusal}");
            if let SolutionRefusal::Difficulty { .. } = refusal {
                assert!(found < bits);
            }
            assert!(solution != *RIGHT || bits > BITS, "what is right is refused: {refusal}");
        }
    }
}

/// A solution with what the input wants done to it.
pub(super) fn edited(solution: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let mut solution = solution.to_vec();
    while !input.is_empty() {
        let at = usize::from(input.half()) % (solution.len() + 1);
        match input.byte() % 4 {
            0 => solution.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= input.byte()),
            1 => solution.truncate(at),
            2 => drop(solution.splice(at..at, input.piece().to_vec())),
            _ => {
                let piece = input.piece();
                solution.iter_mut().skip(at).zip(piece).for_each(|(old, new)| *old = *new);
            }
        }
    }
    solution
}
