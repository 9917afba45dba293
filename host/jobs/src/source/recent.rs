//! The names of shares that came by not long ago.

use std::collections::{HashSet, VecDeque};

use crate::work::ShareId;

/// So many names, the oldest of which gives way to a new one.
#[derive(Debug)]
pub(super) struct Recent {
    most: usize,
    order: VecDeque<ShareId>,
    names: HashSet<ShareId>,
}

impl Recent {
    pub fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), names: HashSet::new() }
    }

    pub fn contains(&self, share: ShareId) -> bool {
        self.names.contains(&share)
    }

    /// Adds a name, and says whether it is new.
    pub fn insert(&mut self, share: ShareId) -> bool {
        if !self.names.insert(share) {
            return false;
        }
        self.order.push_back(share);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.names.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_names_are_forgotten() {
        let mut recent = Recent::new(3);
        for number in [1, 2, 3, 2, 4] {
            recent.insert(ShareId([number; 32]));
        }
        assert!(!recent.contains(ShareId([1; 32])));
        for number in [2, 3, 4] {
            assert!(!recent.insert(ShareId([number; 32])), "{number}");
        }
        assert_eq!((recent.order.len(), recent.names.len()), (3, 3));
    }
}
