//! The line to a virtual board in this process: no port, no operating system, and time that passes
//! only while somebody waits.
//!
//! So what a host and a board say to each other is the same every time, however slow the simulation
//! is and whatever else the machine does.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gemmine_sim::board::{Board, Stop};

use super::port::{Opener, Port};
use crate::link_error::LinkError;

/// Bytes that wait to be put on the line at most, as in a serial port's buffer.
const BUFFER_BYTES: u64 = 4096;
/// Bits of a byte on the line.
const BITS: u64 = 10;
/// Byte times between two looks at what came.
const SLICE_BYTES: u64 = 8;

/// A board, shared between the ports that are opened to it one after the other.
pub type SharedBoard = Arc<Mutex<Box<dyn Board>>>;

/// Opens the line to a board.
pub struct BoardOpener {
    board: SharedBoard,
    started: Instant,
    /// Time that passed while the board rested, or nobody listened.
    rested: Arc<Mutex<Duration>>,
}

impl BoardOpener {
    /// For a board.
    pub fn new(board: SharedBoard) -> Self {
        Self { board, started: Instant::now(), rested: Arc::default() }
    }
}

impl Opener for BoardOpener {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let clock_hz = lock(&self.board).description().config.clock_hz;
        let mut port = BoardPort {
            board: Arc::clone(&self.board),
            started: self.started,
            clock_hz: clock_hz.into(),
            baud: baud.into(),
            now: 0,
            rested: Arc::clone(&self.rested),
            line_end: 0,
            received: Vec::new(),
        };
        let opened = port.set_baud(baud).and_then(|()| port.run(0));
        opened.map_err(|source| LinkError::Open { path: "the simulated board".into(), source })?;
        Ok(Box::new(port))
    }

    fn pause(&mut self, duration: Duration) {
        *lock(&self.rested) += duration;
    }

    fn now(&self) -> Instant {
        let progress = lock(&self.board).run(0, Stop::AtRest);
        let cycles = progress.map_or(0, |progress| progress.now);
        let clock_hz = lock(&self.board).description().config.clock_hz;
        self.started + seconds(cycles, clock_hz.into()) + *lock(&self.rested)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time that cycles take.
fn seconds(cycles: u64, clock_hz: u64) -> Duration {
    Duration::from_secs_f64(cycles as f64 / clock_hz as f64)
}

/// The line to a board.
struct BoardPort {
    board: SharedBoard,
    started: Instant,
    clock_hz: u64,
    baud: u64,
    /// Cycle of the board.
    now: u64,
    rested: Arc<Mutex<Duration>>,
    /// Cycle in which the line to the board will be idle.
    line_end: u64,
    received: Vec<u8>,
}

impl BoardPort {
    /// Cycles that so many bytes take on the line.
    fn byte_cycles(&self, bytes: u64) -> u64 {
        (bytes * BITS * self.clock_hz).div_ceil(self.baud.max(1))
    }

    /// Bytes that there is room for.
    fn room(&self) -> u64 {
        let waiting = self.line_end.saturating_sub(self.now) / self.byte_cycles(1).max(1);
        BUFFER_BYTES.saturating_sub(waiting)
    }

    /// Lets the board run. True if it rests.
    fn run(&mut self, cycles: u64) -> io::Result<bool> {
        let progress = lock(&self.board).run(cycles, Stop::AtRest).map_err(io::Error::other)?;
        self.received.extend(progress.bytes.iter().map(|byte| byte.byte));
        self.now = progress.now;
        Ok(progress.resting)
    }
}

impl Port for BoardPort {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.received.len());
        buffer[..count].copy_from_slice(&self.received[..count]);
        self.received.drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.room() as usize);
        lock(&self.board).send(&bytes[..count]).map_err(io::Error::other)?;
        self.line_end = self.line_end.max(self.now) + self.byte_cycles(count as u64);
        Ok(count)
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        let cycles = (timeout.as_secs_f64() * self.clock_hz as f64).ceil() as u64;
        let end = self.now.saturating_add(cycles.max(1));
        while self.received.is_empty() && !(to_write && self.room() > 0) && self.now < end {
            let slice = self.byte_cycles(SLICE_BYTES).min(end - self.now);
            if self.run(slice)? && self.received.is_empty() {
                // Nothing will come: the rest of the time passes at once.
                let left = end.saturating_sub(self.now);
                *lock(&self.rested) += seconds(left, self.clock_hz);
                break;
            }
        }
        Ok(())
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        // What is on the line leaves it at the old rate.
        let left = self.line_end.saturating_sub(self.now);
        self.run(left)?;
        lock(&self.board).set_host_baud(baud).map_err(io::Error::other)?;
        self.baud = baud.into();
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        self.received.clear();
        Ok(())
    }

    fn now(&self) -> Instant {
        self.started + seconds(self.now, self.clock_hz) + *lock(&self.rested)
    }
}
