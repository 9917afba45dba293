//! `gemmine bench`: measures a device, and writes a result file.

mod energy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gemmine_bench::kernel::{self, Alone};
use gemmine_bench::result::{self, Account};
use gemmine_bench::run::{self, Measured, Options, Phase};
use gemmine_bench::tiles::Tiles;
use gemmine_bench::workload::{Operands, Shape, Work, Workload};
use gemmine_driver::{Device, Identity, Limits};
use gemmine_fleet::runner::Runner;
use gemmine_flow::Manifest;
use gemmine_gpu::Adapter;
use gemmine_report::baselines::Baselines;
use gemmine_report::figure::{Boundary, Figure, Kind, Source, Unit};
use gemmine_report::format;
use gemmine_report::result::{Image, MeterTable, ResultFile, names};

use crate::args::{BenchArgs, BenchProtocol};
use crate::device::{self, DeviceName};
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{files, interrupt, note, print_line};
use energy::{Sort, Subject};

/// Sizes of a product where nobody gives others.
const SHAPE: Shape = Shape { m: 1024, n: 1024, k: 2048, rank: 128 };
/// Rows and columns of a product that is no network's.
const TILES: usize = 64;

/// How long a processor's kernel is measured alone, each time.
const KERNEL: Duration = Duration::from_secs(1);

/// Runs the command.
pub fn run(args: &BenchArgs) -> Result<Outcome> {
    let kept = kept(args);
    for file in args.out.iter().chain(&kept) {
        files::check_writable(file)?;
    }
    args.device.check()?;
    let name = &args.device.device;
    let mut opened = Opened::early(args)?;
    let sort = Sort::of(name, opened.adapter.as_ref());
    let shown = opened.adapter.as_ref().map_or_else(|| name.to_string(), |card| card.name.clone());
    let subject = Subject { name: shown, sort, address: opened.address.take() };
    let mut energy = energy::open(&args.energy, &subject)?;
    let device = match opened.device {
        Some(device) => device,
        None => device::open(&args.device, args.json)?,
    };
    let identity = device.identity().clone();
    let options = Options {
        warm_up: args.warm_up,
        run: args.seconds,
        repeats: args.repeats,
        rest: args.energy.rest.unwrap_or_default(),
    };
    let mut at = workload(args, &identity.limits)?;
    interrupt::catch()?;
    let bar = spinner(args.json);
    let mut watch = |phase| bar.set_message(words(phase, options));
    let (watch, stop) = (&mut watch, &interrupt::requested);
    let mut measured = match &mut at {
        At::Tiles(tiles) => {
            run::measure_tiles(device, tiles, energy.as_mut(), options, watch, stop)
        }
        At::Network(workload) => {
            let runner = match (name, args.protocol) {
                (DeviceName::Cpu, BenchProtocol::Amadeus) => {
                    Runner::processor(identity.clone(), args.device.threads)?
                }
                _ => Runner::new(device, workload.task())?,
            };
            run::measure(runner, workload, energy.as_mut(), options, watch, stop)
        }
    };
    let mut missing = None;
    if let (Ok(measured), At::Network(workload), DeviceName::Cpu) = (&mut measured, &at, name) {
        watch(Phase::Kernel);
        match alone(workload, args, stop) {
            Ok(kernel) => measured.kernel = kernel,
            // What was measured before is worth more than this.
            Err(error) => missing = Some(error),
        }
    }
    bar.finish_and_clear();
    if let Some(error) = missing {
        note(&format!("warning: the result lacks what the kernel does alone: {error:#}"));
    }
    let measured = match measured {
        Err(_) if interrupt::requested() => return Ok(Outcome::Interrupted),
        measured => measured?,
    };
    let account = Account {
        meter: keep(args.energy.meter.as_deref(), kept.as_deref())?,
        ..account(args, sort, &identity, opened.adapter.as_ref())?
    };
    let work = match &at {
        At::Tiles(tiles) => tiles.work(),
        At::Network(workload) => workload.work(),
    };
    let file = result::file(&measured, options, &work, &identity, energy.as_ref(), account)?;
    if let Some(out) = &args.out {
        files::replace(out, file.to_text().as_bytes())?;
    }
    if args.json {
        print_line(&file.to_value().to_string())?;
    } else {
        summary(&file, &measured, &work, args.out.as_deref())?;
    }
    Ok(Outcome::Yes)
}

/// What the processor's kernel does alone, on as many threads as mined.
fn alone(workload: &Workload, args: &BenchArgs, stop: &dyn Fn() -> bool) -> Result<Option<Alone>> {
    let all = std::thread::available_parallelism().context("count the processor's threads")?;
    let threads = args.device.threads.unwrap_or(all);
    kernel::alone(workload, threads, KERNEL, args.repeats, stop)
}

/// A device that is opened before its energy, to know where it is.
struct Opened {
    adapter: Option<Adapter>,
    /// Its place on the bus.
    address: Option<String>,
    device: Option<Box<dyn Device>>,
}

impl Opened {
    fn early(args: &BenchArgs) -> Result<Self> {
        match &args.device.device {
            DeviceName::Gpu(choice) => {
                let gpu = device::open_gpu(choice, args.json)?;
                let adapter = gpu.adapter().clone();
                let address = Some(adapter.pci_address.clone()).filter(|place| !place.is_empty());
                Ok(Self { adapter: Some(adapter), address, device: Some(Box::new(gpu)) })
            }
            DeviceName::Cuda(number) => {
                let (device, address) = device::open_cuda(*number)
                    .with_context(|| format!("open device cuda:{number}"))?;
                Ok(Self { adapter: None, address: Some(address), device: Some(device) })
            }
            _ => Ok(Self { adapter: None, address: None, device: None }),
        }
    }
}

/// Where a meter's table is kept: beside the result.
fn kept(args: &BenchArgs) -> Option<PathBuf> {
    args.energy.meter.as_ref()?;
    Some(args.out.as_ref()?.with_extension("meter.csv"))
}

/// Keeps a meter's table as it is now, behind the last run. One that is not kept has its own name.
fn keep(meter: Option<&Path>, kept: Option<&Path>) -> Result<Option<MeterTable>> {
    let Some(meter) = meter else { return Ok(None) };
    let bytes = std::fs::read(meter)
        .with_context(|| format!("read the meter's file {}", meter.display()))?;
    if let Some(kept) = kept.filter(|kept| kept.canonicalize().ok() != meter.canonicalize().ok()) {
        files::replace(kept, &bytes)?;
    }
    let name = kept.unwrap_or(meter).file_name().unwrap_or(meter.as_os_str());
    let blake3 = blake3::hash(&bytes).to_hex().to_string();
    Ok(Some(MeterTable { file: name.to_string_lossy().into_owned(), blake3 }))
}

fn words(phase: Phase, options: Options) -> String {
    match phase {
        Phase::Rest => format!("at rest for {} s", options.rest.as_secs_f64()),
        Phase::WarmUp => "warming up".into(),
        Phase::Ranging => "ranging run".into(),
        Phase::Test(number) => format!("test run {number} of {}", options.repeats),
        Phase::Kernel => "the kernel alone".into(),
        Phase::Meter => "waiting for the meter's table".into(),
    }
}

/// What a device is measured at.
enum At {
    Network(Workload),
    Tiles(Tiles),
}

fn workload(args: &BenchArgs, limits: &Limits) -> Result<At> {
    let shape = |m, n, k| match args.shape {
        Some(shape) => Shape { m: shape.m, n: shape.n, k: shape.k, rank: args.rank },
        None => Shape { m, n, k, rank: args.rank },
    };
    match args.protocol {
        BenchProtocol::Amadeus if args.shape.is_some() || args.zero_signal => {
            bail!("measure Amadeus: --shape and --zero-signal are not for it; leave them out")
        }
        BenchProtocol::Matmul if args.zero_signal => {
            bail!("measure products: --zero-signal is for pearl; leave it out")
        }
        BenchProtocol::Amadeus => Workload::amadeus().map(At::Network),
        BenchProtocol::Matmul => {
            let longest = Tiles::longest(limits, args.rank.into());
            Tiles::new(shape(TILES, TILES, longest), limits).map(At::Tiles)
        }
        BenchProtocol::Pearl => {
            let shape = shape(SHAPE.m, SHAPE.n, SHAPE.k);
            // A shape that is no job is refused with the reason that the network has.
            let operands = if args.zero_signal { Operands::Zero } else { Operands::Uniform };
            let workload = Workload::pearl(shape, operands)?;
            if args.shape.is_none() && limits.panel_steps < shape.k && !args.zero_signal {
                bail!(
                    "measure Pearl: its tiles have {} steps at least, and the device's panels hold {}; give --protocol \
                     matmul",
                    shape.k,
                    limits.panel_steps
                );
            }
            Ok(At::Network(workload))
        }
    }
}

fn account(
    args: &BenchArgs,
    sort: Sort,
    identity: &Identity,
    gpu: Option<&Adapter>,
) -> Result<Account> {
    let device = args.device.device.to_string();
    let plain = |text: &str| -> String {
        let lower = text.to_lowercase();
        let kept = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        kept.collect::<String>().trim_matches('-').to_owned()
    };
    let cpu = cpu_name();
    let title = match (&args.title, sort, &cpu, gpu) {
        (Some(title), ..) => title.clone(),
        (None, _, _, Some(gpu)) if gpu.is_software() => {
            format!("{} (software, plumbing check: the processor does the work)", gpu.name)
        }
        (None, _, _, Some(gpu)) => format!("{} (lower bound: packed dot products)", gpu.name),
        (None, Sort::Processor, Some(cpu), _) => cpu.clone(),
        (None, Sort::Simulation, ..) => format!("{device} (a simulation)"),
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
    if matches!(sort, Sort::Processor | Sort::SoftwareGpu) {
        notes
            .push("the host's work (noise, commitments, checks) runs on the same processor".into());
    }
    let mut tools = BTreeMap::from([("gemmine".into(), env!("CARGO_PKG_VERSION").into())]);
    if let Some(gpu) = gpu.filter(|gpu| !gpu.driver.is_empty()) {
        tools.insert("vulkan-driver".into(), gpu.driver.clone());
    }
    let command = std::env::args().skip(1).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ");
    let manifest = Manifest::embedded().context("read the list of images")?;
    let build = format!("{:08x}", identity.build);
    let image = manifest.images.iter().find(|image| sort == Sort::Board && image.build == build);
    Ok(Account {
        name: args.name.clone().unwrap_or_else(|| plain(&device)),
        title,
        class: sort.class(),
        boundary,
        subtract_idle: args.energy.subtract_idle,
        price: price(args, image.map(|image| &*image.board))?,
        part: image.map(|image| image.part.clone()),
        image: image.map(|image| Image {
            file: format!("bitstreams/{}", image.file),
            sha256: image.sha256.clone(),
        }),
        meter: None,
        command: format!("gemmine {command}"),
        host_cpu: cpu,
        os: os_name(),
        run: hex::encode(run),
        tools,
        notes,
    })
}

/// What the device costs: as stated, or of a board of ours what the table has.
fn price(args: &BenchArgs, board: Option<&str>) -> Result<Option<Figure>> {
    if let (Some(price), Some(reason)) = (args.price, &args.price_from) {
        return Ok(Some(Figure {
            value: price.0,
            unit: Unit::Dollar,
            kind: Kind::Estimate,
            boundary: Boundary::Board,
            conditions: "one device, as stated".into(),
            uncertainty: None,
            source: Source::Stated { reason: reason.clone() },
        }));
    }
    let Some(board) = board else { return Ok(None) };
    let baselines = Baselines::embedded().context("read the table of baselines")?;
    let entry = baselines.table.board.iter().find(|entry| entry.board == board);
    Ok(entry.and_then(|entry| baselines.board_price(entry)))
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

fn summary(file: &ResultFile, measured: &Measured, work: &Work, out: Option<&Path>) -> Result<()> {
    print_line(&format!("device      {}", file.device.title))?;
    print_line(&format!("work        {}", file.conditions.operands))?;
    let shown = [
        ("throughput", names::THROUGHPUT),
        ("kernel", names::THROUGHPUT_FED),
        ("tickets", names::TICKETS_MEASURED),
        ("no use", names::TICKETS),
        ("attempts", names::ATTEMPTS),
        ("power", names::POWER),
        ("energy", names::ENERGY_PER_MAC),
        ("", names::ENERGY_PER_TICKET),
        ("no use", names::ENERGY_PER_ZERO_TICKET),
        ("", names::ENERGY_PER_ATTEMPT),
    ];
    for (label, name) in shown {
        if let Some(figure) = file.figures.get(name) {
            print_line(&format!("{label:11} {}", shown_figure(figure)))?;
        }
    }
    print_line(&format!("limit       {}", file.limit))?;
    print_line(&format!(
        "checked     {} answers, all right; {} test runs of {} {}",
        measured.checked,
        measured.tests.len(),
        measured.tests.first().map_or(0, |test| test.tickets),
        work.unit
    ))?;
    if !file.figures.contains_key(names::POWER) {
        print_line("energy      none: give --meter, --rapl, --nvml or --watts")?;
    }
    if let Some(out) = out {
        print_line(&format!("result      {}", out.display()))?;
    }
    Ok(())
}

/// Value, spread, kind and boundary, as the report shows them.
fn shown_figure(figure: &Figure) -> String {
    let spread = match format::range(figure) {
        range if range.is_empty() => range,
        range => format!(" ({range})"),
    };
    format!("{}{spread}, {}, {}", format::value(figure), figure.kind, figure.boundary)
}
