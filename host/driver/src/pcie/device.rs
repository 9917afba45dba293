//! A device behind PCI Express, as a [`Device`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gemmine_hdl::registers::{DESCRIPTORS, panel_address};
use gemmine_pouw::panel::{LANES, Panel};

use super::error::PcieError;
use super::link::{Link, pack, stride};
use super::ring::Command;
use super::transport::TransportOpener;
use crate::accelerator::counters::Reading;
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
/// How long commands may take that are still on the way when work is dropped.
const DRAIN_PATIENCE: Duration = Duration::from_secs(5);
/// How long one wait for room is.
const ROOM_PAUSE: Duration = Duration::from_millis(10);
/// Between two tries to reach a device that is gone.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

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
        let within = options.patience.max(opener.patience());
        let (link, identity, layout) = match Link::open(&mut *opener, &name, within, false) {
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
        if matches!(source, LinkError::Pcie(PcieError::Gone(_))) {
            // Nothing of it can be used any more, and the system may wait for it to be let go.
            self.close();
        }
        DeviceError::Lost { device: self.shadow.identity.name.clone(), source }
    }

    fn close(&mut self) {
        if let Some(mut link) = self.link.take() {
            let counters = link.engine.counters();
            self.past = self.past.plus(counters.unwrap_or_else(|_| link.engine.last_counters()));
        }
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
            } else if now.saturating_duration_since(start) > self.opener.patience() {
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
        let patience = self.opener.patience().min(DRAIN_PATIENCE);
        let Some(link) = &mut self.link else { return false };
        let start = link.engine.now();
        loop {
            let settled = link.engine.ring().and_then(|()| link.engine.refresh());
            let (submitted, done) = link.engine.progress();
            let late = link.engine.now().saturating_duration_since(start) > patience;
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
        self.close();
        let (start, patience) = (self.opener.now(), self.options.patience);
        loop {
            let left = patience.saturating_sub(self.opener.now().saturating_duration_since(start));
            let name = &self.shadow.identity.name;
            let error = match Link::open(&mut *self.opener, name, left, true) {
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
            if !error.may_pass() || waited >= patience {
                return Err(error);
            }
            self.opener.pause(REOPEN_PAUSE);
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
            link.passes_due += 1;
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
            Some(link) => link.restart(self.opener.patience()),
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
