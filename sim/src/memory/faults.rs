//! What can go wrong on purpose between a host and a memory device.

use std::str::FromStr;

use super::{BusFault, HostMemory};

/// Faults that are asked for, each once, or from a time on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// After so many accesses of the host, the device is not there any more: all ones.
    pub removed_after: Option<u64>,
    /// So many interrupts come, and no further one.
    pub interrupts: Option<u64>,
    /// The transfer behind so many others finds nothing mapped.
    pub unmapped_after: Option<u64>,
    /// A bit of the read behind so many others is wrong.
    pub corrupt_after: Option<u64>,
}

/// What `--fault` takes.
const NAMES: &str = "removed=N, interrupts=N, unmapped=N or corrupt=N";

impl Faults {
    /// Adds one by its name and number: `removed=9`.
    ///
    /// # Errors
    /// If there is none of that name, or the number is none.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let wrong = || format!("\"{text}\" is no fault; give {NAMES}, N being a number");
        let (name, number) = text.split_once('=').ok_or_else(wrong)?;
        let number = Some(number.parse().map_err(|_| wrong())?);
        match name {
            "removed" => self.removed_after = number,
            "interrupts" => self.interrupts = number,
            "unmapped" => self.unmapped_after = number,
            "corrupt" => self.corrupt_after = number,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

/// Some faults, with commas between.
impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        text.split(',').try_for_each(|one| faults.add(one))?;
        Ok(faults)
    }
}

/// Whether this is the event behind so many others; counts it.
pub(crate) fn is_due(after: &mut Option<u64>) -> bool {
    match after {
        None => false,
        Some(0) => {
            *after = None;
            true
        }
        Some(count) => {
            *count -= 1;
            false
        }
    }
}

/// Host memory, with the faults that are due.
pub(crate) struct Faulty<'a> {
    pub(crate) memory: &'a mut dyn HostMemory,
    pub(crate) faults: &'a mut Faults,
}

impl HostMemory for Faulty<'_> {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), BusFault> {
        if is_due(&mut self.faults.unmapped_after) {
            return Err(BusFault::Unmapped { address, bytes: bytes.len() });
        }
        self.memory.read(address, bytes)?;
        if is_due(&mut self.faults.corrupt_after)
            && let Some(byte) = bytes.first_mut()
        {
            *byte ^= 1 << 3;
        }
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusFault> {
        if is_due(&mut self.faults.unmapped_after) {
            return Err(BusFault::Unmapped { address, bytes: bytes.len() });
        }
        self.memory.write(address, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Regions;
    use super::*;

    #[test]
    fn faults_come_once_behind_so_many() {
        let mut regions = Regions::default();
        regions.map(0, 64);
        let mut faults: Faults = "unmapped=2,corrupt=1".parse().unwrap();
        let mut faulty = Faulty { memory: &mut regions, faults: &mut faults };
        let mut read = || {
            let mut byte = [0];
            faulty.read(8, &mut byte).map(|()| byte[0])
        };
        let unmapped = Err(BusFault::Unmapped { address: 8, bytes: 1 });
        assert_eq!([read(), read(), read(), read()], [Ok(0), Ok(8), unmapped, Ok(0)]);
    }

    #[test]
    fn what_is_no_fault_is_named() {
        for text in ["", "removed", "removed=x", "lost=1", "removed=1,"] {
            let error = text.parse::<Faults>().unwrap_err();
            assert!(error.contains("is no fault; give removed=N"), "{error}");
        }
    }
}
