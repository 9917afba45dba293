//! Whether the miner lives and works, for supervisors.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::refused::json;
use super::states::{device_state, source_state};
use crate::status::{DeviceState, SourceState, Status};

/// How the miner is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Health {
    /// As well as was asked.
    ok: bool,
    /// Why not.
    reasons: Vec<String>,
}

/// That this answers is all that it says.
pub(super) async fn live() -> Response {
    answer(Vec::new())
}

/// A source is up and a device works.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    answer(reasons(&shared.miner.status()))
}

fn answer(reasons: Vec<String>) -> Response {
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &Health { ok: reasons.is_empty(), reasons })
}

fn reasons(status: &Status) -> Vec<String> {
    let mut reasons = Vec::new();
    if !status.sources.iter().any(|source| source.state == SourceState::Up) {
        let states = status.sources.iter().map(|source| source_state(source.state));
        reasons.push(format!("no source is up; {}", counted("source", states)));
    }
    if !status.devices.iter().any(|device| device.state == DeviceState::Working) {
        let states = status.devices.iter().map(|device| device_state(device.state));
        reasons.push(format!("no device works; {}", counted("device", states)));
    }
    reasons
}

/// `2 off, 1 quarantined`: as long as there are states, however many things are in them.
fn counted(what: &str, states: impl Iterator<Item = &'static str>) -> String {
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for state in states {
        *counts.entry(state).or_default() += 1;
    }
    if counts.is_empty() {
        return format!("there is no {what}");
    }
    let counts: Vec<_> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    counts.join(", ")
}
