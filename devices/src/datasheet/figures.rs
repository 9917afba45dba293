//! Section 6: what was counted in the Verilog of the devices.

use std::collections::BTreeMap;

use super::Device;
use crate::text::{Table, grouped};
use gemmine_hdl::resources::Resources;

/// Parts of a device in the order of the table: name of the instances, or how it begins, and what it is.
const PARTS: &[(&str, &str)] = &[
    ("receiver", "`uart_rx`"),
    ("transmitter", "`uart_tx`"),
    ("decoder", "`frame_decoder`"),
    ("encoder", "`frame_encoder`"),
    ("endpoint", "`endpoint`"),
    ("control", "`line_control`"),
    ("bus", "`bus`"),
    ("queue", "`queue`"),
    ("sequencer", "`sequencer`"),
    ("feeder", "`feeder`"),
    ("a_panels", "`panel_memory` of A'"),
    ("b_panels", "`panel_memory` of B'"),
    ("array", "`array`: PEs, heads, fold"),
    ("results", "`results`"),
    ("finisher", "`finisher`, with ticket and BLAKE3"),
    ("registers", "`registers`"),
    ("", "`accelerator`: counters, accounts"),
];

pub fn section(devices: &[Device]) -> String {
    let devices: Vec<(String, BTreeMap<&str, Resources>)> =
        devices.iter().map(|device| (device.geometry.to_string(), by_part(device))).collect();
    format!(
        "\
## 6. Figures

Counted in the Verilog, not synthesised: bits that a clocked assignment writes, declared memories,
multiplications. The [multipliers](src/multipliers.rs) are inferred ones, the default. A toolchain drops
registers that never change, copies others, and may build small memories of flip-flops; the logic (LUTs,
carry chains) depends on the part, and so does the clock. A board's report has those figures. Source: [`resources.rs`](src/resources.rs).

### Flip-flops

{}
Around each multiplier stand 54 more: operands, product, and the product again. A DSP block has most
of them built in; they are not in this table.

### Memory bits

{}
The register behind a memory's read port is a block RAM's own, and not counted above.

### Memories, by words x bits

{}
### Multipliers, 9 x 9 bits, signed

{}",
        parts(&devices, |resources| resources.flip_flops),
        parts(&devices, Resources::memory_bits),
        memories(&devices),
        parts(&devices, |resources| resources.multipliers),
    )
}

fn by_part(device: &Device) -> BTreeMap<&'static str, Resources> {
    let mut parts: BTreeMap<&str, Resources> = BTreeMap::new();
    for (instance, resources) in device.parts.iter().filter(|(part, _)| part != "accelerator") {
        // What is not a part of the table is one of the accelerator's counters, or its own.
        let part = PARTS.iter().find(|(name, _)| name == instance).map_or("", |(name, _)| *name);
        *parts.entry(part).or_default() += resources;
    }
    parts
}

fn head(first: &str, devices: &[(String, BTreeMap<&str, Resources>)]) -> Table {
    let names = devices.iter().map(|(name, _)| name.clone());
    Table::new([first.to_owned()].into_iter().chain(names))
}

/// A table by part, of those that have any of it, with the sum at its end.
fn parts(
    devices: &[(String, BTreeMap<&str, Resources>)],
    of: impl Fn(&Resources) -> usize,
) -> String {
    let mut table = head("part", devices);
    let amount = |parts: &BTreeMap<&str, Resources>, part: &str| parts.get(part).map_or(0, &of);
    for (part, name) in PARTS {
        let amounts: Vec<usize> = devices.iter().map(|(_, parts)| amount(parts, part)).collect();
        if amounts.iter().any(|&amount| amount > 0) {
            table.row([(*name).to_owned()].into_iter().chain(amounts.into_iter().map(grouped)));
        }
    }
    let sums = devices.iter().map(|(_, parts)| grouped(parts.values().map(&of).sum()));
    table.row(["**device**".to_owned()].into_iter().chain(sums));
    table.draw()
}

fn memories(devices: &[(String, BTreeMap<&str, Resources>)]) -> String {
    let all: Vec<Resources> = devices
        .iter()
        .map(|(_, parts)| {
            let mut all = Resources::default();
            parts.values().for_each(|resources| all += resources);
            all
        })
        .collect();
    let mut shapes: Vec<(usize, usize)> =
        all.iter().flat_map(|resources| resources.memories.keys().copied()).collect();
    shapes.sort_unstable();
    shapes.dedup();
    let mut table = head("words x bits", devices);
    for shape in shapes {
        let counts = all.iter().map(|resources| {
            resources.memories.get(&shape).map_or(String::new(), usize::to_string)
        });
        let name = format!("{} x {}", grouped(shape.0), shape.1);
        table.row([name].into_iter().chain(counts));
    }
    table.draw()
}
