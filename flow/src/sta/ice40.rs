//! Timing of an iCE40 UP5K's DSP blocks, which nextpnr-ice40 0.11.1 has no delays of.
//!
//! nextpnr takes an `SB_MAC16` for a register, with 0.1 ns from clock to output and as much of setup, whichever
//! of its registers are in use. icestorm's tables (timings_up5k.txt) have delays that Lattice's tools gave: with
//! all registers in use, the slowest output of an 8 x 8 multiplier takes 2.12 ns, and no operand needs setup. So
//! a block must use its registers, its outputs take that long, and the longest path is found anew.

use std::collections::BTreeSet;

use serde_json::Value;

use super::gowin::Analysis;
use super::{Graph, sdf};
use crate::timing::CriticalPath;
use crate::top::{GATE_BUFFER, TOP};

/// From clock to the slowest output, in picoseconds: `SB_MAC16_MUL_S_8X8_ALL_PIPELINE`.
const OUTPUT_PS: i64 = 2120;
/// The cell, as nextpnr calls it.
const BLOCK: &str = "ICESTORM_DSP";

/// Analyses a routed design from its delays and the netlist of yosys; `None` if it has no DSP block.
pub(crate) fn analyse(delays: &str, netlist: &Value) -> Result<Option<Analysis>, String> {
    let mut delays = sdf::parse(delays)?;
    let mut blocks = 0;
    for cell in delays.cells.values_mut().filter(|cell| cell.kind == BLOCK) {
        blocks += 1;
        for arc in cell.arcs.iter_mut().filter(|arc| super::is_clock(&arc.from)) {
            arc.picoseconds = arc.picoseconds.max(OUTPUT_PS);
        }
    }
    if blocks == 0 {
        return Ok(None);
    }
    check_registers(netlist)?;
    let graph = Graph::new(&delays)?;
    let device = delays.wires.iter().filter(|wire| wire.from.cell == GATE_BUFFER);
    let device: BTreeSet<_> =
        device.map(|wire| (wire.to.cell.as_str(), wire.to.port.as_str())).collect();
    let clocked = |cell: &str, port: &str| device.contains(&(cell, port));
    let longest = graph.longest(&clocked, &clocked);
    let longest = longest.ok_or("no path leads from a register of the device to another")?;
    let caveat = format!(
        "nextpnr has no delays of SB_MAC16, of which there are {blocks}: Fmax holds {:.2} ns from clock to output, \
         by icestorm's tables, and nothing of the ways between the block's own registers",
        OUTPUT_PS as f64 / 1000.0
    );
    let (picoseconds, hops) = (longest.picoseconds, longest.hops);
    Ok(Some(Analysis {
        picoseconds,
        critical_path: CriticalPath::of(&hops),
        caveats: vec![caveat],
    }))
}

/// Whether all DSP blocks have registers in front and behind.
fn check_registers(netlist: &Value) -> Result<(), String> {
    let cells = netlist["modules"][TOP]["cells"].as_object();
    let cells = cells.ok_or_else(|| format!("the netlist has no cells of {TOP}"))?;
    for (name, cell) in cells.iter().filter(|(_, cell)| cell["type"] == "SB_MAC16") {
        let is = |parameter: &str, value: &str| {
            cell["parameters"][parameter].as_str().is_some_and(|text| text.ends_with(value))
        };
        // 1 is the output register, and the adder or the product itself is what 0 and 2 are.
        let behind = |half: &str| {
            is(&format!("{half}OUTPUT_SELECT"), "01")
                || is(&format!("{half}OUTPUT_SELECT"), "10")
                    && is(&format!("{half}_8x8_MULT_REG"), "1")
        };
        // What the adders add, if that is more than a constant.
        let added = |input: &str| {
            let bits = cell["connections"][input].as_array();
            let wired = bits.is_some_and(|bits| bits.iter().any(Value::is_u64));
            !wired || is(&format!("{input}_REG"), "1")
        };
        let in_front = is("A_REG", "1") && is("B_REG", "1") && added("C") && added("D");
        if !(in_front && behind("TOP") && behind("BOT")) {
            return Err(format!(
                "SB_MAC16 {name} has no register in front or behind, and nextpnr times it as if it had; leave -dsp \
                 out of synthesis.options in board.toml (yosys 0.70 rewrites blocks by it, and drops their \
                 registers), and take multipliers = \"sb_mac16\""
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DELAYS: &str = "(DELAYFILE (TIMESCALE 1ps)
        (CELL (CELLTYPE \"top\") (INSTANCE ) (DELAY (ABSOLUTE
            (INTERCONNECT gate_buffer/GLOBAL_BUFFER_OUTPUT d/CLK (900) (900))
            (INTERCONNECT gate_buffer/GLOBAL_BUFFER_OUTPUT l/CLK (900) (900))
            (INTERCONNECT d/O_3 l/I0 (3000) (3000)))))
        (CELL (CELLTYPE \"ICESTORM_DSP\") (INSTANCE d) (DELAY (ABSOLUTE
            (IOPATH CLK O_3 (100:100:100) (100:100:100)))))
        (CELL (CELLTYPE \"ICESTORM_LC\") (INSTANCE l) (TIMINGCHECK
            (SETUPHOLD (posedge I0) (posedge CLK) (1234:1234:1234) (0:0:0)))))";

    fn netlist(registers: &str, select: &str) -> Value {
        let parameters = json!({
            "A_REG": "1", "B_REG": registers, "C_REG": "0", "D_REG": "1", "TOP_8x8_MULT_REG": "1", "BOT_8x8_MULT_REG": registers,
            "TOPOUTPUT_SELECT": "01", "BOTOUTPUT_SELECT": select,
        });
        let connections = json!({ "C": ["0", "1"], "D": ["0", 7] });
        let cells = json!({
            "d": { "type": "SB_MAC16", "parameters": parameters, "connections": connections },
        });
        json!({ "modules": { TOP: { "cells": cells } } })
    }

    #[test]
    fn outputs_take_what_icestorm_says() {
        for select in ["01", "10"] {
            let analysis = analyse(DELAYS, &netlist("1", select)).unwrap().unwrap();
            assert_eq!(analysis.picoseconds, 2120 + 3000 + 1234);
            assert!(analysis.caveats[0].contains("of which there are 1: Fmax holds 2.12 ns"));
        }
    }

    #[test]
    fn a_block_without_registers_is_refused() {
        for (registers, select) in [("0", "01"), ("0", "10"), ("1", "00"), ("1", "11")] {
            let error = analyse(DELAYS, &netlist(registers, select)).unwrap_err();
            assert!(error.starts_with("SB_MAC16 d has no register in front or behind"), "{error}");
        }
        let mut netlist = netlist("1", "01");
        netlist["modules"][TOP]["cells"]["d"]["parameters"]["D_REG"] = json!("0");
        assert!(analyse(DELAYS, &netlist).is_err());
    }

    #[test]
    fn without_a_block_nextpnr_has_all_paths() {
        let delays = DELAYS.replace("ICESTORM_DSP", "ICESTORM_LC");
        assert_eq!(analyse(&delays, &json!({})), Ok(None));
    }
}
