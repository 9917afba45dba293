//! The commands that make images and put them onto boards.

use std::path::PathBuf;

use clap::Args;

const BUILD_EXAMPLES: &str = "\
Examples:
  gemmine build --list                        the boards, their clocks, and which have an image
  gemmine build --board ulx3s-25f             into gemmine-build/ulx3s-25f: image, report.json, logs
  gemmine build --board ulx3s-85f --seeds 8   the fastest of eight placements
  gemmine build --board my/board.toml         a board of yours, its constraints file next to it
  gemmine build --all --install               every board, into bitstreams/ and its MANIFEST.toml
  gemmine flash --board ulx3s-25f             then puts the installed image onto the board

Tools are the pinned ones (`gemmine tools install` once); --native takes yosys, nextpnr-* and the packers
from the PATH. The same device, board, seed and tools give the same bytes, in any folder. Figures are place
and route's. A device that is too slow for its clock gets a report, but no image. Exit codes: 0 every image
was made; 2 one was not.";

/// Options of `build`.
#[derive(Clone, Debug, Args)]
#[command(after_help = BUILD_EXAMPLES)]
#[command(group(clap::ArgGroup::new("boards").required(true).args(["board", "all", "list"])))]
pub struct BuildArgs {
    /// A board by its name, or the path of a board.toml
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,

    /// Every board that can be built for
    #[arg(long)]
    pub all: bool,

    /// List the boards and build nothing
    #[arg(long, conflicts_with_all = ["seed", "seeds", "native", "out", "install", "allow_timing_failure"])]
    pub list: bool,

    /// Place with this seed [default: that of the board's board.toml]
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    pub seed: Option<u64>,

    /// Place with the seeds 1 to N, and keep the fastest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: Option<u64>,

    /// Use the tools on the PATH instead of the pinned ones
    #[arg(long)]
    pub native: bool,

    /// Folder for all that is made, a folder a board in it
    #[arg(long, value_name = "DIR", default_value = "gemmine-build")]
    pub out: PathBuf,

    /// Copy image and report into the checkout's bitstreams/ and write its MANIFEST.toml
    #[arg(long, conflicts_with = "allow_timing_failure")]
    pub install: bool,

    /// Make an image even if it is too slow for its clock; its report says so
    #[arg(long)]
    pub allow_timing_failure: bool,

    /// Print one JSON object as the last line of standard output, and no progress
    #[arg(long)]
    pub json: bool,
}

const FLASH_EXAMPLES: &str = "\
Examples:
  gemmine flash --board ulx3s-25f --dry-run      prints the programmer's command line, and does nothing
  gemmine flash --board ulx3s-25f                writes the image in bitstreams/ to the board's flash
  gemmine flash --board ulx3s-25f --sram         into the FPGA itself, until power goes
  gemmine flash --board ulx3s-85f --image gemmine-build/ulx3s-85f/ulx3s-85f.bit --unknown-image

The image's sha256 must be the one in bitstreams/MANIFEST.toml; no toolchain is needed. Programmers:
openFPGALoader (0.10 or later), iceprog or dfu-util, as the board has it.";

/// Options of `flash`.
#[derive(Clone, Debug, Args)]
#[command(after_help = FLASH_EXAMPLES)]
pub struct FlashArgs {
    /// The board by its name, or the path of a board.toml
    #[arg(long, value_name = "BOARD")]
    pub board: String,

    /// The image [default: the one in bitstreams/ of the checkout around the current folder]
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,

    /// Take an image that is not the manifest's
    #[arg(long, requires = "image")]
    pub unknown_image: bool,

    /// Print the programmer's command line, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Load the FPGA itself, which forgets it without power, instead of the board's flash
    #[arg(long)]
    pub sram: bool,
}
