//! What a line of JSON says: the parts that both dialects have in common.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::text::{shown, shown_bytes};

/// A line, its parts still as text: a request or notice has a method, an answer has none.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    /// Which request this is or answers; none in a notice.
    #[serde(borrow, default)]
    pub id: Option<&'a RawValue>,
    /// What is asked for.
    #[serde(borrow, default)]
    pub method: Option<&'a RawValue>,
    /// With what.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
    /// The answer.
    #[serde(borrow, default)]
    pub result: Option<&'a RawValue>,
    /// Or why there is none.
    #[serde(borrow, default)]
    pub error: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads a line; nothing of an empty one.
    ///
    /// # Errors
    /// The beginning of a line that is not an object, for people.
    pub fn parse(line: &'a [u8]) -> Result<Option<Self>, String> {
        let refused = || format!("it sent {:?}, which is not a JSON object", shown_bytes(line));
        let text = std::str::from_utf8(line).map_err(|_| refused())?.trim();
        match text.as_bytes().first() {
            None => Ok(None),
            // Without this, an array would be read as the fields in their order.
            Some(b'{') => serde_json::from_str(text).map(Some).map_err(|_| refused()),
            Some(_) => Err(refused()),
        }
    }

    /// The number of the request that this answers. Some peers make a string of it.
    pub fn number(&self) -> Option<u64> {
        let text = self.id?.get();
        let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let digits = digits.unwrap_or(text);
        // `parse` takes a sign as well.
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    /// The method's name, if it is one.
    pub fn method(&self) -> Option<String> {
        serde_json::from_str(self.method?.get()).ok()
    }
}

/// An error that a peer answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PeerError {
    /// Its number; 0 if it has none.
    pub code: i64,
    /// Its words.
    pub text: String,
}

impl PeerError {
    /// Reads `{"code": .., "message": .., "data": ..}`, `[code, message, ..]`, or anything else as words.
    pub fn parse(raw: &RawValue) -> Self {
        let words = |value: &Value| match value {
            Value::String(text) => Some(shown(text)),
            _ => None,
        };
        let value = serde_json::from_str(raw.get()).unwrap_or(Value::Null);
        let (code, message) = match &value {
            Value::Object(_) => {
                let [message, data] = ["message", "data"].map(|key| words(&value[key]));
                let text = match (message, data) {
                    (Some(message), Some(data)) => Some(format!("{message}: {data}")),
                    (message, data) => message.or(data),
                };
                (value["code"].as_i64(), text)
            }
            Value::Array(items) => {
                let item = |at| items.get(at).unwrap_or(&Value::Null);
                (item(0).as_i64(), words(item(1)))
            }
            Value::Number(_) => (value.as_i64(), None),
            Value::String(_) => (None, words(&value)),
            Value::Null | Value::Bool(_) => (None, None),
        };
        Self { code: code.unwrap_or(0), text: message.unwrap_or_else(|| shown(raw.get())) }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error {}: {}", self.code, self.text)
    }
}

/// Requests that wait for an answer. Numbers never come again, on no connection.
#[derive(Debug)]
pub(super) struct Requests<P> {
    last: u64,
    open: BTreeMap<u64, P>,
}

impl<P: PartialEq> Requests<P> {
    /// None yet.
    pub fn new() -> Self {
        Self { last: 0, open: BTreeMap::new() }
    }

    /// One more, and its number.
    pub fn open(&mut self, purpose: P) -> u64 {
        self.last += 1;
        self.open.insert(self.last, purpose);
        self.last
    }

    /// What an answer is for, the first time that it comes.
    pub fn answered(&mut self, message: &Message<'_>) -> Option<P> {
        self.open.remove(&message.number()?)
    }

    /// No answer is waited for any more.
    pub fn forget(&mut self, purpose: &P) {
        self.open.retain(|_, open| open != purpose);
    }

    /// Of no request.
    pub fn forget_all(&mut self) {
        self.open.clear();
    }
}

/// A line to send.
pub(super) fn line(message: &impl serde::Serialize) -> Vec<u8> {
    // Of strings, numbers and text that is JSON: there is nothing that could fail.
    let mut bytes = serde_json::to_vec(message).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests;
