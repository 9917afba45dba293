//! Sentences whose numbers lead to their sources.

use serde::Serialize;

use super::Cell;

/// A sentence of the report, in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// All of it as plain text.
    pub text: String,
    /// Its pieces in order.
    pub parts: Vec<Part>,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Words.
    Words(String),
    /// A number.
    Number(Cell),
}

impl Sentence {
    /// Words alone.
    pub fn new(words: impl Into<String>) -> Self {
        Self::default().words(words)
    }

    /// With more words behind it.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        let words = words.into();
        self.text.push_str(&words);
        self.parts.push(Part::Words(words));
        self
    }

    /// With a number behind it, and its range if it has one.
    #[must_use]
    pub fn number(mut self, cell: Cell) -> Self {
        self.text.push_str(&cell.text);
        if !cell.range.is_empty() {
            self.text.push_str(&format!(" ({})", cell.range));
        }
        self.parts.push(Part::Number(cell));
        self
    }
}
