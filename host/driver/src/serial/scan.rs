//! Scans over the link: a seed in a pair of job slots, and a descriptor that names it.

use std::ops::RangeInclusive;

use gemmine_hdl::registers::{
    COMPLETION_FIELDS, DESCRIPTOR_FIELDS, DESCRIPTOR_WORDS, JOB_WORDS, JOBS, SEED_FIELDS,
};
use gemmine_pouw::amadeus::Midstate;

use super::device::{Outstanding, SerialDevice, Task};
use super::error::LinkError;
use super::refuse;
use crate::device::Completion;
use crate::error::DeviceError;
use crate::scan::{SCAN_CHUNK, Scan, ScanEnd};

/// Words of a seed; the pair of job slots has one more.
const SEED_WORDS: usize = 31;

const _: () = assert!(SEED_WORDS < 2 * JOB_WORDS as usize);

impl SerialDevice {
    pub(super) fn push_scan(&mut self, scan: &Scan) -> Result<(), DeviceError> {
        refuse::scan(&self.identity, scan)?;
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
        let words = seed_words(scan);
        self.over_link(|link| link.write("a scan's seed", address, &words, 0))?;
        self.pending.extend(descriptor_words(scan, slot, self.commits));
        let cycles = self.identity.scan_cycles(scan);
        self.note(Outstanding {
            tag: scan.tag,
            // Its last nonce fits: that was refused above.
            task: Task::Scan { nonces: scan.nonce..=scan.last() as u32 },
            job_slots: slot..slot + 2,
            commits: self.commits,
            cycles,
        });
        self.send_descriptors()
    }
}

/// Where a scan of some nonces says that it ended.
///
/// # Errors
/// If it can't have ended there.
pub fn end(
    completion: &Completion,
    entry: &[u32],
    nonces: &RangeInclusive<u32>,
) -> Result<ScanEnd, LinkError> {
    let [_, _, _, _, hit_before, _, _, nonce, _] = COMPLETION_FIELDS;
    let (nonce, hit_before) = (nonce.get(entry), hit_before.get(entry) == 1);
    let early = nonce < *nonces.end() && !completion.hit && !hit_before;
    if !nonces.contains(&nonce) || early || hit_before && nonce == *nonces.start() {
        return Err(LinkError::Protocol(format!(
            "a scan of the nonces {} to {} ended at {nonce}, {}",
            nonces.start(),
            nonces.end(),
            if completion.hit || hit_before { "with a hit" } else { "without a hit" }
        )));
    }
    Ok(ScanEnd { nonce, hit_before })
}

/// What the pair of job slots is told.
fn seed_words(scan: &Scan) -> [u32; SEED_WORDS] {
    let [message, start, chaining, mask, attempts_last] = SEED_FIELDS;
    let mut words = [0; SEED_WORDS];
    let mut put =
        |at: u32, values: &[u32]| words[at as usize..][..values.len()].copy_from_slice(values);
    let midstate = Midstate::of(&scan.seed).with_nonce(scan.nonce);
    put(message.word, &midstate.message);
    put(start.word, &midstate.start());
    put(chaining.word, &midstate.cv);
    put(mask.word, &scan.mask());
    put(attempts_last.word, &[scan.attempts - 1]);
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
        scans,
        chunks_last,
        job,
        a_fence,
        b_fence,
    ] = DESCRIPTOR_FIELDS;
    let mut words = [0; DESCRIPTOR_WORDS as usize];
    for (field, value) in [
        (tag, scan.tag),
        (a_word, 0),
        (b_word, 0),
        (chunk_last, SCAN_CHUNK as u32 - 1),
        (tail, 0),
        (tail_last, 0),
        (unsigned_a, 1),
        (want_tile, 0),
        (scans, 1),
        (chunks_last, (scan.steps / SCAN_CHUNK) as u32 - 1),
        (job, job_slot as u32),
        (a_fence, commits[0].into()),
        (b_fence, commits[1].into()),
    ] {
        field.put(&mut words, value);
    }
    words
}
