//! The device interface: descriptors in, completions out, one completion for every descriptor.
//!
//! A device owns panel memory and an array. The host loads panels into numbered places, pushes
//! descriptors that name two of them, and waits for completions. Simulated and real devices implement the same
//! trait, and nothing above it can tell them apart.

use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::Geometry;
use gemmine_pouw::panel::Panel;

use crate::error::DeviceError;
use crate::grid::{Grid, GridEnd, GridLimits};
use crate::scan::{Scan, ScanEnd};

/// Which operand a panel holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// 16 rows of A'.
    A,
    /// 16 columns of B' (rows of B'^T).
    B,
}

/// Where a device runs, and so whose time its figures tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A simulation in this process: its cycles are modelled, and its speed is this computer's.
    Simulation,
    /// This computer's processor itself: no cycles are counted.
    Processor,
    /// A graphics processor behind its driver: no cycles are counted.
    Gpu,
    /// A graphics processor that a driver plays on this computer's processor: that the path works, and nothing of
    /// speed. No cycles are counted.
    SoftwareGpu,
    /// Reached over a link, with a clock and counters of its own: nothing of it runs in this process.
    External,
}

/// What a device is and what it can do. The host refuses work outside of it before sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Short name, such as `model`, `verilator` or `serial:/dev/ttyUSB1`.
    pub name: String,
    /// One line for people: what runs, and which parts of the device are software.
    pub description: String,
    /// Where it runs.
    pub kind: DeviceKind,
    /// The physical array; a processor has none.
    pub geometry: Option<Geometry>,
    /// Pearl certificate versions that the device implements.
    pub cert_versions: Vec<u32>,
    /// Engines that grow operands of Amadeus; 0: it can't [scan](Device::scan) for it.
    pub engines: usize,
    /// It has a source of Pearl's noise, and scans tiles without a signal.
    pub noise: bool,
    /// Version of the register map; 0 of a device in this process.
    pub version: u32,
    /// What the device was built from: the first word of the hash of its Verilog; 0 of a device in this
    /// process.
    pub build: u32,
    /// Clock in hertz, where there is one.
    pub clock_hz: Option<u64>,
    /// Capacities.
    pub limits: Limits,
}

impl Identity {
    /// A device whose panels stay with the host, which has no array and no clock that counts.
    pub fn of_host(name: String, description: String, kind: DeviceKind, limits: Limits) -> Self {
        Self {
            name,
            description,
            kind,
            geometry: None,
            cert_versions: vec![3],
            engines: 0,
            noise: false,
            version: 0,
            build: 0,
            clock_hz: None,
            limits,
        }
    }

    /// The physical array as text, `PxQ`; `none` of a processor.
    pub fn array(&self) -> String {
        self.geometry.map_or_else(|| "none".to_owned(), |geometry| geometry.to_string())
    }

    /// Whether it has a clock whose cycles are counted or modelled.
    pub fn counts_cycles(&self) -> bool {
        matches!(self.kind, DeviceKind::Simulation | DeviceKind::External)
    }

    /// Whether nothing of it runs in this process.
    pub fn is_external(&self) -> bool {
        self.kind == DeviceKind::External
    }
}

/// Capacities of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Panels that each side's memory holds.
    pub panels: usize,
    /// Steps of k that a panel may have.
    pub panel_steps: usize,
    /// Steps that all panels of a side have room for together.
    pub memory_steps: usize,
    /// What steps and chunk lengths are multiples of.
    pub steps_multiple: usize,
    /// Shortest chunk in steps: shorter ones would collide on the drain chain.
    pub chunk_steps_min: usize,
    /// Longest chunk in steps: longer ones could overflow a PE's partial sum.
    pub chunk_steps_max: usize,
    /// Descriptors that may be outstanding.
    pub queue: usize,
}

/// One tile of work: multiply two loaded panels, fold, hash, compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Chosen by the host, returned in the completion.
    pub tag: u32,
    /// Which A panel.
    pub a_panel: usize,
    /// Which B panel.
    pub b_panel: usize,
    /// The bytes of the A panel are unsigned, as Amadeus has them.
    pub unsigned_a: bool,
    /// Steps of k.
    pub steps: usize,
    /// Steps of a chunk (Pearl's r).
    pub chunk_steps: usize,
    /// Key of the ticket hash (Pearl's a_seed).
    pub ticket_key: [u8; 32],
    /// A ticket at or below this, read as a little-endian integer, is a hit. Already scaled by the
    /// tile's work.
    pub bound_le: [u8; 32],
    /// Return the product tile with the completion.
    pub want_tile: bool,
}

/// The answer to one descriptor or scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The descriptor's or scan's tag.
    pub tag: u32,
    /// Device cycle at which the tile's last result left the array, since the device started.
    pub cycle: u64,
    /// Keyed hash of the 16-word fold register after the last whole chunk; of a scan the last tile's,
    /// or the hash of the last attempt's solution.
    pub ticket: [u8; 32],
    /// Whether the ticket meets the bound; of a scan, whether its last attempt or tile is.
    pub hit: bool,
    /// The product tile, if it was asked for: row-major, exact.
    pub tile: Option<Box<[[i32; 16]; 16]>>,
    /// Of a scan, where it ended.
    pub scan: Option<ScanEnd>,
}

/// The device's own counters since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Cycles since power-up, of a device with a clock.
    pub time: Option<u64>,
    /// Cycles from the first operand of each burst of work to its last result.
    pub cycles: u64,
    /// Cycles in which an operand pair entered the array: each is worth P*Q MACs.
    pub mac_cycles: u64,
    /// Cycles in which every PE multiplied a useful pair at once (excludes ramp-up and ramp-down).
    pub full_mac_cycles: u64,
    /// Tiles completed.
    pub tiles: u64,
    /// Tickets that met their bound.
    pub hits: u64,
    /// Cycles without a step, of a device that counts them.
    pub stalls: Option<Stalls>,
    /// What went over the link, of a device behind a serial one.
    pub link: Option<LinkCounters>,
    /// What went over the link, of a device behind PCI Express.
    pub dma: Option<DmaCounters>,
}

impl Counters {
    /// Bytes that the link carried, both ways, of a device that has one.
    pub fn link_bytes(&self) -> Option<u64> {
        let serial = self.link.map(|link| link.host.bytes_in + link.host.bytes_out);
        serial.or_else(|| self.dma.map(|dma| dma.read_bytes + dma.write_bytes))
    }
}

/// A memory link as both of its ends saw it, since the host opened the device. The device counts modulo 2^32: what it
/// counts is right if it is read before it counts that far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DmaCounters {
    /// Bytes that the device read from host memory.
    pub read_bytes: u64,
    /// Bytes that it wrote to host memory.
    pub write_bytes: u64,
    /// Commands that it did.
    pub commands: u64,
    /// Interrupts that it raised.
    pub interrupts: u64,
    /// Cycles in which a command waited for host memory.
    pub read_stalls: u64,
    /// Cycles in which a command's word waited for the bus.
    pub bus_stalls: u64,
    /// Times that the host told the device of commands.
    pub doorbells: u64,
    /// Answers that the host found without an interrupt, after waiting for one.
    pub polled: u64,
}

impl DmaCounters {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        self.combine(other, |a, b| a + b)
    }

    /// What was counted since.
    pub fn since(self, before: Self) -> Self {
        self.combine(before, u64::saturating_sub)
    }

    fn combine(self, other: Self, with: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            read_bytes: with(self.read_bytes, other.read_bytes),
            write_bytes: with(self.write_bytes, other.write_bytes),
            commands: with(self.commands, other.commands),
            interrupts: with(self.interrupts, other.interrupts),
            read_stalls: with(self.read_stalls, other.read_stalls),
            bus_stalls: with(self.bus_stalls, other.bus_stalls),
            doorbells: with(self.doorbells, other.doorbells),
            polled: with(self.polled, other.polled),
        }
    }
}

/// Cycles without a step, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// No descriptor was there.
    pub link: u64,
    /// A panel was not committed.
    pub panel: u64,
    /// No result bank was free.
    pub drain: u64,
    /// The ticket before was not ready.
    pub hash: u64,
}

impl Stalls {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.link + self.panel + self.drain + self.hash
    }
}

/// A link as both of its ends saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// The rate now, in bits a second.
    pub baud: u32,
    /// As the device counts, since power-up, each modulo 2^24.
    pub device: DeviceLinkCounters,
    /// As the host counts, since it opened the device.
    pub host: HostLinkCounters,
}

/// What a test of a link found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkCheck {
    /// Full frames sent each way.
    pub frames: u32,
    /// The rate, in bits a second.
    pub baud: u32,
    /// How long it took.
    pub elapsed: Duration,
    /// What the device counted meanwhile.
    pub device: DeviceLinkCounters,
    /// What the host counted meanwhile.
    pub host: HostLinkCounters,
}

/// A link as the device saw it; each modulo 2^24.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceLinkCounters {
    /// Whole frames.
    pub frames_good: u32,
    /// Damaged frames.
    pub frames_bad: u32,
    /// Whole frames that were not carried out.
    pub frames_refused: u32,
    /// Bytes without a stop bit.
    pub line_errors: u32,
    /// Bytes received.
    pub bytes_in: u32,
    /// Bytes sent.
    pub bytes_out: u32,
}

/// A link as the host saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostLinkCounters {
    /// Frames sent, those sent again included.
    pub frames_sent: u64,
    /// Frames sent again.
    pub frames_resent: u64,
    /// Responses that were whole.
    pub responses_good: u64,
    /// Responses that came damaged.
    pub responses_damaged: u64,
    /// Times that nothing came in time.
    pub timeouts: u64,
    /// Times that the port was lost and opened again.
    pub reconnects: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
}

/// What every accelerator looks like to the host.
pub trait Device: Send {
    /// What the device is. Constant over its life.
    fn identity(&self) -> &Identity;

    /// Loads a panel into one of its side's places, from 0 to [`Limits::panels`] less one. Where memory
    /// is short, the oldest panels of that side make room and their places are empty.
    ///
    /// # Errors
    /// [`DeviceError::Unsupported`] if there is no such place or the panel is too long,
    /// [`DeviceError::PanelBusy`] if an outstanding descriptor names it, or a panel whose memory it
    /// would take, or if a scan is outstanding.
    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError>;

    /// Queues one tile. It will get exactly one completion.
    ///
    /// # Errors
    /// Refuses what the device can't do, empty panels, a full queue and one key or bound too many, and tiles
    /// while scans are outstanding; nothing is queued then.
    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError>;

    /// Queues a scan. It will get exactly one completion: behind the attempt or tile that runs when a hit is
    /// found, or behind its last one. It leaves nothing in panel memory: all places of both sides are empty from now on.
    ///
    /// # Errors
    /// Refuses what the device can't do, a full queue and one seed too many; also while tiles are
    /// outstanding, whose panels it would overwrite and whose products it would keep from being read.
    fn scan(&mut self, scan: Scan) -> Result<(), DeviceError> {
        Err(crate::scan::refuse(self.identity(), &scan.work))
    }

    /// What it takes of grids of tiles with that many steps; `None` of a device that takes single tiles only.
    fn grids(&self, steps: usize) -> Option<GridLimits> {
        let _ = steps;
        None
    }

    /// Queues a grid. It will get exactly one end.
    ///
    /// # Errors
    /// Refuses what the device can't do; nothing is queued then.
    fn push_grid(&mut self, grid: Grid) -> Result<(), DeviceError> {
        let device = self.identity().name.clone();
        let (limit, remedy) = ("single tiles only".to_owned(), "push its tiles one by one");
        let (what, value) = ("a grid of tiles", grid.tiles());
        Err(DeviceError::Unsupported { device, what, value, limit, remedy })
    }

    /// Waits for the end of the next grid, in the order in which they were pushed.
    ///
    /// # Errors
    /// [`DeviceError::Timeout`] if nothing comes in time or no grid is outstanding: one may wait again.
    fn wait_grid(&mut self, timeout: Duration) -> Result<GridEnd, DeviceError> {
        let what = "the end of a grid, with none outstanding";
        Err(DeviceError::Timeout { what, waited_ms: timeout.as_millis() })
    }

    /// Waits for the next completion, in the order of the descriptors. A simulation in this process
    /// runs to its end, whatever the timeout.
    ///
    /// # Errors
    /// [`DeviceError::Timeout`] if nothing comes in time or nothing is outstanding: one may wait again.
    /// [`DeviceError::Stuck`] if nothing will come.
    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError>;

    /// Drops every outstanding descriptor and grid: no completion of theirs comes any more. Panels stay, unless
    /// the device was lost: then it is reached again, and its places are empty.
    ///
    /// # Errors
    /// If the device can't be reached.
    fn reset(&mut self) -> Result<(), DeviceError>;

    /// Reads the counters.
    ///
    /// # Errors
    /// If the device can't be reached.
    fn counters(&mut self) -> Result<Counters, DeviceError>;

    /// Sends so many full frames each way and counts what is damaged; `None` if there is no link.
    /// Nothing may be outstanding; places are empty afterwards.
    ///
    /// # Errors
    /// If the device can't be reached, or a word comes back wrong.
    fn check_link(&mut self, frames: u32) -> Result<Option<LinkCheck>, DeviceError> {
        let _ = frames;
        Ok(None)
    }
}
