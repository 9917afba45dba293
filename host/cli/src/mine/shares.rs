//! From a hit to a share: the host computes the tile again, proves it, verifies its own proof, and only
//! then stores it.

use anyhow::{Result, bail};
use gemmine_driver::{Completion, Identity};
use gemmine_pouw::U256;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::target;
use gemmine_pouw::tile;
use gemmine_pouw::verify::verify;

use super::store::Store;
use crate::job::Job;
use crate::receipts::Receipt;

/// What became of a hit.
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
    /// The host computes something else: an error of the device, with a line for people.
    Wrong(String),
}

/// Turns hits into shares.
#[derive(Debug)]
pub struct Keeper {
    job: Job,
    share_target: U256,
    seed: u64,
    device: String,
    geometry: String,
    store: Store,
}

impl Keeper {
    /// Keeps shares of a job in a folder.
    pub fn new(job: Job, share_target: U256, seed: u64, identity: &Identity, store: Store) -> Self {
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

    /// Rechecks a hit and, if it holds, stores it.
    ///
    /// # Errors
    /// If the share can't be stored, or the verifier refuses a proof made here.
    pub fn keep(
        &mut self,
        prepared: &PreparedJob,
        pass: u64,
        (t_row, t_col): (u32, u32),
        completion: &Completion,
    ) -> Result<Found> {
        let golden = prepared.golden(t_row, t_col)?;
        let ticket = tile::ticket(&prepared.seeds().a, &golden.register);
        let bound = prepared.bound(Some(self.share_target));
        if completion.ticket != ticket || !target::meets(&ticket, bound) {
            return Ok(Found::Wrong(format!(
                "hit refused: device {} reports ticket {} for the tile at ({t_row}, {t_col}), the host \
                 computes {}",
                self.device,
                hex::encode(completion.ticket),
                hex::encode(ticket)
            )));
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
            device_cycle: completion.cycle,
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
