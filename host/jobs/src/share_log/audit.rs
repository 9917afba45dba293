//! What a log says, held against its proofs and against itself.
//!
//! Some of it can't be: answers are a source's word, devices' names, cycles, energy and times are this computer's, and
//! hits that are no shares leave nothing to compute again.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use gemmine_pouw::amadeus::{NONCE_AT, SEED_BYTES, verify_solution};
use gemmine_pouw::config::Header76;
use gemmine_pouw::limits::CERT_VERSION;
use gemmine_pouw::target;
use gemmine_pouw::verify::{Verified, verify};

use super::entry::{Credit, Entry, Share, ShareWork};
use super::proof::read_proof;
use super::storage::Files;
use crate::expected::{amadeus_macs, pearl_macs};
use crate::work::{Proof, ShareId};

/// Reads a share's proof, verifies it by the rule alone, and holds every field that follows from it against it.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_share(files: &dyn Files, share: &Share) -> Result<(), String> {
    let proof = read_proof(files, &share.proof_file, share.work.protocol(), &share.proof_blake3)
        .map_err(|error| error.to_string())?;
    match (&share.work, &proof) {
        (ShareWork::Pearl { .. }, Proof::Pearl(bytes)) => check_pearl(share, bytes),
        (ShareWork::Amadeus { .. }, Proof::Amadeus(bytes)) => check_amadeus(share, &bytes[..]),
        // Not reached: the proof was read by the work's protocol.
        _ => Err("its proof is another protocol's".to_owned()),
    }
}

fn check_pearl(share: &Share, proof: &[u8]) -> Result<(), String> {
    let ShareWork::Pearl { header, share_target, m, n, k, r, t_row, t_col, .. } = &share.work
    else {
        return Ok(());
    };
    let header = hex::decode(header).ok().and_then(|bytes| Header76::from_slice(&bytes).ok());
    let header = header.ok_or("header is not 152 hex digits")?;
    let share_target = target::parse_hex(share_target).map_err(|error| error.to_string())?;
    let verified = verify(&header, CERT_VERSION, proof, Some(share_target))
        .map_err(|refusal| format!("{}: {refusal}", refusal.rule()))?;
    let Verified { ticket, config, .. } = &verified;
    differs("share", share.share, ShareId(*ticket))?;
    for (field, claim, found) in [
        ("m", m, verified.m),
        ("n", n, verified.n),
        ("k", k, config.k),
        ("r", r, config.r.into()),
        ("t_row", t_row, verified.t_row),
        ("t_col", t_col, verified.t_col),
    ] {
        differs(field, *claim, found)?;
    }
    let (tile, network) = ((config.h(), config.w()), target::target_from_nbits(header.nbits()));
    let network = target::bound(network, tile.0, tile.1, config.k, config.r.into());
    if let Some(claim) = share.meets_network {
        differs("meets_network", claim, target::meets(ticket, network))?;
    }
    check_macs(share, pearl_macs(share_target, tile, config.k, config.r.into()))
}

fn check_amadeus(share: &Share, solution: &[u8]) -> Result<(), String> {
    let ShareWork::Amadeus { epoch, segment_vr_hash, nonce, bits } = &share.work else {
        return Ok(());
    };
    let ticket = verify_solution(solution, *bits, None)
        .map_err(|refusal| format!("{}: {refusal}", refusal.rule()))?;
    differs("share", share.share, ShareId(ticket))?;
    let found = solution.first_chunk().map_or(0, |epoch| u32::from_le_bytes(*epoch));
    differs("epoch", *epoch, found)?;
    differs("segment_vr_hash", segment_vr_hash, &hex::encode(&solution[4..36]))?;
    differs("nonce", nonce, &hex::encode(&solution[NONCE_AT..SEED_BYTES]))?;
    check_macs(share, amadeus_macs(*bits))
}

/// What a share is worth follows from what it had to meet.
fn check_macs(share: &Share, found: f64) -> Result<(), String> {
    let close = (share.macs_expected - found).abs() <= 1e-6 * found;
    if close { Ok(()) } else { differs("macs_expected", share.macs_expected, found) }
}

fn differs<T: PartialEq + Display>(field: &str, claim: T, found: T) -> Result<(), String> {
    if claim == found {
        return Ok(());
    }
    Err(format!("{field} is {claim} in the log, but {found} by the share itself"))
}

/// Holds entries against those before. It remembers the names of all shares: about 50 bytes each.
#[derive(Debug)]
pub struct Audit {
    /// The log is there from its first file on.
    complete: bool,
    seen: HashSet<ShareId>,
    /// Shares without an answer, and their source.
    pending: HashMap<ShareId, String>,
    /// By device, since its last credit or the last start.
    uncounted: HashMap<String, Uncounted>,
    uncredited: u64,
}

/// A device's shares that no credit counts yet.
#[derive(Clone, Copy, Debug, Default)]
struct Uncounted {
    shares: u64,
    macs: f64,
}

impl Audit {
    /// Of a log that is there from its beginning, or whose first files were moved away.
    #[must_use]
    pub fn new(complete: bool) -> Self {
        Self {
            complete,
            seen: HashSet::new(),
            pending: HashMap::new(),
            uncounted: HashMap::new(),
            uncredited: 0,
        }
    }

    /// Shares whose work no credit counts: found after a device's last one.
    #[must_use]
    pub fn uncredited(&self) -> u64 {
        self.uncredited + self.uncounted.values().map(|device| device.shares).sum::<u64>()
    }

    /// Shares without an answer.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Checks the next entry.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        match entry {
            Entry::Start(_) => {
                // What a process counted and did not write died with it.
                self.uncredited = self.uncredited();
                self.uncounted.clear();
                Ok(())
            }
            Entry::Share(share) => self.share(share),
            Entry::Sent(sent) => match self.pending.get(&sent.share) {
                Some(source) if *source != sent.source => Err(format!(
                    "share {} was sent to {}, and is of {source}",
                    sent.share, sent.source
                )),
                Some(_) => Ok(()),
                None => self.unknown(&sent.share, "sent"),
            },
            Entry::Answer(answer) => match self.pending.remove(&answer.share) {
                Some(_) => Ok(()),
                None => self.unknown(&answer.share, "answered"),
            },
            Entry::Credit(credit) => self.credit(credit),
            Entry::Carried(_) => Ok(()),
        }
    }

    fn share(&mut self, share: &Share) -> Result<(), String> {
        if !self.seen.insert(share.share) {
            return Err(format!("share {} is in the log already", share.share));
        }
        self.pending.insert(share.share, share.source.clone());
        let device = self.uncounted.entry(share.device.clone()).or_default();
        device.shares += 1;
        device.macs += share.macs_expected;
        Ok(())
    }

    fn unknown(&self, share: &ShareId, what: &str) -> Result<(), String> {
        match (self.seen.contains(share), self.complete) {
            (true, _) => Err(format!("share {share} was {what} after its answer")),
            (false, true) => Err(format!("share {share} was {what}, and never found")),
            (false, false) => Ok(()),
        }
    }

    /// A device has no fewer hits than shares, and no work without hits; where all its hits are shares, they are worth
    /// no more than those: a device is asked for what is as hard to find, or easier.
    fn credit(&mut self, credit: &Credit) -> Result<(), String> {
        let Credit { device, macs, hits, seconds, .. } = credit;
        let shares = self.uncounted.remove(device).unwrap_or_default();
        let numbers = [*macs, *seconds];
        if !numbers.iter().all(|number| number.is_finite() && *number >= 0.0) {
            return Err(format!("device {device} is credited with {macs} MACs in {seconds} s"));
        }
        if (*hits == 0) != (*macs == 0.0) {
            return Err(format!("device {device} is credited with {macs} MACs for {hits} hits"));
        }
        if *hits < shares.shares {
            return Err(format!("device {device} has {} shares of {hits} hits", shares.shares));
        }
        if *hits == shares.shares && *macs > shares.macs * (1.0 + 1e-6) {
            return Err(format!(
                "device {device} is credited with {macs} MACs for {hits} hits, all of them shares that \
                 are worth {}",
                shares.macs
            ));
        }
        Ok(())
    }
}
