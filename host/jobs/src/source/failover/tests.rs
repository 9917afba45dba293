//! The choice, step by step.

use gemmine_pouw::config::Header76;

use super::*;
use crate::work::{ShareId, Verdict, Work};

const SECOND: Duration = Duration::from_secs(1);

/// Sources, and the time.
struct Bench {
    failover: Failover,
    now: Moment,
}

fn id(name: char) -> SourceId {
    SourceId(name as usize - 'a' as usize)
}

fn name(id: SourceId) -> char {
    char::from(b'a' + id.0 as u8)
}

impl Bench {
    /// As many sources, `a` asked first.
    fn new(sources: usize) -> Self {
        let now = 500 * SECOND;
        let sources = (0..sources).map(|source| (SourceId(source), 10 * source as u32));
        Self { failover: Failover::new(sources, FailoverOptions::default(), now), now }
    }

    fn all(&mut self) -> Vec<String> {
        let actions = std::iter::from_fn(|| self.failover.poll());
        let text = |action| match action {
            FailoverAction::Activate(id) => format!("activate {}", name(id)),
            FailoverAction::Standby(id) => format!("standby {}", name(id)),
            FailoverAction::ActiveJob(job) => format!("work {}", job.name),
            FailoverAction::NoJob => "rest".into(),
        };
        actions.map(text).collect()
    }

    fn pass(&mut self, seconds: u32) -> Vec<String> {
        self.now += seconds * SECOND;
        self.failover.wake(self.now);
        self.all()
    }

    /// A source sends a job that begins with its name.
    fn job(&mut self, job: &str) -> Vec<String> {
        let source = id(job.chars().next().unwrap());
        let target = primitive_types::U256::one();
        let work =
            Work::Pearl { header: Header76([0; 76]), share_target: target, network_target: target };
        let job = Job { source, name: job.into(), context: "".into(), height: None, work };
        self.says(name(source), SourceEvent::Job { job: Arc::new(job), earlier_valid: false })
    }

    fn down(&mut self, source: char) -> Vec<String> {
        self.says(source, SourceEvent::Down { reason: "cut".into(), retry_in: SECOND })
    }

    fn says(&mut self, source: char, event: SourceEvent) -> Vec<String> {
        self.failover.event(id(source), &event, self.now);
        self.all()
    }

    /// Nothing happens for so long, and nobody would have to be woken either.
    fn quiet(&mut self, seconds: u32) {
        let wake = self.failover.next_wake();
        assert!(wake.is_none_or(|at| at > self.now + seconds * SECOND), "{wake:?}");
        assert!(self.pass(seconds).is_empty());
    }

    /// Something happens in so long, and not before.
    fn due(&mut self, seconds: u32) -> Vec<String> {
        assert_eq!(self.failover.next_wake(), Some(self.now + seconds * SECOND));
        self.failover.wake(self.now + seconds * SECOND - Duration::from_nanos(1));
        assert!(self.all().is_empty());
        self.pass(seconds)
    }
}

#[test]
fn the_first_one_is_enough() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.all(), ["activate a"]);
    assert!(bench.says('a', SourceEvent::Up).is_empty());
    assert_eq!(bench.failover.active(), None);
    assert_eq!(bench.job("a1"), ["work a1"]);
    assert_eq!(bench.failover.active(), Some(id('a')));
    bench.quiet(100_000);
    assert_eq!(bench.job("a2"), ["work a2"]);
    // What is said of shares changes nothing.
    let share = ShareId([0; 32]);
    assert!(bench.says('a', SourceEvent::Sent { share }).is_empty());
    let (verdict, latency) = (Verdict::Accepted, SECOND);
    assert!(bench.says('a', SourceEvent::Answer { share, verdict, latency }).is_empty());
    // Others are not asked, and not heard.
    assert!(bench.job("b1").is_empty());
    bench.quiet(100_000);
}

#[test]
fn the_next_one_is_asked_in_turn() {
    let mut bench = Bench::new(3);
    bench.all();
    assert!(bench.pass(1).is_empty());
    // A failed try is no news.
    assert!(bench.down('a').is_empty());
    assert_eq!(bench.due(2), ["activate b"]);
    assert_eq!(bench.due(3), ["activate c"]);
    assert_eq!(bench.failover.next_wake(), None);
    assert_eq!(bench.job("c1"), ["work c1"]);
    assert!(bench.job("b1").is_empty(), "it has to stay first");
    assert_eq!(bench.due(10), ["work b1", "standby c"]);
    assert!(bench.job("a1").is_empty());
    assert_eq!(bench.due(10), ["work a1", "standby b"]);
    bench.quiet(1000);
}

#[test]
fn the_next_one_works_at_once() {
    let mut bench = Bench::new(2);
    bench.all();
    bench.pass(3);
    bench.all();
    bench.job("b1");
    bench.job("a1");
    assert_eq!(bench.pass(10), ["work a1", "standby b"]);
    // Nobody else is connected: there is none, and soon the next is asked.
    assert_eq!(bench.down('a'), ["rest"]);
    assert_eq!(bench.failover.active(), None);
    assert_eq!(bench.due(3), ["activate b"]);
    assert_eq!(bench.job("b2"), ["work b2"]);
    // Back for a moment only.
    bench.pass(1);
    assert!(bench.job("a2").is_empty());
    assert!(bench.pass(9).is_empty());
    assert!(bench.down('a').is_empty());
    assert!(bench.pass(100).is_empty());
    assert!(bench.job("a3").is_empty());
    // A job more does not make it younger.
    bench.pass(5);
    assert!(bench.job("a4").is_empty());
    // The one that works goes before the first has proved itself: better than none.
    assert_eq!(bench.down('b'), ["work a4"]);
    assert_eq!(bench.due(5), ["standby b"]);
}

#[test]
fn no_work_is_as_bad_as_no_connection() {
    let reason = || "no".to_owned();
    for event in
        [SourceEvent::Paused { reason: reason() }, SourceEvent::Refused { reason: reason() }]
    {
        let mut bench = Bench::new(2);
        bench.all();
        bench.pass(3);
        bench.job("b1");
        bench.job("a1");
        assert!(bench.failover.active() == Some(id('b')));
        // A better one that has no work is no better.
        assert!(bench.says('a', event.clone()).is_empty());
        assert!(bench.pass(60).is_empty());
        bench.job("a2");
        assert_eq!(bench.pass(10), ["work a2", "standby b"]);
        assert_eq!(bench.says('a', event), ["rest"]);
        assert_eq!(bench.due(3), ["activate b"]);
        assert_eq!(bench.job("a3"), ["work a3"]);
        assert_eq!(bench.due(10), ["standby b"]);
    }
}

#[test]
fn a_hand_on_the_switch() {
    let mut bench = Bench::new(2);
    bench.all();
    bench.job("a1");
    bench.failover.off(id('a'), bench.now);
    assert_eq!(bench.all(), ["rest", "activate b", "standby a"]);
    assert_eq!(bench.job("b1"), ["work b1"]);
    assert!(bench.job("a2").is_empty());
    bench.quiet(1000);
    bench.failover.on(id('a'), bench.now);
    assert_eq!(bench.all(), ["activate a"]);
    bench.failover.on(id('a'), bench.now);
    assert!(bench.all().is_empty());
    assert!(bench.job("a3").is_empty());
    assert_eq!(bench.due(10), ["work a3", "standby b"]);
    // All off.
    bench.failover.off(id('b'), bench.now);
    bench.failover.off(id('a'), bench.now);
    assert_eq!(bench.all(), ["rest", "standby a"]);
    assert_eq!(bench.failover.next_wake(), None);
}

#[test]
fn equals_are_asked_in_their_order_and_nobody_is_nobody() {
    let sources = [(id('c'), 5), (id('a'), 5), (id('b'), 1)];
    let failover = Failover::new(sources, FailoverOptions::default(), Moment::ZERO);
    let mut bench = Bench { failover, now: Moment::ZERO };
    assert_eq!(bench.all(), ["activate b"]);
    assert_eq!(bench.due(3), ["activate c"]);
    assert_eq!(bench.due(3), ["activate a"]);
    let mut bench = Bench::new(0);
    assert!(bench.pass(10).is_empty() && bench.failover.next_wake().is_none());
    assert!(bench.job("z1").is_empty());
    bench.failover.off(id('a'), bench.now);
}

mod arbitrary {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever happens: what is worked on is the newest job of a source that has one, nobody rests while
        /// there is such a source, and nobody is woken for nothing.
        #[test]
        fn there_is_work_while_there_is_a_job(
            steps in vec((0_u8..5, 0_u8..3, 0_u32..15), 0..80),
        ) {
            let mut bench = Bench::new(3);
            let mut activated = [false; 3];
            let mut jobs: [Option<String>; 3] = [const { None }; 3];
            let mut enabled = [true; 3];
            let mut work = None;
            for (number, (step, source, seconds)) in steps.into_iter().enumerate() {
                let letter = char::from(b'a' + source);
                let at = usize::from(source);
                let mut told = bench.all();
                told.extend(match step {
                    0 => bench.pass(seconds),
                    1 if activated[at] => {
                        let job = format!("{letter}{number}");
                        jobs[at] = Some(job.clone());
                        bench.job(&job)
                    }
                    2 => { jobs[at] = None; bench.down(letter) }
                    3 => {
                        (jobs[at], enabled[at]) = (None, false);
                        bench.failover.off(SourceId(at), bench.now);
                        bench.all()
                    }
                    _ => {
                        enabled[at] = true;
                        bench.failover.on(SourceId(at), bench.now);
                        bench.all()
                    }
                });
                for text in told {
                    let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
                    let of = rest.bytes().next().map_or(0, |byte| usize::from(byte - b'a'));
                    match verb {
                        "activate" => activated[of] = true,
                        "standby" => (activated[of], jobs[of]) = (false, None),
                        "work" => work = Some(rest.to_owned()),
                        _ => work = None,
                    }
                }
                prop_assert_eq!(work.is_some(), jobs.iter().any(Option::is_some));
                prop_assert!(work.is_none() || jobs.contains(&work));
                prop_assert!(activated.iter().zip(enabled).all(|(active, on)| on || !active));
                // Something is asked, if anything may be.
                let any = enabled.iter().any(|on| *on);
                prop_assert_eq!(activated.iter().any(|active| *active), any);
                prop_assert!(bench.failover.next_wake().is_none_or(|at| at > bench.now));
            }
        }
    }
}
