//! What a command came to: the exit code, and errors that carry the name of a rule.

use std::fmt;
use std::process::ExitCode;

/// A command's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is as asked.
    Yes,
    /// It is not: a proof is invalid, or a device gave a wrong answer.
    No,
    /// It could not be told, or not be written.
    Trouble,
    /// Ctrl-C came before what was asked for was there.
    Interrupted,
}

impl Outcome {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Trouble => 2,
            // What a shell reports of a program that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// An error with the stable name of the rule that it stands for.
#[derive(Debug)]
pub struct Named {
    /// The rule, such as `deserialise`.
    pub rule: &'static str,
    /// The value seen, and what was expected.
    pub message: String,
}

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.rule, self.message)
    }
}

impl std::error::Error for Named {}
