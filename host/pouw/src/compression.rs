//! The parts of BLAKE3's compression, for whoever does only some of it, or sixteen at once.

use blake3::platform::Platform;

/// What goes from block to block.
pub(crate) type ChainingValue = [u32; 8];

pub(crate) const IV: ChainingValue = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const BLOCK_BYTES: usize = 64;
pub(crate) const CHUNK_START: u8 = 1;
pub(crate) const CHUNK_END: u8 = 2;
pub(crate) const PARENT: u8 = 4;
pub(crate) const ROOT: u8 = 8;

/// Where the a, b, c and d of G functions are in the state, four of them at once.
pub(crate) type Quads = [[usize; 4]; 4];
/// The first half of a round.
pub(crate) const COLUMNS: Quads = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]];
/// The second half of a round.
pub(crate) const DIAGONALS: Quads = [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

/// Which message word each of a round's sixteen additions takes.
pub(crate) const SCHEDULE: [[usize; 16]; 7] = schedule();

const fn schedule() -> [[usize; 16]; 7] {
    const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
    let mut rounds = [[0; 16]; 7];
    let mut at = 0;
    while at < 7 * 16 {
        let (round, word) = (at / 16, at % 16);
        rounds[round][word] = if round == 0 { word } else { rounds[round - 1][PERMUTATION[word]] };
        at += 1;
    }
    rounds
}

/// The chaining value behind the first whole blocks of a chunk that has more, unkeyed.
pub(crate) fn chaining_value(blocks: &[[u8; BLOCK_BYTES]]) -> ChainingValue {
    let mut cv = IV;
    for (at, block) in blocks.iter().enumerate() {
        let flags = if at == 0 { CHUNK_START } else { 0 };
        Platform::detect().compress_in_place(&mut cv, block, BLOCK_BYTES as u8, 0, flags);
    }
    cv
}

/// The state before the compression that gives output block `counter` of an input of one chunk and several
/// blocks, the last of which has `bytes` bytes.
pub(crate) fn output_state(cv: &ChainingValue, counter: u32, bytes: usize) -> [u32; 16] {
    let mut state = [0; 16];
    state[..8].copy_from_slice(cv);
    state[8..12].copy_from_slice(&IV[..4]);
    state[12] = counter;
    state[14] = bytes as u32;
    state[15] = u32::from(CHUNK_END | ROOT);
    state
}

/// The first or the second half of a G function.
pub(crate) fn half_mix<const TURN_D: u32, const TURN_B: u32>(
    v: &mut [u32; 16],
    [a, b, c, d]: [usize; 4],
    word: u32,
) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(word);
    v[d] = (v[d] ^ v[a]).rotate_right(TURN_D);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(TURN_B);
}
