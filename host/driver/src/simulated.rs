//! The in-process device: a simulation engine behind the device interface.
//!
//! The array is simulated. Panel memory, descriptor queue and ticket engine are host code here, and
//! cost no simulated cycle; [`Identity::description`] says so.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_hdl::pe::CHUNK_STEPS_MAX;
use gemmine_hdl::sequencer::CHUNK_STEPS_MIN;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::{fold_register, ticket};
use gemmine_sim::model::Model;
use gemmine_sim::rtl::RustHdl;
use gemmine_sim::verilator::{Tools, Verilated};
use gemmine_sim::{Engine, Program, TileRun, TileWork};

use crate::device::{Completion, Counters, Descriptor, Device, DeviceKind, Identity, Limits, Side};
use crate::error::DeviceError;

/// Descriptors that the queue holds.
const QUEUE: usize = 64;
/// Panels a side: one for each descriptor of a full queue, and one to load meanwhile.
const PANELS: usize = 65;
/// Longest panel: the longest k of a legal job.
const PANEL_STEPS: usize = 65_536;

/// Which engine runs the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// Closed form, fast.
    Model,
    /// rust-hdl's simulator.
    Rtl,
    /// The emitted Verilog, compiled.
    Verilator,
}

impl EngineKind {
    /// Short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rtl => "rtl",
            Self::Verilator => "verilator",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Model => "array by closed-form cycle-accurate model",
            Self::Rtl => "array by rust-hdl's simulator",
            Self::Verilator => "array by Verilated RTL",
        }
    }
}

/// A device in this process.
pub struct Simulated {
    identity: Identity,
    engine: Box<dyn Engine>,
    panels: [Vec<Option<Arc<Panel>>>; 2],
    queue: VecDeque<(Descriptor, TileWork)>,
    done: VecDeque<Completion>,
    clock: u64,
    tiles: u64,
    hits: u64,
}

impl Simulated {
    /// Starts an engine. Verilator compiles the array first if it has not yet.
    ///
    /// # Errors
    /// If the engine's tools are missing or the geometry is not built in.
    pub fn new(kind: EngineKind, geometry: Geometry) -> Result<Self, DeviceError> {
        let engine: Box<dyn Engine> = match kind {
            EngineKind::Model => Box::new(Model::new(geometry)),
            EngineKind::Rtl => Box::new(RustHdl::new(geometry)?),
            EngineKind::Verilator => Box::new(Verilated::new(&Tools::find()?, geometry)?),
        };
        Ok(Self::on(kind, engine))
    }

    fn on(kind: EngineKind, engine: Box<dyn Engine>) -> Self {
        let geometry = engine.geometry();
        let identity = Identity {
            name: kind.name().to_owned(),
            description: format!(
                "{geometry} {}; panel memory, queue and ticket hash are host code and take no \
                 simulated cycle",
                kind.description()
            ),
            kind: DeviceKind::Simulation,
            geometry: Some(geometry),
            cert_versions: vec![3],
            engines: 0,
            noise: false,
            version: 0,
            build: 0,
            clock_hz: None,
            limits: Limits {
                panels: PANELS,
                panel_steps: PANEL_STEPS,
                memory_steps: PANELS * PANEL_STEPS,
                steps_multiple: 1,
                chunk_steps_min: CHUNK_STEPS_MIN,
                chunk_steps_max: CHUNK_STEPS_MAX,
                queue: QUEUE,
            },
        };
        Self {
            identity,
            engine,
            panels: [vec![None; PANELS], vec![None; PANELS]],
            queue: VecDeque::new(),
            done: VecDeque::new(),
            clock: 0,
            tiles: 0,
            hits: 0,
        }
    }

    fn unsupported(&self, what: &'static str, value: usize, max: usize) -> Result<(), DeviceError> {
        if value <= max {
            return Ok(());
        }
        let limit = format!("at most {max}");
        let remedy = "choose less, or another device";
        Err(DeviceError::Unsupported {
            device: self.identity.name.clone(),
            what,
            value,
            limit,
            remedy,
        })
    }

    fn panel(&self, side: Side, panel: usize) -> Result<Arc<Panel>, DeviceError> {
        self.unsupported("panel", panel, PANELS - 1)?;
        self.panels[side as usize][panel].clone().ok_or(DeviceError::NoPanel { side, panel })
    }

    fn in_use(&self, side: Side, panel: usize) -> bool {
        self.queue.iter().any(|(descriptor, _)| match side {
            Side::A => descriptor.a_panel == panel,
            Side::B => descriptor.b_panel == panel,
        })
    }

    /// Runs all that is queued, back to back.
    fn drain(&mut self) -> Result<(), DeviceError> {
        let (descriptors, tiles): (Vec<_>, Vec<_>) = self.queue.drain(..).unzip();
        let run = self.engine.run(&Program::of(tiles))?;
        for (descriptor, tile) in descriptors.into_iter().zip(run.tiles) {
            let completion = self.complete(&descriptor, tile);
            self.tiles += 1;
            self.hits += u64::from(completion.hit);
            self.done.push_back(completion);
        }
        self.clock += run.cycles;
        Ok(())
    }

    fn complete(&self, descriptor: &Descriptor, tile: TileRun) -> Completion {
        let fold = fold_register(&tile.fold_words);
        let ticket = ticket(&descriptor.ticket_key, &fold);
        Completion {
            tag: descriptor.tag,
            cycle: self.clock + tile.last_cycle,
            ticket,
            hit: meets(&ticket, U256::from_little_endian(&descriptor.bound_le)),
            tile: descriptor.want_tile.then_some(tile.product),
            scan: None,
        }
    }
}

impl Device for Simulated {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        self.unsupported("panel", place, PANELS - 1)?;
        self.unsupported("panel length", panel.k(), PANEL_STEPS)?;
        if self.in_use(side, place) {
            return Err(DeviceError::PanelBusy { side, panel: place });
        }
        self.panels[side as usize][place] = Some(panel);
        Ok(())
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let outstanding = self.queue.len() + self.done.len();
        if outstanding >= QUEUE {
            return Err(DeviceError::QueueFull(outstanding));
        }
        let tile = TileWork {
            a: self.panel(Side::A, descriptor.a_panel)?,
            unsigned_a: descriptor.unsigned_a,
            b: self.panel(Side::B, descriptor.b_panel)?,
            steps: descriptor.steps,
            chunk_steps: descriptor.chunk_steps,
        };
        tile.check()?;
        self.queue.push_back((descriptor, tile));
        Ok(())
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        if self.done.is_empty() && !self.queue.is_empty() {
            self.drain()?;
        }
        let waited_ms = timeout.as_millis();
        let what = "a completion, with no descriptor outstanding";
        self.done.pop_front().ok_or(DeviceError::Timeout { what, waited_ms })
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.queue.clear();
        self.done.clear();
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        let array = self.engine.counters()?;
        Ok(Counters {
            cycles: array.cycles,
            mac_cycles: array.mac_cycles,
            full_mac_cycles: array.full_mac_cycles,
            tiles: self.tiles,
            hits: self.hits,
            ..Counters::default()
        })
    }
}

#[cfg(test)]
mod tests;
