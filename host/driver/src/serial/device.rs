//! A board behind a serial port, as a [`Device`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gemmine_hdl::registers::{
    DESCRIPTOR_WORDS, DESCRIPTORS, ERROR_CLEAR, RESET, SCRATCH_SET, STATUS, WATCHDOG, panel_address,
};
use gemmine_pouw::panel::Panel;

use super::baud::{OPEN_TRIES, negotiate};
use super::link::Link;
use super::port::{Opener, Port, TtyOpener};
use crate::accelerator::identify::{Layout, REGISTERS, WORD_STEPS, identify};
use crate::accelerator::panels::Placed;
use crate::accelerator::shadow::{Plan, Shadow, side_of};
use crate::device::{
    Completion, Counters, Descriptor, Device, HostLinkCounters, Identity, LinkCheck, Side,
};
use crate::error::DeviceError;
use crate::link_error::LinkError;
use crate::scan::Scan;

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

/// A board behind a serial port.
pub struct SerialDevice {
    opener: Box<dyn Opener>,
    options: SerialOptions,
    pub(super) shadow: Shadow,
    pub(super) link: Option<Link>,
    /// What was counted before the port was opened the last time.
    past: HostLinkCounters,
    /// Words of descriptors that are not sent yet.
    pub(super) pending: Vec<u32>,
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
        Ok(Self {
            shadow: Shadow::new(identity, layout),
            pending: Vec::new(),
            read: 0,
            done: VecDeque::new(),
            canary,
            vouched: link.trouble(),
            heard: link.now(),
            begun: None,
            past: HostLinkCounters::default(),
            opener,
            options,
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
        DeviceError::Lost { device: self.shadow.identity.name.clone(), source }
    }

    fn close(&mut self) {
        if let Some(link) = self.link.take() {
            self.past = self.past.plus(link.counters());
        }
    }

    pub(super) fn host_counters(&self) -> HostLinkCounters {
        self.past.plus(self.link.as_ref().map(Link::counters).unwrap_or_default())
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

    /// Notes what is pushed, and has its descriptor wait; if it is alone, its time begins now.
    pub(super) fn queue(&mut self, plan: Plan) {
        self.pending.extend(plan.descriptor);
        if self.shadow.outstanding.is_empty() {
            self.begun = None;
        }
        self.shadow.note(plan);
    }

    fn forget_work(&mut self) {
        self.pending.clear();
        self.shadow.forget_work();
        self.done.clear();
        self.read = 0;
        self.begun = None;
    }

    /// Opens a port that is gone again, with patience, and makes sure that it is the same device.
    fn reconnect(&mut self) -> Result<(), LinkError> {
        self.close();
        let start = self.opener.now();
        loop {
            let name = self.shadow.identity.name.clone();
            let opened = self.opener.open(self.options.baud);
            let error = match opened.and_then(|port| bring_up(port, &name, self.options)) {
                Ok(raised) if raised.identity != self.shadow.identity => {
                    return Err(LinkError::Changed(raised.identity.description));
                }
                Ok(raised) => {
                    self.vouched = raised.link.trouble();
                    self.heard = raised.link.now();
                    self.link = Some(raised.link);
                    self.canary = raised.canary;
                    self.past.reconnects += 1;
                    // What it lost with its power is not to be told.
                    self.shadow.forget_all();
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
    let words = link.read("the registers that say what the device is", 0, REGISTERS)?;
    let words = words.first_chunk().ok_or(LinkError::Closed)?;
    let (identity, layout) = identify(words, name)?;
    link.set_payload(layout.payload);
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
        &self.shadow.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        let words = match self.shadow.plan_panel(side, place, &panel) {
            Ok(words) => words,
            Err(busy) => {
                // The device should not wait for a host that waits for the device.
                self.send_descriptors()?;
                return Err(busy);
            }
        };
        self.ensure_same()?;
        // What is queued runs while the panel loads.
        self.send_descriptors()?;
        let layout = self.shadow.layout;
        let (window, width, [commit, commits]) = side_of(&layout, side);
        self.over_link(|link| {
            for lane in 0..16 {
                let first =
                    window + panel_address(width, layout.word_bits, lane) + words.start as u32;
                let word = |group: &gemmine_pouw::panel::Group| {
                    let steps = &group.0[WORD_STEPS * lane..][..WORD_STEPS];
                    u32::from_le_bytes(std::array::from_fn(|step| steps[step].cast_unsigned()))
                };
                let data: Vec<u32> = panel.groups().iter().map(word).collect();
                link.write("the words of a panel", first, &data, 0)?;
            }
            link.write("the commit of a panel", commit, &[commits], 0)
        })?;
        self.shadow.note_panel(side, place, Placed { words, steps: panel.k() });
        Ok(())
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let plan = self.shadow.plan_tile(&descriptor)?;
        self.ensure_same()?;
        if let Some((address, data)) = &plan.job {
            self.over_link(|link| link.write("a job slot", *address, data, 0))?;
        }
        self.queue(plan);
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
