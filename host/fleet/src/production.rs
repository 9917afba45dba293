//! A job being worked on: what devices make of its pieces, and what the host makes of their answers.
//!
//! Shared by all devices, and never changed: a pass is made anew from its number by whoever needs it.

mod amadeus;
mod pearl;

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use gemmine_jobs::work::{Job, Proof, ShareId, Work};
use gemmine_pouw::digest::Digest;
use gemmine_pouw::target::U256;

use crate::piece::{Part, Piece, Place};

pub use amadeus::AmadeusProduction;
pub use pearl::{NONCE_VALUES, PearlProduction, Product, nonce_values};

/// 2^256.
const ALL_TICKETS: f64 = 1.157_920_892_373_162e77;

/// A job being worked on.
#[derive(Debug)]
pub struct Production {
    /// Counts jobs that were worked on: a higher one is newer.
    pub epoch: u64,
    /// The job.
    pub job: Arc<Job>,
    /// What there is to do.
    pub kind: Kind,
}

/// What a production is of.
#[derive(Debug)]
pub enum Kind {
    /// Tiles of a product.
    Pearl(PearlProduction),
    /// Attempts.
    Amadeus(AmadeusProduction),
}

/// What a device calls a hit: at least what a share needs, and easier where shares are rare, so that there is
/// something to check it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A ticket at or below this, scaled.
    Pearl(U256),
    /// So many leading zero bits.
    Amadeus(u32),
}

/// What a device says of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The pass.
    pub pass: u64,
    /// Which ticket of it.
    pub place: Place,
    /// The ticket, where the device says which.
    pub ticket: Option<Digest>,
    /// Whether that is a hit.
    pub hit: bool,
    /// Device cycle of the completion that says so.
    pub cycle: u64,
}

/// What the host makes of a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum Check {
    /// The device is right, and it is no hit.
    Miss,
    /// The device is right, and it is one.
    Hit {
        /// Its name, if it is a share.
        share: ShareId,
        /// Whether it is one.
        is_share: bool,
    },
    /// The host computes something else, for people.
    Wrong(String),
}

/// A share with all that is stored about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// What proves it.
    pub proof: Proof,
    /// Whether it meets the network's own target too; of Amadeus there is no other.
    pub meets_network: bool,
}

impl Ask {
    /// How many tickets there are to a hit on average.
    pub fn tickets_per_hit(&self) -> f64 {
        match self {
            Self::Pearl(bound) => ALL_TICKETS / (to_f64(*bound) + 1.0),
            Self::Amadeus(bits) => 2_f64.powi(*bits as i32),
        }
    }
}

fn to_f64(value: U256) -> f64 {
    value.0.iter().rev().fold(0.0, |sum, limb| sum * 2_f64.powi(64) + *limb as f64)
}

impl Production {
    /// Makes a job ready, which takes as long as committing to the product.
    ///
    /// # Errors
    /// If the job is of another protocol than the product, or the product can't be worked on.
    pub fn new(
        epoch: u64,
        job: Arc<Job>,
        product: Option<&Arc<Product>>,
        seed: u64,
    ) -> Result<Self> {
        let kind = match (&job.work, product) {
            (Work::Pearl { header, share_target, .. }, Some(product)) => {
                let product = Arc::clone(product);
                Kind::Pearl(PearlProduction::new(*header, *share_target, product, seed)?)
            }
            (Work::Amadeus { seed, bits }, None) => {
                Kind::Amadeus(AmadeusProduction::new(seed, *bits))
            }
            (Work::Pearl { .. }, None) => {
                bail!("work on a job of Pearl: this miner is set up for Amadeus")
            }
            (Work::Amadeus { .. }, Some(_)) => {
                bail!("work on a job of Amadeus: this miner is set up for Pearl")
            }
        };
        Ok(Self { epoch, job, kind })
    }

    /// All of a pass.
    pub fn whole(&self) -> Part {
        match &self.kind {
            Kind::Pearl(pearl) => pearl.whole(),
            Kind::Amadeus(_) => AmadeusProduction::WHOLE,
        }
    }

    /// MACs of one ticket.
    pub fn macs_per_ticket(&self) -> f64 {
        match &self.kind {
            Kind::Pearl(pearl) => pearl.macs_per_ticket(),
            Kind::Amadeus(_) => AmadeusProduction::MACS_PER_TICKET,
        }
    }

    /// About how much memory it takes, without the passes that are made when they are needed.
    pub fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Pearl(pearl) => pearl.bytes(),
            Kind::Amadeus(_) => 0,
        }
    }

    /// What a device that makes so many tickets a second is to call a hit, so that there is one about every so many
    /// seconds; never less than a share.
    pub fn ask(&self, tickets_per_second: f64, seconds: f64) -> Ask {
        let tickets = (tickets_per_second * seconds).max(1.0);
        match &self.kind {
            // A power of two, so that it seldom changes.
            Kind::Pearl(pearl) => {
                let easy = U256::MAX >> (tickets.log2() as usize).min(255);
                Ask::Pearl(pearl.share_bound().max(easy))
            }
            Kind::Amadeus(amadeus) => {
                Ask::Amadeus(amadeus.bits().min(tickets.log2() as u32).max(1))
            }
        }
    }

    /// What a share needs.
    pub fn share(&self) -> Ask {
        match &self.kind {
            Kind::Pearl(pearl) => Ask::Pearl(pearl.share_bound()),
            Kind::Amadeus(amadeus) => Ask::Amadeus(amadeus.bits()),
        }
    }

    /// Computes a claim again.
    ///
    /// # Errors
    /// If it can't be computed, which no device can bring about.
    pub fn check(&self, claim: &Claim, ask: &Ask) -> Result<Check> {
        let (ticket, is_hit, is_share) = match (&self.kind, claim.place, ask) {
            (Kind::Pearl(pearl), Place::Tile { row, column }, Ask::Pearl(bound)) => {
                pearl.compute(claim.pass, row, column, *bound)?
            }
            (Kind::Amadeus(amadeus), Place::Nonce(nonce), Ask::Amadeus(bits)) => {
                amadeus.compute(claim.pass, nonce, *bits)
            }
            _ => bail!("check a claim on {:?} of another protocol", claim.place),
        };
        if claim.ticket.is_some_and(|said| said != ticket) || claim.hit != is_hit {
            let said = claim.ticket.map_or_else(
                || if claim.hit { "a hit" } else { "no hit" }.to_owned(),
                |said| {
                    format!(
                        "ticket {}, {}",
                        hex::encode(said),
                        if claim.hit { "a hit" } else { "no hit" }
                    )
                },
            );
            return Ok(Check::Wrong(format!(
                "{} of pass {}: it says {said}, the host computes ticket {}, {}",
                named(claim.place),
                claim.pass,
                hex::encode(ticket),
                if is_hit { "a hit" } else { "no hit" }
            )));
        }
        let share = ShareId(ticket);
        Ok(if is_hit { Check::Hit { share, is_share } } else { Check::Miss })
    }

    /// Proves a share, and verifies the proof as its source will.
    ///
    /// # Errors
    /// If the proof does not hold.
    pub fn prove(&self, claim: &Claim) -> Result<Proven> {
        match (&self.kind, claim.place) {
            (Kind::Pearl(pearl), Place::Tile { row, column }) => {
                pearl.prove(claim.pass, row, column)
            }
            (Kind::Amadeus(amadeus), Place::Nonce(nonce)) => Ok(amadeus.prove(claim.pass, nonce)),
            _ => bail!("prove a share on {:?} of another protocol", claim.place),
        }
    }

    /// Refuses pieces that are not of this production.
    ///
    /// # Errors
    /// If one is not.
    pub fn ensure_own(&self, piece: &Piece) -> Result<()> {
        let fits = matches!(
            (&self.kind, piece.part),
            (Kind::Pearl(_), Part::Tiles(_)) | (Kind::Amadeus(_), Part::Nonces { .. })
        );
        ensure!(fits, "work on a piece of another protocol");
        Ok(())
    }
}

fn named(place: Place) -> String {
    match place {
        Place::Tile { row, column } => format!("tile ({}, {})", 16 * row, 16 * column),
        Place::Nonce(nonce) => format!("nonce {nonce}"),
    }
}

/// Says what was tried, where a job can't be made ready.
fn prepared<T>(made: Result<T, impl Into<anyhow::Error>>) -> Result<T> {
    made.map_err(Into::into).context("make the job ready")
}

#[cfg(test)]
mod tests;
