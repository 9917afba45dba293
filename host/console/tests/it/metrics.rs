//! Metrics, read as a scraper reads them.

use std::collections::{BTreeMap, BTreeSet};

use gemmine_console::http::Server;
use gemmine_console::status::{DeviceState, Miner};

use super::client::{get, serve};
use super::fake::HOSTILE;

/// Samples by name and labels, such as `gemmine_jobs_total` or `gemmine_device_state{device="x",state="off"}`.
pub type Samples = BTreeMap<String, f64>;

/// Reads an exposition, and insists on what OpenMetrics demands of one.
pub fn samples(server: &Server) -> Samples {
    let answer = get(server, "/metrics");
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
    let text = answer.body.strip_suffix("# EOF\n").expect("it has an end");
    let mut samples = Samples::new();
    let mut families = BTreeSet::new();
    let mut family = ("", "");
    for line in text.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => {
                assert!(families.insert(name), "{name} comes twice");
                assert!(!help.is_empty());
            }
            ["#", "TYPE", name, kind] => family = (name, kind),
            _ => {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let suffix = match family.1 {
                    "counter" => "_total",
                    "info" => "_info",
                    "gauge" => "",
                    other => panic!("{other}"),
                };
                let bare = name.split('{').next().unwrap();
                assert_eq!(bare, format!("{}{suffix}", family.0), "{line}");
                let before = samples.insert(name.into(), value.parse().unwrap());
                assert_eq!(before, None, "{name} comes twice");
            }
        }
    }
    samples
}

#[test]
fn what_the_status_says_the_metrics_say() {
    let (miner, server) = serve(4);
    let status = miner.status();
    let samples = samples(&server);
    let board = r#"device="serial:/dev/ttyUSB0""#;
    let expected = [
        ("gemmine_uptime_seconds", status.uptime_s),
        ("gemmine_credited_macs_total", status.totals.macs_credited),
        (r#"gemmine_reported_macs_per_second{window="quarter"}"#, status.totals.reported.quarter),
        ("gemmine_shares_found_total", 1290.0),
        (r#"gemmine_shares_total{result="stale"}"#, 34.0),
        ("gemmine_shares_pending", 3.0),
        ("gemmine_job_latency_seconds", 0.042),
        ("gemmine_log_writable", 1.0),
        (&format!("gemmine_device_tickets_total{{{board}}}"), 400_123.0),
        (&format!("gemmine_device_hardware_error_ratio{{{board}}}"), 0.001_56),
        (&format!("gemmine_device_temperature_celsius{{{board}}}"), 48.5),
        (&format!("gemmine_device_state{{{board},state=\"working\"}}"), 1.0),
        (&format!("gemmine_device_state{{{board},state=\"off\"}}"), 0.0),
        (r#"gemmine_source_shares_total{source="pool1",result="rejected"}"#, 12.0),
        (r#"gemmine_source_job_age_seconds{source="pool1"}"#, 14.2),
        (r#"gemmine_source_state{source="pool2",state="back_off"}"#, 1.0),
        (r#"gemmine_source_active{source="pool2"}"#, 0.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples.get(name), Some(&value), "{name}");
    }
    // What isn't known isn't 0.
    assert!(!samples.contains_key(r#"gemmine_source_job_age_seconds{source="pool2"}"#));
    assert!(!samples.contains_key(r#"gemmine_device_power_watts{device="processor"}"#));
}

#[test]
fn something_is_in_one_state_at_a_time() {
    let (miner, server) = serve(4);
    let states = |samples: &Samples| {
        let of = r#"gemmine_device_state{device="processor",state=""#;
        let in_it = samples.iter().filter(|(name, value)| name.starts_with(of) && **value == 1.0);
        in_it.map(|(name, _)| name[of.len()..name.len() - 2].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(&samples(&server)), ["back_off"]);
    miner.change(|status| status.devices[3].state = DeviceState::Gone);
    assert_eq!(states(&samples(&server)), ["gone"]);
}

#[test]
fn names_cannot_break_the_text_nor_each_other() {
    let (miner, server) = serve(6);
    let escaped = HOSTILE.replace('"', "\\\"");
    assert!(
        samples(&server)
            .contains_key(&format!("gemmine_device_hits_total{{device=\"{escaped}\"}}"))
    );
    miner.change(|status| {
        status.devices[0].name = "two\nlines \\ \"quoted\"".into();
        // The same as far as they are shown.
        status.devices[1].name = format!("{}a", "ä".repeat(500));
        status.devices[2].name = format!("{}b", "ä".repeat(500));
        status.devices[3].name = "twin".into();
        status.devices[4].name = "twin".into();
        status.devices[5].macs_credited = f64::NAN;
        status.version = "1\n2".into();
    });
    let samples = samples(&server);
    let hits: Vec<_> =
        samples.keys().filter(|name| name.starts_with("gemmine_device_hits")).collect();
    assert_eq!(hits.len(), 6);
    assert!(hits.iter().all(|name| name.chars().count() < 170), "{hits:?}");
    assert!(samples.contains_key(r#"gemmine_device_hits_total{device="two?lines \\ \"quoted\""}"#));
    let credited = samples.keys().filter(|name| name.starts_with("gemmine_device_credited"));
    assert_eq!(credited.count(), 5);
}
