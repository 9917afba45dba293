//! Shares: proved, into the log, and only then to their source; what came of each is written down.

use std::sync::Arc;
use std::time::Duration;

use gemmine_console::status::Level;
use gemmine_driver::Identity;
use gemmine_jobs::share_log::{
    Answer, Credit, Entry, Item, Protocol, Refusal, Sent, Share, ShareWork, Start,
};
use gemmine_jobs::work::{Moment, Proof, ShareId, SourceId, Submission, Verdict, Work};
use gemmine_pouw::amadeus::{NONCE_AT, SEED_BYTES};
use gemmine_pouw::target;

use super::{Found, Miner, SHARES_AT_ONCE, counts};
use crate::crew::DeviceId;
use crate::piece::Place;
use crate::production::{Check, Claim, Kind, Production, Proven};

impl Miner {
    pub(super) fn log_start(&mut self) {
        let start = Start {
            version: self.options.version.clone(),
            run: format!("{:016x}", self.options.seed),
            unix_time_s: (self.wall)(),
        };
        self.append(Entry::Start(start).into());
    }

    /// Shares of an earlier run that have no answer go to their sources.
    pub(super) fn resubmit(&mut self, now: Moment) {
        let pending: Vec<_> = self
            .log
            .pending()
            .iter()
            .map(|share| (share.share, Arc::clone(&share.source)))
            .collect();
        for (share, source) in pending {
            let id = self.source_named(&source).ok();
            match id.and_then(|id| self.outboxes.get_mut(id.0)) {
                Some(outbox) => outbox.add_earlier(share),
                // Its source may be back in the next run.
                None => {
                    let text = format!(
                        "share {} of an earlier run waits for source {source}, which is not configured",
                        short(share)
                    );
                    self.line(Level::Warning, "miner", text);
                }
            }
        }
        self.feed_all(now);
    }

    /// Proves some of the shares that wait, logs them together, and submits them.
    pub(super) fn share_some(&mut self) {
        let count = self.found.len().min(SHARES_AT_ONCE);
        let found: Vec<Found> = self.found.drain(..count).collect();
        let proven = found.into_iter().filter_map(|found| self.prove(&found)).collect::<Vec<_>>();
        let mut submissions = Vec::new();
        let mut items = Vec::new();
        for (id, production, entry, proof) in proven {
            let (share, job) = (entry.share, &production.job);
            // Two devices may make the same ticket, when one was lost in the middle of it.
            let twice = submissions.iter().any(|(_, known): &(_, Submission)| known.share == share);
            if twice || self.log.contains(&share) {
                continue;
            }
            items.push(Item::share(entry, proof.clone()));
            let (name, context) = (Arc::clone(&job.name), Arc::clone(&job.context));
            let about = format!("device {}", self.crew.devices()[id.0].name());
            self.line(Level::Info, &about, format!("share {} for job {name}", short(share)));
            submissions.push((job.source, Submission { share, job: name, context, proof }));
        }
        if items.is_empty() {
            return;
        }
        if let Err(refusal) = self.log.append_all(items) {
            self.line(
                Level::Error,
                "miner",
                format!("failed to {refusal}; it is submitted all the same"),
            );
        }
        for (source, submission) in submissions {
            let logged = self.log.contains(&submission.share);
            self.submit(source, submission, logged);
        }
    }

    /// A share as it is logged and sent.
    fn prove(&mut self, found: &Found) -> Option<(DeviceId, Arc<Production>, Share, Proof)> {
        let (id, production, claim) = found;
        let about = format!("device {}", self.crew.devices()[id.0].name());
        let proven = production.prove(claim);
        let checked = production.check(claim, &production.share());
        match (proven, checked) {
            (Ok(Proven { proof, meets_network }), Ok(Check::Hit { share, is_share: true })) => {
                let entry = self.describe(*id, production, claim, share, &proof, meets_network)?;
                Some((*id, Arc::clone(production), entry, proof))
            }
            (Err(error), _) | (_, Err(error)) => {
                self.line(Level::Error, &about, format!("lost a share: failed to {error:#}"));
                None
            }
            (Ok(_), Ok(_)) => {
                self.line(
                    Level::Error,
                    &about,
                    "lost a share: it was none when it was proved".into(),
                );
                None
            }
        }
    }

    fn describe(
        &self,
        id: DeviceId,
        production: &Production,
        claim: &Claim,
        share: ShareId,
        proof: &Proof,
        meets_network: bool,
    ) -> Option<Share> {
        let (job, device) = (&production.job, &self.crew.devices()[id.0]);
        let identity = device.identity();
        Some(Share {
            share,
            source: self.source_name(job.source).to_owned(),
            job: job.name.to_string(),
            context: Some(job.context.to_string()),
            height: job.height,
            work: self.share_work(production, claim, proof)?,
            meets_network: Some(meets_network),
            device: device.name().to_owned(),
            geometry: identity.map(Identity::array).unwrap_or_default(),
            build: device.build(),
            device_cycle: Some(claim.cycle).filter(|cycle| *cycle > 0),
            macs_expected: production.share().tickets_per_hit() * production.macs_per_ticket(),
            energy_pj: None,
            energy_source: "none measured".into(),
            proof_file: String::new(),
            proof_blake3: String::new(),
            unix_time_s: (self.wall)(),
        })
    }

    fn share_work(
        &self,
        production: &Production,
        claim: &Claim,
        proof: &Proof,
    ) -> Option<ShareWork> {
        Some(match (&production.kind, &production.job.work, claim.place, proof) {
            (
                Kind::Pearl(pearl),
                Work::Pearl { header, share_target, .. },
                Place::Tile { row, column },
                _,
            ) => {
                let product = pearl.product();
                ShareWork::Pearl {
                    header: hex::encode(header.as_bytes()),
                    share_target: target::to_hex(*share_target),
                    m: product.a.rows() as u32,
                    n: product.bt.rows() as u32,
                    k: product.a.k() as u32,
                    r: product.rank.into(),
                    t_row: 16 * row,
                    t_col: 16 * column,
                    seed: self.options.seed,
                    pass: claim.pass,
                }
            }
            (_, work, _, Proof::Amadeus(solution)) => ShareWork::Amadeus {
                epoch: solution
                    .first_chunk()
                    .map(|epoch| u32::from_le_bytes(*epoch))
                    .unwrap_or_default(),
                segment_vr_hash: hex::encode(&solution[4..36]),
                nonce: hex::encode(&solution[NONCE_AT..SEED_BYTES]),
                bits: if let Work::Amadeus { bits, .. } = work { *bits } else { 0 },
            },
            // A job, its production and its proof are of one protocol: `Production::new` sees to that.
            _ => return None,
        })
    }

    pub(super) fn log_sent(&mut self, id: SourceId, share: ShareId) {
        let source = self.source_name(id).to_owned();
        self.append(Entry::Sent(Sent { share, source, unix_time_s: (self.wall)() }).into());
    }

    pub(super) fn log_answer(
        &mut self,
        about: &str,
        share: ShareId,
        verdict: &Verdict,
        latency: Duration,
    ) {
        let level = if counts(verdict) { Level::Info } else { Level::Warning };
        let text = match verdict {
            Verdict::Accepted => "accepted".to_owned(),
            Verdict::Acknowledged => "acknowledged".to_owned(),
            Verdict::Known => "accepted before".to_owned(),
            Verdict::Stale { reason } => format!("stale: {reason}"),
            Verdict::Rejected { code, reason } => format!("rejected ({code}): {reason}"),
            Verdict::Unanswered { reason } => format!("unanswered: {reason}"),
        };
        self.line(level, about, format!("share {} {text}", short(share)));
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        let answer =
            Answer { share, verdict: verdict.clone(), latency_ms, unix_time_s: (self.wall)() };
        self.append(Entry::Answer(answer).into());
    }

    /// Writes down what devices' verified hits prove since the last time.
    pub(super) fn credit(&mut self, now: Moment) {
        let seconds = now.saturating_sub(self.credited).as_secs_f64();
        self.credited = now;
        let unix_time_s = (self.wall)();
        let protocol = match self.crew.production().map(|production| &production.kind) {
            Some(Kind::Amadeus(_)) => Protocol::Amadeus,
            _ => Protocol::Pearl,
        };
        let credits = self.crew.take_credits().into_iter().map(|(name, build, credit)| {
            let credit = Credit {
                device: name,
                build,
                protocol,
                macs: credit.macs,
                hits: credit.hits,
                wrong: credit.wrong,
                seconds,
                unix_time_s,
            };
            Entry::Credit(credit).into()
        });
        let credits: Vec<Item> = credits.collect();
        if !credits.is_empty()
            && let Err(refusal) = self.log.append_all(credits)
        {
            self.line(Level::Error, "miner", format!("failed to {refusal}"));
        }
    }

    fn append(&mut self, item: Item) {
        match self.log.append(item) {
            // What is said twice, or of a share of a run before, changes nothing.
            Ok(_) | Err(Refusal::NotPending(_)) => {}
            Err(refusal) => self.line(Level::Error, "miner", format!("failed to {refusal}")),
        }
    }
}

/// Enough of a name to find a share by.
pub(super) fn short(share: ShareId) -> String {
    hex::encode(&share.0[..8])
}
