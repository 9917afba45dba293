//! A pseudo-terminal that looks like a board's serial port.
//!
//! # Why
//! This end keeps the port open itself: a pseudo-terminal that nobody has open is at its end, can't be
//! waited for, and keeps what `TIOCEXCL` left behind. Who else has it open is told by inotify.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, QueueSelector, ioctl_tiocnxcl, tcflush, tcgetattr, tcsetattr,
};

/// Bytes of events that are read at once.
const EVENTS: usize = 4096;

/// Why a board could not be served.
#[derive(Debug, thiserror::Error)]
pub enum PtyError {
    /// The system refused something.
    #[error("{doing}: {error}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// The link's name is taken.
    #[error(
        "make the link {0}: something else is there; remove it, or choose another name for the link"
    )]
    Taken(PathBuf),
    /// The link could not be made.
    #[error("make the link {path}: {error}")]
    Link {
        /// Its name.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The board failed.
    #[error("simulate the board: {0}")]
    Board(#[from] crate::EngineError),
}

/// Says what was being done when the system refused.
fn doing(doing: &'static str) -> impl Fn(Errno) -> PtyError {
    move |errno| PtyError::System { doing, error: errno.into() }
}

/// A symbolic link to the port, removed at its end.
#[derive(Debug)]
struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    fn new(path: &Path, target: &Path) -> Result<Self, PtyError> {
        let failed = |error| PtyError::Link { path: path.to_owned(), error };
        match path.symlink_metadata() {
            Ok(there) if !there.is_symlink() => return Err(PtyError::Taken(path.to_owned())),
            Ok(_) => std::fs::remove_file(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        std::os::unix::fs::symlink(target, path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), target: target.to_owned() })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Somebody else may have put theirs there meanwhile.
        if std::fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// What there is to do at the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ready {
    /// The host has sent something.
    pub(super) readable: bool,
    /// The host takes something.
    pub(super) writable: bool,
}

/// The board's end of the port.
#[derive(Debug)]
pub struct Terminal {
    board: OwnedFd,
    /// The host's end, kept open.
    host: OwnedFd,
    path: PathBuf,
    events: OwnedFd,
    /// How often others have the port open.
    opened: u32,
    link: Option<Link>,
}

impl Terminal {
    /// A port in raw mode at this rate, in bits a second.
    ///
    /// # Errors
    /// If the system has no pseudo-terminals, or no more of them.
    pub fn open(baud: u32) -> Result<Self, PtyError> {
        let board = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .map_err(doing("open a pseudo-terminal"))?;
        grantpt(&board).map_err(doing("grant access to a pseudo-terminal"))?;
        unlockpt(&board).map_err(doing("unlock a pseudo-terminal"))?;
        let name = ptsname(&board, Vec::new()).map_err(doing("name a pseudo-terminal"))?;
        let path = PathBuf::from(OsStr::from_bytes(name.as_bytes()));
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let host = open(&path, flags, Mode::empty()).map_err(doing("open the host's end"))?;

        let mut settings = tcgetattr(&host).map_err(doing("read the port's settings"))?;
        settings.make_raw();
        settings.set_speed(baud).map_err(doing("set the port's rate"))?;
        tcsetattr(&host, OptionalActions::Now, &settings)
            .map_err(doing("change the port's settings"))?;
        let flags = fcntl_getfl(&board).map_err(doing("read a pseudo-terminal's flags"))?;
        fcntl_setfl(&board, flags | OFlags::NONBLOCK)
            .map_err(doing("change a pseudo-terminal's flags"))?;

        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
            .map_err(doing("watch the port"))?;
        let what = WatchFlags::OPEN | WatchFlags::CLOSE_WRITE | WatchFlags::CLOSE_NOWRITE;
        inotify::add_watch(&events, &path, what).map_err(doing("watch the port"))?;
        Ok(Self { board, host, path, events, opened: 0, link: None })
    }

    /// The port's name, for the host to open.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a symbolic link to the port, which is removed with this.
    ///
    /// # Errors
    /// If something that is no symbolic link has that name, or the system refuses.
    pub fn link(&mut self, path: &Path) -> Result<(), PtyError> {
        self.link = Some(Link::new(path, &self.path)?);
        Ok(())
    }

    /// The rate that the host has set, in bits a second.
    pub(super) fn baud(&self) -> Result<u32, PtyError> {
        let settings = tcgetattr(&self.board).map_err(doing("read the port's settings"))?;
        Ok(settings.output_speed())
    }

    /// Whether somebody has the port open.
    pub(super) fn is_open(&self) -> bool {
        self.opened > 0
    }

    /// Waits until the host sends something, takes something if `writes`, opens or closes the port, or
    /// for so long.
    pub(super) fn wait(
        &mut self,
        reads: bool,
        writes: bool,
        timeout: Duration,
    ) -> Result<Ready, PtyError> {
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::IN, reads);
        wanted.set(PollFlags::OUT, writes);
        let mut ends = [PollFd::new(&self.board, wanted), PollFd::new(&self.events, PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        match poll(&mut ends, Some(&timeout)) {
            // A signal: whoever calls looks whether it is time to stop.
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(doing("wait for the host")(errno)),
        }
        let [board, events] = ends.map(|end| end.revents());
        if events.contains(PollFlags::IN) {
            self.look_who_is_there()?;
        }
        Ok(Ready {
            readable: board.contains(PollFlags::IN),
            writable: board.contains(PollFlags::OUT),
        })
    }

    /// Counts who opened and closed the port. Behind the last one it is as if it were new.
    fn look_who_is_there(&mut self) -> Result<(), PtyError> {
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut reader = inotify::Reader::new(&self.events, &mut buffer);
        loop {
            let events = match reader.next() {
                Ok(event) => event.events(),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(errno) => return Err(doing("watch the port")(errno)),
            };
            if events.contains(ReadFlags::QUEUE_OVERFLOW) {
                // Nobody knows any more; so somebody is there.
                self.opened = self.opened.max(1);
            } else if events.contains(ReadFlags::OPEN) {
                self.opened += 1;
            } else {
                self.opened = self.opened.saturating_sub(1);
                if self.opened == 0 {
                    // What was not read is lost, as on a port that nobody listens to; and who claimed
                    // the port for himself has gone.
                    let _ = tcflush(&self.host, QueueSelector::IFlush);
                    let _ = ioctl_tiocnxcl(&self.host);
                }
            }
        }
    }

    /// Takes what the host has sent.
    pub(super) fn read(&self, bytes: &mut [u8]) -> Result<usize, PtyError> {
        match rustix::io::read(&self.board, bytes) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(errno) => Err(doing("read from the host")(errno)),
        }
    }

    /// Gives the host as much as it takes.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<usize, PtyError> {
        match rustix::io::write(&self.board, bytes) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(errno) => Err(doing("write to the host")(errno)),
        }
    }
}
