//! A device that answers: opened, identified, started, and asked for a word by its own DMA.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gemmine_hdl::registers::{ERROR_CLEAR, RESET, SCRATCH, SCRATCH_SET, STATUS, WATCHDOG};
use gemmine_pouw::panel::{Group, LANES};

use super::device::{TAG_PASSED, TILE_SLOTS};
use super::engine::{Engine, Event};
use super::error::PcieError;
use super::ring::Command;
use super::staging::Staging;
use super::transport::{DmaMemory, DmaWords, Transport, TransportOpener};
use crate::accelerator::answer::TILE_WORDS;
use crate::accelerator::identify::{Layout, REGISTERS, WORD_STEPS, identify};
use crate::device::Identity;
use crate::link_error::LinkError;

/// Panels that may wait in host memory, and bytes that they may take unless one alone is larger.
const STAGED_PANELS: usize = 4;
const STAGED_BYTES: usize = 4 << 20;
/// Words of a cache line.
const LINE_WORDS: usize = 16;
/// How long the end of the DMA's reset may take.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// What a step of opening has at least, however little of the time for all of them is left.
const STEP_PATIENCE: Duration = Duration::from_secs(1);
/// What goes through the device's DMA and back when it is opened.
const LOOPBACK: u32 = 0x5ca1_ab1e;

/// A device that answers.
pub struct Link {
    /// Its rings.
    pub engine: Engine,
    /// What of [`Self::panels`] is in use.
    pub staging: Staging,
    /// Where panels wait.
    pub panels: DmaMemory,
    /// Where tiles come to, one behind the other.
    pub tiles: DmaMemory,
    /// Where the next one comes to.
    pub next_slot: usize,
    /// Panels on their way, each of which is told of when it is in.
    pub passes_due: usize,
}

/// Until when all of opening should be done, and how long one step of it may take.
struct Limit {
    start: Instant,
    within: Duration,
    patience: Duration,
}

impl Limit {
    fn left(&self, now: Instant) -> Duration {
        let left = self.within.saturating_sub(now.saturating_duration_since(self.start));
        left.min(self.patience).max(STEP_PATIENCE)
    }
}

impl Link {
    /// Opens, identifies and starts, in about so long; what was lost before is reset as a whole, as far as it can be.
    ///
    /// # Errors
    /// If it can't be reached, is no such device, or its DMA does not work.
    pub fn open(
        opener: &mut dyn TransportOpener,
        name: &str,
        within: Duration,
        was_lost: bool,
    ) -> Result<(Self, Identity, Layout), LinkError> {
        let limit = Limit { start: opener.now(), within, patience: opener.patience() };
        let mut transport = opener.open(limit.left(limit.start))?;
        transport.set_patience(limit.left(opener.now()));
        // Where it can't be reset as a whole, its DMA's own reset may do: what follows tells.
        let reset = if was_lost { transport.reset().err() } else { None };
        let mut raised = Self::raise(transport, name, &limit).map_err(|error| match reset {
            Some(reset) => LinkError::NotReset { error: Box::new(error), reset },
            None => error,
        })?;
        raised.0.engine.set_patience(limit.patience);
        Ok(raised)
    }

    fn raise(
        transport: Box<dyn Transport>,
        name: &str,
        limit: &Limit,
    ) -> Result<(Self, Identity, Layout), LinkError> {
        let mut engine = Engine::new(transport)?;
        let mut registers = [0; REGISTERS];
        for (address, word) in (0..).zip(&mut registers) {
            *word = engine.read(address)?;
        }
        let (identity, layout) = identify(&registers, name)?;
        let panel_words = (LANES * stride(layout.lane_words())).next_multiple_of(LINE_WORDS);
        let staged = (4 * STAGED_PANELS * panel_words).min(STAGED_BYTES).max(4 * panel_words);
        let panels = engine.allocate(staged)?;
        let tiles = engine.allocate(4 * TILE_SLOTS * TILE_WORDS)?;
        let staging = Staging::new(panels.words().len());
        let left = limit.left(engine.now());
        engine.set_patience(left);
        let mut link = Self { engine, staging, panels, tiles, next_slot: 0, passes_due: 0 };
        link.restart(left)?;
        Ok((link, identity, layout))
    }

    /// Resets the DMA and the accelerator's queues, clears its errors, starts the DMA, and sees that it works. Whether the
    /// device does nothing is known after so long.
    ///
    /// # Errors
    /// If it can't be reached, or does not do what it is told.
    pub fn restart(&mut self, patience: Duration) -> Result<(), LinkError> {
        let engine = &mut self.engine;
        engine.stop(patience.min(STOP_PATIENCE))?;
        // A host before this one may have set the watchdog; this one asks for nothing while it has no work.
        for (register, value) in [(WATCHDOG, 0), (RESET, 1), (ERROR_CLEAR, 1)] {
            engine.write(register, value)?;
        }
        let status = engine.read(STATUS)?;
        if status >> 8 != 0 {
            return Err(LinkError::Protocol(format!("STATUS reads {status:#010x} after a reset")));
        }
        engine.start()?;
        self.staging.clear();
        (self.next_slot, self.passes_due) = (0, 0);
        Ok(self.loopback(patience)?)
    }

    /// Sends a word to the device by its DMA, and has it send it back.
    fn loopback(&mut self, patience: Duration) -> Result<(), PcieError> {
        let tiles = self.tiles.address();
        let engine = &mut self.engine;
        engine.submit(&Command::immediate(SCRATCH_SET, &[LOOPBACK]))?;
        engine.submit(&Command::read(SCRATCH, 1, tiles).notify(TAG_PASSED))?;
        match engine.wait(patience)? {
            Some(Event::Done(TAG_PASSED)) => {}
            Some(other) => return Err(PcieError::Corrupt(format!("{other:?} came first"))),
            None => {
                let waited_ms = patience.as_millis();
                return Err(PcieError::Silent { what: "the first command", waited_ms });
            }
        }
        match self.tiles.words()[0].load(Ordering::Relaxed) {
            LOOPBACK => Ok(()),
            got => Err(PcieError::Loopback { sent: LOOPBACK, got }),
        }
    }
}

/// Words from one lane of a staged panel to the next: an odd number of cache lines, since sixteen lines at the same place
/// of a page would share too few ways of a cache.
pub fn stride(lane_words: usize) -> usize {
    (lane_words.div_ceil(LINE_WORDS) | 1) * LINE_WORDS
}

/// Lays a panel's lanes behind each other: the one time that its bytes are moved before the device reads them.
pub fn pack(groups: &[Group], memory: &DmaMemory, first: usize, stride: usize) {
    let words = &memory.words()[first..][..LANES * stride];
    for (n, group) in groups.iter().enumerate() {
        let lanes = group.0.as_chunks::<WORD_STEPS>().0;
        for (lane, steps) in lanes.iter().enumerate() {
            let word = u32::from_le_bytes(steps.map(i8::cast_unsigned));
            words[lane * stride + n].store(word, Ordering::Relaxed);
        }
    }
}
