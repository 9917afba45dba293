//! Which jobs' shares are sent, and when: only those of a job that was announced on the connection, header and all.

use super::*;
use crate::source::testing::context;
use crate::work::Submission;

/// A pool's job of this name with another header, as after a new start of the pool.
fn other(name: &str, more: &str) -> String {
    notify_with(name, more).replace(&"20".repeat(72), &"21".repeat(72))
}

#[test]
fn after_an_outage_only_a_job_that_is_back_counts() {
    let cases = [("a", None), ("b", Some("unanswered"))];
    for (seconds, (job, verdict)) in [1, 61].into_iter().flat_map(|time| cases.map(|c| (time, c))) {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.submit(1, "a");
        bench.close();
        bench.now += seconds * SECOND;
        bench.source.wake(bench.now);
        bench.connect();
        // Perhaps it is over: nothing is sent before the pool says.
        assert_eq!(bench.line(&answer(3, "true")), ["up"]);
        let told = bench.line(&notify(job));
        assert_eq!(told[0], format!("job {job}"));
        match verdict {
            None => assert_eq!(told[1..], sent(4, 1, "a")),
            Some(_) => {
                let over = "1 unanswered: its job ended before an answer came: b has followed";
                assert_eq!(told[1..], [over]);
            }
        }
    }
}

#[test]
fn a_name_with_another_header_is_another_job() {
    let renamed = "it was announced again with another header or target";
    // Lost a moment ago, or long ago, or of an earlier process: what has this name now is another job.
    for seconds in [1, 61] {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.submit(1, "a");
        bench.close();
        bench.submit(2, "a");
        bench.now += seconds * SECOND;
        bench.source.wake(bench.now);
        bench.connect();
        assert_eq!(bench.line(&answer(3, "true")), ["up"]);
        let told = bench.line(&other("a", ""));
        let over =
            |number| format!("{number} unanswered: its job ended before an answer came: {renamed}");
        assert_eq!(told, ["job a".into(), over(1), over(2)]);
    }
    // On a connection that lives, also where earlier jobs still count.
    for more in ["", r#","clean_jobs":false"#] {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.line(&notify_with("b", r#","clean_jobs":false"#));
        bench.line(&other("a", more));
        assert_eq!(bench.submit(1, "a"), [format!("1 stale: job a is over: {renamed}")]);
        let now = other("a", "");
        let header = now.split('"').find(|part| part.len() == 152).unwrap().to_owned();
        let context = context().replace(&context()[..152], &header).into();
        let submission = Submission { context, ..submission(2, "a") };
        bench.source.submit(submission, bench.now).unwrap();
        assert_eq!(bench.all(), sent(2, 2, "a"));
    }
    // And so is one with another target.
    let mut bench = Bench::pool();
    bench.line(&notify("a").replace("0ffff\"", "00fff\""));
    assert_eq!(bench.submit(1, "a"), [format!("1 stale: job a is over: {renamed}")]);
}

#[test]
fn a_share_of_a_job_before_the_last_waits_for_word_of_it() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.submit(1, "a");
    bench.line(&notify("b"));
    bench.close();
    // `b` was the newest.
    assert_eq!(bench.again(3), ["up"]);
    assert_eq!(bench.line(&notify("a"))[1..], sent(4, 1, "a"));
    // A share of an earlier process, for a job that this one has never seen, is no other case.
    let mut bench = Bench::new(Dialect::Pool(login()));
    assert_eq!(bench.submit(9, "old"), ["connect"]);
    bench.source.connected(bench.now);
    bench.all();
    assert_eq!(bench.line(&answer(1, "true")), ["up"]);
    let told = bench.line(&notify("old"));
    assert_eq!(told[1..], sent(2, 9, "old"));
    // On standby, it stays as long as there is no verdict.
    let done = ["9 accepted", "close", "down: not needed for now"];
    assert_eq!(bench.line(&answer(2, "true")), done);
    assert_eq!(bench.source.status().state, SourceState::Standby);
}

#[test]
fn shares_of_jobs_that_are_over_are_not_sent() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.line(&notify("b"));
    assert_eq!(bench.submit(1, "a"), ["1 stale: job a is over: b has followed"]);
    assert_eq!(bench.line(&notify_with("c", r#","clean_jobs":false"#)), ["job c too"]);
    assert_eq!(bench.submit(2, "b"), sent(2, 2, "b"));
    assert_eq!(bench.submit(3, "c"), sent(3, 3, "c"));
    bench.line(&notify_with("d", r#","clean_jobs":true"#));
    for (number, job) in [(4, "b"), (5, "c")] {
        assert!(bench.submit(number, job)[0].contains("stale"));
    }
    // However many count, only so many are remembered.
    for number in 0..1000 {
        bench.line(&notify_with(&number.to_string(), r#","clean_jobs":false"#));
    }
    assert_eq!(bench.source.jobs.valid.len(), Jobs::VALID_MAX);
    assert!(bench.submit(6, "1")[0].contains("stale"));
    assert_eq!(bench.submit(7, "999")[1], "sent 7");
}
