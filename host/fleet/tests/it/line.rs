//! The line to a virtual board, with or without damage.

use std::io;
use std::time::{Duration, Instant};

use gemmine_driver::{BoardOpener, LinkError, Opener, Port};

use crate::random::Random;

/// Opens lines that damage one frame in so many.
pub struct DamagedOpener {
    pub inner: BoardOpener,
    pub random: Random,
    pub one_in: u64,
}

impl Opener for DamagedOpener {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let inner = self.inner.open(baud)?;
        let random = Random::new(self.random.next());
        let (open, ready) = Default::default();
        Ok(Box::new(DamagedPort { inner, random, one_in: self.one_in, open, ready }))
    }

    fn pause(&mut self, duration: Duration) {
        self.inner.pause(duration);
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

/// Flips a bit, drops a byte, doubles a frame, cuts it short or loses it.
struct DamagedPort {
    inner: Box<dyn Port>,
    random: Random,
    one_in: u64,
    /// Frames that are not whole yet: to the device, to the host.
    open: [Vec<u8>; 2],
    /// Damaged or not, and not yet handed on.
    ready: [Vec<u8>; 2],
}

impl DamagedPort {
    fn pass(&mut self, way: usize, bytes: &[u8]) {
        for &byte in bytes {
            self.open[way].push(byte);
            if byte == 0 {
                let frame = std::mem::take(&mut self.open[way]);
                let frame = self.damaged(frame);
                self.ready[way].extend(frame);
            }
        }
    }

    fn damaged(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        if frame.len() < 2 || !self.random.one_in(self.one_in) {
            return frame;
        }
        let place = self.random.below(frame.len() as u64) as usize;
        match self.random.below(5) {
            0 => frame[place] ^= 1 << self.random.below(8),
            1 => drop(frame.remove(place)),
            2 => frame.extend(frame.clone()),
            3 => frame.truncate(place),
            _ => frame.clear(),
        }
        frame
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if !self.ready[0].is_empty() {
            let count = self.inner.write(&self.ready[0])?;
            self.ready[0].drain(..count);
        }
        Ok(())
    }
}

impl Port for DamagedPort {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = [0; 4096];
        let count = self.inner.read(&mut bytes)?;
        self.pass(1, &bytes[..count]);
        let count = buffer.len().min(self.ready[1].len());
        buffer[..count].copy_from_slice(&self.ready[1][..count]);
        self.ready[1].drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hand_over()?;
        if !self.ready[0].is_empty() {
            return Ok(0);
        }
        self.pass(0, bytes);
        self.hand_over()?;
        Ok(bytes.len())
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        self.hand_over()?;
        self.inner.wait(to_write, timeout)
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.inner.set_baud(baud)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.open[1].clear();
        self.ready[1].clear();
        self.inner.discard()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}
