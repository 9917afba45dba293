//! The PCI configuration space that a memory device shows.
//!
//! # Why these numbers
//! Vendor 10ee, device 7021 is what a 7-series FPGA shows behind LitePCIe on one lane (its driver lists them), so the
//! simulation looks like that board. The project has no vendor number, and what bridges a user may choose have numbers
//! of their own: a driver must not go by them, but by the registers ID and DMA_ID behind BAR 0. The class, 12 00, says
//! processing accelerator.

/// Bytes of it.
pub const BYTES: usize = 256;
/// Vendor.
pub const VENDOR: u16 = 0x10ee;
/// Device.
pub const DEVICE: u16 = 0x7021;
/// Base class and subclass: processing accelerator.
pub const CLASS: [u8; 2] = [0x12, 0x00];

const COMMAND: usize = 0x04;
const COMMAND_MEMORY: u8 = 1 << 1;
const COMMAND_MASTER: u8 = 1 << 2;
const BAR0: usize = 0x10;
const MSI: usize = 0x50;

/// The registers, and which bits of them a host can write.
#[derive(Clone, Debug)]
pub struct ConfigSpace {
    bytes: [u8; BYTES],
    writable: [u8; BYTES],
}

impl ConfigSpace {
    /// As a client finds it: memory accesses and bus mastery are enabled, since a client that is no virtual machine
    /// has no system that does it. BAR 0 has so many bytes, a power of two.
    pub fn new(window_bytes: u32) -> Self {
        let mut space = Self { bytes: [0; BYTES], writable: [0; BYTES] };
        space.set(0x00, &VENDOR.to_le_bytes(), &[]);
        space.set(0x02, &DEVICE.to_le_bytes(), &[]);
        // Memory, bus master; and, in the second byte, interrupt pin off. A list of capabilities.
        let command = COMMAND_MEMORY | COMMAND_MASTER;
        space.set(COMMAND, &[command, 0, 0x10, 0], &[command, 0x04]);
        let [class, subclass] = CLASS;
        space.set(0x0a, &[subclass, class], &[]);
        space.set(BAR0, &[], &(!(window_bytes - 1)).to_le_bytes());
        space.set(0x34, &[MSI as u8], &[]);
        space.set(0x3c, &[], &[0xff]);
        // One message, an address of 64 bits.
        space.set(MSI, &[0x05, 0x00, 0x80, 0x00], &[0, 0, 0x01, 0]);
        space.set(MSI + 4, &[], &[0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        space
    }

    fn set(&mut self, at: usize, bytes: &[u8], writable: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.writable[at..at + writable.len()].copy_from_slice(writable);
    }

    /// Reads bytes; what is beyond the end reads as ones.
    pub fn read(&self, offset: u64, data: &mut [u8]) {
        for (place, byte) in (first_place(offset)..).zip(data) {
            *byte = self.bytes.get(place).copied().unwrap_or(0xff);
        }
    }

    /// Writes bytes; what can't be written stays.
    pub fn write(&mut self, offset: u64, data: &[u8]) {
        for (place, byte) in (first_place(offset)..).zip(data) {
            if let (Some(old), Some(mask)) = (self.bytes.get_mut(place), self.writable.get(place)) {
                *old = *old & !mask | byte & mask;
            }
        }
    }

    /// Whether the device answers accesses to BAR 0.
    pub fn answers(&self) -> bool {
        self.bytes[COMMAND] & COMMAND_MEMORY != 0
    }

    /// Whether the device may read and write memory, and send interrupts, which are writes as well.
    pub fn is_master(&self) -> bool {
        self.bytes[COMMAND] & COMMAND_MASTER != 0
    }
}

/// Where an access begins: far away is as good as just beyond the end.
fn first_place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(BYTES).min(BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(space: &ConfigSpace, offset: u64) -> u32 {
        let mut bytes = [0; 4];
        space.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn it_says_what_it_is_and_how_large() {
        let mut space = ConfigSpace::new(4 << 20);
        assert_eq!(word(&space, 0), 0x7021_10ee);
        assert_eq!(word(&space, 8) >> 16, 0x1200);
        space.write(0x10, &[0xff; 4]);
        assert_eq!(word(&space, 0x10), 0xffc0_0000, "4 MiB of memory");
        space.write(0, &[0xff; 4]);
        assert_eq!(word(&space, 0), 0x7021_10ee);
        assert_eq!(word(&space, 254) >> 16, 0xffff, "beyond the end");
        space.write(u64::MAX, &[1]);
    }

    #[test]
    fn memory_and_mastery_can_be_taken_away() {
        let mut space = ConfigSpace::new(4 << 20);
        assert_eq!((space.answers(), space.is_master()), (true, true));
        space.write(4, &[0x02, 0x04]);
        assert_eq!((space.answers(), space.is_master()), (true, false));
        assert_eq!(word(&space, 4), 0x0010_0402);
        space.write(4, &[0x04]);
        assert_eq!((space.answers(), space.is_master()), (false, true));
    }
}
