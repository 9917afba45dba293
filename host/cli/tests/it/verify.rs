//! `gemmine verify` on proofs that are read well.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{MEDIUM, expect, expect_trouble, gemmine_with, last_json, mined};

fn proof(folder: &Path) -> Vec<u8> {
    STANDARD.decode(fs::read(folder.join("run/share-1.b64")).unwrap()).unwrap()
}

#[test]
fn base64_binary_and_standard_input_are_the_same() {
    let folder = mined(1);
    let path = folder.path();
    fs::write(path.join("proof.bin"), proof(path)).unwrap();
    let expected = expect(path, "verify --job run/job.json run/share-1.b64", 0);
    assert_eq!(expect(path, "verify --job run/job.json proof.bin", 0), expected);
    let text = [STANDARD.encode(proof(path)).as_bytes(), b"\n"].concat();
    for input in [text, proof(path)] {
        let output = gemmine_with(path, "verify --job run/job.json -", Some(&input));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}

#[test]
fn a_tampered_proof_is_refused_by_rule() {
    let folder = mined(1);
    let path = folder.path();
    let good = proof(path);
    // m; r; the first value of A's first leaf, in range and out of it; the lowest byte of B's last row.
    for (at, xor, rule) in [
        (0, 1, "leaf-count-a"),
        (24, 0xff, "root-a"),
        (48, 1, "root-a"),
        (good.len() - 9, 1, "pattern-b"),
    ] {
        let mut bad = good.clone();
        bad[at] ^= xor;
        fs::write(path.join("bad.bin"), bad).unwrap();
        let verdict = expect(path, "verify --job run/job.json bad.bin", 1);
        assert!(verdict.starts_with(&format!("invalid: {rule}: ")), "byte {at}: {verdict}");
        let verdict = last_json(&expect(path, "verify --job run/job.json bad.bin --json", 1));
        assert_eq!((&verdict["valid"], &verdict["rule"]), (&false.into(), &rule.into()));
    }
}

#[test]
fn another_job_target_or_version_is_refused() {
    let folder = mined(1);
    let path = folder.path();
    let job = fs::read_to_string(path.join("run/job.json")).unwrap();
    fs::write(path.join("v9.json"), job.replace("\"cert_version\": 3", "\"cert_version\": 9"))
        .unwrap();
    let verdict = expect(path, "verify --job v9.json run/share-1.b64", 1);
    assert!(verdict.starts_with("invalid: cert-version: "), "{verdict}");
    let hard = format!("{:064x}", 1);
    let verdict =
        expect(path, &format!("verify --job run/job.json run/share-1.b64 --target {hard}"), 1);
    assert!(verdict.starts_with("invalid: bound: "), "{verdict}");
    let verdict = last_json(&expect(
        path,
        &format!("verify --job run/job.json run/share-1.b64 --json --target {MEDIUM}"),
        0,
    ));
    assert_eq!(verdict["target_source"], "--target");
    // Another header: other keys, so the roots differ.
    fs::write(path.join("other.json"), job.replace("AAAAACEo", "AAAAACEp")).unwrap();
    let verdict = expect(path, "verify --job other.json run/share-1.b64", 1);
    assert!(verdict.starts_with("invalid: root-a: "), "{verdict}");
}

#[test]
fn a_target_that_is_not_the_headers_is_warned_about() {
    let folder = mined(1);
    let path = folder.path();
    let job = fs::read_to_string(path.join("run/job.json")).unwrap();
    let line = job.lines().find(|line| line.contains("\"target\"")).unwrap();
    fs::write(path.join("odd.json"), job.replace(line, "\"target\": 12345678901234567890123,"))
        .unwrap();
    let output = crate::gemmine(path, "verify --job odd.json run/share-1.b64");
    assert!(output.status.success());
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(warning.starts_with("warning: the job's target 12345678901234567890123"), "{warning}");
}

/// The specification's vector: seed of epoch 767, nonce 650, whose hash has 10 leading zero bits.
#[test]
fn an_amadeus_solution_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut seed = Vec::new();
    seed.extend(767_u32.to_le_bytes());
    seed.extend(0_u8..32);
    seed.extend([[0x11; 48], [0x22; 48], [0x22; 48], [0x33; 48]].concat());
    seed.extend(650_u128.to_le_bytes()[..12].iter());
    let seed: [u8; 240] = seed.try_into().unwrap();
    let solution = gemmine_pouw::amadeus::attempt(&seed);
    fs::write(path.join("sol.bin"), solution.bytes).unwrap();

    let segment = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let verdict =
        expect(path, &format!("verify --amadeus sol.bin --bits 10 --segment-vr-hash {segment}"), 0);
    let ticket = "002e9c2c9cc27474820dfdb22e7b1a21ee8a2d685aef9b6f271fd85042e84954";
    assert!(verdict.starts_with(&format!("valid: ticket {ticket}")), "{verdict}");
    let verdict = expect(path, "verify --amadeus sol.bin --bits 11", 1);
    assert!(verdict.starts_with("invalid: difficulty: "), "{verdict}");
    let other = "ff".repeat(32);
    let verdict =
        expect(path, &format!("verify --amadeus sol.bin --bits 8 --segment-vr-hash {other}"), 1);
    assert!(verdict.starts_with("invalid: segment-vr-hash: "), "{verdict}");

    let mut wrong = solution.bytes;
    wrong[300] ^= 1;
    fs::write(path.join("wrong.bin"), wrong).unwrap();
    let verdict = last_json(&expect(path, "verify --amadeus wrong.bin --bits 0 --json", 1));
    assert_eq!(verdict["rule"], "product");
    fs::write(path.join("short.bin"), &wrong[1..]).unwrap();
    expect_trouble(path, "verify --amadeus short.bin --bits 0", "solution of 1263 bytes");
}
