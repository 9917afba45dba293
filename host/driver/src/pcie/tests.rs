//! The driver against a small double of a device, whose time passes only when the host waits or asks; and against the
//! same behind a socket.

mod device;
mod double;
mod faults;
mod ring;
mod slot;
#[cfg(target_os = "linux")]
mod socket;
