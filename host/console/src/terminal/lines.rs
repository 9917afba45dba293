//! A running miner as lines: each of its log as it comes, and a summary every ten seconds.

use std::time::Duration;

use serde_json::json;

use super::Format;
use super::text::{age, clean, latency, moment, si};
use crate::status::{DeviceState, Level, LogLine, Status};

/// Time between two summaries.
pub const SUMMARY: Duration = Duration::from_secs(10);

/// What has been said so far.
#[derive(Clone, Debug)]
pub struct Lines {
    level: Level,
    format: Format,
    /// Number of the newest line of the log that was taken.
    newest: u64,
    /// When the next summary is due.
    due: Duration,
}

impl Lines {
    /// Nothing so far; lines that are not as bad as `level` will be left out.
    pub fn new(level: Level, format: Format) -> Self {
        Self { level, format, newest: 0, due: SUMMARY }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// What is new in a status: whole lines. `now` is any clock that does not go back.
    pub fn take(&mut self, status: &Status, now: Duration) -> String {
        let mut text = String::new();
        let first = status.log.first().map_or(self.newest, |line| line.number.saturating_sub(1));
        if first > self.newest && self.newest > 0 {
            let lost = LogLine {
                number: first,
                unix_time_s: status.unix_time_s,
                level: Level::Warning,
                about: "display".into(),
                text: format!("{} lines came too fast to be shown", first - self.newest),
            };
            text += &self.line(&lost);
        }
        for line in status.log.iter().filter(|line| line.number > self.newest) {
            text += &self.line(line);
        }
        self.newest = status.log.last().map_or(self.newest, |line| line.number.max(self.newest));
        if now >= self.due {
            // Not a whole number of times later: a computer that slept says it once.
            self.due = now + SUMMARY;
            text += &summary(status, self.format);
        }
        text
    }

    /// The newest lines of the log, at most so many, and a summary; they count as taken.
    pub(super) fn newest(&mut self, status: &Status, most: usize) -> String {
        let kept: Vec<&LogLine> =
            status.log.iter().filter(|line| self.is_wanted(line.level)).collect();
        let newest = kept.iter().skip(kept.len().saturating_sub(most));
        let text: String = newest.map(|line| self.line(line)).collect();
        self.newest = status.log.last().map_or(self.newest, |line| line.number);
        text + &summary(status, self.format)
    }

    fn is_wanted(&self, level: Level) -> bool {
        let rank = |level| match level {
            Level::Info => 0,
            Level::Warning => 1,
            Level::Error => 2,
        };
        rank(level) >= rank(self.level)
    }

    fn line(&self, line: &LogLine) -> String {
        if !self.is_wanted(line.level) {
            return String::new();
        }
        let level = match line.level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let (about, text) = (clean(&line.about), clean(&line.text));
        let time = moment(line.unix_time_s);
        match self.format {
            Format::Text => format!("{time} {level}: {about}: {text}\n"),
            Format::Json => {
                let object = json!({ "time": time, "level": level, "about": about, "text": text });
                format!("{object}\n")
            }
        }
    }
}

/// One line about all of it.
pub fn summary(status: &Status, format: Format) -> String {
    match format {
        Format::Text => summary_text(status),
        Format::Json => {
            let object = json!({
                "time": moment(status.unix_time_s),
                "level": "info",
                "about": "summary",
                "notice": status.notice.as_deref().map(clean),
                "uptime_s": status.uptime_s,
                "totals": status.totals,
            });
            format!("{object}\n")
        }
    }
}

fn summary_text(status: &Status) -> String {
    let totals = &status.totals;
    let shares = &totals.shares;
    let working =
        status.devices.iter().filter(|device| device.state == DeviceState::Working).count();
    let source = status.sources.iter().find(|source| source.active);
    let source = source.map_or_else(|| "no source".into(), |source| clean(&source.name));
    let mut text = format!(
        "{} up {}: {}MAC/s, credited {}MAC; {working} of {} devices at work for {source}; shares: {} found, \
         {} accepted, {} rejected, {} stale, {} pending; {} hardware errors",
        moment(status.unix_time_s),
        age(status.uptime_s),
        si(totals.reported.minute),
        si(totals.macs_credited),
        status.devices.len(),
        shares.found,
        shares.accepted,
        shares.rejected,
        shares.stale,
        shares.pending,
        totals.hardware_errors,
    );
    if shares.unanswered > 0 {
        text += &format!("; {} unanswered", shares.unanswered);
    }
    if let Some(seconds) = totals.job_latency_s {
        text += &format!("; job latency {}", latency(seconds));
    }
    if !totals.log_writable {
        text += "; THE LOG OF SHARES CAN'T BE WRITTEN";
    }
    if let Some(notice) = &status.notice {
        text += &format!("; {}", clean(notice));
    }
    text + "\n"
}
