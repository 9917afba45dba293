//! Files that nobody meant well: each is answered at once, with exit code 2 or a broken rule.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{expect_trouble, gemmine, mined};

#[test]
fn unreadable_proofs_are_trouble() {
    let folder = mined(1);
    let path = folder.path();
    fs::write(path.join("empty"), "").unwrap();
    fs::write(path.join("text"), "this is not a proof, and not base64 either").unwrap();
    fs::write(path.join("base64"), "AAAA").unwrap();
    fs::write(path.join("padding"), "AAAAA").unwrap();
    fs::File::create(path.join("sparse")).unwrap().set_len(5 << 30).unwrap();
    assert!(Command::new("mkfifo").arg(path.join("fifo")).status().unwrap().success());
    for (proof, part) in [
        ("none", "read none: No such file"),
        ("empty", "it is empty"),
        ("text", "no PlainProof in base64 or binary"),
        ("base64", "no PlainProof in base64 or binary"),
        ("padding", "it is not base64"),
        (".", "it is a directory"),
        ("fifo", "it is a pipe or device"),
        ("/dev/zero", "it is a pipe or device"),
        ("sparse", "has 5368709120 bytes, more than the cap of 16777216"),
    ] {
        expect_trouble(path, &format!("verify --job run/job.json {proof}"), part);
    }
    expect_trouble(path, "verify --job sparse run/share-1.b64", "more than the cap of 1048576");
    expect_trouble(path, "verify --job fifo run/share-1.b64", "it is a pipe or device");
    expect_trouble(path, "verify --job text run/share-1.b64", "not a JSON object");
    expect_trouble(path, "verify --job none run/share-1.b64", "read none: No such file");
    expect_trouble(path, "verify --amadeus sparse --bits 3", "more than the cap");
    expect_trouble(
        path,
        "verify --job run/job.json run/share-1.b64 --target 12",
        "expected 64 hex digits",
    );
    let bad = format!("verify --job run/job.json run/share-1.b64 --target {}g", "0".repeat(63));
    expect_trouble(path, &bad, "expected a hex digit");
}

/// Every prefix class, huge lengths in every length field, and random bytes: never a panic, never
/// exit code 0.
#[test]
fn broken_proofs_never_pass_and_never_panic() {
    let folder = mined(1);
    let path = folder.path();
    let good = STANDARD.decode(fs::read(path.join("run/share-1.b64")).unwrap()).unwrap();
    let mut cases: Vec<Vec<u8>> = Vec::new();
    for length in [1, 7, 8, 31, 32, 40, 47, 1000, good.len() / 2, good.len() - 2] {
        cases.push(good[..length].to_vec());
    }
    // m, n, k, r, number of leaves, length of the first leaf.
    for at in [0, 8, 16, 24, 32, 40] {
        for value in [0, 1 << 32, u64::MAX] {
            let mut bytes = good.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            cases.push(bytes);
        }
    }
    let mut random = vec![0; 100_000];
    blake3::Hasher::new().finalize_xof().fill(&mut random);
    cases.push(random);
    cases.push(vec![0xff; 4096]);
    cases.push([good.as_slice(), &[0; 100]].concat());
    for (index, case) in cases.iter().enumerate() {
        fs::write(path.join("case"), case).unwrap();
        let output = gemmine(path, "verify --job run/job.json case");
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 2)), "case {index}: {output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "case {index}: {stderr}");
    }
}

#[test]
fn hostile_jobs_are_trouble() {
    let folder = mined(1);
    let path = folder.path();
    let job = fs::read_to_string(path.join("run/job.json")).unwrap();
    let target = job.lines().find(|line| line.contains("\"target\"")).unwrap();
    for (text, part) in [
        ("[".repeat(500_000), "not a JSON object"),
        ("{\"a\":".repeat(100_000), "not a JSON object"),
        (
            job.replace(target, &format!("\"target\": {},", "9".repeat(500_000))),
            "is above 2^256 - 1",
        ),
        (job.replace(target, "\"target\": 1e70,"), "target 1e70 is not a whole number"),
        (job.replace(target, "\"target\": \"7\","), "is not a whole number"),
        (job.replace(target, ""), "it has no `target`"),
        (job.replace("AAAAACEo", "AAAAACE"), "incomplete_header_bytes"),
        (String::from("\u{0}\u{1}"), "not a JSON object"),
        (job.replacen('{', &format!("{{{}", many_keys()), 1), "it has more than 1000 keys"),
    ] {
        fs::write(path.join("job"), text).unwrap();
        expect_trouble(path, "verify --job job run/share-1.b64", part);
    }
}

/// As many as a job file has room for.
fn many_keys() -> String {
    (0..100_000).map(|key| format!("\"{key}\":1,")).collect()
}
