//! What a device is, and whose energy may be taken for its own.

use std::path::Path;

use anyhow::{Context, Result, bail};
use gemmine_bench::energy::{Nvml, Rapl, Source, Stated, rapl};
use gemmine_gpu::{Adapter, AdapterKind};
use gemmine_report::result::Class;

use crate::args::{EnergyArgs, NvmlCard};
use crate::device::DeviceName;
use crate::images;

/// What is measured: told by its name and, of graphics processors, by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// This computer's processor.
    Processor,
    /// A program that plays a device, in this process or in another.
    Simulation,
    /// A driver that plays a graphics processor on the processor.
    SoftwareGpu,
    /// A graphics processor on the processor's chip.
    IntegratedGpu,
    /// A card, or what a driver does not say to be anything else.
    Gpu,
    /// A board.
    Board,
}

impl Sort {
    /// Of a device.
    pub fn of(name: &DeviceName, adapter: Option<&Adapter>) -> Self {
        match (name, adapter) {
            (DeviceName::Cpu, _) => Self::Processor,
            (DeviceName::Simulated(_) | DeviceName::VfioUser(_), _) => Self::Simulation,
            (DeviceName::Serial(path), _) if images::is_pseudo_terminal(Path::new(path)) => {
                Self::Simulation
            }
            (DeviceName::Serial(_) | DeviceName::Pcie(_), _) => Self::Board,
            (_, Some(adapter)) if adapter.is_software() => Self::SoftwareGpu,
            (_, Some(adapter)) if adapter.kind == AdapterKind::Integrated => Self::IntegratedGpu,
            (DeviceName::Gpu(_) | DeviceName::Cuda(_), _) => Self::Gpu,
        }
    }

    /// Its class in a result.
    pub const fn class(self) -> Class {
        match self {
            Self::Processor => Class::Cpu,
            Self::Simulation => Class::Simulation,
            Self::SoftwareGpu => Class::SoftwareGpu,
            Self::IntegratedGpu | Self::Gpu => Class::Gpu,
            Self::Board => Class::Fpga,
        }
    }

    /// Whether the processor does the work, or has it on its chip: its count is the device's then.
    const fn is_on_processor(self) -> bool {
        !matches!(self, Self::Gpu | Self::Board)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Processor => "the processor",
            Self::Simulation => "a simulation",
            Self::SoftwareGpu => "software",
            Self::IntegratedGpu => "part of the processor's chip",
            Self::Gpu => {
                "a card, or its driver does not say that it is part of the processor's chip"
            }
            Self::Board => "a board",
        }
    }
}

/// A device whose energy is wanted.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What it is.
    pub sort: Sort,
    /// Where it is on the bus, if its driver says.
    pub address: Option<String>,
}

/// Opens what counts the device's energy.
///
/// # Errors
/// If that would be another device's energy, or it does not count.
pub fn open(args: &EnergyArgs, subject: &Subject) -> Result<Option<Source>> {
    refuse(args, subject)?;
    if let Some(path) = &args.meter {
        // Whether it tells anything shows behind the runs; a wrong name should show before.
        std::fs::metadata(path)
            .with_context(|| format!("read the meter's file {}", path.display()))?;
        return Ok(Some(Source::Meter { path: path.clone(), offset: args.meter_offset }));
    }
    if args.rapl {
        return Ok(Some(Source::Rapl(Rapl::find(Path::new(rapl::FOLDER))?)));
    }
    if let Some(card) = args.nvml {
        return Ok(Some(Source::Nvml(Box::new(nvml(card, subject)?))));
    }
    Ok(match (args.watts, &args.watts_from) {
        (Some(watts), Some(reason)) => Some(Source::Stated(Stated {
            watts: f64::midpoint(watts.low, watts.high),
            low: watts.low,
            high: watts.high,
            reason: reason.clone(),
        })),
        _ => None,
    })
}

/// Refuses another device's energy.
fn refuse(args: &EnergyArgs, subject: &Subject) -> Result<()> {
    let Subject { name, sort, .. } = subject;
    if args.rapl && !sort.is_on_processor() {
        let others = if *sort == Sort::Gpu { "--nvml, --meter" } else { "--meter" };
        bail!(
            "measure the energy of {name}: RAPL counts the processor's, and this is {}; give {others} or --watts",
            sort.words()
        );
    }
    if args.nvml.is_some() && !matches!(sort, Sort::Gpu | Sort::IntegratedGpu) {
        let others = if sort.is_on_processor() { "--rapl, --meter" } else { "--meter" };
        bail!(
            "measure the energy of {name}: NVML counts an NVIDIA card's, and this is {}; give {others} or --watts",
            sort.words()
        );
    }
    Ok(())
}

/// The card whose count is the device's.
fn nvml(card: NvmlCard, subject: &Subject) -> Result<Nvml> {
    Ok(match (card, &subject.address) {
        (NvmlCard::Number(number), None) => Nvml::open(number)?,
        (NvmlCard::Number(number), Some(address)) => {
            let nvml = Nvml::open(number)?;
            nvml.ensure_at(address)?;
            nvml
        }
        (NvmlCard::OfDevice, Some(address)) => Nvml::at(address)?,
        (NvmlCard::OfDevice, None) => bail!(
            "measure the energy of {}: it does not say where on the bus it is; give the card's number, such as --nvml \
             0, from `nvidia-smi -L`",
            subject.name
        ),
    })
}

#[cfg(test)]
mod tests {
    use gemmine_driver::EngineKind;

    use super::*;
    use crate::args::Watts;

    const NONE: EnergyArgs = EnergyArgs {
        meter: None,
        meter_offset: 0.0,
        rapl: false,
        nvml: None,
        watts: None,
        watts_from: None,
        boundary: None,
        rest: None,
        subtract_idle: false,
    };

    #[test]
    fn what_plays_a_device_is_a_simulation() {
        let sort = |name: &str| Sort::of(&name.parse().unwrap(), None);
        for name in ["model", "rtl", "verilator", "vfio-user:socket"] {
            assert_eq!(sort(name).class(), Class::Simulation, "{name}");
        }
        assert_eq!(Sort::of(&DeviceName::Simulated(EngineKind::Model), None), Sort::Simulation);
        for name in ["serial:/dev/ttyUSB1", "pcie:0000:01:00.0"] {
            assert_eq!(sort(name).class(), Class::Fpga, "{name}");
        }
        assert_eq!((sort("cpu").class(), sort("cuda:0").class()), (Class::Cpu, Class::Gpu));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pseudo_terminal_is_a_simulation_by_whatever_name() {
        let terminal = gemmine_sim::board::pty::Terminal::open(9600).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("ttyUSB0");
        std::os::unix::fs::symlink(terminal.path(), &link).unwrap();
        let name = DeviceName::Serial(link.to_str().unwrap().to_owned());
        assert_eq!(Sort::of(&name, None), Sort::Simulation);
    }

    #[test]
    fn another_devices_energy_is_refused_by_name() {
        let energy = |sort, args: &EnergyArgs| {
            let subject = Subject { name: "this-one".into(), sort, address: None };
            refuse(args, &subject).map_err(|error| format!("{error:#}"))
        };
        let rapl = EnergyArgs { rapl: true, ..NONE };
        let nvml = EnergyArgs { nvml: Some(NvmlCard::Number(0)), ..NONE };
        use Sort::{Board, Gpu, IntegratedGpu, Processor, Simulation, SoftwareGpu};
        for sort in [Processor, Simulation, SoftwareGpu, IntegratedGpu] {
            assert_eq!(energy(sort, &rapl), Ok(()), "{sort:?}");
        }
        for sort in [Gpu, Board] {
            let error = energy(sort, &rapl).unwrap_err();
            assert!(error.contains("energy of this-one: RAPL counts") && error.contains("give --"));
        }
        for sort in [Gpu, IntegratedGpu] {
            assert_eq!(energy(sort, &nvml), Ok(()), "{sort:?}");
        }
        for sort in [Processor, Simulation, SoftwareGpu, Board] {
            let error = energy(sort, &nvml).unwrap_err();
            assert!(error.contains("energy of this-one: NVML counts") && error.contains("--meter"));
        }
        let watts = Some(Watts { low: 1.0, high: 2.0 });
        let stated = EnergyArgs { watts, watts_from: Some("a guess".into()), ..NONE };
        assert_eq!(energy(Board, &stated), Ok(()));
    }
}
