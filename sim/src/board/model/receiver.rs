//! The UART receiver, from event to event: what [`uart_rx`](gemmine_hdl::uart_rx) makes of a wire.
//!
//! Where the sender has the receiver's rate, a byte comes a fixed number of cycles behind its start
//! bit, and whole runs are taken at once. Where it has not, every bit is read where the RTL reads it.

use crate::board::wire::{Run, Wire};

/// Cycles that the synchroniser takes from the wire to the receiver's state.
const SYNCHRONISER: u64 = 2;
/// One bit, in increments.
pub const BIT: u64 = 1 << 24;
/// The largest increment at which every byte of a sender of the same rate comes through.
const SAME_RATE_MAX: u32 = 1 << 23;
/// Number of the stop bit.
const STOP: u8 = 9;

/// What came out of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The cycle of `valid_out` or `error_out`.
    pub cycle: u64,
    /// First cycle of its start bit on the wire.
    pub began: u64,
    /// The byte; `None` if it had no stop bit.
    pub byte: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Waits for a low level from cycle `from` on; if `stuck`, for a high one first.
    Idle { from: u64, stuck: bool },
    /// Has `phase` in cycle `at`, and reads bit `position` next.
    Busy { at: u64, phase: u64, position: u8, data: u8, began: u64 },
}

/// The receiver. It looks at its wire when it is asked, never earlier.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    increment: u32,
    /// From a start bit to `valid_out`, if the sender has the same rate.
    latency: u64,
    state: State,
}

impl Receiver {
    /// An idle receiver.
    pub fn new(increment: u32) -> Self {
        let latency = latency(increment);
        Self { increment, latency, state: State::Idle { from: 0, stuck: false } }
    }

    /// Its rate, in 2^-24 bits a cycle.
    pub fn increment(&self) -> u32 {
        self.increment
    }

    /// The first cycle behind the one in which it reads the next bit of the byte that it is in; `None` if
    /// it is in none, or never will.
    pub fn busy_until(&self) -> Option<u64> {
        match self.state {
            State::Idle { .. } => None,
            State::Busy { at, phase, .. } => Some(at + cycles_to_carry(phase, self.increment)?),
        }
    }

    /// The first cycle behind its last byte, as the wire stood when it was asked last; `None` if it is in
    /// one.
    pub fn idle_from(&self) -> Option<u64> {
        match self.state {
            State::Idle { from, .. } => Some(from.saturating_sub(1)),
            State::Busy { .. } => None,
        }
    }

    /// The next byte, or byte without a stop bit, that comes until `limit`.
    pub fn next(&mut self, wire: &mut Wire, limit: u64) -> Option<Received> {
        if let Some(run) = self.same_rate(wire) {
            let began = run.start();
            let cycle = began + self.latency;
            let byte = Some(*run.bytes().first()?);
            if cycle > limit {
                return None;
            }
            wire.take(1);
            self.state = State::Idle { from: cycle, stuck: false };
            return Some(Received { cycle, began, byte });
        }
        self.next_by_bits(wire, limit)
    }

    /// Takes all bytes at once that come until `limit` from a sender of the same rate, but none
    /// behind a `last` one; `sink` gets them, the cycle of the first and how far they are
    /// apart, and the answer is the cycle of the last one taken.
    ///
    /// `None` if there is none such; then [`next`](Self::next) may still have one.
    pub fn many(
        &mut self,
        wire: &mut Wire,
        limit: u64,
        last: u8,
        sink: &mut dyn FnMut(&[u8], u64, u64),
    ) -> Option<u64> {
        let run = self.same_rate(wire)?;
        let first = run.start() + self.latency;
        let cycles = limit.checked_sub(first)?;
        let ready = run.bytes().len().min((cycles / run.period) as usize + 1);
        let bytes = &run.bytes()[..ready];
        let count = memchr::memchr(last, bytes).map_or(ready, |at| at + 1);
        sink(&bytes[..count], first, run.period);
        let cycle = first + (count as u64 - 1) * run.period;
        wire.take(count);
        self.state = State::Idle { from: cycle, stuck: false };
        Some(cycle)
    }

    /// Changes the rate from `cycle` on. What comes before `cycle` has been taken; what this cycle
    /// brings is returned.
    pub fn set_increment(
        &mut self,
        wire: &mut Wire,
        cycle: u64,
        increment: u32,
    ) -> Option<Received> {
        let last = self.next_by_bits(wire, cycle);
        if let State::Busy { at, phase, .. } = &mut self.state
            && *at < cycle
        {
            *phase = (*phase + (cycle - *at) * u64::from(self.increment)) % BIT;
            *at = cycle;
        }
        self.increment = increment;
        self.latency = latency(increment);
        last
    }

    /// The wire's first run, if all that is to be known about its bytes is when they begin.
    fn same_rate<'a>(&self, wire: &'a Wire) -> Option<&'a Run> {
        let State::Idle { from, stuck: false } = self.state else { return None };
        let run = wire.front()?;
        let same = run.is_regular(self.increment.into()) && self.increment <= SAME_RATE_MAX;
        (same && from <= run.start() + SYNCHRONISER).then_some(run)
    }

    fn next_by_bits(&mut self, wire: &mut Wire, limit: u64) -> Option<Received> {
        loop {
            match self.state {
                State::Idle { from, stuck } => {
                    let mut look = from.saturating_sub(SYNCHRONISER);
                    wire.forget_before(look);
                    if stuck {
                        look = wire.next_high(look) + 1;
                    }
                    let Some(began) = wire.next_low(look) else {
                        wire.forget_before(limit.saturating_sub(SYNCHRONISER));
                        return None;
                    };
                    let at = began + SYNCHRONISER + 1;
                    if at > limit {
                        return None;
                    }
                    let phase = BIT / 2;
                    self.state = State::Busy { at, phase, position: 0, data: 0, began };
                }
                State::Busy { at, phase, position, data, began } => {
                    let cycles = cycles_to_carry(phase, self.increment)?;
                    let sampled = at + cycles - 1;
                    if sampled >= limit {
                        return None;
                    }
                    let high = wire.level(sampled - SYNCHRONISER);
                    wire.forget_before(sampled - SYNCHRONISER);
                    let next = sampled + 1;
                    if position == STOP {
                        self.state = State::Idle { from: next, stuck: !high };
                        return Some(Received { cycle: next, began, byte: high.then_some(data) });
                    }
                    if position == 0 && high {
                        self.state = State::Idle { from: next, stuck: false };
                        continue;
                    }
                    let phase = (phase + cycles * u64::from(self.increment)) % BIT;
                    let data = data >> 1 | u8::from(high) << 7;
                    self.state =
                        State::Busy { at: next, phase, position: position + 1, data, began };
                }
            }
        }
    }
}

/// From the first cycle of a start bit to `valid_out`, at the sender's rate.
fn latency(increment: u32) -> u64 {
    let middle_of_stop = (u64::from(STOP) * BIT + BIT / 2).div_ceil(u64::from(increment).max(1));
    SYNCHRONISER + middle_of_stop + 1
}

/// Cycles to the first one with a carry, that one included, for a phase register of 25 bits whose
/// top bit is the carry; `None` if there is never one.
pub fn cycles_to_carry(phase: u64, increment: u32) -> Option<u64> {
    let (fraction, increment) = (phase % BIT, u64::from(increment));
    match increment {
        0 => None,
        1..BIT => Some((BIT - fraction).div_ceil(increment)),
        // A bit or more a cycle: the carry is lost where the sum overflows, and the fraction falls
        // by the complement until it does not.
        _ => Some(fraction / (2 * BIT - increment) + 1),
    }
}

#[cfg(test)]
mod tests;
