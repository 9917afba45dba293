//! A device behind a Unix socket: a server that speaks vfio-user plays it, and shares this process' memory.
//!
//! The protocol's client waits for its answers without a limit. So it has a thread of its own, and a server that says
//! nothing leaves that thread behind, not the caller's.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use gemmine_hdl::dma_registers::WINDOW_BYTES;
use rustix::event::{EventfdFlags, eventfd};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_BAR0_REGION_INDEX,
    VFIO_PCI_MSI_IRQ_INDEX,
};
use vfio_user::{Client, Error};

use super::error::PcieError;
use super::interrupt;
use super::iova::Addresses;
use super::shared::SharedMemory;
use super::transport::{DmaMemory, Transport, TransportOpener};

/// How long the server may take for an answer: a simulation of RTL may have a thousand cycles to go.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long closing may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the device behind a socket.
pub struct VfioUserOpener {
    /// The socket's path.
    pub path: PathBuf,
}

impl TransportOpener for VfioUserOpener {
    fn open(&mut self) -> Result<Box<dyn Transport>, PcieError> {
        Ok(Box::new(VfioUser::open(&self.path)?))
    }
}

/// What the client's thread is asked to do.
enum Request {
    Read(u64),
    Write(u64, u32),
    Map { address: u64, memory: Arc<SharedMemory> },
    Interrupts,
    Reset,
    Close,
}

type Answer = Result<u32, Error>;

/// A device behind a socket.
pub struct VfioUser {
    path: PathBuf,
    requests: Sender<Request>,
    answers: Receiver<Answer>,
    interrupts: Arc<OwnedFd>,
    addresses: Addresses,
    /// An answer failed or did not come: those that follow can't be told from it.
    failed: bool,
}

impl VfioUser {
    /// Connects, and checks that there is a BAR 0 and an interrupt.
    ///
    /// # Errors
    /// If there is no socket, nobody answers, or what answers is no such device.
    pub fn open(path: &Path) -> Result<Self, PcieError> {
        ensure_socket(path)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let event = Arc::new(event.map_err(|error| system("eventfd", error.into()))?);
        let (requests, to_do) = bounded(1);
        let (answering, answers) = bounded(1);
        let (socket, interrupts) = (path.to_owned(), event.clone());
        thread::Builder::new()
            .name("vfio-user".into())
            .spawn(move || serve(&socket, &interrupts, &to_do, &answering))
            .map_err(|error| system("the start of a thread", error))?;
        let mut device = Self {
            path: path.to_owned(),
            requests,
            answers,
            interrupts: event,
            addresses: Addresses::new(),
            failed: false,
        };
        // The first answer is that to the connection.
        device.answer("a connection")?;
        device.ask(Request::Interrupts, "its interrupt")?;
        Ok(device)
    }

    fn ask(&mut self, request: Request, what: &'static str) -> Result<u32, PcieError> {
        if self.failed {
            let text = format!("its server behind socket {} failed before", self.path.display());
            return Err(PcieError::Gone(text));
        }
        // The thread takes one request after the other; if it is gone, its answer says why.
        let _ = self.requests.send_timeout(request, PATIENCE);
        self.answer(what)
    }

    fn answer(&mut self, what: &'static str) -> Result<u32, PcieError> {
        let path = self.path.display();
        let answer = self.answers.recv_timeout(PATIENCE);
        self.failed = !matches!(answer, Ok(Ok(_)));
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Error::Connect(source))) => Err(connect(&self.path, source)),
            Ok(Err(Error::InvalidInput)) => Err(PcieError::Setup(format!(
                "the device behind socket {path} has no BAR 0 of {WINDOW_BYTES} bytes or no MSI; start a server of a \
                 gemmine device there, such as `gemmine board --vfio-user {path}`"
            ))),
            Ok(Err(Error::NotPciDevice)) => Err(PcieError::Setup(format!(
                "what answers on socket {path} is no PCI device; start `gemmine board --vfio-user {path}`"
            ))),
            Ok(Err(error)) => Err(PcieError::Gone(format!(
                "the server behind socket {path} failed while waiting for {what}: {error}"
            ))),
            Err(RecvTimeoutError::Timeout) => {
                Err(PcieError::Silent { what, waited_ms: PATIENCE.as_millis() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(PcieError::Gone(format!(
                "the server behind socket {path} is not to be understood any more"
            ))),
        }
    }
}

impl Transport for VfioUser {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        self.ask(Request::Read(4 * u64::from(word)), "a register")
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        self.ask(Request::Write(4 * u64::from(word), value), "a register's write").map(drop)
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let memory = SharedMemory::new(bytes);
        let memory = Arc::new(memory.map_err(|error| system("shared memory", error))?);
        let address = self.addresses.take(memory.bytes()).ok_or_else(|| {
            PcieError::Setup(format!("there are no addresses for {bytes} bytes more of DMA memory"))
        })?;
        self.ask(Request::Map { address, memory: memory.clone() }, "a DMA mapping")?;
        Ok(DmaMemory::new(memory, address))
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError> {
        interrupt::wait(&self.interrupts, timeout)
            .map_err(|error| system("waiting for an interrupt", error))
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        self.ask(Request::Reset, "a reset").map(drop)
    }
}

impl Drop for VfioUser {
    fn drop(&mut self) {
        // The server gives up the memory before anybody else uses it; one that hangs keeps its own mapping of it.
        if self.requests.send_timeout(Request::Close, CLOSE_PATIENCE).is_ok() {
            let _ = self.answers.recv_timeout(CLOSE_PATIENCE);
        }
    }
}

/// The client's thread.
fn serve(path: &Path, event: &OwnedFd, requests: &Receiver<Request>, answers: &Sender<Answer>) {
    let connected = Client::new(path).and_then(|client| {
        let fits = client.region(BAR).is_some_and(|bar| bar.size >= u64::from(WINDOW_BYTES));
        if fits { Ok(client) } else { Err(Error::InvalidInput) }
    });
    let mut client = match connected {
        Ok(client) => client,
        Err(error) => {
            let _ = answers.send(Err(error));
            return;
        }
    };
    // Memory lives as long as the server may access it.
    let mut mapped: Vec<(u64, Arc<SharedMemory>)> = Vec::new();
    if answers.send(Ok(0)).is_err() {
        return;
    }
    for request in requests {
        let close = matches!(request, Request::Close);
        let done = carry_out(&mut client, event, &mut mapped, request);
        let failed = done.is_err();
        if answers.send(done).is_err() || failed || close {
            break;
        }
    }
    let _ = client.shutdown();
}

const BAR: u32 = VFIO_PCI_BAR0_REGION_INDEX;

fn carry_out(
    client: &mut Client,
    event: &OwnedFd,
    mapped: &mut Vec<(u64, Arc<SharedMemory>)>,
    request: Request,
) -> Answer {
    match request {
        Request::Read(offset) => {
            let mut bytes = [0; 4];
            client.region_read(BAR, offset, &mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        }
        Request::Write(offset, value) => {
            client.region_write(BAR, offset, &value.to_le_bytes()).map(|()| 0)
        }
        Request::Map { address, memory } => {
            client.dma_map(0, address, memory.bytes() as u64, memory.file().as_raw_fd())?;
            mapped.push((address, memory));
            Ok(0)
        }
        Request::Interrupts => {
            if client.get_irq_info(VFIO_PCI_MSI_IRQ_INDEX)?.count == 0 {
                return Err(Error::InvalidInput);
            }
            let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
            client.set_irqs(VFIO_PCI_MSI_IRQ_INDEX, flags, 0, 1, &[event.as_raw_fd()])?;
            Ok(0)
        }
        Request::Reset => client.reset().map(|()| 0),
        Request::Close => {
            for (address, memory) in mapped.drain(..) {
                client.dma_unmap(address, memory.bytes() as u64)?;
            }
            Ok(0)
        }
    }
}

/// Refuses a path that can't be a server's socket, before the client does with less to say.
fn ensure_socket(path: &Path) -> Result<(), PcieError> {
    use std::os::unix::fs::FileTypeExt;
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(data) if data.file_type().is_socket() => Ok(()),
        Ok(_) => Err(PcieError::Setup(format!(
            "{shown} is no socket; give the one that `gemmine board --vfio-user SOCKET` made"
        ))),
        Err(error) => Err(connect(path, error)),
    }
}

fn connect(path: &Path, source: io::Error) -> PcieError {
    let shown = path.display();
    match source.kind() {
        io::ErrorKind::NotFound => PcieError::Gone(format!(
            "there is no socket {shown}; is `gemmine board --vfio-user {shown}` running?"
        )),
        io::ErrorKind::ConnectionRefused => PcieError::Gone(format!(
            "nobody listens on socket {shown}; remove it and start `gemmine board --vfio-user {shown}`"
        )),
        io::ErrorKind::PermissionDenied => PcieError::Setup(format!(
            "socket {shown} may not be opened: {source}; run as the user who started the server"
        )),
        _ => system("connecting to a socket", source),
    }
}

fn system(what: &str, source: io::Error) -> PcieError {
    let remedy = "see the limits of this process with `ulimit -a`";
    PcieError::System { what: what.into(), source, remedy }
}
