//! Look-up tables of a Gowin part in the form in which nextpnr times them.
//!
//! # Why
//! nextpnr-himbaechel-gowin 0.11.1 has delays of `LUT4` only: a way through a `LUT1`, `LUT2` or `LUT3` is in no
//! path that it reports, nor in what the placer works for. And where nothing in a flip-flop's own slice drives
//! its D, routing ends with a table put there to pass D on, which has no delays either, though the signal takes
//! that way. So small tables become `LUT4`s with their inputs at the fastest pins, and each flip-flop gets a table
//! of its own. Neither takes more slices: a table of three inputs and a passing one are a slice's as well.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{net, top};

/// Inputs of a `LUT4`, the slowest first.
const PINS: [&str; 4] = ["I0", "I1", "I2", "I3"];

/// Behind a flip-flop's name, that of its own table.
const OWN: &str = "_own_table";

/// What was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Small tables that became `LUT4`s.
    pub widened: usize,
    /// Tables that were doubled, since a flip-flop was not the only one behind.
    pub doubled: usize,
    /// Tables that pass a signal on to a flip-flop.
    pub passing: usize,
}

/// Gives nextpnr a netlist all of whose tables it times; see the module's documentation.
///
/// # Errors
/// If the netlist is not one of yosys.
pub fn make_tables_timed(netlist: &mut Value, name: &str) -> Result<Changes, String> {
    let module = top(netlist, name)?;
    let mut changes = Changes::default();
    let mut users: BTreeMap<u64, usize> = BTreeMap::new();
    let mut drivers: BTreeMap<u64, String> = BTreeMap::new();
    let mut last = 0;
    for port in module.get("ports").and_then(Value::as_object).into_iter().flatten() {
        for bit in bits(&port.1["bits"]) {
            last = last.max(bit);
            *users.entry(bit).or_default() += usize::from(port.1["direction"] != "input");
        }
    }
    let cells = module.get_mut("cells").and_then(Value::as_object_mut);
    let cells = cells.ok_or("its top has no cells")?;
    for (name, cell) in cells.iter_mut() {
        changes.widened += usize::from(widen(cell).map_err(|why| format!("{name}: {why}"))?);
        for (port, connected) in cell["connections"].as_object().into_iter().flatten() {
            for bit in bits(connected) {
                last = last.max(bit);
                if cell["port_directions"][port] == "input" {
                    *users.entry(bit).or_default() += 1;
                } else {
                    drivers.insert(bit, name.clone());
                }
            }
        }
    }
    let flip_flops = cells.iter().filter(|(_, cell)| is_flip_flop(cell));
    let flip_flops: Vec<String> = flip_flops.map(|(name, _)| name.clone()).collect();
    for flip_flop in flip_flops {
        let Some(data) = net(&cells[&flip_flop], "D") else { continue };
        let driver = drivers.get(&data).and_then(|driver| cells.get(driver));
        let own = match driver.map(|cell| cell["type"].as_str()) {
            // An adder's output can be in a slice with the flip-flop, and the router does what it can.
            Some(Some("ALU")) => continue,
            Some(Some("LUT4")) if users.get(&data) == Some(&1) => continue,
            Some(Some("LUT4")) => {
                changes.doubled += 1;
                driver.cloned().unwrap_or_default()
            }
            _ => {
                changes.passing += 1;
                passing(data)
            }
        };
        // The last flip-flop behind a table that has no other users keeps it.
        users.entry(data).and_modify(|users| *users -= 1);
        last += 1;
        add_table(cells, &flip_flop, own, last);
    }
    Ok(changes)
}

/// Puts a table between a flip-flop and what drove it.
fn add_table(cells: &mut Map<String, Value>, flip_flop: &str, mut table: Value, output: u64) {
    table["connections"]["F"] = json!([output]);
    cells[flip_flop]["connections"]["D"] = json!([output]);
    // yosys calls the table that drives a flip-flop `.._D_LUT4_F`, and that one has other users.
    cells.insert(format!("{flip_flop}{OWN}"), table);
}

/// A table whose output is its fastest input.
fn passing(data: u64) -> Value {
    json!({
        "hide_name": 1,
        "type": "LUT4",
        "parameters": { "INIT": "1111111100000000" },
        "attributes": {},
        "port_directions": { "I3": "input", "F": "output" },
        "connections": { "I3": [data], "F": [] },
    })
}

fn is_flip_flop(cell: &Value) -> bool {
    cell["type"].as_str().is_some_and(|kind| kind.starts_with("DFF"))
}

fn bits(connected: &Value) -> impl Iterator<Item = u64> {
    connected.as_array().into_iter().flatten().filter_map(Value::as_u64)
}

/// Makes a `LUT4` of a smaller table; whether it was one.
fn widen(cell: &mut Value) -> Result<bool, String> {
    let inputs = match cell["type"].as_str() {
        Some("LUT1") => 1,
        Some("LUT2") => 2,
        Some("LUT3") => 3,
        _ => return Ok(false),
    };
    let init = cell["parameters"]["INIT"].as_str().map(str::as_bytes).unwrap_or_default();
    if init.len() < 1 << inputs || !init.iter().all(|bit| b"01x".contains(bit)) {
        let init = &cell["parameters"]["INIT"];
        return Err(format!("INIT of a table of {inputs} inputs is {init}"));
    }
    // The text begins with the highest address. Each entry stands for all values of the pins below.
    let small = &init[init.len() - (1 << inputs)..];
    let wide: String = small
        .iter()
        .flat_map(|bit| [char::from(*bit); 16].into_iter().take(16 >> inputs))
        .collect();
    let mut connections = json!({ "F": cell["connections"]["F"].take() });
    let mut directions = json!({ "F": "output" });
    for (from, to) in PINS.iter().zip(&PINS[4 - inputs..]) {
        connections[to] = cell["connections"][from].take();
        directions[to] = json!("input");
    }
    cell["type"] = json!("LUT4");
    cell["parameters"]["INIT"] = json!(wide);
    cell["connections"] = connections;
    cell["port_directions"] = directions;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(kind: &str, init: &str, inputs: &[u64], output: u64) -> Value {
        let mut cell = json!({
            "type": kind, "parameters": { "INIT": init },
            "port_directions": { "F": "output" }, "connections": { "F": [output] },
        });
        for (pin, input) in PINS.iter().zip(inputs) {
            cell["connections"][pin] = json!([input]);
            cell["port_directions"][pin] = json!("input");
        }
        cell
    }

    fn flip_flop(data: u64, output: u64) -> Value {
        json!({
            "type": "DFFE",
            "port_directions": { "CLK": "input", "D": "input", "Q": "output" },
            "connections": { "CLK": [2], "D": [data], "Q": [output] },
        })
    }

    fn netlist(cells: &[(&str, Value)]) -> Value {
        let cells: Map<String, Value> =
            cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect();
        json!({ "modules": { "top": { "ports": {}, "cells": cells } } })
    }

    /// What a table says for the values of some nets.
    fn output(cell: &Value, values: &dyn Fn(u64) -> bool) -> bool {
        let pin = |pin: &&str| net(cell, pin).is_some_and(values);
        let address = PINS.iter().rev().fold(0, |address, p| address << 1 | usize::from(pin(p)));
        let init = cell["parameters"]["INIT"].as_str().unwrap().as_bytes();
        init[init.len() - 1 - address] == b'1'
    }

    #[test]
    fn small_tables_become_wide_ones_that_say_the_same() {
        for inputs in 1..=3_usize {
            for content in 0..1_usize << (1 << inputs) {
                let (kind, bits) = (format!("LUT{inputs}"), 1 << inputs);
                let nets: Vec<u64> = (10..10 + inputs as u64).collect();
                let before = table(&kind, &format!("{content:0bits$b}"), &nets, 3);
                let mut after = netlist(&[("t", before.clone())]);
                let changes = make_tables_timed(&mut after, "top").unwrap();
                assert_eq!(changes, Changes { widened: 1, ..Changes::default() });
                let after = &after["modules"]["top"]["cells"]["t"];
                assert_eq!(after["type"], "LUT4");
                for value in 0..1_u64 << inputs {
                    let values = |net: u64| value >> (net - 10) & 1 == 1;
                    assert_eq!(output(after, &values), output(&before, &values), "{after}");
                }
            }
        }
    }

    #[test]
    fn a_flip_flop_gets_a_table_of_its_own() {
        let wide = table("LUT4", "0110100110010110", &[4, 5, 6, 7], 3);
        let single = [("t", wide.clone()), ("a", flip_flop(3, 8))];
        let mut after = netlist(&single);
        assert_eq!(make_tables_timed(&mut after, "top"), Ok(Changes::default()));
        assert_eq!(after, netlist(&single));

        let mut after = netlist(&[("t", wide), ("a", flip_flop(3, 8)), ("b", flip_flop(3, 9))]);
        let changes = make_tables_timed(&mut after, "top").unwrap();
        assert_eq!(changes, Changes { doubled: 1, ..Changes::default() });
        let cells = &after["modules"]["top"]["cells"];
        for (name, table) in [("a", "a_own_table"), ("b", "t")] {
            assert_eq!(cells[table]["connections"]["F"], cells[name]["connections"]["D"]);
            assert_eq!(cells[table]["connections"]["I3"], json!([7]));
        }
        assert_ne!(cells["a"]["connections"]["D"], cells["b"]["connections"]["D"]);

        let mut after = netlist(&[("a", flip_flop(9, 3)), ("b", flip_flop(3, 9))]);
        let changes = make_tables_timed(&mut after, "top").unwrap();
        assert_eq!(changes, Changes { passing: 2, ..Changes::default() });
        let own = &after["modules"]["top"]["cells"]["b_own_table"];
        for value in [false, true] {
            assert_eq!(output(own, &|net| net == 3 && value), value);
        }
    }

    #[test]
    fn a_table_that_yosys_has_named_after_its_flip_flop_stays() {
        let named = table("LUT4", "0110100110010110", &[4, 5, 6, 7], 3);
        let other = table("LUT4", "0110100110010110", &[3, 5, 6, 7], 9);
        let cells = [("a_D_LUT4_F", named.clone()), ("u", other), ("a", flip_flop(3, 8))];
        let mut after = netlist(&cells);
        make_tables_timed(&mut after, "top").unwrap();
        assert_eq!(after["modules"]["top"]["cells"]["a_D_LUT4_F"], named);
    }

    #[test]
    fn a_table_without_content_is_an_error() {
        let mut text = netlist(&[("t", table("LUT2", "01", &[4, 5], 3))]);
        let error = make_tables_timed(&mut text, "top").unwrap_err();
        assert_eq!(error, "t: INIT of a table of 2 inputs is \"01\"");
    }
}
