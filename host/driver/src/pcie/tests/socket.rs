//! The same device behind a socket: a server in another thread plays it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use gemmine_hdl::dma_registers::WINDOW_BYTES;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_MSI_IRQ_INDEX, VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE,
    vfio_region_info,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, Server, ServerBackend, ServerRegion};

use super::super::device::{PcieDevice, PcieOptions};
use super::super::error::PcieError;
use super::super::transport::Transport;
use super::super::vfio_user::VfioUser;
use super::device::PATIENCE;
use super::double::{Memory, World};
use crate::device::Device;
use crate::serial::tests::device::{assert_golden, descriptor, load};

/// Memory of the client, by its descriptor.
struct Shared {
    file: File,
    bytes: u64,
}

impl Memory for Shared {
    fn read(&self, offset: u64, words: &mut [u32]) {
        for (n, word) in (0..).zip(words) {
            let mut bytes = [0; 4];
            self.file.read_exact_at(&mut bytes, offset + 4 * n).unwrap();
            *word = u32::from_le_bytes(bytes);
        }
    }

    fn write(&self, offset: u64, words: &[u32]) {
        for (n, word) in (0..).zip(words) {
            self.file.write_all_at(&word.to_le_bytes(), offset + 4 * n).unwrap();
        }
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

struct Backend {
    world: Arc<Mutex<World>>,
    event: Option<File>,
}

impl Backend {
    fn raise(&mut self, world: &mut World) {
        if world.wait(Duration::from_micros(1))
            && let Some(event) = &self.event
        {
            (&mut &*event).write_all(&1_u64.to_ne_bytes()).unwrap();
        }
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        assert_eq!((region, data.len()), (0, 4));
        let world = self.world.clone();
        let mut world = world.lock().unwrap();
        data.copy_from_slice(&world.read(offset as u32 / 4).to_le_bytes());
        self.raise(&mut world);
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        assert_eq!(region, 0);
        let world = self.world.clone();
        let mut world = world.lock().unwrap();
        world.write(offset as u32 / 4, u32::from_le_bytes(data.try_into().unwrap()));
        self.raise(&mut world);
        Ok(())
    }

    fn dma_map(
        &mut self,
        _: DmaMapFlags,
        offset: u64,
        address: u64,
        bytes: u64,
        file: Option<File>,
    ) -> io::Result<()> {
        assert_eq!(offset, 0);
        let memory = Shared { file: file.unwrap(), bytes };
        self.world.lock().unwrap().memory.push((address, Box::new(memory)));
        Ok(())
    }

    fn dma_unmap(&mut self, _: DmaUnmapFlags, address: u64, bytes: u64) -> io::Result<()> {
        let mut world = self.world.lock().unwrap();
        let before = world.memory.len();
        world.memory.retain(|(first, memory)| (*first, memory.bytes()) != (address, bytes));
        assert_eq!(world.memory.len(), before - 1);
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_irqs(&mut self, index: u32, _: u32, _: u32, _: u32, fds: Vec<File>) -> io::Result<()> {
        assert_eq!(index, VFIO_PCI_MSI_IRQ_INDEX);
        self.event = fds.into_iter().next();
        Ok(())
    }
}

/// A server for one connection, with a BAR 0 of so many bytes.
fn serve(path: &Path, bar: u64) -> (Arc<Mutex<World>>, thread::JoinHandle<()>) {
    let world = Arc::new(Mutex::new(World::new(6)));
    let irqs = (0..5).map(|index| IrqInfo { index, flags: 1, count: 1 }).collect();
    let regions = (0..9)
        .map(|index| ServerRegion {
            region_info: vfio_region_info {
                argsz: 32,
                flags: VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
                index,
                cap_offset: 0,
                size: if index == 0 { bar } else { 0 },
                offset: 0,
            },
            sparse_areas: Vec::new(),
            mmap_fd: None,
        })
        .collect();
    let server = Server::new(path, true, irqs, regions).unwrap();
    let mut backend = Backend { world: world.clone(), event: None };
    let thread = thread::spawn(move || server.run(&mut backend).unwrap());
    (world, thread)
}

fn open(path: &Path) -> Result<PcieDevice, String> {
    let options = PcieOptions { patience: Duration::ZERO };
    PcieDevice::vfio_user(path, options).map_err(|error| error.to_string())
}

fn refused(path: &Path) -> String {
    open(path).map(drop).unwrap_err()
}

#[test]
fn tiles_cross_a_socket_and_memory_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (world, server) = serve(&path, WINDOW_BYTES.into());
    let mut device = open(&path).unwrap();
    assert_eq!(device.identity().name, format!("vfio-user:{}", path.display()));
    for n in 0..5 {
        let operands = load(&mut device, n, 128);
        device.push(descriptor(n as u32, 128)).unwrap();
        assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
    }
    assert_eq!(world.lock().unwrap().memory.len(), 4);
    drop(device);
    server.join().unwrap();
    assert!(world.lock().unwrap().memory.is_empty(), "memory is still mapped");
}

#[test]
fn sockets_without_a_device_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let missing = refused(&path);
    assert!(missing.contains("there is no socket") && missing.contains("--vfio-user"), "{missing}");
    std::fs::write(&path, "").unwrap();
    let file = refused(&path);
    assert!(file.contains("is no socket; give the one that"), "{file}");
    std::fs::remove_file(&path).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    let silent = refused(&path);
    assert!(silent.contains("nobody listens on socket"), "{silent}");
    std::fs::remove_file(&path).unwrap();
    let (_world, server) = serve(&path, 4096);
    let small = refused(&path);
    assert!(small.contains("has no BAR 0 of 4194304 bytes"), "{small}");
    server.join().unwrap();
}

#[test]
fn a_server_that_ends_is_a_device_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || drop(listener.accept().unwrap()));
    let error = refused(&path);
    server.join().unwrap();
    assert!(error.contains("the device is gone: the server behind socket"), "{error}");
}

/// Everything that a client sent until it closed its end, which it does.
fn until_closed(mut stream: UnixStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the client keeps its connection open");
    bytes
}

#[test]
fn a_server_that_says_nothing_is_given_up_and_nothing_of_it_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let silent = || VfioUser::open(&path, Duration::from_millis(20)).map(drop).unwrap_err();
    for _ in 0..3 {
        let error = silent();
        let connecting = "while waiting for a connection";
        assert!(error.to_string().contains(connecting), "{error}");
        assert!(matches!(error, PcieError::Silent { waited_ms: 20, .. }) && error.may_pass());
        let (stream, _) = listener.accept().unwrap();
        // The first message, and no more.
        assert_eq!(until_closed(stream).first_chunk(), Some(&[0, 0, 1, 0]));
    }
    // Where nobody takes connections, those for which there is no room wait as long.
    std::fs::remove_file(&path).unwrap();
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    listen(&socket, 0).unwrap();
    for _ in 0..4 {
        let error = silent();
        assert!(matches!(error, PcieError::Silent { waited_ms: 20, .. }), "{error}");
    }
}

#[test]
fn a_server_that_falls_silent_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (world, server) = serve(&path, WINDOW_BYTES.into());
    let mut device = VfioUser::open(&path, PATIENCE).unwrap();
    device.allocate(4096).unwrap();
    let busy = world.lock().unwrap();
    device.set_patience(Duration::from_millis(20));
    let error = device.read(0).unwrap_err();
    assert!(matches!(error, PcieError::Silent { what: "a register", waited_ms: 20 }), "{error}");
    let again = device.write(0, 1).unwrap_err();
    assert!(again.to_string().contains("failed before"), "{again}");
    drop(device);
    drop(busy);
    // The end of the connection is the end of the server, which had an answer left.
    let _ = server.join();
}

#[test]
fn a_server_that_speaks_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let header = |id: u8, command: u8, size: u8, flags: u8, error: u8| {
        [id, 0, command, 0, size, 0, 0, 0, flags, 0, 0, 0, error, 0, 0, 0]
    };
    for (reply, want) in [
        (header(9, 1, 16, 1, 0), "message 0 of command 1 has the reply"),
        (header(0, 2, 16, 1, 0), "message 0 of command 1 has the reply"),
        (header(0, 1, 16, 0, 0), "message 0 of command 1 has the reply"),
        (header(0, 1, 15, 1, 0), "message 0 of command 1 has the reply"),
        (header(0, 1, 16, 0x21, 22), "it refused command 1 with error 22"),
        (header(0, 1, 16, 1, 0), "its major version is None"),
        (*b"HTTP/1.1 400 Bad", "does not speak vfio-user"),
    ] {
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&reply).unwrap();
            until_closed(stream);
        });
        let error = VfioUser::open(&path, PATIENCE).map(drop).unwrap_err().to_string();
        assert!(error.contains("the device is gone: the server behind socket"), "{error}");
        assert!(error.contains(want), "{error}");
        server.join().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}
