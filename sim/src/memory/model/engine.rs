//! Commands, entries and interrupts: what the DMA engine does, one burst or entry at a time.

use std::collections::VecDeque;

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::{COMMANDS_AHEAD, DmaError, ENTRY_WORDS};
use gemmine_hdl::registers::{COMPLETION_WORDS, COMPLETIONS, POP};

use super::Bus;
use super::command::{Action, Command, Words};
use super::registers::Registers;
use super::traffic::{Traffic, beat_bytes, burst_words};
use crate::memory::{HostMemory, Latency};

/// Cycles from the word with POP to the one in which the count of completions is that without it.
const POP_CYCLES: u64 = 4;
/// Cycles that a burst of a READ takes besides its words.
const READ_BURST_CYCLES: u64 = 13;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something was done, which took cycles.
    Did,
    /// Nothing can be done yet.
    Waits {
        /// Something can be in this cycle.
        until: Option<u64>,
        /// Something can be done as soon as a completion waits.
        copies: bool,
    },
}

/// A command that was read ahead.
#[derive(Clone, Debug)]
struct Fetched {
    /// It is here in this cycle.
    ready: u64,
    /// None, if host memory did not answer.
    words: Option<Words>,
}

/// The command in work.
#[derive(Clone, Debug)]
struct Work {
    command: Command,
    /// It was known from this cycle on.
    known: u64,
    done: u32,
    /// When the next burst of a WRITE is there.
    arrives: Option<u64>,
}

/// The engine.
#[derive(Clone, Debug)]
pub struct Engine {
    registers: Registers,
    traffic: Traffic,
    fetched: VecDeque<Fetched>,
    work: Option<Work>,
    /// An entry that no completion is behind: of a command, or of an error.
    entry: Option<[u32; ENTRY_WORDS as usize]>,
    /// When the first entry was written that no interrupt has announced.
    unannounced_from: u64,
    /// An interrupt comes whatever the moderation.
    at_once: bool,
    /// Interrupts that nobody has taken.
    interrupts: u32,
}

impl Engine {
    /// As after power-up.
    pub fn new(latency: Latency) -> Self {
        Self {
            registers: Registers::default(),
            traffic: Traffic::new(latency),
            fetched: VecDeque::new(),
            work: None,
            entry: None,
            unannounced_from: 0,
            at_once: false,
            interrupts: 0,
        }
    }

    /// Reads one of the link's registers.
    pub fn read(&self, address: u32) -> u32 {
        self.registers.read(address, self.busy())
    }

    /// Writes one of the link's registers.
    pub fn write(&mut self, address: u32, word: u32) {
        if self.registers.write(address, word) {
            // Between two steps nothing is in flight.
            self.registers.reset();
            self.fetched.clear();
            self.work = None;
            self.entry = None;
            self.at_once = false;
        }
    }

    /// The interrupts since the last call.
    pub fn take_interrupts(&mut self) -> u32 {
        std::mem::take(&mut self.interrupts)
    }

    fn busy(&self) -> bool {
        self.work.is_some() || self.entry.is_some() || self.begins()
    }

    /// Whether a command can begin, be it fetched or not.
    fn begins(&self) -> bool {
        let registers = &self.registers;
        let waits = registers.command_tail != registers.command_head;
        registers.run && registers.halted.is_none() && waits && self.entry.is_none()
    }

    /// Whether completions are copied.
    fn copies(&self) -> bool {
        let registers = &self.registers;
        registers.run && registers.halted.is_none() && registers.has_room() && self.entry.is_none()
    }

    /// Does what is to be done next.
    pub fn step(&mut self, bus: &mut Bus, host: &mut dyn HostMemory) -> Step {
        let fires = self.interrupt_due();
        if fires.is_some_and(|cycle| cycle <= bus.now) {
            self.interrupt();
            return Step::Did;
        }
        if self.registers.has_room()
            && let Some(entry) = self.entry.take()
        {
            self.put_entry(entry, bus, host);
            return Step::Did;
        }
        let copies = self.copies();
        if copies && bus.waiting() > 0 {
            self.copy(bus, host);
            return Step::Did;
        }
        let waits = match self.work.take() {
            Some(work) => self.go_on(work, bus, host),
            None if self.begins() => self.begin(bus, host),
            None => None,
        };
        if waits.is_some_and(|cycle| cycle <= bus.now) {
            return Step::Did;
        }
        Step::Waits { until: [fires, waits].into_iter().flatten().min(), copies }
    }

    /// Takes the next command into work, if it is here; else when it will be.
    fn begin(&mut self, bus: &Bus, host: &mut dyn HostMemory) -> Option<u64> {
        self.fetch(bus.now, host);
        let ready = self.fetched.front()?.ready;
        if ready > bus.now {
            return Some(ready);
        }
        let words = self.fetched.pop_front()?.words;
        match words.ok_or(DmaError::Read).and_then(|words| Command::decode(&words)) {
            Ok(command) => {
                self.work = Some(Work { command, known: ready, done: 0, arrives: None });
            }
            Err(error) => self.halt(error),
        }
        Some(bus.now)
    }

    /// Reads commands ahead.
    fn fetch(&mut self, now: u64, host: &mut dyn HostMemory) {
        let registers = &mut self.registers;
        loop {
            let index = registers.command_head.wrapping_add(self.fetched.len() as u16);
            if self.fetched.len() >= COMMANDS_AHEAD || index == registers.command_tail {
                return;
            }
            let mut bytes = [0; 4 * map::COMMAND_WORDS as usize];
            let address = registers.commands.address(index, map::COMMAND_WORDS);
            let read = host.read(address, &mut bytes);
            let count = &mut registers.counts.read_bytes;
            *count = count.wrapping_add(bytes.len() as u32);
            let mut words = Words::default();
            get(&mut words, &bytes);
            let ready = self.traffic.arrives(now, map::COMMAND_WORDS);
            self.traffic.taken(ready);
            self.fetched.push_back(Fetched { ready, words: read.is_ok().then_some(words) });
        }
    }

    /// The next burst of a command, if its words are there; when that can be.
    fn go_on(&mut self, mut work: Work, bus: &mut Bus, host: &mut dyn HostMemory) -> Option<u64> {
        let Command { action, bus: first, words, .. } = work.command;
        let (address, left) = (first + work.done, words - work.done);
        let offset = 4 * u64::from(work.done);
        let moved = match action {
            Action::Immediate { payload } => {
                bus.write(address, &payload[..left as usize]);
                Ok(left)
            }
            Action::Write { host: from } => {
                let from = from.wrapping_add(offset);
                let some = burst_words(from, left);
                let arrives = match work.arrives {
                    Some(cycle) => cycle,
                    None => {
                        let cycle = self.traffic.arrives(work.known, some);
                        let stall = cycle.saturating_sub(bus.now) as u32;
                        let stalls = &mut self.registers.counts.read_stalls;
                        *stalls = stalls.wrapping_add(stall);
                        cycle
                    }
                };
                work.arrives = Some(arrives);
                if arrives > bus.now {
                    self.work = Some(work);
                    return Some(arrives);
                }
                work.arrives = None;
                self.write_burst(from, address, some, bus, host)
            }
            Action::Read { host: to } => {
                let to = to.wrapping_add(offset);
                self.read_burst(to, address, burst_words(to, left), bus, host)
            }
        };
        match moved {
            Err(error) => self.halt(error),
            Ok(moved) => {
                work.done += moved;
                if work.done < words {
                    self.work = Some(work);
                } else {
                    self.done(&work.command, bus);
                }
            }
        }
        Some(bus.now)
    }

    fn write_burst(
        &mut self,
        from: u64,
        address: u32,
        words: u32,
        bus: &mut Bus,
        host: &mut dyn HostMemory,
    ) -> Result<u32, DmaError> {
        let mut bytes = vec![0; beat_bytes(words) as usize];
        let count = &mut self.registers.counts.read_bytes;
        *count = count.wrapping_add(bytes.len() as u32);
        host.read(from, &mut bytes).map_err(|_| DmaError::Read)?;
        let mut some = vec![0; words as usize];
        get(&mut some, &bytes);
        bus.write(address, &some);
        self.traffic.taken(bus.now);
        Ok(words)
    }

    fn read_burst(
        &mut self,
        to: u64,
        address: u32,
        words: u32,
        bus: &mut Bus,
        host: &mut dyn HostMemory,
    ) -> Result<u32, DmaError> {
        let some: Vec<u32> = (address..).take(words as usize).map(|at| bus.read(at)).collect();
        bus.pass(READ_BURST_CYCLES);
        self.put(to, &some, bus, host)?;
        Ok(words)
    }

    /// Words to host memory, as one burst.
    fn put(
        &mut self,
        to: u64,
        words: &[u32],
        bus: &mut Bus,
        host: &mut dyn HostMemory,
    ) -> Result<(), DmaError> {
        bus.now = self.traffic.sends(bus.now, words.len() as u32);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let count = &mut self.registers.counts.write_bytes;
        *count = count.wrapping_add(bytes.len() as u32);
        host.write(to, &bytes).map_err(|_| DmaError::Write)
    }

    /// A command is done.
    fn done(&mut self, command: &Command, bus: &mut Bus) {
        if matches!(command.action, Action::Read { .. }) {
            bus.now = bus.now.max(self.traffic.answered());
        }
        let registers = &mut self.registers;
        registers.command_head = registers.command_head.wrapping_add(1);
        registers.counts.commands = registers.counts.commands.wrapping_add(1);
        if let Some(tag) = command.notify {
            let mut entry = [0; ENTRY_WORDS as usize];
            map::ENTRY_FIELDS[2].put(&mut entry, tag.into());
            map::ENTRY_FIELDS[4].put(&mut entry, map::KIND_NOTIFY);
            self.entry = Some(entry);
        }
    }

    /// An error of the command that is due.
    fn halt(&mut self, error: DmaError) {
        if self.registers.halted.is_some() {
            // Not even that could be said.
            self.at_once = true;
            return;
        }
        self.registers.halted = Some((error, self.registers.command_head));
        self.fetched.clear();
        self.work = None;
        if error == DmaError::Write {
            self.at_once = true;
            return;
        }
        let mut entry = [0; ENTRY_WORDS as usize];
        entry[0] = self.registers.status(false);
        map::ENTRY_FIELDS[4].put(&mut entry, map::KIND_HALTED);
        self.entry = Some(entry);
    }

    /// Copies the oldest completion into an entry, and pops it.
    fn copy(&mut self, bus: &mut Bus, host: &mut dyn HostMemory) {
        let began = bus.now;
        let first = COMPLETIONS + bus.accelerator.oldest() * COMPLETION_WORDS;
        let mut completion = [0; COMPLETION_WORDS as usize];
        let head = map::ENTRY_HEAD_WORDS;
        for place in (0..head).chain(COMPLETION_WORDS as usize / 2..COMPLETION_WORDS as usize) {
            completion[place] = bus.read(first + place as u32);
        }
        bus.write(POP, &[1]);
        bus.pass(POP_CYCLES);
        if self.work.is_some() {
            let stalls = &mut self.registers.counts.bus_stalls;
            *stalls = stalls.wrapping_add((bus.now - began) as u32);
        }
        let mut entry = map::entry_of(&completion);
        map::ENTRY_FIELDS[4].put(&mut entry, map::KIND_COMPLETION);
        self.put_entry(entry, bus, host);
    }

    /// Writes an entry, for which there is room.
    fn put_entry(
        &mut self,
        mut entry: [u32; ENTRY_WORDS as usize],
        bus: &mut Bus,
        host: &mut dyn HostMemory,
    ) {
        let registers = &self.registers;
        let sequence = registers.written.wrapping_add(1);
        map::ENTRY_FIELDS[3].put(&mut entry, registers.command_head.into());
        map::ENTRY_FIELDS[5].put(&mut entry, sequence);
        let to = registers.completions.address(registers.written as u16, ENTRY_WORDS);
        match self.put(to, &entry, bus, host) {
            Err(error) => self.halt(error),
            Ok(()) => {
                self.registers.written = sequence;
                if self.registers.unannounced == 0 {
                    self.unannounced_from = self.traffic.answered();
                }
                self.registers.unannounced += 1;
                // Only the entry that says so is written by a link that has halted.
                self.at_once |= self.registers.halted.is_some();
            }
        }
    }

    /// When an interrupt comes, if nothing else happens.
    fn interrupt_due(&self) -> Option<u64> {
        let registers = &self.registers;
        if !registers.interrupts {
            return None;
        }
        if self.at_once {
            return Some(0);
        }
        match registers.unannounced {
            0 => None,
            count if count >= registers.moderation.entries() => Some(self.traffic.answered()),
            _ => Some(self.unannounced_from + registers.moderation.cycles()),
        }
    }

    fn interrupt(&mut self) {
        self.interrupts += 1;
        self.at_once = false;
        self.registers.unannounced = 0;
        self.registers.counts.interrupts = self.registers.counts.interrupts.wrapping_add(1);
    }
}

/// Words of bytes, low byte first; of as many as there are of both.
fn get(words: &mut [u32], bytes: &[u8]) {
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
}
