//! What a log says so far, in memory that its length does not grow: what is pending, what was counted, and the
//! newest shares' names.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::Refusal;
use super::entry::{Entry, Protocol, Share};
use super::totals::Totals;
use crate::work::ShareId;

/// Refuses what JSON can't hold, or what sums of would be such.
fn sound(value: f64, device: &str) -> Result<(), Refusal> {
    match (0.0..=1e100).contains(&value) {
        true => Ok(()),
        false => Err(Refusal::Number(device.to_owned())),
    }
}

/// A share without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its name.
    pub share: ShareId,
    /// Name of its job's source.
    pub source: Arc<str>,
    /// Name of its job.
    pub job: Arc<str>,
    /// What the source needs to see again with it; `None` if that was too long to be kept.
    pub context: Option<Arc<str>>,
    /// Device that found it.
    pub device: Arc<str>,
    /// By whose rule.
    pub protocol: Protocol,
    /// It went out on the wire, so the source may have it.
    pub sent: bool,
    /// File that holds the proof.
    pub proof_file: String,
    /// BLAKE3 of the proof's bytes.
    pub proof_blake3: String,
    /// Host clock when it was found, seconds since 1970.
    pub unix_time_s: u64,
    /// Which file of the log has its line; 0 until it is written.
    pub(super) file: u64,
    /// Counts the shares of this process.
    order: u64,
}

/// What the log says so far.
#[derive(Debug)]
pub(super) struct State {
    pending: HashMap<ShareId, Pending>,
    totals: Totals,
    recent: VecDeque<ShareId>,
    known: HashSet<ShareId>,
    recent_max: usize,
    next_order: u64,
    /// Text that many shares have in common is kept once.
    last_job: Option<(Arc<str>, Option<Arc<str>>)>,
}

impl State {
    /// Of an empty log.
    pub fn new(recent_max: usize) -> Self {
        Self {
            pending: HashMap::new(),
            totals: Totals::default(),
            recent: VecDeque::new(),
            known: HashSet::new(),
            recent_max,
            next_order: 0,
            last_job: None,
        }
    }

    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    pub fn pending(&self) -> Vec<&Pending> {
        let mut pending: Vec<&Pending> = self.pending.values().collect();
        pending.sort_by_key(|pending| pending.order);
        pending
    }

    pub fn pending_share(&self, share: &ShareId) -> Option<&Pending> {
        self.pending.get(share)
    }

    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// Whether the share is pending, or one of the newest.
    pub fn contains(&self, share: &ShareId) -> bool {
        self.pending.contains_key(share) || self.known.contains(share)
    }

    /// The oldest file that has a pending share.
    pub fn pending_since(&self) -> Option<u64> {
        self.pending.values().map(|pending| pending.file).min()
    }

    /// Where a share's line and proof are, now that they are written.
    pub fn written(&mut self, share: &Share, file: u64) {
        if let Some(pending) = self.pending.get_mut(&share.share) {
            pending.file = file;
            pending.proof_file.clone_from(&share.proof_file);
        }
    }

    /// Why an entry must not be added, if so.
    pub fn check(&self, entry: &Entry) -> Result<(), Refusal> {
        let pending = |share: &ShareId| match self.pending.contains_key(share) {
            true => Ok(()),
            false => Err(Refusal::NotPending(*share)),
        };
        match entry {
            Entry::Share(share) if self.contains(&share.share) => Err(Refusal::Known(share.share)),
            Entry::Share(share) => sound(share.macs_expected, &share.device),
            Entry::Start(_) => Ok(()),
            Entry::Sent(sent) => pending(&sent.share),
            Entry::Answer(answer) => pending(&answer.share),
            Entry::Credit(credit) => {
                sound(credit.macs, &credit.device)?;
                sound(credit.seconds, &credit.device)
            }
            Entry::Carried(_) => Err(Refusal::Carried),
        }
    }

    /// Adds an entry. One about a share that is not pending changes nothing: files before the oldest pending share's
    /// are not read again, and answers to theirs may come later.
    pub fn apply(&mut self, entry: &Entry, file: u64) {
        match entry {
            Entry::Start(_) => self.totals.starts += 1,
            Entry::Share(share) => self.found(share, file),
            Entry::Sent(sent) => {
                if let Some(pending) = self.pending.get_mut(&sent.share) {
                    pending.sent = true;
                }
            }
            Entry::Answer(answer) => {
                if let Some(pending) = self.pending.remove(&answer.share) {
                    self.totals.answered(&pending.source, &pending.device, &answer.verdict);
                }
            }
            Entry::Credit(credit) => self.totals.credited(credit),
            Entry::Carried(carried) => self.totals = carried.totals.clone(),
        }
    }

    fn found(&mut self, share: &Share, file: u64) {
        self.totals.found(&share.source, &share.device);
        let (job, context) = match self.last_job.take() {
            Some((job, context))
                if *job == *share.job && context.as_deref() == share.context.as_deref() =>
            {
                (job, context)
            }
            _ => (share.job.as_str().into(), share.context.as_deref().map(Arc::from)),
        };
        self.last_job = Some((job.clone(), context.clone()));
        let pending = Pending {
            share: share.share,
            source: share.source.as_str().into(),
            job,
            context,
            device: share.device.as_str().into(),
            protocol: share.work.protocol(),
            sent: false,
            proof_file: share.proof_file.clone(),
            proof_blake3: share.proof_blake3.clone(),
            unix_time_s: share.unix_time_s,
            file,
            order: self.next_order,
        };
        self.next_order += 1;
        self.pending.insert(share.share, pending);
        self.remember(share.share);
    }

    fn remember(&mut self, share: ShareId) {
        if self.known.insert(share) {
            self.recent.push_back(share);
        }
        while self.recent.len() > self.recent_max {
            if let Some(oldest) = self.recent.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}
