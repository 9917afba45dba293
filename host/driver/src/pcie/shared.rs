//! Memory that the host shares with a device, or with a server that plays one.
#![expect(unsafe_code, reason = "mappings have no safe interface")]

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::transport::DmaWords;

/// Granularity of an IOMMU's mappings, and of this processor's pages.
pub const PAGE: usize = 4096;

/// Anonymous memory with a file descriptor, all zero, mapped as long as this value lives.
#[derive(Debug)]
pub struct SharedMemory {
    file: OwnedFd,
    base: NonNull<AtomicU32>,
    bytes: NonZeroUsize,
}

// SAFETY: the mapping belongs to no thread, and all accesses go through atomics.
unsafe impl Send for SharedMemory {}
// SAFETY: shared references give out nothing but atomics.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Whole pages, for at least so many bytes.
    ///
    /// # Errors
    /// If the system has no memory or no file descriptor.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let bytes = NonZeroUsize::new(bytes.next_multiple_of(PAGE))
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create("gemmine-dma", flags)?;
        ftruncate(&file, bytes.get() as u64)?;
        // Whoever gets the descriptor can't take pages away, which would end this process with a bus error.
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at a place that the kernel chooses covers nothing that anybody uses.
        let base = unsafe {
            mmap(std::ptr::null_mut(), bytes.get(), protection, MapFlags::SHARED, &file, 0)
        }?;
        let base =
            NonNull::new(base.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { file, base, bytes })
    }

    /// Its file descriptor.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// How many bytes it has, a multiple of [`PAGE`].
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Where it is in this process.
    pub fn base(&self) -> *mut u8 {
        self.base.as_ptr().cast()
    }
}

impl DmaWords for SharedMemory {
    fn words(&self) -> &[AtomicU32] {
        // SAFETY: the mapping is that long, page-aligned, zeroed by the kernel, and lives as long as `self`. It is only
        // ever seen as atomics, so what a device or another process writes meanwhile is no data race.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.bytes.get() / 4) }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: it is this value's own mapping, and nobody borrows from it any more.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.bytes.get()) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn two_mappings_of_a_file_are_the_same_memory() {
        let memory = SharedMemory::new(5000).unwrap();
        assert_eq!((memory.bytes(), memory.words().len()), (8192, 2048));
        memory.words()[2047].store(0x0102_0304, Ordering::Relaxed);
        let mut bytes = [0; 4];
        let file = std::fs::File::from(memory.file().try_clone_to_owned().unwrap());
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, 8188).unwrap();
        assert_eq!(bytes, [4, 3, 2, 1]);
        assert!(file.set_len(4096).is_err(), "pages can be taken away");
    }
}
