//! A response on its way to the line: [`gemmine_hdl::frame_encoder`] and the transmitter behind it.

use crate::board::wire::{BITS, Bounds, Wire, bit_begin};

use super::receiver::{BIT, cycles_to_carry};

/// Cycles from the start of a frame, or the last byte of a group, to the code of the next group of one
/// byte; one more for each further byte that is looked at.
const LOOK: u64 = 4;
/// Cycles from a byte to the next one of its group.
const FETCH: u64 = 3;
/// Cycles from the last byte to the zero behind it.
const END: u64 = 1;
/// Bytes of the longest group, its code included.
const LONGEST: usize = 255;
/// Further away than any clock runs: about 1500 years at 24 MHz.
const NEVER: u64 = 1 << 60;

/// The bytes of a frame on the line, and how many cycles after the one before, or after the frame's
/// start, each is there at the earliest.
pub fn stuffed(frame: &[u8]) -> Vec<(u8, u64)> {
    let mut line = Vec::with_capacity(frame.len() + 4);
    let mut first = 0;
    loop {
        let rest = &frame[first..];
        let run = rest.iter().take(LONGEST - 1).take_while(|&&byte| byte != 0).count();
        let longest = run == LONGEST - 1;
        let looked_at = if longest { run } else { run + 1 };
        line.push((run as u8 + 1, LOOK - 1 + looked_at as u64));
        line.extend(rest[..run].iter().map(|&byte| (byte, FETCH)));
        let at_end = run == rest.len();
        if at_end {
            line.push((0, END));
            return line;
        }
        first += if longest { run } else { run + 1 };
    }
}

/// The encoder and the transmitter.
#[derive(Clone, Debug)]
pub struct Sender {
    increment: u32,
    /// What is still to send of a frame, the next byte last.
    bytes: Vec<(u8, u64)>,
    /// When the next byte is offered, if there is one.
    offered: u64,
    /// First cycle in which the transmitter takes a byte.
    ready: u64,
    /// First cycle on the wire of the byte that it took last, and the byte.
    last: Option<(u64, u8)>,
    /// A cycle since when the rate has not changed, and the phase that the transmitter had then.
    phase: (u64, u64),
}

impl Sender {
    /// An idle one.
    pub fn new(increment: u32) -> Self {
        Self { increment, bytes: Vec::new(), offered: 0, ready: 0, last: None, phase: (0, 0) }
    }

    /// A frame is being sent.
    pub fn busy(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// First cycle in which the transmitter takes a byte.
    pub fn ready(&self) -> u64 {
        self.ready
    }

    /// The cycle in which the next byte is taken; never if there is none.
    pub fn next(&self) -> u64 {
        if self.busy() { self.offered.max(self.ready) } else { u64::MAX }
    }

    /// Starts to send a frame.
    pub fn start(&mut self, cycle: u64, frame: &[u8]) {
        self.bytes = stuffed(frame);
        self.bytes.reverse();
        self.offer(cycle);
    }

    fn offer(&mut self, behind: u64) {
        self.offered = self.bytes.last().map_or(0, |(_, delay)| behind + delay);
    }

    /// Puts the next byte on the wire, in the cycle of [`next`](Self::next).
    pub fn take(&mut self, cycle: u64, wire: &mut Wire) {
        let Some((byte, _)) = self.bytes.pop() else { return };
        let start = cycle + 1;
        self.last = Some((start, byte));
        self.phase = (start, 0);
        let increment = u64::from(self.increment);
        if (1..BIT).contains(&increment) {
            let length = bit_begin(increment, BITS);
            wire.put(start, increment, length + 1, &[byte]);
            self.ready = start + length;
        } else {
            let bounds = self.bounds(start, Bounds::default(), 1);
            wire.put_irregular(start, bounds, byte);
            self.ready = start + bounds[BITS as usize];
        }
        self.offer(cycle);
    }

    /// Changes the rate from a cycle on, in the middle of a byte if need be.
    pub fn set_increment(&mut self, cycle: u64, increment: u32, wire: &mut Wire) {
        let before = u64::from(std::mem::replace(&mut self.increment, increment));
        let (since, phase) = self.phase;
        self.phase = (cycle, (phase + cycle.saturating_sub(since) * before) % BIT);
        let Some((start, byte)) = self.last.filter(|_| cycle < self.ready) else { return };
        // Bits that have begun stay as they are. A byte that the host has read is in its stop bit.
        let on_wire = wire.take_last(start);
        let bounds = on_wire.unwrap_or_default();
        let begun = on_wire.map_or(BITS as usize, |bounds| {
            bounds.iter().filter(|&&begin| start + begin <= cycle).count()
        });
        let bounds = self.bounds(start, bounds, begun);
        self.ready = start + bounds[BITS as usize];
        if on_wire.is_some() {
            wire.put_irregular(start, bounds, byte);
        }
    }

    /// When the bits of a byte begin, where those from `from` on begin as the phase says.
    fn bounds(&self, start: u64, mut bounds: Bounds, from: usize) -> Bounds {
        let (mut cycle, mut phase) = self.phase;
        for bound in &mut bounds[from..] {
            let cycles = cycles_to_carry(phase, self.increment).unwrap_or(NEVER);
            cycle = cycle.saturating_add(cycles).min(NEVER);
            phase = (phase + cycles.wrapping_mul(u64::from(self.increment))) % BIT;
            *bound = cycle - start;
        }
        bounds
    }
}
