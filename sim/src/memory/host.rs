//! Host memory that is a few vectors, for devices in the process of their host.

use super::{BusFault, HostMemory};

/// Regions of memory that a device may read and write, by the addresses under which it sees them.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    regions: Vec<(u64, Vec<u8>)>,
}

impl Regions {
    /// Maps zeros.
    ///
    /// # Panics
    /// If they overlap what is mapped, or reach beyond the address space.
    pub fn map(&mut self, address: u64, bytes: usize) {
        let end = address.checked_add(bytes as u64);
        let overlaps = |(first, region): &(u64, Vec<u8>)| {
            address < first + region.len() as u64 && end.is_some_and(|end| end > *first)
        };
        assert!(end.is_some() && !self.regions.iter().any(overlaps), "{bytes} at {address:#x}");
        self.regions.push((address, vec![0; bytes]));
    }

    /// Unmaps the region that begins there; whether there was one.
    pub fn unmap(&mut self, address: u64) -> bool {
        let before = self.regions.len();
        self.regions.retain(|(first, _)| *first != address);
        self.regions.len() < before
    }

    /// The bytes of a mapped range, for the host.
    pub fn bytes(&mut self, address: u64, count: usize) -> Option<&mut [u8]> {
        self.regions.iter_mut().find_map(|(first, region)| {
            let from = usize::try_from(address.checked_sub(*first)?).ok()?;
            region.get_mut(from..from.checked_add(count)?)
        })
    }

    /// A word, for the host; `None` where nothing is mapped.
    pub fn word(&mut self, address: u64) -> Option<u32> {
        let bytes = self.bytes(address, 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Puts words into a mapped range, for the host; whether it is one.
    pub fn put(&mut self, address: u64, words: &[u32]) -> bool {
        let Some(bytes) = self.bytes(address, 4 * words.len()) else { return false };
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        true
    }
}

impl HostMemory for Regions {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        let fault = BusFault::Unmapped { address, bytes: bytes.len() };
        bytes.copy_from_slice(self.bytes(address, bytes.len()).ok_or(fault)?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault> {
        let fault = BusFault::Unmapped { address, bytes: bytes.len() };
        self.bytes(address, bytes.len()).ok_or(fault)?.copy_from_slice(bytes);
        Ok(())
    }
}
