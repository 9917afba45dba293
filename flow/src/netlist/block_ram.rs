//! An ECP5's block RAM, `DP16KD`: what is refused of a netlist, by the names of the cell and of the parameter.
//!
//! [`check_registers`] is for every netlist that is placed, [`check_modelled`] for one that is simulated.
//!
//! # Why
//! The output registers are in use because [`absorb_output_registers`](super::absorb_output_registers) put them
//! there, so nobody else looks at their modes. In data of 36 bits, the two ports are halves of one word: with
//! two modes, they would come a cycle apart. The model in `flow/cells/ecp5_memory.v` ends a simulation where it
//! knows no better, but that is minutes of compilation later, and it can't say in which cell.

use serde_json::Value;

use super::net;

/// Parameters that the model looks at: their values, the default first, and what each may be.
const MODES: [(&str, &[&str]); 8] = [
    ("REGMODE_A", &["NOREG", "OUTREG"]),
    ("REGMODE_B", &["NOREG", "OUTREG"]),
    ("WRITEMODE_A", &["NORMAL", "READBEFOREWRITE", "WRITETHROUGH"]),
    ("WRITEMODE_B", &["NORMAL", "READBEFOREWRITE", "WRITETHROUGH"]),
    ("CSDECODE_A", &["0b000"]),
    ("CSDECODE_B", &["0b000"]),
    ("CLKAMUX", &["CLKA"]),
    ("CLKBMUX", &["CLKB"]),
];

/// Ports that the model wants at 0.
const UNUSED: [&str; 8] = ["RSTA", "RSTB", "CSA0", "CSA1", "CSA2", "CSB0", "CSB1", "CSB2"];

/// Checks that the output registers of every block RAM are in a known mode, and wide data's in one.
///
/// # Errors
/// What is wrong with which cell.
pub fn check_registers(netlist: &Value, top: &str) -> Result<(), String> {
    check(netlist, top, |cell| MODES[..2].iter().try_for_each(|mode| known(cell, mode)))
}

/// Checks that `flow/cells/ecp5_memory.v` models every block RAM as it is used.
///
/// # Errors
/// What is not modelled of which cell.
pub fn check_modelled(netlist: &Value, top: &str) -> Result<(), String> {
    check(netlist, top, |cell| {
        MODES.iter().try_for_each(|mode| known(cell, mode))?;
        let widths = ["A", "B"].map(|port| (port, width(cell, port)));
        for (port, width) in widths {
            if !(matches!(width, Some(9 | 18)) || widths.iter().all(|(_, width)| *width == WIDE)) {
                return Err(format!(
                    "DATA_WIDTH_{port} is {}; the model knows 9 and 18, and 36 at both ports",
                    width.map_or("no number".into(), |width| width.to_string())
                ));
            }
        }
        let is_wide = widths[0].1 == WIDE;
        let unused = UNUSED.into_iter().chain(is_wide.then_some("WEB"));
        for port in unused {
            if net(cell, port).is_some() || cell["connections"][port][0] == "1" {
                return Err(format!("{port} is in use; the model wants it at 0"));
            }
        }
        if net(cell, "CLKB").is_some_and(|clock| net(cell, "CLKA") != Some(clock)) {
            return Err("CLKB is another clock than CLKA; the model knows one clock only".into());
        }
        Ok(())
    })
}

/// The width of data that both ports carry together.
const WIDE: Option<u64> = Some(36);

/// Whether both ports carry halves of one word.
pub(super) fn is_wide(cell: &Value) -> bool {
    ["A", "B"].iter().any(|port| width(cell, port) == WIDE)
}

/// Applies a check to all block RAMs; the registers of wide data must be in one mode, too.
fn check(
    netlist: &Value,
    top: &str,
    one: impl Fn(&Value) -> Result<(), String>,
) -> Result<(), String> {
    let cells = netlist["modules"][top]["cells"].as_object();
    let cells = cells.ok_or_else(|| format!("it has no cells of {top}"))?;
    for (name, cell) in cells.iter().filter(|(_, cell)| cell["type"] == "DP16KD") {
        let wrong = |why| format!("block RAM {name}: {why}");
        one(cell).map_err(wrong)?;
        let modes = [0, 1].map(|n| text(cell, &MODES[n]));
        if is_wide(cell) && modes[0] != modes[1] {
            return Err(wrong(format!(
                "REGMODE_A is {} and REGMODE_B is {}, but the ports are halves of one word of 36 bits",
                modes[0], modes[1]
            )));
        }
    }
    Ok(())
}

/// Checks a parameter's value.
fn known(cell: &Value, mode: &(&str, &[&str])) -> Result<(), String> {
    let ((name, values), value) = (mode, text(cell, mode));
    if values.contains(&value) {
        return Ok(());
    }
    Err(format!("{name} is {value}; known is {}", values.join(", ")))
}

/// A parameter's value. yosys puts a space behind what else could be read as a number.
fn text<'a>(cell: &'a Value, (name, values): &(&str, &[&'a str])) -> &'a str {
    match &cell["parameters"][name] {
        Value::Null => values[0],
        value => value.as_str().map_or("no text", str::trim),
    }
}

/// Bits of a port, which yosys writes in binary.
fn width(cell: &Value, port: &str) -> Option<u64> {
    match &cell["parameters"][format!("DATA_WIDTH_{port}")] {
        Value::Null => Some(18),
        Value::String(bits) => u64::from_str_radix(bits, 2).ok(),
        value => value.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    /// A netlist of one block RAM of 36 bits with its registers in use, and some changes.
    fn netlist(changes: &[(&str, &str, Value)]) -> Value {
        let mut cell = json!({
            "type": "DP16KD",
            "parameters": {
                "DATA_WIDTH_A": format!("{:032b}", 36), "DATA_WIDTH_B": format!("{:032b}", 36),
                "REGMODE_A": "OUTREG", "REGMODE_B": "OUTREG", "CSDECODE_A": "0b000 ",
            },
            "connections": { "CLKA": [2], "CLKB": [2], "RSTA": ["0"], "CSA0": ["0"], "WEB": ["0"] },
        });
        for (group, name, value) in changes {
            cell[group][name] = value.clone();
        }
        json!({ "modules": { "top": { "cells": { "lane.mem.0": cell } } } })
    }

    fn two_widths(a: u64, b: u64) -> Vec<(&'static str, &'static str, Value)> {
        vec![("parameters", "DATA_WIDTH_A", json!(a)), ("parameters", "DATA_WIDTH_B", json!(b))]
    }

    #[test]
    fn what_is_made_today_is_known() {
        assert_eq!(check_modelled(&netlist(&[]), "top"), Ok(()));
        assert_eq!(check_registers(&netlist(&[]), "top"), Ok(()));
        // Ports that are not halves of one word have modes of their own.
        let mut apart = two_widths(9, 18);
        apart.push(("parameters", "REGMODE_A", json!("NOREG")));
        assert_eq!(check_modelled(&netlist(&apart), "top"), Ok(()));
        // A width that is not modelled is no reason against an image.
        assert_eq!(check_registers(&netlist(&two_widths(4, 4)), "top"), Ok(()));
    }

    #[test]
    fn registers_that_would_tear_a_word_are_refused() {
        let halves = "but the ports are halves of one word of 36 bits";
        for (name, value, why) in [
            (
                "REGMODE_A",
                json!("NOREG"),
                format!("REGMODE_A is NOREG and REGMODE_B is OUTREG, {halves}"),
            ),
            (
                "REGMODE_B",
                Value::Null,
                format!("REGMODE_A is OUTREG and REGMODE_B is NOREG, {halves}"),
            ),
            ("REGMODE_B", json!("INREG"), "REGMODE_B is INREG; known is NOREG, OUTREG".into()),
        ] {
            let netlist = netlist(&[("parameters", name, value)]);
            let why = Err(format!("block RAM lane.mem.0: {why}"));
            assert_eq!(check_registers(&netlist, "top"), why);
            assert_eq!(check_modelled(&netlist, "top"), why);
        }
    }

    #[test]
    fn what_would_end_the_simulation_is_refused() {
        let check = |changes: &[(&'static str, &'static str, Value)], why: &str| {
            let refused = check_modelled(&netlist(changes), "top");
            assert_eq!(refused, Err(format!("block RAM lane.mem.0: {why}")));
        };
        let widths = "the model knows 9 and 18, and 36 at both ports";
        check(&two_widths(4, 4), &format!("DATA_WIDTH_A is 4; {widths}"));
        check(&two_widths(18, 36), &format!("DATA_WIDTH_B is 36; {widths}"));
        check(
            &[("parameters", "WRITEMODE_A", json!("THROUGH"))],
            "WRITEMODE_A is THROUGH; known is NORMAL, READBEFOREWRITE, WRITETHROUGH",
        );
        check(
            &[("parameters", "CSDECODE_B", json!("0b001"))],
            "CSDECODE_B is 0b001; known is 0b000",
        );
        check(&[("parameters", "CLKAMUX", json!("INV"))], "CLKAMUX is INV; known is CLKA");
        check(&[("connections", "RSTA", json!([7]))], "RSTA is in use; the model wants it at 0");
        check(&[("connections", "CSA0", json!(["1"]))], "CSA0 is in use; the model wants it at 0");
        check(&[("connections", "WEB", json!([7]))], "WEB is in use; the model wants it at 0");
        check(
            &[("connections", "CLKB", json!([7]))],
            "CLKB is another clock than CLKA; the model knows one clock only",
        );
        let empty = json!({ "modules": {} });
        assert_eq!(check_modelled(&empty, "top"), Err("it has no cells of top".into()));
    }

    #[test]
    fn the_model_knows_the_same_values() {
        let model = include_str!("../../cells/ecp5_memory.v");
        let condition =
            model.split("localparam KNOWN =").nth(1).unwrap().split(';').next().unwrap();
        let words: Vec<&str> =
            condition.split(|c: char| c.is_whitespace() || "()".contains(c)).collect();
        let values = words.windows(3).filter(|words| words[1] == "==" && words[2].starts_with('"'));
        let values: BTreeSet<(&str, &str)> =
            values.map(|words| (words[0], words[2].trim_matches('"'))).collect();
        let ours =
            MODES.iter().flat_map(|(name, values)| values.iter().map(|value| (*name, *value)));
        assert_eq!(values, ours.collect());
        for (name, values) in MODES {
            let default = format!("parameter {name} = \"{}\";", values[0]);
            assert!(model.contains(&default), "{default}");
        }
    }
}
