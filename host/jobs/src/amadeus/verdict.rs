//! What a node says of a solution, and how it writes that down.

use serde_json::{Value, json};

/// Longest answer that is read as a verdict. A node's has about 40 bytes.
pub const LONGEST: u64 = 4096;

/// A node's two findings. `valid_math` says nothing about worth: a product that is right but whose
/// hash is not low enough, or whose segment is over, has it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The solution would count now: current segment, enough leading zero bits, and C is A * B.
    pub valid: bool,
    /// C is A * B of the solution's own seed, whatever segment and hash are.
    pub valid_math: bool,
}

impl Verdict {
    /// The JSON object that a node answers with.
    pub fn to_json(self) -> Value {
        json!({ "valid": self.valid, "valid_math": self.valid_math })
    }

    /// Reads that object; both fields must be booleans, further ones are ignored.
    pub fn from_json(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let flag = |name| value.get(name).and_then(Value::as_bool);
        Some(Self { valid: flag("valid")?, valid_math: flag("valid_math")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_booleans_are_a_verdict() {
        for verdict in [(true, true), (false, true), (false, false)] {
            let verdict = Verdict { valid: verdict.0, valid_math: verdict.1 };
            assert_eq!(Verdict::from_json(verdict.to_json().to_string().as_bytes()), Some(verdict));
        }
        for wrong in [
            "",
            "true",
            "[true,true]",
            r#"{"valid":true}"#,
            r#"{"valid":1,"valid_math":true}"#,
            r#"{"valid":"true","valid_math":true}"#,
            r#"{"valid":true,"valid_math":null}"#,
            r#"{"valid":true,"valid_math":true"#,
            r#"{"valid":true,"valid_math":true} {}"#,
        ] {
            assert_eq!(Verdict::from_json(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
