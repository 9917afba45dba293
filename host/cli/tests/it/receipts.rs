//! `gemmine verify --receipts`: every field that the proofs give is held against them.

use std::fs;
use std::path::Path;

use crate::{MEDIUM, expect, expect_trouble, gemmine, last_json, mined};

#[test]
fn a_folder_of_receipts_is_checked_share_by_share() {
    let folder = mined(3);
    let path = folder.path();
    assert!(expect(path, "verify --receipts run", 0).starts_with("valid: 3 receipts"));
    let verdict = last_json(&expect(path, "verify --receipts run --json", 0));
    assert_eq!(verdict["receipts"], 3);
    // Two shares exchanged: both are valid proofs, but not these receipts'.
    let (first, second) = (path.join("run/share-1.b64"), path.join("run/share-2.b64"));
    let bytes = [fs::read(&first).unwrap(), fs::read(&second).unwrap()];
    fs::write(&first, &bytes[1]).unwrap();
    check_invalid(path, "receipt 1: share-1.b64: proof_blake3 is");
    fs::write(&first, &bytes[0]).unwrap();
    fs::remove_file(&second).unwrap();
    let part = "check receipt 2: read run/share-2.b64: No such file";
    expect_trouble(path, "verify --receipts run", part);
    expect_trouble(path, "verify --receipts nowhere", "read nowhere/receipts.jsonl: No such file");
}

fn check_invalid(folder: &Path, part: &str) {
    let verdict = expect(folder, "verify --receipts run", 1);
    assert!(verdict.starts_with("invalid: receipts-share: "), "{verdict}");
    assert!(verdict.contains(part), "{verdict} does not contain {part}");
}

/// Chains lines anew, as a forger would.
fn chained<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut prev = "0".repeat(64);
    let mut text = String::new();
    for line in lines {
        let body = line.rsplit_once(",\"hash\"").unwrap().0;
        let body = format!("{{\"prev\":\"{prev}\"{}", &body[r#"{"prev":""#.len() + 65..]);
        prev = blake3::hash(body.as_bytes()).to_string();
        text.push_str(&format!("{body},\"hash\":\"{prev}\"}}\n"));
    }
    text
}

#[test]
fn every_field_that_a_proof_gives_is_held_against_it() {
    let folder = mined(2);
    let path = folder.path();
    let log = path.join("run/receipts.jsonl");
    let good = fs::read_to_string(&log).unwrap();
    assert_eq!(chained(good.lines()), good);
    let receipt = last_json(&good);
    for field in [
        "proof_blake3",
        "ticket",
        "meets_network",
        "share_target",
        "header",
        "job_key",
        "cert_version",
        "m",
        "n",
        "k",
        "r",
        "t_row",
        "t_col",
    ] {
        let value = &receipt[field];
        let forged = match value {
            serde_json::Value::String(text) => {
                let digit = if text.starts_with('7') { "8" } else { "7" };
                format!("\"{digit}{}\"", &text[1..])
            }
            serde_json::Value::Bool(claim) => (!claim).to_string(),
            number => (number.as_u64().unwrap() + 16).to_string(),
        };
        let (old, new) = (format!("\"{field}\":{value},"), format!("\"{field}\":{forged},"));
        let edited: Vec<String> = good
            .lines()
            .enumerate()
            .map(|(line, text)| if line == 1 { text.replace(&old, &new) } else { text.into() })
            .collect();
        fs::write(&log, chained(edited.iter().map(String::as_str))).unwrap();
        check_invalid(path, &format!("receipt 2: share-2.b64: {field} is "));
    }
    // The same share twice, in a chain that holds.
    let twice: Vec<&str> = good.lines().chain(good.lines().take(1)).collect();
    fs::write(&log, chained(twice.into_iter())).unwrap();
    check_invalid(path, "is receipt 1's already");
    // Receipts of another job than the one beside them.
    fs::write(&log, &good).unwrap();
    let job = fs::read_to_string(path.join("run/job.json")).unwrap();
    fs::write(path.join("run/job.json"), job.replace("AAAAACEo", "AAAAACEp")).unwrap();
    check_invalid(path, "receipt 1: share-1.b64: header is ");
    fs::write(path.join("run/job.json"), job.replace(MEDIUM, &"f".repeat(64))).unwrap();
    check_invalid(path, "receipt 1: share-1.b64: share_target is ");
}

#[test]
fn a_last_line_without_its_newline_is_kept() {
    let folder = mined(2);
    let log = folder.path().join("run/receipts.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.trim_end()).unwrap();
    let verdict = expect(folder.path(), "verify --receipts run", 0);
    assert!(verdict.starts_with("valid: 2 receipts"), "{verdict}");
    let output =
        gemmine(folder.path(), &format!("mine --out run --shares 1 --share-target {MEDIUM}"));
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("torn"));
    assert!(fs::read_to_string(&log).unwrap().starts_with(&text));
    let verdict = expect(folder.path(), "verify --receipts run", 0);
    assert!(verdict.starts_with("valid: 3 receipts"), "{verdict}");
}
