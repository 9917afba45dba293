//! What somebody sends to a local chain, in a call's body or as base58 in its path, which may be made to be taken for
//! a solution.
//!
//! The first byte says where it stands, and whether the rest is that as it is, or edits of a solution: one that the
//! chain takes, one of too few bits, one of the next segment. The next byte says when it comes. What is read is read
//! as the same from either place, is judged the same when it is sent again, and counts only if it is of the segment
//! that seeds are handed out of, has its bits, and its product is that of its seed.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use gemmine_jobs::amadeus::chain::{Chain, ChainOptions, from_body, from_path};
use gemmine_pouw::amadeus::{
    SEED_BYTES, SOLUTION_BYTES, Solution, attempt, leading_zero_bits, set_nonce,
};
use gemmine_pouw::digest;

use super::solution::edited;
use crate::input::Input;
use crate::plain;

/// Leading zero bits that the chain asks for.
const BITS: u32 = 4;
/// Where a seed's epoch and segment end; whose keys stand behind them does not count.
const SEGMENT_END: usize = 4 + 32;
/// How long a segment lasts.
const SEGMENT: Duration = Duration::from_secs(10);

/// A chain, and what is sent to it.
struct Bench {
    chain: Chain,
    began: Instant,
    solutions: [Vec<u8>; 3],
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let began = Instant::now();
    let chain = Chain::new(ChainOptions { bits: BITS, segment: SEGMENT }, [9; 32], began);
    let solutions = [
        solve(chain.seed(began), |bits| bits >= BITS),
        solve(chain.seed(began), |bits| bits < BITS),
        solve(chain.seed(began + SEGMENT), |bits| bits >= BITS),
    ];
    Bench { chain, began, solutions }
});

/// The first solution of a seed whose bits are as wanted.
fn solve(mut seed: [u8; SEED_BYTES], good: impl Fn(u32) -> bool) -> Vec<u8> {
    let mut attempts = (0..).map(|nonce| {
        set_nonce(&mut seed, nonce);
        attempt(&seed)
    });
    let found = attempts.find(|solution: &Solution| good(solution.bits()));
    found.expect("there are more nonces than anybody tries").bytes.to_vec()
}

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (options, moment) = (input.byte(), input.byte());
    let base = &BENCH.solutions[usize::from(options >> 2) % BENCH.solutions.len()];
    let said = match options & 1 {
        0 => edited(base, &mut input),
        _ => input.rest().to_vec(),
    };
    let read = match options & 3 {
        // As it is, in the path.
        3 => {
            let Ok(text) = std::str::from_utf8(&said) else { return };
            let read = from_path(text);
            if let Ok(solution) = &read {
                assert_eq!(bs58::encode(solution).into_string(), text, "another text of it");
            }
            read
        }
        // The text of bytes, in the path.
        2 => from_path(&bs58::encode(&said).into_string()),
        _ => from_body(&said),
    };
    match read {
        Ok(solution) => judged(&solution, BENCH.began + u32::from(moment) * SEGMENT / 16),
        Err(error) => {
            plain::message(&error);
            let may_be_one = options & 3 != 3 && said.len() == SOLUTION_BYTES;
            assert!(!may_be_one, "{error}");
        }
    }
}

fn judged(solution: &[u8; SOLUTION_BYTES], now: Instant) {
    let chain = &BENCH.chain;
    let verdict = chain.validate(solution, now);
    assert_eq!(chain.validate(solution, now), verdict, "sent again");
    let seed: &[u8; SEED_BYTES] = solution.first_chunk().expect("a solution begins with its seed");
    // The check is of random vectors: it may miss a wrong product once in 2^24 times.
    let right = attempt(seed).bytes == *solution;
    assert_eq!(verdict.valid_math, right, "its product");
    let current = chain.seed(now)[..SEGMENT_END] == seed[..SEGMENT_END];
    let bits = leading_zero_bits(&digest::hash(solution));
    assert_eq!(verdict.valid, right && current && bits >= BITS, "{bits} bits");
}
