//! What a board is: `board.toml` and its constraints file.
//!
//! The boards in `bitstreams/` are compiled in; another one is named by the path of its `board.toml`.

mod constraints;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use gemmine_hdl::Geometry;
use gemmine_hdl::devices::DEVICES;
use gemmine_hdl::multipliers::{Kind, Multipliers};
use serde::{Deserialize, Deserializer};

use crate::error::FlowError;
use crate::floorplan::Floorplan;
use crate::pll::{ECP5, GW1NR_9_C6, GW2AR_18_C8, ICE40, Plan, Pll};

/// Declares the boards that are compiled in, each with the constraints file that its `board.toml` names.
macro_rules! boards {
    ($(($name:literal, $constraints:literal)),* $(,)?) => {
        /// Name, `board.toml`, constraints.
        const BOARDS: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../bitstreams/", $name, "/board.toml")),
            include_str!(concat!("../../bitstreams/", $constraints)),
        )),*];
    };
}

boards![
    ("icebreaker", "icebreaker/icebreaker.pcf"),
    ("alchitry-cu", "alchitry-cu/alchitry-cu.pcf"),
    ("ulx3s-85f", "ulx3s-85f/ulx3s.lpf"),
    ("ulx3s-85f-full", "ulx3s-85f/ulx3s.lpf"),
    ("ulx3s-25f", "ulx3s-85f/ulx3s.lpf"),
    ("orangecrab-25f", "orangecrab-25f/orangecrab.lpf"),
    ("tang-nano-9k", "tang-nano-9k/tang-nano-9k.cst"),
    ("tang-nano-20k", "tang-nano-20k/tang-nano-20k.cst"),
];

/// A board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The name of its folder.
    pub name: String,
    /// Where its definition comes from, for messages.
    pub file: String,
    /// Its `board.toml`.
    pub definition: Definition,
    /// Text of its constraints file.
    pub constraints: String,
}

/// Which tools make its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Lattice iCE40: yosys, nextpnr-ice40, icepack.
    Ice40,
    /// Lattice ECP5: yosys, nextpnr-ecp5, ecppack.
    Ecp5,
    /// Gowin LittleBee and Arora: yosys, nextpnr-himbaechel-gowin, gowin_pack.
    Gowin,
}

/// `board.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What its maker calls it.
    pub title: String,
    /// Who makes it.
    pub maker: String,
    /// Why no image can be built for it, if none can.
    pub reason: Option<String>,
    /// Which tools make its images.
    pub family: Family,
    /// The FPGA, with speed grade where it has one.
    pub part: String,
    /// Its package.
    pub package: String,
    /// Constraints file, next to the `board.toml`.
    pub constraints: String,
    /// Where the pins come from.
    pub sources: Vec<String>,
    /// Oscillator and clock.
    pub clock: Clock,
    /// The line to the host.
    pub serial: Serial,
    /// Lights while the device has work.
    pub led: Led,
    /// What is built.
    pub device: Device,
    /// Of `synth_*`.
    pub synthesis: Synthesis,
    /// Of nextpnr.
    pub place: Place,
    /// Where blocks go; none given: nextpnr chooses.
    pub floorplan: Option<Floorplan>,
    /// Of the packer.
    pub pack: Pack,
    /// How an image gets onto it.
    pub flash: Flash,
}

/// Oscillator and clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The oscillator on the board, in hertz.
    pub oscillator_hz: u64,
    /// Its pin.
    pub pin: String,
    /// The clock to come nearest to, in hertz.
    pub target_hz: u64,
    /// iCE40: whether the PLL takes its input from its own pad or from the fabric.
    pub pll_input: Option<PllInput>,
}

/// Where an iCE40's PLL takes its input from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PllInput {
    /// `SB_PLL40_PAD`: the oscillator is at the PLL's own pad.
    Pad,
    /// `SB_PLL40_CORE`.
    Core,
}

/// The line to the host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serial {
    /// Pin of the device's input.
    pub from_host: String,
    /// Pin of the device's output.
    pub to_host: String,
    /// What is behind them.
    pub chip: String,
    /// First rate, in bits a second.
    pub baud: u32,
}

/// A light.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// Its pin.
    pub pin: String,
    /// It lights when the pin is low.
    pub active_low: bool,
}

/// Engines of a device at most: panel memory takes no more than five can grow.
const ENGINES_MAX: usize = 8;

/// What is built.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// P rows x Q columns of PEs.
    #[serde(deserialize_with = "parsed")]
    pub geometry: Geometry,
    /// Bits of a word's address in a lane of panel memory.
    pub panel_word_bits: usize,
    /// Engines that grow operands of Amadeus; none where it is left out.
    #[serde(default)]
    pub engines: usize,
    /// A source of Pearl's noise, for scans without a signal.
    #[serde(default)]
    pub noise: bool,
    /// What multiplies; [`Kind::name`] has the names.
    #[serde(deserialize_with = "parsed")]
    pub multipliers: Kind,
    /// How many products DSP blocks make, where not all are of one kind; the others are made in logic.
    pub dsp_products: Option<usize>,
}

impl Device {
    /// The multiplier of each product.
    pub const fn multipliers(&self) -> Multipliers {
        let products = match self.dsp_products {
            Some(products) => products,
            None => self.geometry.pes(),
        };
        Multipliers::of(self.multipliers, products)
    }
}

/// Options of `synth_*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthesis {
    /// More than `-noflatten` and `-top`.
    pub options: Vec<String>,
    /// Memories of up to so many words that are written go into LUTs; none given: synthesis chooses.
    pub distributed_words: Option<usize>,
    /// Memories that stay in block RAM, however small, by their modules' places below the board's top, such as
    /// `device.accelerator.counters.words`; modules of the same kind stay with them.
    #[serde(default)]
    pub block_memories: Vec<String>,
}

/// Options of nextpnr.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What names the part.
    pub device: Vec<String>,
    /// Others, such as a router.
    pub options: Vec<String>,
    /// The seed that is used where none is asked for.
    pub seed: u64,
    /// The clock that it goes for on an ECP5, in hertz, where that is more than the PLL's. A router that stops as soon as
    /// all paths meet the clock may have counted them a little shorter than timing analysis does.
    pub asked_hz: Option<u64>,
}

/// Options of the packer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// All of them.
    pub options: Vec<String>,
}

/// How an image gets onto a board. `{image}` stands for the image's path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// The program.
    pub programmer: String,
    /// Its arguments for memory that keeps the image.
    pub write: Vec<String>,
    /// Its arguments for the FPGA itself, which forgets it; none where that can't be done.
    pub load: Option<Vec<String>>,
    /// Which versions do it, what else does, and what hands have to do.
    pub note: String,
}

/// Reads what is written as text.
fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Board {
    /// The boards that are compiled in, in their order.
    pub fn names() -> Vec<&'static str> {
        BOARDS.iter().map(|(name, ..)| *name).collect()
    }

    /// A board by its name, or by the path of a `board.toml`.
    ///
    /// # Errors
    /// If there is none, or its files are not what they should be.
    pub fn find(name: &str) -> Result<Self, FlowError> {
        if let Some((name, definition, constraints)) = BOARDS.iter().find(|(n, ..)| *n == name) {
            let file = format!("bitstreams/{name}/board.toml");
            return Self::parse(name, &file, definition, constraints);
        }
        if !name.ends_with(".toml") {
            return Err(FlowError::UnknownBoard { name: name.to_owned(), known: Self::names() });
        }
        let path = PathBuf::from(name);
        let text = std::fs::read_to_string(&path).map_err(FlowError::file("read", &path))?;
        let definition = parse(name, &text)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let constraints = folder.join(&definition.constraints);
        let constraints =
            std::fs::read_to_string(&constraints).map_err(FlowError::file("read", &constraints))?;
        // The folder's name is the board's, as it is for those that are compiled in.
        let folder = folder.canonicalize().map_err(FlowError::file("find", folder))?;
        let board = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let board = board.unwrap_or_else(|| "board".into());
        Self::checked(&board, name.to_owned(), definition, constraints)
    }

    /// A board of these texts: what is in its `board.toml`, which messages call `file`, and in its constraints file.
    ///
    /// # Errors
    /// If they are not what they should be.
    pub fn parse(
        name: &str,
        file: &str,
        definition: &str,
        constraints: &str,
    ) -> Result<Self, FlowError> {
        let definition = parse(file, definition)?;
        Self::checked(name, file.to_owned(), definition, constraints.to_owned())
    }

    /// A board, checked as far as its texts go.
    fn checked(
        name: &str,
        file: String,
        definition: Definition,
        constraints: String,
    ) -> Result<Self, FlowError> {
        let board = Self { name: name.to_owned(), file, definition, constraints };
        let Definition { clock, device, family, serial, flash, .. } = &board.definition;
        let built = DEVICES.iter().filter(|(geometry, _)| *geometry == device.geometry);
        let built: Vec<usize> = built.map(|(_, bits)| *bits).collect();
        if !built.is_empty() && !built.contains(&device.panel_word_bits) {
            let remedy = format!("{} devices are built with {built:?}, give one", device.geometry);
            return Err(board.value("device.panel_word_bits", device.panel_word_bits, remedy));
        }
        if device.engines > ENGINES_MAX {
            let remedy = format!("give up to {ENGINES_MAX}");
            return Err(board.value("device.engines", device.engines, remedy));
        }
        if let Some(products) = device.dsp_products
            && (!device.multipliers.runs_out() || products > device.geometry.pes())
        {
            let remedy = format!(
                "give 0 to {}, or leave it out where multipliers are not mult18x18d, mult9x9 or mult9x9_piped",
                device.geometry.pes()
            );
            return Err(board.value("device.dsp_products", products, remedy));
        }
        if *family == Family::Ice40 && board.definition.synthesis.distributed_words.is_some() {
            let remedy = "an iCE40 has no memory in LUTs, leave it out";
            return Err(board.value("synthesis.distributed_words", "given", remedy));
        }
        if let ([first, ..], None) = (
            board.definition.synthesis.block_memories.as_slice(),
            board.definition.synthesis.distributed_words,
        ) {
            let remedy =
                "they are for where distributed_words would take them; give that, or leave it out";
            return Err(board.value("synthesis.block_memories", first, remedy));
        }
        if *family != Family::Ecp5 && board.definition.floorplan.is_some() {
            let remedy = "places of blocks are known of ECP5s only, leave it out";
            return Err(board.value("floorplan", "given", remedy));
        }
        if device.multipliers == Kind::SbMac16
            && board.definition.synthesis.options.iter().any(|option| option == "-dsp")
        {
            // yosys 0.70, pass ice40_dsp: it takes any SB_MAC16 for one that it has inferred.
            let remedy = "with multipliers sb_mac16 leave -dsp out: yosys would make combinational 16 x 16 \
                          multipliers of the blocks that are there";
            return Err(board.value("synthesis.options", "-dsp", remedy));
        }
        match (family, clock.pll_input) {
            (Family::Ice40, None) => {
                return Err(board.value("clock.pll_input", "missing", "give \"pad\" or \"core\""));
            }
            (Family::Ecp5 | Family::Gowin, Some(_)) => {
                let remedy = "it is for iCE40 only, leave it out";
                return Err(board.value("clock.pll_input", "given", remedy));
            }
            _ => {}
        }
        if !(300..=12_000_000).contains(&serial.baud) {
            return Err(board.value("serial.baud", serial.baud, "give 300 to 12000000"));
        }
        let image = |arguments: &[String]| arguments.iter().any(|a| a.contains("{image}"));
        if !image(&flash.write) {
            return Err(board.value("flash.write", "without {image}", "say where it goes"));
        }
        if flash.load.as_ref().is_some_and(|load| !image(load)) {
            return Err(board.value("flash.load", "without {image}", "say where it goes"));
        }
        if board.definition.reason.is_none() {
            board.check_pins()?;
            let output_hz = board.plan()?.output_hz();
            if let Some(asked_hz) = board.definition.place.asked_hz
                && (*family != Family::Ecp5 || asked_hz <= output_hz)
            {
                let remedy =
                    format!("on an ECP5 give more than the PLL's {output_hz}, or leave it out");
                return Err(board.value("place.asked_hz", asked_hz, remedy));
            }
        }
        Ok(board)
    }

    /// The PLL's setting.
    ///
    /// # Errors
    /// If the clock can't be made, or nobody has written down what the part's PLL can do.
    pub fn plan(&self) -> Result<Plan, FlowError> {
        let clock = &self.definition.clock;
        Ok(self.pll()?.plan(clock.oscillator_hz, clock.target_hz)?)
    }

    fn pll(&self) -> Result<&'static Pll, FlowError> {
        let part = self.definition.part.as_str();
        Ok(match self.definition.family {
            Family::Ice40 => &ICE40,
            Family::Ecp5 => &ECP5,
            Family::Gowin if part.starts_with("GW1NR-LV9") && part.ends_with("C6/I5") => {
                &GW1NR_9_C6
            }
            Family::Gowin if part.starts_with("GW2AR-LV18") && part.ends_with("C8/I7") => {
                &GW2AR_18_C8
            }
            Family::Gowin => {
                let remedy = "PLL limits are known of GW1NR-LV9...C6/I5 and GW2AR-LV18...C8/I7";
                return Err(self.value("part", part, remedy));
            }
        })
    }

    /// An error about a value in `board.toml`.
    pub(crate) fn value(
        &self,
        key: &'static str,
        value: impl ToString,
        remedy: impl Into<String>,
    ) -> FlowError {
        let (file, value) = (self.file.clone(), value.to_string());
        FlowError::Value { file, key, value, remedy: remedy.into() }
    }
}

fn parse(file: &str, text: &str) -> Result<Definition, FlowError> {
    toml::from_str(text).map_err(|error| FlowError::Parse {
        file: file.to_owned(),
        why: error.to_string().trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests;
