//! Amadeus uPoW2: the vectors of the spec, and what a verifier refuses.

use crate::common::digest;
use gemmine_pouw::amadeus::{
    Attempts, K, SOLUTION_BYTES, Seed, Solution, SolutionRefusal, attempt, freivalds,
    leading_zero_bits, seeded_product, set_nonce, verify_solution,
};

fn seed(nonce: u128) -> [u8; 240] {
    let mut seed = Seed {
        epoch: 767,
        segment_vr_hash: std::array::from_fn(|i| i as u8),
        pk: [0x11; 48],
        pop: [0x22; 96],
        computor: [0x33; 48],
        nonce: [0; 12],
    }
    .to_bytes();
    set_nonce(&mut seed, nonce);
    seed
}

#[test]
fn nonce_0() {
    let solution = attempt(&seed(0));
    assert_eq!(solution.product[0][..4], [-1_319_022, -4_792_050, -3_403_045, -4_709_021]);
    assert_eq!(solution.product[15][15], -3_389_322);
    let hash = "6e7e4107a94715b215b0338c3d4b85a471c1ba0bcf1edc58844f0e325710f0c2";
    assert_eq!(solution.hash, digest(hash));
}

#[test]
fn nonce_650_is_the_first_with_eight_bits() {
    let first = (0u128..1000).find(|&nonce| attempt(&seed(nonce)).bits() >= 8);
    assert_eq!(first, Some(650));
    let solution = attempt(&seed(650));
    let hash = "002e9c2c9cc27474820dfdb22e7b1a21ee8a2d685aef9b6f271fd85042e84954";
    assert_eq!((solution.hash, solution.bits()), (digest(hash), 10));
    let segment = std::array::from_fn(|i| i as u8);
    assert_eq!(verify_solution(&solution.bytes, 10, Some(&segment)), Ok(digest(hash)));
    assert_eq!(verify_solution(&solution.bytes, 0, None), Ok(digest(hash)));
}

/// What nonces share is shared rightly, whatever else is in the nonce.
#[test]
fn many_attempts_are_single_ones() {
    for high in [0, 1, u128::from(u64::MAX), 0xdead_beef_0123_4567] {
        let attempts = Attempts::new(&seed(high << 32 | 99));
        for low in [0, 1, 650, 0x8000_0000, u32::MAX] {
            let single = seed(high << 32 | u128::from(low));
            assert_eq!(attempts.seed(low), single);
            assert_eq!(attempts.attempt(low), attempt(&single), "nonce {high:#x} {low:#x}");
        }
    }
}

#[test]
fn refusals_are_named() {
    let solution = attempt(&seed(650));
    let check = |bytes: &[u8], bits, segment: Option<&[u8; 32]>, rule| {
        assert_eq!(verify_solution(bytes, bits, segment).unwrap_err().rule(), rule);
    };
    check(&[], 0, None, "length");
    check(&solution.bytes[1..], 0, None, "length");
    check(&[&solution.bytes[..], &[0]].concat(), 0, None, "length");
    check(&solution.bytes, 11, None, "difficulty");
    check(&solution.bytes, 10, Some(&[7; 32]), "segment-vr-hash");
    // Each of the seed and of the product is covered.
    for at in [0, 40, 100, 200, 239, 240, 243, 700, 1263] {
        let mut bytes = solution.bytes;
        bytes[at] ^= 1;
        check(&bytes, 0, None, "product");
    }
    assert!(SolutionRefusal::Length(3).is_unreadable());
    assert!(!SolutionRefusal::Product.is_unreadable());
}

/// Against a stream made at once and a product written out.
#[test]
fn any_k_is_the_plain_product() {
    let seed = seed(77);
    for k in [0, 1, 3, 64, 1000, 1024, 1025, 2100] {
        let mut stream = vec![0; 32 * k];
        blake3::Hasher::new().update(&seed).finalize_xof().fill(&mut stream);
        let (a, b) = stream.split_at(16 * k);
        let product = seeded_product(&seed, k);
        for i in 0..16 {
            for j in 0..16 {
                let term = |l: usize| i32::from(a[i * k + l]) * i32::from(b[16 * l + j] as i8);
                assert_eq!(product[i][j], (0..k).map(term).sum::<i32>(), "k={k} [{i}][{j}]");
            }
        }
        let solution = Solution::new(&seed, product);
        assert!(freivalds(&solution.bytes, &[5; 32], k));
    }
}

#[test]
fn freivalds_sees_every_single_wrong_entry() {
    let k = 640;
    let right = seeded_product(&seed(1), k);
    for at in 0..256 {
        let mut wrong = right;
        wrong[at / 16][at % 16] += 1;
        let solution = Solution::new(&seed(1), wrong);
        assert!(!freivalds(&solution.bytes, &[at as u8; 32], k), "entry {at}");
    }
    assert_eq!((SOLUTION_BYTES, K % 64), (1264, 0));
}

#[test]
fn zero_bits_count_from_the_first_byte() {
    let mut hash = [0; 32];
    assert_eq!(leading_zero_bits(&hash), 256);
    hash[31] = 1;
    assert_eq!(leading_zero_bits(&hash), 255);
    hash[1] = 0x10;
    assert_eq!(leading_zero_bits(&hash), 11);
    hash[0] = 0x80;
    assert_eq!(leading_zero_bits(&hash), 0);
}
