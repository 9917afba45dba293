//! One status a second, as server-sent events.
//!
//! The first has the whole log, or what comes after the number that the reader has already; each later one has only
//! what is new. An event's id is the number of the newest line, so a browser that comes back gets what it missed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::accept::Lease;
use super::refused::{Refused, text_of};
use super::routes::{log_since, newer};
use super::{READERS, Shared};

/// How often.
const EVERY: Duration = Duration::from_secs(1);

/// Somebody who reads.
struct Reader {
    shared: Arc<Shared>,
    lease: Lease,
    clock: Interval,
    /// The newest line of the log that they have.
    newest: u64,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(lease): Extension<Lease>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let asked = log_since(query.as_deref())?;
    // A browser that comes back says so; this is newer than what its first call asked for.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let place = Arc::clone(&shared.readers).try_acquire_owned().map_err(|_| {
        let message = format!("{READERS} readers take events already; end one of them");
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_readers", message)
    })?;
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let newest = last.unwrap_or(asked);
    let reader = Reader { shared, lease, clock, newest, _place: place };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await;
        Some((Ok::<_, Infallible>(event), reader))
    });
    Ok(text_of(StatusCode::OK, "text/event-stream", Body::from_stream(events)))
}

impl Reader {
    /// The next event. It is asked for only when the reader has taken most of those before.
    async fn next(&mut self) -> String {
        self.clock.tick().await;
        self.lease.renew();
        let status = self.shared.miner.status();
        let status = newer(&status, self.newest);
        // A status without lines leaves the number as it is: there is nothing new.
        self.newest = status.log.last().map_or(self.newest, |line| line.number);
        let newest = self.newest;
        match serde_json::to_string(&status) {
            Ok(data) => format!("id: {newest}\nevent: status\ndata: {data}\n\n"),
            // A comment: see `refused::json`.
            Err(_) => ": no status\n\n".into(),
        }
    }
}
