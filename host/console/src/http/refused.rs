//! Answers that say no: JSON with `error` for programs and `message` for people.
//!
//! Bytes that are no HTTP get the HTTP library's bare 400 or 431.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest message; what came in is quoted in some.
const LONGEST: usize = 1000;

/// The body of every answer that says no.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct Refusal {
    /// For programs: one lower-case word.
    error: &'static str,
    /// For people: what is wrong, and what to do about it.
    message: String,
}

/// Why a call gets no answer, and what it gets instead.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    body: Refusal,
}

impl Refused {
    pub(super) fn new(status: StatusCode, error: &'static str, message: String) -> Self {
        let message = message.chars().take(LONGEST).collect();
        Self { status, body: Refusal { error, message } }
    }

    pub(super) fn bad(error: &'static str, message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => text_of(status, "application/json", text),
        // Maps with other keys than text would do this, and there are none.
        Err(error) => text_of(status, "text/plain; charset=utf-8", error.to_string()),
    }
}

/// An answer in some kind of text.
pub(super) fn text_of(status: StatusCode, kind: &'static str, text: impl IntoResponse) -> Response {
    let kind = HeaderValue::from_static(kind);
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}
