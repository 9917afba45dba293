//! Metrics in OpenMetrics text.
//!
//! Made anew from the status for every call, so there is nothing to keep up to date. Sums that only grow are
//! counters; rates that devices report are gauges, and so is every state, 1 for the one that something is in.

mod families;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Shared;
use super::refused::{Refused, text_of};
use crate::status::Status;

/// The media type.
pub(super) const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Most characters of a label's value.
const LONGEST_LABEL: usize = 120;
/// Most devices, and most sources, that have metrics of their own; sums are over all.
const MOST: usize = 1024;

pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Result<Response, Refused> {
    let text = text(shared.miner.status()).map_err(|_| {
        let message = "metrics can't be written; look at /api/v1/status instead".into();
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "no_metrics", message)
    })?;
    Ok(text_of(StatusCode::OK, KIND, text))
}

fn text(status: Arc<Status>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot(status)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// A status, as metrics.
#[derive(Debug)]
struct Snapshot(Arc<Status>);

/// Metrics with one name, of things of one kind.
struct Family<T: 'static> {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    /// The label, besides the thing's name, that tells its metrics apart.
    by: &'static str,
    values: Values<T>,
}

/// Hands over a thing's values, each with its value of [`Family::by`].
type Values<T> = fn(&T, &mut dyn FnMut(&'static str, f64));

/// A thing with its own labels, all of whose values are bounded.
struct Row<'a, T> {
    labels: Vec<(&'static str, String)>,
    thing: &'a T,
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let status = &*self.0;
        let miner = [Row { labels: Vec::new(), thing: status }];
        let build = vec![("version", bounded(&status.version)), ("work", bounded(&status.work))];
        info(&mut encoder, "gemmine_build", "The program and its work", [build].into_iter())?;
        write(&mut encoder, families::MINER, &miner)?;

        let devices = rows("device", &status.devices, |device| &device.name);
        info(&mut encoder, "gemmine_device", "A device", devices.iter().map(families::device))?;
        write(&mut encoder, families::DEVICE, &devices)?;

        let sources = rows("source", &status.sources, |source| &source.name);
        info(&mut encoder, "gemmine_source", "A source", sources.iter().map(families::source))?;
        write(&mut encoder, families::SOURCE, &sources)
    }
}

/// Things by name. No two have the same, whatever is cut off: what would be the same gets its place.
fn rows<'a, T>(label: &'static str, things: &'a [T], name: fn(&T) -> &String) -> Vec<Row<'a, T>> {
    let mut taken = HashSet::new();
    let row = |(place, thing)| {
        let mut value = bounded(name(thing));
        if !taken.insert(value.clone()) {
            value = format!("{value} #{place}");
            taken.insert(value.clone());
        }
        Row { labels: vec![(label, value)], thing }
    };
    things.iter().take(MOST).enumerate().map(row).collect()
}

/// A label's value of bounded length, in one line.
fn bounded(text: &str) -> String {
    let plain = |character: char| if character.is_control() { '?' } else { character };
    let mut characters = text.chars();
    let mut value: String = characters.by_ref().take(LONGEST_LABEL).map(plain).collect();
    if characters.next().is_some() {
        value.push('…');
    }
    value
}

fn info(
    encoder: &mut DescriptorEncoder,
    name: &'static str,
    help: &str,
    rows: impl Iterator<Item = Vec<(&'static str, String)>>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Info)?;
    for labels in rows {
        family.encode_info(&labels)?;
    }
    Ok(())
}

fn write<T>(
    encoder: &mut DescriptorEncoder,
    families: &[Family<T>],
    rows: &[Row<'_, T>],
) -> fmt::Result {
    for Family { name, help, kind, by, values } in families {
        let mut family = encoder.encode_descriptor(name, help, None, *kind)?;
        for Row { labels, thing } in rows {
            let mut done = Ok(());
            values(thing, &mut |key, value| {
                // What isn't a number isn't known.
                if value.is_finite() && done.is_ok() {
                    let own = labels.iter().map(|(label, value)| (*label, value.as_str()));
                    let by = (!by.is_empty()).then_some((*by, key));
                    let labels: Vec<_> = own.chain(by).collect();
                    done = family.encode_family(&labels).and_then(|one| sample(one, *kind, value));
                }
            });
            done?;
        }
    }
    Ok(())
}

fn sample(encoder: MetricEncoder, kind: MetricType, value: f64) -> fmt::Result {
    match kind {
        MetricType::Counter => ConstCounter::new(value).encode(encoder),
        _ => ConstGauge::new(value).encode(encoder),
    }
}
