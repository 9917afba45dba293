//! Where jobs that come back go on: behind the passes that were given out.
//!
//! A pool announces a job again after a break, and a mirror has the same job under another name. Its first passes would
//! give the same tickets again, and their hits would be credited twice.

use std::collections::VecDeque;

use gemmine_jobs::work::Work;
use gemmine_pouw::amadeus::NONCE_AT;
use gemmine_pouw::digest::{self, Digest};

/// Jobs that are remembered: many hours of them.
const KEPT: usize = 1024;

/// The next pass of jobs that were worked on not long ago.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// The newest last.
    kept: VecDeque<(Digest, u64)>,
}

impl Passes {
    /// A job is left, whose passes before `next` have been given out.
    pub fn leave(&mut self, work: &Work, next: u64) {
        let key = tickets_of(work);
        let earlier = self.next(work);
        self.kept.retain(|(kept, _)| *kept != key);
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((key, next.max(earlier)));
    }

    /// The first pass of a job that nobody has been given.
    pub fn next(&self, work: &Work) -> u64 {
        let key = tickets_of(work);
        let found = self.kept.iter().find(|(kept, _)| *kept == key);
        found.map_or(0, |(_, next)| *next)
    }
}

/// What the tickets of a job's passes depend on. Neither on its name and source, nor on what a share must meet.
fn tickets_of(work: &Work) -> Digest {
    match work {
        Work::Pearl { header, .. } => digest::hash(header.as_bytes()),
        Work::Amadeus { seed, .. } => {
            // An attempt has a lowest word of its own.
            let mut seed = *seed.as_ref();
            seed[NONCE_AT..NONCE_AT + 4].fill(0);
            digest::hash(&seed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{amadeus_job, pearl_job};

    #[test]
    fn a_job_goes_on_whatever_a_share_of_it_must_meet() {
        let mut passes = Passes::default();
        passes.leave(&pearl_job(1, 3).work, 7);
        assert_eq!(passes.next(&pearl_job(1, 20).work), 7);
        assert_eq!(passes.next(&pearl_job(2, 3).work), 0);
        // It never goes back.
        passes.leave(&pearl_job(1, 3).work, 5);
        assert_eq!(passes.next(&pearl_job(1, 3).work), 7);
        passes.leave(&amadeus_job(4, 10).work, 2);
        let mut seed = [4; 240];
        seed[NONCE_AT] = 9;
        assert_eq!(passes.next(&Work::Amadeus { seed: Box::new(seed), bits: 1 }), 2);
        seed[NONCE_AT + 4] = 9;
        assert_eq!(passes.next(&Work::Amadeus { seed: Box::new(seed), bits: 1 }), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_was_left_last_is_kept() {
        let mut passes = Passes::default();
        for number in 0..2 * KEPT as u64 {
            let mut seed = [0; 240];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            passes.leave(&Work::Amadeus { seed: Box::new(seed), bits: 1 }, number);
            passes.leave(&pearl_job(1, 3).work, number);
        }
        assert_eq!(passes.kept.len(), KEPT);
        assert_eq!(passes.next(&pearl_job(1, 3).work), 2 * KEPT as u64 - 1);
    }
}
