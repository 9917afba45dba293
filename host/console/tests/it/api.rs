//! What is read.

use gemmine_console::status::{
    DeviceState, DeviceStatus, Miner, SourceState, SourceStatus, Status,
};
use serde::de::DeserializeOwned;

use super::client::{get, send, serve};

fn read<T: DeserializeOwned>(server: &gemmine_console::http::Server, path: &str) -> T {
    let answer = get(server, path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    serde_json::from_value(answer.json()).unwrap()
}

#[test]
fn a_status_comes_over_whole() {
    let (miner, server) = serve(6);
    let status = miner.status();
    assert_eq!(read::<Status>(&server, "/api/v1/status"), *status);
    assert_eq!(read::<Vec<DeviceStatus>>(&server, "/api/v1/devices"), status.devices);
    assert_eq!(read::<Vec<SourceStatus>>(&server, "/api/v1/sources"), status.sources);
}

#[test]
fn only_lines_of_the_log_that_are_new_come() {
    let (miner, server) = serve(4);
    let numbers = |since: &str| {
        let status: Status = read(&server, &format!("/api/v1/status?{since}"));
        assert_eq!(status.devices, miner.status().devices);
        status.log.iter().map(|line| line.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers("log_since=0"), [1, 2, 3]);
    assert_eq!(numbers("log_since=1"), [2, 3]);
    assert_eq!(numbers("other=7&log_since=3"), [0; 0]);
    // From a miner that ran before this one.
    assert_eq!(numbers("log_since=9"), [1, 2, 3]);
    for wrong in ["log_since=", "log_since=-1", "log_since=18446744073709551616"] {
        let answer = get(&server, &format!("/api/v1/status?{wrong}"));
        assert_eq!((answer.status, &*answer.error()), (400, "bad_query"), "{wrong}");
    }
}

#[test]
fn other_paths_and_methods_are_refused_in_json() {
    let (_miner, server) = serve(4);
    for path in ["/api", "/api/v2/status", "/page/../status.rs", "/favicon.ico"] {
        let answer = get(&server, path);
        assert_eq!((answer.status, &*answer.error()), (404, "not_found"), "{path}");
    }
    for (method, path) in [("POST", "/api/v1/status"), ("GET", "/api/v1/control"), ("PUT", "/")] {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = send(&server, request.as_bytes());
        assert_eq!((answer.status, &*answer.error()), (405, "wrong_method"), "{method} {path}");
    }
}

#[test]
fn ready_says_what_is_missing() {
    let (miner, server) = serve(4);
    assert_eq!(get(&server, "/health/live").status, 200);
    let reasons = || {
        let answer = get(&server, "/health/ready");
        let json = answer.json();
        assert_eq!(json["ok"], answer.status == 200);
        assert_eq!(answer.status, if json["reasons"] == serde_json::json!([]) { 200 } else { 503 });
        json["reasons"].to_string()
    };
    assert_eq!(reasons(), "[]");
    miner.change(|status| status.sources[0].state = SourceState::Paused);
    assert_eq!(reasons(), r#"["no source is up; 1 back_off, 1 paused"]"#);
    miner.change(|status| {
        status.devices.iter_mut().for_each(|device| device.state = DeviceState::Idle);
        status.sources.clear();
    });
    let both = r#"["no source is up; there is no source","no device works; 4 idle"]"#;
    assert_eq!(reasons(), both);
    assert_eq!(get(&server, "/health/live").status, 200);
}

#[test]
fn history_begins_with_what_is() {
    let (miner, server) = serve(12);
    // The first point is taken as soon as the server runs.
    let history = loop {
        let history = get(&server, "/api/v1/history").json();
        if history["points"] != serde_json::json!([]) {
            break history;
        }
    };
    let totals = miner.status().totals.clone();
    assert_eq!(history["points"][0]["reported"], totals.reported.minute);
    assert_eq!(history["points"][0]["accepted"], totals.shares.accepted);
    assert_eq!(history["devices"].as_array().unwrap().len(), 8);
}
