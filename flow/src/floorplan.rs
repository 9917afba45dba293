//! Where the blocks of an ECP5 go: `[floorplan]` of a `board.toml`, and the netlist that follows it.
//!
//! ```toml
//! [floorplan]
//! multipliers = { rows = [58, 34], first = 20 }
//!
//! [floorplan.block_ram]
//! "device.endpoint.buffer" = [[46, 21]]
//! "device.accelerator.results.memory$" = [[46, 25], [46, 29]]
//! ```
//!
//! A place is a row of tiles, as nextpnr counts them, and the number of a block in that row, from the left. The array's
//! rows that multiply in DSP blocks are shared out evenly among the rows of these, in their order; a column of the array
//! has the blocks next to each other, and the first one begins with number `first`. Block RAM is given by modules: the block
//! RAMs in one stand side by side from its place on. Entry n of a list is the place of module `name$n`.
//!
//! # Why
//! nextpnr 0.11.1 solves for places as if cells had no size, and then spreads them. On a large die that leaves DSP
//! blocks and block RAMs, which have few places, far from what they are wired to, and everything else follows them.
//! Blocks that stand fast hold the rest together.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::board::Device;

/// `[floorplan]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floorplan {
    /// Where the DSP blocks of the array are.
    pub multipliers: Multipliers,
    /// Where the block RAMs of a module begin: row of tiles, number in the row. A name that ends with `$` has an entry
    /// for each of `name$0`, `name$1` and so on.
    #[serde(default)]
    pub block_ram: BTreeMap<String, Vec<(usize, usize)>>,
}

/// Where the DSP blocks of the array are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multipliers {
    /// Rows of tiles with DSP blocks, for the array's rows from the first to the last.
    pub rows: Vec<usize>,
    /// The number of the first column's first block in each of them.
    pub first: usize,
}

/// What floorplans need to know of a part.
#[derive(Debug)]
struct Part {
    /// What its name begins with.
    name: &'static str,
    /// Rows of tiles with DSP blocks.
    dsp_rows: &'static [usize],
    /// Rows of tiles with block RAMs.
    ram_rows: &'static [usize],
    /// Blocks in each of these rows.
    blocks: usize,
    /// How many of them are left of the clock's spine, which is two tiles wide.
    left: usize,
}

/// As nextpnr 0.11.1 names the places of a design that takes all blocks.
const PARTS: &[Part] = &[
    Part { name: "LFE5U-25F", dsp_rows: &[13], ram_rows: &[25, 37], blocks: 28, left: 12 },
    Part {
        name: "LFE5U-85F",
        dsp_rows: &[10, 34, 58],
        ram_rows: &[22, 46, 70, 82],
        blocks: 52,
        left: 28,
    },
];

/// A kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Dsp,
    Ram,
}

impl Block {
    /// Its cells' type.
    const fn cell(self) -> &'static str {
        match self {
            Self::Dsp => "MULT18X18D",
            Self::Ram => "DP16KD",
        }
    }
}

impl Part {
    /// nextpnr's name of a place.
    fn place(&self, block: Block, row: usize, number: usize) -> Result<String, String> {
        let rows = match block {
            Block::Dsp => self.dsp_rows,
            Block::Ram => self.ram_rows,
        };
        if !rows.contains(&row) || number >= self.blocks {
            return Err(format!(
                "there is no {} {number} in row {row}; an {} has 0 to {} in rows {rows:?}",
                block.cell(),
                self.name,
                self.blocks - 1
            ));
        }
        // Four blocks take nine columns of tiles.
        let spine = if number < self.left { 0 } else { 2 };
        let column = 4 + number / 4 * 9 + spine;
        let block_of_four = number % 4;
        Ok(match block {
            Block::Dsp => {
                let offset = [0, 1, 4, 5][block_of_four];
                format!("X{}/Y{row}/MULT18_{offset}", column + offset)
            }
            Block::Ram => format!("X{}/Y{row}/EBR{block_of_four}", column + 2 * block_of_four),
        })
    }
}

impl Floorplan {
    /// Gives the blocks of a device their places; how many those are.
    ///
    /// # Errors
    /// If a block is not in the netlist, a place is not on the part, or two blocks want the same.
    pub fn apply(
        &self,
        netlist: &mut Value,
        name: &str,
        part: &str,
        device: &Device,
    ) -> Result<usize, String> {
        let known = PARTS.iter().find(|known| part.starts_with(known.name));
        let part = known.ok_or_else(|| {
            let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
            format!("places of an {part} are not known, but those of {}", names.join(", "))
        })?;
        let cells = netlist.get_mut("modules").and_then(|modules| modules.get_mut(name));
        let cells = cells.and_then(|module| module.get_mut("cells"));
        let cells = cells.ok_or_else(|| format!("there is no module {name} with cells"))?;
        let mut wanted = self.multipliers.places(device)?;
        for (module, places) in &self.block_ram {
            wanted.extend(block_ram(cells, module, places)?);
        }
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for (cell, block, row, number) in wanted {
            let bel = part.place(block, row, number).map_err(|why| format!("{cell}: {why}"))?;
            let content = cells.get_mut(&cell).filter(|content| content["type"] == block.cell());
            let content = content.ok_or_else(|| format!("there is no {} {cell}", block.cell()))?;
            if let Some(other) = taken.get(&bel) {
                return Err(format!("{cell} and {other} both want {bel}"));
            }
            content["attributes"]["BEL"] = json!(bel);
            taken.insert(bel, cell);
        }
        Ok(taken.len())
    }
}

/// A cell, what it is, and its place: row of tiles, number in the row.
type Wanted = (String, Block, usize, usize);

impl Multipliers {
    fn places(&self, device: &Device) -> Result<Vec<Wanted>, String> {
        if self.rows.is_empty() {
            return Err("multipliers.rows is empty; give rows of tiles".into());
        }
        let geometry = device.geometry;
        // Where blocks run out, the last products are made in logic.
        let products = device.dsp_products.unwrap_or(geometry.pes());
        let each = products.div_ceil(geometry.columns()).div_ceil(self.rows.len());
        let places = (0..products).map(|pe| {
            let (i, j) = (pe / geometry.columns(), pe % geometry.columns());
            let side = if pe % 2 == 0 { "left" } else { "right" };
            let cell = format!("device.accelerator.array.grid.pair${}.block_{side}", pe / 2);
            (cell, Block::Dsp, self.rows[i / each], self.first + j * each + i % each)
        });
        Ok(places.collect())
    }
}

/// Places of the block RAMs of a module, or of all with a number behind their name.
fn block_ram(cells: &Value, name: &str, places: &[(usize, usize)]) -> Result<Vec<Wanted>, String> {
    let numbered = name.ends_with('$');
    let module = |n: usize| if numbered { format!("{name}{n}") } else { name.to_owned() };
    let inside = |n: usize| {
        let prefix = format!("{}.", module(n));
        let cells = cells.as_object().into_iter().flatten();
        let rams = cells.filter(|(_, cell)| cell["type"] == Block::Ram.cell());
        let mut inside: Vec<&String> =
            rams.map(|(cell, _)| cell).filter(|cell| cell.starts_with(&prefix)).collect();
        // `mem.0.10` comes behind `mem.0.9`.
        inside.sort_by_key(|cell| (cell.len(), *cell));
        inside
    };
    if !numbered && places.len() != 1 {
        return Err(format!("block_ram gives {name} {} places; give one", places.len()));
    }
    if numbered && !inside(places.len()).is_empty() {
        return Err(format!("block_ram gives {} no place; give one to each", module(places.len())));
    }
    let mut wanted = Vec::new();
    for (n, (row, first)) in places.iter().enumerate() {
        let inside = inside(n);
        if inside.is_empty() {
            let (module, cell) = (module(n), Block::Ram.cell());
            return Err(format!("block_ram gives {module} a place; it has no {cell}"));
        }
        let side_by_side = inside.into_iter().enumerate();
        wanted.extend(side_by_side.map(|(k, cell)| (cell.clone(), Block::Ram, *row, first + k)));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests;
