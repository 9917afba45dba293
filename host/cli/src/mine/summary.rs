//! What a run came to, with the kind and boundary of every rate.

use std::path::PathBuf;
use std::time::Duration;

use gemmine_driver::{Counters, DeviceKind, Identity};
use serde_json::{Value, json};

use super::product::Product;
use super::shares::Found;
use crate::counters;
use crate::device::cycle_kind;
use crate::outcome::Outcome;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `--shares` are there.
    Shares,
    /// `--seconds` are over.
    Seconds,
    /// The product is there, and nothing more was asked for.
    Product,
    /// Ctrl-C.
    Interrupt,
    /// The device failed, or something could not be written.
    Trouble,
}

impl End {
    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::Seconds => "seconds",
            Self::Product => "product",
            Self::Interrupt => "interrupt",
            Self::Trouble => "trouble",
        }
    }
}

/// What was counted while mining.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Tickets (tiles that came back) up to the last share that was asked for. The same on every machine
    /// where the run ends by its shares, but for scans.
    pub tickets: u64,
    /// Tickets that were under way by then.
    pub tickets_surplus: u64,
    /// Shares saved.
    pub shares: u64,
    /// Of these, such that meet the network's own target.
    pub shares_network: u64,
    /// Hits that an earlier run into the same folder had saved.
    pub shares_known: u64,
    /// Hits and tickets that the host's own computation does not confirm.
    pub hits_refused: u64,
    /// Hits after the last share that was asked for.
    pub hits_surplus: u64,
    /// Passes over the product whose last tile came back.
    pub passes: u64,
    /// Changes of the nonce.
    pub reseeds: u64,
    /// Scans that came back, of a device that grows the operands.
    pub scans: Option<u64>,
}

impl Tally {
    /// Counts what became of a claim; what there is to say of it.
    pub fn note(&mut self, found: Found) -> Option<String> {
        match found {
            Found::Share { meets_network, line } => {
                self.shares += 1;
                self.shares_network += u64::from(meets_network);
                Some(line)
            }
            Found::Known => {
                self.shares_known += 1;
                None
            }
            Found::Miss => None,
            Found::Wrong(line) => {
                self.hits_refused += 1;
                Some(line)
            }
        }
    }

    /// Tiles that the device did.
    pub fn tiles(&self) -> u64 {
        self.tickets + self.tickets_surplus
    }
}

/// A finished run.
#[derive(Debug)]
pub struct Summary {
    /// The device.
    pub identity: Identity,
    /// The job, for people.
    pub job: String,
    /// What was multiplied.
    pub operands: String,
    /// m, n, k as given.
    pub shape: (usize, usize, usize),
    /// k as the job commits to it.
    pub k_padded: usize,
    /// What was counted.
    pub tally: Tally,
    /// The device's counters after the last report.
    pub counters: Counters,
    /// Its counters before the run.
    pub before: Counters,
    /// Host time from the preparation of the first pass to the last completion.
    pub elapsed: Duration,
    /// Why the run ended.
    pub end: End,
    /// What went wrong, if it ended in trouble.
    pub trouble: Option<String>,
    /// What became of the product.
    pub product: Product,
    /// Where the product is.
    pub product_file: Option<PathBuf>,
    /// The product is of matrices that were quantised.
    pub quantised: bool,
    /// How far an entry of a dequantised product can be off.
    pub error_bound: Option<f64>,
    /// Where the shares are.
    pub out: PathBuf,
    /// Seed of the nonces.
    pub seed: u64,
}

const WALL_SIMULATED: &str = "host wall time of this simulation, preparation and rechecks included";
const WALL: &str = "host wall time; preparation, link and rechecks included";
const WALL_PROCESSOR: &str = "wall time; preparation and rechecks included";
const WALL_GPU: &str = "host wall time; preparation, transfers and rechecks included";
const BUSY_SIMULATED: &str =
    "simulated array core while it has work; link and host waits are not in it";
const BUSY: &str = "the array while it has work, since power-up; waits without work are not in it";
const CYCLES_OF_RUN: &str = "cycles with a step, of all the device's cycles from the start of the run to the last report; waits for link and host are in it";

/// A finished run of any protocol.
pub trait Summarised {
    /// What went wrong, where something did.
    fn trouble(&self) -> Option<&str>;

    /// What the run's exit code says: an answer that is wrong is a no.
    fn outcome(&self) -> Outcome;

    /// The object that `--json` prints.
    fn to_json(&self) -> Value;

    /// The same for people.
    fn to_text(&self) -> String;
}

impl Summarised for Summary {
    fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Ctrl-C before the product is there leaves the command undone.
    fn outcome(&self) -> Outcome {
        if self.trouble.is_some() {
            Outcome::Trouble
        } else if self.tally.hits_refused > 0 || self.product == Product::Wrong {
            Outcome::No
        } else if self.end == End::Interrupt
            && self.product_file.is_none()
            && self.product != Product::NotWanted
        {
            Outcome::Interrupted
        } else {
            Outcome::Yes
        }
    }

    fn to_json(&self) -> Value {
        self.json()
    }

    fn to_text(&self) -> String {
        self.text()
    }
}

impl Summary {
    /// Why the run is no success.
    fn error(&self) -> Option<String> {
        match self.outcome() {
            Outcome::Yes => None,
            Outcome::No if self.product == Product::Wrong => {
                Some("the device's product is wrong".into())
            }
            Outcome::No => {
                Some("the device reported hits or tickets that the host could not confirm".into())
            }
            Outcome::Trouble => self.trouble.clone(),
            Outcome::Interrupted => Some("interrupted before the product was written".into()),
        }
    }

    /// MACs that the device did, padding included.
    pub fn macs(&self) -> u64 {
        self.tally.tiles() * 256 * self.k_padded as u64
    }

    /// MACs of the product itself.
    pub fn useful_macs(&self) -> u64 {
        let (m, n, k) = self.shape;
        if matches!(self.product, Product::Exact(_)) { m as u64 * n as u64 * k as u64 } else { 0 }
    }

    /// Passes that yielded the product.
    pub fn useful_passes(&self) -> u64 {
        if self.product == Product::NotWanted { 0 } else { self.tally.passes.min(1) }
    }

    /// Bytes that the link carried in the run, both ways, of a device that has a link.
    pub fn link_bytes(&self) -> Option<u64> {
        Some(self.counters.link_bytes()?.saturating_sub(self.before.link_bytes()?))
    }

    /// The same for a ticket.
    pub fn link_bytes_a_ticket(&self) -> Option<f64> {
        let tiles = self.tally.tiles();
        self.link_bytes().filter(|_| tiles > 0).map(|bytes| bytes as f64 / tiles as f64)
    }

    /// Cycles with a step, of all of the device's cycles in the run, of a device that counts its time.
    pub fn run_utilisation(&self) -> Option<f64> {
        let cycles = self.counters.time?.checked_sub(self.before.time?)?;
        let steps = self.counters.mac_cycles.checked_sub(self.before.mac_cycles)?;
        (cycles > 0).then(|| steps as f64 / cycles as f64)
    }

    /// A part of all cycles.
    pub fn of_cycles(&self, cycles: u64) -> f64 {
        cycles as f64 / (self.counters.cycles.max(1)) as f64
    }

    /// A rate over the whole run.
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    fn json(&self) -> Value {
        let (wall, busy) = match self.identity.kind {
            DeviceKind::Simulation => (WALL_SIMULATED, BUSY_SIMULATED),
            DeviceKind::External => (WALL, BUSY),
            DeviceKind::Processor | DeviceKind::SoftwareGpu => (WALL_PROCESSOR, ""),
            DeviceKind::Gpu => (WALL_GPU, ""),
        };
        let measured = |count: u64| json!({ "value": self.per_second(count), "kind": "measured", "boundary": wall });
        let (m, n, k) = self.shape;
        let mut object = json!({
            "device": self.identity.name,
            "device_description": self.identity.description,
            "geometry": self.identity.array(),
            "protocol": "pearl-v3",
            "cert_version": 3,
            "job": self.job,
            "operands": self.operands,
            "m": m, "n": n, "k": k, "k_padded": self.k_padded,
            "useful_work": self.product != Product::NotWanted,
            "shares": self.tally.shares,
            "shares_meeting_network_target": self.tally.shares_network,
            "shares_already_saved": self.tally.shares_known,
            "hits_refused": self.tally.hits_refused,
            "hits_surplus": self.tally.hits_surplus,
            "tickets": self.tally.tickets,
            "tickets_surplus": self.tally.tickets_surplus,
            "useful_passes": self.useful_passes(),
            "repeat_passes": self.tally.passes - self.useful_passes(),
            "reseeds": self.tally.reseeds,
            "macs": self.macs(),
            "useful_macs": self.useful_macs(),
            "seconds": self.elapsed.as_secs_f64(),
            "tickets_per_s": measured(self.tally.tiles()),
            "macs_per_s": measured(self.macs()),
            "kinds": { "seconds": { "kind": "measured", "boundary": wall } },
            "energy_pj": { "value": null, "kind": "none measured" },
            "product": match self.product {
                Product::NotWanted => "none: zero signal, not useful work",
                Product::Unfinished => "unfinished",
                Product::Wrong => "wrong",
                Product::Exact(_) if self.quantised => "quantised",
                Product::Exact(_) => "exact",
            },
            "product_check": match self.product {
                Product::Exact(check) => Some(check.description(self.quantised)),
                _ => None,
            },
            "product_file": self.product_file.as_ref().map(|path| path.to_string_lossy()),
            "error_bound": self.error_bound,
            "out": self.out.to_string_lossy(),
            "seed": self.seed,
            "ended_by": self.end.name(),
            "exit": self.outcome().code(),
        });
        if let Value::Object(object) = &mut object {
            if let Some(kinds) = object.get_mut("kinds").and_then(Value::as_object_mut) {
                kinds.extend(counters::kinds(&self.identity, Some(busy)));
            }
            if self.identity.kind == DeviceKind::Simulation {
                // A device's cycles are counted since power-up, and come as fast as its clock.
                object.insert("simulated_cycles_per_s".into(), measured(self.counters.cycles));
            }
            object.extend(counters::to_json(&self.identity, &self.counters));
            object.extend(self.run_figures());
            object.extend(self.error().map(|error| ("error".to_owned(), error.into())));
        }
        object
    }

    /// Figures of the run alone, of a device that has a link: its counters are those since power-up.
    fn run_figures(&self) -> Vec<(String, Value)> {
        let figure = |value: Value, kind: &str, boundary: &str| json!({ "value": value, "kind": kind, "boundary": boundary });
        let bytes = "bytes of the run on the link, both ways";
        let measured = |value: Value| figure(value, "measured", bytes);
        let utilisation = self
            .run_utilisation()
            .map(|share| figure(share.into(), cycle_kind(&self.identity), CYCLES_OF_RUN));
        [
            ("scans", self.tally.scans.map(Value::from)),
            ("link_bytes", self.link_bytes().map(|bytes| measured(bytes.into()))),
            (
                "link_bytes_per_ticket",
                self.link_bytes_a_ticket().map(|bytes| measured(bytes.into())),
            ),
            ("run_utilisation", utilisation),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}
