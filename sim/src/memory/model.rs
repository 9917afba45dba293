//! The model of a memory device: the accelerator cycle by cycle, the DMA engine by what it does.
//!
//! | module | owns |
//! |---|---|
//! | `registers` | the link's own registers |
//! | `command` | what a command asks for, and whether it may |
//! | `engine` | commands, entries and interrupts: rings to bus and back |
//! | `traffic` | bursts of host memory, and when their words are there |
//!
//! # Cycles
//! What the accelerator does of the words that reach it, it does in the cycles in which the RTL does, as behind the
//! [serial link](crate::board::model): that is the same code. When words reach it is close, and not exact:
//!
//! * a WRITE puts a word on the bus each cycle once its burst is there; a burst comes a latency behind its request,
//!   and [`READS_IN_FLIGHT`](gemmine_hdl::dma_registers::READS_IN_FLIGHT) are requested ahead;
//! * a word read takes [`ADDRESS_CYCLES`]; entries and product tiles go out in bursts behind them, one at a time;
//! * completions are copied between bursts, not between words, and so are accesses of the host carried out.

mod command;
mod engine;
mod registers;
mod traffic;

use gemmine_hdl::accelerator::ADDRESS_CYCLES;
use gemmine_hdl::dma_registers::{DMA_REGISTER_WORDS, DMA_REGISTERS};
use gemmine_hdl::registers::ADDRESS_BITS;

use super::{HostMemory, MemoryConfig, MemoryDescription, MemoryDevice, Ran};
use crate::accelerator::{Accelerator, LinkCounters};
use crate::board::REST_CYCLES;
use crate::engine::EngineError;
use engine::{Engine, Step};

/// Cycles of an access of the host besides those of the bus: in and out of the slave's channels.
const ACCESS_CYCLES: u64 = 4;

/// A device in this process.
#[derive(Clone, Debug)]
pub struct ModelMemory {
    description: MemoryDescription,
    bus: Bus,
    engine: Engine,
}

impl ModelMemory {
    /// A device that has just been powered up.
    ///
    /// # Errors
    /// If panel memory has no size that the register map has room for, or the latency is none.
    pub fn new(config: MemoryConfig) -> Result<Self, EngineError> {
        config.accelerator.check()?;
        config.latency.check()?;
        Ok(Self {
            description: MemoryDescription { engine: "model", config },
            bus: Bus { now: 0, touched: 0, accelerator: Accelerator::new(config.accelerator) },
            engine: Engine::new(config.latency),
        })
    }
}

/// The bus of the accelerator, which takes time.
#[derive(Clone, Debug)]
struct Bus {
    /// All cycles before this one have passed for the link.
    now: u64,
    /// The first cycle behind the last word.
    touched: u64,
    accelerator: Accelerator,
}

impl Bus {
    /// Lets cycles pass without a word.
    fn pass(&mut self, cycles: u64) {
        self.now += cycles;
    }

    /// Lets cycles pass up to `limit`, or, if completions are `wanted`, until one waits; or until nothing has happened
    /// for [`REST_CYCLES`] and nothing more will without the host: whether that is so.
    fn pass_to(&mut self, limit: u64, wanted: bool) -> bool {
        self.accelerator.advance(self.now.min(limit));
        loop {
            let at = match wanted {
                true => self.accelerator.advance_to_completion(limit),
                false => self.accelerator.advance_to_idle(limit),
            };
            self.now = self.now.max(at);
            if self.now >= limit || (wanted && self.accelerator.waiting() > 0) {
                return false;
            }
            // What was written a moment ago may show its effect only now.
            let idle_from = self.accelerator.idle_from();
            match idle_from.map(|from| from.max(self.touched) + REST_CYCLES) {
                Some(rests) if self.now >= rests => return true,
                Some(rests) => self.accelerator.advance(rests.min(limit)),
                None => {}
            }
        }
    }

    /// Writes words, one a cycle.
    fn write(&mut self, address: u32, words: &[u32]) {
        let panels = address >= gemmine_hdl::registers::PANELS_A;
        let step = if panels { words.len().max(1) } else { 1 };
        for (at, some) in (address..).step_by(step).zip(words.chunks(step)) {
            self.accelerator.advance(self.now);
            self.accelerator.write(at, some);
            self.now += some.len() as u64;
        }
        self.touched = self.now;
    }

    /// Reads a word.
    fn read(&mut self, address: u32) -> u32 {
        self.now += ADDRESS_CYCLES as u64;
        self.accelerator.advance(self.now - 1);
        self.accelerator.read(address, 0, &LinkCounters::default())
    }

    /// Completions that wait now.
    fn waiting(&mut self) -> u32 {
        self.accelerator.advance(self.now);
        self.accelerator.waiting()
    }
}

/// The word address of an access, and whether it is one of the link's own registers.
fn target(byte_address: u32) -> (u32, bool) {
    let word = (byte_address / 4) & ((1 << ADDRESS_BITS) - 1);
    (word, (DMA_REGISTERS..DMA_REGISTERS + DMA_REGISTER_WORDS).contains(&word))
}

impl MemoryDevice for ModelMemory {
    fn description(&self) -> &MemoryDescription {
        &self.description
    }

    fn read(&mut self, byte_address: u32, _: &mut dyn HostMemory) -> Result<u32, EngineError> {
        self.bus.pass(ACCESS_CYCLES);
        let (word, own) = target(byte_address);
        Ok(if own { self.engine.read(word) } else { self.bus.read(word) })
    }

    fn write(
        &mut self,
        byte_address: u32,
        value: u32,
        _: &mut dyn HostMemory,
    ) -> Result<(), EngineError> {
        self.bus.pass(ACCESS_CYCLES);
        let (word, own) = target(byte_address);
        if own {
            self.engine.write(word, value);
        } else {
            self.bus.write(word, &[value]);
        }
        Ok(())
    }

    fn run(&mut self, cycles: u64, host: &mut dyn HostMemory) -> Result<Ran, EngineError> {
        let began = self.bus.now;
        let end = began.saturating_add(cycles);
        let mut idle = false;
        while self.bus.now < end && !idle {
            match self.engine.step(&mut self.bus, host) {
                Step::Did => {}
                Step::Waits { until, copies } => {
                    let limit = until.unwrap_or(u64::MAX).min(end);
                    let rests = self.bus.pass_to(limit, copies);
                    idle = rests && until.is_none();
                    if rests && !idle {
                        self.bus.now = limit;
                    }
                }
            }
        }
        let interrupts = self.engine.take_interrupts();
        Ok(Ran { cycles: self.bus.now - began, now: self.bus.now, interrupts, idle })
    }
}
