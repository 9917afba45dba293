//! A JSON object whose values stay text.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::shown;

use super::GatewayJobError;

/// Most keys of a job; a gateway sends four.
const KEYS_MAX: usize = 1_000;

/// A JSON object whose values stay text, in their order.
#[derive(Clone, Debug)]
pub(super) struct Entries(Vec<(String, Box<RawValue>)>);

impl Entries {
    pub fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    pub fn require(&self, key: &'static str) -> Result<&RawValue, GatewayJobError> {
        self.get(key).ok_or(GatewayJobError::Missing(key))
    }

    pub fn set(&mut self, key: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.0.iter().enumerate() {
            let open = if index == 0 { "{" } else { "," };
            let key = serde_json::Value::from(key.as_str());
            write!(formatter, "{open}\n  {key}: {}", value.get())?;
        }
        writeln!(formatter, "\n}}")
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Entries(Vec::new());
                let mut seen = HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if entries.0.len() == KEYS_MAX {
                        let error = format_args!("it has more than {KEYS_MAX} keys");
                        return Err(de::Error::custom(error));
                    }
                    if !seen.insert(key.clone()) {
                        let key = shown(&key);
                        return Err(de::Error::custom(format_args!("key `{key}` is there twice")));
                    }
                    entries.0.push((key, value));
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
