//! Requests onto the line and bytes off it, without a byte more than the window allows.

use gemmine_hdl::frame::{Opcode, Request, WINDOW_MAX};

use super::{Failure, Flight, Link, PROBES, Probe, ROUNDS, SHORTEST, WINDOW_BYTES_MIN, gone};
use crate::link_error::LinkError;

/// Buffers that are taken in without a look at the clock.
const READS: usize = 16;

impl Link {
    pub(super) fn submit(
        &mut self,
        what: &'static str,
        request: &Request,
        response: usize,
        pops: u8,
    ) -> Result<(), LinkError> {
        self.attentive = false;
        let line = request.encode();
        while !self.has_room(line.len()) {
            self.turn(what)?;
        }
        let now = self.port.now();
        if self.flight.is_empty() {
            (self.alive, self.heard) = (now, now);
        }
        let read = request.opcode == Opcode::Read;
        let flight = Flight { line, response, pops, read, handed: None, again: false };
        self.flight.push_back(flight);
        self.next = self.next.wrapping_add(1);
        self.send()?;
        self.receive()?;
        self.check(what)
    }

    fn has_room(&self, bytes: usize) -> bool {
        let under_way: usize = self.flight.iter().map(|flight| flight.line.len()).sum();
        let window = self.pace.window().max(WINDOW_BYTES_MIN);
        self.flight.is_empty() || self.flight.len() < WINDOW_MAX && under_way + bytes <= window
    }

    /// Bytes to the answer of what was sent last.
    fn bytes_ahead(&self) -> usize {
        let flights = self.flight.iter().take(self.sent);
        let bytes: usize = flights.map(|flight| flight.line.len() + flight.response).sum();
        bytes + 3 * SHORTEST * usize::from(self.probing || self.syncing)
    }

    /// Takes in what has come; where nothing has, waits for it, and asks what became of it when that
    /// takes too long.
    pub(super) fn turn(&mut self, what: &'static str) -> Result<(), LinkError> {
        self.send()?;
        let came = self.receive()?;
        self.check(what)?;
        let timeout = self.pace.timeout(self.bytes_ahead(), self.tries);
        let waited = self.port.now().saturating_duration_since(self.alive);
        // Somebody who babbles without an answer is as good as silent.
        if let Some(left) = timeout.checked_sub(waited).filter(|left| !left.is_zero()) {
            if came {
                return self.send();
            }
            self.attentive = true;
            let to_write = self.written < self.writing.len();
            return self.port.wait(to_write, left).map_err(|source| gone("waiting", source));
        }
        self.counters.timeouts += 1;
        self.trouble += 1;
        self.tries += 1;
        if self.tries >= self.tries_max {
            let waited = self.port.now().saturating_duration_since(self.heard);
            return Err(LinkError::Silent {
                what,
                tries: self.tries,
                waited_ms: waited.as_millis(),
                baud: self.baud(),
            });
        }
        self.probe();
        Ok(())
    }

    fn check(&mut self, what: &'static str) -> Result<(), LinkError> {
        match self.failed.take() {
            None => Ok(()),
            Some(Failure::Restarted) => Err(LinkError::Restarted { what }),
            Some(Failure::Refused) => Err(LinkError::Refused { what }),
            Some(Failure::Noisy) => {
                Err(LinkError::Noisy { what, rounds: ROUNDS, baud: self.baud() })
            }
        }
    }

    /// Asks which request the device expects. The number of the question is one that no request has
    /// until its answer is long past.
    pub(super) fn probe(&mut self) {
        self.number = self.number.wrapping_add(1);
        let sequence = self.next.wrapping_add(128);
        let request = Request {
            sequence,
            opcode: Opcode::Sync,
            count: 0,
            address: self.number,
            data: Vec::new(),
        };
        // The zero ends whatever the device may have read so far.
        let mut line = vec![0];
        line.extend(request.encode());
        self.control = Some(line);
        if self.probes.len() == PROBES {
            self.probes.pop_front();
        }
        let now = self.port.now();
        let behind = self.base().wrapping_add(self.sent as u8);
        self.probes.push_back(Probe { sequence, number: self.number, handed: now, behind });
        self.probing = true;
        self.alive = now;
    }

    /// Hands over as much as the port takes.
    fn send(&mut self) -> Result<(), LinkError> {
        loop {
            while self.written < self.writing.len() {
                let rest = &self.writing[self.written..];
                let taken = self.port.write(rest).map_err(|source| gone("writing", source))?;
                if taken == 0 {
                    return Ok(());
                }
                self.written += taken;
                self.counters.bytes_out += taken as u64;
            }
            self.written = 0;
            self.writing.clear();
            if let Some(line) = self.control.take() {
                self.writing = line;
            } else if self.sent < self.flight.len() {
                self.start_next();
            } else {
                return Ok(());
            }
            self.counters.frames_sent += 1;
        }
    }

    fn start_next(&mut self) {
        let now = self.port.now();
        let ahead = self.bytes_ahead();
        let flight = &mut self.flight[self.sent];
        self.writing.extend(&flight.line);
        if flight.handed.is_some() {
            flight.again = true;
            self.counters.frames_resent += 1;
        } else {
            flight.handed = Some((now, ahead + flight.line.len() + flight.response));
        }
        self.sent += 1;
    }

    /// Takes in all that has come; whether there was a response among it.
    pub(super) fn receive(&mut self) -> Result<bool, LinkError> {
        let mut buffer = [0; 4096];
        let mut came = false;
        for _ in 0..READS {
            let read = self.port.read(&mut buffer).map_err(|source| gone("reading", source))?;
            if read == 0 {
                break;
            }
            self.counters.bytes_in += read as u64;
            for byte in &buffer[..read] {
                if let Some(response) = self.decoder.take(*byte) {
                    self.counters.responses_good += 1;
                    came = true;
                    self.handle(response);
                }
            }
        }
        Ok(came)
    }
}
