//! Which words of a side's panel memory hold which panel.
//!
//! Every lane has the same number of words, and a panel takes the same words in all of them. Panels
//! are laid behind each other in a ring: a new one takes the words behind the newest, or those from the
//! start where the rest is too short, and whatever lay there is gone.

use std::ops::Range;

/// A panel in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its words in each lane.
    pub words: Range<usize>,
    /// Its steps.
    pub steps: usize,
}

/// Memory of one side.
#[derive(Debug)]
pub struct PanelMemory {
    words: usize,
    places: Vec<Option<Placed>>,
    next: usize,
}

/// Whether two ranges have a word in common.
pub fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

impl PanelMemory {
    /// So many words a lane, and so many names for panels.
    pub fn new(words: usize, places: usize) -> Self {
        Self { words, places: vec![None; places], next: 0 }
    }

    /// Where a panel of so many words would go. It must not be longer than the memory.
    pub fn candidate(&self, words: usize) -> Range<usize> {
        let start = if self.next + words > self.words { 0 } else { self.next };
        start..start + words
    }

    /// Lays a panel there.
    pub fn put(&mut self, place: usize, panel: Placed) {
        for other in &mut self.places {
            if other.as_ref().is_some_and(|other| overlap(&other.words, &panel.words)) {
                *other = None;
            }
        }
        self.next = panel.words.end;
        if let Some(slot) = self.places.get_mut(place) {
            *slot = Some(panel);
        }
    }

    /// The panel of a place.
    pub fn get(&self, place: usize) -> Option<&Placed> {
        self.places.get(place)?.as_ref()
    }

    /// Forgets all panels.
    pub fn clear(&mut self) {
        self.places.fill(None);
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_follow_each_other_and_the_oldest_go() {
        let mut memory = PanelMemory::new(100, 4);
        let mut put = |place, words| {
            let range = memory.candidate(words);
            memory.put(place, Placed { words: range.clone(), steps: 4 * words });
            (range, (0..4).filter(|place| memory.get(*place).is_some()).collect::<Vec<_>>())
        };
        assert_eq!(put(0, 40), (0..40, vec![0]));
        assert_eq!(put(1, 40), (40..80, vec![0, 1]));
        assert_eq!(put(2, 40), (0..40, vec![1, 2]));
        assert_eq!(put(3, 20), (40..60, vec![2, 3]));
        assert_eq!(put(0, 40), (60..100, vec![0, 2, 3]));
        assert_eq!(put(1, 100), (0..100, vec![1]));
    }
}
