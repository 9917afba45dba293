//! A node, call by call.

use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};

use super::*;
use crate::amadeus::verdict::Verdict as Finding;
use crate::source::handle::Command;
use crate::source::report::SourceState;
use crate::source::testing::{SECOND, event_text, share};
use crate::work::{Job, Moment, Proof, SourceEvent, SourceId, Submission, Work};

/// A node's client, and the time.
struct Bench {
    calls: Calls,
    now: Moment,
}

fn seed(segment: u8, nonce: u8) -> [u8; SEED_BYTES] {
    let mut seed = [segment; SEED_BYTES];
    seed[SEED_BYTES - 1] = nonce;
    seed
}

fn solution(number: u16) -> Box<[u8; SOLUTION_BYTES]> {
    Box::new([number as u8; SOLUTION_BYTES])
}

const GOOD: Finding = Finding { valid: true, valid_math: true };
const WEAK: Finding = Finding { valid: false, valid_math: true };
const WRONG: Finding = Finding { valid: false, valid_math: false };

fn lost() -> CallError {
    CallError { reason: "cut".into(), wait: None, may_pass: true }
}

impl Bench {
    fn new() -> Self {
        let calls = Calls::new(AmadeusOptions::new(SourceId(5), 9), "http://node".into(), 1);
        Self { calls, now: 100 * SECOND }
    }

    /// One that is up, and its job.
    fn up() -> (Self, Job) {
        let mut bench = Self::new();
        bench.calls.command(Command::Activate, bench.now);
        assert_eq!(bench.calls.next_call(bench.now), Some(Call::Seed));
        bench.calls.seed(Ok(seed(1, 1)), bench.now);
        assert_eq!(bench.calls.poll(), Some(SourceEvent::Up));
        match bench.calls.poll() {
            Some(SourceEvent::Job { job, earlier_valid: false }) => (bench, Job::clone(&job)),
            other => panic!("{other:?}"),
        }
    }

    fn all(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.calls.poll()).map(|event| event_text(&event)).collect()
    }

    fn submit(&mut self, number: u16, job: &Job) {
        let (name, context) = (job.name.clone(), job.context.clone());
        let proof = Proof::Amadeus(solution(number));
        let submission = Submission { share: share(number), job: name, context, proof };
        self.calls.command(Command::Submit(submission), self.now);
    }

    /// A question about a share is due, and made.
    fn asks(&mut self, number: u16) {
        let expected = Call::Validate { share: share(number), solution: solution(number) };
        assert_eq!(self.calls.next_call(self.now), Some(expected));
        assert_eq!(self.all(), [format!("sent {number}")]);
    }

    fn validated(&mut self, number: u16, answer: Result<Finding, CallError>) -> Vec<String> {
        self.calls.validated(share(number), answer, self.now);
        self.all()
    }

    fn seeded(&mut self, answer: Result<[u8; SEED_BYTES], CallError>) -> Vec<String> {
        assert_eq!(self.calls.next_call(self.now), Some(Call::Seed));
        self.calls.seed(answer, self.now);
        self.all()
    }

    /// Until the next call is due.
    fn wait(&mut self) {
        self.now = self.now.max(self.calls.next_wake().unwrap());
    }
}

#[test]
fn a_segment_is_a_job() {
    let (mut bench, job) = Bench::up();
    let Work::Amadeus { seed: told, bits: 9 } = &job.work else { panic!("{job:?}") };
    assert_eq!((**told, job.source, job.name.len()), (seed(1, 1), SourceId(5), 16));
    assert_eq!(bench.calls.next_wake(), Some(bench.now + 3 * SECOND));
    assert_eq!(bench.calls.next_call(bench.now), None);
    bench.wait();
    // Another nonce is no other job.
    assert!(bench.seeded(Ok(seed(1, 2))).is_empty());
    bench.wait();
    let told = bench.seeded(Ok(seed(2, 2)));
    assert!(told.len() == 1 && told[0].starts_with("job ") && !told[0].contains(&*job.name));
    bench.submit(1, &job);
    assert_eq!(bench.all(), ["1 stale: its segment is over"]);
    let status = bench.calls.status();
    assert_eq!((status.state, status.kind, status.shares.stale), (SourceState::Up, "amadeus", 1));
}

#[test]
fn shares_are_asked_about_once() {
    let (mut bench, job) = Bench::up();
    for number in 1..=3 {
        bench.submit(number, &job);
        bench.submit(number, &job);
    }
    bench.asks(1);
    assert_eq!(bench.validated(1, Ok(GOOD)), ["1 accepted"]);
    bench.asks(2);
    assert_eq!(
        bench.validated(2, Ok(WRONG)),
        ["2 rejected 20: the node says that its product is wrong"]
    );
    // Seeds do not wait for shares.
    bench.now += 3 * SECOND;
    assert!(bench.seeded(Ok(seed(1, 3))).is_empty());
    bench.asks(3);
    assert_eq!(
        bench.validated(3, Ok(WEAK)),
        ["3 rejected 23: too few bits, or its segment is over"]
    );
    // That may be news.
    assert!(bench.seeded(Ok(seed(1, 4))).is_empty());
    bench.submit(1, &job);
    assert_eq!((bench.calls.next_call(bench.now), bench.all().len()), (None, 0));
    let pearl = Submission {
        share: share(9),
        job: job.name.clone(),
        context: "".into(),
        proof: Proof::Pearl(vec![1].into()),
    };
    bench.calls.command(Command::Submit(pearl), bench.now);
    assert_eq!(bench.all(), ["9 rejected 20: it is no solution of Amadeus'"]);
}

#[test]
fn shares_are_kept_while_the_node_is_away() {
    for (segment, over) in [(1, false), (2, true)] {
        let (mut bench, job) = Bench::up();
        bench.submit(1, &job);
        bench.asks(1);
        assert_eq!(bench.validated(1, Err(lost())), ["down: cut"]);
        assert_eq!(bench.calls.status().state, SourceState::BackOff);
        bench.submit(2, &job);
        for _ in 0..5 {
            assert!(bench.calls.next_wake().unwrap() > bench.now);
            assert_eq!(bench.calls.next_call(bench.now), None);
            bench.wait();
            assert_eq!(bench.seeded(Err(lost())), ["down: cut"]);
        }
        bench.wait();
        let told = bench.seeded(Ok(seed(segment, 9)));
        assert!(told[0] == "up" && told[1].starts_with("job "), "{told:?}");
        if over {
            let gone =
                |number| format!("{number} unanswered: its segment ended before an answer came");
            assert_eq!(told[2..], [gone(1), gone(2)]);
            continue;
        }
        for number in [1, 2] {
            bench.asks(number);
            assert_eq!(bench.validated(number, Ok(GOOD)), [format!("{number} accepted")]);
        }
        assert_eq!(bench.calls.status().connections, 2);
    }
}

#[test]
fn a_node_that_says_wait_is_there() {
    let (mut bench, job) = Bench::up();
    let busy = || CallError { wait: Some(20 * SECOND), ..lost() };
    bench.submit(1, &job);
    for _ in 0..20 {
        bench.wait();
        if bench.calls.next_call(bench.now) == Some(Call::Seed) {
            bench.calls.seed(Ok(seed(1, 1)), bench.now);
            bench.asks(1);
        }
        bench.all();
        assert!(bench.validated(1, Err(busy())).is_empty());
        assert_eq!(bench.calls.next_wake(), Some(bench.now + 20 * SECOND));
        assert_eq!(bench.calls.status().state, SourceState::Up);
    }
}

#[test]
fn a_share_that_no_node_answers_is_given_up() {
    // What can not pass.
    let (mut bench, job) = Bench::up();
    bench.submit(1, &job);
    bench.asks(1);
    let broken = CallError { may_pass: false, ..lost() };
    assert_eq!(bench.validated(1, Err(broken)), ["down: cut", "1 unanswered: cut"]);
    // What passes too often.
    let (mut bench, job) = Bench::up();
    bench.submit(1, &job);
    for tries in 1..=8 {
        bench.asks(1);
        let told = bench.validated(1, Err(lost()));
        assert_eq!(told.len(), if tries < 8 { 1 } else { 2 });
        bench.wait();
        bench.seeded(Ok(seed(1, 1)));
    }
    assert_eq!(bench.calls.status().shares.unanswered, 1);
}

#[test]
fn standby_and_off() {
    let (mut bench, job) = Bench::up();
    bench.submit(1, &job);
    bench.calls.command(Command::Standby, bench.now);
    assert!(bench.all().is_empty(), "a share waits for its answer");
    bench.calls.command(Command::Activate, bench.now);
    assert_eq!(bench.all(), ["up", &format!("job {}", job.name)]);
    bench.calls.command(Command::Standby, bench.now);
    bench.asks(1);
    assert_eq!(bench.validated(1, Ok(GOOD)), ["1 accepted", "down: not needed for now"]);
    assert_eq!((bench.calls.next_wake(), bench.calls.next_call(bench.now)), (None, None));
    bench.calls.command(Command::Activate, bench.now);
    // Its seed is asked for anew.
    let told = bench.seeded(Ok(seed(1, 1)));
    assert_eq!(told, ["up", &format!("job {}", job.name)]);
    bench.calls.command(Command::Off, bench.now);
    assert_eq!(bench.all(), ["down: switched off"]);
    assert_eq!(bench.calls.status().state, SourceState::Off);
    bench.calls.command(Command::On, bench.now);
    assert_eq!(bench.seeded(Ok(seed(3, 1)))[0], "up");
}
