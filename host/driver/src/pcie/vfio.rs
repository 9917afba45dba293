//! A device of this machine, through the kernel's VFIO: BAR 0 mapped into this process, memory mapped into the device's
//! IOMMU, and its MSI as an event descriptor.
//!
//! The calls are those of the crate `vfio-ioctls`, which virtual machine monitors use; only the mapping of BAR 0 and the
//! resets, which the crate does not have or does not tell the outcome of, are made here.
#![expect(unsafe_code, reason = "registers and DMA have no safe interface")]

use std::fs;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use rustix::fs::{FileType, fstat, stat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::ioctl::{NoArg, Opcode, Updater, ioctl, opcode};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use vfio_bindings::bindings::vfio::{
    VFIO_BASE, VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSI_IRQ_INDEX as MSI, VFIO_PCI_REQ_IRQ_INDEX as REQUEST, VFIO_REGION_INFO_FLAG_MMAP,
    VFIO_TYPE, vfio_pci_dependent_device, vfio_pci_hot_reset, vfio_pci_hot_reset_info,
};
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError};
use vmm_sys_util::eventfd::{EFD_NONBLOCK, EventFd};

use super::binding::{self, DEVICES, DRIVER};
use super::error::PcieError;
use super::explain::{explain, system};
use super::hot_reset::{self, Affected};
use super::interrupt;
use super::iova::Addresses;
use super::shared::SharedMemory;
use super::transport::{DmaMemory, Transport, TransportOpener};
use gemmine_hdl::dma_registers::WINDOW_BYTES;

/// Offset of the command register in the configuration space, and its bits that let the device answer and master the
/// bus.
const PCI_COMMAND: u64 = 4;
const PCI_COMMAND_BITS: u16 = 1 << 1 | 1 << 2;
/// Calls that `vfio-bindings` has no numbers for, and `vfio-ioctls` keeps to itself.
const fn call(number: u32) -> Opcode {
    opcode::none(VFIO_TYPE, (VFIO_BASE + number) as u8)
}
const DEVICE_RESET: Opcode = call(11);
const GET_HOT_RESET_INFO: Opcode = call(12);
const HOT_RESET: Opcode = call(13);
/// Functions that one reset may take along: so many has a bus.
const AFFECTED_MAX: usize = 256;

/// What a hot reset would reset, with room for the list that follows the kernel's structure.
#[repr(C)]
#[derive(Default)]
struct HotResetInfo {
    head: vfio_pci_hot_reset_info,
    functions: FunctionList,
}

#[repr(C)]
struct FunctionList([vfio_pci_dependent_device; AFFECTED_MAX]);

impl Default for FunctionList {
    fn default() -> Self {
        Self([vfio_pci_dependent_device::default(); AFFECTED_MAX])
    }
}

/// A hot reset by the one group that is held, whose descriptor follows the kernel's structure.
#[repr(C)]
struct HotReset {
    head: vfio_pci_hot_reset,
    group: i32,
}

/// Opens a device of this machine by its address.
pub struct VfioOpener {
    /// Such as `0000:01:00.0`.
    pub address: String,
}

impl TransportOpener for VfioOpener {
    fn open(&mut self, _within: Duration) -> Result<Box<dyn Transport>, PcieError> {
        Ok(Box::new(Vfio::open(&self.address, WINDOW_BYTES)?))
    }

    /// A device in a slot needs microseconds.
    fn patience(&self) -> Duration {
        Duration::from_secs(3)
    }
}

/// The open device. Its crate looks into sysfs when it drops it, and would panic where the device is gone from there. It
/// stays there as long as any descriptor of it is open, so one more is closed after that.
struct Opened {
    device: VfioDevice,
    _until_then: OwnedFd,
}

impl Opened {
    fn new(device: VfioDevice) -> Result<Self, PcieError> {
        let copy = fcntl_dupfd_cloexec(descriptor(&device), 0);
        let copy = copy.map_err(|error| system("a second descriptor", error.into()))?;
        Ok(Self { device, _until_then: copy })
    }
}

impl Deref for Opened {
    type Target = VfioDevice;

    fn deref(&self) -> &VfioDevice {
        &self.device
    }
}

/// What has its descriptor open for as long as it lives.
trait Owner: AsRawFd {}

impl Owner for VfioDevice {}

impl Owner for EventFd {}

fn descriptor(owner: &impl Owner) -> BorrowedFd<'_> {
    // SAFETY: it is open as long as its owner is borrowed.
    unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
}

/// BAR 0 in this process.
struct Bar {
    base: NonNull<u32>,
    bytes: usize,
}

// SAFETY: the mapping belongs to no thread.
unsafe impl Send for Bar {}

impl Bar {
    fn word(&self, word: u32) -> Result<*mut u32, PcieError> {
        let word = word as usize;
        if word >= self.bytes / 4 {
            return Err(PcieError::Setup(format!("word {word} is beyond the end of BAR 0")));
        }
        // SAFETY: it is within the mapping.
        Ok(unsafe { self.base.as_ptr().add(word) })
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // SAFETY: it is this value's own mapping, and pointers into it don't outlive a call.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

/// A device of this machine.
pub struct Vfio {
    address: String,
    group: String,
    bar: Bar,
    device: Opened,
    container: Arc<VfioContainer>,
    event: EventFd,
    /// Counts when the system wants the device back, which waits until it is let go.
    request: EventFd,
    is_asked_back: bool,
    addresses: Addresses,
    mapped: Vec<(u64, Arc<SharedMemory>)>,
}

impl Vfio {
    /// Opens the device at a PCI address, whose BAR 0 has at least so many bytes.
    ///
    /// # Errors
    /// If there is no such device, no IOMMU, another driver or process has it, or this user may not.
    pub fn open(address: &str, window_bytes: u32) -> Result<Self, PcieError> {
        let address = binding::address(address)?;
        let bound = binding::check(Path::new(DEVICES), &address)?;
        let refused = |error| explain(&address, &bound, error);
        let container = Arc::new(VfioContainer::new(None).map_err(refused)?);
        let device = VfioDevice::new(&bound.folder, container.clone(), false).map_err(refused)?;
        let device = Opened::new(device)?;
        let bar = map_bar(&address, &device, window_bytes)?;
        let event = || EventFd::new(EFD_NONBLOCK).map_err(|error| system("eventfd", error));
        let (event, request) = (event()?, event()?);
        if device.get_irq_info(MSI).is_none_or(|irq| irq.count == 0) {
            return Err(PcieError::Setup(format!(
                "device {address} has no MSI; load a gemmine bitstream with one"
            )));
        }
        device.enable_msi(vec![&event]).map_err(refused)?;
        if device.get_irq_info(REQUEST).is_some_and(|irq| irq.count > 0) {
            device.enable_irq(REQUEST, vec![&request]).map_err(refused)?;
        }
        let opened = Self {
            address,
            group: bound.group.clone(),
            bar,
            device,
            container,
            event,
            request,
            is_asked_back: false,
            addresses: Addresses::new(),
            mapped: Vec::new(),
        };
        opened.set_command(true);
        Ok(opened)
    }

    /// Lets the device master the bus, or not.
    fn set_command(&self, on: bool) {
        let mut bytes = [0; 2];
        self.device.region_read(VFIO_PCI_CONFIG_REGION_INDEX, &mut bytes, PCI_COMMAND);
        let before = u16::from_le_bytes(bytes);
        let command = if on { before | PCI_COMMAND_BITS } else { before & !(1 << 2) };
        self.device.region_write(VFIO_PCI_CONFIG_REGION_INDEX, &command.to_le_bytes(), PCI_COMMAND);
    }

    fn ensure_ours(&self) -> Result<(), PcieError> {
        if self.is_asked_back {
            return Err(PcieError::Gone(format!(
                "the system wants {} back: it is being removed, or unbound from {DRIVER}",
                self.address
            )));
        }
        Ok(())
    }

    /// Resets the function alone.
    fn reset_function(&self) -> Result<(), Errno> {
        // SAFETY: the call takes no argument, and changes no memory of this process but what is shared with the device,
        // which is seen as atomics and volatile words alone.
        unsafe { ioctl(descriptor(&*self.device), NoArg::<DEVICE_RESET>::new()) }
    }

    /// Everything that a hot reset would reset.
    fn affected(&self) -> Result<Vec<Affected>, Errno> {
        let mut info = Box::new(HotResetInfo::default());
        info.head.argsz = size_of::<HotResetInfo>() as u32;
        // SAFETY: the kernel writes the structure of this call and behind it the list, no further than `argsz` bytes, and
        // all of that is the value that is passed.
        unsafe {
            let call = Updater::<GET_HOT_RESET_INFO, HotResetInfo>::new(&mut info);
            ioctl(descriptor(&*self.device), call)?;
        }
        let count = (info.head.count as usize).min(AFFECTED_MAX);
        let functions = info.functions.0[..count].iter().map(|function| {
            // SAFETY: both variants are a plain u32; for devices by groups, as these are, the kernel means the group.
            let group = unsafe { function.__bindgen_anon_1.group_id };
            Affected::new(function.segment, function.bus, function.devfn, group)
        });
        Ok(functions.collect())
    }

    /// Resets the slot or the bus, with every function that is there; `alone` is why the function could not be reset
    /// alone.
    fn hot_reset(&self, alone: Errno) -> Result<(), PcieError> {
        let failed = |error: io::Error| PcieError::System {
            what: format!(
                "the reset of device {}, which has none of its own ({alone}), with its bus",
                self.address
            ),
            source: error,
            remedy: "remove it and rescan the bus, or power the machine off and on",
        };
        let affected = self.affected().map_err(|error| failed(error.into()))?;
        let devices = Path::new(DEVICES);
        if let Some(why) = hot_reset::refusal(devices, &self.address, &self.group, &affected) {
            return Err(PcieError::Setup(why));
        }
        let group = group_descriptor(&self.group).map_err(failed)?;
        let head = vfio_pci_hot_reset {
            argsz: size_of::<HotReset>() as u32,
            count: 1,
            ..vfio_pci_hot_reset::default()
        };
        let mut request = HotReset { head, group: group.as_raw_fd() };
        // SAFETY: the kernel reads the structure of this call and behind it one descriptor, which is open. What it resets is
        // this device and functions of its group, which nobody else has.
        let done = unsafe {
            let call = Updater::<HOT_RESET, HotReset>::new(&mut request);
            ioctl(descriptor(&*self.device), call)
        };
        done.map_err(|error| failed(error.into()))
    }
}

/// The descriptor of a group, which the container keeps to itself. The kernel lets a group be opened once, so the one of
/// this process that leads there is the container's.
fn group_descriptor(group: &str) -> io::Result<OwnedFd> {
    let number = stat(format!("/dev/vfio/{group}"))?.st_rdev;
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(raw) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()) else { continue };
        // SAFETY: it is only asked what it is. The kernel refuses one that was closed meanwhile, and the one that is meant
        // stays open as long as the container.
        let file = unsafe { BorrowedFd::borrow_raw(raw) };
        let leads_there = fstat(file).is_ok_and(|file| {
            FileType::from_raw_mode(file.st_mode) == FileType::CharacterDevice
                && file.st_rdev == number
        });
        if leads_there {
            return Ok(fcntl_dupfd_cloexec(file, 0)?);
        }
    }
    Err(io::Error::other(format!("no descriptor of this process leads to /dev/vfio/{group}")))
}

fn map_bar(address: &str, device: &VfioDevice, window_bytes: u32) -> Result<Bar, PcieError> {
    let region = VFIO_PCI_BAR0_REGION_INDEX;
    let (size, flags) = (device.get_region_size(region), device.get_region_flags(region));
    if size < u64::from(window_bytes) || flags & VFIO_REGION_INFO_FLAG_MMAP == 0 {
        return Err(PcieError::Setup(format!(
            "BAR 0 of device {address} has {size} bytes, a gemmine device's has {window_bytes}; choose another device, \
             or load a gemmine bitstream and rescan the bus"
        )));
    }
    let bytes = window_bytes as usize;
    let offset = device.get_region_offset(region);
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at a place that the kernel chooses covers nothing that anybody uses.
    let base = unsafe {
        mmap(std::ptr::null_mut(), bytes, protection, MapFlags::SHARED, descriptor(device), offset)
    };
    let base = base.map_err(|error| system("mapping BAR 0", error.into()))?;
    let base = NonNull::new(base.cast());
    let base = base.ok_or_else(|| system("mapping BAR 0", io::ErrorKind::OutOfMemory.into()))?;
    Ok(Bar { base, bytes })
}

impl Transport for Vfio {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        let word = self.bar.word(word)?;
        let asked = interrupt::wait([descriptor(&self.request)], Duration::ZERO);
        self.is_asked_back |= asked.is_ok_and(|asked| asked.is_some());
        self.ensure_ours()?;
        // SAFETY: an aligned word of the mapping of BAR 0. A device that is gone reads as all ones.
        let value = unsafe { word.read_volatile() };
        // What is loaded from host memory from now on is not older than the register.
        fence(Ordering::Acquire);
        Ok(u32::from_le(value))
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        let word = self.bar.word(word)?;
        // What was stored to host memory is there before the device hears of it.
        fence(Ordering::Release);
        // SAFETY: an aligned word of the mapping of BAR 0, which no Rust reference covers.
        unsafe { word.write_volatile(value.to_le()) };
        Ok(())
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let memory = SharedMemory::new(bytes);
        let memory = Arc::new(memory.map_err(|error| system("shared memory", error))?);
        let address = self.addresses.take(memory.bytes()).ok_or_else(|| {
            PcieError::Setup(format!("there are no addresses for {bytes} bytes more of DMA memory"))
        })?;
        // SAFETY: the memory stays mapped in this process until it is unmapped for the device: `mapped` holds it, and is
        // emptied only when the device is closed. It is seen as atomics alone.
        let mapped = unsafe { self.container.vfio_dma_map(address, memory.bytes(), memory.base()) };
        mapped.map_err(|error| match error {
            VfioError::IommuDmaMap(error) if error.errno() == ENOMEM => {
                PcieError::Setup(format!(
                    "{} bytes of memory can't be pinned for device {}: too much for this user; raise the limit with \
                     `ulimit -l`, in /etc/security/limits.conf, or for a service by LimitMEMLOCK=",
                    memory.bytes(),
                    self.address
                ))
            }
            error => system("mapping memory for DMA", io::Error::other(error.to_string())),
        })?;
        self.mapped.push((address, memory.clone()));
        Ok(DmaMemory::new(memory, address))
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError> {
        let events = [descriptor(&self.request), descriptor(&self.event)];
        let came =
            interrupt::wait(events, if self.is_asked_back { Duration::ZERO } else { timeout });
        let came = came.map_err(|error| system("waiting for an interrupt", error))?;
        self.is_asked_back |= came == Some(0);
        self.ensure_ours()?;
        Ok(came.is_some())
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        let done = match self.reset_function() {
            Ok(()) => Ok(()),
            // What the kernel says where there is no way to reset it alone.
            Err(alone @ (Errno::INVAL | Errno::NOTTY)) => self.hot_reset(alone),
            Err(error) => Err(PcieError::System {
                what: format!("the reset of device {}", self.address),
                source: error.into(),
                remedy: "remove it and rescan the bus, or power the machine off and on",
            }),
        };
        self.set_command(true);
        done
    }
}

const ENOMEM: i32 = Errno::NOMEM.raw_os_error();

impl Drop for Vfio {
    fn drop(&mut self) {
        // In this order: no new access, no interrupt, and then no memory.
        self.set_command(false);
        let _ = self.device.disable_msi();
        for (address, memory) in self.mapped.drain(..) {
            if self.container.vfio_dma_unmap(address, memory.bytes()).is_err() {
                // The device may still reach it: it is never given back.
                std::mem::forget(memory);
            }
        }
    }
}
