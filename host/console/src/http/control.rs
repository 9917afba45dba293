//! The one call that changes something.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use tokio::time::timeout;

use super::Shared;
use super::guard::check_token;
use super::refused::{Refused, json};
use crate::status::Control;

/// Longest body that is read; a control has less than a hundred bytes and a name.
const LONGEST_BODY: usize = 4096;
/// How long it may take.
const READING: Duration = Duration::from_secs(4);
/// The remedy for every body that is none.
const WANTED: &str = r#"send JSON such as {"action":"device_off","device":"NAME"}"#;

pub(super) async fn control(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Refused> {
    check_token(shared.token.as_ref(), request.headers())?;
    check_kind(request.headers())?;
    let body = read(request.into_body()).await?;
    let control = Control::from_json(&body)
        .map_err(|error| Refused::bad("bad_control", format!("{error}; {WANTED}")))?;
    shared
        .miner
        .control(control.clone())
        .map_err(|message| Refused::new(StatusCode::NOT_FOUND, "unknown_name", message))?;
    Ok(json(StatusCode::ACCEPTED, &control))
}

/// A form of another page can send plain text, but not JSON.
fn check_kind(headers: &HeaderMap) -> Result<(), Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("the content type is {essence:?}, expected application/json; {WANTED}");
    Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message))
}

/// A body that is not too long and does not take too long.
async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    let too_large = || {
        let message =
            format!("the body is broken off or longer than {LONGEST_BODY} bytes; {WANTED}");
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    };
    // What says that it is too long need not be read.
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(too_large());
    }
    match timeout(READING, to_bytes(body, LONGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => {
            let message = format!("the body did not come within {} s; {WANTED}", READING.as_secs());
            Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message))
        }
    }
}
