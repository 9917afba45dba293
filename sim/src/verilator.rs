//! The Verilator engine: the emitted Verilog, compiled to a program of its own.
//!
//! The program runs as a child process and is driven over pipes: no foreign code in this process,
//! a child that hangs or dies is an error and nothing more.

mod board;
mod build;
mod child;
mod memory;
pub mod modules;
mod process;
mod tools;

use gemmine_hdl::Geometry;

use crate::collect::Collector;
use crate::engine::{Counters, Engine, EngineError, Run};
use crate::program::{Program, Shape, Stimulus};
pub use board::VerilatedBoard;
pub use memory::VerilatedMemory;
use process::Process;
pub use tools::{Tools, chosen_root};

/// Cycles that the child may take to become ready or idle.
const IDLE_CYCLES_MAX: u32 = 4096;

/// The engine.
#[derive(Debug)]
pub struct Verilated {
    process: Process,
    geometry: Geometry,
    counters: Counters,
    /// A run failed half way: the array is in no known state.
    broken: bool,
}

impl Verilated {
    /// An idle array. Compiles it first if that has not been done yet, which takes up to a minute.
    ///
    /// # Errors
    /// If the tools are missing, the geometry is not built in, or the compilation fails.
    pub fn new(tools: &Tools, geometry: Geometry) -> Result<Self, EngineError> {
        let program = build::core(tools, geometry)?;
        let mut process = Process::start(&program)?;
        process.send(&Stimulus::Shape(&Shape::IDLE))?;
        process.wait_idle(IDLE_CYCLES_MAX);
        let report = process.report(u64::from(IDLE_CYCLES_MAX))?;
        if !report.ok {
            return Err(protocol("the array did not come out of its reset".into()));
        }
        Ok(Self { process, geometry, counters: report.counters, broken: false })
    }
}

impl Engine for Verilated {
    fn name(&self) -> &'static str {
        "verilator"
    }

    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn run(&mut self, program: &Program) -> Result<Run, EngineError> {
        program.check()?;
        if std::mem::replace(&mut self.broken, true) {
            return Err(protocol("an earlier run failed; make a new engine".into()));
        }
        let run = self.run_checked(program)?;
        self.broken = false;
        Ok(run)
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        Ok(self.counters)
    }
}

impl Verilated {
    fn run_checked(&mut self, program: &Program) -> Result<Run, EngineError> {
        let mut cycles = 0;
        program.feed(self.geometry, |stimulus| {
            cycles += u64::from(!matches!(stimulus, Stimulus::Shape(_)));
            self.process.send(&stimulus)
        })?;
        if program.reset.is_none() {
            self.process.gap(self.geometry.settle_cycles() as u32)?;
        }
        self.process.wait_idle(IDLE_CYCLES_MAX);
        let report = self.process.report(cycles)?;
        if !report.ok {
            return Err(protocol("a step was not taken, or the array did not become idle".into()));
        }
        self.counters = report.counters;
        let mut collector = Collector::new("verilator", self.geometry, program);
        for event in report.events {
            match event.source {
                0 => collector.fold(event.cycle, event.word)?,
                column => collector.result(event.cycle, column as usize - 1, event.word)?,
            }
        }
        collector.finish(report.cycle)
    }
}

fn protocol(why: String) -> EngineError {
    EngineError::Protocol { engine: "verilator", why }
}
