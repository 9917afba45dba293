//! Keeps scans outstanding on a device, so that it never waits for the host, and makes sure that each comes
//! back once: a device that was lost on the way is reached again and given those that it still owes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::device::{Completion, Counters, Device, Identity};
use crate::error::DeviceError;
use crate::feeder::LOSSES;
use crate::scan::{Scan, ScanEnd, Work};

/// Scans that are outstanding at once: one in work, one waiting. A seed takes two of a device's four job slots.
const WINDOW: usize = 2;

/// Owns a device and feeds it scans.
pub struct Scanner {
    device: Box<dyn Device>,
    /// Oldest first.
    outstanding: VecDeque<Scan>,
    /// How many of them the device has.
    sent: usize,
    tag: u32,
    /// Losses since a scan came back.
    losses: u32,
}

/// A scan that came back.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// What was asked for.
    pub work: Work,
    /// Where it ended.
    pub end: ScanEnd,
    /// The device's answer.
    pub completion: Completion,
}

impl Scanned {
    /// How many attempts or tiles the device made.
    pub fn made(&self) -> u32 {
        self.end.nonce.wrapping_sub(self.work.first()).wrapping_add(1)
    }
}

impl Scanner {
    /// Takes a device; nothing may be outstanding on it.
    pub fn new(device: Box<dyn Device>) -> Self {
        Self { device, outstanding: VecDeque::new(), sent: 0, tag: 0, losses: 0 }
    }

    /// What the device is.
    pub fn identity(&self) -> &Identity {
        self.device.identity()
    }

    /// Whether one more scan should be sent now.
    pub fn has_room(&self) -> bool {
        self.outstanding.len() < WINDOW
    }

    /// Whether nothing is outstanding.
    pub fn is_idle(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// Sends a scan.
    ///
    /// # Errors
    /// If the device can't do it, or was lost and not found again.
    pub fn send(&mut self, work: impl Into<Work>) -> Result<(), DeviceError> {
        self.outstanding.push_back(Scan { tag: self.tag, work: work.into() });
        self.tag = self.tag.wrapping_add(1);
        let delivered = self.deliver();
        if delivered.is_err() {
            self.outstanding.pop_back();
        }
        delivered
    }

    /// Waits for the scan that is due; `None` if it has not come yet.
    ///
    /// # Errors
    /// If the device failed, or was lost and not found again.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Scanned>, DeviceError> {
        self.deliver()?;
        let completion = match self.device.wait(timeout) {
            Ok(completion) => completion,
            Err(DeviceError::Timeout { .. }) => return Ok(None),
            Err(error) => return self.recover(error).map(|()| None),
        };
        let due = self.outstanding.front().copied();
        match (due, completion.scan) {
            (Some(scan), Some(end)) if scan.tag == completion.tag => {
                self.outstanding.pop_front();
                self.sent -= 1;
                self.losses = 0;
                Ok(Some(Scanned { work: scan.work, end, completion }))
            }
            _ => {
                let expected = due.map_or(self.tag, |scan| scan.tag);
                Err(DeviceError::Tag { expected, got: completion.tag })
            }
        }
    }

    /// Drops what is outstanding: nothing of it comes back any more.
    ///
    /// # Errors
    /// If the device was lost and not found again.
    pub fn drop_all(&mut self) -> Result<(), DeviceError> {
        self.outstanding.clear();
        (self.sent, self.losses) = (0, 0);
        self.device.reset()
    }

    /// Reads the device's counters.
    ///
    /// # Errors
    /// If the device was lost and not found again.
    pub fn counters(&mut self) -> Result<Counters, DeviceError> {
        loop {
            match self.device.counters() {
                Err(error) => self.recover(error)?,
                counters => return counters,
            }
        }
    }

    /// Gives the device what it does not have.
    fn deliver(&mut self) -> Result<(), DeviceError> {
        while let Some(scan) = self.outstanding.get(self.sent) {
            match self.device.scan(*scan) {
                Ok(()) => self.sent += 1,
                Err(error) => self.recover(error)?,
            }
        }
        Ok(())
    }

    /// Reaches a lost device again: then it has nothing any more. Other errors are the caller's.
    fn recover(&mut self, error: DeviceError) -> Result<(), DeviceError> {
        self.losses += 1;
        if !error.is_lost() || self.losses > LOSSES {
            return Err(error);
        }
        self.sent = 0;
        self.device.reset()
    }
}
