//! Files that are sealed and say what is not so.

use super::*;

/// What is found in a file that somebody has changed and sealed anew: rule and pointer of each.
fn found(change: impl FnOnce(&mut Value)) -> Vec<(&'static str, String)> {
    let (_folder, checkout) = checkout();
    let mut file = whole();
    change(&mut file);
    match verify_value(Path::new("sample.json"), &seal(file), &checkout) {
        Ok(_) => Vec::new(),
        Err(found) => found.into_iter().map(|one| (one.rule, one.pointer)).collect(),
    }
}

fn has(found: &[(&'static str, String)], rule: &str, pointer: &str) {
    assert!(
        found.iter().any(|one| one.0 == rule && one.1 == pointer),
        "{rule} {pointer}: {found:?}"
    );
}

/// Watts that no run showed.
fn power(kind: &str) -> Value {
    json!({
        "value": 2.0, "unit": "W", "kind": kind, "boundary": "board", "conditions": "at work",
        "uncertainty": { "low": 1.5, "high": 2.5 },
        "source": { "from": "line", "file": "table.toml", "line": 2, "title": "a table" },
    })
}

/// The sample without what is calculated of its power.
fn without_energy(file: &mut Value) {
    file["figures"].as_object_mut().unwrap().remove("energy-per-mac");
}

#[test]
fn a_run_is_held_against_power_of_its_own_or_an_estimate() {
    for kind in ["vendor", "self-report", "modelled", "place-and-route"] {
        let refused = found(|file| {
            file["figures"]["power"] = power(kind);
            without_energy(file);
        });
        has(&refused, "same-run", "/figures/power");
    }
    // The energy of both is refused as well.
    let refused = found(|file| {
        file["figures"]["power"] = power("vendor");
        let energy = json!({ "value": 1000.0, "uncertainty": { "low": 600.0, "high": 1_315.789_473_684_210_5 } });
        for (name, value) in energy.as_object().unwrap() {
            file["figures"]["energy-per-mac"][name] = value.clone();
        }
    });
    has(&refused, "same-run", "/figures/energy-per-mac");
    // And power of a run beside work of none.
    let refused = found(|file| {
        file["figures"]["throughput"]["kind"] = "modelled".into();
        file["figures"]["throughput"]["unit"] = "cycles".into();
        file["figures"]["throughput"]["value"] = 1234.0.into();
        file["figures"]["throughput"].as_object_mut().unwrap().remove("uncertainty");
        file["figures"]["throughput"]["source"] = file["figures"]["cycles"]["source"].clone();
        without_energy(file);
    });
    has(&refused, "same-run", "/figures/power");
    let taken = found(|file| {
        file["figures"]["power"] = power("estimate");
        without_energy(file);
    });
    assert_eq!(taken, []);
}

#[test]
fn nothing_of_a_simulation_is_measured() {
    let refused = found(|file| file["device"]["class"] = "simulation".into());
    has(&refused, "simulation", "/figures/power/kind");
    has(&refused, "simulation", "/figures/throughput/kind");
    let modelled = |file: &mut Value| {
        file["device"]["class"] = "simulation".into();
        for name in ["power", "throughput"] {
            file["figures"][name]["kind"] = "modelled".into();
        }
    };
    assert_eq!(found(modelled), []);
    // Its run has a time all the same, and no other class may call its run modelled.
    let refused = found(|file| {
        modelled(file);
        file.as_object_mut().unwrap().remove("started");
    });
    has(&refused, "time", "/started");
    let refused = found(|file| file["figures"]["power"]["kind"] = "modelled".into());
    has(&refused, "kind", "/figures/power/kind");
}

#[test]
fn a_range_in_a_source_has_its_middle_for_a_value() {
    let refused = found(|file| file["figures"]["idle"]["value"] = 2.4.into());
    assert_eq!(refused, [("source", "/figures/idle/source".to_owned())]);
}

#[test]
fn a_number_is_that_of_its_key_or_unit() {
    let (folder, checkout) = checkout();
    std::fs::write(
        folder.path().join("table.toml"),
        "\npeak = { tops = [1.5, 2.5], watts = 700 }\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("run.json"), "{\"a\": [0, {\"clock_hz\": 1234}]}").unwrap();
    let mut file = whole();
    file["figures"]["cycles"]["source"]["pointer"] = "/a/1/clock_hz".into();
    let found = verify_value(Path::new("x.json"), &seal(file), &checkout).unwrap_err();
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    let all = texts.join("\n");
    assert!(all.contains("has no 1.5 to 2.5 in W (its keys: peak.tops, peak.watts)"), "{all}");
    assert!(all.contains("/a/1/clock_hz of run.json is in Hz, and the figure in cycles"), "{all}");
}

#[test]
fn a_board_is_of_an_image_that_the_manifest_has() {
    let board = |file: &mut Value| {
        file["device"]["class"] = "fpga".into();
        file.as_object_mut().unwrap().remove("image");
    };
    has(&found(board), "image", "/image");
    let refused = found(|file| {
        board(file);
        file["build"] = "00000001".into();
    });
    has(&refused, "image", "/build");
    let refused = found(|file| {
        file["device"]["class"] = "fpga".into();
        file.as_object_mut().unwrap().remove("build");
    });
    has(&refused, "image", "/build");
    assert_eq!(found(|file| file["device"]["class"] = "fpga".into()), []);
}

#[test]
fn known_figures_are_what_their_names_say() {
    let change = |name: &'static str, field: &'static str, value: Value| {
        found(move |file| file["figures"][name][field] = value)
    };
    has(&change("throughput", "unit", "tickets/s".into()), "known", "/figures/throughput/unit");
    has(&change("power", "kind", "definition".into()), "known", "/figures/power/kind");
    // Energy of a peak, as if it were of work.
    let refused = found(|file| {
        file["figures"]["peak-rate"] = file["figures"]["throughput"].clone();
        file["figures"]["energy-per-mac"]["source"]["divide"] = json!(["peak-rate"]);
    });
    has(&refused, "known", "/figures/energy-per-mac/source");
    has(&refused, "known", "/figures/peak-rate/kind");
    // A peak under the name of work.
    let refused = found(|file| {
        file["figures"]["throughput"]["kind"] = "derived".into();
        file["figures"]["throughput"]["source"] =
            json!({ "from": "ratio", "multiply": ["peak", "clock"], "divide": [] });
    });
    has(&refused, "known", "/figures/throughput/source");
}

#[test]
fn a_power_has_its_idle_and_a_run_its_tools() {
    let refused = found(|file| file["conditions"]["idle"] = "no-power".into());
    assert_eq!(refused, [("idle", "/conditions/idle".to_owned())]);
    for tools in [json!({}), json!({ "gemmine": " " })] {
        assert_eq!(found(|file| file["tools"] = tools), [("tools", "/tools".to_owned())]);
    }
}

#[test]
fn a_meters_table_is_held_against_its_checksum_where_it_is_kept() {
    let (folder, checkout) = checkout();
    let table = folder.path().join("power.csv");
    let mut file = whole();
    file["meter"] = json!({
        "file": "power.csv", "blake3": blake3::hash(b"time,power\n").to_hex().to_string(),
    });
    let file = seal(file);
    let verified = || verify_value(&folder.path().join("x.json"), &file, &checkout);
    // Kept elsewhere.
    verified().unwrap();
    std::fs::write(&table, "time,power\n").unwrap();
    verified().unwrap();
    std::fs::write(&table, "time,power\n1,1\n").unwrap();
    let found = verified().unwrap_err();
    assert_eq!((found.len(), found[0].rule, &*found[0].pointer), (1, "meter", "/meter/blake3"));
    let refused = made::found(|file| {
        file["meter"] = json!({ "file": "../power.csv", "blake3": "0".repeat(64) });
    });
    has(&refused, "meter", "/meter/file");
}
