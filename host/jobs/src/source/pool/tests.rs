//! A pool line by line.

use gemmine_pouw::U256;
use primitive_types::U256 as Number;

use crate::source::connection::{Dialect, Output};
use crate::source::testing::{Bench, answer, context, error, login, notify, notify_with};
use crate::work::{SourceEvent, SourceId, Work};

/// What a pool that has let us in hears and says after one line.
fn check(line: &str, expected: &[&str]) {
    assert_eq!(Bench::pool().line(line), expected, "{line}");
}

/// What becomes of a job in which a part is other.
fn check_refused(part: &str, other: &str, expected: &str) {
    let line = notify("a").replace(part, other);
    assert_ne!(line, notify("a"), "{part}");
    let told = Bench::pool().line(&line);
    let refused = told[0].strip_prefix("refused: ").unwrap_or_else(|| panic!("{told:?}"));
    assert!(refused.contains(expected) && told.len() == 1, "{told:?} without {expected:?}");
}

#[test]
fn a_job_is_read_to_the_last_bit() {
    let mut bench = Bench::pool();
    bench.source.received(format!("{}\n", notify("a")).as_bytes(), bench.now);
    let Some(Output::Event(SourceEvent::Job { job, earlier_valid: false })) = bench.source.poll()
    else {
        panic!("no job");
    };
    assert_eq!((job.source, &*job.name, &*job.context), (SourceId(3), "a", &*context()));
    assert_eq!(job.height, Some(7));
    let Work::Pearl { header, share_target, network_target } = &job.work else {
        panic!("no work of Pearl's");
    };
    assert_eq!(header.as_bytes()[..72], [0x20; 72]);
    assert_eq!(header.nbits(), 0x1e01_0000);
    assert_eq!(*share_target, U256::from(0xffff));
    assert_eq!(*network_target, Number::one() << (16 + 8 * 27));
}

#[test]
fn other_certificates_are_refused_by_name() {
    let version = "\"cert_version\":3";
    let unknown = "is not implemented, expected 3";
    for other in ["4", "2", "0", "4294967296", "-1"] {
        check_refused(version, &format!("\"cert_version\":{other}"), unknown);
    }
    check_refused(version, "\"cert_version\":4", "certificate version 4 (");
    for other in ["\"3\"", "3.0", "true", "[3]", "{}"] {
        check_refused(version, &format!("\"cert_version\":{other}"), "cert_version is");
    }
    for other in ["\"cert_version\":null", "\"version\":3"] {
        check_refused(version, other, "a job without cert_version");
    }
}

#[test]
fn every_field_is_what_it_should_be() {
    check_refused("\"job_id\"", "\"id\"", "a job without job_id");
    check_refused("\"header\"", "\"head\"", "a job without header");
    check_refused("\"target\"", "\"bits\"", "a job without target");
    check_refused("\"job_id\":\"a\"", "\"job_id\":7", "job_id is 7: expected a string");
    check_refused("\"job_id\":\"a\"", "\"job_id\":\"\"", "job_id has 0 bytes");
    let long = format!("\"job_id\":\"{}\"", "x".repeat(257));
    check_refused("\"job_id\":\"a\"", &long, "job_id has 257 bytes");
    check_refused("0000011e\"", "000001\"", "75 bytes, expected 76");
    check_refused("0000011e\"", "0000011e00\"", "77 bytes, expected 76");
    check_refused("0000011e\"", "0000011\"", "expected 152 hex digits");
    check_refused("0000011e\"", "000001zz\"", "expected 152 hex digits");
    check_refused("ffff\"", "0000\"", "target is 0, which no ticket meets");
    check_refused("ffff\"", "fff\"", "target of 63 characters");
    check_refused("ffff\"", "fffé\"", "expected a hex digit");
    check_refused("\"height\":7", "\"height\":-7", "height is -7: expected a whole number");
    check_refused("\"height\":7", "\"height\":\"7\"", "height is");
    check_refused("\"height\":7", "\"clean_jobs\":0", "clean_jobs is 0: expected true or false");
    check_refused("\"height\":7", "\"target\":0", "are not an object");
    let without = r#"{"id":null,"method":"mining.notify"}"#;
    check(without, &["refused: a job without params"]);
    for params in ["[\"a\",1]", "7", "\"a\"", "true"] {
        let line = format!(r#"{{"method":"mining.notify","params":{params}}}"#);
        check(&line, &[&format!("refused: a job whose params {params} are not an object")]);
    }
    // Without a height, and with what we do not know, it is a job.
    check(&notify("a").replace("\"height\":7,", ""), &["job a"]);
    check(&notify_with("a", r#","height2":[[1]],"clean_jobs":null"#), &["job a"]);
}

#[test]
fn a_refused_job_ends_the_one_before() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    let bad = notify("b").replace("\"cert_version\":3", "\"cert_version\":4");
    assert!(bench.line(&bad)[0].starts_with("refused: certificate version 4"));
    assert!(bench.source.status().job.is_none());
    // Said once.
    assert!(bench.line(&bad).is_empty());
    // What was found for the one before is worth a try.
    assert_eq!(bench.submit(1, "a")[1], "sent 1");
    assert_eq!(bench.line(&notify("c")), ["job c"]);
}

#[test]
fn jobs_before_the_door_opens_wait() {
    let mut bench = Bench::new(Dialect::Pool(login()));
    bench.source.activate(bench.now);
    bench.connect();
    assert!(bench.line(&notify("a")).is_empty());
    assert!(bench.line(&notify("b")).is_empty());
    assert_eq!(bench.line(&answer(1, "true")), ["up", "job b"]);
    // The door opens once.
    assert!(bench.line(&answer(1, "false")).is_empty());
}

#[test]
fn verdicts_by_code() {
    for (said, expected) in [
        (r#"{"code":20,"message":"x"}"#, "1 rejected 20: x"),
        (r#"[20,"x",null]"#, "1 rejected 20: x"),
        (r#"{"code":21,"message":"job not found"}"#, "1 stale: job not found"),
        (r#"[21,"job not found"]"#, "1 stale: job not found"),
        (r#"{"code":22,"message":"x"}"#, "1 known"),
        (r#"{"code":20,"message":"Duplicate share"}"#, "1 known"),
        (r#""duplicate""#, "1 known"),
        (r#"{"code":23,"message":"low\u001b[2J difficulty"}"#, "1 rejected 23: low [2J difficulty"),
        (r#"{"code":25,"message":null}"#, r#"1 rejected 25: {"code":25,"message":null}"#),
        (r#"{"code":-5,"message":"x"}"#, "1 rejected -5: x"),
        ("true", "1 rejected 0: true"),
    ] {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.submit(1, "a");
        assert_eq!(bench.line(&error(2, said)), [expected]);
        // Whatever is said twice counts once.
        assert!(bench.line(&answer(2, "true")).is_empty());
    }
    for (said, expected) in [
        (r#"{"id":2,"result":true}"#, "1 accepted"),
        (r#"{"id":"2","result":true,"error":null}"#, "1 accepted"),
        (r#"{"id":2,"result":false,"error":null}"#, "1 rejected 0: it says no, and not why"),
        (r#"{"id":2,"result":true,"error":[23,"low"]}"#, "1 rejected 23: low"),
        (r#"{"id":2}"#, "1 unanswered: it answered nothing, which is neither yes nor no"),
        (
            r#"{"id":2,"result":"OK"}"#,
            r#"1 unanswered: it answered "OK", which is neither yes nor no"#,
        ),
    ] {
        let mut bench = Bench::pool();
        bench.line(&notify("a"));
        bench.submit(1, "a");
        assert_eq!(bench.line(said), [expected]);
    }
}

#[test]
fn answers_come_in_any_order() {
    let mut bench = Bench::pool();
    bench.line(&notify("a"));
    for number in 1..=3 {
        bench.submit(number, "a");
    }
    for unknown in ["99", "1", "-2", "2.5", "null", "true", "\"x\"", "{}"] {
        let line = format!(r#"{{"id":{unknown},"result":true,"error":null}}"#);
        assert!(bench.line(&line).is_empty(), "{line}");
    }
    assert_eq!(bench.line(&answer(4, "true")), ["3 accepted"]);
    assert_eq!(bench.line(&error(2, "[21,\"gone\"]")), ["1 stale: gone"]);
    assert_eq!(bench.line(&answer(3, "true")), ["2 accepted"]);
}

#[test]
fn what_the_pool_asks_is_answered() {
    let pong = r#"send {"id":"p-1","result":"pong","error":null}"#;
    check(r#"{"id":"p-1","method":"mining.ping","params":{}}"#, &[pong]);
    let none = r#"send {"id":-4.5,"result":null,"error":{"code":-32601,"message":"gemmine has no such method"}}"#;
    check(r#"{"id":-4.5,"method":"mining.dance","params":[]}"#, &[none]);
    // Its number is not one of ours, whatever it is.
    check(r#"{"id":1,"method":"mining.dance","result":true}"#, &[&none.replace("-4.5", "1")]);
    for quiet in [
        r#"{"id":null,"method":"mining.ping"}"#.to_owned(),
        r#"{"method":"mining.set_difficulty","params":{"difficulty":7}}"#.to_owned(),
        r#"{"id":[1],"method":"mining.ping"}"#.to_owned(),
        r#"{"id":{},"method":"mining.ping"}"#.to_owned(),
        r#"{"id":true,"method":"mining.ping"}"#.to_owned(),
        format!(r#"{{"id":"{}","method":"mining.ping"}}"#, "x".repeat(63)),
        r#"{"id":1,"method":7}"#.to_owned(),
        r#"{"method":null}"#.to_owned(),
        "{}".to_owned(),
        " \r".to_owned(),
    ] {
        check(&quiet, &[]);
    }
}

#[test]
fn names_of_jobs_are_kept_whatever_is_in_them() {
    let mut bench = Bench::pool();
    let told = bench.line(&notify(r#"a\"\\\n\u00e9"#));
    assert_eq!(told, ["job a\"\\\n\u{e9}"]);
    let sent = bench.submit(1, "a\"\\\n\u{e9}");
    assert!(sent[0].contains("{\"job_id\":\"a\\\"\\\\\\n\u{e9}\","), "{sent:?}");
}
