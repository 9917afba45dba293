//! What every accelerator looks like to the host: the [`Device`] interface, the in-process device
//! on a simulation engine ([`Simulated`]), boards behind a serial port ([`SerialDevice`]), and the
//! thread that owns a device ([`Worker`]).

mod device;
mod error;
mod feeder;
mod serial;
mod simulated;
mod worker;

pub use device::{
    Completion, Counters, Descriptor, Device, DeviceLinkCounters, HostLinkCounters, Identity,
    Limits, LinkCheck, LinkCounters, Side, Stalls,
};
pub use error::DeviceError;
pub use serial::{
    BoardOpener, LinkError, Opener, Port, PortInfo, SerialDevice, SerialOptions, SharedBoard,
    TtyPort, ports,
};
pub use simulated::{EngineKind, Simulated};
pub use worker::{UnitReport, WorkUnit, Worker};
