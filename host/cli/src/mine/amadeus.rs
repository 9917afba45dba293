//! `gemmine mine --protocol amadeus`: try nonces on a processor or a device, and submit what is low enough.

mod miner;
mod scans;
mod store;
mod summary;
mod work;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use gemmine_driver::Identity;
use gemmine_jobs::amadeus::chain::{self, ChainOptions};
use gemmine_jobs::amadeus::node::{Node, NodeError, NodeOptions};
use gemmine_jobs::amadeus::verdict::Verdict;
use gemmine_pouw::amadeus::{NONCE_AT, SEED_BYTES, Solution, attempt};

use super::Until;
use super::summary::End;
use crate::amadeus::source::Source;
use crate::args::MineArgs;
use crate::device::{self, DeviceName};
use crate::display::{counted, rate, spinner};
use crate::outcome::Outcome;
use crate::receipts::SolutionReceipt;
use crate::{files, interrupt, note};
use miner::Found;
use store::Store;
use summary::{Summary, Tally};
use work::{Shared, Work};

/// How often a node is asked whether its segment is still the same: six calls of the hundred a minute.
const REFRESH: Duration = Duration::from_secs(10);
/// How often the run looks at the clock and at Ctrl-C.
const POLL: Duration = Duration::from_millis(50);
/// How long a node may be out of reach while a solution waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// First wait before a node is asked again; doubled each time.
const BACK_OFF: Duration = Duration::from_millis(500);
/// How long after its end a run still waits for a node, so that what was found is not lost.
const GRACE: Duration = Duration::from_secs(10);
/// How long a device may take to end its last attempt.
const CLOSE_PATIENCE: Duration = Duration::from_millis(500);
/// Solutions that may wait for the run to look at them.
const WAITING: usize = 64;
/// Longest file of trusted certificates.
const CA_BYTES_MAX: u64 = 1 << 20;

/// Runs the command.
pub fn run(args: &MineArgs) -> Result<Outcome> {
    check(args)?;
    let source = source(args)?;
    let bits = args.bits.or(source.bits()).context(
        "mine Amadeus: a node does not say how many leading zero bits it wants; give --bits, such as \
         --bits 20",
    )?;
    let mut seed = source.seed().context("get a seed")?;
    if let Some(given) = args.mining.seed {
        seed[NONCE_AT + 4..].copy_from_slice(&given.to_le_bytes());
    }
    let work = Work::new(&seed);
    let shared = Arc::new(Shared::new(work));
    let (sender, found) = bounded(WAITING);
    let opened = device::open(&args.device, args.mining.json)?;
    let identity = opened.identity().clone();
    let store = Store::open(&args.out)?;
    interrupt::catch()?;
    let threads = match &args.device.device {
        DeviceName::Cpu => {
            let threads = args.device.threads.or_else(|| thread::available_parallelism().ok());
            let threads = threads.unwrap_or(NonZeroUsize::MIN);
            miner::start_processor(threads, bits, &shared, &sender)?
        }
        DeviceName::Simulated(_)
        | DeviceName::Gpu(_)
        | DeviceName::Cuda(_)
        | DeviceName::Serial(_)
        | DeviceName::Pcie(_)
        | DeviceName::VfioUser(_) => miner::start_device(opened, bits, &shared, &sender)?,
    };
    drop(sender);
    let run = Run {
        until: Until::of(&args.mining, false),
        spinner: spinner(args.mining.json),
        started: Instant::now(),
        asked: Instant::now(),
        tally: Tally::default(),
        source,
        bits,
        identity,
        store,
        shared,
        found,
    };
    let summary = run.finish(threads, &args.out);
    super::report(&summary, args.mining.json)
}

/// Refuses options that mean nothing here.
fn check(args: &MineArgs) -> Result<()> {
    let given = [
        (args.a.is_some(), "--a"),
        (args.b.is_some(), "--b"),
        (args.zero_signal.is_some(), "--zero-signal"),
        (args.mining.job.is_some(), "--job"),
        (args.mining.share_target.is_some(), "--share-target"),
    ];
    let given = given.iter().find(|(given, _)| *given);
    ensure!(
        given.is_none(),
        "mine Amadeus: {} is for --protocol pearl; leave it out",
        given.map_or("", |(_, option)| option)
    );
    Ok(())
}

fn source(args: &MineArgs) -> Result<Source> {
    let Some(url) = &args.node else {
        let bits = args.bits.unwrap_or(chain::BITS);
        let segment = Duration::from_secs(chain::SEGMENT_SECONDS.into());
        return Source::local(ChainOptions { bits, segment });
    };
    let read = |path| files::read_capped(path, CA_BYTES_MAX);
    let tls_ca = args.tls_ca.as_deref().map(read).transpose()?;
    let node = Node::new(url, NodeOptions { tls_ca, ..NodeOptions::default() });
    Ok(Source::Node(node.context("mine Amadeus")?))
}

/// A run in progress.
struct Run {
    until: Until,
    spinner: indicatif::ProgressBar,
    started: Instant,
    /// When the source was asked for a seed last.
    asked: Instant,
    tally: Tally,
    source: Source,
    bits: u32,
    identity: Identity,
    store: Store,
    shared: Arc<Shared>,
    found: Receiver<Result<Found>>,
}

impl Run {
    /// Works until something ends it; what is done by then is kept, also where it ends in trouble.
    fn finish(mut self, threads: Vec<JoinHandle<()>>, out: &Path) -> Summary {
        let mut trouble = self.work().err();
        let end = self.ended();
        let elapsed = self.started.elapsed();
        self.shared.stop.store(true, Ordering::Relaxed);
        // Found while the last one was looked at.
        while trouble.is_none()
            && let Ok(found) = self.found.recv_timeout(POLL)
        {
            if end == Some(End::Shares) && !matches!(found, Ok(Found::Wrong { .. })) {
                self.tally.surplus += 1;
            } else {
                trouble = found.and_then(|found| self.take(found)).err();
            }
        }
        self.spinner.finish_and_clear();
        // A device in the middle of a long attempt is left to the end of the process.
        let stopped = Instant::now();
        while stopped.elapsed() < CLOSE_PATIENCE && !threads.iter().all(JoinHandle::is_finished) {
            thread::sleep(POLL / 10);
        }
        Summary {
            counters: self.shared.counters(),
            identity: self.identity,
            source: self.source.describe(),
            bits: self.bits,
            attempts: self.shared.attempts.load(Ordering::Relaxed),
            tally: self.tally,
            elapsed,
            end: if trouble.is_some() { End::Trouble } else { end.unwrap_or(End::Interrupt) },
            trouble: trouble.map(|error| format!("failed to {error:#}")),
            out: out.to_owned(),
        }
    }

    fn ended(&self) -> Option<End> {
        self.until.reached(self.tally.shares, self.started)
    }

    fn work(&mut self) -> Result<()> {
        while self.ended().is_none() {
            self.refresh()?;
            match self.found.recv_timeout(POLL) {
                Ok(found) => self.take(found?)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    anyhow::bail!("mine: every thread that tries nonces has ended")
                }
            }
            self.show();
        }
        Ok(())
    }

    fn show(&self) {
        let attempts = self.shared.attempts.load(Ordering::Relaxed);
        let per_second = attempts as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let shares = counted(self.tally.shares, "share");
        self.spinner.set_message(format!("{} attempts/s  {shares}", rate(per_second)));
    }

    /// Keeps the work current: asks the source from time to time, and goes on where all nonces are tried.
    fn refresh(&mut self) -> Result<()> {
        if self.shared.work().is_exhausted() {
            self.shared.set_work(self.shared.work().following());
        }
        if self.asked.elapsed() < REFRESH || !self.source.wait().is_zero() {
            return Ok(());
        }
        self.renew()
    }

    /// Asks for a seed, and works on it if it is of another segment.
    fn renew(&mut self) -> Result<()> {
        self.asked = Instant::now();
        match self.source.seed() {
            Ok(seed) if self.shared.work().is_current(&seed) => Ok(()),
            Ok(seed) => {
                self.tally.segments += 1;
                self.shared.set_work(Work::new(&seed));
                Ok(())
            }
            // The work may be stale then, which the source will say of what is found.
            Err(error) if error.may_pass() => {
                self.spinner.suspend(|| note(&format!("warning: {error}; mining goes on")));
                Ok(())
            }
            Err(error) => Err(error).context("get a seed"),
        }
    }

    fn take(&mut self, found: Found) -> Result<()> {
        match found {
            Found::Solution(solution) => self.check(&solution),
            Found::Wrong { nonce, said } => {
                self.refuse(&nonce, &said);
                Ok(())
            }
        }
    }

    /// Counts an answer that is wrong; the run goes on, and its exit code will tell.
    fn refuse(&mut self, nonce: &str, said: &str) {
        self.tally.refused += 1;
        let name = &self.identity.name;
        self.spinner.suspend(|| {
            note(&format!(
                "solution refused: device {name} says {said} for nonce {nonce}, which is not what the host \
                 computes"
            ));
        });
    }

    /// Computes a solution again, keeps it and submits it.
    fn check(&mut self, solution: &Solution) -> Result<()> {
        let (seed, _) = solution.bytes.split_first_chunk::<SEED_BYTES>().context("read a seed")?;
        if !self.shared.work().is_current(seed) {
            self.tally.stale += 1;
            return Ok(());
        }
        if attempt(seed) != *solution {
            self.refuse(&hex::encode(&seed[NONCE_AT..]), &hex::encode(solution.hash));
            return Ok(());
        }
        if self.store.has_ticket(&hex::encode(solution.hash)) {
            return Ok(());
        }
        self.keep(solution)
    }

    /// Saves a solution, submits it, and writes its receipt.
    fn keep(&mut self, solution: &Solution) -> Result<()> {
        let file = self.store.save(&solution.bytes)?;
        let answer = self.submit(solution);
        let verdict = answer.as_ref().ok().copied().flatten();
        match verdict {
            Some(Verdict { valid: true, .. }) => self.tally.shares += 1,
            Some(_) => self.tally.rejected += 1,
            None => self.tally.unsubmitted += 1,
        }
        self.store.receipt(self.describe(&file, solution, verdict))?;
        if let Some(Verdict { valid, valid_math }) = verdict {
            let (nonce, bits) =
                (hex::encode(&solution.bytes[NONCE_AT..SEED_BYTES]), solution.bits());
            let word = match (valid, valid_math) {
                (true, _) => "accepted",
                (false, true) => "REJECTED (too few bits, or its segment is over)",
                (false, false) => "REJECTED (the source says that its product is wrong)",
            };
            self.spinner.suspend(|| {
                note(&format!(
                    "share: {}, nonce {nonce}, {bits} bits, {word}",
                    self.store.path(&file).display()
                ))
            });
            if !valid {
                self.renew()?;
            }
        }
        answer.map(drop)
    }

    /// Asks the source, for as long as it may only be out of reach; nothing if the run ended meanwhile.
    fn submit(&self, solution: &Solution) -> Result<Option<Verdict>> {
        let started = Instant::now();
        let mut back_off = BACK_OFF;
        loop {
            if self.is_overdue() {
                return Ok(None);
            }
            let error = match self.source.validate(&solution.bytes) {
                Ok(verdict) => return Ok(Some(verdict)),
                Err(error) => error,
            };
            let asked_to_wait = error.wait();
            let patient = asked_to_wait.is_some() || started.elapsed() < PATIENCE;
            if !(error.may_pass() && patient) {
                return Err::<_, NodeError>(error).context("submit a solution");
            }
            let (began, wait) = (Instant::now(), asked_to_wait.unwrap_or(back_off));
            while began.elapsed() < wait && !self.is_overdue() {
                thread::sleep(POLL.min(wait));
            }
            back_off = (2 * back_off).min(REFRESH);
        }
    }

    /// Whether nobody should have to wait for a node any more.
    fn is_overdue(&self) -> bool {
        let over = |most| self.started.elapsed() >= most + GRACE;
        interrupt::requested() || self.until.elapsed.is_some_and(over)
    }

    fn describe(
        &self,
        file: &str,
        solution: &Solution,
        verdict: Option<Verdict>,
    ) -> SolutionReceipt {
        let bytes = &solution.bytes;
        SolutionReceipt {
            protocol: "amadeus-upow2".into(),
            solution_file: file.into(),
            ticket: hex::encode(solution.hash),
            leading_zero_bits: solution.bits(),
            bits: self.bits,
            epoch: bytes.first_chunk().map(|epoch| u32::from_le_bytes(*epoch)).unwrap_or_default(),
            segment_vr_hash: hex::encode(&bytes[4..36]),
            nonce: hex::encode(&bytes[NONCE_AT..SEED_BYTES]),
            source: self.source.describe(),
            accepted: verdict.map(|verdict| verdict.valid),
            device: self.identity.name.clone(),
            geometry: self.identity.array(),
            unix_time_s: 0,
            energy_pj: None,
            energy_source: "none measured".into(),
        }
    }
}
