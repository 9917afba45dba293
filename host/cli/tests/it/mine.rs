//! `gemmine mine`.

use std::fs;

use crate::{
    EASY, MEDIUM, expect, expect_trouble, gemmine, last_json, mined, product, read_words,
    write_int8,
};

#[test]
fn shares_verify_from_another_process_and_the_product_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = format!("mine --out run --shares 2 --json --share-target {MEDIUM}");
    let summary = last_json(&expect(path, &arguments, 0));
    assert_eq!(summary["device"], "model");
    assert_eq!(summary["protocol"], "pearl-v3");
    assert_eq!((&summary["shares"], &summary["hits_refused"]), (&2.into(), &0.into()));
    for key in ["tickets", "macs", "simulated_cycles", "mac_cycles", "seconds"] {
        assert!(summary[key].as_f64().unwrap() > 0.0, "{key}: {summary}");
    }
    let cycles = summary["simulated_cycles"].as_f64().unwrap();
    let utilisation = summary["utilisation"].as_f64().unwrap();
    let (mac_cycles, full) = (&summary["mac_cycles"], &summary["full_mac_cycles"]);
    assert!((mac_cycles.as_f64().unwrap() / cycles - utilisation).abs() < 1e-9);
    // Every step of a 16x16 array is 256 MACs, and some of them come while it fills and empties.
    assert_eq!(summary["macs"].as_u64().unwrap(), mac_cycles.as_u64().unwrap() * 256);
    assert!(full.as_u64().unwrap() < mac_cycles.as_u64().unwrap());
    let full_utilisation = summary["full_utilisation"].as_f64().unwrap();
    assert!((full.as_f64().unwrap() / cycles - full_utilisation).abs() < 1e-9);
    assert!(full_utilisation > 0.9 && utilisation <= 1.0);
    assert!(summary.get("operand_cycles").is_none());
    for rate in ["tickets_per_s", "macs_per_s", "simulated_cycles_per_s"] {
        assert_eq!(summary[rate]["kind"], "measured");
        assert!(summary[rate]["boundary"].as_str().unwrap().contains("wall time"));
    }
    assert_eq!(summary["kinds"]["utilisation"]["kind"], "modelled");
    assert_eq!(summary["energy_pj"]["kind"], "none measured");

    for share in [1, 2] {
        let verdict = expect(path, &format!("verify --job run/job.json run/share-{share}.b64"), 0);
        assert!(verdict.starts_with("valid: ticket "), "{verdict}");
    }
    assert!(!path.join("run/share-3.b64").exists());
    let digits = include_bytes!("../../../../data/digits.npy");
    let x: Vec<i8> = digits[128..].iter().map(|byte| *byte as i8).collect();
    let transposed: Vec<i8> = (0..64).flat_map(|j| x.iter().skip(j).step_by(64).copied()).collect();
    let (shape, found) = read_words(&path.join("run/product.npy"), "<i4");
    assert_eq!(shape, (64, 64));
    assert_eq!(found, product(&transposed, &x, (64, 1797, 64)));
}

#[test]
fn a_zero_signal_gives_shares_and_no_product_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let arguments = format!(
        "mine --device cpu --zero-signal 48x32 --out run --shares 8 --share-target {MEDIUM}"
    );
    let summary = last_json(&expect(path, &format!("{arguments} --json"), 0));
    assert_eq!((&summary["device"], &summary["shares"]), (&"cpu".into(), &8.into()));
    assert_eq!((&summary["useful_work"], &summary["useful_macs"]), (&false.into(), &0.into()));
    assert_eq!((&summary["useful_passes"], &summary["k_padded"]), (&0.into(), &2048.into()));
    assert!(summary.get("utilisation").is_none(), "a processor counts no cycles");
    assert!(!path.join("run/product.npy").exists());
    expect(path, "verify --job run/job.json run/share-8.b64", 0);
    assert_eq!(last_json(&expect(path, "verify --receipts run --json", 0))["receipts"], 8);
    // The same shares on the model, which says so to people.
    let arguments = arguments.replace("cpu", "model").replace("run", "again");
    let text = expect(path, &arguments, 0);
    assert!(text.contains("NOT USEFUL WORK"), "{text}");
    for share in 1..=8 {
        let name = format!("share-{share}.b64");
        let read = |folder: &str| fs::read(path.join(folder).join(&name)).unwrap();
        assert_eq!(read("run"), read("again"));
    }
    for wrong in ["0x16", "16", "x", "16x16x16", "99999999x99999999"] {
        expect_trouble(path, &format!("mine --zero-signal {wrong}"), "");
    }
}

#[test]
fn the_default_target_of_the_model_is_harder_than_the_networks() {
    let folder = tempfile::tempdir().unwrap();
    let summary = last_json(&expect(folder.path(), "mine --out run --shares 1 --json", 0));
    assert_eq!(summary["shares_meeting_network_target"], 1);
    let verdict = expect(folder.path(), "verify --job run/job.json run/share-1.b64 --json", 0);
    assert_eq!(last_json(&verdict)["meets_network"], true);
}

/// README.md shows shares of a run without options; they are the same on every machine.
#[test]
fn the_default_run_finds_the_share_that_the_readme_shows() {
    let readme = include_str!("../../../../README.md");
    let shown = readme.lines().find(|line| line.starts_with("share: gemmine-out/share-1")).unwrap();
    let shown = shown.trim_end_matches('…');
    let folder = tempfile::tempdir().unwrap();
    let run = || gemmine(folder.path(), "mine --shares 1");
    let output = run();
    assert!(output.status.success(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.lines().any(|line| line.starts_with(shown)), "{stderr} is not {shown}");
    // Tile, pass and ticket at least.
    assert!(
        shown.contains(" of pass ") && shown.rsplit(' ').next().unwrap().len() >= 16,
        "{shown}"
    );
}

#[test]
fn tickets_end_with_the_last_share_whatever_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let tickets = |out: &str| {
        let arguments = format!("mine --out {out} --shares 3 --share-target {MEDIUM} --json");
        let summary = last_json(&expect(folder.path(), &arguments, 0));
        let tiles = ["tickets", "tickets_surplus"].map(|key| summary[key].as_u64().unwrap());
        assert_eq!(summary["macs"].as_u64().unwrap(), (tiles[0] + tiles[1]) * 256 * 2048);
        let receipts = fs::read_to_string(folder.path().join(out).join("receipts.jsonl")).unwrap();
        (tiles[0], last_json(&receipts))
    };
    let (first, last) = tickets("a");
    let number = |key: &str| last[key].as_u64().unwrap();
    let tile = number("t_row") / 16 * 4 + number("t_col") / 16;
    assert_eq!(first, number("pass") * 16 + tile + 1);
    assert_eq!(tickets("b").0, first);
}

#[test]
fn the_same_seed_gives_the_same_shares_and_another_one_others() {
    let folder = tempfile::tempdir().unwrap();
    let share = |out: &str, seed: u64| {
        let arguments =
            format!("mine --out {out} --shares 1 --seed {seed} --share-target {MEDIUM}");
        expect(folder.path(), &arguments, 0);
        fs::read(folder.path().join(out).join("share-1.b64")).unwrap()
    };
    let first = share("a", 5);
    assert_eq!(share("b", 5), first);
    assert_ne!(share("c", 6), first);
}

#[test]
fn a_second_run_adds_new_shares_and_touches_no_earlier_one() {
    let folder = mined(2);
    let run = folder.path().join("run");
    let earlier: Vec<_> =
        [1, 2].map(|n| fs::read(run.join(format!("share-{n}.b64"))).unwrap()).into();
    expect(folder.path(), &format!("mine --out run --shares 2 --share-target {MEDIUM}"), 0);
    for (index, bytes) in earlier.iter().enumerate() {
        assert_eq!(&fs::read(run.join(format!("share-{}.b64", index + 1))).unwrap(), bytes);
    }
    let later: Vec<_> =
        [3, 4].map(|n| fs::read(run.join(format!("share-{n}.b64"))).unwrap()).into();
    assert!(later.iter().all(|share| !earlier.contains(share)), "shares are new");
    assert!(expect(folder.path(), "verify --receipts run", 0).starts_with("valid: 4 receipts"));
    // Another target would make job.json lie about the shares beside it.
    let other = format!("mine --out run --shares 1 --share-target {EASY}");
    expect_trouble(folder.path(), &other, "its job.json is not what this run would write");
}

#[test]
fn own_matrices_of_odd_shapes_are_mined_and_multiplied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Nonce in padding columns; in padding rows; in an added strip.
    for (m, k, n) in [(3, 100, 17), (5, 2048, 16), (16, 2048, 1)] {
        let a = write_int8(&path.join("a.npy"), m, k, |i, l| spread(i * 31 + l * 7));
        let b = write_int8(&path.join("b.npy"), k, n, |l, j| spread(l * 13 + j * 57));
        let out = format!("run-{k}-{n}");
        let arguments = format!(
            "mine --a a.npy --b b.npy --out {out} --shares 3 --share-target {MEDIUM} --json"
        );
        let summary = last_json(&expect(path, &arguments, 0));
        assert_eq!(summary["useful_macs"], m * k * n);
        let (shape, found) = read_words(&path.join(&out).join("product.npy"), "<i4");
        assert_eq!((shape, found), ((m, n), product(&a, &b, (m, k, n))));
        assert!(
            expect(path, &format!("verify --receipts {out}"), 0).starts_with("valid: 3 receipts")
        );
    }
}

#[test]
fn a_gateways_job_is_kept_digit_by_digit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let target = "6901746346790563787434755862277025452451108972170386555162524223799296";
    let header = "AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAn56dnJuamZiXlpWUk5KRkI+OjYyLiomIh4aFhIOCgYBmZmZmAAABHg==";
    let job = |version: u32| {
        format!(
            r#"{{"incomplete_header_bytes": "{header}", "target": {target}, "cert_version": {version}, "ancestor_headers": [], "x": 1e400}}"#
        )
    };
    fs::write(path.join("job.json"), job(3)).unwrap();
    let arguments = format!("mine --job job.json --out run --shares 1 --share-target {MEDIUM}");
    expect(path, &arguments, 0);
    let written = fs::read_to_string(path.join("run/job.json")).unwrap();
    for kept in [
        format!("\"target\": {target},"),
        format!("\"incomplete_header_bytes\": \"{header}\","),
        "\"x\": 1e400,".to_owned(),
        format!("\"share_target\": \"{MEDIUM}\""),
    ] {
        assert!(written.contains(&kept), "{written} lost {kept}");
    }
    expect(path, "verify --job run/job.json run/share-1.b64", 0);
    fs::write(path.join("job4.json"), job(4)).unwrap();
    expect_trouble(
        path,
        "mine --job job4.json --out run4",
        "certificate version 4 (V4, the proposed FP8",
    );
    assert!(!path.join("run4").exists(), "nothing is begun for a version that is not implemented");
}

#[test]
fn rtl_and_verilator_mine_the_same_shares_as_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_int8(&path.join("a.npy"), 16, 9, |i, l| spread(i * 9 + l));
    write_int8(&path.join("b.npy"), 9, 16, |l, j| spread(l * 7 + j * 3));
    let share = |device: &str| {
        let arguments = format!(
            "mine --a a.npy --b b.npy --device {device} --out {device} --shares 1 --share-target {EASY} --json"
        );
        let summary = last_json(&expect(path, &arguments, 0));
        let kind = if device == "model" { "modelled" } else { "counted in simulated RTL" };
        assert_eq!(summary["kinds"]["utilisation"]["kind"], kind);
        fs::read(path.join(device).join("share-1.b64")).unwrap()
    };
    let expected = share("model");
    assert_eq!(share("rtl"), expected);
    assert_eq!(share("verilator"), expected);
    let receipts = fs::read_to_string(path.join("rtl/receipts.jsonl")).unwrap();
    assert!(receipts.contains(r#""device":"rtl","geometry":"4x4""#), "{receipts}");
}

#[test]
fn a_run_ends_after_its_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let hardest = "0000000000000000000000000000000000000000000000000000000000000001";
    let arguments = format!("mine --out run --seconds 0.2 --json --share-target {hardest}");
    let summary = last_json(&expect(folder.path(), &arguments, 0));
    assert_eq!((&summary["ended_by"], &summary["shares"]), (&"seconds".into(), &0.into()));
    assert_eq!(summary["product"], "exact");
}

#[test]
fn bad_operands_are_refused_with_value_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_int8(&path.join("a.npy"), 2, 3, |i, l| if (i, l) == (1, 2) { 65 } else { 1 });
    write_int8(&path.join("b.npy"), 3, 2, |_, _| 1);
    write_int8(&path.join("c.npy"), 4, 2, |_, _| 1);
    expect_trouble(
        path,
        "mine --a a.npy --b b.npy",
        "entry [1, 2] of A is 65, outside of [-64, 64]",
    );
    expect_trouble(path, "mine --a b.npy --b c.npy", "A is 3 x 2 and B is 4 x 2");
    expect_trouble(path, "mine --a a.npy", "required arguments were not provided");
    expect_trouble(path, "mine --a a.npy --b none.npy", "read none.npy: No such file");
    expect_trouble(path, "mine --geometry 3x5", "3x5");
    let zero = "0".repeat(64);
    expect_trouble(path, &format!("mine --share-target {zero}"), "share target is 0");
    assert!(!path.join("gemmine-out").exists());
}

#[test]
fn an_output_folder_that_cannot_be_written_is_refused_before_mining() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    expect_trouble(folder.path(), "mine --out file", "make the output folder file");
    // Root may write anywhere but here.
    expect_trouble(
        folder.path(),
        "mine --out /proc/gemmine",
        "make the output folder /proc/gemmine",
    );
}

#[test]
fn a_torn_receipt_is_cut_off_and_a_damaged_one_refused() {
    let folder = mined(2);
    let log = folder.path().join("run/receipts.jsonl");
    let bytes = fs::read(&log).unwrap();
    let again = format!("mine --out run --shares 1 --share-target {MEDIUM}");

    fs::write(&log, &bytes[..bytes.len() - 100]).unwrap();
    expect(folder.path(), "verify --receipts run", 0);
    let output = gemmine(folder.path(), &again);
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && warnings.contains("cut a torn last line"), "{warnings}");

    let mut damaged = bytes.clone();
    damaged[200] ^= 1;
    fs::write(&log, &damaged).unwrap();
    let verdict = expect(folder.path(), "verify --receipts run", 1);
    assert!(verdict.starts_with("invalid: receipts-chain: "), "{verdict}");
    expect_trouble(folder.path(), &again, "line 1 is damaged");
    assert_eq!(fs::read(&log).unwrap(), damaged);
}

/// All of [-64, 64].
fn spread(index: usize) -> i8 {
    ((index % 129) as i16 - 64) as i8
}
