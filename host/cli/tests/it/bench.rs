//! `gemmine bench`: results that `gemmine report` takes, of the processor and of a software graphics processor.

use super::*;

/// Runs a short measurement, has its file verified, and returns it.
fn measured(folder: &Path, device: &str) -> serde_json::Value {
    let arguments = format!(
        "bench {device} --shape 64,64,2048 --seconds 0.2 --warm-up 0.1 --repeats 2 --json -o own.json"
    );
    let printed = last_json(&expect(folder, &arguments, 0));
    let text = fs::read_to_string(folder.join("own.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file, printed);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let root = root.display();
    let verified = expect(folder, &format!("report verify own.json --json --root {root}"), 0);
    assert_eq!(last_json(&verified)["valid"].as_array().unwrap().len(), 1);
    let throughput = &file["figures"]["throughput"];
    assert!(throughput["value"].as_f64().unwrap() > 0.0, "{throughput}");
    assert_eq!(throughput["kind"], "measured");
    file
}

fn notes(file: &serde_json::Value) -> String {
    file["conditions"]["notes"].to_string()
}

#[test]
fn the_processor_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let file = measured(folder.path(), "--device cpu --watts 5..15 --watts-from a-guess");
    assert_eq!(file["device"]["class"], "cpu");
    assert_eq!(file["figures"]["throughput"]["boundary"], "wall");
    assert_eq!(file["figures"]["power"]["kind"], "estimate");
    assert!(file["figures"]["energy-per-mac"]["value"].as_f64().unwrap() > 0.0);
    assert!(notes(&file).contains("answers were computed again by the host, all right"));
    let text = expect(
        folder.path(),
        "bench --device cpu --shape 64,64,2048 --seconds 0.1 --warm-up 0.1 --repeats 1",
        0,
    );
    assert!(text.contains("MAC/s, measured, wall") && text.contains("checked "), "{text}");
    expect_trouble(folder.path(), "bench --device cpu --shape 64,64,1024", "k = 1024");
    expect_trouble(folder.path(), "bench --device cpu --nvml", "NVML counts an NVIDIA card's");
    assert_eq!(gemmine(folder.path(), "bench --device cpu --nvml first").status.code(), Some(2));
}

#[test]
fn a_software_graphics_processor_is_measured_and_labelled_as_software() {
    let folder = tempfile::tempdir().unwrap();
    let file = measured(folder.path(), "--device gpu:llvmpipe");
    assert_eq!(file["device"]["class"], "software-gpu");
    assert!(file["device"]["title"].as_str().unwrap().contains("software, plumbing check"));
    assert_eq!(file["figures"]["throughput"]["boundary"], "wall");
    assert!(notes(&file).contains("this says nothing of any graphics processor"), "{file}");
    for (arguments, part) in [
        ("bench --device gpu:llvmpipe --nvml", "this is software"),
        ("bench --device gpu:no-such-card", "no graphics processor \"gpu:no-such-card\""),
        ("bench --device gpu --geometry 4x4", "a processor has no array"),
        ("bench --device gpu --protocol amadeus", "mine Amadeus on device gpu:"),
    ] {
        expect_trouble(folder.path(), arguments, part);
    }
    #[cfg(not(feature = "cuda"))]
    expect_trouble(folder.path(), "bench --device cuda:0", "--features cuda");
}

#[test]
fn a_software_graphics_processor_mines_and_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        format!("mine --device gpu:llvmpipe --shares 2 --out run --share-target {MEDIUM} --json");
    let summary = last_json(&expect(folder.path(), &arguments, 0));
    assert_eq!((&summary["hits_refused"], &summary["useful_work"]), (&0.into(), &true.into()));
    assert_eq!(summary["product"], "exact");
    expect(folder.path(), "verify --receipts run", 0);
    let listed = last_json(&expect(folder.path(), "devices --json", 0));
    let devices = listed["devices"].as_array().unwrap();
    let is_software = |device: &&serde_json::Value| device["details"]["software"] == true;
    let found = devices.iter().find(is_software).unwrap();
    assert!(found["device"].as_str().unwrap().starts_with("gpu:"), "{found}");
    assert!(found["description"].as_str().unwrap().contains("plumbing check"), "{found}");
}
