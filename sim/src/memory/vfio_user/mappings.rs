//! Memory that a client lets the device see: its own, by file descriptor.

use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;

use vfio_user::DmaMapFlags;
use vm_memory::{Bytes, FileOffset, MmapRegion, VolatileMemory};

use crate::memory::{BusFault, HostMemory};

/// A mapped range.
#[derive(Debug)]
struct Mapping {
    address: u64,
    bytes: u64,
    readable: bool,
    writable: bool,
    memory: MmapRegion,
}

impl Mapping {
    fn end(&self) -> u64 {
        self.address + self.bytes
    }
}

/// All of it.
#[derive(Debug, Default)]
pub struct Mappings {
    mappings: Vec<Mapping>,
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

impl Mappings {
    /// Maps a range of a client's file.
    ///
    /// # Errors
    /// If there is no file, the range is empty, overlaps another one or reaches beyond the address space or the file.
    pub fn map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        bytes: u64,
        file: Option<File>,
    ) -> io::Result<()> {
        let range = format!("map {bytes} bytes at {address:#x} for the device");
        let Some(file) = file else {
            return Err(refused(format!(
                "{range}: no file descriptor came with it; share memory as a memfd"
            )));
        };
        let end = address.checked_add(bytes).filter(|_| bytes > 0);
        let Some((end, size)) = end.zip(usize::try_from(bytes).ok()) else {
            return Err(refused(format!("{range}: that is no range of addresses")));
        };
        let overlaps = |other: &&Mapping| address < other.end() && other.address < end;
        if let Some(other) = self.mappings.iter().find(overlaps) {
            let (at, count) = (other.address, other.bytes);
            return Err(refused(format!(
                "{range}: {count} bytes at {at:#x} are mapped; unmap them first"
            )));
        }
        let length = file.metadata()?.len();
        if offset.checked_add(bytes).is_none_or(|needed| needed > length) {
            return Err(refused(format!("{range}: its file has {length} bytes, from {offset} on")));
        }
        let memory = MmapRegion::from_file(FileOffset::new(file, offset), size)
            .map_err(|error| refused(format!("{range}: {error}")))?;
        let (readable, writable) =
            (flags.contains(DmaMapFlags::READ), flags.contains(DmaMapFlags::WRITE));
        self.mappings.push(Mapping { address, bytes, readable, writable, memory });
        Ok(())
    }

    /// Unmaps what lies in a range.
    ///
    /// # Errors
    /// If nothing does, or something only in part.
    pub fn unmap(&mut self, address: u64, bytes: u64) -> io::Result<()> {
        let end = address.saturating_add(bytes);
        let touches = |mapping: &Mapping| mapping.address < end && address < mapping.end();
        let inside = |mapping: &Mapping| address <= mapping.address && mapping.end() <= end;
        let mut touched = self.mappings.iter().filter(|mapping| touches(mapping)).peekable();
        if touched.peek().is_none() || !touched.all(inside) {
            return Err(refused(format!(
                "unmap {bytes} bytes at {address:#x}: unmap whole ranges, as they were mapped"
            )));
        }
        self.mappings.retain(|mapping| !touches(mapping));
        Ok(())
    }

    /// Unmaps all.
    pub fn clear(&mut self) {
        self.mappings.clear();
    }

    fn find(&self, address: u64, bytes: usize) -> Result<(&Mapping, usize), BusFault> {
        let found = self.mappings.iter().find_map(|mapping| {
            let from = address.checked_sub(mapping.address)?;
            let fits = from.checked_add(bytes as u64)? <= mapping.bytes;
            fits.then_some((mapping, from as usize))
        });
        found.ok_or(BusFault::Unmapped { address, bytes })
    }
}

impl HostMemory for Mappings {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        let fault = BusFault::Unmapped { address, bytes: bytes.len() };
        let (mapping, from) = self.find(address, bytes.len())?;
        if !mapping.readable {
            return Err(fault);
        }
        mapping.memory.as_volatile_slice().read_slice(bytes, from).map_err(|_| fault)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault> {
        let (fault, count) = (BusFault::Unmapped { address, bytes: bytes.len() }, bytes.len());
        let (mapping, from) = self.find(address, count)?;
        if !mapping.writable {
            return Err(BusFault::ReadOnly { address, bytes: count });
        }
        let memory = mapping.memory.as_volatile_slice();
        // Who sees the last words, be it without a lock, sees all that came before.
        let written = match bytes.split_last_chunk::<8>() {
            Some((first, last)) if (from + count).is_multiple_of(8) => {
                let last = u64::from_le_bytes(*last).to_le();
                memory
                    .write_slice(first, from)
                    .and_then(|()| memory.store(last, from + count - 8, Ordering::Release))
            }
            _ => memory.write_slice(bytes, from),
        };
        written.map_err(|_| fault)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    use super::*;

    const BOTH: DmaMapFlags = DmaMapFlags::READ_WRITE;

    fn file(bytes: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![0x5a; bytes]).unwrap();
        file
    }

    #[test]
    fn what_is_mapped_is_the_clients_file() {
        let (mut mappings, client) = (Mappings::default(), file(8192));
        mappings.map(BOTH, 4096, 0x10_0000, 4096, Some(client.try_clone().unwrap())).unwrap();
        let mut bytes = [0; 12];
        mappings.read(0x10_0ff4, &mut bytes).unwrap();
        assert_eq!(bytes, [0x5a; 12]);
        let entry: [u8; 64] = std::array::from_fn(|n| n as u8);
        for (at, count) in [(0, 64), (100, 12), (7, 3), (4088, 8), (4095, 1)] {
            mappings.write(0x10_0000 + at, &entry[..count]).unwrap();
            let mut seen = [0; 64];
            client.read_exact_at(&mut seen[..count], 4096 + at).unwrap();
            assert_eq!(seen[..count], entry[..count]);
        }
        let fault = BusFault::Unmapped { address: 0x10_0ffc, bytes: 8 };
        assert_eq!(mappings.write(0x10_0ffc, &[1; 8]), Err(fault));
        assert_eq!(mappings.read(u64::MAX, &mut bytes[..1]).unwrap_err().to_string(), {
            "nothing is mapped for 1 bytes at 0xffffffffffffffff"
        });
        mappings.unmap(0x10_0000, 4096).unwrap();
        assert!(mappings.read(0x10_0000, &mut bytes).is_err());
    }

    #[test]
    fn what_may_not_be_written_is_not() {
        let mut mappings = Mappings::default();
        mappings.map(DmaMapFlags::READ, 0, 0, 4096, Some(file(4096))).unwrap();
        assert_eq!(mappings.write(8, &[1]), Err(BusFault::ReadOnly { address: 8, bytes: 1 }));
        mappings.map(DmaMapFlags::WRITE, 0, 4096, 4096, Some(file(4096))).unwrap();
        assert!(mappings.read(4096, &mut [0]).is_err());
    }

    #[test]
    fn bad_ranges_are_refused() {
        let mut mappings = Mappings::default();
        mappings.map(BOTH, 0, 4096, 4096, Some(file(4096))).unwrap();
        let mut refused = |offset, address, bytes, file, text: &str| {
            let error = mappings.map(BOTH, offset, address, bytes, file).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        refused(0, 0, 4096, None, "share memory as a memfd");
        refused(0, 0, 0, Some(file(0)), "no range");
        refused(0, u64::MAX, 4096, Some(file(4096)), "no range");
        refused(0, 0, 8192, Some(file(8192)), "unmap them first");
        refused(4096, 0x10_0000, 4096, Some(file(4096)), "its file has 4096 bytes");
        refused(u64::MAX, 0x10_0000, 4096, Some(file(4096)), "its file has 4096 bytes");
        for (address, bytes) in [(0, 4096), (4096, 100), (0, 0), (8192, 4096)] {
            assert!(mappings.unmap(address, bytes).is_err(), "{address} {bytes}");
        }
        mappings.unmap(0, u64::MAX).unwrap();
    }
}
