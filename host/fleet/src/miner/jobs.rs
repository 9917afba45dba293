//! Jobs: what is worked on now, and what is made ready to be worked on next.

use std::sync::Arc;

use anyhow::Error;
use gemmine_console::status::Level;
use gemmine_jobs::source::failover::FailoverAction;
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{Job, Moment, SourceId};

use super::{Action, Miner};
use crate::production::Production;

/// Jobs that may be made ready at once. Of those that wait whoever does it takes the newest, so this is far too many.
const PREPARING_MAX: usize = 256;

impl Miner {
    /// Does what the choice of source says; jobs of `keeps` still count although another follows.
    pub(super) fn follow(&mut self, now: Moment, keeps: Option<SourceId>) {
        while let Some(action) = self.failover.poll() {
            match action {
                FailoverAction::Activate(id) => {
                    self.actions.push(Action::Source(id, Command::Activate))
                }
                FailoverAction::Standby(id) => {
                    self.actions.push(Action::Source(id, Command::Standby))
                }
                FailoverAction::ActiveJob(job) => {
                    let keeps = keeps == Some(job.source);
                    if self.job.as_deref().is_some_and(|known| is_same(known, &job)) {
                        self.announced_again(now, keeps);
                    } else {
                        self.new_job(now, job, keeps);
                    }
                }
                FailoverAction::NoJob => {
                    self.epoch += 1;
                    self.job = None;
                    self.end_earlier(now);
                    self.line(Level::Warning, "miner", "no source has work".into());
                }
            }
        }
    }

    fn new_job(&mut self, now: Moment, job: Arc<Job>, keeps: bool) {
        self.epoch += 1;
        // Where the ones before still count, devices go on with them until this one is ready.
        if !keeps {
            self.end_earlier(now);
        }
        if self.preparing.len() == PREPARING_MAX {
            self.preparing.pop_front();
        }
        self.preparing.push_back((self.epoch, now));
        self.job = Some(Arc::clone(&job));
        let source = self.source_name(job.source).to_owned();
        let height = job.height.map(|height| format!(", height {height}")).unwrap_or_default();
        self.line(Level::Info, "miner", format!("job {} of {source}{height}", job.name));
        self.actions.push(Action::Prepare { epoch: self.epoch, job });
    }

    /// Pools announce a job again and again: devices go on with it. What may be new is that those before are over.
    fn announced_again(&mut self, now: Moment, keeps: bool) {
        if !keeps {
            self.end_earlier(now);
        }
    }

    /// No share of a job before the newest counts any more.
    fn end_earlier(&mut self, now: Moment) {
        let epoch = self.epoch;
        self.preparing.retain(|(preparing, _)| *preparing >= epoch);
        self.crew.retire(now, epoch);
    }

    /// A job is ready: worked on if its shares count and no newer one is, also while a newer one is made ready. Else
    /// jobs that come faster than they are made ready would leave nothing to do.
    pub(super) fn take_prepared(
        &mut self,
        now: Moment,
        epoch: u64,
        made: Result<Arc<Production>, Error>,
    ) {
        let Some(index) = self.preparing.iter().position(|(wanted, _)| *wanted == epoch) else {
            return;
        };
        // Those before it were skipped.
        let came = self.preparing.drain(..=index).next_back().map_or(now, |(_, came)| came);
        match made {
            Ok(production) => {
                self.jobs += 1;
                self.crew.work_on(now, production, came);
            }
            Err(error) => {
                let text = format!("failed to {error:#}; tried again when it is announced again");
                self.line(Level::Error, "miner", text);
                if epoch == self.epoch {
                    self.job = None;
                }
            }
        }
    }
}

/// Whether a job is announced again: not only its name must be the same.
fn is_same(known: &Job, job: &Job) -> bool {
    known.source == job.source
        && known.name == job.name
        && known.context == job.context
        && known.work == job.work
}
