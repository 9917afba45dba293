//! Which device, and the commands that look at one.

use std::num::NonZeroUsize;

use anyhow::{Result, bail};
use clap::Args;
use gemmine_driver::SerialOptions;
use gemmine_hdl::Geometry;

use crate::device::DeviceName;

/// Which accelerator.
#[derive(Clone, Debug, Args)]
pub struct DeviceArgs {
    /// Device: `model` (cycle-accurate model, fast), `verilator` (the emitted Verilog, compiled; run
    /// `gemmine tools install` once), `rtl` (rust-hdl's own simulator, slow), `cpu` (this computer's
    /// processor at its best: the opponent), `gpu`, `gpu:N` or `gpu:NAME` (a graphics processor through Vulkan, by
    /// its number in `gemmine devices` or a part of its name), `cuda:N` (NVIDIA's card N through cuBLASLt, in builds
    /// with --features cuda), `serial:PATH` (a board or virtual board behind a port, such as
    /// serial:/dev/ttyUSB1; see `gemmine devices`), `pcie:ADDRESS` (a board in a slot of this machine, bound to
    /// vfio-pci, such as pcie:0000:01:00.0), or `vfio-user:SOCKET` (what plays one behind a socket)
    #[arg(long, value_name = "NAME", default_value = "model")]
    pub device: DeviceName,

    /// Physical array, P rows x Q columns of PEs, both dividing 16; for simulated devices [default: 16x16;
    /// rtl: 4x4]
    #[arg(long, value_name = "PxQ")]
    pub geometry: Option<Geometry>,

    /// With cpu: threads that compute [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub rates: RateArgs,
}

/// Rates of a serial port.
#[derive(Clone, Copy, Debug, Args)]
pub struct RateArgs {
    /// With serial: the board's first rate in bits a second [default: 115200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(300..=50_000_000))]
    pub baud: Option<u32>,

    /// With serial: the highest rate to go to [default: 12000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(300..=50_000_000))]
    pub max_baud: Option<u32>,
}

impl RateArgs {
    /// How to open a port.
    pub fn options(&self) -> SerialOptions {
        let default = SerialOptions::default();
        SerialOptions {
            baud: self.baud.unwrap_or(default.baud),
            max_baud: self.max_baud.unwrap_or(default.max_baud),
            ..default
        }
    }
}

impl DeviceArgs {
    /// Refuses options that mean nothing for the device.
    pub fn check(&self) -> Result<()> {
        let RateArgs { baud, max_baud } = self.rates;
        match &self.device {
            DeviceName::Serial(_) | DeviceName::Pcie(_) | DeviceName::VfioUser(_)
                if self.geometry.is_some() =>
            {
                bail!(
                    "open device {}: --geometry is for simulated devices, a board says itself what array \
                     it has; leave it out",
                    self.device
                )
            }
            DeviceName::Cpu | DeviceName::Gpu(_) | DeviceName::Cuda(_)
                if self.geometry.is_some() =>
            {
                bail!(
                    "open device {}: --geometry is for simulated devices, a processor has no array; leave it out",
                    self.device
                )
            }
            name if self.threads.is_some() && *name != DeviceName::Cpu => bail!(
                "open device {}: --threads is for the processor; leave it out, or give --device cpu",
                self.device
            ),
            name if baud.or(max_baud).is_some() && !matches!(name, DeviceName::Serial(_)) => bail!(
                "open device {}: --baud and --max-baud are for devices behind a port; leave them out, or \
                 give --device serial:PATH",
                self.device
            ),
            _ => Ok(()),
        }
    }
}

const DEVICES_EXAMPLES: &str = "\
Examples:
  gemmine devices                            asks every USB serial port, and lists what may be a device in a slot
  gemmine devices --port /dev/pts/3          asks this port alone, such as a virtual board's
  gemmine devices --max-baud 115200 --json   without a search for faster rates

Asking resets a board's queue and sends bytes to whatever is behind a USB serial port. Exit code 1 if a
port that --port names has no device. PCI devices are not asked: listed are those with 4 MiB or more behind BAR 0 that
are bound to vfio-pci, or have the vendor 10ee or the class of accelerators, with what keeps one from being opened.";

/// Options of `devices`.
#[derive(Clone, Debug, Args)]
#[command(after_help = DEVICES_EXAMPLES)]
pub struct DevicesArgs {
    /// A port to ask, and no other; can be given several times
    #[arg(long, value_name = "PATH")]
    pub port: Vec<String>,

    #[command(flatten)]
    pub rates: RateArgs,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

const SELFTEST_EXAMPLES: &str = "\
Examples:
  gemmine selftest --device serial:/dev/ttyUSB1   a board: link, memory, queue, counters, golden tiles
  gemmine selftest --device pcie:0000:01:00.0     a board in a slot
  gemmine selftest                                the model, as far as it has such parts

Exit codes: 0 every check passed; 1 a check failed; 2 the device could not be opened.";

/// Options of `selftest`.
#[derive(Clone, Debug, Args)]
#[command(after_help = SELFTEST_EXAMPLES)]
pub struct SelftestArgs {
    #[command(flatten)]
    pub device: DeviceArgs,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}
