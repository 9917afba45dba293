//! The device that a command computes on: opened by name, fed by a thread of its own.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use gemmine_driver::{DeviceError, EngineKind, Identity, Simulated, UnitReport, WorkUnit, Worker};
use gemmine_hdl::Geometry;
use gemmine_pouw::U256;

use crate::args::DeviceArgs;
use crate::display::spinner;

/// Units ahead of a slow device: one in work, one waiting.
const WINDOW_SLOW: usize = 2;
/// Units ahead of a fast device: enough that some wait while others run and the host prepares more.
pub const WINDOW_FAST: usize = 32;
/// A unit that takes longer than this makes a device slow.
const SLOW: Duration = Duration::from_millis(250);
/// How long a device that is left in the middle of its work may take to close.
const CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// How the cycles of a device come about, by its name.
pub fn cycle_kind(device: &str) -> &'static str {
    match device {
        "model" => "modelled",
        _ => "counted in simulated RTL",
    }
}

/// The devices there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// Cycle-accurate model.
    Model,
    /// rust-hdl's simulator.
    Rtl,
    /// The emitted Verilog, compiled.
    Verilator,
}

impl DeviceName {
    fn kind(self) -> EngineKind {
        match self {
            Self::Model => EngineKind::Model,
            Self::Rtl => EngineKind::Rtl,
            Self::Verilator => EngineKind::Verilator,
        }
    }

    /// The array to simulate where nothing asks for another: rust-hdl's simulator takes time for
    /// every PE in every cycle.
    fn geometry(self) -> Geometry {
        match self {
            Self::Model | Self::Verilator => Geometry::new(16, 16),
            Self::Rtl => Geometry::new(4, 4),
        }
    }

    /// The local job's share target, before scaling: a share every few seconds at the device's usual
    /// speed. A native tile at k = 2048 scales it by 2^19, so its chance is 2^(exponent + 19 - 256).
    pub fn share_target(self) -> U256 {
        let exponent = match self {
            // One ticket in 2^18, at 50,000 to 200,000 a second; harder than the local network's 1 in 32.
            Self::Model => 219,
            // One in 2^9, at 150 to 400 a second; harder too.
            Self::Verilator => 228,
            // One in 4, at about one a second (4x4); easier than the network's.
            Self::Rtl => 235,
        };
        U256::one() << exponent
    }
}

/// An opened device.
#[derive(Debug)]
pub struct DeviceHandle {
    worker: Worker,
    outstanding: usize,
    window: usize,
}

impl DeviceHandle {
    /// Opens the device that the arguments name, with a spinner unless `quiet`.
    ///
    /// # Errors
    /// If the geometry is not built, or a tool that the device needs is missing.
    pub fn open(args: &DeviceArgs, quiet: bool) -> Result<Self> {
        let geometry = args.geometry.unwrap_or_else(|| args.device.geometry());
        let kind = args.device.kind();
        // The first time, Verilator compiles the array, which takes up to a minute.
        let spinner = spinner(quiet);
        spinner.set_message(format!("opening device {} {geometry}", kind.name()));
        let open = || Worker::start(Box::new(Simulated::new(kind, geometry)?), WINDOW_FAST);
        let worker = open().with_context(|| format!("open device {} {geometry}", kind.name()))?;
        spinner.finish_and_clear();
        Ok(Self { worker, outstanding: 0, window: WINDOW_SLOW })
    }

    /// Closes the device without waiting long: a slow one may be minutes away from the end of the
    /// tiles that it has, and is then left to the end of the process.
    pub fn abandon(self) {
        let (closed, wait) = mpsc::channel::<()>();
        let close = move || {
            drop(self);
            drop(closed);
        };
        // The channel ends with the thread's work, or at once if there is no thread to be had.
        if thread::Builder::new().name("close device".into()).spawn(close).is_ok() {
            let _ = wait.recv_timeout(CLOSE_PATIENCE);
        }
    }

    /// What the device is.
    pub fn identity(&self) -> &Identity {
        self.worker.identity()
    }

    /// How many units should be sent now.
    pub fn room(&self) -> usize {
        self.window.saturating_sub(self.outstanding)
    }

    /// Sends a unit.
    ///
    /// # Errors
    /// If the device's thread is gone.
    pub fn submit(&mut self, unit: WorkUnit) -> Result<()> {
        self.worker.send(unit).context("send work to the device")?;
        self.outstanding += 1;
        Ok(())
    }

    /// The next report in the order of the units, if it comes in time.
    ///
    /// # Errors
    /// If the device's thread is gone.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<UnitReport>> {
        let report = match self.worker.receive(timeout) {
            Ok(report) => report,
            Err(DeviceError::Timeout { .. }) => return Ok(None),
            Err(error) => return Err(error).context("wait for the device"),
        };
        self.outstanding -= 1;
        self.window = if report.elapsed > SLOW { WINDOW_SLOW } else { WINDOW_FAST };
        Ok(Some(report))
    }

    /// The next report, however long it takes.
    ///
    /// # Errors
    /// If the device's thread is gone.
    pub fn next(&mut self) -> Result<UnitReport> {
        loop {
            if let Some(report) = self.poll(Duration::from_secs(1))? {
                return Ok(report);
            }
        }
    }
}
