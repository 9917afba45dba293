//! A node of Amadeus, behind HTTP: asked for a seed again and again, and about what was found.
//!
//! A seed's epoch, segment and keys are the job; its nonce is the miner's to vary, and other in every answer. A node
//! says neither how many bits a share needs, so that is configured, nor whether a solution came before.

mod calls;
mod options;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;

use crate::amadeus::node::Node;

use super::handle::{Events, Host, SourceHandle};

pub use calls::Calls;
pub use options::{AmadeusOptions, Call, CallError};

/// Runs a node's source in a thread, on standby until it is activated. A call that has begun holds the next command
/// up, for as long as the node's options let it. `jitter_seed` keeps the waits of many miners apart; `began` is what
/// moments count from.
///
/// # Errors
/// If the operating system has no thread left.
pub fn spawn(
    options: AmadeusOptions,
    node: Node,
    jitter_seed: u64,
    events: Events,
    began: Instant,
) -> io::Result<SourceHandle> {
    let id = options.id;
    let calls = Calls::new(options, node.url().to_owned(), jitter_seed);
    let (handle, host) = SourceHandle::new(id, calls.status(), None, events, began);
    thread::Builder::new()
        .name(format!("source {}", id.0))
        .spawn(move || run(calls, &node, &host))?;
    Ok(handle)
}

fn run(mut calls: Calls, node: &Node, host: &Host) {
    while !host.stopped() {
        let allowed = host.now().saturating_add(node.wait());
        let wait = calls.next_wake().map(|at| at.max(allowed).saturating_sub(host.now()));
        let command = match wait {
            Some(Duration::ZERO) => {
                host.commands.try_recv().map_err(|error| match error.is_empty() {
                    true => RecvTimeoutError::Timeout,
                    false => RecvTimeoutError::Disconnected,
                })
            }
            Some(wait) => host.commands.recv_timeout(wait),
            None => host.commands.recv().map_err(RecvTimeoutError::from),
        };
        match command {
            Ok(command) => calls.command(command, host.now()),
            Err(RecvTimeoutError::Timeout) => call(&mut calls, node, host),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        host.show(calls.status());
        while let Some(event) = calls.poll() {
            if !host.tell(event) {
                return;
            }
        }
    }
}

/// Makes the call that is due, if one is.
fn call(calls: &mut Calls, node: &Node, host: &Host) {
    let Some(call) = calls.next_call(host.now()) else { return };
    // What is sent is told before, since the node may have it when the process ends.
    while let Some(event) = calls.poll() {
        if !host.tell(event) {
            return;
        }
    }
    match call {
        Call::Seed => {
            let answer = node.seed().map_err(CallError::from);
            calls.seed(answer, host.now());
        }
        Call::Validate { share, solution } => {
            let answer = node.validate(&solution).map_err(CallError::from);
            calls.validated(share, answer, host.now());
        }
    }
}

#[cfg(test)]
mod tests;
