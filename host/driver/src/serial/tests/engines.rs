//! What the engines of the double make of the words of a seed, by the plain rule of BLAKE3: nothing of it is
//! shared with what the host computes.

use gemmine_hdl::registers::{JOB_WORDS, NONCE_WORD};

const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const QUADS: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;

pub fn compress(cv: &[u32; 8], block: &[u32], [counter, bytes, flags]: [u32; 3]) -> [u32; 16] {
    let mut v: [u32; 16] = std::array::from_fn(|n| if n < 8 { cv[n] } else { IV[n - 8] });
    v[12..].copy_from_slice(&[counter, 0, bytes, flags]);
    let mut m: [u32; 16] = std::array::from_fn(|n| block.get(n).copied().unwrap_or(0));
    for _ in 0..7 {
        for (n, [a, b, c, d]) in QUADS.into_iter().enumerate() {
            for (word, turn_d, turn_b) in [(m[2 * n], 16, 12), (m[2 * n + 1], 8, 7)] {
                v[a] = v[a].wrapping_add(v[b]).wrapping_add(word);
                v[d] = (v[d] ^ v[a]).rotate_right(turn_d);
                v[c] = v[c].wrapping_add(v[d]);
                v[b] = (v[b] ^ v[c]).rotate_right(turn_b);
            }
        }
        m = PERMUTATION.map(|from| m[from]);
    }
    std::array::from_fn(|n| if n < 8 { v[n] ^ v[n + 8] } else { v[n] ^ cv[n - 8] })
}

fn head(words: &[u32]) -> [u32; 8] {
    std::array::from_fn(|n| words[n])
}

/// What a scan came to; of tiles the last one's number and ticket.
pub struct Ended {
    pub nonce: u32,
    pub hash: [u32; 8],
    pub hit: bool,
    pub hit_before: bool,
    pub attempts: u32,
}

/// Runs the scan that two job slots hold, with so many chunks an attempt.
pub fn run(slots: &[u32], chunks: usize) -> Ended {
    assert_eq!(slots.len(), 2 * JOB_WORDS as usize);
    let mut message: [u32; 16] = std::array::from_fn(|n| slots[n]);
    let cv = head(&slots[20..]);
    for n in 0..4 {
        assert_eq!(slots[16 + n], cv[n].wrapping_add(message[2 * n]));
    }
    let (mask, attempts) = (&slots[28..30], slots[30] + 1);
    let first = message[NONCE_WORD as usize];
    let mut hit = false;
    for nth in 0..attempts {
        let hit_before = hit;
        let nonce = first.wrapping_add(nth);
        message[NONCE_WORD as usize] = nonce;
        let hash = solution_hash(&cv, &message, &product(&cv, &message, chunks));
        hit = mask.iter().zip(hash).all(|(mask, word)| mask & word == 0);
        if hit_before || nth + 1 == attempts {
            return Ended { nonce, hash, hit, hit_before, attempts: nth + 1 };
        }
    }
    unreachable!("a scan has an attempt at least")
}

fn product(cv: &[u32; 8], message: &[u32; 16], chunks: usize) -> Vec<u32> {
    let stream: Vec<u8> = (0..32 * chunks as u32)
        .flat_map(|block| compress(cv, message, [block, 48, CHUNK_END | ROOT]))
        .flat_map(u32::to_le_bytes)
        .collect();
    let steps = 64 * chunks;
    let (a, b) = stream.split_at(16 * steps);
    let term = |i: usize, j: usize, k: usize| {
        i32::from(a[i * steps + k]) * i32::from(b[16 * k + j].cast_signed())
    };
    let sum = |n: usize| (0..steps).map(|k| term(n / 16, n % 16, k)).sum::<i32>();
    (0..256).map(|n| sum(n).cast_unsigned()).collect()
}

/// The hash of 1264 bytes, of which the first three blocks are in the chaining value.
fn solution_hash(cv: &[u32; 8], message: &[u32; 16], product: &[u32]) -> [u32; 8] {
    let words: Vec<u32> = message[..12].iter().chain(product).copied().collect();
    let (first, second) = words.split_at(13 * 16);
    let mut left = *cv;
    for (n, block) in first.chunks(16).enumerate() {
        let flags = if n == 12 { CHUNK_END } else { 0 };
        left = head(&compress(&left, block, [0, 64, flags]));
    }
    let mut right = IV;
    for (n, block) in second.chunks(16).enumerate() {
        let flags = [CHUNK_START, 0, 0, CHUNK_END][n];
        right = head(&compress(&right, block, [1, 4 * block.len() as u32, flags]));
    }
    head(&compress(&IV, &[left, right].concat(), [0, 64, PARENT | ROOT]))
}
