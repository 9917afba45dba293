//! The miner, as it is shown.

use gemmine_console::status::{
    JobStatus, Rates, Shares, SourceState, SourceStatus, Status, Totals,
};
use gemmine_jobs::source::report::{self, ShareCounts, SourceReport};
use gemmine_jobs::work::{Moment, SourceId};

use super::{Miner, Reports};
use crate::crew::CrewDevice;

impl Miner {
    /// Everything there is to show; `reports` is what sources say of themselves.
    pub fn status(&self, now: Moment, reports: Reports<'_>) -> Status {
        let devices: Vec<_> = self.crew.devices().iter().map(|device| device.status(now)).collect();
        let found = self.log.totals().shares();
        let shares = Shares {
            found: found.found,
            accepted: found.accepted + found.acknowledged + found.known,
            rejected: found.rejected,
            stale: found.stale,
            pending: self.log.pending_count() as u64,
            unanswered: found.unanswered,
        };
        let totals = Totals {
            reported: sum(self.crew.devices().iter().map(|device| CrewDevice::rates(device, now))),
            macs_credited: devices.iter().map(|device| device.macs_credited).sum(),
            shares,
            hardware_errors: devices.iter().map(|device| device.hardware_errors).sum(),
            jobs: self.jobs,
            job_latency_s: self.crew.latency().map(|latency| latency.as_secs_f64()),
            log_writable: self.log.is_writable(),
        };
        Status {
            version: self.options.version.clone(),
            uptime_s: now.as_secs_f64(),
            unix_time_s: (self.wall)(),
            work: self.options.work.clone(),
            notice: self.options.notice.clone(),
            totals,
            sources: self.sources(now, reports),
            devices,
            log: self.lines.all(),
        }
    }

    fn sources(&self, now: Moment, reports: Reports<'_>) -> Vec<SourceStatus> {
        let totals = self.log.totals();
        let sources = self.options.sources.iter().zip(reports).enumerate();
        let shown = sources.map(|(id, (entry, report))| {
            let found = totals.sources.get(&entry.name).copied().unwrap_or_default();
            SourceStatus {
                name: entry.name.clone(),
                kind: report.kind.to_owned(),
                endpoint: report.endpoint.clone(),
                priority: entry.priority,
                state: state(report),
                active: self.failover.active() == Some(SourceId(id)),
                job: report.job.as_ref().map(|job| JobStatus {
                    name: job.name.to_string(),
                    height: job.height,
                    age_s: now.saturating_sub(job.since).as_secs_f64(),
                    macs_per_share: job.macs_per_share,
                }),
                shares: shares(found.found, &report.shares),
                connections: report.connections,
                latency_s: report.latency.map(|latency| latency.as_secs_f64()),
                error: report.error.clone(),
            }
        });
        shown.collect()
    }
}

/// `found` over all runs, the rest since the start.
fn shares(found: u64, counts: &ShareCounts) -> Shares {
    let ShareCounts { accepted, rejected, stale, pending, unanswered } = *counts;
    Shares { found, accepted, rejected, stale, pending, unanswered }
}

fn state(report: &SourceReport) -> SourceState {
    match report.state {
        report::SourceState::Standby => SourceState::Standby,
        report::SourceState::Connecting => SourceState::Connecting,
        report::SourceState::Up => SourceState::Up,
        report::SourceState::BackOff => SourceState::BackOff,
        report::SourceState::Paused => SourceState::Paused,
        report::SourceState::Off => SourceState::Off,
    }
}

fn sum(rates: impl Iterator<Item = Rates>) -> Rates {
    rates.fold(Rates::default(), |sum, rates| Rates {
        minute: sum.minute + rates.minute,
        quarter: sum.quarter + rates.quarter,
        day: sum.day + rates.day,
    })
}
