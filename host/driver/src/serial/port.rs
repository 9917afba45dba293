//! The line under the link: bytes, a rate and a clock. A serial port of this machine, or a test's.
//!
//! Reads and writes never block; [`Port::wait`] is the one place where time passes. So whoever pumps
//! the line needs no second thread, and a test can let time pass as it likes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use serialport::{ClearBuffer, SerialPort, TTYPort};

use crate::link_error::LinkError;

/// A line to a device.
pub trait Port: Send {
    /// Takes what has come, without waiting; 0 if nothing has.
    ///
    /// # Errors
    /// If the port is gone.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Hands over as many bytes as there is room for, without waiting; perhaps 0.
    ///
    /// # Errors
    /// If the port is gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits until something has come, or there is room for bytes if `to_write`, or time is up.
    ///
    /// # Errors
    /// If the port is gone.
    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()>;

    /// Changes the rate of both directions, in bits a second.
    ///
    /// # Errors
    /// If the port is gone or can't do this rate.
    fn set_baud(&mut self, baud: u32) -> io::Result<()>;

    /// Forgets what has come.
    ///
    /// # Errors
    /// If the port is gone.
    fn discard(&mut self) -> io::Result<()>;

    /// The clock by which waits are timed.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// Opens the line to one device, the first time and after it was lost.
pub trait Opener: Send {
    /// Opens the port at a rate.
    ///
    /// # Errors
    /// If it is not there, not for us, or in use.
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError>;

    /// Lets time pass between two tries to open.
    fn pause(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    /// The clock by which tries are timed.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A serial port of this machine, or a pseudo-terminal.
///
/// The crate's handle sets rates and keeps others away (TIOCEXCL, and a lock because root passes
/// TIOCEXCL). Bytes go through a second, non-blocking one: the crate's writes block for as long as the
/// other end takes nothing.
pub struct TtyPort {
    settings: TTYPort,
    bytes: File,
}

impl TtyPort {
    /// Opens a port at a rate, for this program alone.
    ///
    /// # Errors
    /// If it is not there, not for us, in use, or no serial port.
    pub fn open(path: &str, baud: u32) -> Result<Self, LinkError> {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(flags.cast_signed());
        let bytes = options.open(path).map_err(|source| refusal(path, source))?;
        let settings = TTYPort::open(&serialport::new(path, baud)).map_err(|error| {
            if error.kind() == serialport::ErrorKind::NoDevice {
                LinkError::InUse { path: path.to_owned() }
            } else {
                refusal(path, error.into())
            }
        })?;
        Ok(Self { settings, bytes })
    }
}

fn refusal(path: &str, source: io::Error) -> LinkError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => LinkError::Missing { path },
        io::ErrorKind::ResourceBusy => LinkError::InUse { path },
        io::ErrorKind::PermissionDenied => LinkError::Forbidden { path, source },
        _ => LinkError::Open { path, source },
    }
}

/// 0 bytes of a read that may be tried again, an error of an end of file: the terminal was hung up.
fn settle(done: io::Result<usize>) -> io::Result<usize> {
    match done {
        Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the port was hung up")),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) =>
        {
            Ok(0)
        }
        done => done,
    }
}

impl Port for TtyPort {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        settle(self.bytes.read(buffer))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        settle(self.bytes.write(bytes))
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        let wanted = if to_write { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let timeout = Timespec::try_from(timeout).ok();
        match poll(&mut [PollFd::new(&self.bytes, wanted)], timeout.as_ref()) {
            // A hang-up shows in the next read.
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.settings.set_baud_rate(baud).map_err(io::Error::from)?;
        let got = self.settings.baud_rate().map_err(io::Error::from)?;
        // More than that, and a receiver reads the wrong bits.
        if got.abs_diff(baud) > baud / 50 {
            let text = format!("the port does {got} baud where {baud} was asked for");
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        self.settings.clear(ClearBuffer::Input).map_err(io::Error::from)
    }
}

/// Opens a port of this machine by its path.
pub struct TtyOpener {
    /// The path, such as `/dev/ttyUSB1`.
    pub path: String,
}

impl Opener for TtyOpener {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        Ok(Box::new(TtyPort::open(&self.path, baud)?))
    }
}
