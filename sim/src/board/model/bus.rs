//! The bus: what every address reads as, and what a write to it does.

use gemmine_hdl::registers as map;

use super::counter::{high_half, low_half};
use super::panels::PanelMemory;
use super::queue::Descriptor;
use super::tiles::Tiles;
use super::timing::COUNTER_LAG;
use super::work::Memory;
use crate::board::BoardConfig;

/// Register ERROR: a descriptor was lost.
const ERROR_LOST: u32 = 1;
/// Register ERROR: more was popped or released than there was.
const ERROR_FREED: u32 = 2;
/// Register ERROR: the watchdog reset the device.
const ERROR_WATCHDOG: u32 = 4;
/// Pearl certificate versions, bit by bit.
const PROTOCOLS: u32 = 1 << 3;

/// What the serial link counts, for the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkState {
    /// Bits a cycle, in 2^-24.
    pub baud: u32,
    /// Whole frames.
    pub good: u32,
    /// Damaged frames.
    pub bad: u32,
    /// Whole frames that were not carried out.
    pub refused: u32,
    /// Bytes without a stop bit.
    pub line_errors: u32,
    /// Bytes received.
    pub bytes_in: u32,
    /// Bytes sent.
    pub bytes_out: u32,
}

/// What a write asks of the serial link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkCommand {
    /// Change the rate when the response is over.
    Baud(u32),
    /// So many units of cycles without a whole frame are too long.
    Watchdog(u16),
}

/// All that stands behind the bus.
#[derive(Clone, Debug)]
pub struct Bus {
    config: BoardConfig,
    /// Tiles and their queues.
    pub tiles: Tiles,
    memory: Memory,
    /// Words 0 to 2 of the next descriptor.
    staged: [u32; 3],
    error: u32,
    scratch: u32,
}

impl Bus {
    /// As after power-up.
    pub fn new(config: BoardConfig) -> Self {
        let geometry = config.geometry;
        let sides = [geometry.rows(), geometry.columns()];
        let panels = sides.map(|width| PanelMemory::new(config.panel_word_bits, width));
        Self {
            config,
            tiles: Tiles::new(geometry, config.hash_lanes),
            memory: Memory { panels, jobs: Default::default() },
            staged: [0; 3],
            error: 0,
            scratch: 0,
        }
    }

    /// Lets time pass up to a cycle.
    pub fn advance(&mut self, cycle: u64) {
        self.tiles.advance(cycle, &self.memory);
    }

    /// Lets time pass until the tiles rest, or up to a cycle.
    pub fn advance_to_rest(&mut self, cycle: u64) {
        self.tiles.advance_to_rest(cycle, &self.memory);
    }

    /// Writes a word in a cycle to which time has passed.
    pub fn write(&mut self, address: u32, word: u32) -> Option<LinkCommand> {
        match address {
            0..map::DESCRIPTORS => return self.write_register(address, word),
            map::DESCRIPTORS..map::JOBS => self.write_descriptor(address - map::DESCRIPTORS, word),
            map::JOBS..map::COMPLETIONS => {
                let jobs = self.memory.jobs.as_flattened_mut();
                if let Some(slot) = jobs.get_mut((address - map::JOBS) as usize) {
                    *slot = word;
                }
            }
            map::PANELS_A..map::PANELS_B => {
                self.memory.panels[0].write(address - map::PANELS_A, word);
            }
            map::PANELS_B..PANELS_END => {
                self.memory.panels[1].write(address - map::PANELS_B, word);
            }
            _ => {}
        }
        None
    }

    /// Reads a word in a cycle to which time has passed.
    pub fn read(&self, address: u32, link: &LinkState) -> u32 {
        match address {
            0..map::DESCRIPTORS => self.read_register(address, link),
            map::COMPLETIONS..COMPLETIONS_END => {
                self.tiles.completions.word((address - map::COMPLETIONS) as usize)
            }
            map::RESULTS..map::PANELS_A => self.tiles.banks.word((address - map::RESULTS) as usize),
            _ => 0,
        }
    }

    /// The watchdog has had enough: whether there was work to drop.
    pub fn watchdog(&mut self) {
        if self.tiles.outstanding() > 0 {
            self.error |= ERROR_WATCHDOG;
            self.tiles.reset();
        }
    }

    fn write_descriptor(&mut self, address: u32, word: u32) {
        let nth = (address % map::DESCRIPTOR_WORDS) as usize;
        if let Some(staged) = self.staged.get_mut(nth) {
            *staged = word;
            return;
        }
        let [tag, panels, shape] = self.staged;
        if !self.tiles.push(Descriptor::from_words([tag, panels, shape, word])) {
            self.error |= ERROR_LOST;
        }
    }

    fn write_register(&mut self, address: u32, word: u32) -> Option<LinkCommand> {
        match address {
            map::ERROR_CLEAR => self.error = 0,
            map::BAUD_SET => return Some(LinkCommand::Baud(word & 0x1ff_ffff)),
            map::SCRATCH_SET => self.scratch = word,
            map::COMMIT => self.tiles.commit([word as u8, (word >> 8) as u8]),
            map::RESET => self.tiles.reset(),
            map::POP => {
                let popped = self.tiles.pop(word & 0x1f);
                self.error |= if popped { 0 } else { ERROR_FREED };
            }
            map::RELEASE => {
                let released = self.tiles.banks.release(word & 3);
                self.error |= if released { 0 } else { ERROR_FREED };
            }
            map::WATCHDOG => return Some(LinkCommand::Watchdog(word as u16)),
            _ => {}
        }
        None
    }

    fn read_register(&self, address: u32, link: &LinkState) -> u32 {
        let geometry = self.config.geometry;
        let now = self.tiles.now();
        let cycles = &self.tiles.cycles;
        let seen = now.saturating_sub(COUNTER_LAG);
        match address {
            map::ID => map::ID_VALUE,
            map::VERSION => map::VERSION_VALUE,
            map::BUILD => self.config.build,
            map::GEOMETRY => {
                let (rows, columns) = (geometry.rows() as u32, geometry.columns() as u32);
                let lanes = self.config.hash_lanes as u32;
                rows | columns << 8 | lanes << 16 | self.config.panel_word_bits << 24
            }
            map::PROTOCOLS => PROTOCOLS,
            map::LIMITS => {
                let payload_last = gemmine_hdl::frame::PAYLOAD_WORDS_MAX as u32 - 1;
                map::QUEUE | map::JOB_SLOTS << 8 | map::RESULT_BANKS << 16 | payload_last << 24
            }
            map::CLOCK_HZ => self.config.clock_hz,
            map::STATUS => {
                let (running, in_array) = self.tiles.running_and_in_array();
                let waiting = self.tiles.completions.waiting();
                let outstanding = self.tiles.outstanding();
                u32::from(running) | u32::from(in_array) << 1 | waiting << 8 | outstanding << 16
            }
            map::ERROR => self.error,
            map::BAUD => link.baud,
            map::SCRATCH => self.scratch,
            map::COMMITS => {
                let [a, b] = self.tiles.commits();
                u32::from(a) | u32::from(b) << 8
            }
            map::TIME_LOW => low_half(now),
            map::TIME_HIGH => high_half(now),
            map::BUSY_LOW => cycles.busy.low_before(seen),
            map::BUSY_HIGH => cycles.busy.high_before(seen),
            map::MAC_LOW => cycles.mac.low_before(seen),
            map::MAC_HIGH => cycles.mac.high_before(seen),
            map::FULL_MAC_LOW => cycles.full_mac.low_before(seen),
            map::FULL_MAC_HIGH => cycles.full_mac.high_before(seen),
            map::STALL_LINK_LOW => cycles.stall_link.low_before(seen),
            map::STALL_LINK_HIGH => cycles.stall_link.high_before(seen),
            map::STALL_PANEL_LOW => cycles.stall_panel.low_before(seen),
            map::STALL_PANEL_HIGH => cycles.stall_panel.high_before(seen),
            map::STALL_DRAIN_LOW => cycles.stall_drain.low_before(seen),
            map::STALL_DRAIN_HIGH => cycles.stall_drain.high_before(seen),
            map::STALL_HASH_LOW => cycles.stall_hash.low_before(seen),
            map::STALL_HASH_HIGH => cycles.stall_hash.high_before(seen),
            map::TILES_LOW => cycles.tiles.low_before(now),
            map::TILES_HIGH => cycles.tiles.high_before(now),
            map::HITS_LOW => cycles.hits.low_before(now),
            map::HITS_HIGH => cycles.hits.high_before(now),
            map::FRAMES_GOOD => link.good & MODULO,
            map::FRAMES_BAD => link.bad & MODULO,
            map::FRAMES_REFUSED => link.refused & MODULO,
            map::LINE_ERRORS => link.line_errors & MODULO,
            map::BYTES_IN => link.bytes_in & MODULO,
            map::BYTES_OUT => link.bytes_out & MODULO,
            _ => 0,
        }
    }
}

/// What the link's counters are kept of.
const MODULO: u32 = (1 << 24) - 1;
/// One past the last word of the completion queue.
const COMPLETIONS_END: u32 = map::COMPLETIONS + map::QUEUE * map::COMPLETION_WORDS;
/// One past the last word of the panels of B.
const PANELS_END: u32 = map::PANELS_B + (map::PANELS_B - map::PANELS_A);
