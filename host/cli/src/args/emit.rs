//! The command that writes a device's Verilog.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use gemmine_hdl::Geometry;
use gemmine_hdl::devices::PANEL_WORD_BITS;
use gemmine_hdl::identity::Build;
use gemmine_hdl::multipliers::{Kind, Multipliers};

/// What is in front of the accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LinkName {
    /// AXI: a window of registers, and rings in host memory, behind a PCIe bridge.
    Memory,
    /// A serial line.
    Serial,
}

const EMIT_EXAMPLES: &str = "\
Examples:
  gemmine emit --geometry 16x16 --clock 125000000 -o gemmine.v     a device behind AXI, for a PCIe bridge
  gemmine emit --geometry 8x8 --panel-word-bits 9 --clock 62500000 -o gemmine.v   with less block RAM
  gemmine emit --geometry 8x8 --engines 2 --noise --clock 100000000 -o gemmine.v  grows operands by itself
  gemmine emit --link serial --geometry 4x4 --clock 48000000 -o gemmine.v         a device behind a serial line

The file is Verilog-2001 and needs no other one, unless --multipliers names a vendor's DSP block. hdl/PCIE.md lists the
ports of the device behind AXI, and says what LitePCIe, regymm/pcie_7x or a vendor's bridge connects to them. The same
options give the same bytes; the register BUILD holds their hash. For a whole image of a known board: `gemmine build`.";

/// Options of `emit`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EMIT_EXAMPLES)]
pub struct EmitArgs {
    /// What is in front of the accelerator: `memory` (AXI, for a PCIe bridge) or `serial`
    #[arg(long, value_name = "NAME", default_value = "memory", hide_possible_values = true)]
    pub link: LinkName,

    /// Physical array, P rows x Q columns of PEs, both dividing 16
    #[arg(long, value_name = "PxQ", default_value = "16x16")]
    pub geometry: Geometry,

    /// The clock that your design will give it, in hertz: hosts reckon with it
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..))]
    pub clock: u32,

    /// Bits of a word's address in a lane of panel memory: a lane holds 4 steps a word
    #[arg(long, value_name = "N", default_value_t = PANEL_WORD_BITS)]
    pub panel_word_bits: usize,

    /// Engines that grow operands of Amadeus; without one the device can't mine Amadeus by itself
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub engines: u8,

    /// Give it a source of Pearl's noise: it then mines zero signals without operands from the host
    #[arg(long)]
    pub noise: bool,

    /// What multiplies: `inferred` (Verilog's `*`), `rows` (logic), `pair_sums` (an ECP5's carry chains), or a vendor's
    /// block: `mult18x18d` (ECP5), `mult9x9` or `mult9x9_piped` (Gowin), `sb_mac16` (iCE40 UP5K)
    #[arg(long, value_name = "KIND", default_value_t = Kind::Inferred)]
    pub multipliers: Kind,

    /// With serial: its first rate in bits a second [default: 115200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: Option<u32>,

    /// The file; one that is there is replaced
    #[arg(short, long, value_name = "FILE.v")]
    pub output: PathBuf,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

impl EmitArgs {
    /// The build that the options ask for.
    ///
    /// # Errors
    /// If they don't go together.
    pub fn build(&self) -> Result<Build> {
        let multipliers = Multipliers::of(self.multipliers, self.geometry.pes());
        if self.baud.is_some() && self.link != LinkName::Serial {
            bail!("--baud is for a serial line; leave it out, or give --link serial");
        }
        let default = Build::default();
        Ok(Build {
            clock_hz: self.clock,
            baud: self.baud.unwrap_or(default.baud),
            panel_word_bits: self.panel_word_bits,
            engines: self.engines.into(),
            noise: self.noise,
            multipliers,
            ..default
        })
    }
}
