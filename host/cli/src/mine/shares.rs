//! From a hit to a share: the host computes the tile again, proves it, verifies its own proof, and only
//! then stores it.

use anyhow::{Result, bail};
use gemmine_driver::{Completion, Identity};
use gemmine_pouw::U256;
use gemmine_pouw::digest::Digest;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::target;
use gemmine_pouw::tile;
use gemmine_pouw::verify::verify;

use super::store::Store;
use crate::job::GatewayJob;
use crate::receipts::Receipt;

/// What a device says of a tile.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Its ticket, where the device says which.
    pub ticket: Option<Digest>,
    /// Whether that meets the bound.
    pub hit: bool,
    /// Device cycle of the completion that says so.
    pub cycle: u64,
}

impl Claim {
    /// What a completion says of its own tile, or of its last one.
    pub fn of(completion: &Completion) -> Self {
        let Completion { ticket, hit, cycle, .. } = *completion;
        Self { ticket: Some(ticket), hit, cycle }
    }
}

/// What became of a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Stored.
    Share {
        /// Whether it meets the network's own target too.
        meets_network: bool,
        /// For people.
        line: String,
    },
    /// An earlier run stored it.
    Known,
    /// It is no hit, as the device says.
    Miss,
    /// The host computes something else: an error of the device, with a line for people.
    Wrong(String),
}

/// Turns hits into shares.
#[derive(Debug)]
pub struct Keeper {
    job: GatewayJob,
    share_target: U256,
    seed: u64,
    device: String,
    geometry: String,
    store: Store,
}

impl Keeper {
    /// Keeps shares of a job in a folder.
    pub fn new(
        job: GatewayJob,
        share_target: U256,
        seed: u64,
        identity: &Identity,
        store: Store,
    ) -> Self {
        let geometry = identity.array();
        Self { job, share_target, seed, device: identity.name.clone(), geometry, store }
    }

    /// Seed of the nonces.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What shares must meet, before scaling.
    pub fn share_target(&self) -> U256 {
        self.share_target
    }

    /// The pass after the first one: where an earlier run with this seed left off.
    pub fn resume_pass(&self) -> u64 {
        self.store.last_pass(self.seed).unwrap_or(0).max(1)
    }

    /// Rechecks what a device says of a tile and, if that is a hit and holds, stores it.
    ///
    /// # Errors
    /// If the share can't be stored, or the verifier refuses a proof made here.
    pub fn keep(
        &mut self,
        prepared: &PreparedJob,
        pass: u64,
        (t_row, t_col): (u32, u32),
        claim: &Claim,
    ) -> Result<Found> {
        let golden = prepared.golden(t_row, t_col)?;
        let ticket = tile::ticket(&prepared.seeds().a, &golden.register);
        let bound = prepared.bound(Some(self.share_target));
        let is_hit = target::meets(&ticket, bound);
        let other = claim.ticket.filter(|said| *said != ticket);
        if other.is_some() || claim.hit != is_hit {
            return Ok(Found::Wrong(format!(
                "{} refused: device {} reports {} for the tile at ({t_row}, {t_col}), the host computes \
                 ticket {}, {}",
                if claim.hit { "hit" } else { "ticket" },
                self.device,
                match other {
                    Some(said) => format!("ticket {}", hex::encode(said)),
                    None if claim.hit => "a hit".to_owned(),
                    None => "no hit".to_owned(),
                },
                hex::encode(ticket),
                if is_hit { "a hit" } else { "no hit" }
            )));
        }
        if !is_hit {
            return Ok(Found::Miss);
        }
        if self.store.has_ticket(&hex::encode(ticket)) {
            return Ok(Found::Known);
        }
        let proof = prepared.proof(t_row, t_col)?.encode();
        let (header, version) = (&self.job.header, self.job.cert_version);
        if let Err(refusal) = verify(header, version, &proof, Some(self.share_target)) {
            bail!(
                "prove a share: gemmine's own verifier refuses it: {}: {refusal}",
                refusal.rule()
            );
        }
        let meets_network = target::meets(&ticket, prepared.bound(None));
        let receipt = Receipt {
            share_file: String::new(),
            proof_blake3: String::new(),
            ticket: hex::encode(ticket),
            meets_network,
            share_target: target::to_hex(self.share_target),
            header: hex::encode(header.as_bytes()),
            job_key: hex::encode(prepared.job_key()),
            cert_version: version,
            m: prepared.a().rows(),
            n: prepared.bt().rows(),
            k: prepared.a().k(),
            r: prepared.config().r.into(),
            t_row: t_row as usize,
            t_col: t_col as usize,
            seed: self.seed,
            pass,
            device: self.device.clone(),
            geometry: self.geometry.clone(),
            device_cycle: claim.cycle,
            unix_time_s: 0,
            energy_pj: None,
            energy_source: "none measured".to_owned(),
        };
        let path = self.store.save(&proof, receipt)?;
        let line = format!(
            "share: {}, tile ({t_row}, {t_col}) of pass {pass}, ticket {}",
            path.display(),
            hex::encode(ticket)
        );
        Ok(Found::Share { meets_network, line })
    }
}

#[cfg(test)]
mod tests;
