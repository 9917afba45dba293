//! A device behind PCI Express, as a [`Device`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gemmine_hdl::registers::{
    DESCRIPTORS, ERROR_CLEAR, RESET, SCRATCH, SCRATCH_SET, STATUS, WATCHDOG, panel_address,
};
use gemmine_pouw::panel::{Group, LANES, Panel};

use super::engine::{Engine, Event};
use super::error::PcieError;
use super::ring::Command;
use super::staging::Staging;
use super::transport::{DmaMemory, DmaWords, TransportOpener};
use crate::accelerator::answer::TILE_WORDS;
use crate::accelerator::counters::Reading;
use crate::accelerator::identify::{Layout, REGISTERS, WORD_STEPS, identify};
use crate::accelerator::panels::Placed;
use crate::accelerator::shadow::{Plan, Shadow, side_of};
use crate::device::{Completion, Counters, Descriptor, Device, DmaCounters, Identity, Side};
use crate::error::DeviceError;
use crate::link_error::LinkError;
use crate::scan::Scan;

/// Commands that are left free for reading tiles, which must never wait for room.
const RESERVE: usize = 16;
/// Tiles that may be on their way to the host; the device has banks for two.
pub(super) const TILE_SLOTS: usize = 4;
/// Tag of a command that only tells that it is done; tiles have their slot's number.
pub(super) const TAG_PASSED: u16 = 0xffff;
/// Panels that may wait in host memory, and bytes that they may take unless one alone is larger.
const STAGED_PANELS: usize = 4;
const STAGED_BYTES: usize = 4 << 20;
/// Words of a cache line.
const LINE_WORDS: usize = 16;
/// How long a device may do no command at all. A simulated one is slow.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);
/// How long commands may take that are still on the way when work is dropped.
const DRAIN_PATIENCE: Duration = Duration::from_secs(5);
/// How long one wait for room is.
const ROOM_PAUSE: Duration = Duration::from_millis(10);
/// Between two tries to reach a device that is gone.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);
/// What goes through the device's DMA and back when it is opened.
const LOOPBACK: u32 = 0x5ca1_ab1e;

/// How to open a device behind PCI Express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcieOptions {
    /// How long a lost device is waited for.
    pub patience: Duration,
}

impl Default for PcieOptions {
    fn default() -> Self {
        Self { patience: Duration::from_secs(15) }
    }
}

/// A device behind PCI Express.
pub struct PcieDevice {
    opener: Box<dyn TransportOpener>,
    options: PcieOptions,
    pub(super) shadow: Shadow,
    pub(super) link: Option<Link>,
    /// What panel memory holds is not known any more.
    lost: bool,
    /// Completions whose tile, or that of one before, is on its way; with the tile's slot.
    pub(super) answers: VecDeque<(Completion, Option<usize>)>,
    pub(super) done: VecDeque<Completion>,
    /// The device's time when its oldest work may have begun.
    pub(super) begun: Option<u64>,
    /// Since when nothing has come of what is waited for, or since the last look whether the device is alive.
    pub(super) silent_since: Option<Instant>,
    /// What was counted before the device was opened the last time.
    past: DmaCounters,
}

/// A device that answers.
pub(super) struct Link {
    pub(super) engine: Engine,
    staging: Staging,
    panels: DmaMemory,
    pub(super) tiles: DmaMemory,
    pub(super) next_slot: usize,
}

impl PcieDevice {
    /// Opens the device that an opener reaches. Work that somebody else left in it is dropped.
    ///
    /// # Errors
    /// If it can't be reached, or is no gemmine device with a memory link.
    pub fn on(
        mut opener: Box<dyn TransportOpener>,
        name: String,
        options: PcieOptions,
    ) -> Result<Self, DeviceError> {
        let (link, identity, layout) = match bring_up(&mut *opener, &name, false) {
            Ok(raised) => raised,
            Err(source) => return Err(DeviceError::Lost { device: name, source }),
        };
        Ok(Self {
            opener,
            options,
            shadow: Shadow::new(identity, layout),
            link: Some(link),
            lost: false,
            answers: VecDeque::new(),
            done: VecDeque::new(),
            begun: None,
            silent_since: None,
            past: DmaCounters::default(),
        })
    }

    /// Opens the device of this machine at a PCI address such as `0000:01:00.0`.
    ///
    /// # Errors
    /// If it is not there, behind no IOMMU, not bound to vfio-pci, not for this user, or no gemmine device.
    #[cfg(target_os = "linux")]
    pub fn open(address: &str, options: PcieOptions) -> Result<Self, DeviceError> {
        let opener = super::vfio::VfioOpener { address: address.to_owned() };
        Self::on(Box::new(opener), format!("pcie:{address}"), options)
    }

    /// Opens the device that a vfio-user server plays behind a socket.
    ///
    /// # Errors
    /// If there is no such socket, nobody answers, or what answers is no gemmine device.
    #[cfg(target_os = "linux")]
    pub fn vfio_user(path: &std::path::Path, options: PcieOptions) -> Result<Self, DeviceError> {
        let opener = super::vfio_user::VfioUserOpener { path: path.to_owned() };
        Self::on(Box::new(opener), format!("vfio-user:{}", path.display()), options)
    }

    /// Does something over the link. After an error only a reset helps.
    pub(super) fn over_link<T>(
        &mut self,
        work: impl FnOnce(&mut Link) -> Result<T, PcieError>,
    ) -> Result<T, DeviceError> {
        let done = match &mut self.link {
            Some(_) if self.lost => Err(LinkError::Closed),
            Some(link) => work(link).map_err(LinkError::from),
            None => Err(LinkError::Closed),
        };
        done.map_err(|source| self.lose(source))
    }

    pub(super) fn lose(&mut self, source: LinkError) -> DeviceError {
        self.lost = true;
        DeviceError::Lost { device: self.shadow.identity.name.clone(), source }
    }

    /// Makes room for so many commands.
    fn make_room(&mut self, commands: usize) -> Result<(), DeviceError> {
        let enough = |link: &Link| link.engine.room() >= commands + RESERVE;
        self.wait_until("room for commands", enough)
    }

    /// Gives back what commands that are done needed; whether that is enough.
    fn frees(&mut self, enough: impl Fn(&Link) -> bool) -> Result<bool, DeviceError> {
        self.over_link(|link| {
            link.staging.free(link.engine.progress().1);
            Ok(enough(link))
        })
    }

    /// Takes in what the device tells until something is true.
    fn wait_until(
        &mut self,
        what: &'static str,
        enough: impl Fn(&Link) -> bool,
    ) -> Result<(), DeviceError> {
        let mut since = None;
        loop {
            if self.frees(&enough)? {
                return Ok(());
            }
            // Entries that are there say most of it. The register is read only for what they don't.
            while let Some(event) = self.over_link(|link| link.engine.poll())? {
                self.take(&event)?;
            }
            if self.frees(&enough)? {
                return Ok(());
            }
            let (done, now) = self.over_link(|link| {
                link.engine.ring()?;
                link.engine.refresh()?;
                Ok((link.engine.progress().1, link.engine.now()))
            })?;
            if self.frees(&enough)? {
                return Ok(());
            }
            let (start, before) = *since.get_or_insert((now, done));
            if done > before {
                since = Some((now, done));
            } else if now.saturating_duration_since(start) > COMMAND_PATIENCE {
                let waited_ms = now.saturating_duration_since(start).as_millis();
                return Err(self.lose(PcieError::Silent { what, waited_ms }.into()));
            }
            if let Some(event) = self.over_link(|link| link.engine.wait(ROOM_PAUSE))? {
                self.take(&event)?;
            }
        }
    }

    /// Sends a plan's words.
    fn send(&mut self, plan: Plan) -> Result<(), DeviceError> {
        let (address, words) = plan.job.clone().unwrap_or_default();
        self.make_room(1 + words.len().div_ceil(4))?;
        self.over_link(|link| {
            for (bus, words) in (address..).step_by(4).zip(words.chunks(4)) {
                link.engine.submit(&Command::immediate(bus, words))?;
            }
            link.engine.submit(&Command::immediate(DESCRIPTORS, &plan.descriptor))
        })?;
        if self.shadow.outstanding.is_empty() {
            (self.begun, self.silent_since) = (None, None);
        }
        self.shadow.note(plan);
        Ok(())
    }

    /// Waits until commands are done that are on the way, since a reset drops them; whether they were.
    fn drain(&mut self) -> bool {
        let Some(link) = &mut self.link else { return false };
        let start = link.engine.now();
        loop {
            let settled = link.engine.ring().and_then(|()| link.engine.refresh());
            let (submitted, done) = link.engine.progress();
            let late = link.engine.now().saturating_duration_since(start) > DRAIN_PATIENCE;
            if settled.is_err() || late || submitted == done {
                return settled.is_ok() && submitted == done;
            }
            // What it tells is of work that is dropped.
            if link.engine.wait(ROOM_PAUSE).is_err() {
                return false;
            }
        }
    }

    /// Reaches a device that is gone again, with patience, and makes sure that it is the same one.
    fn reconnect(&mut self) -> Result<(), LinkError> {
        if let Some(mut link) = self.link.take() {
            self.past = self.past.plus(link.engine.counters().unwrap_or_default());
        }
        let start = self.opener.now();
        loop {
            let error = match bring_up(&mut *self.opener, &self.shadow.identity.name, true) {
                Ok((_, identity, _)) if identity != self.shadow.identity => {
                    return Err(LinkError::Changed(identity.description));
                }
                Ok((link, ..)) => {
                    self.link = Some(link);
                    return Ok(());
                }
                Err(error) => error,
            };
            let waited = self.opener.now().saturating_duration_since(start);
            if !error.may_pass() || waited >= self.options.patience {
                return Err(error);
            }
            self.opener.pause(REOPEN_PAUSE);
        }
    }
}

/// Opens, identifies and starts; what was lost before is reset as a whole, as far as it can be.
fn bring_up(
    opener: &mut dyn TransportOpener,
    name: &str,
    was_lost: bool,
) -> Result<(Link, Identity, Layout), LinkError> {
    let mut transport = opener.open()?;
    if was_lost {
        // Where the function has no reset, what follows tells whether it answers.
        let _ = transport.reset();
    }
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
    let mut link = Link { engine, staging, panels, tiles, next_slot: 0 };
    restart(&mut link)?;
    loopback(&mut link)?;
    Ok((link, identity, layout))
}

/// Resets the DMA and the accelerator's queues, clears its errors, and starts the DMA.
fn restart(link: &mut Link) -> Result<(), LinkError> {
    let engine = &mut link.engine;
    engine.stop()?;
    // A host before this one may have set the watchdog; this one asks for nothing while it has no work.
    for (register, value) in [(WATCHDOG, 0), (RESET, 1), (ERROR_CLEAR, 1)] {
        engine.write(register, value)?;
    }
    let status = engine.read(STATUS)?;
    if status >> 8 != 0 {
        return Err(LinkError::Protocol(format!("STATUS reads {status:#010x} after a reset")));
    }
    engine.start()?;
    link.staging.clear();
    link.next_slot = 0;
    Ok(())
}

/// Sends a word to the device by its DMA, and has it send it back.
fn loopback(link: &mut Link) -> Result<(), PcieError> {
    let tiles = link.tiles.address();
    let engine = &mut link.engine;
    engine.submit(&Command::immediate(SCRATCH_SET, &[LOOPBACK]))?;
    engine.submit(&Command::read(SCRATCH, 1, tiles).notify(TAG_PASSED))?;
    match engine.wait(COMMAND_PATIENCE)? {
        Some(Event::Done(TAG_PASSED)) => {}
        Some(other) => return Err(PcieError::Corrupt(format!("{other:?} came first"))),
        None => {
            let waited_ms = COMMAND_PATIENCE.as_millis();
            return Err(PcieError::Silent { what: "the first command", waited_ms });
        }
    }
    match link.tiles.words()[0].load(Ordering::Relaxed) {
        LOOPBACK => Ok(()),
        got => Err(PcieError::Loopback { sent: LOOPBACK, got }),
    }
}

/// Words from one lane of a staged panel to the next: an odd number of cache lines, since sixteen lines at the same place
/// of a page would share too few ways of a cache.
fn stride(lane_words: usize) -> usize {
    (lane_words.div_ceil(LINE_WORDS) | 1) * LINE_WORDS
}

/// Lays a panel's lanes behind each other: the one time that its bytes are moved before the device reads them.
fn pack(groups: &[Group], memory: &DmaMemory, first: usize, stride: usize) {
    let words = &memory.words()[first..][..LANES * stride];
    for (n, group) in groups.iter().enumerate() {
        let lanes = group.0.as_chunks::<WORD_STEPS>().0;
        for (lane, steps) in lanes.iter().enumerate() {
            let word = u32::from_le_bytes(steps.map(i8::cast_unsigned));
            words[lane * stride + n].store(word, Ordering::Relaxed);
        }
    }
}

impl Device for PcieDevice {
    fn identity(&self) -> &Identity {
        &self.shadow.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        let range = match self.shadow.plan_panel(side, place, &panel) {
            Ok(range) => range,
            Err(busy) => {
                // The device should not wait for a host that waits for the device.
                self.over_link(|link| link.engine.ring())?;
                return Err(busy);
            }
        };
        let stride = stride(range.len());
        let piece = LANES * stride;
        self.wait_until("room for a panel", |link| {
            link.staging.find(piece).is_some() && link.engine.room() > LANES + RESERVE
        })?;
        let layout = self.shadow.layout;
        let (window, width, [commit, commits]) = side_of(&layout, side);
        self.over_link(|link| {
            let staged = link.staging.find(piece).unwrap_or_default();
            pack(panel.groups(), &link.panels, staged.start, stride);
            for lane in 0..LANES {
                let bus =
                    window + panel_address(width, layout.word_bits, lane) + range.start as u32;
                let host = link.panels.address() + 4 * (staged.start + lane * stride) as u64;
                link.engine.submit(&Command::write(bus, range.len(), host))?;
            }
            let commit = Command::immediate(commit, &[commits]).notify(TAG_PASSED);
            let until = link.engine.submit(&commit)?;
            link.staging.hold(staged, until);
            link.engine.ring()
        })?;
        self.shadow.note_panel(side, place, Placed { words: range, steps: panel.k() });
        Ok(())
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let plan = self.shadow.plan_tile(&descriptor)?;
        self.send(plan)
    }

    fn scan(&mut self, scan: Scan) -> Result<(), DeviceError> {
        let plan = self.shadow.plan_scan(&scan)?;
        self.send(plan)?;
        self.over_link(|link| link.engine.ring())
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        self.wait_for_completion(timeout)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        let intact = !self.lost && self.drain();
        self.shadow.forget_work();
        self.answers.clear();
        self.done.clear();
        (self.begun, self.silent_since) = (None, None);
        if !intact {
            // What was on its way to the device's memory may not have come.
            self.shadow.forget_all();
        }
        let restarted = match &mut self.link {
            Some(link) => restart(link).and_then(|()| Ok(loopback(link)?)),
            None => Err(LinkError::Closed),
        };
        if restarted.is_err() {
            self.shadow.forget_all();
            self.reconnect().map_err(|source| self.lose(source))?;
        }
        self.lost = false;
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        let past = self.past;
        self.over_link(|link| {
            let engine = &mut link.engine;
            engine.ring()?;
            let reading = Reading::take(|first, words| {
                (first..).take(words).map(|register| engine.read(register)).collect()
            })?;
            let dma = past.plus(engine.counters()?);
            Ok(Counters { dma: Some(dma), ..reading.counters() })
        })
    }
}
