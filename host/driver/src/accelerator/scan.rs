//! The words of scans: a seed in a pair of job slots, and a descriptor that names it.

use std::ops::RangeInclusive;

use gemmine_hdl::registers::{
    COMPLETION_FIELDS, DESCRIPTOR_FIELDS, DESCRIPTOR_WORDS, Field, JOB_WORDS, NOISE_SEED_FIELDS,
    SEED_FIELDS,
};
use gemmine_pouw::amadeus::Midstate;

use crate::device::Completion;
use crate::link_error::LinkError;
use crate::scan::{AmadeusScan, PearlScan, SCAN_CHUNK, Scan, ScanEnd, TILE_CHUNK, Work};

/// Words of a seed of either kind; the pair of job slots has one more.
const SEED_WORDS: usize = 31;

const _: () = assert!(SEED_WORDS < 2 * JOB_WORDS as usize);

/// Where a scan of such nonces or tiles says that it ended.
///
/// # Errors
/// If it can't have ended there.
pub fn end(
    completion: &Completion,
    entry: &[u32],
    numbers: &RangeInclusive<u32>,
    unit: &str,
) -> Result<ScanEnd, LinkError> {
    let [_, _, _, _, hit_before, _, _, nonce, _] = COMPLETION_FIELDS;
    let (nonce, hit_before) = (nonce.get(entry), hit_before.get(entry) == 1);
    let early = nonce < *numbers.end() && !completion.hit && !hit_before;
    if !numbers.contains(&nonce) || early || hit_before && nonce == *numbers.start() {
        return Err(LinkError::Protocol(format!(
            "a scan of the {unit} {} to {} ended at {nonce}, {}",
            numbers.start(),
            numbers.end(),
            if completion.hit || hit_before { "with a hit" } else { "without a hit" }
        )));
    }
    Ok(ScanEnd { nonce, hit_before })
}

/// What the pair of job slots is told of a scan of Amadeus.
pub fn amadeus_words(scan: &AmadeusScan) -> [u32; SEED_WORDS] {
    let [message, start, chaining, mask, attempts_last] = SEED_FIELDS;
    let midstate = Midstate::of(&scan.seed).with_nonce(scan.nonce);
    seed_words(&[
        (message, &midstate.message),
        (start, &midstate.start()),
        (chaining, &midstate.cv),
        (mask, &scan.mask()),
        (attempts_last, &[scan.attempts - 1]),
    ])
}

/// What the pair of job slots is told of a scan of Pearl.
pub fn pearl_words(scan: &PearlScan) -> [u32; SEED_WORDS] {
    let [a_seed, bound, b_seed, row, column, columns_last, tiles_last] = NOISE_SEED_FIELDS;
    let words = |bytes: &[u8; 32]| -> [u32; 8] {
        std::array::from_fn(|word| {
            u32::from_le_bytes(std::array::from_fn(|byte| bytes[4 * word + byte]))
        })
    };
    seed_words(&[
        (a_seed, &words(&scan.a_seed)),
        (bound, &words(&scan.bound_le)),
        (b_seed, &words(&scan.b_seed)),
        (row, &[scan.row_panel]),
        (column, &[scan.column_panel]),
        (columns_last, &[scan.columns - 1]),
        (tiles_last, &[scan.tiles - 1]),
    ])
}

fn seed_words(values: &[(Field, &[u32])]) -> [u32; SEED_WORDS] {
    let mut words = [0; SEED_WORDS];
    for (field, values) in values {
        words[field.word as usize..][..values.len()].copy_from_slice(values);
    }
    words
}

/// The descriptor of a scan whose seed is in a slot and the next.
pub fn descriptor_words(
    scan: &Scan,
    job_slot: usize,
    commits: [u8; 2],
) -> [u32; DESCRIPTOR_WORDS as usize] {
    let [
        tag,
        a_word,
        b_word,
        chunk_last,
        tail,
        tail_last,
        unsigned_a,
        want_tile,
        is_scan,
        noise,
        chunks_last,
        job,
        a_fence,
        b_fence,
    ] = DESCRIPTOR_FIELDS;
    // Operands of Amadeus are u8 and i8, Pearl's both i8.
    let (chunk_steps, steps, pearl) = match &scan.work {
        Work::Amadeus(scan) => (SCAN_CHUNK, scan.steps, 0),
        Work::Pearl(scan) => (TILE_CHUNK, scan.steps, 1),
    };
    let mut words = [0; DESCRIPTOR_WORDS as usize];
    for (field, value) in [
        (tag, scan.tag),
        (a_word, 0),
        (b_word, 0),
        (chunk_last, chunk_steps as u32 - 1),
        (tail, 0),
        (tail_last, 0),
        (unsigned_a, 1 - pearl),
        (want_tile, 0),
        (is_scan, 1),
        (noise, pearl),
        (chunks_last, (steps / chunk_steps) as u32 - 1),
        (job, job_slot as u32),
        (a_fence, commits[0].into()),
        (b_fence, commits[1].into()),
    ] {
        field.put(&mut words, value);
    }
    words
}
