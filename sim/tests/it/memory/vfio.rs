//! A device on a vfio-user socket, driven by the `vfio_user` crate's client.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gemmine_hdl::Geometry;
use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::DmaError;
use gemmine_hdl::registers;
use gemmine_sim::memory::Faults;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::vfio_user::{Served, VfioUserError, VfioUserSocket};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_BAR0_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
};
use vfio_user::Client;

use super::config;
use super::host::{immediate, notifying, transfer};

const PATIENCE: Duration = Duration::from_secs(60);
const BASE: u64 = 0x40_0000_0000;
const BYTES: u64 = 1 << 16;
/// Command ring, entries, data behind each other in the mapped file.
const ENTRIES: u64 = 0x1000;
const DATA: u64 = 0x2000;

/// What a server ends with, and what it said.
type Ended = Result<(Served, Vec<String>), VfioUserError>;

/// A server in a thread.
struct Service {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Ended>>,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start(faults: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device");
        let socket = VfioUserSocket::bind(&path).unwrap();
        let faults = if faults.is_empty() { Faults::default() } else { faults.parse().unwrap() };
        let stop = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let device = ModelMemory::new(config(Geometry::new(4, 4), 20, 60, 1)).unwrap();
            let mut notices = Vec::new();
            let served = socket.serve(
                Box::new(device),
                faults,
                &mut |text| notices.push(text.to_owned()),
                &mut || stops.load(Ordering::SeqCst),
            )?;
            Ok((served, notices))
        });
        Self { path, stop, thread: Some(thread), _folder: folder }
    }

    fn end(mut self) -> (Served, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        let ended = self.thread.take().unwrap().join().unwrap().unwrap();
        assert!(!self.path.exists(), "the socket stays");
        ended
    }
}

/// A host that shares a file with the device.
struct Driver {
    client: Client,
    memory: File,
    event: OwnedFd,
    tail: u16,
    seen: u32,
}

impl Driver {
    fn connect(service: &Service) -> Self {
        let client = Client::new(&service.path).unwrap();
        let memory = tempfile::tempfile().unwrap();
        memory.set_len(BYTES).unwrap();
        let event = eventfd(0, EventfdFlags::empty()).unwrap();
        Self { client, memory, event, tail: 0, seen: 0 }
    }

    fn read(&mut self, word: u32) -> u32 {
        let mut bytes = [0; 4];
        self.client
            .region_read(VFIO_PCI_BAR0_REGION_INDEX, 4 * u64::from(word), &mut bytes)
            .unwrap();
        u32::from_le_bytes(bytes)
    }

    fn write(&mut self, word: u32, value: u32) {
        let (region, at) = (VFIO_PCI_BAR0_REGION_INDEX, 4 * u64::from(word));
        self.client.region_write(region, at, &value.to_le_bytes()).unwrap();
    }

    fn config(&mut self, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        self.client.region_read(VFIO_PCI_CONFIG_REGION_INDEX, offset, &mut bytes).unwrap();
        u32::from_le_bytes(bytes)
    }

    /// Maps memory, wants interrupts and starts the link.
    fn start(&mut self) {
        self.client.dma_map(0, BASE, BYTES, self.memory.as_raw_fd()).unwrap();
        let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
        let event = [self.event.as_raw_fd()];
        self.client.set_irqs(VFIO_PCI_MSI_IRQ_INDEX, flags, 0, 1, &event).unwrap();
        self.start_link();
    }

    fn start_link(&mut self) {
        for (word, value) in [
            (map::COMMAND_BASE_LOW, BASE as u32),
            (map::COMMAND_BASE_HIGH, (BASE >> 32) as u32),
            (map::COMMAND_SIZE, 4),
            (map::COMPLETION_BASE_LOW, (BASE + ENTRIES) as u32),
            (map::COMPLETION_BASE_HIGH, (BASE >> 32) as u32),
            (map::COMPLETION_SIZE, 4),
            (map::INTERRUPT_CONTROL, map::INTERRUPT_ENABLE),
            (map::DMA_CONTROL, map::CONTROL_RUN),
        ] {
            self.write(word, value);
        }
    }

    fn put(&mut self, command: [u32; 8]) {
        let bytes: Vec<u8> = command.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory.write_all_at(&bytes, u64::from(self.tail % 16) * 32).unwrap();
        self.tail = self.tail.wrapping_add(1);
    }

    fn words(&self, at: u64, count: usize) -> Vec<u32> {
        let mut bytes = vec![0; 4 * count];
        self.memory.read_exact_at(&mut bytes, at).unwrap();
        bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    /// The next entry, by looking into memory alone.
    fn entry(&mut self) -> Vec<u32> {
        let began = Instant::now();
        loop {
            let entry = self.words(ENTRIES + u64::from(self.seen % 16) * 64, 16);
            if entry[15] == self.seen + 1 {
                self.seen += 1;
                return entry;
            }
            assert!(began.elapsed() < PATIENCE, "no entry {}", self.seen);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for an interrupt.
    fn wait(&self, timeout: Duration) -> bool {
        let timeout = Timespec::try_from(timeout).unwrap();
        let mut fds = [PollFd::new(&self.event, PollFlags::IN)];
        let comes = poll(&mut fds, Some(&timeout)).unwrap() > 0;
        if comes {
            rustix::io::read(&self.event, &mut [0; 8]).unwrap();
        }
        comes
    }

    /// Waits until the link has halted.
    fn halted(&mut self) -> Option<DmaError> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let error = DmaError::of_status(self.read(map::DMA_STATUS));
            if error.is_some() {
                return error;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        None
    }
}

#[test]
fn a_client_drives_a_device_in_its_own_memory() {
    let service = Service::start("");
    let mut driver = Driver::connect(&service);
    assert_eq!(driver.config(0), 0x7021_10ee);
    assert_eq!(driver.config(8) >> 16, 0x1200);
    let bar = driver.client.region(VFIO_PCI_BAR0_REGION_INDEX).unwrap();
    assert_eq!(bar.size, u64::from(map::WINDOW_BYTES));
    assert_eq!(driver.client.get_irq_info(VFIO_PCI_MSI_IRQ_INDEX).unwrap().count, 1);
    assert_eq!(driver.read(registers::ID), registers::ID_VALUE);
    assert_eq!(driver.read(map::DMA_ID), map::DMA_ID_VALUE);
    // Less than a word, more than one, and what is beyond the window.
    let (mut byte, mut words, mut beyond) = ([0], [0; 8], [0; 4]);
    driver.client.region_read(0, 1, &mut byte).unwrap();
    driver.client.region_read(0, 0, &mut words).unwrap();
    driver.client.region_read(0, u64::from(map::WINDOW_BYTES), &mut beyond).unwrap();
    driver.client.region_read(0, u64::MAX - 3, &mut beyond).unwrap();
    driver.client.region_write(0, u64::MAX - 3, &beyond).unwrap();
    driver.client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, u64::MAX, &beyond).unwrap();
    assert_eq!((byte[0], beyond), (b'E', [0xff; 4]));
    assert_eq!(words, [b'G', b'E', b'M', b'M', 1, 0, 0, 0]);

    driver.start();
    for round in 0..20 {
        driver.put(immediate(registers::SCRATCH_SET, &[round]));
        let to = BASE + DATA + 64 * u64::from(round);
        driver.put(notifying(transfer(map::READ, registers::ID, 11, to), round as u16));
        driver.write(map::COMMAND_TAIL, driver.tail.into());
        assert!(driver.wait(PATIENCE), "no interrupt in round {round}");
        let entry = driver.entry();
        assert_eq!((entry[13], entry[14]), (round, map::KIND_NOTIFY << 24 | (2 * round + 2)));
        let words = driver.words(DATA + 64 * u64::from(round), 11);
        assert_eq!((words[0], words[10]), (registers::ID_VALUE, round));
        driver.write(map::COMPLETION_HEAD, driver.seen);
    }

    driver.client.reset().unwrap();
    assert_eq!([map::COMMAND_HEAD, map::DMA_CONTROL].map(|at| driver.read(at)), [0; 2]);
    let ring = vec![0; 0x2000];
    driver.memory.write_all_at(&ring, 0).unwrap();
    (driver.tail, driver.seen) = (0, 0);
    driver.start_link();
    // A device that may not master the bus reads and tells nothing.
    driver.client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[0x02, 0]).unwrap();
    driver.write(map::COMMAND_TAIL, 1);
    assert_eq!(driver.halted(), Some(DmaError::Read));
    driver.client.reset().unwrap();
    driver.client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[0x06, 0]).unwrap();
    driver.start_link();
    driver.client.dma_unmap(BASE, BYTES).unwrap();
    driver.write(map::COMMAND_TAIL, 1);
    assert_eq!(driver.halted(), Some(DmaError::Read));
    drop(driver);
    let (served, notices) = service.end();
    assert_eq!((served.clients, notices), (1, vec![]));
    assert!(served.interrupts >= 20, "{served:?}");
}

#[test]
fn clients_come_one_after_the_other() {
    let service = Service::start("");
    let mut first = Driver::connect(&service);
    first.start();
    first.write(registers::SCRATCH_SET, 5);
    assert!(Client::new(&service.path).is_err(), "there is one already");
    first.client.dma_map(0, BASE, BYTES, first.memory.as_raw_fd()).unwrap();
    drop(first);
    let mut second = Driver::connect_again(&service);
    assert_eq!(second.read(registers::SCRATCH), 5, "the device is the same");
    // What the first one had mapped is gone.
    second.start_link();
    second.write(map::COMMAND_TAIL, 1);
    assert_eq!(second.halted(), Some(DmaError::Read));
    drop(second);
    let (served, notices) = service.end();
    assert!(served.clients >= 2, "{served:?}");
    assert!(notices.iter().any(|text| text.contains("hung up")), "{notices:?}");
    assert!(notices.iter().any(|text| text.contains("unmap them first")), "{notices:?}");
}

impl Driver {
    /// Connects as soon as nobody else is.
    fn connect_again(service: &Service) -> Self {
        let began = Instant::now();
        loop {
            if let Ok(client) = Client::new(&service.path) {
                let memory = tempfile::tempfile().unwrap();
                memory.set_len(BYTES).unwrap();
                let event = eventfd(0, EventfdFlags::empty()).unwrap();
                return Self { client, memory, event, tail: 0, seen: 0 };
            }
            assert!(began.elapsed() < PATIENCE);
        }
    }
}

#[test]
fn a_device_that_is_removed_is_all_ones() {
    let service = Service::start("removed=3");
    let mut driver = Driver::connect(&service);
    let id = registers::ID;
    let seen = [driver.read(id), driver.read(id), driver.read(id), driver.read(id)];
    assert_eq!(seen, [registers::ID_VALUE, registers::ID_VALUE, registers::ID_VALUE, u32::MAX]);
    driver.write(registers::SCRATCH_SET, 1);
    assert_eq!(driver.config(0), u32::MAX);
    driver.client.reset().unwrap();
    drop(driver);
    service.end();
}

#[test]
fn an_interrupt_that_is_lost_leaves_the_entry() {
    let service = Service::start("interrupts=1");
    let mut driver = Driver::connect(&service);
    driver.start();
    for round in 0..2 {
        driver.put(notifying(immediate(registers::SCRATCH_SET, &[round]), round as u16));
        driver.write(map::COMMAND_TAIL, driver.tail.into());
        assert_eq!(driver.entry()[13], round);
    }
    assert!(driver.wait(PATIENCE));
    drop(driver);
    let (served, _) = service.end();
    assert_eq!((served.interrupts, served.interrupts_lost), (1, 1));
}

#[test]
fn a_command_that_is_damaged_on_its_way_halts_the_link() {
    for (fault, error) in [("corrupt=1", DmaError::Opcode), ("unmapped=1", DmaError::Read)] {
        let service = Service::start(fault);
        let mut driver = Driver::connect(&service);
        driver.start();
        for _ in 0..3 {
            driver.put(immediate(registers::SCRATCH_SET, &[1]));
        }
        driver.write(map::COMMAND_TAIL, 3);
        assert_eq!(driver.halted(), Some(error), "{fault}");
        let entry = driver.entry();
        assert_eq!(entry[14] >> 24, map::KIND_HALTED);
        assert_eq!(entry[0] >> 16, 1, "at the second command");
        drop(driver);
        service.end();
    }
}

#[test]
fn a_socket_that_is_taken_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device");
    let refused = |path: &std::path::Path| VfioUserSocket::bind(path).unwrap_err().to_string();
    std::fs::write(&path, "something").unwrap();
    assert!(refused(&path).contains("remove it, or choose another name"));
    assert_eq!(std::fs::read(&path).unwrap(), b"something");
    let other = folder.path().join("other");
    let socket = VfioUserSocket::bind(&other).unwrap();
    assert!(refused(&other).contains("another program serves a device there"));
    drop(socket);
    assert!(!other.exists());
    assert!(refused(&folder.path().join("none/device")).contains("a folder that exists"));
    assert!(refused(&folder.path().join("x".repeat(200))).contains("less than 100 bytes"));
}

/// What is no greeting ends a connection, and nothing else.
#[test]
fn nonsense_on_the_socket_is_survived() {
    use std::io::Write;
    let service = Service::start("");
    for text in [
        &b""[..],
        &[0; 3],
        &[0xff; 16],
        &[1, 0, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7],
    ] {
        let mut stream = std::os::unix::net::UnixStream::connect(&service.path).unwrap();
        stream.write_all(text).unwrap();
        drop(stream);
    }
    let mut driver = Driver::connect_again(&service);
    assert_eq!(driver.read(registers::ID), registers::ID_VALUE);
    drop(driver);
    service.end();
}
