//! What the targets of the device behind PCI Express have in common: a model of it in a slot, which the driver reaches
//! by calls, host memory that it may access, and work whose answer is known.
//!
//! Time passes only where the host asks or waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gemmine_driver::{
    Descriptor, Device, DeviceError, DmaMemory, DmaWords, PcieDevice, PcieError, PcieOptions, Side,
    Transport, TransportOpener,
};
use gemmine_hdl::Geometry;
use gemmine_hdl::dma_registers::{CONTROL_RESET, DMA_CONTROL};
use gemmine_hdl::registers::RESET;
use gemmine_pouw::panel::{LANES, Panel};
use gemmine_pouw::tile::{ticket, tile};
use gemmine_sim::AcceleratorConfig;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::{BusFault, HostMemory, Latency, MemoryConfig, MemoryDevice};

use crate::input::Input;

/// Accesses of the driver in one call before it must have given up: far more than in all of its patience.
const ACCESSES_MAX: u32 = 1 << 17;
/// How long the driver waits for anything.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an access takes, and cycles of the device in it.
const ACCESS_TIME: Duration = Duration::from_micros(1);
const ACCESS_CYCLES: u64 = 100;
/// Cycles of the device in a wait: more than a small tile takes.
const WAIT_CYCLES: u64 = 1 << 16;
/// Steps of the work whose answer is known.
const STEPS: usize = 64;
/// The key of its ticket, which no target uses for anything else: the device can't have it yet.
const KEY: [u8; 32] = [0x5a; 32];

/// The smallest device that there is, without scans, which could be asked for more work than an input has time for.
pub fn model() -> ModelMemory {
    let config = MemoryConfig {
        accelerator: AcceleratorConfig {
            panel_word_bits: 7,
            build: 0xc0ff_ee00,
            ..AcceleratorConfig::new(Geometry::try_new(2, 2).expect("an array"))
        },
        latency: Latency { min: 20, max: 20, seed: 1 },
    };
    ModelMemory::new(config).expect("a device that there can be")
}

/// Where the device does otherwise than the model: a row of bytes, used up access by access, of the host to registers
/// and of the device to host memory. A byte below 128 says how many accesses more are right; another one is a lie,
/// with a number of four bytes behind it. Where the row ends, all is right.
#[derive(Debug, Default)]
pub struct Lies {
    row: Vec<u8>,
    at: usize,
    right: u8,
}

impl Lies {
    /// Of a row.
    pub fn new(row: &[u8]) -> Self {
        Self { row: row.to_vec(), at: 0, right: 0 }
    }

    /// Which one an access is, if it is one.
    fn due(&mut self) -> Option<Lie> {
        if self.right > 0 {
            self.right -= 1;
            return None;
        }
        let mut input = Input::new(&self.row[self.at..]);
        if input.is_empty() {
            return None;
        }
        let how = input.byte();
        let lie = match how.checked_sub(128) {
            None => {
                self.right = how;
                None
            }
            Some(how) => Some(Lie { how: how.into(), number: input.word() }),
        };
        self.at = self.row.len() - input.rest().len();
        lie
    }
}

/// A lie; what it is depends on the access.
#[derive(Clone, Copy, Debug)]
struct Lie {
    how: usize,
    number: u32,
}

impl Lie {
    /// The word with one bit changed.
    fn flipped(self, word: u32) -> u32 {
        word ^ 1 << (self.number % 32)
    }
}

/// Host memory that the device may access.
struct Memory {
    /// By the addresses at which the device sees them.
    pieces: Vec<(u64, DmaMemory)>,
    lies: Lies,
}

impl Memory {
    /// The words of a range, which are all in one piece.
    fn words(&self, address: u64, bytes: usize) -> Result<&[AtomicU32], BusFault> {
        let found = self.pieces.iter().find_map(|(first, memory)| {
            let offset = usize::try_from(address.checked_sub(*first)?).ok()?;
            memory.words().get(offset / 4..offset.checked_add(bytes)? / 4)
        });
        found.ok_or(BusFault::Unmapped { address, bytes })
    }

    /// A word somewhere is another one.
    fn scribble(&self, lie: Lie) {
        let Some(piece) = lie.how.checked_rem(self.pieces.len()) else { return };
        let words = self.pieces[piece].1.words();
        let place = (lie.number >> 16) as usize % words.len();
        words[place].store(lie.number & 0xffff, Ordering::Release);
    }
}

impl HostMemory for Memory {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        let lie = self.lies.due();
        let words = self.words(address, bytes.len())?;
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.load(Ordering::Acquire).to_le_bytes();
        }
        if let Some(lie) = lie {
            let place = lie.number as usize / 8 % bytes.len();
            match lie.how % 4 {
                0 => return Err(BusFault::Unmapped { address, bytes: bytes.len() }),
                1 => self.scribble(lie),
                _ => bytes[place] ^= 1 << (lie.number % 8),
            }
        }
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault> {
        let lie = self.lies.due();
        let words = self.words(address, bytes.len())?;
        let (mut lost, mut place, mut number) = (false, usize::MAX, 0);
        if let Some(lie) = lie {
            match lie.how % 4 {
                0 => return Err(BusFault::ReadOnly { address, bytes: bytes.len() }),
                1 => lost = true,
                _ => (place, number) = (lie.how / 4 % words.len(), lie.number),
            }
        }
        // The last word last, as a device does.
        for (n, (word, bytes)) in words.iter().zip(bytes.as_chunks::<4>().0).enumerate() {
            let right = u32::from_le_bytes(*bytes);
            let value = match lie {
                Some(lie) if n == place && lie.how % 4 == 2 => lie.flipped(right),
                _ if n == place => number,
                _ => right,
            };
            if !lost {
                word.store(value, Ordering::Release);
            }
        }
        Ok(())
    }
}

/// The slot, and the device in it.
struct World {
    device: ModelMemory,
    memory: Memory,
    began: Instant,
    now: Duration,
    /// Until when nothing is in the slot.
    gone_until: Duration,
    /// The function can be reset as a whole.
    can_reset: bool,
    interrupts: u32,
    /// Of the host since the call of the driver began.
    accesses: u32,
}

impl World {
    fn access(&mut self) {
        self.now += ACCESS_TIME;
        self.accesses += 1;
        // Told once: what is dropped behind it accesses the device as well.
        assert_ne!(self.accesses, ACCESSES_MAX, "the driver waits without an end");
    }

    /// Whether nothing answers; also of a device that a target has found something in.
    fn is_gone(&self) -> bool {
        self.now < self.gone_until || std::thread::panicking()
    }

    /// The device is taken out for so many milliseconds; perhaps without its power.
    fn leave(&mut self, number: u32) {
        self.gone_until = self.now + Duration::from_millis(u64::from(number & 0xffff));
        if number >> 31 == 1 {
            self.device = model();
        }
    }

    fn run(&mut self, cycles: u64) {
        let ran = self.device.run(cycles, &mut self.memory).expect("a model runs");
        self.interrupts += ran.interrupts;
    }

    fn read(&mut self, word: u32) -> u32 {
        self.access();
        let lie = self.memory.lies.due();
        if self.is_gone() {
            return u32::MAX;
        }
        self.run(ACCESS_CYCLES);
        let right = self.device.read(4 * word, &mut self.memory).expect("a model is read");
        let Some(lie) = lie else { return right };
        match lie.how % 4 {
            0 => lie.number,
            1 => lie.flipped(right),
            2 => u32::MAX,
            _ => {
                self.leave(lie.number);
                u32::MAX
            }
        }
    }

    fn write(&mut self, word: u32, value: u32) {
        self.access();
        let lie = self.memory.lies.due();
        if self.is_gone() {
            return;
        }
        let value = match lie {
            None => value,
            Some(lie) => match lie.how % 4 {
                0 => return,
                1 => lie.flipped(value),
                2 => lie.number,
                _ => return self.leave(lie.number),
            },
        };
        self.device.write(4 * word, value, &mut self.memory).expect("a model is written");
        self.run(ACCESS_CYCLES);
    }

    /// Whether an interrupt came.
    fn wait(&mut self, timeout: Duration) -> bool {
        self.access();
        let lie = self.memory.lies.due();
        if !self.is_gone() {
            self.run(WAIT_CYCLES);
        }
        let mut came = std::mem::take(&mut self.interrupts) > 0;
        if let Some(lie) = lie {
            match lie.how % 4 {
                0 => came = false,
                1 => came = true,
                2 => self.memory.scribble(lie),
                _ => self.leave(lie.number),
            }
        }
        if !came {
            self.now += timeout;
        }
        came
    }
}

/// The slot as the driver and a target have it.
#[derive(Clone)]
pub struct Slot(Arc<Mutex<World>>);

impl Slot {
    /// With a device in it, which lies as it is told.
    pub fn new(device: ModelMemory, lies: Lies, can_reset: bool) -> Self {
        Self(Arc::new(Mutex::new(World {
            device,
            memory: Memory { pieces: Vec::new(), lies },
            began: Instant::now(),
            now: Duration::ZERO,
            gone_until: Duration::ZERO,
            can_reset,
            interrupts: 0,
            accesses: 0,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the device.
    pub fn open(&self) -> Result<PcieDevice, DeviceError> {
        let options = PcieOptions { patience: PATIENCE };
        PcieDevice::on(Box::new(self.clone()), "pcie:bench".into(), options)
    }

    /// Another call of the driver begins.
    pub fn next_call(&self) {
        self.lock().accesses = 0;
    }

    /// The device is there and does what it should from now on.
    pub fn is_right_again(&self) {
        let mut world = self.lock();
        world.memory.lies = Lies::default();
        world.gone_until = Duration::ZERO;
        world.accesses = 0;
    }
}

impl TransportOpener for Slot {
    fn open(&mut self, _within: Duration) -> Result<Box<dyn Transport>, PcieError> {
        let mut world = self.lock();
        if world.is_gone() {
            return Err(PcieError::Gone("there is none in its slot".into()));
        }
        world.memory.pieces.clear();
        drop(world);
        Ok(Box::new(Way { slot: self.clone(), next: 1 << 20 }))
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn now(&self) -> Instant {
        let world = self.lock();
        world.began + world.now
    }

    fn pause(&mut self, time: Duration) {
        self.lock().now += time;
    }
}

/// The way to the device.
struct Way {
    slot: Slot,
    /// The next address that memory is mapped at.
    next: u64,
}

impl Transport for Way {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        Ok(self.slot.lock().read(word))
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        self.slot.lock().write(word, value);
        Ok(())
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let words: Vec<AtomicU32> = (0..bytes.div_ceil(4)).map(|_| AtomicU32::new(0)).collect();
        let memory = DmaMemory::new(Arc::new(words), self.next);
        self.slot.lock().memory.pieces.push((self.next, memory.clone()));
        self.next += (bytes as u64).next_multiple_of(4096) + 4096;
        Ok(memory)
    }

    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, PcieError> {
        Ok(self.slot.lock().wait(timeout))
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        let mut world = self.slot.lock();
        if !world.can_reset {
            return Err(PcieError::Setup("its function has no reset".into()));
        }
        world.write(DMA_CONTROL, CONTROL_RESET);
        world.write(RESET, 1);
        Ok(())
    }

    fn now(&self) -> Instant {
        TransportOpener::now(&self.slot)
    }
}

/// A device that is right and was reset does a tile by the rule.
pub fn works(device: &mut PcieDevice) {
    let operands = [3_usize, 5].map(|seed| -> [Vec<i8>; LANES] {
        std::array::from_fn(|lane| {
            let value = |step: usize| seed + 7 * lane + 13 * step + lane * step;
            (0..STEPS).map(|step| (value(step) as u8).cast_signed()).collect()
        })
    });
    let [a, b] = operands.each_ref().map(|lanes| lanes.each_ref().map(Vec::as_slice));
    for (side, lanes) in [(Side::A, &a), (Side::B, &b)] {
        let panel = Arc::new(Panel::from_lanes(lanes, STEPS));
        device.load_panel(side, 0, panel).expect("a panel is loaded");
    }
    let tile_wanted = Descriptor {
        tag: 0x7a6,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps: STEPS,
        chunk_steps: STEPS,
        ticket_key: KEY,
        bound_le: [0xff; 32],
        want_tile: true,
    };
    device.push(tile_wanted).expect("a tile is pushed");
    let done = device.wait(10 * PATIENCE).expect("a tile is done");
    let golden = tile(&a, &b, STEPS);
    assert_eq!((done.tag, done.hit), (tile_wanted.tag, true));
    assert_eq!(done.ticket, ticket(&KEY, &golden.register), "another ticket");
    let product = done.tile.expect("its product comes back");
    assert_eq!(product.as_flattened(), golden.product);
}
