//! Who makes attempts: threads of this computer's processor, or one that owns a device.
//!
//! A device that has engines grows the operands itself ([`scans`]); the others get them as panels.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crossbeam_channel::{SendTimeoutError, Sender};
use gemmine_driver::{Descriptor, Device, Identity, Limits, Side};
use gemmine_pouw::amadeus::{self, Attempts, K, Solution};

use super::scans;
use super::work::Shared;

/// Steps of a chunk: the fold is of no use here, so as few as a whole number of them can be.
const CHUNK_STEPS: usize = 320;
/// Longest time of one attempt: rust-hdl's simulator takes minutes.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How long a thread waits at a time, for work or for room in the channel.
pub const POLL: Duration = Duration::from_millis(20);

/// What a thread tells the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A solution that is low enough.
    Solution(Box<Solution>),
    /// What a device said of a nonce, and the host does not compute.
    Wrong {
        /// Its twelve bytes, in hex.
        nonce: String,
        /// What the device said.
        said: String,
    },
}

/// Starts so many threads of the processor.
///
/// # Errors
/// If they can't be started.
pub fn start_processor(
    threads: NonZeroUsize,
    bits: u32,
    shared: &Arc<Shared>,
    found: &Sender<Result<Found>>,
) -> Result<Vec<JoinHandle<()>>> {
    (0..threads.get())
        .map(|number| {
            let attempt = |attempts: &Attempts, nonce| Ok(attempts.attempt(nonce));
            start(&format!("cpu {number}"), bits, shared, found, attempt)
        })
        .collect()
}

/// Gives a device a thread.
///
/// # Errors
/// If the device can neither grow operands nor hold them, or the thread can't be started.
pub fn start_device(
    mut device: Box<dyn Device>,
    bits: u32,
    shared: &Arc<Shared>,
    found: &Sender<Result<Found>>,
) -> Result<Vec<JoinHandle<()>>> {
    // What was counted by then is not of this run.
    shared.set_counters(device.counters().context("read the device's counters")?);
    if device.identity().engines > 0 {
        return Ok(vec![scans::start(device, bits, shared, found)?]);
    }
    check(device.identity())?;
    let counting = Arc::clone(shared);
    let name = format!("device {}", device.identity().name);
    let thread = start(&name, bits, shared, found, move |attempts, nonce| {
        let seed = attempts.seed(nonce);
        let solution = attempt(device.as_mut(), &seed, nonce)
            .with_context(|| format!("try nonce {nonce} on device {}", device.identity().name))?;
        counting.set_counters(device.counters().context("read the device's counters")?);
        Ok(solution)
    });
    Ok(vec![thread?])
}

/// Refuses devices that can't hold the operands, as they can't grow them either.
fn check(identity: &Identity) -> Result<()> {
    let Limits { panel_steps, .. } = identity.limits;
    if panel_steps < K {
        bail!(
            "mine Amadeus on device {}: its image has no engines that grow operands, and its panels hold \
             {panel_steps} steps of the {K} of an attempt; put an image with engines onto the board, or choose \
             another --device",
            identity.name
        );
    }
    Ok(())
}

/// One attempt whose operands the host grows and the device multiplies.
fn attempt(device: &mut dyn Device, seed: &[u8; 240], nonce: u32) -> Result<Solution> {
    let (a, b) = amadeus::panels(seed, K);
    device.load_panel(Side::A, 0, Arc::new(a))?;
    device.load_panel(Side::B, 0, Arc::new(b))?;
    device.push(Descriptor {
        tag: nonce,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: true,
        steps: K,
        chunk_steps: CHUNK_STEPS,
        ticket_key: [0; 32],
        bound_le: [0; 32],
        want_tile: true,
    })?;
    let completion = device.wait(PATIENCE)?;
    let product = completion.tile.context("the device returned no tile")?;
    Ok(Solution::new(seed, *product))
}

/// A thread that tries nonces until the run is over or something fails.
fn start(
    name: &str,
    bits: u32,
    shared: &Arc<Shared>,
    found: &Sender<Result<Found>>,
    mut attempt: impl FnMut(&Attempts, u32) -> Result<Solution> + Send + 'static,
) -> Result<JoinHandle<()>> {
    let (shared, found) = (Arc::clone(shared), found.clone());
    let run = move || {
        while !shared.stop.load(Ordering::Relaxed) {
            let work = shared.work();
            let Some(nonce) = work.next() else {
                // The run is about to replace it.
                thread::sleep(POLL);
                continue;
            };
            let solution = match attempt(&work.attempts, nonce) {
                Ok(solution) => solution,
                Err(error) => {
                    send(&shared, &found, Err(error));
                    return;
                }
            };
            shared.attempts.fetch_add(1, Ordering::Relaxed);
            if solution.bits() >= bits {
                send(&shared, &found, Ok(Found::Solution(Box::new(solution))));
            }
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).context("start a thread")
}

/// Sends what was found, however long the run takes to look at what came before, until it is over.
pub fn send(shared: &Shared, found: &Sender<Result<Found>>, mut result: Result<Found>) {
    while !shared.stop.load(Ordering::Relaxed) {
        match found.send_timeout(result, POLL) {
            Err(SendTimeoutError::Timeout(back)) => result = back,
            Ok(()) | Err(SendTimeoutError::Disconnected(_)) => return,
        }
    }
    // The run still looks at what fits into the channel.
    let _ = found.try_send(result);
}
