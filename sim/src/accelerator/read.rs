//! What every address reads as.

use gemmine_hdl::accelerator::READ_LATENCY;
use gemmine_hdl::identity::protocols;
use gemmine_hdl::registers as map;

use super::Accelerator;
use super::counter::{Counter, high_half, low_half};

/// What the serial link counts.
#[derive(Clone, Debug, Default)]
pub struct LinkCounters {
    /// Whole frames.
    pub good: Counter,
    /// Damaged frames.
    pub bad: Counter,
    /// Whole frames that were not carried out.
    pub refused: Counter,
    /// Bytes without a stop bit.
    pub line_errors: Counter,
    /// Bytes received.
    pub bytes_in: Counter,
    /// Bytes sent.
    pub bytes_out: Counter,
}

impl Accelerator {
    /// The word that an address brings which stands for the last time in this cycle, and ends the cycle: memories
    /// are looked at in that cycle, registers in the one behind it, counters in the even one of those before. `baud`
    /// is the link's rate then.
    pub fn read(&mut self, address: u32, baud: u32, link: &LinkCounters) -> u32 {
        let memory = match address {
            map::COMPLETIONS..COMPLETIONS_END => {
                Some(self.finisher.completion_word((address - map::COMPLETIONS) as usize))
            }
            map::RESULTS..RESULTS_END => {
                Some(self.finisher.result((address - map::RESULTS) as usize))
            }
            map::COUNTERS..map::COUNTERS_END => Some(self.counter(address, link)),
            _ => None,
        };
        self.advance(self.now() + 1);
        match memory {
            Some(word) => word,
            None if address < map::DESCRIPTORS => self.register(address, baud),
            None => 0,
        }
    }

    fn counter(&self, address: u32, link: &LinkCounters) -> u32 {
        let (array, around) = (&self.sequencer.cycles, &self.stalls);
        let wide = [
            &array.busy,
            &array.mac,
            &array.full_mac,
            &around.link,
            &around.panel,
            &around.drain,
            &around.hash,
            &around.tiles,
            &around.hits,
        ];
        let narrow = [
            &link.good,
            &link.bad,
            &link.refused,
            &link.line_errors,
            &link.bytes_in,
            &link.bytes_out,
        ];
        let (counter, low) = match address.checked_sub(map::FRAMES_GOOD) {
            Some(nth) => (narrow[nth as usize], address),
            None => {
                let nth = (address - map::COUNTERS) / 2;
                (wide[nth as usize], map::COUNTERS + 2 * nth)
            }
        };
        let first = self.now().saturating_sub(COUNTERS_AHEAD);
        counter.word(low, address, first.next_multiple_of(2))
    }

    fn register(&self, address: u32, baud: u32) -> u32 {
        let geometry = self.config.geometry;
        match address {
            map::ID => map::ID_VALUE,
            map::VERSION => map::VERSION_VALUE,
            map::BUILD => self.config.build,
            map::GEOMETRY => {
                let (rows, columns) = (geometry.rows() as u32, geometry.columns() as u32);
                let engines = self.config.engines;
                rows | columns << 8 | engines << 16 | self.config.panel_word_bits << 24
            }
            map::PROTOCOLS => protocols(self.config.engines as usize, self.config.noise),
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
            map::BAUD => baud,
            map::SCRATCH => self.scratch,
            map::COMMITS => u32::from(self.commits[0]) | u32::from(self.commits[1]) << 8,
            map::TIME_LOW => low_half(self.now()),
            map::TIME_HIGH => high_half(self.now().saturating_sub(1)),
            _ => 0,
        }
    }
}

/// How many cycles before the other memories the counters can be read.
const COUNTERS_AHEAD: u64 = (READ_LATENCY - map::READ_LATENCY - 1) as u64;
/// One past the last word of the completion queue.
const COMPLETIONS_END: u32 = map::COMPLETIONS + map::QUEUE * map::COMPLETION_WORDS;
/// One past the last result.
const RESULTS_END: u32 = map::RESULTS + map::RESULT_BANKS * 256;
