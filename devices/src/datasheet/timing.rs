//! The pictures that the modules' tests write: section 5 of the datasheet, and section 6 of the guide to PCIe.

/// Module, what it does, and its picture.
pub const PICTURES: &[(&str, &str, &str)] = &[
    (
        "frame_encoder",
        "a response's bytes to the line",
        include_str!("../../../hdl/timing/frame_encoder.txt"),
    ),
    (
        "endpoint",
        "a request on the bus, and its answer",
        include_str!("../../../hdl/timing/endpoint.txt"),
    ),
    ("queue", "from a push to a running tile", include_str!("../../../hdl/timing/queue.txt")),
    (
        "sequencer",
        "steps, and the waves at a chunk's end",
        include_str!("../../../hdl/timing/sequencer.txt"),
    ),
    (
        "panel_lane",
        "a lane's words, byte by byte",
        include_str!("../../../hdl/timing/panel_lane.txt"),
    ),
    ("pe", "products, a sum, and the chain", include_str!("../../../hdl/timing/pe.txt")),
    ("grid", "operands and sums of 2 x 2 PEs", include_str!("../../../hdl/timing/grid.txt")),
    ("head", "partial sums become results", include_str!("../../../hdl/timing/head.txt")),
    ("fold", "a chunk's sums become its fold word", include_str!("../../../hdl/timing/fold.txt")),
    (
        "finisher",
        "from a tile's end to its completion",
        include_str!("../../../hdl/timing/finisher.txt"),
    ),
    (
        "skew",
        "the triangle of delays in front of the core; a device has panel lanes instead",
        include_str!("../../../hdl/timing/skew.txt"),
    ),
    (
        "core",
        "array and sequencer as the simulators run them, without panel memory",
        include_str!("../../../hdl/timing/core.txt"),
    ),
];

/// The same of the memory link.
pub const LINK_PICTURES: &[(&str, &str, &str)] = &[
    (
        "memory_link",
        "from a doorbell to an interrupt",
        include_str!("../../../hdl/timing/memory_link.txt"),
    ),
    (
        "command_fetch",
        "a command, and what it moves",
        include_str!("../../../hdl/timing/command_fetch.txt"),
    ),
    ("command_engine", "three commands", include_str!("../../../hdl/timing/command_engine.txt")),
    ("completion_engine", "two entries", include_str!("../../../hdl/timing/completion_engine.txt")),
    (
        "host_reader",
        "two reads of host memory",
        include_str!("../../../hdl/timing/host_reader.txt"),
    ),
    ("host_writer", "a write of host memory", include_str!("../../../hdl/timing/host_writer.txt")),
];

/// The datasheet's section.
pub fn section() -> String {
    text("## 5. Timing", PICTURES)
}

/// The guide's.
pub fn link_section() -> String {
    text("## 6. Timing", LINK_PICTURES)
}

fn text(title: &str, pictures: &[(&str, &str, &str)]) -> String {
    let mut text = format!(
        "\
{title}

One row a signal, one column a cycle; inputs and outputs as they stand before the cycle's rising edge. A
dot is a 0. A test of the module writes each picture and fails when the RTL does something else.
",
    );
    for (module, what, picture) in pictures {
        let source = format!("[`{module}`](src/{module}.rs)");
        text.push_str(&format!("\n### {source}: {what}\n\n```text\n{picture}```\n"));
    }
    text
}
