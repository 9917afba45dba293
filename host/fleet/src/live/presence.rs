//! Which boards are plugged in: a device behind a path is there as long as the path is.

use std::collections::HashSet;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::DevicePlan;
use crate::crew::{DeviceId, Event};

/// How often paths are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// When a device is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always: it is in this computer.
    Always,
    /// As long as there is something at this path.
    Path(PathBuf),
}

impl Presence {
    /// Whether it is there now.
    pub fn is_there(&self) -> bool {
        match self {
            Self::Always => true,
            Self::Path(path) => path.exists(),
        }
    }
}

/// Finds devices that nobody named.
pub struct Discover {
    /// How often it looks.
    pub every: Duration,
    /// Those that there are now, by names that stay the same.
    pub look: Box<dyn Fn() -> Vec<DevicePlan> + Send>,
}

/// What was seen.
pub enum Sighting {
    /// Of a device that the miner knows.
    Known(DeviceId, Event),
    /// Of a new one.
    New(DevicePlan),
}

/// Watches devices that can be unplugged, until it is dropped.
pub struct Watcher {
    paths: Sender<(DeviceId, PathBuf, bool)>,
}

impl Watcher {
    /// Starts a thread that watches.
    pub fn start(sightings: &Sender<Sighting>) -> Result<Self> {
        let (paths, added) = unbounded();
        let sightings = sightings.clone();
        let run = move || watch(&added, &sightings);
        thread::Builder::new()
            .name("presence".into())
            .spawn(run)
            .context("start a thread that watches boards")?;
        Ok(Self { paths })
    }

    /// Watches one more device; `there` is what the miner knows of it.
    pub fn add(&self, id: DeviceId, presence: &Presence, there: bool) {
        if let Presence::Path(path) = presence {
            // It ends with this, and not before.
            let _ = self.paths.send((id, path.clone(), there));
        }
    }
}

fn watch(added: &Receiver<(DeviceId, PathBuf, bool)>, sightings: &Sender<Sighting>) {
    let mut paths = Vec::new();
    let mut look = Instant::now() + LOOK_EVERY;
    loop {
        match added.recv_timeout(look.saturating_duration_since(Instant::now())) {
            Ok(path) => paths.push(path),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                look = Instant::now() + LOOK_EVERY;
                for (id, path, there) in &mut paths {
                    let now = path.exists();
                    if now != *there {
                        *there = now;
                        let event = if now { Event::Found } else { Event::Vanished };
                        if sightings.send(Sighting::Known(*id, event)).is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// Looks for devices until what it returns is dropped.
pub fn discover(
    discover: Discover,
    known: Vec<String>,
    sightings: &Sender<Sighting>,
) -> Result<Sender<()>> {
    let (alive, ended): (Sender<()>, Receiver<()>) = bounded(0);
    let sightings = sightings.clone();
    let mut known: HashSet<String> = known.into_iter().collect();
    let run = move || loop {
        for device in (discover.look)() {
            if known.insert(device.name.clone()) && sightings.send(Sighting::New(device)).is_err() {
                return;
            }
        }
        if ended.recv_timeout(discover.every) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    };
    thread::Builder::new().name("discover".into()).spawn(run).context("start a thread")?;
    Ok(alive)
}
