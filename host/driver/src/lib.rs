//! What every accelerator looks like to the host: the [`Device`] interface, the in-process device
//! on a simulation engine ([`Simulated`]), the processor ([`Cpu`]), boards behind a serial port ([`SerialDevice`]), and the
//! thread that owns a device ([`Worker`]).

mod cpu;
mod device;
mod error;
mod feeder;
mod serial;
mod simulated;
mod worker;

pub use cpu::Cpu;
pub use device::{
    Completion, Counters, Descriptor, Device, DeviceKind, DeviceLinkCounters, HostLinkCounters,
    Identity, Limits, LinkCheck, LinkCounters, Side, Stalls,
};
pub use error::DeviceError;
pub use serial::{
    BoardOpener, LinkError, Opener, Port, PortInfo, SerialDevice, SerialOptions, SharedBoard,
    TtyPort, ports,
};
pub use simulated::{EngineKind, Simulated};
pub use worker::{UnitReport, WorkUnit, Worker};
