//! Requests to the device, each carried out once and in order, over a line that damages what it likes.
//!
//! Go-back-N, as [`gemmine_hdl::frame`] has it. Writes are pipelined: they are handed to the port as
//! long as the window has room, and acknowledgements are taken in as they come. All of that happens in
//! the caller's thread, whenever it asks for something: the port's own buffer keeps the line busy
//! meanwhile, and the window is wider than the line's round trip, so a second thread would carry no
//! byte more.
//!
//! Who lost what shows in two ways: a GAP says it at once, and is answered by going back once. Where
//! nothing comes, a sync asks what the device expects; its answer comes behind the answers to all that
//! was sent before it, so what is still open then is lost.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use gemmine_hdl::frame::{FRAME_WORDS_MAX, Opcode, PAYLOAD_WORDS_MAX, Request};

use super::decoder::Decoder;
use super::pace::Pace;
use super::port::Port;
use crate::device::HostLinkCounters;
use crate::link_error::LinkError;

/// Bytes of the longest request on the line, and of the shortest response.
const LONGEST: usize = 4 * FRAME_WORDS_MAX + 4;
const SHORTEST: usize = 10;
/// Bytes on the way that are always allowed: fewer would leave the line idle at low rates.
const WINDOW_BYTES_MIN: usize = 3 * LONGEST;
/// Waits in vain before a device counts as silent.
const TRIES: u32 = 8;
/// Goings back for the same request before a line counts as useless.
const ROUNDS: u32 = 40;
/// Syncs whose answers are remembered as such.
const PROBES: usize = 16;

/// A request that is not acknowledged.
struct Flight {
    line: Vec<u8>,
    /// Bytes of its response.
    response: usize,
    /// Completions that it pops.
    pops: u8,
    read: bool,
    /// When it was first handed to the port, and the bytes in front of it and in it.
    handed: Option<(Instant, usize)>,
    again: bool,
}

/// A sync that is not answered.
struct Probe {
    sequence: u8,
    number: u32,
    handed: Instant,
    /// The request that comes next behind it on the line.
    behind: u8,
}

/// What became of the read that is under way.
enum Reading {
    Nothing,
    Waiting(u8),
    /// It was carried out, but its data did not arrive.
    Lost,
    Done(Vec<u32>),
}

/// The host's end of the link.
pub struct Link {
    port: Box<dyn Port>,
    pace: Pace,
    decoder: Decoder,
    /// Oldest first.
    flight: VecDeque<Flight>,
    /// How many of them are on the line since the last going back.
    sent: usize,
    /// Number of the next request.
    next: u8,
    writing: Vec<u8>,
    written: usize,
    control: Option<Vec<u8>>,
    probes: VecDeque<Probe>,
    probing: bool,
    syncing: bool,
    number: u32,
    payload: usize,
    /// The last request that a GAP named since the last going back.
    gap: Option<u8>,
    reading: Reading,
    failed: Option<Failure>,
    /// The last sign of life, or of ours.
    alive: Instant,
    heard: Instant,
    /// The caller waits for answers right now.
    attentive: bool,
    tries: u32,
    tries_max: u32,
    rounds: u32,
    popped: u64,
    completed: u64,
    trouble: u64,
    counters: HostLinkCounters,
}

/// What a response said that nothing can be done about.
enum Failure {
    Restarted,
    Refused,
    Noisy,
}

impl Link {
    /// Takes a port whose rate is set, and finds out which request the device expects.
    ///
    /// # Errors
    /// If the port goes, or the device does not answer in `tries` tries.
    pub fn open(port: Box<dyn Port>, baud: u32, tries: u32) -> Result<Self, LinkError> {
        let now = port.now();
        let mut link = Self {
            port,
            pace: Pace::new(baud),
            decoder: Decoder::default(),
            flight: VecDeque::new(),
            sent: 0,
            next: 0,
            writing: Vec::new(),
            written: 0,
            control: None,
            probes: VecDeque::new(),
            probing: false,
            syncing: false,
            number: RandomState::new().hash_one(()) as u32,
            payload: PAYLOAD_WORDS_MAX,
            gap: None,
            reading: Reading::Nothing,
            failed: None,
            alive: now,
            heard: now,
            attentive: false,
            tries: 0,
            tries_max: TRIES,
            rounds: 0,
            popped: 0,
            completed: 0,
            trouble: 0,
            counters: HostLinkCounters::default(),
        };
        link.resync(tries)?;
        Ok(link)
    }

    /// Drops what is under way and finds out anew which request the device expects. A device that
    /// listens at another rate falls back to its first one for the frames that it can't read.
    ///
    /// # Errors
    /// If the port goes, or the device does not answer in `tries` tries.
    pub fn resync(&mut self, tries: u32) -> Result<(), LinkError> {
        self.port.discard().map_err(|source| gone("discarding old bytes", source))?;
        self.decoder.clear();
        self.flight.clear();
        self.writing.clear();
        self.written = 0;
        self.sent = 0;
        self.probes.clear();
        self.reading = Reading::Nothing;
        self.gap = None;
        self.failed = None;
        self.forget_completions();
        self.rounds = 0;
        self.tries = 0;
        self.heard = self.port.now();
        self.syncing = true;
        self.probe();
        let done = self.with_tries(tries, |link| {
            while link.syncing {
                link.turn("the answer to a sync")?;
            }
            Ok(())
        });
        self.syncing = false;
        done
    }

    /// Another line under the same link.
    #[cfg(test)]
    pub fn replace_port(&mut self, port: Box<dyn Port>) {
        self.port = port;
    }

    /// Lets something give up after other than the usual number of tries.
    pub fn with_tries<T>(
        &mut self,
        tries: u32,
        work: impl FnOnce(&mut Self) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let before = std::mem::replace(&mut self.tries_max, tries);
        let done = work(self);
        self.tries_max = before;
        done
    }

    /// Changes the rate. Nothing may be under way.
    ///
    /// # Errors
    /// If the port can't do it; then it keeps its rate.
    pub fn set_baud(&mut self, baud: u32) -> std::io::Result<()> {
        self.port.set_baud(baud)?;
        self.pace.set_baud(baud);
        self.decoder.clear();
        Ok(())
    }

    /// Words that one request writes or reads at most.
    pub fn payload(&self) -> usize {
        self.payload
    }

    /// Sets that, for a device that takes fewer than others.
    pub fn set_payload(&mut self, words: usize) {
        self.payload = words.clamp(1, PAYLOAD_WORDS_MAX);
    }

    /// The rate, in bits a second.
    pub fn baud(&self) -> u32 {
        self.pace.baud()
    }

    /// What the host counted.
    pub fn counters(&self) -> HostLinkCounters {
        HostLinkCounters { responses_damaged: self.decoder.damaged(), ..self.counters }
    }

    /// Goes up with every sign that something went wrong: after that, the device may be another one.
    pub fn trouble(&self) -> u64 {
        self.trouble + self.decoder.damaged()
    }

    /// Completions that the device has had since they were last [forgotten](Self::forget_completions).
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// Counts completions from 0, as the device does after a reset.
    pub fn forget_completions(&mut self) {
        self.popped = 0;
        self.completed = 0;
    }

    /// Lets a moment pass in which nothing is asked, and `least` at least.
    ///
    /// # Errors
    /// If the port goes.
    pub fn idle(&mut self, least: Duration) -> Result<(), LinkError> {
        let pause = self.pace.pause().max(least);
        self.port.wait(false, pause).map_err(|source| gone("waiting", source))?;
        self.receive().map(drop)
    }

    /// A number that nobody can guess.
    pub fn random(&self) -> u32 {
        RandomState::new().hash_one(()) as u32
    }

    /// The time by the port's clock.
    pub fn now(&self) -> Instant {
        self.port.now()
    }

    /// Writes words to ascending addresses: returns once the request is under way. `pops` says how
    /// many completions it frees.
    ///
    /// # Errors
    /// If the port goes or the device does not answer.
    pub fn write(
        &mut self,
        what: &'static str,
        address: u32,
        data: &[u32],
        pops: u8,
    ) -> Result<(), LinkError> {
        for (words, first) in data.chunks(self.payload).zip((0..).step_by(self.payload)) {
            let request = Request {
                sequence: self.next,
                opcode: Opcode::Write,
                count: words.len() as u16,
                address: address + first,
                data: words.to_vec(),
            };
            self.submit(what, &request, SHORTEST, pops)?;
        }
        Ok(())
    }

    /// Reads words from ascending addresses, at most those of one [payload](Self::payload).
    ///
    /// # Errors
    /// If the port goes or the device does not answer.
    pub fn read(
        &mut self,
        what: &'static str,
        address: u32,
        count: usize,
    ) -> Result<Vec<u32>, LinkError> {
        for _ in 0..=ROUNDS {
            let request = Request {
                sequence: self.next,
                opcode: Opcode::Read,
                count: count as u16,
                address,
                data: Vec::new(),
            };
            self.reading = Reading::Waiting(self.next);
            self.submit(what, &request, SHORTEST + 4 * count, 0)?;
            while matches!(self.reading, Reading::Waiting(_)) {
                self.turn(what)?;
            }
            if let Reading::Done(data) = std::mem::replace(&mut self.reading, Reading::Nothing)
                && data.len() == count
            {
                return Ok(data);
            }
            self.trouble += 1;
        }
        Err(LinkError::Noisy { what, rounds: ROUNDS, baud: self.baud() })
    }

    /// Waits until every request is acknowledged.
    ///
    /// # Errors
    /// If the port goes or the device does not answer.
    pub fn flush(&mut self, what: &'static str) -> Result<(), LinkError> {
        while !self.flight.is_empty() {
            self.turn(what)?;
        }
        Ok(())
    }
}

fn gone(doing: &'static str, source: std::io::Error) -> LinkError {
    LinkError::Gone { doing, source }
}

mod line;
mod responses;
