//! A graphics processor behind the device interface.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gemmine_driver::{
    Completion, Counters, Descriptor, Device, DeviceError, DeviceKind, Grid, GridEnd, GridLimits,
    GridTile, Identity, Limits, PanelStore, Side,
};
use gemmine_pouw::panel::Panel;

use crate::adapter::{Adapter, Choice};
use crate::batch::{Batch, JOBS, Job, Wanted, Work};
use crate::engine::{Answers, Engine, FRAMES, Flight, PRODUCT_TILES};
use crate::error::GpuError;
use crate::pace::DispatchPace;

/// Descriptors that the queue holds.
const QUEUE: usize = 4096;
/// Steps of a word, and so what chunks must be multiples of.
const STEPS_MULTIPLE: usize = 4;

/// A graphics processor as a device.
#[derive(Debug)]
pub struct Gpu {
    identity: Identity,
    engine: Engine,
    panels: PanelStore,
    /// Descriptors that are not completed.
    outstanding: usize,
    /// What takes more descriptors.
    open: Option<Batch>,
    /// What waits for one of the two dispatches to end.
    pending: VecDeque<Batch>,
    /// What is on its way, oldest first; without an answer to whoever has dropped it.
    flying: VecDeque<(Flight, bool)>,
    done: VecDeque<Completion>,
    ends: VecDeque<GridEnd>,
    pace: DispatchPace,
    /// When the last dispatch was seen to have ended.
    landed: Option<Instant>,
    counters: Counters,
}

impl Gpu {
    /// Opens the one that is meant.
    ///
    /// # Errors
    /// If there is none, or it can't do what is needed.
    pub fn open(choice: &Choice) -> Result<Self, GpuError> {
        let engine = Engine::open(choice.clone())?;
        let identity = identity(engine.adapter());
        Ok(Self {
            panels: PanelStore::new(&identity),
            identity,
            engine,
            outstanding: 0,
            open: None,
            pending: VecDeque::new(),
            flying: VecDeque::new(),
            done: VecDeque::new(),
            ends: VecDeque::new(),
            pace: DispatchPace::default(),
            landed: None,
            counters: Counters::default(),
        })
    }

    /// Which card it is.
    pub fn adapter(&self) -> &Adapter {
        self.engine.adapter()
    }

    fn failed(&self, error: &GpuError) -> DeviceError {
        DeviceError::Failed { device: self.identity.name.clone(), why: error.to_string() }
    }

    /// Sends what there is room for; also what could still grow, if somebody waits for it.
    fn pump(&mut self, is_awaited: bool) -> Result<(), DeviceError> {
        while self.engine.has_room() {
            let next = self.pending.pop_front();
            let next = next.or_else(|| if is_awaited { self.open.take() } else { None });
            let Some(batch) = next else { return Ok(()) };
            let sent = self.engine.submit(batch);
            let flight = sent.map_err(|error| self.failed(&error))?;
            self.flying.push_back((flight, true));
        }
        Ok(())
    }

    /// Waits for the oldest dispatch, and takes its answers; false if it has not ended in time.
    fn land(&mut self, timeout: Duration) -> Result<bool, DeviceError> {
        let Some((flight, _)) = self.flying.front() else { return Ok(false) };
        let ended = self.engine.wait(flight, timeout);
        if !ended.map_err(|error| self.failed(&error))? {
            return Ok(false);
        }
        let Some((flight, is_wanted)) = self.flying.pop_front() else { return Ok(false) };
        let answers = self.engine.land(&flight).map_err(|error| self.failed(&error))?;
        // It began when it was submitted, or when the one before it ended.
        let now = Instant::now();
        let began = self.landed.map_or(flight.submitted, |before| before.max(flight.submitted));
        let Work { steps, .. } = flight.batch.work;
        self.pace.took(answers.tiles.len(), steps, now.saturating_duration_since(began));
        self.landed = Some(now);
        // The next one goes before anybody looks at these answers.
        self.pump(false)?;
        if is_wanted {
            self.take(flight.batch, answers);
        }
        Ok(true)
    }

    fn take(&mut self, batch: Batch, answers: Answers) {
        self.counters.tiles += answers.tiles.len() as u64;
        self.counters.hits += answers.tiles.iter().filter(|answer| answer.hit).count() as u64;
        match &batch.wanted {
            Wanted::Tiles(tags) => {
                let mut products = answers.products.into_iter();
                for ((tag, want_tile), answer) in tags.iter().zip(answers.tiles) {
                    let product = products.next();
                    self.done.push_back(Completion {
                        tag: *tag,
                        cycle: 0,
                        ticket: answer.ticket,
                        hit: answer.hit,
                        tile: product.filter(|_| *want_tile).map(Box::new),
                        scan: None,
                    });
                }
            }
            Wanted::Grid(tag) => self.ends.push_back(end(*tag, &batch, &answers)),
        }
    }
}

/// Every hit of a grid, and its last tile.
fn end(tag: u64, batch: &Batch, answers: &Answers) -> GridEnd {
    let last = batch.tiles().iter().max();
    let made = batch.tiles().iter().zip(&answers.tiles);
    let mut tiles: Vec<GridTile> = made
        .filter(|(tile, answer)| answer.hit || Some(*tile) == last)
        .map(|([row, column, _], answer)| GridTile {
            row: *row as usize,
            column: *column as usize,
            ticket: answer.ticket,
            hit: answer.hit,
        })
        .collect();
    tiles.sort_by_key(|tile| (tile.row, tile.column));
    GridEnd { tag, tiles }
}

fn identity(adapter: &Adapter) -> Identity {
    let kind = if adapter.is_software() { DeviceKind::SoftwareGpu } else { DeviceKind::Gpu };
    let description = format!(
        "{} ({}), a compute shader with packed int8 dot products through Vulkan, which has no way to a card's matrix \
         units; {}",
        adapter.name, adapter.kind, adapter.driver
    );
    let limits = Limits::of_host(QUEUE, 1, STEPS_MULTIPLE);
    Identity::of_host(format!("gpu:{}", adapter.number), description, kind, limits)
}

impl Device for Gpu {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        self.panels.load(side, place, panel)
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let [a, b] = self.panels.panels_of(&descriptor, self.outstanding)?;
        let Descriptor { tag, steps, chunk_steps, unsigned_a, want_tile, .. } = descriptor;
        let work = Work { steps, chunk_steps, unsigned_a };
        if self.open.as_ref().is_some_and(|open| open.work != work) {
            self.pending.extend(self.open.take());
        }
        let open = self.open.get_or_insert_with(|| Batch::new(work));
        let Descriptor { ticket_key, bound_le, .. } = descriptor;
        open.add(tag, [&a, &b], Job { ticket_key, bound_le }, want_tile);
        self.outstanding += 1;
        // A want may come with any of them, so the smaller number of those holds for all.
        let most = self.pace.tiles(steps).min(PRODUCT_TILES);
        let is_full = open.tiles().len() >= most
            || open.most_panels() >= self.engine.most_panels(steps)
            || open.jobs().len() >= JOBS;
        if is_full {
            self.pending.extend(self.open.take());
        }
        self.pump(false)
    }

    fn grids(&self, steps: usize) -> Option<GridLimits> {
        Some(GridLimits {
            tiles: self.pace.tiles(steps).min(self.engine.most_tiles()),
            panels: self.engine.most_panels(steps),
            outstanding: FRAMES + 1,
        })
    }

    fn push_grid(&mut self, grid: Grid) -> Result<(), DeviceError> {
        let (tiles, panels) = (self.engine.most_tiles(), self.engine.most_panels(grid.steps));
        self.panels.check_grid(&grid, tiles, panels)?;
        self.pending.extend(self.open.take());
        self.pending.push_back(Batch::of_grid(grid));
        self.pump(false)
    }

    fn wait_grid(&mut self, timeout: Duration) -> Result<GridEnd, DeviceError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(end) = self.ends.pop_front() {
                return Ok(end);
            }
            self.pump(true)?;
            let what = match self.flying.is_empty() {
                true => "the end of a grid, with none outstanding",
                false => "the end of a grid",
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if self.flying.is_empty() || !self.land(left)? {
                return Err(DeviceError::Timeout { what, waited_ms: timeout.as_millis() });
            }
        }
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(completion) = self.done.pop_front() {
                self.outstanding -= 1;
                return Ok(completion);
            }
            self.pump(true)?;
            let what = match self.flying.is_empty() {
                true => "a completion, with no descriptor outstanding",
                false => "a completion of a graphics processor",
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if self.flying.is_empty() || !self.land(left)? {
                return Err(DeviceError::Timeout { what, waited_ms: timeout.as_millis() });
            }
        }
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.outstanding = 0;
        self.open = None;
        self.pending.clear();
        self.done.clear();
        self.ends.clear();
        // What is on its way can't be called back. Nobody hears of it.
        for (_, is_wanted) in &mut self.flying {
            *is_wanted = false;
        }
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(self.counters)
    }
}
