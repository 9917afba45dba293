//! Serves a memory device on a vfio-user socket: another process drives it as it drives a device of the kernel's VFIO.
//!
//! ```text
//!                        socket                          channel
//!   client's driver <==============> Server (backend) <==========> machine: device, mappings, configuration space
//!         |                                                           |
//!         '----- memory, by file descriptor --------------------------'
//! ```
//!
//! A PCI device with 4 MiB of memory behind BAR 0, one message-signalled interrupt (VFIO's index 1, by eventfd) and a
//! configuration space; it sees the memory that the client maps by file descriptor, and, as any PCI device, only while
//! Bus Master Enable stands in the command register. One client after the other: what comes meanwhile is
//! hung up on.
//!
//! Simulated time runs as fast as it can while the device has something to do, and stands still otherwise.

mod backend;
mod config_space;
mod machine;
mod mappings;

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gemmine_hdl::dma_registers::WINDOW_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_NORESIZE, VFIO_PCI_BAR0_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSI_IRQ_INDEX, VFIO_PCI_NUM_IRQS, VFIO_PCI_NUM_REGIONS,
    VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE, vfio_region_info,
};
use vfio_user::{IrqInfo, Server, ServerRegion};

use super::{Faults, MemoryDevice};
use crate::engine::EngineError;
use backend::Backend;
use machine::{Machine, Work};

/// How often to look whether it is time to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How long a client waits at the door before it is hung up on. The thread that serves the next one takes it in long
/// before.
const DOOR: Duration = Duration::from_secs(2);

/// Why a device could not be served.
#[derive(Debug, thiserror::Error)]
pub enum VfioUserError {
    /// Something has that name.
    #[error(
        "make the socket {0}: another program serves a device there; stop it, or choose another name"
    )]
    InUse(PathBuf),
    /// Something has that name, and nobody listens.
    #[error(
        "make the socket {0}: something is there that nobody serves; remove it, or choose another name"
    )]
    Taken(PathBuf),
    /// The system refused it.
    #[error(
        "make the socket {path}: {error}; choose a folder that exists and that you may write to, and a name of less than 100 bytes"
    )]
    Bind {
        /// Its name.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The system refused something else.
    #[error("serve the device: {0}")]
    System(#[from] io::Error),
    /// The device failed.
    #[error("simulate the device: {0}")]
    Device(#[from] EngineError),
    /// A thread panicked, which is a mistake in this program.
    #[error("serve the device: its thread panicked")]
    Panicked,
}

/// What happened at a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Clients, one after the other.
    pub clients: u64,
    /// Accesses of BAR 0.
    pub accesses: u64,
    /// Interrupts that a client was told of.
    pub interrupts: u64,
    /// Interrupts that it was not told of: it had set no eventfd, or they were lost on purpose.
    pub interrupts_lost: u64,
    /// Cycles since the device's power-up.
    pub cycles: u64,
}

/// What the threads tell whoever serves.
pub enum Event {
    /// Something that a person may want to know.
    Notice(String),
    /// The client is gone.
    Gone,
}

/// A socket for one device. It is removed when this is dropped.
#[derive(Debug)]
pub struct VfioUserSocket {
    path: PathBuf,
    listener: UnixListener,
}

impl Drop for VfioUserSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl VfioUserSocket {
    /// Makes the socket; clients can connect from now on.
    ///
    /// # Errors
    /// If something has that name, or the system refuses it.
    pub fn bind(path: &Path) -> Result<Self, VfioUserError> {
        let path = path.to_owned();
        match UnixListener::bind(&path) {
            Ok(listener) => Ok(Self { path, listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(match UnixStream::connect(&path) {
                    Ok(_) => VfioUserError::InUse(path),
                    Err(_) => VfioUserError::Taken(path),
                })
            }
            Err(error) => Err(VfioUserError::Bind { path, error }),
        }
    }

    /// Serves a device until `stop` says so, which is asked at least every 100 ms. A client that is connected then is
    /// answered no more, and its connection ends with the process.
    ///
    /// `notice` is told what a person may want to know.
    ///
    /// # Errors
    /// If the simulation or the system fails.
    pub fn serve(
        &self,
        device: Box<dyn MemoryDevice>,
        faults: Faults,
        notice: &mut dyn FnMut(&str),
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Served, VfioUserError> {
        let (requests, received) = channel::<Work>();
        let machine = Machine::new(device, faults);
        let machine = thread::Builder::new()
            .name("memory device".into())
            .spawn(move || machine.serve(&received))?;
        let (events, told) = channel();
        let mut clients = 0;
        while !stop() && !machine.is_finished() {
            if !self.wait(LOOK)? {
                continue;
            }
            clients += 1;
            self.greet(&requests, &events)?;
            self.accompany(&told, notice, &mut || stop() || machine.is_finished())?;
            let _ = requests.send(Box::new(Machine::released));
        }
        let _ = requests.send(Box::new(|machine: &mut Machine| machine.stops = true));
        let served = machine.join().map_err(|_| VfioUserError::Panicked)??;
        Ok(Served { clients, ..served })
    }

    /// Whether a client waits at the door.
    fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Serves the client that waits, in a thread.
    fn greet(&self, requests: &Sender<Work>, events: &Sender<Event>) -> io::Result<()> {
        let server =
            Server::from_owned_fd(self.listener.try_clone()?.into(), true, interrupts(), regions());
        let mut backend = Backend { machine: requests.clone(), events: events.clone() };
        let events = events.clone();
        thread::Builder::new().name("vfio-user client".into()).spawn(move || {
            // Told also by a panic, which is what the crate does of a greeting that it does not understand.
            let _gone = TellsOnDrop(events.clone());
            if let Err(error) = server.run(&mut backend) {
                let _ = events.send(Event::Notice(format!("the connection broke: {error}")));
            }
        })?;
        Ok(())
    }

    /// Waits until the client is gone, and hangs up on others.
    fn accompany(
        &self,
        told: &Receiver<Event>,
        notice: &mut dyn FnMut(&str),
        stop: &mut dyn FnMut() -> bool,
    ) -> io::Result<()> {
        let mut waits_since: Option<Instant> = None;
        while !stop() {
            match told.recv_timeout(LOOK) {
                Ok(Event::Notice(text)) => notice(&text),
                Ok(Event::Gone) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) if self.wait(Duration::ZERO)? => {
                    if waits_since.get_or_insert_with(Instant::now).elapsed() >= DOOR {
                        drop(self.listener.accept()?);
                        notice("hung up on a client, since there is one already");
                        waits_since = None;
                    }
                }
                Err(RecvTimeoutError::Timeout) => waits_since = None,
            }
        }
        Ok(())
    }
}

/// Says that a client is gone.
struct TellsOnDrop(Sender<Event>);

impl Drop for TellsOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Gone);
    }
}

/// Regions of a PCI device, of which it has BAR 0 and the configuration space.
fn regions() -> Vec<ServerRegion> {
    let region = |index| {
        let size = match index {
            VFIO_PCI_BAR0_REGION_INDEX => WINDOW_BYTES.into(),
            VFIO_PCI_CONFIG_REGION_INDEX => config_space::BYTES as u64,
            _ => 0,
        };
        let access = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
        let region_info = vfio_region_info {
            argsz: size_of::<vfio_region_info>() as u32,
            flags: if size > 0 { access } else { 0 },
            index,
            size,
            ..vfio_region_info::default()
        };
        ServerRegion { region_info, sparse_areas: Vec::new(), mmap_fd: None }
    };
    (0..VFIO_PCI_NUM_REGIONS).map(region).collect()
}

/// Interrupts of a PCI device, of which it has one message.
fn interrupts() -> Vec<IrqInfo> {
    let interrupt = |index| match index {
        VFIO_PCI_MSI_IRQ_INDEX => {
            IrqInfo { index, flags: VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, count: 1 }
        }
        _ => IrqInfo { index, flags: 0, count: 0 },
    };
    (0..VFIO_PCI_NUM_IRQS).map(interrupt).collect()
}
