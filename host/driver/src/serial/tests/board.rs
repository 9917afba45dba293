//! A double of the board's end of the link, straight from the rules of [`gemmine_hdl::frame`].

use std::time::Duration;

use gemmine_hdl::frame::{FRAME_WORDS_MAX, Opcode, PAYLOAD_WORDS_MAX, Response, Status, decode};
use gemmine_hdl::registers::{BAUD_SET, FALLBACK_ERRORS};
use gemmine_hdl::uart_tx::baud_increment;

use super::accelerator::{Accelerator, CLOCK_HZ};

/// The board's end of the link.
pub struct Board {
    pub accelerator: Accelerator,
    pub expected: u8,
    pub first_baud: u32,
    pub baud: u32,
    /// The rate after the response that is on the line.
    next_baud: Option<u32>,
    stuffed: Vec<u8>,
    errors: u32,
    /// When the response on the line ends.
    busy_until: Duration,
    /// What waits for that: an answer, or the acknowledgement of writes.
    waiting: Option<(Status, u8)>,
    /// Rates above this don't reach the board undamaged.
    pub baud_max: u32,
    pub frames_good: u32,
    pub frames_bad: u32,
    pub line_errors: u32,
}

impl Board {
    pub fn new(accelerator: Accelerator) -> Self {
        Self {
            accelerator,
            expected: 200,
            first_baud: 115_200,
            baud: 115_200,
            next_baud: None,
            stuffed: Vec::new(),
            errors: 0,
            busy_until: Duration::ZERO,
            waiting: None,
            baud_max: u32::MAX,
            frames_good: 0,
            frames_bad: 0,
            line_errors: 0,
        }
    }

    /// What power-up leaves.
    pub fn power_cycle(&mut self) {
        let Accelerator { word_bits, engines, noise, .. } = self.accelerator;
        let mut accelerator = Accelerator::new(word_bits);
        (accelerator.engines, accelerator.noise) = (engines, noise);
        *self = Self { expected: 0, ..Self::new(accelerator) };
    }

    /// When something happens by itself next.
    pub fn due(&self) -> Option<Duration> {
        let idle = self.waiting.is_some() || self.next_baud.is_some();
        let link = idle.then_some(self.busy_until);
        [link, self.accelerator.due()].into_iter().flatten().min()
    }

    /// Lets time pass; bytes that go out now.
    pub fn pass(&mut self, now: Duration) -> Vec<u8> {
        self.accelerator.pass(now);
        if now < self.busy_until {
            return Vec::new();
        }
        if let Some(baud) = self.next_baud.take() {
            self.baud = baud;
        }
        match self.waiting.take() {
            Some((status, sequence)) => self.respond(now, status, sequence, Vec::new()),
            None => Vec::new(),
        }
    }

    /// Whether a response is on the line.
    pub fn is_sending(&self, now: Duration) -> bool {
        now < self.busy_until
    }

    /// Takes a byte that was sent at a rate; bytes that go out now.
    pub fn take(&mut self, byte: u8, baud: u32, now: Duration) -> Vec<u8> {
        if baud.abs_diff(self.baud) > self.baud / 30 || baud > self.baud_max {
            self.line_errors += 1;
            self.error();
            return Vec::new();
        }
        if byte != 0 {
            if self.stuffed.len() <= 5 * FRAME_WORDS_MAX {
                self.stuffed.push(byte);
            }
            return Vec::new();
        }
        let stuffed = std::mem::take(&mut self.stuffed);
        if stuffed.is_empty() {
            return Vec::new();
        }
        match decode(&stuffed) {
            Ok(words) if words.len() >= 2 => {
                self.errors = 0;
                self.frames_good += 1;
                self.request(&words, now)
            }
            _ => {
                self.frames_bad += 1;
                self.error();
                Vec::new()
            }
        }
    }

    fn error(&mut self) {
        self.errors += 1;
        if self.errors >= FALLBACK_ERRORS {
            self.errors = 0;
            self.baud = self.first_baud;
            self.stuffed.clear();
        }
    }

    fn request(&mut self, words: &[u32], now: Duration) -> Vec<u8> {
        let [head, address, ref data @ ..] = *words else { return Vec::new() };
        let (sequence, count) = (head as u8, (head >> 16) as usize);
        let on_the_line = now < self.busy_until;
        let opcode = [Opcode::Sync, Opcode::Read, Opcode::Write]
            .into_iter()
            .find(|opcode| *opcode as u32 == head >> 8 & 0xff);
        if on_the_line && matches!(opcode, Some(Opcode::Sync | Opcode::Read)) {
            return self.answer(now, Status::Gap, sequence);
        }
        if opcode == Some(Opcode::Sync) {
            return self.respond(now, Status::Done, sequence, vec![address]);
        }
        if sequence != self.expected {
            let old = (1..=128).contains(&self.expected.wrapping_sub(sequence));
            let status = if old { Status::Repeat } else { Status::Gap };
            return self.answer(now, status, sequence);
        }
        self.expected = self.expected.wrapping_add(1);
        let fits = (1..=PAYLOAD_WORDS_MAX).contains(&count);
        match opcode {
            Some(Opcode::Write) if fits && data.len() == count => {
                for (address, word) in (address..).zip(data) {
                    if address == BAUD_SET {
                        self.set_baud(*word);
                    }
                    self.accelerator.write(address, *word, now);
                }
                self.answer(now, Status::Done, sequence)
            }
            Some(Opcode::Read) if fits && data.is_empty() => {
                let read = |address| match address {
                    9 => baud_increment(self.baud.into(), CLOCK_HZ).unwrap(),
                    32 => self.frames_good,
                    33 => self.frames_bad,
                    35 => self.line_errors,
                    _ => self.accelerator.read(address, now),
                };
                let data = (address..).take(count).map(read).collect();
                self.respond(now, Status::Done, sequence, data)
            }
            _ => self.answer(now, Status::Refused, sequence),
        }
    }

    fn set_baud(&mut self, increment: u32) {
        self.next_baud = Some(((u64::from(increment) * CLOCK_HZ) >> 24) as u32 + 1);
    }

    /// A response without data, or one for all when the line is free again.
    fn answer(&mut self, now: Duration, status: Status, sequence: u8) -> Vec<u8> {
        if now < self.busy_until {
            self.waiting = Some((status, sequence));
            return Vec::new();
        }
        self.respond(now, status, sequence, Vec::new())
    }

    fn respond(&mut self, now: Duration, status: Status, sequence: u8, data: Vec<u32>) -> Vec<u8> {
        let completions = self.accelerator.waiting();
        let response = Response { expected: self.expected, status, sequence, completions, data };
        let bytes = response.encode();
        self.busy_until = now + byte_time(self.baud) * bytes.len() as u32;
        bytes
    }
}

/// How long a byte takes.
pub fn byte_time(baud: u32) -> Duration {
    Duration::from_secs_f64(10.0 / f64::from(baud))
}
