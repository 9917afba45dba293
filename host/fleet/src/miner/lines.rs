//! The newest lines for people, in bounded memory.

use std::collections::VecDeque;

use gemmine_console::status::{Level, LogLine};

/// Lines that are kept.
const KEPT: usize = 200;
/// Characters of a line at most: reasons come from networks.
const LONGEST: usize = 500;

#[derive(Debug, Default)]
pub struct Lines {
    number: u64,
    kept: VecDeque<LogLine>,
}

impl Lines {
    /// Keeps a line, and returns it.
    pub fn add(&mut self, unix_time_s: u64, level: Level, about: &str, text: String) -> LogLine {
        self.number += 1;
        let text = if text.chars().nth(LONGEST).is_some() {
            text.chars().take(LONGEST).chain("...".chars()).collect()
        } else {
            text
        };
        let line =
            LogLine { number: self.number, unix_time_s, level, about: about.to_owned(), text };
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(line.clone());
        line
    }

    /// Oldest first.
    pub fn all(&self) -> Vec<LogLine> {
        self.kept.iter().cloned().collect()
    }
}
