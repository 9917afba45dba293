//! The model board: behaviour by plain Rust, products by SIMD, cycles by formula.
//!
//! | module | owns |
//! |---|---|
//! | [`receiver`] | the UART receiver, from event to event |
//! | [`collector`], [`endpoint`] | frames and the protocol |
//! | [`bus`], [`panels`], [`queue`] | registers, memories and queues |
//! | [`tiles`], [`work`] | what the array does in which cycle, and what comes out |
//! | [`counter`] | counters that can be read as of a cycle |
//! | [`timing`] | every latency |
//!
//! Nothing steps through idle cycles. The line is followed from frame to frame; everything behind the
//! bus is brought up to date when a frame looks at it.

mod bus;
mod collector;
mod counter;
mod endpoint;
mod panels;
mod queue;
mod receiver;
mod tiles;
mod timing;
mod work;

use gemmine_hdl::registers::FALLBACK_ERRORS;
use gemmine_hdl::uart_tx::baud_increment;

use super::wire::{BITS, Wire, bit_begin};
use super::{Board, BoardConfig, BoardDescription, LineByte, Progress, Stop};
use crate::engine::EngineError;
use bus::{Bus, LinkCommand, LinkState};
use collector::Collector;
use endpoint::{Action, Endpoint};
use receiver::Receiver;

/// Cycles of a unit of the watchdog.
const WATCHDOG_UNIT: u64 = 1 << 16;

/// A device in this process.
#[derive(Clone, Debug)]
pub struct ModelBoard {
    description: BoardDescription,
    now: u64,
    // Host
    host_increment: u32,
    to_device: Wire,
    to_host: Wire,
    host: Receiver,
    received: Vec<LineByte>,
    // Device: line
    device: Receiver,
    first_increment: u32,
    increment: u32,
    frame: Collector,
    endpoint: Endpoint,
    bytes_in: u32,
    bytes_out: u32,
    frames_bad: u32,
    line_errors: u32,
    /// Damaged frames and bytes without a stop bit since the last whole frame.
    errors_in_a_row: u32,
    /// First cycle in which the response has left the line.
    sending_until: Option<u64>,
    /// The rate to change to when the next response is over.
    next_increment: Option<u32>,
    /// Units, and the cycle of the last whole frame.
    watchdog: (u16, u64),
    // Device: behind the bus
    bus: Bus,
}

impl ModelBoard {
    /// A board that has just been powered up.
    ///
    /// # Errors
    /// If a bit of the first baud rate would last less than two cycles, or panel memory has no size
    /// that the register map has room for.
    pub fn new(config: BoardConfig) -> Result<Self, EngineError> {
        let bits = config.panel_word_bits as usize;
        if !PANEL_WORD_BITS.contains(&bits) {
            let (min, max) = (*PANEL_WORD_BITS.start(), *PANEL_WORD_BITS.end());
            return Err(EngineError::Unsupported {
                what: "panel address bits",
                value: bits,
                min,
                max,
            });
        }
        let increment = increment(config.first_baud, config.clock_hz)?;
        Ok(Self {
            description: BoardDescription { engine: "model", config },
            now: 0,
            host_increment: increment,
            to_device: Wire::default(),
            to_host: Wire::default(),
            host: Receiver::new(increment),
            received: Vec::new(),
            device: Receiver::new(increment),
            first_increment: increment,
            increment,
            frame: Collector::default(),
            endpoint: Endpoint::default(),
            bytes_in: 0,
            bytes_out: 0,
            frames_bad: 0,
            line_errors: 0,
            errors_in_a_row: 0,
            sending_until: None,
            next_increment: None,
            watchdog: (0, 0),
            bus: Bus::new(config),
        })
    }

    /// Lets everything happen that happens up to and including cycle `limit`.
    fn advance(&mut self, limit: u64) {
        loop {
            let event = self.next_event().filter(|&event| event <= limit);
            if self.receive(event.unwrap_or(limit)) {
                continue;
            }
            match event {
                Some(event) => self.handle(event),
                None => break,
            }
        }
        self.listen(limit);
    }

    /// The cycle of the next thing that happens without a byte from the host.
    fn next_event(&self) -> Option<u64> {
        let (units, fed) = self.watchdog;
        let bites = (units > 0).then(|| fed + u64::from(units) * WATCHDOG_UNIT);
        [self.sending_until, bites].into_iter().flatten().min()
    }

    /// What happens in a cycle of [`next_event`](Self::next_event).
    fn handle(&mut self, cycle: u64) {
        if self.sending_until == Some(cycle) {
            self.sending_until = None;
            if let Some(next) = self.next_increment.take() {
                self.set_increment(cycle, next);
            }
            if self.endpoint.waits() {
                self.respond(cycle, Vec::new());
            }
            return;
        }
        self.bus.advance(cycle);
        self.bus.watchdog();
        self.watchdog.1 = cycle;
        self.set_increment(cycle, self.first_increment);
    }

    /// Takes what the receiver has up to a cycle, at most one frame; whether there was anything.
    fn receive(&mut self, limit: u64) -> bool {
        let (frame, count) = (&mut self.frame, &mut self.bytes_in);
        let mut ended = false;
        let mut sink = |bytes: &[u8]| {
            *count = count.wrapping_add(bytes.len() as u32);
            ended = bytes.last() == Some(&0);
            frame.extend(if ended { &bytes[..bytes.len() - 1] } else { bytes });
        };
        if let Some(cycle) = self.device.many(&mut self.to_device, limit, 0, &mut sink) {
            if ended {
                self.frame_ended(cycle);
            }
            return true;
        }
        let Some(received) = self.device.next(&mut self.to_device, limit) else { return false };
        self.received_one(received);
        true
    }

    fn received_one(&mut self, received: receiver::Received) {
        match received.byte {
            Some(byte) => {
                self.bytes_in = self.bytes_in.wrapping_add(1);
                if byte == 0 {
                    self.frame_ended(received.cycle);
                } else {
                    self.frame.extend(&[byte]);
                }
            }
            None => {
                self.line_errors = self.line_errors.wrapping_add(1);
                self.count_error(received.cycle);
            }
        }
    }

    /// The zero of a frame came in a cycle.
    fn frame_ended(&mut self, cycle: u64) {
        if self.frame.is_empty() {
            return;
        }
        let Ok(words) = self.frame.finish() else {
            self.frames_bad = self.frames_bad.wrapping_add(1);
            self.count_error(cycle);
            return;
        };
        self.errors_in_a_row = 0;
        self.watchdog.1 = cycle;
        let bus_cycle = cycle + timing::FRAME_TO_BUS;
        let busy = self.sending_until.is_some();
        let mut data = Vec::new();
        let mut used = 1;
        match self.endpoint.request(&words, busy) {
            Action::Nothing => {}
            Action::Echo(word) => data.push(word),
            Action::Write(address, words) => {
                used = words.len() as u64;
                self.write(bus_cycle, address, &words);
            }
            Action::Read(address, count) => {
                used = count as u64;
                data = self.read(bus_cycle, address, count);
            }
        }
        if !busy {
            self.respond(bus_cycle + used * timing::BUS_WORD, data);
        }
    }

    fn write(&mut self, from: u64, address: u32, words: &[u32]) {
        for (n, &word) in words.iter().enumerate() {
            self.bus.advance(from + n as u64 * timing::BUS_WORD);
            match self.bus.write(address.wrapping_add(n as u32), word) {
                None => {}
                Some(LinkCommand::Baud(increment)) => self.next_increment = Some(increment),
                Some(LinkCommand::Watchdog(units)) => self.watchdog.0 = units,
            }
        }
    }

    fn read(&mut self, from: u64, address: u32, count: usize) -> Vec<u32> {
        let link = LinkState {
            baud: self.increment,
            good: self.endpoint.good,
            bad: self.frames_bad,
            refused: self.endpoint.refused,
            line_errors: self.line_errors,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        };
        let word = |n: usize| {
            self.bus.advance(from + n as u64 * timing::BUS_WORD);
            self.bus.read(address.wrapping_add(n as u32), &link)
        };
        (0..count).map(word).collect()
    }

    /// Sends the answer that waits, from a cycle on.
    fn respond(&mut self, cycle: u64, data: Vec<u32>) {
        let start = cycle + timing::BUS_TO_RESPONSE;
        self.bus.advance(start);
        let completions = self.bus.tiles.completions.waiting();
        let Some(response) = self.endpoint.response(completions, data) else { return };
        let bytes = response.encode();
        let increment = u64::from(self.increment).max(1);
        let period = bit_begin(increment, BITS) + timing::RESPONSE_GAP;
        self.to_host.put(start, increment, period, &bytes);
        self.bytes_out = self.bytes_out.wrapping_add(bytes.len() as u32);
        self.sending_until = Some(start + period * bytes.len() as u64);
    }

    fn count_error(&mut self, cycle: u64) {
        self.errors_in_a_row += 1;
        if self.errors_in_a_row >= FALLBACK_ERRORS {
            self.errors_in_a_row = 0;
            self.set_increment(cycle, self.first_increment);
        }
    }

    /// The device's rate changes in a cycle.
    fn set_increment(&mut self, cycle: u64, increment: u32) {
        if increment == self.increment {
            return;
        }
        self.increment = increment;
        if let Some(received) = self.device.set_increment(&mut self.to_device, cycle, increment) {
            self.received_one(received);
        }
    }

    /// The host's receiver takes what has come up to a cycle.
    fn listen(&mut self, limit: u64) {
        while let Some(received) = self.host.next(&mut self.to_host, limit) {
            if let Some(byte) = received.byte {
                self.received.push(LineByte { cycle: received.began, byte });
            }
        }
    }

    /// Whether nothing happens until the host sends something.
    fn rests(&self) -> bool {
        self.to_device.is_empty()
            && self.to_host.is_empty()
            && self.device.is_idle()
            && self.host.is_idle()
            && self.sending_until.is_none()
            && self.bus.tiles.rests()
    }

    /// A cycle up to which something certainly happens, if the board does not rest.
    fn busy_until(&self) -> u64 {
        let ends = [self.to_device.end(), self.to_host.end(), self.sending_until];
        // A receiver may be in the middle of what it takes for a byte.
        let byte = |increment: u32| bit_begin(u64::from(increment).max(1), BITS + 1);
        let byte = byte(self.increment.min(self.host_increment)).min(1 << 32);
        ends.into_iter().flatten().max().unwrap_or(self.now).max(self.now) + byte
    }
}

/// Address bits that panel memory may have: a tile of one chunk at least, the window at most.
const PANEL_WORD_BITS: std::ops::RangeInclusive<usize> = 4..=14;

/// The increment of a rate.
fn increment(baud: u32, clock_hz: u32) -> Result<u32, EngineError> {
    baud_increment(baud.into(), clock_hz.into()).filter(|&increment| increment > 0).ok_or(
        EngineError::Unsupported {
            what: "baud rate",
            value: baud as usize,
            min: 1,
            max: clock_hz as usize / 2,
        },
    )
}

impl Board for ModelBoard {
    fn description(&self) -> &BoardDescription {
        &self.description
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        let increment = increment(baud, self.description.config.clock_hz)?;
        if increment != self.host_increment {
            self.host_increment = increment;
            let last = self.host.set_increment(&mut self.to_host, self.now, increment);
            let last = last.and_then(|last| Some((last.began, last.byte?)));
            self.received.extend(last.map(|(cycle, byte)| LineByte { cycle, byte }));
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let increment = self.host_increment.into();
        let start = self.to_device.end().unwrap_or(0).max(self.now);
        self.to_device.put(start, increment, bit_begin(increment, BITS), bytes);
        Ok(())
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        let end = self.now.saturating_add(cycles);
        while self.now < end {
            let mut until = end;
            if stop == Stop::AtRest {
                if self.rests() {
                    break;
                }
                until = end.min(self.busy_until());
                self.advance(until);
                self.now = until;
                if self.to_device.is_empty() && self.sending_until.is_none() {
                    self.bus.advance_to_rest(end);
                    self.now = self.now.max(self.bus.tiles.now());
                }
                continue;
            }
            self.advance(until);
            self.now = until;
        }
        self.bus.advance(self.now);
        let bytes = std::mem::take(&mut self.received);
        Ok(Progress { bytes, now: self.now, resting: self.rests() })
    }
}
