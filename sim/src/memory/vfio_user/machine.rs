//! The device behind a vfio-user socket, in a thread of its own: simulated time passes while there is something to do,
//! whether or not the client says anything, since it may well look into its own memory only.

use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use gemmine_hdl::dma_registers::{
    CONTROL_RESET, DMA_CONTROL, INTERRUPT_CONTROL, INTERRUPT_MODERATION, WINDOW_BYTES,
};
use gemmine_hdl::registers::RESET;

use super::Served;
use super::config_space::ConfigSpace;
use super::mappings::Mappings;
use crate::engine::EngineError;
use crate::memory::faults::{Faulty, is_due};
use crate::memory::{Faults, HostMemory, MemoryDevice, Regions};

/// How long a run should take, so that an access does not wait for the end of it.
const RUN: Duration = Duration::from_millis(1);
/// Cycles of a run.
const RUN_CYCLES: std::ops::RangeInclusive<u64> = 1 << 8..=1 << 26;
/// Cycles in which a reset is done: all that is in flight is answered in them.
const RESET_CYCLES: u64 = 1 << 20;

/// Something to do with the machine.
pub type Work = Box<dyn FnOnce(&mut Machine) + Send>;

/// The device and what is around it.
pub struct Machine {
    device: Box<dyn MemoryDevice>,
    /// What the device may see.
    pub mappings: Mappings,
    /// What the system sees of it.
    pub config_space: ConfigSpace,
    /// What an interrupt is told to.
    pub interrupt: Option<File>,
    faults: Faults,
    removed: bool,
    idle: bool,
    run_cycles: u64,
    /// Nothing more is wanted.
    pub stops: bool,
    /// What happened so far.
    pub served: Served,
    failure: Option<EngineError>,
}

impl Machine {
    /// As after power-up.
    pub fn new(device: Box<dyn MemoryDevice>, faults: Faults) -> Self {
        Self {
            device,
            mappings: Mappings::default(),
            config_space: ConfigSpace::new(WINDOW_BYTES),
            interrupt: None,
            faults,
            removed: faults.removed_after == Some(0),
            idle: false,
            run_cycles: *RUN_CYCLES.start(),
            stops: false,
            served: Served::default(),
            failure: None,
        }
    }

    /// Does what comes, and lets time pass in between, until it shall stop or nobody is there.
    ///
    /// # Errors
    /// If the simulation fails.
    pub fn serve(mut self, requests: &Receiver<Work>) -> Result<Served, EngineError> {
        while !self.stops && self.failure.is_none() {
            if self.idle || self.removed {
                let Ok(work) = requests.recv() else { break };
                work(&mut self);
                continue;
            }
            match requests.try_recv() {
                Ok(work) => work(&mut self),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => self.run(),
            }
        }
        self.failure.map_or(Ok(self.served), Err)
    }

    /// Whether it answers, after this access.
    fn answers(&mut self) -> bool {
        self.removed |= self.removed_now();
        !self.removed && self.config_space.answers()
    }

    fn removed_now(&mut self) -> bool {
        is_due(&mut self.faults.removed_after)
    }

    /// Reads bytes of BAR 0; where there is nothing, ones.
    pub fn read(&mut self, offset: u64, count: usize) -> Vec<u8> {
        let mut data = vec![0xff; count];
        self.served.accesses += 1;
        if !self.answers() || offset >= u64::from(WINDOW_BYTES) {
            return data;
        }
        let mut at = offset;
        while at < offset + count as u64 && at < u64::from(WINDOW_BYTES) {
            let skip = (at % 4) as usize;
            let word = self.access(at as u32, None).to_le_bytes();
            let place = (at - offset) as usize;
            let some = (4 - skip).min(count - place);
            data[place..place + some].copy_from_slice(&word[skip..skip + some]);
            at += some as u64;
        }
        data
    }

    /// Writes whole words of BAR 0; less than a word is lost.
    pub fn write(&mut self, offset: u64, data: &[u8]) {
        self.served.accesses += 1;
        if !self.answers() || !offset.is_multiple_of(4) || offset >= u64::from(WINDOW_BYTES) {
            return;
        }
        for (at, word) in (offset..).step_by(4).zip(data.as_chunks().0) {
            if at < u64::from(WINDOW_BYTES) {
                self.access(at as u32, Some(u32::from_le_bytes(*word)));
            }
        }
    }

    /// The configuration space of a device that may not be there any more.
    pub fn read_config(&self, offset: u64, count: usize) -> Vec<u8> {
        let mut data = vec![0xff; count];
        if !self.removed {
            self.config_space.read(offset, &mut data);
        }
        data
    }

    fn access(&mut self, byte_address: u32, value: Option<u32>) -> u32 {
        self.idle = false;
        let answer = self.with_host(|device, host| match value {
            Some(value) => device.write(byte_address, value, host).map(|()| 0),
            None => device.read(byte_address, host),
        });
        answer.unwrap_or(u32::MAX)
    }

    /// Does something with the device and what it may see; nothing, if the simulation has failed.
    fn with_host<T>(
        &mut self,
        work: impl FnOnce(&mut dyn MemoryDevice, &mut dyn HostMemory) -> Result<T, EngineError>,
    ) -> Option<T> {
        let mut nothing = Regions::default();
        let memory: &mut dyn HostMemory = match self.config_space.is_master() {
            true => &mut self.mappings,
            false => &mut nothing,
        };
        let done = work(self.device.as_mut(), &mut Faulty { memory, faults: &mut self.faults });
        match done {
            Ok(value) => Some(value),
            Err(failure) => {
                self.failure = Some(failure);
                None
            }
        }
    }

    fn run(&mut self) {
        let (began, cycles) = (Instant::now(), self.run_cycles);
        let Some(ran) = self.with_host(|device, host| device.run(cycles, host)) else { return };
        self.idle = ran.idle;
        self.served.cycles = ran.now;
        for _ in 0..ran.interrupts {
            self.interrupt();
        }
        let took = began.elapsed();
        if took > RUN {
            self.run_cycles = (self.run_cycles / 2).max(*RUN_CYCLES.start());
        } else if ran.cycles >= cycles && took < RUN / 4 {
            self.run_cycles = (self.run_cycles * 2).min(*RUN_CYCLES.end());
        }
    }

    /// Tells the client of an interrupt, unless that is lost.
    pub fn interrupt(&mut self) {
        if let Some(left) = &mut self.faults.interrupts {
            if *left == 0 {
                self.served.interrupts_lost += 1;
                return;
            }
            *left -= 1;
        }
        let message = 1u64.to_ne_bytes();
        let told = self.config_space.is_master()
            && self.interrupt.as_mut().is_some_and(|event| event.write_all(&message).is_ok());
        match told {
            true => self.served.interrupts += 1,
            false => self.served.interrupts_lost += 1,
        }
    }

    /// What a reset of the function does: the link is stopped, the accelerator's work dropped, no interrupt is on its
    /// way or wanted. What the system has written into the configuration space it writes there again, so it stays.
    pub fn reset(&mut self) {
        if self.removed {
            return;
        }
        for (word, value) in [
            (INTERRUPT_CONTROL, 0),
            (INTERRUPT_MODERATION, 0),
            (DMA_CONTROL, CONTROL_RESET),
            (RESET, 0),
        ] {
            self.access(4 * word, Some(value));
        }
        self.with_host(|device, host| device.run(RESET_CYCLES, host));
        self.idle = false;
    }

    /// What happens when a client goes away.
    pub fn released(&mut self) {
        self.reset();
        self.mappings.clear();
        self.interrupt = None;
        self.config_space = ConfigSpace::new(WINDOW_BYTES);
    }
}
