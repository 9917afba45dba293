//! Sees everything, and knows what must and what must not be.
//!
//! A share must end with an accepting verdict if its job was valid at its pool when the verdict came, no connection since
//! it was found had begun with another job, and its pool had been well for [`REACHABLE`] with the same process alive, or
//! there had been a connection to it for [`CONNECTED`] over which a job had been told.
//! Every other verdict has one of the reasons that are counted in [`Excuses`].

mod restart;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use gemmine_jobs::work::{Moment, ShareId, Verdict};

use crate::pool::Pool;

/// A pool that was well for so long must have taken a share.
pub const REACHABLE: Duration = Duration::from_secs(60);
/// The same of one that is connected to.
pub const CONNECTED: Duration = Duration::from_secs(10);
/// No share waits longer at a pool that is well: two of the longest waits before a connection, and a job.
const WAITS: Duration = Duration::from_secs(200);
/// Answered shares are remembered in full for so long.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// A day's shares, and more: memory that grows here would hide what grows elsewhere.
const SHARES: usize = 300_000;

/// What became of a share.
#[derive(Clone, Debug)]
struct Record {
    pool: usize,
    job: String,
    /// What tells the job from another of its name.
    context: String,
    found: Moment,
    answer: Option<(Moment, &'static str)>,
    /// It went with a killed process, whose disk was full.
    lost: bool,
    /// It has come to its pool, which counts it, or refused it for no reason.
    received: bool,
    credited: bool,
    refused: bool,
}

/// Why shares were not accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Excuses {
    /// Its job was over at the pool.
    pub job_over: u64,
    /// The pool had not been well for long enough.
    pub pool_unwell: u64,
    /// A connection began with another job.
    pub another_job: u64,
    /// The pool refused it, for reasons of its own.
    pub refused: u64,
    /// The process was killed while the disk could not be written.
    pub killed_while_full: u64,
}

/// What is only in memory as long as the disk can't be written.
#[derive(Clone, Copy, Debug)]
enum Risk {
    Found(ShareId),
    Answered(ShareId),
}

/// The oracle.
pub struct Oracle {
    shares: HashMap<ShareId, Record>,
    /// Answered long ago.
    over: HashSet<ShareId>,
    risks: Vec<Risk>,
    pub found: u64,
    pub verdicts: BTreeMap<&'static str, u64>,
    pub excuses: Excuses,
    /// Verdicts that a killed process had not written down, so that their shares went out again.
    pub repeats: u64,
    /// The longest that a share waited.
    pub longest: Duration,
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Acknowledged => "acknowledged",
        Verdict::Known => "known",
        Verdict::Stale { .. } => "stale",
        Verdict::Rejected { .. } => "rejected",
        Verdict::Unanswered { .. } => "unanswered",
    }
}

impl Record {
    fn is_pending(&self) -> bool {
        self.answer.is_none() && !self.lost
    }

    /// Whether its pool could be reached for long enough by the process that is alive.
    fn was_reached(&self, pool: &Pool, alive: Moment, now: Moment) -> bool {
        let least = |since: Moment, long| since.max(self.found).max(alive) + long <= now;
        pool.well_since.is_some_and(|since| least(since, REACHABLE))
            || pool.connected_since(alive).is_some_and(|since| least(since, CONNECTED))
    }
}

impl Oracle {
    pub fn new() -> Self {
        Self {
            shares: HashMap::with_capacity(SHARES / 8),
            over: HashSet::with_capacity(SHARES),
            risks: Vec::new(),
            found: 0,
            verdicts: BTreeMap::new(),
            excuses: Excuses::default(),
            repeats: 0,
            longest: Duration::ZERO,
        }
    }

    /// The miner submits a share that it found.
    pub fn submitted(
        &mut self,
        share: ShareId,
        pool: usize,
        (job, context): (&str, &str),
        now: Moment,
    ) -> Result<(), String> {
        let earlier = self.shares.get(&share);
        if self.over.contains(&share) || earlier.is_some_and(|earlier| !earlier.lost) {
            return Err(format!("share {share} is found and submitted twice"));
        }
        let flags = earlier.map(|earlier| (earlier.received, earlier.credited, earlier.refused));
        let (received, credited, refused) = flags.unwrap_or_default();
        if earlier.is_none() {
            self.found += 1;
        }
        self.unlose(share);
        let (job, context, found, answer, lost) =
            (job.to_owned(), context.to_owned(), now, None, false);
        let record =
            Record { pool, job, context, found, answer, lost, received, credited, refused };
        self.shares.insert(share, record);
        self.risks.push(Risk::Found(share));
        Ok(())
    }

    /// Whether it has been found.
    pub fn knows(&self, share: ShareId) -> bool {
        self.over.contains(&share) || self.shares.get(&share).is_some_and(|share| !share.lost)
    }

    /// A share has come to a pool; whether it had come before.
    pub fn received(&mut self, pool: usize, share: ShareId, job: &str) -> Result<bool, String> {
        let Some(record) = self.shares.get_mut(&share) else {
            return Err(format!(
                "pool {pool} gets share {share}, which is over or was never found"
            ));
        };
        if record.pool != pool || record.job != job {
            return Err(format!("pool {pool} gets share {share} for job {job}: {record:?}"));
        }
        if record.answer.is_some() {
            return Err(format!("pool {pool} gets share {share} after its verdict: {record:?}"));
        }
        // What was too late or refused before is looked at again.
        Ok(std::mem::replace(&mut record.received, true) && record.credited)
    }

    pub fn credited(&mut self, share: ShareId) {
        if let Some(record) = self.shares.get_mut(&share) {
            record.credited = true;
        }
    }

    pub fn refused(&mut self, share: ShareId) {
        if let Some(record) = self.shares.get_mut(&share) {
            record.refused = true;
        }
    }

    /// A verdict was given to a miner that is alive; `alive` is since when.
    pub fn answered(
        &mut self,
        share: ShareId,
        verdict: &Verdict,
        pool: &Pool,
        alive: Moment,
        now: Moment,
    ) -> Result<(), String> {
        let Some(record) = self.shares.get_mut(&share) else {
            return Err(format!("share {share}, which is over or was never found, is {verdict:?}"));
        };
        if record.answer.is_some() || record.pool != pool.id {
            return Err(format!("{} says {verdict:?}: {record:?}", pool.name()));
        }
        let wrong = format!("share {share} is {verdict:?} at {}: {record:?}", pool.name());
        match verdict {
            Verdict::Accepted | Verdict::Known if !record.credited => return Err(wrong),
            Verdict::Acknowledged if !record.received => return Err(wrong),
            Verdict::Accepted | Verdict::Known | Verdict::Acknowledged => {}
            Verdict::Rejected { .. } if !record.refused => return Err(wrong),
            Verdict::Rejected { .. } => self.excuses.refused += 1,
            Verdict::Stale { .. } | Verdict::Unanswered { .. } => {
                let job = pool.job(&record.job, &record.context);
                if job.is_none_or(|job| job.ended.is_some()) {
                    self.excuses.job_over += 1;
                } else if !record.was_reached(pool, alive, now) {
                    self.excuses.pool_unwell += 1;
                } else if pool.told_another(record.found, &record.job, &record.context) {
                    self.excuses.another_job += 1;
                } else {
                    return Err(format!("{wrong}, although its job is valid"));
                }
            }
        }
        self.longest = self.longest.max(now.saturating_sub(record.found));
        record.answer = Some((now, name(verdict)));
        *self.verdicts.entry(name(verdict)).or_default() += 1;
        self.risks.push(Risk::Answered(share));
        Ok(())
    }

    /// Everything is on the disk.
    pub fn written(&mut self) {
        self.risks.clear();
    }

    /// No share of a job that is valid waits at a pool that can be reached.
    pub fn look_at_pending(
        &self,
        pools: &[Pool],
        alive: Moment,
        now: Moment,
    ) -> Result<(), String> {
        let pending = self.shares.iter().filter(|(_, share)| share.is_pending());
        for (share, record) in pending {
            let pool = &pools[record.pool];
            let job = pool.job(&record.job, &record.context);
            let valid = job.is_some_and(|job| job.ended.is_none());
            let told_another = pool.told_another(record.found, &record.job, &record.context);
            if valid && !told_another && record.was_reached(pool, alive, now) {
                return Err(format!("share {share} waits at a pool that is there: {record:?}"));
            }
        }
        Ok(())
    }

    /// Nothing waits for too long; what is over is forgotten but for its name.
    pub fn look(&mut self, pools: &[Pool], alive: Moment, now: Moment) -> Result<(), String> {
        for (share, record) in &self.shares {
            let Some(well) = pools[record.pool].well_since else { continue };
            let waits = now.saturating_sub(record.found.max(well).max(alive));
            if record.is_pending() && waits > WAITS {
                return Err(format!("share {share} still waits: {record:?}"));
            }
        }
        let old = |record: &Record| record.answer.is_some_and(|(at, _)| at + REMEMBERED < now);
        let over = &mut self.over;
        self.shares.retain(|share, record| !(old(record) && over.insert(*share)));
        Ok(())
    }

    /// Shares without a verdict.
    pub fn pending(&self) -> usize {
        self.shares.values().filter(|share| share.is_pending()).count()
    }

    /// Those that were found before a time.
    pub fn pending_before(&self, time: Moment) -> usize {
        let open = |share: &&Record| share.is_pending() && share.found < time;
        self.shares.values().filter(open).count()
    }

    /// When the oldest share without a verdict was found.
    pub fn oldest_pending(&self) -> Option<Moment> {
        let open = self.shares.values().filter(|share| share.is_pending());
        open.map(|share| share.found).min()
    }

    /// Shares that went with a process and have not been found again.
    pub fn lost(&self) -> u64 {
        self.shares.values().filter(|share| share.answer.is_none() && share.lost).count() as u64
    }
}
