//! All that is said of an image: `report.json`.

use std::collections::BTreeMap;

use gemmine_hdl::balance::{AMADEUS_K, Balance, NoiseRow};
use serde::{Deserialize, Serialize};

use crate::board::{Device, Family};
use crate::timing::{Count, CriticalPath, Placed};

/// Attempts of Amadeus uPoW2 that a device makes by itself, as [`balance`](gemmine_hdl::balance) has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amadeus {
    /// Attempts a second, in a row of them.
    pub attempts_per_s: f64,
    /// Cycles of one.
    pub attempt_cycles: u64,
    /// The part of them in which the array takes a step.
    pub array_use: f64,
    /// The part of them in which the engines hash.
    pub engine_use: f64,
    /// What limits it: array, engines, ports or hash.
    pub limit: String,
}

impl Amadeus {
    /// Of a device with engines, at a clock in hertz.
    pub fn of(device: &Device, clock_hz: f64) -> Option<Self> {
        let balance = Balance { geometry: device.geometry, engines: device.engines };
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        (device.engines > 0).then(|| {
            let (attempt_cycles, limit) = balance.attempt(AMADEUS_K);
            Self {
                attempts_per_s: rounded(balance.attempts_per_s(AMADEUS_K, clock_hz)),
                attempt_cycles,
                array_use: rounded(balance.array_use(AMADEUS_K)),
                engine_use: rounded(balance.engine_use(AMADEUS_K)),
                limit: limit.name().into(),
            }
        })
    }
}

/// Tickets of Pearl that a device makes by itself, on matrices of zeros: work that the network takes and nobody uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pearl {
    /// Tickets a second, row after row.
    pub tickets_per_s: f64,
    /// k of the tiles.
    pub k: u64,
    /// Tiles of a row.
    pub columns: u64,
    /// The part of the cycles in which the array takes a step.
    pub array_use: f64,
    /// What limits it: array, ports or hash.
    pub limit: String,
    /// Always false.
    pub useful: bool,
}

impl Pearl {
    /// Of a device with a source of noise, at a clock in hertz, for as large a k as it grows and rows of 512 tiles.
    pub fn of(device: &Device, clock_hz: f64) -> Option<Self> {
        let (k, tiles) = (NoiseRow::steps_max(device.panel_word_bits), 512);
        let row = NoiseRow { geometry: device.geometry, k, tiles };
        let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
        device.noise.then(|| Self {
            tickets_per_s: rounded(row.tickets_per_s(clock_hz)),
            k: k as u64,
            columns: tiles as u64,
            array_use: rounded(row.array_use()),
            limit: row.cycles().1.name().into(),
            useful: false,
        })
    }
}

/// `report.json`. Figures are place and route's, not measured on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The board's name.
    pub board: String,
    /// Its FPGA.
    pub part: String,
    /// What kind of figures these are.
    pub kind: String,
    /// P x Q.
    pub geometry: String,
    /// PEs, each a MAC a cycle.
    pub pes: u64,
    /// Bits of a word's address in a lane of panel memory.
    pub panel_word_bits: u64,
    /// Register BUILD of the device, 8 hex digits.
    pub build: String,
    /// Engines that grow operands of Amadeus.
    pub engines: u64,
    /// What the device mines.
    pub protocols: Vec<String>,
    /// With engines, what that comes to at the slower of clock and Fmax.
    pub amadeus: Option<Amadeus>,
    /// With a source of noise, what that comes to, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pearl: Option<Pearl>,
    /// The clock that the PLL makes, in hertz.
    pub clock_hz: u64,
    /// First rate of the line, in bits a second.
    pub baud: u32,
    /// The fastest clock that place and route vouches for, in MHz.
    pub fmax_mhz: f64,
    /// Whether that is enough.
    pub timing_met: bool,
    /// PEs times the slower of clock and Fmax, in 10^9 MACs a second.
    pub gmac_per_s: f64,
    /// Look-up tables; iCE40: logic cells.
    pub lut: Count,
    /// Flip-flops.
    pub ff: Count,
    /// Multipliers: MULT18X18D, SB_MAC16, or halves of a Gowin DSP's 18x18 one.
    pub dsp: Count,
    /// Block RAMs.
    pub bram: Count,
    /// All cells that nextpnr counts, where any is used.
    pub utilization: BTreeMap<String, Count>,
    /// The slowest path from register to register.
    pub critical_path: Option<CriticalPath>,
    /// What `fmax_mhz` does not hold, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    /// The seed of this image.
    pub seed: u64,
    /// Every seed that was tried, with its Fmax in MHz.
    pub seeds: Vec<SeedResult>,
    /// What each step took.
    pub steps: Vec<StepCost>,
    /// Versions of the tools.
    pub tools: BTreeMap<String, String>,
    /// The command that made it.
    pub command: String,
    /// The commit it was made from.
    pub source_commit: String,
    /// Checksum of the top module's Verilog.
    pub verilog_sha256: String,
    /// Name of the image's file.
    pub image: Option<String>,
    /// Its bytes.
    pub image_bytes: Option<u64>,
    /// Its checksum; none where timing failed and no image was made.
    pub bitstream_sha256: Option<String>,
}

/// What came of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Fmax in MHz; none where place and route failed.
    pub fmax_mhz: Option<f64>,
}

/// What a step took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepCost {
    /// The step.
    pub step: String,
    /// From start to end.
    pub seconds: f64,
    /// Most memory that it had resident, in MiB, where the system tells.
    pub peak_mib: Option<u64>,
}

/// The kinds of cells that a report sums up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) lut: Count,
    pub(crate) ff: Count,
    pub(crate) dsp: Count,
    pub(crate) bram: Count,
}

/// Sums up what nextpnr and yosys count.
pub(crate) fn area(family: Family, placed: &Placed, cells: &BTreeMap<String, u64>) -> Area {
    let count = |cell: &str| placed.utilization.get(cell).copied().unwrap_or_default();
    match family {
        Family::Ice40 => {
            let logic = count("ICESTORM_LC");
            // A logic cell is a look-up table with a flip-flop; nextpnr doesn't count them apart.
            let flops = cells.iter().filter(|(cell, _)| cell.starts_with("SB_DFF"));
            let ff = Count { used: flops.map(|(_, used)| used).sum(), ..logic };
            Area { lut: logic, ff, dsp: count("ICESTORM_DSP"), bram: count("ICESTORM_RAM") }
        }
        Family::Ecp5 => Area {
            lut: count("TRELLIS_COMB"),
            ff: count("TRELLIS_FF"),
            dsp: count("MULT18X18D"),
            bram: count("DP16KD"),
        },
        Family::Gowin => {
            let (small, large) = (count("MULT9X9"), count("MULT18X18"));
            let dsp = Count { used: small.used + 2 * large.used, ..small };
            Area { lut: count("LUT4"), ff: count("DFF"), dsp, bram: count("BSRAM") }
        }
    }
}

impl Report {
    /// As the file has it.
    pub fn to_text(&self) -> String {
        // Of plain data with string keys: it can't fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// For people, in a few lines.
    pub fn describe(&self) -> String {
        let cells =
            |name: &str, count: Count| format!("{} of {} {name}", count.used, count.available);
        let path = self.critical_path.as_ref().map(CriticalPath::describe).unwrap_or_default();
        let caveats = self.caveats.iter().map(|caveat| format!("\n  but {caveat}"));
        format!(
            "{}: {} array on {}, seed {}\n  {}, {}, {}, {}\n  clock {:.2} MHz, Fmax {:.2} MHz{}: {:.2} GMAC/s \
             (place and route)\n  critical path {path}{}",
            self.board,
            self.geometry,
            self.part,
            self.seed,
            cells("LUT", self.lut),
            cells("FF", self.ff),
            cells("DSP", self.dsp),
            cells("BRAM", self.bram),
            self.clock_hz as f64 / 1e6,
            self.fmax_mhz,
            if self.timing_met { "" } else { ", TIMING NOT MET" },
            self.gmac_per_s,
            caveats.collect::<String>(),
        )
    }
}
