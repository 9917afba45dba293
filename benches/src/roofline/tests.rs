//! What is counted is what must go over the link.

use gemmine_hdl::Geometry;
use gemmine_sim::AcceleratorConfig;
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::{Latency, MemoryConfig};

use super::{Case, RESIDENT, memory, serial};

fn case(resident: usize, products: bool) -> Case {
    Case {
        geometry: Geometry::new(8, 8),
        clock_hz: 100_000_000,
        panel_word_bits: 11,
        steps: 256,
        chunk: 64,
        resident,
        products,
        streamed: 12,
    }
}

#[test]
fn the_memory_link_moves_panels_commands_and_entries() {
    for resident in RESIDENT {
        for products in [false, true] {
            let case = case(resident, products);
            let accelerator = AcceleratorConfig {
                clock_hz: case.clock_hz,
                ..AcceleratorConfig::new(case.geometry)
            };
            let config = MemoryConfig { accelerator, latency: Latency::default() };
            let row = memory::measure(&mut ModelMemory::new(config).unwrap(), case).unwrap();
            assert_eq!(row.tiles, case.tiles() as u64);
            // A panel is a command a lane and its commit; a tile one more, and two for its product.
            let panel = 16 * case.steps + 17 * 32;
            let commands = if products { 96 } else { 32 };
            let bytes_in = panel as f64 / resident as f64 + f64::from(commands);
            let bytes_out = if products { 64 + 1024 } else { 64 };
            assert!((row.bytes_in_per_tile - bytes_in).abs() < 1e-3, "{row:?}, not {bytes_in}");
            assert_eq!(row.bytes_out_per_tile, f64::from(bytes_out), "{row:?}");
            let macs = (256 * case.steps) as f64;
            let intensity = macs / (bytes_in + f64::from(bytes_out));
            assert!((row.macs_per_byte - intensity).abs() < 1e-3, "{row:?}, not {intensity}");
            assert!(row.array_at_work > 0.0 && row.array_at_work <= 1.0, "{row:?}");
        }
    }
}

#[test]
fn the_serial_line_is_nearly_all_that_a_run_takes() {
    let case = Case { streamed: 2, ..case(4, false) };
    let baud = 12_000_000;
    let config = BoardConfig {
        clock_hz: case.clock_hz,
        first_baud: baud,
        ..BoardConfig::new(case.geometry)
    };
    let row = serial::measure(&mut ModelBoard::new(config).unwrap(), case).unwrap();
    let line_gb_per_s = f64::from(baud) / 10.0 / 1e9;
    assert!(row.bytes_in_per_tile > (16 * case.steps) as f64 / 4.0);
    assert!(row.link_gb_per_s > 0.7 * line_gb_per_s, "{row:?}");
    assert!(row.link_gb_per_s < 1.3 * line_gb_per_s, "{row:?}");
}
