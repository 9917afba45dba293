//! The slot that the double is in: the way to it, where it is reached by calls.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use gemmine_hdl::dma_registers::{CONTROL_RESET, DMA_CONTROL};

use super::super::device::{PcieDevice, PcieOptions};
use super::super::error::PcieError;
use super::super::transport::{DmaMemory, Transport, TransportOpener};
use super::double::World;

/// A slot with the device in it.
#[derive(Clone)]
pub struct Slot {
    world: Arc<Mutex<World>>,
    start: Instant,
}

impl Slot {
    pub fn new(word_bits: usize) -> Self {
        Self { world: Arc::new(Mutex::new(World::new(word_bits))), start: Instant::now() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn open(&self) -> PcieDevice {
        let options = PcieOptions::default();
        PcieDevice::on(Box::new(self.clone()), "test".into(), options).unwrap()
    }

    fn time(&self) -> Instant {
        self.start + self.world().now
    }
}

impl TransportOpener for Slot {
    fn open(&mut self, _within: Duration) -> Result<Box<dyn Transport>, PcieError> {
        let mut world = self.world();
        if !world.comes_back() {
            return Err(PcieError::Gone("there is none in its slot".into()));
        }
        world.opened += 1;
        world.memory.clear();
        drop(world);
        Ok(Box::new(Way { slot: self.clone(), next: 1 << 20 }))
    }

    fn patience(&self) -> Duration {
        self.world().patience
    }

    fn now(&self) -> Instant {
        self.time()
    }

    fn pause(&mut self, time: Duration) {
        self.world().now += time;
    }
}

/// The way to it.
struct Way {
    slot: Slot,
    next: u64,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.slot.world().closed += 1;
    }
}

impl Transport for Way {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        let mut world = self.slot.world();
        world.ensure_ours()?;
        Ok(world.read(word))
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        self.slot.world().write(word, value);
        Ok(())
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let words: Vec<AtomicU32> = (0..bytes.div_ceil(4)).map(|_| AtomicU32::new(0)).collect();
        let memory = DmaMemory::new(Arc::new(words), self.next);
        self.slot.world().memory.push((self.next, Box::new(memory.clone())));
        self.next += (bytes as u64).next_multiple_of(4096) + 4096;
        Ok(memory)
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError> {
        let mut world = self.slot.world();
        let came = world.wait(timeout);
        world.ensure_ours()?;
        Ok(came)
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        let mut world = self.slot.world();
        if world.faults.no_reset {
            return Err(PcieError::Setup("its function has no reset".into()));
        }
        world.write(DMA_CONTROL, CONTROL_RESET);
        Ok(())
    }

    fn now(&self) -> Instant {
        self.slot.time()
    }
}
