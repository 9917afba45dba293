//! Counters of two words, read while they count.

use gemmine_hdl::registers::{
    BUSY_LOW, BYTES_OUT, FRAMES_GOOD, FULL_MAC_LOW, HITS_LOW, MAC_LOW, STALL_DRAIN_LOW,
    STALL_HASH_LOW, STALL_LINK_LOW, STALL_PANEL_LOW, TILES_LOW, TIME_LOW,
};

use crate::device::{Counters, Stalls};

/// Times that the counters are read until their halves fit.
const READINGS: usize = 5;

/// Registers from [`TIME_LOW`] on, read twice.
pub struct Reading {
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Reading {
    /// Reads until the halves fit. `read` is given an address and a number of words.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn take<E>(mut read: impl FnMut(u32, usize) -> Result<Vec<u32>, E>) -> Result<Self, E> {
        const WORDS: usize = (BYTES_OUT - TIME_LOW) as usize + 1;
        let mut read = || read(TIME_LOW, WORDS);
        let mut reading = Self { before: read()?, after: read()? };
        for _ in 2..READINGS {
            if reading.whole() {
                break;
            }
            reading = Self { before: reading.after, after: read()? };
        }
        Ok(reading)
    }

    /// The low half comes before the high one. Where the high one is the same before and after, no
    /// low half read in between was carried over.
    fn whole(&self) -> bool {
        let highs = (TIME_LOW..FRAMES_GOOD).skip(1).step_by(2);
        highs.map(|high| (high - TIME_LOW) as usize).all(|n| self.before[n] == self.after[n])
    }

    fn wide(&self, low: u32) -> u64 {
        let index = (low - TIME_LOW) as usize;
        u64::from(self.after[index + 1]) << 24 | u64::from(self.after[index])
    }

    /// A counter of one word.
    pub fn narrow(&self, register: u32) -> u32 {
        self.after[(register - TIME_LOW) as usize]
    }

    /// All but those of the link.
    pub fn counters(&self) -> Counters {
        Counters {
            time: Some(self.wide(TIME_LOW)),
            cycles: self.wide(BUSY_LOW),
            mac_cycles: self.wide(MAC_LOW),
            full_mac_cycles: self.wide(FULL_MAC_LOW),
            tiles: self.wide(TILES_LOW),
            hits: self.wide(HITS_LOW),
            stalls: Some(Stalls {
                link: self.wide(STALL_LINK_LOW),
                panel: self.wide(STALL_PANEL_LOW),
                drain: self.wide(STALL_DRAIN_LOW),
                hash: self.wide(STALL_HASH_LOW),
            }),
            link: None,
            dma: None,
        }
    }
}
