//! What a host, or a guest that means no good, writes into the window of a device behind PCI Express, and what stands
//! in its rings and data, through the model of the device: the smallest there is.
//!
//! An input is a row of commands for the ring, right or as they come, doorbells, registers read and written, words in
//! host memory, and time that passes; so little of it that the longest tile is never done. Whatever comes, the device
//! asks for host memory in bursts as the link has them, counts those, and says why it halts. A reset ends all that it
//! does with host memory, and with one of the accelerator the driver opens it and has it do right work.

use gemmine_hdl::dma_registers::{
    BURST_BYTES, COMMAND_BASE_HIGH, COMMAND_BASE_LOW, COMMAND_HEAD, COMMAND_TAIL,
    COMPLETION_BASE_HIGH, COMPLETION_BASE_LOW, COMPLETION_HEAD, COMPLETION_TAIL, CONTROL_RESET,
    CONTROL_RUN, DMA_CONTROL, DMA_READ_BYTES, DMA_REGISTER_WORDS, DMA_REGISTERS, DMA_STATUS,
    DMA_WRITE_BYTES, DmaError, IMMEDIATE, IMMEDIATE_WORDS, INTERRUPT_CONTROL, INTERRUPT_ENABLE,
    READ, STATUS_HALTED, TRANSFER_ALIGN, WRITE,
};
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::{BusFault, HostMemory, MemoryDevice, Ran, Regions};

use super::board::window;
use crate::input::Input;
use crate::slot::{Lies, Slot, model, works};

/// Where commands, entries and data stand.
const PLACES: [u64; 3] = [1 << 32, 2 << 32, 3 << 32];
/// Bytes of each.
const BYTES: usize = 4096;
/// Entries of the command ring, unless the input makes it another.
const COMMANDS: u16 = 16;
/// Cycles that an input may let pass.
const CYCLES_MAX: u64 = 1 << 18;
/// Cycles behind a reset in which it would be seen to end nothing.
const REST: u64 = 1 << 14;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut host = Host::new();
    if input.byte() & 1 == 0 {
        host.begin();
    }
    while !input.is_empty() {
        let act = input.byte();
        host.act(act, &mut input);
    }
    host.end();
    let slot = Slot::new(host.device, Lies::default(), true);
    let mut device = slot.open().expect("a device opens, whatever was done to it before");
    works(&mut device);
}

/// Host memory, and what the device has asked for of it.
#[derive(Default)]
struct Watched {
    regions: Regions,
    /// Bytes, modulo 2^32.
    read: u32,
    written: u32,
}

impl HostMemory for Watched {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        ensure_burst(address, bytes);
        self.read = self.read.wrapping_add(bytes.len() as u32);
        self.regions.read(address, bytes)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault> {
        ensure_burst(address, bytes);
        self.written = self.written.wrapping_add(bytes.len() as u32);
        self.regions.write(address, bytes)
    }
}

/// A burst crosses no multiple of its longest length.
fn ensure_burst(address: u64, bytes: &[u8]) {
    let count = bytes.len() as u64;
    assert!(address.is_multiple_of(TRANSFER_ALIGN), "{count} bytes at {address:#x}");
    assert!(count > 0 && address % BURST_BYTES + count <= BURST_BYTES, "{count} at {address:#x}");
}

struct Host {
    device: ModelMemory,
    memory: Watched,
    /// One past the newest command.
    tail: u16,
    /// Cycles that may still pass.
    cycles: u64,
}

impl Host {
    fn new() -> Self {
        let mut memory = Watched::default();
        PLACES.iter().for_each(|place| memory.regions.map(*place, BYTES));
        Self { device: model(), memory, tail: 0, cycles: CYCLES_MAX }
    }

    /// Starts the link as a host would.
    fn begin(&mut self) {
        for (register, value) in [
            (COMMAND_BASE_LOW, PLACES[0] as u32),
            (COMMAND_BASE_HIGH, (PLACES[0] >> 32) as u32),
            (COMPLETION_BASE_LOW, PLACES[1] as u32),
            (COMPLETION_BASE_HIGH, (PLACES[1] >> 32) as u32),
            (INTERRUPT_CONTROL, INTERRUPT_ENABLE),
            (DMA_CONTROL, CONTROL_RUN),
        ] {
            self.write(register, value);
        }
    }

    fn read(&mut self, word: u32) -> u32 {
        self.device.read(4 * word, &mut self.memory).expect("a model is read")
    }

    fn write(&mut self, word: u32, value: u32) {
        self.device.write(4 * word, value, &mut self.memory).expect("a model is written");
    }

    fn run(&mut self, cycles: u64) -> Ran {
        self.device.run(cycles, &mut self.memory).expect("a model runs")
    }

    /// Something that a host does.
    fn act(&mut self, act: u8, input: &mut Input<'_>) {
        match act % 8 {
            0 => {
                let command = command(act, input);
                self.push(&command);
            }
            1 => {
                let command: [u32; 8] = std::array::from_fn(|_| input.word());
                self.push(&command);
            }
            2 => {
                let tail = if act >> 3 == 31 { input.half() } else { self.tail };
                self.write(COMMAND_TAIL, tail.into());
            }
            3 => {
                let register = DMA_REGISTERS + u32::from(input.byte()) % DMA_REGISTER_WORDS;
                self.write(register, input.word());
            }
            4 => self.write(window(input.byte()), input.word()),
            5 => {
                self.read(window(input.byte()));
            }
            6 => {
                let place = PLACES[usize::from(act >> 3) % PLACES.len()];
                let offset = 4 * u64::from(input.half()) % BYTES as u64;
                let words: Vec<u32> = (0..input.byte() % 64).map(|_| input.word()).collect();
                // Those that do not fit are not there.
                self.memory.regions.put(place + offset, &words);
            }
            _ if act >> 3 & 1 == 1 => {
                let tail = self.read(COMPLETION_TAIL);
                self.write(COMPLETION_HEAD, tail);
            }
            _ => {
                let cycles = u64::from(input.half()).min(self.cycles);
                self.cycles -= cycles;
                self.run(cycles);
            }
        }
    }

    /// Puts a command where the next one stands, without telling the device.
    fn push(&mut self, command: &[u32; 8]) {
        let place = PLACES[0] + 32 * u64::from(self.tail % COMMANDS);
        assert!(self.memory.regions.put(place, command), "there is room for it");
        self.tail = self.tail.wrapping_add(1);
    }

    /// Resets the link.
    fn end(&mut self) {
        let status = self.read(DMA_STATUS);
        let halted = status & STATUS_HALTED != 0;
        assert_eq!(halted, DmaError::of_status(status).is_some(), "status {status:#x}");
        let counted = (self.read(DMA_READ_BYTES), self.read(DMA_WRITE_BYTES));
        assert_eq!(counted, (self.memory.read, self.memory.written), "bytes of host memory");
        self.write(DMA_CONTROL, CONTROL_RESET);
        // Takes the interrupts of before.
        self.run(0);
        let ran = self.run(REST);
        assert_eq!(ran.interrupts, 0, "an interrupt behind a reset");
        assert_eq!(counted, (self.memory.read, self.memory.written), "behind a reset");
        for register in
            [DMA_CONTROL, DMA_STATUS, COMMAND_TAIL, COMMAND_HEAD, COMPLETION_TAIL, COMPLETION_HEAD]
        {
            assert_eq!(self.read(register), 0, "word {register} behind a reset");
        }
    }
}

/// A command that may well make sense: words of its own to a register or window, or a transfer between there and the
/// data.
fn command(act: u8, input: &mut Input<'_>) -> [u32; 8] {
    let opcode = [WRITE, READ, IMMEDIATE, IMMEDIATE][usize::from(act >> 3 & 3)];
    let notify = u32::from(act >> 5 & 1);
    let bus = window(input.byte());
    let mut command = [opcode | notify << 7 | u32::from(act) << 16, bus, 0, 0, 0, 0, 0, 0];
    if opcode == IMMEDIATE {
        let words = 1 + u32::from(input.byte()) % IMMEDIATE_WORDS;
        command[2] = words;
        command[4..4 + words as usize].fill_with(|| input.word());
    } else {
        command[2] = u32::from(input.half()) % 1025;
        let host = PLACES[2] + TRANSFER_ALIGN * u64::from(input.byte());
        (command[4], command[5]) = (host as u32, (host >> 32) as u32);
    }
    command
}
