//! Which metrics there are: one line each, with its name, its help and where its value comes from.

use prometheus_client::metrics::MetricType;

use super::super::states::{DEVICE_STATES, SOURCE_STATES, device_state, source_state};
use super::{Family, Row, Values, bounded};
use crate::status::{DeviceStatus, Rates, Shares, SourceStatus, Status};

const fn counter<T>(name: &'static str, help: &'static str, values: Values<T>) -> Family<T> {
    counter_by(name, "", help, values)
}

const fn gauge<T>(name: &'static str, help: &'static str, values: Values<T>) -> Family<T> {
    gauge_by(name, "", help, values)
}

const fn counter_by<T>(
    name: &'static str,
    by: &'static str,
    help: &'static str,
    values: Values<T>,
) -> Family<T> {
    Family { name, help, kind: MetricType::Counter, by, values }
}

const fn gauge_by<T>(
    name: &'static str,
    by: &'static str,
    help: &'static str,
    values: Values<T>,
) -> Family<T> {
    Family { name, help, kind: MetricType::Gauge, by, values }
}

/// Of the whole miner.
pub(super) const MINER: &[Family<Status>] = &[
    gauge("gemmine_uptime_seconds", "Since the miner began", |miner, add| {
        add("", miner.uptime_s);
    }),
    gauge_by(
        "gemmine_reported_macs_per_second",
        "window",
        "Rate of all devices as they report it, over the last minute, quarter of an hour and day",
        |miner, add| rates(miner.totals.reported, add),
    ),
    counter("gemmine_credited_macs", "MACs that verified hits prove", |miner, add| {
        add("", miner.totals.macs_credited);
    }),
    counter("gemmine_shares_found", "Shares found", |miner, add| {
        add("", miner.totals.shares.found as f64);
    }),
    counter_by("gemmine_shares", "result", "Shares by what became of them", |miner, add| {
        shares(miner.totals.shares, add);
    }),
    gauge("gemmine_shares_pending", "Shares without an answer yet", |miner, add| {
        add("", miner.totals.shares.pending as f64);
    }),
    counter("gemmine_hardware_errors", "Hits that the host computed otherwise", |miner, add| {
        add("", miner.totals.hardware_errors as f64);
    }),
    counter("gemmine_jobs", "Jobs worked on", |miner, add| add("", miner.totals.jobs as f64)),
    gauge(
        "gemmine_job_latency_seconds",
        "From the newest job to the last device at work on it",
        |miner, add| add("", known(miner.totals.job_latency_s)),
    ),
    gauge("gemmine_log_writable", "Whether the log of shares can be written", |miner, add| {
        add("", f64::from(u8::from(miner.totals.log_writable)));
    }),
];

/// Of each device.
pub(super) const DEVICE: &[Family<DeviceStatus>] = &[
    gauge_by(
        "gemmine_device_state",
        "state",
        "1 for the state that the device is in",
        |device, add| {
            for state in DEVICE_STATES {
                add(device_state(state), f64::from(u8::from(state == device.state)));
            }
        },
    ),
    gauge("gemmine_device_state_seconds", "How long it is in this state", |device, add| {
        add("", device.state_s);
    }),
    gauge_by(
        "gemmine_device_reported_macs_per_second",
        "window",
        "Rate as the device reports it, over the last minute, quarter of an hour and day",
        |device, add| rates(device.reported, add),
    ),
    counter("gemmine_device_credited_macs", "MACs that its verified hits prove", |device, add| {
        add("", device.macs_credited);
    }),
    counter("gemmine_device_tickets", "Tickets or attempts that it reports", |device, add| {
        add("", device.tickets as f64);
    }),
    counter("gemmine_device_hits", "Hits that the host agrees with", |device, add| {
        add("", device.hits as f64);
    }),
    counter("gemmine_device_shares", "Hits that are shares", |device, add| {
        add("", device.shares as f64);
    }),
    counter(
        "gemmine_device_hardware_errors",
        "Answers that the host computed otherwise",
        |device, add| add("", device.hardware_errors as f64),
    ),
    gauge(
        "gemmine_device_hardware_error_ratio",
        "Those over all answers that the host computed again",
        |device, add| add("", device.hardware_error_rate),
    ),
    counter("gemmine_device_starts", "Times that it was opened", |device, add| {
        add("", device.starts as f64);
    }),
    gauge("gemmine_device_utilisation_ratio", "Part of its cycles with a step", |device, add| {
        add("", known(device.utilisation));
    }),
    gauge("gemmine_device_clock_hertz", "Its clock", |device, add| {
        add("", known(device.clock_hz.map(|hertz| hertz as f64)));
    }),
    gauge("gemmine_device_temperature_celsius", "Where measured", |device, add| {
        add("", known(device.temperature_c));
    }),
    gauge("gemmine_device_power_watts", "Where measured", |device, add| {
        add("", known(device.power_w));
    }),
];

/// Of each source.
pub(super) const SOURCE: &[Family<SourceStatus>] = &[
    gauge_by(
        "gemmine_source_state",
        "state",
        "1 for the state that the source is in",
        |source, add| {
            for state in SOURCE_STATES {
                add(source_state(state), f64::from(u8::from(state == source.state)));
            }
        },
    ),
    gauge("gemmine_source_active", "Whether devices work for it", |source, add| {
        add("", f64::from(u8::from(source.active)));
    }),
    counter("gemmine_source_shares_found", "Shares found for it", |source, add| {
        add("", source.shares.found as f64);
    }),
    counter_by(
        "gemmine_source_shares",
        "result",
        "Its shares by what became of them",
        |source, add| {
            shares(source.shares, add);
        },
    ),
    gauge("gemmine_source_shares_pending", "Its shares without an answer yet", |source, add| {
        add("", source.shares.pending as f64);
    }),
    counter("gemmine_source_connections", "Times that it was connected to", |source, add| {
        add("", source.connections as f64);
    }),
    gauge(
        "gemmine_source_answer_latency_seconds",
        "How long its last answer to a share took",
        |source, add| add("", known(source.latency_s)),
    ),
    gauge("gemmine_source_job_age_seconds", "Since its current job came", |source, add| {
        add("", known(source.job.as_ref().map(|job| job.age_s)));
    }),
    gauge("gemmine_source_job_height", "Height of its current job's block", |source, add| {
        add("", known(source.job.as_ref().and_then(|job| job.height).map(|height| height as f64)));
    }),
    gauge(
        "gemmine_source_job_macs_per_share",
        "MACs that a share of its current job takes on average",
        |source, add| add("", known(source.job.as_ref().map(|job| job.macs_per_share))),
    ),
];

/// What is told of a device in words.
pub(super) fn device(row: &Row<'_, DeviceStatus>) -> Vec<(&'static str, String)> {
    let build = row.thing.build.as_deref().unwrap_or_default();
    let words = [
        ("kind", bounded(&row.thing.kind)),
        ("geometry", bounded(&row.thing.geometry)),
        ("build", bounded(build)),
    ];
    row.labels.iter().cloned().chain(words).collect()
}

/// What is told of a source in words.
pub(super) fn source(row: &Row<'_, SourceStatus>) -> Vec<(&'static str, String)> {
    let words = [
        ("kind", bounded(&row.thing.kind)),
        ("endpoint", bounded(&row.thing.endpoint)),
        ("priority", row.thing.priority.to_string()),
    ];
    row.labels.iter().cloned().chain(words).collect()
}

/// What isn't known is no number, and isn't written.
fn known(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

fn rates(rates: Rates, add: &mut dyn FnMut(&'static str, f64)) {
    add("minute", rates.minute);
    add("quarter", rates.quarter);
    add("day", rates.day);
}

fn shares(shares: Shares, add: &mut dyn FnMut(&'static str, f64)) {
    add("accepted", shares.accepted as f64);
    add("rejected", shares.rejected as f64);
    add("stale", shares.stale as f64);
    add("unanswered", shares.unanswered as f64);
}
