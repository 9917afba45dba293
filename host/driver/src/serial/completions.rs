//! Completions and product tiles, from the device's queue to the host's.

use std::time::Duration;

use gemmine_hdl::registers::{
    COMPLETION_WORDS, COMPLETIONS, POP, QUEUE, RELEASE, RESULTS, SCRATCH, TIME_HIGH, TIME_LOW,
};

use super::device::SerialDevice;
use crate::accelerator::answer::{TILE_WORDS, Tile, Wrong, completion, tile};
use crate::device::Completion;
use crate::error::DeviceError;
use crate::link_error::LinkError;

/// Questions whether a scan is done during it, and the longest pause between two.
const SCAN_QUESTIONS: u32 = 32;
const SCAN_PAUSE_MAX: Duration = Duration::from_millis(50);

impl SerialDevice {
    pub(super) fn wait_for_completion(
        &mut self,
        timeout: Duration,
    ) -> Result<Completion, DeviceError> {
        if let Some(completion) = self.done.pop_front() {
            return Ok(completion);
        }
        let waited_ms = timeout.as_millis();
        if self.shadow.outstanding.is_empty() {
            let what = "a completion, with no descriptor outstanding";
            return Err(DeviceError::Timeout { what, waited_ms });
        }
        self.send_descriptors()?;
        let start = self.over_link(|link| Ok(link.now()))?;
        loop {
            if self.over_link(|link| Ok(link.completed()))? > self.read {
                self.ensure_same()?;
                self.fetch()?;
                if let Some(completion) = self.done.pop_front() {
                    return Ok(completion);
                }
            }
            let time = self.vouch()?;
            if self.over_link(|link| Ok(link.completed()))? > self.read {
                continue;
            }
            self.ensure_alive(time, waited_ms)?;
            let pause = self.pause();
            let waited = self.over_link(|link| {
                link.idle(pause)?;
                Ok(link.now().saturating_duration_since(start))
            })?;
            if waited >= timeout {
                return Err(DeviceError::Timeout { what: "a completion", waited_ms });
            }
        }
    }

    /// How long to wait before the device is asked again whether the oldest work is done: longer for a scan,
    /// which is a second's work, so that questions are not most of what the line carries.
    fn pause(&self) -> Duration {
        match (self.shadow.outstanding.front(), self.shadow.identity.clock_hz) {
            (Some(work), Some(hertz)) if work.is_scan() => {
                let whole = Duration::from_secs_f64(work.cycles as f64 / hertz as f64);
                (whole / SCAN_QUESTIONS).min(SCAN_PAUSE_MAX)
            }
            _ => Duration::ZERO,
        }
    }

    /// Checks that the device still knows what it was told; returns its time in cycles.
    pub(super) fn vouch(&mut self) -> Result<u64, DeviceError> {
        const WORDS: usize = (TIME_HIGH - SCRATCH) as usize + 1;
        let what = "its scratch register and time";
        let canary = self.canary;
        let (words, trouble) = self.over_link(|link| {
            let trouble = link.trouble();
            let words = link.read(what, SCRATCH, WORDS)?;
            if words[0] != canary {
                return Err(LinkError::Restarted { what });
            }
            Ok((words, trouble))
        })?;
        self.vouched = trouble;
        let time = |register: u32| u64::from(words[(register - SCRATCH) as usize]);
        // The halves may tear; 2^24 cycles more or less don't matter here.
        Ok(time(TIME_HIGH) << 24 | time(TIME_LOW))
    }

    /// Gives up on a device that answers, but has had far more time for its oldest tile than that
    /// takes.
    fn ensure_alive(&mut self, time: u64, waited_ms: u128) -> Result<(), DeviceError> {
        let begun = *self.begun.get_or_insert(time);
        if self.shadow.is_overdue(begun, time) {
            return Err(DeviceError::Stuck { waited_ms });
        }
        Ok(())
    }

    /// Reads the completions that wait, with their tiles, and frees them in the device.
    fn fetch(&mut self) -> Result<(), DeviceError> {
        let first = (self.read % u64::from(QUEUE)) as usize;
        let outstanding = self.shadow.outstanding.len();
        let read = self.read;
        let (entries, count) = self.over_link(|link| {
            let waiting = link.completed() - read;
            if waiting > outstanding as u64 {
                let text = format!("it has {waiting} completions of {outstanding} descriptors");
                return Err(LinkError::Protocol(text));
            }
            let burst = link.payload() / COMPLETION_WORDS as usize;
            let count = (waiting as usize).min(burst).min(QUEUE as usize - first);
            let address = COMPLETIONS + first as u32 * COMPLETION_WORDS;
            let words = link.read("completions", address, count * COMPLETION_WORDS as usize)?;
            Ok((words, count))
        })?;
        let (entries, _) = entries.as_chunks::<{ COMPLETION_WORDS as usize }>();
        let mut tiles = 0;
        let mut taken = Vec::with_capacity(count);
        for entry in entries {
            let due = &self.shadow.outstanding[taken.len()];
            let (mut completion, bank) = match completion(entry, due) {
                Ok(answer) => answer,
                Err(Wrong::Tag(error)) => return Err(error),
                Err(Wrong::Link(source)) => return Err(self.lose(source)),
            };
            if let Some(bank) = bank {
                completion.tile = Some(self.read_tile(bank)?);
                tiles += 1;
            }
            taken.push(completion);
        }
        // POP and RELEASE stand behind each other.
        let free = [count as u32, tiles];
        let free = if tiles > 0 { &free[..] } else { &free[..1] };
        self.over_link(|link| link.write("the freeing of completions", POP, free, count as u8))?;
        self.shadow.outstanding.drain(..count);
        self.read += count as u64;
        self.begun = None;
        self.done.extend(taken);
        Ok(())
    }

    fn read_tile(&mut self, bank: usize) -> Result<Tile, DeviceError> {
        let first = RESULTS + (bank * TILE_WORDS) as u32;
        let words = self.over_link(|link| {
            let mut words = Vec::with_capacity(TILE_WORDS);
            while words.len() < TILE_WORDS {
                let count = link.payload().min(TILE_WORDS - words.len());
                words.extend(link.read("a product tile", first + words.len() as u32, count)?);
            }
            Ok(words)
        })?;
        Ok(tile(self.shadow.layout.geometry, |word| words[word]))
    }
}

const _: () = assert!(RELEASE == POP + 1);
