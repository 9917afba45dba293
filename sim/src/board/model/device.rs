//! The whole device on its wires: [`gemmine_hdl::serial_device`] from event to event.
//!
//! In the cycles in which something can change, [`tick`](Device::tick) runs the link as the RTL does;
//! bytes of a frame come in at one go, and the accelerator is brought up to date when it is looked at.

use gemmine_hdl::frame_decoder;
use gemmine_hdl::registers as map;

use super::control::{Control, ControlInputs};
use super::decoder::{CRC, Decoder};
use super::encoder::Sender;
use super::endpoint::{Endpoint, Wish};
use super::receiver::{Received, Receiver};
use crate::accelerator::{Accelerator, LinkCounters};
use crate::board::BoardConfig;
use crate::board::wire::Wire;

/// The link's parts, and the accelerator behind them.
#[derive(Clone, Debug)]
pub struct Device {
    receiver: Receiver,
    decoder: Decoder,
    endpoint: Endpoint,
    sender: Sender,
    control: Control,
    counts: LinkCounters,
    /// What the decoder says, and when: the words of a whole frame, or nothing of a damaged one.
    verdict: Option<(u64, Option<Vec<u32>>)>,
    /// When a byte without a stop bit came.
    error: Option<u64>,
    /// All cycles before this one have passed.
    now: u64,
    /// The first cycle behind the last one in which something was in work.
    idle_from: u64,
    /// Everything behind the bus.
    pub accelerator: Accelerator,
}

impl Device {
    /// As after power-up, with this increment as the first rate.
    pub fn new(config: BoardConfig, increment: u32) -> Self {
        Self {
            receiver: Receiver::new(increment),
            decoder: Decoder::default(),
            endpoint: Endpoint::new(),
            sender: Sender::new(increment),
            control: Control::new(increment),
            counts: LinkCounters::default(),
            verdict: None,
            error: None,
            now: 0,
            idle_from: 0,
            accelerator: Accelerator::new(config.accelerator()),
        }
    }

    /// The first cycle from which on the link has nothing in work and nothing to send, as far as it has
    /// got; `None` if it has.
    pub fn idle_from(&self) -> Option<u64> {
        let idle = self.endpoint.is_idle() && !self.sender.busy();
        idle.then_some(self.idle_from.max(self.sender.ready()))
    }

    /// The first cycle behind the one in which something happens next, if nothing more comes; `None` if
    /// nothing will.
    pub fn next_behind(&self) -> Option<u64> {
        let next = Some(self.next()).filter(|&next| next != u64::MAX).map(|next| next + 1);
        [next, self.receiver.busy_until()].into_iter().flatten().min()
    }

    /// When the watchdog gives up on the host, if nothing comes.
    pub fn expires(&self) -> Option<u64> {
        self.control.expires()
    }

    /// Lets all cycles before `until` pass.
    pub fn advance(&mut self, until: u64, from_host: &mut Wire, to_host: &mut Wire) {
        let Some(limit) = until.checked_sub(1) else { return };
        loop {
            let next = self.next().min(self.control.expires().unwrap_or(u64::MAX));
            if self.receive(from_host, next.min(limit)) {
                continue;
            }
            if next > limit {
                break;
            }
            self.tick(next, from_host, to_host);
        }
        self.now = until;
    }

    /// The first cycle that has not passed and in which something happens, if nothing comes and the
    /// watchdog does not expire.
    fn next(&self) -> u64 {
        let quiet = self.endpoint.is_idle() && !self.sender.busy();
        let changes = quiet && self.control.waits_for_quiet();
        let change = match (self.control.changes(), changes) {
            (true, _) => self.now,
            (false, true) => self.sender.ready(),
            (false, false) => u64::MAX,
        };
        let verdict = self.verdict.as_ref().map_or(u64::MAX, |(cycle, _)| *cycle);
        let error = self.error.unwrap_or(u64::MAX);
        let endpoint = self.endpoint.next(self.now, self.sender.busy());
        let next = [change, verdict, error, endpoint, self.sender.next()].into_iter().min();
        next.unwrap_or(u64::MAX).max(self.now)
    }

    /// Takes what comes up to a cycle, at most one frame; whether there was anything.
    fn receive(&mut self, wire: &mut Wire, limit: u64) -> bool {
        let (decoder, count) = (&mut self.decoder, &mut self.counts.bytes_in);
        let mut ended = false;
        let mut sink = |bytes: &[u8], first: u64, period: u64| {
            count.events(first, period, bytes.len() as u64);
            ended = bytes.last() == Some(&0);
            decoder.extend(if ended { &bytes[..bytes.len() - 1] } else { bytes });
        };
        if let Some(cycle) = self.receiver.many(wire, limit, 0, &mut sink) {
            if ended {
                self.frame_ended(cycle);
            }
            return true;
        }
        match self.receiver.next(wire, limit) {
            Some(received) => self.received(received),
            None => return false,
        }
        true
    }

    fn received(&mut self, received: Received) {
        match received.byte {
            Some(0) => {
                self.counts.bytes_in.event(received.cycle);
                self.frame_ended(received.cycle);
            }
            Some(byte) => {
                self.counts.bytes_in.event(received.cycle);
                self.decoder.extend(&[byte]);
            }
            None => self.error = Some(received.cycle),
        }
    }

    fn frame_ended(&mut self, cycle: u64) {
        if let Some(words) = self.decoder.end() {
            self.verdict = Some((cycle + frame_decoder::LATENCY as u64, words));
        }
    }

    /// A cycle, with all that has come up to it.
    fn tick(&mut self, cycle: u64, from_host: &mut Wire, to_host: &mut Wire) {
        let sending = self.sender.busy();
        let idle = self.endpoint.is_idle() && !sending;
        if !idle {
            self.idle_from = cycle + 1;
        }
        let verdict = self.verdict.take_if(|(due, _)| *due == cycle).map(|(_, words)| words);
        let mut inputs = ControlInputs {
            good: matches!(verdict, Some(Some(_))),
            bad: matches!(verdict, Some(None)),
            error: self.error.take_if(|due| *due == cycle).is_some(),
            quiet: idle && cycle >= self.sender.ready(),
            ..ControlInputs::default()
        };
        for (happened, count) in [
            (inputs.good, &mut self.counts.good),
            (inputs.bad, &mut self.counts.bad),
            (inputs.error, &mut self.counts.line_errors),
            (self.sender.next() == cycle, &mut self.counts.bytes_out),
        ] {
            if happened {
                count.event(cycle);
            }
        }
        if self.sender.next() == cycle {
            self.sender.take(cycle, to_host);
        }

        let wish = self.endpoint.tick(cycle, verdict.flatten(), sending);
        if std::mem::take(&mut self.endpoint.refused) {
            self.counts.refused.event(cycle);
        }
        let mut read = None;
        match wish {
            Wish::Nothing => {}
            Wish::Write(address, words) => {
                self.accelerator.advance(cycle);
                self.accelerator.write(address, &words);
                let word = words.first().copied();
                inputs.baud = word.filter(|_| address == map::BAUD_SET).map(|w| w & BAUD_MASK);
                inputs.watchdog = word.filter(|_| address == map::WATCHDOG).map(|w| w as u16);
            }
            Wish::Completions => {
                self.accelerator.advance(cycle);
                self.endpoint.completions(cycle, self.accelerator.waiting());
            }
            Wish::Read(address) => read = Some(address),
            Wish::Send(words) => {
                let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                bytes.extend(CRC.checksum(&bytes).to_le_bytes());
                self.sender.start(cycle, &bytes);
            }
        }

        if self.control.tick(cycle, &inputs) {
            self.accelerator.advance(cycle);
            if self.accelerator.outstanding() > 0 {
                self.accelerator.watchdog();
            }
        }
        let rate = self.control.rate();
        if let Some(address) = read {
            self.accelerator.advance(cycle);
            let word = self.accelerator.read(address, rate, &self.counts);
            self.endpoint.give(word);
        }
        self.now = cycle + 1;
        if rate != self.receiver.increment() {
            // Both add ahead: this cycle's sum was made a cycle ago.
            let from = self.now + 1;
            self.sender.set_increment(from, rate, to_host);
            if let Some(last) = self.receiver.set_increment(from_host, from, rate) {
                self.received(last);
            }
        }
    }
}

/// What a rate is kept of.
const BAUD_MASK: u32 = (1 << 25) - 1;
