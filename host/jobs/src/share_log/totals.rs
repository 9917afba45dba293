//! What a log comes to: shares by source and by device, and the work that devices are credited with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::Credit;
use crate::work::Verdict;

/// Most sources or devices that are counted apart. Names come from the user, so only a mistake has more.
const NAMES_MAX: usize = 1024;
/// Where the others are counted.
const OTHERS: &str = "(others)";

/// Sums over a whole log, all its files and all runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Processes that wrote to it.
    pub starts: u64,
    /// By the source's name.
    pub sources: BTreeMap<String, Counts>,
    /// By the device's name.
    pub devices: BTreeMap<String, DeviceTotals>,
}

/// What became of shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In the log.
    pub found: u64,
    /// See [`Verdict::Accepted`].
    pub accepted: u64,
    /// See [`Verdict::Acknowledged`].
    pub acknowledged: u64,
    /// See [`Verdict::Known`].
    pub known: u64,
    /// See [`Verdict::Stale`].
    pub stale: u64,
    /// See [`Verdict::Rejected`].
    pub rejected: u64,
    /// See [`Verdict::Unanswered`].
    pub unanswered: u64,
}

/// What a device found and is credited with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceTotals {
    /// What became of its shares.
    pub shares: Counts,
    /// MACs that its verified hits prove.
    pub macs_credited: f64,
    /// Verified hits.
    pub hits: u64,
    /// Hits that the host computed otherwise.
    pub wrong: u64,
    /// Seconds that the credits cover.
    pub seconds: f64,
}

impl Counts {
    /// Shares without an answer.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        let answered = self.accepted
            + self.acknowledged
            + self.known
            + self.stale
            + self.rejected
            + self.unanswered;
        self.found.saturating_sub(answered)
    }

    const fn answer(&mut self, verdict: &Verdict) {
        let count = match verdict {
            Verdict::Accepted => &mut self.accepted,
            Verdict::Acknowledged => &mut self.acknowledged,
            Verdict::Known => &mut self.known,
            Verdict::Stale { .. } => &mut self.stale,
            Verdict::Rejected { .. } => &mut self.rejected,
            Verdict::Unanswered { .. } => &mut self.unanswered,
        };
        *count += 1;
    }
}

impl Totals {
    /// All sources together.
    #[must_use]
    pub fn shares(&self) -> Counts {
        self.sources.values().fold(Counts::default(), |sum, counts| Counts {
            found: sum.found + counts.found,
            accepted: sum.accepted + counts.accepted,
            acknowledged: sum.acknowledged + counts.acknowledged,
            known: sum.known + counts.known,
            stale: sum.stale + counts.stale,
            rejected: sum.rejected + counts.rejected,
            unanswered: sum.unanswered + counts.unanswered,
        })
    }

    /// Whether other totals are these; sums of MACs and seconds up to the rounding of decimals.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        self.starts == other.starts
            && self.sources == other.sources
            && self.devices.len() == other.devices.len()
            && self.devices.iter().zip(&other.devices).all(|((name, a), (other_name, b))| {
                name == other_name
                    && (a.shares, a.hits, a.wrong) == (b.shares, b.hits, b.wrong)
                    && close(a.macs_credited, b.macs_credited)
                    && close(a.seconds, b.seconds)
            })
    }

    /// A share was found.
    pub(super) fn found(&mut self, source: &str, device: &str) {
        named(&mut self.sources, source).found += 1;
        named(&mut self.devices, device).shares.found += 1;
    }

    /// A share was answered.
    pub(super) fn answered(&mut self, source: &str, device: &str, verdict: &Verdict) {
        named(&mut self.sources, source).answer(verdict);
        named(&mut self.devices, device).shares.answer(verdict);
    }

    /// Work was credited.
    pub(super) fn credited(&mut self, credit: &Credit) {
        let device = named(&mut self.devices, &credit.device);
        device.macs_credited += credit.macs;
        device.hits += credit.hits;
        device.wrong += credit.wrong;
        device.seconds += credit.seconds;
    }
}

fn named<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if map.contains_key(name) || map.len() < NAMES_MAX { name } else { OTHERS };
    map.entry(name.to_owned()).or_default()
}
