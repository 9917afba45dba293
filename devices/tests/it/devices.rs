//! Devices and their hashes.

use gemmine_devices::verilog;
use gemmine_hdl::devices::DEVICES;
use gemmine_hdl::emit::EmissionError;
use gemmine_hdl::identity::Build;
use gemmine_hdl::multipliers::Multipliers;
use gemmine_hdl::registers::{BUILD, GEOMETRY};
use gemmine_hdl::{Geometry, GeometryError};

/// How a device's Verilog says what a register of constants reads as.
fn constant(address: u32, word: u32) -> String {
    format!("mem[6'b{address:b}] = 32'h{word:x};")
}

/// All devices where GEMMINE_LONG is set, and otherwise those of four and eight rows with lanes of a board's length.
fn devices() -> impl Iterator<Item = (Geometry, usize)> {
    let is_long = std::env::var_os("GEMMINE_LONG").is_some();
    DEVICES.iter().copied().filter(move |(_, word_bits)| is_long || *word_bits < 11)
}

#[test]
fn every_device_has_the_dimensions_of_its_geometry() {
    for (geometry, panel_word_bits) in devices() {
        let text = verilog(geometry, Build { panel_word_bits, ..Build::default() }).unwrap();
        assert!(text.verilog.contains(&format!("module gemmine_device_{geometry}(")));
        let word = geometry.rows() | geometry.columns() << 8 | panel_word_bits << 24;
        let constant = constant(GEOMETRY, word as u32);
        assert_eq!(text.verilog.matches(&constant).count(), 1, "{geometry}");
    }
}

#[test]
fn the_build_is_the_hash_of_the_text_without_it() {
    let build = Build::default();
    let text = verilog(Geometry::new(2, 2), build).unwrap();
    let with = constant(BUILD, text.build);
    assert_eq!(text.verilog.matches(&with).count(), 1);
    let without = text.verilog.replace(&with, &constant(BUILD, 0));
    assert_eq!(blake3::hash(without.as_bytes()).as_bytes()[..4], text.build.to_le_bytes());
    assert_eq!(verilog(Geometry::new(2, 2), build).unwrap(), text, "the same text every time");
    let faster = verilog(Geometry::new(2, 2), Build { clock_hz: 48_000_000, ..build }).unwrap();
    assert_ne!(faster.build, text.build);
}

/// Modules of multipliers, by what stands in them, and how many instances there are.
fn pairs(geometry: Geometry, multipliers: Multipliers) -> Vec<(bool, usize)> {
    let text = verilog(geometry, Build { multipliers, ..Build::default() }).unwrap().verilog;
    let modules = text.split("\nmodule ").filter(|module| module.starts_with("gemmine_pair"));
    let mut pairs: Vec<(bool, usize)> = modules
        .map(|module| {
            let name = module.split('(').next().unwrap();
            let instances = text.matches(&format!("    {name} pair$")).count();
            (module.contains("MULT18X18D #("), instances)
        })
        .collect();
    pairs.sort_unstable();
    pairs
}

#[test]
fn every_kind_of_multiplier_is_a_module() {
    let geometry = Geometry::new(8, 8);
    assert_eq!(pairs(geometry, Multipliers::default()), [(false, 32)]);
    assert_eq!(pairs(geometry, Multipliers::rows()), [(false, 32)]);
    assert_eq!(pairs(geometry, Multipliers::mult18x18d(28)), [(false, 18), (true, 14)]);
    // The pair in the middle has one of each.
    assert_eq!(pairs(geometry, Multipliers::mult18x18d(27)), [(false, 18), (true, 1), (true, 13)]);
    let builds = [Multipliers::default(), Multipliers::rows(), Multipliers::mult9x9(4)]
        .map(|multipliers| Build { multipliers, ..Build::default() })
        .map(|build| verilog(Geometry::new(2, 2), build).unwrap().build);
    assert!(builds[0] != builds[1] && builds[1] != builds[2] && builds[0] != builds[2]);
}

#[test]
fn other_geometries_are_refused() {
    let refused = verilog(Geometry::new(2, 16), Build::default());
    assert!(matches!(refused, Err(EmissionError::Geometry(GeometryError::NotBuilt { .. }))));
    let refused = verilog(Geometry::new(8, 8), Build { panel_word_bits: 10, ..Build::default() });
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("8x8") && text.contains("2^10") && text.ends_with("2^11, 2^9"), "{text}");
}
