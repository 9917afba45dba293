//! A small host: commands into a ring, entries out of another, on any memory device.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::registers;
use gemmine_hdl::registers::panel_address;
use gemmine_sim::memory::{MemoryDevice, Ran, Regions};

use crate::board::host::Tile;

/// More cycles than anything that a test waits for takes.
pub const PATIENCE: u64 = 5_000_000;
/// Where the rings stand, each in its own region.
pub const COMMAND_RING: u64 = 0x1_0000_0000;
pub const ENTRY_RING: u64 = 0x2_0000_0040;
/// Where data stands.
pub const DATA: u64 = 0x3_0000_0000;
pub const DATA_BYTES: usize = 1 << 20;

/// An entry of the completion ring.
pub type Entry = [u32; map::ENTRY_WORDS as usize];

/// The host's end of the link.
pub struct Host {
    pub device: Box<dyn MemoryDevice>,
    pub memory: Regions,
    pub interrupts: u32,
    command_bits: u32,
    entry_bits: u32,
    /// One past the newest command.
    pub tail: u16,
    /// Entries seen.
    pub seen: u32,
    /// First byte of data that nothing stands in.
    free: u64,
}

impl Host {
    /// Powers nothing up but the rings, of 2^4 entries.
    pub fn new(device: impl MemoryDevice + 'static) -> Self {
        Self::with_rings(device, 4, 4)
    }

    pub fn with_rings(
        device: impl MemoryDevice + 'static,
        command_bits: u32,
        entry_bits: u32,
    ) -> Self {
        let mut memory = Regions::default();
        memory.map(COMMAND_RING, 32 << command_bits);
        memory.map(ENTRY_RING, 64 << entry_bits);
        memory.map(DATA, DATA_BYTES);
        let mut host = Self {
            device: Box::new(device),
            memory,
            interrupts: 0,
            command_bits,
            entry_bits,
            tail: 0,
            seen: 0,
            free: DATA,
        };
        for (base, at) in
            [(COMMAND_RING, map::COMMAND_BASE_LOW), (ENTRY_RING, map::COMPLETION_BASE_LOW)]
        {
            host.write(at, base as u32);
            host.write(at + 1, (base >> 32) as u32);
        }
        host.write(map::COMMAND_SIZE, command_bits);
        host.write(map::COMPLETION_SIZE, entry_bits);
        host.write(map::INTERRUPT_CONTROL, map::INTERRUPT_ENABLE);
        host.write(map::DMA_CONTROL, map::CONTROL_RUN);
        host
    }

    pub fn read(&mut self, word: u32) -> u32 {
        self.device.read(4 * word, &mut self.memory).unwrap()
    }

    pub fn write(&mut self, word: u32, value: u32) {
        self.device.write(4 * word, value, &mut self.memory).unwrap();
    }

    /// A counter of two halves.
    pub fn counter(&mut self, low: u32) -> u64 {
        u64::from(self.read(low)) | u64::from(self.read(low + 1)) << 24
    }

    pub fn run(&mut self, cycles: u64) -> Ran {
        let ran = self.device.run(cycles, &mut self.memory).unwrap();
        self.interrupts += ran.interrupts;
        ran
    }

    /// Lets the device run until nothing more happens.
    pub fn rest(&mut self) -> Ran {
        let ran = self.run(PATIENCE);
        assert!(ran.idle, "the device never rests: {ran:?}");
        ran
    }

    /// Puts a command into the ring, without telling the device.
    pub fn put(&mut self, command: [u32; 8]) {
        let place = u64::from(self.tail) % (1 << self.command_bits);
        assert!(self.memory.put(COMMAND_RING + 32 * place, &command));
        self.tail = self.tail.wrapping_add(1);
    }

    pub fn ring(&mut self) {
        self.write(map::COMMAND_TAIL, self.tail.into());
    }

    /// One command, which is done when this comes back.
    pub fn command(&mut self, command: [u32; 8]) {
        self.put(command);
        self.ring();
        self.rest();
        assert_eq!(self.read(map::COMMAND_HEAD), u32::from(self.tail));
    }

    /// A place for data.
    pub fn place(&mut self, words: usize) -> u64 {
        let bytes = (4 * words as u64).next_multiple_of(8);
        if self.free + bytes > DATA + DATA_BYTES as u64 {
            self.free = DATA;
        }
        let at = self.free;
        self.free += bytes;
        at
    }

    /// Words to the bus.
    pub fn load(&mut self, bus: u32, words: &[u32]) {
        let from = self.place(words.len());
        assert!(self.memory.put(from, words));
        self.command(transfer(map::WRITE, bus, words.len() as u32, from));
    }

    /// Words from the bus.
    pub fn fetch(&mut self, bus: u32, words: u32) -> Vec<u32> {
        let to = self.place(words as usize);
        self.command(transfer(map::READ, bus, words, to));
        (0..u64::from(words)).map(|n| self.memory.word(to + 4 * n).unwrap()).collect()
    }

    /// The entry of an index.
    pub fn entry(&mut self, index: u32) -> Entry {
        let at = ENTRY_RING + u64::from(index % (1 << self.entry_bits)) * 64;
        std::array::from_fn(|word| self.memory.word(at + 4 * word as u64).unwrap())
    }

    /// Entries that came since the last call, in order; their places are given back.
    pub fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            let entry = self.entry(self.seen);
            if entry[15] != self.seen + 1 {
                break;
            }
            entries.push(entry);
            self.seen += 1;
        }
        self.write(map::COMPLETION_HEAD, self.seen & 0xffff);
        entries
    }

    /// A panel of `lanes[lane][step]`, from a word on, as one command a lane.
    pub fn load_panel(&mut self, side: usize, first_word: u32, lanes: &[Vec<u8>; 16]) {
        for (bus, words) in self.panel_words(side, first_word, lanes) {
            self.load(bus, &words);
        }
    }

    /// Where the lanes of a panel stand on the bus, and their words.
    pub fn panel_words(
        &self,
        side: usize,
        first_word: u32,
        lanes: &[Vec<u8>; 16],
    ) -> Vec<(u32, Vec<u32>)> {
        let config = self.device.description().config.accelerator;
        let width = [config.geometry.rows(), config.geometry.columns()][side];
        let window = [registers::PANELS_A, registers::PANELS_B][side];
        let words = |steps: &Vec<u8>| {
            let word = |four: &[u8]| {
                let mut bytes = [0; 4];
                bytes[..four.len()].copy_from_slice(four);
                u32::from_le_bytes(bytes)
            };
            steps.chunks(4).map(word).collect::<Vec<u32>>()
        };
        let bus = |lane| window + panel_address(width, config.panel_word_bits as usize, lane);
        lanes.iter().enumerate().map(|(n, lane)| (bus(n) + first_word, words(lane))).collect()
    }

    pub fn product(&mut self, bank: u32) -> Vec<i32> {
        let geometry = self.device.description().config.accelerator.geometry;
        let words = self.fetch(registers::RESULTS + bank * 256, 256);
        let place = |n: usize| registers::result_address(geometry, 0, n / 16, n % 16) as usize;
        (0..256).map(|n| words[place(n)] as i32).collect()
    }
}

/// A command between host memory and bus.
pub fn transfer(opcode: u32, bus: u32, words: u32, host: u64) -> [u32; 8] {
    [opcode, bus, words, 0, host as u32, (host >> 32) as u32, 0, 0]
}

/// A command with words of its own.
pub fn immediate(bus: u32, words: &[u32]) -> [u32; 8] {
    let mut command = [map::IMMEDIATE, bus, words.len() as u32, 0, 0, 0, 0, 0];
    command[4..4 + words.len()].copy_from_slice(words);
    command
}

/// The same, with an entry of kind 2 when it is done.
pub fn notifying(mut command: [u32; 8], tag: u16) -> [u32; 8] {
    command[0] |= 1 << 7 | u32::from(tag) << 16;
    command
}

/// A tile's descriptor.
pub fn descriptor(tile: &Tile) -> [u32; 8] {
    immediate(registers::DESCRIPTORS, &tile.words())
}

/// Kind of an entry.
pub fn kind(entry: &Entry) -> u32 {
    map::ENTRY_FIELDS[4].get(entry)
}
