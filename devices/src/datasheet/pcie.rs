//! The guide to the memory link, as text: how the device is connected to a PCIe bridge, and what its host sees.
//! `hdl/PCIE.md` is this text; a test fails when it is not.

use rust_hdl_core::prelude::*;

use super::timing;
use crate::memory::{PORTS, Wire};
use crate::text::{Table, bits, grouped};
use gemmine_hdl::dma_registers::{
    COMMAND_FIELDS, COMMAND_WORDS, DMA_REGISTERS, DmaAccess, ENTRY_FIELDS, ENTRY_WORDS, TABLE,
};
use gemmine_hdl::emit::{self, EmissionError};
use gemmine_hdl::memory_link::MemoryLink;
use gemmine_hdl::registers::Field;
use gemmine_hdl::resources::{Modules, Resources};

/// Name of the link as a top.
const LINK: &str = "gemmine_memory_link";

const HEAD: &str = "\
# gemmine: the device behind PCIe

Made from the sources in [`src`](src/lib.rs) by [`pcie.rs`](../devices/src/datasheet/pcie.rs). Do not edit it:
change the source, and run `UPDATE_EXPECT=1 cargo test -p gemmine-devices`. A test fails when this file is stale.

The accelerator of the [datasheet](DATASHEET.md), behind a memory-mapped window and two rings in host memory
instead of a serial line. It has AXI ports and no PCIe in it: a bridge of one's choice goes in front.

1. [Ports](#1-ports)
2. [Clock, reset, window, interrupts](#2-clock-reset-window-interrupts)
3. [Bridges](#3-bridges)
4. [Registers and rings](#4-registers-and-rings)
5. [What it takes](#5-what-it-takes)
6. [Timing](#6-timing)

## 1. Ports

`gemmine_memory_PxQ` ([`memory.rs`](../devices/src/memory.rs)), a module of wires around
`gemmine_memory_core_PxQ`. One file has all of it, and `gemmine emit` writes it:

    gemmine emit --geometry 16x16 --clock 125000000 -o gemmine.v

`gemmine emit --help` lists what else can be chosen. The clock is that of `clock` in your design; hosts reckon with it.

";

/// The guide, in Markdown.
///
/// # Errors
/// Never with the devices that are built.
pub fn guide() -> Result<String, EmissionError> {
    let sections = [
        HEAD.to_owned() + &ports(),
        include_str!("pcie.md").to_owned(),
        registers(),
        parts()? + include_str!("synthesis.md"),
        timing::link_section(),
    ];
    Ok(sections.join("\n"))
}

fn ports() -> String {
    let mut table = Table::new(["port", "bits", "direction", "meaning"]);
    for port in PORTS {
        let direction = match port.wire {
            Wire::In(_) => "in",
            Wire::Unused => "in, unused",
            Wire::Out(_) => "out",
            Wire::Constant(_) => "out, constant",
        };
        let name = format!("`{}`", port.name);
        let meaning = match port.wire {
            Wire::Constant(value) if port.meaning.is_empty() => value.to_string(),
            Wire::Constant(value) => format!("{value}: {}", port.meaning),
            _ => port.meaning.to_owned(),
        };
        table.row([name, port.bits.to_string(), direction.to_owned(), meaning]);
    }
    table.draw()
}

fn fields(fields: &[Field]) -> String {
    let mut table = Table::new(["word", "bits", "field", "meaning"]);
    for field in fields {
        let last = field.word + field.words - 1;
        let word = match field.words {
            1 => field.word.to_string(),
            _ => format!("{}..{last}", field.word),
        };
        let name = format!("`{}`", field.name);
        table.row([word, bits(field.low, field.bits), name, field.meaning.to_owned()]);
    }
    table.draw()
}

fn registers() -> String {
    let mut table = Table::new(["byte", "word", "name", "access", "fields"]);
    for register in TABLE {
        let access = match register.access {
            DmaAccess::Read => "R",
            DmaAccess::ReadWrite => "R, W",
        };
        table.row([
            format!("0x{:04x}", 4 * register.address),
            register.address.to_string(),
            register.name.to_owned(),
            access.to_owned(),
            register.meaning.replace("[`DmaError`]", "below"),
        ]);
    }
    format!(
        "\
## 4. Registers and rings

Word w of the [datasheet's map](DATASHEET.md#2-address-map) stands at byte 4 w of the window; BAUD, WATCHDOG and the
counters of frames and bytes have no meaning here. From word {DMA_REGISTERS} on stand the link's own registers. How they
are used is said in [`dma_registers.rs`](src/dma_registers.rs).

{}
Errors: 1 a command's opcode; 2 its words, alignment or place on the bus; 3 a read of host memory, 4 a write of host memory that
was not answered with OKAY.

### A command: {COMMAND_WORDS} words

{}
### An entry: {ENTRY_WORDS} words

{}",
        table.draw(),
        fields(&COMMAND_FIELDS),
        fields(&ENTRY_FIELDS),
    )
}

fn parts() -> Result<String, EmissionError> {
    let mut link = MemoryLink::default();
    link.connect_all();
    let verilog = emit::verilog(&link, LINK)?;
    let modules = Modules::new(&verilog);
    let mut table = Table::new(["part", "flip-flops", "memory, bits"]);
    let mut row = |part: &str, resources: &Resources| {
        let [flip_flops, memory] = [resources.flip_flops, resources.memory_bits()].map(grouped);
        table.row([format!("`{part}`"), flip_flops, memory]);
    };
    // What is between them is wires, and has no name.
    for (part, resources) in modules.parts(LINK).into_iter().filter(|(part, _)| !part.is_empty()) {
        row(part, &resources);
    }
    row("MemoryLink", &modules.resources(LINK));
    Ok(format!(
        "\
## 5. What it takes

The link without the accelerator, counted in its Verilog, before synthesis; it is the same for every array.

{}",
        table.draw()
    ))
}
