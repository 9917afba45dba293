//! Attempts by a device that has engines: it grows the operands itself and is told only where to look.
//!
//! Two scans are outstanding, so that it never waits for the host, and each takes about a second, so that the
//! link has little to carry. Whatever comes back is computed again here: the last attempt of every scan, and
//! the one before it where that is said to be a hit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use gemmine_driver::{Device, Identity, SCAN_ATTEMPTS_MAX, Scan, Scanned, Scanner};
use gemmine_pouw::amadeus::{Attempts, K, NONCE_AT};

use super::miner::{Found, POLL, send};
use super::work::{Shared, Work};

/// How long a scan should take.
const SCAN_TIME: Duration = Duration::from_secs(1);
/// The first scans are shorter by so much: a simulated board may be far slower than its clock says.
const CAUTION: f64 = 8.0;
/// Attempts a second of a device that does not say its clock.
const RATE_UNKNOWN: f64 = 16.0;
/// By how much one measurement changes the rate at most.
const CHANGE_MAX: f64 = 2.0;
/// The shortest time that is measured.
const TIME_MIN: Duration = Duration::from_millis(1);

/// Gives a device with engines a thread.
///
/// # Errors
/// If the thread can't be started.
pub fn start(
    device: Box<dyn Device>,
    bits: u32,
    shared: &Arc<Shared>,
    found: &Sender<Result<Found>>,
) -> Result<JoinHandle<()>> {
    let identity = device.identity().clone();
    let thread = thread::Builder::new().name(format!("device {}", identity.name));
    let mut miner = Miner {
        scanner: Scanner::new(device),
        works: VecDeque::new(),
        pace: Pace::new(&identity),
        since: Instant::now(),
        bits,
        shared: Arc::clone(shared),
        found: found.clone(),
    };
    let run = move || {
        let name = identity.name;
        if let Err(error) = miner.run().with_context(|| format!("scan on device {name}")) {
            send(&miner.shared, &miner.found, Err(error));
        }
    };
    thread.spawn(run).context("start a thread")
}

struct Miner {
    scanner: Scanner,
    /// What each outstanding scan is of, oldest first.
    works: VecDeque<Arc<Work>>,
    pace: Pace,
    /// Since when the oldest of them is in work.
    since: Instant,
    bits: u32,
    shared: Arc<Shared>,
    found: Sender<Result<Found>>,
}

impl Miner {
    fn run(&mut self) -> Result<()> {
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.turn()?;
        }
        // A device is not left at work. One that is lost by now is nobody's trouble any more.
        if !self.scanner.is_idle() {
            let _ = self.scanner.drop_all();
        }
        Ok(())
    }

    /// Drops what is stale, sends what there is room for, and takes what has come.
    fn turn(&mut self) -> Result<()> {
        let work = self.shared.work();
        if self.works.iter().any(|old| !old.is_of(&work)) {
            self.works.clear();
            self.scanner.drop_all()?;
        }
        while self.scanner.has_room()
            && let Some((nonce, attempts)) = work.take(self.pace.attempts())
        {
            if self.scanner.is_idle() {
                self.since = Instant::now();
            }
            let seed = work.attempts.seed(nonce);
            self.scanner.send(Scan { tag: 0, seed, nonce, attempts, bits: self.bits, steps: K })?;
            self.works.push_back(Arc::clone(&work));
        }
        if self.scanner.is_idle() {
            // The run is about to replace the work.
            thread::sleep(POLL);
            return Ok(());
        }
        let Some(scanned) = self.scanner.next(POLL)? else { return Ok(()) };
        self.pace.saw(scanned.attempts(), self.since.elapsed());
        self.since = Instant::now();
        self.shared.attempts.fetch_add(scanned.attempts().into(), Ordering::Relaxed);
        if let Some(work) = self.works.pop_front() {
            for found in judge(&work.attempts, &scanned, self.bits) {
                send(&self.shared, &self.found, Ok(found));
            }
        }
        self.shared.set_counters(self.scanner.counters()?);
        Ok(())
    }
}

/// What the host makes of a scan: every solution that it finds itself, and where it does not agree.
fn judge(attempts: &Attempts, scanned: &Scanned, bits: u32) -> Vec<Found> {
    let mut found = Vec::new();
    let mut wrong = |nonce: u32, said: String| {
        let nonce = hex::encode(&attempts.seed(nonce)[NONCE_AT..]);
        found.push(Found::Wrong { nonce, said });
    };
    let nonce = scanned.end.nonce;
    let last = attempts.attempt(nonce);
    let is_hit = last.bits() >= bits;
    if scanned.completion.ticket != last.hash {
        wrong(nonce, hex::encode(scanned.completion.ticket));
    } else if scanned.completion.hit != is_hit {
        wrong(nonce, if is_hit { "no hit" } else { "a hit" }.into());
    }
    // The driver has checked that there is one.
    let before = scanned.end.hit_before.then(|| attempts.attempt(nonce.wrapping_sub(1)));
    if before.as_ref().is_some_and(|before| before.bits() < bits) {
        wrong(nonce.wrapping_sub(1), "a hit".into());
    }
    let solutions = before.into_iter().chain([last]).filter(|solution| solution.bits() >= bits);
    found.extend(solutions.map(|solution| Found::Solution(Box::new(solution))));
    found
}

/// How many attempts a scan should have.
#[derive(Debug)]
struct Pace {
    per_second: f64,
}

impl Pace {
    /// By the device's clock, until something is measured.
    fn new(identity: &Identity) -> Self {
        let cycles = identity.attempt_cycles(K);
        let estimate =
            cycles.zip(identity.clock_hz).map(|(cycles, hertz)| hertz as f64 / cycles as f64);
        Self { per_second: estimate.unwrap_or(RATE_UNKNOWN) / CAUTION }
    }

    fn attempts(&self) -> u32 {
        let attempts = self.per_second * SCAN_TIME.as_secs_f64();
        attempts.round().clamp(1.0, SCAN_ATTEMPTS_MAX.into()) as u32
    }

    /// Takes in that so many attempts took so long.
    fn saw(&mut self, attempts: u32, took: Duration) {
        let seconds = took.max(TIME_MIN).as_secs_f64();
        let measured = f64::from(attempts) / seconds;
        let (least, most) = (self.per_second / CHANGE_MAX, self.per_second * CHANGE_MAX);
        self.per_second = measured.clamp(least, most);
    }
}

#[cfg(test)]
mod tests;
