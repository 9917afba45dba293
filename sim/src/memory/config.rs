//! What can be chosen of a memory device, and of the memory behind its link.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::accelerator::AcceleratorConfig;
use crate::engine::EngineError;

/// How long host memory takes to answer, in cycles of the device: from a request to the first word of its answer, or
/// from a write's last word to its response. Drawn anew each time, evenly, from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Fewest cycles.
    pub min: u32,
    /// Most cycles.
    pub max: u32,
    /// Of the draws.
    pub seed: u64,
}

/// A microsecond at 100 MHz, about what a read of host memory takes over PCIe.
impl Default for Latency {
    fn default() -> Self {
        Self { min: 100, max: 100, seed: 1 }
    }
}

impl Latency {
    /// Most cycles that can be asked for.
    pub const MAX: u32 = 100_000;

    /// Refuses what is the wrong way round, or so long that nothing would ever come.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        if self.min <= self.max && self.max <= Self::MAX {
            return Ok(());
        }
        Err(EngineError::Unsupported {
            what: "latency of host memory in cycles, or a smallest one that is larger:",
            value: self.max as usize,
            min: self.min as usize,
            max: Self::MAX as usize,
        })
    }

    /// The next one (SplitMix64).
    pub(crate) fn draw(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.seed;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        u64::from(self.min) + word % u64::from(self.max - self.min + 1)
    }
}

/// `100`, or `20..200`.
impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let cycles = |text: &str| text.parse::<u32>().ok().filter(|&cycles| cycles <= Self::MAX);
        match (cycles(min), cycles(max)) {
            (Some(min), Some(max)) if min <= max => Ok(Self { min, max, ..Self::default() }),
            _ => Err(format!(
                "\"{text}\" is no latency; give cycles, such as 100 or 20..200, at most {}",
                Self::MAX
            )),
        }
    }
}

impl Display for Latency {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.min == self.max {
            true => write!(f, "{}", self.min),
            false => write!(f, "{}..{}", self.min, self.max),
        }
    }
}

/// What can be chosen when a memory device is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryConfig {
    /// What is behind its bus.
    pub accelerator: AcceleratorConfig,
    /// How fast host memory is.
    pub latency: Latency,
}

/// What a memory device is. Constant over its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryDescription {
    /// Short name of the engine that runs it: `model` or `verilator`.
    pub engine: &'static str,
    /// The device that it is.
    pub config: MemoryConfig,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_read_and_drawn() {
        let mut latency: Latency = "20..22".parse().unwrap();
        assert_eq!(latency.to_string(), "20..22");
        let drawn: Vec<u64> = (0..100).map(|_| latency.draw()).collect();
        assert!((20..=22).all(|cycles| drawn.contains(&cycles)), "{drawn:?}");
        assert!(drawn.iter().all(|cycles| (20..=22).contains(cycles)), "{drawn:?}");
        assert_eq!("7".parse(), Ok(Latency { min: 7, max: 7, ..Latency::default() }));
        for text in ["", "x", "5..4", "1..", "100001", "-1"] {
            assert!(text.parse::<Latency>().unwrap_err().contains("is no latency"), "{text}");
        }
        let backwards = Latency { min: 3, max: 2, seed: 0 };
        assert!(backwards.check().is_err());
    }
}
