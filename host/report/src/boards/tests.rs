//! Boards from files that are made for the test.

use serde_json::{Value, json};

use super::*;
use crate::derive::same;
use crate::figure::Kind;
use crate::result::names;
use crate::verify::verify_value;

/// A checkout with one board: 8 PEs at 42 MHz.
fn checkout(change: impl Fn(&mut Value, &mut Value, &mut Value)) -> (tempfile::TempDir, Checkout) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut report = json!({
        "board": "icebreaker", "part": "iCE40UP5K SG48", "geometry": "4x2", "pes": 8, "panel_word_bits": 5,
        "build": "0a0b0c0d", "protocols": ["pearl-v3"], "amadeus": null, "clock_hz": 42_000_000,
        "fmax_mhz": 45.955, "lut": { "used": 5000, "available": 5280 }, "caveats": ["something"],
        "tools": { "yosys": "0.70" }, "command": "gemmine build --board icebreaker",
        "image": "icebreaker.bin",
        "bitstream_sha256": hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"image")),
    });
    let run = |stream| {
        json!({
            "image_build": "0a0b0c0d", "version": "0.1.0", "geometry": "4x2", "clock_hz": 42_000_000,
            "baud": 6_000_000, "tiles": 10, "distinct_pairs": if stream { 10 } else { 1 }, "panel_word_bits": 5, "bytes_out": 8192, "steps": 128, "chunk": 128, "stream": stream, "cycles": 100_000, "busy_cycles": 41_000,
            "mac_cycles": 40_960, "bytes_in": 4096,
            "stall_cycles": { "link": 59_000, "panel": 0, "drain": 10, "hash": 30 },
        })
    };
    let (mut resident, mut streamed) = (run(false), run(true));
    streamed["bytes_in"] = json!(65_536);
    change(&mut report, &mut resident, &mut streamed);
    std::fs::create_dir_all(root.join("bitstreams/icebreaker")).unwrap();
    std::fs::create_dir_all(root.join("benches/runs")).unwrap();
    std::fs::write(root.join("bitstreams/icebreaker/icebreaker.bin"), b"image").unwrap();
    let manifest = format!(
        "[[image]]\nfile = \"icebreaker/icebreaker.bin\"\nsha256 = {}\nbuild = \"0a0b0c0d\"\n",
        report["bitstream_sha256"]
    );
    std::fs::write(root.join("bitstreams/MANIFEST.toml"), manifest).unwrap();
    std::fs::write(root.join("bitstreams/icebreaker/report.json"), report.to_string()).unwrap();
    std::fs::write(root.join(run_file("icebreaker", false)), resident.to_string()).unwrap();
    std::fs::write(root.join(run_file("icebreaker", true)), streamed.to_string()).unwrap();
    std::fs::write(root.join(crate::baselines::FILE), crate::baselines::EMBEDDED).unwrap();
    let checkout = Checkout::at(root);
    (folder, checkout)
}

fn table() -> Baselines {
    Baselines::embedded().unwrap()
}

#[test]
fn a_board_is_cycles_times_clock_and_keeps_every_rule() {
    let (_folder, checkout) = checkout(|_, _, _| ());
    assert_eq!(names(&checkout).unwrap(), ["icebreaker"]);
    let result = result("icebreaker", &checkout, &table()).unwrap();
    let value = |name: &str| result.figures[name].value;
    assert!(same(value(names::PEAK_RATE), 336e6));
    assert!(same(value(names::THROUGHPUT), 336e6 * 0.4096));
    assert!(same(value(names::THROUGHPUT_FED), 336e6 * 40_960.0 / 41_000.0));
    assert!(same(value("use-link"), 0.59));
    assert!(same(value(names::LINK), 600_000.0));
    // Of the larger direction: answers out of the device, then operands into it.
    assert!(same(value(names::INTENSITY), 40.0));
    assert!(same(value(names::INTENSITY_STREAMED), 5.0));
    // rest + clock (54 pJ + 5000 cells x 0.20 to 1.31 pJ)
    let power = &result.figures[names::POWER];
    assert_eq!(power.kind, Kind::Derived);
    assert!(same(power.low(), 0.15 + 42e6 * (54e-12 + 5000.0 * 0.20e-12)), "{}", power.low());
    assert!(same(power.high(), 0.86 + 42e6 * (54e-12 + 5000.0 * 1.31e-12)));
    let energy = &result.figures[names::ENERGY_PER_MAC];
    assert!(same(energy.low(), power.low() / value(names::THROUGHPUT) * 1e12));
    // 128 steps are no tile of Pearl's.
    assert_eq!(result.protocols, [crate::result::Protocol::Matmul]);
    assert!(!result.figures.contains_key(names::ENERGY_PER_TICKET));
    assert!(result.conditions.notes.iter().any(|note| note.contains("128 steps")));
    assert!(result.limit.contains("it waits for the line 59.0 % of the time"), "{}", result.limit);
    verify_value(std::path::Path::new("icebreaker.json"), &result.to_value(), &checkout).unwrap();
}

#[test]
fn grown_operands_and_native_tiles_are_counted() {
    let (_folder, checkout) = checkout(|report, resident, streamed| {
        report["amadeus"] = json!({ "attempts_per_s": 165.87 });
        report["pearl"] = json!({ "tickets_per_s": 13_000.0 });
        report["protocols"] = json!(["pearl-v3", "amadeus-upow2"]);
        for run in [resident, streamed] {
            run["steps"] = json!(2048);
            if run["stream"] == true {
                run["cycles"] = json!(1_000_000);
            }
        }
    });
    let result = result("icebreaker", &checkout, &table()).unwrap();
    let figures = &result.figures;
    let energy = &figures[names::ENERGY_PER_MAC];
    // Of new operands for every ticket, and not of one tile again and again, which here is faster.
    let streamed = &figures[names::ENERGY_PER_MAC_STREAMED];
    assert!(streamed.value > energy.value);
    assert!(same(figures[names::ENERGY_PER_TICKET].value, streamed.value * 1e-12 * 524_288.0));
    assert!(energy.conditions.contains("the same tiles again and again"), "{}", energy.conditions);
    assert!(result.conditions.notes.iter().any(|note| note.contains("holds one pair of panels")));
    let power = &figures[names::POWER];
    assert!(same(figures[names::ATTEMPTS_PER_JOULE].value, 165.87 / power.value));
    assert!(same(figures["energy-per-ticket-zero-signal"].high(), power.high() / 13_000.0));
    verify_value(std::path::Path::new("icebreaker.json"), &result.to_value(), &checkout).unwrap();
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let refused = |change: &dyn Fn(&mut Value, &mut Value, &mut Value)| {
        let (_folder, checkout) = checkout(change);
        result("icebreaker", &checkout, &table()).unwrap_err().to_string()
    };
    let error = refused(&|report, _, _| report["build"] = json!("00000000"));
    assert!(error.contains("run the simulation of this image again"), "{error}");
    // A run by --geometry is of no image.
    let error = refused(&|_, resident, _| resident["image_build"] = json!(null));
    assert!(error.contains("has null at /image_build"), "{error}");
    assert!(error.contains("`gemmine sim --board icebreaker --engine model"), "{error}");
    let error = refused(&|_, _, streamed| streamed["panel_word_bits"] = json!(12));
    assert!(error.contains("has 12 at /panel_word_bits"), "{error}");
    let error = refused(&|_, resident, _| {
        resident.as_object_mut().unwrap().remove("distinct_pairs");
    });
    assert!(error.contains("has no number at /distinct_pairs; run the simulation"), "{error}");
    let error = refused(&|_, resident, _| resident["clock_hz"] = json!(1));
    assert!(error.contains("has 1 at /clock_hz"), "{error}");
    let error = refused(&|_, _, streamed| streamed["stream"] = json!(false));
    assert!(error.contains("icebreaker-streamed.json has stream = false"), "{error}");
    let error = refused(&|_, resident, _| resident["stall_cycles"] = json!({}));
    assert!(error.contains("has no number at /stall_cycles/link"), "{error}");
    let error = refused(&|_, resident, _| resident["cycles"] = json!(0));
    assert!(error.contains("must be finite"), "{error}");
    let (folder, checkout) = checkout(|_, _, _| ());
    std::fs::remove_file(folder.path().join(run_file("icebreaker", true))).unwrap();
    let error = result("icebreaker", &checkout, &table()).unwrap_err().to_string();
    assert!(
        error.contains("gemmine sim --board icebreaker --engine model --stream --json"),
        "{error}"
    );
    let error = result("nonesuch", &checkout, &table()).unwrap_err().to_string();
    assert!(error.contains("has no [[board]] with board = \"nonesuch\""), "{error}");
    let error = names(&Checkout::none()).unwrap_err().to_string();
    assert!(error.contains("--root"), "{error}");
}

#[test]
fn published_watts_are_scaled_to_the_clock() {
    let (_folder, checkout) = checkout(|_, _, _| ());
    let text = crate::baselines::EMBEDDED.replace(
        "name = \"1BitSquared iCEBreaker\"\ncells = \"ice40\"",
        "name = \"1BitSquared iCEBreaker\"\nwatts = { range = [0.5, 2.5], clock_mhz = 100, source = \"a test\" }",
    );
    let table = Baselines::parse("own.toml", &text).unwrap();
    let result = result("icebreaker", &checkout, &table).unwrap();
    let power = &result.figures[names::POWER];
    assert!(same(power.low(), 0.5) && same(power.high(), 0.5 + 2.0 * 0.42), "{power:?}");
    assert!(power.conditions.contains("no bound"), "{}", power.conditions);
}

#[test]
fn boards_with_one_die_are_estimated_one_way() {
    let table = table();
    let power = |name: &str| table.board_power(table.board(name).unwrap()).unwrap();
    let [a, b] = ["orangecrab-25f", "ulx3s-25f"].map(power);
    assert_eq!([a.low(), a.high()], [b.low(), b.high()]);
}
