//! What a pool's and a gateway's lines say.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_jobs::work::{Moment, ShareId};
use gemmine_pouw::limits::CERT_VERSION;
use gemmine_pouw::target::to_hex;
use gemmine_pouw::verify::verify;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Mode, Pool, PoolJob, Reply, TOLD};
use crate::oracle::Oracle;

#[derive(Deserialize)]
struct Request<'a> {
    id: u64,
    method: String,
    #[serde(borrow)]
    params: &'a RawValue,
}

#[derive(Deserialize)]
struct PoolShare {
    job_id: String,
    plain_proof: String,
}

#[derive(Deserialize)]
struct GatewayShare<'a> {
    plain_proof: String,
    #[serde(borrow)]
    mining_job: &'a RawValue,
}

/// A share as it came.
struct Arrived<'a> {
    connection: u64,
    id: u64,
    job: &'a str,
    proof: &'a str,
}

pub fn notify(job: &PoolJob) -> Vec<u8> {
    // Where it is true it need not be there.
    let clean = match job.clean {
        true if job.height.is_multiple_of(2) => "",
        true => r#","clean_jobs":true"#,
        false => r#","clean_jobs":false"#,
    };
    let PoolJob { name, header, share_target, height, .. } = job;
    format!(
        r#"{{"id":null,"method":"mining.notify","params":{{"job_id":"{name}","header":"{}","target":"{}","height":{height},"cert_version":3{clean}}}}}"#,
        hex::encode(header.as_bytes()),
        to_hex(*share_target)
    )
    .into_bytes()
}

fn answer(id: u64, result: &str) -> Vec<u8> {
    format!(r#"{{"id":{id},"result":{result},"error":null}}"#).into_bytes()
}

fn refusal(id: u64, code: i64, words: &str) -> Vec<u8> {
    format!(r#"{{"id":{id},"result":null,"error":{{"code":{code},"message":"{words}"}}}}"#)
        .into_bytes()
}

impl Pool {
    /// A whole line has come.
    pub(super) fn line(
        &mut self,
        connection: u64,
        line: &[u8],
        now: Moment,
        oracle: &mut Oracle,
        replies: &mut Vec<Reply>,
    ) -> Result<(), String> {
        let broken = |error| format!("a miner's line can't be read: {error}");
        let request: Request<'_> = serde_json::from_slice(line).map_err(broken)?;
        let params = request.params.get();
        let mut send = |line| replies.push(Reply::Send(connection, line, Duration::ZERO));
        match request.method.as_str() {
            "mining.authorize" | "getMiningInfo" if self.mode == Mode::Silent => {}
            "mining.authorize" if self.mode == Mode::Unauthorised => {
                send(refusal(request.id, 24, "unauthorized worker"));
            }
            "mining.authorize" => {
                if let Some(session) = self.sessions.get_mut(&connection) {
                    session.entered = true;
                }
                send(answer(request.id, "true"));
                replies.extend(self.notify(connection, now));
            }
            "getMiningInfo" => {
                let Some(job) = self.newest() else {
                    send(refusal(request.id, -32001, "no work yet"));
                    return Ok(());
                };
                let (name, header) = (Arc::clone(&job.name), job.header);
                send(answer(request.id, &job.text));
                self.told(connection, name, header, now);
            }
            "mining.submit" => {
                let share: PoolShare = serde_json::from_str(params).map_err(broken)?;
                let (job, proof) = (&*share.job_id, &*share.plain_proof);
                let arrived = Arrived { connection, id: request.id, job, proof };
                replies.extend(self.submitted(&arrived, now, oracle)?);
            }
            "submitPlainProof" => {
                let share: GatewayShare<'_> = serde_json::from_str(params).map_err(broken)?;
                let hash = blake3::hash(share.mining_job.get().as_bytes());
                let (job, proof) = (&*hex::encode(&hash.as_bytes()[..8]), &*share.plain_proof);
                let arrived = Arrived { connection, id: request.id, job, proof };
                replies.extend(self.submitted(&arrived, now, oracle)?);
            }
            method => return Err(format!("a miner asks for {method}")),
        }
        Ok(())
    }

    /// A share has come: it must be right, whatever becomes of it.
    fn submitted(
        &mut self,
        arrived: &Arrived<'_>,
        now: Moment,
        oracle: &mut Oracle,
    ) -> Result<Option<Reply>, String> {
        let (name, connection) = (self.name(), arrived.connection);
        let unknown =
            || format!("{name} gets a share of job {}, which is not its own", arrived.job);
        let job = self.jobs.get(arrived.job).ok_or_else(unknown)?;
        let proof = STANDARD.decode(arrived.proof);
        let proof = proof.map_err(|error| format!("a proof is no base64: {error}"))?;
        let verified = verify(&job.header, CERT_VERSION, &proof, Some(job.share_target));
        let verified =
            verified.map_err(|refusal| format!("{name} gets an invalid share: {refusal}"))?;
        let share = ShareId(verified.ticket);
        let Some(session) = self.sessions.get_mut(&connection) else { return Ok(None) };
        if !session.seen.insert(share) {
            return Err(format!("{name} gets share {share} twice over one connection"));
        }
        let well = self.well_since.zip(session.told).filter(|(well, told)| well <= told);
        if let (Some((_, told)), Some(ended), false) = (well, job.ended, self.is_gateway)
            && told.max(ended) + TOLD < now
        {
            return Err(format!("{name} gets share {share} of a job that is over, as it had said"));
        }
        let repeated = oracle.received(self.id, share, &job.name)?;
        let line = self.answer(arrived.id, share, repeated, job.ended.is_some(), oracle);
        if std::mem::take(&mut self.drops_next) {
            self.stumbles(now);
            return Ok(Some(Reply::HangUp(connection)));
        }
        let late = match self.mode {
            Mode::Silent => return Ok(None),
            Mode::LosesAnswers if self.random.one_in(2) => {
                return Ok(Some(Reply::HangUp(connection)));
            }
            Mode::Late => self.random.between(5.0, 45.0),
            _ => self.random.between(0.001, 0.4),
        };
        Ok(Some(Reply::Send(connection, line, late)))
    }

    /// What it says to a share, and whether it counts it.
    fn answer(
        &mut self,
        id: u64,
        share: ShareId,
        repeated: bool,
        over: bool,
        oracle: &mut Oracle,
    ) -> Vec<u8> {
        let refuses = !self.is_gateway && self.mode == Mode::Rejects && self.random.one_in(3);
        if !repeated && !over && !refuses {
            self.credited += 1;
            oracle.credited(share);
        }
        // A gateway says so of any, and counts those of its newest job.
        match (self.is_gateway, repeated, over, refuses) {
            (true, ..) => answer(id, "\"submitted\""),
            (_, true, ..) => refusal(id, 22, "duplicate share"),
            (_, _, true, _) => refusal(id, 21, "job not found"),
            (_, _, _, false) => answer(id, "true"),
            (_, _, _, true) => {
                oracle.refused(share);
                match self.random.below(4) {
                    0 => refusal(id, 20, "other"),
                    1 => refusal(id, 23, "low difficulty"),
                    2 => refusal(id, 25, "not subscribed"),
                    _ => answer(id, "false"),
                }
            }
        }
    }
}
