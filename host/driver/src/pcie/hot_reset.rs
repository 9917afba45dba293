//! A reset of a whole bus, for functions that have none of their own: what else it would reset.

use std::path::Path;

use super::binding::{DRIVER, link_name};

/// A function that is reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Such as `0000:01:00.0`.
    pub address: String,
    /// Its IOMMU group.
    pub group: u32,
}

impl Affected {
    /// By its numbers, as the kernel has them.
    pub fn new(segment: u16, bus: u8, function: u8, group: u32) -> Self {
        let (device, function) = (function >> 3, function & 7);
        Self { address: format!("{segment:04x}:{bus:02x}:{device:02x}.{function}"), group }
    }
}

/// Why a function of a group can't be reset with what is reset with it, by a folder such as
/// [`DEVICES`](super::binding::DEVICES); `None` if it can, since nobody else has any of that.
pub fn refusal(devices: &Path, address: &str, group: &str, all: &[Affected]) -> Option<String> {
    let others = || all.iter().filter(|it| it.address != address);
    let prefix =
        format!("device {address} has no reset of its own, and one of its bus would reset");
    let foreign: Vec<String> = others()
        .filter(|it| it.group.to_string() != group)
        .map(|it| format!("{} (IOMMU group {})", it.address, it.group))
        .collect();
    if !foreign.is_empty() {
        return Some(format!(
            "{prefix} {} too, beyond IOMMU group {group}, which alone is held here; move the card to a slot of its own, \
             or power the machine off and on",
            foreign.join(", ")
        ));
    }
    let unbound: Vec<&str> = others()
        .map(|it| it.address.as_str())
        .filter(|other| link_name(&devices.join(other).join("driver")).as_deref() != Some(DRIVER))
        .collect();
    (!unbound.is_empty()).then(|| {
        format!(
            "{prefix} {} too, not bound to {DRIVER}; give each of them to {DRIVER} as root: `echo {DRIVER} > \
             {folder}/ADDRESS/driver_override; echo ADDRESS > /sys/bus/pci/drivers_probe`",
            unbound.join(", "),
            folder = super::binding::DEVICES
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn functions_of_others_are_named_and_those_of_the_group_are_bound() {
        let root = tempfile::tempdir().unwrap();
        let own = Affected::new(0, 1, 0, 13);
        assert_eq!(own.address, "0000:01:00.0");
        let second = Affected::new(0, 1, 1, 13);
        let far = Affected::new(0x10, 0xa, 0xfd, 14);
        assert_eq!(far.address, "0010:0a:1f.5");
        let check = |all: &[&Affected]| {
            let all: Vec<Affected> = all.iter().copied().cloned().collect();
            refusal(root.path(), "0000:01:00.0", "13", &all)
        };
        assert_eq!(check(&[&own]), None);
        let other = check(&[&own, &second, &far]).unwrap();
        assert!(other.contains("would reset 0010:0a:1f.5 (IOMMU group 14) too"), "{other}");
        assert!(other.contains("a slot of its own"), "{other}");
        // Without a driver, with another one, and with the right one.
        let folder = root.path().join(&second.address);
        fs::create_dir(&folder).unwrap();
        let unbound = check(&[&own, &second]).unwrap();
        assert!(
            unbound.contains("would reset 0000:01:00.1 too, not bound to vfio-pci"),
            "{unbound}"
        );
        symlink("/sys/bus/pci/drivers/snd_hda_intel", folder.join("driver")).unwrap();
        assert_eq!(check(&[&own, &second]), Some(unbound));
        fs::remove_file(folder.join("driver")).unwrap();
        symlink("/sys/bus/pci/drivers/vfio-pci", folder.join("driver")).unwrap();
        assert_eq!(check(&[&own, &second]), None);
    }
}
