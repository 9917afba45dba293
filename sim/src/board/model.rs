//! The model board: the RTL's decisions in plain Rust, products by SIMD, and no idle cycle.
//!
//! | module | owns | in the RTL |
//! |---|---|---|
//! | `receiver` | bytes from a wire | `uart_rx` |
//! | `decoder` | frames from bytes | `frame_decoder` |
//! | `endpoint` | the protocol | `endpoint` |
//! | `encoder` | responses to a wire | `frame_encoder`, `uart_tx` |
//! | `control` | rate, errors in a row, watchdog | `line_control` |
//! | `device` | all of these and the accelerator | `serial_device` |
//! | `accelerator` | everything behind the bus | `accelerator` |
//!
//! In a cycle in which a register decides something, the model does what the RTL does; all others
//! pass at once. Latencies are the constants of the RTL's modules.

mod control;
mod decoder;
mod device;
mod encoder;
mod endpoint;
mod receiver;

use gemmine_hdl::uart_tx::baud_increment;

use super::wire::{BITS, Wire, bit_begin};
use super::{Board, BoardConfig, BoardDescription, LineByte, Progress, REST_CYCLES, Stop};
use crate::engine::EngineError;
use device::Device;
use receiver::Receiver;

/// A device in this process, and the host's end of its line.
#[derive(Clone, Debug)]
pub struct ModelBoard {
    description: BoardDescription,
    /// All cycles before this one have passed.
    now: u64,
    increment: u32,
    to_device: Wire,
    to_host: Wire,
    host: Receiver,
    received: Vec<LineByte>,
    device: Device,
}

impl ModelBoard {
    /// A board that has just been powered up.
    ///
    /// # Errors
    /// If a bit of the first baud rate would last less than two cycles, or panel memory has no size
    /// that the register map has room for.
    pub fn new(config: BoardConfig) -> Result<Self, EngineError> {
        config.accelerator().check()?;
        let increment = increment(config.first_baud, config.clock_hz)?;
        Ok(Self {
            description: BoardDescription { engine: "model", config },
            now: 0,
            increment,
            to_device: Wire::default(),
            to_host: Wire::default(),
            host: Receiver::new(increment),
            received: Vec::new(),
            device: Device::new(config, increment),
        })
    }

    /// Lets all cycles before `until` pass.
    fn advance(&mut self, until: u64) {
        self.device.advance(until, &mut self.to_device, &mut self.to_host);
        while let Some(received) = self.host.next(&mut self.to_host, until) {
            let byte = received.byte.map(|byte| LineByte { cycle: received.began, byte });
            self.received.extend(byte);
        }
        self.now = self.now.max(until);
    }

    /// The first cycle from which on nothing has moved on a wire, in the link or behind it; `None` if
    /// something does.
    fn quiet_from(&mut self) -> Option<u64> {
        self.device.accelerator.advance(self.now);
        // A sender is done with the last cycle of its stop bit.
        let sent = self.to_device.end().saturating_sub(1);
        let received = self.host.idle_from()?;
        let accelerator = self.device.accelerator.idle_from()?;
        Some(sent.max(received).max(self.device.idle_from()?).max(accelerator))
    }

    /// Lets cycles pass until the board rests, or to cycle `end`; whether it rests.
    fn run_to_rest(&mut self, end: u64) -> bool {
        loop {
            let target = match self.quiet_from().map(|from| from + REST_CYCLES) {
                Some(rests) if self.now >= rests => return true,
                Some(rests) => rests,
                None => self.busy_until(end),
            };
            if self.now >= end {
                return false;
            }
            self.advance(target.clamp(self.now + 1, end));
        }
    }

    /// A cycle until which the board certainly does not rest, if it does not now.
    fn busy_until(&mut self, end: u64) -> u64 {
        // The last byte is read a little behind its middle, so perhaps behind its end; by a device whose rate is 0, never.
        let sent = self.to_device.end() + 4;
        let wire = (!self.to_device.is_empty() && self.now < sent).then_some(sent);
        let next = [wire, self.host.busy_until(), self.device.next_behind()];
        if let Some(until) = next.into_iter().flatten().max() {
            return until;
        }
        // Only the accelerator is at work, and nobody looks at it: it may run ahead.
        let watchdog = self.device.expires().unwrap_or(u64::MAX);
        self.device.accelerator.advance_to_idle(watchdog.min(end))
    }
}

/// The increment of a rate.
fn increment(baud: u32, clock_hz: u32) -> Result<u32, EngineError> {
    let increment = baud_increment(baud.into(), clock_hz.into()).filter(|&increment| increment > 0);
    increment.ok_or(EngineError::Unsupported {
        what: "baud rate",
        value: baud as usize,
        min: 1,
        max: clock_hz as usize / 2,
    })
}

impl Board for ModelBoard {
    fn description(&self) -> &BoardDescription {
        &self.description
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        let increment = increment(baud, self.description.config.clock_hz)?;
        if increment != self.increment {
            self.increment = increment;
            let last = self.host.set_increment(&mut self.to_host, self.now, increment);
            let byte = last.and_then(|last| Some(LineByte { cycle: last.began, byte: last.byte? }));
            self.received.extend(byte);
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let increment = self.increment.into();
        let start = self.to_device.end().max(self.now);
        self.to_device.put(start, increment, bit_begin(increment, BITS), bytes);
        Ok(())
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        let end = self.now.saturating_add(cycles);
        let resting = match stop {
            Stop::AtRest => self.run_to_rest(end),
            Stop::Never => {
                self.advance(end);
                self.run_to_rest(end)
            }
        };
        let bytes = std::mem::take(&mut self.received);
        Ok(Progress { bytes, now: self.now, resting })
    }
}
