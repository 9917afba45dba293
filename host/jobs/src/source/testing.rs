//! A source on a bench: told what happens and when, and read as lines of text.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::work::{Moment, Proof, ShareId, SourceEvent, SourceId, Submission, Verdict};

use super::connection::{Dialect, Output, PoolLogin, Source, SourceOptions, Timing};

/// The clock's unit here.
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A job as a gateway sent it, recorded from pearl-gateway.
pub(super) const GATEWAY_JOB: &str = r#"{"incomplete_header_bytes": "AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAn56dnJuamZiXlpWUk5KRkI+OjYyLiomIh4aFhIOCgYBmZmZmAAABHg==", "target": 6901746346790563787434755862277025452451108972170386555162524223799296, "cert_version": 3, "ancestor_headers": []}"#;

/// A pool's line with a job of this name.
pub(super) fn notify(name: &str) -> String {
    notify_with(name, "")
}

/// The same with more keys.
pub(super) fn notify_with(name: &str, more: &str) -> String {
    let context = context();
    let (header, target) = context.split_once(' ').unwrap();
    format!(
        r#"{{"id":null,"method":"mining.notify","params":{{"job_id":"{name}","header":"{header}","target":"{target}","height":7,"cert_version":3{more}}}}}"#
    )
}

/// The context of each job of [`notify`]: its header and its target.
pub(super) fn context() -> String {
    format!("{}0000011e {:064x}", "20".repeat(72), 0xffff_u64)
}

/// A share by its number.
pub(super) fn share(number: u16) -> ShareId {
    let mut name = [0; 32];
    name[..2].copy_from_slice(&number.to_le_bytes());
    ShareId(name)
}

/// A submission of a share for a job of [`notify`], whose proof is its number.
pub(super) fn submission(number: u16, job: &str) -> Submission {
    let proof = Proof::Pearl(number.to_le_bytes().to_vec().into());
    Submission { share: share(number), job: job.into(), context: context().into(), proof }
}

/// A submission's proof as it is sent.
pub(super) fn proof(number: u16) -> String {
    STANDARD.encode(number.to_le_bytes())
}

/// The login of a bench's pool.
pub(super) fn login() -> PoolLogin {
    PoolLogin { wallet: "prl1bench".into(), worker: "rig".into(), pass: "secret".into() }
}

/// A source, and the time.
pub(super) struct Bench {
    pub source: Source,
    pub now: Moment,
}

impl Bench {
    pub fn new(dialect: Dialect) -> Self {
        let (id, endpoint, timing) = (SourceId(3), "bench".into(), Timing::default());
        let options = SourceOptions { id, endpoint, dialect, timing };
        Self { source: Source::new(options, 1), now: 1000 * SECOND }
    }

    /// A pool that has let us in.
    pub fn pool() -> Self {
        let mut bench = Self::new(Dialect::Pool(login()));
        bench.source.activate(bench.now);
        bench.connect();
        assert_eq!(bench.line(&answer(1, "true")), ["up"]);
        bench
    }

    /// A gateway that has been asked for its first job, by request 1.
    pub fn gateway() -> Self {
        let mut bench = Self::new(Dialect::Gateway);
        bench.source.activate(bench.now);
        bench.connect();
        bench
    }

    /// Connects, as the source wants to, and gives what it does then.
    pub fn connect(&mut self) -> Vec<String> {
        assert_eq!(self.all(), ["connect"]);
        self.source.connected(self.now);
        self.all()
    }

    /// A pool that has lost us lets us in again.
    pub fn again(&mut self, request: u64) -> Vec<String> {
        self.pass(self.source.next_wake().unwrap() - self.now);
        self.connect();
        self.line(&answer(request, "true"))
    }

    /// So much time passes.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.source.wake(self.now);
    }

    /// A line comes.
    pub fn line(&mut self, line: &str) -> Vec<String> {
        self.source.received(format!("{line}\n").as_bytes(), self.now);
        self.all()
    }

    /// A share is found.
    pub fn submit(&mut self, number: u16, job: &str) -> Vec<String> {
        self.source.submit(submission(number, job), self.now).unwrap();
        self.all()
    }

    /// The connection breaks.
    pub fn close(&mut self) -> Vec<String> {
        self.source.closed("cut", self.now);
        self.all()
    }

    /// All that the source does.
    pub fn all(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.source.poll()).map(|output| text(&output)).collect()
    }
}

/// An answer to one of our requests.
pub(super) fn answer(request: u64, result: &str) -> String {
    format!(r#"{{"id":{request},"result":{result},"error":null}}"#)
}

/// An answer that is an error.
pub(super) fn error(request: u64, error: &str) -> String {
    format!(r#"{{"id":{request},"result":null,"error":{error}}}"#)
}

/// What a source does, as a line.
pub(super) fn text(output: &Output) -> String {
    match output {
        Output::Connect => "connect".into(),
        Output::Close => "close".into(),
        Output::Send(bytes) => {
            let line = String::from_utf8(bytes.clone()).unwrap();
            format!("send {}", line.strip_suffix('\n').unwrap())
        }
        Output::Event(event) => event_text(event),
    }
}

/// What a source says, as a line.
pub(super) fn event_text(event: &SourceEvent) -> String {
    let number = |share: &ShareId| u16::from_le_bytes([share.0[0], share.0[1]]);
    match event {
        SourceEvent::Up => "up".into(),
        SourceEvent::Job { job, earlier_valid: false } => format!("job {}", job.name),
        SourceEvent::Job { job, earlier_valid: true } => format!("job {} too", job.name),
        SourceEvent::Paused { reason } => format!("paused: {reason}"),
        SourceEvent::Refused { reason } => format!("refused: {reason}"),
        SourceEvent::Sent { share } => format!("sent {}", number(share)),
        SourceEvent::Down { reason, .. } => format!("down: {reason}"),
        SourceEvent::Answer { share, verdict, .. } => {
            let verdict = match verdict {
                Verdict::Accepted => "accepted".into(),
                Verdict::Acknowledged => "acknowledged".into(),
                Verdict::Known => "known".into(),
                Verdict::Stale { reason } => format!("stale: {reason}"),
                Verdict::Rejected { code, reason } => format!("rejected {code}: {reason}"),
                Verdict::Unanswered { reason } => format!("unanswered: {reason}"),
            };
            format!("{} {verdict}", number(share))
        }
    }
}
