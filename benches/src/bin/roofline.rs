//! Measures bytes a tile and MACs a byte at the memory link and at the serial line, with 1, 4 and 16 panels resident, and
//! draws the roofline.
//!
//! `cargo run --release -p gemmine-benches --bin roofline -- FOLDER [verilator]` writes `roofline.json` and `roofline.svg`
//! into the folder; with `verilator`, the memory link's rows of what is built come from the emitted Verilog, too.

use std::path::Path;

use gemmine_benches::roofline::{Case, RESIDENT, Row, memory, plot, serial};
use gemmine_hdl::Geometry;
use gemmine_sim::AcceleratorConfig;
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::{Latency, MemoryConfig};
use gemmine_sim::verilator::{Tools, VerilatedMemory};

const CLOCK_HZ: u32 = 100_000_000;
const GEOMETRY: Geometry = Geometry::new(16, 16);

/// Of a lane as it is built, and of one four times as deep, that holds 16 panels of Pearl's usual length.
const SHAPES: [(u32, usize, usize); 2] = [(11, 512, 128), (13, 2048, 128)];

fn case(shape: (u32, usize, usize), resident: usize, products: bool) -> Case {
    let (panel_word_bits, steps, chunk) = shape;
    let streamed = if resident == 1 { 32 } else { 16 };
    let (geometry, clock_hz) = (GEOMETRY, CLOCK_HZ);
    Case { geometry, clock_hz, panel_word_bits, steps, chunk, resident, products, streamed }
}

fn accelerator(case: &Case) -> AcceleratorConfig {
    AcceleratorConfig {
        clock_hz: case.clock_hz,
        panel_word_bits: case.panel_word_bits,
        ..AcceleratorConfig::new(case.geometry)
    }
}

fn run(folder: &Path, verilator: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut rows: Vec<Row> = Vec::new();
    for shape in SHAPES {
        for resident in RESIDENT {
            for products in [false, true] {
                let case = case(shape, resident, products);
                let (accelerator, latency) = (accelerator(&case), Latency::default());
                let config = MemoryConfig { accelerator, latency };
                rows.push(memory::measure(&mut ModelMemory::new(config)?, case)?);
                if verilator && shape == SHAPES[0] {
                    let mut device = VerilatedMemory::new(&Tools::find()?, config)?;
                    rows.push(memory::measure(&mut device, case)?);
                }
            }
        }
    }
    for baud in [3_000_000, 12_000_000] {
        for resident in RESIDENT {
            let case = Case { streamed: 2, ..case(SHAPES[1], resident, false) };
            let config = BoardConfig {
                clock_hz: case.clock_hz,
                first_baud: baud,
                panel_word_bits: case.panel_word_bits,
                ..BoardConfig::new(case.geometry)
            };
            rows.push(serial::measure(&mut ModelBoard::new(config)?, case)?);
        }
    }
    for row in &rows {
        println!(
            "{:16} {:9} k {:5} {:2} resident{} {:9.1} bytes/tile {:7.2} MAC/byte {:8.4} GMAC/s {:.6} GB/s, array {:5.1} %",
            row.link,
            row.engine,
            row.steps,
            row.resident,
            if row.products { ", products" } else { "          " },
            row.bytes_in_per_tile + row.bytes_out_per_tile,
            row.macs_per_byte,
            row.gmac_per_s,
            row.link_gb_per_s,
            100.0 * row.array_at_work
        );
    }
    let json = serde_json::to_string_pretty(&rows)?;
    std::fs::write(folder.join("roofline.json"), json + "\n")?;
    let drawn: Vec<Row> = rows.into_iter().filter(|row| row.steps == SHAPES[1].1).collect();
    let pes = (GEOMETRY.rows() * GEOMETRY.columns()) as u32;
    plot::draw(&folder.join("roofline.svg"), &drawn, pes, 4.0 * f64::from(CLOCK_HZ) / 1e9)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".into());
    let verilator = arguments.next().is_some_and(|word| word == "verilator");
    if let Err(error) = run(Path::new(&folder), verilator) {
        eprintln!("failed to measure into {folder}: {error}");
        std::process::exit(2);
    }
}
