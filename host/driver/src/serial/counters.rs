//! The device's counters and those of the link.

use gemmine_hdl::registers::{
    BYTES_IN, BYTES_OUT, FRAMES_BAD, FRAMES_GOOD, FRAMES_REFUSED, LINE_ERRORS, SCRATCH_SET,
};

use super::baud::exchange;
use super::device::SerialDevice;
use crate::accelerator::counters::Reading;
use crate::device::{
    Counters, DeviceLinkCounters, HostLinkCounters, LinkCheck, LinkCounters, Side,
};
use crate::error::DeviceError;

impl SerialDevice {
    pub(super) fn read_counters(&mut self) -> Result<Counters, DeviceError> {
        let reading = self.over_link(|link| {
            Reading::take(|first, words| link.read("the counters", first, words))
        })?;
        Ok(Counters {
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
            ..reading.counters()
        })
    }

    pub(super) fn run_link_check(&mut self, frames: u32) -> Result<LinkCheck, DeviceError> {
        if !self.shadow.outstanding.is_empty() {
            return Err(DeviceError::PanelBusy { side: Side::A, panel: 0 });
        }
        self.shadow.forget_panels();
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
