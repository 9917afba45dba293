//! Interrupts by event descriptor.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits until one of some event descriptors, none of which blocks, has counted something, and takes that: the first such
/// one, by its place. `None` if that does not happen in time.
///
/// # Errors
/// What the system says.
pub fn wait<const N: usize>(
    events: [BorrowedFd<'_>; N],
    timeout: Duration,
) -> io::Result<Option<usize>> {
    let mut polled = events.map(|event| PollFd::from_borrowed_fd(event, PollFlags::IN));
    let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
    match poll(&mut polled, Some(&timeout)) {
        Ok(0) | Err(Errno::INTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    for (place, event) in events.into_iter().enumerate() {
        if polled[place].revents().is_empty() {
            continue;
        }
        match rustix::io::read(event, &mut [0; 8]) {
            Ok(_) => return Ok(Some(place)),
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}
