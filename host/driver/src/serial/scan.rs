//! Scans over the link: a seed in a pair of job slots, and a descriptor that names it.

use std::ops::RangeInclusive;

use gemmine_hdl::registers::{
    COMPLETION_FIELDS, DESCRIPTOR_FIELDS, DESCRIPTOR_WORDS, Field, JOB_WORDS, JOBS,
    NOISE_SEED_FIELDS, SEED_FIELDS,
};
use gemmine_pouw::amadeus::Midstate;

use super::device::{Outstanding, SerialDevice, Task};
use super::error::LinkError;
use super::refuse;
use crate::device::Completion;
use crate::error::DeviceError;
use crate::scan::{AmadeusScan, PearlScan, SCAN_CHUNK, Scan, ScanEnd, TILE_CHUNK, Work};

/// Words of a seed of either kind; the pair of job slots has one more.
const SEED_WORDS: usize = 31;

const _: () = assert!(SEED_WORDS < 2 * JOB_WORDS as usize);

impl SerialDevice {
    pub(super) fn push_scan(&mut self, scan: &Scan) -> Result<(), DeviceError> {
        refuse::scan(&self.identity, &scan.work)?;
        self.queue_room()?;
        if !self.outstanding.iter().all(Outstanding::is_scan) {
            return Err(DeviceError::Mixed("tiles"));
        }
        let outstanding = &self.outstanding;
        let named = |slot| outstanding.iter().any(|work| work.job_slots.contains(&slot));
        let slot = self.jobs.take_pair(named);
        let slot = slot.ok_or(DeviceError::JobsFull(self.layout.job_slots))?;
        self.ensure_same()?;
        self.forget_panels();
        let address = JOBS + slot as u32 * JOB_WORDS;
        let words = match &scan.work {
            Work::Amadeus(scan) => amadeus_words(scan),
            Work::Pearl(scan) => pearl_words(scan),
        };
        self.over_link(|link| link.write("a scan's seed", address, &words, 0))?;
        self.pending.extend(descriptor_words(scan, slot, self.commits));
        let cycles = self.identity.scan_cycles(&scan.work);
        self.note(Outstanding {
            tag: scan.tag,
            task: Task::Scan {
                // The last one fits: that was refused above.
                numbers: scan.work.first()..=scan.work.last() as u32,
                unit: scan.work.unit(),
            },
            job_slots: slot..slot + 2,
            commits: self.commits,
            cycles,
        });
        self.send_descriptors()
    }
}

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
fn amadeus_words(scan: &AmadeusScan) -> [u32; SEED_WORDS] {
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
fn pearl_words(scan: &PearlScan) -> [u32; SEED_WORDS] {
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

fn descriptor_words(
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
