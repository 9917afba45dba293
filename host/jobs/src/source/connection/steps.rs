//! What comes of lines, of the time, and of being needed or not.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::source::dialect::{Client, Effect, Retry};
use crate::source::framing::Lines;
use crate::text::message;
use crate::work::{Job, Moment, SourceEvent};

use super::{Link, News, Output, Source};

impl Source {
    /// Lets the client do something, and does what comes of it until the connection is given up.
    pub(super) fn with_client(
        &mut self,
        now: Moment,
        act: impl FnOnce(&mut Client, &mut Vec<Effect>),
    ) {
        let mut effects = Vec::new();
        act(&mut self.client, &mut effects);
        for effect in effects {
            if !self.is_connected() {
                return;
            }
            self.apply(effect, now);
        }
    }

    pub(super) fn apply(&mut self, effect: Effect, now: Moment) {
        match effect {
            Effect::Send(bytes) => self.outputs.push_back(Output::Send(bytes)),
            Effect::Ready => {
                self.link = Link::Ready;
                self.event(SourceEvent::Up);
                self.release(now);
            }
            Effect::Job { job, earlier_valid } => self.new_job(job, earlier_valid, now),
            Effect::Paused { reason } => self.no_work(News::Paused { reason }),
            Effect::Refused { reason } => {
                self.error = Some(reason.clone());
                self.no_work(News::Refused { reason });
            }
            Effect::Answer { share, verdict } => self.answered(share, verdict, now),
            Effect::Fail { reason, retry } => self.fail(reason, retry, now),
        }
    }

    /// Says once that there is no work.
    pub(super) fn no_work(&mut self, news: News) {
        if self.news != news {
            self.news = news;
            self.tell_news();
        }
    }

    pub(super) fn new_job(&mut self, job: Job, earlier_valid: bool, now: Moment) {
        self.backoff.reset();
        self.jobs.announce(&job, earlier_valid);
        // Since when it has this job, however often that is announced.
        let since = match &self.news {
            News::Job { job: known, since, .. } if **known == job => *since,
            _ => now,
        };
        self.news = News::Job { job: Arc::new(job), earlier_valid, since };
        self.tell_news();
        self.release(now);
    }

    /// Closes the connection because of what came over it, or did not.
    pub(super) fn fail(&mut self, reason: String, retry: Retry, now: Moment) {
        self.outputs.push_back(Output::Close);
        self.down(reason, retry, now);
    }

    /// There is no connection, and it was not us who wanted that.
    pub(super) fn down(&mut self, reason: String, retry: Retry, now: Moment) {
        self.disconnected(now);
        let retry_in = match retry {
            Retry::Soon => self.backoff.wait(),
            Retry::Late => self.options.timing.retry_unauthorised,
        };
        self.link = Link::BackOff { until: now.saturating_add(retry_in) };
        let reason = message(&reason);
        self.error = Some(reason.clone());
        self.event(SourceEvent::Down { reason, retry_in });
        self.settle(now);
    }

    pub(super) fn disconnected(&mut self, now: Moment) {
        self.client.lost();
        self.news = News::None;
        self.lines = Lines::default();
        self.jobs.lose();
        self.take_back(now);
    }

    /// Connects or closes, if that is what being needed or not asks for.
    pub(super) fn settle(&mut self, now: Moment) {
        if self.is_needed() {
            if self.link == Link::Idle {
                self.link = Link::Connecting;
                self.outputs.push_back(Output::Connect);
            }
            return;
        }
        match mem::replace(&mut self.link, Link::Idle) {
            Link::Idle | Link::BackOff { .. } => {}
            Link::Connecting => self.outputs.push_back(Output::Close),
            Link::Greeting | Link::Ready => {
                self.outputs.push_back(Output::Close);
                self.disconnected(now);
                let reason = if self.enabled { "not needed for now" } else { "switched off" };
                self.event(SourceEvent::Down { reason: reason.into(), retry_in: Duration::ZERO });
            }
        }
    }
}
