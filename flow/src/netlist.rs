//! What is done to the flat netlist between synthesis and placement: an ECP5's registers go into block RAM, of
//! which [`block_ram`] refuses what would be wrong; [`gowin`] has what a Gowin part's tables need.
//!
//! # Why
//! An ECP5's block RAM takes 5.8 ns from its clock to its data (nextpnr's figure, speed grade 6), unless its own
//! output register is in use, and yosys does not use it. Where plain flip-flops, without enable or reset,
//! take all that is read, and nobody else does, it is the same circuit.

pub mod block_ram;
pub mod gowin;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The module of the netlist that a board's top became.
fn top<'a>(netlist: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>, String> {
    let module = netlist.get_mut("modules").and_then(|modules| modules.get_mut(name));
    module.and_then(Value::as_object_mut).ok_or_else(|| format!("it has no module {name}"))
}

/// The one net at a port of a cell; `None` if it is a constant, or nothing.
fn net(cell: &Value, port: &str) -> Option<u64> {
    cell["connections"][port].get(0).and_then(Value::as_u64)
}

/// Whether a port of a flip-flop does nothing: it is not connected, or to a constant.
fn idle(cell: &Value, port: &str) -> bool {
    net(cell, port).is_none()
}

/// Moves the registers behind the block RAMs of an ECP5 into them; how many flip-flops that took away.
///
/// # Errors
/// If the netlist is not one of yosys.
pub fn absorb_output_registers(netlist: &mut Value, name: &str) -> Result<usize, String> {
    let module = top(netlist, name)?;
    let ports = module.get("ports").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut outside = BTreeSet::new();
    for port in ports.values().filter(|port| port["direction"] != "input") {
        outside.extend(port["bits"].as_array().into_iter().flatten().filter_map(Value::as_u64));
    }
    let cells = module.get_mut("cells").and_then(Value::as_object_mut);
    let cells = cells.ok_or("its top has no cells")?;

    let mut readers: BTreeMap<u64, Vec<(String, String)>> = BTreeMap::new();
    for (cell, content) in cells.iter() {
        let connections = content["connections"].as_object().into_iter().flatten();
        for (port, bits) in connections.filter(|(p, _)| content["port_directions"][*p] == "input") {
            for bit in bits.as_array().into_iter().flatten().filter_map(Value::as_u64) {
                readers.entry(bit).or_default().push((cell.clone(), port.clone()));
            }
        }
    }
    let memories: Vec<String> = cells
        .iter()
        .filter(|(_, cell)| cell["type"] == "DP16KD")
        .map(|(name, _)| name.clone())
        .collect();
    let mut absorbed = 0;
    for memory in &memories {
        let sides = ["A", "B"];
        let behind = sides.map(|side| registers_behind(cells, memory, side, &readers, &outside));
        // The halves of a word come in the same cycle, or one would be torn.
        let is_wide = block_ram::is_wide(&cells[memory]);
        if is_wide && behind.iter().any(Option::is_none) {
            continue;
        }
        let any = behind.iter().flatten().any(|moves| !moves.is_empty());
        for (side, moves) in sides.into_iter().zip(behind) {
            let moves = moves.unwrap_or_default();
            for (port, flip_flop, output) in &moves {
                cells.remove(flip_flop);
                cells[memory]["connections"][port] = json!([output]);
                absorbed += 1;
            }
            if !moves.is_empty() || (is_wide && any) {
                let enable = format!("OCE{side}");
                cells[memory]["parameters"][format!("REGMODE_{side}")] = json!("OUTREG");
                cells[memory]["connections"][&enable] = json!(["1"]);
                cells[memory]["port_directions"][&enable] = json!("input");
            }
        }
    }
    Ok(absorbed)
}

/// Data ports of one side of a memory, the flip-flop behind each, and its output; `None` if something
/// else is behind one of them.
fn registers_behind(
    cells: &Map<String, Value>,
    memory: &str,
    side: &str,
    readers: &BTreeMap<u64, Vec<(String, String)>>,
    outside: &BTreeSet<u64>,
) -> Option<Vec<(String, String, u64)>> {
    let cell = &cells[memory];
    let clock = net(cell, &format!("CLK{side}"))?;
    let mut moves = Vec::new();
    for bit in 0..18 {
        let port = format!("DO{side}{bit}");
        let Some(data) = net(cell, &port) else { continue };
        let Some(behind) = readers.get(&data) else { continue };
        let [(name, input)] = behind.as_slice() else { return None };
        let flip_flop = cells.get(name)?;
        let plain = flip_flop["type"] == "TRELLIS_FF"
            && (input == "DI" || input == "M")
            && net(flip_flop, "CLK") == Some(clock)
            && flip_flop["parameters"]["CLKMUX"].as_str().is_none_or(|mux| mux.trim() == "CLK")
            && flip_flop["parameters"]["REGSET"].as_str().is_none_or(|set| set.trim() == "RESET")
            && idle(flip_flop, "CE")
            && idle(flip_flop, "LSR");
        if !plain || outside.contains(&data) {
            return None;
        }
        moves.push((port, name.clone(), net(flip_flop, "Q")?));
    }
    Some(moves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flip_flop(data: u64, output: u64) -> Value {
        json!({
            "type": "TRELLIS_FF",
            "parameters": { "CEMUX": "1", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET" },
            "port_directions": { "CLK": "input", "DI": "input", "LSR": "input", "Q": "output" },
            "connections": { "CLK": [2], "DI": [data], "LSR": ["0"], "Q": [output] },
        })
    }

    /// A block RAM with two bits of data on side B, and what is behind them.
    fn netlist(behind: &[(&str, Value)]) -> Value {
        let mut cells = json!({ "memory": {
            "type": "DP16KD",
            "parameters": { "REGMODE_B": "NOREG" },
            "port_directions": { "CLKA": "input", "CLKB": "input", "DOB0": "output", "DOB1": "output" },
            "connections": { "CLKA": [2], "CLKB": [2], "DOB0": [3], "DOB1": [4] },
        } });
        for (name, cell) in behind {
            cells[name] = cell.clone();
        }
        json!({ "modules": { "top": { "ports": {}, "cells": cells } } })
    }

    #[test]
    fn plain_registers_go_into_their_memory() {
        let mut text = netlist(&[("a", flip_flop(3, 5)), ("b", flip_flop(4, 6))]);
        assert_eq!(absorb_output_registers(&mut text, "top"), Ok(2));
        let cells = &text["modules"]["top"]["cells"];
        assert_eq!(cells.as_object().unwrap().len(), 1);
        let memory = &cells["memory"];
        assert_eq!(memory["parameters"]["REGMODE_B"], "OUTREG");
        assert_eq!(memory["connections"]["DOB0"], json!([5]));
        assert_eq!(memory["connections"]["DOB1"], json!([6]));
        assert_eq!(memory["connections"]["OCEB"], json!(["1"]));
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        let change = |port: &str, value: Value| {
            let mut cell = flip_flop(4, 6);
            cell["connections"][port] = value;
            cell["port_directions"][port] = json!("input");
            cell
        };
        let mut set = flip_flop(4, 6);
        set["parameters"]["REGSET"] = json!("SET");
        let lut = json!({
            "type": "LUT4", "port_directions": { "A": "input" }, "connections": { "A": [4] },
        });
        for other in [
            change("CE", json!([9])),
            change("LSR", json!([9])),
            change("CLK", json!([9])),
            change("DI", json!([3])),
            set,
            lut,
        ] {
            let before = netlist(&[("a", flip_flop(3, 5)), ("b", other)]);
            let mut after = before.clone();
            assert_eq!(absorb_output_registers(&mut after, "top"), Ok(0));
            assert_eq!(after, before);
        }
        let mut empty = json!({ "modules": {} });
        assert!(absorb_output_registers(&mut empty, "top").unwrap_err().contains("no module top"));
    }
    #[test]
    fn halves_of_a_word_go_together() {
        let lut = json!({
            "type": "LUT4", "port_directions": { "A": "input" }, "connections": { "A": [7] },
        });
        for (behind, absorbed) in [(Some(flip_flop(7, 8)), 3), (None, 2), (Some(lut), 0)] {
            let mut after = netlist(&[("a", flip_flop(3, 5)), ("b", flip_flop(4, 6))]);
            let cells = &mut after["modules"]["top"]["cells"];
            if let Some(behind) = behind {
                cells["c"] = behind;
            }
            let memory = &mut cells["memory"];
            memory["port_directions"]["DOA0"] = json!("output");
            memory["connections"]["DOA0"] = json!([7]);
            for (name, value) in
                [("DATA_WIDTH_A", "100100"), ("DATA_WIDTH_B", "100100"), ("REGMODE_A", "NOREG")]
            {
                memory["parameters"][name] = json!(value);
            }
            assert_eq!(absorb_output_registers(&mut after, "top"), Ok(absorbed));
            let mode = if absorbed > 0 { "OUTREG" } else { "NOREG" };
            let parameters = &after["modules"]["top"]["cells"]["memory"]["parameters"];
            assert_eq!([&parameters["REGMODE_A"], &parameters["REGMODE_B"]], [mode, mode]);
            assert_eq!(block_ram::check_registers(&after, "top"), Ok(()));
        }
    }
}
