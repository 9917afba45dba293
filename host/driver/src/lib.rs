//! What every accelerator looks like to the host: the [`Device`] interface, the in-process device
//! on a simulation engine ([`Simulated`]), the processor ([`Cpu`]), boards behind a serial port ([`SerialDevice`]), the
//! thread that owns a device ([`Worker`]), tiles by the grid ([`Grid`]), and what keeps one busy with scans
//! ([`Scanner`]).

mod accelerator;
mod cpu;
mod device;
mod error;
mod feeder;
mod grid;
mod link_error;
mod pace;
mod pcie;
mod scan;
mod scanner;
mod serial;
mod simulated;
mod store;
mod worker;

pub use cpu::Cpu;
pub use device::{
    Completion, Counters, Descriptor, Device, DeviceKind, DeviceLinkCounters, DmaCounters,
    HostLinkCounters, Identity, Limits, LinkCheck, LinkCounters, Side, Stalls,
};
pub use error::DeviceError;
pub use feeder::{Feeder, OldestWanted};
pub use grid::{Grid, GridEnd, GridLimits, GridTile, Rows};
pub use link_error::LinkError;
pub use pace::Pace;
pub use pcie::{
    Command, CommandRing, CompletionRing, DmaMemory, DmaWords, Entry, PcieDevice, PcieError,
    PcieOptions, Transport, TransportOpener,
};
#[cfg(target_os = "linux")]
pub use pcie::{PcieFunction, Vfio, VfioOpener, VfioUser, VfioUserOpener};
pub use scan::{
    AmadeusScan, PANELS_MAX, PearlScan, Rectangle, SCAN_ATTEMPTS_MAX, SCAN_BITS_MAX, SCAN_CHUNK,
    SCAN_STEPS_MAX, Scan, ScanEnd, TILE_CHUNK, TILE_COLUMNS_MAX, TILE_STEPS_MAX, TILES_MAX, Work,
};
pub use scanner::{Scanned, Scanner};
pub use serial::{
    BoardOpener, Opener, Port, PortInfo, SerialDevice, SerialOptions, SharedBoard, TtyPort, ports,
};
pub use simulated::{EngineKind, Simulated};
pub use store::PanelStore;
pub use worker::{UnitReport, WorkUnit, Worker};
