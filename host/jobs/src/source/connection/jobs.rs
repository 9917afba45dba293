//! Which jobs' shares may be sent.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::work::Moment;

/// Names of jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// Those of this connection that still count, the newest last. Empty before the first one.
    pub valid: VecDeque<Arc<str>>,
    /// The newest of the connection before, and when that was lost.
    pub lost: Option<(Arc<str>, Moment)>,
}

impl Jobs {
    /// Most jobs whose shares count at once.
    pub const VALID_MAX: usize = 256;

    pub fn announce(&mut self, name: &Arc<str>, earlier_valid: bool) {
        if earlier_valid {
            self.valid.retain(|valid| valid != name);
        } else {
            self.valid.clear();
        }
        if self.valid.len() == Self::VALID_MAX {
            self.valid.pop_front();
        }
        self.valid.push_back(Arc::clone(name));
    }

    pub fn lose(&mut self, now: Moment) {
        if let Some(newest) = self.valid.pop_back() {
            self.lost = Some((newest, now));
            self.valid.clear();
        }
    }
}
