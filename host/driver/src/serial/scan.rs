//! Scans over the link.

use super::device::SerialDevice;
use crate::error::DeviceError;
use crate::scan::Scan;

impl SerialDevice {
    pub(super) fn push_scan(&mut self, scan: &Scan) -> Result<(), DeviceError> {
        let plan = self.shadow.plan_scan(scan)?;
        self.ensure_same()?;
        if let Some((address, words)) = &plan.job {
            self.over_link(|link| link.write("a scan's seed", *address, words, 0))?;
        }
        self.queue(plan);
        self.send_descriptors()
    }
}
