//! The device's counters and those of the link.

use gemmine_hdl::registers::{
    BUSY_LOW, BYTES_IN, BYTES_OUT, FRAMES_BAD, FRAMES_GOOD, FRAMES_REFUSED, FULL_MAC_LOW, HITS_LOW,
    LINE_ERRORS, MAC_LOW, SCRATCH_SET, STALL_DRAIN_LOW, STALL_HASH_LOW, STALL_LINK_LOW,
    STALL_PANEL_LOW, TILES_LOW, TIME_LOW,
};

use super::baud::exchange;
use super::device::SerialDevice;
use super::error::LinkError;
use super::link::Link;
use crate::device::{
    Counters, DeviceLinkCounters, HostLinkCounters, LinkCheck, LinkCounters, Side, Stalls,
};
use crate::error::DeviceError;

/// Times that the counters are read until their halves fit.
const READINGS: usize = 5;

/// Registers from [`TIME_LOW`] on, read twice.
struct Reading {
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Reading {
    fn take(link: &mut Link) -> Result<Self, LinkError> {
        const WORDS: usize = (BYTES_OUT - TIME_LOW) as usize + 1;
        let mut read = || link.read("the counters", TIME_LOW, WORDS);
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

    fn narrow(&self, register: u32) -> u32 {
        self.after[(register - TIME_LOW) as usize]
    }
}

impl SerialDevice {
    pub(super) fn read_counters(&mut self) -> Result<Counters, DeviceError> {
        let reading = self.over_link(Reading::take)?;
        Ok(Counters {
            time: Some(reading.wide(TIME_LOW)),
            cycles: reading.wide(BUSY_LOW),
            mac_cycles: reading.wide(MAC_LOW),
            full_mac_cycles: reading.wide(FULL_MAC_LOW),
            tiles: reading.wide(TILES_LOW),
            hits: reading.wide(HITS_LOW),
            stalls: Some(Stalls {
                link: reading.wide(STALL_LINK_LOW),
                panel: reading.wide(STALL_PANEL_LOW),
                drain: reading.wide(STALL_DRAIN_LOW),
                hash: reading.wide(STALL_HASH_LOW),
            }),
            link: Some(LinkCounters {
                baud: self.baud(),
                device: DeviceLinkCounters {
                    frames_good: reading.narrow(FRAMES_GOOD),
                    frames_bad: reading.narrow(FRAMES_BAD),
                    frames_refused: reading.narrow(FRAMES_REFUSED),
                    line_errors: reading.narrow(LINE_ERRORS),
                    bytes_in: reading.narrow(BYTES_IN),
                    bytes_out: reading.narrow(BYTES_OUT),
                },
                host: self.host_counters(),
            }),
        })
    }

    pub(super) fn run_link_check(&mut self, frames: u32) -> Result<LinkCheck, DeviceError> {
        if !self.outstanding.is_empty() {
            return Err(DeviceError::PanelBusy { side: Side::A, panel: 0 });
        }
        self.forget_panels();
        let before = self.read_counters()?.link.unwrap_or_default();
        let canary = self.canary;
        let (start, end) = self.over_link(|link| {
            let start = link.now();
            exchange(link, frames)?;
            let end = link.now();
            link.write("the scratch register", SCRATCH_SET, &[canary], 0)?;
            Ok((start, end))
        })?;
        let after = self.read_counters()?.link.unwrap_or_default();
        Ok(LinkCheck {
            frames,
            baud: after.baud,
            elapsed: end.saturating_duration_since(start),
            device: after.device.since(before.device),
            host: after.host.since(before.host),
        })
    }
}

impl DeviceLinkCounters {
    /// What was counted since, modulo 2^24.
    pub fn since(self, before: Self) -> Self {
        let since = |now: u32, before: u32| now.wrapping_sub(before) & 0xff_ffff;
        Self {
            frames_good: since(self.frames_good, before.frames_good),
            frames_bad: since(self.frames_bad, before.frames_bad),
            frames_refused: since(self.frames_refused, before.frames_refused),
            line_errors: since(self.line_errors, before.line_errors),
            bytes_in: since(self.bytes_in, before.bytes_in),
            bytes_out: since(self.bytes_out, before.bytes_out),
        }
    }
}

impl HostLinkCounters {
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
            frames_sent: with(self.frames_sent, other.frames_sent),
            frames_resent: with(self.frames_resent, other.frames_resent),
            responses_good: with(self.responses_good, other.responses_good),
            responses_damaged: with(self.responses_damaged, other.responses_damaged),
            timeouts: with(self.timeouts, other.timeouts),
            reconnects: with(self.reconnects, other.reconnects),
            bytes_out: with(self.bytes_out, other.bytes_out),
            bytes_in: with(self.bytes_in, other.bytes_in),
        }
    }
}
