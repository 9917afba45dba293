//! A source that runs, and what it says, as lines of text.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, bounded, unbounded};
use gemmine_jobs::source::connection::{Dialect, PoolLogin, SourceOptions, Timing};
use gemmine_jobs::source::endpoint::Endpoint;
use gemmine_jobs::source::handle::{Command, SourceHandle};
use gemmine_jobs::source::sockets::{self, SocketOptions, SpawnError};
use gemmine_jobs::work::{Job, Proof, ShareId, SourceEvent, SourceId, Submission, Verdict};

use crate::peer::{Connection, Peer};

/// Far more than anything here takes; what hangs fails instead of blocking the suite.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A source, activated.
pub struct Running {
    pub handle: SourceHandle,
    pub events: Receiver<(SourceId, SourceEvent)>,
}

/// How a test differs from the others.
pub struct Setup {
    pub dialect: Dialect,
    pub timing: Timing,
    pub socket: SocketOptions,
    /// Room for events; any number without it.
    pub room: Option<usize>,
}

impl Setup {
    fn new(peer: &Peer, dialect: Dialect) -> Self {
        let timing = Timing {
            poll_interval: Duration::from_millis(1),
            retry_first: Duration::from_millis(1),
            ..Timing::default()
        };
        let socket = SocketOptions {
            tls_ca: peer.authority.clone(),
            ..SocketOptions::new(peer.endpoint.clone())
        };
        Self { dialect, timing, socket, room: None }
    }

    pub fn pool(peer: &Peer) -> Self {
        let login = PoolLogin { wallet: "prl1it".into(), worker: "rig".into(), pass: "x".into() };
        Self::new(peer, Dialect::Pool(login))
    }

    pub fn gateway(peer: &Peer) -> Self {
        Self::new(peer, Dialect::Gateway)
    }

    /// A pool of which only the place is known.
    pub fn at(endpoint: &str) -> Self {
        let endpoint: Endpoint = endpoint.parse().unwrap();
        let login = PoolLogin { wallet: "prl1it".into(), worker: "rig".into(), pass: "x".into() };
        Self {
            dialect: Dialect::Pool(login),
            timing: Timing::default(),
            socket: SocketOptions::new(endpoint),
            room: None,
        }
    }

    /// On standby.
    pub fn spawn(self) -> Result<(SourceHandle, Receiver<(SourceId, SourceEvent)>), SpawnError> {
        let (sender, events) = self.room.map_or_else(unbounded, bounded);
        let endpoint = self.socket.endpoint.to_string();
        let options =
            SourceOptions { id: SourceId(4), endpoint, dialect: self.dialect, timing: self.timing };
        Ok((sockets::spawn(options, self.socket, 1, sender, Instant::now())?, events))
    }

    pub fn start(self) -> Running {
        let (handle, events) = self.spawn().unwrap();
        handle.command(Command::Activate);
        Running { handle, events }
    }
}

impl Running {
    /// The next thing that it says.
    pub fn event(&self) -> SourceEvent {
        let (id, event) = self.events.recv_timeout(PATIENCE).unwrap();
        assert_eq!(id, SourceId(4));
        event
    }

    /// The same as text.
    pub fn told(&self) -> String {
        text(&self.event())
    }

    /// The job that it says next.
    pub fn job(&self) -> Job {
        match self.event() {
            SourceEvent::Job { job, .. } => Job::clone(&job),
            other => panic!("{}", text(&other)),
        }
    }

    pub fn submit(&self, submission: Submission) {
        self.handle.command(Command::Submit(submission));
    }
}

/// A submission of a share of a job, whose proof is its number so many times.
pub fn submission(number: u8, job: &Job, length: usize) -> Submission {
    let (name, context) = (job.name.clone(), job.context.clone());
    let proof = Proof::Pearl(vec![number; length].into());
    Submission { share: ShareId([number; 32]), job: name, context, proof }
}

/// A pool's job.
pub fn notify(name: &str) -> String {
    let header = format!("{}0000011e", "20".repeat(72));
    let target = format!("{:064x}", 0xffff_u64);
    format!(
        r#"{{"id":null,"method":"mining.notify","params":{{"job_id":"{name}","header":"{header}","target":"{target}","height":7,"cert_version":3}}}}"#
    )
}

/// The line that submits a share to a pool.
pub fn submit_line(request: u64, number: u8, job: &str) -> String {
    let proof = STANDARD.encode([number; 3]);
    format!(
        r#"{{"id":{request},"method":"mining.submit","params":{{"job_id":"{job}","plain_proof":"{proof}"}}}}"#
    )
}

/// A pool's yes.
pub fn yes(request: u64) -> String {
    format!(r#"{{"id":{request},"result":true,"error":null}}"#)
}

/// Lets a source in, and gives its first request's number.
pub fn let_in(connection: &mut Connection) -> u64 {
    let hello: serde_json::Value = serde_json::from_str(&connection.hear()).unwrap();
    assert_eq!(hello["method"], "mining.authorize");
    let request = hello["id"].as_u64().unwrap();
    connection.say(&yes(request));
    request
}

/// What a source says, as a line.
pub fn text(event: &SourceEvent) -> String {
    match event {
        SourceEvent::Up => "up".into(),
        SourceEvent::Job { job, .. } => format!("job {}", job.name),
        SourceEvent::Paused { reason } => format!("paused: {reason}"),
        SourceEvent::Refused { reason } => format!("refused: {reason}"),
        SourceEvent::Sent { share } => format!("sent {}", share.0[0]),
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
            format!("{} {verdict}", share.0[0])
        }
    }
}
