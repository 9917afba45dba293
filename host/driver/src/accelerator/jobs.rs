//! Which job slot holds which key and bound.

use gemmine_hdl::registers::{JOB_WORDS, JOBS};

/// A key and a bound.
pub type Job = ([u8; 32], [u8; 32]);

/// The device's job slots.
#[derive(Debug)]
pub struct JobSlots {
    slots: Vec<Option<Job>>,
    next: usize,
}

/// What a slot must be told.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The slot.
    pub slot: usize,
    /// It does not hold the job yet.
    pub fresh: bool,
}

impl JobSlots {
    /// So many slots, all empty.
    pub fn new(slots: usize) -> Self {
        Self { slots: vec![None; slots], next: 0 }
    }

    /// A slot that holds a job, or one for it in turn that nothing outstanding names; `None` if there
    /// is none.
    pub fn choose(&self, job: &Job, in_use: impl Fn(usize) -> bool) -> Option<Choice> {
        if let Some(slot) = self.slots.iter().position(|held| held.as_ref() == Some(job)) {
            return Some(Choice { slot, fresh: false });
        }
        let count = self.slots.len();
        let mut turn = (0..count).map(|n| (self.next + n) % count);
        Some(Choice { slot: turn.find(|slot| !in_use(*slot))?, fresh: true })
    }

    /// Notes that a slot holds a job now.
    pub fn put(&mut self, slot: usize, job: Job) {
        self.slots[slot] = Some(job);
        self.next = (slot + 1) % self.slots.len();
    }

    /// An even slot whose and whose neighbour's job nothing outstanding names, for a scan's seed; `None` if there is no
    /// such pair.
    pub fn choose_pair(&self, in_use: impl Fn(usize) -> bool) -> Option<usize> {
        let mut pairs = (0..self.slots.len() - 1).step_by(2);
        pairs.find(|&first| !in_use(first) && !in_use(first + 1))
    }

    /// Notes that a pair holds a seed now: its jobs are gone.
    pub fn take_pair(&mut self, first: usize) {
        self.slots[first..first + 2].fill(None);
    }

    /// Forgets what the slots hold.
    pub fn clear(&mut self) {
        self.slots.fill(None);
    }
}

/// First address of a slot, and its words.
pub fn slot_words(slot: usize, (key, bound): &Job) -> (u32, Vec<u32>) {
    let words = key.as_chunks().0.iter().chain(bound.as_chunks().0);
    (JOBS + slot as u32 * JOB_WORDS, words.map(|word| u32::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_share_slots_and_wait_for_free_ones() {
        let mut slots = JobSlots::new(2);
        let job = |n: u8| ([n; 32], [0; 32]);
        let choice = slots.choose(&job(1), |_| false);
        assert_eq!(choice, Some(Choice { slot: 0, fresh: true }));
        slots.put(0, job(1));
        slots.put(1, job(2));
        assert_eq!(slots.choose(&job(2), |_| true), Some(Choice { slot: 1, fresh: false }));
        assert_eq!(slots.choose(&job(3), |_| true), None);
        assert_eq!(slots.choose(&job(3), |slot| slot == 0).map(|c| c.slot), Some(1));
        // A seed takes both, and what they held is gone.
        assert_eq!(slots.choose_pair(|slot| slot == 1), None);
        assert_eq!(slots.choose_pair(|_| false), Some(0));
        slots.take_pair(0);
        assert!(slots.choose(&job(2), |_| false).is_some_and(|choice| choice.fresh));
        let slots = JobSlots::new(4);
        assert_eq!(slots.choose_pair(|slot| slot == 1), Some(2));
        assert_eq!(slots.choose_pair(|slot| slot == 3), Some(0));
        assert_eq!(JobSlots::new(3).choose_pair(|slot| slot == 0), None);
        let (address, words) = slot_words(1, &([1; 32], [2; 32]));
        assert_eq!((address, words.len(), words[7], words[8]), (144, 16, 0x0101_0101, 0x0202_0202));
    }
}
