//! Bursts of host memory, and when their words are there.

use std::collections::VecDeque;

use gemmine_hdl::dma_registers::{BURST_BYTES, READS_IN_FLIGHT};

use crate::memory::Latency;

/// Bytes of a beat of the host's bus.
pub const BEAT_BYTES: u64 = 8;

/// Cycles from a whole burst to its first beat.
const SEND_CYCLES: u64 = 3;

/// Words that the next burst moves, of `words` that are left from a byte address on.
pub fn burst_words(address: u64, words: u32) -> u32 {
    let room = (BURST_BYTES - address % BURST_BYTES) / 4;
    words.min(room as u32)
}

/// Bytes of the beats that carry so many words.
pub fn beat_bytes(words: u32) -> u32 {
    (words * 4).next_multiple_of(BEAT_BYTES as u32)
}

/// Reads in flight, by when they are requested and when their last words were taken.
#[derive(Clone, Debug)]
pub struct Traffic {
    latency: Latency,
    /// When the last bursts, at most as many as can be in flight, were done with.
    done: VecDeque<u64>,
    /// The beats of the burst before are over.
    line_free: u64,
    /// The write before is answered.
    answered: u64,
}

impl Traffic {
    /// Nothing is in flight.
    pub fn new(latency: Latency) -> Self {
        Self { latency, done: VecDeque::new(), line_free: 0, answered: 0 }
    }

    /// When the first word of a burst is there, which could be asked for from a cycle on.
    pub fn arrives(&mut self, known: u64, words: u32) -> u64 {
        let room = match self.done.len() >= READS_IN_FLIGHT {
            true => self.done.front().copied().unwrap_or(0),
            false => 0,
        };
        let first = (known.max(room) + self.latency.draw()).max(self.line_free);
        self.line_free = first + u64::from(beat_bytes(words)) / BEAT_BYTES;
        first
    }

    /// The words of the oldest burst in flight are taken.
    pub fn taken(&mut self, now: u64) {
        self.done.push_back(now);
        if self.done.len() > READS_IN_FLIGHT {
            self.done.pop_front();
        }
    }

    /// When a burst that is whole is on its way, of which there is one at a time.
    pub fn sends(&mut self, now: u64, words: u32) -> u64 {
        let begins = now.max(self.answered);
        let beats = u64::from(beat_bytes(words)) / BEAT_BYTES;
        self.answered = begins + SEND_CYCLES + beats + self.latency.draw();
        begins
    }

    /// When the write before is answered.
    pub fn answered(&self) -> u64 {
        self.answered
    }
}
