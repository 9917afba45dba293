//! The merger on hand-written Verilog, and the cores' emission.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::core::Core;

/// Name and text behind it, of every module.
fn modules(verilog: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for module in split(verilog) {
        let repeated = modules.insert(module.name.to_owned(), module.lines.join("\n"));
        assert_eq!(repeated, None, "{} stands twice", module.name);
    }
    modules
}

/// Merges hand-written Verilog.
fn merged(emitted: &str) -> BTreeMap<String, String> {
    modules(&merge(emitted, "chip_top").unwrap())
}

/// Kinds of the instances in a module's text, by name of the instance.
fn instances(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter_map(|line| line.trim().strip_suffix("();"));
    lines.filter_map(|line| line.split_once(' ').map(|(kind, name)| (name, kind))).collect()
}

#[test]
fn constants_get_their_own_size() {
    let check = |emitted: &str, want: &str| assert_eq!(size_constants(emitted), want);
    check("a + ((32'h1) & 5'h1f);", "a + 5'h1;");
    check("((64'hdebb20e3) & 32'hffffffff) ^ (b)", "32'hdebb20e3 ^ (b)");
    check("((32'h2) & 1'h1)", "1'h0");
    check("((a) & 5'h1f) + (((32'h7) & 3'h7))", "((a) & 5'h1f) + (3'h7)");
    check("((32'h1) + b) & (((", "((32'h1) + b) & (((");
}

#[test]
fn equal_modules_become_one() {
    let modules = merged(
        "\
module top(a);
    top$left left();
    top$right right();
endmodule
module top$left(x);
    assign x = 1;
endmodule
module top$right(x);
    assign x = 1;
endmodule
",
    );
    assert_eq!(modules.len(), 2);
    assert_eq!(instances(&modules["chip_top"]), [("left", "chip_left"), ("right", "chip_left")]);
    assert_eq!(modules["chip_left"], "(x);\n    assign x = 1;");
}

#[test]
fn different_modules_of_one_place_get_names_of_their_own() {
    let modules = merged(
        "\
module top(a);
    top$part$0 part$0();
    top$part$1 part$1();
    top$part$2 part$2();
endmodule
module top$part$0(x);
    assign x = 1;
endmodule
module top$part$1(x);
    assign x = 2;
endmodule
module top$part$2(x);
    assign x = 1;
endmodule
",
    );
    let parts = [("part$0", "chip_part"), ("part$1", "chip_part_2"), ("part$2", "chip_part")];
    assert_eq!(instances(&modules["chip_top"]), parts);
    assert_eq!(modules["chip_part"], "(x);\n    assign x = 1;");
    assert_eq!(modules["chip_part_2"], "(x);\n    assign x = 2;");
    assert_eq!(modules.len(), 3);
}

#[test]
fn parents_merge_when_their_children_have() {
    // left and right differ in the names of their instances' modules only; odd's child differs.
    let emitted = "\
module top(a);
    top$left left();
    top$right right();
    top$odd odd();
endmodule
module top$left(x);
    top$left$leaf leaf();
endmodule
module top$left$leaf(y);
    assign y = 1;
endmodule
module top$right(x);
    top$right$leaf leaf();
endmodule
module top$right$leaf(y);
    assign y = 1;
endmodule
module top$odd(x);
    top$odd$leaf leaf();
endmodule
module top$odd$leaf(y);
    assign y = 2;
endmodule
";
    let modules = merged(emitted);
    let top = instances(&modules["chip_top"]);
    assert_eq!(top, [("left", "chip_left"), ("right", "chip_left"), ("odd", "chip_odd")]);
    let leaf = |parent: &str| modules[instances(&modules[parent])[0].1].clone();
    assert_eq!(leaf("chip_left"), "(y);\n    assign y = 1;");
    assert_eq!(leaf("chip_odd"), "(y);\n    assign y = 2;");
    assert_eq!(modules.len(), 5);
}

#[test]
fn a_part_never_takes_the_name_of_the_top() {
    let modules = merged(
        "\
module top(a);
    top$top top();
endmodule
module top$top(x);
    assign x = 1;
endmodule
",
    );
    assert_eq!(instances(&modules["chip_top"]), [("top", "chip_top_2")]);
    assert_eq!(modules["chip_top_2"], "(x);\n    assign x = 1;");
}

#[test]
fn registers_are_named_by_their_width() {
    let mut emitted = String::from("module top(clock);\n");
    let widths = ["signed [8:0]", " [8:0]", "", " [8:0]"];
    for n in 0..4 {
        emitted.push_str(&format!("    top$r$r{n} r{n}();\n"));
    }
    emitted.push_str("endmodule\n");
    for (n, width) in widths.iter().enumerate() {
        emitted.push_str(&format!("module top$r$r{n}(d,q,clock);\n    input wire {width} d;\n"));
        emitted.push_str("endmodule\n");
    }
    let modules = merged(&emitted);
    let kinds: Vec<&str> = instances(&modules["chip_top"]).iter().map(|(_, kind)| *kind).collect();
    let (s9, u9, u1) = ("chip_register_s9", "chip_register_u9", "chip_register_u1");
    assert_eq!(kinds, [s9, u9, u1, u9]);
    assert_eq!(modules.len(), 4);
}

/// A child with a port that no Verilog can have.
#[derive(LogicBlock, Default)]
struct Child {
    clock: Signal<In, Clock>,
    release: Signal<In, Bit>,
    data_out: Signal<Out, Bit>,
}

impl Logic for Child {
    #[hdl_gen]
    fn update(&mut self) {
        self.data_out.next = self.release.val();
    }
}

/// Its parent.
#[derive(LogicBlock, Default)]
struct Parent {
    clock: Signal<In, Clock>,
    data_in: Signal<In, Bit>,
    data_out: Signal<Out, Bit>,
    part: Child,
}

impl Logic for Parent {
    #[hdl_gen]
    fn update(&mut self) {
        self.part.clock.next = self.clock.val();
        self.part.release.next = self.data_in.val();
        self.data_out.next = self.part.data_out.val();
    }
}

#[test]
fn a_field_that_is_called_as_a_keyword_is_refused() {
    let mut parent = Parent::default();
    parent.connect_all();
    let refused = verilog(&parent, "chip_top").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the name of port release in module chip_part is a keyword of Verilog (IEEE 1800-2017); choose another"
    );
}

#[test]
fn keywords_are_refused_wherever_a_name_stands() {
    let check = |line: &str, want: Option<(&'static str, &str)>| {
        let text = format!("module top(a);\n    {line}\nendmodule\nmodule top$x(b);\nendmodule\n");
        let want = want.map(|(what, name)| EmissionError::Keyword {
            module: "chip_top".into(),
            what,
            name: name.into(),
        });
        assert_eq!(merge(&text, "chip_top").err(), want, "{line}");
    };
    check("input wire  release;", Some(("port", "release")));
    check("output reg signed [25:0] output;", Some(("port", "output")));
    check("reg [7:0] wait;", Some(("signal", "wait")));
    check("reg[31:0] final[63:0];", Some(("signal", "final")));
    check("wire a, force;", Some(("signal", "force")));
    check("localparam  priority = 8'h80;", Some(("signal", "priority")));
    check("top$x config(", Some(("instance", "config")));
    // Names that only begin with one, and words where they belong.
    check("reg  releases; wire reg$q;", None);
    check("always @(*) begin", None);
    check("top$x x(", None);
    check(".release(a)", None);
    let top = merge("module top(a);\nendmodule\n", "module").unwrap_err();
    let keyword = |module: &str, what, name: &str| EmissionError::Keyword {
        module: module.into(),
        what,
        name: name.into(),
    };
    assert_eq!(top, keyword("module", "module", "module"));
    let text = "module top(a);\n    top$ff ff();\nendmodule\nmodule top$ff(b);\nendmodule\n";
    assert_eq!(merge(text, "always_top"), Err(keyword("always_ff", "module", "always_ff")));
}

#[test]
fn the_core_has_every_module_once() {
    let mut core = Core::<8, 4, 6>::default();
    core.connect_all();
    let text = verilog(&core, "gemmine_core_8x4");
    assert_eq!(text, verilog(&core, "gemmine_core_8x4"), "a second emission differs");
    let mut again = Core::<8, 4, 6>::default();
    again.connect_all();
    assert_eq!(text, verilog(&again, "gemmine_core_8x4"), "another core's emission differs");

    let text = text.unwrap();
    let modules = modules(&text);
    let bodies: BTreeSet<&String> = modules.values().collect();
    assert_eq!(bodies.len(), modules.len(), "equal modules were not merged");
    assert!(modules.contains_key("gemmine_core_8x4"));
    let names: Vec<&str> = modules.keys().map(String::as_str).collect();
    let registers = names.iter().filter_map(|name| name.strip_prefix("gemmine_register_"));
    let registers: Vec<&str> = registers.collect();
    assert_eq!(registers, ["s26", "s9", "u1", "u10", "u11", "u24", "u32", "u5", "u6", "u7"]);
    let others: Vec<&str> = names.into_iter().filter(|n| !n.contains("register")).collect();
    let rest = [
        "a_skew",
        "accumulators",
        "array",
        "b_skew",
        "core_8x4",
        "cycles",
        "fold",
        "grid",
        "heads",
        "high_word",
        "pair",
        "pe",
        "sequencer",
        "utilisation",
        "wide_sum",
    ];
    assert_eq!(others, rest.map(|name| format!("gemmine_{name}")));
}

#[test]
fn every_pe_of_the_grid_is_an_instance_of_one_module() {
    let mut core = Core::<16, 16, 4>::default();
    core.connect_all();
    let text = verilog(&core, "gemmine_core_16x16").unwrap();
    let count = |prefix: &str| text.lines().filter(|l| l.trim_start().starts_with(prefix)).count();
    assert_eq!(count("module gemmine_pe"), 1);
    assert_eq!(count("gemmine_pe pe$"), 256);
    assert_eq!(count("module gemmine_a_skew"), 1);
    assert_eq!(count("module gemmine_b_skew"), 0, "a square array needs one kind of skew");
    assert_eq!(count("module "), 24);
}
