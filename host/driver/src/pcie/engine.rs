//! Both rings of a device: doorbells, room, waiting, and what went wrong.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use gemmine_hdl::dma_registers::{
    BUS_STALLS, COMMAND_BASE_HIGH, COMMAND_BASE_LOW, COMMAND_HEAD, COMMAND_SIZE, COMMAND_TAIL,
    COMMANDS, COMPLETION_BASE_HIGH, COMPLETION_BASE_LOW, COMPLETION_HEAD, COMPLETION_SIZE,
    CONTROL_RESET, CONTROL_RUN, DMA_CONTROL, DMA_ID, DMA_ID_VALUE, DMA_READ_BYTES, DMA_STATUS,
    DMA_WRITE_BYTES, DmaError, INTERRUPT_CONTROL, INTERRUPT_ENABLE, INTERRUPT_MODERATION,
    INTERRUPTS, KIND_COMPLETION, KIND_HALTED, KIND_NOTIFY, READ_STALLS, STATUS_FIELDS,
    STATUS_HALTED,
};

use super::error::PcieError;
use super::ring::{Command, CommandRing, CompletionRing};
use super::transport::{DmaMemory, Transport};
use crate::device::DmaCounters;

/// Commands of the ring, as a power of two.
const COMMANDS_SIZE: u32 = 10;
/// Entries of the completion ring: far more than descriptors, so that the device never waits for it.
const COMPLETIONS_SIZE: u32 = 8;
/// An interrupt waits so many sixteens of cycles for more entries, or for so many entries.
const MODERATION: u32 = 64 | 4 << 16;
/// How often the next entry is looked for before the thread sleeps: a few microseconds.
const SPINS: usize = 1000;
/// How long an interrupt is waited for before the ring is looked at all the same.
const SLICE_MAX: Duration = Duration::from_millis(20);
/// The same once interrupts have been lost.
const SLICE_MIN: Duration = Duration::from_millis(1);
/// Looks for the end of the reset when a device is left.
const LEAVE_LOOKS: usize = 64;

/// What the device tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A completion of the accelerator.
    Completion([u32; 16]),
    /// The command with this tag is done.
    Done(u16),
}

/// The rings of one device.
pub struct Engine {
    transport: Box<dyn Transport>,
    commands: CommandRing<DmaMemory>,
    completions: CompletionRing<DmaMemory>,
    submitted: u64,
    done: u64,
    slice: Duration,
    counters: DmaCounters,
    /// The device's counters as they were read last, each modulo 2^32.
    counted: [u32; 6],
}

impl Engine {
    /// The rings of a device, which is not started yet.
    ///
    /// # Errors
    /// If it has no memory link, or there is no memory for the rings.
    pub fn new(mut transport: Box<dyn Transport>) -> Result<Self, PcieError> {
        match transport.read(DMA_ID)? {
            DMA_ID_VALUE => {}
            u32::MAX => return Err(gone()),
            other => return Err(PcieError::NoMemoryLink(other)),
        }
        let commands = transport.allocate(CommandRing::<DmaMemory>::bytes(COMMANDS_SIZE))?;
        let completions =
            transport.allocate(CompletionRing::<DmaMemory>::bytes(COMPLETIONS_SIZE))?;
        let mut engine = Self {
            commands: CommandRing::new(commands, COMMANDS_SIZE),
            completions: CompletionRing::new(completions, COMPLETIONS_SIZE),
            transport,
            submitted: 0,
            done: 0,
            slice: SLICE_MAX,
            counters: DmaCounters::default(),
            counted: [0; 6],
        };
        engine.counted = engine.count()?;
        Ok(engine)
    }

    /// Stops the device's DMA and forgets every command. It touches no host memory from now on.
    ///
    /// # Errors
    /// If it can't be reached, or does not stop in time.
    pub fn stop(&mut self, patience: Duration) -> Result<(), PcieError> {
        self.transport.write(DMA_CONTROL, CONTROL_RESET)?;
        let start = self.now();
        while self.read(DMA_CONTROL)? & CONTROL_RESET != 0 {
            let waited = self.now().saturating_duration_since(start);
            if waited > patience {
                let what = "the end of the DMA's reset";
                return Err(PcieError::Silent { what, waited_ms: waited.as_millis() });
            }
            self.transport.wait_interrupt(SLICE_MIN)?;
        }
        self.commands.clear();
        self.completions.clear();
        (self.submitted, self.done) = (0, 0);
        Ok(())
    }

    /// Starts the DMA of a device that is stopped.
    ///
    /// # Errors
    /// If it can't be reached.
    pub fn start(&mut self) -> Result<(), PcieError> {
        let (commands, completions) =
            (self.commands.memory().address(), self.completions.memory().address());
        for (register, value) in [
            (COMMAND_BASE_LOW, commands as u32),
            (COMMAND_BASE_HIGH, (commands >> 32) as u32),
            (COMMAND_SIZE, COMMANDS_SIZE),
            (COMPLETION_BASE_LOW, completions as u32),
            (COMPLETION_BASE_HIGH, (completions >> 32) as u32),
            (COMPLETION_SIZE, COMPLETIONS_SIZE),
            (INTERRUPT_MODERATION, MODERATION),
            (INTERRUPT_CONTROL, INTERRUPT_ENABLE),
            (DMA_CONTROL, CONTROL_RUN),
        ] {
            self.transport.write(register, value)?;
        }
        Ok(())
    }

    /// Memory that the device may read and write.
    ///
    /// # Errors
    /// If there is none.
    pub fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        self.transport.allocate(bytes)
    }

    /// How long one answer may take from now on.
    pub fn set_patience(&mut self, patience: Duration) {
        self.transport.set_patience(patience);
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.transport.now()
    }

    /// Reads a register.
    ///
    /// # Errors
    /// If the device can't be reached, or all of its registers read as all ones.
    pub fn read(&mut self, register: u32) -> Result<u32, PcieError> {
        let value = self.transport.read(register)?;
        if value == u32::MAX && self.transport.read(DMA_ID)? == u32::MAX {
            return Err(gone());
        }
        Ok(value)
    }

    /// Writes a register.
    ///
    /// # Errors
    /// If the device can't be reached.
    pub fn write(&mut self, register: u32, value: u32) -> Result<(), PcieError> {
        self.transport.write(register, value)
    }

    /// Commands that have room.
    pub fn room(&self) -> usize {
        self.commands.room()
    }

    /// Commands since the start, and how many of them are known to be done.
    pub fn progress(&self) -> (u64, u64) {
        (self.submitted, self.done)
    }

    /// Adds a command, which must have room; the device learns of it with the next [`Self::ring`]. Returns how many
    /// commands are done when it is.
    ///
    /// # Errors
    /// If the ring is full.
    pub fn submit(&mut self, command: &Command) -> Result<u64, PcieError> {
        if !self.commands.push(command) {
            return Err(PcieError::Corrupt("the command ring is full".into()));
        }
        self.submitted += 1;
        Ok(self.submitted)
    }

    /// Tells the device of all commands that it does not know.
    ///
    /// # Errors
    /// If it can't be reached.
    pub fn ring(&mut self) -> Result<(), PcieError> {
        if let Some(tail) = self.commands.doorbell() {
            self.transport.write(COMMAND_TAIL, tail.into())?;
            self.counters.doorbells += 1;
        }
        Ok(())
    }

    /// Asks the device how many commands are done. That may be more than entries have told of that are not polled yet.
    ///
    /// # Errors
    /// If it can't be reached or lies.
    pub fn refresh(&mut self) -> Result<(), PcieError> {
        let head = self.read(COMMAND_HEAD)? as u16;
        self.done += u64::from(self.commands.finished(head)?);
        Ok(())
    }

    /// The next event, if it is there.
    ///
    /// # Errors
    /// If the DMA halted, or what it wrote makes no sense.
    pub fn poll(&mut self) -> Result<Option<Event>, PcieError> {
        let Some(entry) = self.completions.poll()? else { return Ok(None) };
        if let Some(head) = self.completions.consumed() {
            self.transport.write(COMPLETION_HEAD, head.into())?;
        }
        self.done += u64::from(self.commands.entered(entry.command_head())?);
        match entry.kind() {
            KIND_COMPLETION => Ok(Some(Event::Completion(entry.completion()))),
            KIND_NOTIFY => Ok(Some(Event::Done(entry.tag()))),
            KIND_HALTED => Err(halted(entry.0[0])),
            kind => Err(PcieError::Corrupt(format!("an entry has kind {kind}"))),
        }
    }

    /// Waits for the next event; `None` if none came in time. It is found without its interrupt too, only later.
    ///
    /// # Errors
    /// If the device is gone, the DMA halted, or what it wrote makes no sense.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Event>, PcieError> {
        self.ring()?;
        for _ in 0..SPINS {
            if let Some(event) = self.poll()? {
                return Ok(Some(event));
            }
            spin_loop();
        }
        let start = self.now();
        loop {
            let left = timeout.saturating_sub(self.now().saturating_duration_since(start));
            let came = self.transport.wait_interrupt(self.slice.min(left))?;
            let event = self.poll()?;
            if event.is_some() {
                self.counters.polled += u64::from(!came);
                self.slice = if came { (2 * self.slice).min(SLICE_MAX) } else { SLICE_MIN };
                return Ok(event);
            }
            if !came {
                self.check()?;
            }
            if left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// Checks that the device is there and its DMA runs.
    ///
    /// # Errors
    /// If it does not.
    pub fn check(&mut self) -> Result<(), PcieError> {
        let status = self.read(DMA_STATUS)?;
        if status & STATUS_HALTED != 0 {
            return Err(halted(status));
        }
        if self.read(DMA_CONTROL)? & CONTROL_RUN == 0 {
            let text = "its DMA does not run any more, so it was reset or lost its power";
            return Err(PcieError::Gone(text.into()));
        }
        Ok(())
    }

    /// What went over the link since the engine was made.
    ///
    /// # Errors
    /// If the device can't be reached.
    pub fn counters(&mut self) -> Result<DmaCounters, PcieError> {
        let now = self.count()?;
        let counters = &mut self.counters;
        let sums = [
            &mut counters.read_bytes,
            &mut counters.write_bytes,
            &mut counters.commands,
            &mut counters.interrupts,
            &mut counters.read_stalls,
            &mut counters.bus_stalls,
        ];
        for ((sum, now), before) in sums.into_iter().zip(now).zip(self.counted) {
            *sum += u64::from(now.wrapping_sub(before));
        }
        self.counted = now;
        Ok(self.counters)
    }

    /// The same as it was read last, with what the host counts.
    pub fn last_counters(&self) -> DmaCounters {
        self.counters
    }

    fn count(&mut self) -> Result<[u32; 6], PcieError> {
        let registers =
            [DMA_READ_BYTES, DMA_WRITE_BYTES, COMMANDS, INTERRUPTS, READ_STALLS, BUS_STALLS];
        let mut values = [0; 6];
        for (value, register) in values.iter_mut().zip(registers) {
            *value = self.read(register)?;
        }
        Ok(values)
    }
}

impl Drop for Engine {
    /// No device writes to memory that is somebody else's again.
    fn drop(&mut self) {
        if self.transport.write(DMA_CONTROL, CONTROL_RESET).is_err() {
            return;
        }
        for _ in 0..LEAVE_LOOKS {
            match self.transport.read(DMA_CONTROL) {
                Ok(control) if control & CONTROL_RESET != 0 && control != u32::MAX => {}
                _ => return,
            }
        }
    }
}

fn gone() -> PcieError {
    PcieError::Gone("its registers read as all ones".into())
}

fn halted(status: u32) -> PcieError {
    let index = STATUS_FIELDS[3].get(&[status]) as u16;
    let (why, remedy) = match DmaError::of_status(status) {
        Some(DmaError::Opcode) => (
            "it read a command that is none",
            "host memory or the link changed it; report this with the device's build",
        ),
        Some(DmaError::Range) => (
            "it read a command with a length or an address that it can't have",
            "host memory or the link changed it; report this with the device's build",
        ),
        Some(DmaError::Read) => (
            "a read of host memory failed",
            "see the kernel's log for faults of the IOMMU, and check slot and cable",
        ),
        Some(DmaError::Write) => (
            "a write to host memory failed",
            "see the kernel's log for faults of the IOMMU, and check slot and cable",
        ),
        None => ("it gives no reason", "report this with the device's build"),
    };
    PcieError::Halted { index, status, why, remedy }
}
