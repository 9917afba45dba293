//! `--json`: whatever happens, the last line of standard output is an object.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{MEDIUM, expect, last_json, mined, write_int8};

#[test]
fn trouble_is_an_object_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (arguments, part) in [
        ("mine --job none.json", "failed to read none.json"),
        ("matmul none.npy none.npy -o c.npy", "failed to read none.npy"),
        ("verify --job none.json proof", "failed to read none.json"),
        ("mine --shares 0", "invalid value"),
        ("matmul a.npy", "required arguments were not provided"),
    ] {
        let answer = last_json(&expect(path, &format!("{arguments} --json"), 2));
        assert_eq!(answer["exit"], 2, "{arguments}");
        assert!(answer["error"].as_str().unwrap().contains(part), "{arguments}: {answer}");
    }
}

#[test]
fn a_proof_that_cannot_be_read_names_its_rule() {
    let folder = mined(1);
    let path = folder.path();
    let good = STANDARD.decode(fs::read(path.join("run/share-1.b64")).unwrap()).unwrap();
    // The last byte is an option that older proofs lack.
    let truncated = good[..good.len() - 2].to_vec();
    let tag = [&good[..good.len() - 1], &[7]].concat();
    let trailing = [&good[..], &[0]].concat();
    for bytes in [truncated, tag, trailing, b"no proof \0".to_vec()] {
        fs::write(path.join("bad"), bytes).unwrap();
        let answer = last_json(&expect(path, "verify --job run/job.json bad --json", 2));
        assert_eq!((&answer["rule"], &answer["exit"]), (&"deserialise".into(), &2.into()));
        crate::expect_trouble(
            path,
            "verify --job run/job.json bad",
            "read proof bad: deserialise: ",
        );
    }
    // A version of more than 32 bits is an unknown one, like 9.
    let job = fs::read_to_string(path.join("run/job.json")).unwrap();
    let job = job.replace("\"cert_version\": 3", "\"cert_version\": 4294967299");
    fs::write(path.join("far.json"), job).unwrap();
    let answer = last_json(&expect(path, "verify --job far.json run/share-1.b64 --json", 1));
    assert_eq!((&answer["rule"], &answer["exit"]), (&"cert-version".into(), &1.into()));
    let answer = last_json(&expect(path, "mine --job far.json --out far --json", 2));
    assert!(answer["error"].as_str().unwrap().contains("4294967299 (unknown)"), "{answer}");
}

#[test]
fn paths_that_are_no_text_are_printed_as_far_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_int8(&path.join("a.npy"), 2, 2, |i, j| (i + j) as i8);
    let odd = OsStr::from_bytes(b"odd\xff");
    let run = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gemmine"));
        command.current_dir(path).args(arguments.split_whitespace()).arg(odd);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
        last_json(&String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run("matmul a.npy a.npy --json -o")["output"], "odd\u{fffd}");
    fs::remove_file(path.join(odd)).unwrap();
    let summary = run(&format!("mine --json --shares 1 --share-target {MEDIUM} --out"));
    assert_eq!(summary["out"], "odd\u{fffd}");
    assert_eq!(summary["product_file"], "odd\u{fffd}/product.npy");
}
