//! The race: how far Bitcoin's chips pulled ahead of graphics processors, and what is left to win for int8.
//!
//! Figures are made of the table of what others publish, as any others are: each has its line or its inputs.

use crate::baselines::figures::accelerator;
use crate::baselines::{Baselines, BaselinesError, HashClass};
use crate::derive::{Figures, ratio, sum};
use crate::figure::{Figure, FigureError, Unit};

/// Names of the race's figures.
pub mod names {
    /// J/TH of the best chip for Bitcoin alone.
    pub const HASH_ASIC: &str = "sha256d-asic-energy";
    /// J/TH of the best graphics processor.
    pub const HASH_GPU: &str = "sha256d-gpu-energy";
    /// How many times fewer joules the chip takes.
    pub const PER_JOULE: &str = "sha256d-ahead-per-joule";
    /// How many times faster a machine with such chips is than a card.
    pub const PER_DEVICE: &str = "sha256d-ahead-per-device";
    /// How many times more watts it takes.
    pub const PER_WATT: &str = "sha256d-more-watts";
    /// pJ/MAC of the graphics processor that mines with the fewest.
    pub const GPU: &str = "int8-gpu-energy";
    /// pJ/MAC of the graphics processor with the best data sheet.
    pub const GPU_PEAK: &str = "int8-gpu-peak-energy";

    /// pJ/MAC of arithmetic alone at a node.
    pub fn floor(node_nm: u32) -> String {
        format!("int8-floor-{node_nm}nm")
    }

    /// pJ/MAC of the source's own figure at a node: the low end of the floor.
    pub fn least(node_nm: u32) -> String {
        format!("arithmetic-{node_nm}nm")
    }

    /// How many times the floor is below the best mining graphics processor.
    pub fn ahead(node_nm: u32) -> String {
        format!("int8-ahead-{node_nm}nm")
    }

    /// How many times the low end of the floor is below it: the most that a chip could be ahead.
    pub fn most_ahead(node_nm: u32) -> String {
        format!("int8-ahead-most-{node_nm}nm")
    }

    /// How far sources of the floor are apart.
    pub const SPREAD: &str = "spread";
    /// Energy at the latest node over that at an earlier one.
    pub const SCALING: &str = "scaling";

    /// pJ of an operation of the table, by its place there.
    pub fn operation(n: usize) -> String {
        format!("operation-{}", n + 1)
    }
}

/// The race's figures.
#[derive(Clone, Debug)]
pub struct Race {
    /// By name.
    pub figures: Figures,
    /// The chip for Bitcoin.
    pub hash_asic: String,
    /// The graphics processor that it is compared with.
    pub hash_gpu: String,
    /// The graphics processor that mines int8 with the fewest joules.
    pub gpu: String,
    /// The one with the best data sheet.
    pub gpu_peak: String,
    /// Nodes of the floor, the earliest first.
    pub nodes_nm: Vec<u32>,
    /// The node whose floor is scaled, and the one that it is scaled from.
    pub scaled_nm: [u32; 2],
    /// What else a chip needs, in the order of the table.
    pub operations: Vec<String>,
}

/// Why there is no race.
#[derive(Debug, thiserror::Error)]
pub enum RaceError {
    /// The table lacks something.
    #[error(transparent)]
    Table(#[from] BaselinesError),
    /// A figure can't be calculated.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

/// The entry with the least of a figure.
fn least<'a>(
    all: impl Iterator<Item = (&'a str, Figures)>,
    name: &str,
) -> Option<(&'a str, Figures)> {
    let with = all.filter(|(_, figures)| figures.contains_key(name));
    with.min_by(|a, b| a.1[name].value.total_cmp(&b.1[name].value))
}

impl Race {
    /// Calculates it from a table.
    ///
    /// # Errors
    /// If the table has no chip or no graphics processor to compare, or a number is zero.
    pub fn of(table: &Baselines) -> Result<Self, RaceError> {
        let lacks = |missing: &str| BaselinesError::Lacks {
            file: table.file.clone(),
            missing: missing.to_owned(),
        };
        let mut figures = Figures::new();
        let asic = hash(table, HashClass::Asic, "asic", &mut figures)?;
        let asic = asic.ok_or_else(|| lacks("add a [[sha256d]] with class = \"asic\""))?;
        let gpu = hash(table, HashClass::Gpu, "gpu", &mut figures)?;
        let gpu = gpu.ok_or_else(|| lacks("add a [[sha256d]] with class = \"gpu\""))?;
        let mut ahead = |name: &str, unit, over: &str, under: &str, conditions: &str| {
            let figure = ratio(&figures, unit, &[over], &[under], conditions)?;
            figures.insert(name.into(), figure);
            Ok::<(), FigureError>(())
        };
        let fewer = "joules for a hash on the graphics processor over those on the chip";
        ahead(names::PER_JOULE, Unit::One, names::HASH_GPU, names::HASH_ASIC, fewer)?;
        let faster = "hashes a second of a machine full of chips over those of one card";
        ahead(names::PER_DEVICE, Unit::One, "sha256d-asic-rate", "sha256d-gpu-rate", faster)?;
        let hungrier = "watts of a machine full of chips over those of one card";
        ahead(names::PER_WATT, Unit::One, "sha256d-asic-power", "sha256d-gpu-power", hungrier)?;

        let mut entries = Vec::new();
        for entry in &table.table.gpu {
            entries.push((&*entry.name, table.accelerator(entry)?));
        }
        let best = |name| least(entries.iter().map(|(n, figures)| (*n, figures.clone())), name);
        let (mining, own) = best(accelerator::MINING_ENERGY)
            .ok_or_else(|| lacks("add a [[gpu]] whose mining has watts"))?;
        let (peak, sheet) = best(accelerator::PEAK_ENERGY)
            .ok_or_else(|| lacks("add a [[gpu]] whose peak has watts"))?;
        energy(&own, [accelerator::MINING, accelerator::MINING_POWER], names::GPU, &mut figures)?;
        energy(
            &sheet,
            [accelerator::PEAK, accelerator::PEAK_POWER],
            names::GPU_PEAK,
            &mut figures,
        )?;
        let nodes_nm = floors(table, &mut figures)?;
        for node in &nodes_nm {
            let conditions = "energy of a multiply-accumulate on the graphics processor that mines with the fewest joules, \
                              over arithmetic alone: what a chip for this alone could win if all else were free";
            let figure =
                ratio(&figures, Unit::One, &[names::GPU], &[&names::floor(*node)], conditions)?;
            figures.insert(names::ahead(*node), figure);
            let inputs = ([names::GPU], names::least(*node));
            let conditions =
                "the same over the low end of arithmetic alone: no source leaves more to win";
            let figure = ratio(&figures, Unit::One, &inputs.0, &[&inputs.1], conditions)?;
            figures.insert(names::most_ahead(*node), figure);
        }
        let mut operations = Vec::new();
        for (n, entry) in table.table.operation.iter().enumerate() {
            figures.insert(names::operation(n), table.operation(entry));
            operations.push(format!("{} at {} nm", entry.what, entry.node_nm));
        }
        Ok(Self {
            figures,
            hash_asic: asic,
            hash_gpu: gpu,
            gpu: mining.to_owned(),
            gpu_peak: peak.to_owned(),
            nodes_nm,
            scaled_nm: [table.table.scaling.node_nm, table.table.scaling.over_node_nm],
            operations,
        })
    }
}

/// Rate, power and J/TH of the best of a class, whose name is returned.
fn hash(
    table: &Baselines,
    class: HashClass,
    name: &str,
    figures: &mut Figures,
) -> Result<Option<String>, FigureError> {
    let joules = |entry: &crate::baselines::Sha256d| entry.watts.get_ref() / entry.th_s.get_ref();
    let all = table.table.sha256d.iter().filter(|entry| entry.class == class);
    let Some(best) = all.min_by(|a, b| joules(a).total_cmp(&joules(b))) else { return Ok(None) };
    let [rate, power] = table.sha256d(best);
    let (rate_name, power_name) = (format!("sha256d-{name}-rate"), format!("sha256d-{name}-power"));
    figures.insert(rate_name.clone(), rate);
    figures.insert(power_name.clone(), power);
    let energy =
        ratio(figures, Unit::JoulePerTerahash, &[&power_name], &[&rate_name], "mining Bitcoin")?;
    figures.insert(format!("sha256d-{name}-energy"), energy);
    Ok(Some(best.name.clone()))
}

/// pJ/MAC of an accelerator's rate and power, under another name, with what it is made of.
fn energy(
    of: &Figures,
    [rate, power]: [&str; 2],
    name: &str,
    figures: &mut Figures,
) -> Result<(), FigureError> {
    let get = |input: &str| -> Result<Figure, FigureError> {
        of.get(input).cloned().ok_or_else(|| FigureError::NoInput { name: input.to_owned() })
    };
    let (rate_name, power_name) = (format!("{name}-rate"), format!("{name}-power"));
    let power = get(power)?;
    let conditions = power.conditions.clone();
    figures.insert(rate_name.clone(), get(rate)?);
    figures.insert(power_name.clone(), power);
    let figure = ratio(figures, Unit::PicojoulePerMac, &[&power_name], &[&rate_name], conditions)?;
    figures.insert(name.into(), figure);
    Ok(())
}

/// The floor at each node, from the source's figure to as much more as two sources are apart.
fn floors(table: &Baselines, figures: &mut Figures) -> Result<Vec<u32>, RaceError> {
    figures.insert(names::SPREAD.into(), table.spread());
    let mut nodes = Vec::new();
    for entry in &table.table.arithmetic {
        let node = entry.node_nm;
        let [multiply, add] = table.arithmetic(entry);
        let (m, a) = (format!("multiply-{node}nm"), format!("add-{node}nm"));
        figures.insert(m.clone(), multiply);
        figures.insert(a.clone(), add);
        let both = names::least(node);
        let conditions = "an int8 multiplication and an int32 addition, nothing else";
        let figure = sum(figures, Unit::PicojoulePerMac, &[&m, &a], &[], conditions)?;
        figures.insert(both.clone(), figure);
        floor(node, &[&both, names::SPREAD], figures)?;
        nodes.push(node);
    }
    let scaling = &table.table.scaling;
    let (node, over) = (scaling.node_nm, scaling.over_node_nm);
    if !nodes.contains(&over) {
        let missing = format!(
            "scaling is over {over} nm, and there is no [[arithmetic]] of that node; add one"
        );
        return Err(BaselinesError::Lacks { file: table.file.clone(), missing }.into());
    }
    let [scaling, least] = table.scaling();
    figures.insert(names::SCALING.into(), scaling);
    figures.insert("scaling-least".into(), least);
    floor(node, &[&names::floor(over), names::SCALING], figures)?;
    let conditions = format!("the low end at {over} nm, scaled by the low end");
    let inputs = [&*names::least(over), "scaling-least"];
    let least = ratio(figures, Unit::PicojoulePerMac, &inputs, &[], conditions)?;
    figures.insert(names::least(node), least);
    nodes.push(node);
    nodes.sort_unstable_by(|a, b| b.cmp(a));
    Ok(nodes)
}

fn floor(node: u32, inputs: &[&str], figures: &mut Figures) -> Result<(), FigureError> {
    let conditions = format!(
        "arithmetic alone at {node} nm: no registers, wires, memory, clock, leakage or host; from the lowest to the \
         highest source"
    );
    let figure = ratio(figures, Unit::PicojoulePerMac, inputs, &[], conditions)?;
    figures.insert(names::floor(node), figure);
    Ok(())
}

#[cfg(test)]
mod tests;
