//! The miner, whose device and sources are what a test says.

mod outbox;

use std::collections::HashSet;

use anyhow::anyhow;
use gemmine_jobs::share_log::faults::Disk;
use gemmine_jobs::share_log::{self, ShareLog};
use gemmine_jobs::work::{ShareId, Submission, Work};

use super::*;
use crate::crew::Event;
use crate::piece::Place;
use crate::production::Product;
use crate::runner::Assignment;
use crate::testing::{honest, joined, pearl_job, product, production};

const SECOND: Duration = Duration::from_secs(1);

/// A miner with one device, and what it wants done.
struct Trial {
    miner: Miner,
    now: Moment,
    product: Arc<Product>,
    work: VecDeque<Assignment>,
    /// Jobs to be made ready.
    prepares: Vec<(u64, Arc<Job>)>,
    submits: Vec<(SourceId, Submission)>,
    lines: Vec<String>,
    /// Times that the device was told to drop work.
    drops: u32,
    /// Tickets that were made, by header: none may be made twice.
    made: HashSet<(Vec<u8>, u64, Place)>,
}

fn open(disk: &Disk) -> ShareLog {
    ShareLog::open_on(Box::new(disk.start_process()), share_log::Options::default()).unwrap()
}

impl Trial {
    /// Two sources, the first of which is asked first.
    fn new(log: ShareLog) -> Self {
        let source = |name: &str, priority| SourceEntry { name: name.into(), priority };
        let options = Options {
            rules: Rules::default(),
            failover: FailoverOptions::default(),
            sources: vec![source("first", 0), source("mirror", 1)],
            work: "a test's".into(),
            notice: None,
            seed: 1,
            version: "0".into(),
        };
        let now = SECOND;
        let mut miner = Miner::new(options, log, Box::new(|| 1_800_000_000), now);
        miner.add_device(now, "d", true);
        let mut trial = Self {
            miner,
            now,
            product: product((2, 2), false),
            work: VecDeque::new(),
            prepares: Vec::new(),
            submits: Vec::new(),
            lines: Vec::new(),
            drops: 0,
            made: HashSet::new(),
        };
        trial.carry_out();
        trial
    }

    fn carry_out(&mut self) {
        let device = DeviceId(0);
        for action in self.miner.actions() {
            match action {
                Action::Device(crew::Action::Open(_)) => {
                    let event = Event::Opened(Box::new(joined("d")));
                    self.miner.device_event(self.now, device, event);
                    self.carry_out();
                }
                Action::Device(crew::Action::Assign(_, assignment)) => {
                    self.work.push_back(assignment);
                }
                Action::Device(crew::Action::Drop(_, epoch)) => {
                    self.drops += 1;
                    self.work.retain(|assignment| assignment.production.epoch >= epoch);
                }
                Action::Device(crew::Action::Close(_)) => panic!("the device is closed"),
                Action::Source(id, Command::Submit(submission)) => {
                    self.submits.push((id, submission));
                }
                Action::Source(..) | Action::Stop => {}
                Action::Prepare { epoch, job } => self.prepares.push((epoch, job)),
                Action::Line(line) => self.lines.push(line.text),
            }
        }
    }

    fn says(&mut self, source: usize, event: &SourceEvent) {
        self.miner.source_event(self.now, SourceId(source), event);
        self.carry_out();
    }

    /// A source announces a job; whether it is to be made ready.
    fn job(&mut self, source: usize, job: &Arc<Job>, earlier_valid: bool) -> bool {
        let before = self.prepares.len();
        let job = Arc::new(Job { source: SourceId(source), ..Job::clone(job) });
        self.says(source, &SourceEvent::Job { job, earlier_valid });
        self.prepares.len() > before
    }

    fn down(&mut self, source: usize) {
        let (reason, retry_in) = ("cut".to_owned(), SECOND);
        self.says(source, &SourceEvent::Down { reason, retry_in });
    }

    /// A job is ready.
    fn ready(&mut self, epoch: u64) {
        let (_, job) = self.prepares.iter().find(|(wanted, _)| *wanted == epoch).unwrap();
        let made = production(epoch, Arc::clone(job), Some(&self.product));
        self.miner.prepared(self.now, epoch, Ok(made));
        self.carry_out();
    }

    /// The device makes its next assignment; of which job.
    fn answer(&mut self) -> u64 {
        let assignment = self.work.pop_front().unwrap();
        let Work::Pearl { header, .. } = &assignment.production.job.work else { unreachable!() };
        for piece in &assignment.pieces {
            for number in 0..piece.tickets() as u32 {
                let key = (header.as_bytes().to_vec(), piece.pass, piece.place(number));
                assert!(self.made.insert(key.clone()), "{key:?} is made twice");
            }
        }
        let done = Event::Done(Box::new(honest(&assignment, u64::MAX)));
        self.now += SECOND;
        self.miner.device_event(self.now, DeviceId(0), done);
        self.carry_out();
        assignment.production.epoch
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.miner.wake(self.now);
        self.carry_out();
    }
}

fn trial() -> Trial {
    Trial::new(open(&Disk::default()))
}

#[test]
fn a_job_that_is_announced_again_changes_nothing() {
    let mut trial = trial();
    let job = pearl_job(1, 3);
    assert!(trial.job(0, &job, false));
    // Also before it is ready.
    assert!(!trial.job(0, &job, false));
    trial.ready(1);
    for _ in 0..40 {
        let before: Vec<u64> = trial.work.iter().map(|assignment| assignment.id).collect();
        assert!(!before.is_empty() && !trial.job(0, &job, false));
        assert_eq!(trial.work.iter().map(|assignment| assignment.id).collect::<Vec<_>>(), before);
        trial.answer();
    }
    assert_eq!((trial.drops, trial.submits.is_empty()), (0, false));
    assert_eq!(trial.miner.log().pending_count(), trial.submits.len());
    // Whatever else is the same, another header, target, name or context is another job.
    assert!(trial.job(0, &pearl_job(2, 3), false));
    assert!(trial.job(0, &pearl_job(2, 4), false));
    let named = Job { name: "other".into(), ..Job::clone(&pearl_job(2, 4)) };
    assert!(trial.job(0, &Arc::new(named.clone()), false));
    assert!(trial.job(0, &Arc::new(Job { context: "other".into(), ..named }), false));
}

#[test]
fn an_announcement_that_ends_earlier_jobs_ends_them_although_its_own_is_known() {
    let mut trial = trial();
    let (first, second) = (pearl_job(1, 40), pearl_job(2, 40));
    trial.job(0, &first, false);
    trial.ready(1);
    trial.job(0, &second, true);
    trial.ready(2);
    // What the device had is finished.
    assert_eq!((trial.drops, trial.work[0].production.epoch), (0, 1));
    assert!(!trial.job(0, &second, true));
    assert_eq!((trial.drops, trial.work[0].production.epoch), (0, 1));
    assert!(!trial.job(0, &second, false));
    assert_eq!((trial.drops, trial.work[0].production.epoch), (1, 2));
    // While it is made ready, likewise.
    trial.job(0, &pearl_job(3, 40), true);
    assert_eq!(trial.answer(), 2);
    assert!(!trial.job(0, &pearl_job(3, 40), false));
    assert!(trial.work.is_empty());
    trial.ready(3);
    assert_eq!(trial.answer(), 3);
}

#[test]
fn a_job_that_is_back_goes_on_behind_what_was_given_out() {
    let mut trial = trial();
    let job = pearl_job(1, 3);
    let mut epoch = 0;
    // Over and over: after breaks, and from a source that has the same job.
    for (turn, source) in [0, 0, 1, 1, 0].into_iter().enumerate() {
        if source == 1 {
            // The next source is asked when there has been none for a while.
            trial.pass(4 * SECOND);
        }
        assert!(trial.job(source, &job, false), "turn {turn}");
        epoch = trial.prepares.last().unwrap().0;
        trial.ready(epoch);
        for _ in 0..3 {
            assert_eq!(trial.answer(), epoch);
        }
        trial.down(source);
        assert!(trial.work.is_empty());
    }
    assert!(epoch >= 5 && trial.made.len() >= 15);
    // Also with another target, which makes other shares of the same tickets.
    trial.job(0, &pearl_job(1, 5), false);
    trial.ready(trial.prepares.last().unwrap().0);
    trial.answer();
    // Every share is found once.
    let shares: HashSet<ShareId> = trial.submits.iter().map(|(_, found)| found.share).collect();
    assert!(shares.len() > 1 && shares.len() == trial.submits.len());
}

#[test]
fn jobs_that_come_faster_than_they_are_made_ready_leave_something_to_do() {
    let mut trial = trial();
    trial.job(0, &pearl_job(1, 40), false);
    trial.ready(1);
    for number in 2..10 {
        trial.job(0, &pearl_job(number, 40), true);
        // The one before still counts, so the device goes on with it.
        assert!(trial.answer() < u64::from(number));
    }
    assert_eq!(trial.drops, 0);
    // Whoever makes jobs ready began with the second, and it is worth something.
    trial.ready(2);
    while trial.answer() < 2 {}
    assert_eq!(trial.answer(), 2);
    // The third was skipped; an older one never follows a newer one.
    trial.ready(9);
    trial.ready(8);
    while trial.answer() < 9 {}
    assert_eq!(trial.answer(), 9);

    // Once a job ends those before it, nothing of them is begun.
    trial.job(0, &pearl_job(10, 40), true);
    trial.job(0, &pearl_job(11, 40), false);
    assert!(trial.work.is_empty());
    trial.ready(10);
    assert!(trial.work.is_empty());
    trial.job(0, &pearl_job(12, 40), true);
    trial.ready(11);
    assert_eq!(trial.answer(), 11);
}

#[test]
fn a_job_that_can_not_be_made_ready_is_told_and_tried_again() {
    let mut trial = trial();
    let job = pearl_job(1, 40);
    trial.job(0, &job, false);
    trial.miner.prepared(trial.now, 1, Err(anyhow!("make the job ready: no memory")));
    trial.carry_out();
    let told = trial.lines.iter().any(|line| line.contains("make the job ready: no memory; tried"));
    assert!(told, "{:?}", trial.lines);
    assert!(trial.job(0, &job, false));
    trial.ready(2);
    assert_eq!(trial.answer(), 2);
}
