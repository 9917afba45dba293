//! Section 5: the pictures that the modules' tests write.

/// Module, what it does, and its picture.
pub const PICTURES: &[(&str, &str, &str)] = &[
    (
        "frame_encoder",
        "a response's bytes to the line",
        include_str!("../../timing/frame_encoder.txt"),
    ),
    ("endpoint", "a request on the bus, and its answer", include_str!("../../timing/endpoint.txt")),
    ("queue", "from a push to a running tile", include_str!("../../timing/queue.txt")),
    (
        "sequencer",
        "steps, and the waves at a chunk's end",
        include_str!("../../timing/sequencer.txt"),
    ),
    ("panel_lane", "a lane's words, byte by byte", include_str!("../../timing/panel_lane.txt")),
    ("pe", "products, a sum, and the chain", include_str!("../../timing/pe.txt")),
    ("grid", "operands and sums of 2 x 2 PEs", include_str!("../../timing/grid.txt")),
    ("head", "partial sums become results", include_str!("../../timing/head.txt")),
    ("fold", "a chunk's sums become its fold word", include_str!("../../timing/fold.txt")),
    ("finisher", "from a tile's end to its completion", include_str!("../../timing/finisher.txt")),
    (
        "skew",
        "the triangle of delays in front of the core; a device has panel lanes instead",
        include_str!("../../timing/skew.txt"),
    ),
    (
        "core",
        "array and sequencer as the simulators run them, without panel memory",
        include_str!("../../timing/core.txt"),
    ),
];

pub fn section() -> String {
    let mut text = String::from(
        "\
## 5. Timing

One row a signal, one column a cycle; inputs and outputs as they stand before the cycle's rising edge. A
dot is a 0. A test of the module writes each picture and fails when the RTL does something else.
",
    );
    for (module, what, picture) in PICTURES {
        let source = format!("[`{module}`](src/{module}.rs)");
        text.push_str(&format!("\n### {source}: {what}\n\n```text\n{picture}```\n"));
    }
    text
}
