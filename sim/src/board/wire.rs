//! Levels on a wire: which bit of which byte stands in which cycle.
//!
//! A sender adds its increment (bits a cycle, in 2^-24) to a phase that is 0 in the first cycle of a
//! start bit; every carry ends a bit with its cycle. So bit n of a byte (0 the start bit, 9 the stop
//! bit) begins ceil(n 2^24 / increment) cycles behind the start bit. That is what
//! [`uart_tx`](gemmine_hdl::uart_tx) does. The host's sender does the same, and starts the next byte
//! in the cycle behind the stop bit.

use std::collections::VecDeque;

/// Bits of a byte on the wire.
pub const BITS: u64 = 10;
/// Binary digits of an increment behind the point.
const FRACTION: u32 = 24;

/// When each bit of a byte begins, in cycles behind its start bit, and when the last one ends.
pub type Bounds = [u64; BITS as usize + 1];

/// Cycles from the first one of a start bit to the first one of bit `bit`.
pub const fn bit_begin(increment: u64, bit: u64) -> u64 {
    (bit << FRACTION).div_ceil(increment)
}

/// Bytes of one rate that follow each other in equal distance.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) increment: u64,
    pub(super) period: u64,
    start: u64,
    bytes: Vec<u8>,
    taken: usize,
    /// Of a single byte, if its rate changed on the way.
    bounds: Option<Box<Bounds>>,
}

impl Run {
    /// First cycle of the first byte that is not taken.
    pub(super) fn start(&self) -> u64 {
        self.start + self.taken as u64 * self.period
    }

    /// First cycle of the next byte that would be put behind these.
    fn next_start(&self) -> u64 {
        self.start + self.bytes.len() as u64 * self.period
    }

    /// First cycle of the last byte.
    fn last_start(&self) -> u64 {
        self.next_start() - self.period
    }

    /// When a bit begins, behind its byte.
    fn bit_begin(&self, bit: u64) -> u64 {
        match &self.bounds {
            Some(bounds) => bounds[bit as usize],
            None => bit_begin(self.increment, bit),
        }
    }

    /// First cycle behind the last byte.
    fn end(&self) -> u64 {
        self.last_start() + self.bit_begin(BITS)
    }

    /// Whether all that is to be known about its bytes is when they begin, at this rate.
    pub(super) fn is_regular(&self, increment: u64) -> bool {
        self.increment == increment && self.bounds.is_none()
    }

    /// The bytes that are not taken.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Level in a cycle from the start on.
    fn level(&self, cycle: u64) -> bool {
        let behind = cycle - self.start;
        let Some(&byte) = self.bytes.get((behind / self.period) as usize) else { return true };
        let behind = behind % self.period;
        let bit = match &self.bounds {
            Some(bounds) => bounds[1..].iter().filter(|&&begin| begin <= behind).count() as u64,
            None => (behind * self.increment) >> FRACTION,
        };
        level_of_bit(byte, bit)
    }
}

/// Level of a bit of a byte; beyond the stop bit the wire is idle.
fn level_of_bit(byte: u8, bit: u64) -> bool {
    match bit {
        0 => false,
        1..=8 => byte >> (bit - 1) & 1 == 1,
        _ => true,
    }
}

/// A wire, from the first byte that somebody still needs. It is high between bytes.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    runs: VecDeque<Run>,
    end: u64,
}

impl Wire {
    /// Puts bytes on the wire from `start` on, which is not before the end of what is there, each
    /// `period` cycles behind the one before.
    pub fn put(&mut self, start: u64, increment: u64, period: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Some(run) = self.runs.back_mut()
            && (run.next_start(), run.period) == (start, period)
            && run.is_regular(increment)
        {
            if run.taken > run.bytes.len() / 2 {
                run.bytes.drain(..run.taken);
                run.start += run.taken as u64 * period;
                run.taken = 0;
            }
            run.bytes.extend_from_slice(bytes);
            self.end = run.end();
            return;
        }
        let bytes = bytes.to_vec();
        let run = Run { increment, period, start, bytes, taken: 0, bounds: None };
        self.end = run.end();
        self.runs.push_back(run);
    }

    /// Puts a byte on the wire whose bits begin when `bounds` says.
    pub(super) fn put_irregular(&mut self, start: u64, bounds: Bounds, byte: u8) {
        let (bytes, period) = (vec![byte], bounds[BITS as usize] + 1);
        let bounds = Some(Box::new(bounds));
        self.end = start + period - 1;
        self.runs.push_back(Run { increment: 1, period, start, bytes, taken: 0, bounds });
    }

    /// Takes the last byte off if it begins in this cycle, and says when its bits begin.
    pub(super) fn take_last(&mut self, start: u64) -> Option<Bounds> {
        let run = self.runs.back_mut().filter(|run| run.last_start() == start)?;
        let bounds = std::array::from_fn(|bit| run.bit_begin(bit as u64));
        run.bytes.pop();
        if run.bytes().is_empty() {
            self.runs.pop_back();
        }
        Some(bounds)
    }

    /// First cycle behind the last byte that was put; 0 before the first.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether no byte is here any more.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The first bytes that are still here.
    pub(super) fn front(&self) -> Option<&Run> {
        self.runs.front()
    }

    /// Takes the first `count` bytes of the first run off.
    pub(super) fn take(&mut self, count: usize) {
        if let Some(run) = self.runs.front_mut() {
            run.taken += count;
            if run.taken >= run.bytes.len() {
                self.runs.pop_front();
            }
        }
    }

    /// Takes all bytes off that end before a cycle.
    pub(super) fn forget_before(&mut self, cycle: u64) {
        while let Some(run) = self.runs.front() {
            if run.start() + run.bit_begin(BITS) > cycle {
                return;
            }
            self.take(1);
        }
    }

    /// Level in a cycle.
    pub fn level(&self, cycle: u64) -> bool {
        let run = self.runs.iter().rev().find(|run| run.start() <= cycle);
        run.is_none_or(|run| run.level(cycle))
    }

    /// The first cycle from `cycle` on in which the wire is low, of what is on it so far.
    pub(super) fn next_low(&self, cycle: u64) -> Option<u64> {
        self.next_begin(cycle, false)
    }

    /// The first cycle from `cycle` on in which the wire is high.
    pub(super) fn next_high(&self, cycle: u64) -> u64 {
        if self.level(cycle) { cycle } else { self.next_begin(cycle, true).unwrap_or(cycle) }
    }

    /// The first cycle from `cycle` on with this level, inside of a byte or at its end.
    fn next_begin(&self, cycle: u64, level: bool) -> Option<u64> {
        if self.level(cycle) == level {
            return Some(cycle);
        }
        for run in &self.runs {
            let first = cycle.saturating_sub(run.start) / run.period;
            for (n, &byte) in run.bytes.iter().enumerate().skip(first as usize) {
                let start = run.start + n as u64 * run.period;
                for bit in 0..=BITS {
                    let begin = start + run.bit_begin(bit);
                    let lasts = bit == BITS || begin < start + run.bit_begin(bit + 1);
                    if begin >= cycle && lasts && level_of_bit(byte, bit) == level {
                        return Some(begin);
                    }
                }
            }
        }
        None
    }
}
