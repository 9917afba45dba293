//! The device that a command computes on: opened by name, fed by a thread of its own.

use std::fmt;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gemmine_driver::{
    Cpu, Device, DeviceError, EngineKind, Identity, SerialDevice, Simulated, UnitReport, WorkUnit,
    Worker,
};
#[cfg(not(target_os = "linux"))]
use gemmine_driver::{LinkError, PcieError};
#[cfg(target_os = "linux")]
use gemmine_driver::{PcieDevice, PcieOptions};
use gemmine_gpu::{Choice, Gpu};
use gemmine_hdl::Geometry;
use gemmine_pouw::U256;

use crate::args::DeviceArgs;
use crate::display::spinner;
use crate::{images, note};

/// Units ahead of a slow device: one in work, one waiting.
const WINDOW_SLOW: usize = 2;
/// Units ahead of a fast device: enough that some wait while others run and the host prepares more.
pub const WINDOW_FAST: usize = 32;
/// A unit that takes longer than this makes a device slow.
const SLOW: Duration = Duration::from_millis(250);
/// How long a device that is left in the middle of its work may take to close.
const CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// How the cycles of a device come about.
pub fn cycle_kind(identity: &Identity) -> &'static str {
    match identity.name.as_str() {
        _ if identity.is_external() => "counted by the device itself",
        "model" => "modelled",
        _ => "counted in simulated RTL",
    }
}

/// What `--device` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// A device in this process.
    Simulated(EngineKind),
    /// This computer's processor.
    Cpu,
    /// A graphics processor, through Vulkan.
    Gpu(Choice),
    /// NVIDIA's card of this number, through CUDA.
    Cuda(usize),
    /// A board, or a virtual one, behind the serial port with this path.
    Serial(String),
    /// The device of this machine at this PCI address.
    Pcie(String),
    /// The device that a server plays behind this socket.
    VfioUser(String),
}

impl FromStr for DeviceName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        for (prefix, name) in [
            ("serial:", Self::Serial as fn(String) -> Self),
            ("pcie:", Self::Pcie as fn(String) -> Self),
            ("vfio-user:", Self::VfioUser as fn(String) -> Self),
        ] {
            if let Some(place) = text.strip_prefix(prefix).filter(|place| !place.is_empty()) {
                return Ok(name(place.to_owned()));
            }
        }
        if let Some(choice) = text.strip_prefix("gpu:").filter(|choice| !choice.is_empty()) {
            return Ok(Self::Gpu(choice.parse()?));
        }
        if let Some(Ok(number)) = text.strip_prefix("cuda:").map(str::parse) {
            return Ok(Self::Cuda(number));
        }
        match text {
            "gpu" => Ok(Self::Gpu(Choice::Best)),
            "cuda" => Ok(Self::Cuda(0)),
            "model" => Ok(Self::Simulated(EngineKind::Model)),
            "rtl" => Ok(Self::Simulated(EngineKind::Rtl)),
            "verilator" => Ok(Self::Simulated(EngineKind::Verilator)),
            "cpu" => Ok(Self::Cpu),
            _ => bail!(
                "give model, verilator, rtl, cpu, gpu, gpu:N, gpu:NAME such as gpu:4090, cuda:N, serial:PATH such as \
                 serial:/dev/ttyUSB1, pcie:ADDRESS such as pcie:0000:01:00.0, or vfio-user:SOCKET"
            ),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated(kind) => formatter.write_str(kind.name()),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Gpu(choice) => write!(formatter, "{choice}"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
            Self::Serial(path) => write!(formatter, "serial:{path}"),
            Self::Pcie(address) => write!(formatter, "pcie:{address}"),
            Self::VfioUser(socket) => write!(formatter, "vfio-user:{socket}"),
        }
    }
}

/// The local job's share target, before scaling, for tiles that a board scans without operands from the host: one
/// ticket in 2^13, at a hundred to three thousand a second.
pub fn scan_share_target() -> U256 {
    U256::one() << 224
}

impl DeviceName {
    /// The local job's share target, before scaling: a share every few seconds at the device's usual
    /// speed. A native tile at k = 2048 scales it by 2^19, so its chance is 2^(exponent + 19 - 256).
    pub fn share_target(&self) -> U256 {
        let exponent = match self {
            // One ticket in 2^18, at 50,000 to 200,000 a second; harder than the local network's 1 in 32.
            Self::Simulated(EngineKind::Model) => 219,
            // One in 2^18, at 100,000 to 500,000 a second.
            Self::Cpu => 219,
            // One in 2^13, at a thousand a second of software to a million of a card.
            Self::Gpu(_) | Self::Cuda(_) => 224,
            // One in 2^9, at 150 to 400 a second; harder too.
            Self::Simulated(EngineKind::Verilator) => 228,
            // One in 4, at about one a second (4x4); easier than the network's.
            Self::Simulated(EngineKind::Rtl) => 235,
            // One in 2^4, at about two a second where panels of 64 KiB cross a line of 1 to 3 Mbaud.
            Self::Serial(_) => 233,
            // One in 2^9: a 16x16 array at 100 MHz makes a few hundred a second where the link feeds it.
            Self::Pcie(_) => 228,
            // One in 2^4: what plays it is a simulation, of about two to a hundred a second.
            Self::VfioUser(_) => 233,
        };
        U256::one() << exponent
    }
}

/// Opens the device that the arguments name, with a spinner unless `quiet`.
///
/// # Errors
/// If the options don't go together, the geometry is not built, a tool that the device needs is
/// missing, or nothing answers on the port.
pub fn open(args: &DeviceArgs, quiet: bool) -> Result<Box<dyn Device>> {
    args.check()?;
    let spinner = spinner(quiet);
    let (shown, opened) = match &args.device {
        DeviceName::Simulated(kind) => {
            let geometry = args.geometry.unwrap_or_else(|| default_geometry(*kind));
            let shown = format!("device {} {geometry}", kind.name());
            // The first time, Verilator compiles the array, which takes up to a minute.
            spinner.set_message(format!("opening {shown}"));
            let device = Simulated::new(*kind, geometry);
            (shown, device.map(|device| Box::new(device) as Box<dyn Device>))
        }
        DeviceName::Cpu => {
            let device = Cpu::new(args.threads);
            ("device cpu".to_owned(), device.map(|device| Box::new(device) as Box<dyn Device>))
        }
        DeviceName::Gpu(choice) => {
            spinner.finish_and_clear();
            return Ok(Box::new(open_gpu(choice, quiet)?));
        }
        DeviceName::Cuda(number) => {
            spinner.set_message(format!("opening device cuda:{number}"));
            let device = open_cuda(*number).map(|(device, _)| device);
            spinner.finish_and_clear();
            return device.with_context(|| format!("open device cuda:{number}"));
        }
        DeviceName::Serial(path) => {
            let shown = format!("device {}", args.device);
            spinner.set_message(format!("opening {shown}"));
            let device = SerialDevice::open(path, args.rates.options());
            (shown, device.map(|device| Box::new(device) as Box<dyn Device>))
        }
        DeviceName::Pcie(_) | DeviceName::VfioUser(_) => {
            let shown = format!("device {}", args.device);
            spinner.set_message(format!("opening {shown}"));
            (shown, memory_link(&args.device))
        }
    };
    spinner.finish_and_clear();
    let device = opened.map_err(|error| link_error(error).context(format!("open {shown}")))?;
    if let DeviceName::Serial(path) = &args.device
        && let Some(warning) = images::warning(device.identity(), path)
    {
        note(&warning);
    }
    Ok(device)
}

/// Opens a graphics processor, with a spinner unless `quiet`: a driver compiles the shader the first time.
///
/// # Errors
/// If there is none, or several are called so, or its driver fails.
pub fn open_gpu(choice: &Choice, quiet: bool) -> Result<Gpu> {
    let spinner = spinner(quiet);
    spinner.set_message(format!("opening device {choice}"));
    let device = Gpu::open(choice);
    spinner.finish_and_clear();
    device.with_context(|| format!("open device {choice}"))
}

/// Opens NVIDIA's card of a number; its place on the bus, too.
#[cfg(feature = "cuda")]
pub fn open_cuda(number: usize) -> Result<(Box<dyn Device>, String)> {
    let card = gemmine_gpu::cuda::CudaGpu::open(number)?;
    let address = card.pci_address().to_owned();
    Ok((Box::new(card), address))
}

/// There is no such path in this build.
#[cfg(not(feature = "cuda"))]
pub fn open_cuda(_number: usize) -> Result<(Box<dyn Device>, String)> {
    bail!(
        "this gemmine was built without the CUDA path; build it with `cargo build --release --features cuda`, or \
         give --device gpu, which needs Vulkan alone"
    )
}

/// Opens a device behind PCI Express, or behind a socket.
#[cfg(target_os = "linux")]
pub fn memory_link(name: &DeviceName) -> Result<Box<dyn Device>, DeviceError> {
    let options = PcieOptions::default();
    let device = match name {
        DeviceName::VfioUser(socket) => PcieDevice::vfio_user(Path::new(socket), options),
        DeviceName::Pcie(address) => PcieDevice::open(address, options),
        other => PcieDevice::open(&other.to_string(), options),
    };
    device.map(|device| Box::new(device) as Box<dyn Device>)
}

/// There are no such devices without VFIO.
#[cfg(not(target_os = "linux"))]
pub fn memory_link(name: &DeviceName) -> Result<Box<dyn Device>, DeviceError> {
    let text = "PCI Express and vfio-user need Linux; use a board behind a serial port".to_owned();
    let source = LinkError::Pcie(PcieError::Setup(text));
    Err(DeviceError::Lost { device: name.to_string(), source })
}

/// What happened to a link, without the name of its device, for texts that have named it.
pub fn link_error(error: DeviceError) -> anyhow::Error {
    match error {
        DeviceError::Lost { source, .. } => source.into(),
        error => error.into(),
    }
}

/// The array to simulate where nothing asks for another: rust-hdl's simulator takes time for every PE
/// in every cycle.
pub fn default_geometry(kind: EngineKind) -> Geometry {
    match kind {
        EngineKind::Model | EngineKind::Verilator => Geometry::new(16, 16),
        EngineKind::Rtl => Geometry::new(4, 4),
    }
}

/// Closes a device without waiting long: a slow one may be minutes away from the end of the tiles that it has, and is
/// then left to the end of the process.
pub fn abandon(device: impl Send + 'static) {
    let (closed, wait) = mpsc::channel::<()>();
    let close = move || {
        drop(device);
        drop(closed);
    };
    // The channel ends with the thread's work, or at once if there is no thread to be had.
    if thread::Builder::new().name("close device".into()).spawn(close).is_ok() {
        let _ = wait.recv_timeout(CLOSE_PATIENCE);
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
    /// [Opens](open) a device and gives it a thread.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(args: &DeviceArgs, quiet: bool) -> Result<Self> {
        Self::of(open(args, quiet)?)
    }

    /// Gives an opened device a thread.
    ///
    /// # Errors
    /// If there is none to be had.
    pub fn of(device: Box<dyn Device>) -> Result<Self> {
        let name = device.identity().name.clone();
        let worker = Worker::start(device, WINDOW_FAST);
        let worker = worker.with_context(|| format!("open device {name}"))?;
        Ok(Self { worker, outstanding: 0, window: WINDOW_SLOW })
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
