//! The board in rust-hdl's simulator: a whole device's own source, at its two wires.
//!
//! About a thousand cycles a second: for the smallest geometry, and for nothing but tests.

use gemmine_hdl::identity::Build;
use gemmine_hdl::serial_device::SerialDevice;
use gemmine_hdl::with_device;
use rust_hdl_core::prelude::*;

use super::SETTLE_PASSES;
use crate::board::host::{HostUart, increment};
use crate::board::{Board, BoardConfig, BoardDescription, Progress, Stop};
use crate::engine::EngineError;

/// Cycles without any activity after which the device rests: longer than any pipeline in it.
const QUIET_CYCLES: u32 = 64;

/// The board.
pub struct RustHdlBoard {
    description: BoardDescription,
    device: Box<dyn Wired>,
    host: HostUart,
    now: u64,
    quiet: u32,
}

impl RustHdlBoard {
    /// A board that has just been powered up; BUILD reads as the configuration says.
    ///
    /// # Errors
    /// If the geometry is not built in, or not with this panel memory, or the first rate is too fast for the clock.
    pub fn new(config: BoardConfig) -> Result<Self, EngineError> {
        let mut host = HostUart::default();
        host.set_increment(increment(config.first_baud, config.clock_hz)?);
        let build = Build {
            hash: config.build,
            clock_hz: config.clock_hz,
            baud: config.first_baud,
            engines: config.engines as usize,
            noise: config.noise,
            ..Build::default()
        };
        let device: Box<dyn Wired> = with_device!(config.geometry, config.panel_word_bits as usize, D => {
            let mut device = Box::new(D::new(build));
            device.connect_all();
            device as Box<dyn Wired>
        })?;
        let description = BoardDescription { engine: "rtl", config };
        Ok(Self { description, device, host, now: 0, quiet: 0 })
    }

    /// One cycle. True if anything moves.
    fn cycle(&mut self) -> Result<bool, EngineError> {
        let level = self.host.send_cycle();
        let (line, active) = self.device.settle(level).ok_or_else(unsettled)?;
        self.host.receive_cycle(line, self.now);
        self.device.edge().ok_or_else(unsettled)?;
        self.now += 1;
        Ok(active || !level || !line || self.host.is_busy())
    }
}

fn unsettled() -> EngineError {
    EngineError::Protocol { engine: "rtl", why: "a cycle does not settle".into() }
}

impl Board for RustHdlBoard {
    fn description(&self) -> &BoardDescription {
        &self.description
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        self.host.set_increment(increment(baud, self.description.config.clock_hz)?);
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.host.send(bytes);
        self.quiet = 0;
        Ok(())
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        for _ in 0..cycles {
            if stop == Stop::AtRest && self.quiet >= QUIET_CYCLES {
                break;
            }
            self.quiet = if self.cycle()? { 0 } else { self.quiet + 1 };
        }
        let resting = self.quiet >= QUIET_CYCLES;
        Ok(Progress { bytes: self.host.take(), now: self.now, resting })
    }
}

/// A device of any geometry, one cycle at a time.
trait Wired: Send {
    /// Lets the cycle's wires settle: level from the device, and whether it is active.
    fn settle(&mut self, line: bool) -> Option<(bool, bool)>;
    /// Ends the cycle.
    fn edge(&mut self) -> Option<()>;
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Wired for SerialDevice<P, Q, A, B, W, R, S>
{
    fn settle(&mut self, line: bool) -> Option<(bool, bool)> {
        self.line_in.next = line;
        self.clock.next = Clock { clk: false };
        simulate(self, SETTLE_PASSES).then(|| (self.line_out.val(), self.active_out.val()))
    }

    fn edge(&mut self) -> Option<()> {
        self.clock.next = Clock { clk: true };
        simulate(self, SETTLE_PASSES).then_some(())
    }
}
