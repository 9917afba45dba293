//! An Amadeus node's answers, through the source that asks for them.
//!
//! An input is a row of answers to whatever call is due: a seed, the text of a verdict, a failure; or what happens
//! between them. Each share has one answer at most, a verdict follows from the node's own words alone, and what is
//! said is harmless to show.

use std::collections::HashSet;
use std::time::Duration;

use gemmine_jobs::amadeus::verdict::Verdict as Finding;
use gemmine_jobs::source::amadeus::{AmadeusOptions, Call, CallError, Calls};
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{
    Job, Moment, Proof, ShareId, SourceEvent, SourceId, Submission, Verdict, Work,
};
use gemmine_pouw::amadeus::{NONCE_AT, SEED_BYTES, SOLUTION_BYTES};

use crate::input::Input;
use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut bench = Bench {
        calls: Calls::new(AmadeusOptions::new(SourceId(1), 8), "http://bench".into(), 1),
        now: Duration::from_secs(1000),
        newest: None,
        found: 0,
        answered: HashSet::new(),
    };
    bench.command(Command::Activate);
    while !input.is_empty() {
        bench.step(&mut input);
    }
}

struct Bench {
    calls: Calls,
    now: Moment,
    newest: Option<Job>,
    found: u64,
    answered: HashSet<ShareId>,
}

impl Bench {
    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0..=3 => self.call(input),
            4 => self.pass(Duration::from_millis(input.half().into())),
            5 => self.find(input.byte()),
            6 => {
                let command = match input.byte() % 4 {
                    0 => Command::Standby,
                    1 => Command::Off,
                    2 => Command::On,
                    _ => Command::Activate,
                };
                self.command(command);
            }
            _ => {
                // To the moment at which something is due.
                let due = self.calls.next_wake().unwrap_or(self.now);
                self.pass(due.saturating_sub(self.now));
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.calls.command(command, self.now);
        self.listen();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Answers the call that is due, if one is.
    fn call(&mut self, input: &mut Input<'_>) {
        let call = self.calls.next_call(self.now);
        self.listen();
        match call {
            None => self.pass(Duration::from_secs(1)),
            Some(Call::Seed) => {
                let answer = match input.byte() % 4 {
                    0 => Err(failure(input)),
                    // A few seeds that differ where segments do, and in their nonces.
                    1 | 2 => {
                        let mut seed = [input.byte(); SEED_BYTES];
                        seed[NONCE_AT] = input.byte();
                        Ok(seed)
                    }
                    _ => Ok(input.array()),
                };
                self.calls.seed(answer, self.now);
                self.listen();
            }
            Some(Call::Validate { share, .. }) => {
                let text = input.piece();
                let finding = Finding::from_json(text);
                let answer = finding.ok_or_else(|| failure(input));
                self.calls.validated(share, answer, self.now);
                if let Some(finding) = finding {
                    let again = Finding::from_json(finding.to_json().to_string().as_bytes());
                    assert_eq!(again, Some(finding));
                }
                self.judged(share, finding);
            }
        }
    }

    /// What a node finds is what is told.
    fn judged(&mut self, share: ShareId, finding: Option<Finding>) {
        let Some(finding) = finding else { return self.listen() };
        let events: Vec<_> = std::iter::from_fn(|| self.calls.poll()).collect();
        let verdict = events.iter().find_map(|event| match event {
            SourceEvent::Answer { share: answered, verdict, .. } if *answered == share => {
                Some(verdict)
            }
            _ => None,
        });
        let verdict = verdict.expect("a share that a node has judged has its answer");
        assert_eq!(finding.valid, *verdict == Verdict::Accepted, "{finding:?} {verdict:?}");
        events.iter().for_each(|event| self.said(event));
    }

    /// A share of the newest job, or of one that is over.
    fn find(&mut self, which: u8) {
        let mut name = [0; 32];
        name[..8].copy_from_slice(&self.found.to_le_bytes());
        let job = match &self.newest {
            Some(job) if which < 200 => job.name.clone(),
            _ => "over".into(),
        };
        let solution = Box::new([which; SOLUTION_BYTES]);
        let proof = match which % 16 {
            15 => Proof::Pearl(vec![which].into()),
            _ => Proof::Amadeus(solution),
        };
        let submission = Submission { share: ShareId(name), job, context: "".into(), proof };
        // Now and then one that was submitted already.
        if !which.is_multiple_of(32) {
            self.found += 1;
        }
        self.command(Command::Submit(submission));
    }

    fn listen(&mut self) {
        while let Some(event) = self.calls.poll() {
            self.said(&event);
        }
        let status = self.calls.status();
        status.error.iter().for_each(plain::message);
    }

    fn said(&mut self, event: &SourceEvent) {
        match event {
            SourceEvent::Job { job, .. } => {
                let Work::Amadeus { bits: 8, .. } = job.work else { panic!("{job:?}") };
                self.newest = Some(Job::clone(job));
            }
            SourceEvent::Answer { share, verdict, .. } => {
                assert!(self.answered.insert(*share), "{share} is answered twice");
                if let Verdict::Stale { reason }
                | Verdict::Rejected { reason, .. }
                | Verdict::Unanswered { reason } = verdict
                {
                    plain::message(reason);
                }
            }
            SourceEvent::Sent { share } => {
                assert!(!self.answered.contains(share), "{share} is sent after its answer");
            }
            SourceEvent::Down { reason, .. } => plain::message(reason),
            SourceEvent::Up => {}
            SourceEvent::Paused { .. } | SourceEvent::Refused { .. } => panic!("{event:?}"),
        }
    }
}

/// No answer, as the client tells it.
fn failure(input: &mut Input<'_>) -> CallError {
    let how = input.byte();
    let words = String::from_utf8_lossy(input.piece());
    CallError {
        reason: format!("ask http://bench: {words:?}"),
        wait: (how & 1 != 0).then(|| Duration::from_secs(input.word().into())),
        may_pass: how & 2 != 0,
    }
}
