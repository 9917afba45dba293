//! A device of this machine, through the kernel's VFIO: BAR 0 mapped into this process, memory mapped into the device's
//! IOMMU, and its MSI as an event descriptor.
//!
//! The calls are those of the crate `vfio-ioctls`, which virtual machine monitors use; only the mapping of BAR 0 and the
//! reset, whose outcome the crate does not tell, are made here.
#![expect(unsafe_code, reason = "registers and DMA have no safe interface")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use rustix::ioctl::{NoArg, ioctl, opcode};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use vfio_bindings::bindings::vfio::{
    VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_REGION_INFO_FLAG_MMAP,
};
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError};
use vmm_sys_util::eventfd::{EFD_NONBLOCK, EventFd};

use super::binding::{self, Bound, DEVICES};
use super::error::PcieError;
use super::interrupt;
use super::iova::Addresses;
use super::shared::SharedMemory;
use super::transport::{DmaMemory, Transport, TransportOpener};
use gemmine_hdl::dma_registers::WINDOW_BYTES;

/// Offset of the command register in the configuration space, and its bits that let the device answer and master the
/// bus.
const PCI_COMMAND: u64 = 4;
const PCI_COMMAND_BITS: u16 = 1 << 1 | 1 << 2;
/// VFIO_DEVICE_RESET.
const DEVICE_RESET: rustix::ioctl::Opcode = opcode::none(b';', 100 + 11);

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
    bar: Bar,
    device: VfioDevice,
    container: Arc<VfioContainer>,
    event: EventFd,
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
        let bar = map_bar(&address, &device, window_bytes)?;
        let event = EventFd::new(EFD_NONBLOCK);
        let event = event.map_err(|error| system("eventfd", error))?;
        if device.get_irq_info(MSI).is_none_or(|irq| irq.count == 0) {
            return Err(PcieError::Setup(format!(
                "device {address} has no MSI; load a gemmine bitstream with one"
            )));
        }
        device.enable_msi(vec![&event]).map_err(refused)?;
        let opened = Self {
            address,
            bar,
            device,
            container,
            event,
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
}

const MSI: u32 = vfio_bindings::bindings::vfio::VFIO_PCI_MSI_IRQ_INDEX;

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
    // SAFETY: the descriptor is open as long as `device` is borrowed. A new mapping at a place that the kernel chooses
    // covers nothing that anybody uses.
    let base = unsafe {
        let file = BorrowedFd::borrow_raw(device.as_raw_fd());
        mmap(std::ptr::null_mut(), bytes, protection, MapFlags::SHARED, file, offset)
    };
    let base = base.map_err(|error| system("mapping BAR 0", error.into()))?;
    let base = NonNull::new(base.cast());
    let base = base.ok_or_else(|| system("mapping BAR 0", io::ErrorKind::OutOfMemory.into()))?;
    Ok(Bar { base, bytes })
}

impl Transport for Vfio {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        let word = self.bar.word(word)?;
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
                     `ulimit -l`, or in /etc/security/limits.conf",
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
        // SAFETY: the descriptor is open as long as `self` is borrowed.
        let event = unsafe { BorrowedFd::borrow_raw(self.event.as_raw_fd()) };
        let came = interrupt::wait([event], timeout);
        Ok(came.map_err(|error| system("waiting for an interrupt", error))?.is_some())
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        // SAFETY: the descriptor is open as long as `self` is borrowed, and the call takes no argument.
        let done = unsafe {
            let file = BorrowedFd::borrow_raw(self.device.as_raw_fd());
            ioctl(file, NoArg::<DEVICE_RESET>::new())
        };
        self.set_command(true);
        done.map_err(|error| PcieError::System {
            what: format!("the reset of device {}", self.address),
            source: error.into(),
            remedy: "it may have none of its own: remove it and rescan the bus, or power the machine off and on",
        })
    }
}

const ENOMEM: i32 = rustix::io::Errno::NOMEM.raw_os_error();

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

/// What keeps a bound device from being opened.
fn explain(address: &str, bound: &Bound, error: VfioError) -> PcieError {
    let group = format!("/dev/vfio/{}", bound.group);
    let setup = PcieError::Setup;
    match error {
        VfioError::OpenContainer(error) if error.kind() == io::ErrorKind::NotFound => {
            setup("there is no /dev/vfio/vfio; load the driver as root: `modprobe vfio-pci`".into())
        }
        VfioError::OpenContainer(error) => setup(format!(
            "/dev/vfio/vfio can't be opened: {error}; give your user the right: `chmod 666 /dev/vfio/vfio` as root"
        )),
        VfioError::OpenGroup(error, _) if error.kind() == io::ErrorKind::ResourceBusy => {
            setup(format!(
                "device {address} is in use: another process has {group}; find it with `fuser {group}` and end it"
            ))
        }
        VfioError::OpenGroup(error, _) if error.kind() == io::ErrorKind::PermissionDenied => {
            setup(format!(
                "{group} may not be opened: {error}; give your user the right: `chown $USER {group}` as root, or by a \
                 rule of udev"
            ))
        }
        VfioError::GroupViable => setup(format!(
            "IOMMU group {} of device {address} has devices of other drivers: {}; bind them to vfio-pci too, or move \
             the card to another slot",
            bound.group,
            binding::in_the_way(bound).join(", ")
        )),
        VfioError::ContainerSetIOMMU(_) | VfioError::VfioExtension => setup(format!(
            "the kernel gives device {address} no IOMMU ({error}); boot Linux with intel_iommu=on, and load \
             vfio_iommu_type1"
        )),
        error => system(&format!("opening device {address}"), io::Error::other(error.to_string())),
    }
}

fn system(what: &str, source: io::Error) -> PcieError {
    let remedy = "see the kernel's log with `dmesg`";
    PcieError::System { what: what.into(), source, remedy }
}
