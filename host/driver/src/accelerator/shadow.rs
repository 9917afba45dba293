//! The shadow of an accelerator: what it has been told and has not answered.
//!
//! A request is planned first, which changes nothing and refuses what can't be done; once its words are on the way, the
//! plan is noted.

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};

use gemmine_hdl::accelerator::OPERAND_LATENCY;
use gemmine_hdl::registers::{COMMIT, JOB_SLOTS, JOB_WORDS, JOBS, PANELS_A, PANELS_B};
use gemmine_hdl::sequencer::settle_cycles;
use gemmine_pouw::panel::Panel;

use super::identify::{Layout, WORD_STEPS};
use super::jobs::{Job, JobSlots, slot_words};
use super::panels::{PanelMemory, Placed, overlap};
use super::{refuse, scan};
use crate::device::{Descriptor, Identity, Side};
use crate::error::DeviceError;
use crate::scan::{Scan, Work};

/// Times of what the oldest work should take, after which a device counts as stuck; and cycles on top.
const STUCK_TIMES: u64 = 16;
const STUCK_CYCLES: u64 = 1 << 22;
/// Cycles that a reading of the time may be off, if its halves tear, and as many again.
const TORN_CYCLES: u64 = 1 << 25;

/// Commits that a waiting descriptor may be behind: the device compares them modulo 256.
const COMMITS_AHEAD_MAX: u8 = 100;

/// A descriptor whose completion has not been read.
#[derive(Debug)]
pub struct Outstanding {
    /// The host's tag.
    pub tag: u32,
    /// What it asks for.
    pub task: Task,
    /// Job slots that it names.
    pub job_slots: Range<usize>,
    /// Commits of both sides that it waits for.
    pub commits: [u8; 2],
    /// Cycles in which the device is done with it, if it is alive.
    pub cycles: u64,
}

/// What a descriptor asks for. Those of both kinds are never outstanding together.
#[derive(Debug)]
pub enum Task {
    /// A tile of two panels.
    Tile {
        /// Its product comes back.
        want_tile: bool,
        /// Its panels' places.
        panels: [usize; 2],
        /// Their words.
        words: [Range<usize>; 2],
    },
    /// Its attempts or tiles, by number, and what those are for people.
    Scan {
        /// From the first to the last.
        numbers: RangeInclusive<u32>,
        /// Such as `nonces`.
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

    /// Whether it is a scan.
    pub fn is_scan(&self) -> bool {
        matches!(self.task, Task::Scan { .. })
    }
}

/// What the accelerator must be told of a tile or a scan.
#[derive(Debug)]
pub struct Plan {
    /// Address and words of a job slot or a scan's seed, unless it has them.
    pub job: Option<(u32, Vec<u32>)>,
    /// The descriptor.
    pub descriptor: [u32; 4],
    work: Outstanding,
    put: Option<Job>,
}

/// The shadow.
#[derive(Debug)]
pub struct Shadow {
    /// What the device is.
    pub identity: Identity,
    /// What only the driver needs to know of it.
    pub layout: Layout,
    /// Descriptors, oldest first.
    pub outstanding: VecDeque<Outstanding>,
    memory: [PanelMemory; 2],
    jobs: JobSlots,
    commits: [u8; 2],
}

impl Shadow {
    /// Of a device that was told nothing yet.
    pub fn new(identity: Identity, layout: Layout) -> Self {
        let memory = || PanelMemory::new(layout.lane_words(), identity.limits.panels);
        Self {
            memory: [memory(), memory()],
            jobs: JobSlots::new(layout.job_slots.min(JOB_SLOTS as usize)),
            commits: [0; 2],
            outstanding: VecDeque::new(),
            identity,
            layout,
        }
    }

    /// Where a panel's words would go in each lane.
    ///
    /// # Errors
    /// If there is no such place, the panel does not fit, or something outstanding needs what lies there.
    pub fn plan_panel(
        &self,
        side: Side,
        place: usize,
        panel: &Panel,
    ) -> Result<Range<usize>, DeviceError> {
        refuse::panel(&self.identity, place, panel)?;
        let index = side as usize;
        let words = self.memory[index].candidate(panel.k() / WORD_STEPS);
        let held = self.outstanding.iter().any(|work| work.holds(index, place, &words));
        let ahead = |work: &Outstanding| self.commits[index].wrapping_sub(work.commits[index]);
        let far = self.outstanding.front().is_some_and(|work| ahead(work) >= COMMITS_AHEAD_MAX);
        if held || far { Err(DeviceError::PanelBusy { side, panel: place }) } else { Ok(words) }
    }

    /// Notes that a panel was written and committed.
    pub fn note_panel(&mut self, side: Side, place: usize, placed: Placed) {
        let index = side as usize;
        self.commits[index] = self.commits[index].wrapping_add(1);
        self.memory[index].put(place, placed);
    }

    /// The words of a tile.
    ///
    /// # Errors
    /// Refuses what the device can't do, empty panels, a full queue, one key too many, and tiles among scans.
    pub fn plan_tile(&self, descriptor: &Descriptor) -> Result<Plan, DeviceError> {
        refuse::tile(&self.identity, descriptor)?;
        if self.outstanding.iter().any(Outstanding::is_scan) {
            return Err(DeviceError::Mixed("scans"));
        }
        let words = [
            self.placed(Side::A, descriptor.a_panel, descriptor.steps)?,
            self.placed(Side::B, descriptor.b_panel, descriptor.steps)?,
        ];
        self.queue_room()?;
        let job: Job = (descriptor.ticket_key, descriptor.bound_le);
        let choice = self.jobs.choose(&job, |slot| self.names(slot));
        let choice = choice.ok_or(DeviceError::JobsFull(self.layout.job_slots))?;
        let starts = words[0].start as u32 | (words[1].start as u32) << 16;
        let [shape, rest] = refuse::shape_words(descriptor, choice.slot, self.commits);
        let geometry = self.layout.geometry;
        let cycles = descriptor.steps * geometry.slots()
            + settle_cycles(geometry.rows(), geometry.columns(), OPERAND_LATENCY);
        let panels = [descriptor.a_panel, descriptor.b_panel];
        Ok(Plan {
            job: choice.fresh.then(|| slot_words(choice.slot, &job)),
            descriptor: [descriptor.tag, starts, shape, rest],
            work: Outstanding {
                tag: descriptor.tag,
                task: Task::Tile { want_tile: descriptor.want_tile, panels, words },
                job_slots: choice.slot..choice.slot + 1,
                commits: self.commits,
                cycles: cycles as u64,
            },
            put: choice.fresh.then_some(job),
        })
    }

    /// The words of a scan.
    ///
    /// # Errors
    /// Refuses what the device can't do, a full queue, one seed too many, and scans among tiles.
    pub fn plan_scan(&self, scan: &Scan) -> Result<Plan, DeviceError> {
        refuse::scan(&self.identity, &scan.work)?;
        self.queue_room()?;
        if !self.outstanding.iter().all(Outstanding::is_scan) {
            return Err(DeviceError::Mixed("tiles"));
        }
        let slot = self.jobs.choose_pair(|slot| self.names(slot));
        let slot = slot.ok_or(DeviceError::JobsFull(self.layout.job_slots))?;
        let words = match &scan.work {
            Work::Amadeus(scan) => scan::amadeus_words(scan),
            Work::Pearl(scan) => scan::pearl_words(scan),
        };
        Ok(Plan {
            job: Some((JOBS + slot as u32 * JOB_WORDS, words.to_vec())),
            descriptor: scan::descriptor_words(scan, slot, self.commits),
            work: Outstanding {
                tag: scan.tag,
                task: Task::Scan {
                    // The last one fits: that was refused above.
                    numbers: scan.work.first()..=scan.work.last() as u32,
                    unit: scan.work.unit(),
                },
                job_slots: slot..slot + 2,
                commits: self.commits,
                cycles: self.identity.scan_cycles(&scan.work),
            },
            put: None,
        })
    }

    /// Notes that a plan's words are on the way.
    pub fn note(&mut self, plan: Plan) {
        if plan.work.is_scan() {
            self.forget_panels();
            self.jobs.take_pair(plan.work.job_slots.start);
        }
        if let Some(job) = plan.put {
            self.jobs.put(plan.work.job_slots.start, job);
        }
        self.outstanding.push_back(plan.work);
    }

    /// Whether the device has had far more time for its oldest work, since it may have begun, than that takes. Where all
    /// work is done, what is waited for is only the way of a tile to the host.
    pub fn is_overdue(&self, begun: u64, time: u64) -> bool {
        let cycles = self.outstanding.front().map_or(0, |oldest| oldest.cycles);
        time.saturating_sub(begun) > STUCK_TIMES * cycles + STUCK_CYCLES + TORN_CYCLES
    }

    /// Forgets descriptors and commits, as after a reset of the device.
    pub fn forget_work(&mut self) {
        self.outstanding.clear();
        self.commits = [0; 2];
    }

    /// Forgets what panel memory holds.
    pub fn forget_panels(&mut self) {
        self.memory.iter_mut().for_each(PanelMemory::clear);
    }

    /// Forgets everything, as after a loss of power.
    pub fn forget_all(&mut self) {
        self.forget_work();
        self.forget_panels();
        self.jobs.clear();
    }

    /// Whether anything outstanding names a job slot.
    fn names(&self, slot: usize) -> bool {
        self.outstanding.iter().any(|work| work.job_slots.contains(&slot))
    }

    fn queue_room(&self) -> Result<(), DeviceError> {
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
}

/// A side's window of panel memory, its width in lanes, and the address and word of its commit.
pub fn side_of(layout: &Layout, side: Side) -> (u32, usize, [u32; 2]) {
    match side {
        Side::A => (PANELS_A, layout.geometry.rows(), [COMMIT, 1]),
        Side::B => (PANELS_B, layout.geometry.columns(), [COMMIT, 1 << 8]),
    }
}
