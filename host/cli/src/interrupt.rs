//! Ctrl-C: the first one ends a run cleanly, a second one at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::outcome::Outcome;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How much later than its effects on a device's own process a Ctrl-C may be seen here.
const GRACE: Duration = Duration::from_millis(200);

/// Catches Ctrl-C and SIGTERM from now on.
pub fn catch() -> Result<()> {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            // A dashboard may have the terminal.
            gemmine_console::terminal::restore();
            process::exit(Outcome::Interrupted.code().into());
        }
    };
    ctrlc::set_handler(handler).context("catch Ctrl-C")
}

/// Whether there was one.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Whether there was one that may have broken a device: it reaches every process of a terminal, and
/// the device's may be the first to die of it.
pub fn behind_a_failure() -> bool {
    let started = Instant::now();
    while !requested() && started.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(5));
    }
    requested()
}
