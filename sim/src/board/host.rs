//! The host's end of two wires, cycle by cycle: what [`uart_tx`](gemmine_hdl::uart_tx) and
//! [`uart_rx`](gemmine_hdl::uart_rx) do, in plain Rust.

use std::collections::VecDeque;

use gemmine_hdl::uart_tx::baud_increment;

use super::LineByte;
use crate::engine::EngineError;

/// One bit, in increments.
const BIT: u64 = 1 << 24;
/// Cycles that the receiver's synchroniser takes.
const SYNCHRONISER: u64 = 2;

/// The increment of a rate.
///
/// # Errors
/// If a bit of it would last less than two cycles.
pub fn increment(baud: u32, clock_hz: u32) -> Result<u32, EngineError> {
    let increment = baud_increment(baud.into(), clock_hz.into()).filter(|&increment| increment > 0);
    increment.ok_or(EngineError::Unsupported {
        what: "baud rate",
        value: baud as usize,
        min: 1,
        max: clock_hz as usize / 2,
    })
}

/// A UART.
#[derive(Clone, Debug, Default)]
pub struct HostUart {
    increment: u64,
    // Sender
    waiting: VecDeque<u8>,
    /// Bits that are still to be sent, with a one in front of the last; 0 when idle.
    shifted: u32,
    send_phase: u64,
    // Receiver
    synchroniser: [bool; 2],
    receiving: bool,
    stuck: bool,
    position: u32,
    data: u8,
    phase: u64,
    began: u64,
    received: Vec<LineByte>,
}

impl HostUart {
    /// Changes the rate, in bits a cycle, in 2^-24.
    pub fn set_increment(&mut self, increment: u32) {
        self.increment = increment.into();
    }

    /// Puts bytes behind those that wait.
    pub fn send(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
    }

    /// The bytes that came since the last call.
    pub fn take(&mut self) -> Vec<LineByte> {
        std::mem::take(&mut self.received)
    }

    /// Whether a byte waits or is on its way in either direction.
    pub fn is_busy(&self) -> bool {
        self.shifted != 0
            || !self.waiting.is_empty()
            || self.receiving
            || self.synchroniser != [false; 2]
    }

    /// The level of the wire to the device in this cycle.
    pub fn send_cycle(&mut self) -> bool {
        if self.shifted == 0
            && let Some(byte) = self.waiting.pop_front()
        {
            // Start bit, byte, stop bit, and the mark behind it.
            self.shifted = u32::from(byte) << 1 | 0b11 << 9;
            self.send_phase = 0;
        }
        if self.shifted == 0 {
            return true;
        }
        let level = self.shifted & 1 == 1;
        self.send_phase = self.send_phase % BIT + self.increment;
        if self.send_phase >= BIT {
            self.shifted >>= 1;
            if self.shifted == 1 {
                self.shifted = 0;
            }
        }
        level
    }

    /// The level of the wire from the device in this cycle, `now`.
    pub fn receive_cycle(&mut self, level: bool, now: u64) {
        let low = self.synchroniser[1];
        self.synchroniser = [!level, self.synchroniser[0]];
        let was_stuck = self.stuck;
        self.stuck &= low;
        if self.receiving {
            self.phase = self.phase % BIT + self.increment;
            if self.phase < BIT {
                return;
            }
            match self.position {
                0 => self.receiving = low,
                9 => {
                    self.receiving = false;
                    self.stuck = low;
                    if !low {
                        self.received.push(LineByte { cycle: self.began, byte: self.data });
                    }
                }
                _ => self.data = self.data >> 1 | u8::from(!low) << 7,
            }
            self.position += 1;
        } else if low && !was_stuck {
            self.receiving = true;
            self.position = 0;
            self.phase = BIT / 2;
            self.began = now - SYNCHRONISER;
        }
    }
}
