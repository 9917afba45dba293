//! What a device is reached by: 32-bit registers, host memory that it may access, and interrupts.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use super::error::PcieError;

/// Words that a device may read and write while the host does: so every one is an atomic.
pub trait DmaWords: Send + Sync {
    /// All of them.
    fn words(&self) -> &[AtomicU32];
}

impl DmaWords for Vec<AtomicU32> {
    fn words(&self) -> &[AtomicU32] {
        self
    }
}

/// Pinned host memory that a device may access.
#[derive(Clone)]
pub struct DmaMemory {
    words: Arc<dyn DmaWords>,
    address: u64,
}

impl DmaMemory {
    /// Words that the device sees at a byte address.
    pub fn new(words: Arc<dyn DmaWords>, address: u64) -> Self {
        Self { words, address }
    }

    /// The first word's byte address, as the device has it.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        4 * self.words().len()
    }
}

impl DmaWords for DmaMemory {
    fn words(&self) -> &[AtomicU32] {
        self.words.words()
    }
}

/// The way to one device. Dropping it ends every access of the device to this host's memory.
pub trait Transport: Send {
    /// Reads a word of BAR 0, by its word address.
    ///
    /// # Errors
    /// If the device can't be reached. A device that was pulled out may read as all ones instead.
    fn read(&mut self, word: u32) -> Result<u32, PcieError>;

    /// Writes a word of BAR 0, after everything that was stored to [`DmaMemory`] before.
    ///
    /// # Errors
    /// If the device can't be reached. One that was pulled out may take it all the same.
    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError>;

    /// Memory of at least so many bytes, all zero, that the device may read and write.
    ///
    /// # Errors
    /// If there is none, or it can't be mapped for the device.
    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError>;

    /// Waits for an interrupt; `false` if none came in time. One that came before counts, once.
    ///
    /// # Errors
    /// If the device can't be reached.
    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError>;

    /// Resets the function, as far as the link can: everything that it was told is gone.
    ///
    /// # Errors
    /// If the device can't be reached, or there is no way to reset it.
    fn reset(&mut self) -> Result<(), PcieError>;

    /// How long whoever plays the device may take for one answer from now on, where it is played.
    fn set_patience(&mut self, _patience: Duration) {}

    /// The time, by which waits are measured.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// Reaches a device, and again after it was lost.
pub trait TransportOpener: Send {
    /// Opens the way to it. A device that is played by somebody who says nothing is given up after so long.
    ///
    /// # Errors
    /// If it can't be reached.
    fn open(&mut self, within: Duration) -> Result<Box<dyn Transport>, PcieError>;

    /// How long the device may do nothing of what it was told. A simulated one is slow.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// The time.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Waits.
    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}
