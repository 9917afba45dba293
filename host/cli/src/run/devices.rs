//! Devices of a configuration: how each is opened, and when it is there.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gemmine_config::config::{Device as Wanted, DeviceName};
use gemmine_config::{Config, Setting};
use gemmine_driver::{Cpu, Device, EngineKind, SerialDevice, SerialOptions, Simulated, ports};
use gemmine_fleet::live::{DevicePlan, Discover, Open, Presence};
use gemmine_fleet::runner::{Runner, Task};
use gemmine_gpu::{Choice, Gpu};
use gemmine_hdl::Geometry;

use crate::device::{default_geometry, link_error};
use crate::{images, note};

/// How often boards are looked for that nobody named.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Devices that are named, and how others are found.
pub fn of(config: &Config, task: Task) -> Result<(Vec<DevicePlan>, Option<Discover>)> {
    let mut devices = Vec::new();
    let mut discover = None;
    for wanted in &config.devices {
        match &wanted.device.value {
            DeviceName::SerialAuto => {
                let named = named_ports(config);
                discover = Some(found(serial_options(wanted), named, task));
            }
            DeviceName::Serial(path) => devices.push(serial(path, serial_options(wanted), task)),
            DeviceName::Pcie(address) => devices.push(memory_link(
                crate::device::DeviceName::Pcie(address.clone()),
                PathBuf::from("/sys/bus/pci/devices").join(address),
                task,
            )),
            DeviceName::VfioUser(socket) => devices.push(memory_link(
                crate::device::DeviceName::VfioUser(socket.clone()),
                PathBuf::from(socket),
                task,
            )),
            DeviceName::Cpu => devices.push(processor(wanted, task)),
            DeviceName::Gpu(choice) => devices.push(graphics(choice.parse()?, task)),
            DeviceName::Model => devices.extend(simulated(wanted, EngineKind::Model, task)),
            DeviceName::Verilator => devices.extend(simulated(wanted, EngineKind::Verilator, task)),
            DeviceName::Rtl => devices.extend(simulated(wanted, EngineKind::Rtl, task)),
        }
    }
    if config.devices.is_empty() {
        devices.push(open_processor("cpu".into(), None, task));
    }
    Ok((devices, discover))
}

fn processor(wanted: &Wanted, task: Task) -> DevicePlan {
    let threads =
        wanted.threads.as_ref().and_then(|threads| NonZeroUsize::new(threads.value as usize));
    open_processor("cpu".into(), threads, task)
}

fn open_processor(name: String, threads: Option<NonZeroUsize>, task: Task) -> DevicePlan {
    let open: Arc<Open> = Arc::new(move || {
        let cpu = Cpu::new(threads).context("open device cpu")?;
        match task {
            Task::Amadeus => Runner::processor(cpu.identity().clone(), threads),
            Task::Pearl { .. } => Runner::new(Box::new(cpu), task),
        }
    });
    DevicePlan { name, open, presence: Presence::Always }
}

/// A graphics processor. Which one is meant is found out whenever it is opened.
fn graphics(choice: Choice, task: Task) -> DevicePlan {
    let name = choice.to_string();
    let open: Arc<Open> = Arc::new(move || {
        let device = Gpu::open(&choice).with_context(|| format!("open device {choice}"))?;
        Runner::new(Box::new(device), task)
    });
    DevicePlan { name, open, presence: Presence::Always }
}

fn simulated(wanted: &Wanted, kind: EngineKind, task: Task) -> impl Iterator<Item = DevicePlan> {
    let given = wanted.geometry.as_ref().map(|geometry| geometry.value);
    let geometry = given
        .map_or_else(|| default_geometry(kind), |array| Geometry::new(array.rows, array.columns));
    let count = wanted.count.value;
    (1..=count).map(move |number| {
        let name =
            if count == 1 { kind.name().to_owned() } else { format!("{}-{number}", kind.name()) };
        let open: Arc<Open> = Arc::new(move || {
            let device = Simulated::new(kind, geometry);
            Runner::new(
                Box::new(
                    device.with_context(|| format!("open device {} {geometry}", kind.name()))?,
                ),
                task,
            )
        });
        DevicePlan { name, open, presence: Presence::Always }
    })
}

fn serial_options(wanted: &Wanted) -> SerialOptions {
    let default = SerialOptions::default();
    let rate =
        |given: &Option<Setting<u32>>, rate| given.as_ref().map_or(rate, |given| given.value);
    SerialOptions {
        baud: rate(&wanted.baud, default.baud),
        max_baud: rate(&wanted.max_baud, default.max_baud),
        ..default
    }
}

fn serial(path: &str, options: SerialOptions, task: Task) -> DevicePlan {
    let (name, port) = (format!("serial:{path}"), path.to_owned());
    let open: Arc<Open> = Arc::new(move || {
        let device = SerialDevice::open(&port, options);
        let device = device
            .map_err(|error| link_error(error).context(format!("open device serial:{port}")))?;
        if let Some(warning) = images::warning(device.identity(), &port) {
            note(&warning);
        }
        Runner::new(Box::new(device), task)
    });
    DevicePlan { name, open, presence: Presence::Path(PathBuf::from(path)) }
}

/// A device behind PCI Express or a socket, there as long as there is something at the path.
fn memory_link(device: crate::device::DeviceName, path: PathBuf, task: Task) -> DevicePlan {
    let name = device.to_string();
    let open: Arc<Open> = Arc::new(move || {
        let opened = crate::device::memory_link(&device);
        let opened =
            opened.map_err(|error| link_error(error).context(format!("open device {device}")))?;
        Runner::new(opened, task)
    });
    DevicePlan { name, open, presence: Presence::Path(path) }
}

/// Ports that devices of the configuration are behind, as the system calls them.
fn named_ports(config: &Config) -> BTreeSet<PathBuf> {
    let path = |wanted: &Wanted| match &wanted.device.value {
        DeviceName::Serial(path) => Some(PathBuf::from(path)),
        _ => None,
    };
    config.devices.iter().filter_map(path).collect()
}

/// Every board behind a USB port that is not named elsewhere.
fn found(options: SerialOptions, named: BTreeSet<PathBuf>, task: Task) -> Discover {
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let look = move || {
        // What is named may be plugged in only later, under another name.
        let named: BTreeSet<PathBuf> = named.iter().map(real).collect();
        let listed = ports().unwrap_or_default().into_iter();
        let plugged = listed
            .filter(|port| port.pluggable && !named.contains(&real(&PathBuf::from(&port.path))));
        plugged.map(|port| serial(&port.path, options, task)).collect()
    };
    Discover { every: LOOK_EVERY, look: Box::new(look) }
}
