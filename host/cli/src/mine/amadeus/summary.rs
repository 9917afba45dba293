//! What a run came to, with the kind and boundary of every rate.

use std::path::PathBuf;
use std::time::Duration;

use gemmine_driver::{Counters, DeviceKind, Identity};
use gemmine_pouw::amadeus::K;
use serde_json::{Value, json};

use crate::counters;
use crate::display::{counted, grouped, rate, si};
use crate::mine::summary::{End, Summarised};
use crate::outcome::Outcome;

/// MACs of one attempt.
const MACS: u64 = 256 * K as u64;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Solutions that the source accepted.
    pub shares: u64,
    /// Solutions that it did not.
    pub rejected: u64,
    /// Solutions that are stored but that the source was not asked about, or did not answer.
    pub unsubmitted: u64,
    /// Solutions after the last share that was asked for; not kept.
    pub surplus: u64,
    /// Solutions of a segment that was over.
    pub stale: u64,
    /// Solutions that the host's own computation does not confirm.
    pub refused: u64,
    /// Changes of the segment during the run.
    pub segments: u64,
}

/// A finished run.
#[derive(Debug)]
pub struct Summary {
    /// The device.
    pub identity: Identity,
    /// Where seeds came from.
    pub source: String,
    /// Leading zero bits that a solution needed.
    pub bits: u32,
    /// Attempts made.
    pub attempts: u64,
    /// What came of them.
    pub tally: Tally,
    /// The device's counters before the first attempt and after the last.
    pub counters: [Counters; 2],
    /// How long it took.
    pub elapsed: Duration,
    /// Why it ended.
    pub end: End,
    /// What went wrong, where something did.
    pub trouble: Option<String>,
    /// The folder.
    pub out: PathBuf,
}

impl Summary {
    fn per_second(&self) -> f64 {
        self.attempts as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Bytes that the link carried for an attempt, both ways, of a device that has a link.
    fn link_bytes(&self) -> Option<f64> {
        let [before, after] = self.counters.map(|counters| counters.link_bytes());
        let bytes = after?.saturating_sub(before?) as f64;
        (self.attempts > 0).then(|| bytes / self.attempts as f64)
    }

    fn boundary(&self) -> &'static str {
        match self.identity.kind {
            DeviceKind::Processor | DeviceKind::Gpu | DeviceKind::SoftwareGpu => {
                "wall time; operands, products, hashes and submissions included"
            }
            DeviceKind::Simulation => {
                "host wall time of this simulation; the host grows the operands and hashes"
            }
            DeviceKind::External if self.identity.engines > 0 => {
                "host wall time, attempts of scans that came back; the device grows the operands and hashes"
            }
            DeviceKind::External => "host wall time; the host grows the operands and hashes",
        }
    }

    fn error(&self) -> Option<String> {
        match self.outcome() {
            Outcome::Trouble => self.trouble.clone(),
            Outcome::No => {
                Some("the device reported solutions that the host could not confirm".into())
            }
            Outcome::Yes | Outcome::Interrupted => None,
        }
    }
}

impl Summarised for Summary {
    fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    fn outcome(&self) -> Outcome {
        if self.trouble.is_some() {
            Outcome::Trouble
        } else if self.tally.refused > 0 {
            Outcome::No
        } else {
            Outcome::Yes
        }
    }

    fn to_json(&self) -> Value {
        let measured =
            |value: f64| json!({ "value": value, "kind": "measured", "boundary": self.boundary() });
        let Tally { shares, rejected, unsubmitted, surplus, stale, refused, segments } = self.tally;
        let mut object = json!({
            "device": self.identity.name,
            "device_description": self.identity.description,
            "geometry": self.identity.array(),
            "engines": self.identity.engines,
            "protocol": "amadeus-upow2",
            "source": self.source,
            "bits": self.bits,
            "k": K,
            "attempts": self.attempts,
            "macs": self.attempts * MACS,
            "attempts_per_s": measured(self.per_second()),
            "macs_per_s": measured(self.per_second() * MACS as f64),
            "shares": shares,
            "shares_rejected": rejected,
            "shares_unsubmitted": unsubmitted,
            "shares_surplus": surplus,
            "shares_stale": stale,
            "hits_refused": refused,
            "segment_changes": segments,
            "seconds": self.elapsed.as_secs_f64(),
            "kinds": { "seconds": { "kind": "measured", "boundary": self.boundary() } },
            "energy_pj": { "value": null, "kind": "none measured" },
            "out": self.out.to_string_lossy(),
            "ended_by": self.end.name(),
            "exit": self.outcome().code(),
        });
        if let Value::Object(object) = &mut object {
            if let Some(kinds) = object.get_mut("kinds").and_then(Value::as_object_mut) {
                let busy = match self.identity.kind {
                    DeviceKind::External => "the array while it has work, since power-up",
                    _ => {
                        "simulated array core while it has work; link and host waits are not in it"
                    }
                };
                kinds.extend(counters::kinds(&self.identity, Some(busy)));
            }
            let [_, counters] = &self.counters;
            object.extend(counters::to_json(&self.identity, counters));
            let bytes = self.link_bytes().map(|bytes| json!({
                "value": bytes, "kind": "measured", "boundary": "bytes of the run on the link, both ways",
            }));
            object.extend(bytes.map(|bytes| ("link_bytes_per_attempt".to_owned(), bytes)));
            object.extend(self.error().map(|error| ("error".to_owned(), error.into())));
        }
        object
    }

    fn to_text(&self) -> String {
        let Tally { shares, rejected, unsubmitted, surplus, stale, refused, segments } = self.tally;
        let mut lines = vec![
            ("device", format!("{}: {}", self.identity.name, self.identity.description)),
            ("job", format!("Amadeus uPoW2, {}, {} leading zero bits", self.source, self.bits)),
            (
                "shares",
                format!(
                    "{} accepted into {}, {} rejected, {} not submitted, {} stale, {} beyond --shares not kept",
                    counted(shares, "share"),
                    self.out.display(),
                    grouped(rejected),
                    grouped(unsubmitted),
                    grouped(stale),
                    grouped(surplus)
                ),
            ),
            ("hits refused", format!("{refused} (solutions that the host could not confirm)")),
            ("segments", counted(segments, "change")),
            (
                "attempts",
                format!("{}, {} MACs", grouped(self.attempts), grouped(self.attempts * MACS)),
            ),
            (
                "measured",
                format!(
                    "{:.2} s; {} attempts/s, {}MAC/s ({})",
                    self.elapsed.as_secs_f64(),
                    rate(self.per_second()),
                    si(self.per_second() * MACS as f64),
                    self.boundary()
                ),
            ),
        ];
        lines.extend(counters::to_lines(&self.counters[1]));
        let bytes = self.link_bytes();
        lines
            .extend(bytes.map(|bytes| {
                ("link load", format!("{} bytes an attempt, both ways", rate(bytes)))
            }));
        lines.push(("energy", "none measured".into()));
        lines.iter().map(|(name, value)| format!("{name:<14} {value}\n")).collect()
    }
}
