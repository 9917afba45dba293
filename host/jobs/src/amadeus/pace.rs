//! When a client may call a node next: never more calls in any minute than the node answers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a node counts over.
pub const WINDOW: Duration = Duration::from_secs(60);

/// The calls of the last minute.
///
/// A call counts from its end. A node saw a call before its answer came, and sees the next one after
/// it was sent, so calls that are a minute apart here are at least a minute apart there, however long
/// they are on the way.
#[derive(Debug)]
pub struct Pace {
    calls: usize,
    running: usize,
    ended: VecDeque<Instant>,
    not_before: Option<Instant>,
}

impl Pace {
    /// At most so many calls a minute, one at least.
    pub fn new(calls_a_minute: u32) -> Self {
        let calls = usize::try_from(calls_a_minute).unwrap_or(usize::MAX).max(1);
        Self { calls, running: 0, ended: VecDeque::new(), not_before: None }
    }

    /// How long to wait before the next call; nothing if it may be made at once.
    pub fn wait(&self, now: Instant) -> Duration {
        let asked = self.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        // The call that must be a minute old: what is left of the limit may be running.
        let own = match (self.running + self.ended.len()).checked_sub(self.calls) {
            None => Duration::ZERO,
            Some(index) => match self.ended.get(index) {
                Some(ended) => (*ended + WINDOW).saturating_duration_since(now),
                None => WINDOW,
            },
        };
        asked.max(own)
    }

    /// Starts a call, or says how long to wait before it.
    pub fn start(&mut self, now: Instant) -> Result<(), Duration> {
        while self.ended.front().is_some_and(|ended| *ended + WINDOW <= now) {
            self.ended.pop_front();
        }
        match self.wait(now) {
            Duration::ZERO => {
                self.running += 1;
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// Ends a call that was started.
    pub fn end(&mut self, now: Instant) {
        self.running = self.running.saturating_sub(1);
        self.ended.push_back(now);
    }

    /// The node asked to be left alone for so long.
    pub fn hold(&mut self, now: Instant, wait: Duration) {
        self.not_before = self.not_before.max(now.checked_add(wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_calls_than_allowed() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let mut pace = Pace::new(3);
        for ms in [0, 1_000, 2_000] {
            assert_eq!(pace.wait(at(ms)), Duration::ZERO);
            pace.start(at(ms)).unwrap();
            pace.end(at(ms + 500));
        }
        assert_eq!(pace.start(at(2_500)), Err(Duration::from_secs(58)));
        assert_eq!(pace.start(at(60_499)), Err(Duration::from_millis(1)));
        pace.start(at(60_500)).unwrap();
        // Two have ended within the minute and one is running.
        assert_eq!(pace.start(at(60_500)), Err(Duration::from_secs(1)));
        pace.start(at(61_500)).unwrap();
        pace.start(at(62_500)).unwrap();
        assert_eq!(pace.start(at(63_000)), Err(WINDOW));
    }

    #[test]
    fn a_node_may_ask_for_longer() {
        let began = Instant::now();
        let mut pace = Pace::new(0);
        pace.hold(began, Duration::from_secs(7));
        pace.hold(began, Duration::from_secs(3));
        assert_eq!(pace.start(began), Err(Duration::from_secs(7)));
        pace.start(began + Duration::from_secs(7)).unwrap();
        pace.end(began + Duration::from_secs(8));
        assert_eq!(pace.wait(began + Duration::from_secs(8)), WINDOW);
    }
}
