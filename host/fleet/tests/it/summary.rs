//! What a simulated day came to.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::Duration;

use crate::oracle::Excuses;
use crate::scenario::{Fault, Scenario};

/// The most that there was of something that must not pile up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Most {
    pub pending: usize,
    pub queued: usize,
    pub lines: usize,
    pub connections: usize,
}

/// What a simulated day came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub jobs: u64,
    /// Times that the job that was worked on was announced again.
    pub announced_again: u64,
    pub tickets: u64,
    /// Tickets of honest boards that counted, and those that their hits prove.
    pub made: u64,
    pub credited: f64,
    /// Hits in the log.
    pub logged: u64,
    pub found: u64,
    pub pool_credited: u64,
    pub verdicts: BTreeMap<&'static str, u64>,
    pub pending: usize,
    pub excuses: Excuses,
    pub repeats: u64,
    pub longest: Duration,
    pub faults: BTreeMap<Fault, u64>,
    /// Threads of boards that ended with an error.
    pub failures: u64,
    pub kills: u64,
    pub processes: u64,
    pub liars: usize,
    pub quarantined: usize,
    pub most: Most,
    /// Every simulated hour, and at the end.
    pub resident: Vec<f64>,
}

/// Memory of this process.
pub fn resident_mib() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / f64::from(1 << 20)
}

impl Tally {
    /// Credited tickets over those that were made.
    pub fn credit_ratio(&self) -> f64 {
        self.credited / self.made.max(1) as f64
    }

    /// All that must be the same the next time.
    pub fn history(&self) -> String {
        let Self { tickets, found, verdicts, excuses, faults, longest, .. } = self;
        format!("{tickets} {found} {verdicts:?} {excuses:?} {faults:?} {longest:?}")
    }

    /// With the heading of a scenario and the seconds that it took.
    pub fn table(&self, scenario: &Scenario, took: Duration) -> String {
        let Scenario { seed, boards, length, .. } = scenario;
        let hours = length.as_secs_f64() / 3600.0;
        let took = took.as_secs_f64();
        format!("{boards} boards, {hours:.1} h, seed {seed}, in {took:.1} s\n{self}")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "jobs made ready    {}", self.jobs)?;
        writeln!(out, "announced again    {}", self.announced_again)?;
        writeln!(out, "tickets            {}", self.tickets)?;
        writeln!(out, "credited / made    {:.4}", self.credit_ratio())?;
        writeln!(out, "shares found       {}", self.found)?;
        writeln!(out, "counted by pools   {}", self.pool_credited)?;
        writeln!(out, "verdicts           {:?}, {} open", self.verdicts, self.pending)?;
        writeln!(out, "not accepted since {:?}", self.excuses)?;
        writeln!(out, "sent again, verdict not on disk: {}", self.repeats)?;
        writeln!(out, "longest wait       {:.1} s", self.longest.as_secs_f64())?;
        writeln!(out, "faults             {:?}", self.faults)?;
        writeln!(out, "processes          {}, {} killed", self.processes, self.kills)?;
        writeln!(out, "threads failed     {}", self.failures)?;
        writeln!(out, "liars              {}, {} quarantined", self.liars, self.quarantined)?;
        writeln!(out, "most at once       {:?}", self.most)?;
        write!(out, "resident, MiB      ")?;
        self.resident.iter().try_for_each(|mib| write!(out, "{mib:.0} "))
    }
}
