//! What every accelerator looks like to the host: the [`Device`] interface, the in-process device
//! on a simulation engine ([`Simulated`]), and the thread that owns a device ([`Worker`]).

mod device;
mod simulated;
mod worker;

pub use device::{Completion, Counters, Descriptor, Device, DeviceError, Identity, Limits, Side};
pub use simulated::{EngineKind, Simulated};
pub use worker::{UnitReport, WorkUnit, Worker};
