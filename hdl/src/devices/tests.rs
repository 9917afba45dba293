//! Devices and their hashes.

use super::*;

#[test]
fn every_device_has_the_dimensions_of_its_geometry() {
    for &geometry in DEVICES {
        let text = verilog(geometry, Build::default()).unwrap();
        assert!(text.verilog.contains(&format!("module gemmine_device_{geometry}(")));
        let word = geometry.rows() | geometry.columns() << 8 | PANEL_WORD_BITS << 24;
        let constant = format!("localparam  geometry = 32'h{word:x};");
        assert_eq!(text.verilog.matches(&constant).count(), 1, "{geometry}");
    }
}

#[test]
fn the_build_is_the_hash_of_the_text_without_it() {
    let build = Build::default();
    let text = verilog(Geometry::new(2, 2), build).unwrap();
    let constant = format!("localparam  build = 32'h{:x};", text.build);
    assert_eq!(text.verilog.matches(&constant).count(), 1);
    let without = text.verilog.replace(&constant, "localparam  build = 32'h0;");
    assert_eq!(blake3::hash(without.as_bytes()).as_bytes()[..4], text.build.to_le_bytes());
    assert_eq!(verilog(Geometry::new(2, 2), build).unwrap(), text, "the same text every time");
    let faster = verilog(Geometry::new(2, 2), Build { clock_hz: 48_000_000, ..build }).unwrap();
    assert_ne!(faster.build, text.build);
}

#[test]
fn other_geometries_are_refused() {
    let refused = verilog(Geometry::new(2, 16), Build::default());
    assert_eq!(refused, Err(not_built(Geometry::new(2, 16))));
}
