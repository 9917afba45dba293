//! The table that is compiled in, tables that are wrong, and what watts and rates come to.

use super::figures::accelerator as name;
use super::*;
use crate::figure::{Source, Unit};

fn embedded() -> Baselines {
    Baselines::embedded().unwrap()
}

fn gpu(table: &Baselines, wanted: &str) -> crate::derive::Figures {
    let entry = table.table.gpu.iter().find(|entry| entry.name.ends_with(wanted)).unwrap();
    table.accelerator(entry).unwrap()
}

#[test]
fn nothing_is_wrong_with_the_table() {
    assert_eq!(embedded().check(), []);
    assert_eq!(embedded().table.gpu.len(), 14);
    assert_eq!(embedded().table.board.len(), 9);
}

#[test]
fn every_number_is_in_the_line_that_it_names() {
    let table = embedded();
    let lines: Vec<&str> = EMBEDDED.lines().collect();
    let figure = &gpu(&table, "RTX 4090")[name::MINING];
    let Source::Line { line, file, .. } = &figure.source else { panic!("{figure:?}") };
    assert!(lines[*line as usize - 1].contains("tmac_s = 308.5"), "{}", lines[*line as usize - 1]);
    assert_eq!(file, FILE);
    let board = table.board("ulx3s-85f").unwrap();
    let Source::Line { line, .. } = table.board_power(board).unwrap().source else { panic!() };
    assert!(lines[line as usize - 1].contains("[0.20, 2.30]"));
}

#[test]
fn picojoules_come_from_watts_and_rates() {
    let table = embedded();
    let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < 5e-4, "{value}");
    let ada = gpu(&table, "RTX 4090");
    near(ada[name::MINING_ENERGY].value, 1.0049);
    near(ada[name::PEAK_ENERGY].value, 1.3624);
    assert!(ada[name::PEAK_ENERGY].conditions.contains("TGP"));
    near(gpu(&table, "H100 PCIe")[name::PEAK_ENERGY].value, 0.4627);
    let ampere = gpu(&table, "A100 PCIe");
    near(ampere[name::MINING_ENERGY].low(), 1.4286);
    near(ampere[name::MINING_ENERGY].high(), 1.5);
    // No watts, no joules.
    assert!(!gpu(&table, "RTX 3090").contains_key(name::MINING_ENERGY));
    assert_eq!(ada[name::PEAK].unit, Unit::Tops);
}

/// Checks the embedded table with one text in place of another.
fn finding(from: &str, to: &str) -> String {
    assert!(EMBEDDED.contains(from), "{from}");
    match Baselines::parse("own.toml", &EMBEDDED.replacen(from, to, 1)) {
        Ok(table) => table.check().iter().map(|finding| format!("{finding}\n")).collect(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (from, to, wanted) in [
        ("tops = 1979", "tops = 0", "the peak of NVIDIA H100 SXM is 0; give a number above 0"),
        (
            "watts_are = \"TDP\", ",
            "",
            "has watts and no watts_are; give TDP, TBP, TGP, cap or load",
        ),
        ("tmac_s = 630", "tmac_s = 1630", "is 1630 TMAC/s, above the peak of 989.5"),
        ("[200, 210]", "[210, 200]", "the lower first"),
        ("NVIDIA H200 SXM", "NVIDIA H100 SXM", "NVIDIA H100 SXM is there twice"),
        ("kind = \"vendor\"", "kind = \"modelled\"", "of kind modelled; what others publish"),
        ("kind = \"vendor\"", "kind = \"guess\"", "unknown variant `guess`"),
        ("cells = \"ice40\"", "cells = \"ice41\"", "no [[cells]] of that family"),
        (
            "range = [0.15, 0.71]",
            "range = [0.71, 0.15]",
            "watts of orangecrab-25f is from 0.71 to 0.15",
        ),
        ("source = \"NVIDIA's price at launch\"", "source = \"\"", "say whose number it is"),
        ("usd = 85,", "usd = -85,", "the price of icebreaker is -85"),
        ("memory_gb = 80", "memory = 80", "unknown field `memory`"),
        ("tmac_s = 630", "tmac_s = \"630\"", "a number, or an array of two"),
        ("[work]", "[wrok]", "wrok"),
        ("line_baud = 12000000\n", "", "missing field `line_baud`"),
    ] {
        let found = finding(from, to);
        assert!(found.contains(wanted), "{from} -> {to}: {found}");
    }
    let found = finding("tops = 1513", "tops = -1");
    let line = EMBEDDED.lines().position(|line| line.contains("tops = 1513")).unwrap() + 1;
    assert!(found.starts_with(&format!("line {line}: ")), "{found}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Baselines::read(Path::new("no/such/table.toml")).unwrap_err().to_string();
    assert!(error.starts_with("read no/such/table.toml: "), "{error}");
}
