//! A board behind a serial port, as a [`Device`].

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gemmine_hdl::accelerator::OPERAND_LATENCY;
use gemmine_hdl::registers::{
    COMMIT, DESCRIPTOR_WORDS, DESCRIPTORS, ERROR_CLEAR, JOB_SLOTS, PANELS_A, PANELS_B, RESET,
    SCRATCH_SET, STATUS, WATCHDOG, panel_address,
};
use gemmine_hdl::sequencer::settle_cycles;
use gemmine_pouw::panel::Panel;

use super::baud::{OPEN_TRIES, negotiate};
use super::error::LinkError;
use super::identify::{Layout, WORD_STEPS, identify};
use super::jobs::{Job, JobSlots, slot_words};
use super::link::Link;
use super::panels::{PanelMemory, Placed, overlap};
use super::port::{Opener, Port, TtyOpener};
use super::refuse;
use crate::device::{
    Completion, Counters, Descriptor, Device, HostLinkCounters, Identity, LinkCheck, Side,
};
use crate::error::DeviceError;
use crate::scan::Scan;

/// Commits that a waiting descriptor may be behind: the device compares them modulo 256.
const COMMITS_AHEAD_MAX: u8 = 100;
/// After so long without a word from the device, it is asked whether it is still the same.
const IDLE: Duration = Duration::from_millis(20);
/// Between two tries to open a port that is gone.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

/// How to open a serial device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialOptions {
    /// The device's first rate, in bits a second.
    pub baud: u32,
    /// The highest rate to go to.
    pub max_baud: u32,
    /// How long a lost device is waited for.
    pub patience: Duration,
}

impl Default for SerialOptions {
    fn default() -> Self {
        Self { baud: 115_200, max_baud: 12_000_000, patience: Duration::from_secs(15) }
    }
}

/// A descriptor whose completion has not been read.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) tag: u32,
    pub(super) task: Task,
    pub(super) job_slots: Range<usize>,
    pub(super) commits: [u8; 2],
    /// Cycles in which the device is done with it, if it is alive.
    pub(super) cycles: u64,
}

/// What a descriptor asks for. Those of both kinds are never outstanding together.
#[derive(Debug)]
pub(super) enum Task {
    Tile {
        want_tile: bool,
        panels: [usize; 2],
        words: [Range<usize>; 2],
    },
    /// Its attempts or tiles, by number, and what those are for people.
    Scan {
        numbers: RangeInclusive<u32>,
        unit: &'static str,
    },
}

impl Outstanding {
    /// Whether it needs a side's place, or some of its words, as they are. A scan fills all of panel memory.
    fn holds(&self, side: usize, place: usize, range: &Range<usize>) -> bool {
        match &self.task {
            Task::Tile { panels, words, .. } => {
                panels[side] == place || overlap(&words[side], range)
            }
            Task::Scan { .. } => true,
        }
    }

    pub(super) fn is_scan(&self) -> bool {
        matches!(self.task, Task::Scan { .. })
    }
}

/// A board behind a serial port.
pub struct SerialDevice {
    opener: Box<dyn Opener>,
    options: SerialOptions,
    pub(super) identity: Identity,
    pub(super) layout: Layout,
    pub(super) link: Option<Link>,
    /// What was counted before the port was opened the last time.
    past: HostLinkCounters,
    memory: [PanelMemory; 2],
    pub(super) jobs: JobSlots,
    pub(super) commits: [u8; 2],
    /// Words of descriptors that are not sent yet.
    pub(super) pending: Vec<u32>,
    pub(super) outstanding: VecDeque<Outstanding>,
    /// Completions read since the last reset.
    pub(super) read: u64,
    pub(super) done: VecDeque<Completion>,
    /// What was written to SCRATCH: a device that has lost it has lost everything.
    pub(super) canary: u32,
    /// The link's trouble when the device was last known to be the same.
    pub(super) vouched: u64,
    pub(super) heard: Instant,
    /// The device's time when its oldest tile may have begun.
    pub(super) begun: Option<u64>,
}

impl SerialDevice {
    /// Opens the device behind a port of this machine and goes to the fastest rate that works. Work that
    /// somebody else left in it is dropped.
    ///
    /// # Errors
    /// If the port can't be opened, nothing answers, or what answers is no such device.
    pub fn open(path: &str, options: SerialOptions) -> Result<Self, DeviceError> {
        let opener = TtyOpener { path: path.to_owned() };
        Self::on(Box::new(opener), format!("serial:{path}"), options)
    }

    /// The same over any line.
    ///
    /// # Errors
    /// If the line can't be opened, nothing answers, or what answers is no such device.
    pub fn on(
        mut opener: Box<dyn Opener>,
        name: String,
        options: SerialOptions,
    ) -> Result<Self, DeviceError> {
        let opened = opener.open(options.baud).and_then(|port| bring_up(port, &name, options));
        let Raised { link, identity, layout, canary } = match opened {
            Ok(raised) => raised,
            Err(source) => return Err(DeviceError::Lost { device: name, source }),
        };
        let memory = || PanelMemory::new(layout.lane_words(), identity.limits.panels);
        Ok(Self {
            memory: [memory(), memory()],
            jobs: JobSlots::new(layout.job_slots.min(JOB_SLOTS as usize)),
            commits: [0; 2],
            pending: Vec::new(),
            outstanding: VecDeque::new(),
            read: 0,
            done: VecDeque::new(),
            canary,
            vouched: link.trouble(),
            heard: link.now(),
            begun: None,
            past: HostLinkCounters::default(),
            opener,
            options,
            identity,
            layout,
            link: Some(link),
        })
    }

    /// The rate of the line now, in bits a second; 0 if it is closed.
    pub fn baud(&self) -> u32 {
        self.link.as_ref().map_or(0, Link::baud)
    }

    /// Does something over the link. An error closes the port: only a reset helps then.
    pub(super) fn over_link<T>(
        &mut self,
        work: impl FnOnce(&mut Link) -> Result<T, LinkError>,
    ) -> Result<T, DeviceError> {
        let done = match &mut self.link {
            Some(link) => {
                let done = work(link);
                self.heard = link.now();
                done
            }
            None => Err(LinkError::Closed),
        };
        done.map_err(|source| self.lose(source))
    }

    pub(super) fn lose(&mut self, source: LinkError) -> DeviceError {
        self.close();
        DeviceError::Lost { device: self.identity.name.clone(), source }
    }

    fn close(&mut self) {
        if let Some(link) = self.link.take() {
            self.past = self.past.plus(link.counters());
        }
    }

    pub(super) fn host_counters(&self) -> HostLinkCounters {
        self.past.plus(self.link.as_ref().map(Link::counters).unwrap_or_default())
    }

    pub(super) fn forget_panels(&mut self) {
        self.memory.iter_mut().for_each(PanelMemory::clear);
    }

    /// After a pause, or where something went wrong since: is the device still the one that was told
    /// what this host believes that it knows?
    pub(super) fn ensure_same(&mut self) -> Result<(), DeviceError> {
        let Some(link) = &self.link else { return Err(self.lose(LinkError::Closed)) };
        let idle = link.now().saturating_duration_since(self.heard) > IDLE;
        if idle || link.trouble() != self.vouched { self.vouch().map(drop) } else { Ok(()) }
    }

    /// Sends the descriptors that wait.
    pub(super) fn send_descriptors(&mut self) -> Result<(), DeviceError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let words = std::mem::take(&mut self.pending);
        self.over_link(|link| {
            let burst = link.payload() - link.payload() % DESCRIPTOR_WORDS as usize;
            words
                .chunks(burst)
                .try_for_each(|words| link.write("descriptors", DESCRIPTORS, words, 0))
        })
    }

    fn busy(&self, side: Side, place: usize, words: &Range<usize>) -> bool {
        let index = side as usize;
        let held = self.outstanding.iter().any(|work| work.holds(index, place, words));
        let ahead = |work: &Outstanding| self.commits[index].wrapping_sub(work.commits[index]);
        held || self.outstanding.front().is_some_and(|work| ahead(work) >= COMMITS_AHEAD_MAX)
    }

    /// Notes what is pushed; if it is alone, its time begins now.
    pub(super) fn note(&mut self, work: Outstanding) {
        if self.outstanding.is_empty() {
            self.begun = None;
        }
        self.outstanding.push_back(work);
    }

    /// Refuses one more where the queue is full.
    pub(super) fn queue_room(&self) -> Result<(), DeviceError> {
        match self.outstanding.len() {
            full if full >= self.identity.limits.queue => Err(DeviceError::QueueFull(full)),
            _ => Ok(()),
        }
    }

    fn placed(&self, side: Side, panel: usize, steps: usize) -> Result<Range<usize>, DeviceError> {
        let placed = self.memory[side as usize].get(panel);
        let placed = placed.ok_or(DeviceError::NoPanel { side, panel })?;
        refuse::length(&self.identity, steps, placed.steps)?;
        Ok(placed.words.clone())
    }

    fn forget_work(&mut self) {
        self.pending.clear();
        self.outstanding.clear();
        self.done.clear();
        self.read = 0;
        self.begun = None;
        self.commits = [0; 2];
    }

    /// Opens a port that is gone again, with patience, and makes sure that it is the same device.
    fn reconnect(&mut self) -> Result<(), LinkError> {
        self.close();
        let start = self.opener.now();
        loop {
            let name = self.identity.name.clone();
            let opened = self.opener.open(self.options.baud);
            let error = match opened.and_then(|port| bring_up(port, &name, self.options)) {
                Ok(raised) if raised.identity != self.identity => {
                    return Err(LinkError::Changed(raised.identity.description));
                }
                Ok(raised) => {
                    self.vouched = raised.link.trouble();
                    self.heard = raised.link.now();
                    self.link = Some(raised.link);
                    self.canary = raised.canary;
                    self.past.reconnects += 1;
                    // What it lost with its power is not to be told.
                    self.forget_panels();
                    self.jobs.clear();
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

/// A device that answers.
struct Raised {
    link: Link,
    identity: Identity,
    layout: Layout,
    canary: u32,
}

fn bring_up(port: Box<dyn Port>, name: &str, options: SerialOptions) -> Result<Raised, LinkError> {
    let mut link = Link::open(port, options.baud, OPEN_TRIES)?;
    let (identity, layout) = identify(&mut link, name)?;
    if let Some(clock_hz) = identity.clock_hz {
        negotiate(&mut link, clock_hz, options.max_baud)?;
    }
    let canary = link.random() | 1;
    // A host before this one may have set it; this one asks for nothing while it has no work.
    link.write("the watchdog", WATCHDOG, &[0], 0)?;
    drop_work(&mut link)?;
    link.write("the scratch register", SCRATCH_SET, &[canary], 0)?;
    link.flush("the scratch register")?;
    Ok(Raised { link, identity, layout, canary })
}

/// Resets the device's queues and clears its errors.
fn drop_work(link: &mut Link) -> Result<(), LinkError> {
    link.write("a reset", RESET, &[1], 0)?;
    link.write("a clear error register", ERROR_CLEAR, &[1], 0)?;
    link.flush("a reset")?;
    let status = link.read("the status after a reset", STATUS, 1)?[0];
    if status >> 8 != 0 {
        return Err(LinkError::Protocol(format!("STATUS reads {status:#010x} after a reset")));
    }
    link.forget_completions();
    Ok(())
}

impl Device for SerialDevice {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        refuse::panel(&self.identity, place, &panel)?;
        let words = self.memory[side as usize].candidate(panel.k() / WORD_STEPS);
        if self.busy(side, place, &words) {
            // The device should not wait for a host that waits for the device.
            self.send_descriptors()?;
            return Err(DeviceError::PanelBusy { side, panel: place });
        }
        self.ensure_same()?;
        // What is queued runs while the panel loads.
        self.send_descriptors()?;
        let Layout { geometry, word_bits, .. } = self.layout;
        let (window, width, commit) = match side {
            Side::A => (PANELS_A, geometry.rows(), 1),
            Side::B => (PANELS_B, geometry.columns(), 1 << 8),
        };
        self.over_link(|link| {
            for lane in 0..16 {
                let first = window + panel_address(width, word_bits, lane) + words.start as u32;
                let word = |group: &gemmine_pouw::panel::Group| {
                    let steps = &group.0[WORD_STEPS * lane..][..WORD_STEPS];
                    u32::from_le_bytes(std::array::from_fn(|step| steps[step].cast_unsigned()))
                };
                let data: Vec<u32> = panel.groups().iter().map(word).collect();
                link.write("the words of a panel", first, &data, 0)?;
            }
            link.write("the commit of a panel", COMMIT, &[commit], 0)
        })?;
        self.commits[side as usize] = self.commits[side as usize].wrapping_add(1);
        self.memory[side as usize].put(place, Placed { words, steps: panel.k() });
        Ok(())
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        refuse::tile(&self.identity, &descriptor)?;
        if self.outstanding.iter().any(Outstanding::is_scan) {
            return Err(DeviceError::Mixed("scans"));
        }
        let words = [
            self.placed(Side::A, descriptor.a_panel, descriptor.steps)?,
            self.placed(Side::B, descriptor.b_panel, descriptor.steps)?,
        ];
        self.queue_room()?;
        let job: Job = (descriptor.ticket_key, descriptor.bound_le);
        let in_use = |slot| self.outstanding.iter().any(|work| work.job_slots.contains(&slot));
        let choice = self.jobs.choose(&job, in_use);
        let choice = choice.ok_or(DeviceError::JobsFull(self.layout.job_slots))?;
        self.ensure_same()?;
        if choice.fresh {
            let (address, data) = slot_words(choice.slot, &job);
            self.over_link(|link| link.write("a job slot", address, &data, 0))?;
            self.jobs.put(choice.slot, job);
        }
        let starts = words[0].start as u32 | (words[1].start as u32) << 16;
        self.pending.extend([descriptor.tag, starts]);
        self.pending.extend(refuse::shape_words(&descriptor, choice.slot, self.commits));
        let geometry = self.layout.geometry;
        let cycles = descriptor.steps * geometry.slots()
            + settle_cycles(geometry.rows(), geometry.columns(), OPERAND_LATENCY);
        let panels = [descriptor.a_panel, descriptor.b_panel];
        self.note(Outstanding {
            tag: descriptor.tag,
            task: Task::Tile { want_tile: descriptor.want_tile, panels, words },
            job_slots: choice.slot..choice.slot + 1,
            commits: self.commits,
            cycles: cycles as u64,
        });
        Ok(())
    }

    fn scan(&mut self, scan: Scan) -> Result<(), DeviceError> {
        self.push_scan(&scan)
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        self.wait_for_completion(timeout)
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.forget_work();
        if let Some(link) = &mut self.link
            && drop_work(link).is_ok()
        {
            return Ok(());
        }
        self.reconnect().map_err(|source| self.lose(source))
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        self.send_descriptors()?;
        self.read_counters()
    }

    fn check_link(&mut self, frames: u32) -> Result<Option<LinkCheck>, DeviceError> {
        self.run_link_check(frames).map(Some)
    }
}
