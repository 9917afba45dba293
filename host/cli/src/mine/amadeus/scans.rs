//! Attempts by a device that has engines: it grows the operands itself and is told only where to look.
//!
//! Two scans are outstanding, so that it never waits for the host, and each takes about a second, so that the
//! link has little to carry. Whatever comes back is computed again here: the last attempt of every scan, and
//! the one before it where that is said to be a hit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use gemmine_driver::{AmadeusScan, Device, Pace, Scanned, Scanner};
use gemmine_pouw::amadeus::{Attempts, K, NONCE_AT};

use super::miner::{Found, POLL, send};
use super::work::{Shared, Work};

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
        pace: Pace::new(identity.attempt_cycles(K), identity.clock_hz),
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
            && let Some((nonce, attempts)) = work.take(self.pace.count())
        {
            if self.scanner.is_idle() {
                self.since = Instant::now();
            }
            let seed = work.attempts.seed(nonce);
            self.scanner.send(AmadeusScan { seed, nonce, attempts, bits: self.bits, steps: K })?;
            self.works.push_back(Arc::clone(&work));
        }
        if self.scanner.is_idle() {
            // The run is about to replace the work.
            thread::sleep(POLL);
            return Ok(());
        }
        let Some(scanned) = self.scanner.next(POLL)? else { return Ok(()) };
        self.pace.saw(scanned.made(), self.since.elapsed());
        self.since = Instant::now();
        self.shared.attempts.fetch_add(scanned.made().into(), Ordering::Relaxed);
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

#[cfg(test)]
mod tests;
