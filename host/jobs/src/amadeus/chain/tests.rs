//! Seeds and verdicts of a local chain.

use gemmine_pouw::amadeus::{Solution, attempt, set_nonce};

use super::*;

const SEGMENT: Duration = Duration::from_secs(10);

fn chain(bits: u32, secret: u8) -> Chain {
    Chain::new(ChainOptions { bits, segment: SEGMENT }, [secret; 32], Instant::now())
}

/// The first solution of a seed with at least, or else with less than so many bits.
fn solve(mut seed: [u8; SEED_BYTES], good: impl Fn(u32) -> bool) -> Solution {
    let attempts = (0..4096).map(|nonce| {
        set_nonce(&mut seed, nonce);
        attempt(&seed)
    });
    attempts.into_iter().find(|solution| good(solution.bits())).unwrap()
}

fn check(chain: &Chain, bytes: &[u8], now: Instant, expected: (bool, bool)) {
    let verdict = chain.validate(bytes, now);
    assert_eq!((verdict.valid, verdict.valid_math), expected);
}

#[test]
fn seeds_differ_in_their_nonce_only() {
    let chain = chain(8, 1);
    let seeds: Vec<_> = (0..100).map(|_| chain.seed(chain.began)).collect();
    let nonces: std::collections::HashSet<_> = seeds.iter().map(|seed| &seed[NONCE_AT..]).collect();
    assert_eq!(nonces.len(), seeds.len());
    assert!(seeds.iter().all(|seed| seed[..NONCE_AT] == seeds[0][..NONCE_AT]));
    assert!(seeds[0][KEY_AT..].starts_with(b"gemmine local chain"));
}

#[test]
fn every_segment_and_every_chain_has_its_own_hash() {
    let (first, second) = (chain(8, 1), chain(8, 2));
    let head = |chain: &Chain, segments: u32| -> (u32, Vec<u8>) {
        let seed = chain.seed(chain.began + segments * SEGMENT);
        let epoch = u32::from_le_bytes(*seed.first_chunk().unwrap());
        (epoch, seed[SEGMENT_AT..KEY_AT].to_vec())
    };
    assert_ne!(head(&first, 0).1, head(&first, 1).1);
    assert_ne!(head(&first, 0).1, head(&second, 0).1);
    assert_eq!(head(&first, 99).0, 0);
    assert_eq!(head(&first, 100).0, 1);
}

#[test]
fn a_solution_counts_until_its_segment_ends_however_often_it_is_sent() {
    let chain = chain(4, 1);
    let now = chain.began;
    let solution = solve(chain.seed(now), |bits| bits >= 4);
    for _ in 0..3 {
        check(&chain, &solution.bytes, now, (true, true));
    }
    let last = now + SEGMENT - Duration::from_nanos(1);
    check(&chain, &solution.bytes, last, (true, true));
    check(&chain, &solution.bytes, now + SEGMENT, (false, true));
    // Neither is one for a segment that has not begun.
    let early = solve(chain.seed(now + SEGMENT), |bits| bits >= 4);
    check(&chain, &early.bytes, now, (false, true));
}

#[test]
fn too_few_bits_are_right_but_worthless() {
    let chain = chain(4, 1);
    let solution = solve(chain.seed(chain.began), |bits| bits == 3);
    check(&chain, &solution.bytes, chain.began, (false, true));
    let easy = Chain::new(ChainOptions { bits: 0, ..chain.options }, chain.secret, chain.began);
    check(&easy, &solution.bytes, chain.began, (true, true));
}

#[test]
fn another_epoch_is_refused() {
    let chain = chain(0, 1);
    let mut seed = chain.seed(chain.began);
    seed[0] ^= 1;
    check(&chain, &attempt(&seed).bytes, chain.began, (false, true));
}

#[test]
fn a_damaged_product_or_seed_is_no_solution() {
    let chain = chain(0, 1);
    let solution = attempt(&chain.seed(chain.began));
    check(&chain, &solution.bytes, chain.began, (true, true));
    for at in [KEY_AT, NONCE_AT, SEED_BYTES, SOLUTION_BYTES - 1] {
        let mut bytes = solution.bytes;
        bytes[at] ^= 1;
        check(&chain, &bytes, chain.began, (false, false));
    }
}

#[test]
fn only_the_whole_solution_is_one() {
    let chain = chain(0, 1);
    let mut bytes = attempt(&chain.seed(chain.began)).bytes.to_vec();
    bytes.push(0);
    for length in [0, 1, 3, SEED_BYTES, SOLUTION_BYTES - 1, SOLUTION_BYTES + 1] {
        check(&chain, &bytes[..length], chain.began, (false, false));
    }
}

#[test]
fn an_absurd_segment_is_no_panic() {
    let options = ChainOptions { bits: 0, segment: Duration::ZERO };
    let chain = Chain::new(options, [1; 32], Instant::now());
    let late = chain.began + Duration::from_secs(1 << 30);
    check(&chain, &attempt(&chain.seed(late)).bytes, late, (true, true));
}

#[test]
fn solutions_are_read_from_bodies_and_paths() {
    let bytes = [7; SOLUTION_BYTES];
    assert_eq!(from_body(&bytes), Ok(bytes));
    assert_eq!(from_path(&bs58::encode(&bytes).into_string()), Ok(bytes));
    assert_eq!(from_body(&bytes[1..]), Err(NoSolution::Length(SOLUTION_BYTES - 1)));
    let long = "z".repeat(LONGEST_TEXT + 1);
    for (text, part) in [
        ("", "0 bytes, expected 1264"),
        ("1", "1 bytes, expected 1264"),
        ("0OIl", "the solution is not base58: "),
        ("%ff", "the solution is not base58: "),
        (long.as_str(), "1801 characters of base58, too many"),
    ] {
        let error = from_path(text).unwrap_err().to_string();
        assert!(error.starts_with(part), "{error}");
    }
}
