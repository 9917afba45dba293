//! The schema follows the types, and a checksum sees every change.

use std::path::Path;

use super::*;
use crate::figure::{Boundary, Figure, Unit};

/// A small result that is right.
pub(crate) fn sample() -> ResultFile {
    let measured = |samples: &[f64], unit| {
        Figure::measured(samples.to_vec(), unit, Boundary::Board, "at work", "a clock").unwrap()
    };
    let mut figures = Figures::new();
    figures.insert(names::THROUGHPUT.into(), measured(&[2e9, 2.5e9, 1.9e9], Unit::MacPerSecond));
    figures.insert(names::POWER.into(), measured(&[1.0, 1.5, 1.25], Unit::Watt));
    let energy = crate::derive::ratio(
        &figures,
        Unit::PicojoulePerMac,
        &[names::POWER],
        &[names::THROUGHPUT],
        "at work",
    );
    figures.insert(names::ENERGY_PER_MAC.into(), energy.unwrap());
    let file = ResultFile {
        schema: SCHEMA.into(),
        run: "sample-1".into(),
        device: Device {
            name: "sample".into(),
            title: "A sample".into(),
            class: Class::Cpu,
            part: None,
            geometry: None,
        },
        protocols: vec![Protocol::Pearl],
        figures,
        limit: "its array".into(),
        conditions: Conditions {
            operands: "uniform int7, seed 0".into(),
            warm_up: "1 s".into(),
            repeats: 3,
            idle: Idle::Included,
            host_cpu: Some("a processor".into()),
            os: Some("Linux".into()),
            commands: vec!["gemmine bench --device cpu".into()],
            notes: vec![],
        },
        build: None,
        image: None,
        meter: None,
        tools: BTreeMap::from([("gemmine".into(), "0.1.0".into())]),
        started: Some("2026-01-02T03:04:05Z".into()),
        ended: Some("2026-01-02T03:05:05Z".into()),
        checksum: String::new(),
    };
    file.sealed()
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/result.schema.json");
    expect_test::expect_file![path].assert_eq(&json_schema());
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.json");
    std::fs::write(&path, sample().to_text()).unwrap();
    assert_eq!(ResultFile::read(&path).unwrap(), sample());
    assert_eq!(checksum(&sample().to_value()), sample().checksum);
    std::fs::write(&path, "{").unwrap();
    let error = ResultFile::read(&path).unwrap_err().to_string();
    assert!(error.contains("sample.json") && error.contains("line 1"), "{error}");
    let error = ResultFile::read(&folder.path().join("none.json")).unwrap_err().to_string();
    assert!(error.contains("none.json"), "{error}");
}

#[test]
fn every_change_changes_the_checksum() {
    let whole = sample().to_value();
    let mut pointers = vec![String::new()];
    let mut seen = 0;
    while let Some(pointer) = pointers.pop() {
        match whole.pointer(&pointer).unwrap() {
            Value::Object(fields) => {
                pointers.extend(fields.keys().map(|k| format!("{pointer}/{k}")))
            }
            Value::Array(values) => {
                pointers.extend((0..values.len()).map(|n| format!("{pointer}/{n}")))
            }
            _ if pointer == "/checksum" => {}
            _ => {
                let mut other = whole.clone();
                *other.pointer_mut(&pointer).unwrap() = "changed".into();
                assert_ne!(checksum(&other), sample().checksum, "{pointer}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn canonical_json_does_not_depend_on_order_or_spaces() {
    let text = |json: &str| {
        let mut text = String::new();
        canonical(&serde_json::from_str(json).unwrap(), &mut text);
        text
    };
    let expected = "{\"a\":[1,2.5,\"\\\"\"],\"b\":{\"c\":null,\"d\":true}}";
    assert_eq!(text(r#"{ "b": {"d": true, "c": null}, "a": [1, 2.50, "\""] }"#), expected);
    assert_eq!(text(expected), expected);
}
