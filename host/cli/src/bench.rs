//! `gemmine bench`: measures a device, and writes a result file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use gemmine_bench::energy::{Nvml, Rapl, Source, Stated, rapl};
use gemmine_bench::result::{self, Account};
use gemmine_bench::run::{self, Measured, Options, Phase};
use gemmine_bench::workload::{Operands, Shape, Workload};
use gemmine_driver::{Device, DeviceKind};
use gemmine_fleet::runner::Runner;
use gemmine_gpu::{Adapter, AdapterKind};
use gemmine_report::figure::{Boundary, Figure};
use gemmine_report::result::{Class, ResultFile, names};

use crate::args::{BenchArgs, EnergyArgs, NvmlCard, Protocol};
use crate::device::{self, DeviceName};
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{files, interrupt, print_line};

/// Sizes of a product where nobody gives others.
const SHAPE: Shape = Shape { m: 1024, n: 1024, k: 2048, rank: 128 };

/// Runs the command.
pub fn run(args: &BenchArgs) -> Result<Outcome> {
    if let Some(out) = &args.out {
        files::check_writable(out)?;
    }
    args.device.check()?;
    let gpu = match &args.device.device {
        DeviceName::Gpu(choice) => Some(device::open_gpu(choice, args.json)?),
        _ => None,
    };
    let adapter = gpu.as_ref().map(|gpu| gpu.adapter().clone());
    let mut energy = energy(&args.energy, adapter.as_ref())?;
    let device = match gpu {
        Some(gpu) => Box::new(gpu) as Box<dyn Device>,
        None => device::open(&args.device, args.json)?,
    };
    let identity = device.identity().clone();
    let mut workload = workload(args)?;
    let runner = match (&args.device.device, args.protocol) {
        (DeviceName::Cpu, Protocol::Amadeus) => {
            Runner::processor(identity.clone(), args.device.threads)?
        }
        _ => Runner::new(device, workload.task())?,
    };
    let options = Options {
        warm_up: args.warm_up,
        run: args.seconds,
        repeats: args.repeats,
        rest: args.energy.rest.unwrap_or_default(),
    };
    interrupt::catch()?;
    let bar = spinner(args.json);
    let measured = run::measure(
        runner,
        &mut workload,
        energy.as_mut(),
        options,
        &mut |phase| bar.set_message(words(phase, options)),
        &interrupt::requested,
    );
    bar.finish_and_clear();
    let measured = match measured {
        Err(_) if interrupt::requested() => return Ok(Outcome::Interrupted),
        measured => measured?,
    };
    let account = account(args, identity.kind, adapter.as_ref())?;
    let file = result::file(&measured, options, &workload, &identity, energy.as_ref(), account)?;
    if let Some(out) = &args.out {
        files::replace(out, file.to_text().as_bytes())?;
    }
    if args.json {
        print_line(&file.to_value().to_string())?;
    } else {
        summary(&file, &measured, args.out.as_deref())?;
    }
    Ok(Outcome::Yes)
}

fn words(phase: Phase, options: Options) -> String {
    match phase {
        Phase::Rest => format!("at rest for {} s", options.rest.as_secs_f64()),
        Phase::WarmUp => "warming up".into(),
        Phase::Ranging => "ranging run".into(),
        Phase::Test(number) => format!("test run {number} of {}", options.repeats),
        Phase::Meter => "waiting for the meter's table".into(),
    }
}

fn energy(args: &EnergyArgs, gpu: Option<&Adapter>) -> Result<Option<Source>> {
    if let Some(path) = &args.meter {
        // Whether it tells anything shows behind the runs; a wrong name should show before.
        std::fs::metadata(path)
            .with_context(|| format!("read the meter's file {}", path.display()))?;
        return Ok(Some(Source::Meter { path: path.clone(), offset: args.meter_offset }));
    }
    if args.rapl {
        if let Some(card) = gpu.filter(|card| card.kind == AdapterKind::Discrete) {
            bail!(
                "measure the energy of {}: RAPL counts the processor's, and not a card's; give --nvml, --meter or --watts",
                card.name
            );
        }
        return Ok(Some(Source::Rapl(Rapl::find(Path::new(rapl::FOLDER))?)));
    }
    if let Some(card) = args.nvml {
        return Ok(Some(Source::Nvml(Box::new(nvml(card, gpu)?))));
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

/// The card whose count is the device's.
fn nvml(card: NvmlCard, gpu: Option<&Adapter>) -> Result<Nvml> {
    if let Some(gpu) = gpu.filter(|gpu| gpu.is_software()) {
        bail!(
            "measure the energy of {}: it is software, so what a card counts is not its energy; give --rapl, \
             --meter or --watts",
            gpu.name
        );
    }
    let address = gpu.map(|gpu| gpu.pci_address.as_str()).filter(|address| !address.is_empty());
    Ok(match (card, address) {
        (NvmlCard::Number(number), None) => Nvml::open(number)?,
        (NvmlCard::Number(number), Some(address)) => {
            let nvml = Nvml::open(number)?;
            nvml.ensure_at(address)?;
            nvml
        }
        (NvmlCard::OfDevice, Some(address)) => Nvml::at(address)?,
        (NvmlCard::OfDevice, None) => bail!(
            "measure energy by NVML: the device does not say where on the bus it is; give the card's number, such \
             as --nvml 0, from `nvidia-smi -L`"
        ),
    })
}

/// What the device is measured at.
fn workload(args: &BenchArgs) -> Result<Workload> {
    if args.protocol == Protocol::Amadeus {
        if args.shape.is_some() || args.zero_signal {
            bail!("measure Amadeus: --shape and --zero-signal are for pearl; leave them out");
        }
        return Workload::amadeus();
    }
    let shape = match args.shape {
        Some(shape) => Shape { m: shape.m, n: shape.n, k: shape.k, rank: args.rank },
        None => Shape { rank: args.rank, ..SHAPE },
    };
    let operands = if args.zero_signal { Operands::Zero } else { Operands::Uniform };
    Workload::pearl(shape, operands)
}

fn account(args: &BenchArgs, kind: DeviceKind, gpu: Option<&Adapter>) -> Result<Account> {
    let device = args.device.device.to_string();
    let plain = |text: &str| -> String {
        let lower = text.to_lowercase();
        let kept = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        kept.collect::<String>().trim_matches('-').to_owned()
    };
    let cpu = cpu_name();
    let title = match (&args.title, kind, &cpu, gpu) {
        (Some(title), ..) => title.clone(),
        (None, _, _, Some(gpu)) if gpu.is_software() => {
            format!("{} (software, plumbing check: the processor does the work)", gpu.name)
        }
        (None, _, _, Some(gpu)) => format!("{} (lower bound: packed dot products)", gpu.name),
        (None, DeviceKind::Processor, Some(cpu), _) => cpu.clone(),
        _ => device.clone(),
    };
    let boundary = match (args.energy.boundary, args.energy.rapl) {
        (Some(bound), _) => bound.into(),
        (None, true) => Boundary::Core,
        (None, false) => Boundary::Board,
    };
    let mut run = [0; 16];
    getrandom::fill(&mut run).context("draw a name for the run")?;
    let mut notes = Vec::new();
    if matches!(kind, DeviceKind::Processor | DeviceKind::SoftwareGpu) {
        notes
            .push("the host's work (noise, commitments, checks) runs on the same processor".into());
    }
    let mut tools = BTreeMap::from([("gemmine".into(), env!("CARGO_PKG_VERSION").into())]);
    if let Some(gpu) = gpu.filter(|gpu| !gpu.driver.is_empty()) {
        tools.insert("vulkan-driver".into(), gpu.driver.clone());
    }
    let command = std::env::args().skip(1).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ");
    Ok(Account {
        name: args.name.clone().unwrap_or_else(|| plain(&device)),
        title,
        class: match kind {
            DeviceKind::External => Class::Fpga,
            DeviceKind::Gpu => Class::Gpu,
            DeviceKind::SoftwareGpu => Class::SoftwareGpu,
            DeviceKind::Processor | DeviceKind::Simulation => Class::Cpu,
        },
        boundary,
        subtract_idle: args.energy.subtract_idle,
        price: None,
        command: format!("gemmine {command}"),
        host_cpu: cpu,
        os: os_name(),
        run: hex::encode(run),
        tools,
        notes,
    })
}

/// A word of a command as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The processor's name as Linux has it.
fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let threads = text.lines().filter(|line| line.starts_with("processor")).count();
    Some(format!("{}, {threads} threads", field("model name")?))
}

/// The operating system's name as Linux has it.
fn os_name() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches('"').to_owned())
}

fn summary(file: &ResultFile, measured: &Measured, out: Option<&Path>) -> Result<()> {
    print_line(&format!("device      {}", file.device.title))?;
    print_line(&format!("work        {}", file.conditions.operands))?;
    let shown = [
        ("throughput", names::THROUGHPUT),
        ("tickets", names::TICKETS_MEASURED),
        ("attempts", names::ATTEMPTS),
        ("power", names::POWER),
        ("energy", names::ENERGY_PER_MAC),
        ("", names::ENERGY_PER_TICKET),
        ("", names::ENERGY_PER_ATTEMPT),
    ];
    for (label, name) in shown {
        if let Some(figure) = file.figures.get(name) {
            print_line(&format!("{label:11} {}", shown_figure(figure)))?;
        }
    }
    print_line(&format!("limit       {}", file.limit))?;
    print_line(&format!(
        "checked     {} answers, all right; {} test runs of {} tickets",
        measured.checked,
        measured.tests.len(),
        measured.tests.first().map_or(0, |test| test.tickets)
    ))?;
    if !file.figures.contains_key(names::POWER) {
        print_line("energy      none: give --meter, --rapl, --nvml or --watts")?;
    }
    if let Some(out) = out {
        print_line(&format!("result      {}", out.display()))?;
    }
    Ok(())
}

/// Value, spread, unit, kind and boundary.
fn shown_figure(figure: &Figure) -> String {
    let spread = figure
        .uncertainty
        .map(|range| format!(" ({:.4} to {:.4})", Scaled(range.low), Scaled(range.high)))
        .unwrap_or_default();
    format!(
        "{:.4}{spread} {}, {}, {}",
        Scaled(figure.value),
        figure.unit,
        figure.kind,
        figure.boundary
    )
}

/// A number with a letter for its thousands.
struct Scaled(f64);

impl std::fmt::Display for Scaled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (value, letter) = match self.0.abs() {
            size if size >= 1e12 => (self.0 / 1e12, " T"),
            size if size >= 1e9 => (self.0 / 1e9, " G"),
            size if size >= 1e6 => (self.0 / 1e6, " M"),
            _ => (self.0, ""),
        };
        write!(formatter, "{value:.3}{letter}")
    }
}
