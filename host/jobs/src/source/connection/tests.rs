//! The life of a connection, without one.

use super::*;
use crate::source::testing::{
    Bench, SECOND, answer, error, login, notify, notify_with, proof, share, submission,
};
use crate::work::Proof;

mod arbitrary;
mod day;
mod jobs;

/// What a pool is sent for a share.
fn sent(request: u64, number: u16, job: &str) -> [String; 2] {
    let proof = proof(number);
    [
        format!(
            r#"send {{"id":{request},"method":"mining.submit","params":{{"job_id":"{job}","plain_proof":"{proof}"}}}}"#
        ),
        format!("sent {number}"),
    ]
}

#[test]
fn a_source_connects_when_it_is_wanted_and_not_before() {
    let mut bench = Bench::new(Dialect::Pool(login()));
    assert_eq!(bench.source.next_wake(), None);
    assert_eq!(bench.source.status().state, SourceState::Standby);
    bench.source.activate(bench.now);
    assert_eq!(bench.source.status().state, SourceState::Connecting);
    let agent = concat!("gemmine/", env!("CARGO_PKG_VERSION"));
    let hello = format!(
        r#"send {{"id":1,"method":"mining.authorize","params":{{"wallet":"prl1bench","worker":"rig","pass":"secret","agent":"{agent}"}}}}"#
    );
    assert_eq!(bench.connect(), [hello]);
    assert_eq!(bench.source.status().state, SourceState::Connecting);
    assert_eq!(bench.line(&answer(1, "true")), ["up"]);
    assert_eq!(bench.line(&notify("a")), ["job a"]);
    let status = bench.source.status();
    assert_eq!((status.state, status.kind, status.connections), (SourceState::Up, "pool", 1));
    let job = status.job.unwrap();
    assert_eq!((&*job.name, job.height, job.since), ("a", Some(7), bench.now));
}

#[test]
fn a_share_without_an_answer_is_sent_again_once_a_connection() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    assert_eq!(bench.submit(1, "a"), sent(2, 1, "a"));
    assert_eq!(bench.submit(2, "a"), sent(3, 2, "a"));
    assert_eq!(bench.line(&answer(3, "true")), ["2 accepted"]);
    assert_eq!(bench.close(), ["down: cut"]);
    // Found while there is no connection.
    assert!(bench.submit(3, "a").is_empty());
    // Nothing goes out before the pool says which job it has.
    assert_eq!(bench.again(4), ["up"]);
    let again = bench.line(&notify("a"));
    let sends = [sent(5, 1, "a"), sent(6, 3, "a")].concat();
    assert_eq!(again, [vec!["job a".into()], sends].concat());
    // Announced again: it is on the wire already.
    assert_eq!(bench.line(&notify("a")), ["job a"]);
    // An answer to the first time was for another connection.
    assert!(bench.line(&answer(2, "true")).is_empty());
    assert_eq!(bench.line(&error(5, r#"[22,"duplicate share",null]"#)), ["1 known"]);
    assert_eq!(bench.line(&answer(6, "true")), ["3 accepted"]);
    bench.close();
    assert_eq!(bench.again(7), ["up"]);
    assert_eq!(bench.line(&notify("a")), ["job a"]);
    let shares = bench.source.status().shares;
    assert_eq!((shares.accepted, shares.pending), (3, 0));
}

#[test]
fn a_share_is_taken_once() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.submit(1, "a");
    let submit = |bench: &mut Bench| bench.source.submit(submission(1, "a"), bench.now);
    assert_eq!(submit(&mut bench), Err(SubmitError::Pending(share(1))));
    bench.line(&error(2, r#"{"code":23,"message":"low"}"#));
    assert_eq!(submit(&mut bench), Err(SubmitError::Answered(share(1))));
    let amadeus = Proof::Amadeus(Box::new([0; 1264]));
    let foreign = crate::work::Submission { proof: amadeus, ..submission(2, "a") };
    let refused = bench.source.submit(foreign.clone(), bench.now);
    assert_eq!(refused, Err(SubmitError::Protocol(share(2))));
    assert!(bench.all().is_empty());
    // Who gives a command hears of it as of any other share, and only then.
    bench.source.command(Command::Submit(foreign), bench.now);
    let told = bench.all();
    assert!(told[0].starts_with("2 rejected 0: submit share ") && told.len() == 1, "{told:?}");
    bench.source.command(Command::Submit(submission(1, "a")), bench.now);
    assert!(bench.all().is_empty());
}

#[test]
fn a_share_too_many_is_not_taken() {
    let mut bench = Bench::pool();
    for number in 0..1024 {
        bench.submit(number, "a");
    }
    let many = submission(1024, "a");
    assert_eq!(bench.source.submit(many.clone(), bench.now), Err(SubmitError::Full(share(1024))));
    // Nobody hears of it: there is no answer that would be its last.
    bench.source.command(Command::Submit(many.clone()), bench.now);
    assert!(bench.all().is_empty());
    assert_eq!(bench.source.status().shares.pending, 1024);
    // The oldest is still there, and its answer makes room.
    assert_eq!(bench.line(&notify("a"))[1..3], sent(2, 0, "a"));
    assert_eq!(bench.line(&answer(2, "true")), ["0 accepted"]);
    bench.source.command(Command::Submit(many), bench.now);
    assert_eq!(bench.all(), sent(1026, 1024, "a"));
}

#[test]
fn a_share_is_not_sent_for_ever() {
    let mut bench = Bench::pool();
    let mut sends = 0;
    bench.line(&notify("a"));
    bench.submit(1, "a");
    for number in 1.. {
        sends += 1;
        let lost = bench.close();
        if let [gone, _] = &lost[..] {
            assert_eq!(gone, "1 unanswered: sent 8 times, and never answered");
            break;
        }
        assert_eq!(bench.again(2 * number + 1), ["up"]);
        assert_eq!(bench.line(&notify("a"))[2], "sent 1");
    }
    assert_eq!(sends, 8);
}

#[test]
fn silence_ends_a_connection() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.pass(119 * SECOND);
    assert!(bench.all().is_empty());
    // Anything will do.
    bench.line("");
    bench.pass(119 * SECOND);
    assert!(bench.all().is_empty());
    assert_eq!(bench.source.next_wake(), Some(bench.now + SECOND));
    bench.pass(SECOND);
    assert_eq!(bench.all(), ["close", "down: nothing has come for 120 s"]);
    assert_eq!(bench.source.status().state, SourceState::BackOff);
}

#[test]
fn a_pool_that_answers_pings_and_sends_no_job_is_left() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    for minute in 1..20 {
        bench.pass(60 * SECOND);
        if minute == 5 {
            // Any announcement will do, also the same again.
            bench.line(&notify("a"));
        }
        if minute == 15 {
            break;
        }
        let pong = r#"send {"id":"p","result":"pong","error":null}"#;
        assert_eq!(bench.line(r#"{"id":"p","method":"mining.ping"}"#), [pong], "{minute}");
    }
    let told = bench.all();
    assert_eq!(told[0], "close");
    assert!(
        told[1].starts_with("down: no mining.notify for 600 s, although it answers"),
        "{told:?}"
    );
    // From the beginning, too.
    let mut bench = Bench::pool();
    for _ in 0..5 {
        bench.pass(100 * SECOND);
        bench.line("");
        assert!(bench.all().is_empty());
    }
    assert_eq!(bench.source.next_wake(), Some(bench.now + 100 * SECOND));
    bench.pass(100 * SECOND);
    assert!(bench.all()[1].starts_with("down: no mining.notify for 600 s"));
}

#[test]
fn a_late_answer_is_none() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.submit(1, "a");
    bench.pass(10 * SECOND);
    bench.submit(2, "a");
    assert_eq!(bench.source.next_wake(), Some(bench.now + 20 * SECOND));
    bench.pass(20 * SECOND);
    assert_eq!(bench.all(), ["1 unanswered: no answer within 30 s"]);
    assert!(bench.line(&answer(2, "true")).is_empty());
    assert_eq!(bench.line(&answer(3, "true")), ["2 accepted"]);
    assert_eq!(bench.source.status().latency, Some(20 * SECOND));
    // The door keeper has as long.
    let mut bench = Bench::new(Dialect::Pool(login()));
    bench.source.activate(bench.now);
    bench.connect();
    bench.pass(30 * SECOND);
    let late = "down: no answer to mining.authorize within 30 s";
    assert_eq!(bench.all(), ["close", late]);
}

#[test]
fn waits_grow_until_a_job_comes() {
    let mut bench = Bench::pool();
    bench.close();
    let mut longest = Duration::ZERO;
    for request in 2..40 {
        let wait = bench.source.next_wake().unwrap() - bench.now;
        longest = longest.max(wait);
        // Being let in is not enough.
        assert_eq!(bench.again(request), ["up"]);
        bench.close();
    }
    assert!(longest > 30 * SECOND && longest <= 60 * SECOND, "{longest:?}");
    bench.again(40);
    bench.line(&notify("a"));
    bench.close();
    assert!(bench.source.next_wake().unwrap() <= bench.now + SECOND);
}

#[test]
fn failed_tries_are_told() {
    let mut bench = Bench::new(Dialect::Pool(login()));
    bench.source.activate(bench.now);
    bench.all();
    bench.source.connect_failed("no\nroute", bench.now);
    let Some(Output::Event(SourceEvent::Down { reason, retry_in })) = bench.source.poll() else {
        panic!("nothing was told");
    };
    assert_eq!(
        (reason.as_str(), bench.source.next_wake()),
        ("no route", Some(bench.now + retry_in))
    );
    assert_eq!(bench.source.status().error.as_deref(), Some("no route"));
    // By hand, at once.
    bench.source.on(bench.now);
    assert_eq!(bench.all(), ["connect"]);
}

#[test]
fn what_comes_behind_the_last_answer_is_not_waited_for() {
    for pieces in [1, 2] {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.submit(1, "a");
        bench.source.standby(bench.now);
        let lines = [answer(2, "true"), notify("b")].map(|line| format!("{line}\n"));
        match pieces {
            1 => bench.source.received(lines.concat().as_bytes(), bench.now),
            _ => lines.iter().for_each(|line| bench.source.received(line.as_bytes(), bench.now)),
        }
        let expected = ["1 accepted", "close", "down: not needed for now"];
        assert_eq!(bench.all(), expected, "in {pieces}");
    }
}

#[test]
fn standby_and_off_close() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.submit(1, "a");
    bench.source.standby(bench.now);
    assert!(bench.all().is_empty(), "a share waits for its answer");
    // Wanted again, it says what it has.
    bench.source.activate(bench.now);
    assert_eq!(bench.all(), ["up", "job a"]);
    bench.source.activate(bench.now);
    assert!(bench.all().is_empty());
    bench.source.off(bench.now);
    assert_eq!(bench.all(), ["close", "down: switched off"]);
    let status = bench.source.status();
    assert_eq!((status.state, status.shares.pending), (SourceState::Off, 1));
    // Its share is kept.
    bench.source.on(bench.now);
    bench.connect();
    assert_eq!(bench.line(&answer(3, "true")), ["up"]);
    assert_eq!(bench.line(&notify("a"))[1..], sent(4, 1, "a"));
    bench.source.standby(bench.now);
    let done = ["1 accepted", "close", "down: not needed for now"];
    assert_eq!(bench.line(&answer(4, "true")), done);
    // On its way, and not wanted any more.
    bench.source.activate(bench.now);
    bench.source.standby(bench.now);
    assert_eq!(bench.all(), ["connect", "close"]);
    bench.source.connected(bench.now);
    assert_eq!(bench.all(), ["close"]);
}

#[test]
fn what_could_not_be_written_was_not_sent() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.source.submit(submission(1, "a"), bench.now).unwrap();
    assert!(matches!(bench.source.poll(), Some(Output::Send(_))));
    assert_eq!(bench.close(), ["down: cut"]);
    assert_eq!(bench.again(3), ["up"]);
    assert_eq!(bench.line(&notify("a"))[1..], sent(4, 1, "a"));
}

#[test]
fn nothing_is_done_after_a_line_that_ends_it() {
    let mut bench = Bench::pool();
    let lines = format!("{}\nhello\n{}\n", notify("a"), notify("b"));
    bench.source.received(lines.as_bytes(), bench.now);
    let told = bench.all();
    assert_eq!(told[..2], ["job a", "close"]);
    assert!(told[2].starts_with("down: it sent \"hello\", which is not a JSON object; check"));
    bench.source.received(lines.as_bytes(), bench.now);
    assert!(bench.all().is_empty());
    // A half line of the connection before is not the beginning of the next one's.
    let mut bench = Bench::pool();
    bench.source.received(b"{\"id\":", bench.now);
    bench.close();
    assert_eq!(bench.again(2), ["up"]);
}

#[test]
fn a_line_has_an_end() {
    let mut bench = Bench::pool();
    for _ in 0..16 {
        bench.source.received(&[b'x'; 1 << 16], bench.now);
    }
    assert!(bench.all().is_empty());
    bench.source.received(b"x", bench.now);
    let told = bench.all();
    let down = "down: a line is longer than 1048576 bytes; check that a pool listens there";
    assert_eq!(told, ["close", down]);
}

#[test]
fn an_unauthorised_miner_waits_for_long() {
    let refused = [
        error(1, r#"{"code":24,"message":"unknown wallet"}"#),
        error(1, r#"[24,"unknown wallet",null]"#),
        answer(1, "false"),
    ];
    for line in refused {
        let mut bench = Bench::new(Dialect::Pool(login()));
        bench.source.activate(bench.now);
        bench.connect();
        let told = bench.line(&line);
        assert!(told[1].starts_with("down: unauthorised: "), "{told:?}");
        assert!(told[1].contains("check wallet \"prl1bench\"") && !told[1].contains("secret"));
        assert_eq!(bench.source.next_wake(), Some(bench.now + 300 * SECOND));
    }
    // Later, it costs the share.
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    bench.submit(1, "a");
    let told = bench.line(&error(2, r#"{"code":24,"message":"banned"}"#));
    assert_eq!(told[..2], ["1 rejected 24: banned", "close"]);
    assert_eq!(bench.source.next_wake(), Some(bench.now + 300 * SECOND));
    // Anything else may pass.
    let mut bench = Bench::new(Dialect::Pool(login()));
    bench.source.activate(bench.now);
    bench.connect();
    let told = bench.line(&error(1, r#"{"code":20,"message":"busy"}"#));
    assert_eq!(told[1], "down: it answers mining.authorize with error 20: busy");
    assert!(bench.source.next_wake().unwrap() <= bench.now + SECOND);
}

#[test]
fn verdicts_are_counted() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    for number in 1..=6 {
        bench.submit(number, "a");
    }
    bench.line(&answer(2, "true"));
    bench.line(&error(3, r#"{"code":22,"message":"again"}"#));
    bench.line(&error(4, r#"{"code":21,"message":"gone"}"#));
    bench.line(&error(5, r#"{"code":23,"message":"low"}"#));
    bench.line(&answer(6, "7"));
    let expected = ShareCounts { accepted: 2, stale: 1, rejected: 1, unanswered: 1, pending: 1 };
    assert_eq!(bench.source.status().shares, expected);
}
