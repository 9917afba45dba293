//! Every path: what answers there, and what the document says of it.
//!
//! The router and the document are made from the one table here, so no path is served and not described.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use serde::Serialize;

use super::guard::guard;
use super::refused::{Refused, json, text_of};
use super::{Shared, control, events, health, history, metrics, page};
use crate::status::Status;

/// A path.
pub(super) struct Route {
    pub path: &'static str,
    pub handler: MethodRouter<Arc<Shared>>,
    pub operation: Operation,
}

/// What the document says of a path.
pub(super) struct Operation {
    /// `get` or `post`.
    pub method: &'static str,
    /// One word for programs that make functions of it.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Takes `?log_since=N`.
    pub log_since: bool,
    /// Changes something: it takes the schema named so, and the token.
    pub takes: Option<&'static str>,
    /// Answers that say yes, or not yet.
    pub answers: &'static [Answer],
}

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    /// When.
    pub description: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// The schema of what it is in JSON.
    pub schema: Option<Schema>,
}

/// What is in an answer.
#[derive(Clone, Copy)]
pub(super) enum Schema {
    /// The schema named so.
    One(&'static str),
    /// Any number of them.
    Many(&'static str),
}

const fn ok(kind: &'static str, description: &'static str, schema: Option<Schema>) -> Answer {
    Answer { status: 200, description, kind, schema }
}

const fn reading(id: &'static str, summary: &'static str, answers: &'static [Answer]) -> Operation {
    Operation { method: "get", id, summary, log_since: false, takes: None, answers }
}

impl Operation {
    const fn with_log(self) -> Self {
        Self { log_since: true, ..self }
    }
}

/// Every path but those of the page.
pub(super) fn routes() -> Vec<Route> {
    let route = |path, handler, operation| Route { path, handler, operation };
    vec![
        route("/api/v1/status", get(status), STATUS),
        route("/api/v1/devices", get(devices), DEVICES),
        route("/api/v1/sources", get(sources), SOURCES),
        route("/api/v1/history", get(history::history), HISTORY),
        route("/api/v1/events", get(events::events), EVENTS),
        route("/api/v1/control", post(control::control), CONTROL),
        route("/api/v1/openapi.json", get(document), DOCUMENT),
        route("/health/live", get(health::live), LIVE),
        route("/health/ready", get(health::ready), READY),
        route("/metrics", get(metrics::metrics), METRICS),
    ]
}

const STATUS: Operation = reading(
    "status",
    "Everything, at one moment",
    &[ok("application/json", "The status", Some(Schema::One("Status")))],
)
.with_log();

const DEVICES: Operation = reading(
    "devices",
    "The devices alone",
    &[ok(
        "application/json",
        "In the order in which they were found",
        Some(Schema::Many("DeviceStatus")),
    )],
);

const SOURCES: Operation = reading(
    "sources",
    "The job sources alone",
    &[ok(
        "application/json",
        "In the order of the configuration",
        Some(Schema::Many("SourceStatus")),
    )],
);

const HISTORY: Operation = reading(
    "history",
    "Rates and shares of the last hour",
    &[ok("application/json", "A point every ten seconds", Some(Schema::One("Series")))],
);

const EVENTS: Operation = reading(
    "events",
    "Server-sent events: a `status` a second, with the lines of the log that are new",
    &[ok("text/event-stream", "The data of each event is a Status in JSON", None)],
)
.with_log();

const CONTROL: Operation = Operation {
    method: "post",
    takes: Some("Control"),
    ..reading(
        "control",
        "Switch a device or a source on or off, or end the miner",
        &[Answer {
            status: 202,
            description: "What was asked for; it is done soon, and the status shows it then",
            kind: "application/json",
            schema: Some(Schema::One("Control")),
        }],
    )
};

const DOCUMENT: Operation =
    reading("openapi", "This document", &[ok("application/json", "OpenAPI 3.1", None)]);

const LIVE: Operation = reading(
    "live",
    "Whether the process answers",
    &[ok("application/json", "It does", Some(Schema::One("Health")))],
);

const READY: Operation = reading(
    "ready",
    "Whether a source is up and a device works",
    &[
        ok("application/json", "So it is", Some(Schema::One("Health"))),
        Answer {
            status: 503,
            description: "It is not, for these reasons",
            kind: "application/json",
            schema: Some(Schema::One("Health")),
        },
    ],
);

const METRICS: Operation = reading(
    "metrics",
    "Metrics, for Prometheus and its like",
    &[ok(metrics::KIND, "OpenMetrics text", None)],
);

/// All paths, with what stands before every call.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let all = routes()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler));
    let all = page::FILES.iter().fold(all, |router, file| {
        router.route(file.path, get(|| async { text_of(StatusCode::OK, file.kind, file.text) }))
    });
    all.fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(shared), guard))
        .with_state(Arc::clone(shared))
}

async fn missing() -> Refused {
    let message = "there is no such path; /api/v1/openapi.json lists those that there are";
    Refused::new(StatusCode::NOT_FOUND, "not_found", message.into())
}

async fn wrong_method() -> Refused {
    let message = "this path takes another method; /api/v1/openapi.json says which";
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message.into())
}

async fn status(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let status = shared.miner.status();
    let since = log_since(query.as_deref())?;
    Ok(answer(&newer(&status, since)))
}

async fn devices(State(shared): State<Arc<Shared>>) -> Response {
    answer(&shared.miner.status().devices)
}

async fn sources(State(shared): State<Arc<Shared>>) -> Response {
    answer(&shared.miner.status().sources)
}

async fn document(State(shared): State<Arc<Shared>>) -> Response {
    text_of(StatusCode::OK, "application/json", shared.document.clone())
}

fn answer(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// The number of `?log_since=N`, or 0; other words are for others.
pub(super) fn log_since(query: Option<&str>) -> Result<u64, Refused> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, number)) = pairs.into_iter().find(|(key, _)| *key == "log_since") else {
        return Ok(0);
    };
    number.parse().map_err(|_| {
        let message = format!(
            "log_since is {number:?}; give the number of the newest line of the log that you have"
        );
        Refused::bad("bad_query", message)
    })
}

/// A status with only those lines of the log that come after `since`.
///
/// A reader whose newest line this miner hasn't got yet has it from one that ran before: it gets all.
pub(super) fn newer(status: &Status, since: u64) -> Cow<'_, Status> {
    let newest = status.log.last().map_or(0, |line| line.number);
    let first = status.log.partition_point(|line| line.number <= since);
    if since > newest || first == 0 {
        return Cow::Borrowed(status);
    }
    Cow::Owned(Status {
        version: status.version.clone(),
        work: status.work.clone(),
        notice: status.notice.clone(),
        totals: status.totals.clone(),
        sources: status.sources.clone(),
        devices: status.devices.clone(),
        log: status.log[first..].to_vec(),
        uptime_s: status.uptime_s,
        unix_time_s: status.unix_time_s,
    })
}
