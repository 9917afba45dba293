//! The first process of a virtual machine: drives the VFIO transport against QEMU's `edu` device behind an emulated
//! IOMMU, says what it saw line by line, and switches the machine off. `tests/it/guest.rs` starts it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails here fails the test, by a panic that is in the log"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use gemmine_driver::{DmaMemory, DmaWords, PcieDevice, PcieOptions, Transport, Vfio};
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, init_module, reboot};
use rustix::thread::{Uid, set_thread_res_uid};

const DEVICES: &str = "/sys/bus/pci/devices";
/// BAR 0 of `edu`, in bytes.
const BAR: u32 = 1 << 20;
/// Word addresses of its registers.
const ID: u32 = 0;
const LIVENESS: u32 = 1;
const RAISE: u32 = 0x60 / 4;
const CAUSE: u32 = 0x24 / 4;
const ACKNOWLEDGE: u32 = 0x64 / 4;
const DMA_SOURCE: u32 = 0x80 / 4;
const DMA_TARGET: u32 = 0x88 / 4;
const DMA_COUNT: u32 = 0x90 / 4;
const DMA_COMMAND: u32 = 0x98 / 4;
/// Bits of its DMA command: start, to host memory, and interrupt when done.
const START: u32 = 1;
const TO_HOST: u32 = 2;
const INTERRUPT: u32 = 4;
/// Its own memory, of 4 KiB, and how much of it is used: QEMU 7.2 refuses a transfer that ends with it.
const BUFFER: u32 = 0x40000;
const BYTES: u32 = 2048;
const WORDS: usize = BYTES as usize / 4;
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    // The firmware left the last line open.
    println!();
    // A panic of the first process would be one of the kernel.
    let outcome = thread::spawn(run).join();
    println!("guest: {}", if outcome.is_ok() { "every step passed" } else { "FAILED" });
    if std::process::id() == 1 {
        reboot(RebootCommand::PowerOff).unwrap();
    }
}

fn run() {
    let start = Instant::now();
    for (kind, folder) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        fs::create_dir_all(folder).unwrap();
        mount(kind, folder, kind, MountFlags::empty(), None).unwrap();
    }
    let no_vfio = refusal(&find(0x1234, 0x11e8), BAR);
    println!("guest: without a driver: {no_vfio}");
    assert!(no_vfio.contains("has no driver, not to vfio-pci"));
    for entry in sorted("/modules") {
        init_module(&fs::read(&entry).unwrap(), c"").unwrap();
    }
    let edu = find(0x1234, 0x11e8);
    let serial = find(0x1b36, 0x0002);
    refusals(&edu, &serial);
    dma(&edu);
    hot_reset();
    asked_back(&edu);
    println!("guest: all of that in {} ms", start.elapsed().as_millis());
}

/// What is refused, and why.
fn refusals(edu: &str, serial: &str) {
    let wrong = refusal(serial, BAR);
    println!("guest: with another driver: {wrong}");
    assert!(wrong.contains("is bound to driver serial, not to vfio-pci"));
    let missing = refusal("0000:7f:00.0", BAR);
    println!("guest: at another address: {missing}");
    assert!(missing.contains("there is no PCI device 0000:7f:00.0"));
    give(edu);
    let address = edu.to_owned();
    let nobody = thread::spawn(move || {
        let nobody = Uid::from_raw(65534);
        set_thread_res_uid(nobody, nobody, nobody).unwrap();
        refusal(&address, BAR)
    });
    let nobody = nobody.join().unwrap();
    println!("guest: as another user: {nobody}");
    assert!(nobody.contains("may not be opened: Permission denied"));
    let small = refusal(edu, 4 * BAR);
    println!("guest: as a gemmine device: {small}");
    assert!(small.contains("has 1048576 bytes, a gemmine device's has 4194304"));
    let device = PcieDevice::open(edu, PcieOptions { patience: Duration::ZERO });
    let device = device.map(drop).unwrap_err().to_string();
    assert!(device.contains(&format!("lost device pcie:{edu}: BAR 0 of device")), "{device}");
}

/// Gives a device to vfio-pci.
fn give(address: &str) {
    let folder = Path::new(DEVICES).join(address);
    fs::write(folder.join("driver_override"), "vfio-pci").unwrap();
    fs::write("/sys/bus/pci/drivers_probe", address).unwrap();
}

/// A function that shares its slot with another, and so has no reset of its own: neither one of the function, nor is it
/// alone on its bus.
fn hot_reset() {
    let [_, first, second] = &all(0x1234, 0x11e8)[..] else { panic!("there are not three edu") };
    give(first);
    let mut device = Vfio::open(first, BAR).unwrap();
    let refused = device.reset().unwrap_err().to_string();
    println!("guest: a reset of one of two: {refused}");
    assert!(refused.contains(&format!("would reset {second} too, not bound to vfio-pci")));
    give(second);
    device.reset().unwrap();
    device.write(LIVENESS, 6).unwrap();
    assert_eq!(device.read(LIVENESS).unwrap(), !6);
    let memory = device.allocate(4096).unwrap();
    transfer(&mut device, BUFFER, u32::try_from(memory.address()).unwrap(), TO_HOST);
    println!("guest: with both, a reset of their bus; it answers, and its DMA reaches host memory");
}

/// The system removes a device that is in use.
fn asked_back(edu: &str) {
    let mut device = Vfio::open(edu, BAR).unwrap();
    device.allocate(4096).unwrap();
    assert!(!device.wait_interrupt(Duration::from_millis(50)).unwrap(), "an interrupt too many");
    let remove = Path::new(DEVICES).join(edu).join("remove");
    let removal = thread::spawn(move || fs::write(remove, "1").unwrap());
    let wanted = device.wait_interrupt(PATIENCE).expect_err("the device is not asked back");
    println!("guest: while it is removed: {wanted}");
    assert!(wanted.to_string().contains("the device is gone: the system wants"));
    assert_eq!(device.read(ID).unwrap_err().to_string(), wanted.to_string());
    assert!(!removal.is_finished(), "it was removed while it was in use");
    drop(device);
    let start = Instant::now();
    while !removal.is_finished() {
        assert!(start.elapsed() < PATIENCE, "the removal still waits for the device");
        thread::sleep(Duration::from_millis(10));
    }
    removal.join().unwrap();
    let gone = refusal(edu, BAR);
    assert!(gone.contains(&format!("there is no PCI device {edu}")), "{gone}");
    fs::write("/sys/bus/pci/rescan", "1").unwrap();
    give(edu);
    let mut again = Vfio::open(edu, BAR).unwrap();
    assert_eq!(again.read(ID).unwrap() & 0xff, 0xed);
    println!("guest: let go, it was removed; a rescan found it again");
}

/// DMA both ways, interrupts, faults, reset.
fn dma(edu: &str) {
    let mut device = Vfio::open(edu, BAR).unwrap();
    let busy = refusal(edu, BAR);
    println!("guest: a second time: {busy}");
    assert!(busy.contains("is in use: another process has /dev/vfio/"));
    println!("guest: edu's ID is {:#010x}", device.read(ID).unwrap());
    assert_eq!(device.read(ID).unwrap() & 0xff, 0xed);
    device.write(LIVENESS, 0x1234_5678).unwrap();
    assert_eq!(device.read(LIVENESS).unwrap(), !0x1234_5678);
    device.write(RAISE, 0x40).unwrap();
    assert!(device.wait_interrupt(PATIENCE).unwrap(), "no interrupt");
    assert_eq!(device.read(CAUSE).unwrap(), 0x40);
    device.write(ACKNOWLEDGE, 0x40).unwrap();
    assert!(!device.wait_interrupt(Duration::from_millis(50)).unwrap(), "an interrupt too many");
    println!("guest: an interrupt came, and no second one");
    let memory = device.allocate(8192).unwrap();
    for (n, word) in (0..WORDS as u32).zip(memory.words()) {
        word.store(pattern(n), Ordering::Relaxed);
    }
    let address = u32::try_from(memory.address()).unwrap();
    transfer(&mut device, address, BUFFER, 0);
    transfer(&mut device, BUFFER, address + 4096, TO_HOST);
    assert!((0..WORDS).all(|n| loaded(&memory, 1024 + n) == pattern(n as u32)));
    println!(
        "guest: {BYTES} bytes went to edu at {address:#x} and came back at {:#x}",
        address + 4096
    );
    fault(&mut device, &memory, edu);
    device.reset().unwrap();
    device.write(LIVENESS, 5).unwrap();
    assert_eq!(device.read(LIVENESS).unwrap(), !5);
    transfer(&mut device, BUFFER, address, TO_HOST);
    println!("guest: after a reset it answers, and its DMA reaches host memory");
    drop(device);
    let mut again = Vfio::open(edu, BAR).unwrap();
    assert_eq!(again.read(ID).unwrap() & 0xff, 0xed);
    // The memory of before is not mapped any more, though this process still has it.
    for word in memory.words() {
        word.store(7, Ordering::Relaxed);
    }
    transfer(&mut again, BUFFER, address, TO_HOST);
    assert!((0..2048).all(|n| loaded(&memory, n) == 7), "a closed device wrote to memory");
    println!("guest: opened again, it no longer reaches memory of before");
}

/// A transfer to an address that is not mapped.
fn fault(device: &mut Vfio, memory: &DmaMemory, edu: &str) {
    let before: Vec<u32> = (0..2048).map(|n| loaded(memory, n)).collect();
    let beyond = u32::try_from(memory.address() + memory.bytes() as u64).unwrap();
    transfer(device, BUFFER, beyond, TO_HOST);
    assert!((0..2048).all(|n| loaded(memory, n) == before[n]));
    let log = kernel_log();
    let faults: Vec<&String> = log
        .iter()
        .filter(|line| line.contains("DMAR") && line.contains(&format!("{beyond:#x}")))
        .collect();
    assert!(!faults.is_empty(), "no fault at {beyond:#x} of {edu} in the kernel's log: {log:#?}");
    println!("guest: a write to {beyond:#x}, not mapped, changed nothing: {}", faults[0]);
}

/// Has edu move [`BYTES`], and waits for the interrupt behind it.
fn transfer(device: &mut Vfio, source: u32, target: u32, direction: u32) {
    for (register, value) in [
        (DMA_SOURCE, source),
        (DMA_TARGET, target),
        (DMA_COUNT, BYTES),
        (DMA_COMMAND, START | direction | INTERRUPT),
    ] {
        device.write(register, value).unwrap();
    }
    assert!(device.wait_interrupt(PATIENCE).unwrap(), "no interrupt behind a transfer");
    assert_eq!(device.read(CAUSE).unwrap(), 0x100);
    device.write(ACKNOWLEDGE, 0x100).unwrap();
    assert_eq!(device.read(DMA_COMMAND).unwrap() & START, 0);
}

fn pattern(n: u32) -> u32 {
    (n + 1).wrapping_mul(0x9e37_79b9)
}

fn loaded(memory: &DmaMemory, word: usize) -> u32 {
    memory.words()[word].load(Ordering::Relaxed)
}

fn refusal(address: &str, bytes: u32) -> String {
    Vfio::open(address, bytes).map(drop).unwrap_err().to_string()
}

/// Lines of the kernel's log so far.
fn kernel_log() -> Vec<String> {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut log = fs::OpenOptions::new().read(true).custom_flags(flags).open("/dev/kmsg").unwrap();
    let mut lines = Vec::new();
    let mut record = vec![0; 8192];
    while let Ok(bytes) = log.read(&mut record) {
        let text = String::from_utf8_lossy(&record[..bytes]);
        let message = text.split_once(';').map_or("", |(_, message)| message);
        lines.push(message.lines().next().unwrap_or_default().to_owned());
    }
    lines
}

/// The address of the first device with these IDs.
fn find(vendor: u32, device: u32) -> String {
    let found = all(vendor, device).into_iter().next();
    found.unwrap_or_else(|| panic!("no {vendor:04x}:{device:04x} in {:?}", sorted(DEVICES)))
}

/// The addresses of all of them, in order.
fn all(vendor: u32, device: u32) -> Vec<String> {
    let id = |folder: &Path, name| {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).unwrap()
    };
    let folders = sorted(DEVICES).into_iter();
    let found =
        folders.filter(|folder| (id(folder, "vendor"), id(folder, "device")) == (vendor, device));
    found.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn sorted(folder: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
