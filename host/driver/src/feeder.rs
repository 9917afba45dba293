//! Hands a device the panels and descriptors of work units, and makes sure that each unit gets its
//! completions once: a device that was lost on the way is reached again and given what it still owes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gemmine_pouw::panel::Panel;

use crate::device::{Completion, Descriptor, Device, Limits, Side};
use crate::error::DeviceError;
use crate::worker::WorkUnit;

/// Time that one completion may take: rust-hdl's simulator needs minutes for a long tile. A serial
/// device gives up by its own clock long before.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(3600);
/// How often a wait looks whether its work is still wanted.
const POLL: Duration = Duration::from_millis(20);
/// Losses without a unit in between that got done, before the device counts as dead.
pub const LOSSES: u32 = 4;

/// From which work on devices go on; what is older is stale. Jobs are numbered by who hands them out, and a device that
/// is in the middle of a stale one drops it.
pub type OldestWanted = Arc<AtomicU64>;

/// Feeds one device. Panels take their places in turn; one that is in the device already, as those of B
/// are when only A changes, is not sent again.
pub struct Feeder {
    limits: Limits,
    next: [usize; 2],
    /// What was loaded into each place. The device may have dropped it since.
    loaded: [Vec<Option<Arc<Panel>>>; 2],
    /// Where a panel was loaded last, by its address: nobody else has that while its place holds it.
    places: [HashMap<*const Panel, usize>; 2],
    tag: u32,
    /// Why the device will never answer again.
    dead: Option<String>,
    wanted: Wanted,
    /// What was made of the first unit that was not done, when the last batch ended.
    partial: Vec<Completion>,
}

/// Whether the work at hand is still wanted.
#[derive(Clone, Default)]
struct Wanted {
    oldest: OldestWanted,
    epoch: u64,
}

impl Wanted {
    fn is_stale(&self) -> bool {
        self.epoch < self.oldest.load(Ordering::Relaxed)
    }
}

/// What is outstanding.
struct Sent {
    /// Tags of tiles, each with its unit.
    tags: VecDeque<(u32, usize)>,
    wanted: Wanted,
}

impl Feeder {
    /// Feeds a device with such limits.
    pub fn new(limits: Limits) -> Self {
        let places = vec![None; limits.panels.max(1)];
        Self {
            limits,
            next: [0; 2],
            loaded: [places.clone(), places],
            places: [HashMap::new(), HashMap::new()],
            tag: 0,
            dead: None,
            wanted: Wanted::default(),
            partial: Vec::new(),
        }
    }

    /// Work of this epoch is dropped as soon as `oldest` is above it; each unit that is not done then has the error
    /// [`DeviceError::Dropped`].
    pub fn watch(&mut self, oldest: OldestWanted, epoch: u64) {
        self.wanted = Wanted { oldest, epoch };
    }

    /// Tiles that may be outstanding at once; the place of the running A panel is taken besides.
    pub fn window(&self) -> usize {
        self.limits.queue.min(self.limits.panels.saturating_sub(1)).max(1)
    }

    /// The device was lost and not found again.
    pub fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Completions of the first unit that has an error in the last batch, as many of its tiles as were made, in their
    /// order: of work that is dropped, and of a device that has failed.
    pub fn take_partial(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.partial)
    }

    /// Runs a batch; where that fails by something else than a lost device, its units one by one, so
    /// that each gets what is its own.
    pub fn run_each(
        &mut self,
        device: &mut dyn Device,
        batch: &[WorkUnit],
    ) -> Vec<Result<Vec<Completion>, DeviceError>> {
        let mut done: Vec<Vec<Completion>> = batch.iter().map(|_| Vec::new()).collect();
        let failed = match &self.dead {
            None => self.run(device, batch, &mut done).err(),
            Some(why) => Some(DeviceError::Stopped(why.clone())),
        };
        // The first unit that is not done gets the error itself.
        let mut failed = failed;
        let dropped = matches!(failed, Some(DeviceError::Dropped));
        let mut partial = None;
        let mut results = Vec::with_capacity(batch.len());
        for (unit, mut completions) in batch.iter().zip(done) {
            let result = if is_done(unit, &completions) {
                Ok(())
            } else if dropped {
                Err(DeviceError::Dropped)
            } else if let Some(why) = &self.dead {
                Err(failed.take().unwrap_or_else(|| DeviceError::Stopped(why.clone())))
            } else if let ([_], Some(error)) = (batch, failed.take()) {
                Err(error)
            } else {
                let mut alone = vec![Vec::new()];
                let run = self.run(device, std::slice::from_ref(unit), &mut alone);
                // Either has the unit's first tiles.
                let again = alone.pop().unwrap_or_default();
                if run.is_ok() || again.len() > completions.len() {
                    completions = again;
                }
                run
            };
            results.push(match result {
                Ok(()) => Ok(completions),
                Err(error) => {
                    partial.get_or_insert(completions);
                    Err(error)
                }
            });
        }
        self.partial = partial.unwrap_or_default();
        results
    }

    /// Runs what is not done yet of a batch. After a failure the device is reset: what is still
    /// outstanding must not be taken for an answer to the next unit. A lost device gets it again.
    fn run(
        &mut self,
        device: &mut dyn Device,
        batch: &[WorkUnit],
        done: &mut [Vec<Completion>],
    ) -> Result<(), DeviceError> {
        let mut losses = 0;
        let mut had = 0;
        loop {
            if self.wanted.is_stale() {
                return Err(DeviceError::Dropped);
            }
            let Err(error) = self.stream(device, batch, done) else { return Ok(()) };
            let has = batch.iter().zip(&*done).filter(|(unit, done)| is_done(unit, done)).count();
            losses = if has > had { 1 } else { losses + 1 };
            had = has;
            let lost = error.is_lost();
            let error = match device.reset() {
                Ok(()) if lost && losses <= LOSSES => continue,
                Ok(()) => error,
                Err(error) => error,
            };
            if error.is_lost() {
                self.dead = Some(error.to_string());
            }
            return Err(error);
        }
    }

    /// Loads panels and pushes descriptors as fast as the device takes them, and collects.
    fn stream(
        &mut self,
        device: &mut dyn Device,
        batch: &[WorkUnit],
        done: &mut [Vec<Completion>],
    ) -> Result<(), DeviceError> {
        let mut sent = Sent { tags: VecDeque::new(), wanted: self.wanted.clone() };
        for (index, unit) in batch.iter().enumerate() {
            if is_done(unit, &done[index]) {
                continue;
            }
            // Some tiles of a unit are no answer.
            done[index].clear();
            for b in &unit.b {
                self.push(device, (unit, b), &mut sent, done)?;
                sent.tags.push_back((self.tag, index));
                self.tag = self.tag.wrapping_add(1);
            }
        }
        while !sent.tags.is_empty() {
            collect(device, &mut sent, done)?;
        }
        Ok(())
    }

    /// Pushes one tile, and loads those of its panels that the device does not have.
    fn push(
        &mut self,
        device: &mut dyn Device,
        (unit, b): (&WorkUnit, &Arc<Panel>),
        sent: &mut Sent,
        done: &mut [Vec<Completion>],
    ) -> Result<(), DeviceError> {
        // One of A and one of B may have gone without our knowledge.
        let mut gone = 0;
        loop {
            let a_panel = self.place(device, (Side::A, &unit.a), sent, done)?;
            let b_panel = self.place(device, (Side::B, b), sent, done)?;
            while sent.tags.len() >= self.window() {
                collect(device, sent, done)?;
            }
            let descriptor = Descriptor {
                tag: self.tag,
                a_panel,
                b_panel,
                unsigned_a: false,
                steps: unit.steps,
                chunk_steps: unit.chunk_steps,
                ticket_key: unit.ticket_key,
                bound_le: unit.bound_le,
                want_tile: unit.want_tiles,
            };
            match insist(device, sent, done, |device| device.push(descriptor)) {
                Err(DeviceError::NoPanel { side, panel }) if gone < 2 => {
                    self.loaded[side as usize][panel] = None;
                    gone += 1;
                }
                other => return other,
            }
        }
    }

    /// The place of a panel; loads it if nothing says that the device has it.
    fn place(
        &mut self,
        device: &mut dyn Device,
        (side, panel): (Side, &Arc<Panel>),
        sent: &mut Sent,
        done: &mut [Vec<Completion>],
    ) -> Result<usize, DeviceError> {
        let loaded = &mut self.loaded[side as usize];
        let places = &mut self.places[side as usize];
        let held = |place: usize| loaded[place].as_ref().is_some_and(|p| Arc::ptr_eq(p, panel));
        if let Some(&place) = places.get(&Arc::as_ptr(panel))
            && held(place)
        {
            return Ok(place);
        }
        let place = self.next[side as usize] % loaded.len();
        self.next[side as usize] = place + 1;
        insist(device, sent, done, |device| device.load_panel(side, place, Arc::clone(panel)))?;
        if let Some(before) = loaded[place].replace(Arc::clone(panel)) {
            places.remove(&Arc::as_ptr(&before));
        }
        places.insert(Arc::as_ptr(panel), place);
        Ok(place)
    }
}

fn is_done(unit: &WorkUnit, completions: &[Completion]) -> bool {
    completions.len() == unit.b.len()
}

/// Asks again after a completion for as long as the device is busy.
fn insist(
    device: &mut dyn Device,
    sent: &mut Sent,
    done: &mut [Vec<Completion>],
    request: impl Fn(&mut dyn Device) -> Result<(), DeviceError>,
) -> Result<(), DeviceError> {
    loop {
        match request(device) {
            Err(error) if error.is_busy() && !sent.tags.is_empty() => collect(device, sent, done)?,
            other => return other,
        }
    }
}

/// Waits for the completion that is due, for as long as anybody wants it.
fn collect(
    device: &mut dyn Device,
    sent: &mut Sent,
    done: &mut [Vec<Completion>],
) -> Result<(), DeviceError> {
    let Some((expected, index)) = sent.tags.pop_front() else { return Ok(()) };
    let begun = Instant::now();
    let completion = loop {
        if sent.wanted.is_stale() {
            return Err(DeviceError::Dropped);
        }
        match device.wait(POLL) {
            Err(DeviceError::Timeout { .. }) if begun.elapsed() < COMPLETION_TIMEOUT => {}
            other => break other?,
        }
    };
    if completion.tag != expected {
        return Err(DeviceError::Tag { expected, got: completion.tag });
    }
    done[index].push(completion);
    Ok(())
}
