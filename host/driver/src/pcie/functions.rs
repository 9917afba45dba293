//! Which PCI functions of this machine may be gemmine devices: what sysfs says, without asking them.

use std::fs;
use std::io;
use std::path::Path;

use gemmine_hdl::dma_registers::WINDOW_BYTES;

use super::binding::{self, DEVICES, DRIVER};
use super::error::PcieError;

/// Vendor of the FPGAs that the bridges of `hdl/PCIE.md` show where nobody gives them another number.
const VENDOR: &str = "10ee";
/// Base class and subclass of processing accelerators.
const CLASS: &str = "1200";
/// Of a resource in sysfs: it is memory.
const MEMORY: u64 = 0x200;

/// A PCI function that may be a gemmine device: it has a window that is large enough, and either somebody has given it
/// to vfio-pci, or it has the vendor's number or the class that such devices have. Numbers prove nothing, and only its
/// registers tell what it is.
#[derive(Debug)]
pub struct PcieFunction {
    /// Such as `0000:01:00.0`.
    pub address: String,
    /// Vendor and device, such as `10ee:7021`.
    pub id: String,
    /// Bytes behind BAR 0.
    pub window_bytes: u64,
    /// Whether it can be opened as far as sysfs tells, or what is missing and what helps.
    pub ready: Result<(), PcieError>,
}

impl PcieFunction {
    /// Those of this machine, by address; none where the kernel knows no PCI.
    ///
    /// # Errors
    /// If the kernel's list can't be read.
    pub fn list() -> io::Result<Vec<Self>> {
        Self::list_in(Path::new(DEVICES))
    }

    /// The same of another folder like `/sys/bus/pci/devices`.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn list_in(devices: &Path) -> io::Result<Vec<Self>> {
        let entries = match fs::read_dir(devices) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut functions = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // One may go away at any time, and is then none.
            functions.extend(binding::address(&name).ok().and_then(|it| Self::of(devices, it)));
        }
        functions.sort_by(|one, other| one.address.cmp(&other.address));
        Ok(functions)
    }

    fn of(devices: &Path, address: String) -> Option<Self> {
        let folder = devices.join(&address);
        let [vendor, device, class] =
            ["vendor", "device", "class"].map(|name| binding::id(&folder, name));
        let window_bytes = window(&fs::read_to_string(folder.join("resource")).ok()?)?;
        let is_given = binding::link_name(&folder.join("driver")).as_deref() == Some(DRIVER);
        let may_be = is_given || vendor == VENDOR || class.starts_with(CLASS);
        (may_be && window_bytes >= u64::from(WINDOW_BYTES)).then(|| Self {
            id: format!("{vendor}:{device}"),
            window_bytes,
            ready: binding::check(devices, &address).map(drop),
            address,
        })
    }
}

/// Bytes of BAR 0 by the file `resource`: a line a BAR, of first and last address and flags. None where it is no memory.
fn window(resources: &str) -> Option<u64> {
    let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let mut numbers = resources.lines().next()?.split_whitespace().map(number);
    let [first, last, flags] = [numbers.next()??, numbers.next()??, numbers.next()??];
    let is_memory = flags & MEMORY != 0 && last > first;
    is_memory.then(|| (last - first).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    /// A function with these numbers and resources.
    fn function(root: &Path, address: &str, [vendor, class]: [&str; 2], bar: &str) -> PathBuf {
        let folder = root.join(address);
        fs::create_dir(&folder).unwrap();
        let resources = format!("{bar}\n0x0 0x0 0x0");
        let numbers = [("vendor", vendor), ("device", "0x7021"), ("class", class)];
        for (name, text) in numbers.into_iter().chain([("resource", resources.as_str())]) {
            fs::write(folder.join(name), format!("{text}\n")).unwrap();
        }
        folder
    }

    const WINDOW: &str = "0x00000000fe000000 0x00000000fe3fffff 0x0000000000040200";

    #[test]
    fn functions_that_may_be_devices_are_listed_with_what_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let bound = function(root, "0000:05:00.0", ["0x1234", "0x058000"], WINDOW);
        symlink("/sys/kernel/iommu_groups/13", bound.join("iommu_group")).unwrap();
        symlink("/sys/bus/pci/drivers/vfio-pci", bound.join("driver")).unwrap();
        let other = function(root, "0000:01:00.0", ["0x10ee", "0x070001"], WINDOW);
        symlink("/sys/kernel/iommu_groups/12", other.join("iommu_group")).unwrap();
        symlink("/sys/bus/pci/drivers/xdma", other.join("driver")).unwrap();
        function(root, "0000:02:00.0", ["0x1d0f", "0x120000"], WINDOW);
        // Neither number nor driver; too small; an I/O port; nothing behind it; no function.
        function(root, "0000:03:00.0", ["0x8086", "0x030000"], WINDOW);
        function(root, "0000:04:00.0", ["0x10ee", "0x120000"], "0xfe000000 0xfe0fffff 0x40200");
        function(root, "0000:06:00.0", ["0x10ee", "0x120000"], "0x1000 0xffffff 0x40101");
        function(root, "0000:07:00.0", ["0x10ee", "0x120000"], "0x0 0x0 0x0");
        function(root, "0000:08:00.0", ["0x10ee", "0x120000"], "garbage");
        fs::create_dir(root.join("0000:09:00.0")).unwrap();
        fs::create_dir(root.join("lost+found")).unwrap();
        let found = PcieFunction::list_in(root).unwrap();
        let shown: Vec<(&str, &str, u64)> =
            found.iter().map(|it| (it.address.as_str(), it.id.as_str(), it.window_bytes)).collect();
        let window = u64::from(WINDOW_BYTES);
        assert_eq!(
            shown,
            [
                ("0000:01:00.0", "10ee:7021", window),
                ("0000:02:00.0", "1d0f:7021", window),
                ("0000:05:00.0", "1234:7021", window)
            ]
        );
        let why = |n: usize| found[n].ready.as_ref().unwrap_err().to_string();
        assert!(why(0).contains("bound to driver xdma, not to vfio-pci"), "{}", why(0));
        assert!(why(1).contains("behind no IOMMU"), "{}", why(1));
        assert!(found[2].ready.is_ok());
        assert!(PcieFunction::list_in(&root.join("none")).unwrap().is_empty());
    }
}
