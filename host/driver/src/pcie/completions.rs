//! Completions and product tiles, from the device's ring to the host's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gemmine_hdl::registers::{RELEASE, RESULTS, TIME_HIGH, TIME_LOW};

use super::device::{PcieDevice, TAG_PASSED, TILE_SLOTS};
use super::engine::Event;
use super::error::PcieError;
use super::ring::Command;
use super::transport::DmaWords;
use crate::accelerator::answer::{TILE_WORDS, Wrong, completion, tile};
use crate::device::Completion;
use crate::error::DeviceError;
use crate::link_error::LinkError;

/// After so long without an event, in one wait or in many, the device's clock tells whether one is overdue.
const SILENCE: Duration = Duration::from_millis(250);

impl PcieDevice {
    pub(super) fn wait_for_completion(
        &mut self,
        timeout: Duration,
    ) -> Result<Completion, DeviceError> {
        let waited_ms = timeout.as_millis();
        if self.done.is_empty() && self.answers.is_empty() && self.shadow.outstanding.is_empty() {
            let what = "a completion, with no descriptor outstanding";
            return Err(DeviceError::Timeout { what, waited_ms });
        }
        let mut start = None;
        loop {
            if let Some(completion) = self.done.pop_front() {
                return Ok(completion);
            }
            let now = self.over_link(|link| Ok(link.engine.now()))?;
            let waited = now.saturating_duration_since(*start.get_or_insert(now));
            let left = timeout.saturating_sub(waited);
            match self.over_link(|link| link.engine.wait(left.min(SILENCE)))? {
                Some(event) => self.take(&event)?,
                None => {
                    self.note_silence(waited_ms)?;
                    if left <= SILENCE {
                        return Err(DeviceError::Timeout { what: "a completion", waited_ms });
                    }
                }
            }
        }
    }

    /// Asks whether the device is alive once nothing has come for long, in however many waits: callers look after
    /// something else every few milliseconds.
    fn note_silence(&mut self, waited_ms: u128) -> Result<(), DeviceError> {
        let now = self.over_link(|link| Ok(link.engine.now()))?;
        let since = *self.silent_since.get_or_insert(now);
        if now.saturating_duration_since(since) < SILENCE {
            return Ok(());
        }
        self.silent_since = Some(now);
        self.ensure_alive(waited_ms)
    }

    /// Takes in what the device tells.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), DeviceError> {
        self.silent_since = None;
        match event {
            Event::Completion(entry) => self.take_completion(entry),
            Event::Done(TAG_PASSED) => self.take_passed(),
            Event::Done(tag) => self.take_tile(*tag),
        }
    }

    /// A panel is in. More of these than panels would keep a wait going for ever.
    fn take_passed(&mut self) -> Result<(), DeviceError> {
        match &mut self.link {
            Some(link) if link.passes_due > 0 => {
                link.passes_due -= 1;
                Ok(())
            }
            _ => Err(self.not_due(TAG_PASSED)),
        }
    }

    fn not_due(&mut self, tag: u16) -> DeviceError {
        let text = format!("command {tag:#x} is done, which was not due");
        self.lose(PcieError::Corrupt(text).into())
    }

    fn take_completion(&mut self, entry: &[u32; 16]) -> Result<(), DeviceError> {
        let Some(due) = self.shadow.outstanding.front() else {
            let text = format!("completion {} came where none was due", entry[0]);
            return Err(self.lose(PcieError::Corrupt(text).into()));
        };
        let (completion, bank) = match completion(entry, due) {
            Ok(answer) => answer,
            Err(Wrong::Tag(error)) => return Err(error),
            Err(Wrong::Link(source)) => return Err(self.lose(source)),
        };
        self.shadow.outstanding.pop_front();
        self.begun = None;
        let Some(bank) = bank else {
            self.answers.push_back((completion, None));
            self.deliver();
            return Ok(());
        };
        let coming = self.answers.iter().filter(|(_, slot)| slot.is_some()).count();
        if coming == TILE_SLOTS {
            let text = format!("{} tiles wait where a device has banks for two", coming + 1);
            return Err(self.lose(LinkError::Protocol(text)));
        }
        let slot = self.over_link(|link| {
            let slot = link.next_slot;
            link.next_slot = (slot + 1) % TILE_SLOTS;
            let host = link.tiles.address() + (4 * TILE_WORDS * slot) as u64;
            let bus = RESULTS + (bank * TILE_WORDS) as u32;
            link.engine.submit(&Command::read(bus, TILE_WORDS, host).notify(slot as u16))?;
            link.engine.submit(&Command::immediate(RELEASE, &[1]))?;
            link.engine.ring()?;
            Ok(slot)
        })?;
        self.answers.push_back((completion, Some(slot)));
        Ok(())
    }

    /// A tile has come to its slot.
    fn take_tile(&mut self, tag: u16) -> Result<(), DeviceError> {
        let due = self.answers.iter_mut().find(|(_, slot)| slot.is_some());
        let slot = match &due {
            Some((_, Some(slot))) if usize::from(tag) == *slot => *slot,
            _ => return Err(self.not_due(tag)),
        };
        if let (Some((completion, waits)), Some(link)) = (due, &self.link) {
            let words = &link.tiles.words()[TILE_WORDS * slot..][..TILE_WORDS];
            let geometry = self.shadow.layout.geometry;
            completion.tile = Some(tile(geometry, |word| words[word].load(Ordering::Relaxed)));
            *waits = None;
        }
        self.deliver();
        Ok(())
    }

    /// Hands out completions in order, as far as their tiles are here.
    fn deliver(&mut self) {
        while self.answers.front().is_some_and(|(_, slot)| slot.is_none()) {
            self.done.extend(self.answers.pop_front().map(|(completion, _)| completion));
        }
    }

    /// Gives up on a device that answers, but has had far more time for its oldest work than that takes.
    fn ensure_alive(&mut self, waited_ms: u128) -> Result<(), DeviceError> {
        let time = self.over_link(|link| {
            let low = link.engine.read(TIME_LOW)?;
            Ok(u64::from(link.engine.read(TIME_HIGH)?) << 24 | u64::from(low))
        })?;
        let begun = *self.begun.get_or_insert(time);
        if self.shadow.is_overdue(begun, time) {
            return Err(DeviceError::Stuck { waited_ms });
        }
        Ok(())
    }
}
