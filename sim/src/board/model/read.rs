//! What every address reads as.

use gemmine_hdl::identity::PROTOCOLS_VALUE;
use gemmine_hdl::registers as map;

use super::accelerator::Accelerator;
use super::counter::{high_half, low_half};

/// What the serial link shows in registers.
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

/// What the link's counters are kept of.
const MODULO: u32 = (1 << 24) - 1;

impl Accelerator {
    /// The word that an address in this cycle brings, and ends the cycle: memories are looked at in
    /// the address's own cycle, registers in the one behind it.
    pub fn read(&mut self, address: u32, link: &LinkState) -> u32 {
        let memory = match address {
            map::COMPLETIONS..COMPLETIONS_END => {
                Some(self.finisher.completion_word((address - map::COMPLETIONS) as usize))
            }
            map::RESULTS..RESULTS_END => {
                Some(self.finisher.result((address - map::RESULTS) as usize))
            }
            _ => None,
        };
        self.advance(self.now() + 1);
        match memory {
            Some(word) => word,
            None if address < map::DESCRIPTORS => self.register(address, link),
            None => 0,
        }
    }

    fn register(&self, address: u32, link: &LinkState) -> u32 {
        let geometry = self.config.geometry;
        let (array, around) = (&self.sequencer.cycles, &self.stalls);
        // An event is registered once before it reaches its counter.
        let seen = self.now() - 1;
        match address {
            map::ID => map::ID_VALUE,
            map::VERSION => map::VERSION_VALUE,
            map::BUILD => self.config.build,
            map::GEOMETRY => {
                let (rows, columns) = (geometry.rows() as u32, geometry.columns() as u32);
                rows | columns << 8 | self.config.panel_word_bits << 24
            }
            map::PROTOCOLS => PROTOCOLS_VALUE,
            map::LIMITS => {
                let payload_last = gemmine_hdl::frame::PAYLOAD_WORDS_MAX as u32 - 1;
                map::QUEUE | map::JOB_SLOTS << 8 | map::RESULT_BANKS << 16 | payload_last << 24
            }
            map::CLOCK_HZ => self.config.clock_hz,
            map::STATUS => {
                let (waiting, outstanding) = (self.finisher.waiting(), self.queue.outstanding());
                let running = u32::from(self.sequencer.running());
                let busy = u32::from(self.sequencer.busy(self.now()));
                running | busy << 1 | waiting << 8 | outstanding << 16
            }
            map::ERROR => {
                let errors = [self.errors.overflow, self.errors.underflow, self.errors.watchdog];
                errors.iter().rev().fold(0, |word, &error| word << 1 | u32::from(error))
            }
            map::BAUD => link.baud,
            map::SCRATCH => self.scratch,
            map::COMMITS => u32::from(self.commits[0]) | u32::from(self.commits[1]) << 8,
            map::TIME_LOW => low_half(self.now()),
            map::TIME_HIGH => high_half(self.now().saturating_sub(1)),
            map::BUSY_LOW => array.busy.low_before(seen),
            map::BUSY_HIGH => array.busy.high_before(seen),
            map::MAC_LOW => array.mac.low_before(seen),
            map::MAC_HIGH => array.mac.high_before(seen),
            map::FULL_MAC_LOW => array.full_mac.low_before(seen),
            map::FULL_MAC_HIGH => array.full_mac.high_before(seen),
            map::STALL_LINK_LOW => around.link.low_before(seen),
            map::STALL_LINK_HIGH => around.link.high_before(seen),
            map::STALL_PANEL_LOW => around.panel.low_before(seen),
            map::STALL_PANEL_HIGH => around.panel.high_before(seen),
            map::STALL_DRAIN_LOW => around.drain.low_before(seen),
            map::STALL_DRAIN_HIGH => around.drain.high_before(seen),
            map::STALL_HASH_LOW => around.hash.low_before(seen),
            map::STALL_HASH_HIGH => around.hash.high_before(seen),
            map::TILES_LOW => around.tiles.low_before(seen),
            map::TILES_HIGH => around.tiles.high_before(seen),
            map::HITS_LOW => around.hits.low_before(seen),
            map::HITS_HIGH => around.hits.high_before(seen),
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

/// One past the last word of the completion queue.
const COMPLETIONS_END: u32 = map::COMPLETIONS + map::QUEUE * map::COMPLETION_WORDS;
/// One past the last result.
const RESULTS_END: u32 = map::RESULTS + map::RESULT_BANKS * 256;
