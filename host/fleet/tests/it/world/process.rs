//! A process: the real miner and sources, until it is killed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gemmine_fleet::crew;
use gemmine_fleet::miner::{Action, Miner, Options, SourceEntry};
use gemmine_fleet::production::Production;
use gemmine_fleet::supervision::Rules;
use gemmine_jobs::share_log::{self, ShareLog};
use gemmine_jobs::source::failover::FailoverOptions;
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{Job, Moment, ShareId, SourceEvent, SourceId, Verdict};
use gemmine_pouw::digest::Digest;

use super::network::Link;
use super::{Event, Made, World};

/// Times that a miner may want to be woken without time passing.
const SPINS: u32 = 1000;

/// A process.
pub struct Process {
    pub number: u64,
    /// Its moments count from here.
    pub born: Moment,
    pub miner: Miner,
    pub links: Vec<Link>,
    /// When the miner wants to be woken, and how often it did at this time.
    wake: Moment,
    spins: u32,
    /// The job that the preparer was asked for last, and whether it has not begun with it.
    wanted: Option<(u64, Arc<Job>)>,
    waits: bool,
    /// The job that it is making ready.
    making: Option<(u64, Arc<Job>)>,
    /// Hits that were reported and counted: none may be made twice.
    pub hits: HashSet<Digest>,
    /// The source whose job was the last, unless there was none since.
    pub worked_for: Option<SourceId>,
    /// When each thread's newest message arrives: none overtakes another.
    pub latest: Vec<Moment>,
}

impl Process {
    pub fn next_wake(&self) -> Moment {
        self.links.iter().map(|link| link.wake).fold(self.wake, Moment::min)
    }
}

/// What an event was, as far as it matters for what must come of it.
#[derive(Default)]
pub struct Context {
    /// Shares that a board that is well reported, of a job that counts.
    pub shares: Vec<ShareId>,
    pub verdict: Option<(usize, ShareId, Verdict)>,
    /// A job that leaves the ones before valid.
    pub keeps: Option<SourceId>,
    /// There is no other work now.
    pub ends: Option<SourceId>,
    /// The job that is worked on is announced again.
    pub repeats: bool,
    /// Shares of the process before go out again.
    pub again: bool,
}

impl World {
    pub(super) fn source_names(&self) -> Vec<String> {
        self.pools.iter().map(|pool| pool.name()).collect()
    }

    /// A new process, which finds what the one before has left.
    pub(super) fn boot(&mut self) {
        let log = ShareLog::open_on(
            Box::new(self.disk.start_process()),
            share_log::Options { file_bytes: 64 << 10, ..share_log::Options::default() },
        );
        let log = self.ensure(log.map_err(|error| format!("failed to {error}")));
        let names = self.source_names();
        let last = self.last_verdict.take();
        let checked = self.oracle.restarted(&log, &names, last, self.now);
        self.ensure(checked);
        self.processes += 1;
        if self.random.one_in(2) {
            self.seed = self.random.next();
        }
        let wall = Arc::clone(&self.wall);
        let sources = names.iter().zip([0, 20, 10]);
        let options = Options {
            rules: Rules::default(),
            failover: FailoverOptions::default(),
            sources: sources
                .map(|(name, priority)| SourceEntry { name: name.clone(), priority })
                .collect(),
            work: "pearl, zeros".into(),
            notice: None,
            seed: self.seed,
            version: "simulated".into(),
        };
        let wall = Box::new(move || wall.load(Ordering::Relaxed));
        let miner = Miner::new(options, log, wall, Moment::ZERO);
        let links = (0..self.pools.len()).map(|id| self.link(id)).collect();
        self.process = Some(Process {
            number: self.processes,
            born: self.now,
            miner,
            links,
            wake: self.now,
            spins: 0,
            wanted: None,
            waits: false,
            making: None,
            hits: HashSet::new(),
            worked_for: None,
            latest: vec![Moment::ZERO; self.pools.len() + self.boards.len()],
        });
        let boards: Vec<(String, bool)> =
            self.boards.iter().map(|board| (board.name.clone(), board.plugged)).collect();
        let context = Context { again: true, ..Context::default() };
        self.call(context, |miner, now| {
            for (name, plugged) in &boards {
                miner.add_device(now, name, *plugged);
            }
        });
    }

    /// Tells the miner something, looks at what it makes of it, and carries that out.
    pub(super) fn call(&mut self, context: Context, call: impl FnOnce(&mut Miner, Moment)) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        call(&mut process.miner, now - process.born);
        if !self.disk.is_alive() {
            // It died in the middle of that: nothing of it was carried out.
            self.last_verdict = context.verdict.map(|(_, share, verdict)| (share, verdict));
            return self.die();
        }
        let actions = process.miner.actions();
        let wake = process.born.saturating_add(process.miner.next_wake());
        process.spins = if wake <= now { process.spins + 1 } else { 0 };
        (process.wake, process.spins) = (wake, process.spins);
        let (alive, spins) = (process.born, process.spins);
        self.ensure(if spins < SPINS { Ok(()) } else { Err("the miner spins".to_owned()) });
        if let Some((source, share, verdict)) = &context.verdict {
            let pool = &self.pools[*source];
            let checked = self.oracle.answered(*share, verdict, pool, alive, now);
            self.ensure(checked);
        }
        if context.ends.is_some() && context.ends == worked_for(&self.process) {
            self.set_worked_for(None);
        }
        let keeps = context.keeps.is_some() && context.keeps == worked_for(&self.process);
        let kept = keeps
            && actions.iter().all(|action| match action {
                Action::Prepare { job, .. } => Some(job.source) == context.keeps,
                _ => true,
            });
        if context.repeats {
            self.tally.announced_again += 1;
            let goes_on = self.goes_on(&actions);
            self.ensure(goes_on);
        }
        for action in actions {
            self.carry_out(action, &context, kept);
        }
        self.look_at_log(&context);
    }

    /// A job that is announced again drops none of its work, and is not made ready again.
    fn goes_on(&self, actions: &[Action]) -> Result<(), String> {
        let newest = self.process.as_ref().and_then(|process| process.wanted.as_ref());
        let Some((newest, job)) = newest else { return Ok(()) };
        // It may be left in this moment for a better source's.
        let left = actions.iter().any(
            |action| matches!(action, Action::Prepare { job: next, .. } if next.source != job.source),
        );
        let begins_anew = actions.iter().any(|action| match action {
            Action::Prepare { .. } => true,
            Action::Device(crew::Action::Drop(_, epoch)) => epoch > newest,
            _ => false,
        });
        match begins_anew && !left {
            true => Err(format!("job {} begins anew, as it is announced again", job.name)),
            false => Ok(()),
        }
    }

    fn look_at_log(&mut self, context: &Context) {
        let Some(process) = &self.process else { return };
        let log = process.miner.log();
        for share in &context.shares {
            let kept = log.contains(share) && self.oracle.knows(*share);
            self.ensure(if kept { Ok(()) } else { Err(format!("share {share} is lost")) });
        }
        if log.is_writable() {
            self.oracle.written();
        }
    }

    fn set_worked_for(&mut self, source: Option<SourceId>) {
        if let Some(process) = &mut self.process {
            process.worked_for = source;
        }
    }

    fn carry_out(&mut self, action: Action, context: &Context, kept: bool) {
        match action {
            Action::Device(action) => self.device_action(action, kept),
            Action::Source(SourceId(source), command) => {
                if let Command::Submit(submission) = &command
                    && !context.again
                {
                    let (share, job) = (submission.share, (&*submission.job, &*submission.context));
                    let checked = self.oracle.submitted(share, source, job, self.now);
                    self.ensure(checked);
                }
                let number = self.processes;
                let at = self.now + self.random.between(0.0, 0.003);
                let at = self.process.as_mut().map_or(at, |process| {
                    let link = &mut process.links[source];
                    link.commands = link.commands.max(at);
                    link.commands
                });
                self.at(at, Event::Command(number, source, command));
            }
            Action::Prepare { epoch, job } => {
                self.set_worked_for(Some(job.source));
                if let Some(process) = &mut self.process {
                    (process.wanted, process.waits) = (Some((epoch, job)), true);
                }
                self.prepare_next();
            }
            Action::Line(line) => {
                if self.lines.len() == 60 {
                    self.lines.pop_front();
                }
                let now = self.now.as_secs_f64();
                self.lines.push_back(format!("{now:.3} {}: {}", line.about, line.text));
            }
            Action::Stop => self.ensure(Err("the miner stops".to_owned())),
        }
    }

    /// The preparer begins with the newest job that it was asked for, if it has nothing else to do.
    fn prepare_next(&mut self) {
        let number = self.processes;
        let Some(process) = &mut self.process else { return };
        if process.making.is_some() || !std::mem::take(&mut process.waits) {
            return;
        }
        process.making.clone_from(&process.wanted);
        let Some((epoch, _)) = process.making else { return };
        // Now and then it takes longer than jobs that are milliseconds apart.
        let longest = if self.random.one_in(8) { 1.0 } else { 0.06 };
        let wait = self.random.between(0.005, longest);
        self.after(wait, Event::Prepared(number, epoch));
    }

    /// The preparer has made a job ready.
    pub(super) fn prepared(&mut self, epoch: u64) {
        let Some(process) = &mut self.process else { return };
        let Some((_, job)) = process.making.take() else { return };
        self.prepare_next();
        let product = Some(&self.product);
        let made: Made = Production::new(epoch, job, product, self.seed).map(Arc::new);
        self.tally.jobs += 1;
        self.call(Context::default(), |miner, now| miner.prepared(now, epoch, made));
    }

    pub(super) fn source_event(&mut self, source: usize, event: SourceEvent) {
        let id = SourceId(source);
        let mut context = Context::default();
        if let SourceEvent::Job { job, .. } = &event
            && let Some(Process { worked_for, wanted: Some((_, known)), .. }) = &self.process
        {
            context.repeats = *worked_for == Some(id) && known == job;
        }
        match &event {
            SourceEvent::Job { earlier_valid: true, .. } => context.keeps = Some(id),
            SourceEvent::Paused { .. } | SourceEvent::Refused { .. } | SourceEvent::Down { .. } => {
                context.ends = Some(id);
            }
            SourceEvent::Answer { share, verdict, .. } => {
                context.verdict = Some((source, *share, verdict.clone()));
            }
            SourceEvent::Job { .. } | SourceEvent::Up | SourceEvent::Sent { .. } => {}
        }
        self.call(context, |miner, now| miner.source_event(now, id, &event));
    }

    /// Miner or sources have something to do.
    pub(super) fn wake(&mut self) {
        let now = self.now;
        let Some(process) = &mut self.process else { return };
        if process.wake <= now {
            return self.call(Context::default(), |miner, now| miner.wake(now));
        }
        if let Some(source) = process.links.iter().position(|link| link.wake <= now) {
            self.wake_source(source);
        }
    }

    /// The process is killed; another follows.
    pub(super) fn die(&mut self) {
        self.count_credit();
        self.process = None;
        for board in &mut self.boards {
            board.close(self.now);
            board.idle_since = None;
            board.dropped = 0;
        }
        self.cut_connections();
        self.tally.kills += 1;
        let wait: Duration = self.random.between(2.0, 20.0);
        self.after(wait, Event::Boot);
    }
}

fn worked_for(process: &Option<Process>) -> Option<SourceId> {
    process.as_ref().and_then(|process| process.worked_for)
}
