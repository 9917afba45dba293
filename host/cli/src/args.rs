//! The command line: every option with its meaning, its default and examples.

mod bench;
mod board;
mod build;
mod chain;
mod config;
mod devices;
mod emit;
mod generated;
mod receipts;
mod report;
mod run;
mod sim;
mod tools;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gemmine_pouw::U256;
use gemmine_pouw::target::{self, TargetError};

#[cfg(test)]
pub use bench::Watts;
pub use bench::{BenchArgs, BenchProtocol, EnergyArgs, NvmlCard};
pub use board::BoardArgs;
pub use build::{BuildArgs, FlashArgs};
pub use chain::ChainArgs;
use config::CONFIG_EXAMPLES;
pub use config::{ConfigArgs, ConfigCommand};
pub use devices::{DeviceArgs, DevicesArgs, SelftestArgs};
pub use emit::{EmitArgs, LinkName};
pub use generated::{CompletionsArgs, ManArgs};
use receipts::RECEIPTS_EXAMPLES;
pub use receipts::{
    ExportFormat, ReceiptsCommand, ReceiptsExportArgs, ReceiptsListArgs, ReceiptsVerifyArgs,
};
use report::BASELINES_EXAMPLES;
pub use report::{BaselinesCommand, ReportArgs, ReportBoardsArgs, ReportCommand, ReportVerifyArgs};
pub use run::RunArgs;
pub use sim::{BoardEngine, SimArgs};
use tools::TOOLS_EXAMPLES;
pub use tools::{SetName, ToolsCommand};

const EXIT_CODES: &str = "\
Exit codes: 0 it is as asked (verify: valid); 1 it is not (verify: invalid; mine, matmul: the device
gave a wrong answer); 2 it could not be told or written (unreadable input, bad option, disk full);
130 Ctrl-C came before the product was written. With --json, the last line of standard output is an
object; where the exit code is not 0, its `exit` is that number and its `error` says why.";

/// Mine by multiplying matrices: simulate, verify and drive an open systolic-array accelerator.
///
/// Without a command: `gemmine mine` with its defaults.
#[derive(Debug, Parser)]
#[command(name = "gemmine", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Multiply two matrices on an accelerator, simulated or real, and mine Pearl shares by it
    Mine(MineArgs),
    /// Mine on and on: many devices, the best of several sources, with a dashboard and a web page
    Run(RunArgs),
    /// Check a Pearl proof, an Amadeus solution or a folder of receipts, offline
    Verify(VerifyArgs),
    /// List shares and what became of them, check them all again, or export them
    #[command(subcommand, after_help = RECEIPTS_EXAMPLES)]
    Receipts(ReceiptsCommand),
    /// Multiply A.npy by B.npy exactly on an accelerator, simulated or real
    Matmul(MatmulArgs),
    /// Find devices and describe them
    Devices(DevicesArgs),
    /// Measure what a device does a second, and what that costs in joules
    Bench(BenchArgs),
    /// Check that a device does what the rule says
    Selftest(SelftestArgs),
    /// Run tiles through a whole simulated device, and see where its cycles go
    Sim(SimArgs),
    /// Serve a virtual board on a pseudo-terminal, for programs that open serial ports
    Board(BoardArgs),
    /// Serve a local Amadeus chain, for miners to try themselves on
    Chain(ChainArgs),
    /// Build images for boards with open tools: synthesise, place, route, pack
    Build(BuildArgs),
    /// Write a device's Verilog, for a design of your own: behind a PCIe bridge, or a serial line
    Emit(EmitArgs),
    /// Put an image onto a board
    Flash(FlashArgs),
    /// Verify results and report on them: joule for joule, next to published graphics processors
    Report(ReportArgs),
    /// List or check the table of what others publish
    #[command(subcommand, after_help = BASELINES_EXAMPLES)]
    Baselines(BaselinesCommand),
    /// Install or show the pinned tools that `--device verilator` and `gemmine build` need
    #[command(subcommand, after_help = TOOLS_EXAMPLES)]
    Tools(ToolsCommand),
    /// Check and show a configuration: sources, devices, server
    #[command(subcommand, after_help = CONFIG_EXAMPLES)]
    Config(ConfigCommand),
    /// Print a script that completes this command line in a shell
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}

impl Command {
    /// Whether the last line of standard output is to be JSON.
    pub fn json(&self) -> bool {
        match self {
            Self::Mine(args) => args.mining.json,
            Self::Run(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Matmul(args) => args.mining.json,
            Self::Devices(args) => args.json,
            Self::Bench(args) => args.json,
            Self::Selftest(args) => args.json,
            Self::Sim(args) => args.json,
            Self::Build(args) => args.json,
            Self::Emit(args) => args.json,
            Self::Receipts(command) => command.json(),
            Self::Report(args) => args.json(),
            Self::Baselines(command) => command.json(),
            Self::Tools(ToolsCommand::List(args)) => args.json,
            Self::Config(ConfigCommand::Check(args) | ConfigCommand::Show(args)) => args.json,
            Self::Board(_)
            | Self::Chain(_)
            | Self::Flash(_)
            | Self::Config(ConfigCommand::Example | ConfigCommand::Variables)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Tools(ToolsCommand::Install(_)) => false,
        }
    }
}

/// Folder for shares and receipts, where nothing asks for another.
pub const DEFAULT_OUT: &str = "gemmine-out";

impl Cli {
    /// The command; without one, `mine` with its defaults.
    pub fn command_or_mine(self) -> Command {
        match self.command {
            Some(command) => command,
            None => Command::Mine(MineOnly::parse_from(["gemmine"]).args),
        }
    }
}

/// `mine` as a command line of its own, for its defaults.
#[derive(Debug, Parser)]
struct MineOnly {
    #[command(flatten)]
    args: MineArgs,
}

/// When a mining run ends, and what its shares must meet.
#[derive(Clone, Debug, Args)]
pub struct MiningArgs {
    /// Job file: the object that a Pearl gateway's getMiningInfo returns. A `share_target` in it, 64
    /// hex digits, is obeyed [default: a local simnet job]
    #[arg(long, value_name = "JOB.json")]
    pub job: Option<PathBuf>,

    /// Target of a share: 64 hex digits, big endian, before scaling by h*w*dot_length [default: the
    /// job's share_target, else its network target; local job: a share every few seconds]
    #[arg(long, value_name = "HEX", value_parser = target_from_hex)]
    pub share_target: Option<U256>,

    /// End after this many shares
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub shares: Option<u64>,

    /// End after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<Duration>,

    /// Seed of the nonces: the same seed, job and operands give the same tickets; of Amadeus their upper
    /// eight bytes [default: 0 for Pearl's local job, the source's for Amadeus, else random]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Print one JSON object as the last line of standard output, and no progress bar
    #[arg(long)]
    pub json: bool,
}

const MINE_EXAMPLES: &str = "\
Examples:
  gemmine mine                                  local job, 3 shares or 20 seconds
  gemmine mine --shares 10 --out run1           ten shares into the folder run1
  gemmine mine --a A.npy --b B.npy              multiply your own int8 matrices
  gemmine mine --job job.json --seconds 60      mine a gateway's job for a minute
  gemmine mine --device rtl --geometry 4x4      on rust-hdl's simulator
  gemmine mine --device serial:/dev/ttyUSB1     on a board
  gemmine mine --device pcie:0000:01:00.0       on a board in a slot, bound to vfio-pci
  gemmine mine --device cpu --a A.npy --b B.npy on this computer's processor, for comparison
  gemmine mine --device gpu                     on a graphics processor, through Vulkan; `gemmine devices` lists them
  gemmine mine --device cpu --zero-signal       Pearl tickets as fast as they come, of no use to anybody
  gemmine mine --device serial:board --zero-signal 4096x8192   likewise on a board with a source of noise,
                                                which grows the operands itself
  gemmine mine --protocol amadeus --device cpu  Amadeus, on a local chain
  gemmine mine --protocol amadeus --device cpu --node http://127.0.0.1:8648 --bits 12
  gemmine mine --protocol amadeus --device serial:/dev/ttyUSB1   on a board with engines
  gemmine verify --job gemmine-out/job.json gemmine-out/share-1.b64

What it writes into the folder (Amadeus: solution-N.bin, for `verify --amadeus`, and receipts.jsonl):
  job.json        the job, with the share target added as `share_target`
  product.npy     A x B, exact int32, from the first pass
  share-N.b64     each share's proof, base64
  receipts.jsonl  one line a share, chained by BLAKE3; `gemmine verify --receipts DIR` checks it
A folder is added to if its job.json is what this run would write, byte by byte, and its product.npy,
if it has one, the product of the same matrices. Otherwise it is refused: nothing is overwritten.
The product is written when the first pass is over, before further mining.

The first pass over the product is useful work and is always finished. Further passes write another
nonce into padding, so that the same product yields new tickets: the summary counts both apart.";

/// Options of `mine`.
#[derive(Clone, Debug, Args)]
#[command(after_help = MINE_EXAMPLES)]
pub struct MineArgs {
    /// What to mine: `pearl` (certificate V3: a product of your own, with shares from it) or `amadeus`
    /// (uPoW2: operands grown from a seed)
    #[arg(long, value_name = "NAME", default_value = "pearl", hide_possible_values = true)]
    pub protocol: Protocol,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// With amadeus: the node to ask for seeds and to submit to, such as http://127.0.0.1:8648 [default: a
    /// local chain in this process]
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,

    /// With --node: certificates (PEM) to trust for https instead of the public authorities'
    #[arg(long, value_name = "FILE", requires = "node")]
    pub tls_ca: Option<PathBuf>,

    /// With amadeus: leading zero bits that a share needs; a node does not tell [default: 8 on the local
    /// chain]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub bits: Option<u32>,

    /// Left operand: .npy, int8, m x k, values in [-64, 64] [default: X^T of data/digits.npy]
    #[arg(long, value_name = "A.npy", requires = "b")]
    pub a: Option<PathBuf>,

    /// Right operand: .npy, int8, k x n, values in [-64, 64] [default: X of data/digits.npy]
    #[arg(long, value_name = "B.npy", requires = "a")]
    pub b: Option<PathBuf>,

    /// Multiply zeros, M rows by N columns (k = 2048): tickets of noise alone, which the network takes and which
    /// are NOT USEFUL WORK; for comparing speeds. A board with a source of noise (see `gemmine devices`) grows the
    /// operands itself, and its link carries none
    #[arg(long, value_name = "MxN", num_args = 0..=1, default_missing_value = "1024x1024",
          value_parser = extents, conflicts_with_all = ["a", "b"])]
    pub zero_signal: Option<(usize, usize)>,

    #[command(flatten)]
    pub mining: MiningArgs,

    /// Folder for shares, receipts and the product; made if it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    pub out: PathBuf,
}

impl MineArgs {
    /// Refuses options that mean nothing for Pearl.
    pub fn check_pearl(&self) -> Result<()> {
        let given = [(self.node.is_some(), "--node"), (self.bits.is_some(), "--bits")];
        match given.iter().find(|(given, _)| *given) {
            Some((_, option)) => anyhow::bail!(
                "mine Pearl: {option} is for Amadeus; leave it out, or give --protocol amadeus"
            ),
            None => Ok(()),
        }
    }
}

/// A network's proof of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Pearl, certificate V3.
    Pearl,
    /// Amadeus, uPoW2.
    Amadeus,
}

const MATMUL_EXAMPLES: &str = "\
Examples:
  gemmine matmul A.npy B.npy -o C.npy           int8 in, exact int32 out, any shape
  gemmine matmul A.npy B.npy -o C.npy --mine    the same product, and shares into gemmine-out
  gemmine matmul A32.npy B32.npy -o C.npy       float32 in and out, with a bound on the error

float32 operands are quantised symmetrically to integers in [-64, 64] with one fixed-point scale a
matrix. With --mine the run is one pass over the product, unless --shares or --seconds ask for more.";

/// Options of `matmul`.
#[derive(Clone, Debug, Args)]
#[command(after_help = MATMUL_EXAMPLES)]
pub struct MatmulArgs {
    /// Left operand: .npy, int8 or float32, m x k
    #[arg(value_name = "A.npy")]
    pub a: PathBuf,

    /// Right operand: .npy of the same type, k x n
    #[arg(value_name = "B.npy")]
    pub b: PathBuf,

    /// Where the product goes: .npy, int32 or float32, m x n
    #[arg(short, long, value_name = "C.npy")]
    pub output: PathBuf,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// Mine while multiplying: operands must be in [-64, 64], and k at most 65536
    #[arg(long)]
    pub mine: bool,

    #[command(flatten)]
    pub mining: MiningArgs,

    /// With --mine: folder for shares and receipts [default: gemmine-out]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl MatmulArgs {
    /// Refuses options that mean nothing without `--mine`.
    pub fn check(&self) -> Result<()> {
        let given = [
            (self.out.is_some(), "--out"),
            (self.mining.job.is_some(), "--job"),
            (self.mining.share_target.is_some(), "--share-target"),
            (self.mining.shares.is_some(), "--shares"),
            (self.mining.seconds.is_some(), "--seconds"),
            (self.mining.seed.is_some(), "--seed"),
        ];
        match given.iter().find(|(given, _)| *given && !self.mine) {
            Some((_, option)) => {
                anyhow::bail!("multiply: {option} means nothing without --mine; add --mine")
            }
            None => Ok(()),
        }
    }
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  gemmine verify --job gemmine-out/job.json gemmine-out/share-1.b64
  gemmine verify --job job.json --target 000000000000ffff... proof.bin
  cat proof.b64 | gemmine verify --job job.json -
  gemmine verify --receipts gemmine-out
  gemmine verify --amadeus sol.bin --bits 20

Exit codes: 0 valid, the ticket is printed; 1 invalid, the first rule broken is printed; 2 unreadable.";

/// Options of `verify`.
#[derive(Clone, Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["job", "amadeus", "receipts"])))]
pub struct VerifyArgs {
    /// The Pearl job that the proof is for
    #[arg(long, value_name = "JOB.json", requires = "proof")]
    pub job: Option<PathBuf>,

    /// The proof: base64 or binary; `-` reads standard input
    #[arg(value_name = "PROOF", requires = "job")]
    pub proof: Option<PathBuf>,

    /// Target to meet: 64 hex digits, big endian, before scaling by h*w*dot_length [default: the
    /// job's share_target, else the header's nbits]
    #[arg(long, value_name = "HEX", value_parser = target_from_hex, conflicts_with_all = ["amadeus", "receipts"])]
    pub target: Option<U256>,

    /// An Amadeus solution, 1264 bytes; `-` reads standard input
    #[arg(long, value_name = "SOL.bin", requires = "bits")]
    pub amadeus: Option<PathBuf>,

    /// Leading zero bits that the solution's hash must have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=256), conflicts_with_all = ["job", "receipts"])]
    pub bits: Option<u32>,

    /// The current segment's VR hash, 64 hex digits: the solution must be for it
    #[arg(long, value_name = "HEX", value_parser = digest_from_hex, conflicts_with_all = ["job", "receipts"])]
    pub segment_vr_hash: Option<[u8; 32]>,

    /// A folder that `mine` wrote: checks the receipts' chain and every share in it
    #[arg(long, value_name = "DIR")]
    pub receipts: Option<PathBuf>,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

fn target_from_hex(text: &str) -> Result<U256, TargetError> {
    target::parse_hex(text)
}

fn digest_from_hex(text: &str) -> Result<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).context("give 64 hex digits")?;
    Ok(digest)
}

/// `MxN`.
fn extents(text: &str) -> Result<(usize, usize)> {
    let parse = || {
        let (m, n) = text.split_once('x')?;
        Some((m.parse().ok()?, n.parse().ok()?))
    };
    let extents = parse().filter(|(m, n): &(usize, usize)| *m > 0 && *n > 0);
    extents.context("give rows and columns, such as 1024x1024")
}

fn seconds(text: &str) -> Result<Duration> {
    let remedy = "give a number of seconds above 0, such as 30 or 0.5";
    let seconds = text.parse::<f64>().context(remedy)?;
    anyhow::ensure!(seconds > 0.0, remedy);
    Duration::try_from_secs_f64(seconds).context(remedy)
}

#[cfg(test)]
mod tests;
