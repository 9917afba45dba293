//! The object dialect of Pearl's pools: JSON, a line each.
//!
//! | we | it |
//! |---|---|
//! | `mining.authorize {wallet, worker, pass, agent}` | `true`, or error 24 |
//! | | `mining.notify {job_id, header, target, height, cert_version, clean_jobs}`, whenever it likes |
//! | `mining.submit {job_id, plain_proof}` | `true`, or an error |
//!
//! `clean_jobs` is not in every pool's jobs. Where it is `false`, shares of earlier jobs still count; without it they
//! do not, since a pool whose earlier jobs are over calls their shares stale, and some count stale shares against us.
//!
//! | error | what it is here |
//! |---|---|
//! | 21 | stale: there is no such job |
//! | 22, or any with "duplicate" in its words | known: it came in before |
//! | 24 | rejected, and the connection is closed for long: we are not, or no longer, let in |
//! | 20, 23, 25 and all others, and `"result": false` | rejected |

mod notify;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::text::shown;
use crate::work::{Moment, ShareId, SourceId, Submission, Verdict};

use super::connection::{PoolLogin, Timing};
use super::dialect::{Effect, Retry};
use super::rpc::{self, Message, PeerError, Requests};

/// A pool's error codes that are more than a rejection.
mod code {
    pub const JOB_NOT_FOUND: i64 = 21;
    pub const DUPLICATE: i64 = 22;
    pub const UNAUTHORISED: i64 = 24;
    /// What JSON-RPC says of a method that nobody has.
    pub const NO_SUCH_METHOD: i64 = -32601;
}

/// Longest number of a request of theirs that is answered.
const ID_MAX: usize = 64;

/// The client's side of one connection after the other.
#[derive(Debug)]
pub(super) struct Pool {
    id: SourceId,
    login: PoolLogin,
    timing: Timing,
    requests: Requests<Purpose>,
    entry: Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Entry,
    Share(ShareId),
}

/// Whether we are let in.
#[derive(Debug)]
enum Entry {
    None,
    /// Asked for, and the newest job that came since.
    Asked {
        at: Moment,
        job: Option<Box<Effect>>,
    },
    /// And when the newest job came, or we were let in.
    Granted {
        announced: Moment,
    },
}

#[derive(Serialize)]
struct Request<P> {
    id: u64,
    method: &'static str,
    params: P,
}

#[derive(Serialize)]
struct Login<'a> {
    wallet: &'a str,
    worker: &'a str,
    pass: &'a str,
    agent: &'static str,
}

#[derive(Serialize)]
struct Share<'a> {
    job_id: &'a str,
    plain_proof: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    result: Option<&'static str>,
    error: Option<AnswerError>,
}

#[derive(Serialize)]
struct AnswerError {
    code: i64,
    message: &'static str,
}

impl Pool {
    pub fn new(id: SourceId, login: PoolLogin, timing: &Timing) -> Self {
        Self { id, login, timing: *timing, requests: Requests::new(), entry: Entry::None }
    }

    pub fn connected(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let PoolLogin { wallet, worker, pass } = &self.login;
        let agent = concat!("gemmine/", env!("CARGO_PKG_VERSION"));
        let params = Login { wallet, worker, pass, agent };
        let id = self.requests.open(Purpose::Entry);
        effects.push(Effect::Send(rpc::line(&Request { id, method: "mining.authorize", params })));
        self.entry = Entry::Asked { at: now, job: None };
    }

    pub fn lost(&mut self) {
        self.requests.forget_all();
        self.entry = Entry::None;
    }

    pub fn line(&mut self, line: &[u8], now: Moment, effects: &mut Vec<Effect>) {
        let message = match Message::parse(line) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(reason) => {
                let reason = format!("{reason}; check that a pool of Pearl listens there");
                return effects.push(Effect::Fail { reason, retry: Retry::Soon });
            }
        };
        if let Some(method) = message.method() {
            return self.request(&method, &message, now, effects);
        }
        match self.requests.answered(&message) {
            Some(Purpose::Entry) => self.entry(&message, now, effects),
            Some(Purpose::Share(share)) => self.verdict(share, &message, effects),
            None => {}
        }
    }

    pub fn submit(&mut self, submission: &Submission, proof: &[u8]) -> Vec<u8> {
        let params = Share { job_id: &submission.job, plain_proof: STANDARD.encode(proof) };
        let id = self.requests.open(Purpose::Share(submission.share));
        rpc::line(&Request { id, method: "mining.submit", params })
    }

    pub fn forget(&mut self, share: ShareId) {
        self.requests.forget(&Purpose::Share(share));
    }

    pub fn wake(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.next_wake().is_none_or(|at| at > now) {
            return;
        }
        let Timing { answer_timeout, notify_timeout, .. } = self.timing;
        let reason = match self.entry {
            Entry::Granted { .. } => format!(
                "no mining.notify for {} s, although it answers: the chain may have gone on without its jobs \
                 (`notify_timeout_s` says how long to wait)",
                notify_timeout.as_secs_f64()
            ),
            Entry::None | Entry::Asked { .. } => {
                format!("no answer to mining.authorize within {} s", answer_timeout.as_secs_f64())
            }
        };
        effects.push(Effect::Fail { reason, retry: Retry::Soon });
    }

    pub fn next_wake(&self) -> Option<Moment> {
        match self.entry {
            Entry::Asked { at, .. } => Some(at.saturating_add(self.timing.answer_timeout)),
            Entry::Granted { announced } => {
                Some(announced.saturating_add(self.timing.notify_timeout))
            }
            Entry::None => None,
        }
    }

    /// Something that the pool asks or tells.
    fn request(
        &mut self,
        method: &str,
        message: &Message<'_>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let job = match method {
            "mining.notify" => match notify::parse(self.id, message.params) {
                Ok((job, earlier_valid)) => Effect::Job { job, earlier_valid },
                Err(reason) => Effect::Refused { reason },
            },
            _ => {
                effects.extend(message.id.and_then(|id| answer(method, id)).map(Effect::Send));
                return;
            }
        };
        match &mut self.entry {
            Entry::Asked { job: newest, .. } => *newest = Some(Box::new(job)),
            Entry::Granted { announced } => {
                *announced = now;
                effects.push(job);
            }
            Entry::None => effects.push(job),
        }
    }

    /// Whether we are let in.
    fn entry(&mut self, message: &Message<'_>, now: Moment, effects: &mut Vec<Effect>) {
        if message.error.is_none() && message.result.is_some_and(|result| result.get() == "true") {
            effects.push(Effect::Ready);
            if let Entry::Asked { job: Some(job), .. } =
                std::mem::replace(&mut self.entry, Entry::Granted { announced: now })
            {
                effects.push(*job);
            }
            return;
        }
        let error = message.error.map(PeerError::parse);
        let effect = match (error, message.result) {
            (Some(error), _) if error.code != code::UNAUTHORISED => {
                let reason = format!("it answers mining.authorize with {error}");
                Effect::Fail { reason, retry: Retry::Soon }
            }
            (Some(error), _) => self.unauthorised(&error.to_string()),
            (None, Some(result)) if result.get() == "false" => self.unauthorised("it says no"),
            (None, result) => {
                let seen = result.map_or("nothing".into(), |result| shown(result.get()));
                let reason = format!("it answers mining.authorize with {seen}, expected true");
                Effect::Fail { reason, retry: Retry::Soon }
            }
        };
        effects.push(effect);
    }

    fn unauthorised(&self, words: &str) -> Effect {
        let PoolLogin { wallet, worker, .. } = &self.login;
        let reason = format!(
            "unauthorised: {words}; check wallet {:?}, worker {:?} and the password",
            shown(wallet),
            shown(worker)
        );
        Effect::Fail { reason, retry: Retry::Late }
    }

    /// An answer to a share.
    fn verdict(&mut self, share: ShareId, message: &Message<'_>, effects: &mut Vec<Effect>) {
        let mut fail = None;
        let verdict = match (message.error.map(PeerError::parse), message.result) {
            (Some(PeerError { code, text: reason }), _) => match code {
                code::JOB_NOT_FOUND => Verdict::Stale { reason },
                code::DUPLICATE => Verdict::Known,
                _ if reason.to_ascii_lowercase().contains("duplicate") => Verdict::Known,
                code::UNAUTHORISED => {
                    fail = Some(self.unauthorised(&reason));
                    Verdict::Rejected { code, reason }
                }
                _ => Verdict::Rejected { code, reason },
            },
            (None, Some(result)) if result.get() == "true" => Verdict::Accepted,
            (None, Some(result)) if result.get() == "false" => {
                Verdict::Rejected { code: 0, reason: "it says no, and not why".into() }
            }
            (None, result) => {
                let seen = result.map_or("nothing".into(), |result| shown(result.get()));
                let reason = format!("it answered {seen}, which is neither yes nor no");
                Verdict::Unanswered { reason }
            }
        };
        effects.push(Effect::Answer { share, verdict: Some(verdict) });
        effects.extend(fail);
    }
}

/// An answer to a request of the pool's, if it wants one.
fn answer(method: &str, id: &RawValue) -> Option<Vec<u8>> {
    let named = id.get().starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    if !named || id.get().len() > ID_MAX {
        return None;
    }
    let (result, error) = match method {
        "mining.ping" => (Some("pong"), None),
        _ => {
            let message = "gemmine has no such method";
            (None, Some(AnswerError { code: code::NO_SUCH_METHOD, message }))
        }
    };
    Some(rpc::line(&Answer { id, result, error }))
}

#[cfg(test)]
mod tests;
