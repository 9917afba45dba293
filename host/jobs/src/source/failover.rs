//! Which of several sources is worked for.
//!
//! * The one that is asked first, of those that are there and have a job.
//! * When it goes, or has no work, the next one at once; when it is back and has had a job for
//!   [`FailoverOptions::stable`], it again.
//! * A source is connected to when none that is asked before it has had a job for [`FailoverOptions::patience`], and
//!   put on standby when one that is asked before it has been worked for and has been `stable`.
//!
//! Pure: it is told what sources say and what time it is, and says what to do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::work::{Job, Moment, SourceEvent, SourceId};

/// How patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailoverOptions {
    /// How long a source that is asked first must have had a job before one that has served well is left for it.
    pub stable: Duration,
    /// How long there may be no job before the next source is asked.
    pub patience: Duration,
}

impl Default for FailoverOptions {
    fn default() -> Self {
        Self { stable: Duration::from_secs(10), patience: Duration::from_secs(3) }
    }
}

/// What to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailoverAction {
    /// Have this source connect.
    Activate(SourceId),
    /// Let this source close its connection when nothing is left to do.
    Standby(SourceId),
    /// Work on this job from now on.
    ActiveJob(Arc<Job>),
    /// There is no work.
    NoJob,
}

/// All sources, as far as the choice goes.
#[derive(Debug)]
pub struct Failover {
    options: FailoverOptions,
    /// In the order in which they are asked.
    sources: Vec<Entry>,
    /// Index of the one that is worked for.
    active: Option<usize>,
    actions: VecDeque<FailoverAction>,
}

#[derive(Debug)]
struct Entry {
    id: SourceId,
    enabled: bool,
    activated: bool,
    /// Its job, and since when it has had one without a break.
    job: Option<(Arc<Job>, Moment)>,
    /// Since when it has had none; that of a source switched off does not count.
    without: Moment,
}

impl Failover {
    /// Sources by name and priority, lower ones asked first; among equals, in this order. All are on standby, and
    /// the first is activated.
    pub fn new(
        sources: impl IntoIterator<Item = (SourceId, u32)>,
        options: FailoverOptions,
        now: Moment,
    ) -> Self {
        let mut sources: Vec<_> = sources.into_iter().collect();
        sources.sort_by_key(|(_, priority)| *priority);
        let entry =
            |(id, _)| Entry { id, enabled: true, activated: false, job: None, without: now };
        let sources = sources.into_iter().map(entry).collect();
        let mut failover = Self { options, sources, active: None, actions: VecDeque::new() };
        failover.decide(now);
        failover
    }

    /// The next thing to do. Ask until there is nothing, after every call of anything else.
    pub fn poll(&mut self) -> Option<FailoverAction> {
        self.actions.pop_front()
    }

    /// The source that is worked for.
    pub fn active(&self) -> Option<SourceId> {
        self.active.map(|active| self.sources[active].id)
    }

    /// A source has said something.
    pub fn event(&mut self, id: SourceId, event: &SourceEvent, now: Moment) {
        let Some(index) = self.sources.iter().position(|source| source.id == id) else { return };
        let source = &mut self.sources[index];
        if !source.activated {
            // On its way to standby: it stays connected for its shares alone.
            return;
        }
        match event {
            SourceEvent::Job { job, .. } => {
                let since = source.job.take().map_or(now, |(_, since)| since);
                source.job = Some((Arc::clone(job), since));
                if self.active == Some(index) {
                    self.actions.push_back(FailoverAction::ActiveJob(Arc::clone(job)));
                }
            }
            SourceEvent::Paused { .. } | SourceEvent::Refused { .. } | SourceEvent::Down { .. } => {
                source.lose_job(now);
            }
            SourceEvent::Up | SourceEvent::Sent { .. } | SourceEvent::Answer { .. } => return,
        }
        self.decide(now);
    }

    /// Switches a source off, as its user wants. Tell the source as well.
    pub fn off(&mut self, id: SourceId, now: Moment) {
        if let Some(source) = self.find(id) {
            source.enabled = false;
            source.lose_job(now);
            self.decide(now);
        }
    }

    /// Switches it on again. Tell the source as well.
    pub fn on(&mut self, id: SourceId, now: Moment) {
        if let Some(source) = self.find(id)
            && !std::mem::replace(&mut source.enabled, true)
        {
            source.without = now;
            self.decide(now);
        }
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Moment) {
        self.decide(now);
    }

    /// When to call [`Self::wake`], if nothing happens before.
    pub fn next_wake(&self) -> Option<Moment> {
        let first = self.first_with_job();
        let better = first.filter(|&first| Some(first) != self.active);
        let lower = first.filter(|&first| self.sources[first + 1..].iter().any(|s| s.activated));
        let stable = better.or(lower).map(|first| self.stable_at(first));
        [stable, self.ask_at().map(|(_, at)| at)].into_iter().flatten().min()
    }

    fn find(&mut self, id: SourceId) -> Option<&mut Entry> {
        self.sources.iter_mut().find(|source| source.id == id)
    }

    fn first_with_job(&self) -> Option<usize> {
        self.sources.iter().position(|source| source.job.is_some())
    }

    /// When a source has had a job for long enough.
    fn stable_at(&self, index: usize) -> Moment {
        let since = self.sources[index].job.as_ref().map_or(Moment::MAX, |(_, since)| *since);
        since.saturating_add(self.options.stable)
    }

    /// The next source to ask and when, if none that is asked before it has a job.
    fn ask_at(&self) -> Option<(usize, Moment)> {
        let mut at = Moment::ZERO;
        for (index, source) in self.sources.iter().enumerate().filter(|(_, s)| s.enabled) {
            if !source.activated {
                return Some((index, at));
            }
            if source.job.is_some() {
                return None;
            }
            at = at.max(source.without.saturating_add(self.options.patience));
        }
        None
    }

    fn decide(&mut self, now: Moment) {
        self.choose(now);
        while let Some((index, at)) = self.ask_at()
            && at <= now
        {
            let source = &mut self.sources[index];
            (source.activated, source.without) = (true, now);
            self.actions.push_back(FailoverAction::Activate(source.id));
        }
        self.dismiss(now);
    }

    /// Decides whom to work for.
    fn choose(&mut self, now: Moment) {
        let first = self.first_with_job();
        let serves = self.active.is_some_and(|active| self.sources[active].job.is_some());
        let chosen = match first {
            // The one before is only left for one that has come to stay.
            Some(first) if serves && self.stable_at(first) > now => self.active,
            first => first,
        };
        if chosen == self.active {
            return;
        }
        self.active = chosen;
        let job = chosen.and_then(|chosen| self.sources[chosen].job.as_ref());
        self.actions.push_back(match job {
            Some((job, _)) => FailoverAction::ActiveJob(Arc::clone(job)),
            None => FailoverAction::NoJob,
        });
    }

    /// Puts on standby those that are not needed, and those that are switched off.
    fn dismiss(&mut self, now: Moment) {
        let stable = self.active.filter(|&active| self.stable_at(active) <= now);
        for (index, source) in self.sources.iter_mut().enumerate() {
            let needless = stable.is_some_and(|stable| index > stable) || !source.enabled;
            if needless && source.activated {
                source.activated = false;
                source.lose_job(now);
                self.actions.push_back(FailoverAction::Standby(source.id));
            }
        }
    }
}

impl Entry {
    fn lose_job(&mut self, now: Moment) {
        if self.job.take().is_some() {
            self.without = now;
        }
    }
}

#[cfg(test)]
mod tests;
