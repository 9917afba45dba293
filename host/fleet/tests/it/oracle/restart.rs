//! What a process must know of the one before.

use std::collections::HashSet;

use gemmine_jobs::share_log::ShareLog;
use gemmine_jobs::work::{Moment, ShareId, Verdict};

use super::{Oracle, Record, Risk, name};

impl Oracle {
    /// A process that was killed has been followed by another, which has read the log. `last` is a verdict that the
    /// first was just being told: it may be in the log or not, as may a share.
    pub fn restarted(
        &mut self,
        log: &ShareLog,
        pools: &[String],
        last: Option<(ShareId, Verdict)>,
        now: Moment,
    ) -> Result<(), String> {
        let pending: HashSet<ShareId> = log.pending().iter().map(|share| share.share).collect();
        for risk in std::mem::take(&mut self.risks) {
            match risk {
                Risk::Found(share) if !log.contains(&share) => self.lose(share),
                Risk::Answered(share) if pending.contains(&share) => {
                    self.take_back(share);
                    self.repeats += 1;
                }
                // It is there, but perhaps not for good.
                Risk::Found(_) | Risk::Answered(_) => self.risks.push(risk),
            }
        }
        if let Some((share, verdict)) = last
            && !pending.contains(&share)
            && let Some(record) = self.shares.get_mut(&share)
            && record.answer.is_none()
            && !record.lost
        {
            record.answer = Some((now, name(&verdict)));
            *self.verdicts.entry(name(&verdict)).or_default() += 1;
            self.risks.push(Risk::Answered(share));
        }
        for (share, record) in &self.shares {
            if !record.lost && record.answer.is_none() != pending.contains(share) {
                return Err(format!("after a restart share {share} is not as it was: {record:?}"));
            }
        }
        for found in log.pending() {
            self.found_last(found, pools, now)?;
        }
        Ok(())
    }

    /// A share that was written in the last moment of a process.
    fn found_last(
        &mut self,
        found: &gemmine_jobs::share_log::Pending,
        pools: &[String],
        now: Moment,
    ) -> Result<(), String> {
        let share = found.share;
        if self.over.contains(&share) {
            return Err(format!("after a restart share {share} waits, which is over"));
        }
        if self.knows(share) {
            return Ok(());
        }
        let pool = pools.iter().position(|pool| **pool == *found.source);
        let pool = pool.ok_or_else(|| format!("a share of source {}", found.source))?;
        self.submitted(share, pool, (&found.job, found.context.as_deref().unwrap_or_default()), now)
    }

    fn lose(&mut self, share: ShareId) {
        let Some(record) = self.shares.get_mut(&share) else { return };
        record.lost = true;
        if record.answer.is_none() {
            self.excuses.killed_while_full += 1;
        }
    }

    /// A share that was lost is found again.
    pub(super) fn unlose(&mut self, share: ShareId) {
        match self.shares.get(&share) {
            Some(Record { lost: true, answer: None, .. }) => self.excuses.killed_while_full -= 1,
            Some(_) => self.take_back(share),
            None => {}
        }
    }

    /// A verdict that nobody remembers.
    fn take_back(&mut self, share: ShareId) {
        let answer = self.shares.get_mut(&share).and_then(|record| record.answer.take());
        if let Some((_, name)) = answer {
            *self.verdicts.entry(name).or_default() -= 1;
        }
    }
}
