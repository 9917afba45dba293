//! The rust-hdl engine: the accelerator's own source, run by rust-hdl's simulator.
//!
//! Slow (about a thousand cycles a second for 256 PEs) and close to the source: for tests, small
//! arrays, and looking into PEs.

mod board;

use gemmine_hdl::Geometry;
use gemmine_hdl::bits::{signed_bits, unsigned_bits};
use gemmine_hdl::core::Core;
use gemmine_hdl::pe::PeState;
use rust_hdl_core::prelude::*;

use crate::collect::Collector;
use crate::engine::{Counters, Engine, EngineError, Run};
use crate::program::{Program, Shape, Stimulus};
pub use board::RustHdlBoard;

/// Passes that rust-hdl may take to settle a cycle; deep wire-only hierarchies need a few.
const SETTLE_PASSES: usize = 1000;
/// Cycles to wait for an idle or ready array before giving up.
const IDLE_CYCLES_MAX: u64 = 4096;

/// Is shown the settled core in every cycle of a program.
type Look<'a> = &'a mut dyn FnMut(u64, &dyn Clocked);

/// The engine.
pub struct RustHdl {
    core: Box<dyn Clocked>,
    geometry: Geometry,
    /// A run failed half way: the array is in no known state.
    broken: bool,
}

impl RustHdl {
    /// An idle array.
    ///
    /// # Errors
    /// If the geometry is not among [`gemmine_hdl::arrays::BUILT`] or the array does not come out of its reset.
    pub fn new(geometry: Geometry) -> Result<Self, EngineError> {
        let core: Box<dyn Clocked> = gemmine_hdl::with_core!(geometry, C => {
            let mut core = Box::new(C::default());
            core.connect_all();
            core as Box<dyn Clocked>
        })?;
        let mut engine = Self { core, geometry, broken: false };
        engine.core.drive(&Stimulus::Shape(&Shape::IDLE));
        engine.wait_until("ready", |core| core.ready())?;
        Ok(engine)
    }

    /// As [`Engine::run`], and shows every PE in every cycle to `probe`: cycle, row, column, state.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_probed(
        &mut self,
        program: &Program,
        probe: &mut dyn FnMut(u64, usize, usize, PeState),
    ) -> Result<Run, EngineError> {
        let geometry = self.geometry;
        self.run_with(program, &mut |cycle, core| {
            for row in 0..geometry.rows() {
                for column in 0..geometry.columns() {
                    probe(cycle, row, column, core.pe(row, column));
                }
            }
        })
    }

    fn run_with(&mut self, program: &Program, look: Look) -> Result<Run, EngineError> {
        program.check()?;
        if std::mem::replace(&mut self.broken, true) {
            return Err(protocol("an earlier run failed; make a new engine".into()));
        }
        let run = self.run_checked(program, look)?;
        self.broken = false;
        Ok(run)
    }

    fn run_checked(&mut self, program: &Program, look: Look) -> Result<Run, EngineError> {
        let geometry = self.geometry;
        let mut collector = Collector::new("rtl", geometry, program);
        let mut cycle = 0;
        program.feed(geometry, |stimulus| {
            if let Stimulus::Shape(_) = stimulus {
                self.core.drive(&stimulus);
                return Ok(());
            }
            self.core.drive(&stimulus);
            self.cycle(cycle, &mut collector, look)?;
            cycle += 1;
            Ok::<_, EngineError>(())
        })?;
        self.core.drive(&Stimulus::Gap);
        if program.reset.is_some() {
            self.wait_until("ready", |core| core.ready())?;
        } else {
            let end = cycle + geometry.settle_cycles() as u64;
            while cycle < end {
                self.cycle(cycle, &mut collector, look)?;
                cycle += 1;
            }
            self.wait_until("idle", |core| !core.busy())?;
        }
        collector.finish(cycle)
    }

    fn cycle(
        &mut self,
        cycle: u64,
        collector: &mut Collector,
        look: Look,
    ) -> Result<(), EngineError> {
        self.settle()?;
        if self.core.ready() {
            if let Some(word) = self.core.fold() {
                collector.fold(cycle, word)?;
            }
            for column in 0..self.geometry.columns() {
                if let Some(word) = self.core.result(column) {
                    collector.result(cycle, column, word)?;
                }
            }
        }
        look(cycle, self.core.as_ref());
        self.edge()
    }

    fn wait_until(
        &mut self,
        what: &str,
        done: fn(&dyn Clocked) -> bool,
    ) -> Result<(), EngineError> {
        for _ in 0..IDLE_CYCLES_MAX {
            self.settle()?;
            if done(self.core.as_ref()) {
                // Counters trail the array by two cycles.
                for _ in 0..2 {
                    self.edge()?;
                    self.settle()?;
                }
                return Ok(());
            }
            self.edge()?;
        }
        Err(protocol(format!("not {what} after {IDLE_CYCLES_MAX} cycles")))
    }

    fn settle(&mut self) -> Result<(), EngineError> {
        let settled = self.core.settle();
        settled.then_some(()).ok_or_else(|| protocol("a cycle does not settle".into()))
    }

    fn edge(&mut self) -> Result<(), EngineError> {
        let settled = self.core.edge();
        settled.then_some(()).ok_or_else(|| protocol("a clock edge does not settle".into()))
    }
}

fn protocol(why: String) -> EngineError {
    EngineError::Protocol { engine: "rtl", why }
}

impl Engine for RustHdl {
    fn name(&self) -> &'static str {
        "rtl"
    }

    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn run(&mut self, program: &Program) -> Result<Run, EngineError> {
        self.run_with(program, &mut |_, _| {})
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        Ok(self.core.counters())
    }
}

/// A core of any geometry, one cycle at a time.
trait Clocked: Send {
    /// Sets the inputs of the cycle.
    fn drive(&mut self, stimulus: &Stimulus);
    /// Lets the cycle's wires settle; false if they don't.
    fn settle(&mut self) -> bool;
    /// Ends the cycle.
    fn edge(&mut self) -> bool;
    fn ready(&self) -> bool;
    fn busy(&self) -> bool;
    fn fold(&self) -> Option<u32>;
    fn result(&self, column: usize) -> Option<u32>;
    fn counters(&self) -> Counters;
    fn pe(&self, row: usize, column: usize) -> PeState;
}

impl<const P: usize, const Q: usize, const A: usize> Clocked for Core<P, Q, A> {
    fn drive(&mut self, stimulus: &Stimulus) {
        // In its reset, too, the array is offered a step.
        self.valid_in.next = matches!(stimulus, Stimulus::Step(..) | Stimulus::Reset);
        self.reset_in.next = matches!(stimulus, Stimulus::Reset);
        match stimulus {
            Stimulus::Shape(shape) => {
                self.chunk_last_in.next = unsigned_bits(shape.chunk_last.into());
                self.chunks_last_in.next = unsigned_bits(shape.chunks_last.into());
                self.tail_in.next = shape.tail_last.is_some();
                self.tail_last_in.next = unsigned_bits(shape.tail_last.unwrap_or(0).into());
            }
            Stimulus::Step(a, b) => {
                for (port, &value) in self.a_in.iter_mut().zip(*a) {
                    port.next = signed_bits(value.into());
                }
                for (port, &value) in self.b_in.iter_mut().zip(*b) {
                    port.next = signed_bits(value.into());
                }
            }
            Stimulus::Gap | Stimulus::Reset => {}
        }
    }

    fn settle(&mut self) -> bool {
        self.clock.next = Clock { clk: false };
        simulate(self, SETTLE_PASSES)
    }

    fn edge(&mut self) -> bool {
        self.clock.next = Clock { clk: true };
        simulate(self, SETTLE_PASSES)
    }

    fn ready(&self) -> bool {
        self.ready_out.val()
    }

    fn busy(&self) -> bool {
        self.busy_out.val()
    }

    fn fold(&self) -> Option<u32> {
        self.fold_valid_out.val().then(|| self.fold_out.val().to_u32())
    }

    fn result(&self, column: usize) -> Option<u32> {
        self.result_valid_out[column].val().then(|| self.result_out[column].val().to_u32())
    }

    fn counters(&self) -> Counters {
        let join = |low: Bits<32>, high: Bits<32>| {
            u64::from(low.to_u32()) | u64::from(high.to_u32()) << 24
        };
        Counters {
            cycles: join(self.cycles_low_out.val(), self.cycles_high_out.val()),
            mac_cycles: join(self.mac_cycles_low_out.val(), self.mac_cycles_high_out.val()),
            full_mac_cycles: join(
                self.full_mac_cycles_low_out.val(),
                self.full_mac_cycles_high_out.val(),
            ),
        }
    }

    fn pe(&self, row: usize, column: usize) -> PeState {
        self.pe_state(row, column)
    }
}
