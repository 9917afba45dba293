//! The netlist that is placed and routed, as Verilog that simulates: its cells' models, and a device's
//! ports around it.
//!
//! ```text
//!             +--------------------------------------+
//!    clock -->| oscillator => PLL => the netlist led |=> active_out
//!  line_in -->|                                      |--> line_out
//!             +--------------------------------------+
//! ```
//!
//! Models are those of yosys. Of what it has only as a black box, they are ours, in `flow/cells` and
//! `hdl/cells`, and refuse what they don't know. A PLL gives one cycle for each of the oscillator's.
//!
//! # Why
//! What runs on a board is not the Verilog that the tests simulate but what synthesis, and on an ECP5
//! [`netlist`](crate::netlist), made of it. The nets of the netlist lose their names here: one net has
//! many after flattening, and Verilator makes 13.5 instead of 29.7 MB of C++ of the iCEBreaker's without them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use gemmine_devices::Emitted;
use gemmine_hdl::cells;
use gemmine_tools::process::Child;
use serde_json::Value;

use crate::board::{Board, Family};
use crate::build::{cells as counted, write};
use crate::error::FlowError;
use crate::netlist::block_ram;
use crate::pll::Plan;
use crate::toolchain::Toolchain;
use crate::top;

/// Name of the module.
pub const TOP: &str = "gemmine_gates";

/// How long yosys may take to write the netlist as Verilog.
const PATIENCE: Duration = Duration::from_secs(900);

/// What yosys does. Cells called `$scopeinfo` only say what was where before flattening.
const SCRIPT: &str = "read_json netlist.json\ndelete t:$scopeinfo\nsplitnets\nopt_clean -purge\n\
                      tee -q -o gates.json stat -json\nrename -hide\nwrite_verilog -noattr -noexpr gates.v\n";

/// Cycles until the models of PLLs are locked.
const LOCK_CYCLES: u64 = 16;

/// Cycles of the oscillator before the device's first one, with the models of PLLs, which make one cycle of each.
pub fn first_cycle(family: Family, plan: &Plan) -> u64 {
    LOCK_CYCLES + top::cycles_from_lock(family, plan)
}

impl Family {
    /// Our own models, and files of yosys' share.
    const fn models(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Ice40 => (&[include_str!("../cells/ice40.v")], &["ice40/cells_sim.v"]),
            Self::Ecp5 => (
                &[
                    cells::ECP5,
                    include_str!("../cells/ecp5.v"),
                    include_str!("../cells/ecp5_memory.v"),
                ],
                &["ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh"],
            ),
            Self::Gowin => (
                &[
                    cells::GOWIN,
                    include_str!("../cells/gowin.v"),
                    include_str!("../cells/gowin_sdpx9b.v"),
                    include_str!("../cells/gowin_dpx9b.v"),
                ],
                &["gowin/cells_sim.v"],
            ),
        }
    }
}

/// The device as the netlist that [`synthesise`](crate::build::synthesise) left in a folder. Its clock
/// begins after [`first_cycle`] cycles.
///
/// # Errors
/// If the netlist can't be read, yosys fails, or a cell has no model or is used in a way that it does not know.
pub fn verilog(
    board: &Board,
    device: &Emitted,
    folder: &Path,
    toolchain: &Toolchain,
) -> Result<Emitted, FlowError> {
    let family = board.definition.family;
    let file = folder.join("netlist.json");
    let netlist = read(&file)?;
    if family == Family::Ecp5 {
        block_ram::check_modelled(&netlist, top::TOP)
            .map_err(|why| FlowError::NotModelled { board: board.name.clone(), why })?;
    }
    let netlist =
        cells_of(&netlist).map_err(|why| FlowError::Output { file: file.clone(), why })?;
    let library = Library::of(family, toolchain)?;
    let models = library
        .models_of(netlist.keys().map(String::as_str))
        .map_err(|cell| FlowError::NoModel { board: board.name.clone(), cell: cell.to_owned() })?;
    write(&folder.join("gates.ys"), SCRIPT)?;
    let mut command = toolchain.command("yosys")?;
    command.args(["-s", "gates.ys"]).current_dir(folder);
    let run = Child::new(command, folder.join("gates.log")).named("yosys").run(
        PATIENCE,
        &|| false,
        &mut |_| (),
    );
    run.map_err(|source| FlowError::Step {
        doing: format!("write the netlist of {} as Verilog", board.name),
        source,
    })?;
    // Nets lose names; cells must all be there.
    let file = folder.join("gates.json");
    if counted(&file)? != netlist {
        let why = "other cells than in netlist.json were written".into();
        return Err(FlowError::Output { file, why });
    }
    let file = folder.join("gates.v");
    let text = fs::read_to_string(&file).map_err(FlowError::file("read", &file))?;
    let lit = if board.definition.led.active_low { "!led" } else { "led" };
    let verilog = format!(
        "module {TOP}(input clock, input line_in, output line_out, output active_out);\n\
         \x20   wire led;\n\
         \x20   {board} board (\n\
         \x20       .oscillator(clock), .line_in(line_in), .line_out(line_out), .led(led)\n\
         \x20   );\n\
         \x20   assign active_out = {lit};\n\
         endmodule\n\n{text}\n{models}",
        board = top::TOP,
    );
    Ok(Emitted { verilog, top: TOP.into(), build: device.build })
}

/// A netlist in yosys' JSON.
fn read(file: &Path) -> Result<Value, FlowError> {
    let text = fs::read_to_string(file).map_err(FlowError::file("read", file))?;
    serde_json::from_str(&text)
        .map_err(|error| FlowError::Output { file: file.to_owned(), why: error.to_string() })
}

/// How many cells there are of each type in the netlist.
fn cells_of(netlist: &Value) -> Result<BTreeMap<String, u64>, String> {
    let cells = netlist["modules"][top::TOP]["cells"].as_object();
    let cells = cells.ok_or_else(|| format!("it has no cells of {}", top::TOP))?;
    let mut counts = BTreeMap::new();
    for cell in cells.values() {
        let kind = cell["type"].as_str().ok_or("a cell has no type")?;
        if kind != "$scopeinfo" {
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Modules by their names, and the compiler directives around them.
#[derive(Debug, Default)]
struct Library {
    directives: String,
    modules: BTreeMap<String, String>,
}

impl Library {
    /// Our own models, and those of yosys of what we have none of.
    fn of(family: Family, toolchain: &Toolchain) -> Result<Self, FlowError> {
        let (own, files) = family.models();
        let mut library = Self::default();
        own.iter().for_each(|source| library.add(source));
        let share = toolchain.yosys_share()?;
        for file in files {
            let file = share.join(file);
            let source = fs::read_to_string(&file).map_err(FlowError::file("read", &file))?;
            library.add(&source);
        }
        Ok(library)
    }

    /// Adds the modules of a source that are not there yet. A black box is no model.
    fn add(&mut self, source: &str) {
        let mut module: Option<(&str, String)> = None;
        let mut black_box = false;
        for line in source.lines() {
            if module.is_none() {
                let name = line.strip_prefix("module ").map(|rest| {
                    let name = rest.trim_start();
                    name.split(|c: char| !is_of_name(c)).next().unwrap_or_default()
                });
                module = name.map(|name| (name, String::new()));
            }
            let Some((name, text)) = &mut module else {
                black_box |= line.contains("blackbox");
                // What a directive includes is given as a source of its own.
                if line.starts_with('`') && !line.starts_with("`include") {
                    self.directives.push_str(line);
                    self.directives.push('\n');
                }
                continue;
            };
            text.push_str(line);
            text.push('\n');
            // One of Gowin's is indented.
            if line.trim_start().starts_with("endmodule") {
                if !black_box {
                    self.modules.entry((*name).to_owned()).or_insert(std::mem::take(text));
                }
                (module, black_box) = (None, false);
            }
        }
    }

    /// The models of cells and what they consist of, or the name of a cell without one.
    fn models_of<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Result<String, &'a str> {
        let mut wanted = Vec::new();
        for cell in cells {
            let (name, _) = self.modules.get_key_value(cell).ok_or(cell)?;
            wanted.push(name.as_str());
        }
        let mut found = BTreeSet::new();
        let mut text = self.directives.clone();
        while let Some(name) = wanted.pop() {
            if found.insert(name) {
                let module = &self.modules[name];
                let words = module.split(|c: char| !is_of_name(c));
                let known = words.filter_map(|word| self.modules.get_key_value(word));
                wanted.extend(known.map(|(name, _)| name.as_str()));
                text.push_str(module);
                text.push('\n');
            }
        }
        Ok(text)
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "// LUT is ours\nmodule LUT(input A, output Z);\n  assign Z = A;\nendmodule\n";
    const YOSYS: &str = "`define FF reg\n`include \"more.vh\"\n\n(* abc9_box *)\n\
                         module LUT(input A, output Z);\n  assign Z = !A;\nendmodule\n\
                         module CARRY(input A, output Z);\n  LUT lut(.A(A), .Z(Z));\nendmodule\n\
                         (* blackbox *)\nmodule RAM(input A);\n\tendmodule\n\
                         module OTHER(input A);\nendmodule\n";

    fn library() -> Library {
        let mut library = Library::default();
        library.add(OWN);
        library.add(YOSYS);
        library
    }

    #[test]
    fn models_come_with_what_they_consist_of_and_ours_come_first() {
        let text = library().models_of(["CARRY"].into_iter()).unwrap();
        assert!(text.starts_with("`define FF reg\nmodule CARRY(input A, output Z);\n"), "{text}");
        assert_eq!(text.matches("endmodule").count(), 2, "{text}");
        assert!(text.contains("assign Z = A;"), "{text}");
    }

    #[test]
    fn a_black_box_is_no_model() {
        assert_eq!(library().models_of(["LUT", "RAM"].into_iter()), Err("RAM"));
        assert_eq!(library().models_of(["NAND"].into_iter()), Err("NAND"));
    }

    #[test]
    fn a_block_ram_that_is_not_modelled_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let memory =
            r#"{ "type": "DP16KD", "parameters": { "REGMODE_B": "INREG" }, "connections": {} }"#;
        let netlist = format!(
            r#"{{ "modules": {{ "{}": {{ "cells": {{ "lane.mem.0": {memory} }} }} }} }}"#,
            top::TOP
        );
        fs::write(folder.path().join("netlist.json"), netlist).unwrap();
        let board = Board::find("ulx3s-25f").unwrap();
        let device = Emitted { verilog: String::new(), top: String::new(), build: 0 };
        let toolchain = Toolchain::pinned().unwrap();
        let refused = verilog(&board, &device, folder.path(), &toolchain).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "simulate the netlist of ulx3s-25f: block RAM lane.mem.0: REGMODE_B is INREG; known is NOREG, \
             OUTREG; see flow/cells for what is modelled"
        );
    }
}
