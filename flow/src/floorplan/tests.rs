//! A netlist of a 4x2 array with two lanes a side, and what floorplans make of it.

use gemmine_hdl::Geometry;
use gemmine_hdl::multipliers::Kind;
use serde_json::Map;

use super::*;
use crate::Board;

const PART: &str = "LFE5U-85F-6";

/// The blocks of the array, of two lanes with eleven block RAMs each, and a memory beside them.
fn netlist() -> Value {
    let mut cells = Map::new();
    for pair in 0..4 {
        for side in ["left", "right"] {
            let cell = format!("device.accelerator.array.grid.pair${pair}.block_{side}");
            cells.insert(cell, json!({ "type": "MULT18X18D", "attributes": { "src": "top.v" } }));
        }
    }
    let lanes = (0..22).map(|ram| format!("lane${}.mem.0.{}", ram / 11, ram % 11));
    for memory in lanes.chain(["lane$10.mem.0.0".into(), "other.mem.0.0".into()]) {
        cells.insert(memory, json!({ "type": "DP16KD", "attributes": {} }));
    }
    cells.insert("lane$1.fetch".into(), json!({ "type": "TRELLIS_FF", "attributes": {} }));
    json!({ "modules": { "top": { "cells": cells } } })
}

fn device(dsp_products: Option<usize>) -> Device {
    let multipliers = Kind::Mult18x18d;
    Device {
        geometry: Geometry::new(4, 2),
        panel_word_bits: 5,
        engines: 0,
        noise: false,
        multipliers,
        dsp_products,
    }
}

fn floorplan(text: &str) -> Floorplan {
    toml::from_str(text).unwrap()
}

/// Where a netlist's cells are after a floorplan.
fn places(text: &str, dsp_products: Option<usize>) -> Result<BTreeMap<String, String>, String> {
    let mut netlist = netlist();
    let device = device(dsp_products);
    let placed = floorplan(text).apply(&mut netlist, "top", PART, &device)?;
    let cells = netlist["modules"]["top"]["cells"].as_object().unwrap();
    let places: BTreeMap<String, String> = cells
        .iter()
        .filter_map(|(name, cell)| {
            Some((name.clone(), cell["attributes"]["BEL"].as_str()?.to_owned()))
        })
        .collect();
    assert_eq!(places.len(), placed);
    Ok(places)
}

#[test]
fn a_column_of_the_array_has_neighbouring_blocks_in_every_row() {
    let found = places("multipliers = { rows = [58, 10], first = 3 }", None).unwrap();
    let check = |pair: usize, side: &str, place: &str| {
        let cell = format!("device.accelerator.array.grid.pair${pair}.block_{side}");
        assert_eq!(found[&cell], place, "{cell}");
    };
    assert_eq!(found.len(), 8);
    check(0, "left", "X9/Y58/MULT18_5");
    check(1, "left", "X13/Y58/MULT18_0");
    check(0, "right", "X14/Y58/MULT18_1");
    check(1, "right", "X17/Y58/MULT18_4");
    check(2, "left", "X9/Y10/MULT18_5");
    check(3, "right", "X17/Y10/MULT18_4");
}

#[test]
fn products_in_logic_have_no_place() {
    let found = places("multipliers = { rows = [34], first = 0 }", Some(3)).unwrap();
    let found: Vec<&str> = found.values().map(String::as_str).collect();
    assert_eq!(found, ["X4/Y34/MULT18_0", "X8/Y34/MULT18_4", "X5/Y34/MULT18_1"]);
    // The rows of blocks are shared by the array's rows that have blocks.
    let found = places("multipliers = { rows = [34, 10], first = 0 }", Some(4)).unwrap();
    let found: Vec<&str> = found.values().map(String::as_str).collect();
    assert_eq!(found, ["X4/Y34/MULT18_0", "X5/Y34/MULT18_1", "X4/Y10/MULT18_0", "X5/Y10/MULT18_1"]);
}

#[test]
fn block_rams_of_a_lane_stand_in_the_order_of_their_numbers() {
    let text = "multipliers = { rows = [34], first = 0 }\nblock_ram = { \"lane$\" = [[22, 20], [70, 0]], other = [[82, 3]] }";
    let found = places(text, None).unwrap();
    assert_eq!(found.len(), 8 + 22 + 1);
    assert_eq!(found["lane$0.mem.0.0"], "X49/Y22/EBR0");
    assert_eq!(found["lane$0.mem.0.7"], "X64/Y22/EBR3");
    // Beyond the clock's spine.
    assert_eq!(found["lane$0.mem.0.8"], "X69/Y22/EBR0");
    assert_eq!(found["lane$0.mem.0.10"], "X73/Y22/EBR2");
    assert_eq!(found["lane$1.mem.0.1"], "X6/Y70/EBR1");
    assert_eq!(found["other.mem.0.0"], "X10/Y82/EBR3");
    assert!(!found.contains_key("lane$10.mem.0.0") && !found.contains_key("lane$1.fetch"));
}

#[test]
fn what_does_not_fit_is_named() {
    let check = |text: &str, expected: &str| assert_eq!(places(text, None).unwrap_err(), expected);
    let left = "device.accelerator.array.grid.pair$0.block_left";
    check(
        "multipliers = { rows = [], first = 0 }",
        "multipliers.rows is empty; give rows of tiles",
    );
    check(
        "multipliers = { rows = [22], first = 0 }",
        &format!(
            "{left}: there is no MULT18X18D 0 in row 22; an LFE5U-85F has 0 to 51 in rows [10, 34, 58]"
        ),
    );
    check(
        "multipliers = { rows = [10], first = 48 }",
        "device.accelerator.array.grid.pair$0.block_right: there is no MULT18X18D 52 in row 10; an LFE5U-85F \
         has 0 to 51 in rows [10, 34, 58]",
    );
    let blocks = "multipliers = { rows = [10], first = 0 }\nblock_ram = ";
    let check = |ram: &str, expected: &str| check(&format!("{blocks}{{ {ram} }}"), expected);
    check(
        "'lane$' = [[82, 41], [82, 42]]",
        "lane$1.mem.0.0 and lane$0.mem.0.1 both want X100/Y82/EBR2",
    );
    check("'line$' = [[82, 0]]", "block_ram gives line$0 a place; it has no DP16KD");
    check("'lane$' = [[82, 0]]", "block_ram gives lane$1 no place; give one to each");
    check("other = [[82, 0], [82, 1]]", "block_ram gives other 2 places; give one");
    check(
        "other = [[83, 0]]",
        "other.mem.0.0: there is no DP16KD 0 in row 83; an LFE5U-85F has 0 to 51 in rows [22, 46, 70, 82]",
    );
}

#[test]
fn a_device_without_the_blocks_or_a_part_that_is_not_known_is_named() {
    let plan = floorplan("multipliers = { rows = [13], first = 0 }");
    let mut netlist = netlist();
    let error = plan.apply(&mut netlist, "top", "LFE5U-45F-6", &device(None)).unwrap_err();
    let known = "places of an LFE5U-45F-6 are not known, but those of LFE5U-25F, LFE5U-85F";
    assert_eq!(error, known);
    let wide = Device { geometry: Geometry::new(4, 4), ..device(None) };
    let error = plan.apply(&mut netlist, "top", "LFE5U-25F-6", &wide).unwrap_err();
    assert_eq!(error, "there is no MULT18X18D device.accelerator.array.grid.pair$4.block_left");
    let error = plan.apply(&mut netlist, "board", "LFE5U-25F-6", &device(None)).unwrap_err();
    assert_eq!(error, "there is no module board with cells");
}

#[test]
fn every_board_has_a_part_with_known_places_if_it_has_a_floorplan() {
    for name in Board::names() {
        let definition = Board::find(name).unwrap().definition;
        if definition.floorplan.is_some() {
            assert!(PARTS.iter().any(|part| definition.part.starts_with(part.name)), "{name}");
        }
    }
}
