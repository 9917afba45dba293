//! One device of the crew: what it is, what it has to do, and what it has done.

use std::collections::VecDeque;
use std::time::Duration;

use gemmine_console::status::{DeviceStatus, Rates};
use gemmine_driver::{Counters, DeviceKind, Identity, Pace};
use gemmine_jobs::work::Moment;

use super::OVERDUE;
use crate::piece::Piece;
use crate::production::{Ask, Production};
use crate::rates::Meter;
use crate::runner::Assignment;
use crate::supervision::{Rules, Supervision};

/// Which device, by the order in which they were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub usize);

/// A device that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What it is.
    pub identity: Identity,
    /// Cycles of a ticket, of one that says.
    pub ticket_cycles: Option<u64>,
    /// It grows operands itself.
    pub scans: bool,
}

/// Work that a device has.
#[derive(Clone, Debug)]
pub(super) struct Outstanding {
    pub id: u64,
    pub epoch: u64,
    pub pieces: Vec<Piece>,
    pub ask: Ask,
    /// Since when.
    since: Moment,
}

/// A device of the crew.
#[derive(Debug)]
pub struct CrewDevice {
    name: String,
    /// Its state.
    pub(super) supervision: Supervision,
    joined: Option<Joined>,
    /// It grows operands itself.
    pub(super) scans: bool,
    pace: Pace,
    /// Oldest first.
    pub(super) outstanding: VecDeque<Outstanding>,
    /// The same of its thread that is to end: of it only hits come that were made before.
    closing: VecDeque<Outstanding>,
    /// The newest job that it has begun with.
    pub(super) began: u64,
    /// When an answer that is no hit was computed again.
    pub(super) sampled: Option<Moment>,
    meter: Meter,
    tickets: u64,
    hits: u64,
    pub(super) shares: u64,
    macs_credited: f64,
    /// Of those, what has not been written to the log.
    uncredited: Credit,
    counters: Option<[Counters; 2]>,
    last: Moment,
}

/// Work done, as far as verified hits prove it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Credit {
    /// MACs that they take on average.
    pub macs: f64,
    /// How many.
    pub hits: u64,
    /// Answers that the host computed otherwise.
    pub wrong: u64,
}

impl CrewDevice {
    pub(super) fn new(name: &str, rules: Rules, now: Moment, seed: u64) -> Self {
        Self {
            name: name.to_owned(),
            supervision: Supervision::new(rules, now, seed),
            joined: None,
            scans: false,
            pace: Pace::new(None, None),
            outstanding: VecDeque::new(),
            closing: VecDeque::new(),
            began: 0,
            sampled: None,
            meter: Meter::new(now),
            tickets: 0,
            hits: 0,
            shares: 0,
            macs_credited: 0.0,
            uncredited: Credit::default(),
            counters: None,
            last: now,
        }
    }

    /// What the configuration or the port calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, once it was open.
    pub fn identity(&self) -> Option<&Identity> {
        self.joined.as_ref().map(|joined| &joined.identity)
    }

    /// Its state.
    pub fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// Takes what its verified hits prove and nobody has written down, if there is anything.
    pub(super) fn take_credit(&mut self) -> Option<Credit> {
        let credit = std::mem::take(&mut self.uncredited);
        (credit != Credit::default()).then_some(credit)
    }

    pub(super) fn opened(&mut self, now: Moment, joined: Joined) {
        self.pace = Pace::new(joined.ticket_cycles, joined.identity.clock_hz);
        self.scans = joined.scans;
        self.joined = Some(joined);
        self.counters = None;
        self.supervision.opened(now);
    }

    pub(super) fn count(&self) -> u32 {
        self.pace.count()
    }

    pub(super) fn tickets_per_second(&self) -> f64 {
        f64::from(self.pace.count())
    }

    pub(super) fn assigned(&mut self, now: Moment, assignment: &Assignment) {
        if self.outstanding.is_empty() {
            self.last = now;
        }
        self.outstanding.push_back(Outstanding {
            id: assignment.id,
            epoch: assignment.production.epoch,
            pieces: assignment.pieces.clone(),
            ask: assignment.ask,
            since: now,
        });
    }

    /// Forgets work of epochs before; whether there was any.
    pub(super) fn drop_before(&mut self, epoch: u64) -> bool {
        let had = self.all_outstanding().count();
        for outstanding in [&mut self.outstanding, &mut self.closing] {
            outstanding.retain(|outstanding| outstanding.epoch >= epoch);
        }
        had != self.all_outstanding().count()
    }

    /// Its thread is to end: nothing more is made of what it has.
    pub(super) fn closes(&mut self) {
        self.closing.append(&mut self.outstanding);
    }

    /// Its thread has ended; what it had and did not answer.
    pub(super) fn closed(&mut self) -> VecDeque<Outstanding> {
        std::mem::take(&mut self.closing)
    }

    /// All of which an answer may come.
    pub(super) fn all_outstanding(&self) -> impl Iterator<Item = &Outstanding> {
        self.outstanding.iter().chain(&self.closing)
    }

    /// Work that is answered.
    pub(super) fn take(&mut self, id: u64) -> Option<Outstanding> {
        let among = [&mut self.outstanding, &mut self.closing];
        among.into_iter().find_map(|among| {
            let index = among.iter().position(|outstanding| outstanding.id == id)?;
            among.remove(index)
        })
    }

    /// When it is to be given up.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let oldest = self.outstanding.front()?;
        self.supervision.is_open().then(|| oldest.since.max(self.last) + OVERDUE)
    }

    pub(super) fn made(
        &mut self,
        now: Moment,
        production: &Production,
        tickets: u64,
        counters: Option<Counters>,
        took: Duration,
    ) {
        self.pace.saw(u32::try_from(tickets).unwrap_or(u32::MAX), took);
        self.tickets += tickets;
        self.meter.add(now, tickets as f64 * production.macs_per_ticket());
        self.last = now;
        if let Some(counters) = counters {
            let first = self.counters.map_or(counters, |[first, _]| first);
            self.counters = Some([first, counters]);
        }
    }

    pub(super) fn credit(&mut self, macs: f64) {
        self.hits += 1;
        self.macs_credited += macs;
        self.uncredited.macs += macs;
        self.uncredited.hits += 1;
    }

    pub(super) fn wrong(&mut self) {
        self.uncredited.wrong += 1;
    }

    /// First word of the hash of a board's Verilog, eight hex digits.
    pub fn build(&self) -> Option<String> {
        let board = self.identity().filter(|identity| identity.is_external());
        board.map(|identity| format!("{:08x}", identity.build))
    }

    /// Part of its cycles with a step since it was opened, of one that counts both.
    fn utilisation(&self) -> Option<f64> {
        let [first, last] = self.counters?;
        let cycles = last.time?.checked_sub(first.time?).filter(|cycles| *cycles > 0)?;
        Some(last.mac_cycles.saturating_sub(first.mac_cycles) as f64 / cycles as f64)
    }

    /// MACs a second, as it reports.
    pub fn rates(&self, now: Moment) -> Rates {
        self.meter.rates(now)
    }

    /// For people and programs.
    pub fn status(&self, now: Moment) -> DeviceStatus {
        let (state, since, reason) = self.supervision.state();
        let (starts, right, wrong) = self.supervision.counts();
        let identity = self.identity();
        let kind = match identity.map(|identity| identity.kind) {
            None => "",
            Some(DeviceKind::Simulation) => "simulation",
            Some(DeviceKind::Processor) => "processor",
            Some(DeviceKind::Gpu) => "gpu",
            Some(DeviceKind::SoftwareGpu) => "software gpu",
            Some(DeviceKind::External) => "board",
        };
        DeviceStatus {
            name: self.name.clone(),
            description: identity.map(|identity| identity.description.clone()).unwrap_or_default(),
            kind: kind.into(),
            geometry: identity.map(Identity::array).unwrap_or_default(),
            build: self.build(),
            clock_hz: identity.and_then(|identity| identity.clock_hz),
            state,
            reason: reason.map(str::to_owned),
            reported: self.rates(now),
            macs_credited: self.macs_credited,
            tickets: self.tickets,
            hits: self.hits,
            shares: self.shares,
            hardware_errors: wrong,
            hardware_error_rate: wrong as f64 / (right + wrong).max(1) as f64,
            starts,
            state_s: now.saturating_sub(since).as_secs_f64(),
            utilisation: self.utilisation(),
            temperature_c: None,
            power_w: None,
        }
    }
}
