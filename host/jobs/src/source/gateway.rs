//! The dialect of a pearl-gateway: JSON-RPC 2.0, a line each. It is asked for work again and again.
//!
//! | we | it |
//! |---|---|
//! | `getMiningInfo {}` | the job; error -32001: no work for now |
//! | `submitPlainProof {plain_proof, mining_job}` | `"submitted"`, which says nothing of its worth |
//!
//! `mining_job` must be the object that it sent, digit by digit. It is kept as text.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemmine_pouw::{digest, limits};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::job::GatewayJob;
use crate::text::shown;
use crate::work::{Job, Moment, ShareId, SourceId, Submission, Verdict, Work};

use super::connection::Timing;
use super::dialect::{Effect, Retry};
use super::rpc::{self, Message, PeerError, Requests};

/// A gateway's error code for having no work.
const MINING_PAUSED: i64 = -32001;

/// The client's side of one connection after the other.
#[derive(Debug)]
pub(super) struct Gateway {
    id: SourceId,
    timing: Timing,
    requests: Requests<Purpose>,
    poll: Poll,
    /// It has answered once as a gateway does.
    ready: bool,
    /// The job that was told last, unless something else was told since.
    told: Option<GatewayJob>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Work,
    Share(ShareId),
}

/// When to ask for work.
#[derive(Clone, Copy, Debug)]
enum Poll {
    Idle,
    At(Moment),
    Asked { at: Moment },
}

#[derive(Serialize)]
struct Request<P> {
    jsonrpc: &'static str,
    method: &'static str,
    id: u64,
    params: P,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Proof<'a> {
    plain_proof: String,
    mining_job: &'a RawValue,
}

impl Gateway {
    pub fn new(id: SourceId, timing: &Timing) -> Self {
        let (timing, requests) = (*timing, Requests::new());
        Self { id, timing, requests, poll: Poll::Idle, ready: false, told: None }
    }

    pub fn connected(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.ask(now, effects);
    }

    pub fn lost(&mut self) {
        self.requests.forget_all();
        self.poll = Poll::Idle;
        self.ready = false;
        self.told = None;
    }

    pub fn line(&mut self, line: &[u8], now: Moment, effects: &mut Vec<Effect>) {
        let message = match Message::parse(line) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(reason) => {
                let reason = format!("{reason}; check that a gateway listens there");
                return effects.push(Effect::Fail { reason, retry: Retry::Soon });
            }
        };
        // It asks nothing of us, and what answers nothing that we asked is not for us.
        match self.requests.answered(&message) {
            Some(Purpose::Work) => self.work(&message, now, effects),
            Some(Purpose::Share(share)) => self.verdict(share, &message, effects),
            None => {}
        }
    }

    pub fn check_context(submission: &Submission) -> Result<(), String> {
        let context = &submission.context;
        match serde_json::from_str::<&RawValue>(context) {
            Ok(raw) if raw.get().starts_with('{') => Ok(()),
            _ => Err(format!("its job {:?} is not the object that a gateway sent", shown(context))),
        }
    }

    pub fn submit(&mut self, submission: &Submission, proof: &[u8]) -> Vec<u8> {
        // Between values JSON may have ends of lines, in a file or a log; on the wire a line ends there.
        let context = submission.context.replace(['\n', '\r'], " ");
        let mining_job = RawValue::from_string(context).unwrap_or_default();
        let params = Proof { plain_proof: STANDARD.encode(proof), mining_job: &mining_job };
        let id = self.requests.open(Purpose::Share(submission.share));
        rpc::line(&Request { jsonrpc: "2.0", method: "submitPlainProof", id, params })
    }

    pub fn forget(&mut self, share: ShareId) {
        self.requests.forget(&Purpose::Share(share));
    }

    pub fn wake(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        match self.poll {
            Poll::At(at) if at <= now => self.ask(now, effects),
            Poll::Asked { at } if at.saturating_add(self.timing.answer_timeout) <= now => {
                let seconds = self.timing.answer_timeout.as_secs_f64();
                let reason = format!("no answer to getMiningInfo within {seconds} s");
                effects.push(Effect::Fail { reason, retry: Retry::Soon });
            }
            _ => {}
        }
    }

    pub fn next_wake(&self) -> Option<Moment> {
        match self.poll {
            Poll::Idle => None,
            Poll::At(at) => Some(at),
            Poll::Asked { at } => Some(at.saturating_add(self.timing.answer_timeout)),
        }
    }

    fn ask(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.poll = Poll::Asked { at: now };
        let id = self.requests.open(Purpose::Work);
        let request = Request { jsonrpc: "2.0", method: "getMiningInfo", id, params: Nothing {} };
        effects.push(Effect::Send(rpc::line(&request)));
    }

    /// An answer to the question for work.
    fn work(&mut self, message: &Message<'_>, now: Moment, effects: &mut Vec<Effect>) {
        self.poll = Poll::At(now.saturating_add(self.timing.poll_interval));
        let work = match (message.error.map(PeerError::parse), message.result) {
            (Some(error), _) if error.code == MINING_PAUSED => {
                Effect::Paused { reason: error.text }
            }
            (Some(error), _) => {
                let reason = format!(
                    "it answers getMiningInfo with {error}; check that a gateway of Pearl listens \
                     there"
                );
                return effects.push(Effect::Fail { reason, retry: Retry::Soon });
            }
            (None, Some(result)) => match self.job(result.get()) {
                Ok(None) => return,
                Ok(Some(job)) => Effect::Job { job, earlier_valid: false },
                Err(reason) => Effect::Refused { reason },
            },
            (None, None) => {
                let reason =
                    "it answers getMiningInfo with neither result nor error; check that a \
                              gateway of Pearl listens there"
                        .into();
                return effects.push(Effect::Fail { reason, retry: Retry::Soon });
            }
        };
        if !std::mem::replace(&mut self.ready, true) {
            effects.push(Effect::Ready);
        }
        if !matches!(work, Effect::Job { .. }) {
            self.told = None;
        }
        effects.push(work);
    }

    /// A job that was not told yet, or why there is none.
    fn job(&mut self, text: &str) -> Result<Option<Job>, String> {
        let found = GatewayJob::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        limits::check_cert_version(found.cert_version).map_err(|error| error.to_string())?;
        if self.told.as_ref().is_some_and(|told| told.same_work(&found)) {
            return Ok(None);
        }
        let network_target = found.network_target();
        let share_target = found.share_target.unwrap_or(network_target);
        if share_target.is_zero() {
            let nbits = found.header.nbits();
            return Err(format!(
                "its target is 0, which no ticket meets (nbits {nbits:#010x}); check the node \
                 behind the gateway"
            ));
        }
        let work = Work::Pearl { header: found.header, share_target, network_target };
        let name = hex::encode(&digest::hash(text.as_bytes())[..8]);
        let (name, context) = (Arc::from(name), Arc::from(text));
        self.told = Some(found);
        Ok(Some(Job { source: self.id, name, context, height: None, work }))
    }

    /// An answer to a share.
    fn verdict(&mut self, share: ShareId, message: &Message<'_>, effects: &mut Vec<Effect>) {
        let verdict = match (message.error.map(PeerError::parse), message.result) {
            (Some(error), _) if error.code == MINING_PAUSED => {
                self.told = None;
                effects.push(Effect::Answer { share, verdict: None });
                return effects.push(Effect::Paused { reason: error.text });
            }
            (Some(error), _) => Verdict::Rejected { code: error.code, reason: error.text },
            (None, Some(result)) if result.get() == "\"submitted\"" => Verdict::Acknowledged,
            (None, result) => {
                let seen = result.map_or("nothing".into(), |result| shown(result.get()));
                let reason = format!("it answered {seen}, which is neither yes nor no");
                Verdict::Unanswered { reason }
            }
        };
        effects.push(Effect::Answer { share, verdict: Some(verdict) });
    }
}

#[cfg(test)]
mod tests;
