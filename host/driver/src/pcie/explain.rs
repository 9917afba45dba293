//! What keeps a bound device from being opened.

use std::io;

use vfio_ioctls::VfioError;

use super::binding::{self, Bound};
use super::error::PcieError;

/// Why a bound device could not be opened, and what helps.
pub fn explain(address: &str, bound: &Bound, error: VfioError) -> PcieError {
    let group = format!("/dev/vfio/{}", bound.group);
    let setup = PcieError::Setup;
    match error {
        VfioError::OpenContainer(error) if error.kind() == io::ErrorKind::NotFound => {
            setup("there is no /dev/vfio/vfio; load the driver as root: `modprobe vfio-pci`".into())
        }
        VfioError::OpenContainer(error) => setup(format!(
            "/dev/vfio/vfio can't be opened: {error}; give your user the right: `chmod 666 /dev/vfio/vfio` as root"
        )),
        VfioError::OpenGroup(error, _) if error.kind() == io::ErrorKind::ResourceBusy => {
            setup(format!(
                "device {address} is in use: another process has {group}; find it with `fuser {group}` and end it"
            ))
        }
        VfioError::OpenGroup(error, _) if error.kind() == io::ErrorKind::PermissionDenied => {
            setup(format!(
                "{group} may not be opened: {error}; give your user the right: `chown $USER {group}` as root, or by a \
                 rule of udev"
            ))
        }
        VfioError::GroupViable => setup(format!(
            "IOMMU group {} of device {address} has devices of other drivers: {}; bind them to vfio-pci too, or move \
             the card to another slot",
            bound.group,
            binding::in_the_way(bound).join(", ")
        )),
        VfioError::ContainerSetIOMMU(_) | VfioError::VfioExtension => setup(format!(
            "the kernel gives device {address} no IOMMU ({error}); boot Linux with intel_iommu=on, and load \
             vfio_iommu_type1"
        )),
        error => system(&format!("opening device {address}"), io::Error::other(error.to_string())),
    }
}

/// A call of the system that failed.
pub fn system(what: &str, source: io::Error) -> PcieError {
    let remedy = "see the kernel's log with `dmesg`";
    PcieError::System { what: what.into(), source, remedy }
}
