//! `gemmine sim`: a whole device, its counters, its waveforms, and what it refuses.

use super::*;

#[test]
fn every_cycle_of_a_device_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "sim --engine model --geometry 8x8 --tiles 20 --steps 256 --products --json";
    let text = expect(folder.path(), arguments, 0);
    let object = last_json(&text);
    let stalls = object["stall_cycles"].as_object().unwrap();
    let stalls: u64 = stalls.values().map(|cycles| cycles.as_u64().unwrap()).sum();
    let steps = object["mac_cycles"].as_u64().unwrap();
    assert_eq!(steps, 20 * 256 * 4);
    // Each counter is swept at a time of its own, up to a period before the reading.
    let apart = (steps + stalls).abs_diff(object["cycles"].as_u64().unwrap());
    assert!(apart < gemmine_hdl::counters::PERIOD as u64, "{apart} cycles are not accounted for");
    assert_eq!(object["tiles"], 20);
    // Enough panels fit for no pair to come twice.
    assert_eq!(object["distinct_pairs"], 20);
}

#[test]
fn model_and_verilated_rtl_spend_the_same_cycles() {
    let folder = tempfile::tempdir().unwrap();
    let run = |engine: &str| {
        let arguments = format!("sim --engine {engine} --tiles 3 --steps 128 --stream --json");
        let text = expect(folder.path(), &arguments, 0);
        let object = last_json(&text);
        ["cycles", "busy_cycles", "mac_cycles", "full_mac_cycles", "bytes_in", "bytes_out"]
            .map(|key| object[key].as_u64().unwrap())
    };
    assert_eq!(run("model"), run("verilator"));
}

#[test]
fn waveforms_are_written_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["device.vcd", "device.fst"] {
        let arguments = format!("sim --tiles 1 --steps 64 --chunk 64 --trace {name}");
        expect(folder.path(), &arguments, 0);
    }
    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(names.len(), 2, "something was left behind: {names:?}");
    let vcd = fs::read_to_string(folder.path().join("device.vcd")).unwrap();
    assert!(
        vcd.contains("line_in")
            && vcd.trim_end().lines().last().unwrap().starts_with(['0', '1', 'b'])
    );
    let fst = fs::metadata(folder.path().join("device.fst")).unwrap().len();
    assert!((1000..vcd.len() as u64 / 2).contains(&fst), "{fst} bytes from {}", vcd.len());
}

#[test]
fn what_a_device_cannot_do_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, why) in [
        ("sim --engine model --steps 63", "give a multiple of 4"),
        ("sim --engine model --steps 100000", "up to "),
        ("sim --engine model --chunk 32", "from 64 to 1024"),
        ("sim --engine model --baud 13000000", "baud rate 13000000"),
        ("sim --engine model --geometry 3x3", "3x3"),
        ("sim --engine model --trace x.vcd", "only --engine verilator"),
        ("sim --trace x.txt", "name it .vcd or .fst"),
        ("sim --trace no/such/folder/x.vcd", "no/such/folder"),
    ] {
        expect_trouble(folder.path(), arguments, why);
    }
}

#[test]
fn a_board_is_simulated_as_its_image_is() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        "sim --board icebreaker --engine model --baud 6000000 --tiles 4 --steps 128 --json";
    let object = last_json(&expect(folder.path(), arguments, 0));
    let manifest = gemmine_flow::Manifest::embedded().unwrap();
    let image = manifest.image("icebreaker").unwrap();
    assert_eq!(object["image_build"], *image.build);
    assert_eq!(object["clock_hz"], image.clock_hz);
    assert_eq!(object["geometry"], *image.geometry);
    assert_eq!(object["mac_cycles"], 4 * 128 * (256 / 8));
    // The image holds one panel a side.
    assert_eq!(object["panel_word_bits"], 5);
    assert_eq!(object["distinct_pairs"], 1);
    for (arguments, why) in [
        ("sim --board nonesuch", "nonesuch"),
        ("sim --board icebreaker --geometry 2x2", "--geometry"),
        ("sim --board icebreaker --engine model --steps 256", "up to 128"),
    ] {
        expect_trouble(folder.path(), arguments, why);
    }
}
