//! Whatever comes, in whatever pieces: no panic, and the same of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::source::testing::GATEWAY_JOB;
use crate::work::Submission;

/// Lines that mean something, in parts or whole.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let id = || select(vec!["1", "2", "3", "\"2\"", "null", "-1", "1.5", "[]", "{}", "99"]);
    let value = select(vec![
        "true",
        "false",
        "null",
        "7",
        "\"submitted\"",
        "[]",
        "{}",
        "[21,\"a\",null]",
        "{\"code\":23,\"message\":\"low\"}",
        "{\"code\":24}",
        "{\"code\":-32001}",
        "\"duplicate\"",
        GATEWAY_JOB,
    ]);
    let answers = (id(), value.clone(), value).prop_map(|(id, result, error)| {
        format!("{{\"id\":{id},\"result\":{result},\"error\":{error}}}").into_bytes()
    });
    let results = (id(), select(vec!["true", "\"submitted\"", GATEWAY_JOB]))
        .prop_map(|(id, result)| format!("{{\"id\":{id},\"result\":{result}}}").into_bytes());
    let jobs = (0_u8..4, any::<bool>()).prop_map(|(name, clean)| {
        notify_with(&name.to_string(), &format!(",\"clean_jobs\":{clean}")).into_bytes()
    });
    // With a byte changed somewhere.
    let broken = (0_u8..4, any::<Index>(), any::<u8>()).prop_map(|(name, at, byte)| {
        let mut line = notify(&name.to_string()).into_bytes();
        let at = at.index(line.len());
        line[at] = byte;
        line
    });
    let asked = (id(), select(vec!["mining.ping", "mining.set", "\u{e9}"]))
        .prop_map(|(id, method)| format!("{{\"id\":{id},\"method\":\"{method}\"}}").into_bytes());
    prop_oneof![
        6 => answers, 6 => results, 6 => jobs, 2 => broken, 2 => asked,
        1 => vec(any::<u8>(), 0..40),
    ]
}

/// All that a source does with these bytes, cut at these places.
fn run(dialect: Dialect, bytes: &[u8], cuts: &[Index]) -> Vec<Output> {
    let mut bench = Bench::new(dialect);
    bench.source.activate(bench.now);
    bench.source.connected(bench.now);
    for number in 0..3 {
        let submission = match bench.source.client {
            Client::Gateway(_) => {
                Submission { context: GATEWAY_JOB.into(), ..submission(number, "") }
            }
            Client::Pool(_) => submission(number, "1"),
        };
        bench.source.submit(submission, bench.now).unwrap();
    }
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    for cut in cuts.windows(2) {
        bench.source.received(&bytes[cut[0]..cut[1]], bench.now);
    }
    bench.source.wake(bench.now);
    bench.source.status();
    std::iter::from_fn(|| bench.source.poll()).collect()
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        lines in vec(line(), 0..20),
        ends in vec(select(vec![&b"\n"[..], b"\r\n"]), 20),
        cuts in vec(any::<Index>(), 0..30),
        pool in any::<bool>(),
    ) {
        let bytes: Vec<u8> =
            lines.iter().zip(ends).flat_map(|(line, end)| [line, end].concat()).collect();
        let dialect = || if pool { Dialect::Pool(login()) } else { Dialect::Gateway };
        let whole = run(dialect(), &bytes, &[]);
        prop_assert_eq!(&whole, &run(dialect(), &bytes, &cuts));
        // One verdict a share at most, and none of a share that was not sent.
        let mut seen = std::collections::HashSet::new();
        let mut sent = std::collections::HashSet::new();
        for output in &whole {
            match output {
                Output::Event(SourceEvent::Sent { share }) => { sent.insert(*share); }
                Output::Event(SourceEvent::Answer { share, verdict, .. }) => {
                    prop_assert!(seen.insert(*share));
                    let unsent = matches!(verdict, crate::work::Verdict::Unanswered { .. });
                    prop_assert!(unsent || sent.contains(share));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn any_order_of_calls_is_fine(calls in vec((0_u8..9, line(), 0_u64..100), 0..60)) {
        let mut bench = Bench::new(Dialect::Pool(login()));
        let mut connects = 0_u64;
        for (call, line, time) in calls {
            bench.now += Duration::from_secs(time);
            let now = bench.now;
            match call {
                0 => bench.source.activate(now),
                1 => bench.source.standby(now),
                2 => bench.source.off(now),
                3 => bench.source.on(now),
                4 => bench.source.connected(now),
                5 => bench.source.closed("cut", now),
                6 => bench.source.connect_failed("no", now),
                7 => bench.source.wake(now),
                _ => { let _ = bench.source.submit(submission(time as u16, "1"), now); }
            }
            bench.source.received(&[&line[..], b"\n"].concat(), now);
            bench.source.wake(now);
            connects += bench.all().iter().filter(|text| *text == "connect").count() as u64;
            prop_assert!(bench.source.status().connections <= connects);
            let is_on = bench.source.enabled || bench.source.link == Link::Idle;
            prop_assert!(is_on && bench.source.next_wake().is_none_or(|at| at > now));
        }
    }
}
