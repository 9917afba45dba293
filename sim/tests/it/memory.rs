//! Devices behind memory links.

mod errors;
mod host;
mod lockstep;
mod rings;
mod tiles;
#[cfg(target_os = "linux")]
mod vfio;

use gemmine_hdl::Geometry;
use gemmine_sim::AcceleratorConfig;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::{Latency, MemoryConfig};

use host::Host;

/// A device whose host memory answers after so many cycles.
fn config(geometry: Geometry, min: u32, max: u32, seed: u64) -> MemoryConfig {
    let latency = Latency { min, max, seed };
    MemoryConfig { accelerator: AcceleratorConfig::new(geometry), latency }
}

/// A host of a small model.
fn model() -> Host {
    Host::new(ModelMemory::new(config(Geometry::new(4, 4), 20, 60, 1)).unwrap())
}
