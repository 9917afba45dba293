//! Why a device behind a link could not be reached.

use std::io;

use gemmine_hdl::registers::{ID_VALUE, VERSION_VALUE};

use crate::pcie::PcieError;

/// Why a device behind a link could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The path leads nowhere.
    #[error(
        "there is no port {path}; plug the board in, or see `gemmine devices` for those there are"
    )]
    Missing {
        /// The port.
        path: String,
    },
    /// Somebody else has the port.
    #[error("port {path} is in use by another program; end that first, or choose another port")]
    InUse {
        /// The port.
        path: String,
    },
    /// The port is not for this user.
    #[error(
        "port {path} may not be opened: {source}; add yourself to its group, such as dialout, and log in \
         again"
    )]
    Forbidden {
        /// The port.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The port can't be opened for another reason.
    #[error("port {path} can't be opened as a serial port: {source}; is it one?")]
    Open {
        /// The port.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The port was there, and is no more.
    #[error("port gone while {doing}: {source}; plug the board in again")]
    Gone {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The port was closed after an error.
    #[error("the port was closed after an error; reset the device to open it again")]
    Closed,
    /// Nothing came back.
    #[error(
        "no answer at {baud} baud after {waited_ms} ms and {tries} tries while waiting for {what}; is the \
         board powered and its bitstream loaded, and {baud} baud its first rate (--baud)?"
    )]
    Silent {
        /// What was waited for.
        what: &'static str,
        /// How often the host asked.
        tries: u32,
        /// Milliseconds since the last sign of life.
        waited_ms: u128,
        /// Bits a second.
        baud: u32,
    },
    /// Frames are damaged again and again.
    #[error(
        "no frame came through at {baud} baud in {rounds} tries while waiting for {what}; use a shorter \
         cable, or a lower rate (--max-baud)"
    )]
    Noisy {
        /// What was waited for.
        what: &'static str,
        /// How often the host sent its requests again.
        rounds: u32,
        /// Bits a second.
        baud: u32,
    },
    /// The device has forgotten what it was told.
    #[error("the device started anew while waiting for {what}; check its power supply")]
    Restarted {
        /// What was waited for.
        what: &'static str,
    },
    /// The device says that a request makes no sense.
    #[error(
        "the device refused a request while waiting for {what}; it speaks another version of the protocol"
    )]
    Refused {
        /// What was waited for.
        what: &'static str,
    },
    /// What answers is no accelerator.
    #[error(
        "word {0:#010x} is no gemmine device's ID ({ID_VALUE:#010x}); load a gemmine bitstream, or choose another port"
    )]
    NoDevice(u32),
    /// The register map is another one.
    #[error(
        "the device has register map version {0}, this program knows version {VERSION_VALUE}; update the older of the two"
    )]
    Version(u32),
    /// Registers that make no sense.
    #[error(
        "register {register} reads {value:#x}, which no device has; load a gemmine bitstream anew"
    )]
    Register {
        /// Which one.
        register: &'static str,
        /// What it holds.
        value: u32,
    },
    /// Another device answers where the lost one was.
    #[error("another device answers on the port now ({0}); start again")]
    Changed(String),
    /// The device broke the protocol.
    #[error("the device broke the protocol: {0}; report this with its build")]
    Protocol(String),
    /// A device that was lost does not come up again, and could not be reset as a whole before.
    #[error("{error}; before, {reset}")]
    NotReset {
        /// Why it does not come up.
        error: Box<LinkError>,
        /// Why it was not reset.
        reset: PcieError,
    },
    /// PCI Express.
    #[error(transparent)]
    Pcie(#[from] PcieError),
}

impl LinkError {
    /// It may pass if one waits, as when a cable is plugged in again.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NoDevice(_) | Self::Version(_) | Self::Register { .. } | Self::Changed(_) => {
                false
            }
            Self::NotReset { error, .. } => error.may_pass(),
            Self::Pcie(error) => error.may_pass(),
            _ => true,
        }
    }
}
