//! Models of lookup tables in flow/cells: the same as yosys' own.

use std::fmt::Write as _;

use gemmine_flow::Toolchain;
use gemmine_sim::verilator::{Tools, modules};

const TOP: &str = "gemmine_cells";
const TABLES: [&str; 3] = [
    include_str!("../../../../flow/cells/ice40.v"),
    include_str!("../../../../flow/cells/ecp5.v"),
    include_str!("../../../../flow/cells/gowin.v"),
];

/// A module of a source, under another name.
fn renamed(source: &str, module: &str, name: &str) -> String {
    let lines = source.lines().skip_while(|line| {
        let name = line.strip_prefix("module ").and_then(|rest| rest.strip_prefix(module));
        !name.is_some_and(|rest| rest.starts_with([' ', '(']))
    });
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
        if line.starts_with("endmodule") {
            return text.replacen(module, name, 1);
        }
    }
    panic!("no module {module}");
}

/// A table is linear in its content: those with a single one are enough, and one more for the eye.
#[test]
fn lookup_tables_are_those_of_yosys() {
    let share = Toolchain::pinned().unwrap().yosys_share().unwrap();
    let yosys = |file: &str| std::fs::read_to_string(share.join(file)).unwrap();
    let files = ["ice40/cells_sim.v", "ecp5/common_sim.vh", "gowin/cells_sim.v"].map(yosys);
    // Source, module, parameter, output, inputs.
    let tables = [
        (0, "SB_LUT4", "LUT_INIT", "O", &["I0", "I1", "I2", "I3"][..]),
        (1, "LUT4", "INIT", "Z", &["A", "B", "C", "D"]),
        (2, "LUT1", "INIT", "F", &["I0"]),
        (2, "LUT2", "INIT", "F", &["I0", "I1"]),
        (2, "LUT3", "INIT", "F", &["I0", "I1", "I2"]),
        (2, "LUT4", "INIT", "F", &["I0", "I1", "I2", "I3"]),
    ];
    let (mut text, mut instances, mut outputs) = (String::new(), String::new(), vec![]);
    // Macros of the iCE40's file.
    text.push_str("`define ICE40_DEFAULT_ASSIGNMENT_0 = 1'b0\n");
    for (source, module, parameter, output, inputs) in tables {
        for (who, from) in [("ours", TABLES[source]), ("theirs", &files[source])] {
            let name = format!("{module}_{source}_{who}");
            text.push_str(&renamed(from, module, &name));
            let port = format!("{who}_{module}_{source}");
            for content in (0..1 << inputs.len()).map(|n| 1u32 << n).chain([0x6a5c]) {
                let bits = 1 << inputs.len();
                let content = content & ((1u32 << bits) - 1);
                let at = outputs.iter().filter(|(p, _)| p == &port).count();
                let pins: Vec<String> =
                    inputs.iter().enumerate().map(|(n, pin)| format!(".{pin}(in[{n}])")).collect();
                let _ = writeln!(
                    instances,
                    "   {name} #(.{parameter}({bits}'d{content})) {port}_{at}({}, .{output}({port}[{at}]));",
                    pins.join(", ")
                );
                outputs.push((port.clone(), content));
            }
        }
    }
    let mut ports: Vec<&str> = outputs.iter().map(|(port, _)| port.as_str()).collect();
    ports.dedup();
    let _ = writeln!(text, "module {TOP}(clock, in, {});", ports.join(", "));
    text.push_str("   input wire clock;\n   input wire [3:0] in;\n");
    for port in &ports {
        let count = outputs.iter().filter(|(p, _)| p == port).count();
        let _ = writeln!(text, "   output wire [{}:0] {port};", count - 1);
    }
    let text = text + &instances + "endmodule\n";
    let stimulus: Vec<Vec<u64>> = (0..16).map(|n| vec![n]).collect();
    let values = modules::simulate(&Tools::find().unwrap(), &text, TOP, &stimulus).unwrap();
    for (inputs, values) in values.iter().enumerate() {
        for (pair, ports) in values.chunks(2).zip(ports.chunks(2)) {
            assert_eq!(pair[0], pair[1], "{ports:?} of {inputs:04b}");
        }
    }
    // The one for the eye: 0x6a5c of an iCE40's.
    let eye: u64 = (0..16).map(|n| (values[n][0] >> 16 & 1) << n).sum();
    assert_eq!(eye, 0x6a5c);
}
