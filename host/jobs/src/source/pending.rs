//! Shares that have no verdict yet, and the names of those that had one not long ago.

use std::collections::VecDeque;
use std::time::Duration;

use crate::work::{Moment, ShareId, Submission};

use super::handle::SHARES_MAX;
use super::recent::Recent;

/// So many names of shares with a verdict are remembered.
const ANSWERED_MAX: usize = 4096;

/// A share without a verdict.
#[derive(Debug)]
pub(super) struct Entry {
    /// What to send.
    pub submission: Submission,
    /// When it was sent on this connection.
    pub sent: Option<Moment>,
    /// How often it was sent.
    pub tries: u32,
}

/// All of them, oldest first.
#[derive(Debug)]
pub(super) struct Pending {
    entries: VecDeque<Entry>,
    answered: Recent,
}

impl Default for Pending {
    fn default() -> Self {
        Self { entries: VecDeque::new(), answered: Recent::new(ANSWERED_MAX) }
    }
}

impl Pending {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is one of this name.
    pub fn contains(&self, share: ShareId) -> bool {
        self.entries.iter().any(|entry| entry.submission.share == share)
    }

    /// Whether one of this name had a verdict not long ago.
    pub fn was_answered(&self, share: ShareId) -> bool {
        self.answered.contains(share)
    }

    /// One more.
    pub fn push(&mut self, submission: Submission) {
        self.entries.push_back(Entry { submission, sent: None, tries: 0 });
    }

    /// Whether there is no room for one more.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= SHARES_MAX
    }

    /// Takes one out, since there is a verdict.
    pub fn finish(&mut self, share: ShareId) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.submission.share == share)?;
        let entry = self.entries.remove(at)?;
        self.answered.insert(share);
        Some(entry)
    }

    /// One by its name.
    pub fn get_mut(&mut self, share: ShareId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.submission.share == share)
    }

    /// Those that are not on the wire.
    pub fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.sent.is_none())
    }

    /// No answer will come on a connection that is lost. Gives those that have been sent so often already.
    pub fn unsend(&mut self, tries_max: u32) -> Vec<ShareId> {
        let mut hopeless = Vec::new();
        for entry in &mut self.entries {
            if entry.sent.take().is_some() && entry.tries >= tries_max {
                hopeless.push(entry.submission.share);
            }
        }
        hopeless
    }

    /// When the first answer is too late.
    pub fn next_deadline(&self, timeout: Duration) -> Option<Moment> {
        let sent = self.entries.iter().filter_map(|entry| entry.sent).min()?;
        Some(sent.saturating_add(timeout))
    }

    /// Those whose answer is too late.
    pub fn late(&self, timeout: Duration, now: Moment) -> Vec<ShareId> {
        let late = |sent: Moment| sent.saturating_add(timeout) <= now;
        let late = self.entries.iter().filter(|entry| entry.sent.is_some_and(late));
        late.map(|entry| entry.submission.share).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::work::Proof;

    fn share(number: u64) -> ShareId {
        let mut name = [0; 32];
        name[..8].copy_from_slice(&number.to_le_bytes());
        ShareId(name)
    }

    fn push(pending: &mut Pending, number: u64) {
        let proof = Proof::Pearl(Arc::from([1, 2, 3]));
        let (job, context) = ("job".into(), "context".into());
        pending.push(Submission { share: share(number), job, context, proof });
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut pending = Pending::default();
        for number in 0..SHARES_MAX as u64 {
            assert!(!pending.is_full());
            push(&mut pending, number);
        }
        assert!(pending.is_full());
        pending.finish(share(1)).unwrap();
        assert!(!pending.is_full());
        assert!(pending.finish(share(1)).is_none());
        assert!(pending.was_answered(share(1)) && !pending.contains(share(1)));
    }

    #[test]
    fn answers_are_due() {
        let second = Duration::from_secs(1);
        let mut pending = Pending::default();
        for number in 0..3 {
            push(&mut pending, number);
        }
        assert_eq!(pending.next_deadline(30 * second), None);
        pending.get_mut(share(1)).unwrap().sent = Some(5 * second);
        pending.get_mut(share(2)).unwrap().sent = Some(4 * second);
        assert_eq!(pending.next_deadline(30 * second), Some(34 * second));
        assert_eq!(pending.late(30 * second, 34 * second), [share(2)]);
        assert_eq!(pending.waiting().count(), 1);
        pending.get_mut(share(2)).unwrap().tries = 3;
        assert_eq!(pending.unsend(3), [share(2)]);
        assert_eq!((pending.waiting().count(), pending.next_deadline(second)), (3, None));
    }
}
