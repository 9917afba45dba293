//! What pools and gateways have in common: a source behind a connection, and bytes that come cut anywhere.
//!
//! Bytes below 8 never stand in a line of JSON, so they are what happens between lines:
//!
//! | byte | what happens |
//! |---|---|
//! | 0 | a second passes |
//! | 1 | 40 seconds pass: longer than an answer may take |
//! | 2 | the connection is cut |
//! | 3 | a share of the newest job is found |
//! | 4, 5 | the source is on standby, is wanted again |
//! | 6, 7 | it is switched off, on |
//!
//! Whatever comes, the source sends and says the same however its bytes are cut; a share has one answer at most, and
//! no verdict before it was sent; what is sent is lines of JSON; what is said is harmless to show.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use gemmine_jobs::source::connection::{Dialect, Output, Source, SourceOptions, Timing};
use gemmine_jobs::work::{
    Moment, Proof, ShareId, SourceEvent, SourceId, Submission, Verdict, Work,
};

use crate::plain;

/// Shares of the first job that are found before anything comes.
const FIRST_SHARES: u16 = 3;
/// Shares that an input can find at most.
const SHARES_MAX: u16 = 200;
/// So long the line of a share is at most, beside its job's own text.
const LINE_MAX: usize = 4096;

/// A job's name, and what its source needs to see again.
#[derive(Clone, Debug)]
pub struct Known {
    /// The name.
    pub job: Arc<str>,
    /// The context.
    pub context: Arc<str>,
}

/// Feeds a source twice, as the bytes are and cut, and compares.
pub fn check(dialect: &Dialect, first: &Known, bytes: &[u8]) {
    let whole = play(dialect, first, bytes, bytes.len().max(1));
    let cut = play(dialect, first, bytes, 1 + bytes.len() % 13);
    assert_eq!(whole, cut, "how bytes are cut makes a difference");
}

/// All that a source does with these bytes in pieces of `size`.
fn play(dialect: &Dialect, first: &Known, bytes: &[u8], size: usize) -> Vec<Output> {
    let timing = Timing::default();
    let options = SourceOptions {
        id: SourceId(3),
        endpoint: "bench".into(),
        dialect: dialect.clone(),
        timing,
    };
    let mut bench = Bench {
        source: Source::new(options, 1),
        now: Duration::from_secs(1000),
        newest: first.clone(),
        found: 0,
        outputs: Vec::new(),
        sent: HashSet::new(),
        answered: HashSet::new(),
    };
    bench.source.activate(bench.now);
    bench.settle();
    for _ in 0..FIRST_SHARES {
        bench.find();
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte < 8).unwrap_or(rest.len());
        let (lines, behind) = rest.split_at(end);
        for piece in lines.chunks(size) {
            bench.source.received(piece, bench.now);
            bench.settle();
        }
        let Some((event, behind)) = behind.split_first() else { break };
        bench.event(*event);
        rest = behind;
    }
    bench.outputs
}

struct Bench {
    source: Source,
    now: Moment,
    newest: Known,
    found: u16,
    outputs: Vec<Output>,
    sent: HashSet<ShareId>,
    answered: HashSet<ShareId>,
}

impl Bench {
    fn event(&mut self, event: u8) {
        match event {
            0 => self.pass(Duration::from_secs(1)),
            1 => self.pass(Duration::from_secs(40)),
            2 => self.source.closed("cut", self.now),
            3 if self.found < SHARES_MAX => self.find(),
            3 => {}
            4 => self.source.standby(self.now),
            5 => self.source.activate(self.now),
            6 => self.source.off(self.now),
            _ => self.source.on(self.now),
        }
        self.settle();
        // A wait before another try is over at once: time is short here.
        let status = self.source.status();
        if status.state == gemmine_jobs::source::report::SourceState::BackOff
            && let Some(at) = self.source.next_wake()
        {
            self.pass(at.saturating_sub(self.now));
        }
        self.look();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.source.wake(self.now);
        self.settle();
        if let Some(at) = self.source.next_wake() {
            assert!(at > self.now, "it wants to be woken at {at:?}, and it is {:?}", self.now);
        }
    }

    /// A share of the newest job is found.
    fn find(&mut self) {
        let mut name = [0; 32];
        name[..2].copy_from_slice(&self.found.to_le_bytes());
        let proof = Proof::Pearl(self.found.to_le_bytes().to_vec().into());
        let Known { job, context } = self.newest.clone();
        self.found += 1;
        let submission = Submission { share: ShareId(name), job, context, proof };
        let taken = self.source.submit(submission, self.now);
        taken.expect("a share that is new, with the context that its job came with");
        self.settle();
    }

    /// Does what the source wants, and looks at it.
    fn settle(&mut self) {
        while let Some(output) = self.source.poll() {
            match &output {
                Output::Connect => self.source.connected(self.now),
                Output::Send(line) => self.line(line),
                Output::Close => {}
                Output::Event(event) => self.said(event),
            }
            self.outputs.push(output);
        }
    }

    fn line(&self, line: &[u8]) {
        let text = std::str::from_utf8(line).expect("what is sent is text");
        let text = text.strip_suffix('\n').expect("what is sent is a line");
        assert!(!text.contains(['\n', '\r']), "more than a line: {text:?}");
        assert!(text.len() <= LINE_MAX + self.newest.context.len() + (1 << 16));
        let value: serde_json::Value = serde_json::from_str(text).expect("what is sent is JSON");
        assert!(value.get("id").is_some(), "nobody can answer {text:?}");
    }

    fn said(&mut self, event: &SourceEvent) {
        match event {
            SourceEvent::Up => {}
            SourceEvent::Job { job, .. } => {
                let Work::Pearl { share_target, .. } = &job.work else { panic!("{job:?}") };
                assert!(!share_target.is_zero(), "no ticket meets {job:?}");
                assert!(!job.name.is_empty(), "{job:?}");
                self.newest = Known { job: job.name.clone(), context: job.context.clone() };
            }
            SourceEvent::Paused { reason } => plain::words(reason),
            SourceEvent::Refused { reason } | SourceEvent::Down { reason, .. } => {
                plain::message(reason);
            }
            SourceEvent::Sent { share } => {
                assert!(!self.answered.contains(share), "{share} is sent after its answer");
                self.sent.insert(*share);
            }
            SourceEvent::Answer { share, verdict, .. } => {
                assert!(self.answered.insert(*share), "{share} is answered twice");
                let unsent = matches!(verdict, Verdict::Unanswered { .. } | Verdict::Stale { .. });
                assert!(unsent || self.sent.contains(share), "{share}: {verdict:?} of nobody");
                if let Verdict::Stale { reason }
                | Verdict::Rejected { reason, .. }
                | Verdict::Unanswered { reason } = verdict
                {
                    plain::words(reason);
                }
            }
        }
    }

    /// Looks at what it says of itself.
    fn look(&self) {
        let status = self.source.status();
        let waiting = u64::from(self.found) - self.answered.len() as u64;
        assert_eq!(status.shares.pending, waiting, "shares that wait for an answer");
        status.error.iter().for_each(plain::message);
    }
}
