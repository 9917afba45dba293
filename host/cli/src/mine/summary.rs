//! What a run came to, with the kind and boundary of every rate.

use std::path::PathBuf;
use std::time::Duration;

use gemmine_driver::{Counters, Identity};
use serde_json::{Value, json};

use crate::display::{counted, grouped, rate, si};
use crate::product::Check;
use crate::quantise;

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
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::Seconds => "seconds",
            Self::Product => "product",
            Self::Interrupt => "interrupt",
        }
    }
}

/// What became of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The first pass did not come to its end.
    Unfinished,
    /// The device's product is not A x B.
    Wrong,
    /// Exact, and how that was checked.
    Exact(Check),
}

/// What was counted while mining.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Tiles that came back, each of them a ticket.
    pub tickets: u64,
    /// Shares saved.
    pub shares: u64,
    /// Of these, such that meet the network's own target.
    pub shares_network: u64,
    /// Hits that an earlier run into the same folder had saved.
    pub shares_known: u64,
    /// Hits that the host's own computation does not confirm.
    pub hits_refused: u64,
    /// Hits after the last share that was asked for.
    pub hits_surplus: u64,
    /// Passes over the product whose last tile came back.
    pub passes: u64,
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
    /// The device's counters.
    pub counters: Counters,
    /// Host time from the preparation of the first pass to the last completion.
    pub elapsed: Duration,
    /// Why the run ended.
    pub end: End,
    /// What became of the product.
    pub product: Product,
    /// Where the product is.
    pub product_file: Option<PathBuf>,
    /// How far an entry of a dequantised product can be off.
    pub error_bound: Option<f64>,
    /// Where the shares are.
    pub out: PathBuf,
    /// Seed of the nonces.
    pub seed: u64,
}

const WALL: &str = "host wall time of this simulation, preparation and rechecks included";
const BUSY: &str = "simulated array core while it has work; link and host waits are not in it";

impl Summary {
    /// MACs that the device did, padding included.
    fn macs(&self) -> u64 {
        self.tally.tickets * 256 * self.k_padded as u64
    }

    /// MACs of the product itself.
    fn useful_macs(&self) -> u64 {
        let (m, n, k) = self.shape;
        if matches!(self.product, Product::Exact(_)) { m as u64 * n as u64 * k as u64 } else { 0 }
    }

    fn useful_passes(&self) -> u64 {
        self.tally.passes.min(1)
    }

    fn utilisation(&self) -> f64 {
        self.counters.full_mac_cycles as f64 / (self.counters.cycles.max(1)) as f64
    }

    fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The object that `--json` prints.
    pub fn to_json(&self) -> Value {
        let measured = |count: u64| json!({ "value": self.per_second(count), "kind": "measured", "boundary": WALL });
        let (m, n, k) = self.shape;
        json!({
            "device": self.identity.name,
            "device_description": self.identity.description,
            "geometry": self.identity.geometry.to_string(),
            "protocol": "pearl-v3",
            "cert_version": 3,
            "job": self.job,
            "operands": self.operands,
            "m": m, "n": n, "k": k, "k_padded": self.k_padded,
            "shares": self.tally.shares,
            "shares_meeting_network_target": self.tally.shares_network,
            "shares_already_saved": self.tally.shares_known,
            "hits_refused": self.tally.hits_refused,
            "hits_surplus": self.tally.hits_surplus,
            "tickets": self.tally.tickets,
            "useful_passes": self.useful_passes(),
            "repeat_passes": self.tally.passes - self.useful_passes(),
            "macs": self.macs(),
            "useful_macs": self.useful_macs(),
            "simulated_cycles": self.counters.cycles,
            "mac_cycles": self.counters.full_mac_cycles,
            "operand_cycles": self.counters.mac_cycles,
            "utilisation": self.utilisation(),
            "seconds": self.elapsed.as_secs_f64(),
            "tickets_per_s": measured(self.tally.tickets),
            "macs_per_s": measured(self.macs()),
            "simulated_cycles_per_s": measured(self.counters.cycles),
            "kinds": {
                "seconds": { "kind": "measured", "boundary": WALL },
                "simulated_cycles": { "kind": "modelled", "boundary": BUSY },
                "mac_cycles": { "kind": "modelled", "boundary": BUSY },
                "utilisation": { "kind": "modelled", "boundary": BUSY },
            },
            "energy_pj": { "value": null, "kind": "none measured" },
            "product": match self.product {
                Product::Unfinished => "unfinished",
                Product::Wrong => "wrong",
                Product::Exact(_) => "exact",
            },
            "product_check": match self.product {
                Product::Exact(check) => Some(check.description()),
                _ => None,
            },
            "product_file": self.product_file,
            "error_bound": self.error_bound,
            "out": self.out,
            "seed": self.seed,
            "ended_by": self.end.name(),
        })
    }

    /// The same for people.
    pub fn to_text(&self) -> String {
        let tally = &self.tally;
        let mut lines = vec![
            ("device", format!("{}: {}", self.identity.name, self.identity.description)),
            ("job", self.job.clone()),
            ("product", self.product_text()),
            ("passes", self.passes_text()),
            ("tickets", grouped(tally.tickets)),
            ("shares", self.shares_text()),
            (
                "hits refused",
                format!("{} (hits that the host could not confirm)", tally.hits_refused),
            ),
            (
                "MACs",
                format!(
                    "{}, of which the product itself {}",
                    grouped(self.macs()),
                    grouped(self.useful_macs())
                ),
            ),
        ];
        lines.extend(self.rate_lines());
        if let Some(bound) = self.error_bound {
            lines.push(("float32", quantise::bound_text(bound)));
        }
        lines.push(("energy", "none measured".into()));
        let mut text = String::new();
        for (name, value) in lines {
            text.push_str(&format!("{name:<14} {value}\n"));
        }
        text.push_str(
            "\nA simulation: cycles and utilisation are what the array would take; the rates above are \
             this\ncomputer's and say nothing about the speed of hardware.",
        );
        text
    }

    fn rate_lines(&self) -> [(&'static str, String); 3] {
        [
            (
                "measured",
                format!(
                    "{:.2} s; {} tickets/s, {}MAC/s, {}simulated cycles/s (host wall time)",
                    self.elapsed.as_secs_f64(),
                    rate(self.per_second(self.tally.tickets)),
                    si(self.per_second(self.macs())),
                    si(self.per_second(self.counters.cycles)),
                ),
            ),
            (
                "modelled",
                format!(
                    "{} cycles of the {} array while it has work",
                    grouped(self.counters.cycles),
                    self.identity.geometry
                ),
            ),
            (
                "utilisation",
                format!(
                    "{:.2} % (modelled: {} cycles in which every PE multiplies / all of them)",
                    100.0 * self.utilisation(),
                    grouped(self.counters.full_mac_cycles)
                ),
            ),
        ]
    }

    fn product_text(&self) -> String {
        let (m, n, k) = self.shape;
        let state = match self.product {
            Product::Unfinished => "not finished, not written".to_owned(),
            Product::Wrong => "WRONG: not what the host computes, not written".to_owned(),
            Product::Exact(check) => match &self.product_file {
                Some(path) => format!("exact ({}), in {}", check.description(), path.display()),
                None => format!("exact ({})", check.description()),
            },
        };
        format!("{}: {m} x {n}, k = {k} padded to {}; {state}", self.operands, self.k_padded)
    }

    fn passes_text(&self) -> String {
        let useful = self.useful_passes();
        let repeat = self.tally.passes - useful;
        format!(
            "{} useful, {} repeat (the same product again with another nonce, for its tickets only)",
            useful,
            grouped(repeat)
        )
    }

    fn shares_text(&self) -> String {
        let tally = &self.tally;
        let mut text = format!(
            "{} into {}, {} of them valid for the network",
            counted(tally.shares, "new share"),
            self.out.display(),
            tally.shares_network
        );
        if tally.shares_known > 0 {
            text.push_str(&format!("; {} found again", counted(tally.shares_known, "earlier one")));
        }
        if tally.hits_surplus > 0 {
            text.push_str(&format!(
                "; {} beyond --shares not kept",
                counted(tally.hits_surplus, "hit")
            ));
        }
        text
    }
}
