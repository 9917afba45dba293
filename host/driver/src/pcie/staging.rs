//! Host memory that panels lie in until the device has read them: a ring of bytes, given back in the order of the
//! commands that read it.

use std::collections::VecDeque;
use std::ops::Range;

/// What every piece is a multiple of, in words: a cache line.
const ALIGN: usize = 16;

/// Which words of a memory are in use.
#[derive(Debug)]
pub struct Staging {
    words: usize,
    next: usize,
    /// Pieces and the number of commands after which each is free, oldest first.
    used: VecDeque<(Range<usize>, u64)>,
}

impl Staging {
    /// Over so many words.
    pub fn new(words: usize) -> Self {
        Self { words, next: 0, used: VecDeque::new() }
    }

    /// Gives back what is free when so many commands are done.
    pub fn free(&mut self, done: u64) {
        while self.used.front().is_some_and(|(_, until)| *until <= done) {
            self.used.pop_front();
        }
    }

    /// Where a piece of so many words has room now, if it does.
    pub fn find(&self, words: usize) -> Option<Range<usize>> {
        let words = words.next_multiple_of(ALIGN);
        let start = if self.next + words > self.words { 0 } else { self.next };
        let range = start..start + words;
        // Pieces lie in the order of the ring: the oldest is the first that would be in the way.
        let free =
            self.used.iter().all(|(used, _)| used.end <= range.start || range.end <= used.start);
        (free && range.end <= self.words).then_some(range)
    }

    /// Uses a piece that was found, until so many commands are done.
    pub fn hold(&mut self, range: Range<usize>, until: u64) {
        self.next = range.end;
        self.used.push_back((range, until));
    }

    /// Everything is free.
    pub fn clear(&mut self) {
        self.used.clear();
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_given_back_in_order_and_never_overlap() {
        let mut staging = Staging::new(64);
        for (command, start) in [(1, 0), (2, 16), (3, 32), (4, 48)] {
            let range = staging.find(9).unwrap();
            assert_eq!(range, start..start + 16);
            staging.hold(range, command);
        }
        assert_eq!(staging.find(1), None);
        staging.free(2);
        assert_eq!(staging.find(33), None);
        assert_eq!(staging.find(32), Some(0..32));
        staging.hold(0..32, 5);
        assert_eq!(staging.find(16), None);
        staging.free(4);
        assert_eq!((staging.find(32), staging.find(65)), (Some(32..64), None));
        staging.clear();
        assert_eq!(staging.find(64), Some(0..64));
    }
}
