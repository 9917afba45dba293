//! Whether a PCI device is there, behind an IOMMU, and bound to vfio-pci: what sysfs says, and what to do about it.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::PcieError;

/// Where the kernel lists PCI devices.
pub const DEVICES: &str = "/sys/bus/pci/devices";
/// The driver that gives devices to user space.
pub const DRIVER: &str = "vfio-pci";

/// A device that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Its folder in sysfs.
    pub folder: PathBuf,
    /// Its IOMMU group.
    pub group: String,
}

/// An address as sysfs has it: domain, bus, device and function, such as `0000:01:00.0`. The domain may be left out.
///
/// # Errors
/// If it is none.
pub fn address(text: &str) -> Result<String, PcieError> {
    let wrong = || {
        PcieError::Setup(format!(
            "{text} is no PCI address; give domain:bus:device.function as `lspci -D` does, such as 0000:01:00.0"
        ))
    };
    let hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let full = if text.matches(':').count() == 1 { format!("0000:{text}") } else { text.into() };
    let full = full.to_ascii_lowercase();
    let parts: Vec<&str> = full.split([':', '.']).collect();
    let [domain, bus, device, function] = parts[..] else { return Err(wrong()) };
    let ordered = full == format!("{domain}:{bus}:{device}.{function}");
    let function = matches!(function.as_bytes(), [b'0'..=b'7']);
    if ordered && hex(domain, 4) && hex(bus, 2) && hex(device, 2) && function {
        return Ok(full);
    }
    Err(wrong())
}

/// Checks a device by its address, as [`address`] returns it, in a folder such as [`DEVICES`].
///
/// # Errors
/// Says what is missing, and the commands that help.
pub fn check(devices: &Path, address: &str) -> Result<Bound, PcieError> {
    let folder = devices.join(address);
    if !folder.is_dir() {
        return Err(PcieError::Gone(format!(
            "there is no PCI device {address}; see `lspci -D`, and `echo 1 > /sys/bus/pci/rescan` as root looks for \
             new ones"
        )));
    }
    let name = format!("{address} ({}:{})", id(&folder, "vendor"), id(&folder, "device"));
    let Some(group) = link_name(&folder.join("iommu_group")) else {
        return Err(PcieError::Setup(format!(
            "device {name} is behind no IOMMU, without which it could write to any memory; switch VT-d or AMD-Vi on in \
             the firmware's setup, and boot Linux with intel_iommu=on"
        )));
    };
    let driver = link_name(&folder.join("driver"));
    if driver.as_deref() != Some(DRIVER) {
        let (state, unbind) = match &driver {
            Some(driver) => (
                format!("is bound to driver {driver}"),
                format!("echo {address} > {DEVICES}/{address}/driver/unbind; "),
            ),
            None => ("has no driver".to_owned(), String::new()),
        };
        return Err(PcieError::Setup(format!(
            "device {name} {state}, not to {DRIVER}; if nobody else uses it, give it to {DRIVER} as root: \
             `modprobe {DRIVER}; echo {DRIVER} > {DEVICES}/{address}/driver_override; {unbind}echo {address} > \
             /sys/bus/pci/drivers_probe`"
        )));
    }
    Ok(Bound { folder, group })
}

/// Devices of a group that keep it from being used: those that another driver has.
pub fn in_the_way(bound: &Bound) -> Vec<String> {
    let Ok(entries) = fs::read_dir(bound.folder.join("iommu_group/devices")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let driver = link_name(&entry.path().join("driver"))?;
            let harmless = [DRIVER, "pcieport", "pci-stub"].contains(&driver.as_str());
            (!harmless).then(|| format!("{} ({driver})", entry.file_name().to_string_lossy()))
        })
        .collect();
    names.sort();
    names
}

/// A number that sysfs has in a file, without its 0x; empty if it has none.
pub fn id(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
    text.trim().trim_start_matches("0x").to_owned()
}

/// Last part of what a symbolic link leads to.
pub fn link_name(path: &Path) -> Option<String> {
    Some(fs::read_link(path).ok()?.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn addresses_are_those_of_sysfs() {
        for (text, want) in [
            ("0000:01:00.0", Some("0000:01:00.0")),
            ("01:00.7", Some("0000:01:00.7")),
            ("00AB:Cd:1f.1", Some("00ab:cd:1f.1")),
        ] {
            assert_eq!(address(text).ok().as_deref(), want);
        }
        for text in ["", "1:0.0", "0000:01:00", "0000:01:00.8", "0000.01:00:0", "../0000:01:00.0"] {
            let error = address(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text} is no PCI address; give ")), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_helps() {
        let root = tempfile::tempdir().unwrap();
        let device = root.path().join("0000:01:00.0");
        let why = || check(root.path(), "0000:01:00.0").unwrap_err().to_string();
        assert!(why().contains("there is no PCI device 0000:01:00.0; see `lspci -D`"), "{}", why());
        fs::create_dir(&device).unwrap();
        fs::write(device.join("vendor"), "0x10ee\n").unwrap();
        fs::write(device.join("device"), "0x7024\n").unwrap();
        let text = "device 0000:01:00.0 (10ee:7024) is behind no IOMMU";
        assert!(why().contains(text) && why().contains("intel_iommu=on"), "{}", why());
        let group = root.path().join("groups/13");
        fs::create_dir_all(group.join("devices")).unwrap();
        symlink(&group, device.join("iommu_group")).unwrap();
        assert!(why().contains("has no driver, not to vfio-pci"), "{}", why());
        assert!(!why().contains("unbind"), "{}", why());
        symlink("/sys/bus/pci/drivers/xdma", device.join("driver")).unwrap();
        assert!(why().contains("is bound to driver xdma, not to vfio-pci"), "{}", why());
        assert!(why().contains("0000:01:00.0/driver/unbind; echo 0000:01:00.0 >"), "{}", why());
        fs::remove_file(device.join("driver")).unwrap();
        symlink("/sys/bus/pci/drivers/vfio-pci", device.join("driver")).unwrap();
        let bound = check(root.path(), "0000:01:00.0").unwrap();
        assert_eq!(bound.group, "13");
        symlink(&device, group.join("devices/0000:01:00.0")).unwrap();
        assert!(in_the_way(&bound).is_empty());
        let other = group.join("devices/0000:01:00.1");
        fs::create_dir(&other).unwrap();
        symlink("/sys/bus/pci/drivers/snd_hda_intel", other.join("driver")).unwrap();
        assert_eq!(in_the_way(&bound), ["0000:01:00.1 (snd_hda_intel)"]);
    }
}
