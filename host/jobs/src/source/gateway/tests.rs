//! A gateway line by line. Lines of the real pearl-gateway are recorded ones.

use std::sync::Arc;

use crate::source::connection::{Output, SubmitError};
use crate::source::report::SourceState;
use crate::source::testing::{Bench, GATEWAY_JOB, SECOND, proof, share, submission};
use crate::work::{Job, SourceEvent, Submission};

fn result(request: u64, result: &str) -> String {
    format!(r#"{{"jsonrpc": "2.0", "result": {result}, "id": {request}}}"#)
}

/// Recorded, but for the number.
fn paused(request: u64) -> String {
    format!(
        r#"{{"jsonrpc": "2.0", "error": {{"code": -32001, "message": "mining_paused: no block template available"}}, "id": {request}}}"#
    )
}

fn ask(request: u64) -> String {
    format!(r#"send {{"jsonrpc":"2.0","method":"getMiningInfo","id":{request},"params":{{}}}}"#)
}

/// A job that differs in its header.
fn other_job() -> String {
    GATEWAY_JOB.replace("AAAAIB8e", "BAAAIB8e")
}

/// A gateway that is up, and the job that it sent.
fn up() -> (Bench, Arc<Job>) {
    let mut bench = Bench::gateway();
    bench.source.received(result(1, GATEWAY_JOB).as_bytes(), bench.now);
    bench.source.received(b"\n", bench.now);
    assert_eq!(bench.source.poll(), Some(Output::Event(SourceEvent::Up)));
    let Some(Output::Event(SourceEvent::Job { job, earlier_valid: false })) = bench.source.poll()
    else {
        panic!("no job");
    };
    (bench, job)
}

fn of(job: &Job, number: u16) -> Submission {
    let (name, context) = (Arc::clone(&job.name), Arc::clone(&job.context));
    Submission { job: name, context, ..submission(number, "") }
}

#[test]
fn the_job_goes_back_as_it_came() {
    let (mut bench, job) = up();
    assert_eq!(&*job.context, GATEWAY_JOB);
    assert_eq!((job.name.len(), job.height), (16, None));
    bench.source.submit(of(&job, 1), bench.now).unwrap();
    let line = format!(
        r#"send {{"jsonrpc":"2.0","method":"submitPlainProof","id":2,"params":{{"plain_proof":"{}","mining_job":{GATEWAY_JOB}}}}}"#,
        proof(1)
    );
    assert_eq!(bench.all(), [line, "sent 1".into()]);
    // Recorded.
    let line = r#"{"jsonrpc": "2.0", "result": "submitted", "id": 2}"#;
    assert_eq!(bench.line(line), ["1 acknowledged"]);
    // As a file has it, with ends of lines.
    let pretty = GATEWAY_JOB.replace(", ", ",\r\n");
    let submission = Submission { context: pretty.into(), ..of(&job, 2) };
    bench.source.submit(submission, bench.now).unwrap();
    let sent = bench.all();
    let spaced = GATEWAY_JOB.replace(", ", ",  ");
    assert!(sent[0].contains(&spaced) && !sent[0].contains('\n'), "{sent:?}");
}

#[test]
fn a_context_that_is_no_object_is_refused() {
    let (mut bench, job) = up();
    for context in ["", "{", "7", "[]", "null", "{} {}", "{}}"] {
        let submission = Submission { context: context.into(), ..of(&job, 1) };
        let refused = bench.source.submit(submission, bench.now).unwrap_err();
        assert!(matches!(&refused, SubmitError::Context { .. }), "{refused}");
        assert!(refused.to_string().contains("is not the object that a gateway sent"));
    }
    assert!(bench.all().is_empty());
}

#[test]
fn it_is_asked_again_and_again() {
    let mut bench = Bench::gateway();
    assert_eq!(bench.source.status().state, SourceState::Connecting);
    let told = bench.line(&result(1, GATEWAY_JOB));
    assert_eq!(told[0], "up");
    assert_eq!(bench.source.next_wake(), Some(bench.now + SECOND));
    bench.pass(SECOND);
    assert_eq!(bench.all(), [ask(2)]);
    // Not again while it thinks.
    bench.pass(5 * SECOND);
    assert!(bench.all().is_empty());
    // The same work, whatever else has changed in the object.
    let more = GATEWAY_JOB.replace("[]", r#"["x"], "tip": 1e999"#);
    assert!(bench.line(&result(2, &more)).is_empty());
    bench.pass(SECOND);
    assert_eq!(bench.all(), [ask(3)]);
    let told = bench.line(&result(3, &other_job()));
    assert!(told.len() == 1 && told[0].starts_with("job "), "{told:?}");
    bench.pass(SECOND);
    assert_eq!(bench.all(), [ask(4)]);
    bench.pass(30 * SECOND);
    let down = "down: no answer to getMiningInfo within 30 s";
    assert_eq!(bench.all(), ["close", down]);
}

#[test]
fn a_pause_is_told_once_and_ends_with_a_job() {
    let mut bench = Bench::gateway();
    let reason = "paused: mining_paused: no block template available";
    assert_eq!(bench.line(&paused(1)), ["up", reason]);
    assert_eq!(bench.source.status().state, SourceState::Paused);
    bench.pass(SECOND);
    bench.all();
    assert!(bench.line(&paused(2)).is_empty());
    bench.pass(SECOND);
    bench.all();
    let told = bench.line(&result(3, GATEWAY_JOB));
    assert!(told[0].starts_with("job "));
    bench.pass(SECOND);
    bench.all();
    assert_eq!(bench.line(&paused(4)), [reason]);
    bench.pass(SECOND);
    bench.all();
    // The same job, and it must be told again.
    assert_eq!(bench.line(&result(5, GATEWAY_JOB)), told);
}

#[test]
fn a_share_in_a_pause_is_sent_when_its_job_is_back() {
    for (next, over) in [(GATEWAY_JOB.to_owned(), false), (other_job(), true)] {
        let (mut bench, job) = up();
        bench.source.submit(of(&job, 1), bench.now).unwrap();
        bench.all();
        let told = bench.line(&paused(2));
        assert_eq!(told, ["paused: mining_paused: no block template available"]);
        bench.source.submit(of(&job, 2), bench.now).unwrap();
        assert!(bench.all().is_empty());
        bench.pass(SECOND);
        assert_eq!(bench.all(), [ask(3)]);
        let told = bench.line(&result(3, &next));
        assert!(told[0].starts_with("job "));
        let about: Vec<_> = told.iter().filter(|text| !text.starts_with("send")).skip(1).collect();
        match over {
            false => assert_eq!(about, ["sent 1", "sent 2"]),
            true => assert!(about.iter().all(|text| text.contains("unanswered")), "{about:?}"),
        }
    }
}

#[test]
fn errors_reject() {
    // Recorded, but for the number.
    for (error, expected) in [
        (
            r#"{"code": -32602, "message": "Invalid params", "data": "data.mining_job.target must be integer"}"#,
            "1 rejected -32602: Invalid params: data.mining_job.target must be integer",
        ),
        (
            r#"{"code": -32000, "message": "Deserialization failed: not a valid PlainProof (tried current and legacy V1 formats)"}"#,
            "1 rejected -32000: Deserialization failed: not a valid PlainProof (tried current and legacy V1 formats)",
        ),
        (
            r#"{"code": -32000, "message": "9 is not a valid CertificateVersion"}"#,
            "1 rejected -32000: 9 is not a valid CertificateVersion",
        ),
    ] {
        let (mut bench, job) = up();
        bench.source.submit(of(&job, 1), bench.now).unwrap();
        bench.all();
        let line = format!(r#"{{"jsonrpc": "2.0", "error": {error}, "id": 2}}"#);
        assert_eq!(bench.line(&line), [expected]);
        assert_eq!(
            bench.source.submit(of(&job, 1), bench.now),
            Err(SubmitError::Answered(share(1)))
        );
    }
    let (mut bench, job) = up();
    bench.source.submit(of(&job, 1), bench.now).unwrap();
    bench.all();
    let told = bench.line(&result(2, "true"));
    assert_eq!(told, ["1 unanswered: it answered true, which is neither yes nor no"]);
}

#[test]
fn work_that_can_not_be_done_is_refused_by_name() {
    let check = |part: &str, other: &str, expected: &str| {
        let mut bench = Bench::gateway();
        let told = bench.line(&result(1, &GATEWAY_JOB.replace(part, other)));
        assert_eq!(told[0], "up");
        assert!(told[1].starts_with("refused: ") && told[1].contains(expected), "{told:?}");
        // It is asked on, and says nothing new.
        bench.pass(SECOND);
        assert_eq!(bench.all(), [ask(2)]);
        assert!(bench.line(&result(2, &GATEWAY_JOB.replace(part, other))).is_empty());
        bench.pass(SECOND);
        bench.all();
        assert!(bench.line(&result(3, GATEWAY_JOB))[0].starts_with("job "));
    };
    check(": 3", ": 4", "certificate version 4 (");
    check(": 3", ": \"3\"", "cert_version \"3\" is not an integer");
    check("\"cert_version\"", "\"version\"", "no `cert_version`");
    check("\"target\"", "\"bits\"", "no `target`");
    check(
        "690174634679056378743475586227702545245110897217038655516252422379929",
        "1.",
        "target 1.6",
    );
    check("AAABHg", "AAAAHg", "its target is 0, which no ticket meets (nbits 0x1e000000)");
    check("incomplete_header_bytes", "header", "no `incomplete_header_bytes`");
    check(GATEWAY_JOB, "\"submitted\"", "not a JSON object");
    check(GATEWAY_JOB, "[]", "not a JSON object");
}

#[test]
fn what_is_no_gateway_is_left() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (line, expected) in [
        ("hello".to_owned(), "it sent \"hello\", which is not a JSON object"),
        (r#"{"id":1}"#.to_owned(), "neither result nor error"),
        (
            r#"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method foo not found"}, "id": 1}"#.to_owned(),
            "it answers getMiningInfo with error -32601: Method foo not found",
        ),
        (format!(r#"{{"id":1,"error":{deep}}}"#), "it answers getMiningInfo with error 0: [[["),
    ] {
        let told = Bench::gateway().line(&line);
        assert!(told.len() == 2 && told[0] == "close", "{told:?}");
        assert!(told[1].starts_with("down: ") && told[1].contains(expected), "{told:?}");
    }
    // Not for us, and no harm. The first two are recorded.
    let mut bench = Bench::gateway();
    for line in [
        r#"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error", "data": "Expecting value: line 1 column 1 (char 0)"}, "id": null}"#,
        r#"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request", "data": "data must contain ['id'] properties"}, "id": null}"#,
        r#"{"jsonrpc": "2.0", "result": {}, "id": 2}"#,
        r#"{"method": "hello", "id": 5}"#,
    ] {
        assert!(bench.line(line).is_empty(), "{line}");
    }
    assert_eq!(bench.line(&result(1, GATEWAY_JOB)).len(), 2);
}
