//! Where a value comes from, and what is wrong with one.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::keys;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A place in a file.
    File(Place),
    /// A variable of the environment, by name.
    Environment(Arc<str>),
    /// A flag, with its dashes.
    Flag(Arc<str>),
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the file; empty for text that has none.
    pub file: Arc<str>,
    /// Counts from 1.
    pub line: usize,
    /// Counts characters from 1.
    pub column: usize,
    /// Characters of it, on this line.
    pub width: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(Place { file, line, .. }) if file.is_empty() => {
                write!(formatter, "line {line}")
            }
            Self::File(Place { file, line, .. }) => write!(formatter, "{file}:{line}"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// A value that knows where it comes from. It is used as the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value that nobody asked for.
    pub fn default_of(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// Whether somebody asked for it.
    pub fn is_given(&self) -> bool {
        self.origin != Origin::Default
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Something that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// The value seen, and the remedy; begins with the key.
    pub text: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(origin: &Origin, text: impl Into<String>) -> Self {
        Self { origin: origin.clone(), text: text.into() }
    }

    /// The line of the file, where it is in a file.
    pub fn line(&self) -> Option<usize> {
        match &self.origin {
            Origin::File(place) => Some(place.line),
            _ => None,
        }
    }

    /// Its line of `text`, which is the file, with the place marked: three lines, or none where it is in no file or
    /// where the line seems to hold a secret.
    pub fn picture(&self, text: &str) -> Option<String> {
        let Origin::File(place) = &self.origin else { return None };
        let line = text.lines().nth(place.line - 1)?;
        if line.contains("://") && line.contains('@') || keys::has_secret(line) {
            return None;
        }
        // What a terminal would take as a command is not for showing, and a tab is as wide as a mark.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let number = place.line.to_string();
        let gap = " ".repeat(number.len());
        let before = " ".repeat(place.column - 1);
        let marks = "^".repeat(place.width.max(1));
        Some(format!("{gap} |\n{number} | {line}\n{gap} | {before}{marks}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Default => formatter.write_str(&self.text),
            _ => write!(formatter, "{}: {}", self.origin, self.text),
        }
    }
}

impl std::error::Error for Problem {}
