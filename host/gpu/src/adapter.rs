//! Which graphics processors there are, and which of them is meant.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::GpuError;
use crate::guard::within;

/// How long a driver may take to tell of its cards: a cold start of a large one takes seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a graphics processor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A card of its own.
    Discrete,
    /// Part of the processor's chip.
    Integrated,
    /// A share of a card, given to a virtual machine.
    Virtual,
    /// The driver does not say.
    Unknown,
    /// A driver that plays one on the processor.
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Discrete => "a card of its own",
            Self::Integrated => "in the processor's chip",
            Self::Virtual => "virtual",
            Self::Unknown => "of a kind that its driver does not tell",
            Self::Software => "software, plumbing check: the processor does the work",
        })
    }
}

/// A graphics processor as its driver tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// What `gpu:N` means.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AdapterKind,
    /// The driver, with its version.
    pub driver: String,
    /// Where it is on the bus, such as `0000:01:00.0`; empty where the driver does not tell.
    pub pci_address: String,
    /// Bytes that a shader may see of one buffer.
    pub(crate) binding_bytes: u64,
}

impl Adapter {
    /// Whether it is software.
    pub fn is_software(&self) -> bool {
        self.kind == AdapterKind::Software
    }

    fn shown(&self) -> String {
        format!("gpu:{} {}", self.number, self.name)
    }
}

/// Which one is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// A card of its own before one in the processor's chip, and software last.
    #[default]
    Best,
    /// The one of this number.
    Number(usize),
    /// The one whose name has this in it, whatever the case of its letters.
    Name(String),
}

impl FromStr for Choice {
    type Err = GpuError;

    /// What stands behind `gpu:`: a number, or a part of a name.
    fn from_str(text: &str) -> Result<Self, GpuError> {
        Ok(match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) if text.is_empty() => Self::Best,
            Err(_) => Self::Name(text.to_owned()),
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best => formatter.write_str("gpu"),
            Self::Number(number) => write!(formatter, "gpu:{number}"),
            Self::Name(name) => write!(formatter, "gpu:{name}"),
        }
    }
}

impl Choice {
    /// The one that is meant.
    ///
    /// # Errors
    /// If there is none, or several.
    pub(crate) fn of<'a>(&self, adapters: &'a [Adapter]) -> Result<&'a Adapter, GpuError> {
        let shown = |adapters: &[&Adapter]| adapters.iter().map(|found| found.shown()).collect();
        let not_found = || GpuError::NotFound {
            choice: self.to_string(),
            there: shown(&adapters.iter().collect::<Vec<_>>()),
        };
        if adapters.is_empty() {
            return Err(GpuError::None);
        }
        match self {
            // The first of the best kind: the driver's own order.
            Self::Best => {
                adapters.iter().min_by_key(|found| (found.kind, found.number)).ok_or_else(not_found)
            }
            Self::Number(number) => {
                adapters.iter().find(|found| found.number == *number).ok_or_else(not_found)
            }
            Self::Name(part) => {
                let part = part.to_lowercase();
                let named = |found: &&Adapter| found.name.to_lowercase().contains(&part);
                let named: Vec<&Adapter> = adapters.iter().filter(named).collect();
                match named[..] {
                    [] => Err(not_found()),
                    [one] => Ok(one),
                    _ => {
                        Err(GpuError::Ambiguous { choice: self.to_string(), alike: shown(&named) })
                    }
                }
            }
        }
    }
}

/// Every graphics processor that a Vulkan driver tells of.
///
/// # Errors
/// If a driver does not answer. That there is none is no error.
pub fn adapters() -> Result<Vec<Adapter>, GpuError> {
    within(PATIENCE, "listing graphics processors", || {
        Ok(list().into_iter().map(|(adapter, _)| adapter).collect())
    })
}

/// The graphics processor that a choice means.
///
/// # Errors
/// If there is none, or several, or a driver does not answer.
pub fn adapter(choice: &Choice) -> Result<Adapter, GpuError> {
    choice.of(&adapters()?).cloned()
}

/// The same with what opens them. Asks drivers in the caller's thread.
pub(crate) fn list() -> Vec<(Adapter, wgpu::Adapter)> {
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = wgpu::Instance::new(descriptor);
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    found
        .into_iter()
        .enumerate()
        .map(|(number, found)| (described(number, &found), found))
        .collect()
}

fn described(number: usize, adapter: &wgpu::Adapter) -> Adapter {
    let info = adapter.get_info();
    let limits = adapter.limits();
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
        wgpu::DeviceType::Other => AdapterKind::Unknown,
    };
    let driver = [info.driver.trim(), info.driver_info.trim()];
    let driver: Vec<&str> = driver.into_iter().filter(|word| !word.is_empty()).collect();
    Adapter {
        number,
        name: info.name,
        kind,
        driver: driver.join(" "),
        pci_address: if kind == AdapterKind::Software {
            String::new()
        } else {
            info.device_pci_bus_id
        },
        binding_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
    }
}

#[cfg(test)]
mod tests;
