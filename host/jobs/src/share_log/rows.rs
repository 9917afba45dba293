//! Shares with what became of them, in the order in which they were found.

use std::collections::{HashMap, VecDeque};

use super::entry::{Answer, Entry, Share};
use crate::work::ShareId;

/// A share and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The share.
    pub share: Box<Share>,
    /// It went out on the wire.
    pub sent: bool,
    /// What became of it, if anything has.
    pub answer: Option<Answer>,
}

/// Joins entries to rows. It holds the shares from the oldest one without an answer on.
#[derive(Debug, Default)]
pub struct Rows {
    waiting: VecDeque<Row>,
    places: HashMap<ShareId, u64>,
    /// Rows that are gone.
    passed: u64,
}

impl Rows {
    /// Takes the next entry of a log.
    pub fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Share(share) => {
                self.places.insert(share.share, self.passed + self.waiting.len() as u64);
                self.waiting.push_back(Row { share, sent: false, answer: None });
            }
            Entry::Sent(sent) => {
                if let Some(row) = self.row(&sent.share) {
                    row.sent = true;
                }
            }
            Entry::Answer(answer) => {
                if let Some(row) = self.row(&answer.share) {
                    row.answer = Some(answer);
                }
            }
            Entry::Start(_) | Entry::Credit(_) | Entry::Carried(_) => {}
        }
    }

    fn row(&mut self, share: &ShareId) -> Option<&mut Row> {
        let place = self.places.get(share)?.checked_sub(self.passed)?;
        self.waiting.get_mut(usize::try_from(place).ok()?)
    }

    /// The oldest row, if it has an answer.
    pub fn next_answered(&mut self) -> Option<Row> {
        self.waiting.front()?.answer.as_ref()?;
        self.next_any()
    }

    /// The oldest row, at the end of the log.
    pub fn next_any(&mut self) -> Option<Row> {
        let row = self.waiting.pop_front()?;
        self.places.remove(&row.share.share);
        self.passed += 1;
        Some(row)
    }
}
