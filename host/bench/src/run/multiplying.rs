//! Tiles of a product: units of work, and the exact tiles that come back.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use gemmine_driver::{Device, DeviceError, Worker};

use super::{Ends, POLL, SILENCE, Subject, note};
use crate::tiles::Tiles;

/// Units that are ahead of the device.
const AHEAD: u64 = 32;

/// A device that multiplies.
pub(super) struct Multiplying<'a> {
    worker: Worker,
    tiles: &'a mut Tiles,
    checked: u64,
}

impl<'a> Multiplying<'a> {
    pub(super) fn new(device: Box<dyn Device>, tiles: &'a mut Tiles) -> Result<Self> {
        let worker = Worker::start(device, AHEAD as usize).context("measure tiles")?;
        Ok(Self { worker, tiles, checked: 0 })
    }
}

impl Subject for Multiplying<'_> {
    fn work(
        &mut self,
        tiles: u64,
        _rate: Option<f64>,
        ends: &mut Option<Ends>,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64> {
        let (mut given, mut made, mut outstanding) = (0, 0, 0);
        let mut heard = Instant::now();
        while made < tiles {
            while outstanding < AHEAD && given < tiles {
                let unit = self.tiles.next(tiles - given);
                given += unit.b.len() as u64;
                self.worker.send(unit).context("measure tiles")?;
                outstanding += 1;
            }
            ensure!(!stop(), "measure: interrupted");
            let report = match self.worker.receive(POLL) {
                Err(DeviceError::Timeout { .. }) => {
                    ensure!(
                        heard.elapsed() < SILENCE,
                        "measure: the device has said nothing for {} s; check it, and its cable",
                        SILENCE.as_secs()
                    );
                    continue;
                }
                report => report.context("measure tiles")?,
            };
            heard = Instant::now();
            outstanding -= 1;
            let completions = report.result.context("measure tiles")?;
            made += completions.len() as u64;
            self.tiles.ensure_exact(report.id, &completions)?;
            self.checked += completions.len() as u64;
            note(ends, report.counters);
        }
        Ok(made)
    }

    fn check(&mut self) -> Result<u64> {
        Ok(std::mem::take(&mut self.checked))
    }
}
