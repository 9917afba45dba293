//! Interrupts by event descriptor.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits until an event descriptor that does not block has counted something, and takes it; `false` if that does not
/// happen in time.
///
/// # Errors
/// What the system says.
pub fn wait(event: &impl AsFd, timeout: Duration) -> io::Result<bool> {
    let mut polled = [PollFd::new(event, PollFlags::IN)];
    let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
    match poll(&mut polled, Some(&timeout)) {
        Ok(0) | Err(Errno::INTR) => return Ok(false),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    match rustix::io::read(event, &mut [0; 8]) {
        Ok(_) => Ok(true),
        Err(Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
