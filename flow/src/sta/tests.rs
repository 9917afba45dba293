//! The analysis on designs of a few cells, written as nextpnr writes them.

use serde_json::{Value, json};

use super::gowin::{self, Analysis};

/// Delays of `LUT4` as far as the tests need them.
const TABLE: &str = "(IOPATH I3 F (300:400:500) (300:400:500))";
const FLIP_FLOP: &str = "(IOPATH CLK Q (100:100:458) (100:100:458))";

/// A design: cells as kind, name and what nextpnr says of each; wires as text.
fn delays(cells: &[(&str, &str, &str, &str)], wires: &[(&str, &str, u32)]) -> String {
    let wires = wires.iter().map(|(a, b, ps)| format!("(INTERCONNECT {a} {b} ({ps}) ({ps}))"));
    let cells = cells.iter().map(|(kind, name, delay, check)| {
        format!(
            "(CELL (CELLTYPE \"{kind}\") (INSTANCE {name}) (DELAY (ABSOLUTE {delay})) (TIMINGCHECK {check}))"
        )
    });
    format!(
        "(DELAYFILE (TIMESCALE 1ps) (CELL (CELLTYPE \"top\") (INSTANCE ) (DELAY (ABSOLUTE {}))) {})",
        wires.collect::<String>(),
        cells.collect::<String>()
    )
}

fn setup(port: &str, clock: &str, picoseconds: u32) -> String {
    format!("(SETUPHOLD (posedge {port}) (posedge {clock}) ({picoseconds}) (0))")
}

/// The routed netlist: cells that the device's clock is at.
fn routed(clocked: &[(&str, &str, &str)]) -> Value {
    let mut cells = json!({});
    for (kind, name, clock) in clocked {
        cells[name] = json!({
            "type": kind,
            "parameters": { "AREG": "1", "BREG": "1", "OUT_REG": "1" },
            "connections": { *clock: [7] },
        });
    }
    let netnames = json!({ "clock": { "bits": [7] } });
    json!({ "modules": { "top": { "cells": cells, "netnames": netnames } } })
}

/// A register, something, and a register, between two flip-flops in front and behind.
fn around(cells: &[(&str, &str, &str, &str)], into: &str, out: &str) -> Result<Analysis, String> {
    let check = setup("D", "CLK", 400);
    let mut all = vec![("DFF", "a", FLIP_FLOP, &*check), ("DFF", "b", FLIP_FLOP, &*check)];
    all.extend(cells);
    let text = delays(&all, &[("a/Q", into, 1000), (out, "b/D", 2000)]);
    let mut clocked = vec![("DFF", "a", "CLK"), ("DFF", "b", "CLK")];
    for (kind, name, ..) in cells {
        clocked.push((kind, name, if *kind == "DP" { "CLKB" } else { "CLK" }));
    }
    gowin::analyse(&text, &routed(&clocked), 100_000_000)
}

#[test]
fn a_way_through_a_table_is_as_long_as_its_parts() {
    let analysis = around(&[("LUT4", "t", TABLE, "")], "t/I3", "t/F").unwrap();
    assert_eq!(analysis.picoseconds, 458 + 1000 + 500 + 2000 + 400);
    let path = analysis.critical_path.unwrap();
    assert_eq!((&*path.from, &*path.to), ("a.CLK", "b.D"));
    assert_eq!((path.delay_ns, path.routing_ns), (4.358, 3.0));
    assert!(analysis.caveats.is_empty());
}

#[test]
fn a_table_that_routing_puts_in_takes_as_long_as_others() {
    let cells = [("LUT4", "t", "", ""), ("LUT4", "other", TABLE, "")];
    assert_eq!(around(&cells, "t/I3", "t/F").unwrap().picoseconds, 4358);
}

#[test]
fn a_small_table_is_not_taken_for_no_path() {
    // What `always @(posedge c) if (s) x <= p; else x <= x + p;` becomes if nobody widens its LUT3.
    let cells = [("LUT3", "x_LUT3_F", "", ""), ("LUT4", "other", TABLE, "")];
    let error = around(&cells, "x_LUT3_F/I2", "x_LUT3_F/F").unwrap_err();
    assert!(
        error.starts_with("nextpnr has no delays for 1 LUT3 (port I2 of the first), so"),
        "{error}"
    );
}

#[test]
fn port_b_of_a_memory_is_as_fast_as_port_a() {
    let arc = "(IOPATH CLKA DOA3 (3460:3460:3460) (1:1:1))";
    let check = setup("ADA5", "CLKA", 43);
    let analysis = around(&[("DP", "m", arc, &check)], "m/ADB5", "m/DOB3").unwrap();
    assert_eq!(analysis.picoseconds, 3460 + 2000 + 400);
    assert_eq!(analysis.critical_path.unwrap().from, "m.CLKB");
}

#[test]
fn data_of_a_small_memory_has_a_setup() {
    let arcs = "(IOPATH RAD\\[0\\] DO\\[0\\] (281) (281))(IOPATH CLK DO\\[0\\] (392) (392))";
    let check = setup("WAD\\[0\\]", "CLK", 7000);
    let cells = [("RAM16SDP4", "m", arcs, &*check)];
    let analysis = around(&cells, "m/DI\\[2\\]", "m/DO\\[0\\]").unwrap();
    assert_eq!(analysis.picoseconds, 458 + 1000 + 7000);
    let path = analysis.critical_path.unwrap();
    assert_eq!(path.to, "m.DI[2]");
}

#[test]
fn a_multiplier_gets_what_the_wires_leave_it() {
    let analysis = around(&[("MULT9X9", "p", "", "")], "p/A0", "p/DOUT17").unwrap();
    assert_eq!(analysis.picoseconds, 2400);
    let [caveat] = &analysis.caveats[..] else { panic!("{:?}", analysis.caveats) };
    assert!(
        caveat.contains(
            "1 of them take: at 100.000 MHz all else leaves them 8.542 ns for setup, 7.600 ns from clock to \
             output, and 10.000 ns from each of their registers to the next"
        ),
        "{caveat}"
    );
    // Without its registers, or of another kind, nothing is known of it.
    let error = around(&[("MULT18X18", "p", "", "")], "p/A0", "p/DOUT17").unwrap_err();
    assert!(error.contains("1 MULT18X18 (port A0"), "{error}");
}

#[test]
fn registers_of_another_clock_are_not_in_it() {
    let check = setup("D", "CLK", 400);
    let cells = ["a", "b", "c"].map(|name| ("DFF", name, FLIP_FLOP, &*check));
    let text = delays(&cells, &[("a/Q", "b/D", 100), ("b/Q", "c/D", 9000), ("c/Q", "a/D", 8000)]);
    let routed = routed(&[("DFF", "a", "CLK"), ("DFF", "b", "CLK")]);
    let analysis = gowin::analyse(&text, &routed, 100_000_000).unwrap();
    assert_eq!(analysis.picoseconds, 458 + 100 + 400);
}

#[test]
fn a_loop_is_named() {
    let cells = [("LUT4", "t", TABLE, ""), ("LUT4", "u", TABLE, "")];
    let text = delays(&cells, &[("t/F", "u/I3", 1), ("u/F", "t/I3", 1)]);
    let error = gowin::analyse(&text, &routed(&[]), 1).unwrap_err();
    assert!(error.contains("combinational loop"), "{error}");
    let error = gowin::analyse(&text, &json!({}), 1).unwrap_err();
    assert!(error.contains("no cells of top"), "{error}");
}
