//! The child process that runs a Verilated core: commands to it, and its reports.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::child::{Child, take};
use crate::engine::{Counters, EngineError};
use crate::program::Stimulus;

/// Steps that are sent in one command.
const BATCH_STEPS: usize = 4096;
/// Time that a report may take, however short the program.
const PATIENCE: Duration = Duration::from_secs(60);
/// Slowest simulation that is still thought alive, in cycles a second.
const SLOWEST_CYCLES_PER_S: u64 = 200;

/// A running child.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    patience: Duration,
    batch: Vec<u8>,
    batched: u32,
    gaps: u32,
}

/// An output of the core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) cycle: u64,
    pub(super) source: u32,
    pub(super) word: u32,
}

/// All that happened since the last report.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) ok: bool,
    pub(super) cycle: u64,
    pub(super) events: Vec<Event>,
    pub(super) counters: Counters,
}

impl Process {
    pub(super) fn start(program: &Path) -> Result<Self, EngineError> {
        Self::spawn(Command::new(program))
    }

    fn spawn(command: Command) -> Result<Self, EngineError> {
        Ok(Self {
            child: Child::spawn(command)?,
            patience: PATIENCE,
            batch: Vec::new(),
            batched: 0,
            gaps: 0,
        })
    }

    /// Queues one cycle or one shape.
    pub(super) fn send(&mut self, stimulus: &Stimulus) -> Result<(), EngineError> {
        if !matches!(stimulus, Stimulus::Gap) {
            self.flush_gaps();
        }
        if !matches!(stimulus, Stimulus::Step(..)) {
            self.flush_steps()?;
        }
        match stimulus {
            Stimulus::Shape(shape) => {
                self.put(b"S");
                self.put(&shape.chunk_last.to_le_bytes());
                self.put(&shape.chunks_last.to_le_bytes());
                self.put(&[shape.tail_last.is_some().into()]);
                self.put(&shape.tail_last.unwrap_or(0).to_le_bytes());
            }
            Stimulus::Step(a, b) => {
                for value in a.iter().chain(*b) {
                    // The ports are 9 bits wide.
                    self.batch.extend((*value as u16 & 0x1ff).to_le_bytes());
                }
                self.batched += 1;
                if self.batched as usize == BATCH_STEPS {
                    self.flush_steps()?;
                }
            }
            Stimulus::Gap => self.gaps += 1,
            Stimulus::Reset => self.put(b"R"),
        }
        Ok(())
    }

    /// Queues cycles without a step.
    pub(super) fn gap(&mut self, cycles: u32) -> Result<(), EngineError> {
        self.flush_steps()?;
        self.gaps += cycles;
        Ok(())
    }

    /// Queues a wait for a ready and idle array.
    pub(super) fn wait_idle(&mut self, cycles_max: u32) {
        self.flush_gaps();
        self.put(b"W");
        self.put(&cycles_max.to_le_bytes());
    }

    /// Runs what is queued, some `cycles` of it, and reads what happened.
    pub(super) fn report(&mut self, cycles: u64) -> Result<Report, EngineError> {
        self.flush_steps()?;
        self.flush_gaps();
        self.put(b"D");
        let patience = self.patience + Duration::from_secs(cycles / SLOWEST_CYCLES_PER_S);
        let what = || format!("the report of {cycles} cycles");
        self.child.exchange(patience, read_report, what)
    }

    fn flush_gaps(&mut self) {
        if self.gaps > 0 {
            let gaps = std::mem::take(&mut self.gaps);
            self.put(b"G");
            self.put(&gaps.to_le_bytes());
        }
    }

    fn flush_steps(&mut self) -> Result<(), EngineError> {
        if self.batched > 0 {
            let steps = std::mem::take(&mut self.batched);
            let batch = std::mem::take(&mut self.batch);
            // A full pipe waits for the child, too.
            let most = Duration::from_secs(u64::from(steps) / SLOWEST_CYCLES_PER_S);
            let head = steps.to_le_bytes();
            let what = || format!("room for {steps} steps");
            let sent = self.child.send(&[b"X", &head, &batch], self.patience + most, what);
            self.batch = batch;
            self.batch.clear();
            sent?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) {
        self.child.put(bytes);
    }
}

fn read_report(output: &mut dyn std::io::Read) -> std::io::Result<Report> {
    let ok = u8::from_le_bytes(take(output)?) == 1;
    let cycle = u64::from_le_bytes(take(output)?);
    let count = u32::from_le_bytes(take(output)?);
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(Event {
            cycle: u64::from_le_bytes(take(output)?),
            source: u32::from_le_bytes(take(output)?),
            word: u32::from_le_bytes(take(output)?),
        });
    }
    let counters = Counters {
        cycles: u64::from_le_bytes(take(output)?),
        mac_cycles: u64::from_le_bytes(take(output)?),
        full_mac_cycles: u64::from_le_bytes(take(output)?),
    };
    Ok(Report { ok, cycle, events, counters })
}

#[cfg(test)]
mod tests;
