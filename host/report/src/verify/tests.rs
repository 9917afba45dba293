//! Each rule, broken.

use serde_json::json;

use super::sources::numbers;
use super::table::{another_unit, entries, is_in};
use super::*;
use crate::figure::Unit;
use crate::result::tests::sample;

mod made;

/// A checkout with an image, a table and a JSON file.
fn checkout() -> (tempfile::TempDir, Checkout) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("bitstreams/toy")).unwrap();
    std::fs::write(root.join("bitstreams/toy/toy.bin"), b"image").unwrap();
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"image"));
    let manifest = format!(
        "[[image]]\nboard = \"toy\"\nfile = \"toy/toy.bin\"\nsha256 = \"{sha256}\"\nbuild = \"0a0b0c0d\"\n"
    );
    std::fs::write(root.join("bitstreams/MANIFEST.toml"), manifest).unwrap();
    std::fs::write(root.join("table.toml"), "# watts\nwatts = [1.5, 2.50] # at 100 MHz\n").unwrap();
    std::fs::write(root.join("run.json"), "{\"a\": [0, {\"cycles\": 1234}]}").unwrap();
    let checkout = Checkout::at(root);
    (folder, checkout)
}

/// The sample with figures of every kind of source, and an image.
fn whole() -> Value {
    let mut file = sample().to_value();
    file["figures"]["idle"] = json!({
        "value": 2.0, "unit": "W", "kind": "estimate", "boundary": "board", "conditions": "at rest",
        "uncertainty": { "low": 1.5, "high": 2.5 },
        "source": { "from": "line", "file": "table.toml", "line": 2, "title": "a table" },
    });
    file["figures"]["cycles"] = json!({
        "value": 1234.0, "unit": "cycles", "kind": "modelled", "boundary": "board", "conditions": "a run",
        "source": { "from": "pointer", "file": "run.json", "pointer": "/a/1/cycles" },
    });
    file["figures"]["use-step"] = json!({
        "value": 1.0, "unit": "1", "kind": "derived", "boundary": "board", "conditions": "a run",
        "source": { "from": "ratio", "multiply": ["cycles"], "divide": ["cycles"] },
    });
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"image"));
    file["image"] = json!({ "file": "bitstreams/toy/toy.bin", "sha256": sha256 });
    file["build"] = json!("0a0b0c0d");
    seal(file)
}

fn seal(mut file: Value) -> Value {
    file["checksum"] = checksum(&file).into();
    file
}

/// What is found where something stands in place of what is right, sealed anew.
fn broken(pointer: &str, wrong: Value) -> Vec<Refusal> {
    let (_folder, checkout) = checkout();
    let mut file = whole();
    *file.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = wrong;
    verify_value(Path::new("sample.json"), &seal(file), &checkout).unwrap_err()
}

#[test]
fn what_breaks_no_rule_is_taken() {
    let (_folder, checkout) = checkout();
    verify_value(Path::new("sample.json"), &whole(), &checkout).unwrap();
    verify_value(Path::new("sample.json"), &sample().to_value(), &Checkout::none()).unwrap();
}

#[test]
fn every_rule_refuses_with_file_and_pointer() {
    let text = |text: &str| Value::from(text);
    for (rule, pointer, wrong, at, says) in [
        ("schema", "/schema", text("gemmine-result-0"), "/schema", "gemmine-result-1"),
        ("schema", "/figures/power/kind", text("guessed"), "/figures/power/kind", "guessed"),
        ("schema", "/figures/power/value", json!(null), "/figures/power/value", "null"),
        ("schema", "/device/class", text("fpga2"), "/device/class", "fpga2"),
        ("schema", "/conditions/repeats", json!(-1), "/conditions/repeats", "-1"),
        ("schema", "/figures/power/conditions", text(""), "/figures/power/conditions", "shorter"),
        (
            "conditions",
            "/figures/power/conditions",
            text(" "),
            "/figures/power/conditions",
            "blank",
        ),
        ("conditions", "/limit", text(" "), "/limit", "blank"),
        ("time", "/started", text("yesterday"), "/started", "2026-01-31T23:59:59Z"),
        ("time", "/started", text("2026-13-02T03:04:05Z"), "/started", "2026-13-02"),
        ("time", "/ended", text("2026-01-02T03:04:04Z"), "/ended", "began at"),
        ("kind", "/figures/power/kind", text("estimate"), "/figures/power/kind", "write measured"),
        (
            "kind",
            "/figures/energy-per-mac/kind",
            text("measured"),
            "/figures/energy-per-mac/kind",
            "write derived",
        ),
        (
            "kind",
            "/figures/idle/kind",
            text("derived"),
            "/figures/idle/kind",
            "derived from nothing",
        ),
        ("same-run", "/figures/idle/kind", text("measured"), "/figures/idle/kind", "same run"),
        (
            "samples",
            "/figures/power/source/samples",
            json!([1.0, 1.5]),
            "/figures/power/source/samples",
            "2 of 3",
        ),
        (
            "samples",
            "/figures/power/source/samples",
            json!([1.0, 1.5, 1.3]),
            "/figures/power/source/samples",
            "median 1.3",
        ),
        (
            "samples",
            "/figures/power/uncertainty/high",
            json!(1.6),
            "/figures/power/source/samples",
            "1.6",
        ),
        ("range", "/figures/idle/value", json!(3.0), "/figures/idle/uncertainty", "not between"),
        (
            "derived",
            "/figures/energy-per-mac/value",
            json!(600.0),
            "/figures/energy-per-mac/value",
            "come to 625",
        ),
        (
            "derived",
            "/figures/energy-per-mac/uncertainty/low",
            json!(399.0),
            "/figures/energy-per-mac/value",
            "399",
        ),
        (
            "derived",
            "/figures/energy-per-mac/unit",
            text("W"),
            "/figures/energy-per-mac/source",
            "come to",
        ),
        (
            "derived",
            "/figures/energy-per-mac/source/divide",
            json!(["rate"]),
            "/figures/energy-per-mac/source",
            "`rate`",
        ),
        (
            "derived",
            "/figures/use-step/source/multiply",
            json!(["use-step", "cycles"]),
            "/figures/use-step/source",
            "itself",
        ),
        (
            "boundary",
            "/figures/energy-per-mac/boundary",
            text("core"),
            "/figures/energy-per-mac/boundary",
            "is board",
        ),
        ("source", "/figures/idle/source/line", json!(1), "/figures/idle/source", "has no 1.5"),
        ("source", "/figures/idle/source/line", json!(9), "/figures/idle/source", "no line 9"),
        (
            "source",
            "/figures/idle/source/file",
            text("../table.toml"),
            "/figures/idle/source",
            "below the checkout",
        ),
        (
            "source",
            "/figures/idle/source/file",
            text("none.toml"),
            "/figures/idle/source",
            "none.toml",
        ),
        (
            "source",
            "/figures/cycles/source/pointer",
            text("/a/0"),
            "/figures/cycles/source",
            "has 0 at /a/0",
        ),
        (
            "source",
            "/figures/cycles/source/pointer",
            text("/b"),
            "/figures/cycles/source",
            "nothing at /b",
        ),
        ("image", "/image/file", text("bitstreams/toy/other.bin"), "/image/file", "lists no image"),
        ("image", "/image/sha256", text(&"0".repeat(64)), "/image/sha256", "another image"),
        ("image", "/build", text("00000000"), "/build", "BUILD 0a0b0c0d"),
    ] {
        let found = broken(pointer, wrong);
        let fits = found.iter().find(|refusal| refusal.rule == rule && refusal.pointer == at);
        let fits = fits.unwrap_or_else(|| panic!("{rule} at {at}: {found:#?}"));
        assert!(fits.text.contains(says), "{says}: {fits}");
        assert!(fits.to_string().starts_with(&format!("sample.json: {at}: {rule}: ")), "{fits}");
    }
}

#[test]
fn a_share_is_between_0_and_1() {
    let (_folder, checkout) = checkout();
    let mut file = whole();
    file["figures"]["half"] = file["figures"]["cycles"].clone();
    file["figures"]["use-step"]["source"]["multiply"] = json!(["cycles", "cycles"]);
    file["figures"]["use-step"]["source"]["divide"] = json!(["cycles"]);
    file["figures"]["use-step"]["value"] = json!(1234.0);
    let found = verify_value(Path::new("x.json"), &seal(file), &checkout).unwrap_err();
    assert!(found.iter().any(|refusal| refusal.rule == "range"), "{found:?}");
}

#[test]
fn a_change_without_a_seal_is_seen() {
    let (_folder, checkout) = checkout();
    let mut file = whole();
    file["device"]["title"] = "Another".into();
    let found = verify_value(Path::new("x.json"), &file, &checkout).unwrap_err();
    assert_eq!((found.len(), found[0].rule), (1, "checksum"));
}

#[test]
fn what_is_measured_has_a_time() {
    let (_folder, checkout) = checkout();
    let mut file = whole();
    file.as_object_mut().unwrap().remove("started");
    let found = verify_value(Path::new("x.json"), &seal(file), &checkout).unwrap_err();
    assert_eq!((found[0].rule, &*found[0].pointer), ("time", "/started"));
}

#[test]
fn a_damaged_image_is_seen() {
    let (folder, checkout) = checkout();
    std::fs::write(folder.path().join("bitstreams/toy/toy.bin"), b"imagE").unwrap();
    let found = verify_value(Path::new("x.json"), &whole(), &checkout).unwrap_err();
    assert_eq!((found.len(), found[0].rule, &*found[0].pointer), (1, "image", "/image/sha256"));
}

#[test]
fn files_are_read_and_runs_are_told_apart() {
    let (folder, checkout) = checkout();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("a.json"), whole().to_string()).unwrap();
    std::fs::write(path("b.json"), whole().to_string()).unwrap();
    std::fs::write(path("c.json"), "{\"a\": 1").unwrap();
    assert_eq!(verify(&[path("a.json")], &checkout).unwrap().len(), 1);
    let found =
        verify(&[path("a.json"), path("b.json"), path("c.json"), path("d.json")], &checkout);
    let rules: Vec<_> = found.unwrap_err().iter().map(|refusal| refusal.rule).collect();
    assert_eq!(rules, ["run-unique", "read", "read"]);
}

#[test]
fn sources_need_a_checkout() {
    let found = verify_value(Path::new("x.json"), &whole(), &Checkout::none()).unwrap_err();
    assert!(
        found.iter().any(|refusal| refusal.rule == "source" && refusal.text.contains("--root"))
    );
    // The image is held against the manifest that is compiled in.
    assert!(found.iter().any(|refusal| refusal.rule == "image"), "{found:?}");
}

#[test]
fn numbers_are_found_however_they_are_written() {
    let found = numbers("a = [0.20, 2.30] # 5_000 and 12,861,440; 1e-3, \"13.5 J/TH\", -8");
    assert_eq!(found, [0.2, 2.3, 5000.0, 12_861_440.0, 1e-3, 13.5, 8.0]);
}

#[test]
fn numbers_of_a_table_are_told_apart_by_their_keys() {
    let text = "[[gpu]]\npeak = { tops = 1979, watts = 700 }\nmining = { tmac_s = [200, 2_10.5] }\n[b]\nwatts = \
                { range = [0.1, 7e2] }\nname = \"700\"\nper_cycle_pj = 54\n";
    let found = entries(text).unwrap();
    let shown: Vec<String> = found
        .iter()
        .map(|entry| format!("{} {} {:?}", entry.line, entry.keys, entry.numbers))
        .collect();
    assert_eq!(
        shown,
        [
            "7 b.per_cycle_pj [54.0]",
            "5 b.watts.range [0.1, 700.0]",
            "3 gpu.mining.tmac_s [200.0, 210.5]",
            "2 gpu.peak.tops [1979.0]",
            "2 gpu.peak.watts [700.0]",
        ]
    );
    assert!(is_in("b.watts.range", Unit::Watt) && is_in("gpu.peak.tops", Unit::Tops));
    assert!(!is_in("gpu.peak.tops", Unit::Watt) && !is_in("b.per_cycle_pj", Unit::Watt));
    assert_eq!(another_unit("clock_hz", Unit::Hertz), None);
    assert_eq!(another_unit("fmax_mhz", Unit::Hertz), Some(Unit::Megahertz));
    assert_eq!(another_unit("used", Unit::Hertz), None);
    assert!(entries("a = [").is_err());
}
