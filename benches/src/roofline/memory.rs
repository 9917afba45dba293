//! The memory link: a host that keeps rings full.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::registers;
use gemmine_hdl::registers::panel_address;
use gemmine_sim::EngineError;
use gemmine_sim::memory::{MemoryDevice, Regions};

use super::{Case, Counted, Row};

const COMMAND_RING: u64 = 0x1000_0000;
const COMMAND_BITS: u32 = 8;
const ENTRY_RING: u64 = 0x2000_0000;
const ENTRY_BITS: u32 = 6;
/// Panels, and product tiles behind them.
const DATA: u64 = 0x3000_0000;
/// Cycles in which the host does not look.
const SLICE: u64 = 128;
/// Cycles in which everything is done.
const PATIENCE: u64 = 1 << 30;

/// The host.
struct Host<'a> {
    device: &'a mut dyn MemoryDevice,
    memory: Regions,
    case: Case,
    tail: u16,
    head: u16,
    /// Entries seen, each of a tile.
    seen: u32,
    /// Tiles pushed, and those whose products were asked for.
    pushed: usize,
    /// What is still to be asked for: words of completions.
    products: Vec<u32>,
}

/// Runs a case on a device that has just been powered up.
///
/// # Errors
/// If the simulation fails, or does not get anywhere.
pub fn measure(device: &mut dyn MemoryDevice, case: Case) -> Result<Row, EngineError> {
    let engine = device.description().engine;
    let mut host = Host::new(device, case)?;
    host.load_resident()?;
    let before = host.counted()?;
    host.stream()?;
    let after = host.counted()?;
    let counted = Counted {
        cycles: after.cycles - before.cycles,
        steps: after.steps - before.steps,
        tiles: after.tiles - before.tiles,
        bytes_in: after.bytes_in.wrapping_sub(before.bytes_in) & u64::from(u32::MAX),
        bytes_out: after.bytes_out.wrapping_sub(before.bytes_out) & u64::from(u32::MAX),
    };
    Ok(Row::new("memory", engine, &case, counted))
}

impl<'a> Host<'a> {
    fn new(device: &'a mut dyn MemoryDevice, case: Case) -> Result<Self, EngineError> {
        let mut memory = Regions::default();
        memory.map(COMMAND_RING, 32 << COMMAND_BITS);
        memory.map(ENTRY_RING, 64 << ENTRY_BITS);
        memory.map(DATA, 64 * case.panel_words() + 1024);
        for lane in 0..16 {
            memory.put(DATA + (4 * lane * case.panel_words()) as u64, &case.lane(lane));
        }
        let mut host = Self {
            device,
            memory,
            case,
            tail: 0,
            head: 0,
            seen: 0,
            pushed: 0,
            products: Vec::new(),
        };
        for (word, value) in [
            (map::COMMAND_BASE_LOW, COMMAND_RING as u32),
            (map::COMMAND_SIZE, COMMAND_BITS),
            (map::COMPLETION_BASE_LOW, ENTRY_RING as u32),
            (map::COMPLETION_SIZE, ENTRY_BITS),
            (map::DMA_CONTROL, map::CONTROL_RUN),
        ] {
            host.write(word, value)?;
        }
        Ok(host)
    }

    fn read(&mut self, word: u32) -> Result<u32, EngineError> {
        self.device.read(4 * word, &mut self.memory)
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), EngineError> {
        self.device.write(4 * word, value, &mut self.memory)
    }

    fn halves(&mut self, low: u32) -> Result<u64, EngineError> {
        Ok(u64::from(self.read(low)?) | u64::from(self.read(low + 1)?) << 24)
    }

    fn counted(&mut self) -> Result<Counted, EngineError> {
        Ok(Counted {
            cycles: self.halves(registers::TIME_LOW)?,
            steps: self.halves(registers::MAC_LOW)?,
            tiles: self.halves(registers::TILES_LOW)?,
            bytes_in: self.read(map::DMA_READ_BYTES)?.into(),
            bytes_out: self.read(map::DMA_WRITE_BYTES)?.into(),
        })
    }

    fn put(&mut self, command: [u32; 8]) {
        let place = u64::from(self.tail) % (1 << COMMAND_BITS);
        self.memory.put(COMMAND_RING + 32 * place, &command);
        self.tail = self.tail.wrapping_add(1);
    }

    fn immediate(&mut self, bus: u32, words: &[u32]) {
        let mut command = [map::IMMEDIATE, bus, words.len() as u32, 0, 0, 0, 0, 0];
        command[4..4 + words.len()].copy_from_slice(words);
        self.put(command);
    }

    /// A panel from host memory, a command a lane, and its commit.
    fn panel(&mut self, window: u32, width: usize, first_word: usize, commit: u32) {
        let (words, bits) = (self.case.panel_words(), self.case.panel_word_bits as usize);
        for lane in 0..16 {
            let bus = window + panel_address(width, bits, lane) + first_word as u32;
            let from = DATA + (4 * lane * words) as u64;
            self.put([map::WRITE, bus, words as u32, 0, from as u32, 0, 0, 0]);
        }
        self.immediate(registers::COMMIT, &[commit]);
    }

    fn load_resident(&mut self) -> Result<(), EngineError> {
        for nth in 0..self.case.resident {
            let (width, first) = (self.case.geometry.rows(), nth * self.case.panel_words());
            self.panel(registers::PANELS_A, width, first, 1);
            self.write(map::COMMAND_TAIL, self.tail.into())?;
            self.device.run(PATIENCE, &mut self.memory)?;
            self.head = self.tail;
        }
        Ok(())
    }

    /// Streams panels of B' and pushes tiles, as far ahead as queue and panel memory let it.
    fn stream(&mut self) -> Result<(), EngineError> {
        let case = self.case;
        let (mut streamed, mut cycles) = (0, 0);
        let mut asked = 0;
        while (self.seen as usize) < case.tiles() || !self.products.is_empty() {
            let before = self.tail;
            self.take_entries()?;
            let room = |host: &Self| host.room() > 20;
            while room(self) && !self.products.is_empty() {
                let bank = self.products.remove(0) >> 2 & 1;
                let to = DATA + 64 * case.panel_words() as u64;
                self.put([map::READ, registers::RESULTS + 256 * bank, 256, 0, to as u32, 0, 0, 0]);
                self.immediate(registers::RELEASE, &[1]);
                asked += 1;
            }
            // The next panel goes ahead of the tiles of the one before it.
            let done = self.seen as usize / case.resident;
            while room(self)
                && streamed < case.streamed
                && streamed < done + case.slots()
                && streamed <= self.pushed / case.resident + 1
            {
                let first = streamed % case.slots() * case.panel_words();
                self.panel(registers::PANELS_B, case.geometry.columns(), first, 1 << 8);
                streamed += 1;
            }
            while room(self)
                && self.pushed < case.tiles()
                && self.pushed / case.resident < streamed
                && self.pushed - (self.seen as usize) < registers::QUEUE as usize
            {
                self.immediate(registers::DESCRIPTORS, &case.descriptor(self.pushed));
                self.pushed += 1;
            }
            if self.tail != before {
                self.write(map::COMMAND_TAIL, self.tail.into())?;
            }
            let ran = self.device.run(SLICE, &mut self.memory)?;
            cycles += ran.cycles.max(1);
            if cycles > PATIENCE {
                return Err(EngineError::Protocol {
                    engine: "memory",
                    why: format!("{} of {} tiles, {asked} products", self.seen, case.tiles()),
                });
            }
        }
        self.device.run(PATIENCE, &mut self.memory)?;
        Ok(())
    }

    /// Commands that the ring still takes; what is done is known from entries.
    fn room(&self) -> u16 {
        (1 << COMMAND_BITS) - self.tail.wrapping_sub(self.head)
    }

    /// Entries that came; their places are given back.
    fn take_entries(&mut self) -> Result<(), EngineError> {
        let before = self.seen;
        loop {
            let at = ENTRY_RING + u64::from(self.seen % (1 << ENTRY_BITS)) * 64;
            if self.memory.word(at + 60) != Some(self.seen + 1) {
                break;
            }
            self.head = self.memory.word(at + 56).unwrap_or(0) as u16;
            if self.case.products {
                self.products.extend(self.memory.word(at + 4));
            }
            self.seen += 1;
        }
        match self.seen == before {
            true => Ok(()),
            false => self.write(map::COMPLETION_HEAD, self.seen & 0xffff),
        }
    }
}
