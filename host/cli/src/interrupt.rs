//! Ctrl-C: the first one ends a run cleanly, a second one at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The exit code of a program that SIGINT ended.
const EXIT_SIGINT: i32 = 130;

/// Catches Ctrl-C and SIGTERM from now on.
pub fn catch() -> Result<()> {
    let handler = || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            process::exit(EXIT_SIGINT);
        }
    };
    ctrlc::set_handler(handler).context("catch Ctrl-C")
}

/// Whether there was one.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
