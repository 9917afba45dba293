//! What a source says of itself, for people.

use std::sync::Arc;
use std::time::Duration;

use gemmine_pouw::U256;
use gemmine_pouw::amadeus::K;

use crate::work::{Job, Moment, Verdict, Work};

/// MACs of an attempt of Amadeus: 16 x 16 results.
const ATTEMPT_MACS: f64 = (16 * 16 * K) as f64;

/// What a source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceState {
    /// Not needed: one that is asked first is there.
    #[default]
    Standby,
    /// On its way: no connection yet, or not let in yet.
    Connecting,
    /// There.
    Up,
    /// Waits before the next try.
    BackOff,
    /// Wants no work for now, or sends work that gemmine can't do.
    Paused,
    /// Switched off by hand.
    Off,
}

/// A source, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceReport {
    /// `gateway`, `pool`, `amadeus` or `local`.
    pub kind: &'static str,
    /// Where it is; no password in it.
    pub endpoint: String,
    /// What it is doing.
    pub state: SourceState,
    /// Its current job, while it is up.
    pub job: Option<JobReport>,
    /// What became of shares sent to it.
    pub shares: ShareCounts,
    /// Times that it was connected to.
    pub connections: u64,
    /// How long its last answer to a share took.
    pub latency: Option<Duration>,
    /// The last thing that went wrong.
    pub error: Option<String>,
}

/// A job, as a source has it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobReport {
    /// What its source calls it.
    pub name: Arc<str>,
    /// Height of its block, where the source says.
    pub height: Option<u64>,
    /// When it came.
    pub since: Moment,
    /// MACs that a share takes on average.
    pub macs_per_share: f64,
}

impl JobReport {
    /// A job that came at `since`.
    pub fn new(job: &Job, since: Moment) -> Self {
        Self {
            name: Arc::clone(&job.name),
            height: job.height,
            since,
            macs_per_share: macs_per_share(&job.work),
        }
    }
}

/// What became of shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareCounts {
    /// Accepted, acknowledged or known.
    pub accepted: u64,
    /// The source does not count them.
    pub rejected: u64,
    /// Their job was over.
    pub stale: u64,
    /// No answer yet.
    pub pending: u64,
    /// There will be none.
    pub unanswered: u64,
}

impl ShareCounts {
    /// Counts a verdict.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Accepted | Verdict::Acknowledged | Verdict::Known => &mut self.accepted,
            Verdict::Stale { .. } => &mut self.stale,
            Verdict::Rejected { .. } => &mut self.rejected,
            Verdict::Unanswered { .. } => &mut self.unanswered,
        };
        *counter += 1;
    }
}

/// MACs that a share takes on average.
///
/// A Pearl ticket of `n` MACs is a share with probability `target * n / 2^256`, whatever `n` is.
pub fn macs_per_share(work: &Work) -> f64 {
    match work {
        Work::Pearl { share_target, .. } => 2_f64.powi(256) / as_f64(*share_target),
        Work::Amadeus { bits, .. } => ATTEMPT_MACS * 2_f64.powi((*bits).min(256) as i32),
    }
}

/// The nearest number, near enough for people.
fn as_f64(value: U256) -> f64 {
    value.0.iter().rev().fold(0.0, |sum, &word| sum * 2_f64.powi(64) + word as f64)
}

#[cfg(test)]
mod tests {
    use gemmine_pouw::config::Header76;

    use super::*;

    #[test]
    fn macs_of_a_share_follow_the_target() {
        let pearl = |share_target| Work::Pearl {
            header: Header76([0; 76]),
            share_target,
            network_target: U256::one(),
        };
        assert_eq!(macs_per_share(&pearl(U256::one() << 216)), 2_f64.powi(40));
        assert_eq!(macs_per_share(&pearl(U256::from(3) << 100)), 2_f64.powi(156) / 3.0);
        let amadeus = Work::Amadeus { seed: Box::new([0; 240]), bits: 3 };
        assert_eq!(macs_per_share(&amadeus), 8.0 * 12_861_440.0);
    }
}
