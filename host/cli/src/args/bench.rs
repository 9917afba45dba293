//! `bench`: what a device does a second, and what that costs in joules.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use gemmine_report::figure::Boundary;

use super::{DeviceArgs, seconds};

const BENCH_EXAMPLES: &str = "\
Examples:
  gemmine bench --device cpu                        Pearl tiles with noise, without energy
  gemmine bench --device cpu --rapl                 the same, with the processor's own count of its energy
  gemmine bench --device gpu --nvml -o gpu.json     a graphics processor, with its card's own count
  gemmine bench --device gpu:4090 --shape 16384,16384,8192   a product that keeps a large card busy
  gemmine bench --device serial:/dev/ttyUSB1 --meter power.csv --boundary board --rest 10
  gemmine bench --device serial:/dev/ttyUSB1 --watts 1.2..2.4 --watts-from \"USB tester, read by eye\"
  gemmine bench --device serial:/dev/ttyUSB1 --protocol matmul --price 85 --price-from \"shop.example, 2026-08\"
  gemmine bench --device serial:/dev/ttyUSB1 --protocol matmul --shape 16,16,128   operands stay in the device
  gemmine bench --device cpu --protocol amadeus --seconds 20 --repeats 5 -o cpu-amadeus.json

A meter's table (CSV) has a time (seconds since 1970, or 2026-08-11T12:00:00Z) and watts, joules, or volts and
amperes; the names of its columns say which, with their units: `time (s),power (mW)`. It has to reach from before the
first run to behind the last one, and may still grow when the last run ends.

The order is: rest (--rest), warm-up, a ranging run that does not count, --repeats test runs of the same work. The host
computes hits and the last answer of every assignment again; a wrong one ends the measurement without a result.

With --protocol matmul a device multiplies tiles of any k that it holds, and every entry of every tile is compared with
the host's: for boards whose lanes are too short for a network's tiles. There are no tickets then.

Energy has to be the device's own: --rapl for the processor and what runs on it, --nvml for NVIDIA's cards. What is a
simulation (model, rtl, verilator, a pseudo-terminal, a vfio-user socket) is labelled so, and its figures are modelled.
With -o, a meter's table is copied beside the result, as NAME.meter.csv, with its checksum in the result.

A graphics processor's figure is a lower bound: the path is a compute shader with packed int8 dot products, and not the
card's matrix units. A driver that plays one on the processor, such as llvmpipe, is labelled as software.

Exit codes: 0 measured; 2 not; 130 interrupted.";

/// Options of `bench`.
#[derive(Clone, Debug, Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub struct BenchArgs {
    #[command(flatten)]
    pub device: DeviceArgs,

    /// The network's rule, or products alone
    #[arg(long, value_enum, default_value = "pearl")]
    pub protocol: BenchProtocol,

    /// With pearl and matmul: rows of A, columns of B and columns of A [default: pearl 1024,1024,2048, the least k
    /// that Pearl takes; matmul 64,64 and the longest k up to 2048 that the device holds]
    #[arg(long, value_name = "M,N,K")]
    pub shape: Option<Shape>,

    /// With pearl: rank of the noise, and steps of a chunk; with matmul: steps of a chunk
    #[arg(long, value_name = "R", default_value = "128")]
    pub rank: u16,

    /// With pearl: matrices of zeros, of no use to anybody; a device with a source of noise needs no operands then
    #[arg(long)]
    pub zero_signal: bool,

    /// Length of a run, about
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10")]
    pub seconds: Duration,

    /// Test runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), default_value = "5")]
    pub repeats: u32,

    /// Warm-up at least
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "5")]
    pub warm_up: Duration,

    #[command(flatten)]
    pub energy: EnergyArgs,

    /// What the device costs, in US dollars [default: of a board of this gemmine's images, what `gemmine baselines list`
    /// has]
    #[arg(long, value_name = "USD", requires = "price_from")]
    pub price: Option<Price>,

    /// With --price: where it is from
    #[arg(long, value_name = "TEXT", requires = "price", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub price_from: Option<String>,

    /// Name of the device in the result [default: from --device]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Its name for people
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Write the result there
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Print the result as JSON instead of a summary
    #[arg(long)]
    pub json: bool,
}

/// What a device is measured at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchProtocol {
    /// Pearl, certificate V3
    Pearl,
    /// Amadeus, uPoW2
    Amadeus,
    /// Products alone
    Matmul,
}

/// US dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price(pub f64);

impl FromStr for Price {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim().parse::<f64>() {
            Ok(dollars) if dollars > 0.0 && dollars.is_finite() => Ok(Self(dollars)),
            _ => bail!("give US dollars above 0, such as 85"),
        }
    }
}

/// Where energy comes from.
#[derive(Clone, Debug, Args)]
pub struct EnergyArgs {
    /// A meter's table, CSV
    #[arg(long, value_name = "FILE", group = "energy")]
    pub meter: Option<PathBuf>,

    /// With --meter: seconds to add to its times
    #[arg(
        long,
        value_name = "S",
        default_value = "0",
        allow_negative_numbers = true,
        requires = "meter"
    )]
    pub meter_offset: f64,

    /// The processor's own count (Linux, RAPL; as root)
    #[arg(long, group = "energy")]
    pub rapl: bool,

    /// The count of an NVIDIA card: of the one that --device gpu is, or of a number
    #[arg(long, value_name = "INDEX", group = "energy", num_args = 0..=1, default_missing_value = "device")]
    pub nvml: Option<NvmlCard>,

    /// An estimate in watts, or a range of them, such as 1.2..2.4
    #[arg(long, value_name = "W", group = "energy", requires = "watts_from")]
    pub watts: Option<Watts>,

    /// With --watts: where they are from
    #[arg(long, value_name = "TEXT")]
    pub watts_from: Option<String>,

    /// What the meter sees: core (a chip), board, or wall [default: core for --rapl, board otherwise]
    #[arg(long, value_enum, requires = "energy")]
    pub boundary: Option<Bound>,

    /// Take the device's energy at rest for so long before the warm-up
    #[arg(long, value_name = "S", value_parser = seconds, requires = "energy")]
    pub rest: Option<Duration>,

    /// Take power at rest off
    #[arg(long, requires = "rest")]
    pub subtract_idle: bool,
}

/// Which of NVIDIA's cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NvmlCard {
    /// The one that is measured.
    OfDevice,
    /// The one of this number.
    Number(u32),
}

impl FromStr for NvmlCard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("device", _) => Ok(Self::OfDevice),
            (_, Ok(number)) => Ok(Self::Number(number)),
            _ => bail!("give a card's number, such as 0, or nothing with --device gpu"),
        }
    }
}

/// What power is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bound {
    /// A chip
    Core,
    /// A board or card
    Board,
    /// The whole machine at the wall
    Wall,
}

impl From<Bound> for Boundary {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Core => Self::Core,
            Bound::Board => Self::Board,
            Bound::Wall => Self::Wall,
        }
    }
}

/// `M,N,K`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A.
    pub m: usize,
    /// Columns of B.
    pub n: usize,
    /// Columns of A.
    pub k: usize,
}

impl FromStr for Shape {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Vec<usize> =
            text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        match (numbers.as_slice(), text.matches(',').count()) {
            (&[m, n, k], 2) => Ok(Self { m, n, k }),
            _ => bail!("give three sizes, such as 1024,1024,2048"),
        }
    }
}

/// Watts, or a range of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watts {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

impl FromStr for Watts {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        match (low.trim().parse::<f64>(), high.trim().parse::<f64>()) {
            (Ok(low), Ok(high)) if low > 0.0 && low <= high && high.is_finite() => {
                Ok(Self { low, high })
            }
            _ => bail!("give watts above 0, such as 1.8, or a range, such as 1.2..2.4"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_watts_are_read_or_refused() {
        assert_eq!("64, 32,1024".parse::<Shape>().unwrap(), Shape { m: 64, n: 32, k: 1024 });
        for wrong in ["", "1,2", "1,2,3,4", "1,2,x", "1,2,-3", "1,2,3,"] {
            assert!(wrong.parse::<Shape>().is_err(), "{wrong}");
        }
        assert_eq!("84.50".parse::<Price>().unwrap(), Price(84.5));
        for wrong in ["", "0", "-1", "nan", "inf", "85 USD"] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
        assert_eq!("1.5".parse::<Watts>().unwrap(), Watts { low: 1.5, high: 1.5 });
        assert_eq!("1..2.5".parse::<Watts>().unwrap(), Watts { low: 1.0, high: 2.5 });
        for wrong in ["", "0", "-1", "2..1", "inf", "nan", "1..inf", ".."] {
            assert!(wrong.parse::<Watts>().is_err(), "{wrong}");
        }
    }
}
