//! A device behind a Unix socket: a server that speaks vfio-user plays it, and shares this process' memory.

mod client;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::dma_registers::WINDOW_BYTES;
use rustix::event::{EventfdFlags, eventfd};
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX as BAR, VFIO_PCI_MSI_IRQ_INDEX as MSI,
};

use self::client::{Client, ClientError};
use super::error::PcieError;
use super::interrupt;
use super::iova::Addresses;
use super::shared::SharedMemory;
use super::transport::{DmaMemory, Transport, TransportOpener};

/// How long each answer to closing may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the device behind a socket.
pub struct VfioUserOpener {
    /// The socket's path.
    pub path: PathBuf,
}

impl TransportOpener for VfioUserOpener {
    fn open(&mut self, within: Duration) -> Result<Box<dyn Transport>, PcieError> {
        Ok(Box::new(VfioUser::open(&self.path, within)?))
    }
}

/// A device behind a socket.
pub struct VfioUser {
    path: PathBuf,
    client: Client,
    interrupts: OwnedFd,
    addresses: Addresses,
    /// Memory lives as long as the server may access it.
    mapped: Vec<(u64, Arc<SharedMemory>)>,
    /// How long an answer may take.
    patience: Duration,
    /// An answer failed or did not come: those that follow can't be told from it.
    failed: bool,
}

impl VfioUser {
    /// Connects, and checks that there is a BAR 0 and an interrupt. Each answer of the server may take so long; a simulation
    /// of RTL may have a thousand cycles to go before one.
    ///
    /// # Errors
    /// If there is no socket, nobody answers, or what answers is no such device.
    pub fn open(path: &Path, patience: Duration) -> Result<Self, PcieError> {
        ensure_socket(path)?;
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let event = event.map_err(|error| system("eventfd", error.into()))?;
        let client = Client::connect(path, patience);
        let client = client.map_err(|error| explain(path, "a connection", patience, error))?;
        let mut device = Self {
            path: path.to_owned(),
            client,
            interrupts: event,
            addresses: Addresses::new(),
            mapped: Vec::new(),
            patience,
            failed: false,
        };
        let bytes = device.ask("the size of BAR 0", |device| device.client.region_bytes(BAR))?;
        let count = device.ask("its interrupts", |device| device.client.interrupts(MSI))?;
        if bytes < u64::from(WINDOW_BYTES) || count == 0 {
            let path = path.display();
            return Err(PcieError::Setup(format!(
                "the device behind socket {path} has no BAR 0 of {WINDOW_BYTES} bytes or no MSI; start a server of a \
                 gemmine device there, such as `gemmine board --vfio-user {path}`"
            )));
        }
        device.ask("its interrupt", |device| {
            device.client.set_interrupt(MSI, device.interrupts.as_fd())
        })?;
        Ok(device)
    }

    fn ask<T>(
        &mut self,
        what: &'static str,
        request: impl FnOnce(&mut Self) -> Result<T, ClientError>,
    ) -> Result<T, PcieError> {
        if self.failed {
            let text = format!("its server behind socket {} failed before", self.path.display());
            return Err(PcieError::Gone(text));
        }
        request(self).map_err(|error| {
            self.failed = true;
            explain(&self.path, what, self.patience, error)
        })
    }
}

impl Transport for VfioUser {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        let value = self.ask("a register", |it| it.client.read(BAR, 4 * u64::from(word)))?;
        Ok(u32::from_le(value))
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        self.ask("a register's write", |it| it.client.write(BAR, 4 * u64::from(word), value))
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let memory = SharedMemory::new(bytes);
        let memory = Arc::new(memory.map_err(|error| system("shared memory", error))?);
        let address = self.addresses.take(memory.bytes()).ok_or_else(|| {
            PcieError::Setup(format!("there are no addresses for {bytes} bytes more of DMA memory"))
        })?;
        self.ask("a DMA mapping", |it| {
            it.client.map(address, memory.bytes() as u64, memory.file())
        })?;
        self.mapped.push((address, memory.clone()));
        Ok(DmaMemory::new(memory, address))
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError> {
        let came = interrupt::wait([self.interrupts.as_fd()], timeout);
        Ok(came.map_err(|error| system("waiting for an interrupt", error))?.is_some())
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        self.ask("a reset", |it| it.client.reset())
    }

    fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
        // A socket that takes no limit fails with the next request.
        self.failed |= self.client.set_patience(patience).is_err();
    }
}

impl Drop for VfioUser {
    fn drop(&mut self) {
        // The server gives up the memory before anybody else uses it; one that hangs keeps its own mapping of it.
        self.set_patience(CLOSE_PATIENCE);
        for (address, memory) in std::mem::take(&mut self.mapped) {
            let bytes = memory.bytes() as u64;
            let _ = self.ask("the end of a DMA mapping", |it| it.client.unmap(address, bytes));
        }
    }
}

/// Why the server is of no use, and what helps.
fn explain(path: &Path, what: &'static str, patience: Duration, error: ClientError) -> PcieError {
    let shown = path.display();
    match error {
        ClientError::Connect(source) => connect(path, source),
        ClientError::Silent => PcieError::Silent { what, waited_ms: patience.as_millis() },
        ClientError::NoPciDevice => PcieError::Setup(format!(
            "what answers on socket {shown} is no PCI device; start `gemmine board --vfio-user {shown}`"
        )),
        error => PcieError::Gone(format!(
            "the server behind socket {shown} failed while waiting for {what}: {error}"
        )),
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
