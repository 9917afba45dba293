//! The words behind the windows, by field: descriptors, job slots and completions.

/// Bits of a word, or some words in a row, low word first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name.
    pub name: &'static str,
    /// Its word in the entry; of several words the first.
    pub word: u32,
    /// How many words it takes.
    pub words: u32,
    /// Its lowest bit in the word.
    pub low: u32,
    /// How many bits of a word it takes.
    pub bits: u32,
    /// What it says.
    pub meaning: &'static str,
}

impl Field {
    /// Some bits of a word.
    pub(crate) const fn bits(
        name: &'static str,
        word: u32,
        low: u32,
        bits: u32,
        meaning: &'static str,
    ) -> Self {
        Self { name, word, words: 1, low, bits, meaning }
    }

    /// Whole words.
    pub(crate) const fn words(
        name: &'static str,
        word: u32,
        words: u32,
        meaning: &'static str,
    ) -> Self {
        Self { name, word, words, low: 0, bits: 32, meaning }
    }

    /// Its value in the words of an entry; of several words the first.
    ///
    /// # Panics
    /// If the entry is too short.
    pub const fn get(&self, entry: &[u32]) -> u32 {
        entry[self.word as usize] >> self.low & (u32::MAX >> (32 - self.bits))
    }

    /// Puts a value into the words of an entry, over one that was 0.
    ///
    /// # Panics
    /// If the entry is too short.
    pub const fn put(&self, entry: &mut [u32], value: u32) {
        entry[self.word as usize] |= (value & (u32::MAX >> (32 - self.bits))) << self.low;
    }
}

/// Fields of a descriptor. Shape and panels hold for the tile of this descriptor alone.
pub const DESCRIPTOR_FIELDS: [Field; 14] = [
    Field::words("tag", 0, 1, "any number; comes back in the completion"),
    Field::bits("a_word", 1, 0, 16, "first word of the panel of A' in its lanes"),
    Field::bits("b_word", 1, 16, 16, "first word of the panel of B' in its lanes"),
    Field::bits(
        "chunk_last",
        2,
        0,
        10,
        "steps of a chunk, less one; 64 to 1024, in fours: the two low bits count as ones",
    ),
    Field::bits("tail", 2, 10, 1, "a last chunk without a fold word ends the tile"),
    Field::bits(
        "tail_last",
        2,
        11,
        10,
        "steps of the tail, less one; 64 to 1024, in fours as well",
    ),
    Field::bits("unsigned_a", 2, 21, 1, "bytes of A' are u8, not i8"),
    Field::bits("want_tile", 2, 22, 1, "keep the product tile in a result bank"),
    Field::bits(
        "scan",
        2,
        23,
        1,
        "grow the operands on the device, tile by tile, from the seed in two job slots: attempts of Amadeus, each of them such a tile",
    ),
    Field::bits(
        "noise",
        2,
        24,
        1,
        "with `scan`: the operands are Pearl's noise, for tiles without a signal",
    ),
    Field::bits("chunks_last", 3, 0, 11, "whole chunks, less one"),
    Field::bits("job", 3, 12, 2, "job slot: key and bound of the ticket"),
    Field::bits("a_fence", 3, 16, 8, "commits of A that the tile waits for, modulo 256"),
    Field::bits("b_fence", 3, 24, 8, "commits of B that the tile waits for, modulo 256"),
];

/// Fields of a job slot.
pub const JOB_FIELDS: [Field; 2] = [
    Field::words("key", 0, 8, "key of the ticket hash"),
    Field::words("bound", 8, 8, "largest ticket that is a hit, as a number of 256 bits"),
];

/// Fields of the seed of a scan of Amadeus, which takes two job slots, an even one and the next.
pub const SEED_FIELDS: [Field; 5] = [
    Field::words(
        "message",
        0,
        16,
        "the seed's last block, 48 bytes and four zeros; word [`NONCE_WORD`] is the first attempt's, and one more each attempt",
    ),
    Field::words(
        "start",
        16,
        4,
        "words 0 to 3 of the chaining value plus message words 0, 2, 4 and 6",
    ),
    Field::words("chaining", 20, 8, "chaining value of the blocks before"),
    Field::words(
        "mask",
        28,
        2,
        "bits of the solution hash's first two words that a hit has as zeros",
    ),
    Field::bits("attempts_last", 30, 0, 16, "attempts of the scan, less one"),
];
/// Fields of the seed of a scan of Pearl, in two job slots as well.
pub const NOISE_SEED_FIELDS: [Field; 7] = [
    Field::words("a_seed", 0, 8, "key of A's noise and of the tickets"),
    Field::words("bound", 8, 8, "largest ticket that is a hit, as a number of 256 bits"),
    Field::words("b_seed", 16, 8, "key of B's noise"),
    Field::bits("row", 24, 0, 20, "first row of the first tile, divided by 16"),
    Field::bits("column", 25, 0, 20, "first column of every row's first tile, divided by 16"),
    Field::bits("columns_last", 26, 0, 16, "tiles of a row, less one"),
    Field::bits("tiles_last", 30, 0, 16, "tiles of the scan, less one"),
];
/// The seed's word that differs from attempt to attempt.
pub const NONCE_WORD: u32 = 9;

/// Fields of a completion. What no field takes reads as 0.
pub const COMPLETION_FIELDS: [Field; 9] = [
    Field::words("tag", 0, 1, "that of the descriptor"),
    Field::bits(
        "hit",
        1,
        0,
        1,
        "the ticket is at most the bound; of attempts: the last one's hash has zeros under the mask",
    ),
    Field::bits("kept", 1, 1, 1, "the product tile is kept"),
    Field::bits("bank", 1, 2, 1, "in this bank"),
    Field::bits("hit_before", 1, 3, 1, "of a scan: the attempt or tile before the last is a hit"),
    Field::bits("cycle_low", 2, 0, 24, "cycle, as TIME counts, behind ticket and last result"),
    Field::bits("cycle_high", 3, 0, 24, "its high half"),
    Field::words(
        "nonce",
        4,
        1,
        "of a scan: the last attempt's nonce word, or how many tiles came before the last",
    ),
    Field::words(
        "ticket",
        8,
        8,
        "the ticket, as a number of 256 bits, of a scan the last tile's; of attempts: the hash of the last one's solution",
    ),
];

/// Name, lowest bit and bits of a field of a descriptor, by its place among [`DESCRIPTOR_FIELDS`].
pub(super) const fn place(nth: usize) -> (&'static str, u32, u32) {
    let field = DESCRIPTOR_FIELDS[nth];
    (field.name, field.low, field.bits)
}
