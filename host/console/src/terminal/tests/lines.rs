//! A miner as lines.

use std::time::Duration;

use expect_test::expect;

use super::sample::{line, rig};
use crate::status::{Level, Status};
use crate::terminal::Format;
use crate::terminal::lines::{Lines, summary};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A status with these lines in its log.
fn logged(numbers: std::ops::RangeInclusive<u64>) -> Status {
    let log = numbers.map(|number| line(number, Level::Info, "something happened")).collect();
    Status { log, ..rig() }
}

#[test]
fn every_line_comes_once_and_a_summary_every_ten_seconds() {
    let mut lines = Lines::new(Level::Info, Format::Text);
    expect![[r#"
        2027-01-15T08:00:01Z info: source pool1: something happened
        2027-01-15T08:00:02Z info: source pool1: something happened
    "#]]
    .assert_eq(&lines.take(&logged(1..=2), seconds(0)));
    assert_eq!(lines.take(&logged(1..=2), seconds(9)), "");
    expect![[r#"
        2027-01-15T08:00:03Z info: source pool1: something happened
        2027-01-15T08:00:00Z up 1 d 2 h: 1.23 TMAC/s, credited 103 PMAC; 2 of 4 devices at work for pool1; shares: 120 found, 115 accepted, 1 rejected, 2 stale, 2 pending; 7 hardware errors; job latency 12 ms
    "#]]
    .assert_eq(&lines.take(&logged(2..=3), seconds(10)));
    assert_eq!(lines.take(&logged(2..=3), seconds(19)), "");
    // A computer that slept for a minute has missed no summary that anybody wants.
    assert_eq!(lines.take(&logged(2..=3), seconds(80)).lines().count(), 1);
    assert_eq!(lines.take(&logged(2..=3), seconds(81)), "");
}

#[test]
fn lines_that_were_missed_are_counted() {
    let mut lines = Lines::new(Level::Warning, Format::Text);
    lines.take(&logged(1..=4), seconds(0));
    expect![[r#"
        2027-01-15T08:00:00Z warning: display: 15 lines came too fast to be shown
    "#]]
    .assert_eq(&lines.take(&logged(20..=22), seconds(1)));
    assert_eq!(lines.take(&logged(23..=23), seconds(2)), "");
    assert_eq!(lines.take(&Status::default(), seconds(3)), "");
}

#[test]
fn only_what_is_bad_enough() {
    let log =
        vec![line(1, Level::Info, "a"), line(2, Level::Warning, "b"), line(3, Level::Error, "c")];
    let status = Status { log, ..rig() };
    let count = |level| Lines::new(level, Format::Text).take(&status, seconds(0)).lines().count();
    assert_eq!([Level::Info, Level::Warning, Level::Error].map(count), [3, 2, 1]);
}

#[test]
fn json_is_one_object_a_line() {
    let mut lines = Lines::new(Level::Info, Format::Json);
    let mut status = Status { log: vec![line(1, Level::Error, "a \"b\"\n\u{1b}c")], ..rig() };
    status.notice = Some("of no use".into());
    let text = lines.take(&status, seconds(10));
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0]["text"], "a \"b\" c");
    assert_eq!(
        (&objects[0]["level"], &objects[0]["time"]),
        (&"error".into(), &"2027-01-15T08:00:01Z".into())
    );
    assert_eq!(objects[1]["totals"]["shares"]["found"], 120);
    assert_eq!(objects[1]["notice"], "of no use");
    assert_eq!(objects.len(), 2);
}

#[test]
fn a_summary_says_what_is_wrong() {
    let mut status = Status { sources: Vec::new(), ..rig() };
    status.totals.log_writable = false;
    status.totals.shares.unanswered = 4;
    status.totals.job_latency_s = None;
    status.notice = Some("NOT USEFUL WORK\u{1b}[2J".into());
    expect![[r#"
        2027-01-15T08:00:00Z up 1 d 2 h: 1.23 TMAC/s, credited 103 PMAC; 2 of 4 devices at work for no source; shares: 120 found, 115 accepted, 1 rejected, 2 stale, 2 pending; 7 hardware errors; 4 unanswered; THE LOG OF SHARES CAN'T BE WRITTEN; NOT USEFUL WORK[2J
    "#]]
    .assert_eq(&summary(&status, Format::Text));
}

#[test]
fn what_stays_behind_a_dashboard_is_not_said_again() {
    let mut lines = Lines::new(Level::Info, Format::Text);
    let left = lines.newest(&logged(1..=30), 3);
    assert_eq!(left.lines().count(), 4);
    assert!(left.starts_with("2027-01-15T08:00:28Z"), "{left}");
    assert_eq!(lines.take(&logged(1..=31), seconds(0)).lines().count(), 1);
}
